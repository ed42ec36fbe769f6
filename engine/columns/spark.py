"""The same register on a Spark cluster: rows shuffled so that an operator's stay together, the kernel in each task by `mapInArrow`.

Spark reads, shuffles, retries and writes; a task holds one part at a time. Plans are decided from rows shuffled by plan.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import polars
import pyarrow

from engine.columns import bad_rows, decide, doubts_of, schema_of
from engine.columns.dividing import NOBODY, components
from engine.columns.others import read_by
from engine.columns.reading import Register
from engine.columns.routing import Routes
from engine.law import Law
from engine.problems import InputError, Problem, input_error
from engine.proving import Inquiry

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

PART, TABLE, CELLS, ENTITY = "part", "table", "cells", "entity"
ROWS_PER_PART = 1_000_000
PLAIN = {polars.Int64: "bigint", polars.Int32: "int", polars.Boolean: "boolean", polars.Date: "date", polars.Int128: "decimal(38,0)"}
Doubts = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Task:
    """What a task is told, small enough to be sent to each: the law as data, the question, and what is known of the whole register.

    Attributes:
        columns: table -> the columns that the register has.
        hosts: keys of the main table that are in a part only to be looked at.
    """

    tree: Mapping[str, Any]
    digest: str
    inquiry: Inquiry
    as_of: date
    columns: Mapping[str, tuple[str, ...]]
    withheld: frozenset[str]
    doubts: Doubts
    reasons: bool
    roots: tuple[str, ...]

    def law(self) -> Law:
        return Law(dict(self.tree), self.digest)


def session() -> SparkSession:
    """The Spark that the environment names (`spark-submit`, `spark-defaults.conf`, `PYSPARK_SUBMIT_ARGS`), else one on this machine.

    Raises:
        InputError: PySpark is not installed.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise InputError([Problem("--on", 0, 0, "PySpark is not installed", "pip install 'kazets[spark]'")]) from None
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return SparkSession.builder.appName("kazets").config("spark.ui.showConsoleProgress", False).getOrCreate()


