"""A determination made again from its receipt."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from cli import main
from engine.explaining.replay import Change, replay, replay_report
from engine.explaining.reports import determine_report, why_report
from engine.law import Law, load_law
from engine.problems import InputError
from engine.proving import Inquiry
from tests.conftest import ROOT
from tests.small_register import written

SCHEMAS = ROOT / "schemas"


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return Path(shutil.copy(ROOT / "examples" / "case.yaml", tmp_path / "case.yaml"))


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(capsys.readouterr().out)
    return content


def determined(law: Law, case: Path, capsys: pytest.CaptureFixture[str], inquiry: Inquiry | None = None) -> Path:
    determine_report(law, case, inquiry or Inquiry(), None, None, None, "json", 20, False)
    return kept(case, printed(capsys))


def proved(law: Law, case: Path, capsys: pytest.CaptureFixture[str], as_of: date | None = None) -> Path:
    why_report(law, case, Inquiry(), "K-1", 2024, None, as_of, "json", False)
    return kept(case, printed(capsys))


def kept(case: Path, content: Any) -> Path:
    file = case.parent / "answer.json"
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return file


def lines(law: Law, file: Path, capsys: pytest.CaptureFixture[str], facts: Path | None = None) -> tuple[bool, str]:
    same = replay_report(law, file, facts, SCHEMAS, "text")
    return same, capsys.readouterr().out


def test_what_was_determined_or_explained_is_identical(law: Law, case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = determined(law, case, capsys)
    same, text = lines(law, file, capsys)
    assert same and text.startswith("identical: 3 of 3 determinations; law ")
    assert lines(law, proved(law, case, capsys), capsys)[0]
    assert lines(law, proved(law, case, capsys, date(2025, 3, 1)), capsys)[0], "the day of the question is in the receipt"


def test_the_receipt_tells_settled_readings_from_defaults(law: Law, case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = determined(law, case, capsys, Inquiry("statute", {"fine-ceiling": "none_applies"}, date(2025, 1, 1)))
    receipt = json.loads(file.read_text())["determinations"][0]["receipt"]
    assert receipt["settled"] == {"fine-ceiling": "none_applies"}
    assert set(receipt["readings"]) == set(law.questions)
    assert receipt["facts_path"] == str(case)
    assert set(receipt["ruleset_files"]) >= {"ruleset.yaml", "parameters/general.yaml"}
    assert lines(law, file, capsys)[0]


def test_determine_and_why_print_what_the_schema_says(law: Law, case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = Draft202012Validator(json.loads((SCHEMAS / "determination.schema.json").read_text()))
    for file in (determined(law, case, capsys), proved(law, case, capsys)):
        assert list(schema.iter_errors(json.loads(file.read_text()))) == []


def test_changed_facts_are_named_with_every_decision_that_changed(law: Law, case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = determined(law, case, capsys)
    case.write_text(case.read_text().replace("tonnes: 100000", "tonnes: 100500"))
    same, text = lines(law, file, capsys)
    assert not same
    assert f"the facts {case}: " in text
    assert "shortfall: 1,000 units → 1,500 units" in text
    assert "status" not in text


def test_facts_are_found_beside_the_file_or_where_the_asker_says(
    law: Law, case: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(case.parent)
    file = proved(law, Path("case.yaml"), capsys)
    file = Path(shutil.move(file, case.parent / "answer.json"))
    monkeypatch.chdir(ROOT)
    assert lines(law, file, capsys)[0], "relative to the file"
    moved = case.rename(case.with_name("moved.yaml"))
    with pytest.raises(InputError, match="--facts PATH"):
        replay(law, file, None, SCHEMAS)
    assert lines(law, file, capsys, moved)[0], "the sources of the proof are named as they were"


def test_a_changed_law_names_its_files_and_what_it_changed(
    law: Law, case: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = determined(law, case, capsys)
    folder = tmp_path / "rulesets"
    shutil.copytree(ROOT / "rulesets", folder)
    mci = folder / "parameters" / "mci.yaml"
    mci.write_text(mci.read_text().replace("value: 3932", "value: 4000"))
    (folder / "records" / "statements.yaml").open("a").write("# read again\n")
    found = replay(load_law(folder, SCHEMAS), file, None, SCHEMAS)
    assert [(c.what, c.name) for c in found.changes] == [
        ("ruleset_file", "parameters/mci.yaml"),
        ("ruleset_file", "records/statements.yaml"),
    ]
    (one,) = [one for one in found.replayed if one.differences]
    assert {d.decision: (d.before, d.after) for d in one.differences if d.before}["penalty"] == (19_660_000, 20_000_000)


def test_a_law_that_changes_no_answer_is_still_not_identical(
    law: Law, case: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = determined(law, case, capsys)
    shutil.copytree(ROOT / "rulesets", tmp_path / "rulesets")
    (tmp_path / "rulesets" / "records" / "statements.yaml").open("a").write("# read again\n")
    same, text = lines(load_law(tmp_path / "rulesets", SCHEMAS), file, capsys)
    assert not same and "each of 3 determinations came out the same" in text
    assert "ruleset file records/statements.yaml: " in text


def test_another_engine_is_named(law: Law, case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = determined(law, case, capsys)
    engine = json.loads(file.read_text())["determinations"][0]["receipt"]["engine_hash"]
    file.write_text(file.read_text().replace(engine, "0" * 64))
    (change,) = replay(law, file, None, SCHEMAS).changes
    assert isinstance(change, Change) and change.what == "engine"


def test_an_altered_answer_is_not_explained_by_anything(law: Law, case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = determined(law, case, capsys)
    file.write_text(file.read_text().replace("19660000", "1966000"))
    same, text = lines(law, file, capsys)
    assert not same and "the file was altered" in text and "penalty: 1,966,000 KZT → 19,660,000 KZT" in text


def test_what_can_no_longer_be_asked_is_said(law: Law, case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = determined(law, case, capsys)
    case.write_text(case.read_text().replace("K-1", "K-2"))
    same, text = lines(law, file, capsys)
    assert not same and "K-1, 2024:\n  can no longer be asked" in text


def test_many_differences_are_counted_and_the_first_of_them_told(
    law: Law, case: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(ROOT / "examples" / "threshold.yaml", case)
    file = determined(law, case, capsys)
    case.write_text(case.read_text().replace("tonnes: 2000", "tonnes: 2100").replace("tonnes: 18000", "tonnes: 19000"))
    monkeypatch.setattr("engine.explaining.replay.showing.MAX_TOLD", 1)
    same, text = lines(law, file, capsys)
    assert not same and "       3  verified CO2 emissions\n" in text
    assert "BELOW, 2023:" in text and "AT, 2023:" not in text and "… and 2 more" in text


def test_json_follows_its_schema(law: Law, case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = determined(law, case, capsys)
    case.write_text(case.read_text().replace("tonnes: 100000", "tonnes: 100500"))
    assert not replay_report(law, file, None, SCHEMAS, "json")
    content = printed(capsys)
    schema = json.loads((SCHEMAS / "replay.schema.json").read_text())
    assert list(Draft202012Validator(schema).iter_errors(content)) == []
    assert content["identical"] is False and [c["what"] for c in content["changed"]] == ["facts"]


# -- other answers ------------------------------------------------------------------------------------------------

OTHERS = {
    "cure": ("cure", "K-2", "2024"),
    "contrast": ("why", "K-2", "2024", "obligation", "--against", "threshold-10000-auction"),
    "contrast-phase": ("why", "K-2", "2024", "in_plan", "--against", "phase_3"),
    "contrast-current": ("why", "K-2", "2024", "obligation", "--draft", "offset-limit-5", "--against", "current"),
    "readings": ("readings",),
}


def command(*arguments: str | Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each other kind of answer, as the command printed it, beside its facts."""
    folder = tmp_path_factory.mktemp("answers")
    case = Path(shutil.copy(ROOT / "examples" / "cure.yaml", folder / "case.yaml"))
    files = {}
    for name, (verb, *rest) in OTHERS.items():
        files[name] = folder / f"{name}.json"
        files[name].write_text(command(verb, case, *rest, "--format", "json")[1])
    return files


