"""Partitions decided by several threads: what columns compute lets go of the interpreter, and what is proved is proved in child processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from engine.columns.forking import working

THREADS = "POLARS_MAX_THREADS"


class Workers:
    """Does tasks, several at a time; with one worker, or for a single task, in this thread."""

    def __init__(self, work: Callable[[Any], Any], many: int) -> None:
        self.work, self.many = work, many

    def each(self, tasks: Sequence[Any]) -> Iterator[Any]:
        """The results, as they come. What was begun is ended, whoever stops asking.

        Raises:
            InputError: as raised by the work.
            EngineDefect: as raised by the work.
        """
        if self.many == 1 or len(tasks) < 2:
            yield from map(self.work, tasks)
            return
        pool = ThreadPoolExecutor(self.many, "partitions")
        try:
            for done in as_completed([pool.submit(self._done, task) for task in tasks]):
                yield done.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _done(self, task: Any) -> Any:
        with working():
            return self.work(task)
