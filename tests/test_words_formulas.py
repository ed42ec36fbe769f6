"""Conditions and formulas in three languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.explaining import Words
from engine.explaining.formulas import Formulas
from engine.explaining.reports import why_report
from engine.language import Scope, parse
from engine.law import Law, type_rule
from engine.proving import Inquiry
from tests.wording import SPACE


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
