"""Reading facts: cases and registers, their checks, and errors that say where and how to mend it."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from engine.facts import Facts, load_facts
from engine.language import Unknown
from engine.law import Law
from engine.law.reading_values import Unreadable, read_date, read_number
from engine.law.yaml_files import MAX_DEPTH, parse_yaml
from engine.problems import InputError, Problem
from tests.small_law import TODAY, determined, facts_of, law_of, tree_of

VOCABULARY = Law(tree_of(), "test").vocabulary


def case(text: str, as_of: date | None = None) -> Facts:
    return facts_of(VOCABULARY, text, as_of)


def problems(text: str, as_of: date | None = None) -> tuple[Problem, ...]:
    with pytest.raises(InputError) as caught:
        case(text, as_of)
    return caught.value.problems


def problem(text: str) -> str:
    (only,) = problems(text)
    return str(only)


def register(folder: Path, **files: str | bytes) -> Facts:
    for name, content in files.items():
        path = folder / (name.replace("_yaml", ".yaml") if name.endswith("_yaml") else f"{name}.csv")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_facts(folder, VOCABULARY, {}, None, TODAY)


def register_problem(folder: Path, **files: str | bytes) -> str:
    with pytest.raises(InputError) as caught:
        register(folder, **files)
    (only,) = caught.value.problems
    return str(only).removeprefix(f"{folder}/")


def cell(facts: Facts, table: str, column: str, row: int = 0) -> Any:
    return facts.tables[table][row].cells[column]


# -- cells ----------------------------------------------------------------------------------------------------------------


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


# -- columns and tables -----------------------------------------------------------------------------------------------------


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


# -- the day that is asked about --------------------------------------------------------------------------------------------

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


# -- withheld tables ----------------------------------------------------------------------------------------------------------


def test_a_withheld_table_is_unknown_not_empty() -> None:
    law = law_of('{decisions: {d: {type: bool}}, rules: [{rule: r, decides: d, when: "any(x.verified for x in reports)"}]}')
    assert determined(law, facts_of(law.vocabulary, "installations: [{id: A}]")).outcomes["d"] is False
    withheld = determined(law, facts_of(law.vocabulary, "{installations: [{id: A}], reports: unknown}")).outcomes["d"]
    assert isinstance(withheld, Unknown) and [str(c) for c in withheld.causes] == ["reports"]


def test_a_register_withholds_tables_too(tmp_path: Path) -> None:
    facts = register(tmp_path, installations="id\nA\n", register_yaml="as_of: 2024-01-01\nunknown: [reports]\n")
    assert facts.withheld == {"reports"} and facts.as_of == date(2024, 1, 1)


def test_a_misspelt_withheld_table_is_pointed_at(tmp_path: Path) -> None:
    found = register_problem(tmp_path, installations="id\nA\n", register_yaml="unknown:\n  - reprots\n")
    assert found == "register.yaml:2:5: no table 'reprots' — did you mean 'reports'?"


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("titel: x\n", "1:1: titel: there is no key 'titel' here — did you mean 'title'?"),
        ("as_of: soon\n", "1:1: as_of: \"soon\" does not match"),
        ("as_of: 2023-02-30\n", "1:1: as_of: '2023-02-30' is not a date"),
        ("title: [x]\n", "1:1: title: ['x'] is not of type 'string'"),
        ("source:\n  instrument: act\n  art: 5\n", "3:3: source.art: there is no key 'art' here"),
        ("source: [{page: 5}]\n", "1:11: source[0].page: there is no key 'page' here"),
        ("unknown: {reports: yes}\n", "1:1: unknown: {'reports': 'yes'} is not of type 'string', 'array'"),
        ("unknown: [reports, reports]\n", "1:1: unknown: [\"reports\",\"reports\"] has non-unique elements"),
        ("- as_of\n", "1:1: ['as_of'] is not of type 'object'"),
        ("", "1:1: the file is empty"),
    ],
)
def test_what_a_register_says_of_itself_has_a_form(tmp_path: Path, written: str, problem: str) -> None:
    found = register_problem(tmp_path, installations="id\nA\n", register_yaml=written)
    assert found.startswith(f"register.yaml:{problem}")


def test_everything_wrong_in_what_a_register_says_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        register(tmp_path, installations="id\nA\n", register_yaml="titel: x\nnote: 1\nunkown: []\n")
    assert [problem.line for problem in caught.value.problems] == [1, 2, 3]


def test_one_withheld_table_needs_no_list(tmp_path: Path) -> None:
    assert register(tmp_path, installations="id\nA\n", register_yaml="unknown: reports\n").withheld == {"reports"}


# -- invariants: what cannot be otherwise -------------------------------------------------------------------------------------

IMPOSSIBLE = """
tables:
  units:
    key: [id]
    absent: none
    invariants:
      bonus-within-quantity:
        holds: row.bonus == none or row.bonus <= row.quantity
        says: {en: "a bonus of {row.bonus} on {row.quantity}", ru: "бонус {row.bonus} при {row.quantity}", kk: "{row.quantity} кезінде бонус {row.bonus}"}
      begun: {holds: row.installation.started <= as_of, says: {en: "{row.installation} starts on {row.installation.started}"}}
    columns:
      id: {type: id, required: true}
      installation: {type: ref, to: installations, required: true}
      quantity: {type: number, unit: allowance, min: 0}
      bonus: {type: number, unit: allowance, nullable: true, presumed: 99}
      good: {type: bool}
      plan: {type: code, codes: plans, nullable: true}
