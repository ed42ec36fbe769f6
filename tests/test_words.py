"""Answers in three languages: numbers, dates, plurals, sources, whole explanations, and rulesets that lack a text."""

from __future__ import annotations

import ast
import copy
import re
import shutil
import subprocess
import sys
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.explaining import Words
from engine.explaining.formulas import Formulas
from engine.explaining.locales import date_text, month_day_text, number_text, plural_category
from engine.explaining.reports import why_report
from engine.explaining.text_form import law_lines
from engine.language import Cause, OpenSet, Scope, Type, Unknown, number, parse, parse_unit, show
from engine.language.values import exact
from engine.law import Law, Program, load_law, type_rule
from engine.law.collecting import collect
from engine.law.files import ruleset_files
from engine.law.wording import FORMS, LANGUAGES, NEEDED, find_missing_texts
from engine.problems import InputError
from engine.proving import Conflict, Gap, Inquiry
from tests.conftest import ROOT
from tests.make_golden import cases, explanation

SPACE = "\u00a0"
CAUSE = frozenset({Cause("fact", "emissions.tonnes", ("K-1", "1", "co2"))})
UNITS = number(parse_unit("carbon_unit"))


# -- whole explanations -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "language", "path"), list(cases()))
def test_explanations_read_as_they_were_read(law: Law, name: str, language: str, path: Path) -> None:
    assert explanation(law, name, language) == path.read_text(encoding="utf-8"), "python -m tests.make_golden, and read the difference"


@pytest.mark.parametrize("language", ["ru", "kk"])
@pytest.mark.parametrize("name", ["case", "threshold"])
def test_no_word_of_the_engine_or_code_of_the_law_is_left_in_the_other_languages(law: Law, name: str, language: str) -> None:
    """What may stay: ids of rules, headings of English documents, names of files, chemical signs, foreign names."""
    text = explanation(law, name, language)
    told, _, sources = text.rpartition("\n\n")
    assert sources.startswith(("источники:", "дереккөздер:"))  # full titles: some are of English texts
    text = re.sub(r"\[[^\]]*\]$|examples/\S+|<law>", "", told, flags=re.M)  # sources stand last in their lines
    text = re.sub(r"(по одной и той же причине|бір ғана себеппен қолданылмайды): [a-z0-9, -]+", "", text)
    text = re.sub(r"правило [a-z0-9-]+|[a-z0-9-]+ қағидасы", "", text)
    for code in ("ICAP", "CO2", "CER", "ERU", "Qazaq Green", *("K-1", "AT", "U-2024", "U-2025")):
        text = text.replace(code, "")
    assert set(re.findall(r"[A-Za-z]{2,}[A-Za-z_.]*", text)) == set()


def test_kazakh_answers_use_kazakh_letters(law: Law) -> None:
    text = explanation(law, "case", "kk")
    assert set("әғқңөұүһі") - set(text) <= {"һ"}  # һ is rare, and no text of this case has it
    assert not re.search(r"[ыэ]{2}|щ", text)


