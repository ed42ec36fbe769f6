"""Texts found among others by machine code: whoever refers to rows mostly does so in their order, so each is first sought where the last was."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy
import polars as pl

from engine.columns.grouping import Array
from engine.columns.machine import address, lasting
from engine.columns.room import rooms
from engine.columns.scheduling import FULL

NEAR, FAR = 8, 64
"""So many texts from the last on are looked at before a hash is asked for; and before any is, since then all are hashed."""
_TEXT = """
%view = type { i32, [4 x i8], i32, i32 }
declare i32 @memcmp(ptr, ptr, i64)

define internal i1 @same(ptr %a, ptr %as, ptr %b, ptr %bs) alwaysinline nounwind {
  %a0 = load i64, ptr %a, align 8
  %b0 = load i64, ptr %b, align 8
  %begin = icmp eq i64 %a0, %b0
  br i1 %begin, label %more, label %no
more:
  %length = load i32, ptr %a, align 8
  %within = icmp ule i32 %length, 12
  br i1 %within, label %short, label %long
short:
  %a1p = getelementptr i64, ptr %a, i64 1
  %b1p = getelementptr i64, ptr %b, i64 1
  %a1 = load i64, ptr %a1p, align 8
  %b1 = load i64, ptr %b1p, align 8
  %end = icmp eq i64 %a1, %b1
  ret i1 %end
long:
  %at = call ptr @where(ptr %a, ptr %as)
  %bt = call ptr @where(ptr %b, ptr %bs)
  %size = zext i32 %length to i64
  %order = call i32 @memcmp(ptr %at, ptr %bt, i64 %size)
  %equal = icmp eq i32 %order, 0
  ret i1 %equal
no:
  ret i1 false
}

define internal ptr @where(ptr %view, ptr %buffers) nounwind {
  %n = getelementptr %view, ptr %view, i64 0, i32 2
  %o = getelementptr %view, ptr %view, i64 0, i32 3
  %number32 = load i32, ptr %n, align 4
  %offset32 = load i32, ptr %o, align 4
  %number = zext i32 %number32 to i64
  %offset = zext i32 %offset32 to i64
  %b = getelementptr ptr, ptr %buffers, i64 %number
  %buffer = load ptr, ptr %b, align 8
  %text = getelementptr i8, ptr %buffer, i64 %offset
  ret ptr %text
}

define void @fill(i64 %count, ptr %hashes, ptr %table, i64 %mask) nounwind {
  %any = icmp slt i64 0, %count
  br i1 %any, label %row, label %done
row:
  %i = phi i64 [ 0, %0 ], [ %next, %put ]
  %h = getelementptr i64, ptr %hashes, i64 %i
  %hash = load i64, ptr %h, align 8
  br label %probe
probe:
  %tried = phi i64 [ %hash, %row ], [ %another, %probe ]
  %slot = and i64 %tried, %mask
  %another = add i64 %slot, 1
  %t = getelementptr i32, ptr %table, i64 %slot
  %there = load i32, ptr %t, align 4
  %free = icmp eq i32 %there, -1
  br i1 %free, label %put, label %probe
put:
  %own = trunc i64 %i to i32
  store i32 %own, ptr %t, align 4
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %count
  br i1 %more, label %row, label %done
done:
  ret void
}

