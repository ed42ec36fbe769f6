"""Whole answers in three languages read as they were read, and no word of another language is left in them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.explaining import Words
from engine.law import Law
from engine.problems import InputError
from tests.conftest import ROOT
from tests.make_golden import cases, explanation
from tests.wording import SPACE


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
