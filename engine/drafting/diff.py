"""Two laws compared by what they mean: phases, values and rules that differ, and for how long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, cached_property
from typing import Any

from engine.drafting.normal import Form, rule_form
from engine.drafting.sides import Side
from engine.drafting.versions import Versions, alike
from engine.language import ParameterSpec
from engine.law import Entry, Law, Phase, Program, TypedRule
from engine.law.apart import Apart, identity
from engine.law.selection import ALWAYS, NEVER

Key = tuple[str, str]
DAY = timedelta(days=1)
ADDED, REMOVED, CHANGED = "added", "removed", "changed"


@dataclass(frozen=True)
class Span:
    """Days, the last one included; of a year that is compared as a whole, its first and last day."""

    begins: date
    ends: date


@dataclass(frozen=True)
class ValueChange:
    """A parameter whose value differs.

    Attributes:
        spans: when; none where one day or phase of each law is compared.
        sides: for each law its value and the source that gives it; (None, None) where the law has no such parameter.
    """

    parameter: str
    key: Any
    spans: tuple[Span, ...]
    sides: tuple[tuple[Any, Entry | None], tuple[Any, Entry | None]]


@dataclass(frozen=True)
class RuleChange:
    """A rule that only one law has, or that says something else in the other.

    Attributes:
        kind: `added`, `removed` or `changed`.
        decides: (entity, decision).
        years: in which the law differs by it.
    """

    kind: str
    decides: Key
    years: tuple[int, ...]
    before: TypedRule | None
    after: TypedRule | None

    @property
    def name(self) -> str:
        typed = self.after or self.before
        assert typed is not None
        return typed.rule.name


@dataclass(frozen=True)
class PhaseChange:
    """Years that different phases govern; None where no phase does."""

    years: tuple[int, ...]
    before: Phase | None
    after: Phase | None


@dataclass(frozen=True)
class LawDiff:
    """Everything that differs in meaning.

    Attributes:
        renamed: parameters and decisions that have another name and the same content: before, after.
        reworded: rules that decide the same, with other words or sources.
    """

    phases: tuple[PhaseChange, ...]
    values: tuple[ValueChange, ...]
    rules: tuple[RuleChange, ...]
    renamed: tuple[tuple[str, str], ...]
    reworded: tuple[str, ...]

    @property
    def same(self) -> bool:
        return not (self.phases or self.values or self.rules)


@dataclass(frozen=True)
class Slot:
    """A stretch of time in which the laws are compared: a year of each law, and the day of each where one day is meant."""

    years: tuple[int, int]
    days: tuple[date, date] | None = None


def diff(one: Side, other: Side) -> LawDiff:
    """What ``other`` says otherwise than ``one``.

    Raises:
        InputError: a side cannot be asked.
    """
    return _Diff((one, other)).found()


@dataclass
class _Diff:
    sides: tuple[Side, Side]
    _forms: dict[tuple[int, str, int], Form] = field(default_factory=dict)

    @cached_property
    def versions(self) -> tuple[Versions, Versions]:
        one, other = (Versions(side.law, side.selection) for side in self.sides)
        return one, other

    @cached_property
    def comparing(self) -> Apart:
        return Apart(self.sides[0].law, self.sides[1].law)

    def found(self) -> LawDiff:
        slots = list(self.slots())
        rules, reworded = self.rules(slots)
        return LawDiff(
            tuple(self.phases(slots)), tuple(self.values(slots)), tuple(rules), tuple(self.renames.items()), tuple(sorted(reworded))
        )

    # -- when ---------------------------------------------------------------------------------------------------

    def slots(self) -> Iterator[Slot]:
        one, other = self.sides
        if one.on is not None or other.on is not None:
            days = (one.on or other.on, other.on or one.on)
            assert days[0] is not None and days[1] is not None
            yield Slot((days[0].year, days[1].year), (days[0], days[1]))
        elif one.phase is not None or other.phase is not None:
            years = [side.law.phases[side.phase].last_year if side.phase is not None else None for side in self.sides]
            first, second = years[0] or years[1], years[1] or years[0]
            assert first is not None and second is not None
            yield Slot((first, second))
        else:
            phases = [phase for side in self.sides for phase in side.law.phases.values()]
            for year in range(min(p.first_year for p in phases), max(p.last_year for p in phases) + 1):
                yield Slot((year, year))

    def phase(self, index: int, slot: Slot) -> Phase | None:
        side = self.sides[index]
        if side.phase is not None:
            return side.law.phases[side.phase]
        return side.law.phase_of(slot.years[index], side.inquiry.known_on)

    def program(self, index: int, slot: Slot) -> Program | None:
        phase = self.phase(index, slot)
        side = self.sides[index]
        return None if phase is None else self.versions[index].program(phase, slot.years[index], side.inquiry.known_on)

    def phases(self, slots: list[Slot]) -> Iterator[PhaseChange]:
        if any(side.phase is not None or side.on is not None for side in self.sides):
            return
        runs: list[PhaseChange] = []
        for slot in slots:
            before, after = self.phase(0, slot), self.phase(1, slot)
            if (before and before.id) == (after and after.id):
                continue
            if runs and (runs[-1].before, runs[-1].after) == (before, after):
                runs[-1] = PhaseChange((*runs[-1].years, slot.years[0]), before, after)
            else:
                runs.append(PhaseChange((slot.years[0],), before, after))
        yield from runs

    # -- names --------------------------------------------------------------------------------------------------

    @cached_property
    def renames(self) -> dict[str, str]:
        """Parameters of the first law that the second has under another name, with the same declaration and values."""
        laws = [side.law for side in self.sides]
        only = [[n for n in law.vocabulary.parameters if n not in other.vocabulary.parameters] for law, other in (laws, laws[::-1])]
        shapes = [{name: _shape(law, name) for name in names} for law, names in zip(laws, only, strict=True)]
        found = {}
        for name, shape in shapes[0].items():
            same = [other for other, its in shapes[1].items() if its == shape]
            if len(same) == 1:
                found[name] = same[0]
        return found

    def named(self, index: int, kind: str, name: str) -> str:
        return self.renames.get(name, name) if kind == "parameter" and index == 0 else name

    # -- values -------------------------------------------------------------------------------------------------

    def values(self, slots: list[Slot]) -> Iterator[ValueChange]:
        laws = [side.law for side in self.sides]
        seen: dict[tuple[str, Any], None] = {}
        for law in laws:
            for name in law.vocabulary.parameters:
                keys = law.keys(name) if law.vocabulary.parameters[name].keyed_by else [None]
                seen |= dict.fromkeys((name, key) for key in keys)
        same = cache(lambda name: self.same_value(name, slots))
        for name, key in seen:
            if name not in self.renames and name not in self.renames.values() and not same(name):
                yield from self.value_changes(name, key, slots)

    def same_value(self, name: str, slots: list[Slot]) -> bool:
        """Whether a parameter has the same values throughout, judged by all that is said of it; not so where two times are compared."""
        if any(name not in side.law.vocabulary.parameters for side in self.sides):
            return False
        if any(slot.days is not None or slot.years[0] != slot.years[1] for slot in slots):
            return False
        pairs = ((self.program(0, slot), self.program(1, slot)) for slot in slots)
        return all(one is None or other is None or self.comparing.same_value(one, other, name) for one, other in pairs)

    def value_changes(self, name: str, key: Any, slots: list[Slot]) -> Iterator[ValueChange]:
        """The changes of one parameter, each with every span in which both laws keep to the same two values."""
        spec = next(s.law.vocabulary.parameters[name] for s in self.sides if name in s.law.vocabulary.parameters)
        runs: list[tuple[Span, tuple[Any, Entry | None], tuple[Any, Entry | None]]] = []
        for slot in slots:
            for span, days in self.days(slot, spec, key):
                one, other = self.value(0, slot, name, key, days[0]), self.value(1, slot, name, key, days[1])
                if one is None or other is None or alike(one[0], other[0]):
                    continue
                last = runs[-1] if runs else None
                if last and last[0].ends + DAY == span.begins and alike(last[1][0], one[0]) and alike(last[2][0], other[0]):
                    runs[-1] = (Span(last[0].begins, span.ends), one, other)
                else:
                    runs.append((span, one, other))
        while runs:
            _, one, other = runs[0]
            alikes = [run for run in runs if alike(run[1][0], one[0]) and alike(run[2][0], other[0])]
            runs = [run for run in runs if run not in alikes]
            timed = all(slot.days is None and slot.years[0] == slot.years[1] for slot in slots)
            yield ValueChange(name, key, tuple(run[0] for run in alikes) if timed else (), (alikes[-1][1], alikes[-1][2]))

    def days(self, slot: Slot, spec: ParameterSpec, key: Any) -> Iterator[tuple[Span, tuple[date, date]]]:
        """The days of a slot on which a value of either law can change, each with the span up to the next."""
        if slot.days is not None:
            if spec.keyed_by != "year" or int(key) in slot.years:
                yield Span(slot.days[0], slot.days[1]), slot.days
            return
        if slot.years[0] != slot.years[1]:
            ends = date(slot.years[0], 12, 31), date(slot.years[1], 12, 31)
            if spec.keyed_by != "year":
                yield Span(*ends), ends
            return
        first, last = date(slot.years[0], 1, 1), date(slot.years[0], 12, 31)
        if spec.keyed_by == "year":
            if int(key) == slot.years[0]:
                yield Span(first, last), (last, last)
            return
        entries = [entry for side in self.sides for entry in side.law.entries(spec.name, key)]
        starts = sorted({first, *(d for e in entries for d in (e.begins, e.ends) if first < d <= last)})
        for day, following in zip(starts, [*starts[1:], last + DAY], strict=True):
            yield Span(day, following - DAY), (day, day)

    def value(self, index: int, slot: Slot, name: str, key: Any, day: date) -> tuple[Any, Entry | None] | None:
        """The value in force; None where the law of a side does not govern the time, so that there is nothing to compare."""
        program = self.program(index, slot)
        if program is None:
            return None
        if name not in self.sides[index].law.vocabulary.parameters:
            return None, None
        return program.parameter(name, key, day)

    # -- rules --------------------------------------------------------------------------------------------------

    def rules(self, slots: list[Slot]) -> tuple[list[RuleChange], set[str]]:
        """The rules that differ, each with its years; and those that only say it otherwise."""
        found: dict[tuple[Any, ...], tuple[list[int], RuleChange]] = {}
        reworded: set[str] = set()
        keys = dict.fromkeys(key for side in self.sides for key in side.law.rules)
        for slot in slots:
            programs = self.program(0, slot), self.program(1, slot)
            if programs[0] is None or programs[1] is None:
                continue
            for key in keys:
                rules = [self.active(programs[i], i, slot, key) for i in (0, 1)]  # type: ignore[arg-type]
                if slot.days is None and list(map(_identical, rules[0])) == list(map(_identical, rules[1])):
                    continue
                own, others = (list(self.formed(programs[i], i, key, rules[i])) for i in (0, 1))  # type: ignore[arg-type]
                for change in self.rule_changes(key, own, others, reworded):
                    names = tuple(typed.rule.name if typed else None for typed in (change.before, change.after))
                    found.setdefault((change.kind, key, names), ([], change))[0].append(slot.years[1])
        changes = [RuleChange(c.kind, c.decides, tuple(years), c.before, c.after) for years, c in found.values()]
        return changes, reworded - {change.name for change in changes}

    def active(self, program: Program, index: int, slot: Slot, key: Key) -> list[TypedRule]:
        """The rules of a decision in a slot."""
        rules = program.rules(key) if key in program.law.rules else ()
        days = slot.days
        return [typed for typed in rules if days is None or typed.rule.begins <= days[index] < typed.rule.ends]

    def formed(self, program: Program, index: int, key: Key, rules: list[TypedRule]) -> Iterator[tuple[TypedRule, Form]]:
        """Rules of a decision, each with its form."""
        by_name = {typed.rule.name: typed for typed in program.rules(key)} if rules else {}
        for typed in rules:
            cached = (index, typed.rule.name, id(typed))
            if cached not in self._forms:
                self._forms[cached] = rule_form(typed, by_name, lambda kind, name: self.named(index, kind, name))
            yield typed, self._forms[cached]

    def rule_changes(
        self, key: Key, own: list[tuple[TypedRule, Form]], others: list[tuple[TypedRule, Form]], reworded: set[str]
    ) -> Iterator[RuleChange]:
        left, right = list(own), list(others)
        for typed, form in own:
            match = next((pair for pair in right if pair[1] == form), None)
            if match is not None:
                left.remove((typed, form))
                right.remove(match)
                if (typed.rule.says, typed.rule.cites) != (match[0].rule.says, match[0].rule.cites):
                    reworded.add(match[0].rule.name)
        named = {typed.rule.name: typed for typed, _ in right}
        for typed, _ in left:
            after = named.pop(typed.rule.name, None)
            yield RuleChange(CHANGED if after is not None else REMOVED, key, (), typed, after)
        for after in named.values():
            yield RuleChange(ADDED, key, (), None, after)


def _identical(typed: TypedRule) -> tuple[Any, ...]:
    """What two rules have in common of which there is nothing to compare."""
    return (*identity(typed), typed.rule.says, typed.rule.cites)


def _shape(law: Law, name: str) -> tuple[Any, ...]:
    """What a parameter is, apart from its name."""
    spec = law.vocabulary.parameters[name]
    values = [
        (key, e.phase, e.begins, e.ends, e.known_from, e.authority, tuple(sorted(e.readings.items())), repr(e.value).replace(name, ""))
        for key in dict.fromkeys(law.keys(name))
        for e in law.entries(name, key)
    ]
    return (spec.type, spec.governed_by, spec.keyed_by, spec.minimum, spec.inherited, tuple(sorted(values, key=repr)))


def years_text(years: Iterable[int]) -> str:
    """Years in a row as a range: e.g. `2022–2025, 2027`."""
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and runs[-1][-1] == year - 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def whole_years(spans: Iterable[Span]) -> list[int] | None:
    """The years that spans are made of, or None where one begins or ends within a year."""
    found: list[int] = []
    for span in spans:
        whole = (span.begins.month, span.begins.day, span.ends.month, span.ends.day) == (1, 1, 12, 31)
        if not whole or span.begins == ALWAYS or span.ends == NEVER:
            return None
        found += range(span.begins.year, span.ends.year + 1)
    return found
