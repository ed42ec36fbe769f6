"""Rulesets and sessions of durable-rules: none sees another, all are freed, none loses a firing, however many there are."""

from __future__ import annotations

import subprocess
import sys

import durable_rules_engine
import pytest

from engine.proving.conditions import Flattener, Question
from engine.proving.core import CoreRules
from tests.small_law import typed


def asked(*conditions: str) -> tuple[CoreRules, Question]:
    flattener = Flattener()
    question = flattener.question(tuple(typed(c) for c in conditions))
    return CoreRules("test", flattener), question


def test_no_session_sees_the_facts_of_another() -> None:
    core, question = asked("installation.signed > 0")
    one, two = core.session(), core.session()
    assert one.ask(question, [{"a0_l": 1, "a0_h": 1}]) == [["q0r0h0"]]
    assert two.ask(question, [{"a0_l": -1, "a0_h": -1}]) == [["q0r0f0"]]
    assert one.ask(question, [{"a0_l": -1, "a0_h": 1}]) == [[]]
    one.close()
    assert two.ask(question, [{"a0_l": 1, "a0_h": 1}]) == [["q0r0h0"]]
    two.close()


def test_a_batch_of_no_facts_asks_nothing() -> None:
    core, question = asked("installation.signed > 0")
    session = core.session()
    assert session.ask(question, []) == []
    session.close()


def test_rules_that_nobody_holds_are_freed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    freed: list[int] = []
    real = durable_rules_engine.delete_ruleset

    def delete(handle: int) -> None:
        freed.append(handle)
        real(handle)

    monkeypatch.setattr(durable_rules_engine, "delete_ruleset", delete)
    core, question = asked("installation.signed > 0")
    handle, session = core.handle, core.session()
    del core
    assert freed == []  # a session holds its rules
    assert session.ask(question, [{"a0_l": 1, "a0_h": 1}]) == [["q0r0h0"]]
    session.close()
    del session
    assert freed == [handle]
    core, _ = asked("installation.signed > 0")
    core.close()
    del core
    assert len(freed) == 2


def test_a_session_that_was_never_asked_can_be_closed() -> None:
    core, _ = asked("installation.signed > 0")
    core.session().close()
    core.close()


def test_many_sessions_one_after_the_other() -> None:
    core, question = asked("installation.signed > 0")
    for _ in range(3_000):
        session = core.session()
        assert session.ask(question, [{"a0_l": 1, "a0_h": 1}]) == [["q0r0h0"]]
        session.close()
    core.close()


def test_thousands_of_instances_in_one_session_all_fire() -> None:
    """Identity in the core is a 32-bit hash: a lost firing would be raised, so none may be lost at the sizes we meet."""
    core, question = asked("installation.signed > 0")
    session = core.session()
    for _ in range(20):
        assert session.ask(question, [{"a0_l": 1, "a0_h": 1}, {"a0_l": -1, "a0_h": -1}] * 500) == [["q0r0h0"], ["q0r0f0"]] * 500
    session.close()


# With more than 511 questions in one ruleset the core never returns from `create_ruleset`.
def test_more_questions_than_the_core_takes_are_refused_or_split() -> None:
    code = (
        "from tests.small_law import typed\n"
        "from engine.problems import EngineDefect\n"
        "from engine.proving.conditions import Flattener\n"
        "from engine.proving.core import CoreRules\n"
        "f = Flattener(); node = typed('installation.signed > 1')\n"
        "for _ in range(600): f.question((node,))\n"
        "try: CoreRules('x', f)\n"
        "except EngineDefect: pass\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=10).returncode == 0