class Cluster:
    """A register on Spark.

    Args:
        parts: how many parts; None for one for each million rows.
    """

    def __init__(self, spark: SparkSession, law: Law, register: Register, inquiry: Inquiry, reasons: bool, parts: int | None) -> None:
        self.spark, self.law, self.register, self.inquiry, self.reasons = spark, law, register, inquiry, reasons
        self.routes = Routes.of(law)
        self.tables = {table: self._read(table) for table in register.files}
        self.parts = parts or 1 + sum(register.about_rows(table) for table in register.files) // ROWS_PER_PART
        spark.conf.set("spark.sql.shuffle.partitions", max(self.parts, spark.sparkContext.defaultParallelism))

    def _read(self, table: str) -> DataFrame:
        from pyspark.sql import functions as f

        files = [str(file) for file in self.register.files[table]]
        spec = self.law.vocabulary.tables[table]
        if files[0].endswith(".csv"):
            reader = self.spark.read.option("header", True).option("multiLine", True).option("quote", '"').option("escape", '"')
            frame = reader.option("mode", "FAILFAST").option("inferSchema", False).csv(files)
        else:
            frame = self.spark.read.option("mergeSchema", True).parquet(*files)
        for name in frame.columns:
            if name not in spec.columns:
                raise input_error(files[0], 0, 0, f"{table} has no column '{name}'", "see `kazets determine` without --on")
        frame = frame.select(*(f.trim(f.col(f"`{name}`").cast("string")).alias(name) for name in frame.columns))
        if self.register.cut_off and spec.event in frame.columns:
            day = f.col(spec.event)
            frame = frame.where(~f.coalesce(day.rlike(r"^\d{4}-\d\d-\d\d$") & (day > self.register.as_of.isoformat()), f.lit(False)))
        return frame

    # -- who is decided together --------------------------------------------------------------------------------

    def owners(self) -> DataFrame:
        """key, group, together and part of every row of the main table."""
        from pyspark.sql import functions as f

        routes, base = self.routes, self.tables[self.routes.base]
        key = f.col(routes.key)
        group = f.col(routes.group) if routes.group in base.columns else f.lit(None).cast("string")
        alone = group.isNull() | group.isin(*NOBODY)
        owners = base.select(key.alias("key"), f.when(alone, f.concat(f.lit("\0"), key)).otherwise(group).alias("group")).dropDuplicates(
            ["key"]
        )
        pairs = [tuple(row) for link in routes.links for row in self._pairs(link, owners)]
        found = components([(str(one), str(other)) for one, other in pairs])
        if found:
            roots = self.spark.createDataFrame(list(found.items()), "`group` string, together string")
            owners = owners.join(f.broadcast(roots), "group", "left").withColumn("together", f.coalesce("together", "group"))
        else:
            owners = owners.withColumn("together", f.col("group"))
        return owners.select("key", "group", "together", f.pmod(f.xxhash64("together"), f.lit(self.parts)).cast("int").alias(PART))

    def _pairs(self, link: tuple[str, str, str], owners: DataFrame) -> list[Any]:
        """Groups of whom one refers to a row of the other, or who both have a row of the same key."""
        from pyspark.sql import functions as f

        table, column, other = link
        if table not in self.tables or other not in self.tables or column not in self.tables[table].columns:
            return []
        key = self.law.vocabulary.tables[other].key[0]

        def grouped(name: str, by: str) -> DataFrame:
            frame = self.tables[name].select(f.col(by).alias("@key"), f.col(self.routes.owned[name]).alias("key"))
            return frame.join(owners, "key").select("@key", "group")

        targets = grouped(other, key)
        users = grouped(table, column).union(targets).withColumnRenamed("group", "other")
        found: list[Any] = users.join(targets, "@key").where(f.col("group") != f.col("other")).select("group", "other").distinct().collect()
        return found

    def shuffled(self, owners: DataFrame, hosts: list[str]) -> DataFrame:
        """Every row that the main entity is decided from, as (part, table, cells), those of a part together."""
        from pyspark.sql import functions as f

        all_parts = self.spark.range(self.parts).select(f.col("id").cast("int").alias(PART))
        sent = [
            self._row(table, all_parts.crossJoin(f.broadcast(frame)))
            for table, frame in self.tables.items()
            if self.routes.column(table) is None
        ]
        for table, frame in self.tables.items():
            column = self.routes.column(table)
            if column is None:
                continue
            by = "group" if table == self.routes.grouped else "key"
            places = owners.select(f.col(by).alias("@place"), PART).distinct()
            placed = frame.join(places, f.col(column) == f.col("@place"), "left").withColumn(PART, f.coalesce(PART, f.lit(0)))
            sent.append(self._row(table, placed))
            if hosts and (table in (self.routes.base, self.routes.grouped) or table in self.routes.host_tables):
                near = owners.where(f.col("key").isin(hosts)).select(f.col(by).alias("@place"), f.col(PART).alias("@own")).distinct()
                copies = (
                    frame.join(f.broadcast(near), f.col(column) == f.col("@place")).crossJoin(all_parts).where(f.col(PART) != f.col("@own"))
                )
                sent.append(self._row(table, copies))
        union = sent[0]
        for frame in sent[1:]:
            union = union.unionAll(frame)
        return union.repartition(self.parts, PART).sortWithinPartitions(PART, TABLE)

    def _row(self, table: str, frame: DataFrame) -> DataFrame:
        from pyspark.sql import functions as f

        cells = f.to_json(f.struct(*(f.col(f"`{name}`") for name in self.tables[table].columns)))
        return frame.select(f.col(PART).cast("int").alias(PART), f.lit(table).alias(TABLE), cells.alias(CELLS))

    def hosts(self) -> list[str]:
        """Keys of the main table that rows of nobody refer to."""
        from pyspark.sql import functions as f

        found: set[str] = set()
        for table, column in self.routes.hosts:
            if table in self.tables and column in self.tables[table].columns:
                cells = self.tables[table].select(f.col(column)).where(f.col(column).isNotNull()).distinct().collect()
                found |= {str(row[0]) for row in cells}
        return sorted(found - set(NOBODY))

    # -- what is decided ----------------------------------------------------------------------------------------

    def doubts(self) -> Doubts:
        """The columns with a cell that is not known, found in each part of each table."""
        from pyspark.sql import functions as f

        rows = [self._row(table, frame.withColumn(PART, f.lit(0))) for table, frame in self.tables.items()]
        found: set[tuple[str, str]] = set()
        for frame in rows:
            answer = frame.mapInArrow(_doubting(self.task(frozenset(), ())), "table string, cells string").distinct().collect()
            found |= {(str(row[0]), str(row[1])) for row in answer}
        empty = {table: polars.DataFrame(schema=dict.fromkeys(frame.columns, polars.String())) for table, frame in self.tables.items()}
        return frozenset(found) | doubts_of(self.law, empty)

    def task(self, doubts: Doubts, roots: tuple[str, ...]) -> Task:
        columns = {table: tuple(frame.columns) for table, frame in self.tables.items()}
        register = self.register
        return Task(self.law.tree, self.law.digest, self.inquiry, register.as_of, columns, register.withheld, doubts, self.reasons, roots)

    def decided(self, owners: DataFrame, doubts: Doubts) -> DataFrame:
        """The main entity and its parts: `entity`, and the columns of all of them, named entity.column."""
        shuffled = self.shuffled(owners, self.hosts())
        keys = owners.select(PART, f_lit(ROOTS).alias(TABLE), owners["key"].alias(CELLS))
        together = shuffled.unionAll(keys).repartition(self.parts, PART).sortWithinPartitions(PART, TABLE)
        main = self.law.manifest["main"]
        return together.mapInArrow(_deciding(self.task(doubts, (main,))), self.schema(self.entities(main)))

    def plans(self, doubts: Doubts) -> DataFrame | None:
        """Entities that are keyed by a code: each code's rows together, one task for each code."""
        from pyspark.sql import functions as f

        coded = [e for e in self.law.vocabulary.entities.values() if e.of is None and e.table is None]
        sent: list[DataFrame] = []
        for table in sorted({table for e in coded for table in read_by(self.law, e.name)} & set(self.tables)):
            columns = self.law.vocabulary.tables[table].columns
            code = next(
                (name for name, c in columns.items() if c.type.codes == coded[0].codes and name in self.tables[table].columns), None
            )
            place: Column = f.pmod(f.xxhash64(f.coalesce(f.col(code), f.lit(""))), f.lit(self.parts)) if code is not None else f.lit(0)
            sent.append(self._row(table, self.tables[table].withColumn(PART, place.cast("int"))))
        if not sent:
            return None
        union = sent[0]
        for frame in sent[1:]:
            union = union.unionAll(frame)
        names = tuple(e.name for e in coded)
        return (
            union.repartition(self.parts, PART)
            .sortWithinPartitions(PART, TABLE)
            .mapInArrow(_deciding(self.task(doubts, names)), self.schema(names))
        )

    def entities(self, root: str) -> tuple[str, ...]:
        return (root, *(e.name for e in self.law.vocabulary.entities.values() if e.of == root))

    def schema(self, entities: tuple[str, ...]) -> str:
        """The columns of several entities as Spark writes types."""
        columns = [f"{ENTITY} string"]
        for entity in entities:
            for name, kind in schema_of(self.law, entity, self.reasons).items():
                columns.append(f"`{entity}.{name}` {spark_type(kind)}")
        return ", ".join(columns)


