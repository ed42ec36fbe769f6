"""Where two laws decide differently: for each decision the smallest case, or the proof that there is none within bounds."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.analysis.laws import operations as op
from engine.analysis.laws.asking import instance_of, is_known
from engine.analysis.laws.cases import Document, GaveUp
from engine.analysis.laws.deciding import Decided
from engine.analysis.laws.encoding import Encoding, Key
from engine.analysis.laws.flips import Flip, flips
from engine.analysis.laws.formulas import conj, disj, neg
from engine.analysis.laws.frame import Frame, Side, decisions
from engine.analysis.laws.replaying import Place, Proved, Trial, slim
from engine.analysis.laws.universe import Bounds
from engine.analysis.laws.values import Formula
from engine.analysis.symbols import Unencodable
from engine.law import Law, Program
from engine.law.apart import Apart, same_facts
from engine.proving import Root, comparable


@dataclass(frozen=True)
class Difference:
    """A case that two laws decide differently.

    Attributes:
        decision: (entity, name).
        document: the facts, as plain data; `facts_from_document` reads them.
        place: of the instance that the decision is about.
        one, other: what proving says under each law.
        proved: all that proving says under each.
        flips: what the two laws say otherwise where their answers part.
    """

    year: int
    decision: Key
    root: Root
    place: Place
    document: Document
    one: Any
    other: Any
    proved: tuple[Proved, Proved]
    flips: tuple[Flip, ...]


@dataclass(frozen=True)
class Unanswered:
    """A decision of a year that could not be compared, and why."""

    year: int
    decision: Key
    why: str


@dataclass
class Witnesses:
    """What was found of two laws.

    Attributes:
        findings: one for each decision that differs, of the first year in which it does.
        same: the years and decisions for which it is proved that no case within the bounds differs.
        identical: those of ``same`` for which both laws read the same rules and values, so that nothing had to be searched.
        only: decisions that only one of the laws has.
        seconds: of the processor.
    """

    one: Side
    other: Side
    bounds: Bounds
    findings: list[Difference] = field(default_factory=list)
    same: list[tuple[int, Key]] = field(default_factory=list)
    identical: list[tuple[int, Key]] = field(default_factory=list)
    unproved: list[Unanswered] = field(default_factory=list)
    only: list[Key] = field(default_factory=list)
    seconds: float = 0


def witness(
    one: Side,
    other: Side,
    years: Iterable[int] | None = None,
    decisions: Iterable[Key] | None = None,
    entity: str | None = None,
    bounds: Bounds | None = None,
) -> Witnesses:
    """For each decision on which two laws differ, a smallest case, proved under both; or the proof that there is none.

    Args:
        years: those to search; None for every year that a phase of both laws governs.
        decisions: (entity, name) pairs; None for all about ``entity`` and its parts.
        entity: one that determinations are made about; None for the main one.

    Raises:
        EngineDefect: proving failed.
    """
    started = time.process_time()
    report = Witnesses(one, other, bounds or Bounds())
    entity = entity or str(one.law.manifest["main"])
    wanted = frozenset(decisions) if decisions is not None else None
    parting = Parting(one, other)
    for year, plan in _years(one, other, entity, set(years) if years is not None else None):
        known = set(decisions_of(other.law, entity))
        report.only += [key for key in {*decisions_of(one.law, entity)} ^ known if key not in report.only]
        common = [key for key in decisions_of(one.law, entity) if key in known and (wanted is None or key in wanted)]
        apart = parting.of(year, plan)
        alike = [(year, key) for key in common if apart is not None and key not in apart]
        report.same += alike
        report.identical += alike
        if rest := frozenset(common) - {key for _, key in alike}:
            _Year(report, entity, year, plan, rest).run()
    report.seconds = time.process_time() - started
    return report


def _years(one: Side, other: Side, entity: str, wanted: set[int] | None) -> Iterator[tuple[int, str | None]]:
    """The years that both laws govern; for what is keyed by plans, with each plan of both."""
    spec = one.law.vocabulary.entities[entity]
    for phase in sorted(one.law.phases.values(), key=lambda p: p.first_year):
        plan = phase.plan if spec.table is None else None
        if spec.table is None and (plan is None or other.law.phase_of_plan(plan) is None):
            continue
        for year in range(phase.first_year, phase.last_year + 1):
            governs = plan is not None or one.law.phase_of(year, one.selection.known_on) is phase
            if governs and _governed(other, year) and (wanted is None or year in wanted):
                yield year, plan


def _governed(side: Side, year: int) -> bool:
    return side.law.phase_of(year, side.selection.known_on) is not None


class Parting:
    """The decisions that the content of two laws lets come out differently; the solver is asked about no others."""

    def __init__(self, one: Side, other: Side) -> None:
        self.sides = one, other
        self.comparing = Apart(one.law, other.law) if one.phase is None and other.phase is None and same_facts(one.law, other.law) else None
        self._found: dict[int, frozenset[Key]] = {}

    def of(self, year: int, plan: str | None = None) -> frozenset[Key] | None:
        """Those of a year (of a plan); None where the laws cannot be compared by their content."""
        if self.comparing is None:
            return None
        if plan is None and year in self._found:
            return self._found[year]
        first = min(phase.first_year for side in self.sides for phase in side.law.phases.values())
        before = [self.of(earlier) for earlier in range(first, year) if all(_governed(side, earlier) for side in self.sides)]
        programs = [self._program(side, year, plan) for side in self.sides]
        found = self.comparing.of(programs[0], programs[1], frozenset[Key]().union(*(keys for keys in before if keys is not None)))
        if plan is None:
            self._found[year] = found
        return found

    def _program(self, side: Side, year: int, plan: str | None) -> Program:
        phase = side.law.phase_of_plan(plan) if plan is not None else side.law.phase_of(year, side.selection.known_on)
        assert phase is not None
        return Program(side.law, side.selection, phase, year)


class _Year:
    """One root in one year under two laws.

    Args:
        wanted: the decisions that may differ.
    """

    def __init__(self, report: Witnesses, entity: str, year: int, plan: str | None, wanted: frozenset[Key]) -> None:
        self.report, self.year = report, year
        self.frame = Frame([report.one.law, report.other.law], entity, year, report.bounds, plan)
        self.sides = (report.one, report.other)
        self.encodings = tuple(self.frame.encode(side) for side in self.sides)
        self.keys = [key for key in _in_order(self.encodings[0], entity) if key in wanted]

    def run(self) -> None:
        told = {finding.decision for finding in self.report.findings}
        for key in self.keys:
            if key in told or any(finding.decision == key for finding in self.report.findings):
                continue
            try:
                self.compare(key)
            except (Unencodable, GaveUp) as error:
                self.report.unproved.append(Unanswered(self.year, key, str(error)))

    def compare(self, key: Key) -> None:
        one, other = (encoding.decided(instance_of(encoding, key[0]), key[1]) for encoding in self.encodings)
        if one.reads == other.reads:
            self.report.same.append((self.year, key))
            self.report.identical.append((self.year, key))
            return
        present = instance_of(self.encodings[0], key[0]).present
        both, either = differing(one, other)
        for asked in (conj(present, both), conj(present, either)):
            if self.frame.finder.possible(asked):
                self.show(key, asked)
                return
        self.report.same.append((self.year, key))

    def show(self, key: Key, asked: Formula) -> None:
        """Prove the smallest case under both laws."""
        (document, *_) = self.frame.finder.case(asked)
        trials = [Trial(side, document, self.frame.root, (key,)) for side in self.sides]
        (document, _), proved = slim(trials, _Keeps(key))
        refused = next((one.refused for one in proved if one.refused), "")
        found = {} if refused else dict(_flipped(proved[0], proved[1]))
        if key not in found:
            self.report.unproved.append(Unanswered(self.year, key, refused or "the case does not survive proving"))
            return
        place, one, other = found[key]
        causes = flips(self.sides, (proved[0], proved[1]), key, place)
        self.report.findings.append(
            Difference(self.year, key, self.frame.root, place, document, one, other, (proved[0], proved[1]), causes)
        )


class _Keeps:
    """Whether a case still shows how a decision differs, with the same outcomes."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.first: tuple[Any, ...] | None = None

    def __call__(self, proved: list[Proved]) -> bool:
        if any(one.refused for one in proved):
            return False
        shown = dict(_flipped(proved[0], proved[1])).get(self.key)
        if shown is None:
            return False
        said = tuple(comparable(outcome) for outcome in shown[1:])
        if self.first is None:
            self.first = said
        return said == self.first


