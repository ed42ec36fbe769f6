"""Short forms for tests of facts: a case or a register read over a small law, and what is wrong with it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.facts import Facts, load_facts
from engine.law import Law
from engine.problems import InputError, Problem
from tests.small_law import TODAY, facts_of, tree_of

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
