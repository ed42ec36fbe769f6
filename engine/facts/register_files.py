"""The folder of a register: which files hold which table, and what `register.yaml` says of them all."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from engine import SCHEMAS
from engine.facts.building import ABOUT, FactsBuilder, RawRow, read_as_of
from engine.facts.csv_rows import csv_rows
from engine.facts.rows import Facts
from engine.language import TableSpec, Vocabulary
from engine.law.files import within
from engine.problems import did_you_mean, input_error

if TYPE_CHECKING:
    from engine.law.documents import Document

ABOUT_FILE, ABOUT_SCHEMA = "register.yaml", "register"
KINDS = (".csv", ".parquet")


class About(NamedTuple):
    """What a register says of itself.

    Attributes:
        as_of: the day that it is asked about; None where it names none.
        withheld: tables whose rows nobody has given.
        about: title, source and note.
    """

    as_of: date | None
    withheld: frozenset[str]
    about: Mapping[str, Any]


def read_register(folder: Path, vocabulary: Vocabulary, aliases: Mapping[str, Mapping[str, str]], as_of: date | None, today: date) -> Facts:
    """The facts of a register; arguments and errors as in `engine.facts.load_facts`."""
    builder = FactsBuilder(vocabulary, aliases)
    for table, files in table_files(folder, vocabulary.tables).items():
        for file in files:
            builder.add(table, _rows_of(file, vocabulary.tables[table]))
    said = read_about(folder, vocabulary, builder.raw)
    builder.withheld |= said.withheld
    own = said.as_of or today
    return builder.build(as_of or own, as_of is not None and as_of < own, said.about)


def _rows_of(file: Path, spec: TableSpec) -> Iterator[RawRow]:
    if file.suffix == ".csv":
        return csv_rows(file, spec)
    from engine.facts.parquet import parquet_rows

    return parquet_rows(file, spec)


def read_about(folder: Path, vocabulary: Vocabulary, given: Collection[str]) -> About:
    """What `register.yaml` says, if it is there; its form is schemas/register.schema.json.

    Args:
        given: the tables that the register has.

    Raises:
        InputError: with the place of everything that is wrong.
    """
    if (folder / "register.yml").exists():
        raise input_error(str(folder / "register.yml"), 0, 0, "this file would not be read", f"call it {ABOUT_FILE}")
    file = folder / ABOUT_FILE
    if not file.is_file():
        return About(None, frozenset(), {})
    from engine.law.schemas import schema  # most registers have no such file
    from engine.law.yaml_files import read_yaml

    document = read_yaml(file, str(file))
    schema(SCHEMAS, ABOUT_SCHEMA).admit(document)
    written = document.data.get("as_of")
    as_of = read_as_of(written, document.file, document.at(("as_of",))) if written else None
    about = {key: document.data[key] for key in ABOUT if key in document.data}
    return About(as_of, _withheld(document, vocabulary, given), about)


def _withheld(document: Document, vocabulary: Vocabulary, given: Collection[str]) -> frozenset[str]:
    """`unknown: [reports, …]`: tables whose rows nobody has given."""
    written = document.data.get("unknown", [])
    names = written if isinstance(written, list) else [written]
    for index, name in enumerate(names):
        line, column = document.at(("unknown", index))
        if name not in vocabulary.tables:
            raise input_error(document.file, line, column, f"no table '{name}'", did_you_mean(str(name), vocabulary.tables))
        if name in given:
            raise input_error(
                document.file, line, column, f"'{name}' is said to be unknown, but {name}.csv is there", "remove one of the two"
            )
    return frozenset(str(name) for name in names)


def table_files(folder: Path, tables: Collection[str]) -> dict[str, list[Path]]:
    """The files of each table that the register has, in the order of their names.

    Raises:
        InputError: the folder has no table, a file or folder names none, or a table is there in two forms.
    """
    found: dict[str, list[Path]] = {}
    home = folder.resolve()
    for entry in sorted(folder.iterdir()):
        if entry.suffix.lower() in KINDS and entry.suffix not in KINDS:
            raise input_error(str(entry), 0, 0, "this file would not be read", f"call it {entry.stem}{entry.suffix.lower()}")
        parts = [entry] if entry.suffix in KINDS and not entry.is_dir() else _parts(entry) if entry.is_dir() else []
        if not parts:
            continue
        name = entry.name if entry.is_dir() else entry.stem
        if name not in tables:
            raise input_error(str(entry), 0, 0, f"no table '{name}'", did_you_mean(name, tables))
        if name in found:
            raise input_error(str(entry), 0, 0, f"the table '{name}' is there twice", f"keep this or {found[name][0]}")
        if len({part.suffix for part in parts}) > 1:
            raise input_error(str(entry), 0, 0, "CSV and Parquet files are mixed", "write all parts of a table in one form")
        for part in parts:
            within(part, home)
        found[name] = parts
    if not found:
        raise input_error(
            str(folder),
            0,
            0,
            "a register is a folder of CSV or Parquet files, and this one has none",
            "add installations.csv, emissions.csv, …",
        )
    return found


def _parts(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in KINDS and not path.is_dir())
