"""Work of one process on several cores: for what lets go of the interpreter while it computes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from engine.columns.workers import THREADS
from engine.containment import cores

Item = TypeVar("Item")
Result = TypeVar("Result")


@cache
def threads() -> int:
    """How many threads a process may have: as many as Polars is allowed."""
    return int(os.environ.get(THREADS) or cores())


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads(), "columns")


def each(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """What comes of each item, done in any order.

    Raises:
        Exception: the first that ``work`` raised.
    """
    items = list(items)
    if threads() < 2 or len(items) < 2:
        return [work(item) for item in items]
    return [done.result() for done in [_pool().submit(work, item) for item in items]]
