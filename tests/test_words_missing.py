"""No text is missing in any language, and a ruleset that lacks one is refused."""

from __future__ import annotations

import ast
import copy
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.law import Law, load_law
from engine.law.collecting import collect
from engine.law.files import ruleset_files
from engine.law.wording import LANGUAGES, NEEDED, find_missing_texts
from engine.problems import InputError
from tests.conftest import ROOT


def test_the_shipped_law_lacks_no_text(law: Law) -> None:
    assert find_missing_texts(law) == []


def _said(argument: ast.expr) -> set[str]:
    """The ids that the first argument of `say` can be, where they stand in the source."""
    if isinstance(argument, ast.Constant):
        return {str(argument.value)}
    if isinstance(argument, ast.IfExp):
        return _said(argument.body) | _said(argument.orelse)
    return set()


def test_no_module_that_answers_has_texts_of_its_own() -> None:
    """What a report says stands in the ruleset: no module keeps a table of English sentences."""
    for path in (ROOT / "engine" / "explaining").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
                texts = [v.value for v in node.value.values if isinstance(v, ast.Constant) and isinstance(v.value, str)]
                assert not [text for text in texts if re.search("[a-z]{2,} [a-z]{2,}", text)], path


def test_every_word_that_the_engine_says_is_in_its_list() -> None:
    said = set()
    for path in (ROOT / "engine" / "explaining").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            if isinstance(node.func, ast.Name) and node.func.id == "say" and not isinstance(node.args[0], ast.Name):
                said |= _said(node.args[0])
                continue
            if not (isinstance(node.func, ast.Attribute) and node.func.attr == "say"):
                continue
            if ast.unparse(node.func.value).endswith("words") or path.name == "words.py":
                said |= _said(node.args[0])
    assert len(said) > 40 and said <= NEEDED.keys(), said - NEEDED.keys()