def test_english_waits_for_no_locale_data() -> None:
    code = (
        "import sys; sys.argv = ['kazets', 'why', 'examples/threshold.yaml', 'AT', '2023', 'coverage']\n"
        "import cli\n"
        "cli.main(standalone_mode=False)\n"
        "sys.exit('babel' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=120).returncode == 0


# -- numbers, dates, plurals ------------------------------------------------------------------------------------


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


# -- values, codes, causes, sources -------------------------------------------------------------------------------


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


def test_sources_are_cited_as_lawyers_cite_them(law: Law) -> None:
    cites = (("icap-2025", "Inclusion thresholds"), ("env-code-2021", "289(3)"), ("decree-873-2017", "annex 1"), ("order-91-2022", "16-17"))
    assert (
        Words(law, coded=True).cites(cites)
        == "icap-2025, Inclusion thresholds; env-code-2021, 289(3); decree-873-2017, annex 1; order-91-2022, 16-17"
    )
    assert Words(law, "ru").cites(cites) == (
        "справка ICAP 2025 г., раздел «Inclusion thresholds»; Экологический кодекс 2021 г., п. 3 ст. 289; "
        "Постановление Правительства от 26 декабря 2017 г. № 873, приложение 1; "
        "Приказ от 28 марта 2022 г. № 91 (первоначальная редакция), пп. 16–17"
    )
    assert "2021 жылғы Экология кодексі, 289-баптың 3-тармағы" in Words(law, "kk").cites(cites)
    assert "1-қосымша" in Words(law, "kk").cites(cites)
    assert Words(law).cites(cites[1:2]) == "Environmental Code 2021, art. 289(3)"


@pytest.mark.parametrize(
    ("instrument", "point", "told"),
    [
        ("env-code-2007-2018", "94-2(1)", ("art. 94-2(1)", "п. 1 ст. 94-2", "94-2-баптың 1-тармағы")),
        ("env-code-2021", "289(7), 300(2)", ("art. 289(7), art. 300(2)", "п. 7 ст. 289, п. 2 ст. 300", "289-баптың 7-тармағы, 300-баптың 2-тармағы")),
        ("env-code-2021", "294(2), 304", ("art. 294(2), art. 304", "п. 2 ст. 294, ст. 304", "294-баптың 2-тармағы, 304-бап")),
        ("koap-2014", "44(2), 44(3)", ("art. 44(2), (3)", "пп. 2, 3 ст. 44", "44-баптың 2, 3-тармақтары")),
        ("koap-2014", "329, 330", ("arts 329, 330", "ст. 329, 330", "329, 330-баптар")),
        ("order-292-2020", "25-1", ("point 25-1", "п. 25-1", "25-1-тармақ")),
        ("order-91-2022", "89-91", ("points 89–91", "пп. 89–91", "89–91-тармақтар")),
        ("order-292-2020", "24, 25-1", ("points 24, 25-1", "пп. 24, 25-1", "24, 25-1-тармақтар")),
        ("decree-370-2017", "17(1), 18", ("point 17(1), point 18", "подп. 1) п. 17, п. 18", "17-тармақтың 1) тармақшасы, 18-тармақ")),
    ],
)  # fmt: skip
def test_articles_and_points_are_told_apart_and_counted(law: Law, instrument: str, point: str, told: tuple[str, str, str]) -> None:
    for language, wanted in zip(LANGUAGES, told, strict=True):
        words = Words(law, language)
        assert words.cite(instrument, point).removeprefix(words.cite(instrument, "")) == f", {wanted}"


def test_what_there_is_to_know_of_a_text_is_told(law: Law) -> None:
    en, ru, kk = (Words(law, language) for language in LANGUAGES)
    assert en.standing("order-292-2016") == [
        "in force from 2018-01-01 until the day before 2018-08-14, at the earliest",
        "published 2016-06-28 at the earliest",
        "registered 2016-07-28 under No 14012",
    ]
    assert f"зарегистрировано 28 июля 2016{SPACE}г. под № 14012" in ru.standing("order-292-2016")
    assert "тек деректемелері бойынша белгілі" in kk.standing("order-46-2022")
    # its Kazakh title is a translation, the others are official
    told = [words.say("title_unofficial") in words.standing("order-455-2021") for words in (en, ru, kk)]
    assert told == [False, False, True]
    assert "изучен только пункт 61" in ru.standing("order-46-2023")


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


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_every_point_of_a_legal_text_can_be_said(law: Law, language: str) -> None:
    words = Words(law, language)
    for content in [*law.tree["rules"], *law.tree["values"]]:
        for cite in content["cite"] if isinstance(content["cite"], list) else [content["cite"]]:
            if law.tree["instruments"][cite["instrument"]]["kind"] in ("statute", "plan", "order", "budget"):
                point = words.cite(cite["instrument"], str(cite.get("point", "")))
                point = point.removeprefix(words.label(law.tree["instruments"][cite["instrument"]]["short"], ""))
                assert not re.search("[A-Za-z]", point), point


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_every_formula_of_the_law_can_be_said(law: Law, language: str) -> None:
    """Each condition and value of each rule, without a name of the language or of the vocabulary."""
    formulas = Formulas(Words(law, language))
    for rules in law.rules.values():
        for rule in rules:
            typed = type_rule(law, rule)
            for node in (typed.when, typed.value):
                if node is None:
                    continue
                told = re.sub(r"CO2|CH4|N2O|SF6|CER|ERU|ICAP|Qazaq Green", "", formulas.text(node))
                assert not re.search(r"[A-Za-z{}_@]", told), (rule.name, told)


def test_formulas_keep_the_structure_of_the_expression(law: Law) -> None:
    formulas = Formulas(Words(law, "ru"))
    scope = Scope(law.vocabulary, law.manifest["main"])
    told = formulas.text(parse("covered and (in_plan or not exited)", scope))
    assert told == "«является квотируемой» и («включена в национальный план» или «исключена из плана» = нет)"
    told = formulas.text(parse("obligation - (surrendered - usable_units) - surplus", scope))
    assert told.count("(") == 1 and " − («пригодные единицы, погашенные в срок» − " in told
    assert formulas.text(parse("(obligation + surrendered) * 2", scope)).startswith("(«")
    assert formulas.text(parse("date(year, 12, 31)", scope)) == "31 декабря, год: «отчётный год»"
    told = formulas.text(parse("max(0, obligation - surrendered)", scope))
    assert told == "наибольшее из (0 угл. ед.; «углеродные единицы, подлежащие погашению» − «пригодные единицы, погашенные в срок»)"


def test_a_sum_over_years_names_each_of_them(law: Law, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The baseline of the 2018-2020 plan is the mean of 2013-2015 (decree 370, points 5-9)."""
    case = tmp_path / "case.yaml"
    case.write_text(
        "as_of: 2020-12-01\n"
        "operators: [{id: OP-1, size: large}]\n"
        "installations: [{id: K-1, operator: OP-1, sector: power}]\n"
        "emissions: [{installation: K-1, year: 2013, gas: co2, tonnes: 90000}]\n"
        "quotas: [{installation: K-1, plan: phase_3, year: none, quantity: 300000, kind: initial, method: grandparenting}]\n",
        encoding="utf-8",
    )
    why_report(law, case, Inquiry(compare=False), "K-1", 2019, "free_allocation", None, "text", False, "en")
    told = capsys.readouterr().out
    assert "sum over “base years”: “emissions, tonnes of the gas” (each of them; carbon dioxide (CO2))" in told
    assert "2013: “emissions, tonnes of the gas” (2013; carbon dioxide (CO2)): 90,000 t CO2" in told.replace(SPACE, " ")


def test_the_command_answers_in_the_language_that_is_asked_for() -> None:
    runs = [
        (("determine", "examples/case.yaml"), "требования не соблюдены", "талаптар сақталмады"),
        (("why", "examples/threshold.yaml", "AT", "2023", "coverage"), "п. 3 ст. 289", "289-баптың 3-тармағы"),
        (("law", "list"), "Приостановление системы", "Жүйенің тоқтатыла тұруы"),
        (("law", "show", "phase_5", "--year", "2024"), "показатель", "көрсеткіш"),
        (("law", "records"), f"11{SPACE}500{SPACE}000 ед. квоты", "шамамен"),
    ]
    for arguments, russian, kazakh in runs:
        for language, wanted in (("ru", russian), ("kk", kazakh)):
            run = subprocess.run(
                [sys.executable, "cli.py", *arguments, "--lang", language], cwd=ROOT, capture_output=True, text=True, timeout=120
            )
            assert run.returncode == 0 and wanted in run.stdout, run.stderr


def test_an_unknown_language_is_refused(law: Law) -> None:
    with pytest.raises(InputError, match="no language 'de'"):
        Words(law, "de")


# -- clauses and margins ------------------------------------------------------------------------------------------

MARGINS = """
as_of: 2025-06-01
installations: [{id: A, operator: O, sector: power}, {id: B, operator: O, sector: power}]
emissions:
  - {installation: A, year: 2024, gas: co2, tonnes: 20001}
  - {installation: B, year: 2024, gas: co2, tonnes: 19999.5}
reports:
  - {installation: A, year: 2024, submitted_on: 2025-04-18, verified: true}
  - {installation: B, year: 2024, submitted_on: 2025-04-14, verified: true}
"""


@pytest.mark.parametrize(
    ("key", "decision", "told"),
    [
        # more than 20,000 t are required (factsheet): 20,001 - 20,000 = 1; 20,000 - 19,999.5 = 0.5
        ("A", "above_threshold", ("20,001 t CO2 against more than 20,000 t CO2: 1 t CO2 over",
                                  "20 001 т CO2; условие – более 20 000 т CO2: больше на 1 т CO2",
                                  "20 001 т CO2; шарты – 20 000 т CO2 мәнінен артық: 1 т CO2 артық")),
        ("B", "above_threshold", ("19,999.5 t CO2 against more than 20,000 t CO2: 0.5 t CO2 under",
                                  "19 999,5 т CO2; условие – более 20 000 т CO2: меньше на 0,5 т CO2",
                                  "19 999,5 т CO2; шарты – 20 000 т CO2 мәнінен артық: 0,5 т CO2 кем")),
        # due on 15 April (factsheet): 18 April is 3 days late, 14 April 1 day early
        ("A", "report_in_time", ("2025-04-18 against earlier than 2025-04-15 (emissions report due): 3 days late",
                                 "): с опозданием на 3 дня", "): 3 күн кешіктірілген")),
        ("B", "report_in_time", ("2025-04-14 against earlier than 2025-04-15 (emissions report due): 1 day earlier",
                                 "): на 1 день раньше", "): 1 күн ерте")),
    ],
)  # fmt: skip
def test_a_comparison_shows_both_sides_and_the_margin(
    law: Law, key: str, decision: str, told: tuple[str, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from engine.explaining.reports import why_report
    from engine.proving import Inquiry

    case = tmp_path / "case.yaml"
    case.write_text(MARGINS)
    for language, text in zip(LANGUAGES, told, strict=True):
        why_report(law, case, Inquiry(compare=False), key, 2024, decision, None, "text", False, language)
        assert text in capsys.readouterr().out.replace(SPACE, " ")


def test_a_presumed_day_has_no_margin(law: Law, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A lot whose day of acquisition the facts do not give counts as held; nobody counts the days since the first of all."""
    from engine.explaining.reports import why_report
    from engine.proving import Inquiry

    case = tmp_path / "case.yaml"
    case.write_text(MARGINS + "units: [{id: U, installation: A, kind: allowance, plan: phase_5, issued_for: 2024, quantity: 9}]\n")
    why_report(law, case, Inquiry(compare=False), "A", 2024, "usable_units", None, "text", True, "en")
    (line,) = (told for told in capsys.readouterr().out.splitlines() if "date of acquisition: a day that" in told and "at the latest" in told)
    assert line.strip().startswith("✓ date of acquisition: a day that the facts do not give, presumed to be earlier against 2025-04-15 at the latest")
    assert "days" not in line



def test_margins_in_the_proof_as_json_with_the_law_version(law: Law, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    from engine.explaining.reports import why_report
    from engine.proving import Inquiry

    case = tmp_path / "case.yaml"
    case.write_text(MARGINS)
    why_report(law, case, Inquiry(compare=False), "A", 2024, None, None, "json", False)
    (one,) = json.loads(capsys.readouterr().out)["determinations"]
    (step,) = [s for s in one["proof"] if s["decision"] == "above_threshold"]
    (rule,) = step["rules"]
    assert rule["when"]["margin"] == 1  # 20,001 - 20,000 t
    article = {
        "instrument": "env-code-2021-2024", "point": "289(3)", "published": "2024-04-06", "in_force": {"from": "2024-06-08"},
    }  # fmt: skip
    assert rule["law"]["cite"][1] == article
    assert rule["when"]["parts"][1]["law"] == {"cite": [{"instrument": "icap-2025", "point": "Inclusion thresholds"}, article]}


# -- a ruleset that lacks a text ----------------------------------------------------------------------------------


def test_the_shipped_law_lacks_no_text(law: Law) -> None:
    assert find_missing_texts(law) == []


def _said(argument: ast.expr) -> set[str]:
    """The ids that the first argument of `say` can be, where they stand in the source."""
    if isinstance(argument, ast.Constant):
        return {str(argument.value)}
    if isinstance(argument, ast.IfExp):
        return _said(argument.body) | _said(argument.orelse)
    return set()


def test_conditions_are_said_as_sentences_of_things_that_exist(law: Law) -> None:
    """Each in two forms, about a decision or parameter that is a condition."""
    decisions = {law.decision_name(*key) for key, spec in law.vocabulary.decisions.items() if spec.type.kind == "bool"}
    names = decisions | {name for name, spec in law.vocabulary.parameters.items() if spec.type.kind == "bool"}
    ids = {name.replace(".", "_") for name in names}
    said = {
        word.partition("_")[2] for word in law.tree["words"] if word.startswith("is_") and word != "is_among" and word != "is_not_among"
    }
    denied = {word.partition("_")[2] for word in law.tree["words"] if word.startswith("not_")}
    assert said == denied and said <= ids and len(said) >= 50
    for language, yes, no in (
        ("en", "the system was suspended", "the system was not suspended"),
        ("ru", "действие системы приостановлено", "действие системы не приостановлено"),
        ("kk", "жүйенің қолданысы тоқтатыла тұрған", "жүйенің қолданысы тоқтатыла тұрған жоқ"),
    ):
        words = Words(law, language)
        assert (words.stated("scheme.suspended", True), words.stated("scheme.suspended", False)) == (yes, no)
    assert Words(law).stated("installation_year.covered", False) == "the installation is not covered by the system"
    assert Words(law).stated("no.such", True) == ""


def test_no_module_that_answers_has_texts_of_its_own() -> None:
    """What a report says stands in the ruleset: no module keeps a table of English sentences."""
    for path in (ROOT / "engine" / "explaining").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
                texts = [v.value for v in node.value.values if isinstance(v, ast.Constant) and isinstance(v.value, str)]
                assert not [text for text in texts if re.search("[a-z]{2,} [a-z]{2,}", text)], path


def test_every_word_that_the_engine_says_is_in_its_list() -> None:
    said = set()
    for path in (ROOT / "engine" / "explaining").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            if isinstance(node.func, ast.Name) and node.func.id == "say" and not isinstance(node.args[0], ast.Name):
                said |= _said(node.args[0])
                continue
            if not (isinstance(node.func, ast.Attribute) and node.func.attr == "say"):
                continue
            if ast.unparse(node.func.value).endswith("words") or path.name == "words.py":
                said |= _said(node.args[0])
    assert len(said) > 40 and said <= NEEDED.keys(), said - NEEDED.keys()


def _broken(law: Law, change: Any) -> list[str]:
    tree = copy.deepcopy(law.tree)
    change(tree)
    return [str(problem) for problem in find_missing_texts(Law(tree, "broken"))]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t["words"].pop("because"), "the engine needs the word 'because'"),
        (lambda t: t["words"]["because"].update(ru="причина"), "words: because: 'ru' and 'en' do not name the same: {cause}"),
        (lambda t: t["words"]["because"].update(en="because", ru="причина", kk="себебі"), "words: because: {cause} is not said"),
        (lambda t: t["words"]["others_failed"]["ru"].pop("few"), "words: others_failed, ru: no form for 'few'"),
        (lambda t: t["words"]["margin_none"].update(kk="exactly that"), "words: margin_none: the text in 'kk' is the English one"),
        (lambda t: t["units"]["KZT"]["label"].pop("kk"), "units: KZT.label has no text in 'kk'"),
        (lambda t: t["units"]["carbon_unit"]["per"].pop("ru"), "units: carbon_unit.per has no text in 'ru'"),
        (lambda t: t["tables"]["emissions"]["label"].pop("ru"), "tables: emissions.label has no text in 'ru'"),
        (lambda t: t["tables"]["emissions"]["columns"]["tonnes"].pop("label"), "tables: emissions.tonnes has no label"),
        (
            lambda t: t["tables"]["emissions"]["columns"]["tonnes"]["label"].update(ru=""),
            "tables: emissions.columns.tonnes.label has no text in 'ru'",
        ),
        (lambda t: t["codes"]["gases"]["members"]["co2"]["label"].pop("kk"), "codes: gases.members.co2.label has no text in 'kk'"),
        (lambda t: t["entities"]["lot"]["label"].pop("kk"), "entities: lot.label has no text in 'kk'"),
        (lambda t: t["decisions"]["covered"]["label"].pop("ru"), "decisions: covered.label has no text in 'ru'"),
        (
            lambda t: t["parameters"]["allocation.benchmark"]["label"].pop("ru"),
            "parameters: allocation.benchmark.label has no text in 'ru'",
        ),
        (lambda t: t["phases"]["suspension"]["note"].pop("kk"), "phases: suspension.note has no text in 'kk'"),
        (lambda t: next(v for v in t["values"] if "note" in v)["note"].pop("kk"), "values: note has no text in 'kk'"),
        (lambda t: next(q for q in t["questions"].values() if "note" in q)["note"].pop("ru"), "note has no text in 'ru'"),
        (lambda t: next(r for r in t["records"].values() if "note" in r)["note"].update(kk=""), "note has no text in 'kk'"),
        (lambda t: next(iter(t["questions"].values()))["ask"].pop("ru"), "ask has no text in 'ru'"),
        (lambda t: next(iter(next(iter(t["questions"].values()))["answers"].values()))["says"].pop("kk"), "says has no text in 'kk'"),
        (lambda t: next(iter(t["constructs"].values()))["missing"].pop("kk"), "missing has no text in 'kk'"),
        (lambda t: next(iter(t["records"].values()))["label"].pop("kk"), "label has no text in 'kk'"),
        (lambda t: next(iter(t["statements"].values()))["says"].pop("kk"), "says has no text in 'kk'"),
        (lambda t: t["instruments"]["icap-2025"].pop("short"), "instruments: icap-2025 has no short"),
        (lambda t: t["rules"][0]["says"].update(ru="{year} {nothing}"), "do not name the same"),
        (lambda t: t["ruleset"]["authority_labels"].pop("seeds"), "authority 'seeds' has no label"),
        (
            lambda t: t["rules"][0].update(cite={"instrument": "env-code-2021", "point": "schedule 4"}),
            "add `point_schedule_number` under `words`",
        ),
    ],
)
def test_a_text_that_is_not_there_in_all_languages_is_found(law: Law, change: Any, message: str) -> None:
    problems = _broken(law, change)
    assert any(message in problem for problem in problems), problems
    assert all(re.match(r"rulesets/\S+\.yaml:\d+:\d+: ", problem) for problem in problems)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "vocabulary/words.yaml",
            'kk: "дәл сонша"',
            'kk: "дәл {count} сонша"',
            "words: margin_none: 'kk' and 'en' do not name the same: {count}",
        ),
        (
            "vocabulary/words.yaml",
            '  margin_none: {en: "exactly that", ',
            "  margin_none: {",
            "words.margin_none: 'en' is a required property",
        ),
        ("vocabulary/words.yaml", '      few: "(ещё', '      paucal: "(ещё', "words.others_failed.ru"),
        ("vocabulary/units.yaml", "kk: теңге}", "}", "units.KZT.label: 'kk' is a required property"),
    ],
)
def test_a_ruleset_that_lacks_a_text_is_refused_with_its_line(tmp_path: Path, file: str, old: str, new: str, message: str) -> None:
    import shutil

    root = tmp_path / "rulesets"
    shutil.copytree(ROOT / "rulesets", root)
    text = (root / file).read_text(encoding="utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_law(root, ROOT / "schemas")
    told = [str(problem) for problem in refused.value.problems]
    line = text[: text.index(old)].count("\n") + 1
    assert any(message in one for one in told), told
    assert any(re.match(rf"rulesets/{file}:({line}|{line - 1}|{line - 2}):\d+: ", one) for one in told), told


def test_the_files_have_no_text_of_one_language_where_a_label_is_meant() -> None:
    """Every mapping with an English text has all three, wherever it stands."""
    root = ROOT / "rulesets"
    tree = collect(root, ruleset_files(root), ROOT / "schemas")

    def look(part: Any, path: str) -> None:
        if isinstance(part, dict):
            if "en" in part or "ru" in part or "kk" in part:
                assert set(LANGUAGES) <= part.keys(), path
            for key, inner in part.items():
                look(inner, f"{path}.{key}")
        elif isinstance(part, list):
            for index, inner in enumerate(part):
                look(inner, f"{path}[{index}]")

    look(tree, "")


def test_a_note_in_one_language_is_refused_at_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "rulesets"
    shutil.copytree(ROOT / "rulesets", folder)
    file = folder / "parameters" / "mci.yaml"
    text = file.read_text(encoding="utf-8")
    broken = re.sub(r"note: \{.*?\}", 'note: "one value"', text, count=1, flags=re.S)
    assert broken != text
    file.write_text(broken, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_law(folder, ROOT / "schemas")
    line = text[: text.index("note: {")].count("\n") + 1
    assert f"mci.yaml:{line}:" in str(caught.value) and "all three languages" in str(caught.value)
