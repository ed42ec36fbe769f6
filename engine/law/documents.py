"""A file that was read: its data, and where everything in it stands. Needs no reader of YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Path_ = tuple[Any, ...]
_ESCAPED_SPACE = frozenset(" \n\r\tnrtvf_NLP")
_ESCAPE_LENGTHS = {"x": 4, "u": 6, "U": 10}


class Document(NamedTuple):
    """A parsed file.

    Attributes:
        data: plain data.
        marks: for each path in it the line and column (from 1) where it stands; with `@value` added, where its value does.
        text: the file.
        spans: for each text that is quoted or runs over several lines, where it begins and ends in ``text``.
    """

    file: str
    data: Any
    marks: dict[Path_, tuple[int, int]]
    text: str = ""
    spans: Mapping[Path_, tuple[int, int]] = {}

    def at(self, path: Path_) -> tuple[int, int]:
        """The place of the nearest enclosing element that has one."""
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks.get(path, (1, 1))

    def runs(self, path: Path_) -> list[tuple[int, int, int]]:
        """Where the characters of a text stand: (first character, from 0; its line; its column), a run for each change of line."""
        line, column = self.at((*path, "@value"))
        if path not in self.spans:
            return [(0, line, column)]
        value = self.data
        for step in path:
            value = value[step]
        start, end = self.spans[path]
        return list(_runs(value, self.text[start:end], line, column))


def _runs(value: str, source: str, line: int, column: int) -> Iterator[tuple[int, int, int]]:
    """Walks a text and the way it was written side by side; only white space and escapes can differ."""
    style, shift = source[0], None
    position = source.find("\n") + 1 if style in "|>" else 1 if style in "'\"" else 0
    for offset, character in enumerate(value):
        if character.isspace():
            continue
        while source[position].isspace() or (style == '"' and source[position] == "\\" and source[position + 1] in _ESCAPED_SPACE):
            position += 1 if source[position].isspace() else 2
        before = source.rfind("\n", 0, position)
        place = (line + source.count("\n", 0, position), position - before if before >= 0 else column + position)
        if shift != (place[0], place[1] - offset):
            shift = (place[0], place[1] - offset)
            yield offset, *place
        position += _written_length(source, position, style)


def _written_length(source: str, position: int, style: str) -> int:
    """How many characters of the source stand for one of the text."""
    if style == "'" and source.startswith("''", position):
        return 2
    if style == '"' and source[position] == "\\":
        return _ESCAPE_LENGTHS.get(source[position + 1], 2)
    return 1
