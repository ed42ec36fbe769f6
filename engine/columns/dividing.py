"""A register divided into partitions, none of which needs rows of another: all installations of an operator stay together,
and so do operators whose installations use the same lot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars

from engine.columns.reading import PLACE, Bad, Register
from engine.columns.routing import Routes

HASH_ROWS = 4_000_000
"""How many rows are held at once while references between tables are compared."""
FLUSH_ROWS = 1_000_000
"""How many rows wait in memory, in all, before they are written to their partitions."""
OWNER, GROUP, TOGETHER, PART = "@owner", "@group", "@together", "@part"
WHOLE, HOSTS = "whole", "hosts"
NOBODY = ("", "unknown", "none")

Tables = dict[str, polars.DataFrame]


@dataclass(frozen=True)
class Division:
    """The partition of each installation.

    Attributes:
        parts: how many.
        owners: OWNER (key of the base table), GROUP (its operator), TOGETHER (one for all operators that hang together) and PART.
        hosts: keys of the base table that rows of nobody refer to.
    """

    routes: Routes
    parts: int
    owners: polars.DataFrame
    hosts: polars.Series

    def route(self, table: str, batch: polars.DataFrame) -> Iterator[tuple[str, polars.DataFrame]]:
        """The rows of a batch by the name of their partition; WHOLE for rows that all need, HOSTS for copies for all others."""
        column = self.routes.column(table)
        if column is None or column not in batch.columns:
            yield WHOLE, batch
            return
        yield from _split(batch, column, self.keys(table))
        if len(self.hosts) and (table in (self.routes.base, self.routes.grouped) or table in self.routes.host_tables):
            near = self.owners.filter(polars.col(OWNER).is_in(self.hosts.implode()))
            wanted = near[GROUP] if table == self.routes.grouped else near[OWNER]
            copies = batch.filter(polars.col(column).cast(polars.String).is_in(wanted.implode()))
            if len(copies):
                yield HOSTS, copies

    def keys(self, table: str) -> polars.DataFrame:
        """What the rows of a table are sent by (OWNER), and where (PART)."""
        if table == self.routes.grouped:
            return self.owners.unique(GROUP).select(polars.col(GROUP).alias(OWNER), PART)
        return self.owners.select(OWNER, PART)

    def roots(self, part: int) -> polars.Series:
        """The keys of the base table that are decided in a partition."""
        return self.owners.filter(polars.col(PART) == part)[OWNER]


def _split(batch: polars.DataFrame, column: str, parts: polars.DataFrame) -> Iterator[tuple[str, polars.DataFrame]]:
    """Rows whose key is in no partition go to the first: there it is found that they belong to nobody."""
    runs = batch[column].rle_id()  # the same id time and again is looked up once
    ids = batch[column].filter(runs.diff().fill_null(1) > 0).cast(polars.String)
    found = polars.DataFrame({OWNER: ids}).join(parts, on=OWNER, how="left", maintain_order="left")[PART].fill_null(0)
    routed = batch.with_columns(found.gather(runs).alias(PART))
    for key, rows in routed.partition_by(PART, as_dict=True, include_key=False, maintain_order=True).items():
        yield str(key[0]), rows


def divide(register: Register, parts: int, bad: list[Bad] | None) -> Division:
    """Find the partition of every installation, in memory for the installations and a bounded number of other rows.

    Raises:
        InputError: a file cannot be read.
    """
    routes = Routes.of(register.law)
    owners = _owners(register, routes, bad)
    pairs = [pair for link in routes.links for pair in _pairs(register, routes, link, owners, bad)]
    together = polars.col(GROUP).replace(components(pairs)) if pairs else polars.col(GROUP)
    owners = owners.with_columns(together.alias(TOGETHER))
    owners = owners.with_columns((polars.col(TOGETHER).hash(0) % parts).cast(polars.Int64).alias(PART))
    return Division(routes, parts, owners, _hosts(register, routes, bad))


def _owners(register: Register, routes: Routes, bad: list[Bad] | None) -> polars.DataFrame:
    found = [polars.DataFrame(schema={OWNER: polars.String, GROUP: polars.String})]
    for batch in register.batches(routes.base, None if bad is None else [], (routes.key, routes.group or routes.key)):
        if routes.key not in batch.columns:
            continue
        group = routes.group if routes.group in batch.columns else None
        rows = batch.select(
            polars.col(routes.key).cast(polars.String).alias(OWNER),
            (polars.col(group) if group else polars.lit(None)).cast(polars.String).alias(GROUP),
        )
        alone = polars.col(GROUP).is_null() | polars.col(GROUP).is_in(NOBODY)
        found.append(rows.with_columns(polars.when(alone).then("\0" + polars.col(OWNER)).otherwise(polars.col(GROUP)).alias(GROUP)))
    return polars.concat(found).unique(OWNER, keep="first", maintain_order=True)


def _pairs(
    register: Register, routes: Routes, link: tuple[str, str, str], owners: polars.DataFrame, bad: list[Bad] | None
) -> Iterator[tuple[str, str]]:
    """Pairs of operators of whom one refers to a row of the other, or who both have a row of the same key."""
    table, column, other = link
    key = register.law.vocabulary.tables[other].key[0]
    quiet: list[Bad] | None = None if bad is None else []
    passes = 1 + register.about_rows(other) // HASH_ROWS if other in register.files else 0
    for number in range(passes):
        rows = _keyed(register, other, key, routes.owned[other], passes, number, quiet)
        users = _keyed(register, table, column, routes.owned[table], passes, number, quiet)
        targets = rows.join(owners, on=OWNER).select("@key", GROUP)
        first = targets.unique("@key", keep="first", maintain_order=True)
        for found in (targets, users.join(owners, on=OWNER).select("@key", GROUP)):
            linked = found.join(first, on="@key", suffix="2").filter(polars.col(GROUP) != polars.col(f"{GROUP}2"))
            yield from linked.select(GROUP, f"{GROUP}2").unique().iter_rows()


def _keyed(register: Register, table: str, column: str, owner: str, passes: int, number: int, bad: list[Bad] | None) -> polars.DataFrame:
    found = [polars.DataFrame(schema={"@key": polars.String, OWNER: polars.String})]
    for batch in register.batches(table, bad, (column, owner)):
        if column in batch.columns and owner in batch.columns:
            rows = batch.select(polars.col(column).cast(polars.String).alias("@key"), polars.col(owner).cast(polars.String).alias(OWNER))
            found.append(rows.filter(polars.col("@key").hash(0) % passes == number))
    return polars.concat(found)


def components(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Each operator that is in a pair -> one that stands for all who hang together."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = name = parent[parent[name]]
        return name

    for one, other in sorted(pairs):
        parent[max(root(one), root(other))] = min(root(one), root(other))
    return {name: root(name) for name in list(parent)}


def _hosts(register: Register, routes: Routes, bad: list[Bad] | None) -> polars.Series:
    found = [polars.Series(OWNER, [], dtype=polars.String)]
    for table, column in routes.hosts:
        for batch in register.batches(table, None if bad is None else [], (column,)):
            if column in batch.columns:
                found.append(batch[column].cast(polars.String).alias(OWNER).drop_nulls())
    named = polars.concat(found).unique(maintain_order=True)
    return named.filter(~named.is_in(NOBODY))


class Spill:
    """The rows of a register by partition: in memory where there is one, on disk where there are several."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.waiting: dict[tuple[str, str], list[polars.DataFrame]] = {}
        self.rows, self.files = 0, 0

    def add(self, part: str, table: str, rows: polars.DataFrame) -> None:
        self.waiting.setdefault((part, table), []).append(rows)
        self.rows += len(rows)
        if self.folder is not None and self.rows >= FLUSH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self.folder is None:
            return
        for (part, table), batches in self.waiting.items():
            target = self.folder / part / table
            target.mkdir(parents=True, exist_ok=True)
            rows = polars.concat(batches, how="diagonal_relaxed")
            worth = polars.String in rows.dtypes  # texts repeat; numbers cost more to compress than to write
            rows.write_ipc(target / f"{self.files:06}.arrow", compression="lz4" if worth else "uncompressed")
            self.files += 1
        self.waiting, self.rows = {}, 0

    def load(self, part: str) -> Tables:
        """The tables of a partition, without what all need."""
        if self.folder is None:
            return {table: polars.concat(rows, how="diagonal_relaxed") for (p, table), rows in self.waiting.items() if p == part}
        folders = sorted((self.folder / part).iterdir()) if (self.folder / part).is_dir() else []
        return {
            folder.name: polars.concat([polars.read_ipc(f) for f in sorted(folder.iterdir())], how="diagonal_relaxed") for folder in folders
        }


