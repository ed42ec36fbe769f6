"""Gaps, conflicts and properties of small laws with known faults, against proving every case by brute force; and of the real law."""

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
from engine.analysis.laws import Finding, Report, prove_law
from engine.analysis.laws.showing import case_text, prove_json, prove_lines
from engine.drafting.cases import Laws, read_cases
from engine.drafting.cases_running import run_all
from engine.law import Law
from engine.problems import InputError
from engine.proving import Conflict, Gap
from tests.conftest import ROOT
from tests.small_law import determined, facts_of, law_of

YEAR = 2020
DECISION = "decisions: {band: {type: code, codes: lights}}"


def rules(*each: dict[str, Any], decides: str = "band") -> str:
    return json.dumps({"rules": [{"rule": f"r{i}", "decides": decides, **rule} for i, rule in enumerate(each)]})


def proved(*parts: str) -> tuple[Law, Report]:
    law = law_of(*parts)
    return law, prove_law(law, [YEAR], entities=["site_year"], jobs=1)


def kinds(report: Report) -> list[tuple[str, str]]:
    return sorted((finding.question.kind, finding.question.key[1]) for finding in report.findings)


def cell(finding: Finding, column: str, document: int = 0) -> Any:
    return finding.documents[document]["installations"][0][column]


# -- gaps -------------------------------------------------------------------------------------------------------


def test_a_gap_between_two_bands_is_found_at_the_one_whole_number_in_it() -> None:
    """Red above 20, green to 19: 19 < x <= 20 has the whole number 20 only."""
    _, report = proved(
        DECISION, rules({"when": "installation.owed > 20", "value": "red"}, {"when": "installation.owed <= 19", "value": "green"})
    )
    assert kinds(report) == [("gap", "band")]
    assert cell(report.findings[0], "owed") == 20
    assert report.findings[0].proved[0].outcomes["site_year", ("A", str(YEAR)), "band"] == Gap()


def test_a_gap_without_a_whole_number_is_found_at_a_decimal() -> None:
    """Red from 20, green below 19.5 … 19.9 < x < 20 has no whole number and, of the tenths, none; of the hundredths 19.91."""
    _, report = proved(
        DECISION, rules({"when": "installation.owed >= 20", "value": "red"}, {"when": "installation.owed <= 19.9", "value": "green"})
    )
    assert kinds(report) == [("gap", "band")]
    assert cell(report.findings[0], "owed") == "19.91"


def test_bands_that_meet_are_proved_to_leave_no_gap() -> None:
    _, report = proved(
        DECISION, rules({"when": "installation.owed > 20", "value": "red"}, {"when": "installation.owed <= 20", "value": "green"})
    )
    assert report.findings == [] and report.unproved == []
    assert report.proved == report.asked == 2  # one decision with a value: a gap and a conflict


def test_a_decision_that_no_rule_ever_makes_is_a_gap() -> None:
    _, report = proved(DECISION, rules({"when": "installation.owed > 20 and installation.owed < 10", "value": "red"}))
    assert kinds(report) == [("gap", "band")]


# -- conflicts --------------------------------------------------------------------------------------------------


OVERLAP = ({"when": "installation.owed > 10", "value": "red"}, {"when": "installation.owed < 20", "value": "green"})


def test_two_rules_for_the_same_facts_conflict() -> None:
    """10 < x < 20: the smallest whole number is 11."""
    _, report = proved(DECISION, rules(*OVERLAP))
    assert kinds(report) == [("conflict", "band")]
    outcome = report.findings[0].proved[0].outcomes["site_year", ("A", str(YEAR)), "band"]
    assert isinstance(outcome, Conflict) and set(outcome.rules) == {"r0", "r1"}
    assert cell(report.findings[0], "owed") == 11


def test_an_exception_settles_the_conflict() -> None:
    _, report = proved(DECISION, rules(OVERLAP[0], {**OVERLAP[1], "exception_to": "r0"}))
    assert report.findings == []


