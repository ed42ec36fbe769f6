"""Decisions that belong to no partition: about plans, from sums over all rows, and about trades."""

from __future__ import annotations

import polars

from engine.columns import Decided
from engine.columns.asking import Decider, Known, without
from engine.columns.dividing import Tables
from engine.columns.reading import Register
from engine.columns.routing import Routes
from engine.law import Law


def other_entities(decider: Decider, register: Register, aside: polars.DataFrame | None, known: Known, plans: bool = True) -> list[Decided]:
    """Decide every root entity but the main one, each from the tables that it reads.

    Args:
        plans: whether those that are keyed by a code are among them.
        aside: the rows set aside so far; rows that cannot be read are passed over then. None to refuse them.

    Raises:
        InputError: a row is wrong.
    """
    law, found = decider.law, []
    roots = [entity for entity in law.vocabulary.entities.values() if entity.of is None and entity.name != decider.main]
    coded = [entity for entity in roots if entity.table is None]
    if coded and plans:
        needed = {table for entity in coded for table in read_by(law, entity.name)}
        tables = {table: rows for table in sorted(needed & set(register.files)) if (rows := _rows(register, table, aside)) is not None}
        found.append(decider.decide(register, tables, [entity.name for entity in coded], known, check=False))
    for entity in roots:
        if entity.table in register.files:
            found.append(
                decider.decide(
                    register, _near(decider, register, entity.table or "", entity.name, aside), [entity.name], known, check=aside is None
                )
            )
    return found


def read_by(law: Law, entity: str) -> set[str]:
    """The tables that an entity is decided from or seen in."""
    content = law.tree["entities"][entity]
    return {r["table"] for r in content.get("relations", {}).values() if "table" in r} | set(content.get("seen_in", ()))


def _rows(
    register: Register, table: str, aside: polars.DataFrame | None, keep: polars.Series | None = None, column: str = ""
) -> polars.DataFrame:
    """The rows of a table that were not set aside; of those, where asked, the ones whose ``column`` is among ``keep``."""
    parts = [register.empty(table)]
    for batch in register.batches(table, None if aside is None else []):
        if aside is not None:
            batch = without({table: batch}, aside)[table]
        if keep is not None:
            batch = batch.filter(polars.col(column).cast(polars.String).is_in(keep.implode())) if column in batch.columns else batch.clear()
        parts.append(batch)
    return polars.concat(parts, how="diagonal_relaxed")


def _near(decider: Decider, register: Register, base: str, entity: str, aside: polars.DataFrame | None) -> Tables:
    """The rows of a table, and all rows of others that they refer to, directly or through others."""
    law, routes = decider.law, Routes.of(decider.law)
    tables: Tables = {base: _rows(register, base, aside)}
    for table in register.files:
        if table not in tables and (table == routes.grouped or routes.column(table) is None or table in read_by(law, entity)):
            tables[table] = _rows(register, table, aside)
    fixed, wanted = frozenset(tables), dict[str, int]()
    grown = True
    while grown:
        grown = False
        for target in set(register.files) - fixed:
            keys = _referred(decider, tables, target)
            if len(keys) > wanted.get(target, 0):
                tables[target] = _rows(register, target, aside, keys, law.vocabulary.tables[target].key[0])
                wanted[target], grown = len(keys), True
    return tables


def _referred(decider: Decider, tables: Tables, target: str) -> polars.Series:
    """The keys of ``target`` that rows of ``tables`` refer to."""
    found = [polars.Series("@key", [], dtype=polars.String)]
    for name, rows in tables.items():
        for column in decider.law.vocabulary.tables[name].columns.values():
            if column.type.kind == "ref" and column.type.table == target and column.name in rows.columns:
                found.append(rows[column.name].cast(polars.String).alias("@key").drop_nulls())
    return polars.concat(found).unique()
