"""Which errors in the law the worked examples notice.

A case can notice an error only if some rule, read about something in that case, means something else with it. That is
cheap to know; only those cases are asked again under the law with the error, until one comes out otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.containment import contained
from engine.drafting.cases import Case, Laws
from engine.drafting.cases_running import Runner, expected_keys, mismatches_of
from engine.drafting.mutation import Key, Mutant
from engine.language import OpenSet, Unknown, compile_node
from engine.law import Law, Program, TypedRule
from engine.problems import EngineDefect, InputError
from engine.proving import Prover, Root, determine
from engine.proving.instances import Instance
from engine.proving.session import Session

DEADLINE_SECONDS = 600
MAX_NEAR = 3


@dataclass(frozen=True)
class Trial:
    """What became of one error.

    Attributes:
        killed_by: the case that noticed; empty for an error that survived.
        seen_by: the first cases in which a rule meant something else, though nothing that they expect changed.
        seen: how many these are.
    """

    killed_by: str = ""
    seen_by: tuple[str, ...] = ()
    seen: int = 0


@dataclass(frozen=True)
class _Asked:
    """A case that was asked under the law as it stands, with everything that was proved for it."""

    case: Case
    prover: Prover
    root: Root
    wanted: tuple[Key, ...]


class Laboratory:
    """Tries errors on cases.

    Args:
        laws: as they stand.
        cases: that all come out as they say.
    """

    def __init__(self, laws: Laws, cases: Sequence[Case]) -> None:
        self.laws, self.cases = laws, cases
        self._asked: list[_Asked] | None = None
        self._kept: list[Law] = []  # nodes are remembered by their address: none may be freed while sessions live

    def __call__(self, mutant: Mutant) -> Trial:
        watching: dict[int, _Watching] = {}
        seen: list[str] = []
        for asked in self.asked:
            watched = watching.get(id(asked.prover.law))
            if watched is None:
                changed = mutant.applied(asked.prover.law)
                self._kept.append(changed)
                watched = watching[id(asked.prover.law)] = _Watching(changed, mutant.affects(asked.prover.law))
            try:
                if not watched.sees(asked.prover):
                    continue
                noticed = _notices(asked, watched.law)
            except (ValueError, ArithmeticError):  # the thirteenth month, a division by zero: whoever asks is told so
                noticed = True
            if noticed:
                return Trial(asked.case.name)
            seen.append(asked.case.name)
        return Trial("", tuple(seen[:MAX_NEAR]), len(seen))

    @property
    def asked(self) -> list[_Asked]:
        """Every case with its proof; asked when first needed, in the process that needs it."""
        if self._asked is None:
            runner = Runner(self.laws)
            self._asked = [self._ask(runner, case) for case in self.cases]
        return self._asked

    def _ask(self, runner: Runner, case: Case) -> _Asked:
        prover, root = runner.prover(case)
        wanted = expected_keys(case, prover.law, root.entity)
        determine(prover, root, None, wanted)
        return _Asked(case, prover, root, wanted)


def try_all(laws: Laws, cases: Sequence[Case], mutants: Sequence[Mutant], jobs: int) -> Iterator[Trial]:
    """What becomes of each error, in order, from ``jobs`` processes that run side by side.

    Raises:
        EngineDefect: a process died.
    """
    streams = [contained(mutants[job::jobs], Laboratory(laws, cases), DEADLINE_SECONDS) for job in range(jobs)]
    for number in range(len(mutants)):
        yield next(streams[number % jobs])


def _notices(asked: _Asked, law: Law) -> bool:
    """Whether the case comes out otherwise under a law; a law that cannot be asked is noticed, too."""
    prover = Prover(law, asked.prover.selection, asked.prover.facts)
    try:
        found = determine(prover, asked.root, None, asked.wanted)
        return any(True for _ in mismatches_of(asked.case, law, found, prover.session(asked.root).steps))
    except (InputError, EngineDefect):
        return True


class _Watching:
    """Sees whether an error makes a difference to any rule that was read for a case."""

    def __init__(self, law: Law, keys: frozenset[Key]) -> None:
        self.law, self.keys = law, keys
        self._programs: dict[int, Program] = {}

    def sees(self, prover: Prover) -> bool:
        return any(self._differs(session) for session in tuple(prover.sessions))

    def _differs(self, session: Session) -> bool:
        program = session.program
        other = self._programs.get(id(program))
        if other is None:
            other = self._programs[id(program)] = Program(self.law, program.selection, program.phase, program.year)
        for instance, name in session.order:
            key = (instance.entity.name, name)
            if key in self.keys and _state(program, key, instance, None) != _state(other, key, instance, _Altered(session, other)):
                return True
        return False


class _Altered:
    """The context of a session under another program: everything else is as it was."""

    def __init__(self, session: Session, program: Program) -> None:
        self._session, self._program, self.fixed = session, program, program.fixed

    def parameter(self, name: str, key: Any, at: Any) -> Any:
        return self._program.parameter(name, getattr(key, "key", [key])[0], at)[0]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


def _state(program: Program, key: Key, instance: Instance, context: _Altered | None) -> list[Any]:
    """What each rule for a decision says about an instance."""
    env = instance.env if context is None else {**instance.env, "@": context}
    return [_meaning(typed, env) for typed in program.rules(key)]


def _meaning(typed: TypedRule, env: Any) -> tuple[Any, ...]:
    when = compile_node(typed.when)(env) if typed.when is not None else True
    value = None if when is False else compile_node(typed.value)(env)
    return typed.rule.name, typed.rule.exception_to, _plain(when), _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Unknown):
        return "unknown", value.low, value.high, value.none, value.causes
    return ("open", value.members, value.possible, value.causes) if isinstance(value, OpenSet) else (type(value) is bool, value)
