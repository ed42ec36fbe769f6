"""Workload W as one hand-written loop, compiled by numba: what the other engines are measured against."""

from __future__ import annotations

from typing import Any

import numba
import numpy

from benchmarks.workload.data import OUTPUT, Columns
from benchmarks.workload.law import FIRST, YEARS

INPUT = ("operator", "year", "sector", "emissions", "h1", "h2", "h3", "h4", "output", "benchmark", "method", "verified", "reported_on", "surrendered_on",
         "lot1", "lot2", "lot3", "lot4", "vintage1", "vintage2", "vintage3", "vintage4", "offset1", "offset2", "kind1", "kind2")  # fmt: skip
PARAMETERS = ("suspended", "first_year", "threshold", "administered_from", "level", "sectors", "factor", "kinds", "offset_limit", "report_day",
              "surrender_day", "mci", "rate", "report_fine", "banking", "verification_from")  # fmt: skip


@numba.njit(cache=True)
def _sums(operator: Any, year: Any, emissions: Any, first: int, years: int) -> Any:
    sums = numpy.zeros((operator.max() + 1) * years, dtype=numpy.int64)
    for i in range(len(operator)):
        sums[operator[i] * years + year[i] - first] += emissions[i]
    return sums


@numba.njit(cache=True)
def _kernel(
    operator: Any, year: Any, sector: Any, emissions: Any, h1: Any, h2: Any, h3: Any, h4: Any, output: Any, benchmark: Any, method: Any,
    verified: Any, reported_on: Any, surrendered_on: Any, lot1: Any, lot2: Any, lot3: Any, lot4: Any, vintage1: Any, vintage2: Any,
    vintage3: Any, vintage4: Any, offset1: Any, offset2: Any, kind1: Any, kind2: Any, sums: Any, p: Any, first: int, years: int, out: Any
) -> None:  # fmt: skip
    for i in range(len(year)):
        y = year[i]
        t = y - first
        suspended = p[0, t] != 0
        start = p[1, t]
        own = emissions[i]
        size = sums[operator[i] * years + t] if p[4, t] == 0 else own
        sector_ok = (p[5, t] >> sector[i]) & 1 != 0
        above = size > p[2, t]
        covered = not suspended and sector_ok and above
        administered = not suspended and sector_ok and not above and size >= p[3, t]
        coverage = 0 if suspended else 1 if not sector_ok else 2 if covered else 3 if administered else 4
        required = covered or administered
        late = required and reported_on[i] > p[9, t]
        to_verify = covered and own >= p[15, t]
        unverified = to_verify and not verified[i]
        factor = p[6, t]
        if not covered:
            allocation = 0
        elif method[i] == 0:
            allocation = (h1[i] + h2[i] + h3[i] + h4[i]) * factor // 4000
        elif method[i] == 1:
            allocation = (2 * output[i] * benchmark[i] + 1000000) // 2000000
        elif method[i] == 2:
            allocation = max(h1[i], h2[i], h3[i], h4[i]) * factor // 1000
        else:
            allocation = (h1[i] + 1) // 2
        u1 = start <= vintage1[i] <= y
        u2 = start <= vintage2[i] <= y
        u3 = start <= vintage3[i] <= y
        u4 = start <= vintage4[i] <= y
        a1 = (p[7, t] >> kind1[i]) & 1 != 0
        a2 = (p[7, t] >> kind2[i]) & 1 != 0
        held_offsets = (offset1[i] if a1 else 0) + (offset2[i] if a2 else 0)
        cap = own * p[8, t] // 1000
        capped = held_offsets > cap
        offsets = min(held_offsets, cap)
        held = (lot1[i] if u1 else 0) + (lot2[i] if u2 else 0) + (lot3[i] if u3 else 0) + (lot4[i] if u4 else 0)
        obligation = own if covered else 0
        shortfall = max(0, obligation - held - offsets)
        short = shortfall > 0
        surrender_late = covered and surrendered_on[i] > p[10, t]
        surplus = max(0, held + offsets - obligation) if covered else 0
        banked = surplus if p[14, t] != 0 else 0
        penalty = (shortfall * p[12, t] + (p[13, t] if late else 0)) * p[11, t]
        breach = late or unverified
        free = not suspended and not required
        late_only = surrender_late and not short
        status = 0 if suspended else 1 if free else 3 if short else 2 if breach else 4 if surrender_late else 5
        out[0, i], out[1, i], out[2, i], out[3, i], out[4, i], out[5, i] = coverage, allocation, shortfall, banked, penalty, status
        out[6, i] = (
            suspended | sector_ok << 1 | above << 2 | covered << 3 | administered << 4 | required << 5 | late << 6 | to_verify << 7
            | unverified << 8 | u1 << 9 | u2 << 10 | u3 << 11 | u4 << 12 | a1 << 13 | a2 << 14 | capped << 15 | short << 16
            | surrender_late << 17 | breach << 18 | late_only << 19
        )  # fmt: skip


def prepare(data: Columns, parameters: dict[str, list[int]]) -> Any:
    return [data[name] for name in INPUT], numpy.asarray([parameters[name] for name in PARAMETERS], dtype=numpy.int64)


def run(ready: Any) -> Columns:
    columns, p = ready
    out = numpy.empty((len(OUTPUT), len(columns[0])), dtype=numpy.int64)
    sums = _sums(columns[0], columns[1], columns[3], FIRST, len(YEARS))
    _kernel(*columns, sums, p, FIRST, len(YEARS), out)
    return dict(zip(OUTPUT, out, strict=True))
