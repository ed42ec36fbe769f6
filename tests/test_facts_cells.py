"""Reading facts: what a cell may hold, and what is refused with its place and how to mend it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from engine.language import Unknown
from engine.law.reading_values import Unreadable, read_date, read_number
from engine.problems import InputError
from tests.small_facts import VOCABULARY, case, cell, problem, register_problem
from tests.small_law import facts_of, law_of


@pytest.mark.parametrize(
    ("written", "read"),
    [("0.985", Fraction(985, 1000)), ("20000001", 20000001), ("9223372036854775808", 2**63), ("162_100_000", 162100000), ("5.0", 5), ("-3.50", Fraction(-7, 2)),
     ("0.1234567890123456789", Fraction("0.1234567890123456789")), ('"7"', 7), ("012", 12)],
)  # fmt: skip
def test_numbers_are_exact(written: str, read: Any) -> None:
    found = cell(case(f"installations: [{{id: A, signed: {written}}}]"), "installations", "signed")
    assert found == read and not isinstance(found, float)


@pytest.mark.parametrize("written", ["1e5", "1.5e3", ".inf", "0x1F", "1:30", "1,5", "5 t", "yes", "--5", "5.", "1.2.3", '" 5"', "1" * 41])
def test_what_is_no_plain_decimal_is_refused(written: str) -> None:
    text = problem(f"installations:\n  - {{id: A, signed: {written if ',' not in written else repr(written)}}}")
    assert text.startswith("case.yaml:2:")


def test_a_number_below_its_minimum_is_refused() -> None:
    assert problem("installations: [{id: A, owed: -1}]") == (
        "case.yaml:1:25: installations.owed is -1; it cannot be less than 0 — correct the number"
    )


def test_a_whole_number_is_whole() -> None:
    assert "it must be whole" in problem("installations: [{id: A, count: 2.5}]")
    assert cell(case("installations: [{id: A, count: 2.0}]"), "installations", "count") == 2


def test_a_minimum_may_be_a_decimal() -> None:
    law = law_of("tables: {installations: {key: [id], absent: none, columns: {id: {type: id, required: true}, operator: {type: ref, to: operators}, h: {type: number, min: 0.5}}}}"
                 .replace("{type: number, min: 0.5}", "{type: number, min: 0.5}, sector: {type: code, codes: sectors}, started: {type: date}"))  # fmt: skip
    assert facts_of(law.vocabulary, "installations: [{id: A, h: 1}]").tables["installations"][0].cells["h"] == 1
    with pytest.raises(InputError, match="cannot be less than"):
        facts_of(law.vocabulary, "installations: [{id: A, h: 0.4}]")


@pytest.mark.parametrize("written", ["2023-2-1", "01.02.2023", "2023-02-30", "2023-13-01", "20230201", "2023-02-01T00:00:00", "yesterday"])
def test_dates_are_iso(written: str) -> None:
    assert "write YYYY-MM-DD" in problem(f'installations: [{{id: A, started: "{written}"}}]')


def test_a_week_is_no_date() -> None:
    with pytest.raises(Unreadable):
        read_date("2023-W01-1")


@pytest.mark.parametrize("written", ["٣٤", "_1_", "1__0", "1_", "_", "1_.5", "1._5", "+7", "", " 1", "1\n", "１"])
def test_digits_are_ascii_and_underscores_stand_between_them(written: str) -> None:
    with pytest.raises(Unreadable):
        read_number(written)


@pytest.mark.parametrize("written", ["2_023", "20230", "202", "２０２３", "02023", "2023.0", "-2023", "0999"])
def test_a_year_has_four_digits(written: str) -> None:
    assert "is not a year: write four digits" in problem(f"emissions: [{{installation: A, year: {written}, gas: co2}}]")


@pytest.mark.parametrize("written", ["A\x1b[31m", "A\x00", "A\u202eB", "A\nB", "A\tB", "A\u200b"])
def test_what_cannot_be_seen_does_not_stand_in_a_name(tmp_path: Path, written: str) -> None:
    facts = {"installations": [{"id": written}], "reports": [{"installation": "A", "submitted": "2023-01-01"}]}
    with pytest.raises(InputError, match="control character") as caught:
        facts_of(VOCABULARY, facts)
    assert all(str(found).isprintable() for found in caught.value.problems)
    with pytest.raises(InputError, match="control character"):
        facts_of(VOCABULARY, {"installations": [{"id": "A"}], "reports": [{"installation": written}]})


def test_white_space_in_a_text_is_one_space() -> None:
    assert cell(case('installations: [{id: A, name: "x\\n\\ty  z"}]'), "installations", "name") == "x y z"
    assert "control character" in problem('installations: [{id: A, name: "x\\e[31m"}]')


def test_a_problem_is_one_line_that_can_be_printed(tmp_path: Path) -> None:
    found = register_problem(tmp_path, installations="id,sector\nA,po\x1b[31mw" + "r" * 5000 + "\n")
    assert found.isprintable() and len(found) < 2000 and "\\x1b" in found


def test_a_condition_is_no_name() -> None:
    assert "write it in quotes" in problem("installations: [{id: true}]")
    assert cell(case("installations: [{id: 'true'}]"), "installations", "id") == "true"


def test_truth_is_written_true_or_false() -> None:
    facts = case("installations: [{id: A, active: true}, {id: B, active: no}, {id: C, active: 'YES'}]")
    assert [cell(facts, "installations", "active", i) for i in range(3)] == [True, False, True]
    assert "is not true or false" in problem("installations: [{id: A, active: 1}]")


def test_a_misspelt_code_is_answered_with_the_nearest() -> None:
    assert problem("installations:\n  - id: A\n    sector: powr") == (
        "case.yaml:3:5: installations.sector: 'powr' is not in the code list 'sectors': did you mean 'power'?"
    )


def test_none_is_not_unknown() -> None:
    facts = case("installations: [{id: A, limit: none}, {id: B, limit: unknown}, {id: C, limit: }, {id: D, limit: 3}]")
    values = [cell(facts, "installations", "limit", i) for i in range(4)]
    assert values[0] is None and values[3] == 3
    assert all(isinstance(v, Unknown) and v.low == 0 for v in values[1:3])


def test_none_is_refused_where_there_is_no_such_thing() -> None:
    assert "installations.sector cannot be none" in problem("installations: [{id: A, sector: none}]")


def test_none_is_refused_as_a_reference_too() -> None:
    assert problem("{operators: [{id: O}], installations: [{id: A, operator: none}]}") == (
        "case.yaml:1:48: installations.operator cannot be none — write a value, or leave it empty where it is not known"
    )
    assert problem("installations: [{id: none}]") == "case.yaml:1:18: installations.id cannot be none — write a value"


def test_an_unknown_cell_names_itself() -> None:
    unknown = cell(case("emissions: [{installation: A, year: 2023, gas: co2}]"), "emissions", "tonnes")
    assert [str(c) for c in unknown.causes] == ["emissions.tonnes[A, 2023, co2]"] and (unknown.low, unknown.high) == (0, None)


@pytest.mark.parametrize("name", ["007", "040240001234", "1_000", "no", "+7", "-0", "0x1F", "1:30", "1e5", "0o7", ".5", "2023-01-01"])
def test_names_stay_as_they_are_written(name: str) -> None:
    assert cell(case(f"installations: [{{id: {name}}}]"), "installations", "id") == name
