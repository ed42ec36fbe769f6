"""Sources are cited as lawyers of each language cite them."""

from __future__ import annotations

import re

import pytest

from engine.explaining import Words
from engine.law import Law
from engine.law.wording import LANGUAGES
from tests.wording import SPACE


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


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_every_point_of_a_legal_text_can_be_said(law: Law, language: str) -> None:
    words = Words(law, language)
    for content in [*law.tree["rules"], *law.tree["values"]]:
        for cite in content["cite"] if isinstance(content["cite"], list) else [content["cite"]]:
            if law.tree["instruments"][cite["instrument"]]["kind"] in ("statute", "plan", "order", "budget"):
                point = words.cite(cite["instrument"], str(cite.get("point", "")))
                point = point.removeprefix(words.label(law.tree["instruments"][cite["instrument"]]["short"], ""))
                assert not re.search("[A-Za-z]", point), point
