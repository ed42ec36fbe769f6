"""How members of a group fold into one value when some may or may not belong.

Each fold takes pairs (does it belong: True or Unknown, its value) and the value of `default=`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.language.arithmetic import add, greatest, least
from engine.language.values import Cause, Unknown, between, causes_of, high, low, same

Members = list[tuple[Any, Any]]


class Group:
    """Instances that several determinations relate to, and what has been folded from them: once for all who ask.

    Attributes:
        members: finds the instances.
        folded: by aggregate; only of aggregates that read nothing but their members.
    """

    __slots__ = ("folded", "members")

    def __init__(self, members: Callable[[], list[Any]]) -> None:
        self.members = members
        self.folded: dict[Any, Any] = {}


SUM_MEMBER = "a member of the sum"
"""What is said to have no value where a row that counts has none."""


def _sum(members: Members, default: Any) -> Any:
    total: Any = 0
    for kept, value in members:
        if value is None:
            value = Unknown(frozenset({Cause("none", SUM_MEMBER)}))
        total = add(total, value if kept is True else _perhaps(kept, value))
    return total


def _perhaps(kept: Unknown, value: Any) -> Any:
    """``value`` or nothing: zero is among the possibilities."""
    bottom, top = low(value), high(value)
    return between(None if bottom is None else min(0, bottom), None if top is None else max(0, top), kept.causes | causes_of((value,)))


def _any(members: Members, default: Any) -> Any:
    if any(kept is True and value is True for kept, value in members):
        return True
    open_members = [v for pair in members if pair[1] is not False for v in pair]
    missing = causes_of(open_members)
    return Unknown(missing) if missing else False


def _all(members: Members, default: Any) -> Any:
    if any(kept is True and value is False for kept, value in members):
        return False
    missing = causes_of(v for pair in members if pair[1] is not True for v in pair)
    return Unknown(missing) if missing else True


def _extreme(choose: Callable[[list[Any]], Any], outer: Callable[[Any], Any]) -> Callable[[Members, Any], Any]:
    """min or max; members that may not belong can only move it outwards, never inwards."""

    def fold(members: Members, default: Any) -> Any:
        members = [(kept, value) for kept, value in members if value is not None]
        certain = [value for kept, value in members if kept is True]
        perhaps = [value for kept, value in members if kept is not True]
        if not perhaps:
            return choose(certain) if certain else default
        missing = causes_of(v for pair in members for v in pair)
        if not certain and default is None:
            span = _span(perhaps)
            return Unknown(missing, span.low, span.high, True)
        core = choose(certain) if certain else default
        wide = choose([core, *perhaps]) if certain else _span([default, *perhaps])
        if not isinstance(core, Unknown) and not isinstance(wide, Unknown) and same(core, wide):
            return core
        bounds = [_span([core]), _span([wide])]
        lows, highs = [b[0] for b in map(_ends, bounds)], [b[1] for b in map(_ends, bounds)]
        lowest, highest = None if None in lows else min(lows), None if None in highs else max(highs)
        if not certain and isinstance(default, Unknown) and default.none:
            return Unknown(missing | default.causes, lowest, highest, True)
        return between(lowest, highest, missing | causes_of((default,)))

    return fold


def _span(values: list[Any]) -> Any:
    lows, highs = [low(v) for v in values], [high(v) for v in values]
    return Unknown(causes_of(values), None if None in lows else min(lows), None if None in highs else max(highs))


def _ends(value: Any) -> tuple[Any, Any]:
    return low(value), high(value)


FOLDS: dict[str, Callable[[Members, Any], Any]] = {
    "sum": _sum,
    "count": _sum,
    "any": _any,
    "all": _all,
    "min": _extreme(least, low),
    "max": _extreme(greatest, high),
}
