"""The operations of the language on values that are not chosen yet; on plain values they are those of the language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import z3

from engine.analysis.laws.formulas import conj, disj, lift_number, neg, pick, test
from engine.analysis.laws.values import (
    UNKNOWN,
    Choice,
    Formula,
    Members,
    Num,
    Truth,
    Unencodable,
    alike,
    all_of,
    any_of,
    is_number,
    known,
    lift,
    members,
    merge,
    negate,
    num,
    settled,
    sure,
    symbolic,
    truth,
    without_none,
)
from engine.language import Unknown
from engine.language import arithmetic as arith

NEVER = Truth(False, True, True)


# -- comparisons ------------------------------------------------------------------------------------------------


def compare(operator: str, left: Any, right: Any) -> Any:
    """A comparison, as in `arith.COMPARISONS`."""
    if not symbolic(left) and not symbolic(right):
        return arith.COMPARISONS[operator](left, right)
    if operator == "!=":
        return negate(compare("==", left, right))
    if isinstance(left, (Choice, Truth)) or isinstance(right, (Choice, Truth)):
        return _same_option(left, right)
    if operator in (">", ">="):
        left, right, operator = right, left, "<" if operator == ">" else "<="
    one, two = num(left), num(right)
    if operator == "==":
        return _equal(one, two)
    given = conj(neg(one.none), neg(two.none))
    holds = conj(given, neg(one.above), neg(two.below), test(one.high, operator, two.low))
    if one.sharp and two.sharp:
        return sure(holds)
    refuted = conj(neg(one.below), neg(two.above), test(two.high, "<=" if operator == "<" else "<", one.low))
    return settled(holds, disj(one.none, two.none, refuted))


def _equal(one: Num, two: Num) -> Any:
    both = conj(one.none, two.none)
    holds = disj(both, conj(known(one), known(two), test(one.low, "==", two.low)))
    if one.sharp and two.sharp:
        return sure(holds)
    apart = disj(
        conj(neg(one.above), neg(two.below), test(one.high, "<", two.low)),
        conj(neg(two.above), neg(one.below), test(two.high, "<", one.low)),
    )
    given = conj(neg(one.none), neg(two.none))
    lonely = disj(conj(one.none, known(two)), conj(two.none, known(one)))
    return settled(holds, disj(lonely, conj(given, apart)))


def _same_option(left: Any, right: Any) -> Any:
    one, two = _options(left), _options(right)
    variables = [value.variable for value in (left, right) if isinstance(value, Choice) and value.variable is not None]
    if len(variables) == 2 and len(one) == len(two) and all(alike(a, b) for (_, a), (_, b) in zip(one, two, strict=True)):
        return sure(variables[0] == variables[1])
    holds = disj(*(conj(g, h) for g, a in one for h, b in two if alike(a, b)))
    if all(_total(value) for value in (left, right)):
        return sure(holds)
    return settled(holds, disj(*(conj(g, h) for g, a in one for h, b in two if not alike(a, b))))


def _total(value: Any) -> bool:
    """Whether it is always known."""
    if isinstance(value, (Choice, Truth)):
        return value.total if isinstance(value, Choice) else value.sure
    return value.sharp if isinstance(value, Num) else not isinstance(value, Unknown)


def _options(value: Any) -> list[tuple[Formula, Any]]:
    if isinstance(value, Choice):
        return list(value.options)
    if isinstance(value, Truth):
        return [(value.holds, True), (value.fails, False)]
    if isinstance(value, Num):
        return [(value.none, None), (known(value), value)]
    return [] if isinstance(value, Unknown) else [(True, value)]


def differ(left: Any, right: Any) -> Formula:
    """When two values are known and not the same."""
    if isinstance(left, (Members, frozenset)) or isinstance(right, (Members, frozenset)):
        one, two = members(left).codes, members(right).codes
        return disj(*(truth(compare("!=", one.get(c, NEVER), two.get(c, NEVER))).holds for c in {**one, **two}))
    return truth(compare("!=", left, right)).holds


def contains(group: Any, item: Any) -> Any:
    """Whether ``item`` is in a set."""
    if not symbolic(group) and not symbolic(item):
        return arith.contains(group, item)
    if isinstance(group, Members):
        if not isinstance(item, Choice):
            return group.codes.get(item, NEVER) if not isinstance(item, Unknown) else UNKNOWN
        sides = [(guard, group.codes.get(option, NEVER)) for guard, option in item.options]
        if item.total and all(side.sure for _, side in sides):
            return sure(disj(*(conj(g, t.holds) for g, t in sides)))
        return settled(disj(*(conj(g, t.holds) for g, t in sides)), disj(*(conj(g, t.fails) for g, t in sides)))
    if isinstance(item, Num) and item.cases is None:
        if not isinstance(group, frozenset):
            raise Unencodable("a number in an open set")
        return any_of([compare("==", item, member) for member in sorted(group)])
    return lift(lambda one: arith.contains(group, one), item)


# -- arithmetic -------------------------------------------------------------------------------------------------


def calculate(operator: str, left: Any, right: Any) -> Any:
    """Arithmetic, as in `arith.OPERATIONS`; unknown where an operand is none."""
    if not symbolic(left) and not symbolic(right):
        return UNKNOWN if left is None or right is None else arith.OPERATIONS[operator](left, right)
    if not is_number(left) and not is_number(right):
        return UNKNOWN
    if operator in ("+", "-"):
        one, two = without_none(num(left)), without_none(num(right))
        return _sum(one, two if operator == "+" else _scale(two, -1))
    one, two = num(left), num(right)
    if operator == "/":
        if two.cases is None:
            raise Unencodable("a divisor that is left open")
        return merge([(guard, _times(one, option, True)) for guard, option in two.cases], True, True)
    factor, other = (two, one) if two.cases is not None else (one, two)
    if factor.cases is None:
        raise Unencodable("the product of two numbers that are left open")
    return merge([(guard, _times(other, option, False)) for guard, option in factor.cases], True, True)


def _sum(one: Num, two: Num) -> Num:
    low = _plus(one.low, two.low)
    high = low if one.low is one.high and two.low is two.high else _plus(one.high, two.high)
    return Num(low, high, below=disj(one.below, two.below), above=disj(one.above, two.above), day=one.day or two.day)


def _plus(left: Any, right: Any) -> Any:
    if not isinstance(left, z3.ExprRef) and not isinstance(right, z3.ExprRef):
        return left + right
    if not isinstance(left, z3.ExprRef) and left == 0:
        return right
    if not isinstance(right, z3.ExprRef) and right == 0:
        return left
    return lift_number(left) + lift_number(right)


def _mul(term: Any, factor: Any) -> Any:
    if not isinstance(term, z3.ExprRef):
        return term * factor
    return term if factor == 1 else lift_number(factor) * term if factor != 0 else 0


def _scale(value: Num, factor: Any) -> Num:
    if factor == 0:
        return num(0)
    low = _mul(value.low, factor)
    high = low if value.low is value.high else _mul(value.high, factor)
    if factor > 0:
        return replace(value, low=low, high=high, cases=None)
    return replace(value, low=high, high=low, below=value.above, above=value.below, cases=None)


def _times(value: Num, factor: Any, divide: bool) -> Any:
    """``value`` times, or divided by, one plain value, which may be none or an interval."""
    if factor is None:
        return UNKNOWN
    if isinstance(factor, Unknown):
        return _by_interval(without_none(value), _inverse(factor) if divide else UNKNOWN if factor.none else factor)
    if divide:
        factor = 1 / Fraction(factor)
    if factor == 0 and value.none is False and value.maybe is False:
        return 0
    return _scale(without_none(value), factor)


def _inverse(factor: Unknown) -> Unknown:
    """One divided by what is only known to lie between two ends."""
    lowest, highest = factor.low, factor.high
    if factor.none or lowest is None or highest is None or lowest <= 0 <= highest:
        return UNKNOWN
    return Unknown(factor.causes, 1 / Fraction(highest), 1 / Fraction(lowest))


def _by_interval(value: Num, factor: Unknown) -> Num:
    """A number times one that is only known to lie between two ends; zero times an unknown is zero."""
    given = known(value)
    positive, zero = test(0, "<", value.low), conj(given, test(value.low, "==", 0))
    bottom, top = (None if end is None else _mul(value.low, end) for end in (factor.low, factor.high))
    no_low = conj(neg(zero), disj(neg(given), conj(positive, bottom is None), conj(neg(positive), top is None)))
    no_high = conj(neg(zero), disj(neg(given), conj(positive, top is None), conj(neg(positive), bottom is None)))
    low = pick(positive, bottom if bottom is not None else 0, top if top is not None else 0)
    high = pick(positive, top if top is not None else 0, bottom if bottom is not None else 0)
    return Num(pick(zero, 0, low), pick(zero, 0, high), below=no_low, above=no_high)


def extreme(name: str, values: Sequence[Any]) -> Any:
    """`min` or `max` of numbers or days that are given."""
    if not any(symbolic(value) for value in values):
        return arith.FUNCTIONS[name](list(values))
    found = without_none(num(values[0]))
    for value in values[1:]:
        found = _two(name, found, without_none(num(value)))
    return found


def _two(name: str, one: Num, two: Num) -> Num:
    if one.sharp and two.sharp:
        first = test(one.low, "<=", two.low) if name == "min" else test(two.low, "<=", one.low)
        chosen = pick(first, one.low, two.low)
        return Num(chosen, chosen, day=one.day or two.day)
    if name == "max":
        mirrored = _two("min", _scale(one, -1), _scale(two, -1))
        return replace(_scale(mirrored, -1), day=one.day or two.day)
    low = pick(test(one.low, "<=", two.low), one.low, two.low)
    high = pick(one.above, two.high, pick(two.above, one.high, pick(test(one.high, "<=", two.high), one.high, two.high)))
    return Num(low, high, below=disj(one.below, two.below), above=conj(one.above, two.above), day=one.day or two.day)


# -- functions --------------------------------------------------------------------------------------------------


def call(name: str, arguments: Sequence[Any]) -> Any:
    """A function of the language.

    Raises:
        Unencodable: it is not known how to say it of values that are left open.
    """
    if not any(symbolic(argument) for argument in arguments):
        return arith.FUNCTIONS[name](list(arguments))
    first = arguments[0]
    if name in ("min", "max"):
        return extreme(name, arguments)
    if name == "some":
        return any_of(members(first).codes.values())
    if name == "size":
        return total([(t, 1) for t in members(first).codes.values()])
    if name == "given":
        return negate(is_none(first))
    if name == "default":
        return _default(first, arguments[1])
    if name in ("floor", "ceil", "round_half_up"):
        value = num(first)
        low = _rounded(name, value.low)
        return replace(value, low=low, high=low if value.low is value.high else _rounded(name, value.high), cases=None)
    return _plainly(name, list(arguments))


def _plainly(name: str, arguments: list[Any]) -> Any:
    """A function of values each of which is one of several plain ones."""
    for index, argument in enumerate(arguments):
        if isinstance(argument, Choice) or (isinstance(argument, Num) and argument.cases is not None):
            return lift(lambda one, at=index: _plainly(name, [*arguments[:at], one, *arguments[at + 1 :]]), argument)  # type: ignore[misc]
        if symbolic(argument):
            raise Unencodable(f"'{name}' of a value that is left open")
    return UNKNOWN if any(argument is None for argument in arguments) and name != "day" else arith.FUNCTIONS[name](arguments)


def is_none(value: Any) -> Any:
    """Whether there is no such thing."""
    if isinstance(value, Num):
        return sure(value.none) if value.maybe is False else settled(value.none, conj(neg(value.none), neg(value.maybe)))
    if isinstance(value, Choice):
        if value.total:
            return sure(disj(*(g for g, option in value.options if option is None)))
        return settled(
            disj(*(g for g, option in value.options if option is None)), disj(*(g for g, option in value.options if option is not None))
        )
    if isinstance(value, Unknown):
        return Unknown(value.causes) if value.none else False
    return value is None


def _default(value: Any, stand_in: Any) -> Any:
    if isinstance(value, Num):
        given = replace(value, none=False, maybe=False, below=disj(value.below, value.maybe), above=disj(value.above, value.maybe))
        if given.cases is not None:
            given = replace(given, cases=(*((g, option) for g, option in given.cases if option is not None), (value.none, UNKNOWN)))
        return merge([(value.none, stand_in), (True, given)])
    if isinstance(value, Choice):
        return merge([(guard, stand_in if option is None else option) for guard, option in value.options], value.total, True)
    if isinstance(value, Unknown) and symbolic(stand_in):
        return stand_in if value is None else UNKNOWN
    return stand_in if value is None else value


def year_of(day: Num, first: int, last: int) -> Num:
    """The year of a day, by the first days of the years from ``first`` to ``last`` in which it may fall."""
    low = _year(day.low, first, last)
    return replace(day, low=low, high=low if day.low is day.high else _year(day.high, first, last), day=False, cases=None)


def _year(term: Any, first: int, last: int) -> Any:
    found: Any = z3.IntVal(first)
    for year in range(first + 1, last + 1):
        found = z3.If(lift_number(term) >= date(year, 1, 1).toordinal(), z3.IntVal(year), found)
    return found


def _rounded(name: str, term: Any) -> Any:
    if not isinstance(term, z3.ExprRef):
        return arith.FUNCTIONS[name]([term])
    real = z3.ToReal(term) if z3.is_int(term) else term
    if name == "floor":
        return z3.ToInt(real)
    if name == "ceil":
        return -z3.ToInt(-real)
    half = z3.Q(1, 2)
    return z3.If(real >= 0, z3.ToInt(real + half), -z3.ToInt(-real + half))


# -- groups -----------------------------------------------------------------------------------------------------


def total(pairs: Sequence[tuple[Any, Any]]) -> Any:
    """The sum of (does it belong, value) pairs; what may or may not belong widens it."""
    found: Any = num(0)
    for kept, value in pairs:
        side = truth(kept)
        one = without_none(num(value))
        inside = neg(side.fails)
        if side.sure:
            low = pick(side.holds, one.low, 0)
            high = low if one.low is one.high else pick(side.holds, one.high, 0)
        else:
            low = pick(side.holds, one.low, pick(inside, _clip(one.low, True), 0))
            high = pick(side.holds, one.high, pick(inside, _clip(one.high, False), 0))
        found = _sum(found, Num(low, high, below=conj(inside, one.below), above=conj(inside, one.above)))
    return found.low if found.sharp and not isinstance(found.low, z3.ExprRef) else found


def _clip(end: Any, lowest: bool) -> Any:
    keep = test(end, "<=", 0) if lowest else test(0, "<=", end)
    return pick(keep, end, 0)


def furthest(name: str, pairs: Sequence[tuple[Any, Any]], default: Any) -> Any:
    """`min` or `max` of (does it belong, value) pairs; members that are none are passed over.

    Where it is not known whether a member belongs, or whether it is none, nothing is known of the result.
    """
    found: Num | None = None
    some: Formula = False
    doubt: Formula = False
    for kept, value in pairs:
        if value is None:
            continue
        side, one = truth(kept), num(value)
        doubt = disj(doubt, False if side.sure else conj(neg(side.holds), neg(side.fails)), conj(neg(side.fails), one.maybe))
        belongs = conj(side.holds, neg(one.none))
        one = replace(one, none=False, maybe=False, cases=None)
        if found is None:
            found, some = one, belongs
            continue
        found = num(merge([(conj(some, belongs), _two(name, found, one)), (some, found), (True, one)]))
        some = disj(some, belongs)
    result = default if found is None else merge([(some, found), (True, default)])
    return result if doubt is False else merge([(doubt, UNKNOWN), (True, result)])


def every(pairs: Sequence[tuple[Any, Any]]) -> Any:
    return all_of([any_of([negate(kept), value]) for kept, value in pairs])


def some_of(pairs: Sequence[tuple[Any, Any]]) -> Any:
    return any_of([all_of(pair) for pair in pairs])
