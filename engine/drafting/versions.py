"""The law on two clocks: what was in force on a day as known on another, and when either changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from engine.language import Unknown
from engine.law import Entry, Law, Phase, Program, Rule, Selection, program_of
from engine.law.selection import ALWAYS, NEVER
from engine.problems import input_error

DAY = timedelta(days=1)
KNOWN, IN_FORCE = "known", "in_force"
PHASE, VALUE, RULE = "phase", "value", "rule"


@dataclass(frozen=True)
class Standing:
    """The value of a parameter on a day, and the source that gives it."""

    parameter: str
    key: Any
    value: Any
    entry: Entry


@dataclass(frozen=True)
class LawAt:
    """The law of one day.

    Attributes:
        phase: the phase that governs the year of the day, as known.
        standing: every parameter that has a value then, in the vocabulary's order.
        rules: every rule that is in force then.
    """

    day: date
    phase: Phase
    standing: tuple[Standing, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Event:
    """A change of the law on one of its clocks.

    Attributes:
        clock: `known` (a source became known) or `in_force` (what was known before took effect).
        kind: `phase`, `value` or `rule`.
        begins, ends: the days that the changed value speaks of, the last one included; None where it has no bound.
        before, after: values, or whether the rule or phase stands; None where nothing was or is said.
        retroactive: whether it speaks of days before it became known.
    """

    day: date
    clock: str
    kind: str
    name: str
    key: Any
    begins: date | None
    ends: date | None
    before: Any
    after: Any
    cites: tuple[tuple[str, str], ...]
    retroactive: bool = False


class Versions:
    """The law under one authority and its readings, on any two days."""

    def __init__(self, law: Law, selection: Selection) -> None:
        self.law, self.selection = law, selection

    def phase(self, year: int, known_on: date | None) -> Phase | None:
        return self.law.phase_of(year, known_on)

    def program(self, phase: Phase, year: int, known_on: date | None) -> Program:
        return program_of(self.law, self.selection._replace(known_on=known_on), phase, year)

    def value(self, parameter: str, key: Any, day: date, known_on: date | None) -> tuple[Any, Entry | None]:
        """The value in force on ``day`` as known on ``known_on``; (None, None) where no phase governs or nothing is said."""
        phase = self.phase(day.year, known_on)
        return (None, None) if phase is None else self.program(phase, day.year, known_on).parameter(parameter, key, day)

    # -- one day ------------------------------------------------------------------------------------------------

    def at(self, day: date) -> LawAt:
        """The law in force on ``day``, as known on the selection's day.

        Raises:
            InputError: no phase governs the year.
        """
        known_on = self.selection.known_on
        phase = self.phase(day.year, known_on)
        if phase is None:
            years = sorted({year for p in self.law.phases.values() for year in (p.first_year, p.last_year)})
            raise input_error("DATE", 0, 0, f"no phase governs {day.year}", f"the phases run from {years[0]} to {years[-1]}")
        found = []
        for name, spec in self.law.vocabulary.parameters.items():
            for key in [day.year] if spec.keyed_by == "year" else self.law.keys(name):
                value, entry = self.value(name, key, day, known_on)
                if entry is not None:
                    found.append(Standing(name, key, value, entry))
        program = self.program(phase, day.year, known_on)
        rules = [r for rules in self.law.rules.values() for r in rules if r.begins <= day < r.ends and program.admits(r)]
        return LawAt(day, phase, tuple(found), tuple(rules))

    # -- all days -----------------------------------------------------------------------------------------------

    def timeline(self) -> list[Event]:
        """Every change, by day; on each day what became known comes before what took effect."""
        found = [*self._phases(), *self._values(), *self._rules()]
        order = {PHASE: 0, VALUE: 1, RULE: 2}
        return sorted(found, key=lambda e: (e.day, e.clock != KNOWN, order[e.kind], e.name, str(e.key), e.begins or ALWAYS))

    def _phases(self) -> Iterator[Event]:
        for phase in self.law.phases.values():
            first, last = date(phase.first_year, 1, 1), date(phase.last_year, 12, 31)
            before = self.phase(phase.first_year, phase.known_from - DAY) if phase.known_from > ALWAYS else None
            was, retroactive = before.id if before else None, first < phase.known_from
            yield Event(phase.known_from, KNOWN, PHASE, phase.id, None, first, last, was, phase.id, phase.cites, retroactive)

    def _values(self) -> Iterator[Event]:
        for name, key in self.law.written_keys():
            yield from self._values_of(name, key)

    def _values_of(self, name: str, key: Any) -> Iterator[Event]:
        entries = self.law.entries(name, key)
        phases = self.law.phases.values()
        spec = self.law.vocabulary.parameters[name]
        if spec.keyed_by == "year":
            days = [date(int(key), 12, 31)]
        else:
            bounds = [d for e in entries for d in (e.begins, e.ends)] + [date(p.first_year, 1, 1) for p in phases]
            first = min(date(p.first_year, 1, 1) for p in phases)
            last = date(max(p.last_year for p in phases), 12, 31)
            days = sorted({d for d in bounds if first <= d <= last})
        knowing = sorted({d for d in (*(e.known_from for e in entries), *(p.known_from for p in phases)) if d > ALWAYS})
        for known in knowing:
            yield from self._became_known(name, key, days, known)
        for before, day in pairwise(days):
            yield from self._took_effect(name, key, before, day)

    def _became_known(self, name: str, key: Any, days: list[date], known: date) -> Iterator[Event]:
        """What ``known`` changed about the values of any day: one event for each run of days with the same change."""
        runs: list[tuple[date, date | None, Any, Any, Entry]] = []
        for day, following in zip(days, [*days[1:], None], strict=True):
            if self.phase(day.year, known - DAY) is None:
                continue  # the first law of a year is told once, with its phase
            before, _ = self.value(name, key, day, known - DAY)
            after, entry = self.value(name, key, day, known)
            if entry is None or alike(before, after):
                continue
            last = following - DAY if following is not None else None
            if runs and runs[-1][1] == day - DAY and alike(runs[-1][2], before) and alike(runs[-1][3], after):
                runs[-1] = (runs[-1][0], last, before, after, runs[-1][4])
            else:
                runs.append((day, last, before, after, entry))
        for begins, ends, before, after, entry in runs:
            yield Event(known, KNOWN, VALUE, name, key, begins, ends, before, after, entry.cites, begins < known)

    def _took_effect(self, name: str, key: Any, earlier: date, day: date) -> Iterator[Event]:
        """A change on ``day`` that was known before: what became known that day stands under the other clock."""
        before, _ = self.value(name, key, max(earlier, day - DAY), day)
        after, entry = self.value(name, key, day, day)
        foreseen, _ = self.value(name, key, day, day - DAY)
        if entry is not None and not alike(before, after) and alike(foreseen, after):
            yield Event(day, IN_FORCE, VALUE, name, key, day, None, before, after, entry.cites)

    def _rules(self) -> Iterator[Event]:
        selection = self.selection
        for rule in (r for rules in self.law.rules.values() for r in rules if selection.admits(r.readings)):
            for day, clock, stands in (
                (rule.known_from, KNOWN, True),
                (rule.known_to, KNOWN, False),
                (rule.begins, IN_FORCE, True),
                (rule.ends, IN_FORCE, False),
            ):
                if day not in (ALWAYS, NEVER):
                    yield Event(day, clock, RULE, rule.name, None, None, None, not stands, stands, rule.cites)


def alike(one: Any, two: Any) -> bool:
    """Whether two values say the same; doubts do when they have the same bounds."""
    if isinstance(one, Unknown) and isinstance(two, Unknown):
        return (one.low, one.high) == (two.low, two.high)
    return type(one) is type(two) and bool(one == two)


def between(events: Iterable[Event], since: date | None, until: date | None, only: str | None) -> list[Event]:
    """The events of some days, and of names that begin with ``only``."""
    return [
        e
        for e in events
        if (since is None or e.day >= since) and (until is None or e.day <= until) and (only is None or e.name.startswith(only))
    ]
