"""What can never be otherwise in the facts: declared by the vocabulary for each table, in the expression language.

An invariant speaks of one row, called `row`, and of the rows that it refers to. It says what the world does not allow (a
closure before the commissioning); what the law forbids is for rules to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from engine.language import BOOL, DATE, EntitySpec, ExpressionError, Node, Scope, Vocabulary, parse, walk
from engine.language.nodes import Column, Var
from engine.law.model import Labels, Law
from engine.problems import Problem

ROW = "row"
_BRACES = re.compile(r"\{([^{}]+)\}")


class Invariant(NamedTuple):
    """One invariant of a table.

    Attributes:
        holds: a condition; where it is known to be false, the row is impossible.
        columns: the cells of the row that it reads, in the order in which it names them.
        fills: what its sentences name between braces.
    """

    name: str
    holds: Node
    says: Labels
    columns: tuple[str, ...]
    fills: tuple[tuple[str, Node], ...]


def invariants_of(vocabulary: Vocabulary, table: str) -> tuple[Invariant, ...]:
    """The invariants of a table, read and checked.

    Raises:
        ExpressionError: one is no condition about a row.
    """
    found = vocabulary.invariants.get(table)
    if found is None:
        scope = scope_of(vocabulary, table)
        found = tuple(_read(spec.name, spec.holds, spec.says, scope) for spec in vocabulary.tables[table].invariants)
        vocabulary.invariants[table] = found
    return found


def scope_of(vocabulary: Vocabulary, table: str) -> Scope:
    """Where invariants stand: they know the row and the day that is asked about, and nothing of the law."""
    bare = vocabulary._replace(
        entities={ROW: EntitySpec(ROW, ROW, table)},
        decisions={},
        parameters={},
        governing={},
        governing_dates={},
        builtins={"as_of": DATE},
        parsed=vocabulary.parsed.within(table),
    )
    return Scope(bare, ROW)


def _read(name: str, text: str, says: Labels, scope: Scope) -> Invariant:
    holds = parse(text, scope, BOOL)
    own = (node.name for node in walk(holds) if isinstance(node, Column) and isinstance(node.base, Var) and node.base.name == ROW)
    named = dict.fromkeys(word for sentence in says.values() for word in _BRACES.findall(sentence))
    return Invariant(name, holds, says, tuple(dict.fromkeys(own)), tuple((word, parse(word, scope)) for word in named))


def invariant_problems(law: Law) -> Iterator[Problem]:
    """Every invariant that is no condition about a row of its table."""
    for table, spec in law.vocabulary.tables.items():
        scope = scope_of(law.vocabulary, table)
        content = law.tree["tables"][table]
        for invariant in spec.invariants:
            file, *place = content["at"]
            line, column = content.get("marks", {}).get(f"invariants.{invariant.name}.holds", place)
            try:
                found = _read(invariant.name, invariant.holds, invariant.says, scope)
            except ExpressionError as error:
                yield Problem(file, line, column, f"{table}, {invariant.name}: {error.message}", "an invariant compares cells of `row`")
                continue
            if not found.columns:
                yield Problem(file, line, column, f"{table}, {invariant.name}: it reads no cell of the row", "write row.COLUMN")
