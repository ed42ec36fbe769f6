"""A table's rows sorted by the columns that make parts of it, so that each part is one stretch of rows, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

import numpy

from engine.columns.grouping import Array

NARROW = 2**16
"""Fewer different keys are sorted by counting."""
MANY = 2**16
"""From so many rows on that is done by machine code."""
WIDE = 2**62
BEGINNING = 1_000
"""What is not in order rarely begins so."""
NONE_KEY, UNKNOWN_KEY, FIRST_KEY = 0, 1, 2


@dataclass(frozen=True)
class Key:
    """What tells the rows of one column apart, as numbers from 0: `NONE_KEY`, `UNKNOWN_KEY`, then its values.

    Attributes:
        codes: of each row; ``width`` is more than any of them.
        low: the value whose number is `FIRST_KEY`; where ``values`` is given these are the values in order instead.
    """

    codes: Array
    width: int
    low: int = 0
    values: Array | None = None

    @classmethod
    def of(cls, values: Array, none: Array | None, unknown: Array | None) -> Key:
        """Of integers, with masks of where they mean nothing."""
        low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
        distinct: Array | None = None
        codes: Array
        if high - low < NARROW - FIRST_KEY:
            codes, width = numpy.empty(len(values), numpy.uint16), high - low + 1 + FIRST_KEY
            numpy.subtract(values, low - FIRST_KEY, out=codes, dtype=numpy.int64, casting="unsafe")
        else:
            distinct, codes = numpy.unique(values, return_inverse=True)
            codes, width = codes + FIRST_KEY, len(distinct) + FIRST_KEY
        for mask, code in ((unknown, UNKNOWN_KEY), (none, NONE_KEY)):
            if mask is not None:
                codes[mask] = code
        return cls(codes, width, low, distinct)

    def code(self, wanted: int | None) -> int | None:
        """The number of a value, None standing for none; None where no row can have it."""
        if wanted is None:
            return NONE_KEY
        if self.values is None:
            return wanted - self.low + FIRST_KEY if 0 <= wanted - self.low < self.width - FIRST_KEY else None
        at = int(numpy.searchsorted(self.values, wanted))
        return at + FIRST_KEY if at < len(self.values) and int(self.values[at]) == wanted else None


def _ascending(numbers: Array) -> bool:
    return bool((numbers[1:] >= numbers[:-1]).all())


@dataclass(frozen=True)
class Sorting:
    """Rows sorted by keys.

    Attributes:
        order: the rows in that order, those of one part ascending; None: as they are.
        sorted: their keys in that order, joined to one number; of many rows with few keys ``starts`` instead, the first place of each.
    """

    keys: tuple[Key, ...]
    order: Array | None
    sorted: Array | None
    starts: Array | None = None

    @classmethod
    def of(cls, keys: Sequence[Key], height: int) -> Sorting:
        """Of the rows of a table; without keys they are all alike."""
        width = prod(key.width for key in keys)
        assert width < WIDE, "so many different keys cannot be told apart by one number"
        joint = numpy.zeros(height, numpy.uint8) if not keys else keys[0].codes
        for key in keys[1:]:
            joint = joint.astype(numpy.int64) * key.width + key.codes
        if width < NARROW:
            joint = joint.astype(numpy.uint16, copy=False)
        if _ascending(joint[:BEGINNING]) and _ascending(joint):
            return cls(tuple(keys), None, joint)
        if height >= MANY and width < NARROW:
            from engine.columns.counting import sorted_by_counting  # compiles: not needed for small registers

            order, starts = sorted_by_counting(numpy.ascontiguousarray(joint), width)
            return cls(tuple(keys), order, None, starts)
        order = numpy.argsort(joint, kind="stable")
        return cls(tuple(keys), order, joint.take(order))

    def part(self, wanted: Iterable[int | None]) -> tuple[int, int]:
        """The first row of a part and the one after its last, in this order."""
        joint = 0
        for key, value in zip(self.keys, wanted, strict=True):
            code = key.code(value)
            if code is None:
                return 0, 0
            joint = joint * key.width + code
        if self.starts is not None:
            return int(self.starts[joint]), int(self.starts[joint + 1])
        assert self.sorted is not None
        first, last = numpy.searchsorted(self.sorted, numpy.array([joint, joint + 1], self.sorted.dtype))
        return int(first), int(last)
