"""Which decisions anything that can be done bears on: those that read a table which an action writes, or the day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.language import Node, walk
from engine.language.nodes import Builtin, Rows
from engine.law import Program
from engine.law.actions import typed_actions

Key = tuple[str, str]


def reached(program: Program, cone: Iterable[Key]) -> frozenset[Key]:
    """The decisions of ``cone``, which is in the order in which they build on each other, that an action may change."""
    actions = typed_actions(program.law)
    written = {row.table for action in actions for row in action.rows} | {a.each[1].type.table for a in actions if a.changes and a.each}
    found: set[Key] = set()
    for key in cone:
        nodes = [node for typed in program.rules(key) for node in (typed.when, typed.value) if node is not None]
        touched = any(_touches(program, part, written) for node in nodes for part in walk(node))
        if touched or not found.isdisjoint(program.needs(key)):
            found.add(key)
    return frozenset(found)


def _touches(program: Program, part: Node, written: set[str | None]) -> bool:
    if isinstance(part, Builtin):
        return part.name == "as_of"
    if not isinstance(part, Rows):
        return False
    return any(table in written for table in _tables(program, part))


def _tables(program: Program, part: Rows) -> Iterator[str | None]:
    """The tables whose rows a relation gives."""
    relation = program.law.vocabulary.entities[part.base.type.table or ""].relations[part.relation]
    yield relation.table
    if relation.entity is not None:
        yield program.law.vocabulary.entities[relation.entity].table
