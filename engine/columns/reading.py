"""A register on disk -> batches of columns, each row with the place it was read at; rows that cannot be read are told, not guessed."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import polars

from engine.facts.parquet import parquet_cells
from engine.facts.register_files import read_about, table_files
from engine.language import TableSpec
from engine.law import Law
from engine.problems import InputError, Problem, did_you_mean, input_error

FILE, ROW = "@file", "@row"
"""Beside the cells of a row: the number of its file among those of its table, and its number in that file, both from 0."""
PLACE = (FILE, ROW)
BLOCK_BYTES, BATCH_ROWS = 1 << 24, 1 << 18
BYTES_PER_CSV_ROW, MAX_PROBLEMS = 40, 100
Read = Callable[[], polars.DataFrame]
"""Reads a batch."""


@dataclass(frozen=True)
class Bad:
    """A row that is set aside.

    Attributes:
        column: from 1; the position in the line of a CSV file, the number of the column in a Parquet file; 0 for the whole row.
    """

    file: str
    line: int
    column: int
    message: str
    row: str

    def problem(self) -> Problem:
        return Problem(self.file, self.line, self.column, self.message)


@dataclass(frozen=True)
class Register:
    """A register that is read in batches.

    Attributes:
        files: table -> its files.
        as_of: the day it is asked about.
        cut_off: whether rows dated later are left out (the day was moved back) rather than refused.
        withheld: tables whose rows nobody has given.
    """

    law: Law
    folder: Path
    files: Mapping[str, list[Path]]
    as_of: date
    cut_off: bool
    withheld: frozenset[str]
    about: Mapping[str, Any]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the names and contents of the files and the day."""
        digest = hashlib.sha256(f"{self.as_of}\0{sorted(self.withheld)}\0".encode())
        for table, files in sorted(self.files.items()):
            for file in files:
                with file.open("rb") as opened:
                    content = hashlib.file_digest(opened, "sha256").hexdigest()
                digest.update(f"{table}\0{file.name}\0{content}\0".encode())
        return digest.hexdigest()

    def about_rows(self, table: str) -> int:
        """How many rows a table has, nearly."""
        return sum(_about_rows(file) for file in self.files[table])

    def batches(self, table: str, bad: list[Bad] | None = None, only: tuple[str, ...] = ()) -> Iterator[polars.DataFrame]:
        """The rows of a table with their places: CSV cells as text without blanks around them, Parquet cells as stored.

        Args:
            bad: where rows that cannot be read are put; None to refuse them.
            only: the columns that are wanted, of those that a file has; none for all.

        Raises:
            InputError: a file, or a row where ``bad`` is None, cannot be read.
        """
        return (read() for read in self.pieces(table, bad, only))

    def pieces(self, table: str, bad: list[Bad] | None = None, only: tuple[str, ...] = ()) -> Iterator[Read]:
        """The same, each batch for any thread to read: of Parquet files nothing is read before."""
        spec = self.law.vocabulary.tables[table]
        for number, file in enumerate(self.files.get(table, [])):
            for first, read in _csv_batches(file, spec, bad, only) if file.suffix == ".csv" else _parquet_batches(file, spec, only):
                yield partial(self._placed, spec, number, first, read)

    def _placed(self, spec: TableSpec, file: int, first: int, read: Read) -> polars.DataFrame:
        numbers = polars.int_range(first, first + polars.len(), dtype=polars.Int64)
        batch = read().with_columns(polars.lit(file, polars.Int32).alias(FILE), numbers.alias(ROW))
        return self._timely(self._by_code(batch, spec), spec)

    def empty(self, table: str) -> polars.DataFrame:
        """No row of a table, with all columns that its files have.

        Raises:
            InputError: a file cannot be read.
        """
        spec, parts = self.law.vocabulary.tables[table], []
        for file in self.files[table]:
            kinds = (
                dict.fromkeys(csv_header(file, spec), polars.String())
                if file.suffix == ".csv"
                else parquet_cells(file, spec).collect_schema()
            )
            parts.append(polars.DataFrame(schema={**kinds, FILE: polars.Int32, ROW: polars.Int64}))
        return polars.concat(parts, how="diagonal_relaxed")

    def _by_code(self, batch: polars.DataFrame, spec: TableSpec) -> polars.DataFrame:
        """Coded things may be written by their number in the list of the law."""
        changes = []
        for name in batch.columns:
            column = spec.columns.get(name)
            aliases = self._aliases.get(column.type.codes or "", {}) if column is not None else {}
            if aliases and batch.schema[name] == polars.String:
                changes.append(polars.col(name).replace(aliases))
        return batch.with_columns(changes) if changes else batch

    @cached_property
    def _aliases(self) -> dict[str, dict[str, str]]:
        return {
            name: {str(member["number"]): code for code, member in content["members"].items() if "number" in member}
            for name, content in self.law.tree["codes"].items()
        }

    def _timely(self, batch: polars.DataFrame, spec: TableSpec) -> polars.DataFrame:
        if not self.cut_off or spec.event is None or spec.event not in batch.columns:
            return batch
        later = polars.col(spec.event).cast(polars.String) > self.as_of.isoformat()
        dated = polars.col(spec.event).cast(polars.String).str.contains(r"^\d{4}-\d\d-\d\d$")
        return batch.filter(~(later & dated).fill_null(False))

    def count(self, table: str, file: int) -> int:
        """How many rows of a file can be read."""
        path = self.files[table][file]
        if path.suffix == ".csv":
            width = len(csv_header(path, self.law.vocabulary.tables[table]))
            return sum(len(cells) == width for _, cells in _records(path))
        return _about_rows(path)

    def places(self, table: str, file: int, rows: Mapping[int, Sequence[tuple[str, str]]]) -> Iterator[Bad]:
        """What is said about rows of a file (row -> columns and messages), with their line, position and text."""
        path = self.files[table][file]
        if path.suffix == ".csv":
            yield from _csv_places(path, rows)
            return
        names = list(polars.read_parquet_schema(path))
        numbers = polars.Series(ROW, sorted(rows), dtype=polars.Int64)
        found = polars.scan_parquet(path).with_row_index(ROW).filter(polars.col(ROW).is_in(numbers.implode())).collect()
        for row, *cells in found.iter_rows():
            text = ",".join("" if cell is None else str(cell) for cell in cells)
            for column, message in rows[row]:
                yield Bad(str(path), row + 1, names.index(column) + 1 if column in names else 0, message, text)


