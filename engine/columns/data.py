"""What a plan may ask of a register: the columns of its spaces, and the few facts about them by which it is specialised.

Every answer that a plan was built on is written down (`asked`); the plan fits another register, or another part of this
one, where the same questions have the same answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy
import polars as pl

from engine.columns.cells import CODE, DAY, INT, TEXT, Space
from engine.columns.encoding import Tables
from engine.columns.grouping import Array, Runs, identical
from engine.columns.sorting import Key, Sorting
from engine.columns.strips import Buffers, held

ANY_NONE = "none"
"""As the value of a filter: the rows where the column is none."""
FAR, NOWHERE = 2**31 - 1, 2**63 - 1
YEARS, TEXTS = "years", "texts"
Bounds = Mapping[tuple[str, str], tuple[Fraction, Fraction]]


class Data:
    """One register, or one part of it.

    Args:
        as_of: the day that is asked about; no event is later.
        withheld: tables whose rows are not known.
        doubts: (table, column) with an unknown cell in a part of the register that is not here.
        bounds: (table, column) -> the least and the greatest number in the whole register; with them all parts have plans alike.
    """

    def __init__(
        self, tables: Tables, as_of: date, withheld: frozenset[str], doubts: frozenset[tuple[str, str]], bounds: Bounds | None = None
    ) -> None:
        self.tables, self.as_of, self.withheld, self.doubts, self.bounds = tables, as_of, withheld, doubts, bounds or {}
        self.asked: dict[tuple[Any, ...], Any] = {}
        self._memo: dict[tuple[Any, ...], Any] = {}
        self.buffers = Buffers()
        self.imports: dict[tuple[Any, ...], Array] = {}

    def shared(self) -> Data:
        """The same register for another law: what was read of it is there, what was decided is not."""
        other = Data(self.tables, self.as_of, self.withheld, self.doubts, self.bounds)
        other._memo = self._memo
        return other

    # -- columns ------------------------------------------------------------------------------------------------

    def height(self, space: Space) -> int:
        """How many rows a space of tables has."""
        if space[0] == "rows":
            return self.tables.size(space[1])
        if space[0] == "codes":
            return len(self.tables.codes[space[1]])
        if space[0] == "one":
            return 1
        _, first, last = self._place(space)
        return last - first

    def column(self, space: Space, name: str, part: str) -> pl.Series | None:
        """The values or a mask of a column over a space; None for a mask that is nowhere true."""
        series: pl.Series | None = getattr(self.tables.column(space[1], name), part)
        return series if series is None or space[0] == "rows" else series.gather(self.rows(space))

    def array(self, space: Space, name: str, part: str) -> Array:
        """The values or a mask of a column over a space, as cells hold them."""
        table = space[1]
        if space[0] == "rows":
            found: Array = self._remembered(("array", table, name, part), lambda: self._array(table, name, part))
            return found
        sorting, first, last = self._place(space)
        if sorting.order is None:
            return self.array(("rows", table), name, part)[first:last]
        ordered: Array = self._remembered(
            ("ordered", id(sorting), name, part), lambda: self.array(("rows", table), name, part).take(sorting.order)
        )
        return ordered[first:last]

    def _array(self, table: str, name: str, part: str) -> Array:
        column = self.tables.column(table, name)
        series: pl.Series = getattr(column, part)
        if part != "values":
            return series.to_numpy()
        if column.kind == CODE:
            return held(CODE, len(self.tables.codes[self.tables.vocabulary.tables[table].columns[name].type.codes or ""]), series)
        return held(column.kind, None, series)

    def rows(self, space: Space) -> pl.Series:
        """The row numbers of a part within its table."""
        return pl.Series(self._numbers(space)).cast(pl.UInt32)

    def _numbers(self, space: Space) -> Array:
        """Which rows of its table belong to a part, ascending."""
        sorting, first, last = self._place(space)
        return numpy.arange(first, last) if sorting.order is None else sorting.order[first:last]

    def _place(self, space: Space) -> tuple[Sorting, int, int]:
        """Where a part stands among the rows of its table sorted by the columns that make such parts."""
        table, conditions = space[1], space[2]
        kinds = tuple(self._condition(table, name, wanted) for name, wanted in conditions)
        sorting: Sorting = self._remembered(
            ("sorting", table, *(kind for kind, _ in kinds)), lambda: self._sorted(table, [k for k, _ in kinds])
        )
        return sorting, *sorting.part(value for _, value in kinds)

    def _condition(self, table: str, name: str, wanted: Any) -> tuple[tuple[str, str, str], int | None]:
        """What a condition of a part sorts by (a column; the years of its days; whether it is a certain text), and what it asks for."""
        column = self.tables.column(table, name)
        if isinstance(wanted, tuple):
            return (name, YEARS, ""), wanted[1]
        if wanted == ANY_NONE:
            return (name, "", ""), None
        if column.kind == TEXT:
            return (name, TEXTS, wanted), 1
        value = Fraction(wanted) * column.scale
        return (name, "", ""), int(value) if value.denominator == 1 else NOWHERE

    def _sorted(self, table: str, kinds: list[tuple[str, str, str]]) -> Sorting:
        keys = []
        for name, by, text in kinds:
            column = self.tables.column(table, name)
            values = column.values
            if by == YEARS:
                values = values.cast(pl.Date).dt.year()
            elif column.kind == TEXT:
                values = values == text
            masks = (None if mask is None else mask.to_numpy() for mask in (column.none, column.unknown))
            keys.append(Key.of(values.cast(pl.Int64).to_numpy(), *masks))
        return Sorting.of(keys)

    # -- what a plan is built on --------------------------------------------------------------------------------

    def _ask(self, question: tuple[Any, ...]) -> Any:
        if question not in self.asked:
            self.asked[question] = self._answered(question)
        return self.asked[question]

    def _answered(self, question: tuple[Any, ...]) -> Any:
        return self._remembered(question, lambda: self.answer(question))

    def _remembered(self, key: tuple[Any, ...], find: Callable[[], Any]) -> Any:
        if key not in self._memo:
            self._memo[key] = find()
        return self._memo[key]

    def answer(self, question: tuple[Any, ...]) -> Any:
        answers: dict[str, Callable[..., Any]] = {
            "scale": lambda table, name: self.tables.column(table, name).scale,
            "present": self._present, "range": self._range, "empty": lambda space: self.height(space) == 0,
            "doubtful": self._doubtful, "many": self._many, "covers": self._covers,
        }  # fmt: skip
        return answers[question[0]](*question[1:])

    def fits(self, asked: Mapping[tuple[Any, ...], Any]) -> bool:
        """Whether a plan that was built on these answers is right here too."""
        return all(self._answered(question) == answer for question, answer in asked.items())

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
        """Fewer than so many rows of the space belong together by a column: 1 for none, 2 for one, else a power of 16 that parts share."""
        found: int = self._ask(("many", space, name))
        return found

    def covers(self, space: Space, name: str, owner: Space) -> bool:
        """Whether every row of ``owner`` is referred to by a row of the space."""
        return bool(self._ask(("covers", space, name, owner)))

    def _present(self, space: Space, name: str, part: str) -> bool:
        return getattr(self.tables.column(space[1], name), part) is not None and bool(self.array(space, name, part).any())

    def _range(self, space: Space, name: str) -> tuple[int, int]:
        """Powers of two around the extremes of the whole column, so that a plan fits more than one register."""
        column = self.tables.column(space[1], name)
        if column.kind != INT:
            return (-FAR, FAR) if column.kind == DAY else (0, FAR)
        ends: tuple[Any, Any] = self._remembered(("ends", space[1], name), lambda: (column.values.min() or 0, column.values.max() or 0))
        least, most = self.bounds.get((space[1], name), (Fraction(0), Fraction(0)))
        low, high = min(int(ends[0]), floor(least * column.scale)), max(int(ends[1]), ceil(most * column.scale))
        return (0 if low >= 0 else -_above(-low)), _above(high)

    def _doubtful(self, table: str, columns: tuple[str, ...]) -> bool:
        if table in self.withheld or any((table, name) in self.doubts for name in columns):
            return True
        return any(self.tables.column(table, name).unknown is not None for name in columns)

    def _many(self, space: Space, name: str | None) -> int:
        most = self.height(space) if name is None else self.runs(space, name).most
        return _above(most) if most <= 1 else 1 << 4 * -(-most.bit_length() // 4)

    def _covers(self, space: Space, name: str, owner: Space) -> bool:
        if self._present(space, name, "none"):
            return False
        height = self.height(owner)
        return self.identical(space, name, height) or len(self.runs(space, name).homes) == height

    # -- groups -------------------------------------------------------------------------------------------------

    def runs(self, space: Space, name: str) -> Runs:
        """The rows of a space brought together by a column of references or codes."""
        found: Runs = self._remembered(("runs", space, name), lambda: Runs.of(self.array(space, name, "values")))
        return found

    def identical(self, space: Space, name: str, size: int) -> bool:
        """Whether each row refers to the row of its own number."""
        found: bool = self._remembered(("identical", space, name, size), lambda: identical(self.array(space, name, "values"), size))
        return found


def _above(value: int) -> int:
    return 1 << max(value, 0).bit_length()


__all__ = ["ANY_NONE", "TEXT", "Data"]
