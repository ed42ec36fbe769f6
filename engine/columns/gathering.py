"""Columns in another order of rows, and in narrower numbers: machine code does both in one pass, where numpy takes two."""

from __future__ import annotations

import ctypes
from functools import cache, reduce
from typing import Any

import numpy

from engine.columns.grouping import Array
from engine.columns.machine import PLAIN, address, lasting

WIDTHS = (8, 16, 32, 64)
_TEXT = """
define void @NAME(i64 %many, ptr noalias %from, ptr noalias %order, ptr noalias %to) nounwind {
  %any = icmp slt i64 0, %many
  br i1 %any, label %row, label %done
row:
  %i = phi i64 [ 0, %0 ], [ %next, %row ]
  %o = getelementptr i32, ptr %order, i64 %i
  %place32 = load i32, ptr %o, align 4
  %place = zext i32 %place32 to i64
  %f = getelementptr FROM, ptr %from, i64 %place
  %found = load FROM, ptr %f
  CHANGED
  %t = getelementptr TO, ptr %to, i64 %i
  store TO RESULT, ptr %t
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %many
  br i1 %more, label %row, label %done
done:
  ret void
}
"""
_GATHER = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 4)
_PAIRS = [(wide, narrow) for wide in WIDTHS for narrow in WIDTHS if narrow <= wide]


def gather(values: Array, order: Array, target: Array) -> None:
    """Put the values that stand at some places into ``target``, one after the other.

    Args:
        order: the places, of 32 bits without sign; each is one of ``values``.
        target: as long as ``order``; of the type of ``values``, or of narrower whole numbers that hold all of them.
    """
    assert order.dtype == numpy.uint32 and len(order) == len(target) and target.itemsize <= values.itemsize
    values = numpy.ascontiguousarray(values)
    _functions()[8 * values.itemsize, 8 * target.itemsize](len(order), address(values), address(order), address(target))


def ready() -> None:
    """Do what is done once in a process."""
    _functions()


@cache
def _functions() -> dict[tuple[int, int], Any]:
    """A function for each two widths."""
    library = lasting("".join(_text(*pair) for pair in _PAIRS), [_name(*pair) for pair in _PAIRS], PLAIN)
    return {pair: _GATHER(library.addresses[_name(*pair)]) for pair in _PAIRS}


def _name(wide: int, narrow: int) -> str:
    return f"gather{wide}to{narrow}"


def _text(wide: int, narrow: int) -> str:
    changed, result = ("", "%found") if wide == narrow else (f"%narrow = trunc i{wide} %found to i{narrow}", "%narrow")
    words = {"NAME": _name(wide, narrow), "FROM": f"i{wide}", "TO": f"i{narrow}", "CHANGED": changed, "RESULT": result}
    return reduce(lambda text, word: text.replace(*word), words.items(), _TEXT)