def spill(register: Register, division: Division, folder: Path | None, bad: list[Bad] | None, seen: Callable[[str, Any], None]) -> Spill:
    """Send every row to its partition.

    Args:
        seen: told of every batch, with its table.

    Raises:
        InputError: a row cannot be read, and ``bad`` is None.
    """
    found = Spill(folder)
    for table in register.files:
        for batch in register.batches(table, bad):
            seen(table, batch)
            for part, rows in division.route(table, batch):
                found.add(part, table, rows)
    found.flush()
    return found


def partition(register: Register, division: Division, found: Spill, part: int) -> Tables:
    """All rows that a partition needs, with their places; every table of the register with all of its columns."""
    tables = {table: [register.empty(table)] for table in register.files}
    for table, rows in (*found.load(str(part)).items(), *found.load(WHOLE).items()):
        tables[table].append(rows)
    for table, rows in found.load(HOSTS).items():
        here = division.keys(table).filter(polars.col(PART) == part)[OWNER]
        tables[table].append(rows.filter(~polars.col(division.routes.column(table) or "").cast(polars.String).is_in(here.implode())))
    return {table: polars.concat(parts, how="diagonal_relaxed") for table, parts in tables.items()}


def without_places(tables: Mapping[str, polars.DataFrame]) -> dict[str, Any]:
    """The cells alone."""
    return {table: rows.drop(PLACE, strict=False) for table, rows in tables.items()}
