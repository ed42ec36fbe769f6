"""Drafts of the law: small overlays that change named parts of it, found by name or path, read and validated like law."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.law.documents import Document
from engine.law.files import read_text, within
from engine.law.schemas import schema
from engine.law.yaml_files import parse_yaml
from engine.problems import InputError, Problem, did_you_mean, input_error

FOLDER, SUFFIX, MAX_CHAIN = "drafts", ".yaml", 50
FORMS = ("set", "add", "amend", "repeal", "except")


@dataclass(frozen=True)
class Change:
    """One change as the law remembers it.

    Attributes:
        form: `set`, `add`, `amend`, `repeal` or `except`.
        target: the parameter or rule that is changed; for `add`, what is added.
        article: (instrument, point) where it would stand.
        reason: why, by language.
    """

    form: str
    target: str
    article: tuple[str, str]
    reason: Mapping[str, str]


@dataclass(frozen=True)
class Draft:
    """A draft that a law is asked under.

    Attributes:
        kind: `scenario` (assumptions of whoever wrote it) or `proposal` (a text that somebody has proposed).
        assumes: what is assumed, by language.
        arithmetic: how its numbers were computed, in English.
        path: as the asker wrote it: a name, or the path of a file.
        digest: SHA-256 of the file.
    """

    id: str
    title: Mapping[str, str]
    kind: str
    assumes: Mapping[str, str]
    arithmetic: str
    path: str
    digest: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class DraftFile:
    """A draft as read: its text, and the place of everything in it."""

    path: str
    digest: str
    document: Document

    @property
    def head(self) -> dict[str, Any]:
        found: dict[str, Any] = self.document.data["draft"]
        return found

    @property
    def id(self) -> str:
        return str(self.head["id"])

    @property
    def changes(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.document.data["changes"]
        return found

    def at(self, *path: Any) -> tuple[str, int, int]:
        """File, line and column of a part."""
        return self.document.file, *self.document.at(path)


def instrument_of(draft: str) -> str:
    """The id of the instrument that the rules and values of a draft cite."""
    return f"draft-{draft}"


def draft_names(root: Path) -> list[str]:
    """The drafts that stand beside the law."""
    return sorted(path.stem for path in (root / FOLDER).glob(f"*{SUFFIX}"))


def find_draft(root: Path, written: str) -> Path:
    """The file of a draft that is named, or given by its path.

    Raises:
        InputError: there is none, or what stands beside the law is a link that leads elsewhere.
    """
    if written in draft_names(root):
        named = root / FOLDER / f"{written}{SUFFIX}"
        within(named, root.resolve())
        return named
    if Path(written).is_file():
        return Path(written)
    near = did_you_mean(written, draft_names(root))
    raise input_error("--draft", 0, 0, f"no draft '{written}'", near or "give the path of a draft, or a name from `kazets draft list`")


def read_drafts(root: Path, written: Sequence[str], schema_dir: Path) -> list[DraftFile]:
    """The drafts in the order in which they are applied: each after those that it stands on, none twice.

    Raises:
        InputError: a draft is missing, breaks the schema, or stands on itself.
    """
    found: dict[str, DraftFile] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        file = _read(root, name, schema_dir)
        if file.id in path:
            raise input_error(
                *file.at("draft", "after"), f"drafts stand on each other: {' -> '.join((*path, file.id))}", "break the circle"
            )
        if file.id in found and found[file.id].digest != file.digest:
            raise input_error(file.path, 0, 0, f"two drafts are called '{file.id}'", "give one of them another id")
        if file.id in found:
            return
        if len(path) >= MAX_CHAIN:
            raise input_error(*file.at("draft"), f"stands at the end of a chain of more than {MAX_CHAIN} drafts", "join some of them")
        for needed in file.head.get("after", []):
            if needed not in draft_names(root):
                raise input_error(*file.at("draft", "after"), f"no draft '{needed}'", did_you_mean(needed, draft_names(root)))
            visit(needed, (*path, file.id))
        found[file.id] = file

    for name in written:
        visit(name, ())
    return list(found.values())


def _read(root: Path, written: str, schema_dir: Path) -> DraftFile:
    path = find_draft(root, written)
    name = path.relative_to(root.parent).as_posix() if path.is_relative_to(root.parent) else str(path)
    document = parse_yaml(read_text(path, name), name)
    problems = _schema_problems(document, schema_dir)
    if problems:
        raise InputError(problems)
    if document.data["draft"]["id"] != path.stem:
        line, column = document.at(("draft", "id"))
        raise input_error(
            name, line, column, f"the draft is called '{document.data['draft']['id']}', its file '{path.stem}'", "use one name"
        )
    return DraftFile(written, hashlib.sha256(path.read_bytes()).hexdigest(), document)


def _schema_problems(document: Document, schema_dir: Path) -> list[Problem]:
    """What breaks the schema of drafts; where nothing does, what breaks that of the law in the parts that are added."""
    for index, change in enumerate(document.data.get("changes", []) if isinstance(document.data, dict) else []):
        if isinstance(change, dict) and sum(form in change for form in FORMS) != 1:
            message = f"a change is one thing: write one of {', '.join(FORMS)}"
            return [Problem(document.file, *document.at(("changes", index)), message, "make two changes of two things")]
    found = schema(schema_dir, "draft").problems(document)
    return found or sorted(set(_added_problems(document, schema_dir)), key=lambda p: (p.line, p.column))


def _added_problems(document: Document, schema_dir: Path) -> Iterator[Problem]:
    cite = {"instrument": instrument_of(document.data["draft"]["id"])}
    for index, change in enumerate(document.data["changes"]):
        for section, content in _as_law(change, cite):
            for breach in schema(schema_dir, "ruleset").breaches({section: content}):
                place = document.at(_written_path(index, change, breach.path))
                yield Problem(document.file, *place, breach.message, breach.remedy)


def _as_law(change: Mapping[str, Any], cite: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """The parts that a change adds, as a file of the law has them."""
    if "except" in change:
        yield "rules", [{"cite": cite, "decides": "any"} | change["rule"]]
    for section, content in change.get("add", {}).items():
        if section == "rules":
            yield section, [{"cite": cite} | rule if isinstance(rule, dict) else rule for rule in content]
        elif section == "values":
            yield section, {name: cited(entries, cite) for name, entries in content.items()}
        elif section == "phases":
            yield from (("phase", phase) for phase in content.values())
        elif section == "codes":
            label = {"en": "…", "ru": "…", "kk": "…"}
            yield section, {name: {"label": label} | part if isinstance(part, dict) else part for name, part in content.items()}
        else:
            yield section, content


def cited(entries: Any, cite: Mapping[str, Any]) -> Any:
    """Values of a parameter as written, with ``cite`` where they have none of their own."""
    if isinstance(entries, list):
        return [cited(entry, cite) for entry in entries]
    if isinstance(entries, dict) and "value" in entries:
        return {"cite": cite} | entries
    return {key: cited(part, cite) for key, part in entries.items()} if isinstance(entries, dict) else entries


def _written_path(index: int, change: Mapping[str, Any], path: tuple[Any, ...]) -> tuple[Any, ...]:
    """Where a part stands in the draft that stands at ``path`` in a file of the law."""
    if "except" in change:
        return ("changes", index, "rule", *path[2:])
    return ("changes", index, "add", *(("phases",) if path[:1] == ("phase",) else path))
