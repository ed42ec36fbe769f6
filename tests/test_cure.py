"""Cures: worked cases with their arithmetic, the proofs that there is none, and minimality against brute force."""

from __future__ import annotations

import gc
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from engine.analysis import cure, cure_json, cure_lines
from engine.analysis.candidates import offer
from engine.analysis.curing import Work, _Search
from engine.analysis.report import Cure, CureReport
from engine.explaining import Words
from engine.facts import Facts
from engine.law import Law, load_law
from engine.problems import InputError
from engine.proving import Inquiry, Prover, Root, determine
from tests.conftest import ROOT
from tests.make_golden import CURES, explanation
from tests.small_law import facts_of

ROOT_K = Root("installation_year", ("K",), 2024)
DUE, AFTER, BEFORE = "2025-04-15", "2025-06-01", "2025-04-01"
"""Under the default authority both the report and the surrender for 2024 are due on 15 April 2025."""
FOREST = {"id": "P-forest", "sector": "forestry", "field": "greening", "gas": "co2", "host_installation": "none"}
"""A project outside the sectors of the system, whose units count."""


def case(as_of: str = AFTER, **changes: Any) -> dict[str, Any]:
    """K emitted 100,000 t in 2024 and surrendered 99,000 allowances in time: 1,000 short. ``changes`` replace or add tables."""
    content: dict[str, Any] = {
        "as_of": as_of,
        "operators": [{"id": "O", "size": "large"}],
        "installations": [{"id": "K", "operator": "O", "sector": "power"}],
        "emissions": [{"installation": "K", "year": 2024, "gas": "co2", "tonnes": 100000}],
        "monitoring_plans": [{"installation": "K", "submitted_on": "2022-02-01"}],
        "reports": [{"installation": "K", "year": 2024, "submitted_on": "2025-03-20"}],
        "quotas": [{"installation": "K", "plan": "phase_5", "year": 2024, "quantity": 99000, "kind": "initial"}],
        "units": [lot("U", 99000)],
        "surrenders": [surrender("U", 99000)],
    }
    return content | changes


def lot(name: str, quantity: Any, kind: str = "allowance", plan: str = "phase_5", issued_for: Any = 2024) -> dict[str, Any]:
    return {"id": name, "installation": "K", "kind": kind, "plan": plan, "issued_for": issued_for, "quantity": quantity}


def surrender(name: str, quantity: int, on: str = "2025-03-25") -> dict[str, Any]:
    return {"installation": "K", "year": 2024, "unit": name, "quantity": quantity, "on": on}


def with_lots(*lots: dict[str, Any], as_of: str = AFTER, **changes: Any) -> dict[str, Any]:
    return case(as_of, units=[lot("U", 99000), *lots], **changes)


def asked(law: Law, content: dict[str, Any], authority: str | None = None) -> CureReport:
    return cure(law, facts_of(law.vocabulary, content), Inquiry(authority), ROOT_K)


def text(report: CureReport, law: Law, language: str) -> str:
    words = Words(law, language)
    return "\n".join(sentence.line(words) for sentence in cure_lines(report, words))


def emitted(tonnes: Any, year: int = 2024) -> list[dict[str, Any]]:
    return [{"installation": "K", "year": year, "gas": "co2", "tonnes": tonnes}]


def done(found: Cure) -> list[tuple[str, str, int | None, str]]:
    """(action, what it is about, how much, by when)."""
    return [(d.action, d.place[0], d.number, str(d.day)) for d in found.doings]


def replayed(law: Law, content: dict[str, Any], found: Cure, authority: str | None = None, root: Root = ROOT_K) -> Any:
    """The status once the rows of a cure are written into the facts and read like any others."""
    changed = {name: list(rows) if isinstance(rows, list) else rows for name, rows in content.items()}
    changed["as_of"] = found.as_of.isoformat()
    for doing in found.doings:
        for table, cells in doing.rows:
            row = {name: "none" if cell is None else cell if isinstance(cell, (bool, int)) else str(cell) for name, cell in cells.items()}
            if doing.replaces is not None:
                changed[table][int(doing.replaces[0]) - 1] = row
                continue
            # a column that the facts did not have was presumed in every row; once a row has it, the others must say so
            presumed = {n: c.presumed for n, c in law.vocabulary.tables[table].columns.items() if c.has_presumed}
            told = {n: "none" if value is None else value if isinstance(value, bool) else str(value) for n, value in presumed.items()}
            changed[table] = [{**told, **old} for old in changed.get(table, [])] + [row]
    return status(law, facts_of(law.vocabulary, changed), authority, root)


def status(law: Law, facts: Facts, authority: str | None = None, root: Root = ROOT_K) -> Any:
    first = law.__dict__.setdefault(f"_prover_{authority}", Prover(law, law.select(authority), facts))
    return determine(first.about(facts), root, None, (("installation_year", "status"),)).outcomes["status"]


# -- worked cases -----------------------------------------------------------------------------------------------


