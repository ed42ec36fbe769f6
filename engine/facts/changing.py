"""Facts as they would be if something had been done: rows added, rows replaced, asked about on another day."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from engine.facts.rows import Facts, Row


def changed(facts: Facts, as_of: date, added: list[Row], replaced: Mapping[int, Row]) -> Facts:
    """A copy of ``facts`` with rows ``added`` and others ``replaced`` (by the identity of the old row).

    The copy has a hash of its own, made from that of the facts and from what was changed.
    """
    made = unhashed(facts, as_of, added, replaced)
    content = [facts.digest, as_of.isoformat(), [_plain(row) for row in added], [_plain(row) for row in replaced.values()]]
    return replace(made, digest=hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest())


def unhashed(facts: Facts, as_of: date, added: list[Row], replaced: Mapping[int, Row]) -> Facts:
    """The same, for a purpose in which nobody asks for the hash."""
    tables = {
        name: [replaced.get(id(row), row) for row in rows] + [row for row in added if row.table == name]
        for name, rows in facts.tables.items()
    }
    given = facts.given | {row.table for row in added}
    return Facts(as_of, tables, "", given, facts.about, facts.withheld)


def _plain(row: Row) -> list[Any]:
    cells = [[name, "/".join(cell.key) if isinstance(cell, Row) else str(cell)] for name, cell in row.cells.items()]
    return [row.table, list(row.key), cells]


def with_cell(facts: Facts, row: Row, column: str, value: Any) -> Facts:
    """The facts with another value in one cell of ``row``; whatever refers to the row refers to the new one. Without a hash."""
    replaced = {id(row): Row(row.table, row.key, {**row.cells, column: value}, row.source)}
    todo = [row]
    while todo:
        old = todo.pop()
        for rows in facts.tables.values():
            for holder in rows:
                names = [name for name, cell in holder.cells.items() if cell is old]
                if names and id(holder) not in replaced:
                    replaced[id(holder)] = Row(holder.table, holder.key, dict(holder.cells), holder.source)
                    todo.append(holder)
                for name in names:
                    replaced[id(holder)].cells[name] = replaced[id(old)]
    return unhashed(facts, facts.as_of, [], replaced)