ROOTS = "@roots"


def f_lit(value: str) -> Column:
    from pyspark.sql import functions as f

    return f.lit(value)


def spark_type(kind: Any) -> str:
    """The Spark type of a column: codes are strings there."""
    return PLAIN.get(kind.base_type(), "string")


Batches = Iterator[pyarrow.RecordBatch]


def _parts(batches: Batches, task: Task) -> Iterator[tuple[int, dict[str, polars.DataFrame], list[str]]]:
    """The tables of one part after the other, and the keys that are decided in it; the rows of a part come together."""
    current: int | None = None
    waiting: list[polars.DataFrame] = []
    for batch in batches:
        frame = polars.DataFrame(polars.from_arrow(batch))
        for (part,), rows in frame.partition_by(PART, as_dict=True, maintain_order=True).items():
            if current is not None and part != current:
                yield current, *_tables(polars.concat(waiting), task)
                waiting = []
            current = int(str(part))
            waiting.append(rows)
    if current is not None:
        yield current, *_tables(polars.concat(waiting), task)


def _tables(rows: polars.DataFrame, task: Task) -> tuple[dict[str, polars.DataFrame], list[str]]:
    found = {table: polars.DataFrame(schema=dict.fromkeys(columns, polars.String())) for table, columns in task.columns.items()}
    roots: list[str] = []
    for (table,), cells in rows.partition_by(TABLE, as_dict=True, maintain_order=True).items():
        if table == ROOTS:
            roots = cells[CELLS].to_list()
            continue
        kind = polars.Struct(dict.fromkeys(task.columns[str(table)], polars.String()))
        found[str(table)] = cells[CELLS].str.json_decode(kind).struct.unnest()
    return found, roots


