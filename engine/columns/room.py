"""Memory for large arrays, kept for the next ones: the first touch of a fresh page costs more than what loops compute of it."""

from __future__ import annotations

import mmap
import weakref
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

import numpy

Array = Any
Name = TypeVar("Name")
LARGE = 2**20
"""Less is left to numpy."""
KEPT = 2**28
"""So many bytes at most are held for arrays and those that come next, and no more than half as much again as arrays took at once, as they seldom fit where
others were; where all is to be kept, more."""
BLOCK = 2**26
"""So much is asked of the system at once: what is not touched costs nothing."""
GRAIN, ALIGNED = 2**16, 64


@dataclass(eq=False)
class _Stretch:
    """Part of a block that no array reads; ``touched`` whether the system has given it pages."""

    block: mmap.mmap
    start: int
    end: int
    touched: bool

    @property
    def size(self) -> int:
        return self.end - self.start


@dataclass
class _Memory:
    """What waits for arrays.

    Attributes:
        now, most: how many bytes arrays read now, and read at most; ``all_kept`` whether as many are kept in any case.
        returned: what arrays gave back, until it is put to the rest: that can happen at any moment, even while this is looked through.
    """

    free: list[_Stretch] = field(default_factory=list)
    returned: deque[_Stretch] = field(default_factory=deque)
    lock: Any = field(default_factory=Lock)
    now: int = 0
    most: int = 0
    all_kept: bool = False

    def take(self, size: int) -> _Stretch:
        with self.lock:
            fitting = [stretch for stretch in self.free if stretch.size >= size]
            found = min(fitting, key=lambda one: (not one.touched, one.size), default=None)
            if found is None:
                length = max(size, BLOCK)
                found = _Stretch(mmap.mmap(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS), 0, length, False)
            else:
                self.free.remove(found)
            if found.size > size:
                self.free.append(_Stretch(found.block, found.start + size, found.end, found.touched))
            self.now += size
            self.most = max(self.most, self.now)
        self.settle()
        return _Stretch(found.block, found.start, found.start + size, True)

    def give_back(self, stretch: _Stretch) -> None:
        self.returned.append(stretch)
        self.settle()

    def forget(self) -> None:
        with self.lock:
            self._let_go(0)
            self.most = self.now
        self.settle()

    def settle(self) -> None:
        """Put what was given back to the rest, and let go of what is too much; where another is about it, that one will."""
        while self.returned and self.lock.acquire(blocking=False):
            try:
                while self.returned:
                    self._join(self.returned.popleft())
                most = max(KEPT, self.most - self.now) if self.all_kept else max(0, min(KEPT, 3 * self.most // 2) - self.now)
                self._let_go(most)
            finally:
                self.lock.release()

    def _join(self, own: _Stretch) -> None:
        self.now -= own.size
        for other in [one for one in self.free if one.block is own.block and (one.end == own.start or one.start == own.end)]:
            self.free.remove(other)
            own = _Stretch(own.block, min(own.start, other.start), max(own.end, other.end), True)
        self.free.append(own)

    def _let_go(self, kept: int) -> None:
        waiting = [stretch for stretch in self.free if stretch.touched]
        spare = sum(stretch.size for stretch in waiting) - kept
        for stretch in waiting:
            if spare <= 0:
                break
            spare -= stretch.size
            if stretch.size == len(stretch.block):
                self.free.remove(stretch)
            else:
                stretch.block.madvise(mmap.MADV_DONTNEED, stretch.start, stretch.size)
                stretch.touched = False


_memory = _Memory()


def keep_all() -> None:
    """From now on keep as much memory as arrays took at once, for a process that decides one register after the other."""
    _memory.all_kept = True


def rooms(wanted: Iterable[tuple[Name, Any]], height: int) -> dict[Name, Array]:
    """An array of ``height`` elements for each name, of its type; they lie together, and go together."""
    each = [(name, numpy.dtype(dtype)) for name, dtype in wanted]
    if sum(height * dtype.itemsize for _, dtype in each) < LARGE:
        return {name: numpy.empty(height, dtype) for name, dtype in each}
    found, at = dict[Name, Array](), 0
    whole = _whole(sum(_stretch(height, dtype) for _, dtype in each))
    for name, dtype in each:
        found[name] = whole[at : at + height * dtype.itemsize].view(dtype)
        at += _stretch(height, dtype)
    return found


def taken(values: Array, order: Array) -> Array:
    """The elements of ``values`` in an order of their places."""
    found: Array = rooms([(0, values.dtype)], len(order))[0]
    return values.take(order, out=found, mode="clip")  # whose places are all there: otherwise numpy makes a copy first


def let_go() -> None:
    """Keep nothing for the next arrays: those to come are of other sizes."""
    _memory.forget()


def _stretch(height: int, dtype: numpy.dtype[Any]) -> int:
    return -(-height * dtype.itemsize // ALIGNED) * ALIGNED


def _whole(size: int) -> Array:
    """Bytes that go back to those that wait once no array reads them."""
    stretch = _memory.take(-(-size // GRAIN) * GRAIN)
    whole = numpy.frombuffer(stretch.block, numpy.uint8, stretch.size, stretch.start)
    weakref.finalize(whole, _memory.give_back, stretch).atexit = False
    return whole
