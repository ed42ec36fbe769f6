"""Partitions decided by several threads: what columns compute lets go of the interpreter, and what is proved is proved in child processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Semaphore
from typing import Any

from engine.columns.forking import working

THREADS = "POLARS_MAX_THREADS"


class Workers:
    """Does tasks, several at a time; with one worker, or for a single task, in this thread.

    Args:
        work: done by ``many`` at a time.
        finish: what is done besides with a task and what its work gave, while others are worked on: it computes little, and waits for
            the disk. The result is what it gives; None where that is what the work gave.
    """

    def __init__(self, work: Callable[[Any], Any], many: int, finish: Callable[[Any, Any], Any] | None = None) -> None:
        self.work, self.many, self.finish, self.turns = work, many, finish, Semaphore(many)

    def each(self, tasks: Sequence[Any]) -> Iterator[Any]:
        """The results, as they come. What was begun is ended, whoever stops asking.

        Raises:
            InputError: as raised by the work.
            EngineDefect: as raised by the work.
        """
        if self.many == 1 or len(tasks) < 2:
            yield from map(self._done, tasks)
            return
        pool = ThreadPoolExecutor(self.many + (self.finish is not None), "partitions")
        try:
            for done in as_completed([pool.submit(self._done, task) for task in tasks]):
                yield done.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _done(self, task: Any) -> Any:
        with self.turns, working():  # in this order: a child is forked only while nobody works, so that who works must not wait for a turn
            found = self.work(task)
        if self.finish is None:
            return found
        with working():
            return self.finish(task, found)
