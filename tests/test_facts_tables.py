"""Reading facts: columns, rows, keys and references."""

from __future__ import annotations

from datetime import date

import pytest

from engine.language import Unknown
from tests.small_facts import case, cell, problem, problems
from tests.small_law import facts_of, law_of


def test_a_column_that_the_facts_do_not_have_is_presumed() -> None:
    facts = case("reports: [{installation: A, submitted: 2023-03-01}]")
    assert cell(facts, "reports", "verified") is True


def test_a_column_that_some_row_has_is_presumed_in_none() -> None:
    facts = case("reports: [{installation: A, submitted: 2023-03-01, verified: true}, {installation: A, submitted: 2023-03-02}]")
    assert isinstance(cell(facts, "reports", "verified", 1), Unknown)


def test_an_unknown_column_is_answered_with_the_nearest() -> None:
    assert (
        problem("installations:\n  - id: A\n    sectr: power")
        == "case.yaml:3:5: installations has no column 'sectr' — did you mean 'sector'?"
    )


def test_an_unknown_table_is_answered_with_the_nearest() -> None:
    assert problem("emisions: []") == "case.yaml:1:1: no table 'emisions' — did you mean 'emissions'?"


def test_on_is_a_column_name() -> None:
    assert cell(case("trades:\n  - id: T\n    on: 2023-06-15"), "trades", "on") == date(2023, 6, 15)
    assert "trades.on is 2027-01-01, after as_of 2026-01-01" in problem("trades: [{id: T, on: 2027-01-01}]")


def test_a_required_cell_is_required() -> None:
    found = problem("emissions:\n  - {installation: A, gas: co2, tonnes: 1}")
    assert found.startswith("case.yaml:2:") and found.endswith("emissions needs 'year' — write year in this row")


def test_a_second_row_with_the_same_key_is_refused() -> None:
    found = problem(
        "emissions:\n  - {installation: A, year: 2023, gas: co2, tonnes: 1}\n  - {installation: A, year: 2023, gas: co2, tonnes: 2}"
    )
    assert (
        found.startswith("case.yaml:3:") and "a second row for installation, year, gas = A, 2023, co2" in found and "case.yaml:2" in found
    )


def test_two_rows_with_unknown_keys_are_not_the_same_row() -> None:
    law = law_of(
        "{tables: {quotas: {key: [installation, kind], absent: none, columns: {installation: {type: ref, to: installations, required: true}, kind: {type: code, codes: lights}}}}}"
    )
    facts_of(law.vocabulary, "{installations: [{id: A}], quotas: [{installation: A}, {installation: A}]}")


def test_a_dangling_reference_is_answered_with_the_nearest() -> None:
    found = problem("installations: [{id: Alpha}]\nemissions:\n  - {installation: Alfa, year: 2023, gas: co2}")
    assert found == "case.yaml:3:6: emissions.installation: no 'Alfa' in installations — did you mean 'Alpha'?"


def test_a_table_that_is_not_given_is_inferred_from_the_references() -> None:
    facts = case("emissions: [{installation: A, year: 2023, gas: co2, tonnes: 1}]")
    assert [row.key for row in facts.tables["installations"]] == [("A",)]
    assert isinstance(cell(facts, "installations", "sector"), Unknown)


def test_every_problem_is_reported_up_to_a_hundred() -> None:
    assert len(problems("installations: [{id: A, sector: x, owed: -1, colour: red}]")) == 3
    rows = ", ".join(f"{{id: A{i}, sector: x}}" for i in range(300))
    assert len(problems(f"installations: [{rows}]")) == 100


@pytest.mark.parametrize("text", ["installations: {id: A}", "installations: 5", "installations: [A]", "installations:", "- a", "5"])
def test_facts_are_lists_of_rows(text: str) -> None:
    assert "rows" in problem(text)


def test_a_cell_is_a_single_value() -> None:
    assert "must be a single value" in problem("installations: [{id: A, sector: [power]}]")
