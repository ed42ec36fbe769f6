"""What the sources say of each phase, parameter by parameter: the factsheet's own words, and where the statutes say otherwise.

Every expected value is copied from the source named beside it. Inheritance is what these tests watch: a statement about
one phase must not leak into the next.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from engine.language import Unknown
from engine.law import Law, Program

FIRST = ["chemicals", "metallurgy", "mining", "oil_gas", "power"]
MORE = ["building_materials", *FIRST]

STATED: list[tuple[str, int, str, str | None, Any]] = [
    # factsheet, "Sectors and thresholds"
    ("phase_1", 2013, "coverage.sectors", None, FIRST),
    ("phase_2", 2014, "coverage.sectors", None, FIRST),
    ("phase_2", 2015, "coverage.sectors", None, FIRST),
    ("phase_3", 2019, "coverage.sectors", None, MORE),
    ("phase_4", 2021, "coverage.sectors", None, MORE),
    ("phase_5", 2024, "coverage.sectors", None, MORE),
    ("phase_6", 2027, "coverage.sectors", None, MORE),
    *((phase, year, "coverage.threshold", None, 20000) for phase, year in (("phase_1", 2013), ("phase_3", 2018), ("phase_6", 2030))),
    *((phase, year, "coverage.gases", None, ["co2"]) for phase, year in (("phase_1", 2013), ("phase_3", 2018), ("phase_5", 2025))),
    # article, "System Coverage": the operator, or company, level; factsheet, "Type of entities": installations
    ("phase_1", 2013, "coverage.level", None, "operator"),
    ("phase_2", 2015, "coverage.level", None, "operator"),
    ("phase_3", 2018, "coverage.level", None, "installation"),
    # factsheet, "Cap or total emissions limit": phase 3 had no annual cap; phase 5 has declining annual caps
    ("phase_3", 2018, "allocation.whole_plan_at_once", None, True),
    ("phase_4", 2021, "allocation.whole_plan_at_once", None, False),
    ("phase_5", 2022, "allocation.whole_plan_at_once", None, False),
    ("phase_5", 2025, "allocation.whole_plan_at_once", None, False),
    ("phase_6", 2026, "allocation.whole_plan_at_once", None, False),
    # factsheet, "Allowance allocation"
    ("phase_1", 2013, "allocation.method", None, "grandparenting"),
    ("phase_2", 2015, "allocation.method", None, "grandparenting"),
    ("phase_3", 2019, "allocation.method", None, None),  # chosen by each company
    ("phase_4", 2021, "allocation.method", None, "benchmarking"),
    ("phase_5", 2022, "allocation.method", None, "benchmarking"),
    ("phase_1", 2013, "allocation.base_years", None, ["2010"]),
    ("phase_2", 2014, "allocation.base_years", None, ["2011", "2012"]),
    ("phase_2", 2014, "allocation.factor", None, 1),  # 0 % below the average
    # factsheet, "Offset credits", "Banking and borrowing", "Compliance Period", "Links"
    *((phase, year, "offset.quantity_limit", None, None) for phase, year in (("phase_1", 2013), ("phase_3", 2018), ("phase_6", 2026))),
    *((phase, year, "banking.between_plans", None, False) for phase, year in (("phase_2", 2014), ("phase_3", 2020), ("phase_5", 2025))),
    *((phase, year, "banking.within_plan", None, True) for phase, year in (("phase_2", 2014), ("phase_3", 2020), ("phase_5", 2025))),
    *((phase, year, "banking.borrowing", None, False) for phase, year in (("phase_1", 2013), ("phase_4", 2021), ("phase_6", 2026))),
    *((phase, year, "surrender.deadline", None, "04-15") for phase, year in (("phase_1", 2013), ("phase_4", 2021), ("phase_6", 2026))),
    *((phase, year, "market.linked", None, False) for phase, year in (("phase_1", 2013), ("phase_6", 2026))),
]


def _plain(value: Any) -> Any:
    return sorted(map(str, value)) if isinstance(value, (set, frozenset, tuple)) else value


@pytest.mark.parametrize(("phase", "year", "name", "key", "expected"), STATED)
def test_what_the_seeds_state_of_a_phase(law: Law, phase: str, year: int, name: str, key: str | None, expected: Any) -> None:
    value, entry = Program(law, law.select(), law.phases[phase], year).parameter(name, key, date(year, 12, 31))
    assert not isinstance(value, Unknown)
    assert _plain(value) == expected
    assert entry is not None and entry.cites


def test_the_factsheets_rounded_caps_are_refined_by_the_plans(law: Law) -> None:
    """485.9 Mt with a reserve of 35.3 Mt are 485,909,138 and 35,273,634 in the plan of 2018-2020."""
    program = Program(law, law.select(), law.phases["phase_3"], 2020)
    assert program.parameter("cap.total", None, date(2020, 12, 31))[0] == 485_909_138
    assert program.parameter("reserve.total", None, date(2020, 12, 31))[0] == 35_273_634


def test_what_no_source_gives_is_unknown_in_phase_6(law: Law) -> None:
    """The factsheet: the cap for 2026 to 2030 "has not yet been established"."""
    program = Program(law, law.select(), law.phases["phase_6"], 2026)
    assert isinstance(program.parameter("cap.total", None, date(2026, 12, 31))[0], Unknown)
    assert isinstance(program.parameter("cap.annual", "2026", date(2026, 12, 31))[0], Unknown)


def test_the_statutes_deadline_moved_in_2024(law: Law) -> None:
    """Article 294(2) of the 2021 Code: the report is due on 1 April, and from 8 June 2024 on 15 April."""
    program = Program(law, law.select("statute"), law.phases["phase_5"], 2023)
    before, after = (program.parameter("mrv.report_deadline", None, date(2024, 6, day))[0] for day in (7, 8))
    assert (_plain(before), _plain(after)) == ("04-01", "04-15")
