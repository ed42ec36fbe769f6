"""The facts of workload W: whole numbers drawn from a seed, one row for each installation and year."""

from __future__ import annotations

from typing import Any

import numpy

from benchmarks.workload.law import EPOCH, FIRST, YEARS

Columns = dict[str, "numpy.ndarray[Any, Any]"]
SECTORS, METHODS, KINDS = 8, 4, 4
OUTPUT = ("coverage", "allocation", "shortfall", "banked", "penalty", "status", "reasons")
BITS = ("suspended", "sector_ok", "above", "covered", "administered", "report_required", "report_late", "verification_required", "unverified",
        "usable1", "usable2", "usable3", "usable4", "accepted1", "accepted2", "capped", "short", "surrender_late", "breach", "late_only")  # fmt: skip


def make(rows: int, seed: int = 7) -> Columns:
    """So many rows (made up to whole installations), in the order of installations and years."""
    random = numpy.random.default_rng(seed)
    years = len(YEARS)
    sites = -(-rows // years)
    operators = max(1, sites // 3)
    of_site = random.integers(0, operators, sites)
    sector_of_site = random.integers(0, SECTORS, sites).astype(numpy.int8)
    size = sites * years
    site = numpy.repeat(numpy.arange(sites, dtype=numpy.int32), years)
    year = numpy.tile(numpy.arange(FIRST, FIRST + years, dtype=numpy.int16), sites)
    scale = numpy.repeat(numpy.exp(random.normal(10, 1.2, sites)), years)

    def amount(low: float, high: float) -> Any:
        return (scale * random.uniform(low, high, size)).astype(numpy.int64)

    first_day = (numpy.asarray([(EPOCH.replace(year=int(y) + 1) - EPOCH).days for y in YEARS], dtype=numpy.int32))[year - FIRST]
    found: Columns = {"installation": site, "operator": of_site[site].astype(numpy.int32), "year": year, "sector": sector_of_site[site]}
    found["emissions"] = amount(0.7, 1.3)
    for number in range(1, 5):
        found[f"h{number}"] = amount(0.7, 1.3)
    found["output"] = amount(0.5, 1.5)
    found["benchmark"] = random.integers(400_000, 1_300_000, size).astype(numpy.int32)
    found["method"] = random.integers(0, METHODS, size).astype(numpy.int8)
    found["verified"] = random.random(size) < 0.95
    found["reported_on"] = first_day + random.integers(30, 100, size).astype(numpy.int32)
    found["surrendered_on"] = first_day + random.integers(60, 125, size).astype(numpy.int32)
    for number in range(1, 5):
        found[f"lot{number}"] = amount(0.0, 0.6)
        found[f"vintage{number}"] = (year - random.integers(-1, 4, size)).astype(numpy.int16)
    for number in range(1, 3):
        found[f"offset{number}"] = amount(0.0, 0.1)
        found[f"kind{number}"] = random.integers(0, KINDS, size).astype(numpy.int8)
    return found
