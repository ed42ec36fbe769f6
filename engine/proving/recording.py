"""Proving that remembers what the rules for each decision looked up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.facts import Facts
from engine.law import Law, Phase, Program, Selection, TypedRule
from engine.proving.compiled import Compiled
from engine.proving.instances import Root
from engine.proving.prover import Prover
from engine.proving.session import Session

Key = tuple[str, str]
LookUp = tuple[str, Any, date]


@dataclass
class _News:
    count: int = 0


class RecordedProgram(Program):
    """Remembers what the rules for each decision looked up.

    Attributes:
        read: decision -> the look-ups of its rules, in any session.
        readers: the decisions that are being proved, the innermost last.
        log: the look-ups since the outermost of them began.
        news: counts what is recorded for the first time, in all programs.
    """

    def __init__(self, law: Law, selection: Selection, phase: Phase, year: int, news: _News) -> None:
        super().__init__(law, selection, phase, year)
        self.read: dict[Key, set[LookUp]] = {}
        self.readers: list[Key] = []
        self.log: list[LookUp] = []
        self.news = news
        self.fixed = _Memo(self)

    def rules(self, key: Key) -> tuple[TypedRule, ...]:
        self.news.count += key not in self._rules
        return super().rules(key)

    def parameter(self, name: str, key: Any, at: date) -> Any:
        self.heard((name, key, at))
        return super().parameter(name, key, at)

    def heard(self, look_up: LookUp) -> None:
        if self.readers:
            self.log.append(look_up)
            known = self.read.setdefault(self.readers[-1], set())
            if look_up not in known:
                known.add(look_up)
                self.news.count += 1


class _Memo(dict[int, Any]):
    """The values that depend on the program alone; whoever takes one has looked up what it was made from."""

    def __init__(self, program: RecordedProgram) -> None:
        super().__init__()
        self.program = program
        self.begun: list[int] = []
        self.made: dict[int, frozenset[LookUp]] = {}

    def __contains__(self, number: object) -> bool:
        found = super().__contains__(number)
        if not found:
            self.begun.append(len(self.program.log))
        return found

    def __setitem__(self, number: int, value: Any) -> None:
        self.made[number] = frozenset(self.program.log[self.begun.pop() :])
        super().__setitem__(number, value)

    def __getitem__(self, number: int) -> Any:
        for look_up in self.made[number]:
            self.program.heard(look_up)
        return super().__getitem__(number)


class _RecordedSession(Session):
    program: RecordedProgram

    def _prove_decision(self, key: Key, compiled: Compiled, core: Any) -> None:
        readers = self.program.readers
        readers.append(key)
        try:
            super()._prove_decision(key, compiled, core)
        finally:
            readers.pop()
            if not readers:
                self.program.log.clear()


class Recording(Prover):
    """Proves under the first law.

    Attributes:
        news: grows with everything that is recorded.
    """

    def __init__(self, law: Law, selection: Selection, facts: Facts) -> None:
        super().__init__(law, selection, facts)
        self.news = _News()

    def law_of(self, phase: Phase, year: int) -> Program:
        found = self._programs.get((phase.id, year))
        if found is None:
            found = self._programs[phase.id, year] = RecordedProgram(self.law, self.selection, phase, year, self.news)
        return found

    def session(self, root: Root) -> Session:
        found = self._sessions.get(root)
        if found is None:
            found = self._sessions[root] = _RecordedSession(self, root, self.program(root))
        return found

    def kept_session(self, root: Root) -> Session | None:
        return self._sessions.get(root)

    def forget(self) -> None:
        for session in self._sessions.values():
            release(session)
        super().forget()


def release(session: Session) -> None:
    """Undo the circles between a session and its instances: collecting garbage is off where proving goes on."""
    for found in session._instances.values():
        for instance in found:
            instance.env.clear()
    session._instances.clear()
