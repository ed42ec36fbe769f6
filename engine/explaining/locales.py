"""Numbers, dates and plural categories as the languages of the rulesets write them.

English keeps the engine's own forms: its numbers are those of the Unicode CLDR to the digit, its dates stay ISO, as the
files have them; so that a question asked in English never waits for Babel to load.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from functools import cache
from typing import Any

from engine.language.values import decimal_text, show

PRECISION = 400
"""Digits that Babel may work with; far more than a ruleset or a sum of facts can have, so that nothing is rounded."""
LEAP_YEAR = 4
"""A year that has every month and day, for a month and day alone."""
_NARROW, _NO_BREAK = "\u202f", "\u00a0"


@cache
def _locale(language: str) -> Any:
    from babel import Locale

    return Locale.parse(language)


def _tidy(text: str) -> str:
    """Every space that must not break as the one that all fonts have."""
    return text.replace(_NARROW, _NO_BREAK)


def number_text(value: int | Fraction, language: str) -> str:
    """`20,001`, `0.985`; in Russian and Kazakh `20 001`, `0,985`; a fraction without finite decimal as `1/3`."""
    text = decimal_text(value)
    if language == "en" or "/" in text:
        return show(value)
    from babel.numbers import format_decimal

    with localcontext(Context(prec=PRECISION)):
        return _tidy(str(format_decimal(Decimal(text), locale=_locale(language), decimal_quantization=False)))


def date_text(value: date, language: str) -> str:
    """Year, month and day by ISO; in Russian and Kazakh in words, in Kazakh as legal texts have them, not as the CLDR."""
    if language == "en":
        return value.isoformat()
    from babel.dates import format_date

    form = "y'\u00a0жылғы' d MMMM" if language == "kk" else "long"
    return _tidy(str(format_date(value, form, locale=_locale(language))))


def month_day_text(value: str, language: str) -> str:
    """`04-15`; in Russian and Kazakh in words."""
    if language == "en":
        return value
    from babel.dates import format_skeleton

    month, day = value.split("-")
    return _tidy(str(format_skeleton("MMMMd", date(LEAP_YEAR, int(month), int(day)), locale=_locale(language))))


def plural_category(value: int | Fraction, language: str) -> str:
    """The form that a noun takes beside the number: `one`, `few`, `many` or `other`."""
    if language == "en":
        return "one" if value == 1 else "other"
    text = decimal_text(value if value >= 0 else -value)
    choose: Callable[[Decimal], str] = _locale(language).plural_form
    return "other" if "/" in text else str(choose(Decimal(text)))
