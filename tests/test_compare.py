"""The impact of a law on a register: who flips and why, by how much, what cannot be determined; every number from arithmetic here."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import main
from engine.law import Law
from tests.small_register import SAID, written
from tests.test_versions import PILOT

MCI_2025 = 3_932
SHORT = 20_000 - 100_000 * 5 // 100
FINE = 5 * MCI_2025 * SHORT


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["compare", *arguments], catch_exceptions=False, standalone_mode=False)
    return str(result.output)


def impact(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*arguments, "--format", "json"))
    return found


@pytest.fixture(scope="module")
def limited(register: Path) -> dict[str, Any]:
    return impact("current", "offset-limit-5", str(register))


# -- an offset limit ----------------------------------------------------------------------------------------------


def test_who_flips_and_by_how_much(limited: dict[str, Any]) -> None:
    assert (limited["total"]["instances"], limited["total"]["changed"], limited["total"]["flips"]) == (4, 1, 1)
    assert limited["flips"]["status"] == [{"one": "compliant", "other": "non_compliant", "count": 1}]
    amounts = limited["total"]["amounts"]
    assert amounts["shortfall"]["change"] == SHORT and amounts["penalty"]["change"] == FINE
    assert amounts["surrendered"]["change"] == -SHORT
    (row,) = limited["rows"]
    assert (row["key"], row["year"], row["about"]["sector"], row["about"]["operator"]) == ("A", 2024, "power", "O")
    assert row["outcomes"]["status"] == {"one": "compliant", "other": "non_compliant"}


def test_why_it_flips_is_the_value_that_differs(limited: dict[str, Any]) -> None:
    (cause,) = limited["causes"]
    assert cause["cause"] == [{"kind": "value", "name": "offset.quantity_limit"}] and cause["flips"] == 1


def test_a_mover_is_shown_with_what_its_proofs_say(limited: dict[str, Any], register: Path) -> None:
    (row,) = limited["rows"]
    (proof,) = [proof for proof in row["proofs"] if proof["decision"] == "surrendered"]
    assert (proof["one"]["outcome"], proof["other"]["outcome"]) == (100_000, 100_000 - SHORT)
    assert [said["rule"] for said in proof["other"]["says"]] == ["surrendered-units-limited"]
    assert "within the offset limit of 0.05: 85,000 units" in proof["other"]["says"][0]["text"] and proof["other"]["says"][0]["cite"]
    text = run("current", "offset-limit-5", str(register))
    assert "within the offset limit of 0.05: 85,000 units — rule surrendered-units-limited" in text
    assert "surrendered-units-limited" not in run("current", "offset-limit-5", str(register), "--limit", "0").split("By installation")[-1]


def test_groups_add_up_to_the_total(limited: dict[str, Any]) -> None:
    for name, lines in limited["groups"].items():
        assert sum(line["instances"] for line in lines) == 4, name
        assert sum(line["amounts"]["penalty"]["change"] for line in lines) == FINE, name
    sectors = {line["of"]: line["flips"] for line in limited["groups"]["sector"]}
    assert sectors == {"power": 1, "mining": 0}
    bands = {line["of"]: line["instances"] for line in limited["groups"]["band"]}
    assert bands == {"4": 1, "3": 1, "1": 1, None: 1}, "100,000 t; 50,000 t; 15,000 t; not known"


def test_what_cannot_be_determined_is_counted_apart(limited: dict[str, Any]) -> None:
    assert limited["undetermined"] == [[{"key": "D", "year": 2024}]] * 2
    amounts = limited["total"]["amounts"]
    assert amounts["obligation"] == {"one": 150_000, "other": 150_000, "change": 0, "undetermined": [1, 1]}


# -- another threshold --------------------------------------------------------------------------------------------


def test_a_lower_threshold_covers_what_was_administered(register: Path) -> None:
    found = impact("current", "threshold-10000-auction", str(register))
    assert found["flips"]["coverage"] == [{"one": "administered", "other": "covered", "count": 1}]
    (row,) = [row for row in found["rows"] if row["outcomes"]["coverage"]["one"] != row["outcomes"]["coverage"]["other"]]
    assert row["key"] == "C"
    assert {e["name"] for e in row["cause"]} >= {"coverage.threshold"}
    assert [rule["rule"] for rule in found["law"]["rules"]] != []


# -- two days of knowledge ----------------------------------------------------------------------------------------


def test_a_retroactive_change_is_told_by_what_it_alters(tmp_path: Path) -> None:
    facts = tmp_path / "pilot.yaml"
    facts.write_text(PILOT, encoding="utf-8")
    found = impact("known:2014-04-09", "known:2014-04-10", str(facts))
    (row,) = found["rows"]
    assert row["amounts"]["penalty"] == {"one": 10 * 1_852 * 15_000, "other": 0}
    assert row["cause"] == [{"kind": "value", "name": "penalty.rate"}]


def test_a_law_against_itself_changes_nothing(register: Path) -> None:
    found = impact("current", "current", str(register))
    assert (found["total"]["changed"], found["total"]["flips"], found["rows"], found["causes"]) == (0, 0, [], [])
    assert "Nothing comes out differently." in run("current", "current", str(register))


# -- forms --------------------------------------------------------------------------------------------------------


def test_csv_has_a_line_for_each_instance_that_changes(register: Path) -> None:
    (row,) = csv.DictReader(io.StringIO(run("current", "offset-limit-5", str(register), "--format", "csv")))
    assert (row["key"], row["name"], row["operator"], row["penalty.one"], row["penalty.other"]) == ("A", "Alpha", "O", "0", str(FINE))
    assert row["cause"] == "value:offset.quantity_limit"


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_the_report_stands_on_its_own_and_says_what_it_rests_on(register: Path, tmp_path: Path, language: str) -> None:
    path = tmp_path / "impact.html"
    run("current", "offset-limit-5", str(register), "--format", "html", "--output", str(path), "--lang", language)
    text = path.read_text(encoding="utf-8")
    assert "http" not in text.replace("http://www.w3.org/", ""), "nothing is fetched"
    assert {"en": "which is not law", "ru": "не является правом", "kk": "құқық болып табылмайтын"}[language] in text
    assert "<svg" in text
    for said in SAID:  # the title and the note stand in the language of the report alone
        assert [words in text for words in said.values()] == [each == language for each in said]
    assert {"en": "294,900,000", "ru": "294\u00a0900\u00a0000", "kk": "294\u00a0900\u00a0000"}[language] in text and FINE == 294_900_000
    assert list(tmp_path.iterdir()) == [path], "no part is left behind"


def test_html_needs_a_file_and_phases_are_for_law_diff(register: Path) -> None:
    result = CliRunner().invoke(main, ["compare", "current", "offset-limit-5", str(register), "--format", "html"])
    assert result.exit_code == 2 and "needs --output" in result.output
    from engine.problems import InputError

    with pytest.raises(InputError, match="its own phase"):
        run("phase_4", "phase_5", str(register))


# -- a register in columns ----------------------------------------------------------------------------------------


def test_a_large_register_is_decided_in_columns_with_the_same_outcome(register: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.drafting import answers, second

    def told() -> dict[str, Any]:
        found = impact("current", "offset-limit-5+threshold-10000-auction", str(register))
        for side in ("one", "other"):  # the files of a large register are hashed, of a small one what it says
            assert found[side]["receipt"].pop("facts_hash") == found["register"]["hash"]
        return {k: v for k, v in found.items() if k != "register"}

    proved = told()
    monkeypatch.setattr(second, "LARGE", 0)
    monkeypatch.setattr(answers, "_proved", None)  # nothing is proved where columns decide
    assert told() == proved


def test_progress_is_shown_slice_by_slice(register: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.drafting import answers, second

    seen: list[tuple[str, int, int]] = []

    def counted(items: Iterable[Any], label: str, total: int) -> Iterator[Any]:
        given = list(items)
        seen.append((label, len(given), total))
        yield from given

    monkeypatch.setattr(second, "LARGE", 0)
    monkeypatch.setattr(answers, "shown", counted)
    run("current", "offset-limit-5", str(register))
    # under either law: the plan of the one quota allocation and its year, four installations in one year
    ((label, given, total),) = seen
    assert label and given == total > 1


def test_a_wrong_row_of_a_large_register_is_told_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.drafting import second
    from engine.problems import InputError

    emissions = written(tmp_path) / "emissions.csv"
    emissions.write_text(emissions.read_text(encoding="utf-8").replace("C,2024,co2,15000", "C,2024,co2,many"), encoding="utf-8")
    monkeypatch.setattr(second, "LARGE", 0)
    with pytest.raises(InputError) as caught:
        run("current", "offset-limit-5", str(tmp_path))
    (problem,) = caught.value.problems
    assert problem.file.endswith("emissions.csv") and problem.line == 4 and "many" in problem.message


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
@pytest.mark.parametrize("columns", [80, 120])
def test_no_number_and_no_word_is_broken_in_a_narrow_terminal(
    register: Path, law: Law, monkeypatch: pytest.MonkeyPatch, columns: int, language: str
) -> None:
    from rich.console import Console

    from engine.drafting import impact_reports, speech

    def narrow() -> Console:
        return Console(width=columns)

    monkeypatch.setattr(speech, "console", narrow)
    monkeypatch.setattr(impact_reports, "console", narrow)
    lines = run("current", "offset-limit-5", str(register), "--lang", language).splitlines()
    tables = [line for line in lines if "  " in line.strip() and not line.startswith("  ")]
    assert max(map(len, tables)) <= columns
    fine = f"{FINE:,}".replace(",", "," if language == "en" else "\u00a0")
    assert any(fine in line for line in tables) and any(f"+{fine}" in line for line in tables)
    said = speech.Speech(law, language)
    heads = [
        *said.heads("count", "changed", "flips", "before", "after", "change_by", "open"),
        said.decision("installation_year", "surrendered"),
    ]
    for word in " ".join(heads).replace("-", "- ").split():
        assert any(word in line for line in lines), word


def test_a_table_that_does_not_fit_goes_on_below_with_its_first_column(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    from engine.drafting import speech

    monkeypatch.setattr(speech, "console", lambda: Console(width=30))
    heads, row = ["name", "twelveletters", "thirteenlettr", "a-hyphenated-head"], ["Alpha Beta", "1,000,000", "2", "3"]
    made = Console(width=30, file=io.StringIO())
    made.print(speech.table("T", heads, [row], range(1, 4)))
    text = made.file.getvalue()  # type: ignore[attr-defined]
    assert text.count("name") == text.count("Alpha") == 3 and max(map(len, text.splitlines())) <= 30
    assert all(piece in text for piece in ("twelveletters", "thirteenlettr", "hyphenated-", "1,000,000"))
