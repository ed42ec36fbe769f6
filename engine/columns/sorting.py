"""A table's rows sorted by the columns that make parts of it, so that each part is one stretch of rows, in their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy

from engine.columns.grouping import Array

NARROW = 2**16
"""Fewer different keys are sorted by counting."""
WIDE = 2**62
NONE_KEY, UNKNOWN_KEY = 0, 1


@dataclass(frozen=True)
class Key:
    """What tells the rows of one column apart, as numbers from 0: `NONE_KEY`, `UNKNOWN_KEY`, then its values.

    Attributes:
        codes: of each row; ``width`` is more than any of them.
        low: the value whose number is 2; where ``values`` is given these are the values in order instead.
    """

    codes: Array
    width: int
    low: int = 0
    values: Array | None = None

    @classmethod
    def of(cls, values: Array, none: Array | None, unknown: Array | None) -> Key:
        """Of 64-bit integers, with masks of where they mean nothing."""
        low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
        distinct = None
        if high - low < NARROW:
            codes, width = values - (low - 2), high - low + 3
        else:
            distinct, codes = numpy.unique(values, return_inverse=True)
            codes, width = codes + 2, len(distinct) + 2
        for mask, code in ((unknown, UNKNOWN_KEY), (none, NONE_KEY)):
            if mask is not None:
                codes[mask] = code
        return cls(codes, width, low, distinct)

    def code(self, wanted: int | None) -> int | None:
        """The number of a value, None standing for none; None where no row can have it."""
        if wanted is None:
            return NONE_KEY
        if self.values is None:
            return wanted - self.low + 2 if 2 <= wanted - self.low + 2 < self.width else None
        at = int(numpy.searchsorted(self.values, wanted))
        return at + 2 if at < len(self.values) and int(self.values[at]) == wanted else None


@dataclass(frozen=True)
class Sorting:
    """Rows sorted by keys.

    Attributes:
        order: the rows in that order, those of one part ascending; None: as they are.
    """

    keys: tuple[Key, ...]
    order: Array | None
    sorted: Array

    @classmethod
    def of(cls, keys: Iterable[Key]) -> Sorting:
        keys = tuple(keys)
        width, joint = 1, numpy.zeros(len(keys[0].codes), numpy.int64)
        for key in keys:
            joint = joint * key.width + key.codes
            width *= key.width
        assert width < WIDE, "so many different keys cannot be told apart by one number"
        if width < NARROW:
            joint = joint.astype(numpy.uint16)
        if bool((joint[1:] >= joint[:-1]).all()):
            return cls(keys, None, joint)
        order = numpy.argsort(joint, kind="stable")
        return cls(keys, order, joint.take(order))

    def part(self, wanted: Iterable[int | None]) -> tuple[int, int]:
        """The first row of a part and the one after its last, in this order."""
        joint = 0
        for key, value in zip(self.keys, wanted, strict=True):
            code = key.code(value)
            if code is None:
                return 0, 0
            joint = joint * key.width + code
        first, last = numpy.searchsorted(self.sorted, numpy.array([joint, joint + 1], self.sorted.dtype))
        return int(first), int(last)
