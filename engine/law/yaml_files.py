"""YAML with positions, and with nothing in it that can surprise.

Decimals and dates stay the text that was written, so that no float comes between a source and a decision; names that look
like numbers (007, 1_000, +7) stay names. Anchors, aliases, tags and duplicate keys are refused; size and depth are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from engine.law.documents import Document, Path_
from engine.law.files import read_text
from engine.problems import InputError, input_error

MAX_YAML = 8_000_000
MAX_DEPTH, MAX_DIGITS, MAX_PARTS = 40, 40, 300_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_WHOLE = re.compile(r"-?[1-9][0-9]*|0")
_NAMED = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NAMED_NONE = frozenset({"", "~", "null", "Null", "NULL"})


def read_yaml(path: Path, name: str) -> Document:
    """Read one YAML (or JSON) file.

    Raises:
        InputError: with the place of the first thing that is not plain YAML.
    """
    return parse_yaml(read_text(path, name, MAX_YAML), name)


def parse_yaml(text: str, name: str) -> Document:
    """Read YAML text; ``name`` is the file that its problems name."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Plain(name, text, yaml.parse(text, Loader=loader)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise input_error(
            name, line, column, f"not valid YAML: {error.problem or error.context}", "check indentation, quotes and brackets"
        ) from None
    except (yaml.YAMLError, UnicodeError) as error:
        raise input_error(name, 1, 1, f"not valid YAML: {str(error).splitlines()[0]}", "save plain UTF-8 text") from None


def _mark(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


class _Plain:
    """Makes plain data from the events of the parser, one at a time, so that the depth is known before it can hurt."""

    def __init__(self, file: str, text: str, events: Iterator[Any]) -> None:
        self.file, self.text, self.events = file, text, events
        self.marks: dict[Path_, tuple[int, int]] = {}
        self.spans: dict[Path_, tuple[int, int]] = {}
        self.parts = 0

    def error(self, event: Any, message: str, remedy: str) -> InputError:
        return input_error(self.file, *_mark(event), message, remedy)

    def document(self) -> Document:
        next(self.events)
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            raise input_error(self.file, 1, 1, "the file is empty", "write its content")
        data = self.value(next(self.events), ())
        next(self.events)
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise self.error(event, "not valid YAML: a second document begins", "keep one document in a file")
        return Document(self.file, data, self.marks, self.text, self.spans)

    def value(self, event: Any, path: Path_) -> Any:
        self.admit(event, path)
        mark = _mark(event)
        self.marks.setdefault(path, mark)
        if path:
            self.marks[(*path, "@value")] = mark
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(path)
        if event.style or event.end_mark.line > event.start_mark.line:
            self.spans[path] = (event.start_mark.index, event.end_mark.index)
        return self.scalar(event)

    def admit(self, event: Any, path: Path_) -> None:
        """Refuses what is not plain, or too much."""
        self.parts += 1
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise self.error(event, "anchors and aliases are not read", "write the value out where it is used")
        if event.tag is not None:
            raise self.error(event, f"the tag {event.tag} is not read", "write a plain value")
        if len(path) > MAX_DEPTH:
            raise self.error(event, "nested too deeply", f"use at most {MAX_DEPTH} levels")
        if self.parts > MAX_PARTS:
            raise self.error(event, f"more than {MAX_PARTS:,} values", "split the file, or use a register of CSV files")

    def sequence(self, path: Path_) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.append(self.value(event, (*path, len(found))))
        return found

    def mapping(self, path: Path_) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        names: set[str] = set()
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            self.admit(event, path)
            if not isinstance(event, yaml.ScalarEvent):
                raise self.error(event, "a key must be a single word or number", "write `key: value`")
            read = self.scalar(event)
            key = read if isinstance(read, int) and not isinstance(read, bool) else event.value
            if key == "<<" and not event.style:
                raise self.error(event, "the merge tag << is not read", "write the values out where they are used")
            if str(key) in names:
                raise self.error(event, f"'{key}' stands twice", "keep one of the two")
            names.add(str(key))
            self.marks[(*path, key)] = _mark(event)
            found[key] = self.value(next(self.events), (*path, key))
        return found

    def scalar(self, event: Any) -> Any:
        """Only what is written in the plainest way is a number, true, false or nothing; all else is its text."""
        text = str(event.value)
        if not text.isprintable() and _CONTROL.search(text):
            raise self.error(event, "a control character cannot stand in a text", "remove it")
        if event.style:  # quoted, or a block
            return text
        if text in _NAMED:
            return _NAMED[text]
        if text in _NAMED_NONE:
            return None
        if not _WHOLE.fullmatch(text):
            return text
        if len(text) > MAX_DIGITS:
            raise self.error(event, f"'{text[:MAX_DIGITS]}…' is not a plain decimal number", f"write at most {MAX_DIGITS} digits")
        return int(text)
