"""Work in processes of its own: what dies, spins or raises there is told here, and named."""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import durable_rules_engine
import pytest

from engine.containment import Beside, contained
from engine.problems import EngineDefect, InputError, Problem
from engine.proving import Root


def work_on(item: int) -> Any:
    """What the items of the tests below ask for."""
    if item == 11:
        faulthandler.disable()
        os.kill(os.getpid(), signal.SIGSEGV)
    if item == 12:
        while True:
            pass
    if item == 13:
        raise ValueError("a bug of ours")
    if item == 14:
        raise InputError([Problem("case.yaml", 3, 4, "wrong", "mend it")])
    if item == 15:
        raise EngineDefect("the core says True")
    if item == 16:
        return lambda: None
    if item == 17:
        return "ж" * 5_000_000
    if item == 18:
        os._exit(0)
    return item * 2


def until(results: Iterator[Any]) -> tuple[list[Any], BaseException | None]:
    found: list[Any] = []
    try:
        for result in results:
            found.append(result)
    except (EngineDefect, InputError) as error:
        return found, error
    return found, None


def work_on_each(items: list[int]) -> Iterator[Any]:
    yield from map(work_on, items)


def test_a_process_beside_answers_one_question_after_the_other() -> None:
    with Beside(work_on_each) as beside:
        beside.ask([1, 2])
        beside.ask([])
        beside.ask([17, 3])
        assert until(beside.answers("first")) == ([2, 4], None)
        assert until(beside.answers("second")) == ([], None)
        assert [len(found) if isinstance(found, str) else found for found in beside.answers("third")] == [5_000_000, 6]


@pytest.mark.parametrize("bad", [11, 13, 14, 15, 16, 18])
def test_what_goes_wrong_beside_is_told_here(bad: int) -> None:
    with Beside(work_on_each) as beside:
        beside.ask([1, bad, 2])
        found, error = until(beside.answers("the question"))
        dies = bad in (11, 18)  # and may take with it what it has answered and nobody has read
        assert (found == [2] or (dies and not found)) and isinstance(error, InputError if bad == 14 else EngineDefect)
        with pytest.raises(EngineDefect):
            beside.ask([1])
            list(beside.answers("another"))


def test_a_process_beside_goes_on_while_nobody_reads(tmp_path: Path) -> None:
    """What it answers first is far more than a pipe holds; what it does next is done before anybody has read that."""

    def work(done: Path) -> Iterator[str]:
        yield "ж" * 5_000_000
        done.write_text("next")
        yield "end"

    with Beside(work) as beside:
        beside.ask(tmp_path / "done")
        until_then = time.monotonic() + 20
        while not (tmp_path / "done").exists() and time.monotonic() < until_then:
            time.sleep(0.01)
        assert (tmp_path / "done").exists()
        assert [len(answer) for answer in beside.answers("the question")] == [5_000_000, 3]


def test_a_process_beside_that_spins_is_stopped_at_the_deadline() -> None:
    with Beside(work_on_each) as beside:
        beside.ask([1, 12])
        found, error = until(beside.answers("the question", deadline=0.3))
    assert found == [2] and isinstance(error, EngineDefect) and "the question" in str(error)


def test_results_come_back_in_order() -> None:
    assert until(contained([1, 2, 3], work_on)) == ([2, 4, 6], None)
    assert until(contained([], work_on)) == ([], None)


def test_a_large_result_comes_back_whole() -> None:
    assert len(next(contained([17], work_on))) == 5_000_000


@pytest.mark.parametrize("bad", [11, 18])
def test_a_child_that_dies_is_named_and_survived(bad: int) -> None:
    found, error = until(contained([1, bad, 2], work_on))
    assert found == [2] and isinstance(error, EngineDefect) and str(bad) in str(error)
    assert until(contained([4], work_on)) == ([8], None)


def test_a_child_that_spins_is_stopped_at_the_deadline() -> None:
    started = time.monotonic()
    found, error = until(contained([1, 12, 2], work_on, deadline=0.3))
    assert found == [2] and isinstance(error, EngineDefect) and "12" in str(error)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("bad", [13, 15, 16])
def test_a_child_that_raises_is_a_defect(bad: int) -> None:
    found, error = until(contained([1, bad, 2], work_on))
    assert found == [2] and isinstance(error, EngineDefect)


def test_wrong_input_stays_wrong_input() -> None:
    found, error = until(contained([1, 14], work_on))
    assert found == [2] and isinstance(error, InputError) and error.problems[0].line == 3


def test_no_child_is_left_behind() -> None:
    for items in ([1, 2, 3], [1, 11], [1, 13]):
        until(contained(items, work_on))
    until(contained([12], work_on, deadline=0.2))
    abandoned = contained([1, 2, 3], work_on)
    next(abandoned)
    del abandoned
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_the_core_s_own_crash_is_contained() -> None:
    def crash(_: int) -> None:
        handle = durable_rules_engine.create_ruleset("crash", json.dumps({"r": {"all": [{"m": {"$and": [{"kz_q": 1}]}}]}}))
        durable_rules_engine.delete_state(handle, "never-fired")
        os.abort()

    found, error = until(contained([1], crash))
    assert found == [] and isinstance(error, EngineDefect)


def test_a_root_is_named_in_the_words_of_the_asker() -> None:
    assert str(Root("installation_year", ("K-1",), 2023)) == "K-1, 2023"
