"""Write the golden explanations: `python -m tests.make_golden`, then read the difference before keeping it."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

from engine.analysis.reporting import cure_report
from engine.explaining.reports import determine_report, why_report
from engine.law import Law
from engine.law.wording import LANGUAGES
from engine.proving import Inquiry
from tests.conftest import ROOT

GOLDEN = ROOT / "tests" / "golden"
QUESTIONS = {
    "case": ("examples/case.yaml", "K-1", 2024, None),
    "threshold": ("examples/threshold.yaml", "AT", 2023, "coverage"),
}
CURES = {"cure": ("examples/cure.yaml", "K-2", 2024), "too-late": ("examples/case.yaml", "K-1", 2024)}


def explanation(law: Law, name: str, language: str) -> str:
    """What `kazets determine` and `kazets why` say, or `kazets cure`, without the hash of the law."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.chdir(ROOT):
        if name in CURES:
            facts, installation, year = CURES[name]
            cure_report(law, Path(facts), Inquiry(), installation, year, None, "text", language)
            return re.sub(rf"\b{law.digest[:12]}\b", "<law>", told.getvalue())
        facts, installation, year, decision = QUESTIONS[name]
        determine_report(law, Path(facts), Inquiry(), installation, year, None, "text", 20, False, language)
        told.write("\n")
        why_report(law, Path(facts), Inquiry(), installation, year, decision, None, "text", False, language)
    return re.sub(rf"\b{law.digest[:12]}\b", "<law>", told.getvalue())


def cases() -> Iterator[tuple[str, str, Path]]:
    for name in (*QUESTIONS, *CURES):
        for language in LANGUAGES:
            yield name, language, GOLDEN / f"{name}.{language}.txt"


if __name__ == "__main__":
    from engine.law import load_law

    shipped = load_law(ROOT / "rulesets", ROOT / "schemas")
    for question, tongue, path in cases():
        path.write_text(explanation(shipped, question, tongue), encoding="utf-8")