def test_a_lot_of_its_own_covers_the_shortfall(law: Law) -> None:
    """100,000 t - 99,000 units = 1,000 short; the lot V has 1,500 of 2023, which count in 2024: 1,000 of it, one act."""
    content = with_lots(lot("V", 1500, issued_for=2023), as_of=BEFORE)
    report = asked(law, content)
    assert (report.status, report.state) == ("not_yet_due", "still")
    best = report.still.cures[0]
    assert done(best) == [("surrender-held", "V", 1000, DUE)]
    assert (best.acts, best.units, best.cost, best.status) == (1, 1000, None, "compliant")
    assert replayed(law, content, best) == "compliant"


def test_after_the_deadline_the_same_is_only_what_would_have_been(law: Law) -> None:
    report = asked(law, with_lots(lot("V", 1500, issued_for=2023)))
    assert (report.status, report.breaches, report.state) == ("non_compliant", ("surrender_missing",), "too_late")
    assert not report.still.cures and report.still.obstacles
    assert done(report.would_have.cures[0]) == [("surrender-held", "V", 1000, DUE)]


def test_without_a_lot_it_buys_the_shortfall_at_the_last_price_before_the_day(law: Law) -> None:
    """1,000 units at 500.5 tenge, the last quotation by 15 April: 500,500 tenge. Two rows: the lot and its surrender."""
    prices = [{"on": "2025-03-01", "price_kzt": 450}, {"on": "2025-04-10", "price_kzt": "500.5"}, {"on": "2025-05-10", "price_kzt": 600}]
    content = case(quotations=prices)
    best = asked(law, content).would_have.cures[0]
    assert done(best) == [("acquire-allowances", "K", 1000, DUE)]
    assert (best.acts, best.units, best.cost) == (2, 1000, 500500)
    assert [dict(one)["vintage"] for one in best.doings[0].also] == [2023, 2022], (
        "earlier years of the plan serve as well, later ones do not"
    )
    assert replayed(law, content, best) == "compliant"


@pytest.mark.parametrize(
    ("held", "reason", "instrument", "point"),
    [
        (lot("B", 5000, issued_for=2025), "later_vintage", "icap-2025", "Banking and borrowing"),
        (lot("B", 5000, plan="phase_4", issued_for=2021), "other_plan", "icap-2025", "Banking and borrowing"),
        (lot("B", 5000, kind="qazaq_green", plan="none", issued_for="none"), "kind_not_eligible", "icap-2025", "Compliance mechanism"),
    ],
    ids=["borrowed", "last-phase", "qazaq-green"],
)
def test_what_is_held_but_barred_is_named_with_its_article(
    held: dict[str, Any], reason: str, instrument: str, point: str, law: Law
) -> None:
    """5,000 units that do not count leave the 1,000 to be bought."""
    report = asked(law, with_lots(held))
    assert [(b.place[0], b.reason, b.size) for b in report.barred] == [("B", reason, 5000)]
    assert (instrument, point) in {cite for ground in report.barred[0].grounds for cite in ground.cites}
    assert done(report.would_have.cures[0]) == [("acquire-allowances", "K", 1000, DUE)]


def test_under_the_statutes_the_bar_on_last_phase_units_cites_the_code(law: Law) -> None:
    report = asked(law, with_lots(lot("B", 5000, plan="phase_4", issued_for=2021)), "statute")
    assert ("env-code-2021-2024", "291(7)") in {cite for ground in report.barred[0].grounds for cite in ground.cites}
    assert done(report.still.cures[0]) == [("acquire-allowances", "K", 1000, "2025-12-31")], "the rules give until the end of the next year"


def test_of_several_lots_the_largest_come_first(law: Law) -> None:
    """600 + 400 of the 500: no fewer lots make 1,000."""
    content = with_lots(lot("A", 300), lot("B", 600), lot("C", 500))
    ways = asked(law, content).would_have.cures
    assert done(ways[0]) == [("surrender-held", "B", 600, DUE), ("surrender-held", "C", 400, DUE)]
    assert done(ways[1]) == [("acquire-allowances", "K", 1000, DUE)], "the other way stands beside it"


def test_own_units_beat_fewer_entries_and_the_other_way_is_shown(law: Law) -> None:
    """400 + 300 + 300 = 1,000 takes three entries and costs nothing; buying takes two."""
    ways = asked(law, with_lots(lot("A", 300), lot("B", 400), lot("C", 300))).would_have.cures
    assert [(way.acts, way.units) for way in ways] == [(3, 1000), (2, 1000)]
    assert sorted((place, number) for _, place, number, _ in done(ways[0])) == [("A", 300), ("B", 400), ("C", 300)]


def test_only_what_its_own_lots_lack_is_bought(law: Law) -> None:
    """600 of its own and 400 bought at 450 tenge: 180,000 tenge. Or, instead of buying allowances, 400 offsets, not quoted."""
    content = with_lots(lot("A", 600), quotations=[{"on": "2025-03-01", "price_kzt": 450}], projects=[FOREST])
    ways = asked(law, content).would_have.cures
    assert done(ways[0]) == [("surrender-held", "A", 600, DUE), ("acquire-allowances", "K", 400, DUE)]
    assert (ways[0].acts, ways[0].units, ways[0].cost) == (3, 1000, 180_000)
    assert done(ways[1]) == [("surrender-held", "A", 600, DUE), ("acquire-offsets", "K", 400, DUE)]
    assert (ways[1].cost, len(ways)) == (None, 2)


