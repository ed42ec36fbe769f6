"""Promises about the shape of the project that a reader could check by eye, checked by machine."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.law import Law
from tests.conftest import ROOT

SOURCES = sorted([*(ROOT / "engine").rglob("*.py"), ROOT / "cli.py"])
LAYERS = ["language", "law", "facts", "proving", "explaining", "columns", "analysis", "drafting", "commands"]


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """Numbers and strings of a module, with their lines: what the code can act on, and what it says."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and not isinstance(node.value, bool) and isinstance(node.value, (int, float, str)):
            yield node.lineno, str(node.value)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_law_stands_in_python(path: Path, law: Law) -> None:
    """No year of the scheme, threshold, phase, plan, sector, method, question or article."""
    words = {*law.phases, *law.questions, *law.tree["constructs"], *law.tree["instruments"]}
    for codes in ("sectors", "unit_kinds", "methods", "breaches", "statuses", "quota_kinds", "project_fields"):
        words |= set(law.tree["codes"][codes]["members"])
    words -= {"other", "initial", "offset", "extra", "transport", "auction", "waste"}  # ordinary English
    numbers = re.compile(r"\b(201\d|202\d|2030|10_?000|19_?999|20_?000|19_?660)\b")
    docstring_examples = {"icap-2025", "env-code-2021"}
    for line, text in _texts(path):
        assert text not in words, f"{path}:{line}: '{text}' is law"
        if not any(example in text for example in docstring_examples) and "e.g." not in text:
            assert not numbers.search(text), f"{path}:{line}: '{text}' is law"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_layers_import_downwards_only(path: Path) -> None:
    parts = path.relative_to(ROOT).parts
    layer = parts[1] if len(parts) > 2 else None
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [a.name for a in node.names]
            if isinstance(node, ast.Import)
            else []
        )
        for name in names:
            assert parts[0] == "cli.py" or name.split(".")[0] != "cli", f"{path} imports the command"
            target = name.split(".")[1] if name.startswith("engine.") and "." in name else None
            if layer in LAYERS and target in LAYERS:
                allowed = LAYERS[: LAYERS.index(layer) + 1]
                assert target in allowed, f"{path}: {layer} imports {target}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_modules_are_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_float_decides(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            raise AssertionError(f"{path}:{node.lineno}: the float {node.value}")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float":
            raise AssertionError(f"{path}:{node.lineno}: float()")


def test_every_rule_and_value_cites_a_known_instrument_and_every_text_has_three_languages(law: Law) -> None:
    for content in [*law.tree["rules"], *law.tree["values"]]:
        cites = content["cite"] if isinstance(content["cite"], list) else [content["cite"]]
        assert all(cite["instrument"] in law.tree["instruments"] for cite in cites), content["at"]
    for rule in law.tree["rules"]:
        assert set(rule["says"]) == {"en", "ru", "kk"}, rule["at"]
        placeholders = {language: set(re.findall(r"\{([^{}]+)\}", text)) for language, text in rule["says"].items()}
        assert placeholders["ru"] == placeholders["en"] == placeholders["kk"], rule["at"]


def test_every_topic_has_a_value_in_every_phase(law: Law) -> None:
    """A phase answers every parameter, if only with `none` or `unknown`."""
    from engine.law import Program

    keyless = [name for name, spec in law.vocabulary.parameters.items() if spec.keyed_by is None and "trade" not in spec.governed_by]
    missing = []
    for authority in law.authorities:
        for phase in law.phases.values():
            program = Program(law, law.select(authority), phase, phase.last_year)
            for name in keyless:
                entries = [e for e in law.entries(name, None) if e.phase is None or e.phase in program.lineage]
                if not entries:
                    missing.append((authority, phase.id, name))
    allowed = {"cap.total", "reserve.total", "penalty.mci"}  # phase 2 has yearly caps only
    assert [m for m in missing if m[2] not in allowed] == []


def test_the_facts_schema_is_up_to_date() -> None:
    from tests.make_facts_schema import schema_text

    assert (ROOT / "schemas" / "facts.schema.json").read_text(encoding="utf-8") == schema_text(), (
        "python -m tests.make_facts_schema > schemas/facts.schema.json"
    )


def test_the_schema_of_a_register_knows_the_tables(law: Law) -> None:
    schema = json.loads((ROOT / "schemas" / "register.schema.json").read_text(encoding="utf-8"))
    assert schema["$defs"]["table"]["examples"] == list(law.vocabulary.tables)
