"""Rows brought together by the row that they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy

Array = Any
ADDED = ("any", "sum", "one")
_FOLDS: dict[str, Any] = {
    "any": numpy.logical_or, "sum": numpy.add, "one": numpy.add, "min": numpy.minimum, "max": numpy.maximum, "pick": numpy.maximum,
}  # fmt: skip


def identical(index: Array, size: int) -> bool:
    """Whether each of ``size`` rows names itself."""
    if len(index) != size or (size and (index[0] != 0 or index[-1] != size - 1)):
        return False
    return bool((index == numpy.arange(size, dtype=index.dtype)).all())


def _order(index: Array) -> Array:
    """The rows in the order of their numbers, of 32 bits at most, those of one number as they stand: numpy sorts 16 bits by counting."""
    order = numpy.argsort(index.astype(numpy.uint16), kind="stable")
    if int(index.max()) >> 16 == 0:
        return order
    assert int(index.max()) >> 32 == 0, "row numbers have 32 bits"
    return order.take(numpy.argsort((index >> 16).astype(numpy.uint16).take(order), kind="stable"))


@dataclass(frozen=True)
class Runs:
    """Rows brought together by the row they belong to.

    Attributes:
        homes: the rows that have any, ascending; ``starts`` the first position of each in the order ``order`` (None: as they are).
        count: of the rows.
    """

    homes: Array
    starts: Array
    order: Array | None
    count: int

    @property
    def most(self) -> int:
        """How many rows the largest group has."""
        return int(self.sizes().max()) if self.count else 0

    @property
    def single(self) -> bool:
        """Whether no group has more than one row."""
        return len(self.starts) == self.count

    def sizes(self) -> Array:
        """How many rows each group has."""
        return numpy.diff(self.starts, append=self.count)

    @classmethod
    def of(cls, index: Array) -> Runs:
        """The groups of rows with the same number in ``index``."""
        order = None
        if len(index) > 1 and not (index[1:] >= index[:-1]).all():
            order = _order(index)
            index = index.take(order)
        starts = numpy.flatnonzero(numpy.concatenate(([True], index[1:] != index[:-1]))) if len(index) else numpy.empty(0, numpy.int64)
        return cls(index.take(starts), starts, order, len(index))

    def fold(self, function: str, items: Array) -> Array:
        """One value for each of the homes."""
        if function in ADDED and not items.any():  # as most doubts are: looking is ten times as fast as folding
            return numpy.zeros(len(self.homes), items.dtype)
        items = items if self.order is None else items.take(self.order)
        if self.single:
            return items
        return _FOLDS[function].reduceat(items, self.starts, dtype=items.dtype)
