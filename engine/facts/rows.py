"""Facts as the engine sees them: typed rows that know where they were read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


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
    """

    as_of: date
    tables: Mapping[str, list[Row]]
    digest: str
    given: frozenset[str]
    about: Mapping[str, Any] = field(default_factory=dict)
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


def identity(value: Any) -> Any:
    """What a value is matched by."""
    return value.key if isinstance(value, Row) else (value,) if isinstance(value, str) else value
