"""The command as a user types it: every run is a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.conftest import ROOT

CASE = "examples/case.yaml"


def kazets(*arguments: str, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(ROOT / "cli.py"), *arguments], cwd=cwd, capture_output=True, text=True, timeout=120,
                          env={**os.environ, **env})  # fmt: skip


def test_determine_prints_the_status_and_what_the_other_authority_says() -> None:
    run = kazets("determine", CASE)
    assert run.returncode == 0 and run.stderr == ""
    assert "non-compliant   [statute: not yet due]" in run.stdout
    assert "shortfall                                     1,000 units" in run.stdout  # 100,000 t less 99,000 units
    assert "19,660,000 KZT" in run.stdout  # 1,000 x 5 MCI x 3,932 KZT


@pytest.mark.parametrize(
    "arguments", [("determine", CASE), ("law", "show", "phase_5"), ("determine", CASE, "--format", "json"), ("--help",)]
)
def test_a_reader_who_has_seen_enough_is_no_failure(arguments: tuple[str, ...]) -> None:
    """As in `kazets … | head -1`: the pipe is closed before anything is written to it."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        run = subprocess.run(
            [sys.executable, str(ROOT / "cli.py"), *arguments], cwd=ROOT, stdout=closed, stderr=subprocess.PIPE, timeout=120
        )
    assert (run.returncode, run.stderr) == (0, b"")


def test_determine_json_follows_its_schema() -> None:
    run = kazets("determine", CASE, "--format", "json")
    content = json.loads(run.stdout)
    schema = json.loads((ROOT / "schemas" / "determination.schema.json").read_text())
    assert list(Draft202012Validator(schema).iter_errors(content)) == []
    (one,) = content["determinations"]
    assert (one["installation"], one["year"], one["status"]) == ("K-1", 2024, "non_compliant")
    assert one["breaches"] == ["surrender_missing"]
    assert one["decisions"]["penalty"] == 19_660_000
    assert {lot["unit"]: lot["reason"] for lot in one["lots"]} == {"U-2024": "usable", "U-2025": "later_vintage"}
    assert one["receipt"]["authority"] == "seeds"


def test_the_same_question_gives_the_same_bytes_whatever_the_hash_seed_and_locale() -> None:
    runs = {kazets("determine", CASE, "--format", "json", PYTHONHASHSEED=seed, LC_ALL=locale).stdout
            for seed, locale in (("0", "C.UTF-8"), ("1", "C.UTF-8"), ("2", "ru_RU.UTF-8"))}  # fmt: skip
    assert len(runs) == 1


