"""The rows of a CSV file, each cell with the place where it stands."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from engine.facts.building import RawRow
from engine.language import TableSpec
from engine.law.files import read_text
from engine.problems import did_you_mean, input_error

MAX_FIELD, MAX_LINE = 16_384, 200_000


def csv_rows(file: Path, spec: TableSpec) -> Iterator[RawRow]:
    """The rows of a table's file, cells without the white space around them.

    Raises:
        InputError: it is not CSV, or has a column that the table lacks.
    """
    name, columns = str(file), spec.columns
    csv.field_size_limit(MAX_FIELD)
    lines = _Lines(read_text(file, name))
    reader = csv.reader(lines, strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        first, written = lines.record()
        if not header:
            raise input_error(name, 1, 1, "the file has no header", f"name columns on the first line: {', '.join(columns)}")
        if len(set(header)) < len(header) or not all(header):
            raise input_error(name, 1, 1, "the header has an empty or repeated column name", "name each column once")
        for index, column in enumerate(header):
            if column not in columns:
                place = _places(written, first)[index]
                raise input_error(name, *place, f"{spec.name} has no column '{column}'", did_you_mean(column, columns))
        for cells in reader:
            first, written = lines.record()
            if not cells:
                continue
            if len(cells) != len(header):
                problem = f"{len(cells)} fields, but the header has {len(header)}"
                raise input_error(name, first, 1, problem, "quote fields that contain commas")
            values = dict(zip(header, (cell.strip() for cell in cells), strict=True))
            yield RawRow(values, name, first, _CellPlaces(tuple(header), written, first))
    except csv.Error as error:
        raise input_error(name, lines.number, 1, f"not valid CSV: {error}", "save as comma-separated UTF-8") from None


class _Lines:
    """The lines of a text; remembers those of the record that is being read."""

    def __init__(self, text: str) -> None:
        self.lines = io.StringIO(text, newline="")
        self.number, self.taken = 0, list[str]()

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.lines.readline(MAX_LINE + 1)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) > MAX_LINE:
            raise csv.Error(f"a line of more than {MAX_LINE:,} characters")
        self.taken.append(line)
        return line

    def record(self) -> tuple[int, str]:
        """The number of the first line read since the last call, and all that was read."""
        first, text = self.number - len(self.taken) + 1, "".join(self.taken)
        self.taken.clear()
        return first, text


class _CellPlaces(Mapping[str, tuple[int, int]]):
    """Line and column of each cell of a record, found when one is asked for."""

    def __init__(self, header: tuple[str, ...], text: str, line: int) -> None:
        self.header, self.text, self.line = header, text, line

    def __getitem__(self, column: str) -> tuple[int, int]:
        if column not in self.header:
            raise KeyError(column)
        return _places(self.text, self.line)[self.header.index(column)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.header)

    def __len__(self) -> int:
        return len(self.header)


def _places(text: str, line: int) -> list[tuple[int, int]]:
    """Where each field of a record begins: (line, column), both from 1."""
    starts, quoted, begins = [0], False, True
    for index, character in enumerate(text):
        if character == '"' and (quoted or begins or text[index - 1] == '"'):
            quoted = not quoted
        elif character == "," and not quoted:
            starts.append(index + 1)
        begins = character == "," and not quoted
    return [(line + _breaks(text, start), start - _line_start(text, start) + 1) for start in starts]


def _breaks(text: str, end: int) -> int:
    before = text[:end]
    return before.count("\n") + before.count("\r") - before.count("\r\n")


def _line_start(text: str, end: int) -> int:
    return max(text.rfind("\n", 0, end), text.rfind("\r", 0, end)) + 1