@pytest.mark.parametrize("name", OTHERS)
def test_other_answers_are_made_again_from_their_receipts(asked: dict[str, Path], name: str) -> None:
    code, text = command("replay", asked[name])
    assert (code, text[:9]) == (0, "identical")


def test_a_cure_of_changed_facts_names_every_member_that_changed(asked: dict[str, Path], tmp_path: Path) -> None:
    """Emissions of 100,010.4 t instead of 100,000.4 t: 100,011 units are due, 10 more, at 510 tenge 5,100 tenge more."""
    changed = tmp_path / "case.yaml"
    changed.write_text((asked["cure"].parent / "case.yaml").read_text().replace("tonnes: 100000.4", "tonnes: 100010.4"))
    code, text = command("replay", asked["cure"], "--facts", changed)
    assert code == 1 and "the facts " in text
    assert "still.cures[0].units: 100,001 → 100,011" in text and "still.cures[0].cost: 3,060,510 → 3,065,610" in text
    code, text = command("replay", asked["cure"], "--facts", changed, "--format", "json")
    content = json.loads(text)
    schema = json.loads((SCHEMAS / "replay.schema.json").read_text())
    assert code == 1 and list(Draft202012Validator(schema).iter_errors(content)) == []
    assert (content["answer"], content["determinations"], content["different"][0]["key"]) == ("cure", 1, ["K-2"])


def test_an_altered_cure_is_not_explained_by_anything(asked: dict[str, Path], tmp_path: Path) -> None:
    altered = tmp_path / "cure.json"
    altered.write_text(asked["cure"].read_text().replace("3060510", "306051"))
    code, text = command("replay", altered, "--facts", asked["cure"].parent / "case.yaml", "--lang", "kk")
    assert code == 1 and "still.cures[0].cost: 306 051 → 3 060 510" in text.replace("\u00a0", " ")


def test_what_a_cure_was_about_may_be_gone(asked: dict[str, Path], tmp_path: Path) -> None:
    changed = tmp_path / "case.yaml"
    changed.write_text((asked["cure"].parent / "case.yaml").read_text().replace("K-2", "K-3"))
    code, text = command("replay", asked["cure"], "--facts", changed)
    assert code == 1 and text.startswith("can no longer be asked")


