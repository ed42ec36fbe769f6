"""What a missing fact would decide: ranges proved as a whole, checked here value by value; and what stays missing is said."""

from __future__ import annotations

import itertools
import json
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from engine.explaining.deciding import Case, Deciding, Range, deciding
from engine.explaining.deciding_text import deciding_json, deciding_lines
from engine.explaining.reports import find_root, read_facts, why_report
from engine.explaining.words import Words
from engine.language import OpenSet, Unknown
from engine.law import Law
from engine.proving import Inquiry, ask, comparable

CASE = """
as_of: 2025-06-01
operators: [{{id: OP-1, size: large}}]
installations: [{{id: K-1, operator: OP-1, sector: {sector}}}]
emissions: [{{installation: K-1, year: 2024, gas: co2, tonnes: {tonnes}}}]
monitoring_plans: [{{installation: K-1, submitted_on: 2022-02-01, validated: true}}]
reports: [{{installation: K-1, year: 2024, submitted_on: {submitted_on}, verified: {verified}}}]
quotas: [{{installation: K-1, plan: {listed}, year: {year}, quantity: 99000, kind: initial}}]
units:
  - {{id: U-1, installation: K-1, kind: {kind}, plan: phase_5, issued_for: {issued_for}, quantity: 99000, acquired_on: {acquired_on}}}
surrenders: [{{installation: K-1, year: 2024, unit: U-1, quantity: {quantity}, on: {used_on}}}]
"""
KNOWN = {
    "sector": "power",
    "tonnes": "100000",
    "submitted_on": "2025-03-20",
    "verified": "true",
    "kind": "allowance",
    "issued_for": "2024",
    "acquired_on": "2024-03-01",
    "quantity": "99000",
}
INQUIRY = Inquiry(compare=False)


def case(folder: Path, **written: str) -> Path:
    """The case with some facts written otherwise; where the sector is asked for, the plan does not list the installation anyway."""
    listed = {"listed": "phase_4", "year": "2021"} if "sector" in written else {"listed": "phase_5", "year": "2024"}
    used_on = "2025-05-02" if "acquired_on" in written else "2025-04-10"  # no unit is surrendered before it is acquired
    path = folder / "case.yaml"
    path.write_text(CASE.format(**{**KNOWN, **listed, "used_on": used_on, **written}), encoding="utf-8")
    return path


def outcomes(law: Law, path: Path, decision: str) -> dict[tuple[str, tuple[str, ...], str], Any]:
    facts = read_facts(law, path, None)
    (found,) = ask(law, facts, INQUIRY, [find_root(law, facts, INQUIRY, "K-1", 2024)], "brief")
    return {key: step.outcome for key, step in found.steps.items() if law.decision_name(key[0], key[2]) == decision}


def decided(law: Law, path: Path, decision: str) -> list[Deciding]:
    facts = read_facts(law, path, None)
    ((key, outcome),) = outcomes(law, path, decision).items()
    return deciding(law, facts, INQUIRY, find_root(law, facts, INQUIRY, "K-1", 2024), key, outcome)


def ranges(found: Deciding) -> list[tuple[Any, bool, Any, bool, Any]]:
    return [(c.values.low, c.values.over, c.values.high, c.values.under, c.outcome) for c in found.cases if isinstance(c.values, Range)]


def test_the_threshold_is_found_to_the_tonne_and_on_its_right_side(law: Law, tmp_path: Path) -> None:
    """More than 20,000 t of CO2 (factsheet): exactly 20,000 is not above it."""
    (found,) = decided(law, case(tmp_path, tonnes="unknown"), "above_threshold")
    assert ranges(found) == [(0, False, 20_000, False, False), (20_000, True, None, False, True)]
    assert found.alone


def test_a_limit_behind_arithmetic_is_found(law: Law, tmp_path: Path) -> None:
    """99,000 units surrendered, one a tonne: met up to 99,000 t; of no emissions nothing is due."""
    (found,) = decided(law, case(tmp_path, tonnes="unknown"), "surrender")
    assert ranges(found) == [(0, False, 0, False, "not_required"), (0, True, 99_000, False, "met"), (99_000, True, None, False, "missing")]