def test_two_rules_that_say_the_same_do_not_conflict() -> None:
    _, report = proved(DECISION, rules(OVERLAP[0], {**OVERLAP[1], "value": "red"}))
    assert report.findings == []


def test_a_conflict_between_values_that_are_computed() -> None:
    """x against 2 x: the same at 0 only."""
    _, report = proved(
        "decisions: {due: {type: number}}",
        rules({"value": "installation.owed"}, {"value": "installation.owed * 2"}, decides="due"),
    )
    assert kinds(report) == [("conflict", "due")]
    assert cell(report.findings[0], "owed") == 1


def test_a_conflict_about_a_lot_needs_a_lot() -> None:
    both = ({"when": "lot.good", "value": "red"}, {"when": "lot.plan == plan_a", "value": "green"})
    neither = {"when": "not lot.good and lot.plan != plan_a", "value": "amber"}
    _, report = proved("decisions: {lot.kind: {type: code, codes: lights}}", rules(*both, neither, decides="lot.kind"))
    assert kinds(report) == [("conflict", "kind")]
    assert report.findings[0].documents[0]["units"] == [{"id": "U1-A", "installation": "A", "good": True, "plan": "plan_a"}]


# -- properties -------------------------------------------------------------------------------------------------

DUE = "decisions: {due: {type: number}}"


def declared(text: str) -> str:
    return f"properties: {{p: {{says: {{en: p}}, {text}}}}}"


def test_a_property_that_always_holds_is_proved() -> None:
    _, report = proved(DUE, rules({"value": "max(0, installation.owed - 5)"}, decides="due"), declared("always: due >= 0"))
    assert report.findings == [] and report.unproved == []


def test_a_property_that_can_be_false_is_shown_by_the_smallest_case() -> None:
    """owed - 5 is negative below 5; 0 is the smallest."""
    _, report = proved(DUE, rules({"value": "installation.owed - 5"}, decides="due"), declared("always: due >= 0"))
    assert kinds(report) == [("always", "p")]
    assert cell(report.findings[0], "owed") == 0


def test_a_property_is_asked_only_where_it_says() -> None:
    _, report = proved(
        DUE, rules({"value": "installation.owed - 5"}, decides="due"), declared("when: installation.owed >= 5, always: due >= 0")
    )
    assert report.findings == []


GROWS = "more: {table: installations, column: owed}"


def test_more_that_means_less_is_shown_by_two_cases() -> None:
    """Due is x below 10 and nothing from 10: from 1 to 10 it falls from 1 to 0; with 0 it could not fall."""
    law, report = proved(
        DUE, rules({"value": "installation.owed if installation.owed < 10 else 0"}, decides="due"), declared(f"{GROWS}, never_less: due")
    )
    assert kinds(report) == [("never_less", "p")]
    assert [cell(report.findings[0], "owed", index) for index in (0, 1)] == [1, 10]
    assert len(yaml.safe_load(case_text(law, report.findings[0], "two cases"))["cases"]) == 2


def test_more_that_never_means_less_is_proved() -> None:
    _, report = proved(DUE, rules({"value": "min(installation.owed, 10) * 3"}, decides="due"), declared(f"{GROWS}, never_less: due"))
    assert report.findings == [] and report.unproved == []


def test_only_the_rows_that_a_property_names_grow() -> None:
    """Twice one's own less those of all sites of the operator: less where another site emits more, never where one does oneself."""
    content = json.loads(rules({"value": "emissions[co2].tonnes"}, decides="own"))
    content["rules"].append({"rule": "all", "decides": "due", "value": "own * 2 - sum(s.own for s in sites)"})
    decisions = "decisions: {own: {type: number, unit: tCO2}, due: {type: number, unit: tCO2}}"
    anyone = "more: {table: emissions, column: tonnes}, never_less: due"
    oneself = "more: {table: emissions, column: tonnes, where: {installation: installation.id}}, never_less: due"
    _, report = proved(decisions, json.dumps(content), declared(anyone))
    assert kinds(report) == [("never_less", "p")]
    assert len(report.findings[0].documents[0]["installations"]) == 2
    assert proved(decisions, json.dumps(content), declared(oneself))[1].findings == []


