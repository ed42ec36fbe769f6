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
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar, cast

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


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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
    return begun(name, work)()


def begun(name: str, work: Callable[[], Result]) -> Callable[[], Result]:
    """As `bounded`, but the work begins while this process goes on; what it returns waits for the result, once."""

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

    results = contained([name], limited, READING_SECONDS)

    def result() -> Result:
        with closing(results):
            try:
                return next(results)
            except OutOfTime:
                raise input_error(
                    name, 0, 0, f"could not be read within {READING_SECONDS} seconds", "take out what is very large or deeply nested"
                ) from None

    return result


def contained(items: Sequence[Item], work: Callable[[Item], Result], deadline: float = DEADLINE_SECONDS) -> Generator[Result]:
    """The results of ``work`` for each item, in order, computed in a child that starts at once.

    Raises:
        InputError: as raised by the work.
        EngineDefect: the child died, or took longer than ``deadline`` seconds for one item; it names the item.
    """
    results = _results(items, work, deadline)
    next(results)
    return cast("Generator[Result]", results)


class Beside:
    """A process beside this one that answers questions, in their order; it starts at once, and ends with this one or when it is closed.

    Args:
        work: gives the answers to a question, one after the other; in the child.
    """

    def __init__(self, work: Callable[[Any], Iterable[Any]]) -> None:
        questions, self._asking = os.pipe()
        self._reader, answers = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            os.close(self._asking)
            os.close(self._reader)
            sender = _Sender(answers)
            _live(sender.send, (answer for question in _questions(questions) for answer in _answers(work, question)), sender.close)
        os.close(questions)
        os.close(answers)

    def ask(self, question: Any) -> None:
        """Put a question; it is answered while this process goes on.

        Raises:
            EngineDefect: the child is no more.
        """
        message = pickle.dumps(question)
        try:
            _write(self._asking, _LENGTH.pack(len(message)) + message)
        except BrokenPipeError:
            raise EngineDefect(f"{question}: the process that was to answer has ended") from None

    def answers(self, name: str, deadline: float | None = DEADLINE_SECONDS) -> Iterator[Any]:
        """The answers to the oldest question that was not answered yet, as they come.

        Args:
            name: of the question, for errors.
            deadline: seconds for one answer; None: as long as it takes.

        Raises:
            InputError: as raised by the work.
            EngineDefect: the child died, or took longer than ``deadline`` for one answer.
        """
        while (answer := _receive(self._reader, deadline, name))[0] != "end":
            yield _unwrap(answer)

    def close(self) -> None:
        os.close(self._asking)
        _end(self._child, self._reader)

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _questions(reader: int) -> Iterator[Any]:
    """What is asked, until there is nobody left who asks."""
    while True:
        try:
            yield pickle.loads(_message(reader, None, ""))
        except EngineDefect:
            return


def _answers(work: Callable[[Any], Iterable[Any]], question: Any) -> Iterator[tuple[str, Any]]:
    try:
        for answer in work(question):
            yield "result", answer
        yield "end", None
    except InputError as error:
        yield "input", error.problems
    except EngineDefect as error:
        yield "defect", str(error)


def _results(items: Sequence[Any], work: Callable[[Any], Any], deadline: float) -> Generator[Any]:
    """Starts the child and yields once, then yields what it answers."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _live(partial(_write, writer), _worked(items, work))
    os.close(writer)
    try:
        yield None
        for item in items:
            yield _unwrap(_receive(reader, deadline, item))
    finally:
        _end(child, reader)


def _worked(items: Sequence[Any], work: Callable[[Any], Any]) -> Iterator[tuple[str, Any]]:
    for item in items:
        try:
            yield "result", work(item)
        except InputError as error:
            yield "input", error.problems
        except EngineDefect as error:
            yield "defect", f"{item}: {error}"


def _end(child: int, reader: int) -> None:
    os.close(reader)
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _live(send: Callable[[bytes], None], answers: Iterator[tuple[str, Any]], finish: Callable[[], None] = lambda: None) -> NoReturn:
    """The child's whole life; it never returns to the caller's code.

    It lives for its answers and keeps its steps, so collecting garbage would only cost time.

    Args:
        finish: called when everything has been given to ``send``.
    """
    gc.disable()
    try:
        for answer in answers:
            send(_framed(answer))
            if answer[0] in ("input", "defect"):
                break
        finish()
    except BrokenPipeError:
        os._exit(0)
    except BaseException as error:
        with suppress(OSError):
            send(_framed(("defect", f"{type(error).__name__}: {error}")))
            finish()
        os._exit(1)
    os._exit(0)


def _framed(answer: tuple[str, Any]) -> bytes:
    message = pickle.dumps(answer)
    return _LENGTH.pack(len(message)) + message


class _Sender:
    """Writes beside the work, which goes on whether or not anybody reads yet."""

    def __init__(self, writer: int) -> None:
        from queue import SimpleQueue  # loaded only in a process beside another
        from threading import Thread

        self._waiting: SimpleQueue[bytes | None] = SimpleQueue()
        self._thread = Thread(target=self._run, args=(writer,), daemon=True)
        self._thread.start()
        self.send = self._waiting.put

    def _run(self, writer: int) -> None:
        try:
            while (message := self._waiting.get()) is not None:
                _write(writer, message)
        except BrokenPipeError:
            os._exit(0)  # there is nobody left who reads

    def close(self) -> None:
        """Wait until everything is written."""
        self._waiting.put(None)
        self._thread.join()


def _write(writer: int, message: bytes) -> None:
    view = memoryview(message)
    while view:
        view = view[os.write(writer, view) :]


def _receive(reader: int, deadline: float | None, item: Any) -> tuple[str, Any]:
    answer: tuple[str, Any] = pickle.loads(_message(reader, None if deadline is None else time.monotonic() + deadline, item))
    return answer


def _message(reader: int, until: float | None, item: Any) -> bytes:
    return _read(reader, _LENGTH.unpack(_read(reader, _LENGTH.size, until, item))[0], until, item)


def _read(reader: int, size: int, until: float | None, item: Any) -> bytes:
    parts, missing = [], size
    while missing:
        ready, _, _ = select.select([reader], [], [], None if until is None else max(0, until - time.monotonic()))
        if not ready:
            raise OutOfTime(f"{item}: the process did not answer in time and was stopped")
        part = os.read(reader, min(missing, 1 << 20))
        if not part:
            raise EngineDefect(f"{item}: the process crashed; its facts are the ones to report")
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
