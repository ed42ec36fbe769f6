"""What durable-rules says is checked: a firing that it misses, invents or mistakes is raised."""

from __future__ import annotations

from collections.abc import Callable

import durable_rules_engine
import pytest

from engine.problems import EngineDefect
from engine.proving.core import CoreSession
from tests.saying import truth
from tests.small_law import determined, facts_of, law_of


def lying(change: Callable[[list[list[str]]], list[list[str]]], monkeypatch: pytest.MonkeyPatch) -> None:
    real = CoreSession.ask
    monkeypatch.setattr(CoreSession, "ask", lambda self, question, facts: change(real(self, question, facts)))


def test_a_firing_that_the_core_misses_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    lying(lambda fired: [[] for _ in fired], monkeypatch)
    for cells in ("signed: 1", "signed: -1"):
        with pytest.raises(EngineDefect, match="says nothing"):
            truth("installation.signed > 0", cells)


@pytest.mark.parametrize(
    ("cells", "invented"), [("signed: -1", "q0r0h0"), ("signed: 1", "q0r0f0"), ("count: 1", "q0r0h0"), ("count: 1", "q0r0f0")]
)
def test_a_firing_that_the_core_invents_is_raised(cells: str, invented: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lying(lambda fired: [[*names, invented] for names in fired], monkeypatch)
    with pytest.raises(EngineDefect):
        truth("installation.signed > 0", cells)


def test_firings_that_the_core_gives_to_another_instance_are_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    law = law_of("{decisions: {lot.d: {type: bool}}, rules: [{rule: r, decides: lot.d, when: lot.good}]}")
    facts = facts_of(
        law.vocabulary, "{installations: [{id: A}], units: [{id: U, installation: A, good: true}, {id: V, installation: A, good: false}]}"
    )
    lying(lambda fired: fired[::-1], monkeypatch)
    with pytest.raises(EngineDefect):
        determined(law, facts)


def test_an_auxiliary_firing_that_the_core_misses_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    real = CoreSession.ask
    monkeypatch.setattr(
        CoreSession, "ask", lambda self, question, facts: real(self, question, facts) if question.number == 0 else [[] for _ in facts]
    )
    with pytest.raises(EngineDefect):
        truth(" and ".join(f"(installation.signed > {i} or installation.count > {i})" for i in range(6)), "signed: 9, count: 9")


def test_a_duplicate_that_the_core_sees_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    real = durable_rules_engine.assert_fact
    monkeypatch.setattr(
        durable_rules_engine, "assert_fact", lambda handle, message: (2, 0) if '"kz_q":0' in message else real(handle, message)
    )
    with pytest.raises(EngineDefect, match="duplicate"):
        truth("installation.signed > 0", "signed: 1")
