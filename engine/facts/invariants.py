"""Rows that cannot be: the declared invariants of the facts, evaluated."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any, NamedTuple

from engine.facts.rows import Row
from engine.language import Node, Vocabulary, compile_node, show
from engine.language.nodes import Column, Var
from engine.language.tracing import plain
from engine.law.invariants import ROW, Invariant, invariants_of


class Broken(NamedTuple):
    """A row that cannot be, the invariant that it breaks, and what to say of it in each language."""

    row: Row
    invariant: Invariant
    said: tuple[tuple[str, str], ...]


def broken(vocabulary: Vocabulary, table: str, rows: list[Row], as_of: date, given: Collection[str]) -> Iterator[Broken]:
    """The linked rows of a table that an invariant is known to exclude.

    Args:
        given: the columns that the facts have; what is only presumed of a row excludes nothing.
    """
    for invariant in invariants_of(vocabulary, table):
        if not set(invariant.columns) <= set(given):
            continue
        test = compile_node(invariant.holds)
        for row in rows:
            env = {"@": _Day(as_of), ROW: row}
            if test(env) is False:
                fills = {name: _shown(vocabulary, table, node, plain(compile_node(node)(env))) for name, node in invariant.fills}
                yield Broken(row, invariant, tuple((language, _filled(text, fills)) for language, text in invariant.says.items()))


def _shown(vocabulary: Vocabulary, table: str, node: Node, value: Any) -> str:
    """A value as it is written; the digits of a year are not grouped."""
    own = isinstance(node, Column) and isinstance(node.base, Var)
    return str(value) if own and vocabulary.tables[table].columns[node.__dict__["name"]].year else show(value)


def _filled(text: str, fills: dict[str, str]) -> str:
    for name, value in fills.items():
        text = text.replace(f"{{{name}}}", value)
    return text


class _Day:
    """The context of an invariant: nothing but the day that is asked about."""

    def __init__(self, as_of: date) -> None:
        self.as_of = as_of

    def builtin(self, name: str) -> Any:
        return self.as_of
