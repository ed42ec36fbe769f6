"""Reading facts: the day that is asked about, and what had not happened by then."""

from __future__ import annotations

from datetime import date

import pytest

from engine.law import Law
from engine.problems import InputError
from tests.small_facts import case, cell, problem
from tests.small_law import TODAY, facts_of, law_of

DATED = "as_of: 2024-01-01\nreports:\n  - {installation: A, submitted: 2023-03-01}\n  - {installation: A, submitted: 2023-06-01}\n"


def test_the_facts_name_their_day_else_it_is_today() -> None:
    assert case(DATED).as_of == date(2024, 1, 1)
    assert case("installations: [{id: A}]").as_of == TODAY


def test_nothing_happens_after_the_day_that_is_asked_about() -> None:
    found = problem(DATED.replace("2024-01-01", "2023-05-01"))
    assert found.startswith("case.yaml:4:") and "after as_of 2023-05-01" in found


def test_a_day_moved_back_leaves_later_events_out() -> None:
    facts = case(DATED, date(2023, 5, 1))
    assert facts.as_of == date(2023, 5, 1)
    assert [row.cells["submitted"] for row in facts.tables["reports"]] == [date(2023, 3, 1)]


def test_an_event_on_the_day_itself_has_happened() -> None:
    assert len(case(DATED, date(2023, 6, 1)).tables["reports"]) == 2


def test_a_day_moved_forward_keeps_all() -> None:
    facts = case(DATED, date(2025, 1, 1))
    assert facts.as_of == date(2025, 1, 1) and len(facts.tables["reports"]) == 2


def test_an_event_on_an_unknown_day_is_not_after_the_day_that_is_asked_about() -> None:
    unknown = cell(case("as_of: 2024-01-01\nreports: [{installation: A}]"), "reports", "submitted")
    assert unknown.high == date(2024, 1, 1)


def test_a_wrong_day_is_pointed_at() -> None:
    assert problem("title: x\nas_of: soon\ninstallations: []") == "case.yaml:2:1: as_of: 'soon' is not a date: write YYYY-MM-DD"


def test_a_trade_has_a_day() -> None:
    assert "trades needs 'on'" in problem("trades: [{id: T, on: unknown}]")
    with pytest.raises(InputError, match="'on' is no date that every row has"):
        law_of("""
        tables: {trades: {key: [id], absent: none, columns: {id: {type: id, required: true}, "on": {type: date}}}}
        """)


def test_a_day_moved_back_leaves_out_what_had_not_happened(law: Law) -> None:
    text = """{as_of: 2025-01-01, installations: [{id: A, closed_on: 2024-06-01}], monitoring_plans: [{installation: A, submitted_on: 2020-03-01, approved_on: 2023-01-01}],
      emissions: [{installation: A, year: 2021, gas: co2, tonnes: 1}, {installation: A, year: 2023, gas: co2, tonnes: 1}]}"""
    facts = facts_of(law.vocabulary, text, date(2022, 1, 1))
    assert cell(facts, "installations", "closed_on") is None and cell(facts, "monitoring_plans", "approved_on") is None
    assert [row.cells["year"] for row in facts.tables["emissions"]] == [2021]


def test_only_dates_that_every_row_has_or_may_lack_are_past() -> None:
    for column in ("{type: number, past: true}", "{type: date, past: true}"):
        with pytest.raises(InputError, match="can be `past`"):
            law_of(f"tables: {{odd: {{key: [id], absent: none, columns: {{id: {{type: id, required: true}}, d: {column}}}}}}}")
