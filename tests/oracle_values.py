"""What the naive oracle calculates with: values of which something may be open, and what follows from several of them."""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from engine.facts import Row

Tree = dict[str, Any]


@dataclass(frozen=True)
class Open:
    """Not known: a number or date from ``lo`` to ``hi`` (None: unbounded), a row of ``table``, or anything; perhaps none."""

    lo: Any = None
    hi: Any = None
    none: bool = False
    table: str | None = None


@dataclass(frozen=True)
class Perhaps:
    """A set of which only ``sure`` is certain."""

    sure: frozenset[Any]
    maybe: frozenset[Any]


@dataclass(frozen=True)
class Word:
    """An outcome that is no value: GAP, CONFLICT, or (inside) NOTHING: no rule holds."""

    name: str


GAP, CONFLICT, NOTHING, UNKNOWN = Word("gap"), Word("conflict"), Word("nothing"), Open()


@dataclass(frozen=True)
class Instance:
    entity: str
    row: Row
    year: int
    parent: Instance | None = None


@dataclass(frozen=True)
class Group:
    """The rows of a relation, narrowed by ``keys``."""

    owner: Instance
    relation: str
    keys: tuple[Any, ...] = ()


def ends(value: Any) -> tuple[Any, Any]:
    return (value.lo, value.hi) if isinstance(value, Open) else (value, value)


def span(lo: Any, hi: Any, none: bool = False) -> Any:
    return lo if lo is not None and lo == hi and not none else Open(lo, hi, none)


def hull(values: list[Any]) -> Any:
    """What is certain when any one of ``values`` may be the case."""
    first = values[0]
    if all(type(v) is type(first) and v == first for v in values) or all(known(v) and exactly(v) == exactly(first) for v in values):
        return first
    none = any(v is None or (isinstance(v, Open) and v.none) for v in values)
    there = [v for v in values if v is not None]
    if not all(isinstance(v, (int, Fraction, date, Open)) and not isinstance(v, bool) for v in there):
        return Open(none=none)
    lows, highs = [ends(v)[0] for v in there], [ends(v)[1] for v in there]
    return Open(None if None in lows else min(lows), None if None in highs else max(highs), none)


def exactly(value: Any) -> Any:
    return (isinstance(value, bool), value)


def known(value: Any) -> bool:
    return not isinstance(value, (Open, Perhaps, Word))


def both(values: list[Any]) -> Any:
    """Strong Kleene AND."""
    return False if any(v is False for v in values) else True if all(v is True for v in values) else UNKNOWN


def either(values: list[Any]) -> Any:
    return negation(both([negation(v) for v in values]))


def negation(value: Any) -> Any:
    return not value if isinstance(value, bool) else UNKNOWN


def less(left: Any, right: Any, strictly: bool) -> Any:
    """`<` or `<=`; none is neither less nor more than anything."""
    if left is None or right is None:
        return False
    (left_low, left_high), (right_low, right_high) = ends(left), ends(right)
    surely = left_high is not None and right_low is not None and (left_high < right_low or (left_high == right_low and not strictly))
    never = left_low is not None and right_high is not None and (left_low > right_high or (left_low == right_high and strictly))
    perhaps_none = any(isinstance(v, Open) and v.none for v in (left, right))
    return False if never else True if surely and not perhaps_none else UNKNOWN


def equal(left: Any, right: Any) -> Any:
    if known(left) and known(right):
        return exactly(left) == exactly(right)
    if left is None or right is None:
        return UNKNOWN
    (left_low, left_high), (right_low, right_high) = ends(left), ends(right)
    apart = (left_high is not None and right_low is not None and left_high < right_low) or (
        right_high is not None and left_low is not None and right_high < left_low
    )
    return False if apart else UNKNOWN


def member(item: Any, of: Any) -> Any:
    if isinstance(of, Open):
        return UNKNOWN
    if isinstance(of, Perhaps):
        return either([equal(item, m) for m in of.sure] + [both([UNKNOWN, equal(item, m)]) for m in of.maybe])
    return either([equal(item, m) for m in of or ()])


def calculate(operator: type[ast.operator], left: Any, right: Any) -> Any:
    """Interval arithmetic; with none there is no result."""
    if left is None or right is None or any(isinstance(v, Open) and v.none for v in (left, right)):
        return UNKNOWN
    (a, b), (c, d) = ends(left), ends(right)
    if operator is ast.Add:
        return span(None if a is None or c is None else a + c, None if b is None or d is None else b + d)
    if operator is ast.Sub:
        return span(None if a is None or d is None else a - d, None if b is None or c is None else b - c)
    if operator is ast.Div:
        if c is None or d is None or c <= 0 <= d:
            return UNKNOWN
        c, d = 1 / Fraction(d), 1 / Fraction(c)
    corners = [_times(x, y) for x in (_endless(a, -1), _endless(b, 1)) for y in (_endless(c, -1), _endless(d, 1))]
    lo, hi = min(corners), max(corners)
    return span(None if lo == -math.inf else lo, None if hi == math.inf else hi)


def _endless(end: Any, sign: int) -> Any:
    return sign * math.inf if end is None else end


def _times(x: Any, y: Any) -> Any:
    if x == 0 or y == 0:
        return 0
    return x * y if not isinstance(x, float) and not isinstance(y, float) else math.inf if (x > 0) == (y > 0) else -math.inf


def extreme(name: str, values: list[Any]) -> Any:
    """min or max of numbers or dates with bounds."""
    if any(v is None or (isinstance(v, Open) and v.none) for v in values):
        return UNKNOWN
    choose = min if name == "min" else max
    lows, highs = [ends(v)[0] for v in values], [ends(v)[1] for v in values]
    if name == "min":
        return span(None if None in lows else min(lows), min((h for h in highs if h is not None), default=None))
    return span(choose((low for low in lows if low is not None), default=None), None if None in highs else choose(highs))


def fold(name: str, values: list[Any], default: Any) -> Any:
    """The aggregate of members that certainly belong; min and max pass over none."""
    if name in ("sum", "count"):
        total: Any = 0
        for value in values:
            total = calculate(ast.Add, total, value)
        return total
    if name in ("any", "all"):
        return either(values) if name == "any" else both(values)
    values = [v for v in values if v is not None]
    return extreme(name, values) if len(values) > 1 else values[0] if values else default


def undisplaced(holding: dict[str, tuple[Any, list[str]]]) -> dict[str, Any]:
    """The values of the rules that hold and that no exception which itself stands displaces."""

    def displaced(name: str) -> bool:
        return any(name in above and not displaced(other) for other, (_, above) in holding.items())

    return {name: value for name, (value, _) in holding.items() if not displaced(name)}


def settled(values: list[Any], nullable: bool) -> Any:
    """What rules with these values decide."""
    if not values:
        return NOTHING
    certain = [v for v in values if known(v)]
    if any(exactly(v) != exactly(certain[0]) for v in certain):
        return CONFLICT
    return values[0] if len(values) == 1 or len(certain) == len(values) else Open(none=nullable)


def half_up(value: Any) -> int:
    rounded: int = math.floor(abs(value) + Fraction(1, 2)) * (-1 if value < 0 else 1)
    return rounded
