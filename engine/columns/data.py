"""What a plan may ask of a register: the columns of its spaces, and the few facts about them by which it is specialised.

Every answer that a plan was built on is written down (`asked`); the plan fits another register, or another part of this
one, where the same questions have the same answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import polars as pl

from engine.columns.cells import DAY, INT, TEXT, Space
from engine.columns.encoding import Column, Tables, days
from engine.columns.grouping import Runs, identical

ANY_NONE = "none"
"""As the value of a filter: the rows where the column is none."""
FAR = 2**31 - 1


class Data:
    """One register, or one part of it.

    Args:
        as_of: the day that is asked about; no event is later.
        withheld: tables whose rows are not known.
        doubts: (table, column) with an unknown cell in a part of the register that is not here.
    """

    def __init__(self, tables: Tables, as_of: date, withheld: frozenset[str], doubts: frozenset[tuple[str, str]]) -> None:
        self.tables, self.as_of, self.withheld, self.doubts = tables, as_of, withheld, doubts
        self.asked: dict[tuple[Any, ...], Any] = {}
        self._memo: dict[tuple[Any, ...], Any] = {}
        self.imports: dict[tuple[Any, ...], pl.Series] = {}

    # -- columns ------------------------------------------------------------------------------------------------

    def height(self, space: Space) -> int:
        """How many rows a space of tables has."""
        if space[0] == "rows":
            return self.tables.size(space[1])
        if space[0] == "codes":
            return len(self.tables.codes[space[1]])
        if space[0] == "one":
            return 1
        mask = self._mask(space)
        return int(mask.sum()) if mask is not None else self.tables.size(space[1])

    def column(self, space: Space, name: str, part: str) -> pl.Series | None:
        """The values or a mask of a column over a space; None for a mask that is nowhere true."""
        whole = self.tables.column(space[1], name)
        series: pl.Series | None = getattr(whole, part)
        if series is None or space[0] == "rows":
            return series
        key = ("column", space, name, part)
        if key not in self._memo:
            mask = self._mask(space)
            self._memo[key] = series.filter(mask) if mask is not None else series
        found: pl.Series = self._memo[key]
        return found

    def rows(self, space: Space) -> pl.Series:
        """The row numbers of a part within its table."""
        mask = self._mask(space)
        return (
            mask.arg_true().cast(pl.UInt32)
            if mask is not None
            else pl.int_range(0, self.tables.size(space[1]), dtype=pl.UInt32, eager=True)
        )

    def _mask(self, space: Space) -> pl.Series | None:
        """Which rows of its table belong to a part; None: all."""
        key = ("mask", space)
        if key in self._memo:
            kept: pl.Series | None = self._memo[key]
            return kept
        mask: pl.Series | None = None
        for name, wanted in space[2]:
            column = self.tables.column(space[1], name)
            one = _matches(column, wanted)
            mask = one if mask is None else mask & one
        self._memo[key] = None if mask is not None and mask.all() else mask
        result: pl.Series | None = self._memo[key]
        return result

    # -- what a plan is built on --------------------------------------------------------------------------------

    def _ask(self, question: tuple[Any, ...]) -> Any:
        if question not in self.asked:
            self.asked[question] = self.answer(question)
        return self.asked[question]

    def answer(self, question: tuple[Any, ...]) -> Any:
        answers: dict[str, Callable[..., Any]] = {
            "scale": lambda table, name: self.tables.column(table, name).scale,
            "present": self._present, "range": self._range, "empty": lambda space: self.height(space) == 0,
            "doubtful": self._doubtful, "many": self._many, "covers": self._covers,
        }  # fmt: skip
        return answers[question[0]](*question[1:])

    def fits(self, asked: Mapping[tuple[Any, ...], Any]) -> bool:
        """Whether a plan that was built on these answers is right here too."""
        self._fetch(asked)
        return all(self.answer(question) == answer for question, answer in asked.items())

    def _fetch(self, asked: Mapping[tuple[Any, ...], Any]) -> None:
        """Take the columns of each part that is asked about at once: every part is one pass over its table."""
        wanted: dict[Space, set[str]] = {}
        for question in asked:
            if question[0] in ("present", "range", "many", "covers") and question[1][0] == "part" and question[2] is not None:
                wanted.setdefault(question[1], set()).add(question[2])
        for space, names in wanted.items():
            if ("fetched", space) in self._memo:
                continue
            self._memo["fetched", space] = True
            mask = self._mask(space)
            columns: dict[tuple[str, str], pl.Series] = {}
            for name in names:
                whole = self.tables.column(space[1], name)
                columns |= {(name, part): s for part in ("values", "unknown", "none", "beyond") if (s := getattr(whole, part)) is not None}
            if mask is not None and columns:
                kept = pl.DataFrame([s.alias(f"{name}/{part}") for (name, part), s in columns.items()]).filter(mask)
                self._memo.update({("column", space, name, part): kept[f"{name}/{part}"] for name, part in columns})

    def scale(self, table: str, name: str) -> int:
        found: int = self._ask(("scale", table, name))
        return found

    def present(self, space: Space, name: str, part: str) -> bool:
        """Whether a mask is true anywhere in the space."""
        return bool(self._ask(("present", space, name, part)))

    def range(self, space: Space, name: str) -> tuple[int, int]:
        found: tuple[int, int] = self._ask(("range", space, name))
        return found

    def empty(self, space: Space) -> bool:
        return bool(self._ask(("empty", space)))

    def doubtful(self, table: str, columns: tuple[str, ...]) -> bool:
        """Whether it is not certain which rows match on ``columns``."""
        return bool(self._ask(("doubtful", table, columns)))

    def many(self, space: Space, name: str | None) -> int:
        """At most so many rows of the space belong together by a column; a power of two."""
        found: int = self._ask(("many", space, name))
        return found

    def covers(self, space: Space, name: str, owner: Space) -> bool:
        """Whether every row of ``owner`` is referred to by a row of the space."""
        return bool(self._ask(("covers", space, name, owner)))

    def _present(self, space: Space, name: str, part: str) -> bool:
        series = self.column(space, name, part)
        return series is not None and bool(series.any())

    def _range(self, space: Space, name: str) -> tuple[int, int]:
        """Powers of two around the extremes, so that a plan fits more than one register."""
        column = self.tables.column(space[1], name)
        if column.kind != INT:
            return (-FAR, FAR) if column.kind == DAY else (0, FAR)
        values = self.column(space, name, "values")
        assert values is not None
        if not len(values):
            return 0, 0
        ends: tuple[Any, Any] = values.min(), values.max()
        low, high = int(ends[0]), int(ends[1])
        return (0 if low >= 0 else -_above(-low)), _above(high)

    def _doubtful(self, table: str, columns: tuple[str, ...]) -> bool:
        if table in self.withheld or any((table, name) in self.doubts for name in columns):
            return True
        return any(self.tables.column(table, name).unknown is not None for name in columns)

    def _many(self, space: Space, name: str | None) -> int:
        if name is None:
            return _above(self.height(space))
        return _above(self.runs(space, name).most)

    def _covers(self, space: Space, name: str, owner: Space) -> bool:
        if self._present(space, name, "none"):
            return False
        height = self.height(owner)
        return self.identical(space, name, height) or len(self.runs(space, name).homes) == height

    # -- groups -------------------------------------------------------------------------------------------------

    def runs(self, space: Space, name: str) -> Runs:
        """The rows of a space brought together by a column of references or codes."""
        key = ("runs", space, name)
        if key not in self._memo:
            values = self.column(space, name, "values")
            assert values is not None
            self._memo[key] = Runs.of(values)
        found: Runs = self._memo[key]
        return found

    def identical(self, space: Space, name: str, size: int) -> bool:
        """Whether each row refers to the row of its own number."""
        key = ("identical", space, name, size)
        if key not in self._memo:
            values = self.column(space, name, "values")
            self._memo[key] = values is not None and identical(values, size)
        return bool(self._memo[key])


def _above(value: int) -> int:
    return 1 << max(value, 0).bit_length()


def _matches(column: Column, wanted: Any) -> pl.Series:
    """The rows of a column that have a value."""
    values = column.values
    if wanted == ANY_NONE:
        return column.none if column.none is not None else pl.repeat(False, len(values), dtype=pl.Boolean, eager=True)
    if isinstance(wanted, tuple):
        year = wanted[1]
        one = (values >= days(date(year, 1, 1))) & (values <= days(date(year, 12, 31)))
    elif column.kind == INT:
        one = values == wanted * column.scale
    else:
        one = values == wanted
    for mask in (column.none, column.unknown):
        if mask is not None:
            one = one & ~mask
    return one


__all__ = ["ANY_NONE", "TEXT", "Data"]
