"""The shipped law broken in more than a hundred places at once: each error is told at its own line, with a remedy, and hardly causes another."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from engine.drafting.findings import findings_of
from engine.drafting.findings_codes import CODES, Finding
from tests.conftest import ROOT

# kind -> (files, the line that is broken, what stands there then: {n} is a number of its own, the code that is told, how many)
KINDS: dict[str, tuple[str, str, str, str, int]] = {
    "an unknown name": ("rules/mrv.yaml", r"(    when: [a-z][^>\n]*)$", r"\1 and no_name_{n}", "undefined-name", 12),
    "a word for a condition": ("rules/units.yaml", r"    when: [a-z][^>\n]*$", r"    when: year + {n}", "wrong-type", 12),
    "another unit": ("rules/allocation.yaml", r"    when: [a-z][^>(\n]*$", r"    when: verified_co2 > {n} * penalty.mci", "wrong-unit", 10),
    "no expression": ("rules/enforcement.yaml", r"(    when: [a-z][^>\n]*)$", r"\1 and {n} + )", "syntax", 6),
    "a missing translation": ("records/statistics.yaml", r", ru: ", ", uk: ", "schema", 12),
    "a source that is not there": ("parameters/general.yaml", r"\{instrument: [a-z0-9-]+", "{{instrument: no-act-{n}", "undefined-source", 12),
    "a word for a number": ("parameters/benchmarks.yaml", r"value: [0-9.]+", "value: many{n}", "wrong-value", 15),
    "a key that is not there": ("parameters/mci.yaml", r"\bfrom: ", "since{n}: ", "schema", 4),
    "an unknown column": ("rules/cases/threshold.yaml", r"tonnes: ", "tons_{n}: ", "wrong-case", 12),
    "an unknown code": ("rules/cases/penalties.yaml", r"sector: [a-z_]+", "sector: sector_{n}", "wrong-case", 10),
    "an unknown decision": ("rules/cases/surrender.yaml", r"expect: \{", "expect: {{no_decision_{n}: true, ", "wrong-case", 10),
}  # fmt: skip


def _break(root: Path) -> dict[tuple[str, int], str]:
    """(file, line) -> the code of what was broken there."""
    broken: dict[tuple[str, int], str] = {}
    for name, wrong, right, code, most in KINDS.values():
        path = (root / name).resolve()
        lines, done = path.read_text(encoding="utf-8").splitlines(), 0
        for number, line in enumerate(lines):
            if done < most and re.search(wrong, line) and "rule:" not in line:
                lines[number] = re.sub(wrong, right.format(n=done + 2), line, count=1)
                broken[path.relative_to(root).as_posix(), number + 1] = code
                done += 1
        assert done == most, f"{name}: {done} places"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return broken


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[tuple[str, int], str], list[Finding]]:
    root = tmp_path_factory.mktemp("many") / "law"
    shutil.copytree(ROOT / "rulesets", root)
    broken = _break(root)
    found = findings_of(root, root, ROOT / "schemas")
    return broken, [
        one.__class__(**{**vars(one), "file": Path(one.file).resolve().relative_to(root.resolve()).as_posix()}) for one in found
    ]


def test_each_of_many_errors_is_told_where_it_stands(found: tuple[dict[tuple[str, int], str], list[Finding]]) -> None:
    broken, told = found
    here = {(one.file, one.line, one.code) for one in told}
    assert len(broken) > 100
    assert [place for place in ((*at, code) for at, code in broken.items()) if place not in here] == []


def test_hardly_any_error_causes_another(found: tuple[dict[tuple[str, int], str], list[Finding]]) -> None:
    broken, told = found
    others = [one for one in told if (one.file, one.line) not in broken]
    assert len(others) <= len(broken) // 20, others


def test_each_finding_can_be_mended(found: tuple[dict[tuple[str, int], str], list[Finding]]) -> None:
    _, told = found
    assert [one for one in told if not one.remedy or one.line < 1 or one.column < 1 or one.code not in CODES or one.code == "law"] == []
