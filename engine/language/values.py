"""Values, and what it means not to know one.

Known values are ``bool``, ``int`` or ``Fraction`` (never ``float``), ``datetime.date``, ``str`` (a code or an
identifier), ``None`` (the law's or the registry's `none`: there is no such thing) and ``frozenset``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple


class Cause(NamedTuple):
    """Why something is not known: the leaf that is missing.

    Attributes:
        kind: `fact` (a cell or row of the facts), `parameter` (no source gives the value), `rounded` (a source gives
            only a rounded figure), `construct` (cannot be decided by rule), `not_listed` (a keyed parameter has no such
            key), `gap` (no rule of the law applies), `conflict` (two rules give two values).
        name: the table and column, the parameter, the construct, or the decision.
        place: the key of the row or decision, e.g. the id of an installation and a year.
    """

    kind: str
    name: str
    place: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(self.place)}]" if self.place else self.name


@dataclass(frozen=True)
class Unknown:
    """A value that is not known.

    Attributes:
        causes: what is missing.
        low, high: inclusive bounds of a number or date, where there are any.
        none: whether it may turn out to be `none`; the bounds then hold where it is not.
    """

    causes: frozenset[Cause]
    low: Any = None
    high: Any = None
    none: bool = False

    def __bool__(self) -> bool:
        raise TypeError("an unknown is neither true nor false")


@dataclass(frozen=True)
class OpenSet:
    """A set of codes of which some members are certain and some are not known to be in or out."""

    members: frozenset[str]
    possible: frozenset[str]
    causes: frozenset[Cause]


def exact(value: int | Fraction | Decimal | str) -> int | Fraction:
    """The exact rational of a decimal text or number, as an int where it is whole."""
    fraction = Fraction(value)
    return fraction.numerator if fraction.denominator == 1 else fraction


def whole(value: int | Fraction) -> int | Fraction:
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


def low(value: Any) -> Any:
    """Lower bound of a known or unknown value; None where there is none."""
    return value.low if isinstance(value, Unknown) else value


def high(value: Any) -> Any:
    return value.high if isinstance(value, Unknown) else value


def causes_of(values: Iterable[Any]) -> frozenset[Cause]:
    """The union of the causes of the unknown among ``values``."""
    found: frozenset[Cause] = frozenset()
    for value in values:
        if isinstance(value, (Unknown, OpenSet)):
            found |= value.causes
    return found


def between(lowest: Any, highest: Any, causes: frozenset[Cause]) -> Any:
    """A known value where the bounds meet, else an unknown within them."""
    return lowest if lowest is not None and lowest == highest else Unknown(causes, lowest, highest)


def hull(values: Iterable[Any], causes: frozenset[Cause]) -> Any:
    """The common value of ``values`` if all are known and equal, else an unknown that contains each of them."""
    members = list(values)
    first, none = members[0], any(m is None or (isinstance(m, Unknown) and m.none) for m in members)
    if not isinstance(first, Unknown) and all(not isinstance(m, Unknown) and same(m, first) for m in members[1:]):
        return first
    given = [m for m in members if m is not None]
    lows, highs = [low(m) for m in given], [high(m) for m in given]
    ordered = all(isinstance(m, (int, Fraction, date)) and not isinstance(m, bool) for m in given if not isinstance(m, Unknown))
    lowest = min(lows) if ordered and None not in lows else None
    highest = max(highs) if ordered and None not in highs else None
    return Unknown(causes | causes_of(members), lowest, highest, none)


def same(left: Any, right: Any) -> bool:
    """Equality that keeps booleans apart from numbers."""
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def decimal_text(value: int | Fraction) -> str:
    """`124930.5`, or `1/3` where no finite decimal exists."""
    if isinstance(value, int):
        return str(value)
    below, twos, fives = value.denominator, 0, 0
    while below % 2 == 0:
        below, twos = below // 2, twos + 1
    while below % 5 == 0:
        below, fives = below // 5, fives + 1
    if below != 1:
        return f"{value.numerator}/{value.denominator}"
    digits = max(twos, fives)
    scaled = abs(value.numerator) * 10**digits // value.denominator
    text = str(scaled).rjust(digits + 1, "0")
    return ("-" if value < 0 else "") + text[:-digits] + "." + text[-digits:]


def show(value: Any) -> str:
    """A value as the text forms print it: thousands grouped, dates ISO, `unknown` with its bounds."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if isinstance(value, (int, Fraction)):
        text = decimal_text(value)
        head, dot, tail = text.partition(".")
        return f"{int(head):,}{dot}{tail}" if "/" not in text and head not in ("", "-0") else text
    if isinstance(value, Unknown):
        if value.low is None and value.high is None:
            return "unknown"
        if value.high is None:
            return f"at least {show(value.low)}"
        return f"at most {show(value.high)}" if value.low is None else f"between {show(value.low)} and {show(value.high)}"
    if isinstance(value, OpenSet):
        return ", ".join([*sorted(value.members), *(f"{member}?" for member in sorted(value.possible))])
    if isinstance(value, frozenset):
        return ", ".join(str(member) for member in sorted(value)) or "none"
    return str(value)
