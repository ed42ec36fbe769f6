"""Which files of a register's folder hold which table: one CSV or Parquet file, or a folder of such parts."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from engine.law.files import within
from engine.problems import did_you_mean, input_error

ABOUT_FILE = "register.yaml"
KINDS = (".csv", ".parquet")


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
