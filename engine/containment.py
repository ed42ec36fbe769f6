"""Work in a child process with a deadline: whatever a core in C or the file of a stranger does, the asker survives and says so."""

from __future__ import annotations

import gc
import os
import pickle
import resource
import select
import signal
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

from engine.problems import EngineDefect, InputError, input_error

Item = TypeVar("Item")
Result = TypeVar("Result")
DEADLINE_SECONDS = 60
READING_SECONDS, READING_BYTES = 30, 2_000_000_000  # some fifty times what the shipped law needs
_GRACE_SECONDS = 5
_LENGTH = struct.Struct("!Q")


def _mapped() -> int:
    """The bytes of address space that this process has; 0 where the system does not say (and does not limit it)."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


class OutOfTime(EngineDefect):
    """A child did not answer before its deadline."""


def bounded(name: str, work: Callable[[], Result]) -> Result:
    """The result of reading something that a stranger may have written, within limits of time and memory.

    Processes that the work itself starts are within the same limits.

    Args:
        name: what is read, as a person would call it.

    Raises:
        InputError: as raised by the work, or because a limit was reached.
        EngineDefect: the child died.
    """

    def limited(_: str) -> Result:
        for kind, most in ((resource.RLIMIT_CPU, READING_SECONDS + _GRACE_SECONDS), (resource.RLIMIT_AS, _mapped() + READING_BYTES)):
            hard = resource.getrlimit(kind)[1]
            resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
        try:
            return work()
        except MemoryError:
            raise input_error(
                name, 0, 0, f"needs more than {READING_BYTES:,} bytes of memory to be read", "take out what is very large"
            ) from None

    try:
        return next(contained([name], limited, READING_SECONDS))
    except OutOfTime:
        raise input_error(
            name, 0, 0, f"could not be read within {READING_SECONDS} seconds", "take out what is very large or deeply nested"
        ) from None


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
            raise OutOfTime(f"{item}: the rules core did not answer in time and was stopped")
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
