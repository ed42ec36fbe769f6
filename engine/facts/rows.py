"""Facts as the engine sees them: typed rows that know where they were read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from engine.language import Cause
from engine.language.values import causes_of


class Row:
    """One row of a table. A reference cell holds the row it names; an unknown cell holds an `Unknown`."""

    __slots__ = ("cells", "key", "source", "table")

    def __init__(self, table: str, key: tuple[str, ...], cells: dict[str, Any], source: str) -> None:
        self.table, self.key, self.cells, self.source = table, key, cells, source

    def cell(self, name: str) -> Any:
        return self.cells[name]

    def __repr__(self) -> str:
        return f"{self.table}[{', '.join(self.key)}]"


@dataclass(frozen=True)
class Facts:
    """All facts about all installations of a case or register.

    Attributes:
        as_of: the day the question is asked.
        tables: rows in file order, for every declared table.
        digest: SHA-256 of the facts as read, whatever form they were written in.
        given: the tables that the facts have.
        about: what the facts say of themselves (title, source).
        withheld: tables whose rows are not known, although they are complete in other facts.
        path: where they were read, as the asker wrote it; empty for facts that were never a file of their own.
    """

    as_of: date
    tables: Mapping[str, list[Row]]
    digest: str
    given: frozenset[str]
    about: Mapping[str, Any] = field(default_factory=dict)
    withheld: frozenset[str] = frozenset()
    path: str = ""
    _doubts: dict[tuple[str, tuple[str, ...]], frozenset[Cause]] = field(default_factory=dict, repr=False, compare=False)
    _indexes: dict[tuple[str, tuple[str, ...]], dict[tuple[Any, ...], list[Row]]] = field(default_factory=dict, repr=False, compare=False)

    def matching(self, table: str, columns: tuple[str, ...], values: tuple[Any, ...]) -> list[Row]:
        """The rows whose ``columns`` have these known ``values``; references match by the id of their row."""
        index = self._indexes.get((table, columns))
        if index is None:
            index = {}
            for row in self.tables[table]:
                index.setdefault(tuple(identity(row.cells[c]) for c in columns), []).append(row)
            self._indexes[table, columns] = index
        return index.get(tuple(identity(v) for v in values), [])

    def doubtful(self, table: str, columns: tuple[str, ...]) -> frozenset[Cause]:
        """Why it is not certain which rows match on ``columns``: the table is withheld, or a cell is not known."""
        if table in self.withheld:
            return frozenset({Cause("fact", table)})
        found = self._doubts.get((table, columns))
        if found is None:
            cells = (row.cells[c] for row in self.tables[table] for c in columns)
            found = self._doubts[table, columns] = causes_of(cells)
        return found


def identity(value: Any) -> Any:
    """What a value is matched by."""
    return value.key if isinstance(value, Row) else (value,) if isinstance(value, str) else value