"""


def impossible(units: str, started: str = "2020-01-01") -> list[str]:
    law = law_of(IMPOSSIBLE)
    try:
        facts_of(law.vocabulary, f"installations: [{{id: A, started: {started}}}]\nunits:\n" + units)
    except InputError as error:
        return [str(found) for found in error.problems]
    return []


def test_a_row_that_breaks_an_invariant_is_refused_where_it_stands() -> None:
    assert impossible("  - {id: U, installation: A, quantity: 10, bonus: 10}\n  - {id: V, installation: A, quantity: 10.5, bonus: 11}") == [
        "case.yaml:4:46: a bonus of 11 on 10.5 — correct bonus or quantity"
    ]
    assert impossible("  - {id: U, installation: A}", "2026-01-02") == ["case.yaml:3:13: A starts on 2026-01-02 — correct installation"]


def test_what_is_not_known_or_only_presumed_breaks_no_invariant() -> None:
    assert impossible("  - {id: U, installation: A, quantity: 10, bonus: unknown}") == []
    assert impossible("  - {id: U, installation: A, bonus: 11}") == []
    assert impossible("  - {id: U, installation: A, quantity: 10}") == []
    assert impossible("  - {id: U, installation: A, quantity: 10, bonus: none}") == []
    assert impossible("  - {id: U, installation: A, quantity: 10}", "unknown") == []


def test_an_impossible_record_is_told_in_the_language_that_is_asked_for() -> None:
    law = law_of(IMPOSSIBLE)
    with pytest.raises(InputError) as caught:
        facts_of(law.vocabulary, "{installations: [{id: A}], units: [{id: U, installation: A, quantity: 1, bonus: 2}]}")
    assert caught.value.in_language("ru").problems[0].message == "бонус 2 при 1"
    assert caught.value.in_language("kk").problems[0].message == "1 кезінде бонус 2"
    assert caught.value.in_language("en").problems == caught.value.problems


@pytest.mark.parametrize(
    ("holds", "says"),
    [("row.bonnus > 0", "did you mean 'bonus'"), ("row.quantity", "a condition is wanted"), ("true", "reads no cell"), ("year > 2020", "'year' is not defined"),
     ("row.good and q", "'q' is not defined"), ("row.bonus <= row.quantity and row.plan > 1", "is a")],
)  # fmt: skip
def test_an_invariant_is_a_condition_about_a_row(holds: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        law_of(IMPOSSIBLE.replace("row.bonus == none or row.bonus <= row.quantity", holds))


SHIPPED = {
    "installations: [{id: A, commissioned_on: 2015-01-01, closed_on: 2014-12-31}]": "closed on 2014-12-31, before it was commissioned on 2015-01-01",
    "verifiers: [{id: V, accredited_from: 2020-01-01, accredited_to: 2019-01-01}]": "the accreditation ended on 2019-01-01",
    "monitoring_plans: [{installation: A, submitted_on: 2020-03-01, approved_on: 2020-02-01}]": "approved on 2020-02-01, before it was submitted",
    "reports: [{installation: A, year: 2021, submitted_on: 2020-12-31}]": "the report for 2021 was submitted on 2020-12-31",
    "{units: [{id: U, installation: A, acquired_on: 2023-03-02}], surrenders: [{installation: A, year: 2022, unit: U, quantity: 1, on: 2023-03-01}]}":
        "units of the lot U were surrendered on 2023-03-01, before the lot was acquired on 2023-03-02",
    "surrenders: [{installation: A, year: 2024, unit: U, quantity: 1, on: 2023-03-01}]": "the surrender for 2024 is of 2023-03-01",
    "enforcement: [{installation: A, year: 2022, opened_on: 2021-05-01}]": "the case about 2022 was opened on 2021-05-01",
    "installations: [{id: A, closed_on: 2025-01-02}]": "installations.closed_on is 2025-01-02, after as_of 2025-01-01",
    "monitoring_plans: [{installation: A, approved_on: 2025-01-02}]": "monitoring_plans.approved_on is 2025-01-02, after",
    "projects: [{id: P, approved_on: 2025-01-02}]": "projects.approved_on is 2025-01-02, after",
    "emissions: [{installation: A, year: 2026, gas: co2, tonnes: 1}]": "emissions.year is 2026, after as_of 2025-01-01",
    "output: [{installation: A, year: 2026, product: clinker, quantity: 1}]": "output.year is 2026, after",
}  # fmt: skip


@pytest.mark.parametrize("text", SHIPPED)
def test_impossible_records_are_refused(law: Law, text: str) -> None:
    written = text if text.startswith("{") else "{" + text + "}"
    with pytest.raises(InputError) as caught:
        facts_of(law.vocabulary, written[:-1] + ", as_of: 2025-01-01}")
    assert any(SHIPPED[text] in found.message for found in caught.value.problems), caught.value


def test_records_of_the_same_day_are_possible(law: Law) -> None:
    facts_of(law.vocabulary, """{as_of: 2025-01-01, verifiers: [{id: V, accredited_from: 2020-01-01, accredited_to: 2020-01-01}],
      installations: [{id: A, commissioned_on: 2015-01-01, closed_on: 2015-01-01}],
      monitoring_plans: [{installation: A, submitted_on: 2020-02-01, approved_on: 2020-02-01}],
      units: [{id: U, installation: A, acquired_on: 2025-01-01}], emissions: [{installation: A, year: 2025, gas: co2}],
      surrenders: [{installation: A, year: 2024, unit: U, quantity: 1, "on": 2025-01-01}]}""")  # fmt: skip


def test_what_the_law_judges_is_no_impossible_record(law: Law) -> None:
    """More surrendered than the lot holds, twice, and from another's lot: the law says that it does not count."""
    facts_of(
        law.vocabulary,
        """{as_of: 2025-01-01, installations: [{id: A}, {id: B}], units: [{id: U, installation: B, quantity: 5}],
      surrenders: [{installation: A, year: 2023, unit: U, quantity: 9, "on": 2024-03-01}, {installation: B, year: 2023, unit: U, quantity: 9, "on": 2024-03-01}]}""",
    )


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


