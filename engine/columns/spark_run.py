"""A register decided to a folder by Spark: the same files as on one machine, written by the tasks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import polars

from engine.columns.asking import Known
from engine.columns.others import other_entities
from engine.columns.receipts import DIVISION
from engine.columns.spark import ENTITY, Cluster, session
from engine.columns.streaming import Order, Tally, complete, finished
from engine.columns.tasks import statuses, whole
from engine.problems import InputError, Problem

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

STATE = ".spark"


def run_on_spark(order: Order) -> Iterator[tuple[int, int, Tally]]:
    """Decide everything; yields after each step how many are done, of how many, and what was counted so far.

    The folder must be one that this process and the tasks see under the same name. A run that failed begins anew.

    Raises:
        InputError: PySpark is not there, or the facts are wrong.
    """
    law, register, decider, out, tally = order.decider.law, order.register, order.decider, order.out, Tally()
    key = decider.key(register, False) + "-spark"
    if finished(out, key, tally):
        yield 1, 1, tally
        return
    state = out / STATE
    shutil.rmtree(out, ignore_errors=True)
    state.mkdir(parents=True)
    spark = session()
    cluster = Cluster(spark, law, register, decider.inquiry, decider.reasons, order.parts)
    owners = cluster.owners().persist()
    doubts = cluster.doubts()
    yield 1, 4, tally
    _write(cluster.decided(owners, doubts), cluster.entities(decider.main), state, out)
    yield 2, 4, tally
    plans = cluster.plans(doubts)
    if plans is not None:
        names = [e.name for e in law.vocabulary.entities.values() if e.of is None and e.table is None]
        _write(plans, tuple(names), state, out)
    yield 3, 4, tally
    for found in other_entities(decider, register, None, Known(doubts), plans=False):
        for entity, rows in found.frames.items():
            (out / entity).mkdir()
            rows.write_parquet(out / entity / "part-00000.parquet")
    for folder in sorted(path for path in out.iterdir() if path.name in law.vocabulary.entities):
        written = polars.scan_parquet(folder / "*.parquet")
        many, proved = written.select(polars.len(), polars.col("proved").sum()).collect().row(0)
        tally.rows[folder.name], tally.proved[folder.name] = many, proved or 0
    status = law.manifest["result"]["status"]
    main = polars.scan_parquet(out / decider.main / "*.parquet").select("year", status, f"{status}?").collect()
    tally.add({"rows": {}, "proved": {}, "statuses": statuses(law, main)})
    division = polars.DataFrame(polars.from_arrow(owners.toArrow()))
    shutil.rmtree(state)
    with whole(out / DIVISION) as target:
        division.sort("key").write_parquet(target)
    complete(order, key, sorted(doubts), cluster.hosts(), tally, {})
    owners.unpersist()
    yield 4, 4, tally


def _write(decided: DataFrame, entities: tuple[str, ...], state: Path, out: Path) -> None:
    """One folder of Parquet files for each entity, moved into place when Spark has written all of it."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    kept = decided.persist()
    try:
        for entity in entities:
            columns = [name for name in kept.columns if name.startswith(f"{entity}.")]
            rows = kept.where(kept[ENTITY] == entity).select(*(kept[f"`{name}`"].alias(name.partition(".")[2]) for name in columns))
            rows.write.mode("overwrite").parquet(str((state / entity).absolute()))
            (out / entity).mkdir(exist_ok=True)
            for number, file in enumerate(sorted((state / entity).glob("*.parquet"))):
                file.rename(out / entity / f"part-{number:05}.parquet")
    except (Py4JJavaError, PySparkException) as error:
        said = [line.strip() for line in str(error).splitlines() if "ValueError: " in line]
        if not said:
            raise
        raise InputError([Problem("spark", 0, 0, said[-1].partition("ValueError: ")[2], "")]) from None
    finally:
        kept.unpersist()
