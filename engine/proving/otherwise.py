"""What other laws decide otherwise: a root is proved once, and of every other law only what that law can reach.

A step is a function of the facts, of the rules for its decision, of the values that these look up and of the decisions
that they read. Where another law has all of them alike, its step is the same one, and is taken over. What every rule looks
up is recorded while the first law is proved; which decisions it reads stands in its text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import zip_longest
from typing import Any, NamedTuple

from engine.containment import contained, cores
from engine.facts import Facts
from engine.language import OpenSet, Unknown
from engine.language.values import same
from engine.law import Law, Program, Selection
from engine.proving.compiled import Compiled
from engine.proving.determination import comparable
from engine.proving.inquiry import Inquiry
from engine.proving.instances import Instance, Root
from engine.proving.prover import Prover
from engine.proving.recording import Key, RecordedProgram, Recording, release
from engine.proving.session import Session
from engine.proving.steps import Conflict, Gap
from engine.proving.uses import active

Changes = dict[tuple[str, str, tuple[str, ...]], tuple[Any, Any]]
MAX_KEPT, MAX_WORKERS, MIN_SHARE = 2_000, 4, 20


class Otherwise(NamedTuple):
    """What one other law decides otherwise about a root.

    Attributes:
        proved: whether anything had to be proved again.
        changes: (entity, decision, place) -> the outcomes under the first law and under the other.
    """

    proved: bool
    changes: Changes


def ask_otherwise(
    law: Law, facts: Facts, inquiry: Inquiry, others: Sequence[Inquiry], roots: Sequence[Root], workers: int | None = None
) -> Iterator[tuple[Root, tuple[Otherwise, ...]]]:
    """For each root, what each of ``others`` decides otherwise than ``inquiry``; in no promised order of the roots.

    Args:
        others: they differ from ``inquiry`` in authority or readings only, so that the same phases govern.
        workers: over how many processes the roots are spread; by default as many as there are processors and work for.

    Raises:
        InputError: the question or a root cannot be asked under this law.
        EngineDefect: proving failed; never an answer.
    """
    many = workers or workers_for(roots)
    size = -(-len(roots) // many) if roots else 1
    shares = [roots[start : start + size] for start in range(0, len(roots), size)]
    selections = [one.selection(law) for one in (inquiry, *others)]
    streams = [contained(share, _Work(law, facts, selections)) for share in shares]
    for row in zip_longest(*streams):
        yield from (found for found in row if found is not None)


def workers_for(roots: Sequence[Root]) -> int:
    """How many processes there are processors and work for."""
    return max(1, min(MAX_WORKERS, cores(), len(roots) // MIN_SHARE))


class _Work:
    def __init__(self, law: Law, facts: Facts, selections: Sequence[Selection]) -> None:
        self.laws = Laws(law, facts, selections)

    def __call__(self, root: Root) -> tuple[Root, tuple[Otherwise, ...]]:
        self.laws.keep_few()
        session = self.laws.first.session(root)
        session.prove([key for key in self.laws.first.law.vocabulary.decisions if session.within(key)])
        return root, tuple(other.again(root) for other in self.laws.others)


class Laws:
    """A law under which everything is proved, and others that are held against it.

    Args:
        selections: of the first law and of the others.
        causes: as in `Other`.
    """

    def __init__(self, law: Law, facts: Facts, selections: Sequence[Selection], causes: bool = False) -> None:
        own, *others = selections
        self.first = Recording(law, own, facts)
        self.others = [Other(self.first, selection, causes) for selection in others]

    def keep_few(self) -> None:
        """Let go of what was proved where it has become much: of all laws together, for those of another stand on those of the first."""
        provers = (self.first, *self.others)
        if sum(prover.kept for prover in provers) > MAX_KEPT:
            for prover in provers:
                prover.forget()


# -- another law --------------------------------------------------------------------------------------------------


class _Reach(NamedTuple):
    """What of one program another law can reach.

    Attributes:
        touched: the decisions whose rules, or the values that these look up, are not the same.
        order: these and all that depend on them, each after what it reads.
        crossing: of these, the ones that read decisions about other roots or years.
    """

    touched: frozenset[Key]
    order: tuple[Key, ...]
    crossing: frozenset[Key]


class Other(Prover):
    """Answers under another law what ``first`` has proved.

    Args:
        causes: whether its answers must name what is missing under that law, too, where all that matters else is that it is missing.
    """

    def __init__(self, first: Recording, selection: Selection, causes: bool = False) -> None:
        super().__init__(first.law, selection, first.facts)
        self.first, self.causes = first, causes
        self._heard = -1
        self._reach: dict[tuple[str, int], _Reach] = {}

    def again(self, root: Root, wanted: tuple[Key, ...] = ()) -> Otherwise:
        """What comes out otherwise about a root of which the first law has decided what is ``wanted``, or everything."""
        program = self.first.program(root)
        if not any(self.first.session(root).within(key) for key in self.reach(program).order):
            return Otherwise(False, {})
        self._drop(root)  # it may have been asked for before the first law decided it
        session = self.session(root)
        found = session.again(session.program.cone_within(wanted, root.entity) if wanted else session.reached.order)
        self._drop(root)
        return found

    def _drop(self, root: Root) -> None:
        session = self._sessions.pop(root, None)
        if session is not None:
            release(session)

    def session(self, root: Root) -> _OtherSession:
        found = self._sessions.get(root)
        if found is None:
            found = self._sessions[root] = _OtherSession(self, root, self.program(root), self.first.kept_session(root))
        assert isinstance(found, _OtherSession)
        return found

    def forget(self) -> None:
        for session in self._sessions.values():
            release(session)
        super().forget()

    def reach(self, program: Program) -> _Reach:
        """What this law can reach of a program of the first one; found again when more of it has been read."""
        if self._heard != self.first.news.count:
            self._reach = self._reached()
            self._heard = self.first.news.count
        return self._reach.get((program.phase.id, program.year), _Reach(frozenset(), (), frozenset()))

    def _reached(self) -> dict[tuple[str, int], _Reach]:
        """For each program of the first law: what is touched, and then, until nothing more is found, what depends on it."""
        programs = [p for p in self.first.programs if isinstance(p, RecordedProgram)]
        touched = {(p.phase.id, p.year): frozenset(self._touched(p)) for p in programs}
        consulted = {(p.phase.id, p.year): tuple(sorted(p.consulted)) for p in programs}
        closure: dict[tuple[str, int], dict[Key, None]] = {which: {} for which in touched}
        everywhere: set[Key] = set()
        grown = True
        while grown:
            grown = False
            for program in programs:
                which = program.phase.id, program.year
                mine = closure[which]
                for key in program.cone(consulted[which]):
                    if key in mine:
                        continue
                    crossing = _reads(program, key) if _crosses(program, key) else frozenset()
                    if key in touched[which] or not program.needs(key).isdisjoint(mine) or not crossing.isdisjoint(everywhere):
                        mine[key] = None
                        everywhere.add(key)
                        grown = True
        return {
            (p.phase.id, p.year): _Reach(
                touched[p.phase.id, p.year],
                tuple(
                    key for key in self.law_of(p.phase, p.year).cone(consulted[p.phase.id, p.year]) if key in closure[p.phase.id, p.year]
                ),
                frozenset(key for key in closure[p.phase.id, p.year] if _crosses(p, key)),
            )
            for p in programs
        }

    def _touched(self, program: RecordedProgram) -> Iterator[Key]:
        other = self.law_of(program.phase, program.year)
        for key in program.consulted:
            if active(program, key) != active(other, key) or any(
                not same(Program.parameter(program, *asked)[0], other.parameter(*asked)[0]) for asked in program.read.get(key, ())
            ):
                yield key


class _OtherSession(Session):
    """A root under another law; what that law cannot reach stands as ``before`` had it.

    Attributes:
        before: the root under the first law, as far as it has been proved; None where it has not been asked about.
        anew: the decisions that were proved again.
        changed: of these, the ones that are not what they were.
    """

    prover: Other

    def __init__(self, prover: Other, root: Root, program: Program, before: Session | None) -> None:
        self.before = before
        self.anew: set[Key] = set()
        self.changed: set[Key] = set()
        super().__init__(prover, root, program)
        if before is not None:
            self._take_over(self.main, before.main)

    @property
    def reached(self) -> _Reach:
        assert self.before is not None
        return self.prover.reach(self.before.program)

    def _take_over(self, instance: Instance, before: Instance) -> None:
        instance.steps, instance.values = dict(before.steps), dict(before.values)
        for entity, name in self.reached.order:
            if entity == instance.entity.name:
                instance.steps.pop(name, None)
                instance.values.pop(name, None)

    def instances(self, entity: str) -> list[Instance]:
        known = entity in self._instances
        found = super().instances(entity)
        if not known and self.before is not None:
            for instance, before in zip(found, self.before.instances(entity), strict=True):
                self._take_over(instance, before)
        return found

    def again(self, asked: Iterable[Key]) -> Otherwise:
        """What is asked, each after what it needs, proved again as far as something that it rests on has changed."""
        assert self.before is not None
        changes: Changes = {}
        for key in asked:
            if not self.within(key) or not self.instances(key[0]):
                continue
            if not self.proved(key):
                self._settle(key)
            if key not in self.changed or not self.before.proved(key):
                continue
            for old, new in zip(self.before.instances(key[0]), self.instances(key[0]), strict=True):
                outcomes = old.steps[key[1]].outcome, new.steps[key[1]].outcome
                if comparable(outcomes[0]) != comparable(outcomes[1]):
                    changes[key[0], key[1], () if new is self.main else new.place] = outcomes
        return Otherwise(bool(self.anew), changes)

    def prove(self, wanted: Iterable[Key]) -> None:
        for key in self.program.cone(tuple(wanted)):
            if self.within(key) and not self.proved(key):
                self._settle(key)

    def _settle(self, key: Key) -> None:
        """Take a decision over where it rests on nothing that has changed, else prove it."""
        if self._rests_on_the_same(key):
            assert self.before is not None
            for instance, before in zip(self.instances(key[0]), self.before.instances(key[0]), strict=True):
                instance.steps[key[1]], instance.values[key[1]] = before.steps[key[1]], before.values[key[1]]
            return
        compiled = self._compiled(key)
        with closing(compiled.core_of[key].session()) as core:
            self._prove_decision(key, compiled, core)
        self.anew.add(key)
        if not self._as_before(key):
            self.changed.add(key)

    def _compiled(self, key: Key) -> Compiled:
        """The questions of a decision: those that the first law asked, where its rules are the same."""
        if self.before is not None and key in self.before.asked and active(self.before.program, key) == active(self.program, key):
            return self.before.asked[key]
        return self.prover.compiled(self.program, (key,))

    def _rests_on_the_same(self, key: Key) -> bool:
        if self.before is None or not self.before.proved(key):
            return False
        reach = self.reached
        return key not in reach.touched and key not in reach.crossing and self.before.program.needs(key).isdisjoint(self.changed)

    def _as_before(self, key: Key) -> bool:
        if self.before is None or not self.before.proved(key):
            return False
        pairs = zip(self.before.instances(key[0]), self.instances(key[0]), strict=True)
        alike = _identical if self.prover.causes else _alike
        return all(alike(old.steps[key[1]].outcome, new.steps[key[1]].outcome) for old, new in pairs)


def _alike(one: Any, two: Any) -> bool:
    """Whether two outcomes are the same to the rules that read them: of a doubt that is its bounds, whatever is missing."""
    if isinstance(one, Unknown) and isinstance(two, Unknown):
        return (one.low, one.high, one.none) == (two.low, two.high, two.none)
    if isinstance(one, OpenSet) and isinstance(two, OpenSet):
        return (one.members, one.possible) == (two.members, two.possible)
    if isinstance(one, (Gap, Conflict)):
        return type(one) is type(two)
    return _identical(one, two)


def _identical(one: Any, two: Any) -> bool:
    """Whether two outcomes are the same to the last: of a doubt also in what is missing."""
    return type(one) is type(two) and bool(one == two)


# -- what the texts of rules read ---------------------------------------------------------------------------------


def _reads(program: Program, key: Key) -> frozenset[Key]:
    """Every decision that the rules for ``key`` read."""
    return frozenset[Key]().union(*(read.every for typed in program.rules(key) for read in typed.reads(program.law.vocabulary)))


def _crosses(program: Program, key: Key) -> bool:
    """Whether the rules for ``key`` read decisions about other roots or years."""
    return any(read.crosses for typed in program.rules(key) for read in typed.reads(program.law.vocabulary))