def decisions_of(law: Law, entity: str) -> list[Key]:
    return decisions(law.vocabulary, entity)


def _in_order(encoding: Encoding, entity: str) -> list[Key]:
    """The decisions, each after those it rests on: what differs first is searched first."""
    keys = decisions_of(encoding.law, entity)
    return [key for key in encoding.program(encoding.universe.year).cone(keys) if key in keys]


def differing(one: Decided, other: Decided) -> tuple[Formula, Formula]:
    """When two decisions are known and differ; and when they differ at all, a gap being no conflict and no doubt."""
    known = [is_known(each.value) for each in (one, other)]
    both = conj(*known, op.differ(one.value, other.value))
    pairs = (known, [one.gap, other.gap], [one.conflict, other.conflict])
    return both, disj(both, *(_apart(*pair) for pair in pairs))


def _apart(one: Formula, other: Formula) -> Formula:
    return disj(conj(one, neg(other)), conj(neg(one), other))


def _flipped(one: Proved, other: Proved) -> Iterator[tuple[Key, tuple[Place, Any, Any]]]:
    """The decisions that come out differently, each at the first place where it does."""
    outcomes: Mapping[tuple[str, Place, str], Any] = other.outcomes
    seen = set()
    for (entity, place, name), outcome in one.outcomes.items():
        against = outcomes.get((entity, place, name))
        if (entity, place, name) in outcomes and (entity, name) not in seen and comparable(outcome) != comparable(against):
            seen.add((entity, name))
            yield (entity, name), (place, outcome, against)
