"""Rows sorted by small numbers: counted, then each put where its number says, a share of the rows on each core."""

from __future__ import annotations

import ctypes
from functools import partial
from itertools import pairwise
from typing import Any

import numpy

from engine.columns.grouping import Array
from engine.columns.machine import lasting
from engine.columns.room import rooms
from engine.columns.scheduling import QUICK
from engine.columns.threads import each, threads

_TEXT = """
define void @count(i64 %start, i64 %end, ptr %keys, ptr %counts, ptr %order) nounwind {
  %any = icmp slt i64 %start, %end
  br i1 %any, label %loop, label %done
loop:
  %i = phi i64 [ %start, %0 ], [ %next, %loop ]
  %k = getelementptr i16, ptr %keys, i64 %i
  %key16 = load i16, ptr %k, align 2
  %key = zext i16 %key16 to i64
  %c = getelementptr i64, ptr %counts, i64 %key
  %before = load i64, ptr %c, align 8
  %after = add i64 %before, 1
  store i64 %after, ptr %c, align 8
  PUT
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %end
  br i1 %more, label %loop, label %done
done:
  ret void
}
"""
_KIND = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 5)
_PUT = "%o = getelementptr i64, ptr %order, i64 %before\n  store i64 %i, ptr %o, align 8"


def sorted_by_counting(keys: Array, width: int) -> tuple[Array, Array]:
    """The rows in the order of their keys, those of one key ascending, and where each key's rows begin there.

    Args:
        keys: of 16 bits, each below ``width``.

    Returns:
        the order, and of ``width`` + 1 numbers the first place of each key.
    """
    height, shares = len(keys), threads()
    counts = numpy.zeros((shares, width), numpy.int64)
    parts = list(enumerate(pairwise(height * n // shares for n in range(shares + 1))))
    count, put = _functions()
    each(partial(_over, count, keys, counts, keys), parts)
    starts = numpy.zeros(width + 1, numpy.int64)
    numpy.cumsum(counts.sum(axis=0), out=starts[1:])
    places = starts[:-1] + numpy.cumsum(counts, axis=0) - counts
    order = rooms([(0, numpy.int64)], height)[0]
    each(partial(_over, put, keys, places, order), parts)
    return order, starts


def _over(function: Any, keys: Array, counts: Array, order: Array, part: tuple[int, tuple[int, int]]) -> None:
    share, (start, end) = part
    function(start, end, keys.ctypes.data, counts[share].ctypes.data, order.ctypes.data)


def ready() -> None:
    """Do what is done once in a process."""
    _functions()


def _functions() -> list[Any]:
    return [_KIND(lasting(_TEXT.replace("PUT", put), ["count"], QUICK).addresses["count"]) for put in ("", _PUT)]