define i64 @find(i64 %start, i64 %end, ptr %wanted, ptr %ws, ptr %texts, ptr %ts, i64 %count, ptr %words, i64 %many, ptr %hashes, ptr %table, i64 %mask, i64 %near, ptr %places) nounwind {
  %known = icmp ne ptr %table, null
  %nowhere = add i64 %count, %many
  %any = icmp slt i64 %start, %end
  br i1 %any, label %row, label %done
row:
  %i = phi i64 [ %start, %0 ], [ %next, %put ]
  %last = phi i64 [ 0, %0 ], [ %now, %put ]
  %w = getelementptr %view, ptr %wanted, i64 %i
  %stop = add i64 %last, %near
  br label %word
word:
  %m = phi i64 [ 0, %row ], [ %m1, %unlike ]
  %left = icmp slt i64 %m, %many
  br i1 %left, label %apart, label %look
apart:
  %a = getelementptr %view, ptr %words, i64 %m
  %said = call i1 @same(ptr %w, ptr %ws, ptr %a, ptr null)
  %m1 = add i64 %m, 1
  %special = add i64 %count, %m
  br i1 %said, label %put, label %unlike
unlike:
  br label %word
look:
  %n = phi i64 [ %last, %word ], [ %after, %other ]
  %inside = icmp slt i64 %n, %count
  br i1 %inside, label %compare, label %ask
compare:
  %c = getelementptr %view, ptr %texts, i64 %n
  %here = call i1 @same(ptr %w, ptr %ws, ptr %c, ptr %ts)
  br i1 %here, label %put, label %other
other:
  %after = add i64 %n, 1
  %close = icmp slt i64 %after, %stop
  br i1 %close, label %look, label %ask
ask:
  br i1 %known, label %hashed, label %stopped
hashed:
  %h = getelementptr i64, ptr %hashes, i64 %i
  %hash = load i64, ptr %h, align 8
  br label %probe
probe:
  %tried = phi i64 [ %hash, %hashed ], [ %another, %differs ]
  %slot = and i64 %tried, %mask
  %another = add i64 %slot, 1
  %t = getelementptr i32, ptr %table, i64 %slot
  %there = load i32, ptr %t, align 4
  %free = icmp eq i32 %there, -1
  br i1 %free, label %put, label %taken
taken:
  %r = zext i32 %there to i64
  %k = getelementptr %view, ptr %texts, i64 %r
  %found = call i1 @same(ptr %w, ptr %ws, ptr %k, ptr %ts)
  br i1 %found, label %put, label %differs
differs:
  br label %probe
put:
  %place = phi i64 [ %special, %apart ], [ %n, %compare ], [ %r, %taken ], [ %nowhere, %probe ]
  %now = phi i64 [ %last, %apart ], [ %n, %compare ], [ %r, %taken ], [ %last, %probe ]
  %p = getelementptr i32, ptr %places, i64 %i
  %place32 = trunc i64 %place to i32
  store i32 %place32, ptr %p, align 4
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %end
  br i1 %more, label %row, label %done
stopped:
  ret i64 %i
done:
  ret i64 %end
}
"""
_FILL = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 4)
_FIND = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 14)


class _Lying:
    """Texts where they lie: 16 bytes for each, with its length and, up to 12 bytes, all of it, else where the rest is."""

    def __init__(self, texts: pl.Series) -> None:
        self.held = texts.rechunk().to_arrow(compat_level=pl.CompatLevel.newest())
        _, views, *rest = self.held.buffers()
        self.views = (views.address if views is not None else 0) + 16 * self.held.offset
        self._rest = numpy.array([0, *(buffer.address for buffer in rest)], numpy.int64)
        self.rest = address(self._rest) + self._rest.itemsize


class Texts:
    """Texts among which others are found.

    Args:
        texts: of two that are the same either is found; a null is as if nothing were written.
        apart: words of 12 bytes at most, that mean something else wherever they are asked for.
    """

    def __init__(self, texts: pl.Series, apart: Sequence[str] = ()) -> None:
        self.texts = texts.fill_null("")
        self._lying, self._table = _Lying(self.texts), numpy.empty(0, numpy.int32)
        self._many, self._words = len(apart), _Lying(pl.Series(apart, dtype=pl.String))

    def places(self, wanted: pl.Series) -> Array:
        """Where each text stands, then from the number of texts on which of the words apart it is, then what is neither.

        Args:
            wanted: without nulls.
        """
        lying, own = _Lying(wanted), self._lying
        places = rooms([(0, numpy.uint32)], len(wanted))[0]

        def find(start: int, near: int, hashes: int, table: int, mask: int) -> int:
            among = own.views, own.rest, len(self.texts), self._words.views, self._many
            done: int = _functions()[1](start, len(wanted), lying.views, lying.rest, *among, hashes, table, mask, near, address(places))
            return done

        done = find(0, FAR, 0, 0, 0)
        if done < len(wanted):
            hashes, table = wanted.hash().to_numpy(), self._hashed()
            find(done, NEAR, address(hashes), address(table), len(table) - 1)
        return places

    def _hashed(self) -> Array:
        """The places of the texts by the last bits of their hashes, each in the first that is free from there on."""
        if not len(self._table):
            hashes = self.texts.hash().to_numpy()
            table = numpy.full(1 << (2 * len(hashes)).bit_length(), -1, numpy.int32)
            _functions()[0](len(hashes), address(hashes), address(table), len(table) - 1)
            self._table = table
        return self._table


def _functions() -> tuple[Any, Any]:
    library = lasting(_TEXT, ["fill", "find"], FULL)
    return _FILL(library.addresses["fill"]), _FIND(library.addresses["find"])