def test_offset_units_of_a_project_that_counts(law: Law) -> None:
    """Buying allowances comes first; offsets of the forestry project serve too, those of the power project do not."""
    projects = [{"id": "P-power", "sector": "power", "field": "other", "gas": "co2", "host_installation": "none"}, FOREST]
    ways = asked(law, case(projects=projects)).would_have.cures
    assert [way.doings[0].action for way in ways] == ["acquire-allowances", "acquire-offsets"]
    assert dict(ways[1].doings[0].rows[0][1])["project"] == "P-forest"
    assert ways[1].doings[0].also == ()


def test_a_late_report_has_no_cure_and_the_proof_names_the_rules(law: Law) -> None:
    """Filed on 20 April, due on 15 April: nothing that is done in June makes it timely."""
    content = with_lots(
        lot("V", 1000),
        reports=[{"installation": "K", "year": 2024, "submitted_on": "2025-04-20"}],
        surrenders=[surrender("U", 99000), surrender("V", 1000)],
    )
    report = asked(law, content)
    assert (report.breaches, report.state) == (("report_late", "verification_late"), "too_late")
    late = next(obstacle for obstacle in report.still.obstacles if obstacle.about == "report_late")
    named = {rule.rule: rule for rule in late.rules}
    assert {"breach-report-late", "report-late", "report-in-time", "report-due"} <= set(named)
    assert named["report-due"].value == date(2025, 4, 15)
    assert ("icap-2025", "Monitoring, Reporting, Verification (MRV)") in named["report-late"].cites
    assert late.actions == (("still", "file-report"),)
    assert done(report.would_have.cures[0]) == [("file-report", "K", None, DUE)]
    assert replayed(law, content, report.would_have.cures[0]) == "compliant"


def test_a_late_surrender_would_only_have_had_to_be_earlier(law: Law) -> None:
    """1,000 surrendered on 20 April: one act, no further unit."""
    content = with_lots(lot("V", 1000), surrenders=[surrender("U", 99000), surrender("V", 1000, "2025-04-20")])
    report = asked(law, content)
    best = report.would_have.cures[0]
    assert (report.breaches, best.acts, best.units) == (("surrender_late",), 1, 0)
    assert done(best) == [("surrender-earlier", "V", None, DUE)]
    assert replayed(law, content, best) == "compliant"


def test_several_breaches_take_one_act_each(law: Law) -> None:
    """No report and 1,000 short: a report, and 1,000 of the lot V."""
    best = asked(law, with_lots(lot("V", 1000), reports=[])).would_have.cures[0]
    assert {action for action, *_ in done(best)} == {"file-report", "surrender-held"}
    assert (best.acts, best.units) == (2, 1000)


def test_half_a_tonne_takes_a_whole_unit(law: Law) -> None:
    """100,000.5 t - 99,000 = 1,000.5, and units are whole: 1,001."""
    emissions = [{"installation": "K", "year": 2024, "gas": "co2", "tonnes": "100000.5"}]
    assert asked(law, with_lots(lot("V", 5000), emissions=emissions)).would_have.cures[0].units == 1001


def test_a_doubtful_lot_hides_no_cure(law: Law) -> None:
    """The lot X has no known quantity; 1,000 of the lot V are enough whatever X holds."""
    best = asked(law, with_lots(lot("V", 1000), lot("X", "unknown"))).would_have.cures[0]
    assert done(best) == [("surrender-held", "V", 1000, DUE)]


def test_nothing_to_cure(law: Law) -> None:
    report = asked(law, with_lots(lot("V", 1000), surrenders=[surrender("U", 99000), surrender("V", 1000)]))
    assert (report.state, report.still.cures, report.would_have.cures) == ("reached", (), ())


def test_what_is_not_known_is_not_cured(law: Law) -> None:
    report = asked(law, case(emissions=[]))
    assert report.state == "unknown"
    assert any(cause.name == "emissions" for cause in report.missing)


def test_an_installation_that_is_not_covered_has_nothing_to_cure(law: Law) -> None:
    report = asked(law, case(quotas=[], emissions=[{"installation": "K", "year": 2024, "gas": "co2", "tonnes": 500}]))
    assert (report.status, report.state) == ("not_covered", "reached")


def test_while_the_system_is_suspended_a_report_is_still_owed_and_cures(law: Law) -> None:
    """Nobody reported 50,000 t of 2016: by the factsheet 15 April 2017 would have been in time, by the Code only the day before 1 April."""
    nothing: dict[str, Any] = {name: [] for name in ("monitoring_plans", "reports", "quotas", "units", "surrenders")}
    content = case("2017-06-01", emissions=emitted(50000, 2016)) | nothing
    report = cure(law, facts_of(law.vocabulary, content), Inquiry(), Root("installation_year", ("K",), 2016))
    best = report.would_have.cures[0]
    assert [(d.action, d.day) for d in best.doings] == [("file-report", date(2017, 4, 15))]
    assert report.differs["statute"].way.cures[0].doings[0].day == date(2017, 3, 31)
    assert best.status == "suspended"


