"""Where two laws differ: the smallest case, what they say otherwise there, and no difference where there is none."""

from __future__ import annotations

import itertools
import json
import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from cli import main
from engine.analysis.laws import Side, Witnesses, witness
from engine.analysis.laws.witnessing import witness_case, witness_json, witness_lines
from engine.drafting.cases import Laws, read_cases
from engine.drafting.cases_running import run_all
from engine.law import Law
from engine.proving import Gap, comparable
from tests.conftest import ROOT
from tests.small_law import determined, facts_of, law_of

YEAR = 2020
DECISIONS = "decisions: {large: {type: bool}, band: {type: code, codes: lights}}"
PARAMETER = "parameters: {floor: {type: number, governed_by: year_end}}"
BAND = (
    {"rule": "big", "decides": "large", "when": "installation.owed > floor"},
    {"rule": "yes", "decides": "band", "when": "large", "value": "red"},
    {"rule": "no", "decides": "band", "when": "not large", "value": "green"},
)


def law(rules: tuple[dict[str, Any], ...] = BAND, floor: Any = 10) -> Law:
    return law_of(DECISIONS, PARAMETER, f"values: {{floor: {{value: {floor}}}}}", json.dumps({"rules": rules}))


def compared(one: Law, other: Law, **more: Any) -> Witnesses:
    return witness(Side(one, one.select()), Side(other, other.select()), [YEAR], **more)


def test_a_moved_bound_is_shown_by_the_first_number_beyond_it() -> None:
    """Above 10 against above 20: 11 is the smallest whole number that only the first law calls large."""
    report = compared(law(), law(floor=20))
    assert [finding.decision[1] for finding in report.findings] == ["large", "band"]
    large, band = report.findings
    assert large.document["installations"] == [{"id": "A", "owed": 11}]
    assert (large.one, large.other, band.one, band.other) == (True, False, "red", "green")
    assert [(flip.kind, flip.name, flip.one.value, flip.other.value) for flip in large.flips] == [
        ("value", "floor", 10, 20),
        ("rule", "big", True, None),
    ]
    assert band.flips == large.flips  # the band follows from it: nothing of its own is otherwise


def test_the_same_law_is_the_same() -> None:
    report = compared(law(), law())
    assert report.findings == [] and report.unproved == []
    assert {key[1] for _, key in report.identical} == {"large", "band"}


def test_other_names_and_another_order_are_no_difference() -> None:
    renamed = tuple({**rule, "rule": f"other-{index}"} for index, rule in enumerate(reversed(BAND)))
    report = compared(law(), law(renamed))
    assert report.findings == [] and {key[1] for _, key in report.identical} == {"large", "band"}


def test_the_same_said_otherwise_is_proved_the_same() -> None:
    """Not at most 10 is above 10; two rules that together say what one said."""
    said = (
        {"rule": "big", "decides": "large", "when": "not (installation.owed <= floor)"},
        {"rule": "a", "decides": "band", "when": "large and installation.active", "value": "red"},
        {"rule": "b", "decides": "band", "when": "large and not installation.active", "value": "red"},
        {"rule": "no", "decides": "band", "when": "not large", "value": "green"},
    )
    report = compared(law(), law(said))
    assert report.findings == [] and report.unproved == []
    assert [key[1] for _, key in report.same] == ["large", "band"] and report.identical == []


def test_a_repealed_rule_leaves_a_gap() -> None:
    report = compared(law(), law(BAND[:2]))
    (finding,) = report.findings
    assert finding.decision[1] == "band" and finding.one == "green" and isinstance(finding.other, Gap)
    assert [(flip.name, flip.other.text) for flip in finding.flips] == [("no", None)]


def test_the_first_year_that_differs_is_told() -> None:
    later = law_of(
        DECISIONS, PARAMETER, "values: {floor: [{value: 10, to: 2022-01-01}, {value: 20, from: 2022-01-01}]}", json.dumps({"rules": BAND})
    )
    report = witness(Side(law(), law().select()), Side(later, later.select()), [2021, 2022, 2023])
    assert {finding.year for finding in report.findings} == {2022}
    assert [(year, key[1]) for year, key in report.same] == [(2021, "large"), (2021, "band")]


def test_only_the_decisions_that_are_asked_for() -> None:
    report = compared(law(), law(floor=20), decisions=[("site_year", "band")])
    assert [finding.decision[1] for finding in report.findings] == ["band"]


def test_a_decision_that_one_law_does_not_have_is_named() -> None:
    more = law_of(
        DECISIONS.replace("}}", "}, more: {type: bool}}", 1).replace("}, more: {type: bool}}, band", "}, more: {type: bool}, band"),
        PARAMETER,
        "values: {floor: {value: 10}}",
        json.dumps({"rules": [*BAND, {"rule": "m", "decides": "more", "when": "large"}]}),
    )
    assert compared(law(), more).only == [("site_year", "more")]


# -- brute force ------------------------------------------------------------------------------------------------

CELLS = [*itertools.product(("power", "oil", "cement"), (True, False), range(5))]
TESTS = [
    "installation.sector == power",
    "installation.active",
    "installation.count > 1",
    "installation.count <= 2",
    "installation.count == 2",
]


def condition(dice: random.Random, depth: int = 2) -> str:
    if depth == 0 or dice.random() < 0.3:
        return dice.choice(TESTS)
    joined = dice.choice([" and ", " or "]).join(f"({condition(dice, depth - 1)})" for _ in range(2))
    return f"not ({joined})" if dice.random() < 0.3 else joined


