"""The same facts under two laws, and the smallest exchange that turns one answer into the other."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from engine.explaining.contrast import contrast, contrast_report, read_against
from engine.explaining.reports import decision_key, find_root, read_facts
from engine.law import Law
from engine.problems import InputError
from engine.proving import Inquiry, Prover, Root
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
