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
from engine.columns.room import rooms, taken
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

    def order(self, space: Space) -> Array | None:
        """Which rows of its table a part has, in their order; None where they lie together."""
        sorting, first, last = self._place(space)
        return None if sorting.order is None else sorting.order[first:last]

    def lying(self, space: Space, name: str, part: str) -> Array:
        """A column as it lies, its values in whatever width they came: of a part whose rows do not lie together, that of the whole table."""
        if space[0] == "part":
            sorting, first, last = self._place(space)
            whole = self.lying(("rows", space[1]), name, part)
            return whole[first:last] if sorting.order is None else whole
        if part == "values":
            found: Array = self._remembered(("lying", space[1], name), lambda: self.tables.column(space[1], name).stored.to_numpy())
            return found
        return self.array(space, name, part)

    def width(self, table: str, name: str) -> str:
        """The type in which the values of a column lie."""
        found: str = self._remembered(("width", table, name), lambda: str(self.lying(("rows", table), name, "values").dtype))
        return found

    def references(self, space: Space, name: str) -> Array:
        """The values of a column of references or codes over a space, in the width in which they lie."""
        found = self.lying(space, name, "values")
        if space[0] != "part":
            return found
        sorting, first, last = self._place(space)
        if sorting.order is None:
            return found
        ordered: Array = self._remembered(("references", id(sorting), name), lambda: taken(found, sorting.order))
        return ordered[first:last]

    def homes(self, space: Space, name: str, height: int) -> Array:
        """For each of ``height`` rows the only row of the space that refers to it by a column, as 32 bits; -1 where none does."""

        def found() -> Array:
            runs, homes = self.runs(space, name), rooms([(0, numpy.int32)], height)[0]
            assert runs.count <= FAR, "so many rows have no numbers of 32 bits"
            homes.fill(-1)
            homes[runs.homes] = runs.starts if runs.order is None else runs.order.take(runs.starts)
            return homes

        return self._remembered(("homes", space, name, height), found)

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
        found: tuple[Sorting, int, int] = self._remembered(("place", space), lambda: self._placed(space))
        return found

    def _placed(self, space: Space) -> tuple[Sorting, int, int]:
        table, conditions = space[1], space[2]
        kinds = [self._condition(table, name, wanted) for name, wanted in conditions]
        telling = [(kind, value) for kind, value in kinds if not self._uniform(table, kind[0])]
        sorting: Sorting = self._remembered(
            ("sorting", table, *(kind for kind, _ in telling)), lambda: self._sorted(table, [kind for kind, _ in telling])
        )
        if any(self._key(table, kind).code(value) != int(self._key(table, kind).codes[0]) for kind, value in kinds if (kind, value) not in telling):
            return sorting, 0, 0
        return sorting, *sorting.part(value for _, value in telling)

    def _uniform(self, table: str, name: str) -> bool:
        """Whether all rows of a table have the same certain number, day or code in a column, so that it tells none apart."""
        column = self.tables.column(table, name)
        if column.kind == TEXT or column.unknown is not None or column.none is not None or not len(column.stored):
            return False
        return column.ends[0] == column.ends[1]

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
        return Sorting.of([self._key(table, kind) for kind in kinds], self.tables.size(table))

    def _key(self, table: str, kind: tuple[str, str, str]) -> Key:
        """What tells the rows of a table apart by one column."""
        found: Key = self._remembered(("key", table, kind), lambda: self._keyed(table, *kind))
        return found

    def _keyed(self, table: str, name: str, by: str, text: str) -> Key:
        column = self.tables.column(table, name)
        values = column.stored
        if by == YEARS:
            values = column.values.cast(pl.Date).dt.year()
        elif column.kind == TEXT:
            values = (values == text).cast(pl.UInt8)
        masks = (None if mask is None else mask.to_numpy() for mask in (column.none, column.unknown))
        return Key.of(values.to_physical().to_numpy(), *masks)

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
        return getattr(self, f"_{question[0]}")(*question[1:])

    def fits(self, asked: Mapping[tuple[Any, ...], Any]) -> bool:
        """Whether a plan that was built on these answers is right here too."""
        memo = self._memo
        for question, answer in asked.items():
            found = memo.get(question, memo)
            if (self._answered(question) if found is memo else found) != answer:
                return False
        return True

    def scale(self, table: str, name: str) -> int:
        found: int = self._ask(("scale", table, name))
        return found

    def present(self, space: Space, name: str, part: str) -> bool:
        """Whether a mask is true anywhere in the space."""
        return bool(self._ask(("masked", space[1], name, part)) and self._ask(("present", space, name, part)))

    def range(self, table: str, name: str) -> tuple[int, int]:
        """Powers of two around the extremes of the whole column, so that a plan fits more than one register."""
        found: tuple[int, int] = self._ask(("powers", table, name))
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

    def _scale(self, table: str, name: str) -> int:
        return self.tables.column(table, name).scale

    def _empty(self, space: Space) -> bool:
        return self.height(space) == 0

    def _masked(self, table: str, name: str, part: str) -> bool:
        return getattr(self.tables.column(table, name), part) is not None

    def _present(self, space: Space, name: str, part: str) -> bool:
        return self._masked(space[1], name, part) and bool(self.array(space, name, part).any())

    def _powers(self, table: str, name: str) -> tuple[int, int]:
        column = self.tables.column(table, name)
        if column.kind != INT:
            return (-FAR, FAR) if column.kind == DAY else (0, FAR)
        least, most = self.bounds.get((table, name), (Fraction(0), Fraction(0)))
        low, high = min(column.ends[0], floor(least * column.scale)), max(column.ends[1], ceil(most * column.scale))
        return (0 if low >= 0 else -_above(-low)), _above(high)

    def _doubtful(self, table: str, columns: tuple[str, ...]) -> bool:
        if table in self.withheld or any((table, name) in self.doubts for name in columns):
            return True
        return any(self.tables.column(table, name).unknown is not None for name in columns)

    def _many(self, space: Space, name: str | None) -> int:
        most = self.height(space) if name is None else 1 if self._alone(space, name) else self.runs(space, name).most
        return _above(most) if most <= 1 else 1 << 4 * -(-most.bit_length() // 4)

    def _alone(self, space: Space, name: str) -> bool:
        """Whether the rows of a space and those of the table that a column refers to are the same, one for one."""
        target = self.tables.vocabulary.tables[space[1]].columns[name].type.table
        return target is not None and self.identical(space, name, self.tables.size(target))

    def _covers(self, space: Space, name: str, owner: Space) -> bool:
        if self._present(space, name, "none"):
            return False
        height = self.height(owner)
        return self.identical(space, name, height) or len(self.runs(space, name).homes) == height

    # -- groups -------------------------------------------------------------------------------------------------

    def runs(self, space: Space, name: str) -> Runs:
        """The rows of a space brought together by a column of references or codes."""
        found: Runs = self._remembered(("runs", space, name), lambda: Runs.of(self.references(space, name)))
        return found

    def identical(self, space: Space, name: str, size: int) -> bool:
        """Whether each row refers to the row of its own number."""
        found: bool = self._remembered(("identical", space, name, size), lambda: identical(self.references(space, name), size))
        return found


def _above(value: int) -> int:
    return 1 << max(value, 0).bit_length()


__all__ = ["ANY_NONE", "TEXT", "Data"]
