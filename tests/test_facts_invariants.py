"""Reading facts: records that cannot be true are refused."""

from __future__ import annotations

import pytest

from engine.law import Law
from engine.problems import InputError
from tests.small_law import facts_of, law_of

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
