"""Values of the law over facts that are not chosen yet: what the language computes with, as formulas of Z3.

A plain value stays what it is in `engine.language.values`. Conditions have two sides (known to hold, known to fail) and
numbers two ends, so that what the law itself leaves unknown stays unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import Any

from engine.analysis.laws.formulas import conj, disj, neg, pick, test
from engine.analysis.symbols import Formula, Unencodable
from engine.language import Cause, OpenSet, Unknown
from engine.language.values import same

__all__ = ["Choice", "Formula", "Members", "Num", "Rowset", "Truth", "Unencodable", "conj", "disj", "merge", "neg", "num", "truth"]


@dataclass(frozen=True, eq=False)
class Truth:
    """A condition: when it is known to hold, and when it is known to fail; ``sure``: one of the two is always so."""

    holds: Formula
    fails: Formula
    sure: bool = False


@dataclass(frozen=True, eq=False)
class Num:
    """A number, or a day as its ordinal.

    Attributes:
        low, high: its ends, Z3 terms or exact constants; the same object where it is known.
        none: when there is no such thing; ``maybe``: when that is not known.
        below, above: when it has no lower, no upper end.
        cases: the plain values that it is made of, where it is one of such: exactly one of the conditions holds.
    """

    low: Any
    high: Any
    none: Formula = False
    maybe: Formula = False
    below: Formula = False
    above: Formula = False
    day: bool = False
    cases: tuple[tuple[Formula, Any], ...] | None = None

    @property
    def sharp(self) -> bool:
        """Whether it is known in every case in which it is not none."""
        return self.low is self.high and self.below is False and self.above is False and self.maybe is False


@dataclass(frozen=True, eq=False)
class Choice:
    """A code, row, text or truth that may be none: one of several, unknown where no condition holds.

    Attributes:
        total: whether one of the conditions always holds.
        variable: of a cell that is left open, the Z3 number of the option.
    """

    options: tuple[tuple[Formula, Any], ...]
    total: bool = False
    variable: Any = None


@dataclass(frozen=True, eq=False)
class Members:
    """A set of codes, each with the condition on which it is in."""

    codes: dict[str, Truth] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Rowset:
    """Related rows or instances, each with the condition on which it belongs; ``absent``: when none was measured."""

    members: tuple[tuple[Formula, Any], ...]
    absent: Formula = False


Symbolic = (Truth, Num, Choice, Members)
OPEN = frozenset({Cause("fact", "left open")})
UNKNOWN = Unknown(OPEN)


def symbolic(value: Any) -> bool:
    return isinstance(value, Symbolic)


# -- conditions -------------------------------------------------------------------------------------------------


def truth(value: Any) -> Truth:
    """The two sides of any condition."""
    if isinstance(value, Truth):
        return value
    if isinstance(value, Choice):
        sides = [disj(*(guard for guard, option in value.options if option is side)) for side in (True, False)]
        return Truth(sides[0], sides[1], value.total and all(isinstance(option, bool) for _, option in value.options))
    return Truth(value is True, value is False, isinstance(value, bool))


def settled(holds: Formula, fails: Formula) -> Any:
    """The plain truth value where nothing is left to choose."""
    if holds is True or fails is True:
        return holds is True
    return UNKNOWN if holds is False and fails is False else Truth(holds, fails)


def sure(holds: Formula) -> Any:
    """A condition that is always known."""
    return holds if isinstance(holds, bool) else Truth(holds, neg(holds), True)


def negate(value: Any) -> Any:
    sides = truth(value)
    return sure(sides.fails) if sides.sure else settled(sides.fails, sides.holds)


def all_of(values: Iterable[Any]) -> Any:
    sides = [truth(value) for value in values]
    holds = conj(*(s.holds for s in sides))
    return sure(holds) if all(s.sure for s in sides) else settled(holds, disj(*(s.fails for s in sides)))


def any_of(values: Iterable[Any]) -> Any:
    sides = [truth(value) for value in values]
    holds = disj(*(s.holds for s in sides))
    return sure(holds) if all(s.sure for s in sides) else settled(holds, conj(*(s.fails for s in sides)))


# -- numbers ----------------------------------------------------------------------------------------------------


def plain_number(value: Any) -> bool:
    return isinstance(value, (int, Fraction, date)) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether it is a number or day, known or not."""
    if isinstance(value, Unknown):
        return value.low is not None or value.high is not None
    return isinstance(value, Num) or plain_number(value)


