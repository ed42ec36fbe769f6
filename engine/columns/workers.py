"""Tasks done in processes of their own. Each is started afresh: a process with threads, which Polars has, cannot be forked safely."""

from __future__ import annotations

import io
import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any

from engine.containment import cores
from engine.law import Law
from engine.problems import EngineDefect, InputError

THREADS = "POLARS_MAX_THREADS"


class Workers:
    """Does tasks, several at a time; with one worker, or for a single task, in this process.

    Args:
        work: what is done with a task; it and the results travel between processes.
        law: the law that ``work`` holds: it is sent once, as data.
    """

    def __init__(self, work: Callable[[Any], Any], law: Law, many: int) -> None:
        self.work, self.law, self.many = work, law, many
        self.pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.pool is not None:
            self.pool.shutdown(wait=True, cancel_futures=True)

    def each(self, tasks: Sequence[Any]) -> Iterator[Any]:
        """The results, as they come.

        Raises:
            InputError: as raised by the work.
            EngineDefect: as raised by the work, or a process died.
        """
        if self.many == 1 or len(tasks) < 2:
            yield from map(self.work, tasks)
            return
        waiting = self._sent(tasks)
        try:
            for future in as_completed(waiting):
                kind, content = future.result()
                if kind == "input":
                    raise InputError(content)
                if kind == "defect":
                    raise EngineDefect(content)
                yield content
        except BrokenProcessPool:
            raise EngineDefect(
                "a process died while it decided a partition; if memory ran out, take more --partitions or fewer --workers"
            ) from None

    def _sent(self, tasks: Sequence[Any]) -> list[Future[tuple[str, Any]]]:
        before = os.environ.get(THREADS)
        os.environ[THREADS] = str(max(1, cores() // self.many))  # read by Polars when a process first imports it
        try:
            if self.pool is None:
                law = (self.law.tree, self.law.digest, self.law.files)
                start = (_dumped(self.work, self.law), law)
                self.pool = ProcessPoolExecutor(self.many, multiprocessing.get_context("spawn"), _begin, start)
            return [self.pool.submit(_done, task) for task in tasks]
        finally:
            if before is None:
                del os.environ[THREADS]
            else:
                os.environ[THREADS] = before


class _Pickler(pickle.Pickler):
    law: Law

    def persistent_id(self, value: Any) -> str | None:
        return "law" if value is self.law else None


class _Unpickler(pickle.Unpickler):
    law: Law

    def persistent_load(self, name: Any) -> Any:
        return self.law


def _dumped(work: Callable[[Any], Any], law: Law) -> bytes:
    target = io.BytesIO()
    pickler = _Pickler(target)
    pickler.law = law
    pickler.dump(work)
    return target.getvalue()


_work: Callable[[Any], Any]


def _begin(dumped: bytes, law: tuple[Any, ...]) -> None:
    """The first thing a worker does: it ends with the process that started it, and at once when that is interrupted."""
    global _work
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    unpickler = _Unpickler(io.BytesIO(dumped))
    unpickler.law = Law(*law)
    _work = unpickler.load()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _done(task: Any) -> tuple[str, Any]:
    try:
        return "result", _work(task)
    except InputError as error:
        return "input", error.problems
    except EngineDefect as error:
        return "defect", str(error)
