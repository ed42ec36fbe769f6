"""Workload W as Polars expressions written by hand for each year: what a careful engineer would write with the law of each year in sight."""

from __future__ import annotations

from typing import Any

import polars
from polars import col, lit, when

from benchmarks.workload.data import BITS, OUTPUT, Columns
from benchmarks.workload.law import FIRST, YEARS

KEYS = ("installation", "year")


def prepare(data: Columns, parameters: dict[str, list[int]]) -> Any:
    return polars.DataFrame(data), parameters


def run(ready: Any) -> polars.DataFrame:
    """Key and seven columns, year after year."""
    frame, parameters = ready
    parts = frame.partition_by("year", as_dict=True, maintain_order=True)
    asked = [_year(parts[(year,)].lazy(), {name: values[year - FIRST] for name, values in parameters.items()}, year) for year in YEARS if (year,) in parts]
    return polars.concat(polars.collect_all(asked), rechunk=False)


def columns(found: polars.DataFrame) -> Columns:
    """The seven columns in the order of the facts."""
    ordered = found.sort(KEYS)
    return {name: ordered[name].to_numpy() for name in OUTPUT}


def _in(column: str, bits: int) -> polars.Expr:
    members = [position for position in range(8) if bits >> position & 1]
    test = lit(False)
    for member in members:
        test = test | (col(column) == member)
    return test


def _year(facts: polars.LazyFrame, p: dict[str, int], year: int) -> polars.LazyFrame:
    size = col("emissions").sum().over("operator") if p["level"] == 0 else col("emissions")
    half, factor = (col("h1") + 1) // 2, p["factor"]
    suspended = bool(p["suspended"])
    a = facts.with_columns(size.alias("size"), _in("sector", p["sectors"]).alias("sector_ok"))
    a = a.with_columns((col("size") > p["threshold"]).alias("above"))
    if suspended:
        covered = administered = lit(False)
    else:
        covered = col("sector_ok") & col("above")
        administered = col("sector_ok") & ~col("above") & (col("size") >= p["administered_from"])
    b = a.with_columns(covered.alias("covered"), administered.alias("administered"))
    b = b.with_columns((col("covered") | col("administered")).alias("report_required"), (col("covered") & (col("emissions") >= p["verification_from"])).alias("verification_required"))
    names = [f"usable{n}" for n in range(1, 5)]
    b = b.with_columns(
        (col("report_required") & (col("reported_on") > p["report_day"])).alias("report_late"),
        (col("verification_required") & ~col("verified")).alias("unverified"),
        *((col(f"vintage{n}") <= year).and_(col(f"vintage{n}") >= p["first_year"]).alias(f"usable{n}") for n in range(1, 5)),
        _in("kind1", p["kinds"]).alias("accepted1"), _in("kind2", p["kinds"]).alias("accepted2"),
        (col("covered") & (col("surrendered_on") > p["surrender_day"])).alias("surrender_late"),
        (col("emissions") * p["offset_limit"] // 1000).alias("offset_cap"),
        when(~col("covered")).then(0)
        .when(col("method") == 0).then((col("h1") + col("h2") + col("h3") + col("h4")) * factor // 4000)
        .when(col("method") == 1).then((2 * col("output") * col("benchmark").cast(polars.Int64) + 1000000) // 2000000)
        .when(col("method") == 2).then(polars.max_horizontal("h1", "h2", "h3", "h4") * factor // 1000)
        .otherwise(half).alias("allocation"),
    )  # fmt: skip
    zero = lit(0, polars.Int64)
    c = b.with_columns(
        (when(col("accepted1")).then(col("offset1")).otherwise(zero) + when(col("accepted2")).then(col("offset2")).otherwise(zero)).alias("offsets_held"),
        sum((when(col(name)).then(col(f"lot{n}")).otherwise(zero) for n, name in enumerate(names, 1)), start=zero).alias("held"),
        when(col("covered")).then(col("emissions")).otherwise(zero).alias("obligation"),
        (col("report_late") | col("unverified")).alias("breach"),
    )
    c = c.with_columns((col("offsets_held") > col("offset_cap")).alias("capped"), polars.min_horizontal("offsets_held", "offset_cap").alias("offsets"))
    c = c.with_columns((col("obligation") - col("held") - col("offsets")).alias("gap"))
    c = c.with_columns(
        polars.max_horizontal(zero, "gap").alias("shortfall"),
        (col("gap") > 0).alias("short"),
        (col("surrender_late") & (col("gap") <= 0)).alias("late_only"),
        when(col("covered")).then(polars.max_horizontal(zero, -col("gap"))).otherwise(zero).alias("surplus"),
    )
    coverage = lit(0) if suspended else when(~col("sector_ok")).then(1).when(col("covered")).then(2).when(col("administered")).then(3).otherwise(4)
    status = (
        lit(0) if suspended
        else when(~col("report_required")).then(1).when(col("short")).then(3).when(col("breach")).then(2).when(col("surrender_late")).then(4).otherwise(5)
    )  # fmt: skip
    truths = {"suspended": lit(suspended)}
    reasons = sum((truths.get(name, col(name)).cast(polars.Int64) * (1 << position) for position, name in enumerate(BITS)), start=zero)
    return c.select(
        *KEYS,
        coverage.cast(polars.Int64).alias("coverage"),
        col("allocation").cast(polars.Int64),
        "shortfall",
        (col("surplus") if p["banking"] else zero).alias("banked"),
        ((col("shortfall") * p["rate"] + when(col("report_late")).then(p["report_fine"]).otherwise(0)) * p["mci"]).alias("penalty"),
        status.cast(polars.Int64).alias("status"),
        reasons.alias("reasons"),
    )
