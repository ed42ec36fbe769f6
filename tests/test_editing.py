"""Editing help: schema comments, schemas and names on the command line, one layout for files, scaffolds of phases."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main
from engine.drafting.formatting import formatted
from engine.law import load_law
from engine.law.yaml_files import parse_yaml
from engine.problems import InputError
from tests.conftest import ROOT

FILES = sorted([*(ROOT / "rulesets").rglob("*.yaml"), *(ROOT / "examples").rglob("*.yaml")])


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture()
def rulesets(tmp_path: Path) -> Path:
    folder = tmp_path / "law"
    shutil.copytree(ROOT / "rulesets", folder, ignore=shutil.ignore_patterns("cases", "drafts"))
    return folder


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_file_names_its_schema_and_can_be_laid_out(path: Path) -> None:
    """The schema is there, the layout is stable, and it changes nothing that the file says."""
    text = path.read_text(encoding="utf-8")
    named = re.match(r"# yaml-language-server: \$schema=(\S+\.schema\.json)\n", text)
    assert named is not None and (path.parent / named[1]).is_file()
    after = formatted(text, path.name)
    assert formatted(after, path.name) == after
    assert parse_yaml(after, path.name).data == parse_yaml(text, path.name).data


# -- fmt ------------------------------------------------------------------------------------------------------------

UGLY = "# first\nrules:\n- rule:   a   # why\n  says: {en: \"x\",\n     ru: 'y'}\n\n\n\n- rule: b\n  when: >-\n    c\n    and d\n# last\n"
NEAT = "# first\nrules:\n  - rule: a   # why\n    says: {en: \"x\", ru: 'y'}\n\n  - rule: b\n    when: >-\n      c\n      and d\n# last\n"


def test_comments_quotes_and_order_stay() -> None:
    assert formatted(UGLY, "a.yaml") == NEAT == formatted(NEAT, "a.yaml")


def test_a_comment_that_would_be_lost_is_named() -> None:
    with pytest.raises(InputError, match=r"a\.yaml:2:1: the layout cannot keep this comment"):
        formatted("a: 1\nb:  # why\n  {c: 1}\n", "a.yaml")


def test_fmt_writes_what_check_announces(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(UGLY, encoding="utf-8")
    file.chmod(0o640)
    told = _run("fmt", "--check", file)
    assert (told.exit_code, told.output) == (1, f"{file}: would be changed\n") and file.read_text(encoding="utf-8") == UGLY
    assert _run("fmt", file).output == f"{file}: changed\n"
    assert file.read_text(encoding="utf-8") == NEAT and file.stat().st_mode & 0o777 == 0o640
    assert (_run("fmt", "--check", file).exit_code, _run("fmt", file).output) == (0, "")
    assert [p.name for p in tmp_path.iterdir()] == ["a.yaml"]


def test_fmt_changes_nothing_where_a_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(UGLY, encoding="utf-8")
    (tmp_path / "b.yaml").write_text("a: [1\n", encoding="utf-8")
    assert isinstance(_run("fmt", tmp_path).exception, InputError)
    assert (tmp_path / "a.yaml").read_text(encoding="utf-8") == UGLY


# -- schema and names -----------------------------------------------------------------------------------------------


def test_schemas_are_listed_and_printed() -> None:
    assert {line.split()[0] for line in _run("schema").output.splitlines()} == {
        path.name.removesuffix(".schema.json") for path in (ROOT / "schemas").glob("*.json")
    }
    assert json.loads(_run("schema", "case").output) == json.loads((ROOT / "schemas" / "case.schema.json").read_text(encoding="utf-8"))
    assert "did you mean 'case'?" in str(_run("schema", "cases").exception)


def test_names_have_types_units_and_labels() -> None:
    told = _run("law", "names", "--entity", "lot").output
    assert re.search(r"^  coverage\.threshold +number in tCO2 +inclusion threshold", told, re.MULTILINE)
    assert re.search(r"^  allocation\.benchmark\[products\] +number in tCO2/product ", told, re.MULTILINE)
    assert re.search(r"^  lot\.usable +condition ", told, re.MULTILINE)
    assert re.search(r"^  emissions\[gas\] +rows of emissions", told, re.MULTILINE), "a lot is part of an installation's year"
    assert "trade.on" not in told
    everything = json.loads(_run("law", "names", "--format", "json").output)
    assert {"entity": "trade", "name": "trade.on"}.items() <= next(n for n in everything if n["name"] == "trade.on").items()
    assert "порог" in _run("law", "names", "--lang", "ru").output
    assert "did you mean 'lot'?" in str(_run("law", "names", "--entity", "lott").exception)


# -- phase new ------------------------------------------------------------------------------------------------------


def test_a_new_phase_loads_and_what_is_to_be_decided_is_listed(rulesets: Path) -> None:
    made = _run("phase", "new", "phase_7", "--from", "phase_6", "--years", "2031-2032", "--rulesets", rulesets)
    assert made.exit_code == 0, made.output
    law = load_law(rulesets, ROOT / "schemas")
    assert (law.phases["phase_7"].first_year, law.phases["phase_7"].last_year, law.phases["phase_7"].inherits) == (2031, 2032, "phase_6")
    found = json.loads(_run("check", rulesets, "--format", "json").output)["findings"]
    assert {one["code"] for one in found} == {"undecided"}
    messages = "\n".join(one["message"] for one in found)
    for name in ("coverage.sectors", "cap.annual[2031]", "cap.annual[2032]", "reserve.annual[2031]", "allocation.base_years"):
        assert f"{name} is to be decided in phase 'phase_7'" in messages
    for path in (rulesets / "phases" / "phase_7").iterdir():
        assert formatted(path.read_text(encoding="utf-8"), path.name)


def test_another_version_of_a_phase(rulesets: Path) -> None:
    asked = ("phase", "new", "phase_6_b", "--from", "phase_6", "--years", "2026-2030", "--plan", "phase_6", "--rulesets", rulesets)
    assert "say since when the new version is known" in str(_run(*asked).exception)
    assert not (rulesets / "phases" / "phase_6_b").exists()
    assert _run(*asked, "--known-from", "2026-03-01").exit_code == 0
    law = load_law(rulesets, ROOT / "schemas")
    governing = law.phase_of(2027)
    assert governing is not None and governing.id == "phase_6_b"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Phase-7", "--from", "phase_6", "--years", "2031-2032"), "use small letters, digits and _"),
        (("phase_6", "--from", "phase_5", "--years", "2031-2032"), "there is a phase 'phase_6' already"),
        (("phase_7", "--from", "phase_66", "--years", "2031-2032"), "did you mean 'phase_6'?"),
        (("phase_7", "--from", "phase_6", "--years", "2032-2031"), "write FIRST-LAST"),
    ],
)
def test_what_cannot_be_scaffolded(rulesets: Path, arguments: tuple[str, ...], said: str) -> None:
    found = _run("phase", "new", *arguments, "--rulesets", rulesets)
    assert isinstance(found.exception, InputError) and said in str(found.exception)