@pytest.mark.parametrize(
    "arguments", [("why", CASE, "K-1", "2024", "--lang", "kk"), ("law", "list", "--lang", "ru"), ("readings", CASE, "--lang", "kk")]
)
def test_answers_are_the_same_bytes_whatever_the_locale_and_its_encoding(arguments: tuple[str, ...]) -> None:
    settings = [
        {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"},
        {"PYTHONHASHSEED": "1", "LC_ALL": "ru_RU.UTF-8", "LANGUAGE": "ru"},
        {"PYTHONHASHSEED": "2", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONHASHSEED": "3", "PYTHONIOENCODING": "koi8-r"},
    ]
    made = set()
    for setting in settings:
        run = subprocess.run(
            [sys.executable, str(ROOT / "cli.py"), *arguments], cwd=ROOT, capture_output=True, timeout=120, env={**os.environ, **setting}
        )
        assert (run.returncode, run.stderr) == (0, b"")
        made.add(run.stdout)
    (text,) = made
    assert "ы" in text.decode("utf-8")


def test_why_shows_both_values_the_article_and_the_line_of_the_fact() -> None:
    run = kazets("why", CASE, "K-1", "2024")
    assert (
        "✓ units surrendered, valid, at any time: 99,000 units against less than 100,000 units (units to surrender): 1,000 units under"
    ) in run.stdout
    assert "[ICAP factsheet 2025, “Compliance mechanism”]" in run.stdout
    assert "[examples/case.yaml:7]" in run.stdout


def test_why_explains_a_gap_in_the_law() -> None:
    run = kazets("why", "examples/threshold.yaml", "AT", "2023", "coverage")
    assert "undetermined: the law says nothing" in run.stdout
    assert "under authority statute: administered" in run.stdout
    assert "✗ emissions measured against the threshold: 20,000 t CO2 against more than 20,000 t CO2: exactly that" in run.stdout


def test_why_explains_a_lot_a_trade_and_a_plan() -> None:
    assert "issued for a later year" in kazets("why", CASE, "K-1", "2024", "lot.reason").stdout
    assert "cap kept (plan_year.cap_kept): yes" in kazets("why", CASE, "phase_5", "2024", "cap_kept").stdout


def test_why_as_json_carries_the_whole_proof() -> None:
    (one,) = json.loads(kazets("why", CASE, "K-1", "2024", "--format", "json").stdout)["determinations"]
    steps = {step["decision"]: step for step in one["proof"] if step["entity"] == "installation_year"}
    fired = [rule for rule in steps["surrender"]["rules"] if rule["state"] == "holds"]
    assert [rule["rule"] for rule in fired] == ["surrender-missing"]
    assert fired[0]["fired"], "the step names the rules of the core that fired"


def test_as_of_before_the_deadline_leaves_later_events_out() -> None:
    run = kazets("determine", CASE, "--as-of", "2025-03-01")
    assert "compliance status                             not yet due" in run.stdout


def test_known_on_asks_for_the_law_as_it_was_known(tmp_path: Path) -> None:
    case = tmp_path / "c.yaml"
    case.write_text(
        "as_of: 2016-12-31\ninstallations: [{id: K, operator: O, sector: power}]\n"
        "emissions: [{installation: K, year: 2016, gas: co2, tonnes: 30000}]\n"
    )
    assert "as first adopted" in kazets("determine", str(case), "--known-on", "2016-03-01").stdout
    assert "Suspension" in kazets("determine", str(case), "--known-on", "2016-05-01").stdout


def test_a_reading_settles_one_question() -> None:
    run = kazets("why", CASE, "K-1", "2024", "penalty", "--reading", "fine-ceiling=article_44")
    assert "penalty (penalty): 7,864,000 KZT" in run.stdout  # min(5,000, 2,000) MCI x 3,932 KZT


def test_law_show_prints_values_units_and_sources() -> None:
    run = kazets("law", "show", "phase_5", "--year", "2024")
    assert "20,000 t CO2" in run.stdout and "162,087,248 allowances" in run.stdout


def test_law_list_names_the_shelved_phase() -> None:
    assert "phase_3_2016" in kazets("law", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("determine", "no-such-file.yaml"), "no-such-file.yaml: no such file"),
        (("determine",), "Missing argument 'FACTS'"),
        (("determine", CASE, "--authority", "seed"), "did you mean 'seeds'?"),
        (("determine", CASE, "--reading", "cap-2021"), "is not NAME=ANSWER"),
        (("determine", CASE, "--reading", "cap-2021=x"), "does not answer 'cap-2021'"),
        (("determine", CASE, "--as-of", "yesterday"), "write YYYY-MM-DD"),
        (("why", CASE, "K1", "2024"), "did you mean 'K-1'?"),
        (("why", CASE, "K-1", "2024", "shortfal"), "did you mean 'shortfall'?"),
        (("why", CASE, "K-1", "2031"), "no phase of the ruleset governs it"),
        (("law", "show", "phase_7"), "no phase 'phase_7'"),
        (("determine", CASE, "--rulesets", "schemas"), "not a ruleset"),
        (("frobnicate",), "No such command"),
    ],
)
def test_bad_usage_is_one_line_and_status_2(arguments: tuple[str, ...], message: str) -> None:
    run = kazets(*arguments)
    assert run.returncode == 2 and run.stdout == ""
    assert len(run.stderr.splitlines()) == 1 and message in run.stderr


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("emissions: [{installation: K, year: 2024, gas: co3, tonnes: 1}]", ":1:43", "did you mean 'co2'?"),
        ("emisions: []", ":1:1", "did you mean 'emissions'?"),
        ("emissions: [{installation: K, year: 2024, gas: co2, tons: 1}]", ":1:53", "did you mean 'tonnes'?"),
        ("emissions: [{installation: K, year: 2024, gas: co2, tonnes: 1e5}]", ":1:53", "not a decimal number"),
        ("emissions: [{installation: K, year: 2024, gas: co2, tonnes: -1}]", ":1:53", "cannot be less than 0"),
        ("emissions: &x []\noutput: *x", ":1", "aliases are not read"),
        ("emissions: [", ":2:1", "not valid YAML"),
        ("as_of: 2024-13-01\nemissions: []", ":1", "write YYYY-MM-DD"),
    ],
)
def test_bad_facts_name_file_line_column_and_remedy(tmp_path: Path, text: str, place: str, message: str) -> None:
    case = tmp_path / "case.yaml"
    case.write_text(text + "\n")
    run = kazets("determine", str(case))
    assert run.returncode == 2 and "Traceback" not in run.stderr
    assert f"{case}{place}" in run.stderr and message in run.stderr


def test_a_broken_rule_is_found_before_anything_is_decided(tmp_path: Path) -> None:
    import shutil

    law = tmp_path / "rulesets"
    shutil.copytree(ROOT / "rulesets", law)
    rules = law / "rules" / "coverage.yaml"
    rules.write_text(rules.read_text().replace("threshold_emissions > coverage.threshold", "threshold_emissions > coverage.treshold"))
    run = kazets("determine", CASE, "--rulesets", str(law))
    assert run.returncode == 2
    assert "rulesets/rules/coverage.yaml:" in run.stderr and "did you mean 'coverage.threshold'?" in run.stderr


def test_a_changed_threshold_changes_the_answer(tmp_path: Path) -> None:
    import shutil

    law = tmp_path / "rulesets"
    shutil.copytree(ROOT / "rulesets", law)
    values = law / "parameters" / "general.yaml"
    values.write_text(values.read_text().replace("coverage.threshold: {value: 20000", "coverage.threshold: {value: 15000"))
    ask = ("why", "examples/threshold.yaml", "BELOW", "2023", "covered")
    assert "covered by the system (covered): no" in kazets(*ask).stdout
    assert "covered by the system (covered): yes" in kazets(*ask, "--rulesets", str(law)).stdout


def test_the_real_plan_of_2018_adds_up() -> None:
    run = kazets("determine", "examples/plan-2018-2020")
    assert run.returncode == 0
    (total,) = [line for line in run.stdout.splitlines() if "total" in line]
    assert [cell.strip() for cell in total.split("│")[2:6]] == ["225", "149", "76", "485,909,138"]  # factsheet and annex 1
    assert re.search(r"cap kept +yes", run.stdout)


def test_the_plan_of_2021_is_shown_against_both_caps() -> None:
    run = kazets("determine", "examples/plan-2021")
    assert "between 159,850,000 and 159,950,000 allowances   [statute: 169,187,227 allowances]" in run.stdout
    assert re.search(r"allocated +169,187,230 allowances", run.stdout)  # 217 rows; the printed total is 3 less