def open_register(law: Law, folder: Path, as_of: date | None, today: date) -> Register:
    """The register in ``folder``; nothing of its tables is read yet.

    Args:
        as_of: the day the question is asked, over the one that the register names; ``today`` where neither names one.

    Raises:
        InputError: the folder is not a register.
    """
    if not folder.is_dir():
        raise input_error(str(folder), 0, 0, "not a register: no such folder", "name a folder of CSV or Parquet files")
    files = table_files(folder, law.vocabulary.tables)
    said = read_about(folder, law.vocabulary, files)
    own = said.as_of or today
    return Register(law, folder, files, as_of or own, as_of is not None and as_of < own, said.withheld, said.about)


def _about_rows(file: Path) -> int:
    if file.suffix == ".csv":
        return int(file.stat().st_size) // BYTES_PER_CSV_ROW + 1
    return int(polars.scan_parquet(file).select(polars.len()).collect().item())


def _parquet_batches(file: Path, spec: TableSpec, only: tuple[str, ...]) -> Iterator[tuple[int, Read]]:
    """The number of the first row of each batch, and what reads it."""
    cells = parquet_cells(file, spec)
    if only:
        cells = cells.select(name for name in cells.collect_schema() if name in only)
    for first in range(0, _about_rows(file), BATCH_ROWS):
        yield first, cells.slice(first, BATCH_ROWS).collect


