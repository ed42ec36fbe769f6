"""Cures as they are told: in three languages, as JSON, by the command and in a dossier."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from engine.analysis import cure_json
from engine.law import Law
from tests.conftest import ROOT
from tests.make_golden import CURES, explanation
from tests.shortfall import asked, lot, text, with_lots


def test_the_text_is_complete_in_three_languages_and_json_holds_the_same(law: Law) -> None:
    report = asked(law, with_lots(lot("B", 5000, issued_for=2025)))
    english = text(report, law, "en")
    assert "acquire 1,000 units (allowances of this plan, issued for 2024) and surrender them, by 2025-04-15" in english
    assert "too late for: purchase and surrender of allowances" in english
    assert "B: 5,000 units: issued for a later year" in english and "lot-vintage-borrowed" in english
    for language in ("en", "ru", "kk"):
        assert not {"{", "}"} & set(text(report, law, language))
    content = json.loads(json.dumps(cure_json(report), ensure_ascii=False))
    assert content["would_have"]["cures"][0]["doings"][0]["number"] == 1000
    assert content["barred"][0]["reason"] == "later_vintage"


def test_the_answer_does_not_depend_on_the_process(law: Law, tmp_path: Path) -> None:
    content = with_lots(lot("A", 300), lot("B", 400), lot("C", 400), lot("D", 300))
    script = (
        "import json, sys\n"
        "from engine.analysis import cure_json\n"
        "from engine.law import load_law\n"
        "from tests.conftest import ROOT\n"
        "from tests.shortfall import asked\n"
        "law = load_law(ROOT / 'rulesets', ROOT / 'schemas')\n"
        "print(json.dumps(cure_json(asked(law, json.loads(sys.argv[1])))))\n"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", script, json.dumps(content)],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1


@pytest.mark.parametrize("language", ["ru", "kk"])
@pytest.mark.parametrize("name", sorted(CURES))
def test_no_word_of_the_engine_or_code_of_the_law_is_left_in_the_other_languages(name: str, language: str, law: Law) -> None:
    """What may stay: ids of rules and rows, headings of English documents, a name of its own."""
    told = re.sub(r"\[[^\]]*\]$|<law>|(?<= )правило [a-z0-9-]+|[a-z0-9-]+ қағидасы", "", explanation(law, name, language), flags=re.M)
    told = re.sub(r"\b(K-\d|U-\d+|QG-1|P-1|Qazaq Green|ICAP|CO2)\b", "", told)
    assert set(re.findall(r"[A-Za-z]{2,}[A-Za-z_.]*", told)) == set()


def test_numbers_in_the_examples_are_those_of_their_arithmetic(law: Law) -> None:
    """100,000.4 t take 100,001 units; 90,000 + 4,000 are held and count, so 6,001 are bought, at 510 tenge: 3,060,510."""
    told = explanation(law, "cure", "en")
    for wanted in (
        "90,000 units of the lot U-2024",
        "4,000 units of the lot U-2023",
        "acquire 6,001 units",
        "3,060,510 KZT",
        "in all 100,001",
    ):
        assert wanted in told


def kazets(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "cli.py", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("as_of", [None, "2025-04-01"])
def test_the_command_answers_as_json_by_its_schema(as_of: str | None) -> None:
    run = kazets("cure", "examples/case.yaml", "K-1", "2024", "--format", "json", *(("--as-of", as_of) if as_of else ()))
    content = json.loads(run.stdout)
    schema = json.loads((ROOT / "schemas" / "cure.schema.json").read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(content)] == []
    assert content["state"] == ("still" if as_of else "too_late") and content["receipt"]["authority"] == "seeds"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("K1", "2024"), "did you mean 'K-1'?"),
        (("phase_5", "2024"), "'plan_year' has no goal that a cure could reach"),
        (("K-1", "2031"), "no phase of the ruleset governs it"),
        (("K-1", "2024", "--authority", "seed"), "did you mean 'seeds'?"),
        (("K-1",), "Missing argument 'YEAR'"),
    ],
)
def test_a_wrong_question_is_one_line_and_status_2(arguments: tuple[str, ...], message: str) -> None:
    run = kazets("cure", "examples/case.yaml", *arguments)
    assert (run.returncode, run.stdout, len(run.stderr.splitlines())) == (2, "", 1) and message in run.stderr


def test_a_dossier_shows_the_cure_of_a_breach_and_of_nothing_else(tmp_path: Path) -> None:
    """K-1 in 2024 is 1,000 units short; the same installation that emits no more than the 99,000 t it surrendered for has nothing to cure."""
    text = (ROOT / "examples" / "case.yaml").read_text(encoding="utf-8")
    (tmp_path / "met.yaml").write_text(text.replace("tonnes: 100000", "tonnes: 99000"), encoding="utf-8")
    pages = {}
    for facts in ("examples/case.yaml", str(tmp_path / "met.yaml")):
        made = kazets("why", facts, "K-1", "2024", "--format", "html", "--output", str(tmp_path / "d.html"))
        assert made.returncode == 0, made.stderr
        pages[facts] = (tmp_path / "d.html").read_text(encoding="utf-8")
    short, met = pages.values()
    assert "What leads to compliance" in short and "acquire 1,000 units" in short and "What leads to compliance" not in met
    (remark,) = re.findall(r'<p class="deep2">borrowing: no;.*?</p>', short)
    assert re.search(r'href="#s\d+">\[ICAP factsheet 2025, “Banking and borrowing”', remark), (
        "the article is cited, and leads to its full title"
    )
