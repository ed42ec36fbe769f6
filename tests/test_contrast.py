"""The same facts under two laws, and the smallest exchange that turns one answer into the other."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from engine.explaining.contrast import Drafts, contrast, contrast_report, read_against, seen_from
from engine.explaining.reports import decision_key, find_root, read_facts
from engine.law import Law, load_law
from engine.law.drafts import draft_names
from engine.problems import InputError
from engine.proving import Gap, Inquiry, Prover, Root
from engine.proving.exchanging import Element, Exchange, exchange
from tests.conftest import ROOT
from tests.small_law import facts_of, law_of

CASE, THRESHOLD = ROOT / "examples" / "case.yaml", ROOT / "examples" / "threshold.yaml"


def contrasted(law: Law, path: Path, key: str, year: int, decision: str, against: str) -> Exchange:
    inquiry, facts = Inquiry(), read_facts(law, path, None)
    root = find_root(law, facts, inquiry, key, year)
    return contrast(law, facts, inquiry, root, decision_key(law, root, decision), read_against(law, against, inquiry))


def test_an_authority_that_sets_another_deadline(law: Law) -> None:
    found = contrasted(law, CASE, "K-1", 2024, "status", "statute")
    assert [outcomes[0][1] for outcomes in found.outcomes] == ["non_compliant", "not_yet_due"]
    assert found.smallest == (Element("value", "surrender.deadline"),) and found.least
    (sight,) = found.sights[found.smallest[0]]
    assert (sight.one[0], sight.other[0]) == ("04-15", "12-31")
    assert len(found.differing) > 1


def test_a_phase_judges_the_year_with_its_own_plan(law: Law) -> None:
    found = contrasted(law, THRESHOLD, "ABOVE", 2023, "allocation_method", "phase_2")
    assert [outcomes[0][1] for outcomes in found.outcomes] == ["benchmarking", "grandparenting"]
    assert found.smallest == (Element("value", "allocation.method"),)
    in_plan = contrasted(law, CASE, "K-1", 2024, "in_plan", "phase_3")
    assert in_plan.same and in_plan.outcomes[0][0][1] is True


def test_a_reading_that_exchanges_two_rules(law: Law) -> None:
    found = contrasted(law, CASE, "K-1", 2024, "penalty", "fine-ceiling=article_44")
    assert [element.name for element in found.smallest] == ["penalty-with-ceiling", "penalty-without-ceiling"]
    assert list(found.active.values()) == [(False, True), (True, False)]
    assert found.least and found.excluded == 1


def test_the_law_as_known_before_a_phase_was_shelved(law: Law, tmp_path: Path) -> None:
    case = tmp_path / "case.yaml"
    case.write_text(
        "as_of: 2017-12-31\ninstallations: [{id: K, operator: O, sector: power}]\n"
        "emissions: [{installation: K, year: 2016, gas: co2, tonnes: 30000}]\n"
    )
    found = contrasted(law, case, "K", 2016, "covered", "2016-03-01")
    assert (found.one.phase, found.other.phase) == ("suspension", "phase_3_2016")
    assert [outcomes[0][1] for outcomes in found.outcomes] == [False, True]
    assert found.smallest == (Element("value", "scheme.suspended"),) and Element("phase") in found.differing


def test_the_same_answer_has_nothing_to_exchange(law: Law, capsys: pytest.CaptureFixture[str]) -> None:
    contrast_report(law, CASE, Inquiry(), "phase_5", 2024, "cap_kept", "statute", None, "text")
    assert "The answer is the same, and rests on nothing that differs." in capsys.readouterr().out


def test_the_text_shows_both_values_and_their_sources(law: Law, capsys: pytest.CaptureFixture[str]) -> None:
    contrast_report(law, THRESHOLD, Inquiry(), "AT", 2023, "coverage", "statute", None, "text")
    text = capsys.readouterr().out
    assert "administered installations up to, on 2023-12-31" in text
    assert "19,999 t CO2" in text and "20,000 t CO2" in text and "ICAP factsheet 2025" in text


# -- drafts -------------------------------------------------------------------------------------------------------

RULESETS, SCHEMAS = ROOT / "rulesets", ROOT / "schemas"
HEAT = """
as_of: 2022-06-01
installations: [{id: K, operator: O, sector: power}]
emissions: [{installation: K, year: 2021, gas: co2, tonnes: 15000}]
output:
  - {installation: K, year: 2017, product: heat_coal, quantity: 100000}
  - {installation: K, year: 2018, product: heat_coal, quantity: 100000}
  - {installation: K, year: 2019, product: heat_coal, quantity: 100000}
"""
AMENDED = """
draft:
  id: amended
  title: {en: Draft, ru: Проект, kk: Жоба}
  kind: scenario
  assumes: {en: nothing, ru: ничего, kk: ештеңе}
