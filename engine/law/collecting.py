"""The files of a ruleset, merged into one plain, validated tree that a cache can hold.

Every rule and value keeps the file, line and column it came from.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

from engine.law.documents import Document
from engine.law.schemas import MAX_PROBLEMS, schema
from engine.law.yaml_files import read_yaml
from engine.problems import InputError, Problem

NAMED = (
    "instruments",
    "units",
    "codes",
    "tables",
    "entities",
    "decisions",
    "parameters",
    "constructs",
    "questions",
    "records",
    "statements",
    "actions",
    "properties",
    "words",
    "governing_dates",
)


def collect(root: Path, files: list[Path], schema_dir: Path) -> dict[str, Any]:
    """Read, validate and merge.

    Returns:
        JSON-able: the named sections as mappings; `values` and `rules` as lists, each with `phase` and `at` (file, line, column);
        `phases` by id; `ruleset` the manifest.

    Raises:
        InputError: with every problem that the schema finds, or the first file that cannot be read.
    """
    documents = [(path.relative_to(root), read_yaml(path, path.relative_to(root.parent).as_posix())) for path in files]
    problems = schema_problems([document for _, document in documents], schema_dir)
    if problems:
        raise InputError(problems)
    tree, problems = merge(documents)
    if problems:
        raise InputError(problems)
    return tree


def merge(documents: list[tuple[Path, Document]]) -> tuple[dict[str, Any], list[Problem]]:
    """The tree of valid documents, each with its path within the ruleset, and what they declare twice."""
    tree: dict[str, Any] = {name: {} for name in NAMED} | {"values": [], "rules": [], "phases": {}}
    problems: list[Problem] = []
    for relative, document in documents:
        phase = _phase_of(relative)
        for section, content in document.data.items():
            if section in NAMED:
                _merge_named(tree[section], section, content, document, problems)
            elif section == "values":
                tree["values"] += _values(content, phase, document)
            elif section == "rules":
                tree["rules"] += _rules(content, phase, document)
            elif section == "phase":
                _merge_one(tree["phases"], phase or content["id"], section, content, document, problems)
            else:
                _merge_one(tree, section, section, content, document, problems)
    if "ruleset" not in tree:
        file = next((document.file for relative, document in documents if relative.as_posix() == "ruleset.yaml"), "ruleset.yaml")
        problems.append(Problem(file, 0, 0, "the manifest is missing", "write `ruleset:` with id, title and main"))
    return tree, problems


def _phase_of(relative: Path) -> str | None:
    return relative.parts[1] if len(relative.parts) > 2 and relative.parts[0] == "phases" else None


def _at(document: Document, path: tuple[Any, ...]) -> list[Any]:
    return [document.file, *document.at(path)]


def _merge_one(into: dict[str, Any], key: str, section: str, content: dict[str, Any], document: Document, problems: list[Problem]) -> None:
    """A section that stands once for the ruleset or a phase."""
    file, line, column = _at(document, (section,))
    if key in into:
        other = ":".join(map(str, into[key]["at"]))
        problems.append(Problem(file, line, column, f"{section}: '{key}' is declared twice", f"the other is at {other}"))
    else:
        into[key] = {**content, "at": [file, line, column]}


def _merge_named(into: dict[str, Any], section: str, content: dict[str, Any], document: Document, problems: list[Problem]) -> None:
    for key, value in content.items():
        line, column = document.at((section, key))
        if key in into:
            problems.append(
                Problem(
                    document.file,
                    line,
                    column,
                    f"{section}: '{key}' is declared twice",
                    f"the other is at {':'.join(map(str, into[key]['at']))}",
                )
            )
        elif isinstance(value, dict):
            into[key] = {**value, "at": [document.file, line, column]}
            if section in ("actions", "properties") or "invariants" in value:
                into[key]["marks"] = _marks(document, (section, key))
        else:
            into[key] = {"is": value, "at": [document.file, line, column]}


def _marks(document: Document, path: tuple[Any, ...]) -> dict[str, list[int]]:
    """Where each value under ``path`` stands, by the names that lead to it."""
    inside = ((key[len(path) : -1], place) for key, place in document.marks.items() if key[: len(path)] == path and key[-1] == "@value")
    return {".".join(map(str, steps)): list(place) for steps, place in inside if steps}


def _values(content: dict[str, Any], phase: str | None, document: Document) -> list[dict[str, Any]]:
    found = []
    for name, entries in content.items():
        path: tuple[Any, ...] = ("values", name)
        if isinstance(entries, dict) and "value" not in entries:
            groups = [(key, part, (*path, key)) for key, part in entries.items()]
        else:
            groups = [(None, entries, path)]
        for key, part, where in groups:
            for index, entry in enumerate(part if isinstance(part, list) else [part]):
                place = (*where, index) if isinstance(part, list) else where
                found.append({**entry, "parameter": name, "key": key, "phase": phase, "at": _at(document, place)})
    return found


def _rules(content: list[dict[str, Any]], phase: str | None, document: Document) -> list[dict[str, Any]]:
    found = []
    for index, rule in enumerate(content):
        runs = {part: document.runs(("rules", index, part)) for part in ("when", "value", "governed_by") if part in rule}
        marks = {part: [list(run) for run in where] for part, where in runs.items()}
        found.append({**rule, "phase": phase, "at": _at(document, ("rules", index)), "marks": marks})
    return found


def schema_problems(documents: list[Document], schema_dir: Path) -> list[Problem]:
    """What breaks the schema, file by file; of very much, the first part."""
    law = schema(schema_dir, "ruleset")
    return list(islice((problem for document in documents for problem in law.problems(document)), MAX_PROBLEMS))