def _csv_batches(file: Path, spec: TableSpec, bad: list[Bad] | None, only: tuple[str, ...]) -> Iterator[tuple[int, Read]]:
    import pyarrow.csv  # not needed for Parquet

    header = csv_header(file, spec)
    odd: list[str] = []

    def note(row: Any) -> str:
        odd.append(row.text)
        return "skip"

    options = {
        "read_options": pyarrow.csv.ReadOptions(block_size=BLOCK_BYTES, column_names=header, skip_rows=1),
        "parse_options": pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=note),
        "convert_options": pyarrow.csv.ConvertOptions(column_types={name: pyarrow.string() for name in header}, strings_can_be_null=False),
    }
    first = 0
    try:
        for batch in pyarrow.csv.open_csv(file, **options):
            yield first, partial(_stripped, batch)
            first += batch.num_rows
            if odd and bad is None:
                break
    except pyarrow.ArrowInvalid as error:
        _check_text(file)
        if "Empty CSV" not in str(error):
            raise input_error(str(file), 0, 0, f"not valid CSV: {str(error).splitlines()[0]}", "save as comma-separated UTF-8") from None
    if odd:
        rows = list(_odd_rows(file, len(header)))
        if bad is None:
            raise InputError([row.problem() for row in rows[:MAX_PROBLEMS]])
        bad.extend(rows)


def _stripped(batch: Any) -> polars.DataFrame:
    found = polars.from_arrow(batch)
    assert isinstance(found, polars.DataFrame)
    return found.with_columns(polars.all().str.strip_chars())


def _records(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of every record after the header, empty lines left out.

    Raises:
        InputError: a quotation mark is not closed.
    """
    with file.open(encoding="utf-8-sig", newline="") as opened:
        reader = csv.reader(opened, strict=True)
        try:
            next(reader, None)
            before = reader.line_num
            for cells in reader:
                line, before = before + 1, reader.line_num
                if cells:
                    yield line, cells
        except csv.Error as error:
            raise input_error(str(file), reader.line_num, 1, f"not valid CSV: {error}", "save as comma-separated UTF-8") from None


def _odd_rows(file: Path, width: int) -> Iterator[Bad]:
    for line, cells in _records(file):
        if len(cells) != width:
            message = f"{len(cells)} fields, but the header has {width} — quote fields that contain commas"
            yield Bad(str(file), line, 1, message, ",".join(cells))


def _csv_places(file: Path, rows: Mapping[int, Sequence[tuple[str, str]]]) -> Iterator[Bad]:
    """``rows`` are counted from 0 among those that have as many fields as the header."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        header = [cell.strip() for cell in next(csv.reader(opened), [])]
    fitting = ((line, cells) for line, cells in _records(file) if len(cells) == len(header))
    for number, (line, cells) in enumerate(fitting):
        for column, message in rows.get(number, ()):
            before = cells[: header.index(column)] if column in header else []
            yield Bad(str(file), line, 1 + sum(len(cell) + 1 for cell in before), message, ",".join(cells))


def _check_text(file: Path) -> None:
    """Raise for the first line that is not UTF-8."""
    with file.open("rb") as opened:
        for number, line in enumerate(opened, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                raise input_error(str(file), number, error.start + 1, "not UTF-8 text", "save the file as UTF-8") from None


def csv_header(file: Path, spec: TableSpec) -> list[str]:
    """The names in the first line.

    Raises:
        InputError: one is empty, repeated or not a column of the table.
    """
    name = str(file)
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            header = [cell.strip() for cell in next(csv.reader(opened, strict=True), [])]
    except UnicodeDecodeError:
        _check_text(file)
        raise
    except csv.Error as error:
        raise input_error(name, 1, 1, f"not valid CSV: {error}", "save as comma-separated UTF-8") from None
    if len(set(header)) < len(header) or not all(header):
        raise input_error(name, 1, 1, "the header has an empty or repeated column name", "name each column once")
    for index, column in enumerate(header):
        if column not in spec.columns:
            position = 1 + sum(len(before) + 1 for before in header[:index])
            raise input_error(name, 1, position, f"{spec.name} has no column '{column}'", did_you_mean(column, spec.columns))
    return header
