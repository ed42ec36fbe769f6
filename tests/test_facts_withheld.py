"""Reading facts: tables that are withheld, and what a register says of itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.language import Unknown
from engine.problems import InputError
from tests.small_facts import register, register_problem
from tests.small_law import determined, facts_of, law_of


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