@pytest.mark.parametrize("seed", range(8))
def test_random_pairs_of_laws_differ_where_proving_every_case_says_so(seed: int) -> None:
    """Conditions compare the count with 1 and 2 only, so that the counts 0 to 4 stand for all."""
    dice = random.Random(seed)
    rules = [{"rule": f"r{i}", "decides": "band", "when": condition(dice), "value": dice.choice(["red", "green"])} for i in range(3)]
    changed = [dict(rule) for rule in rules]
    chosen = dice.choice(changed)
    chosen["when"] = f"({chosen['when']}) and ({condition(dice)})" if dice.random() < 0.5 else f"not (not ({chosen['when']}))"
    decision = "decisions: {band: {type: code, codes: lights}}"
    one, other = (law_of(decision, json.dumps({"rules": each})) for each in (rules, changed))
    differ = []
    for sector, active, count in CELLS:
        content = {"installations": [{"id": "A", "sector": sector, "active": active, "count": count}]}
        said = [comparable(determined(each, facts_of(each.vocabulary, content), year=YEAR).outcomes["band"]) for each in (one, other)]
        if said[0] != said[1]:
            differ.append((sector, active, count))
    report = compared(one, other)
    assert len(report.findings) == (1 if differ else 0) and report.unproved == []
    for finding in report.findings:
        (row,) = finding.document["installations"]
        assert any(
            all(row.get(name, cell) == cell for name, cell in zip(("sector", "active", "count"), each, strict=True)) for each in differ
        )
        assert "count" not in row or row["count"] == min(
            count for sector, active, count in differ if row.get("sector", sector) == sector and row.get("active", active) is active
        )


# -- the real law -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authorities(law: Law) -> Witnesses:
    asked = [("installation_year", name) for name in ("administered", "coverage", "report_due", "surrender_due", "verified_co2")]
    return witness(Side(law, law.select("seeds")), Side(law, law.select("statute")), [2024], asked)


def test_the_factsheet_and_the_code_part_at_exactly_20_000_t(authorities: Witnesses) -> None:
    """The factsheet's band of administered installations ends at 19,999 t, the Code's (art. 301(1)) at 20,000 t."""
    found = {finding.decision[1]: finding for finding in authorities.findings}
    assert set(found) == {"administered", "coverage", "report_due", "surrender_due"}
    assert found["administered"].document["emissions"] == [{"installation": "A", "year": 2024, "gas": "co2", "tonnes": 20000}]
    assert found["coverage"].other == "administered" and isinstance(found["coverage"].one, Gap)
    assert {(flip.name, flip.one.value, flip.other.value) for flip in found["coverage"].flips if flip.kind == "value"} == {
        ("coverage.administered_to", 19999, 20000)
    }
    # the report of an administered installation: 15 April by the factsheet, 1 April by article 301(2)
    assert (found["report_due"].one, found["report_due"].other) == (date(2025, 4, 15), date(2025, 4, 1))
    # the surrender for 2024: 15 April by the factsheet, the end of the next year by order 91, point 96
    assert (found["surrender_due"].one, found["surrender_due"].other) == (date(2025, 4, 15), date(2025, 12, 31))
    assert {key[1] for _, key in authorities.same} == {"verified_co2"}


def test_the_cases_run_under_each_law(law: Law, authorities: Witnesses, tmp_path: Path) -> None:
    for finding in authorities.findings:
        for other in (False, True):
            target = tmp_path / "case.yaml"
            target.write_text(witness_case(authorities, finding, other), encoding="utf-8")
            assert all(
                outcome.passed
                for _, outcome in run_all(
                    Laws(law, ROOT / "rulesets", ROOT / "schemas"), read_cases(target, "case.yaml", ROOT / "schemas"), 1
                )
            )


def test_the_report_tells_both_answers_the_case_and_the_bounds(authorities: Witnesses) -> None:
    lines = list(witness_lines(authorities))
    assert any("19,999 t CO2" in line and "20,000 t CO2" in line for line in lines)
    assert any("tonnes: 20000" in line for line in lines) and any("up to 2 rows" in line for line in lines)
    told = json.loads(json.dumps(witness_json(authorities)))["differ"]
    assert {each["decision"] for each in told} == {"administered", "coverage", "report_due", "surrender_due"}


def test_one_phase_against_another(law: Law) -> None:
    """A year of phase 5 judged by phase 3, which banks as phase 5 does: installations stay the level, the deadlines the year's own."""
    one, other = Side(law, law.select()), Side(law, law.select(), "phase_1")
    report = witness(one, other, [2024], [("installation_year", "threshold_emissions"), ("installation_year", "surrender_due")])
    (finding,) = report.findings
    assert finding.decision[1] == "threshold_emissions"  # phase 1 adds up the sites of the operator
    assert len(finding.document["installations"]) == 2


def test_the_command(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        main, ["law", "witness", "current", "offset-limit-5", "--year", "2024", "--format", "json", "--write", str(tmp_path)]
    )
    assert result.exit_code == 0, result.output
    differ = {each["decision"]: each for each in json.loads(result.output)["differ"]}
    assert {"surrendered", "shortfall", "status"} <= set(differ) and "obligation" not in differ
    (case,) = yaml.safe_load((tmp_path / "first" / "surrendered.yaml").read_text(encoding="utf-8"))["cases"]
    assert case["expect"] == {"surrendered": differ["surrendered"]["one"]}
