"""Proving in a child process with a deadline: whatever the C core does, the asker survives and says so."""

from __future__ import annotations

import gc
import os
import pickle
import select
import signal
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar, cast

from engine.problems import EngineDefect, InputError

Item = TypeVar("Item")
Result = TypeVar("Result")
DEADLINE_SECONDS = 60
_LENGTH = struct.Struct("!Q")


def contained(items: Sequence[Item], work: Callable[[Item], Result], deadline: float = DEADLINE_SECONDS) -> Iterator[Result]:
    """The results of ``work`` for each item, in order, computed in a child that starts at once.

    Raises:
        InputError: as raised by the work.
        EngineDefect: the child died, or took longer than ``deadline`` seconds for one item; it names the item.
    """
    results = _results(items, work, deadline)
    next(results)
    return cast("Iterator[Result]", results)


def _results(items: Sequence[Any], work: Callable[[Any], Any], deadline: float) -> Iterator[Any]:
    """Starts the child and yields once, then yields what it answers."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _serve(writer, items, work)
    os.close(writer)
    try:
        yield None
        for item in items:
            yield _unwrap(_receive(reader, deadline, item))
    finally:
        os.close(reader)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _serve(writer: int, items: Sequence[Any], work: Callable[[Any], Any]) -> None:
    """The child's whole life; it never returns to the caller's code.

    It lives for one answer and keeps its steps, so collecting garbage would only cost time.
    """
    gc.disable()
    try:
        for item in items:
            try:
                answer: tuple[str, Any] = "result", work(item)
            except InputError as error:
                answer = "input", error.problems
            except EngineDefect as error:
                answer = "defect", f"{item}: {error}"
            message = pickle.dumps(answer)
            _write(writer, _LENGTH.pack(len(message)) + message)
            if answer[0] != "result":
                break
    except BrokenPipeError:
        os._exit(0)
    except BaseException as error:
        with suppress(OSError):
            message = pickle.dumps(("defect", f"{type(error).__name__}: {error}"))
            _write(writer, _LENGTH.pack(len(message)) + message)
        os._exit(1)
    os._exit(0)


def _write(writer: int, message: bytes) -> None:
    view = memoryview(message)
    while view:
        view = view[os.write(writer, view) :]


def _receive(reader: int, deadline: float, item: Any) -> tuple[str, Any]:
    until = time.monotonic() + deadline
    header = _read(reader, _LENGTH.size, until, item)
    answer: tuple[str, Any] = pickle.loads(_read(reader, _LENGTH.unpack(header)[0], until, item))
    return answer


def _read(reader: int, size: int, until: float, item: Any) -> bytes:
    parts, missing = [], size
    while missing:
        ready, _, _ = select.select([reader], [], [], max(0, until - time.monotonic()))
        if not ready:
            raise EngineDefect(f"{item}: the rules core did not answer in time and was stopped")
        part = os.read(reader, min(missing, 1 << 20))
        if not part:
            raise EngineDefect(f"{item}: the rules core crashed; the facts of this determination are the ones to report")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _unwrap(answer: tuple[str, Any]) -> Any:
    kind, content = answer
    if kind == "input":
        raise InputError(content)
    if kind == "defect":
        raise EngineDefect(content)
    return content
