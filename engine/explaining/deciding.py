"""What a missing fact would decide: the ranges of its values, and what comes out in each of them.

Nothing is guessed: every range is put in place of the missing fact, as a value known to lie in it, and proved again. Where
the bounds leave the answer open, the range is split at the limits of the comparisons that the proof left open, and each
part is proved in its turn. So what is said of a range holds for every value in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from engine.containment import contained
from engine.facts import Facts, Row
from engine.facts.changing import unhashed, with_cell
from engine.language import Cause, ColumnSpec, OpenSet, Trace, Unknown
from engine.language.values import hull, whole
from engine.law import Law
from engine.proving import Determination, Inquiry, Prover, Root, comparable, determine

StepKey = tuple[str, tuple[str, ...], str]
MAX_LEAVES, MAX_TRIALS, PAIR = 8, 48, 2
TINY = Fraction(1, 10**40)
"""Less than any two numbers that facts can state lie apart; so `more than 20,000` is `at least 20,000 and a bit`."""
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Range:
    """Numbers or days from ``low`` to ``high``; None where there is no end; ``over`` and ``under`` leave the end itself out."""

    low: Any
    high: Any
    over: bool = False
    under: bool = False


@dataclass(frozen=True)
class Case:
    """What comes out for some values of the missing fact.

    Attributes:
        values: a range, or the single values.
        outcome: what is then proved.
        missing: what would still be missing; empty where the outcome is known, or known as soon as the fact is exact.
    """

    values: Range | tuple[Any, ...]
    outcome: Any
    missing: frozenset[Cause] = frozenset()

    @property
    def known(self) -> bool:
        """Whether the outcome is the same for all the values, and complete."""
        return not isinstance(self.outcome, (Unknown, OpenSet))


@dataclass(frozen=True)
class Deciding:
    """What one missing fact would decide about one decision, whatever else stays missing.

    Attributes:
        column: how the fact is declared; None where whole records are missing, for which no values can be tried.
        cases: the values, first to last, with what comes out; empty where none could be tried.
    """

    cause: Cause
    column: ColumnSpec | None
    cases: tuple[Case, ...]

    @property
    def alone(self) -> bool:
        """Whether the fact decides by itself, whatever it turns out to be."""
        return bool(self.cases) and not any(case.missing for case in self.cases)


def deciding(
    law: Law, facts: Facts, inquiry: Inquiry, root: Root, key: StepKey, outcome: Any, wanted: Sequence[Cause] | None = None
) -> list[Deciding]:
    """What each missing fact would decide about the step ``key`` of a determination whose outcome is not known.

    Args:
        wanted: the missing facts to try; by default the first of all.

    Raises:
        EngineDefect: proving failed.
    """
    causes = sorted(c for c in outcome.causes if c.kind == "fact") if isinstance(outcome, (Unknown, OpenSet)) else []
    causes = causes if wanted is None else [cause for cause in causes if cause in wanted]
    prover = Prover(law, law.select(inquiry.authority, inquiry.readings, inquiry.known_on), facts)
    return list(contained(causes[:MAX_LEAVES], _Search(prover, root, key))) if causes else []


@dataclass(frozen=True)
class _Search:
    """Tries the values of one missing fact after the other."""

    prover: Prover
    root: Root
    key: StepKey

    def __call__(self, cause: Cause) -> Deciding:
        leaf = _find(self.prover, cause)
        if leaf is None:
            return Deciding(cause, None, ())
        kind = leaf.column.type
        if kind.kind in ("number", "date"):
            cases = self._ranges(leaf)
        else:
            codes = self.prover.law.tree["codes"].get(kind.codes or "", {}).get("members", {})
            singles = [True, False] if kind.kind == "bool" else list(map(str, codes))
            cases = [self._case(leaf, (value,), value)[0] for value in singles]
        if kind.nullable:
            cases.append(self._case(leaf, (None,), None)[0])
        return Deciding(cause, leaf.column, tuple(_merged(cases)))

    def _case(self, leaf: _Leaf, values: Range | tuple[Any, ...], value: Any) -> tuple[Case, Determination]:
        found = self._prove(leaf, value)
        step = found.steps.get(self.key)
        outcome = step.outcome if step is not None else None
        causes = outcome.causes if isinstance(outcome, (Unknown, OpenSet)) else frozenset()
        return Case(values, outcome, causes - {leaf.cause}), found

    def _prove(self, leaf: _Leaf, value: Any) -> Determination:
        entity, _, decision = self.key
        return determine(self.prover.about(leaf.put(value)), self.root, "brief", ((entity, decision),))

    def _ranges(self, leaf: _Leaf) -> list[Case]:
        """The range of all values, split as long as a part of it is open for want of this fact alone."""
        todo, done = [leaf.domain], []
        for _ in range(MAX_TRIALS):
            if not todo:
                break
            part = todo.pop(0)
            case, found = self._case(leaf, part, leaf.within(part))
            limits = [] if case.known else [x for x in _limits(found, leaf, part) if _inside(x, part)]
            if limits:
                at = limits[0]
                single = Range(at, at)
                todo[:0] = [
                    p for p in (Range(part.low, at, part.over, True), single, Range(at, part.high, True, part.under)) if leaf.fits(p)
                ]
            elif not case.known and not case.missing:
                done.append(self._by_value(leaf, case))
            else:
                done.append(case)
        return done

    def _by_value(self, leaf: _Leaf, case: Case) -> Case:
        """A case open for want of the exact fact only: its bounds, and, at one of its values, what would then still be missing."""
        assert isinstance(case.values, Range)
        at = leaf.within(case.values)
        value = next(x for x in (at.low, at.high, 0) if x is not None) if isinstance(at, Unknown) else at
        closed = Range(case.values.low, case.values.high)
        return replace(
            self._case(leaf, closed, leaf.within(closed))[0], values=case.values, missing=self._case(leaf, (value,), value)[0].missing
        )


@dataclass(frozen=True)
class _Leaf:
    """A cell that is not known, or that no row has yet."""

    facts: Facts
    cause: Cause
    column: ColumnSpec
    row: Row
    absent: bool

    def put(self, value: Any) -> Facts:
        if self.absent:
            row = Row(self.row.table, self.row.key, {**self.row.cells, self.column.name: value}, self.row.source)
            return unhashed(self.facts, self.facts.as_of, [row], {})
        return with_cell(self.facts, self.row, self.column.name, value)

    @property
    def domain(self) -> Range:
        """All values that the declaration admits."""
        cell = self.row.cells[self.column.name]
        return Range(cell.low, cell.high) if isinstance(cell, Unknown) else Range(self.column.minimum, None)

    @property
    def _step(self) -> Any:
        return DAY if self.column.type.kind == "date" else 1 if self.column.whole else TINY

    def within(self, part: Range) -> Any:
        """What stands for any value of a range: the value itself, or an unknown with its bounds."""
        low = part.low + self._step if part.over and part.low is not None else part.low
        high = part.high - self._step if part.under and part.high is not None else part.high
        return low if low is not None and low == high else Unknown(frozenset({self.cause}), low, high)

    def fits(self, part: Range) -> bool:
        """Whether a range has a value at all."""
        value = self.within(part)
        return not isinstance(value, Unknown) or value.low is None or value.high is None or bool(value.low <= value.high)


def _find(prover: Prover, cause: Cause) -> _Leaf | None:
    """The cell that a cause names; None where it names whole records, whose values cannot be tried one by one."""
    table, _, name = cause.name.partition(".")
    spec = prover.law.vocabulary.tables[table]
    column = spec.columns.get(name)
    if not name and len(cause.place) == len(spec.key):
        open_columns = [
            c for n, c in spec.columns.items() if n not in spec.key and not c.has_presumed and c.type.kind not in ("ref", "text")
        ]
        column = open_columns[0] if len(open_columns) == 1 else None  # a record with one figure is as good as that figure
    if column is None or column.type.kind not in ("number", "date", "bool", "code"):
        return None
    found = next((row for row in prover.facts.tables[table] if row.key == cause.place), None)
    if found is not None:
        return _Leaf(prover.facts, cause, column, found, False)
    cells: dict[str, Any] = {n: c.presumed if c.has_presumed else None for n, c in spec.columns.items()}
    for part, key in zip(spec.key, cause.place, strict=True):
        kind = spec.columns[part].type
        cells[part] = key
        if kind.kind == "ref":
            cells[part] = next((row for row in prover.facts.tables[kind.table or ""] if row.key == (key,)), None)
            if cells[part] is None:
                return None
        elif kind.kind == "number":
            cells[part] = int(key)
    return _Leaf(prover.facts, cause, column, Row(table, cause.place, {**cells, column.name: None}, ""), True)


def _limits(found: Determination, leaf: _Leaf, part: Range) -> list[Any]:
    """Values of the fact at which comparisons that are open for want of it may turn, those met first in the proof first."""
    seen: dict[Any, None] = {}
    for step in found.steps.values():
        for rule in step.rules:
            for trace in (rule.when, rule.gives):
                for compare in _open_comparisons(trace, leaf.cause) if trace is not None else ():
                    for side, other in (compare.parts, reversed(compare.parts)):
                        seen.update(dict.fromkeys(_turns(side, other, leaf, part)))
    return list(seen)


def _open_comparisons(trace: Trace, cause: Cause) -> Iterator[Trace]:
    """Comparisons, and choices of the greater or lesser of two, that turn on the fact."""
    chooses = trace.kind == "value" and len(trace.parts) == PAIR and trace.text.startswith(("max(", "min("))
    if (trace.kind == "compare" or chooses) and isinstance(trace.value, Unknown) and cause in trace.value.causes:
        yield trace
    for inner in trace.parts:
        yield from _open_comparisons(inner, cause)


def _turns(side: Trace, other: Trace, leaf: _Leaf, part: Range) -> Iterator[Any]:
    """Where ``side``, made from the fact, would equal ``other``: at the same value, or where a straight line between the bounds says."""
    if not isinstance(side.value, Unknown) or leaf.cause not in side.value.causes:
        return
    for limit in (other.value.low, other.value.high) if isinstance(other.value, Unknown) else (other.value,):
        if (
            isinstance(limit, bool)
            or not isinstance(limit, (int, Fraction, date))
            or (leaf.column.type.kind == "date") is not isinstance(limit, date)
        ):
            continue
        value, low, high = leaf.within(part), side.value.low, side.value.high
        numeric = all(isinstance(x, (int, Fraction)) for x in (low, high)) and isinstance(value, Unknown)
        rising = isinstance(value, Unknown) and isinstance(value.low, (int, Fraction)) and isinstance(low, (int, Fraction))
        if rising and value.high is None and low != limit:
            yield whole(value.low + Fraction(limit - low))  # if it grows as the fact does
        falling = isinstance(value, Unknown) and isinstance(value.low, (int, Fraction)) and isinstance(high, (int, Fraction))
        if falling and value.high is None and high != limit:
            yield whole(value.low + Fraction(high - limit))  # if it falls as the fact grows
        if numeric and isinstance(value.low, (int, Fraction)) and isinstance(value.high, (int, Fraction)) and low != high:
            at = value.low + Fraction(limit - low) * (value.high - value.low) / (high - low)
            yield whole(Fraction(round(at / TINY)) * TINY) if not leaf.column.whole else int(at)
        yield limit


def _inside(value: Any, part: Range) -> bool:
    """Whether a limit splits a range: it lies in it, and is not all of it."""
    after = part.low is None or value > part.low or (value == part.low and not part.over and part.low != part.high)
    before = part.high is None or value < part.high or (value == part.high and not part.under and part.low != part.high)
    return bool(after and before)


def _merged(cases: list[Case]) -> Iterator[Case]:
    """Neighbours with one outcome as one case."""
    held: Case | None = None
    for case in cases:
        joined = _joined(held, case) if held is not None else None
        if held is not None and joined is None:
            yield held
        held = joined or case
    if held is not None:
        yield held


def _joined(one: Case, two: Case) -> Case | None:
    if isinstance(one.values, Range) and isinstance(two.values, Range) and _by_figure(one, two):
        return Case(Range(one.values.low, two.values.high, one.values.over, two.values.under), _hull(one.outcome, two.outcome))
    if comparable(one.outcome) != comparable(two.outcome) or one.missing != two.missing or one.known is not two.known:
        return None
    if isinstance(one.values, Range) and isinstance(two.values, Range):
        amount = isinstance(one.outcome, Unknown) and not one.known
        outcome = _hull(one.outcome, two.outcome) if amount and one.outcome != two.outcome else one.outcome
        return Case(Range(one.values.low, two.values.high, one.values.over, two.values.under), outcome, one.missing)
    if isinstance(one.values, tuple) and isinstance(two.values, tuple):
        return Case((*one.values, *two.values), one.outcome, one.missing)
    return None


def _by_figure(one: Case, two: Case) -> bool:
    """Whether two amounts both follow from the exact figure: one of them at a single value of it, or neither."""
    if one.missing or two.missing or (one.known and two.known):
        return False
    amounts = all(isinstance(case.outcome, (int, Fraction, Unknown)) and not isinstance(case.outcome, bool) for case in (one, two))
    points = [isinstance(case.values, Range) and case.values.low is not None and case.values.low == case.values.high for case in (one, two)]
    bounded = any(isinstance(c.outcome, Unknown) and (c.outcome.low is not None or c.outcome.high is not None) for c in (one, two))
    return amounts and bounded and all(not case.known or point for case, point in zip((one, two), points, strict=True))


def _hull(one: Any, two: Any) -> Any:
    """Two outcomes as one that may be either."""
    return hull([one, two], frozenset())
