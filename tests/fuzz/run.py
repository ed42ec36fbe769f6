"""Coverage-guided fuzzing of one target, from the kept seeds: `python -m tests.fuzz.run TARGET [seconds]`.

What it finds new is added to a working copy of the corpus under `.fuzz/`; an input that makes a target raise anything but a refusal
is written to `.fuzz/TARGET/crash-*`. Such an input belongs into `tests/fuzz/corpus/TARGET/` under a name that says what it is,
together with what mends it: `tests/test_safety.py` runs all that stand there.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["engine", "yaml"]):
    from tests.fuzz.targets import CORPUS, ROOT, TARGETS

LONGEST, SLOWEST_SECONDS, MEGABYTES = 8_192, 10, 2_048


def main() -> None:
    target, seconds = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "60"
    found = ROOT / ".fuzz" / target
    found.mkdir(parents=True, exist_ok=True)
    limits = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-timeout={SLOWEST_SECONDS}", f"-rss_limit_mb={MEGABYTES}"]
    atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={found}/", str(found), str(CORPUS / target)], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
