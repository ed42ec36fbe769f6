"""Numbers, dates, plurals and units in three languages."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.explaining import Words
from engine.explaining.locales import date_text, month_day_text, number_text, plural_category
from engine.language import number, parse_unit, show
from engine.language.values import exact
from engine.law import Law
from engine.law.wording import FORMS, LANGUAGES
from tests.wording import SPACE, UNITS


@pytest.mark.parametrize(
    ("value", "en", "other"),
    [
        ("20001", "20,001", "20 001"),
        ("1000", "1,000", "1 000"),
        ("0.985", "0.985", "0,985"),
        ("1234567.125", "1,234,567.125", "1 234 567,125"),
        ("-5.5", "-5.5", "-5,5"),
        ("1/3", "1/3", "1/3"),
        ("1234567890123456789012345678901234567890", "1,234,567,890,123,456,789,012,345,678,901,234,567,890", None),
    ],
)
def test_numbers(value: str, en: str, other: str | None) -> None:
    told = exact(Fraction(value))
    assert number_text(told, "en") == en
    for language in ("ru", "kk"):
        assert number_text(told, language) == (other or en.replace(",", " ")).replace(" ", SPACE)


@settings(deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=6), st.sampled_from(LANGUAGES))
def test_no_digit_of_a_number_is_lost(value: Any, language: str) -> None:
    told = exact(value)
    text = number_text(told, language)
    read = text.replace(",", "") if language == "en" else text.replace(SPACE, "").replace(",", ".")
    assert exact(read) == told


@settings(deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=3))
def test_english_numbers_are_those_of_the_unicode_locale(value: Any) -> None:
    from babel.numbers import format_decimal

    told = exact(value)
    if told != 0 and -(10**25) < told < 10**25:
        assert show(told) == format_decimal(value, locale="en", decimal_quantization=False)


def test_dates_and_days_of_the_year() -> None:
    day = date(2025, 4, 5)
    assert [date_text(day, language) for language in LANGUAGES] == ["2025-04-05", f"5 апреля 2025{SPACE}г.", f"2025{SPACE}жылғы 5 сәуір"]
    assert [month_day_text("02-29", language) for language in LANGUAGES] == ["02-29", "29 февраля", "29 ақпан"]


@pytest.mark.parametrize(
    ("value", "ru"),
    [
        ("0", "many"),
        ("1", "one"),
        ("2", "few"),
        ("5", "many"),
        ("11", "many"),
        ("21", "one"),
        ("112", "many"),
        ("1.5", "other"),
        ("1/3", "other"),
    ],
)
def test_plural_categories(value: str, ru: str) -> None:
    told = exact(Fraction(value))
    assert plural_category(told, "ru") == plural_category(-told, "ru") == ru
    assert plural_category(told, "en") == plural_category(told, "kk") == ("one" if told == 1 else "other")


def test_the_plural_categories_that_a_text_must_have_are_those_of_the_unicode_locales() -> None:
    from babel import Locale

    assert {language: set(forms) for language, forms in FORMS.items()} == {
        language: {*Locale.parse(language).plural_form.tags, "other"} for language in LANGUAGES
    }


def test_words_with_a_number_take_its_form(law: Law) -> None:
    russian = Words(law, "ru")
    assert [russian.say("others_failed", count=n) for n in (1, 3, 5, 21)] == [
        "(ещё 1 правило не применяется)",
        "(ещё 3 правила не применяются)",
        "(ещё 5 правил не применяются)",
        "(ещё 21 правило не применяется)",
    ]
    assert Words(law, "kk").say("others_failed", count=1234) == f"(тағы 1{SPACE}234 қағида қолданылмайды)"
    assert Words(law).say("others_failed", count=1) == "(1 other rule did not apply)"


def test_units_take_the_form_of_their_number(law: Law) -> None:
    day = number(parse_unit("day"))
    assert [Words(law, "ru").value(n, day) for n in (1, 3, 90)] == ["1 день", "3 дня", "90 дней"]
    assert [Words(law).value(n, UNITS) for n in (1, 2)] == ["1 unit", "2 units"]
    per = number(parse_unit("KZT/carbon_unit"))
    assert Words(law, "kk").value(19660, per) == f"19{SPACE}660 теңге/көміртегі бірлігі"
