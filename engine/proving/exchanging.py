"""Two laws for the same facts, and the smallest exchange between them that turns one answer into the other.

An element is a value or a rule that the two laws do not have in common, within what proving the decision reads. A
hybrid law is the first one with some elements taken from the second; each hybrid is really proved. Nothing is assumed
to be monotone: a set flips the answer if, and only if, its hybrid gives the second law's outcome.

The search by size is complete. Where a smallest set S flips the answer and T is a proper subset of S, the run under T
reads an element of S that T lacks: otherwise the runs under T and S would be the same, and T would flip it too. So S
is reached from the empty set by adding, one at a time, elements that the run before has read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from engine.containment import contained
from engine.facts import Facts
from engine.language.values import same
from engine.law import Entry, Law, Phase, Program, Selection, TypedRule
from engine.proving.compiled import Compiled
from engine.proving.determination import Determination, comparable, determine
from engine.proving.instances import Root
from engine.proving.prover import Prover
from engine.proving.uses import Uses, active, differing

Key = tuple[str, str]
Outcomes = tuple[tuple[tuple[str, ...], Any], ...]
VALUE, RULE, PHASE = "value", "rule", "phase"
MAX_STEPS, DEADLINE_SECONDS = 150_000, 300


class Element(NamedTuple):
    """What one law has otherwise than the other.

    Attributes:
        kind: `value` (of a parameter), `rule`, or `phase` (which phase and plan the year belongs to).
        name: of the parameter or rule.
        key: of a keyed parameter.
    """

    kind: str
    name: str = ""
    key: Any = None


class Everything:
    """Contains every element: the hybrid that takes all from the second law."""

    def __contains__(self, element: object) -> bool:
        return True


class HybridProgram(Program):
    """The program ``one`` with the elements ``exchanged`` as ``other`` has them."""

    def __init__(self, one: Program, other: Program, exchanged: Any) -> None:
        super().__init__(one.law, one.selection, one.phase, one.year)
        self.one, self.other, self.exchanged = one, other, exchanged
        self.constants = other.constants if Element(PHASE) in exchanged else one.constants

    def parameter(self, name: str, key: Any, at: date) -> tuple[Any, Entry | None]:
        found = self._values.get((name, key, at))
        if found is None:
            source = self.other if Element(VALUE, name, key) in self.exchanged else self.one
            found = self._values[name, key, at] = source.parameter(name, key, at)
        return found

    def rules(self, key: Key) -> tuple[TypedRule, ...]:
        found = self._rules.get(key)
        if found is None:
            own, others = ({typed.rule.name: typed for typed in program.rules(key)} for program in (self.one, self.other))
            apart = {rule[0] for rule in {*active(self.one, key)} ^ {*active(self.other, key)}}
            picked: list[TypedRule] = []
            for name in self._named(key):
                typed = (others if name in apart and Element(RULE, name) in self.exchanged else own).get(name)
                picked += [typed] if typed is not None else []
            found = self._rules[key] = tuple(picked)
        return found

    def _named(self, key: Key) -> Iterable[str]:
        """The rules that either law has for a decision, in its order; those that only the second one has stand last."""
        return dict.fromkeys(rule.name for program in (self.one, self.other) for rule in program.law.rules.get(key, ()))

    def elements(self) -> frozenset[Element]:
        """What the run so far has read that the two laws do not have in common."""
        apart = differing(self.one, self.other, Uses(self.looked_up, self.consulted))
        values = {Element(VALUE, name, key) for name, key, _ in apart.looked_up}
        rules = {Element(RULE, rule[0]) for key in apart.consulted for rule in {*active(self.one, key)} ^ {*active(self.other, key)}}
        phases = {Element(PHASE)} if self.one.constants != self.other.constants else set()
        return frozenset(values | rules | phases)


class PhaseProver(Prover):
    """Judges one year under the law of another phase; its plan and its dates stay the year's own.

    The years before keep their law: what was due then was due under it.
    """

    def __init__(self, law: Law, selection: Selection, facts: Facts, phase: Phase, year: int) -> None:
        super().__init__(law, selection, facts)
        self.phase, self.year = phase, year

    def program(self, root: Root) -> Program:
        own = super().program(root)
        if root.year != self.year or own.phase.id == self.phase.id:
            return own
        judged = self.law_of(self.phase, root.year)
        judged.constants = own.constants
        return judged


class HybridProver(Prover):
    """Proves under a hybrid of the laws of two provers.

    Args:
        compiled: what was compiled for other hybrids with the same rules; values are no part of it.
    """

    def __init__(self, one: Prover, other: Prover, exchanged: Any, compiled: dict[Any, Compiled]) -> None:
        super().__init__(one.law, one.selection, one.facts)
        self.one, self.other, self.exchanged, self.shared = one, other, exchanged, compiled
        self.hybrids: dict[tuple[str, str, int], HybridProgram] = {}

    def program(self, root: Root) -> Program:
        one, other = self.one.program(root), self.other.program(root)
        key = (one.phase.id, other.phase.id, root.year)
        if key not in self.hybrids:
            self.hybrids[key] = HybridProgram(one, other, self.exchanged)
        return self.hybrids[key]

    def compiled(self, program: Program, keys: tuple[Key, ...]) -> Compiled:
        key = (program.phase.id, program.year, keys, tuple(active(program, k) for k in keys))
        if key not in self.shared:
            self.shared[key] = Compiled(program, keys)
        return self.shared[key]

    def years_before(self, year: int) -> Iterable[int]:
        return (self.other if Element(PHASE) in self.exchanged else self.one).years_before(year)

    @property
    def effort(self) -> int:
        """How many steps were proved."""
        return sum(len(session.order) for session in self._sessions.values())

    def elements(self) -> frozenset[Element]:
        """What the run so far has read that the two laws do not have in common, in any year."""
        return frozenset(element for hybrid in self.hybrids.values() for element in hybrid.elements())


@dataclass(frozen=True)
class Sight:
    """A value element as it was looked up in a year: what each law says on that day, and where it says so."""

    year: int
    at: date
    one: tuple[Any, Entry | None]
    other: tuple[Any, Entry | None]


@dataclass(frozen=True)
class Exchange:
    """Two laws compared on one decision.

    Attributes:
        one, other: the determination under each law, with its proof.
        outcomes: of the decision under each law, for every instance of its entity.
        differing: the elements that the runs read, in order.
        smallest: the elements whose exchange flips the answer; nothing can be left out of them.
        least: whether it is certain that no smaller set flips it.
        excluded: up to which size every set was tried without success.
        proofs: how many hybrids were proved.
        sights: of the value elements among ``smallest``.
        active: of the rule elements among ``smallest``, whether each law has the rule.
    """

    one: Determination
    other: Determination
    outcomes: tuple[Outcomes, Outcomes]
    differing: tuple[Element, ...]
    smallest: tuple[Element, ...]
    least: bool
    excluded: int
    proofs: int
    sights: Mapping[Element, tuple[Sight, ...]]
    active: Mapping[Element, tuple[bool, bool]]

    @property
    def same(self) -> bool:
        return bool(_plain(self.outcomes[0]) == _plain(self.outcomes[1]))


def exchange(one: Prover, other: Prover, root: Root, owner: Key, max_steps: int = MAX_STEPS) -> Exchange:
    """Compare two laws on the decision ``owner`` of ``root``, in a contained process.

    Args:
        max_steps: how many steps of proof the search may take before it settles for a set that is not surely smallest.

    Raises:
        InputError: the root cannot be asked under one of the laws.
        EngineDefect: proving failed.
    """
    (found,) = contained([root], _Search(one, other, owner, max_steps), DEADLINE_SECONDS)
    return found


class _Search:
    def __init__(self, one: Prover, other: Prover, owner: Key, max_steps: int) -> None:
        self.one, self.other, self.owner, self.left = one, other, owner, max_steps
        self.compiled: dict[Any, Compiled] = {}
        self.proofs = 0

    def __call__(self, root: Root) -> Exchange:
        self.root = root
        determinations = [determine(prover, root, "brief", (self.owner,)) for prover in (self.one, self.other)]
        first, own = self.run(frozenset())
        last, all_of_it = self.run(Everything())
        apart = tuple(sorted(own.elements() | all_of_it.elements(), key=_order))
        smallest, least, excluded = ((), True, 0) if _plain(first) == _plain(last) else self.search(_plain(last), own, all_of_it)
        sights = {e: tuple(_sights((own, all_of_it), e)) for e in smallest if e.kind == VALUE}
        states = {e: _active((own, all_of_it), e.name) for e in smallest if e.kind == RULE}
        one, other = determinations
        return Exchange(one, other, (first, last), apart, smallest, least, excluded, self.proofs, sights, states)

    def run(self, exchanged: Any) -> tuple[Outcomes, HybridProver]:
        """The outcomes under a hybrid, and the prover that found them."""
        prover = HybridProver(self.one, self.other, exchanged, self.compiled)
        session = prover.session(self.root)
        session.prove([self.owner])
        self.proofs += 1
        self.left -= prover.effort
        return tuple((i.place, i.steps[self.owner[1]].outcome) for i in session.instances(self.owner[0])), prover

    def search(self, wanted: Any, own: HybridProver, all_of_it: HybridProver) -> tuple[tuple[Element, ...], bool, int]:
        """A set from which nothing can be left out, then every smaller one while steps are left."""
        kept = sorted(all_of_it.elements(), key=_order)
        for element in list(kept):
            fewer = [e for e in kept if e != element]
            if _plain(self.run(frozenset(fewer))[0]) == wanted:
                kept = fewer
        tried: set[frozenset[Element]] = set()
        border = {frozenset[Element](): own.elements()}
        for size in range(1, len(kept)):
            wider: dict[frozenset[Element], frozenset[Element]] = {}
            for taken, read in border.items():
                for element in sorted(read - taken, key=_order):
                    candidate = taken | {element}
                    if candidate in tried:
                        continue
                    if self.left <= 0:
                        return tuple(kept), False, size - 1
                    tried.add(candidate)
                    outcome, prover = self.run(candidate)
                    if _plain(outcome) == wanted:
                        return tuple(sorted(candidate, key=_order)), True, size - 1
                    wider[candidate] = prover.elements()
            border = wider
        return tuple(kept), True, len(kept) - 1


def _plain(outcomes: Outcomes) -> Any:
    return tuple((place, comparable(outcome)) for place, outcome in outcomes)


def _order(element: Element) -> tuple[str, str, str]:
    return element.kind, element.name, str(element.key)


def _sights(runs: tuple[HybridProver, HybridProver], element: Element) -> Iterable[Sight]:
    """Each pair of values that an element stands for, with the first year and day on which it was looked up."""
    seen: dict[tuple[Any, Any], Sight] = {}
    hybrids = sorted((h for run in runs for h in run.hybrids.values()), key=lambda h: h.year)
    for hybrid in hybrids:
        for name, key, at in sorted((u for u in hybrid.looked_up if (u[0], u[1]) == (element.name, element.key)), key=lambda u: u[2]):
            values = hybrid.one.parameter(name, key, at), hybrid.other.parameter(name, key, at)
            if not same(values[0][0], values[1][0]):
                seen.setdefault((values[0][0], values[1][0]), Sight(hybrid.year, at, *values))
    return seen.values()


def _active(runs: tuple[HybridProver, HybridProver], rule: str) -> tuple[bool, bool]:
    """Whether the rule is among those that were asked for under each of the laws, in any year."""
    hybrids = [h for run in runs for h in run.hybrids.values()]

    def has(program: Program, key: Key) -> bool:
        return any(rule == found[0] for found in active(program, key))

    return (
        any(has(hybrid.one, key) for hybrid in hybrids for key in hybrid.consulted),
        any(has(hybrid.other, key) for hybrid in hybrids for key in hybrid.consulted),
    )