def scalar(value: Any) -> Any:
    return value.toordinal() if isinstance(value, date) else value


def num(value: Any) -> Num:
    """Any number, day, none or unknown as a `Num`."""
    if isinstance(value, Num):
        return value
    if value is None:
        return Num(0, 0, none=True, cases=((True, None),))
    if isinstance(value, Unknown):
        low, high = value.low, value.high
        day = isinstance(low if low is not None else high, date)
        return Num(
            scalar(low) if low is not None else 0,
            scalar(high) if high is not None else 0,
            maybe=value.none,
            below=low is None,
            above=high is None,
            day=day,
            cases=((True, value),),
        )
    if isinstance(value, Choice) and all(option is None for _, option in value.options):
        none = disj(*(guard for guard, _ in value.options))
        return Num(0, 0, none=none, below=neg(none), above=neg(none), cases=((none, None), (neg(none), UNKNOWN)))
    if not plain_number(value):
        raise Unencodable("a number where there is none")
    one = scalar(value)
    return Num(one, one, day=isinstance(value, date), cases=((True, value),))


def known(value: Num) -> Formula:
    """When it is a known number: given, and its ends meet."""
    met = True if value.low is value.high else test(value.low, "==", value.high)
    return conj(neg(value.none), neg(value.maybe), neg(value.below), neg(value.above), met)


# -- one of several ---------------------------------------------------------------------------------------------


def merge(options: Sequence[tuple[Formula, Any]], exhaustive: bool = False, apart: bool = False) -> Any:
    """The value of the first condition that holds; unknown where none does.

    Args:
        exhaustive: whether one of the conditions always holds.
        apart: whether the conditions exclude each other.

    Raises:
        Unencodable: the values are not of one family.
    """
    kept: list[tuple[Formula, Any]] = []
    for guard, value in options:
        if guard is False:
            continue
        kept.append((guard, value))
        if guard is True:
            exhaustive = True
            break
    if not kept:
        return UNKNOWN
    if kept[0][0] is True:
        return kept[0][1]
    values = [value for _, value in kept]
    if exhaustive and all(value is None for value in values):
        return None
    if any(isinstance(value, Rowset) for value in values):
        raise Unencodable("rows by a condition")
    if any(isinstance(value, (Members, frozenset, OpenSet)) for value in values):
        return _merge_sets(kept if apart else _apart(kept))
    if any(isinstance(value, (bool, Truth)) for value in values) and not any(
        value is None or isinstance(value, Choice) for value in values
    ):
        return _merge_truths(kept if apart else _apart(kept), exhaustive)
    if any(is_number(value) for value in values):
        return _merge_numbers(kept, exhaustive, apart)
    return _merge_choices(kept if apart else _apart(kept), exhaustive)


def _apart(options: Sequence[tuple[Formula, Any]]) -> list[tuple[Formula, Any]]:
    """The same options with conditions that exclude each other."""
    found: list[tuple[Formula, Any]] = []
    before: list[Formula] = []
    for guard, value in options:
        found.append((conj(guard, *(neg(b) for b in before)), value))
        before.append(guard)
    return found


def _merge_truths(options: Sequence[tuple[Formula, Any]], exhaustive: bool) -> Any:
    sides = [(guard, truth(value)) for guard, value in options]
    if exhaustive and all(side.sure for _, side in sides):
        return sure(disj(*(conj(g, t.holds) for g, t in sides)))
    return settled(disj(*(conj(g, t.holds) for g, t in sides)), disj(*(conj(g, t.fails) for g, t in sides)))