def _broken(law: Law, change: Any) -> list[str]:
    tree = copy.deepcopy(law.tree)
    change(tree)
    return [str(problem) for problem in find_missing_texts(Law(tree, "broken"))]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t["words"].pop("because"), "the engine needs the word 'because'"),
        (lambda t: t["words"]["because"].update(ru="причина"), "words: because: 'ru' and 'en' do not name the same: {cause}"),
        (lambda t: t["words"]["because"].update(en="because", ru="причина", kk="себебі"), "words: because: {cause} is not said"),
        (lambda t: t["words"]["others_failed"]["ru"].pop("few"), "words: others_failed, ru: no form for 'few'"),
        (lambda t: t["words"]["margin_none"].update(kk="exactly that"), "words: margin_none: the text in 'kk' is the English one"),
        (lambda t: t["units"]["KZT"]["label"].pop("kk"), "units: KZT.label has no text in 'kk'"),
        (lambda t: t["units"]["carbon_unit"]["per"].pop("ru"), "units: carbon_unit.per has no text in 'ru'"),
        (lambda t: t["tables"]["emissions"]["label"].pop("ru"), "tables: emissions.label has no text in 'ru'"),
        (lambda t: t["tables"]["emissions"]["columns"]["tonnes"].pop("label"), "tables: emissions.tonnes has no label"),
        (
            lambda t: t["tables"]["emissions"]["columns"]["tonnes"]["label"].update(ru=""),
            "tables: emissions.columns.tonnes.label has no text in 'ru'",
        ),
        (lambda t: t["codes"]["gases"]["members"]["co2"]["label"].pop("kk"), "codes: gases.members.co2.label has no text in 'kk'"),
        (lambda t: t["entities"]["lot"]["label"].pop("kk"), "entities: lot.label has no text in 'kk'"),
        (lambda t: t["decisions"]["covered"]["label"].pop("ru"), "decisions: covered.label has no text in 'ru'"),
        (
            lambda t: t["parameters"]["allocation.benchmark"]["label"].pop("ru"),
            "parameters: allocation.benchmark.label has no text in 'ru'",
        ),
        (lambda t: t["phases"]["suspension"]["note"].pop("kk"), "phases: suspension.note has no text in 'kk'"),
        (lambda t: next(v for v in t["values"] if "note" in v)["note"].pop("kk"), "values: note has no text in 'kk'"),
        (lambda t: next(q for q in t["questions"].values() if "note" in q)["note"].pop("ru"), "note has no text in 'ru'"),
        (lambda t: next(r for r in t["records"].values() if "note" in r)["note"].update(kk=""), "note has no text in 'kk'"),
        (lambda t: next(iter(t["questions"].values()))["ask"].pop("ru"), "ask has no text in 'ru'"),
        (lambda t: next(iter(next(iter(t["questions"].values()))["answers"].values()))["says"].pop("kk"), "says has no text in 'kk'"),
        (lambda t: next(iter(t["constructs"].values()))["missing"].pop("kk"), "missing has no text in 'kk'"),
        (lambda t: next(iter(t["records"].values()))["label"].pop("kk"), "label has no text in 'kk'"),
        (lambda t: next(iter(t["statements"].values()))["says"].pop("kk"), "says has no text in 'kk'"),
        (lambda t: t["instruments"]["icap-2025"].pop("short"), "instruments: icap-2025 has no short"),
        (lambda t: t["rules"][0]["says"].update(ru="{year} {nothing}"), "do not name the same"),
        (lambda t: t["ruleset"]["authority_labels"].pop("seeds"), "authority 'seeds' has no label"),
        (
            lambda t: t["rules"][0].update(cite={"instrument": "env-code-2021", "point": "schedule 4"}),
            "add `point_schedule_number` under `words`",
        ),
    ],
)
def test_a_text_that_is_not_there_in_all_languages_is_found(law: Law, change: Any, message: str) -> None:
    problems = _broken(law, change)
    assert any(message in problem for problem in problems), problems
    assert all(re.match(r"rulesets/\S+\.yaml:\d+:\d+: ", problem) for problem in problems)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "vocabulary/words.yaml",
            'kk: "дәл сонша"',
            'kk: "дәл {count} сонша"',
            "words: margin_none: 'kk' and 'en' do not name the same: {count}",
        ),
        (
            "vocabulary/words.yaml",
            '  margin_none: {en: "exactly that", ',
            "  margin_none: {",
            "words.margin_none: 'en' is a required property",
        ),
        ("vocabulary/words.yaml", '      few: "(ещё', '      paucal: "(ещё', "words.others_failed.ru"),
        ("vocabulary/units.yaml", "kk: теңге}", "}", "units.KZT.label: 'kk' is a required property"),
    ],
)
def test_a_ruleset_that_lacks_a_text_is_refused_with_its_line(tmp_path: Path, file: str, old: str, new: str, message: str) -> None:
    root = tmp_path / "rulesets"
    shutil.copytree(ROOT / "rulesets", root)
    text = (root / file).read_text(encoding="utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_law(root, ROOT / "schemas")
    told = [str(problem) for problem in refused.value.problems]
    line = text[: text.index(old)].count("\n") + 1
    assert any(message in one for one in told), told
    assert any(re.match(rf"rulesets/{file}:({line}|{line - 1}|{line - 2}):\d+: ", one) for one in told), told


def test_the_files_have_no_text_of_one_language_where_a_label_is_meant() -> None:
    """Every mapping with an English text has all three, wherever it stands."""
    root = ROOT / "rulesets"
    tree = collect(root, ruleset_files(root), ROOT / "schemas")

    def look(part: Any, path: str) -> None:
        if isinstance(part, dict):
            if "en" in part or "ru" in part or "kk" in part:
                assert set(LANGUAGES) <= part.keys(), path
            for key, inner in part.items():
                look(inner, f"{path}.{key}")
        elif isinstance(part, list):
            for index, inner in enumerate(part):
                look(inner, f"{path}[{index}]")

    look(tree, "")


def test_a_note_in_one_language_is_refused_at_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "rulesets"
    shutil.copytree(ROOT / "rulesets", folder)
    file = folder / "parameters" / "mci.yaml"
    text = file.read_text(encoding="utf-8")
    broken = re.sub(r"note: \{.*?\}", 'note: "one value"', text, count=1, flags=re.S)
    assert broken != text
    file.write_text(broken, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_law(folder, ROOT / "schemas")
    line = text[: text.index("note: {")].count("\n") + 1
    assert f"mci.yaml:{line}:" in str(caught.value) and "all three languages" in str(caught.value)