# -- registers ----------------------------------------------------------------------------------------------------------------


def test_a_register_is_read_like_a_case(tmp_path: Path) -> None:
    facts = register(tmp_path, installations="id,sector,owed,active,limit\nA,power,0.985,TRUE,none\nB,,,,\n")
    assert [cell(facts, "installations", c) for c in ("sector", "owed", "active", "limit")] == ["power", Fraction(985, 1000), True, None]
    assert all(isinstance(cell(facts, "installations", c, 1), Unknown) for c in ("sector", "owed", "active", "limit"))


def test_errors_in_a_register_name_file_line_and_column(tmp_path: Path) -> None:
    assert register_problem(tmp_path, installations="id,sector\nA,power\nB,powr\n") == (
        "installations.csv:3:3: installations.sector: 'powr' is not in the code list 'sectors': did you mean 'power'?"
    )


def test_columns_count_the_quotes(tmp_path: Path) -> None:
    assert register_problem(tmp_path, installations='id,sector\n"A, b",powr\n').startswith("installations.csv:2:8:")


def test_a_row_of_several_lines_is_named_by_its_first_and_its_cells_by_their_own(tmp_path: Path) -> None:
    assert register_problem(tmp_path, installations='id,name,sector\nA,"x\ny",powr\n').startswith("installations.csv:3:4:")
    assert register_problem(tmp_path, installations='id,name,sector\nA,"x\ny"\n').startswith("installations.csv:2:1:")
    facts = register(tmp_path, installations='id,name,sector\r\nA,"x\r\ny",power\r\nB,z,oil\r\n')
    assert [row.source.rpartition(":")[2] for row in facts.tables["installations"]] == ["2", "4"]


def test_columns_count_what_is_quoted_twice(tmp_path: Path) -> None:
    assert register_problem(tmp_path, installations='id,name,sector\n"A","x ""y"", z",powr\n').startswith("installations.csv:2:18:")
    assert register_problem(tmp_path, installations='"id","sectr"\nA,power\n').startswith("installations.csv:1:6:")


def test_a_row_with_too_few_fields_is_pointed_at(tmp_path: Path) -> None:
    assert register_problem(tmp_path, installations="id,sector\nA\n").startswith("installations.csv:2:1: 1 fields, but the header has 2")


def test_a_repeated_column_is_refused(tmp_path: Path) -> None:
    assert "repeated column name" in register_problem(tmp_path, installations="id,id\nA,B\n")


def test_an_unknown_file_is_answered_with_the_nearest(tmp_path: Path) -> None:
    assert register_problem(tmp_path, instalations="id\nA\n") == "instalations.csv: no table 'instalations' — did you mean 'installations'?"