def test_an_amount_that_follows_the_figure_is_said_to(law: Law, tmp_path: Path) -> None:
    (found,) = decided(law, case(tmp_path, tonnes="unknown"), "shortfall")
    below, above = found.cases
    assert below == Case(Range(0, 99_000), 0) and above.values == Range(99_000, None, over=True)
    assert isinstance(above.outcome, Unknown) and above.outcome.low == 0 and not above.missing and found.alone


def test_a_day_is_found(law: Law, tmp_path: Path) -> None:
    """Reports are due on 15 April (factsheet), and that day still counts by default."""
    (found,) = decided(law, case(tmp_path, submitted_on="unknown"), "report")
    assert ranges(found) == [(None, False, date(2025, 4, 15), False, "met"), (date(2025, 4, 15), True, date(2025, 6, 1), False, "late")]


def test_codes_and_conditions_are_tried_one_by_one(law: Law, tmp_path: Path) -> None:
    (found,) = decided(law, case(tmp_path, verified="unknown"), "verification")
    assert [(c.values, c.outcome) for c in found.cases] == [((True,), "met"), ((False,), "missing")]
    (kinds,) = decided(law, case(tmp_path, kind="unknown"), "lot.kind_eligible")
    assert {value: c.outcome for c in kinds.cases for value in c.values} == {  # type: ignore[union-attr]
        "allowance": True, "offset": True, "qazaq_green": False, "cer": False, "eru": False, "foreign_allowance": False,
    }  # fmt: skip


def test_one_fact_that_is_not_enough_is_said_to_be_not_enough(law: Law, tmp_path: Path) -> None:
    tonnes, report = decided(law, case(tmp_path, tonnes="unknown", verified="unknown"), "breaches")
    assert not tonnes.alone and not report.alone
    assert all(c.missing == {report.cause} for c in tonnes.cases) and all(c.missing == {tonnes.cause} for c in report.cases)
    assert [sorted(c.outcome.members) for c in tonnes.cases] == [[], ["surrender_missing"]]
    told = list(deciding_lines(Words(law), [tonnes], law.vocabulary.decisions["installation_year", "breaches"].type))
    assert told[-1].strip() == "this alone does not decide it"


def test_missing_records_are_said_to_be_missing_as_a_whole(law: Law, tmp_path: Path) -> None:
    (found,) = decided(law, case(tmp_path), "production_drop")
    assert found.cases == () and found.column is None and not found.alone


def test_that_there_is_none_is_said_as_such(law: Law, tmp_path: Path) -> None:
    """Units that were issued for no year of their own are good in each year of their plan."""
    (found,) = decided(law, case(tmp_path, issued_for="unknown"), "lot.eligible")
    told = list(deciding_lines(Words(law), [found], law.vocabulary.decisions["lot", "eligible"].type))
    assert "if there is none: yes" in [line.strip() for line in told]


SAMPLES = {
    "tonnes": ["0", "1", "9999", "10000", "19999", "20000", "20000.5", "20001", "98999", "99000", "99000.001", "99001", "1000000"],
    "submitted_on": ["2024-01-01", "2025-04-14", "2025-04-15", "2025-04-16", "2025-06-01"],
    "verified": ["true", "false"],
    "kind": ["allowance", "offset", "qazaq_green", "cer", "eru", "foreign_allowance"],
    "issued_for": ["2022", "2023", "2024", "2025"],
    "acquired_on": ["2023-01-01", "2025-04-14", "2025-04-15", "2025-04-16"],
    "quantity": ["0", "1", "98999", "99000", "99001", "100000"],
    "sector": ["power", "metallurgy", "transport", "other"],
}
DECISIONS = [
    "coverage",
    "report",
    "verification",
    "surrender",
    "shortfall",
    "breaches",
    "status",
    "lot.usable",
    "lot.reason",
    "surrendered",
]


def _value(written: str) -> Any:
    if written in ("true", "false"):
        return written == "true"
    if written.count("-") == 2:
        return date.fromisoformat(written)
    return Fraction(written) if written[0].isdigit() else written


