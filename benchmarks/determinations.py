"""What a determination costs: in process by number of lots, and as a command by the state of the cache.

Prints medians and ratios against peers in the same run: a bare Python process for the command, the determination without lots for the lots.
Machines differ and are noisy: read the ratios. Run it with `make bench`.
"""

from __future__ import annotations

import datetime
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.facts import Facts, facts_from_document
from engine.law import Law, load_law
from engine.law.yaml_files import parse_yaml
from engine.proving import Prover, Root, determine

CASE = ROOT / "examples" / "case.yaml"
RUNS = 15


def with_lots(law: Law, lots: int) -> Facts:
    """The example case with so many lots of 1,000 units, of each 900 surrendered."""
    text = CASE.read_text(encoding="utf-8").split("units:")[0]
    if lots:
        units = [f"  - {{id: U{n}, installation: K-1, kind: allowance, plan: phase_5, issued_for: 2024, quantity: 1000}}" for n in range(lots)]
        used = [f"  - {{installation: K-1, year: 2024, unit: U{n}, quantity: 900, on: 2025-04-10}}" for n in range(lots)]
        text += "units:\n" + "\n".join(units) + "\nsurrenders:\n" + "\n".join(used) + "\n"
    return facts_from_document(parse_yaml(text, "case"), law.vocabulary, {}, None, datetime.date(2026, 1, 1))


def in_process(law: Law, lots: int) -> float:
    """Median seconds of one determination after load; rules compiled, nothing else kept."""
    facts, root = with_lots(law, lots), Root("installation_year", ("K-1",), 2024)
    first = Prover(law, law.select(), facts)
    determine(first, root)
    taken = []
    for _ in range(RUNS):
        prover = Prover(law, law.select(), facts)
        prover._programs, prover._compiled = first._programs, first._compiled
        gc.collect()
        start = time.perf_counter()
        determine(prover, root)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def command(*arguments: str, cache: str | None = None) -> float:
    """Median seconds from process start to end."""
    taken = []
    for _ in range(RUNS if cache is None else 3):
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # an installed command has bytecode
        if cache is not None:
            env["KAZETS_CACHE"] = tempfile.mkdtemp(dir=cache)
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env=env)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    law = load_law(ROOT / "rulesets", ROOT / "schemas")
    none = in_process(law, 0)
    print(f"{'determination, in process':<44}{'ms':>9}{'ratio':>9}")
    for lots in (0, 1, 10, 50, 200):
        taken = in_process(law, lots)
        print(f"  {f'{lots} lots':<42}{taken * 1e3:>9.2f}{taken / none:>9.2f}")
    bare = command("-c", "pass")
    why = ("cli.py", "why", str(CASE), "K-1", "2024")
    with tempfile.TemporaryDirectory() as folder:
        rows = [("bare Python", bare), ("kazets --help", command("cli.py", "--help")), ("kazets why, law cached", command(*why)),
                ("kazets why, law changed", command(*why, cache=folder)), ("kazets determine, one case", command("cli.py", "determine", str(CASE))),
                ("kazets determine, plan of 2018-2020", command("cli.py", "determine", str(ROOT / "examples" / "plan-2018-2020"), cache=folder))]  # fmt: skip
    print(f"\n{'command, process start to end':<44}{'ms':>9}{'ratio':>9}")
    for name, taken in rows:
        print(f"  {name:<42}{taken * 1e3:>9.0f}{taken / bare:>9.1f}")


if __name__ == "__main__":
    main()
