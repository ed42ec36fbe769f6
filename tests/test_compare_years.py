"""A register carried through a phase: banking inside it, expiry at its end, the reserve drawn down; every number from arithmetic here."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import main
from engine.drafting.projection import read_assumptions
from engine.problems import InputError
from tests.conftest import ROOT
from tests.small_register import SAID, written
from tests.test_drafts import draft

ASSUMED = ROOT / "examples" / "projection-phase-6.yaml"
YEARS = range(2026, 2031)
FACTS = """
as_of: 2025-12-31
title: Two mines
operators: [{id: O}]
installations: [{id: A, operator: O, sector: mining}, {id: B, operator: O, sector: mining}]
emissions: [{installation: A, year: 2025, gas: co2, tonnes: 100000}, {installation: B, year: 2025, gas: co2, tonnes: 100000}]
quotas: [{installation: A, plan: phase_5, year: 2025, quantity: 60000}, {installation: B, plan: phase_5, year: 2025, quantity: 140000}]
"""


@pytest.fixture
def facts(tmp_path: Path) -> str:
    path = tmp_path / "facts.yaml"
    path.write_text(FACTS, encoding="utf-8")
    return str(path)


@pytest.fixture
def capped(tmp_path: Path) -> str:
    caps = {"set": "cap.annual", "phase": "phase_6", "values": dict.fromkeys(YEARS, 200_000)}
    return draft(tmp_path, "capped", caps, {"set": "reserve.total", "phase": "phase_6", "value": 15_000})


def run(*arguments: str) -> str:
    return str(CliRunner().invoke(main, ["project", *arguments], catch_exceptions=False, standalone_mode=False).output)


def years(*arguments: str) -> list[dict[str, Any]]:
    (law,) = json.loads(run(*arguments, "--format", "json"))["laws"]
    found: list[dict[str, Any]] = law["years"]
    return found


def sums(found: list[dict[str, Any]], name: str) -> list[Any]:
    assert all(year["sums"][name]["undetermined"] == 0 for year in found)
    return [year["sums"][name]["sum"] for year in found]


def test_banking_expiry_and_the_reserve(facts: str, capped: str) -> None:
    found = years(str(ASSUMED), facts, capped)
    # A gets 200,000 x 60/200 = 60,000 a year for 100,000 t; B 140,000. A asks for half of its 40,000: the reserve has 15,000, once.
    assert [year["supply"] for year in found] == [200_000] * 5
    assert [year["lent"] for year in found] == [15_000, 0, 0, 0, 0]
    assert [year["reserve"] for year in found] == [0] * 5
    assert sums(found, "obligation") == [200_000] * 5
    assert sums(found, "surrendered") == [60_000 + 15_000 + 100_000] + [60_000 + 100_000] * 4
    assert sums(found, "shortfall") == [25_000, 40_000, 40_000, 40_000, 40_000]
    # B keeps 40,000 more each year, and what is left at the end of the phase is not carried over
    assert sums(found, "banked") == [40_000, 80_000, 120_000, 160_000, 0]
    assert sums(found, "lapsed") == [0, 0, 0, 0, 200_000]


def test_emissions_grow_by_the_rate_of_their_group(facts: str, capped: str, tmp_path: Path) -> None:
    assumed = tmp_path / "assumed.yaml"
    assumed.write_text(ASSUMED.read_text(encoding="utf-8").replace("{power: -0.01, other: 0}", "{mining: 0.1, other: 0}"), encoding="utf-8")
    found = years(str(assumed), facts, capped)
    assert sums(found, "obligation") == [2 * 110_000, 2 * 121_000, 2 * 133_100, 2 * 146_410, 2 * 161_051]


def test_where_the_law_says_nothing_nothing_is_handed_out_and_it_is_said(facts: str) -> None:
    found = years(str(ASSUMED), facts)
    assert [year["supply"] for year in found] == [None] * 5 and sums(found, "surrendered") == [0] * 5
    # without a quota they are in no plan; the first report above the threshold is filed in 2027, and binds from 2028
    assert sums(found, "shortfall") == [0, 0, 200_000, 200_000, 200_000]
    assert "does not determine what is shared out in 2026–2030" in " ".join(run(str(ASSUMED), facts).split())


def test_laws_stand_side_by_side_in_csv_and_html(facts: str, capped: str, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run(str(ASSUMED), facts, "phase-6-cut-23", capped, "--format", "csv"))))
    assert [(row["law"], row["year"]) for row in rows] == [(law, str(year)) for law in ("phase-6-cut-23", capped) for year in YEARS]
    page = tmp_path / "years.html"
    run(str(ASSUMED), facts, "phase-6-cut-23", capped, "--format", "html", "--output", str(page), "--lang", "ru")
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") >= 4 and "Допущения: " in text and "не является правом" in text


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_what_a_register_says_of_itself_is_told_in_the_language_of_the_report(tmp_path: Path, language: str) -> None:
    register, page = written(tmp_path / "register"), tmp_path / "years.html"
    told = " ".join(run(str(ASSUMED), str(register), "--lang", language).split())
    run(str(ASSUMED), str(register), "--format", "html", "--output", str(page), "--lang", language)
    title, note = SAID
    assert title[language] in told and "{" not in told
    text = page.read_text(encoding="utf-8")
    text = text[text.index("<body") :]
    assert title[language] in text and note[language] in text and not any(note[each] in text for each in note if each != language)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("phase: phase_6\n  as_of", "phase: phase_9\n  as_of", "no phase 'phase_9'"),
        ("of: plan_year.cap", "of: plan_year.cup", "did you mean 'plan_year.cap'"),
        ("show: [obligation", "show: [obligations", "did you mean 'obligation'"),
        ("table: emissions, column: tonnes", "table: emissions, column: tons", "no such table or column"),
    ],
)
def test_assumptions_that_name_what_is_not_there_are_refused(
    facts: str, capped: str, tmp_path: Path, before: str, after: str, message: str
) -> None:
    assumed = tmp_path / "assumed.yaml"
    text = ASSUMED.read_text(encoding="utf-8")
    assert before in text
    assumed.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        run(str(assumed), facts, capped)


def test_assumptions_are_checked_by_their_schema(tmp_path: Path) -> None:
    path = tmp_path / "assumed.yaml"
    path.write_text("projection: {phase: phase_6}\n", encoding="utf-8")
    with pytest.raises(InputError, match="is a required property"):
        read_assumptions(path, ROOT / "schemas")
