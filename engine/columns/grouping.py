"""Rows brought together by the row that they belong to."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


def identical(index: pl.Series, size: int) -> bool:
    """Whether each of ``size`` rows names itself."""
    if len(index) != size or (size and (index[0] != 0 or index[size - 1] != size - 1)):
        return False
    return bool((index == pl.int_range(0, size, dtype=pl.UInt32, eager=True)).all())


@dataclass(frozen=True)
class Runs:
    """Rows brought together by the row they belong to.

    Attributes:
        homes: the rows that have any, ascending; ``ends`` the last position of each in the order ``order`` (None: as they are).
        single: whether each has one.
    """

    homes: pl.Series
    ends: pl.Series
    order: pl.Series | None
    single: bool

    @property
    def most(self) -> int:
        """How many rows the largest group has."""
        if self.single or not len(self.ends):
            return min(1, len(self.ends))
        sizes = self.ends - self.ends.shift(1)
        largest = sizes.max()
        return max(int(self.ends[0]) + 1, largest if isinstance(largest, int) else 0)

    @classmethod
    def of(cls, index: pl.Series) -> Runs:
        order = None if index.is_sorted() else index.arg_sort()
        runs = (index if order is None else index.gather(order)).rle().struct.unnest()
        ends = runs["len"].cast(pl.Int64).cum_sum() - 1
        return cls(runs["value"], ends, order, len(runs) == len(index))

    def fold(self, function: str, items: pl.Series) -> pl.Series:
        """One value for each of the homes. Sums wrap and unwrap: a difference of wrapped sums is the sum itself."""
        items = items if self.order is None else items.gather(self.order)
        if self.single:
            return items
        if function in ("any", "sum", "one"):
            ends = items.cum_sum().gather(self.ends)
            folded = ends - ends.shift(1, fill_value=0)
            return folded > 0 if function == "any" else folded.cast(items.dtype)
        group = self.ends.search_sorted(pl.int_range(0, len(items), dtype=pl.Int64, eager=True), side="left")
        frame = pl.DataFrame({"group": group, "item": items}).group_by("group", maintain_order=True)
        return frame.agg(pl.col("item").min() if function == "min" else pl.col("item").max())["item"]
