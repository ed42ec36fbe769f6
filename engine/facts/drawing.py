"""Values drawn at random: whole numbers only, the same for the same seed on every machine, whatever else is drawn.

Each column of each block of rows has a stream of its own (Philox, whose bits numpy keeps stable between versions), so that
rows can be made block by block, and one column does not change when another is added.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy
import polars

Numbers = numpy.ndarray[Any, numpy.dtype[numpy.int64]]
Bits = numpy.ndarray[Any, numpy.dtype[numpy.uint64]]
HUNDRED = 100
EPOCH = date(1970, 1, 1)


def bits(seed: int, stream: str, size: int) -> Bits:
    """``size`` random 64-bit numbers of a named stream."""
    key = int.from_bytes(hashlib.sha256(f"{seed}\0{stream}".encode()).digest()[:16], "big")
    found: Bits = numpy.random.Philox(key=key).random_raw(size)
    return found


def banded(limits: Sequence[int], drawn: Bits) -> Numbers:
    """A whole number each: the bands between ``limits`` are equally likely, and so is each number within a band."""
    edges = numpy.asarray(limits if len(limits) > 1 else [*limits, *limits], dtype=numpy.int64)
    which = (drawn % numpy.uint64(len(edges) - 1)).astype(numpy.int64)
    width = (edges[which + 1] - edges[which] + 1).astype(numpy.uint64)
    return edges[which] + ((drawn // numpy.uint64(len(edges) - 1)) % width).astype(numpy.int64)


def happens(percent: int, drawn: Bits) -> numpy.ndarray[Any, numpy.dtype[numpy.bool_]]:
    """True for so many of a hundred."""
    found: numpy.ndarray[Any, numpy.dtype[numpy.bool_]] = drawn % numpy.uint64(HUNDRED) < numpy.uint64(percent)
    return found


def chosen(weights: Mapping[Any, int], drawn: Bits) -> Numbers:
    """The position in ``weights`` of one of its keys each."""
    limits = numpy.cumsum(numpy.asarray(list(weights.values()), dtype=numpy.uint64))
    found: Numbers = numpy.searchsorted(limits, drawn % limits[-1], side="right").astype(numpy.int64)
    return found


def picked(weights: Mapping[Any, int], drawn: Bits) -> polars.Series:
    """One of the keys of ``weights`` each."""
    return polars.Series([str(key) for key in weights]).gather(chosen(weights, drawn))


def days(limits: Sequence[str], years: Numbers, drawn: Bits) -> polars.Series:
    """A day each, in its year, within equally likely bands between months and days written "04-15"."""
    first = int(years.min()) if len(years) else EPOCH.year
    last = int(years.max()) if len(years) else EPOCH.year
    found = numpy.zeros(len(years), dtype=numpy.int64)
    for year in range(first, last + 1):
        here = years == year
        edges = [(date.fromisoformat(f"{year}-{limit}") - EPOCH).days for limit in limits]
        found[here] = banded(edges, drawn[here])
    return polars.Series(found.astype(numpy.int32)).cast(polars.Date)
