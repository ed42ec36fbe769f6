"""Workload W by this engine: `law.yaml` beside this file, compiled like any other law."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy
import polars

from benchmarks.workload.data import OUTPUT, Columns
from benchmarks.workload.law import YEARS, workload_law
from engine.columns import decide

AS_OF = date(YEARS[-1] + 1, 12, 31)
CODED = {"method": "methods", "kind1": "kinds", "kind2": "kinds"}


def _codes(values: Any, codes: str) -> polars.Series:
    members = list(workload_law().tree["codes"][codes]["members"])
    return polars.Series(values.astype(numpy.int64)).replace_strict(list(range(len(members))), members, return_dtype=polars.Enum(members))


def prepare(data: Columns, parameters: dict[str, list[int]]) -> Any:
    """The facts as a register: installations and measures."""
    facts = polars.DataFrame(data)
    sites = facts[:: len(YEARS)]
    installations = sites.select(polars.col("installation").alias("id"), "operator").with_columns(_codes(sites["sector"].to_numpy(), "sectors").alias("sector"))
    measures = facts.select(
        "installation", "year", polars.lit("row", polars.Enum(["row"])).alias("slot"), polars.exclude("installation", "operator", "year", "sector", *CODED)
    ).with_columns(
        *(_codes(data[column], codes).alias(column) for column, codes in CODED.items()),
        polars.col("reported_on", "surrendered_on").cast(polars.Date),
        polars.col("year").cast(polars.Int64),
    )
    return {"installations": installations, "measures": measures}


DECISIONS = tuple(("site_year", name) for name in OUTPUT)


def run(ready: Any) -> Any:
    """Like the peers: seven columns, on facts that are known to be sound; `kazets_checked` checks them, too."""
    return decide(workload_law(), ready, AS_OF, generic=False, checked=True, reasons=False, decisions=DECISIONS, effort="full")


def columns(decided: Any) -> Columns:
    """The seven columns in the order of the facts, for the checksum."""
    frame = decided.frames["site_year"].sort(polars.col("key").cast(polars.Int64), "year")
    law = workload_law()
    found = {}
    for name in OUTPUT:
        scale = decided.scales.get(("site_year", name), 1)
        kind = law.vocabulary.decisions["site_year", name].type
        assert frame[f"{name}?"].cast(polars.String).eq("value").all(), name
        if kind.codes is not None:
            members = list(law.tree["codes"][kind.codes]["members"])
            found[name] = frame[name].cast(polars.String).replace_strict(members, list(range(len(members))), return_dtype=polars.Int64).to_numpy()
        else:
            found[name] = (frame[name] // scale).to_numpy().astype(numpy.int64)
    return found
