"""YAML with positions, and with nothing in it that can surprise.

Decimals and dates stay the text that was written, so that no float comes between a source and a decision. Anchors,
aliases, tags and duplicate keys are refused; size and depth are bounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from engine.problems import InputError, input_error

MAX_BYTES, MAX_DEPTH, MAX_DIGITS = 32_000_000, 40, 40
Path_ = tuple[Any, ...]
_PLAIN = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Document:
    """A parsed file: plain data, and for each path in it the line and column (from 1) where it stands."""

    file: str
    data: Any
    marks: dict[Path_, tuple[int, int]]

    def at(self, path: Path_) -> tuple[int, int]:
        """The place of the nearest enclosing element that has one."""
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks.get(path, (1, 1))


def read_text(path: Path, name: str) -> str:
    """The text of a file within the size limit.

    Raises:
        InputError: it is missing, too large or not UTF-8.
    """
    try:
        if not path.is_file():
            raise input_error(name, 0, 0, "no such file", "check the path")
        if path.stat().st_size > MAX_BYTES:
            raise input_error(name, 0, 0, f"the file is larger than {MAX_BYTES:,} bytes", "split it, or use a register of CSV files")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise input_error(name, 0, 0, f"not UTF-8 text (byte {error.start})", "save the file as UTF-8") from None
    except OSError as error:
        raise input_error(name, 0, 0, f"cannot be read: {error.strerror}", "check the path and its permissions") from None


def read_yaml(path: Path, name: str) -> Document:
    """Read one YAML (or JSON) file.

    Raises:
        InputError: with the place of the first thing that is not plain YAML.
    """
    return parse_yaml(read_text(path, name), name)


def parse_yaml(text: str, name: str) -> Document:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        node = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise input_error(
            name, line, column, f"not valid YAML: {error.problem or error.context}", "check indentation, quotes and brackets"
        ) from None
    except yaml.YAMLError as error:
        raise input_error(name, 1, 1, f"not valid YAML: {str(error).splitlines()[0]}", "save plain UTF-8 text") from None
    except RecursionError:
        raise input_error(name, 1, 1, "nested too deeply", f"use at most {MAX_DEPTH} levels") from None
    if node is None:
        raise input_error(name, 1, 1, "the file is empty", "write its content")
    marks: dict[Path_, tuple[int, int]] = {}
    return Document(name, _Plain(name, marks).convert(node, ()), marks)


class _Plain:
    def __init__(self, file: str, marks: dict[Path_, tuple[int, int]]) -> None:
        self.file, self.marks, self.seen = file, marks, set[int]()

    def error(self, node: yaml.Node, message: str, remedy: str) -> InputError:
        return input_error(self.file, node.start_mark.line + 1, node.start_mark.column + 1, message, remedy)

    def convert(self, node: yaml.Node, path: Path_) -> Any:
        if id(node) in self.seen:
            raise self.error(node, "aliases are not read", "write the value out where it is used")
        self.seen.add(id(node))
        if len(path) > MAX_DEPTH:
            raise self.error(node, "nested too deeply", f"use at most {MAX_DEPTH} levels")
        self.marks.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.convert(item, (*path, index)) for index, item in enumerate(node.value)]
        return self.scalar(node)

    def mapping(self, node: yaml.MappingNode, path: Path_) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self.error(key_node, "a key must be a single word or number", "write `key: value`")
            key = self.scalar(key_node)
            key = key if isinstance(key, int) and not isinstance(key, bool) else key_node.value
            if key in found:
                raise self.error(key_node, f"'{key}' stands twice", "keep one of the two")
            self.marks[(*path, key)] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            found[key] = self.convert(value_node, (*path, key))
            self.marks[(*path, key, "@value")] = (value_node.start_mark.line + 1, value_node.start_mark.column + 1)
        return found

    def scalar(self, node: yaml.Node) -> Any:
        tag, text = node.tag, str(node.value)
        if tag == _PLAIN + "bool":
            return text.lower() == "true" if text.lower() in ("true", "false") else text
        if tag == _PLAIN + "null":
            return None
        if tag == _PLAIN + "int":
            digits = text.replace("_", "")
            if len(digits) > 1 and digits.startswith("0"):
                return text  # a name, not a number: 007
            if not digits.lstrip("+-").isdigit() or len(digits) > MAX_DIGITS:
                raise self.error(node, f"'{text[:50]}' is not a plain decimal number", f"write at most {MAX_DIGITS} digits")
            return int(digits)
        if tag in (_PLAIN + "str", _PLAIN + "float", _PLAIN + "timestamp"):
            return text
        raise self.error(node, f"the tag {tag} is not read", "write a plain value")