def _doubting(task: Task) -> Callable[[Batches], Batches]:
    def doubting(batches: Batches) -> Batches:
        law, found = task.law(), set[tuple[str, str]]()
        for batch in batches:
            rows = polars.DataFrame(polars.from_arrow(batch))
            tables, _ = _tables(rows, task)
            for table in rows[TABLE].unique():
                found |= doubts_of(law, {table: tables[table]})
        pairs = sorted(found)
        yield pyarrow.RecordBatch.from_pydict(
            {"table": [a for a, _ in pairs], "cells": [b for _, b in pairs]}, pyarrow.schema([("table", "string"), ("cells", "string")])
        )

    return doubting


def _deciding(task: Task) -> Callable[[Batches], Batches]:
    def deciding(batches: Batches) -> Batches:
        law = task.law()
        main = law.manifest["main"]
        for part, tables, roots in _parts(batches, task):
            if main not in task.roots:
                tables = {table: rows for table, rows in tables.items() if any(table in read_by(law, name) for name in task.roots)}
            else:
                _refuse(law, tables, task.as_of, part)
            decided = decide(
                law, tables, task.as_of, task.inquiry, withheld=task.withheld, doubts=task.doubts, entities=task.roots,
                reasons=task.reasons, only=polars.Series(roots, dtype=polars.String) if main in task.roots else None, checked=main in task.roots,
            )  # fmt: skip
            scaled = {f"{entity}.{name}": scale for (entity, name), scale in decided.scales.items() if scale != 1}
            if scaled:
                raise ValueError(f"these decisions need more decimals than a column of whole numbers holds: {json.dumps(scaled)}")
            kinds = _kinds(law, task)
            for entity, rows in decided.frames.items():
                yield from _wide(entity, rows, kinds)

    return deciding


def _refuse(law: Law, tables: Mapping[str, polars.DataFrame], as_of: date, part: int) -> None:
    wrong = bad_rows(law, tables, as_of)
    if len(wrong):
        table, row, column, message, _remedy = wrong.row(0)
        cells = ",".join("" if cell is None else str(cell) for cell in tables[table].row(row - 1))
        raise ValueError(
            f"{table}, column {column}: {message} — in the row {cells} ({len(wrong)} wrong rows in part {part}; without --on, --bad-rows lists them)"
        )


def _kinds(law: Law, task: Task) -> dict[str, polars.DataType]:
    """The columns of the answer in their order, as Arrow is to have them."""
    found: dict[str, polars.DataType] = {ENTITY: polars.String()}
    for root in task.roots:
        for entity in (root, *(e.name for e in law.vocabulary.entities.values() if e.of == root)):
            for name, kind in schema_of(law, entity, task.reasons).items():
                base = kind.base_type()
                found[f"{entity}.{name}"] = (polars.Decimal(38, 0) if base is polars.Int128 else kind) if base in PLAIN else polars.String()
    return found


def _wide(entity: str, rows: polars.DataFrame, kinds: Mapping[str, polars.DataType]) -> Batches:
    own = {f"{entity}.{name}" for name in rows.columns}
    cells = [
        polars.col(name.partition(".")[2]).cast(kind).alias(name) if name in own else polars.lit(None, kind).alias(name)
        for name, kind in kinds.items()
        if name != ENTITY
    ]
    table = rows.select(polars.lit(entity).alias(ENTITY), *cells).to_arrow(compat_level=polars.CompatLevel.oldest())
    plain = pyarrow.schema(
        [(field.name, pyarrow.string() if pyarrow.types.is_large_string(field.type) else field.type) for field in table.schema]
    )
    yield from table.cast(plain).to_batches(max_chunksize=1 << 16)