def test_operating_without_a_quota_has_no_cure_at_all(law: Law) -> None:
    """100,000 t, in no plan and not yet obliged to surrender: where that is read as an offence, nothing that can be done mends it."""
    content = case(quotas=[], units=[], surrenders=[])
    report = cure(law, facts_of(law.vocabulary, content), Inquiry(None, {"gap-year": "offence"}), ROOT_K)
    assert (report.breaches, report.state) == (("emitted_without_quota",), "none")
    (obstacle,) = report.would_have.obstacles
    assert (obstacle.about, obstacle.actions) == ("emitted_without_quota", ())
    assert ("env-code-2021-2024", "289(6)") in {cite for rule in obstacle.rules for cite in rule.cites}


def test_what_another_authority_says_stands_beside_it(law: Law) -> None:
    """The statutes let units of 2024 be surrendered until the end of 2025: in June 1,000 can still be bought."""
    report = asked(law, case())
    assert report.state == "too_late"
    assert done(report.differs["statute"].still.cures[0]) == [("acquire-allowances", "K", 1000, "2025-12-31")]
    assert not asked(law, case(surrenders=[surrender("U", 99000), surrender("U", 0)], emissions=emitted(99000))).differs


def test_a_trade_has_no_goal(law: Law) -> None:
    with pytest.raises(InputError, match="has no goal"):
        cure(law, facts_of(law.vocabulary, case()), Inquiry(), Root("trade", ("T",), 2024))


def test_a_search_that_does_not_end_says_so_and_claims_nothing(law: Law, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.analysis.search.EFFORTS", (1, 1))
    report = Work(law, law.select(), facts_of(law.vocabulary, case(BEFORE)))(ROOT_K)
    assert (report.state, report.why) == ("not_searched", "the search did not end")
    assert not report.way.cures and not report.still.obstacles
    assert "the search did not come to an end" in text(report, law, "en")


# -- words, JSON, sameness --------------------------------------------------------------------------------------


def test_the_text_is_complete_in_three_languages_and_json_holds_the_same(law: Law) -> None:
    report = asked(law, with_lots(lot("B", 5000, issued_for=2025)))
    english = text(report, law, "en")
    assert "acquire 1,000 units (allowances of this plan, issued for 2024) and surrender them, by 2025-04-15" in english
    assert "too late for: purchase and surrender of allowances" in english
    assert "B: 5,000 units: issued for a later year" in english and "lot-vintage-borrowed" in english
    for language in ("en", "ru", "kk"):
        assert not {"{", "}"} & set(text(report, law, language))
    content = json.loads(json.dumps(cure_json(report), ensure_ascii=False))
    assert content["would_have"]["cures"][0]["doings"][0]["number"] == 1000
    assert content["barred"][0]["reason"] == "later_vintage"


def test_the_answer_does_not_depend_on_the_process(law: Law, tmp_path: Path) -> None:
    content = with_lots(lot("A", 300), lot("B", 400), lot("C", 400), lot("D", 300))
    script = (
        "import json, sys\n"
        "from tests.test_cure import asked, cure_json, load_law, ROOT\n"
        "law = load_law(ROOT / 'rulesets', ROOT / 'schemas')\n"
        "print(json.dumps(cure_json(asked(law, json.loads(sys.argv[1])))))\n"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", script, json.dumps(content)],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1


@pytest.mark.parametrize("language", ["ru", "kk"])
@pytest.mark.parametrize("name", sorted(CURES))
def test_no_word_of_the_engine_or_code_of_the_law_is_left_in_the_other_languages(name: str, language: str, law: Law) -> None:
    """What may stay: ids of rules and rows, headings of English documents, a name of its own."""
    told = re.sub(r"\[[^\]]*\]$|<law>|(?<= )правило [a-z0-9-]+|[a-z0-9-]+ қағидасы", "", explanation(law, name, language), flags=re.M)
    told = re.sub(r"\b(K-\d|U-\d+|QG-1|P-1|Qazaq Green|ICAP|CO2)\b", "", told)
    assert set(re.findall(r"[A-Za-z]{2,}[A-Za-z_.]*", told)) == set()


def test_numbers_in_the_examples_are_those_of_their_arithmetic(law: Law) -> None:
    """100,000.4 t take 100,001 units; 90,000 + 4,000 are held and count, so 6,001 are bought, at 510 tenge: 3,060,510."""
    told = explanation(law, "cure", "en")
    for wanted in (
        "90,000 units of the lot U-2024",
        "4,000 units of the lot U-2023",
        "acquire 6,001 units",
        "3,060,510 KZT",
        "in all 100,001",
    ):
        assert wanted in told


# -- the command ------------------------------------------------------------------------------------------------


def kazets(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "cli.py", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("as_of", [None, "2025-04-01"])
def test_the_command_answers_as_json_by_its_schema(as_of: str | None) -> None:
    run = kazets("cure", "examples/case.yaml", "K-1", "2024", "--format", "json", *(("--as-of", as_of) if as_of else ()))
    content = json.loads(run.stdout)
    schema = json.loads((ROOT / "schemas" / "cure.schema.json").read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(content)] == []
    assert content["state"] == ("still" if as_of else "too_late") and content["receipt"]["authority"] == "seeds"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("K1", "2024"), "did you mean 'K-1'?"),
        (("phase_5", "2024"), "'plan_year' has no goal that a cure could reach"),
        (("K-1", "2031"), "no phase of the ruleset governs it"),
        (("K-1", "2024", "--authority", "seed"), "did you mean 'seeds'?"),
        (("K-1",), "Missing argument 'YEAR'"),
    ],
)
def test_a_wrong_question_is_one_line_and_status_2(arguments: tuple[str, ...], message: str) -> None:
    run = kazets("cure", "examples/case.yaml", *arguments)
    assert (run.returncode, run.stdout, len(run.stderr.splitlines())) == (2, "", 1) and message in run.stderr