def _holds(values: Range | tuple[Any, ...], value: Any) -> bool:
    if isinstance(values, tuple):
        return value in values
    above = values.low is None or value > values.low or (value == values.low and not values.over)
    return above and (values.high is None or value < values.high or (value == values.high and not values.under))


@pytest.mark.parametrize("column", SAMPLES)
def test_every_value_comes_out_as_its_range_says(law: Law, column: str, tmp_path: Path) -> None:
    """Brute force: each sample is written into the facts, and the whole case is determined."""
    checked = 0
    for decision in DECISIONS:
        ((_, outcome),) = outcomes(law, case(tmp_path, **{column: "unknown"}), decision).items()
        if not isinstance(outcome, (Unknown, OpenSet)):
            continue
        for found in decided(law, case(tmp_path, **{column: "unknown"}), decision):
            if not found.cause.name.endswith(f".{column}"):
                continue
            for written in SAMPLES[column]:
                (said,) = [c for c in found.cases if _holds(c.values, _value(written))]
                ((_, real),) = outcomes(law, case(tmp_path, **{column: written}), decision).items()
                checked += 1
                if said.known:
                    assert comparable(real) == comparable(said.outcome), (decision, written)
                elif not said.missing:
                    assert not isinstance(real, (Unknown, OpenSet)), (decision, written)
                    low, high = (said.outcome.low, said.outcome.high) if isinstance(said.outcome, Unknown) else (None, None)
                    assert (low is None or low <= real) and (high is None or real <= high), (decision, written)
                else:
                    assert isinstance(real, (Unknown, OpenSet)), (decision, written)
    assert checked >= len(SAMPLES[column])


@pytest.mark.parametrize("pair", list(itertools.combinations(["tonnes", "sector", "submitted_on"], 2)))
def test_two_missing_facts_are_never_decided_by_one_against_the_other(law: Law, pair: tuple[str, str], tmp_path: Path) -> None:
    """Where one fact is said to decide, it does so whatever the other is."""
    one, two = pair
    path = case(tmp_path, **{one: "unknown", two: "unknown"})
    ((_, outcome),) = outcomes(law, path, "report").items()
    assert isinstance(outcome, Unknown)
    for found in decided(law, path, "report"):
        column = found.cause.name.partition(".")[2]
        other = two if column == one else one
        for said in (c for c in found.cases if c.known):
            for first in (w for w in SAMPLES[column] if _holds(said.values, _value(w))):
                for second in SAMPLES[other]:
                    ((_, real),) = outcomes(law, case(tmp_path, **{column: first, other: second}), "report").items()
                    assert comparable(real) == comparable(said.outcome), (first, second)


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("en", ["at most 20,000 t CO2: no", "more than 20,000 t CO2: yes"]),
        ("ru", ["не более 20 000 т CO2: нет", "более 20 000 т CO2: да"]),
        ("kk", ["20 000 т CO2 мәнінен аспайды: жоқ", "20 000 т CO2 мәнінен артық: иә"]),
    ],
)
def test_it_is_said_in_each_language(law: Law, language: str, lines: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    why_report(law, case(tmp_path, tonnes="unknown"), INQUIRY, "K-1", 2024, "above_threshold", None, "text", False, language)
    text = capsys.readouterr().out.replace("\u00a0", " ")
    head = law.tree["words"]["deciding_head"][language]
    assert [line.strip() for line in text.partition(head)[2].splitlines()[2:4]] == lines


def test_json_has_the_ends_of_ranges_and_what_is_still_missing(law: Law, tmp_path: Path) -> None:
    (found,) = deciding_json(decided(law, case(tmp_path, tonnes="unknown"), "above_threshold"))
    assert found["missing"] == {"kind": "fact", "name": "emissions.tonnes", "place": ["K-1", "2024", "co2"]}
    assert found["cases"] == [{"from": 0, "to": 20_000, "outcome": False}, {"over": 20_000, "outcome": True}]
    assert json.dumps(found)