changes:
  - amend: covered-above-threshold
    when: not scheme.suspended and sector_in_scope and threshold_emissions > 2 * coverage.threshold
    says: {en: more, ru: более, kk: көп}
    article: {instrument: env-code-2021, point: "289(3)"}
    reason: {en: a test, ru: проверка, kk: тексеру}
"""


@pytest.fixture(scope="module")
def drafts() -> Drafts:
    return Drafts((), tuple(draft_names(RULESETS)), lambda written: load_law(RULESETS, SCHEMAS, written))


def under_draft(law: Law, case: Path, decision: str, against: str, drafts: Drafts) -> Exchange:
    other = read_against(law, against, Inquiry(), drafts)
    wide = seen_from(law, other)
    facts = read_facts(wide, case, None)
    root = find_root(wide, facts, Inquiry(), "K", 2021)
    return contrast(law, facts, Inquiry(), root, decision_key(wide, root, decision), other)


@pytest.fixture
def heat(tmp_path: Path) -> Path:
    case = tmp_path / "case.yaml"
    case.write_text(HEAT)
    return case


def test_a_draft_that_lowers_the_threshold_flips_coverage_by_that_value_alone(law: Law, heat: Path, drafts: Drafts) -> None:
    """15,000 t lie under the threshold of 20,000 t and above the draft's 10,000 t."""
    found = under_draft(law, heat, "covered", "threshold-10000-auction", drafts)
    assert [outcomes[0][1] for outcomes in found.outcomes] == [False, True]
    assert found.smallest == (Element("value", "coverage.threshold"),) and found.least
    (sight,) = found.sights[found.smallest[0]]
    assert (sight.one[0], sight.other[0]) == (20_000, 10_000)


def test_a_draft_changes_an_amount_by_an_amended_rule_a_new_one_and_a_new_value(law: Law, heat: Path, drafts: Drafts) -> None:
    """100,000 Gcal x 0.484 = 48,400 units; a tenth, 4,840, is withheld for auction: 43,560 are left."""
    found = under_draft(law, heat, "plan_allocation", str(RULESETS / "drafts" / "threshold-10000-auction.yaml"), drafts)
    assert [outcomes[0][1] for outcomes in found.outcomes] == [48_400, 43_560]
    assert found.smallest == (
        Element("rule", "auction-withheld"),
        Element("rule", "plan-allocation-of-a-year"),
        Element("value", "allocation.auction_share"),
    )
    assert found.least
    assert found.active[Element("rule", "auction-withheld")] == (False, True)
    assert found.active[Element("rule", "plan-allocation-of-a-year")] == (True, True)


def test_a_decision_that_only_the_draft_knows_is_a_gap_of_the_law_as_it_stands(law: Law, heat: Path, drafts: Drafts) -> None:
    found = under_draft(law, heat, "auction_withheld", "draft:threshold-10000-auction", drafts)
    assert isinstance(found.outcomes[0][0][1], Gap) and found.outcomes[1][0][1] == 4_840


def test_a_draft_is_asked_about_against_the_law_as_it_stands(heat: Path, drafts: Drafts) -> None:
    taken = ("threshold-10000-auction",)
    law = drafts.under(taken)
    found = under_draft(law, heat, "covered", "current", replace(drafts, taken=taken))
    assert [outcomes[0][1] for outcomes in found.outcomes] == [True, False]
    assert found.smallest == (Element("value", "coverage.threshold"),)


