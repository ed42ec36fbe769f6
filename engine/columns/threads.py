"""Work of one process on several cores: for what lets go of the interpreter while it computes."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from engine.columns.workers import THREADS
from engine.containment import cores

NAME = "columns"
Item = TypeVar("Item")
Result = TypeVar("Result")


planning = threading.RLock()
"""Held while a plan is looked for, made or compiled: threads that decide parts of a register share plans, and each is made once."""


@cache
def threads() -> int:
    """How many threads a process may have: as many as Polars is allowed."""
    return int(os.environ.get(THREADS) or cores())


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads(), NAME)


@cache
def _readers() -> ThreadPoolExecutor:
    """One more than there are cores: while a batch is read, its thread waits for those of Polars."""
    return ThreadPoolExecutor(threads() + 1, NAME)


def each(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """What comes of each item, done in any order; one after the other where this is itself one of several done so.

    Raises:
        Exception: the first that ``work`` raised.
    """
    items = list(items)
    if threads() < 2 or len(items) < 2 or threading.current_thread().name.startswith(NAME):
        return [work(item) for item in items]
    return [done.result() for done in [_pool().submit(work, item) for item in items]]


def in_turn(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """What comes of each item, which is read first, in their order; no more are taken than are worked on, and one besides.

    Raises:
        Exception: as raised by ``work``, or by ``items``.
    """
    waiting: deque[Future[Result]] = deque()
    for item in items:
        waiting.append(_readers().submit(work, item))
        del item
        if len(waiting) > threads() + 1:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