def test_what_rests_on_a_gap_is_not_determined() -> None:
    decisions = "decisions: {band: {type: code, codes: lights}, status: {type: code, codes: lights}}"
    content = json.loads(rules({"when": "installation.owed > 20", "value": "red"}, {"when": "installation.owed <= 19", "value": "green"}))
    content["rules"] += [
        {"rule": "s0", "decides": "status", "when": "band == red", "value": "red"},
        {"rule": "s1", "decides": "status", "when": "band != red", "value": "green"},
    ]
    _, report = proved(decisions, json.dumps(content), declared("determined: status"))
    assert kinds(report) == [("determined", "p"), ("gap", "band")]
    # what the ruleset knows of is asked no more, but shown
    known = "properties: {p: {says: {en: p}, determined: status}, k: {says: {en: k}, leaves_open: band, when: installation.owed > 19}}"
    _, report = proved(decisions, json.dumps(content), known)
    assert kinds(report) == [("leaves_open", "k")] and report.failures == []
    # and what is beside it is still found
    beside = "properties: {k: {says: {en: k}, leaves_open: band, when: installation.owed > 19.5}}"
    assert kinds(proved(decisions, json.dumps(content), beside)[1]) == [("gap", "band"), ("leaves_open", "k")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("always: duu > 0", "'duu' is not defined"),
        ("determined: duu", "no decision about site_year"),
        ("never_less: due", "does not say which cells grow"),
        ("never_less: due, more: {table: installations, column: sector}", "has no number 'sector'"),
        ("leaves_open: due", "does not say where"),
        ("when: installation.owed > 1", "says nothing"),
    ],
)
def test_a_property_that_makes_no_sense_is_refused_at_its_place(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        law_of(DUE, rules({"value": "installation.owed"}, decides="due"), declared(text))
    assert message in str(caught.value.problems[0])


# -- brute force ------------------------------------------------------------------------------------------------

TESTS = [
    "installation.sector == power",
    "installation.sector in (power, oil)",
    "installation.active",
    "installation.count > 1",
    "installation.count <= 2",
    "installation.count == 2",
]
CELLS = [*itertools.product(("power", "oil", "cement"), (True, False), range(5))]


def condition(dice: random.Random, depth: int = 2) -> str:
    if depth == 0 or dice.random() < 0.3:
        return dice.choice(TESTS)
    joined = dice.choice([" and ", " or "]).join(f"({condition(dice, depth - 1)})" for _ in range(2))
    return f"not ({joined})" if dice.random() < 0.3 else joined


@pytest.mark.parametrize("seed", range(12))
def test_random_laws_have_the_gaps_and_conflicts_that_proving_every_case_finds(seed: int) -> None:
    """Conditions compare the count with 1 and 2 only, so that the counts 0 to 4 stand for all."""
    dice = random.Random(seed)
    written = [{"when": condition(dice), "value": dice.choice(["red", "green", "amber"])} for _ in range(dice.randint(2, 4))]
    if dice.random() < 0.4:
        written[1]["exception_to"] = "r0"
    law, report = proved(DECISION, rules(*written))
    outcomes = []
    for sector, active, count in CELLS:
        facts = facts_of(law.vocabulary, {"installations": [{"id": "A", "sector": sector, "active": active, "count": count}]})
        outcomes.append(determined(law, facts, year=YEAR).outcomes["band"])
    expected = [kind for kind, found in (("conflict", Conflict), ("gap", Gap)) if any(isinstance(outcome, found) for outcome in outcomes)]
    assert [kind for kind, _ in kinds(report)] == expected
    assert report.unproved == []


# -- the real law -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def year_2024(law: Law) -> Report:
    return prove_law(law, [2024], entities=["installation_year"], readings=False, jobs=1)


def test_the_gap_at_exactly_20_000_t_is_found(year_2024: Report) -> None:
    """The factsheet: covered above 20,000 t, administered from 10,000 to 19,999 t."""
    (gap,) = [
        finding
        for finding in year_2024.findings
        if finding.question.kind == "leaves_open" and finding.question.decision == ("installation_year", "coverage")
    ]
    assert [row["tonnes"] for row in gap.documents[0]["emissions"] if row["year"] == 2024] == [20000]
    assert {(where.year, where.under.authority) for where in gap.where} == {(2024, "seeds")}  # the Code's band ends at 20,000 t
    assert isinstance(gap.proved[0].outcomes["installation_year", ("A", "2024"), "coverage"], Gap)


def test_nothing_else_is_found_in_2024(year_2024: Report) -> None:
    assert year_2024.failures == [] and year_2024.unproved == []
    assert {finding.question.key[1] for finding in year_2024.findings} == {"no-category-between-the-bands", "one-method-in-the-annex"}


def test_the_case_that_is_written_runs(law: Law, year_2024: Report, tmp_path: Path) -> None:
    for finding in year_2024.findings:
        target = tmp_path / "found.yaml"
        target.write_text(case_text(law, finding, "as found"), encoding="utf-8")
        for _, outcome in run_all(Laws(law, ROOT / "rulesets", ROOT / "schemas"), read_cases(target, "found.yaml", ROOT / "schemas"), 1):
            assert outcome.passed


def test_the_report_says_what_was_proved_and_within_what(law: Law, year_2024: Report) -> None:
    lines = list(prove_lines(law, year_2024))
    assert any("tonnes: 20000" in line for line in lines)
    assert any("up to 2 rows" in line for line in lines)
    assert json.loads(json.dumps(prove_json(law, year_2024)))["proved"] == year_2024.proved


def test_the_command(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        main, ["prove-law", "--year", "2024", "--authority", "statute", "--no-readings", "--write", str(tmp_path), "--format", "json"]
    )
    assert result.exit_code == 0, result.output
    assert [finding["kind"] for finding in json.loads(result.output)["findings"]] == ["leaves_open"]
    assert [path.name for path in tmp_path.iterdir()] == ["one-method-in-the-annex.yaml"]


@pytest.mark.parametrize(
    ("option", "value", "message"), [("--year", "1999", "no phase governs 1999"), ("--authority", "press", "no authority 'press'")]
)
def test_what_cannot_be_asked_is_said(option: str, value: str, message: str) -> None:
    result = CliRunner().invoke(main, ["prove-law", option, value])
    assert isinstance(result.exception, InputError)
    assert message in str(result.exception.problems[0])


DRAFT = """
draft:
  id: no-late
  title: {en: No late surrender, ru: Без просрочки, kk: Кешіктірусіз}
  kind: scenario
  assumes: {en: a test, ru: проверка, kk: тексеру}
changes:
  - repeal: surrender-late
    article: {instrument: env-code-2021, point: "299(1)"}
    reason: {en: a test, ru: проверка, kk: тексеру}
"""


def test_a_draft_that_repeals_a_rule_leaves_a_gap(tmp_path: Path) -> None:
    """Without the rule for units surrendered too late, what was due and complete only later has no state."""
    draft = tmp_path / "no-late.yaml"
    draft.write_text(DRAFT, encoding="utf-8")
    asked = ["prove-law", "--draft", str(draft), "--year", "2024", "--authority", "seeds", "--no-readings", "--format", "json"]
    result = CliRunner().invoke(main, asked)
    assert result.exit_code == 1, result.output
    found = {finding["name"]: finding for finding in json.loads(result.output)["findings"] if finding["kind"] == "gap"}
    assert set(found) == {"surrender"}
    facts = found["surrender"]["facts"][0]
    assert facts["emissions"] and facts["units"] and facts["surrenders"]
    assert date.fromisoformat(facts["surrenders"][0]["on"]) > date(2025, 4, 15)  # the factsheet's last day for 2024
