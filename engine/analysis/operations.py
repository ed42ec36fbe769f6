"""The operations of the language on values that depend on a choice; on known values they are those of the language itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import z3

from engine.analysis.symbols import (
    LEFT_OPEN,
    Amount,
    Formula,
    Linear,
    Members,
    OneOf,
    Term,
    Truth,
    Unencodable,
    add,
    amount,
    conj,
    decided,
    disj,
    exactly,
    is_number,
    is_symbolic,
    less,
    merge,
    neg,
    numeral,
    settled,
    sign,
    truth,
)
from engine.language import Unknown
from engine.language import arithmetic as arith
from engine.language.meaning import kleene_and, kleene_or


def lift(apply: Callable[..., Any], *values: Any) -> Any:
    """``apply`` to values of which some are one of several: to each option by itself."""
    for index, value in enumerate(values):
        if isinstance(value, OneOf):
            options = [(g, lift(apply, *values[:index], option, *values[index + 1 :])) for g, option in value.options]
            return merge([(g, option) for g, option in options if not _nothing(option)])
    return apply(*values)


def _nothing(value: Any) -> bool:
    return isinstance(value, Unknown) and value.low is None and value.high is None


# -- conditions -------------------------------------------------------------------------------------------------


def negate(value: Any) -> Any:
    if isinstance(value, Unknown):
        return Unknown(value.causes)
    sides = truth(value)
    return settled(Truth(sides.fails, sides.holds, sides.sure))


def all_of(values: Iterable[Any]) -> Any:
    known = list(values)
    if not any(map(is_symbolic, known)):
        return kleene_and(known)
    sides = [truth(value) for value in known]
    return settled(Truth(conj(*(s.holds for s in sides)), disj(*(s.fails for s in sides)), all(s.sure for s in sides)))


def any_of(values: Iterable[Any]) -> Any:
    known = list(values)
    if not any(map(is_symbolic, known)):
        return kleene_or(known)
    sides = [truth(value) for value in known]
    return settled(Truth(disj(*(s.holds for s in sides)), conj(*(s.fails for s in sides)), all(s.sure for s in sides)))


def choose(test: Any, then: Any, other: Any) -> Any:
    """One of two values by a condition; where the condition is not known, what both have in common."""
    if not isinstance(test, Truth):
        if isinstance(test, Unknown):
            raise Unencodable("a choice by a condition that the facts leave open")
        return then if test else other
    if isinstance(then, (bool, Truth)) or isinstance(other, (bool, Truth)):
        one, two = truth(then), truth(other)
        holds = disj(conj(test.holds, one.holds), conj(test.fails, two.holds), conj(one.holds, two.holds))
        fails = disj(conj(test.holds, one.fails), conj(test.fails, two.fails), conj(one.fails, two.fails))
        return settled(Truth(holds, fails, test.sure and one.sure and two.sure))
    if not is_symbolic(then) and not is_symbolic(other) and not isinstance(then, Unknown) and arith.equal(then, other) is True:
        return then
    return merge([(test.holds, then), (test.fails, other)], exhaustive=test.sure)


def either(then: Any, other: Any, test: Unknown) -> Any:
    """What two values have in common where the facts leave open which of them it is."""
    if isinstance(then, (bool, Truth)) and isinstance(other, (bool, Truth)):
        this, that = truth(then), truth(other)
        return settled(Truth(conj(this.holds, that.holds), conj(this.fails, that.fails)))
    if not is_number(then) or not is_number(other):
        return test
    one, two = amount(then), amount(other)
    bottom = None if one.low is None or two.low is None else _pick("min", [one.low, two.low])
    top = None if one.high is None or two.high is None else _pick("max", [one.high, two.high])
    return Amount(bottom, top, disj(one.undefined, two.undefined), one.day or two.day)


# -- comparisons ------------------------------------------------------------------------------------------------


def compare(operator: str, left: Any, right: Any) -> Any:
    if not is_symbolic(left) and not is_symbolic(right):
        return arith.COMPARISONS[operator](left, right)
    return lift(lambda a, b: _compare(operator, a, b), left, right)


def _compare(operator: str, left: Any, right: Any) -> Any:
    if not is_symbolic(left) and not is_symbolic(right):
        return arith.COMPARISONS[operator](left, right)
    if operator == "!=":
        return negate(_compare("==", left, right))
    if left is None or right is None:
        return False if operator != "==" else _is_not_none(left if right is None else right)
    if isinstance(left, (bool, Truth)) and isinstance(right, (bool, Truth)):
        this, that = truth(left), truth(right)
        alike = disj(conj(this.holds, that.holds), conj(this.fails, that.fails))
        return settled(Truth(alike, disj(conj(this.holds, that.fails), conj(this.fails, that.holds)), this.sure and that.sure))
    if not _measured(left) or not _measured(right):
        return LEFT_OPEN
    one, two = (amount(right), amount(left)) if operator in (">", ">=") else (amount(left), amount(right))
    defined = conj(neg(one.undefined), neg(two.undefined))
    if operator == "==":
        fails = disj(less(one.high, two.low, True), less(two.high, one.low, True))
        holds = conj(_met(one), _met(two), _same(one.low, two.low))
    else:
        strict = operator in ("<", ">")
        holds, fails = less(one.high, two.low, strict), less(two.high, one.low, not strict)
    sure = one.known and two.known and defined is True
    if sure:
        fails = neg(holds)
    return settled(Truth(conj(defined, holds), conj(defined, fails), sure))


def _measured(value: Any) -> bool:
    return is_number(value) or isinstance(value, Unknown)


def _is_not_none(value: Any) -> Any:
    """`value == none` for a number or day: it fails where the value is known."""
    made = amount(value)
    return settled(Truth(False, conj(neg(made.undefined), _met(made))))


def _met(value: Amount) -> Formula:
    return True if value.known else False if value.low is None or value.high is None else _same(value.low, value.high)


def _same(left: Linear | None, right: Linear | None) -> Formula:
    return False if left is None or right is None else sign(add([left, right.times(-1)]), "==")


def contains(members: Any, item: Any) -> Any:
    if isinstance(members, Members):
        return lift(lambda code: members.codes.get(code, False), item)
    return lift(lambda code: arith.contains(members, code), item)


# -- arithmetic -------------------------------------------------------------------------------------------------


def calculate(operator: str, left: Any, right: Any) -> Any:
    if not is_symbolic(left) and not is_symbolic(right):
        return LEFT_OPEN if left is None or right is None else arith.OPERATIONS[operator](left, right)
    return lift(lambda a, b: _calculate(operator, a, b), left, right)


def _calculate(operator: str, left: Any, right: Any) -> Any:
    if not is_symbolic(left) and not is_symbolic(right):
        return LEFT_OPEN if left is None or right is None else arith.OPERATIONS[operator](left, right)
    if left is None or right is None or not _measured(left) or not _measured(right):
        return LEFT_OPEN
    if operator in ("+", "-"):
        one, two = amount(left), scale(amount(right), 1 if operator == "+" else -1)
        undefined = disj(one.undefined, two.undefined)
        if one.known and two.known and one.low is not None and two.low is not None:
            return exactly(add([one.low, two.low]), undefined)
        return Amount(_plus(one.low, two.low), _plus(one.high, two.high), undefined)
    factor, other = (right, left) if is_symbolic(left) else (left, right)
    if is_symbolic(factor) or isinstance(factor, Unknown) or (operator == "/" and factor is left):
        raise Unencodable(f"'{operator}' of two values that are both left open")
    return scale(amount(other), factor if operator == "*" else 1 / Fraction(factor))


def scale(value: Amount, factor: Any) -> Amount:
    if factor == 0:
        return exactly(Linear(0))
    if value.known:
        assert value.low is not None
        return exactly(value.low.times(factor), value.undefined)
    bottom, top = _scaled(value.low, factor), _scaled(value.high, factor)
    return Amount(bottom, top, value.undefined) if factor > 0 else Amount(top, bottom, value.undefined)


def _scaled(end: Linear | None, factor: Any) -> Linear | None:
    return None if end is None else end.times(factor)


def _plus(left: Linear | None, right: Linear | None) -> Linear | None:
    return None if left is None or right is None else add([left, right])


def extreme(name: str, values: list[Any]) -> Any:
    """`min` or `max` of values of which some depend on a choice."""
    if any(value is None or not _measured(value) for value in values):
        raise Unencodable(f"{name} of values that may be none")
    made = [amount(value) for value in values]
    undefined = disj(*(value.undefined for value in made))
    inner, outer = ("low", "high") if name == "min" else ("high", "low")
    strict_ends, loose_ends = [getattr(v, inner) for v in made], [getattr(v, outer) for v in made]
    strict = None if None in strict_ends else _pick(name, strict_ends)
    if all(value.known for value in made) and strict is not None:
        return exactly(strict, undefined, any(v.day for v in made))
    loose = _pick(name, [end for end in loose_ends if end is not None]) if any(end is not None for end in loose_ends) else None
    ends = (strict, loose) if name == "min" else (loose, strict)
    return Amount(ends[0], ends[1], undefined, any(v.day for v in made))


def _pick(name: str, ends: list[Linear]) -> Linear:
    """The least or greatest end, decided from bounds where they decide it."""
    chosen = ends[0]
    for other in ends[1:]:
        smaller, larger = (chosen, other) if name == "min" else (other, chosen)
        difference = add([smaller, larger.times(-1)])
        first = decided(difference, "<=")
        if first is not None or decided(difference.times(-1), "<="):
            chosen = chosen if first else other
            continue
        keep = sign(difference, "<=")
        least = _bound(name, [chosen.least, other.least], True)
        most = _bound(name, [chosen.most, other.most], False)
        chosen = Linear(0, (Term(1, True, z3.If(keep, _number(chosen.term()), _number(other.term())), least, most),))
    return chosen


def _number(side: Any) -> Any:
    return side if isinstance(side, z3.ExprRef) else numeral(side)


def _bound(name: str, ends: list[Any], lowest: bool) -> Any:
    """The least (or most) that the extreme of two can be."""
    known = [end for end in ends if end is not None]
    if name == "min":
        return (min(known) if len(known) == 2 else None) if lowest else (min(known) if known else None)
    return (max(known) if known else None) if lowest else (max(known) if len(known) == 2 else None)


# -- functions --------------------------------------------------------------------------------------------------


def call(name: str, arguments: list[Any]) -> Any:
    if not any(is_symbolic(argument) for argument in arguments):
        return arith.FUNCTIONS[name](arguments)
    if name in ("min", "max"):
        return lift(lambda *values: extreme(name, list(values)), *arguments)
    if name == "some":
        codes = arguments[0].codes
        return any_of(codes.values())
    if name == "default":
        return lift(lambda value, other: other if value is None else value, *arguments)
    if name == "given":
        return lift(lambda value: value is not None, *arguments)
    if name == "year_of":
        raise Unencodable("the year of a day that is left open")
    return lift(lambda *values: _plain_call(name, list(values)), *arguments)


def _plain_call(name: str, arguments: list[Any]) -> Any:
    if any(is_symbolic(argument) for argument in arguments):
        raise Unencodable(f"'{name}' of a value that is left open")
    return arith.FUNCTIONS[name](arguments)


def total(members: list[tuple[Any, Any]]) -> Any:
    """The sum of (does it belong, value) pairs; a member that may or may not belong widens it."""
    lows: list[Linear | None] = []
    highs: list[Linear | None] = []
    undefined: list[Formula] = []
    known = True
    for kept, value in members:
        if isinstance(value, OneOf) or value is None or not _measured(value):
            raise Unencodable("a sum over values that may be none")
        side, one = truth(kept), amount(value)
        undefined.append(conj(neg(side.fails), one.undefined))
        if one.known and side.sure and side.holds is not False:
            assert one.low is not None
            lows.append(one.low.where(side.holds))
            highs.append(lows[-1])
            continue
        known = False
        for ends, end, positive in ((lows, one.low, False), (highs, one.high, True)):
            ends.append(_perhaps(side, end, positive))
    if known:
        return exactly(add(end for end in lows if end is not None), disj(*undefined))
    return Amount(_sum(lows), _sum(highs), disj(*undefined))


def _perhaps(side: Truth, end: Linear | None, upper: bool) -> Linear | None:
    """The end of what a member adds: its own where it belongs, and not less (more) than nothing where that is open."""
    if side.fails is True:
        return Linear(0)
    if end is None:
        return None
    outward = (end.least is not None and end.least >= 0) if upper else (end.most is not None and end.most <= 0)
    if outward:
        return end.where(neg(side.fails))
    inward = (end.most is not None and end.most <= 0) if upper else (end.least is not None and end.least >= 0)
    if inward or side.sure:
        return end.where(side.holds)
    raise Unencodable("a sum with a member that may be positive or negative and may not belong")


def _sum(ends: list[Linear | None]) -> Linear | None:
    present = [end for end in ends if end is not None]
    return add(present) if len(present) == len(ends) else None