def test_an_amended_rule_is_told_as_both_laws_have_it(
    law: Law, heat: Path, drafts: Drafts, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    heat.write_text(HEAT.replace("tonnes: 15000", "tonnes: 30000"))
    draft = tmp_path / "amended.yaml"
    draft.write_text(AMENDED)
    contrast_report(law, heat, Inquiry(), "K", 2021, "covered", str(draft), None, "json", "en", drafts)
    content = json.loads(capsys.readouterr().out)
    schema = Draft202012Validator(json.loads((SCHEMAS / "contrast.schema.json").read_text()))
    assert list(schema.iter_errors(content)) == []
    assert content["against"]["kind"] == "draft" and content["other"]["receipt"]["drafts"][0]["draft"] == "amended"
    (element,) = content["smallest"]  # 30,000 t are more than 20,000 t, not more than twice that
    assert (element["name"], element["own"], element["other"]) == ("covered-above-threshold", True, True)
    assert element["amended"]["says"]["en"] == "more" and element["says"]["en"] != "more"


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_the_text_names_the_draft_and_what_it_assumes(
    law: Law, heat: Path, drafts: Drafts, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    contrast_report(law, heat, Inquiry(), "K", 2021, "covered", "threshold-10000-auction", None, "text", language, drafts)
    text = capsys.readouterr().out.replace("\u00a0", " ")
    (draft,) = drafts.under(("threshold-10000-auction",)).drafts
    assert draft.title[language] in text and " ".join(draft.assumes[language].split()) in text


@pytest.mark.parametrize(
    ("written", "message"), [("offset-limit-6", "did you mean 'offset-limit-5'?"), ("none.yaml", "no draft 'none.yaml'")]
)
def test_a_draft_that_does_not_exist(law: Law, drafts: Drafts, written: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_against(law, written, Inquiry(), drafts)
    assert message in str(caught.value) and str(caught.value).startswith("--against")


@pytest.mark.parametrize(
    ("against", "message"),
    [
        ("phase3", "did you mean 'phase_3'?"),
        ("statutes", "did you mean 'statute'?"),
        ("2024-13-01", "write a phase, an authority, a day"),
        ("fine-cieling=x", "did you mean 'fine-ceiling'?"),
        ("fine-ceiling=x", "does not answer 'fine-ceiling'"),
    ],
)
def test_another_law_that_does_not_exist(law: Law, against: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_against(law, against, Inquiry())
    assert message in str(caught.value)


def test_json_follows_its_schema_whatever_the_hash_seed_and_locale() -> None:
    script = (
        "import sys; from pathlib import Path; from engine.law import load_law; from engine.proving import Inquiry\n"
        "from engine.explaining.contrast import contrast_report\n"
        "law = load_law(Path('rulesets'), Path('schemas'))\n"
        "for against in ('statute', 'fine-ceiling=article_44'):\n"
        "    contrast_report(law, Path('examples/case.yaml'), Inquiry(), 'K-1', 2024, 'penalty', against, None, 'json')"
    )
    made = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale},
        ).stdout
        for seed, locale in (("0", "C.UTF-8"), ("1", "ru_RU.UTF-8"))
    }
    (text,) = made
    schema = Draft202012Validator(json.loads((ROOT / "schemas" / "contrast.schema.json").read_text()))
    decoder, end = json.JSONDecoder(), 0
    for _ in range(2):
        content, end = decoder.raw_decode(text, text.index("{", end))
        assert list(schema.iter_errors(content)) == []
        assert content["same"] is False and content["smallest"]


# -- the search against brute force -------------------------------------------------------------------------------

BITS = ("x", "y", "z")


def truth_law(table: list[bool]) -> Law:
    """A decision over three parameters, each 0 under answer `a` and 1 under answer `b`, by a table of truth."""
    terms = [
        " and ".join(f"p.{bit} == {on}" for bit, on in zip(BITS, row, strict=True))
        for row, true in zip(itertools.product((0, 1), repeat=3), table, strict=True)
        if true
    ]
    parts = {
        "decisions": {"d": {"type": "bool"}},
        "questions": {"q": {"ask": {"en": "q"}, "answers": {a: {"says": {"en": a}} for a in "ab"}, "default": {"statute": "a"}}},
        "parameters": {f"p.{bit}": {"type": "number", "governed_by": "year_end", "label": {"en": bit}} for bit in BITS},
        "values": {f"p.{bit}": [{"value": value, "reading": {"q": answer}} for answer, value in (("a", 0), ("b", 1))] for bit in BITS},
        "rules": [{"rule": f"r{i}", "decides": "d", "when": term} for i, term in enumerate(terms)],
    }
    return law_of(json.dumps(parts))


def exchanged(table: list[bool], max_steps: int = 10_000) -> Exchange:
    law = truth_law(table)
    facts = facts_of(law.vocabulary, "installations: [{id: A}]")
    one, other = (Prover(law, law.select(readings={"q": answer}), facts) for answer in "ab")
    return exchange(one, other, Root("site_year", ("A",), 2023), ("site_year", "d"), max_steps)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.booleans(), min_size=8, max_size=8))
def test_no_smaller_set_flips_the_answer(table: list[bool]) -> None:
    rows = dict(zip(itertools.product((0, 1), repeat=3), table, strict=True))
    found = exchanged(table)
    assert found.same is (rows[0, 0, 0] == rows[1, 1, 1])
    if not found.same:
        least = min(sum(row) for row, true in rows.items() if true == rows[1, 1, 1])
        assert found.least and len(found.smallest) == least
        taken = tuple(int(Element("value", f"p.{bit}") in found.smallest) for bit in BITS)
        assert rows[taken] == rows[1, 1, 1]


def test_a_search_that_runs_out_says_so() -> None:
    all_of_them = [False] * 7 + [True]
    found = exchanged(all_of_them, max_steps=4)
    assert len(found.smallest) == 3 and not found.least and found.excluded < 2
    assert exchanged(all_of_them).least
