"""Forking where threads decide partitions: a child has the locks as they were at that moment, and not the threads that would let them go.

Polars, LLVM and Python's caches hold locks while they work. Therefore a process is forked only while every other thread stands between
two partitions, or itself waits for a child.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Condition, local
from typing import TypeVar

Result = TypeVar("Result")
_changed, _mine = Condition(), local()
_working, _waiting, _forking = 0, 0, False


@contextmanager
def working() -> Iterator[None]:
    """While this thread may hold locks that a child would need."""
    _begin()
    _mine.working = True
    try:
        yield
    finally:
        _mine.working = False
        _end()


def from_child(start: Callable[[], Iterable[Result]]) -> list[Result]:
    """All that a child says, which ``start`` forks.

    Raises:
        Exception: as raised by ``start``, or by what it returns.
    """
    own = getattr(_mine, "working", False)
    if own:
        _end()
    try:
        return list(_forked(start))
    finally:
        if own:
            _begin()


def _forked(start: Callable[[], Result]) -> Result:
    global _waiting, _forking
    with _changed:
        _waiting += 1
        _changed.wait_for(lambda: not _working and not _forking)
        _waiting, _forking = _waiting - 1, True
    try:
        return start()
    finally:
        with _changed:
            _forking = False
            _changed.notify_all()


def _begin() -> None:
    global _working
    with _changed:
        _changed.wait_for(lambda: not _waiting and not _forking)
        _working += 1


def _end() -> None:
    global _working
    with _changed:
        _working -= 1
        _changed.notify_all()
