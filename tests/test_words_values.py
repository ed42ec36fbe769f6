"""Values, codes, causes and keys of rows in three languages."""

from __future__ import annotations

from datetime import date

import pytest

from engine.explaining import Words
from engine.explaining.text_form import law_lines
from engine.language import Cause, OpenSet, Type, Unknown, number, parse_unit
from engine.law import Law, Program
from engine.law.wording import LANGUAGES
from engine.proving import Conflict, Gap
from tests.wording import SPACE, UNITS

CAUSE = frozenset({Cause("fact", "emissions.tonnes", ("K-1", "1", "co2"))})


def test_values_in_words(law: Law) -> None:
    en, ru, kk = (Words(law, language) for language in LANGUAGES)
    assert [w.value(True, None) for w in (en, ru, kk)] == ["yes", "да", "иә"]
    assert [w.value(None, None) for w in (en, ru, kk)] == ["none", "нет", "жоқ"]
    assert [w.value(Unknown(CAUSE), UNITS) for w in (en, ru, kk)] == ["unknown", "неизвестно", "белгісіз"]
    assert en.value(Unknown(CAUSE, 1000, 2000), UNITS) == "between 1,000 and 2,000 units"
    assert ru.value(Unknown(CAUSE, 1000, 2000), UNITS) == f"от 1{SPACE}000 до 2{SPACE}000 угл. ед."
    assert kk.value(Unknown(CAUSE, 7), UNITS) == "кемінде 7 көміртегі бірлігі"
    assert en.value(Unknown(CAUSE, None, 7), UNITS) == "at most 7 units"
    assert en.value(Unknown(CAUSE, 2013, 2015), number(parse_unit("1"))) == "between 2013 and 2015"
    assert ru.value(2024, number(parse_unit("1"))) == "2024"
    days = Unknown(CAUSE, date(2022, 6, 30), date(2022, 12, 31))
    assert en.value(days, Type("date")) == "between 2022-06-30 and 2022-12-31"
    assert ru.value(days, Type("date")) == f"не ранее 30 июня 2022{SPACE}г. и не позднее 31 декабря 2022{SPACE}г."
    only = Unknown(CAUSE, 2021, 2021, none=True)
    assert [w.value(only, number(parse_unit("1"))) for w in (en, ru, kk)] == ["2021, or none", "2021 либо нет", "2021 немесе жоқ"]
    assert ru.value(date.min, Type("date")).startswith("день в сведениях не указан")
    assert ru.value(Gap(), None) == "не определено: правом не урегулировано"
    assert kk.value(Conflict((1, 2), ("a", "b")), None).startswith("айқындалмаған")


def test_codes_stand_by_their_labels_unless_files_are_compared(law: Law) -> None:
    gas, gases = Type("code", codes="gases"), Type("set", codes="gases")
    assert [Words(law, language).value("ch4", gas) for language in LANGUAGES] == ["methane (CH4)", "метан (CH4)", "метан (CH4)"]
    files = Words(law, coded=True)
    assert files.value(frozenset({"co2", "ch4"}), gases) == "ch4, co2"
    assert Words(law, "ru").value(frozenset({"co2", "ch4"}), gases) == "метан (CH4); диоксид углерода (CO2)"
    assert files.value(OpenSet(frozenset({"co2"}), frozenset({"ch4"}), CAUSE), gases) == "co2, ch4 (possibly)"
    assert Words(law, "ru").value(OpenSet(frozenset(), frozenset({"ch4"}), CAUSE), gases) == "метан (CH4) (не исключено)"
    assert Words(law, "ru").value(frozenset(), gases) == "нет"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_cause_can_be_said(law: Law, language: str) -> None:
    words = Words(law, language)
    causes = [
        Cause("fact", "emissions.tonnes", ("K-1", "2024", "co2")),
        Cause("fact", "reports", ("K-1", "2024")),
        Cause("parameter", "allocation.benchmark", ("cement_clinker",)),
        Cause("rounded", "cap.annual", ("2021",)),
        Cause("gap", "lot.reason", ("U-1", "2024")),
        Cause("conflict", "coverage", ("K-1", "2024")),
        Cause("none", "lot.project"),
        Cause("rule", "above-threshold"),
        Cause("not_listed", "allocation.benchmark", ("cement_clinker",)),
        *(Cause("construct", name) for name in law.tree["constructs"]),
    ]
    for cause in causes:
        for told in (words.cause(cause), *([words.missing(cause)] if cause.kind not in ("gap", "conflict") else [])):
            assert told and "{" not in told
    assert words.missing(causes[0]).endswith({"en": "(CO2)]", "ru": "(CO2)]", "kk": "(CO2)]"}[language])


def test_what_is_no_value_in_a_key_is_said(law: Law) -> None:
    told = [Words(law, language).row(("quotas", "K-1", "phase_3", "none", "?")).split(", ")[-2:] for language in LANGUAGES]
    assert told == [["none", "unknown"], ["нет", "неизвестно"], ["жоқ", "белгісіз"]]


def test_a_set_page_keeps_numbers_with_their_units(law: Law) -> None:
    assert Words(law, "kk", joint=SPACE).value(99000, UNITS) == f"99{SPACE}000{SPACE}көміртегі бірлігі"
    assert Words(law, "ru", joint=SPACE).value(99000, UNITS) == f"99{SPACE}000{SPACE}угл.{SPACE}ед."
    assert f"№{SPACE}91" in Words(law, "ru", joint=SPACE).cite("order-91-2022", "")
    assert "№ 91" in Words(law, "ru").cite("order-91-2022", "")


@pytest.mark.parametrize(
    ("language", "name", "value", "why"),
    [
        ("en", "base years", "unknown", "the rules say 'years determined by the plan', and the plan names none"),
        ("ru", "потенциал глобального потепления — метан (CH4)", "неизвестно", "ни один из имеющихся источников не приводит"),
    ],
)
def test_a_phase_says_what_is_missing_where_no_source_gives_a_value(law: Law, language: str, name: str, value: str, why: str) -> None:
    program = Program(law, law.select("statute"), law.phases["phase_5"], 2024)
    found = {line[0]: line[1:] for line in law_lines(law, Words(law, language), program)}
    assert found[name][0] == value and why in found[name][1]
