"""The smallest lawful change of the facts that would make, or would have made, the main entity reach its goal.

Z3 proposes; proving decides: every change is made to the facts and determined anew before it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.analysis.barred import barred
from engine.analysis.candidates import Candidate, Offer, everything, new_rows, offer, replacement
from engine.analysis.cores import Noted
from engine.analysis.encoding import Encoding, Tracker
from engine.analysis.obstacles import Obstacles
from engine.analysis.reach import reached
from engine.analysis.report import Cure, CureReport, Doing, Obstacle, Way
from engine.analysis.search import Found, Problem, given_price, reaches
from engine.analysis.symbols import Unencodable
from engine.facts import Facts, Row
from engine.facts.changing import changed
from engine.language import Cause, OpenSet
from engine.language.tracing import plain
from engine.language.values import causes_of
from engine.law import Law, Selection
from engine.law.actions import typed_actions
from engine.problems import EngineDefect
from engine.proving import Conflict, Fill, Gap, Prover, Root, determine

MAX_WAYS = 4


@dataclass(frozen=True)
class Work:
    """Answers for one root after the other, in a process of its own."""

    law: Law
    selection: Selection
    facts: Facts

    def __call__(self, root: Root) -> CureReport:
        return _Search(self.law, self.selection, self.facts, root).report()


class _Search:
    def __init__(self, law: Law, selection: Selection, facts: Facts, root: Root) -> None:
        self.law, self.selection, self.facts, self.root = law, selection, facts, root
        result = law.manifest["result"]
        self.goal: tuple[str, ...] = tuple(result.get("goal", ()))
        self.status_key, self.breaches_key = (root.entity, result["status"]), (root.entity, result["breaches"])
        self.prover = Prover(law, selection, facts)
        self.program = self.prover.program(root)
        self.cone = dict.fromkeys(self.program.cone([self.status_key, self.breaches_key]))
        self.reached = reached(self.program, self.cone)
        self.now = Encoding(self.prover, facts, root)
        self._provers: dict[date, Prover] = {facts.as_of: self.prover}

    def report(self) -> CureReport:
        determined = determine(self.prover, self.root, None, (self.status_key, self.breaches_key))
        status, breaches = (determined.outcomes[key[1]] for key in (self.status_key, self.breaches_key))
        named = breaches.members if isinstance(breaches, OpenSet) else breaches if isinstance(breaches, frozenset) else ()
        still, would_have, why = Way(), Way(), ""
        held: tuple[Any, ...] = ()
        try:
            first = offer(self.now, True, self.cone)
            held = tuple(barred(self.now, *entry) for entry in first.barred)
            if status not in self.goal:
                still = self.way(first, True)
                if not still.cures:
                    would_have = self.way(offer(self.now, False, self.cone), False)
        except Unencodable as error:
            still, would_have, why = Way(), Way(), str(error)
        unsettled = still.open or would_have.open
        return CureReport(
            self.root,
            self.program.phase.id,
            self.selection.authority,
            self.facts.as_of,
            status,
            tuple(sorted(named)),
            self.goal,
            "not_searched" if why else "reached" if status in self.goal else _state(still, would_have),
            still,
            would_have,
            held,
            tuple(sorted(self._missing())) if unsettled else (),
            why,
        )

    def _missing(self) -> frozenset[Cause]:
        """What the result waits for, now or on the day when all is due."""
        keys = (self.status_key, self.breaches_key)
        found: set[Cause] = set()
        for prover in self._provers.values():
            outcomes = determine(prover, self.root, None, keys).outcomes
            found |= causes_of(outcomes[name] for _, name in keys)
            for _, name in keys:
                if isinstance(outcomes[name], (Gap, Conflict)):
                    kind = "gap" if isinstance(outcomes[name], Gap) else "conflict"
                    found.add(Cause(kind, self.law.decision_name(self.root.entity, name), self.root.key))
        return frozenset(found)

    # -- one way ------------------------------------------------------------------------------------------------

    def way(self, found: Offer, still: bool) -> Way:
        """The cures of one way, or the proofs that there are none."""
        if still and all(day.passed for day in found.days.values()):
            # every last day is over: most likely there is nothing to be found, so the proof of that is tried first
            obstacles = self.obstacles(found, still)
            if obstacles:
                return Way((), obstacles)
        problem, goal, as_of = self.problem(found, still)
        cures: list[Cure] = []
        done_without: list[str] = []
        while len(cures) < MAX_WAYS:
            smallest = problem.smallest(goal, done_without)
            if smallest is None:
                break
            cure = self.replayed(smallest, found, as_of)
            if cure is None:
                found, smallest, cure = self._one_by_one(still, done_without)
                problem, goal, as_of = self.problem(found, still)
            cures.append(cure)
            counted = {c.action.name: c.action.price is not None for c, _ in smallest.taken if c.action.number is not None}
            bought = [name for name, priced in counted.items() if priced]
            done_without += bought or list(counted)
            if not counted:
                break
        if cures:
            return Way(tuple(cures))
        proofs = self.obstacles(found, still)
        return Way((), proofs, not proofs)

    def _one_by_one(self, still: bool, done_without: list[str]) -> tuple[Offer, Found, Cure]:
        """Again, without taking sources for alike, where that led to something which proving does not confirm.

        Raises:
            EngineDefect: it still is not confirmed.
        """
        found = offer(self.now, still, self.cone, alike=False)
        problem, goal, as_of = self.problem(found, still)
        smallest = problem.smallest(goal, done_without)
        cure = self.replayed(smallest, found, as_of) if smallest is not None else None
        if smallest is None or cure is None:
            raise EngineDefect(f"{self.root}: a cure that was found does not lead to the goal when it is proved")
        return found, smallest, cure

    def problem(self, found: Offer, still: bool, noted: Noted | None = None) -> tuple[Problem, Any, date]:
        """The question for Z3, what it is to reach, and the day on which all of it is due."""
        used = {c.action.name for c in found.candidates}
        last = max((day.last for name, day in found.days.items() if name in used), default=0)
        as_of = max(self.facts.as_of, date.fromordinal(max(last, 1)))
        full = everything(found, self.now, as_of)
        encoding = Encoding(
            self.prover_on(as_of), full.facts, self.root, full.present, full.source, noted or Tracker(self.reached), self.now
        )
        return Problem(found, encoding, still), reaches(encoding, self.status_key[1], self.goal), as_of

    def obstacles(self, found: Offer, still: bool) -> tuple[Obstacle, ...]:
        """The proofs that the goal is missed whatever is done; nothing where what is not known leaves it open."""
        noted = Noted(self.reached)
        problem, _, _ = self.problem(found, still, noted)
        return Obstacles(self.now, self.cone, problem, noted, self.goal).proofs()

    def prover_on(self, as_of: date) -> Prover:
        """For the decisions about others and about earlier years, which no action changes."""
        if as_of not in self._provers:
            self._provers[as_of] = self.prover.about(changed(self.facts, as_of, [], {}))
        return self._provers[as_of]

    # -- replaying ----------------------------------------------------------------------------------------------

    def replayed(self, found: Found, offered: Offer, as_of: date) -> Cure | None:
        """The cure as proving confirms it; None where it does not."""
        parts = [(candidate, number, self._extra(candidate, number, found)) for candidate, number in found.taken]
        status, facts = self._prove(parts, as_of)
        if status not in self.goal:
            return None
        doings = [self._doing(part, [p for p in parts if p is not part], offered, as_of) for part in parts]
        prices = [(d.cost, c) for d, (c, _, _) in zip(doings, parts, strict=True) if d.cost is not None]
        names = [action.name for action in typed_actions(self.law)]
        return Cure(
            tuple(sorted(doings, key=lambda d: names.index(d.action))),
            sum(candidate.action.acts for candidate, _ in found.taken),
            sum(number for candidate, number in found.taken if candidate.action.number is not None),
            sum(price for price, _ in prices) if prices else None,
            _currency(prices[0][1]) if prices else None,
            as_of,
            str(status),
            facts.digest,
        )

    def _extra(self, candidate: Candidate, number: int, found: Found) -> dict[str, Any]:
        extra = dict(candidate.extra)
        if candidate.action.number is not None:
            extra[candidate.action.number.name] = number
        if candidate.action.day is not None:
            extra[candidate.action.day.name] = date.fromordinal(found.days[candidate.action.name])
        return extra

    def _changes(self, parts: list[tuple[Candidate, int, dict[str, Any]]]) -> list[tuple[list[Row], Row | None, Row | None]]:
        """For each part: the rows it adds, the row it changes, and that row changed."""
        made: list[tuple[list[Row], Row | None, Row | None]] = []
        replaced: dict[int, Row] = {}
        for candidate, _, extra in parts:
            env = {**candidate.instance.env, **extra}
            rows = new_rows(candidate, env, self.now.eval, self.now, sum(len(rows) for rows, _, _ in made))
            new = None
            if candidate.target is not None:
                new = replacement(candidate, replaced.get(id(candidate.target), candidate.target), env, self.now.eval, True)
                replaced[id(candidate.target)] = new
            made.append((rows, candidate.target, new))
        return made

    def _prove(self, parts: list[tuple[Candidate, int, dict[str, Any]]], as_of: date) -> tuple[Any, Facts]:
        changes = self._changes(parts)
        replaced = {id(old): new for _, old, new in changes if old is not None and new is not None}
        facts = changed(self.facts, as_of, [row for rows, _, _ in changes for row in rows], replaced)
        outcome = determine(self.prover.about(facts), self.root, None, (self.status_key,)).outcomes[self.status_key[1]]
        return (outcome if isinstance(outcome, str) else None), facts

    def _doing(
        self, part: tuple[Candidate, int, dict[str, Any]], others: list[tuple[Candidate, int, dict[str, Any]]], offered: Offer, as_of: date
    ) -> Doing:
        candidate, number, extra = part
        action, env = candidate.action, {**candidate.instance.env, **extra}
        fills = tuple(Fill(name, plain(self.now.eval(node, env)), node.type) for name, node in action.fills)
        ((rows, old, new),) = self._changes([part])
        written = [*rows, *([new] if new is not None else [])]
        price = given_price(candidate)
        also = []
        serves: dict[int, bool] = {}
        for other in offered.candidates if candidate.chosen else ():
            fits = other is not candidate and other.action is action and other.instance is candidate.instance
            if fits and other.price == candidate.price and (other.size is None or other.size >= number):
                if id(other.pool) not in serves:  # those of one pool are alike to every rule: one of them is proved
                    swapped = {**extra, **dict(other.chosen)}
                    serves[id(other.pool)] = self._prove([*others, (other, number, swapped)], as_of)[0] in self.goal
                if serves[id(other.pool)]:
                    also.append(tuple((name, plain(value)) for name, value in other.chosen))
        return Doing(
            action.name,
            action.label,
            action.says,
            fills,
            candidate.place,
            number if action.number is not None else None,
            action.number.type if action.number is not None else None,
            extra[action.day.name] if action.day is not None else None,
            action.price is not None,
            price * number if price is not None else None,
            tuple((row.table, {name: plain(cell) for name, cell in row.cells.items()}) for row in written),
            old.key if old is not None else None,
            tuple(also),
        )


def _state(still: Way, would_have: Way) -> str:
    """What the two ways say together."""
    if still.cures:
        return "still"
    if would_have.cures:
        return "unknown" if still.open else "too_late"
    return "unknown" if still.open or would_have.open else "none"


def _currency(candidate: Candidate) -> Any:
    """What a price times a number is measured in."""
    price, number = candidate.action.price, candidate.action.number
    assert price is not None and number is not None
    return price.type.__class__("number", unit=price.type.unit * number.type.unit)
