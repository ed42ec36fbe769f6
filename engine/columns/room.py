"""Memory for large arrays, kept for the next ones: the first touch of a fresh page costs more than what loops compute of it."""

from __future__ import annotations

import mmap
import weakref
from collections.abc import Iterable
from threading import RLock
from typing import Any, TypeVar

import numpy

Array = Any
Name = TypeVar("Name")
LARGE = 2**20
"""Less is left to numpy."""
KEPT = 2**28
"""So many bytes at most wait for the next arrays."""
ALIGNED = 64

_free: list[mmap.mmap] = []
_lock = RLock()


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
    with _lock:
        _free.clear()


def _stretch(height: int, dtype: numpy.dtype[Any]) -> int:
    return -(-height * dtype.itemsize // ALIGNED) * ALIGNED


def _whole(size: int) -> Array:
    """Bytes that go back to those that wait once no array reads them."""
    block = _taken(-(-size // LARGE) * LARGE)
    whole = numpy.frombuffer(block, numpy.uint8)
    weakref.finalize(whole, _give_back, block).atexit = False
    return whole


def _taken(size: int) -> mmap.mmap:
    with _lock:
        for block in sorted(_free, key=len):
            if size <= len(block) <= 2 * size and block in _free:  # a block may have come and gone while these were sorted
                _free.remove(block)
                return block
    return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def _give_back(block: mmap.mmap) -> None:
    with _lock:
        _free.append(block)
        while sum(map(len, _free)) > KEPT:
            _free.pop(0)
