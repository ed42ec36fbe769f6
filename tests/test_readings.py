"""What of given facts depends on each open question."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from engine.explaining import readings
from engine.explaining.readings import effects, readings_report
from engine.explaining.reports import read_facts, roots
from engine.facts import Facts
from engine.law import Law
from engine.proving import Inquiry, Root
from tests.conftest import ROOT

CASE = ROOT / "examples" / "case.yaml"


@pytest.fixture(scope="module")
def facts(law: Law) -> Facts:
    return read_facts(law, CASE, None)


@pytest.fixture(scope="module")
def asked(law: Law, facts: Facts) -> list[Root]:
    return roots(law, facts, Inquiry(), None, None)


@pytest.fixture(scope="module")
def found(law: Law, facts: Facts, asked: list[Root]) -> readings.Effects:
    return effects(law, facts, Inquiry(), asked)


def test_every_answer_that_is_not_taken_is_tried(law: Law, found: readings.Effects) -> None:
    answers = {(q, a) for q, content in law.questions.items() for a in content["answers"]}
    assert set(found) == answers - set(law.select().readings.items())


def test_tenge_that_depend_on_the_ceiling_of_fines(found: readings.Effects) -> None:
    effect = found["fine-ceiling", "article_44"]
    penalty = effect.decisions["installation_year", "penalty"]
    assert (effect.changed, penalty.changed, penalty.more, penalty.less) == (1, 1, 0, 19_660_000 - 2_000 * 3_932)


def test_moves_count_what_becomes_what(law: Law) -> None:
    facts = read_facts(law, ROOT / "examples" / "threshold.yaml", None)
    found = effects(law, facts, Inquiry(), roots(law, facts, Inquiry(), None, None))
    status = found["gap-year", "offence"].decisions["installation_year", "status"]
    assert dict(status.moves) == {("compliant", "non_compliant"): 1}


def test_a_shortfall_is_counted_in_units(law: Law, tmp_path: Path) -> None:
    case = tmp_path / "case.yaml"
    case.write_text(CASE.read_text().replace("tonnes: 100000", "tonnes: 20000"))
    facts = read_facts(law, case, None)
    found = effects(law, facts, Inquiry(), roots(law, facts, Inquiry(), None, None))
    obligation = found["listed-below-threshold", "not_bound"].decisions["installation_year", "obligation"]
    assert (obligation.changed, obligation.more, obligation.less) == (1, 0, 20_000)


def test_the_number_of_workers_changes_nothing(law: Law, facts: Facts, asked: list[Root], found: readings.Effects) -> None:
    assert effects(law, facts, Inquiry(), asked, workers=2) == found


def test_a_settled_question_is_tried_the_other_way(law: Law, facts: Facts, asked: list[Root]) -> None:
    found = effects(law, facts, Inquiry(readings={"fine-ceiling": "article_44"}), asked)
    assert ("fine-ceiling", "article_44") not in found
    assert found["fine-ceiling", "none_applies"].decisions["installation_year", "penalty"].more == 11_796_000


def test_without_facts_the_questions_are_listed_with_their_sources(law: Law, capsys: pytest.CaptureFixture[str]) -> None:
    readings_report(law, None, Inquiry(), None, "text")
    text = capsys.readouterr().out
    assert all(f"\n{question}: " in text for question in law.questions)
    assert "(default of statute)" in text and "changes" not in text.split("\n", 1)[0]


def test_with_facts_only_what_matters_is_told_at_length(law: Law, capsys: pytest.CaptureFixture[str]) -> None:
    readings_report(law, CASE, Inquiry(), None, "text")
    text = capsys.readouterr().out
    assert "penalty (1×): −11,796,000 KZT" in text
    idle = text.rstrip().splitlines()[-1]
    assert "fine-start" in idle and "fine-ceiling" not in idle


def test_json_follows_its_schema_whatever_the_hash_seed_and_locale() -> None:
    script = (
        "import sys; from pathlib import Path; from engine.law import load_law; from engine.proving import Inquiry\n"
        "from engine.explaining.readings import readings_report\n"
        "readings_report(load_law(Path('rulesets'), Path('schemas')), Path('examples/case.yaml'), Inquiry(), None, 'json')"
    )
    made = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            capture_output=True,
            timeout=120,
            env={**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale},
        ).stdout
        for seed, locale in (("0", "C.UTF-8"), ("1", "ru_RU.UTF-8"))
    }
    (text,) = made
    content: dict[str, Any] = json.loads(text)
    schema = json.loads((ROOT / "schemas" / "readings.schema.json").read_text())
    assert list(Draft202012Validator(schema).iter_errors(content)) == []
    assert content["determinations"] == 3
