"""A comparison shows both sides and the margin between them, in three languages and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.explaining.reports import why_report
from engine.law import Law
from engine.law.wording import LANGUAGES
from engine.proving import Inquiry
from tests.wording import SPACE

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
    case = tmp_path / "case.yaml"
    case.write_text(MARGINS)
    for language, text in zip(LANGUAGES, told, strict=True):
        why_report(law, case, Inquiry(compare=False), key, 2024, decision, None, "text", False, language)
        assert text in capsys.readouterr().out.replace(SPACE, " ")


def test_a_presumed_day_has_no_margin(law: Law, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A lot whose day of acquisition the facts do not give counts as held; nobody counts the days since the first of all."""
    case = tmp_path / "case.yaml"
    case.write_text(MARGINS + "units: [{id: U, installation: A, kind: allowance, plan: phase_5, issued_for: 2024, quantity: 9}]\n")
    why_report(law, case, Inquiry(compare=False), "A", 2024, "usable_units", None, "text", True, "en")
    (line,) = (
        told for told in capsys.readouterr().out.splitlines() if "date of acquisition: a day that" in told and "at the latest" in told
    )
    assert line.strip().startswith(
        "✓ date of acquisition: a day that the facts do not give, presumed to be earlier against 2025-04-15 at the latest"
    )
    assert "days" not in line


def test_margins_in_the_proof_as_json_with_the_law_version(law: Law, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
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
