"""The written value of a parameter -> an exact value of its type."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from typing import Any

from engine.language import Cause, ParameterSpec, Type, Unknown, Vocabulary, exact
from engine.problems import did_you_mean

ORDINARY_YEAR = "0001"  # not a leap year: a day that recurs must exist in each
_NUMBER = re.compile(r"-?[0-9]+(_[0-9]+)*(\.[0-9]+(_[0-9]+)*)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH_DAY = re.compile(r"[0-9]{2}-[0-9]{2}")


MAX_DIGITS = 40


class Unreadable(ValueError):
    """A written value does not have the declared type; the message says what is wanted."""


def read_number(written: Any) -> int | Fraction:
    """An exact number from an int or from decimal text; underscores between digits are allowed."""
    text = str(written)
    if isinstance(written, bool) or not _NUMBER.fullmatch(text):
        raise Unreadable(f"'{written}' is not a decimal number")
    if any(len(part.replace("_", "")) > MAX_DIGITS for part in text.lstrip("-").split(".")):
        raise Unreadable(f"'{text[:MAX_DIGITS]}…' has more than {MAX_DIGITS} digits")
    return exact(text.replace("_", ""))


def read_date(written: Any) -> date:
    try:
        if not _DATE.fullmatch(str(written)):
            raise ValueError
        return date.fromisoformat(str(written))
    except ValueError:
        raise Unreadable(f"'{written}' is not a date: write YYYY-MM-DD") from None


def read_plain(written: Any, kind: Type, vocabulary: Vocabulary) -> Any:
    """A value of a simple type.

    Raises:
        Unreadable: with what is wanted.
    """
    if written == "none":
        if not kind.nullable:
            raise Unreadable("cannot be none")
        return None
    if kind.kind == "number":
        return read_number(written)
    if kind.kind == "date":
        return read_date(written)
    if kind.kind == "bool":
        if not isinstance(written, bool):
            raise Unreadable(f"'{written}' is not true or false")
        return written
    if kind.kind == "month_day":
        if not _MONTH_DAY.fullmatch(str(written)):
            raise Unreadable(f"'{written}' is not a month and day: write \"04-15\"")
        try:
            date.fromisoformat(f"{ORDINARY_YEAR}-{written}")
        except ValueError:
            raise Unreadable(f"'{written}' is not a day of every year") from None
        return str(written)
    if kind.kind == "code":
        allowed = vocabulary.codes[kind.codes or ""]
        if written not in allowed:
            raise Unreadable(f"'{written}' is not in the code list '{kind.codes}': {did_you_mean(str(written), allowed)}")
        return str(written)
    if kind.kind == "set":
        if not isinstance(written, list):
            raise Unreadable("write a list: [a, b]")
        member = Type("code", codes=kind.codes) if kind.codes else Type("number")
        return frozenset(read_plain(item, member, vocabulary) for item in written)
    return str(written)


def read_value(entry: dict[str, Any], spec: ParameterSpec, vocabulary: Vocabulary) -> tuple[Any, bool, str]:
    """The value of an entry, whether it is a rounded figure, and how it was printed.

    A rounded figure is the closed interval of what rounds (or was cut) to it.
    """
    written = entry["value"]
    place = (str(entry["key"]),) if entry.get("key") is not None else ()
    if written == "unknown":
        because = entry.get("because")
        cause = Cause("construct", because) if because else Cause("parameter", spec.name, place)
        least = read_plain(entry["at_least"], spec.type, vocabulary) if "at_least" in entry else spec.minimum
        most = read_plain(entry["at_most"], spec.type, vocabulary) if "at_most" in entry else None
        return Unknown(frozenset({cause}), least, most, spec.type.nullable), False, "unknown"
    if isinstance(written, dict):
        about, step = read_number(written["about"]), read_number(written["to"])
        half = Fraction(step, 2) if written.get("how", "rounded") == "rounded" else Fraction(0)
        low, high = exact(about - half), exact(about + (half or step))
        return Unknown(frozenset({Cause("rounded", spec.name, place)}), low, high), True, str(about)
    kind = spec.type.or_none(spec.keyed_by is not None)  # a key may be said to have no value, as one that is not listed has none
    return read_plain(written, kind, vocabulary), False, ""
