"""Values that depend on what may still be chosen: the counterpart, for Z3, of the values that the law computes with.

A known value stays what it is in `engine.language.values`; only what a choice can change becomes one of the classes
here. Truth has two sides (known to hold, known to fail), and numbers have two ends, so that the three values of the law
survive: what is not known in a model is on neither side.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

import z3

from engine.language import Cause, OpenSet, Unknown
from engine.language.values import high, low, whole

Formula = Any
"""A `bool`, or a Z3 formula."""


LEFT_OPEN = Unknown(frozenset({Cause("choice", "")}))
"""What is not known whatever is chosen, where nothing in particular is missing."""


class Unencodable(Exception):
    """The law asks for something that this translation does not know, or that Z3 finds no end to; the message says what."""


# -- formulas ---------------------------------------------------------------------------------------------------


def conj(*parts: Formula) -> Formula:
    kept = [part for part in parts if part is not True]
    if any(part is False for part in kept):
        return False
    return True if not kept else kept[0] if len(kept) == 1 else z3.And(kept)


def disj(*parts: Formula) -> Formula:
    kept = [part for part in parts if part is not False]
    if any(part is True for part in kept):
        return True
    return False if not kept else kept[0] if len(kept) == 1 else z3.Or(kept)


def neg(part: Formula) -> Formula:
    if isinstance(part, bool):
        return not part
    return part.arg(0) if z3.is_not(part) else z3.Not(part)


def formula(part: Formula) -> Any:
    """A formula that Z3 takes."""
    return z3.BoolVal(part) if isinstance(part, bool) else part


@dataclass(frozen=True)
class Truth:
    """A condition: when it is known to hold, and when it is known to fail; ``sure``: one of the two is always so."""

    holds: Formula
    fails: Formula
    sure: bool = False


def truth(value: Any) -> Truth:
    """The two sides of any condition."""
    if isinstance(value, Truth):
        return value
    return Truth(value is True, value is False, isinstance(value, bool))


def settled(value: Truth) -> Any:
    """The plain truth value where nothing is left to choose."""
    if value.holds is True or value.fails is True:
        return value.holds is True
    if value.holds is False and value.fails is False:
        return LEFT_OPEN
    return value


# -- numbers and days -------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Pool:
    """How many units are taken from sources that the law treats alike, largest first: ``total`` is the Z3 number.

    The share of one source follows from the total, so that it needs no variable of its own, and the shares of all of
    them add up to the total without Z3 having to find that out.
    """

    total: Any
    sizes: tuple[int | None, ...]

    def __post_init__(self) -> None:
        self.before = [0, *itertools.accumulate(size or 0 for size in self.sizes[:-1])]
        """How many units come from the sources before each."""

    def share(self, index: int) -> Any:
        """What the source at ``index`` gives, as a term."""
        start, size = self.before[index], self.sizes[index]
        if len(self.sizes) == 1:
            return self.total
        rest = z3.If(self.total > start, self.total - start, 0)
        return rest if size is None else z3.If(self.total > start + size, size, rest)

    def shares(self, total: int) -> list[int]:
        """What each source gives when ``total`` units are taken."""
        found = []
        for size in self.sizes:
            found.append(total if size is None else min(size, total))
            total -= found[-1]
        return found


@dataclass(frozen=True)
class Term:
    """``times`` what ``atom`` is, where ``guard`` holds, else nothing.

    ``atom`` is a Z3 number, a (pool, index) pair, or None for one. ``least`` and ``most`` bound the atom.
    """

    times: Any
    guard: Formula
    atom: Any
    least: Any
    most: Any

    def key(self) -> tuple[Any, ...]:
        atom = self.atom if self.atom is None or isinstance(self.atom, tuple) else self.atom.get_id()
        name = (id(atom[0]), atom[1]) if isinstance(atom, tuple) else atom
        return (True if self.guard is True else self.guard.get_id(), name)


@dataclass(frozen=True)
class Linear:
    """``const`` and a sum of guarded terms."""

    const: Any
    terms: tuple[Term, ...] = ()

    @property
    def least(self) -> Any:
        return self._end(True)

    @property
    def most(self) -> Any:
        return self._end(False)

    def _end(self, lowest: bool) -> Any:
        total = self.const
        for term in self.terms:
            end = term.least if (term.times > 0) is lowest else term.most
            if end is None:
                return None
            end = end * term.times
            total += end if term.guard is True else min(0, end) if lowest else max(0, end)
        return total

    def times(self, factor: Any) -> Linear:
        if factor == 0:
            return Linear(0)
        return Linear(
            whole(self.const * factor), tuple(Term(whole(t.times * factor), t.guard, t.atom, t.least, t.most) for t in self.terms)
        )

    def where(self, guard: Formula) -> Linear:
        """This where ``guard`` holds, else nothing."""
        if guard is True or guard is False:
            return self if guard else Linear(0)
        terms = [Term(t.times, conj(t.guard, guard), t.atom, t.least, t.most) for t in self.terms]
        if self.const != 0:
            terms.append(Term(self.const, guard, None, 1, 1))
        return Linear(0, tuple(terms))

    def vanishes_without(self, pool: Pool, index: int) -> bool:
        """Whether it is nothing where that source gives nothing."""
        return self.const == 0 and all(isinstance(t.atom, tuple) and t.atom[0] is pool and t.atom[1] == index for t in self.terms)

    def term(self) -> Any:
        """The sum as a Z3 term, or a plain number. Complete pools become their total."""
        parts: list[Any] = []
        pools: dict[tuple[Any, ...], tuple[Term, Pool, list[int]]] = {}
        for t in self.terms:
            if isinstance(t.atom, tuple):
                name = (id(t.atom[0]), t.key()[0], t.times)
                pools.setdefault(name, (t, t.atom[0], []))[2].append(t.atom[1])
            else:
                parts.append(_guarded(t.times, t.guard, 1 if t.atom is None else t.atom))
        for t, pool, indexes in pools.values():
            if len(indexes) == len(pool.sizes):
                parts.append(_guarded(t.times, t.guard, pool.total))
            else:
                parts += [_guarded(t.times, t.guard, pool.share(index)) for index in indexes]
        if not parts:
            return self.const
        total = parts[0] if len(parts) == 1 else z3.Sum(parts)
        return total if self.const == 0 else total + numeral(self.const)


def _guarded(times: Any, guard: Formula, atom: Any) -> Any:
    scaled = numeral(times) if isinstance(atom, int) else atom if times == 1 else numeral(times) * atom
    return scaled if guard is True else z3.If(guard, scaled, 0)


def numeral(value: Any) -> Any:
    """An exact constant of Z3."""
    return z3.Q(value.numerator, value.denominator) if isinstance(value, Fraction) else z3.IntVal(int(value))


def add(parts: Iterable[Linear]) -> Linear:
    """The sum, with like terms put together."""
    const: Any = 0
    terms: dict[tuple[Any, ...], Term] = {}
    for part in parts:
        const += part.const
        for term in part.terms:
            key = term.key()
            found = terms.get(key)
            times = whole(term.times + (found.times if found is not None else 0))
            terms[key] = Term(times, term.guard, term.atom, term.least, term.most)
    return Linear(whole(const), tuple(t for t in terms.values() if t.times != 0))


@dataclass(frozen=True)
class Amount:
    """A number or a day (as its ordinal) between two ends; None is an open end.

    Attributes:
        undefined: when nothing at all is known of it.
    """

    low: Linear | None
    high: Linear | None
    undefined: Formula = False
    day: bool = False

    @property
    def known(self) -> bool:
        return self.low is not None and self.low is self.high


def exactly(linear: Linear, undefined: Formula = False, day: bool = False) -> Amount:
    return Amount(linear, linear, undefined, day)


def is_number(value: Any) -> bool:
    """Whether it is a number or a day, known or not, rather than a code, a truth or nothing."""
    if isinstance(value, Unknown):
        return value.low is not None or value.high is not None
    return isinstance(value, (Amount, int, Fraction, date)) and not isinstance(value, bool)


def amount(value: Any) -> Amount:
    """Any number or day as an `Amount`."""
    if isinstance(value, Amount):
        return value
    bottom, top = low(value), high(value)
    day = isinstance(bottom if bottom is not None else top, date)
    if not isinstance(value, Unknown):
        return exactly(_constant(value), day=day)
    return Amount(None if bottom is None else _constant(bottom), None if top is None else _constant(top), value.none, day)


def _constant(value: Any) -> Linear:
    return Linear(value.toordinal() if isinstance(value, date) else value)


def decided(difference: Linear, operator: str) -> bool | None:
    """`difference operator 0` as far as its bounds decide it."""
    least, most = difference.least, difference.most
    if operator == "==":
        if (least is not None and least > 0) or (most is not None and most < 0):
            return False
        return True if least is not None and least == most == 0 else None
    strict = operator == "<"
    if most is not None and (most < 0 or (most == 0 and not strict)):
        return True
    return False if least is not None and (least > 0 or (least == 0 and strict)) else None


_SIGNS: dict[tuple[Any, ...], tuple[Formula, Linear]] = {}
"""The same few comparisons stand in the rules of every lot; what is kept keeps its terms, so that their ids stay theirs."""


def sign(difference: Linear, operator: str) -> Formula:
    """`difference operator 0`, decided from its bounds where they decide it."""
    known = decided(difference, operator)
    if known is not None:
        return known
    key = (operator, difference.const, *((t.times, t.key()) for t in difference.terms))
    if key not in _SIGNS:
        term = difference.term()
        made = term == 0 if operator == "==" else term < 0 if operator == "<" else term <= 0
        _SIGNS[key] = made, difference
    return _SIGNS[key][0]


def less(left: Linear | None, right: Linear | None, strict: bool) -> Formula:
    """Whether ``left`` is below ``right`` for certain; an open end is below nothing."""
    if left is None or right is None:
        return False
    return sign(add([left, right.times(-1)]), "<" if strict else "<=")


# -- one of several ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OneOf:
    """A value that depends on formulas that exclude each other; unknown where none of them holds."""

    options: tuple[tuple[Formula, Any], ...]


@dataclass(frozen=True)
class Members:
    """A set of codes, each with the condition on which it is in."""

    codes: dict[str, Truth] = field(default_factory=dict)


Symbolic = (Truth, Amount, OneOf, Members)


def is_symbolic(value: Any) -> bool:
    return isinstance(value, Symbolic)


def merge(options: Sequence[tuple[Formula, Any]], exhaustive: bool = False) -> Any:
    """The value that depends on formulas which exclude each other; ``exhaustive``: one of them always holds."""
    flat: list[tuple[Formula, Any]] = []
    for guard, value in options:
        if guard is False:
            continue
        if isinstance(value, OneOf):
            flat += [(conj(guard, inner), option) for inner, option in value.options]
        else:
            flat.append((guard, value))
    if len(flat) == 1 and flat[0][0] is True:
        return flat[0][1]
    values = [value for _, value in flat]
    if any(isinstance(value, (Members, OpenSet)) for value in values):
        raise Unencodable("a set that depends on a choice")
    if any(isinstance(value, (bool, Truth)) for value in values):
        sides = [(guard, truth(value)) for guard, value in flat]
        sure = exhaustive and all(side.sure for _, side in sides)
        return settled(Truth(disj(*(conj(g, t.holds) for g, t in sides)), disj(*(conj(g, t.fails) for g, t in sides)), sure))
    if values and all(is_number(value) for value in values):
        return _merge_amounts([(guard, amount(value)) for guard, value in flat], exhaustive and len(flat) == len(options))
    return OneOf(tuple((guard, value) for guard, value in flat if guard is not False))


def _merge_amounts(options: list[tuple[Formula, Amount]], exhaustive: bool) -> Amount:
    some = exhaustive or disj(*(guard for guard, _ in options))
    open_low = [guard for guard, value in options if value.low is None]
    open_high = [guard for guard, value in options if value.high is None]
    undefined = disj(neg(some), *(conj(guard, value.undefined) for guard, value in options))
    if open_low or open_high:
        # an end that is open in one case only: what is known in that case is given up, which never invents anything
        undefined = disj(undefined, *open_low, *open_high)
        options = [(g, v) for g, v in options if v.low is not None and v.high is not None]
    day = any(value.day for _, value in options)
    lows = add(value.low.where(guard) for guard, value in options if value.low is not None)
    if all(value.known for _, value in options):
        return exactly(lows, undefined, day)
    return Amount(lows, add(value.high.where(guard) for guard, value in options if value.high is not None), undefined, day)
