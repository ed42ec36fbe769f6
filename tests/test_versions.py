"""The law on two clocks: four changes of real law, each asked for as it stood, and the timeline that shows them.

The expected values are those of the sources in `rulesets/instruments`: decree 1138 of 30 Dec 2015 and law 491-V of 8 Apr 2016;
orders 525 of 11 Jul 2022 and 16-O of 30 Jan 2024; art. 243-1 as enacted and as rewritten on 10 Apr 2014; law 71-VIII of 6 Apr 2024.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import main
from engine.drafting.versions import IN_FORCE, KNOWN, PHASE, VALUE, Versions, between
from engine.facts import load_facts
from engine.law import Law
from engine.law.program import Program
from engine.proving import Inquiry, Root, ask

PILOT = """
as_of: 2014-05-01
operators: [{id: O, size: large}]
installations: [{id: K, operator: O, sector: power}]
emissions: [{installation: K, year: 2013, gas: co2, tonnes: 115000}]
quotas: [{installation: K, plan: phase_1, year: 2013, quantity: 100000}]
units: [{id: U, installation: K, kind: allowance, plan: phase_1, issued_for: 2013, quantity: 100000}]
surrenders: [{installation: K, year: 2013, unit: U, quantity: 100000, on: 2014-03-20}]
enforcement: [{installation: K, year: 2013, opened_on: 2014-04-20}]
"""
SHELVED = """
as_of: 2017-06-30
operators: [{id: O, size: large}]
installations: [{id: K, operator: O, sector: power}]
emissions: [{installation: K, year: 2016, gas: co2, tonnes: 300000}]
quotas: [{installation: K, plan: phase_3_2016, year: 2016, quantity: 280000}]
"""


def outcomes(law: Law, folder: Path, facts: str, year: int, known_on: date | None, authority: str = "seeds") -> dict[str, Any]:
    path = folder / "facts.yaml"
    path.write_text(facts, encoding="utf-8")
    read = load_facts(path, law.vocabulary, {}, None, date(2030, 1, 1))
    inquiry = Inquiry(authority, {}, known_on, compare=False)
    (found,) = ask(law, read, inquiry, [Root("installation_year", ("K",), year)])
    return dict(found.outcomes) | {"@phase": found.phase}


def versions(law: Law, authority: str, known_on: date | None = None) -> Versions:
    return Versions(law, law.select(authority, {}, known_on))


# -- the four changes ---------------------------------------------------------------------------------------------


def test_the_plan_of_2016_runs_until_it_is_known_to_be_shelved(law: Law, tmp_path: Path) -> None:
    before = outcomes(law, tmp_path, SHELVED, 2016, date(2016, 3, 1))
    after = outcomes(law, tmp_path, SHELVED, 2016, date(2016, 5, 1))
    assert (before["@phase"], before["obligation"]) == ("phase_3_2016", 300_000)
    assert (after["@phase"], after["obligation"]) == ("suspension", 0)


@pytest.mark.parametrize(
    ("known_on", "caps"),
    [(date(2024, 1, 29), {2024: 161_217_369, 2025: 158_788_226}), (date(2024, 1, 30), {2024: 162_087_248, 2025: 158_223_931})],
)
def test_the_caps_of_2024_and_2025_are_those_of_the_edition_that_is_known(law: Law, known_on: date, caps: dict[int, int]) -> None:
    for authority in law.authorities:
        found = versions(law, authority)
        assert {year: found.value("cap.annual", year, date(year, 12, 31), known_on)[0] for year in caps} == caps


def test_the_fine_for_2013_was_ten_mci_and_then_with_retroactive_effect_none(law: Law, tmp_path: Path) -> None:
    short, mci_2014 = 115_000 - 100_000, 1_852
    for authority in law.authorities:
        enacted = outcomes(law, tmp_path, PILOT, 2013, date(2014, 4, 9), authority)
        rewritten = outcomes(law, tmp_path, PILOT, 2013, date(2014, 4, 10), authority)
        assert (enacted["shortfall"], enacted["penalty"]) == (short, 10 * mci_2014 * short), authority  # the ceiling came in 2015
        assert (rewritten["shortfall"], rewritten["penalty"]) == (short, 0), authority


def test_the_reporting_deadline_moves_on_8_june_2024(law: Law) -> None:
    statute = versions(law, "statute")
    assert statute.value("mrv.report_deadline", None, date(2024, 6, 7), None)[0] == "04-01"
    assert statute.value("mrv.report_deadline", None, date(2024, 6, 8), None)[0] == "04-15"
    assert statute.value("mrv.report_deadline", None, date(2024, 6, 8), date(2024, 4, 5))[0] == "04-01"


# -- the timeline -------------------------------------------------------------------------------------------------


def test_the_timeline_tells_what_was_known_apart_from_what_took_effect(law: Law) -> None:
    events = between(versions(law, "statute").timeline(), None, None, "mrv.report_deadline")
    told = [(e.day, e.clock, e.begins, e.before, e.after, e.retroactive) for e in events]
    assert told == [
        (date(2024, 4, 6), KNOWN, date(2024, 6, 8), "04-01", "04-15", False),
        (date(2024, 6, 8), IN_FORCE, date(2024, 6, 8), "04-01", "04-15", False),
    ]


def test_the_timeline_marks_what_is_retroactive(law: Law) -> None:
    events = between(versions(law, "statute").timeline(), date(2014, 1, 1), date(2014, 12, 31), "penalty.rate")
    told = [(e.day, e.clock, e.begins, e.ends, e.before, e.after, e.retroactive) for e in events]
    assert told == [
        (date(2014, 4, 10), KNOWN, date(2013, 1, 1), date(2014, 6, 30), 10, 0, True),
        (date(2014, 4, 10), KNOWN, date(2014, 7, 1), date(2015, 12, 31), 10, 5, False),
        (date(2014, 7, 1), IN_FORCE, date(2014, 7, 1), None, 0, 5, False),
    ]


def test_the_timeline_tells_which_phase_took_the_place_of_which(law: Law) -> None:
    events = {e.name: e for e in versions(law, "seeds").timeline() if e.kind == PHASE}
    assert (events["suspension"].day, events["suspension"].before) == (date(2016, 4, 8), "phase_3_2016")
    assert events["suspension"].retroactive and not events["phase_3"].retroactive
    assert (events["phase_3"].day, events["phase_3"].before) == (date(2017, 12, 26), "phase_3_2016")


def test_every_event_of_a_value_is_a_change(law: Law) -> None:
    for authority in law.authorities:
        found = [e for e in versions(law, authority).timeline() if e.kind == VALUE]
        assert len(found) > 100
        assert all(type(e.before) is not type(e.after) or e.before != e.after for e in found)


# -- the commands -------------------------------------------------------------------------------------------------


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, arguments, catch_exceptions=False, standalone_mode=False)


def test_law_at_says_what_held_and_since_when(law: Law) -> None:
    found = json.loads(run("law", "at", "2024-06-08", "--authority", "statute", "--only", "mrv.report_deadline", "--format", "json").output)
    assert found["phase"] == "phase_5" and found["ruleset_hash"] == law.digest
    assert found["parameters"] == [
        {
            "parameter": "mrv.report_deadline",
            "key": None,
            "value": "04-15",
            "from": "2024-06-08",
            "to": None,
            "known_from": "2024-04-06",
            "cite": [{"instrument": "env-code-2021-2024", "point": "294(2)"}],
        }
    ]


def test_law_at_follows_what_was_known() -> None:
    shelved, suspended = (
        run("law", "at", "2016-06-01", "--known-on", day, "--format", "json").output for day in ("2016-03-01", "2016-05-01")
    )
    assert json.loads(shelved)["phase"] == "phase_3_2016" and json.loads(suspended)["phase"] == "suspension"


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_the_timeline_is_told_in_each_language(language: str) -> None:
    lines = run("law", "timeline", "--only", "penalty.rate", "--lang", language).output.splitlines()
    word = {"en": "RETROACTIVE", "ru": "ОБРАТНАЯ СИЛА", "kk": "КЕРІ КҮШІ БАР"}[language]
    assert [word in line for line in lines if "→" in line] == [True, False, False]


def test_a_year_that_no_phase_governs_is_refused() -> None:
    from engine.problems import InputError

    with pytest.raises(InputError, match="no phase governs 2012"):
        run("law", "at", "2012-06-01")


# -- citations -------------------------------------------------------------------------------------------------------

CODES = {2014: "env-code-2007-2013", 2019: "env-code-2007-2018", 2023: "env-code-2021", 2024: "env-code-2021-2024"}


def _by_statute(law: Law, year: int) -> Program:
    phase = law.phase_of(year)
    assert phase is not None
    return Program(law, law.select("statute"), phase, year)


@pytest.mark.parametrize(("year", "code"), CODES.items())
@pytest.mark.parametrize("decision", ["above_threshold", "sector_in_scope", "report_required"])
def test_a_rule_cites_the_edition_in_force(law: Law, year: int, code: str, decision: str) -> None:
    """The 2007 Code as of mid-2013 and as amended from 22 Apr 2016; the 2021 Code from 1 Jul 2021, as amended from 8 Jun 2024."""
    program = _by_statute(law, year)
    cited = {
        name for typed in program.rules(("installation_year", decision)) for name, _ in typed.rule.cites if name.startswith("env-code")
    }
    assert cited == {code}


@pytest.mark.parametrize(("year", "code"), CODES.items())
def test_a_value_cites_the_edition_in_force(law: Law, year: int, code: str) -> None:
    program = _by_statute(law, year)
    value, entry = program.parameter("coverage.threshold", None, date(year, 12, 31))
    assert value == 20000 and entry is not None
    assert [name for name, _ in entry.cites] == ["icap-2025", code]


def test_a_monitoring_plan_is_judged_by_the_text_of_the_day_it_was_due(law: Law) -> None:
    """Of phase 5, due by 1 Apr 2022, whatever the year asked about: the edition of 8 June 2024 does not reach back to it."""
    program = _by_statute(law, 2025)
    codes = {
        name
        for typed in program.rules(("installation_year", "monitoring_plan"))
        for name, _ in typed.rule.cites
        if name.startswith("env-code")
    }
    assert codes == {"env-code-2021"}