def test_questions_without_facts_have_nothing_to_make_again(tmp_path: Path) -> None:
    file = tmp_path / "readings.json"
    file.write_text(command("readings", "--format", "json")[1])
    done = subprocess.run([sys.executable, str(ROOT / "cli.py"), "replay", str(file)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "about no facts" in done.stderr


# -- comparisons of two laws on a register ------------------------------------------------------------------------


def answered(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, list(map(str, arguments)))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


@pytest.fixture
def register(tmp_path: Path) -> Path:
    """The small register and a draft of an offset limit, both of which a test may change."""
    shutil.copy(ROOT / "rulesets" / "drafts" / "offset-limit-5.yaml", tmp_path / "offset-limit-5.yaml")
    return written(tmp_path / "register")


def compared(register: Path, one: str, other: str, *options: str) -> Path:
    file = register.parent / "impact.json"
    file.write_text(answered("compare", one, other, register, "--format", "json", *options)[1], encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("one", "other", "options"),
    [
        ("current", "DRAFT", ()),
        ("known:2025-06-01", "known:2025-06-01+DRAFT", ("--lang", "ru", "--limit", "1")),
        ("fine-ceiling=none_applies", "DRAFT+statute", ("--as-of", "2025-12-31", "--lang", "kk")),
    ],
)
@pytest.mark.parametrize("large", [False, True], ids=["proved", "columns"])
def test_a_comparison_is_made_again_from_its_receipts(
    register: Path, monkeypatch: pytest.MonkeyPatch, one: str, other: str, options: tuple[str, ...], large: bool
) -> None:
    from engine.drafting import second

    if large:
        monkeypatch.setattr(second, "LARGE", 0)
    file = compared(register, one, other.replace("DRAFT", str(register.parent / "offset-limit-5.yaml")), *options)
    assert json.loads(file.read_text())["rows"], "something comes out differently"
    code, text = answered("replay", file)
    assert (code, text[:9]) == (0, "identical"), text
    moved = register.rename(register.parent / "moved")
    assert answered("replay", file, "--facts", moved)[0] == 0


def test_a_comparison_under_a_changed_draft_names_the_draft_and_what_came_out_differently(register: Path) -> None:
    """20,000 offset units beside 80,000 allowances for 100,000 t: within 5 % only 5,000 count, 15,000 are missing; within 10 % 10,000."""
    draft = register.parent / "offset-limit-5.yaml"
    file = compared(register, "current", str(draft))
    draft.write_text(draft.read_text(encoding="utf-8").replace("value: 0.05", "value: 0.1"), encoding="utf-8")
    code, text = answered("replay", file)
    assert code == 1 and "drafts/offset-limit-5.yaml" in text
    code, text = answered("replay", file, "--format", "json")
    content = json.loads(text)
    schema = json.loads((SCHEMAS / "replay.schema.json").read_text())
    assert list(Draft202012Validator(schema).iter_errors(content)) == [] and content["answer"] == "impact"
    found = {d["decision"]: (d["before"], d["after"]) for d in content["different"][0]["differences"]}
    assert found["rows[0].amounts.shortfall.other"] == (15000, 10000)
    assert not [name for name in found if "hash" in name], "what it was made from stands apart"


def test_a_comparison_on_a_changed_register_names_it(register: Path) -> None:
    """With 100,001 t a unit is missing in any case; of 20,000 offset units 5 % of 100,001 count: 14,999.95 more are missing."""
    file = compared(register, "current", "offset-limit-5")
    emissions = register / "emissions.csv"
    emissions.write_text(emissions.read_text().replace("A,2024,co2,100000", "A,2024,co2,100001"))
    code, text = answered("replay", file)
    assert code == 1 and "causes[0].amounts.shortfall.change: 15,000 → 14999.95" in text and "the facts " in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", ":1:2: not valid JSON"),
        ("[]", "is not of type 'object'"),
        ('{"determinations": [], "trades": [], "plans": []}', "it holds no determination"),
        ('{"determinations": [{}], "trades": [], "plans": []}', "determinations[0]: 'installation' is a required property"),
        ("[" * 100_000, "not valid JSON"),
        ("9" * 5_000, "not valid JSON"),
    ],
)
def test_bad_files_are_answered_in_one_line(law: Law, tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "answer.json"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        replay(law, file, None, SCHEMAS)
    (problem,) = caught.value.problems
    assert message in str(problem) and "\n" not in str(problem) and problem.remedy


def test_bytes_do_not_depend_on_hash_seed_or_locale() -> None:
    command = [sys.executable, str(ROOT / "cli.py"), "why", "examples/case.yaml", "K-1", "2024", "--format", "json"]
    made = {
        subprocess.run(
            command, cwd=ROOT, capture_output=True, timeout=120, env={**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale}
        ).stdout
        for seed, locale in (("0", "C.UTF-8"), ("1", "ru_RU.UTF-8"))
    }
    assert len(made) == 1 and made != {b""}
