"""The functions of the language: their types here, their meaning in `meaning`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from engine.language.nodes import Const, Node
from engine.language.types import BOOL, DATE, NONE, NUMBER, Type

if TYPE_CHECKING:
    from engine.language.grammar import _Reader

AGGREGATES = frozenset({"sum", "any", "all", "count", "min", "max"})
ORDINARY_YEAR = 1  # not a leap year: a day that recurs must exist in each
Signature = Callable[["_Reader", list[Node]], tuple[list[Node], Type]]


class Misuse(ValueError):
    """The arguments do not fit the function."""


def _need(arguments: list[Node], *kinds: str) -> None:
    if [a.type.kind for a in arguments] != list(kinds):
        got = ", ".join(str(a.type) for a in arguments) or "nothing"
        raise Misuse(f"takes ({', '.join(kinds)}), not ({got})")
    if any(a.type.nullable for a in arguments):
        raise Misuse("an argument may be none: use default(x, value) first")


def _extreme(reader: _Reader, arguments: list[Node]) -> tuple[list[Node], Type]:
    if len(arguments) < 2 or arguments[0].type.kind not in ("number", "date"):
        raise Misuse("takes two or more numbers or dates")
    lead = next((a for a in arguments if a.type.unit.powers), arguments[0])
    fitted = [reader.fit(a, lead.type.plain()) for a in arguments]
    return fitted, lead.type.plain()


def _date(reader: _Reader, arguments: list[Node]) -> tuple[list[Node], Type]:
    _need(arguments, "number", "number", "number")
    year, month, day = (reader.fit(argument, NUMBER) for argument in arguments)
    if not isinstance(month, Const) or not isinstance(day, Const):
        raise Misuse("takes a year, and the month and the day written as numbers")
    written = (year.value if isinstance(year, Const) else ORDINARY_YEAR, month.value, day.value)
    try:
        if not all(isinstance(part, int) for part in written):
            raise ValueError
        date(*written)
    except (ValueError, OverflowError):
        raise Misuse(f"there is no such day{'' if isinstance(year, Const) else ' in every year'}") from None
    return [year, month, day], DATE


def _day(reader: _Reader, arguments: list[Node]) -> tuple[list[Node], Type]:
    if len(arguments) != 2 or arguments[0].type.kind != "month_day" or arguments[1].type.kind != "number":
        raise Misuse("takes (month and day, year)")
    kind = DATE.or_none(arguments[0].type.nullable or arguments[1].type.nullable)
    return [arguments[0], reader.fit(arguments[1], NUMBER.or_none())], kind


def _year_of(reader: _Reader, arguments: list[Node]) -> tuple[list[Node], Type]:
    if len(arguments) != 1 or arguments[0].type.kind != "date":
        raise Misuse("takes a date")
    return arguments, NUMBER.or_none(arguments[0].type.nullable)


def _rounding(reader: _Reader, arguments: list[Node]) -> tuple[list[Node], Type]:
    _need(arguments, "number")
    return arguments, arguments[0].type


def _default(reader: _Reader, arguments: list[Node]) -> tuple[list[Node], Type]:
    if len(arguments) != 2 or arguments[0].type == NONE:
        raise Misuse("takes (value, what stands in for none)")
    value, stand_in = arguments
    return [value, reader.fit(stand_in, value.type)], value.type.plain().or_none(stand_in.type.nullable)


def _given(reader: _Reader, arguments: list[Node]) -> tuple[list[Node], Type]:
    if len(arguments) != 1 or not arguments[0].type.nullable:
        raise Misuse("takes one value that may be none")
    return arguments, BOOL


def _size(reader: _Reader, arguments: list[Node]) -> tuple[list[Node], Type]:
    _need(arguments, "set")
    return arguments, NUMBER


def _some(reader: _Reader, arguments: list[Node]) -> tuple[list[Node], Type]:
    _need(arguments, "set")
    return arguments, BOOL


SIGNATURES: dict[str, Signature] = {
    "min": _extreme,
    "max": _extreme,
    "date": _date,
    "day": _day,
    "year_of": _year_of,
    "floor": _rounding,
    "ceil": _rounding,
    "round_half_up": _rounding,
    "default": _default,
    "given": _given,
    "size": _size,
    "some": _some,
}
