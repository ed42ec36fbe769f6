"""A register divided into partitions, none of which needs rows of another: all installations of an operator stay together,
and so do operators whose installations use the same lot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any

import numpy
import polars

from engine.columns.grouping import Array
from engine.columns.naming import Ids
from engine.columns.reading import PLACE, Bad, Register
from engine.columns.routing import Routes

HASH_ROWS = 4_000_000
"""How many rows are held at once while references between tables are compared."""
OWNER, GROUP, TOGETHER, PART = "@owner", "@group", "@together", "@part"
WHOLE, HOSTS = "whole", "hosts"
NOBODY = ("", "unknown", "none")

Tables = dict[str, polars.DataFrame]
Range = tuple[str, int, int]
"""Of rows that go to one partition: its name, the first of them and the one after the last."""


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
    _sent: dict[bool, tuple[Ids, Array]] = field(default_factory=dict, compare=False, repr=False)
    _making: Lock = field(default_factory=Lock, compare=False, repr=False)

    def route(self, table: str, batch: polars.DataFrame) -> Iterator[tuple[str, polars.DataFrame]]:
        """The rows of a batch by the name of their partition; WHOLE for rows that all need, HOSTS for copies for all others."""
        for order, ranges in self.sent(table, batch):
            rows = batch if order is None else batch[order]
            for part, first, end in ranges:
                yield part, rows.slice(first, end - first)

    def sent(self, table: str, batch: polars.DataFrame) -> Iterator[tuple[Array | None, list[Range]]]:
        """The same as places of rows in the batch (None: all as they stand), those of each partition as one range of these."""
        column = self.routes.column(table)
        if column is None or column not in batch.columns:
            yield None, [(WHOLE, 0, len(batch))]
            return
        yield self._split(table, batch[column])
        if len(self.hosts) and (table in (self.routes.base, self.routes.grouped) or table in self.routes.host_tables):
            near = self.owners.filter(polars.col(OWNER).is_in(self.hosts.implode()))
            wanted = near[GROUP] if table == self.routes.grouped else near[OWNER]
            copies = batch[column].cast(polars.String).is_in(wanted.implode()).arg_true().to_numpy()
            if len(copies):
                yield copies, [(HOSTS, 0, len(copies))]

    def keys(self, table: str) -> polars.DataFrame:
        """What the rows of a table are sent by (OWNER), and where (PART)."""
        if table == self.routes.grouped:
            return self.owners.unique(GROUP).select(polars.col(GROUP).alias(OWNER), PART)
        return self.owners.select(OWNER, PART)

    def _split(self, table: str, keys: polars.Series) -> tuple[Array, list[Range]]:
        """Rows whose key is in no partition go to the first: there it is found that they belong to nobody."""
        ids, parts = self._places(table == self.routes.grouped)
        sent = parts.take(ids.rows(keys))
        many = numpy.bincount(sent)
        ends = numpy.cumsum(many)
        ranges = [(str(part), int(ends[part] - many[part]), int(ends[part])) for part in numpy.flatnonzero(many)]
        return numpy.argsort(sent, kind="stable"), ranges

    def _places(self, grouped: bool) -> tuple[Ids, Array]:
        """Where each key stands, and the partition of each and of none of them; made once for all tables and threads."""
        with self._making:
            if grouped not in self._sent:
                known, kind = self.keys((self.routes.grouped if grouped else None) or self.routes.base), numpy.min_scalar_type(self.parts)
                self._sent[grouped] = Ids(known[OWNER]), numpy.append(known[PART].to_numpy().astype(kind), kind.type(0))
            return self._sent[grouped]

    def forget(self) -> None:
        """Let go of what rows are sent by; it is made again for who asks."""
        self._sent.clear()

    def roots(self, part: int) -> polars.Series:
        """The keys of the base table that are decided in a partition."""
        order, starts = self._order
        return self.owners[OWNER].gather(order[starts[part] : starts[part + 1]])

    @cached_property
    def _order(self) -> tuple[Array, Array]:
        """Where the keys of one partition after the other stand, and where each partition begins among them."""
        parts = self.owners[PART].to_numpy().astype(numpy.min_scalar_type(self.parts))  # which numpy sorts by counting
        return numpy.argsort(parts, kind="stable").astype(numpy.uint32), numpy.append(0, numpy.cumsum(numpy.bincount(parts, minlength=self.parts)))


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
    owners = polars.concat(found, rechunk=True)
    return owners if owners[OWNER].n_unique() == len(owners) else owners.unique(OWNER, keep="first", maintain_order=True)


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


def without_places(tables: Mapping[str, polars.DataFrame]) -> dict[str, Any]:
    """The cells alone."""
    return {table: rows.drop(PLACE, strict=False) for table, rows in tables.items()}
