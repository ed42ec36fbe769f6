"""What a file says against its JSON Schema: in the words of whoever writes the file, at the place where it stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator, Registry, ValidationErrorKind

from engine.law.documents import Document
from engine.problems import InputError, Problem, did_you_mean

ENDING = ".schema.json"
MAX_PROBLEMS, MAX_MESSAGE = 1_000, 200
_SAME_VALUE = frozenset({"if", "then", "else"})
_NAMED_SAME_VALUE = frozenset({"allOf", "anyOf", "oneOf", "dependentSchemas"})
_NAMED_PARTS = frozenset({"properties", "patternProperties", "prefixItems"})


@dataclass(frozen=True)
class Breach:
    """One thing that a schema does not allow.

    Attributes:
        path: where in the data it stands: a value, or a key that should not be there.
    """

    path: tuple[Any, ...]
    message: str
    remedy: str

    def __str__(self) -> str:
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path).removeprefix(".")
        return f"{where}: {self.message}" if where else self.message


class Schema:
    """A JSON Schema, prepared once for all the files that it describes.

    Args:
        name: of a file in ``folder``, without its ending.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._own = _read(folder, name)
        self._others = dict(_referred(folder, self._own, {}))
        self._validator = Draft202012Validator(self._own, registry=Registry(list(self._others.items())))

    def breaches(self, data: Any) -> Iterator[Breach]:
        """What it does not allow in plain data whose keys are texts or whole numbers."""
        for error in self._validator.iter_errors(_with_text_keys(data)):
            yield from self._breaches(data, error)

    def problems(self, document: Document) -> list[Problem]:
        """What it does not allow in a file, in file order; of very much, the first part."""
        found = {problem_of(document, breach) for breach in islice(self.breaches(document.data), MAX_PROBLEMS)}
        return sorted(found, key=lambda problem: (problem.line, problem.column, problem.message))

    def admit(self, document: Document) -> None:
        """Refuse a file that it does not allow.

        Raises:
            InputError: with everything that is wrong.
        """
        found = self.problems(document)
        if found:
            raise InputError(found)

    def _breaches(self, data: Any, error: Any) -> Iterator[Breach]:
        error = _deepest(error)
        kind, path = error.kind, _path(data, error.instance_path)
        schemas = self._schemas(error.evaluation_path[:-1])
        described = next((schema["description"] for schema in reversed(schemas) if "description" in schema), "")
        if isinstance(kind, ValidationErrorKind.AdditionalProperties):
            known = schemas[-1].get("properties", {})
            for key in kind.unexpected:
                yield Breach(_path(data, [*path, key]), f"there is no key '{key}' here", did_you_mean(key, known) or described)
        elif isinstance(kind, ValidationErrorKind.Required):
            wanted = schemas[-1].get("properties", {}).get(kind.property, {}).get("description", described)
            yield Breach(path, f"'{kind.property}' is a required property", f"add `{kind.property}`" + (f". {wanted}" if wanted else ""))
        elif isinstance(kind, ValidationErrorKind.Type):
            yield Breach(path, f"{_shown(error.instance)} is not of type {', '.join(map(repr, kind.types))}", described)
        elif isinstance(kind, ValidationErrorKind.Enum):
            meant = did_you_mean(str(error.instance), map(str, kind.options))
            yield Breach(path, f"{_shown(error.instance)} is not one of {', '.join(map(_shown, kind.options))}", described or meant)
        else:
            yield Breach(path, _shortened(error.message), described)

    def _schemas(self, steps: list[Any]) -> list[Any]:
        """The schemas of one value that a way of evaluation comes to, the innermost last."""
        root = schema = self._own
        found, rest = [schema], iter(steps)
        for step in rest:
            if step == "$ref":
                file, _, pointer = schema["$ref"].partition("#/")
                root = self._others[file] if file else root
                schema = root
                for part in pointer.split("/"):
                    schema = schema[part]
            else:
                schema = schema[step]
            if step in _NAMED_SAME_VALUE or step in _NAMED_PARTS:
                schema = schema[next(rest)]
            found = [*found, schema] if step == "$ref" or step in _SAME_VALUE or step in _NAMED_SAME_VALUE else [schema]
        return [schema for schema in found if isinstance(schema, dict)]


@cache
def schema(folder: Path, name: str) -> Schema:
    """The prepared schema of a kind of file: `ruleset`, `case`, `draft`, …"""
    return Schema(folder, name)


@cache
def _read(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{name}{ENDING}").read_text(encoding="utf-8"))
    return found


def _referred(folder: Path, part: Any, found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The other schemas, by the names of their files, to whose parts a schema refers, or one that it refers to."""
    if isinstance(part, list):
        for item in part:
            _referred(folder, item, found)
    elif isinstance(part, dict):
        for key, value in part.items():
            file = value.partition("#")[0] if key == "$ref" and isinstance(value, str) else ""
            if file and file not in found:
                found[file] = _read(folder, file.removesuffix(ENDING))
                _referred(folder, found[file], found)
            _referred(folder, value, found)
    return found


def _with_text_keys(data: Any) -> Any:
    """The data as JSON has it: YAML also has whole numbers for keys."""
    if isinstance(data, dict):
        return {str(key): _with_text_keys(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_with_text_keys(value) for value in data]
    return data


def _path(data: Any, steps: list[Any]) -> tuple[Any, ...]:
    """A way into the data by its own keys."""
    found: list[Any] = []
    for step in steps:
        if isinstance(data, dict):
            step = next((key for key in data if str(key) == str(step)), step)
        found.append(step)
        data = data[step]
    return tuple(found)


def _deepest(error: Any) -> Any:
    """Of the errors of alternatives, the one of the alternative that comes nearest."""
    while branches := getattr(error.kind, "context", None):
        within = [one for branch in branches for one in branch]
        if not within:
            break
        error = max(within, key=lambda one: len(one.instance_path))
    return error


def problem_of(document: Document, breach: Breach) -> Problem:
    """A breach at its place in the file."""
    return Problem(document.file, *document.at(breach.path), str(breach), breach.remedy)


def _shown(value: Any) -> str:
    return _shortened(repr(value))


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_MESSAGE else text[:MAX_MESSAGE] + "…"