def test_an_empty_file_has_no_header(tmp_path: Path) -> None:
    assert register_problem(tmp_path, installations="").startswith("installations.csv:1:1: the file has no header")


def test_an_empty_folder_is_no_register(tmp_path: Path) -> None:
    assert "has none" in register_problem(tmp_path)


def test_a_byte_order_mark_and_windows_lines_do_no_harm(tmp_path: Path) -> None:
    facts = register(tmp_path, installations=b"\xef\xbb\xbfid,sector\r\n\xd2\x9a-1,power\r\n")
    assert facts.tables["installations"][0].key == ("Қ-1",)


def test_what_is_not_utf_8_is_said(tmp_path: Path) -> None:
    assert "not UTF-8 text (byte 3)" in register_problem(tmp_path, installations=b"id\n\xca\xf0\n")


@pytest.mark.parametrize("mark", ["\u2028", "\x85", "\x0c"])
def test_only_line_ends_end_a_row(tmp_path: Path, mark: str) -> None:
    assert len(register(tmp_path, installations=f"id,name\nA,x{mark}y\n").tables["installations"]) == 1


def test_dangling_references_and_duplicates_are_found_in_a_register(tmp_path: Path) -> None:
    assert "no 'B' in installations" in register_problem(
        tmp_path, installations="id\nA\n", reports="installation,submitted\nB,2023-01-01\n"
    )
    assert "a second row for id = A" in register_problem(tmp_path, installations="id\nA\nA\n", reports="installation\nA\n")


def test_a_product_by_its_number_needs_an_alias(tmp_path: Path) -> None:
    found = register_problem(tmp_path, installations="id\nA\n", output="installation,product,quantity\nA,12,5\n")
    assert "'12' is not in the code list 'products'" in found
    facts = load_facts(tmp_path, VOCABULARY, {"products": {"12": "clinker"}}, None, TODAY)
    assert cell(facts, "output", "product") == "clinker"


def test_the_hash_does_not_depend_on_the_form(tmp_path: Path) -> None:
    facts = register(
        tmp_path, installations="id,active,owed,name,started\nA,TRUE,5.0,none,2020-01-01\nB,,unknown,,\n", reports="installation\n"
    )
    text = "installations: [{id: A, active: yes, owed: '5', name: none, started: 2020-01-01}, {id: B, name: unknown}]\nreports: []"
    assert facts.digest == case(text).digest


def test_the_hash_depends_on_every_cell_and_on_the_day() -> None:
    texts = ["installations: [{id: A}]", "installations: [{id: B}]", "installations: [{id: A, owed: 1}]", "as_of: 2024-01-01\ninstallations: [{id: A}]",
             "installations: [{id: A}]\nreports: unknown", "installations: [{id: A}]\nreports: []"]  # fmt: skip
    assert len({case(text).digest for text in texts}) == len(texts)


# -- YAML that could surprise -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [("a: &x 1\nb: *x", "aliases"), ("a: !!python/object:x {}", "tag"), ("a: !!set [b]", "tag"), ("a: !!str b", "tag"), ("!x a: b", "tag"), ("a: ! b", "tag"),
     ("&x a: 1", "aliases"), ("a: 1\nb: *a", "aliases"), ("? {a: 1}\n: 2", "single word"), ("1: a\n'1': b", "twice"), ("a: \t- 1", "not valid YAML"), ("a: 1\na: 2", "twice"), ("a: {<<: {b: 1}}", "tag"), ("[1]: 2", "single word"),
     ("a: [1", "not valid YAML"), ("", "empty"), ("a: 1\n---\nb: 2", "not valid YAML"), ("a: " + "9" * 41, "plain decimal")],
)  # fmt: skip
def test_yaml_is_plain(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse_yaml(text, "x.yaml")


def test_nested_aliases_do_not_grow() -> None:
    bomb = "a: &a [1, 1]\n" + "".join(f"{n}: &{n} [*{p}, *{p}, *{p}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True))
    with pytest.raises(InputError, match="aliases"):
        parse_yaml(bomb, "x.yaml")


def test_yaml_is_not_deep() -> None:
    with pytest.raises(InputError, match=f"at most {MAX_DEPTH} levels"):
        parse_yaml("[" * 60 + "]" * 60, "x.yaml")


def test_a_very_deep_file_is_refused_not_fatal() -> None:
    code = "from engine.law.yaml_files import parse_yaml\nfrom engine.problems import InputError\ntry: parse_yaml('[' * 100_000, 'x')\nexcept InputError: pass"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_decimal_in_yaml_stays_its_text() -> None:
    assert parse_yaml("a: 0.985\nb: 2023-01-01\nc: 1.50", "x").data == {"a": "0.985", "b": "2023-01-01", "c": "1.50"}


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load_facts(tmp_path / "none.yaml", VOCABULARY, {}, None, TODAY)
