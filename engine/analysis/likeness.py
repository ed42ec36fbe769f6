"""Which sources of units are alike to the law, so that the search need not tell them apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from engine.analysis import operations as op
from engine.analysis.encoding import Encoding
from engine.analysis.symbols import is_symbolic
from engine.facts import Row
from engine.language import Node, Unknown, children, walk
from engine.language.nodes import Column, Compare, In, IsNone, Var

if TYPE_CHECKING:
    from engine.analysis.candidates import Candidate


def likeness(candidate: Candidate, now: Encoding, cone: Mapping[tuple[str, str], None]) -> Any:
    """What must agree for two sources to be alike to everyone else: every decision that is no number, every column others read.

    Of a row that is chosen, what must agree is every column that any rule reads, unless a rule could tell it by its identity.
    """
    instance, action = candidate.instance, candidate.action
    if action.number is None or candidate.target is not None or instance.row is None:
        return None
    chosen = tuple((name, _seen_of(value, now, cone) if isinstance(value, Row) else value) for name, value in candidate.chosen)
    values: list[Any] = [action.name, chosen, candidate.price]
    if instance is now.main:
        return (*values, candidate.size) if any(isinstance(value, Row) for _, value in candidate.chosen) else None
    kinds = now.law.vocabulary.decisions
    for entity, name in cone:
        if entity == instance.entity.name and kinds[entity, name].type.kind != "number":
            value = now.decision(instance, name)
            if is_symbolic(value) or not _hashable(value):
                return None
            values.append(_visible(value))
    for column in sorted(_read_by_others(now, instance.entity.name, cone)):
        value = instance.row.cells[column]
        values.append(_seen_of(value, now, cone) if isinstance(value, Row) else _visible(value))
    return tuple(values)


def _visible(value: Any) -> Any:
    """What rules see of a value: of one that is not known its bounds, not what it waits for."""
    return (Unknown, value.low, value.high, value.none) if isinstance(value, Unknown) else value


def _seen_of(row: Row, now: Encoding, cone: Mapping[tuple[str, str], None]) -> Any:
    """What the rules see of a row: its cells that some rule reads, of a cell that is only ever compared how each comparison comes out.

    The row itself where it is told from others by what it is.
    """
    cache: dict[str, _Seen | None] = now.__dict__.setdefault("_seen", {})
    if row.table not in cache:
        cache[row.table] = None if _joined(now, row.table) else _columns_read(now, row.table, cone)
    seen = cache[row.table]
    if seen is None:
        return row.key
    cells = [row.cells[column] for column in seen.whole]
    told = [row.cells[c] is None if operator == NONE else op.compare(operator, row.cells[c], other) for c, operator, other in seen.compared]
    return tuple(cell.key if isinstance(cell, Row) else _visible(cell) for cell in (*cells, *told))


@dataclass(frozen=True)
class _Seen:
    """The columns of a table that rules read for themselves, and those that they only compare: column, operator, with what."""

    whole: tuple[str, ...]
    compared: tuple[tuple[str, str, Any], ...]


def _joined(now: Encoding, table: str) -> bool:
    """Whether rows are looked for by a reference to ``table``, so that two of its rows with the same cells may still differ."""
    return any(path[-1] in _referring(now, table) for path in _paths(now))


def _referring(now: Encoding, table: str) -> frozenset[str]:
    """The columns of any table that name a row of ``table``."""
    tables = now.law.vocabulary.tables.values()
    return frozenset(name for spec in tables for name, column in spec.columns.items() if column.type.table == table)


def _paths(now: Encoding) -> Iterator[list[str]]:
    """The dotted paths by which rows are looked for."""
    for entity in now.law.vocabulary.entities.values():
        for where in (entity.where, *(relation.where for relation in entity.relations.values())):
            yield from (path.split(".") for path in where.values())


def _columns_read(now: Encoding, table: str, cone: Mapping[tuple[str, str], None]) -> _Seen | None:
    """What the rules of the cone, and the relations, read of a table; None where a rule compares its rows themselves."""
    referring = _referring(now, table)
    whole = {part for path in _paths(now) for before, part in pairwise(path) if before in referring}
    compared: dict[tuple[str, str, str], tuple[str, str, Any]] = {}

    def read(node: Node) -> bool:
        """Notes what is read within a node; false where rows are compared themselves."""
        if isinstance(node, (Compare, In)) and any(child.type.table == table for child in children(node)):
            return False
        for column, operator, other in _sides(node, table):
            value = _alone(other, now) if other is not None else None
            if value is not None or other is None:
                compared[column.name, operator, other.text if other is not None else ""] = column.name, operator, value
                return all(map(read, children(column)))
        if isinstance(node, Column) and node.base.type.table == table:
            whole.add(node.name)
        return all(map(read, children(node)))

    for key in cone:
        for typed in now.program.rules(key):
            if not all(read(top) for top in (typed.when, typed.value) if top is not None):
                return None
    told = tuple(found for found in compared.values() if found[0] not in whole)
    return _Seen(tuple(name for name in now.law.vocabulary.tables[table].columns if name in whole), told)


NONE = "none"
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


def _sides(node: Node, table: str) -> Iterator[tuple[Column, str, Node | None]]:
    """The comparison that a node is, if it compares a column of the table: the column, the operator, the other side (None for none)."""
    if isinstance(node, IsNone) and isinstance(node.item, Column) and node.item.base.type.table == table:
        yield node.item, NONE, None
    if isinstance(node, Compare):
        for one, operator, other in ((node.left, node.operator, node.right), (node.right, _TURNED[node.operator], node.left)):
            if isinstance(one, Column) and one.base.type.table == table:
                yield one, operator, other


def _alone(node: Node, now: Encoding) -> Any:
    """The value of a node that depends on nothing but the main instance; None where it does on more, or is not known."""
    names = {part.name for part in walk(node) if isinstance(part, Var)}
    if not names <= now.main.env.keys():
        return None
    value = now.eval(node, now.main.env)
    return None if is_symbolic(value) or isinstance(value, Unknown) else value


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _read_by_others(now: Encoding, entity: str, cone: Mapping[tuple[str, str], None]) -> frozenset[str]:
    """The columns of an entity's rows that the rules of other entities read."""
    cache: dict[str, frozenset[str]] = now.__dict__.setdefault("_read_by_others", {})
    if entity not in cache:
        names: set[str] = set()
        for key in cone:
            if key[0] == entity:
                continue
            for typed in now.program.rules(key):
                for top in (typed.when, typed.value):
                    names |= (
                        {n.name for n in walk(top) if isinstance(n, Column) and n.base.type.table == entity} if top is not None else set()
                    )
        cache[entity] = frozenset(names)
    return cache[entity]
