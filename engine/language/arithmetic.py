"""Exact arithmetic and comparison on values with bounds."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

from engine.language.values import Cause, OpenSet, Unknown, between, causes_of, decimal_text, high, hull, low, same, whole


def equal(left: Any, right: Any) -> Any:
    """Kleene equality; an unknown equals nothing for certain, itself included."""
    if left.__class__ is str and right.__class__ is str:  # most are codes
        return left == right
    if not isinstance(left, Unknown) and not isinstance(right, Unknown):
        return same(left, right)
    if left is None or right is None:
        return Unknown(causes_of((left, right)))
    low_left, high_left, low_right, high_right = low(left), high(left), low(right), high(right)
    if (high_left is not None and low_right is not None and high_left < low_right) or (
        low_left is not None and high_right is not None and low_left > high_right
    ):
        return False
    return Unknown(causes_of((left, right)))


def _not_equal(left: Any, right: Any) -> Any:
    result = equal(left, right)
    return result if isinstance(result, Unknown) else not result


def _ordering(certain: Callable[[Any, Any], bool], swapped: bool) -> Callable[[Any, Any], Any]:
    """`<`/`<=` as ``certain(high of the smaller side, low of the larger side)``; > and >= with the sides swapped."""
    refuted = operator.gt if certain is operator.le else operator.ge

    def test(left: Any, right: Any) -> Any:
        if swapped:
            left, right = right, left
        if left is None or right is None:
            return False
        if not isinstance(left, Unknown) and not isinstance(right, Unknown):
            return certain(left, right)
        top, bottom = high(left), low(right)
        if top is not None and bottom is not None and certain(top, bottom):
            return True
        bottom, top = low(left), high(right)
        if bottom is not None and top is not None and refuted(bottom, top):
            return False
        return Unknown(causes_of((left, right)))

    return test


COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": equal,
    "!=": _not_equal,
    "<": _ordering(operator.lt, False),
    "<=": _ordering(operator.le, False),
    ">": _ordering(operator.lt, True),
    ">=": _ordering(operator.le, True),
}


def contains(members: Any, item: Any) -> Any:
    """Whether ``item`` is in a known, open or unknown set."""
    if members is None or members == frozenset():
        return False
    if isinstance(members, Unknown) or isinstance(item, Unknown):
        return Unknown(causes_of((members, item)))
    if isinstance(members, OpenSet):
        if item in members.members:
            return True
        return Unknown(members.causes) if item in members.possible else False
    return item in members


MAX_DIGITS = 1_000
_LIMIT = 10**MAX_DIGITS
_TOO_LARGE = Unknown(frozenset({Cause("none", f"a number of more than {MAX_DIGITS:,} digits")}))


def _result(value: int | Fraction) -> Any:
    """The exact result, or an unknown where it is so large that no law can mean it and no machine should go on with it."""
    found = whole(value)
    largest = found if isinstance(found, int) else max(abs(found.numerator), found.denominator)
    return found if -_LIMIT < largest < _LIMIT else _TOO_LARGE


def _end(value: int | Fraction) -> Any:
    """A bound; none where it would be too large."""
    found = _result(value)
    return None if found is _TOO_LARGE else found


def add(left: Any, right: Any) -> Any:
    if left.__class__ is int and right.__class__ is int:  # most are
        total = left + right
        return total if -_LIMIT < total < _LIMIT else _TOO_LARGE
    if not isinstance(left, Unknown) and not isinstance(right, Unknown):
        return _result(left + right)
    return between(_plus(low(left), low(right)), _plus(high(left), high(right)), causes_of((left, right)))


def subtract(left: Any, right: Any) -> Any:
    if left.__class__ is int and right.__class__ is int:
        total = left - right
        return total if -_LIMIT < total < _LIMIT else _TOO_LARGE
    if not isinstance(left, Unknown) and not isinstance(right, Unknown):
        return _result(left - right)
    lowest, highest = low(right), high(right)
    return between(
        None if low(left) is None or highest is None else _end(low(left) - highest),
        None if high(left) is None or lowest is None else _end(high(left) - lowest),
        causes_of((left, right)),
    )


def _plus(left: Any, right: Any) -> Any:
    return None if left is None or right is None else _end(left + right)


def multiply(left: Any, right: Any) -> Any:
    """The product; a known zero times an unknown is zero."""
    if not isinstance(left, Unknown) and not isinstance(right, Unknown):
        return _result(left * right)
    for one, two in ((left, right), (right, left)):
        if not isinstance(one, Unknown) and isinstance(two, Unknown):
            if one == 0:
                return 0
            bottom, top = (two.low, two.high) if one > 0 else (two.high, two.low)
            return between(None if bottom is None else _end(one * bottom), None if top is None else _end(one * top), two.causes)
    corners = [_corner(a, b) for a in (_bound(left, 0), _bound(left, 1)) for b in (_bound(right, 0), _bound(right, 1))]
    lowest, highest = min(corners), max(corners)
    return between(None if lowest == -math.inf else _end(lowest), None if highest == math.inf else _end(highest), causes_of((left, right)))


def _bound(value: Any, side: int) -> Any:
    end = (low(value), high(value))[side]
    return (-math.inf, math.inf)[side] if end is None else end


def _corner(left: Any, right: Any) -> Any:
    infinite = [v for v in (left, right) if isinstance(v, float)]
    if not infinite:
        return left * right
    if left == 0 or right == 0:
        return 0
    return math.inf if (left > 0) == (right > 0) else -math.inf


def divide(left: Any, right: Any) -> Any:
    """The exact quotient.

    Raises:
        ZeroDivisionError: the divisor, a number or a parameter of the law, is zero.
    """
    if isinstance(right, Unknown):
        lowest, highest = right.low, right.high
        if lowest is None or highest is None or lowest <= 0 <= highest:
            return Unknown(causes_of((left, right)))
        return multiply(left, Unknown(right.causes, 1 / Fraction(highest), 1 / Fraction(lowest)))
    return multiply(left, whole(1 / Fraction(right)))


OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {"+": add, "-": subtract, "*": multiply, "/": divide}


def least(values: list[Any]) -> Any:
    if Unknown not in map(type, values):
        return min(values)
    tops = [high(v) for v in values if high(v) is not None]
    bottoms = [low(v) for v in values]
    return between(None if None in bottoms else min(bottoms), min(tops) if tops else None, causes_of(values))


def greatest(values: list[Any]) -> Any:
    if Unknown not in map(type, values):
        return max(values)
    bottoms = [low(v) for v in values if low(v) is not None]
    tops = [high(v) for v in values]
    return between(max(bottoms) if bottoms else None, None if None in tops else max(tops), causes_of(values))


def _monotone(apply: Callable[[Any], Any]) -> Callable[[list[Any]], Any]:
    def run(arguments: list[Any]) -> Any:
        value = arguments[0]
        if isinstance(value, Unknown):
            lowest = None if value.low is None else apply(value.low)
            return between(lowest, None if value.high is None else apply(value.high), value.causes)
        return apply(value)

    return run


def _known(apply: Callable[..., Any]) -> Callable[[list[Any]], Any]:
    def run(arguments: list[Any]) -> Any:
        if None in arguments:
            return None
        missing = causes_of(arguments)
        if missing:
            return Unknown(missing, none=any(isinstance(a, Unknown) and a.none for a in arguments))
        return apply(*arguments)

    return run


def month_day(text: str) -> tuple[int, int]:
    """`04-15` as (4, 15)."""
    month, day = text.split("-")
    return int(month), int(day)


def _day(arguments: list[Any]) -> Any:
    """The day of a year; where only bounds of the month and day are known, the day has bounds."""
    text, year = arguments
    if text is None or year is None:
        return None
    if isinstance(year, Unknown) or not isinstance(text, Unknown):
        return _known(_one_day)(arguments)
    ends = [None if end is None else _one_day(end, year) for end in (text.low, text.high)]
    if causes_of(ends):
        return Unknown(text.causes | causes_of(ends), none=text.none)
    return Unknown(text.causes, ends[0], ends[1], True) if text.none else between(ends[0], ends[1], text.causes)


def _one_day(text: str, year: Any) -> Any:
    return _calendar_day(year, *month_day(text))


def _calendar_day(year: Any, month: int, day: int) -> Any:
    """The day, or an unknown that names it where the calendar has no such year."""
    if isinstance(year, int) and date.min.year <= year <= date.max.year:
        return date(year, month, day)
    return Unknown(frozenset({Cause("none", f"date({decimal_text(year)}, {month}, {day})")}))


def _default(arguments: list[Any]) -> Any:
    """The value, or what stands in for none; an unknown may turn out to be either."""
    value, stand_in = arguments
    if isinstance(value, Unknown) and value.none:
        return hull([Unknown(value.causes, value.low, value.high), stand_in], value.causes)
    return stand_in if value is None else value


def _some(arguments: list[Any]) -> Any:
    members = arguments[0]
    if isinstance(members, OpenSet):
        return True if members.members else Unknown(members.causes)
    return Unknown(members.causes) if isinstance(members, Unknown) else bool(members)


def _half_up(value: int | Fraction) -> int:
    """Half away from zero."""
    distance = Fraction(value) if value >= 0 else Fraction(-value)
    magnitude = math.floor(distance + Fraction(1, 2))
    return magnitude if value >= 0 else -magnitude


FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "min": least,
    "max": greatest,
    "date": _known(_calendar_day),
    "day": _day,
    "year_of": _known(lambda when: when.year),
    "floor": _monotone(math.floor),
    "ceil": _monotone(math.ceil),
    "round_half_up": _monotone(_half_up),
    "default": _default,
    "size": _known(len),
    "some": _some,
}


def _given(arguments: list[Any]) -> Any:
    if isinstance(arguments[0], Unknown):
        return Unknown(arguments[0].causes) if arguments[0].none else True
    return arguments[0] is not None


FUNCTIONS["given"] = _given