def _merge_choices(options: Sequence[tuple[Formula, Any]], exhaustive: bool) -> Choice:
    found: list[tuple[Formula, Any]] = []
    total = exhaustive and not any(isinstance(v, Unknown) for _, v in options)
    for guard, value in options:
        if isinstance(value, Truth):
            value = Choice(((value.holds, True), (value.fails, False)), value.sure)
        if isinstance(value, Choice):
            total = total and value.total
            found += [(conj(guard, inner), option) for inner, option in value.options]
        elif not isinstance(value, Unknown):
            found.append((guard, value))
    return Choice(tuple((guard, value) for guard, value in _joined(found) if guard is not False), total)


def alike(left: Any, right: Any) -> bool:
    """Whether two plain options are the same one."""
    return left is right or (type(left) is type(right) and isinstance(left, (str, int, Fraction, date)) and same(left, right))


def _merge_sets(options: Sequence[tuple[Formula, Any]]) -> Members:
    sides = [(guard, members(value)) for guard, value in options]
    codes = dict.fromkeys(code for _, value in sides for code in value.codes)
    never = Truth(False, True)
    found = {}
    for code in codes:
        parts = [(guard, value.codes.get(code, never)) for guard, value in sides]
        found[code] = Truth(disj(*(conj(g, t.holds) for g, t in parts)), disj(*(conj(g, t.fails) for g, t in parts)))
    return Members(found)


def members(value: Any) -> Members:
    """A plain or open set as `Members`."""
    if isinstance(value, Members):
        return value
    if isinstance(value, OpenSet):
        return Members({**dict.fromkeys(value.members, Truth(True, False)), **dict.fromkeys(value.possible, Truth(False, False))})
    if isinstance(value, frozenset):
        return Members(dict.fromkeys(sorted(value), Truth(True, False)))
    raise Unencodable("a set that may be none or unknown")


def _merge_numbers(options: Sequence[tuple[Formula, Any]], exhaustive: bool, exclusive: bool) -> Num:
    made = [(guard, num(value)) for guard, value in options]
    rest = False if exhaustive else conj(*(neg(guard) for guard, _ in made))
    last = made[-1][1]
    low, high = last.low, last.high
    sharp = all(value.low is value.high for _, value in made)
    for guard, value in reversed(made[:-1]):
        low = pick(guard, value.low, low)
        high = low if sharp else pick(guard, value.high, high)
    if sharp:
        high = low
    apart = made if exclusive else _apart(made)
    cases = None
    if all(value.cases is not None for _, value in made):
        cases = tuple((conj(guard, inner), option) for guard, value in apart for inner, option in value.cases or ())
        cases = cases if rest is False else (*cases, (rest, UNKNOWN))
    return Num(
        low,
        high,
        none=disj(*(conj(g, v.none) for g, v in apart)),
        maybe=disj(*(conj(g, v.maybe) for g, v in apart)),
        below=disj(rest, *(conj(g, v.below) for g, v in apart)),
        above=disj(rest, *(conj(g, v.above) for g, v in apart)),
        day=any(v.day for _, v in made),
        cases=cases,
    )


def lift(apply: Callable[[Any], Any], value: Any) -> Any:
    """``apply`` to a plain value, or to each value that it may be."""
    if isinstance(value, Choice):
        return merge(_joined([(guard, apply(option)) for guard, option in value.options]), value.total, True)
    if isinstance(value, Num) and value.cases is not None:
        return merge(_joined([(guard, apply(option)) for guard, option in value.cases]), True, True)
    return apply(value)


def _joined(options: list[tuple[Formula, Any]]) -> list[tuple[Formula, Any]]:
    """The same options, each plain value once."""
    found: dict[Any, tuple[list[Formula], Any]] = {}
    for guard, value in options:
        plain = isinstance(value, (str, int, Fraction, date))
        found.setdefault((type(value), value) if plain else id(value), ([], value))[0].append(guard)
    return [(disj(*guards), value) for guards, value in found.values()]


def without_none(value: Num) -> Num:
    """An operand: where it is none, or may be, nothing is known of the result."""
    open_ends = disj(value.none, value.maybe)
    if open_ends is False:
        return value
    return replace(value, none=False, maybe=False, below=disj(value.below, open_ends), above=disj(value.above, open_ends))
