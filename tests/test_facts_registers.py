"""Reading facts: registers of CSV files are read like cases, and have the same hash."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from engine.facts import load_facts
from engine.language import Unknown
from engine.problems import InputError
from tests.small_facts import VOCABULARY, case, cell, register, register_problem
from tests.small_law import TODAY


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


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load_facts(tmp_path / "none.yaml", VOCABULARY, {}, None, TODAY)
