"""Every worked example under rulesets/ comes out as it says."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from engine.law import Law, load_law
from engine.problems import InputError
from tests.casefile import Case, case_files, read_cases, run_case

ROOT = Path(__file__).resolve().parent.parent
RULESETS, SCHEMAS = ROOT / "rulesets", ROOT / "schemas"
TODAY = date(2026, 1, 1)
CASES = [
    case for path in case_files(RULESETS) for case in read_cases(path, path.relative_to(ROOT).as_posix(), SCHEMAS / "case.schema.json")
]


@pytest.fixture(scope="session")
def law() -> Law:
    return load_law(RULESETS, SCHEMAS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, law: Law) -> None:
    file, line, _ = case.place()
    try:
        found = [str(mismatch) for mismatch in run_case(case, law, TODAY)]
    except InputError as error:
        found = [str(error)]
    if found:
        pytest.fail("\n".join([f"{file}:{line}: {case.name}: {case.content['title']}", *found]), pytrace=False)


def test_ids_are_used_once() -> None:
    written = {(case.document.file, case.index): case.id for case in CASES}
    assert [name for name, number in Counter(written.values()).items() if number > 1] == []


def test_sources_exist(law: Law) -> None:
    cited = [(case, cite) for case in CASES for cite in _cites(case)]
    assert [
        f"{':'.join(map(str, case.place('source')))}: no instrument '{name}'" for case, name in cited if name not in law.tree["instruments"]
    ] == []


def _cites(case: Case) -> list[str]:
    source = case.content.get("source", [])
    return [cite["instrument"] for cite in (source if isinstance(source, list) else [source])]