def test_a_dossier_shows_the_cure_of_a_breach_and_of_nothing_else(tmp_path: Path) -> None:
    """K-1 in 2024 is 1,000 units short; the same installation that emits no more than the 99,000 t it surrendered for has nothing to cure."""
    text = (ROOT / "examples" / "case.yaml").read_text(encoding="utf-8")
    (tmp_path / "met.yaml").write_text(text.replace("tonnes: 100000", "tonnes: 99000"), encoding="utf-8")
    pages = {}
    for facts in ("examples/case.yaml", str(tmp_path / "met.yaml")):
        made = kazets("why", facts, "K-1", "2024", "--format", "html", "--output", str(tmp_path / "d.html"))
        assert made.returncode == 0, made.stderr
        pages[facts] = (tmp_path / "d.html").read_text(encoding="utf-8")
    short, met = pages.values()
    assert "What leads to compliance" in short and "acquire 1,000 units" in short and "What leads to compliance" not in met
    (remark,) = re.findall(r'<p class="deep2">borrowing: no;.*?</p>', short)
    assert re.search(r'href="#s\d+">\[ICAP factsheet 2025, “Banking and borrowing”', remark), (
        "the article is cited, and leads to its full title"
    )


# -- the ruleset's own mistakes ---------------------------------------------------------------------------------


def projects(*approved: str) -> list[dict[str, Any]]:
    """Forestry projects that differ in nothing but their names and the days on which they were approved."""
    return [{**FOREST, "id": f"P-{number}", "approved_on": day} for number, day in enumerate(approved)]


def offset_pools(law: Law, *approved: str) -> list[list[str]]:
    """The projects whose units may be acquired, those together that the search takes for alike."""
    facts = facts_of(law.vocabulary, json.dumps(case(as_of=BEFORE, projects=projects(*approved))))
    search = _Search(law, law.select(), facts, ROOT_K)
    found = offer(search.now, True, search.cone)
    chosen = [[dict(c.chosen)["from_project"].key[0] for c in members if c.action.name == "acquire-offsets"] for _, members in found.pools]
    return [names for names in chosen if names]


def test_projects_that_no_rule_tells_apart_are_one_source(law: Law) -> None:
    """The rules ask whether a project was approved by the day of surrender: 15 April 2025."""
    assert offset_pools(law, "2022-01-01", "2023-07-01", "2025-03-31") == [["P-0", "P-1", "P-2"]]
    assert offset_pools(law, "2022-01-01", "none", "2023-07-01") == [["P-0", "P-2"], ["P-1"]]


def test_many_projects_cost_no_more_than_few_and_each_is_named(law: Law) -> None:
    days = [f"2023-{1 + number // 28:02}-{1 + number % 28:02}" for number in range(100)]
    report = asked(law, case(as_of=BEFORE, projects=projects(*days), surrenders=[]))
    offsets = [d for c in report.still.cures for d in c.doings if d.action == "acquire-offsets"]
    assert offsets and all(len(doing.also) == 99 for doing in offsets)


FARM = {"sector": "agriculture", "gas": "ch4", "host_installation": "none", "standard": "domestic"}
"""A project whose field is not given; it counts whatever the field is."""


