"""The rows of a divided register by partition, each whole number in the width that it needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars

from engine.columns.asking import Decider, Known
from engine.columns.column import span_of
from engine.columns.dividing import HOSTS, OWNER, PART, WHOLE, Division, Tables
from engine.columns.reading import Bad, Register
from engine.columns.threads import in_turn

FLUSH_ROWS = 1_000_000
"""How many rows wait in memory, in all, before they are written to their partitions."""
WIDTHS = {polars.Int8: 2**7, polars.Int16: 2**15, polars.Int32: 2**31, polars.Int64: 2**63}


class Spill:
    """The rows of a register by partition: in memory where there is one, on disk where there are several.

    Args:
        folder: where they are on disk; None to keep them in memory.
        forms: table -> none of its rows, in the types that hold all of them.
    """

    def __init__(self, folder: Path | None, forms: Tables | None = None) -> None:
        self.folder, self.forms = folder, forms or {}
        self.waiting: dict[tuple[str, str], list[polars.DataFrame]] = {}
        self.rows, self.files = 0, 0

    @classmethod
    def found(cls, folder: Path) -> Spill:
        """What an interrupted run left."""
        return cls(folder, {file.stem: polars.read_ipc(file) for file in sorted(folder.glob("*.arrow"))})

    def add(self, part: str, table: str, rows: polars.DataFrame) -> None:
        self.waiting.setdefault((part, table), []).append(rows)
        self.rows += len(rows)
        if self.folder is not None and self.rows >= FLUSH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self.folder is None:
            return
        while self.waiting:
            (part, table), batches = self.waiting.popitem()
            target = self.folder / part / table
            target.mkdir(parents=True, exist_ok=True)
            rows = polars.concat(batches, how="diagonal_relaxed")
            worth = polars.String in rows.dtypes  # texts repeat; numbers cost more to compress than to write
            rows.write_ipc(target / f"{self.files:06}.arrow", compression="lz4" if worth else "uncompressed")
        self.rows, self.files = 0, self.files + 1

    def finish(self) -> None:
        """Write what waits, and in which types it is to be read again."""
        self.flush()
        if self.folder is not None:
            self.folder.mkdir(exist_ok=True)
            for table, form in self.forms.items():
                form.write_ipc(self.folder / f"{table}.arrow")

    def load(self, part: str) -> dict[str, list[polars.DataFrame]]:
        """The rows of a partition by table, without what all need."""
        if self.folder is None:
            return {table: rows for (p, table), rows in self.waiting.items() if p == part}
        folders = sorted((self.folder / part).iterdir()) if (self.folder / part).is_dir() else []
        return {folder.name: [polars.read_ipc(file) for file in sorted(folder.iterdir())] for folder in folders}


def spill(register: Register, division: Division, folder: Path | None, bad: list[Bad] | None, decider: Decider) -> tuple[Spill, Known]:
    """Send every row to its partition; with what is known of all rows, where wrong ones are refused.

    Args:
        bad: where rows that cannot be read are put; None to refuse them.

    Raises:
        InputError: a row cannot be read, and ``bad`` is None.
    """
    found, known = Spill(folder), Known()
    for table in register.files:
        form = polars.DataFrame()
        for sent in in_turn(partial(_sent, division, decider if bad is None else None, table), register.batches(table, bad)):
            known |= sent.known
            form = sent.form if form.schema == sent.form.schema else polars.concat([form, sent.form], how="diagonal_relaxed")
            for part, rows in sent.rows:
                found.add(part, table, rows)
        found.forms[table] = polars.concat([form, register.empty(table).drop(form.columns, strict=False)], how="diagonal")
    found.finish()
    return found, known


@dataclass(frozen=True)
class _Sent:
    """A batch by partition.

    Attributes:
        form: none of its rows.
    """

    known: Known
    form: polars.DataFrame
    rows: list[tuple[str, polars.DataFrame]]


def _sent(division: Division, decider: Decider | None, table: str, batch: polars.DataFrame) -> _Sent:
    batch = narrowed(batch)
    known = Known() if decider is None else decider.known(table, batch)
    return _Sent(known, batch.clear(), list(division.route(table, batch)))


def narrowed(rows: polars.DataFrame) -> polars.DataFrame:
    """The same whole numbers in no more bits than they need."""
    changes = []
    for column in rows.iter_columns():
        if column.dtype.is_integer():
            least, most = span_of(column) or (0, 0)
            width = next((kind for kind, limit in WIDTHS.items() if -limit <= least and most < limit), column.dtype)
            if width != column.dtype and len(column):
                changes.append(column.cast(width))
    return rows.with_columns(changes) if changes else rows


def partition(division: Division, found: Spill, part: int) -> Tables:
    """All rows that a partition needs, with their places; every table of the register with all of its columns."""
    tables = {table: [form] for table, form in found.forms.items()}
    for table, rows in (*found.load(str(part)).items(), *found.load(WHOLE).items()):
        tables[table] += rows
    for table, rows in found.load(HOSTS).items():
        here, column = division.keys(table).filter(polars.col(PART) == part)[OWNER], polars.col(division.routes.column(table) or "")
        tables[table] += [own.filter(~column.cast(polars.String).is_in(here.implode())) for own in rows]
    return {table: polars.concat(parts, how="diagonal_relaxed", rechunk=True) for table, parts in tables.items()}
