"""What is fuzzed: each target takes bytes, does with them what a command would do, and may refuse them with `InputError` only.

Anything else that a target raises is a bug: the harness (`run.py`) and the tests (`tests/test_safety.py`) both let it through.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from engine.facts import Facts, facts_from_document, load_facts
from engine.language import BOOL, NUMBER, ExpressionError, Scope, compile_node, parse, trace
from engine.law import Law
from engine.law.checking import find_problems
from engine.law.collecting import collect
from engine.law.yaml_files import parse_yaml
from engine.problems import InputError
from engine.proving import Prover, Root, determine
from tests.small_law import BASE, TODAY

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).resolve().parent / "corpus"
CASE = """
as_of: 2025-01-01
installations: [{id: A, operator: O, sector: power, signed: 1.5, limit: none, started: 2020-01-01}, {id: B, operator: O}]
emissions: [{installation: A, year: 2023, gas: co2, tonnes: 7}]
units: [{id: U, installation: A, quantity: 3, good: true, plan: plan_a}, {id: V, installation: A}]
reports: [{installation: A, submitted: 2024-03-01}]
"""
SPARE = """
parameters: {q: {type: number, governed_by: year_end}, k: {type: number, governed_by: year_end, keyed_by: sectors}}
values:
  q: [{value: 2, cite: {instrument: act}}]
  k: {power: [{value: 3, cite: {instrument: act}}]}
"""


def yaml(data: bytes) -> None:
    """A file of YAML."""
    with suppress(InputError):
        parse_yaml(data.decode("utf-8", "replace"), "x.yaml")


def expression(data: bytes) -> None:
    """An expression of a rule: read, evaluated and traced."""
    law, facts = small_law(), small_facts()
    session = Prover(law, law.select(), facts).session(Root("site_year", ("A",), 2023))
    session.prove([("site_year", "d")])
    for wanted in (None, BOOL, NUMBER):
        with suppress(ExpressionError, InputError):
            node = parse(data.decode("utf-8", "replace"), Scope(law.vocabulary, "site_year"), wanted)
            compile_node(node)(session.main.env)
            trace(node, session.main.env, full=True)


def case(data: bytes) -> None:
    """A case file, and what the small law makes of it."""
    law = small_law()
    with suppress(InputError):
        document = parse_yaml(data.decode("utf-8", "replace"), "case.yaml")
        facts = facts_from_document(document, law.vocabulary, {}, None, TODAY)
        prover = Prover(law, law.select(), facts)
        for root in prover.roots("site_year")[:3]:
            determine(prover, root)


def register(data: bytes) -> None:
    """A register: the table `installations` as CSV, and after a form feed its `register.yaml`."""
    table, _, about = data.partition(b"\f")
    with tempfile.TemporaryDirectory() as folder, suppress(InputError):
        (Path(folder) / "installations.csv").write_bytes(table)
        if about:
            (Path(folder) / "register.yaml").write_bytes(about)
        load_facts(Path(folder), small_law().vocabulary, {}, None, TODAY)


def ruleset(data: bytes) -> None:
    """A file of the law beside a small sound law: validated, checked and, where nothing is wrong with it, asked."""
    with tempfile.TemporaryDirectory() as folder, suppress(InputError):
        law = law_with(Path(folder), data)
        if find_problems(law, texts=False):
            return
        prover = Prover(law, law.select(), small_facts())
        determine(prover, Root("site_year", ("A",), 2023), "full")


TARGETS: dict[str, Callable[[bytes], None]] = {
    "yaml": yaml,
    "expression": expression,
    "case": case,
    "register": register,
    "ruleset": ruleset,
}


# -- the small law on disk, as the schema wants it --------------------------------------------------------------------------


def law_with(folder: Path, more: bytes = b"") -> Law:
    """The small law with one more file.

    Raises:
        InputError: the file cannot be read or breaks the schema.
    """
    root = folder / "law"
    (root / "phases" / "p").mkdir(parents=True)
    for name, text in base_files().items():
        (root / name).write_text(text, encoding="utf-8")
    if more:
        (root / "more.yaml").write_bytes(more)
    return Law(json.loads(json.dumps(collect(root, sorted(root.rglob("*.yaml")), ROOT / "schemas"))), "fuzz")


@cache
def base_files() -> dict[str, str]:
    content = parse_yaml(BASE.replace("phase_placeholder: {}\n", ""), "base.yaml").data
    manifest = content.pop("ruleset")
    phase = {"id": "p", "title": _LABEL, "years": {"from": 2015, "to": 2030}, "plan": "plan_a", "cite": {"instrument": "act"}}
    files: dict[str, Any] = {
        "base.yaml": _labelled(content),
        "ruleset.yaml": {"ruleset": {**manifest, "title": _LABEL, "authority_labels": {"statute": _LABEL}}},
        "phases/p/phase.yaml": {"phase": phase},
        "spare.yaml": _labelled(parse_yaml(SPARE, "spare.yaml").data),
    }
    return {name: json.dumps(part, ensure_ascii=False) for name, part in files.items()}


_LABEL = {"en": "x", "ru": "х", "kk": "х"}


def _labelled(content: dict[str, Any]) -> dict[str, Any]:
    for section in ("units", "codes", "tables", "entities", "parameters", "decisions"):
        for part in content.get(section, {}).values():
            part.setdefault("label", _LABEL)
            for inner in (*part.get("members", {}).values(), *part.get("columns", {}).values()):
                inner.setdefault("label", _LABEL)
    for instrument in content.get("instruments", {}).values():
        instrument |= {"title": _LABEL, "short": _LABEL}
    return content


@cache
def small_law() -> Law:
    with tempfile.TemporaryDirectory() as folder:
        return law_with(Path(folder), b"decisions: {d: {type: bool, label: {en: d, ru: d, kk: d}}}\n")


@cache
def small_facts() -> Facts:
    return facts_from_document(parse_yaml(CASE, "case.yaml"), small_law().vocabulary, {}, None, TODAY)