def test_what_is_missing_in_each_of_several_rows_does_not_tell_them_apart(law: Law) -> None:
    """Every project that is said to do just as well does, and lots of alike projects are one source."""
    farms = [{**FARM, "id": f"P-{number}", "approved_on": f"2022-0{number + 1}-01"} for number in range(3)]
    lots = [
        {**lot(f"F-{number}", 100 + number, kind="offset", plan="none", issued_for="none"), "project": f"P-{number}"} for number in range(3)
    ]
    units = [{**lot("U", 99000), "project": "none"}, *lots]
    content = case(as_of=BEFORE, projects=farms, units=units)
    search = _Search(law, law.select(), facts_of(law.vocabulary, content), ROOT_K)
    held = [members for _, members in offer(search.now, True, search.cone).pools if members[0].action.name == "surrender-held"]
    assert [sorted(c.place[0] for c in members) for members in held] == [["F-0", "F-1", "F-2"]]
    report = asked(law, content)
    for found in report.still.cures:
        assert replayed(law, content, found) == "compliant"
        for number, doing in enumerate(found.doings):
            for ((name, value),) in doing.also:
                column = {"from_project": "project", "vintage": "issued_for"}[name]
                rows = tuple((table, {**cells, column: value} if column in cells else cells) for table, cells in doing.rows)
                swapped = [replace(d, rows=rows) if n == number else d for n, d in enumerate(found.doings)]
                assert replayed(law, content, replace(found, doings=tuple(swapped))) == "compliant", value
    named = [[value for ((_, value),) in d.also] for found in report.still.cures for d in found.doings if d.action == "acquire-offsets"]
    assert named == [["P-1", "P-2"]]


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            "possible: lot.usable and",
            "possible: lot.usabel and",
            r"actions\.yaml:\d+:\d+: action 'surrender-held', possible: .*'usabel'.*lot.usable|usable",
        ),
        (
            "unit: lot.id, quantity",
            "unti: lot.id, quantity",
            r"actions\.yaml:\d+:\d+: action 'surrender-held', add.surrender.cells.unti: surrenders has no column",
        ),
        ("to: report_due", "to: report_required", r"actions\.yaml:\d+:\d+: action 'file-report', day.to: .*"),
        (
            "choose:\n      from_project: {rows: projects}",
            "choose:\n      from_project: {rows: project}",
            r"no table 'project' — did you mean 'projects'",
        ),
        (
            "{installation: installation.id, year: year, submitted_on: day,",
            "{installation: installation.id, submitted_on: day,",
            r"says nothing of 'year'",
        ),
        (
            "    reason: lot.reason\n",
            "    raeson: lot.reason\n",
            r"actions\.yaml:\d+:\d+: .*there is no key 'raeson' here — did you mean 'reason'",
        ),
    ],
    ids=["name", "column", "type", "table", "missing-cell", "key"],
)
def test_a_wrong_action_is_refused_with_its_place(right: str, wrong: str, message: str, tmp_path: Path) -> None:
    copy = tmp_path / "rulesets"
    shutil.copytree(ROOT / "rulesets", copy)
    file = copy / "vocabulary" / "actions.yaml"
    text = file.read_text(encoding="utf-8")
    assert right in text
    file.write_text(text.replace(right, wrong), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        load_law(copy, ROOT / "schemas")


def test_a_goal_must_be_a_status(tmp_path: Path) -> None:
    copy = tmp_path / "rulesets"
    shutil.copytree(ROOT / "rulesets", copy)
    file = copy / "ruleset.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("goal: [compliant,", "goal: [complaint,"), encoding="utf-8")
    with pytest.raises(InputError, match=r"'complaint' is not a value of 'status' — did you mean 'compliant'"):
        load_law(copy, ROOT / "schemas")


# -- every cure complies, and none is smaller -------------------------------------------------------------------

LOTS = st.lists(
    st.tuples(st.sampled_from([2023, 2024, 2025]), st.integers(0, 2), st.integers(0, 2), st.booleans()),
    max_size=2,
)


def small_case(tonnes: int, lots: list[tuple[int, int, int, bool]], filed: str | None) -> dict[str, Any]:
    """A handful of tonnes; of each lot some is surrendered, in time or five days late."""
    units = [lot(f"L{n}", size, issued_for=year) for n, (year, size, _, _) in enumerate(lots)]
    used = [surrender(f"L{n}", min(size, part), "2025-04-20" if late else "2025-03-25") for n, (_, size, part, late) in enumerate(lots)]
    return case(
        emissions=[{"installation": "K", "year": 2024, "gas": "co2", "tonnes": tonnes}],
        units=units,
        surrenders=[row for row in used if row["quantity"] > 0],
        reports=[{"installation": "K", "year": 2024, "submitted_on": filed}] if filed is not None else [],
    )


def every_change(content: dict[str, Any], tonnes: int) -> Iterator[tuple[tuple[int, int, int], dict[str, Any]]]:
    """All that could have been done by the deadline: more of a lot, bought units, a report, earlier use; each with what it takes.

    That is (units bought, units in all, entries), in the order in which the cheapest and smallest is meant.
    """
    lots, rows = content["units"], content["surrenders"]
    taken = {one["id"]: sum(row["quantity"] for row in rows if row["unit"] == one["id"]) for one in lots}
    free = [range(one["quantity"] - taken[one["id"]] + 1) for one in lots]
    late = [index for index, row in enumerate(rows) if row["on"] > DUE]
    for more, bought, report, moved in itertools.product(
        itertools.product(*free), range(tonnes + 1), (False, True), itertools.product((False, True), repeat=len(late))
    ):
        acts = sum(1 for n in more if n) + (2 if bought else 0) + report + sum(moved)
        used = [
            {**row, "on": DUE} if index in {i for i, m in zip(late, moved, strict=True) if m} else row for index, row in enumerate(rows)
        ]
        used += [surrender(one["id"], n, DUE) for one, n in zip(lots, more, strict=True) if n]
        units = lots + ([lot("N", bought)] if bought else [])
        used += [surrender("N", bought, DUE)] if bought else []
        reports = content["reports"] + ([{"installation": "K", "year": 2024, "submitted_on": DUE}] if report else [])
        yield (bought, sum(more) + bought, acts), {**content, "units": units, "surrenders": used, "reports": reports}


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(tonnes=st.integers(1, 3), lots=LOTS, filed=st.sampled_from(["2025-03-20", "2025-04-20", None]))
def test_every_cure_complies_and_brute_force_finds_none_smaller(
    tonnes: int, lots: list[tuple[int, int, int, bool]], filed: str | None, law: Law
) -> None:
    content = small_case(tonnes, lots, filed)
    facts = facts_of(law.vocabulary, content)
    report = Work(law, law.select(), facts)(ROOT_K)
    if report.state == "reached":
        assert status(law, facts) == "compliant"
        return
    assert report.state == "too_late" and not report.still.cures
    for found in report.would_have.cures:
        assert replayed(law, content, found) == "compliant"
    best = report.would_have.cures[0]
    for size, changed in every_change(content, tonnes):
        if size < (sum(d.number or 0 for d in best.doings if d.priced), best.units, best.acts):
            assert status(law, facts_of(law.vocabulary, changed)) != "compliant", (size, changed)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(tonnes=st.integers(1, 50), sizes=st.lists(st.integers(0, 12), max_size=6), bought=st.booleans())
def test_what_can_still_be_done_complies_when_it_has_been_done(tonnes: int, sizes: list[int], bought: bool, law: Law) -> None:
    """Before the deadline there is always something to be done; without buying only where the lots suffice, with the fewest of them."""
    content = case(
        BEFORE,
        emissions=[{"installation": "K", "year": 2024, "gas": "co2", "tonnes": tonnes}],
        units=[lot(f"L{n}", size) for n, size in enumerate(sizes)],
        surrenders=[],
    )
    report = Work(law, law.select(), facts_of(law.vocabulary, content))(ROOT_K)
    assert report.state == "still"
    for found in report.still.cures:
        assert replayed(law, content, found) == "compliant" and found.units == tonnes
    held = [found for found in report.still.cures if all(d.action == "surrender-held" for d in found.doings)]
    fewest = next((n for n in range(1, len(sizes) + 1) if sum(sorted(sizes, reverse=True)[:n]) >= tonnes), None)
    assert [found.acts for found in held] == ([fewest] if fewest is not None else [])


def any_case(random: Random, law: Law) -> tuple[dict[str, Any], Root, str]:
    """A case in any phase, with lots of every kind, projects, prices, unknown quantities, and reports and plans that may lack."""
    year, authority = random.choice([2013, 2014, 2016, 2019, 2020, 2021, 2022, 2024, 2025]), random.choice(list(law.authorities))
    phase = law.phase_of(year)
    plan = phase.plan if phase is not None and phase.plan is not None else "none"
    as_of = random.choice([f"{year + 1}-02-01", f"{year + 1}-04-15", f"{year + 2}-06-01"])
    days = [day for day in (f"{year + 1}-01-20", f"{year + 1}-03-25", f"{year + 1}-04-15", f"{year + 1}-05-02") if day <= as_of]
    sectors, gases = ["forestry", "power", "waste"], ["co2", "ch4"]
    projects = [
        {"id": f"P{n}", "sector": random.choice(sectors), "field": "greening", "gas": random.choice(gases), "host_installation": "none"}
        for n in range(random.randint(0, 2))
    ]
    units = []
    for n in range(random.randint(0, 4)):
        kind = random.choice(["allowance", "allowance", "allowance", "offset", "qazaq_green"])
        of_plan = {"plan": random.choice([plan, plan, "phase_4"]), "issued_for": random.choice([year, year - 1, year + 1])}
        one = lot(f"L{n}", random.choice([*range(9), "unknown"]), kind) | (
            of_plan if kind == "allowance" else {"plan": "none", "issued_for": "none"}
        )
        one["project"] = random.choice([*(p["id"] for p in projects), "none"]) if kind == "offset" else "none"
        units.append(one | {"acquired_on": random.choice([f"{year}-03-03", days[-1]])})
    content = case(
        as_of,
        emissions=[{"installation": "K", "year": year, "gas": "co2", "tonnes": random.choice([random.randint(1, 12), "7.5", "unknown"])}],
        monitoring_plans=[{"installation": "K", "submitted_on": f"{year - 4}-02-01"}] if random.random() < 0.8 else [],
        passports=[{"installation": "K", "submitted_on": f"{year - 4}-02-01"}] if random.random() < 0.7 else [],
        reports=[{"installation": "K", "year": year, "submitted_on": random.choice(days)}] if random.random() < 0.7 else [],
        quotas=[{"installation": "K", "plan": plan, "year": year, "quantity": 5}] if plan != "none" else [],
        units=units,
        surrenders=[
            surrender(str(u["id"]), random.randint(0, 5), random.choice([d for d in days if d >= str(u["acquired_on"])])) | {"year": year}
            for u in units
            if random.random() < 0.5
        ],
        projects=projects,
        quotations=[{"on": f"{year + 1}-01-15", "price_kzt": "500.25"}] if random.random() < 0.5 else [],
    )
    return content, Root("installation_year", ("K",), year), authority


@pytest.mark.parametrize("seed", range(8))
def test_in_every_phase_what_is_found_complies(seed: int, law: Law) -> None:
    """And where nothing is found although the law and the facts are clear, doing everything at once does not comply either."""
    random = Random(seed)
    for _ in range(5):
        content, root, authority = any_case(random, law)
        report = Work(law, law.select(authority), facts_of(law.vocabulary, content))(root)
        assert report.state != "not_searched", report.why
        for found in (*report.still.cures, *report.would_have.cures):
            assert replayed(law, content, found, authority, root) == "compliant", (content, authority)
        assert list(cure_lines(report, Words(law)))
        if report.state in ("none", "unknown") and content["quotas"]:
            early = f"{root.year + 1}-01-25"
            all_done = {
                **content,
                "as_of": f"{root.year + 2}-06-01",
                "units": [
                    *content["units"],
                    lot("N", 100, plan=content["quotas"][0]["plan"], issued_for=root.year)
                    | {"acquired_on": f"{root.year}-02-02", "project": "none"},
                ],
                "surrenders": [*content["surrenders"], surrender("N", 100, early) | {"year": root.year}],
                "reports": [*content["reports"], {"installation": "K", "year": root.year, "submitted_on": early}],
                "monitoring_plans": [{"installation": "K", "submitted_on": f"{root.year - 6}-02-01"}],
                "passports": [{"installation": "K", "submitted_on": f"{root.year - 6}-02-01"}],
            }
            assert status(law, facts_of(law.vocabulary, all_done), authority, root) != "compliant", (content, authority)


# -- speed ------------------------------------------------------------------------------------------------------


def timed(law: Law, facts: Facts, spent: list[float]) -> CureReport:
    """The answer, and how long it took each time, until it is quick enough or was tried six times."""
    gc.disable()
    while not spent or (min(spent) >= 2 and len(spent) < 6):
        start = time.process_time()
        report = Work(law, law.select(), facts)(ROOT_K)
        spent.append(time.process_time() - start)
    gc.enable()
    return report


def test_two_hundred_lots_of_both_kinds_take_less_than_two_seconds(law: Law) -> None:
    """Half of them offset units of 20 projects: 1,002 + 1,004 + … + 1,200 = 110,100 units, and 110,000 of allowances; 50,000 are due."""
    farms = [{**FARM, "id": f"P-{number}", "approved_on": f"2022-{1 + number % 12:02d}-01"} for number in range(20)]
    units = [
        {**lot(f"L-{n}", 1000 + n), "project": "none"}
        if n % 2
        else {**lot(f"L-{n}", 1002 + n, kind="offset", plan="none", issued_for="none"), "project": f"P-{n % 20}"}
        for n in range(200)
    ]
    quotas = [{"installation": "K", "plan": "phase_5", "year": 2024, "quantity": 50000, "kind": "initial"}]
    content = case(BEFORE, emissions=emitted(50000), quotas=quotas, projects=farms, units=units, surrenders=[])
    spent: list[float] = []
    report = timed(law, facts_of(law.vocabulary, content), spent)
    fewest = next(n for n in range(1, 201) if sum(sorted((row["quantity"] for row in units), reverse=True)[:n]) >= 50000)
    best = report.still.cures[0]
    assert (best.acts, best.units) == (fewest, 50000) and replayed(law, content, best) == "compliant"
    assert min(spent) < 2, spent


@pytest.mark.parametrize("as_of", [AFTER, BEFORE], ids=["too-late", "in-time"])
def test_two_hundred_lots_take_less_than_two_seconds(as_of: str, law: Law) -> None:
    """Each of its own size and day of acquisition; 30,000 short.

    Processor time, since other work may share the machine, and without garbage collection, as in the contained process.
    """
    many = [
        lot(f"L-{n}", 100 + (n * 7919) % 900, issued_for=2023 + n % 2) | {"acquired_on": f"2024-{1 + n % 12:02d}-{1 + n % 28:02d}"}
        for n in range(200)
    ]
    content = case(as_of, units=[lot("U", 70000) | {"acquired_on": "2024-01-01"}, *many], surrenders=[surrender("U", 70000)])
    facts, spent = facts_of(law.vocabulary, content), list[float]()
    report = timed(law, facts, spent)
    ways = (report.still if as_of == BEFORE else report.would_have).cures
    assert (ways[1].acts, ways[1].units) == (2, 30000)
    largest = sorted((row["quantity"] for row in many), reverse=True)
    fewest = next(n for n in range(1, 201) if sum(largest[:n]) >= 30000)
    assert (ways[0].acts, ways[0].units) == (fewest, 30000)
    assert min(spent) < 2, spent
