"""Ids: how rows are named, and in which row of a table each name stands."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy
import polars as pl

from engine.columns.column import span_of
from engine.columns.grouping import Array

NONE, UNKNOWN = "none", ("", "unknown")
DENSE = 32
"""Numbers that lie so close to each other, on the average, are looked up by their place."""
PLAIN = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32)
"""Whole numbers that are exact as 64 bits with a sign."""


def unnamed(frame: pl.DataFrame, name: str) -> bool:
    """Whether a reference is not known in some row, wherever the others lead."""
    ids, none = frame[name], frame[f"{name}:none"].fill_null(False) if f"{name}:none" in frame.columns else None
    silent = ids.is_null() if ids.null_count() else None
    if not ids.dtype.is_integer():
        said = ids.cast(pl.String).is_in(list(UNKNOWN)).fill_null(False)
        silent = said if silent is None else silent | said
    if silent is None:
        return False
    return bool((silent if none is None else silent & ~none).any())


def texts_of(ids: pl.Series) -> pl.Series:
    return ids.cast(pl.String)


def numbered_rows(keys: pl.Series, ids: pl.Series) -> pl.Series | None:
    """In which row each id stands, where the rows are numbered through and every id is one of them."""
    span = span_of(ids)
    if span is None or not len(keys) or ids.null_count() or keys.null_count():
        return None
    first, last = int(keys[0]), int(keys[-1])
    if last - first != len(keys) - 1 or not (keys.to_numpy() == numpy.arange(first, last + 1)).all() or not first <= span[0] <= span[1] <= last:
        return None
    return ids.cast(pl.UInt32) if first == 0 else (ids.cast(pl.Int64) - first).cast(pl.UInt32)


def looked_up(keys: pl.Series, ids: pl.Series) -> pl.Series:
    """In which row each id stands; null where it does not."""
    if keys.dtype in PLAIN and ids.dtype in PLAIN and not keys.null_count() and not ids.null_count():
        among = _Numbers(keys)
        if not among.alike:
            places = by_runs(ids, among.rows)
            rows = pl.Series(places.astype(numpy.uint32))
            return rows if not len(places) or places.min() >= 0 else rows.set(pl.Series(places < 0), None)
    index = pl.DataFrame({"id": keys if keys.dtype == ids.dtype else keys.cast(ids.dtype, strict=False)}).with_row_index("row")
    return pl.DataFrame({"id": ids}).join(index, on="id", how="left", maintain_order="left")["row"].cast(pl.UInt32)


def by_runs(ids: pl.Series, rows: Callable[[pl.Series], Array]) -> Array:
    """What ``rows`` gives for each id; where the same comes time and again it is asked once."""
    plain = (ids if ids.dtype in PLAIN and not ids.null_count() else ids.rle_id()).to_numpy()
    starts = numpy.flatnonzero(numpy.concatenate(([True], plain[1:] != plain[:-1]))) if len(ids) else plain
    if len(starts) == len(ids):
        return rows(ids)
    return numpy.repeat(rows(ids.gather(starts)), numpy.diff(starts, append=len(ids)))


class Ids:
    """Ids, all different, among which others are looked up time and again.

    Args:
        ids: as text.
    """

    def __init__(self, ids: pl.Series) -> None:
        numbers = ids.cast(pl.Int64, strict=False)
        self.ids, self.numbers = ids, None
        if not numbers.null_count() and bool((numbers.cast(pl.String) == ids).all()):
            self.numbers = _Numbers(numbers)

    @cached_property
    def hashes(self) -> _Numbers:
        return _Numbers(self.ids.hash(0))

    def rows(self, wanted: pl.Series) -> Array:
        """In which row each id, given as text or as a whole number, stands; -1 where it does not."""
        return by_runs(wanted, self._rows)

    def _rows(self, wanted: pl.Series) -> Array:
        if self.numbers is not None and wanted.dtype.is_integer():
            numbers = wanted.cast(pl.Int64, strict=False)
            rows = self.numbers.rows(numbers.fill_null(0))
            return numpy.where(numbers.is_null().to_numpy(), -1, rows) if numbers.null_count() else rows
        texts = texts_of(wanted)
        if self.hashes.alike:
            return looked_up(self.ids, texts).cast(pl.Int64).fill_null(-1).to_numpy()
        rows = self.hashes.rows(texts.hash(0))
        if not len(self.ids):
            return rows
        same = (self.ids.gather(rows.clip(0)) == texts).fill_null(False).to_numpy()
        return numpy.where(same & (rows >= 0), rows, -1)


class _Numbers:
    """Whole numbers among which others are looked up: in a table of places where they are dense, else in their order.

    Attributes:
        alike: whether two of them are the same.
    """

    def __init__(self, numbers: pl.Series) -> None:
        self.values, self.order, self.places = numbers.to_numpy(), None, None
        span = span_of(numbers)
        if span is not None and span[1] - span[0] < DENSE * len(numbers):
            self.low = span[0]
            self.places = numpy.full(span[1] - span[0] + 1, -1, numpy.min_scalar_type(-len(numbers)))
            self.places[self.values.astype(numpy.int64) - self.low] = numpy.arange(len(numbers))
            self.alike = int((self.places >= 0).sum()) < len(numbers)
            return
        if not (self.values[1:] >= self.values[:-1]).all():
            self.order = numpy.argsort(self.values)
            self.values = self.values.take(self.order)
        self.alike = bool((self.values[1:] == self.values[:-1]).any())

    def rows(self, wanted: pl.Series) -> Array:
        """Where each stands; -1 where it does not."""
        if not len(self.values):
            return numpy.full(len(wanted), -1)
        values = wanted.to_numpy()
        if self.places is not None:
            at = values.astype(numpy.int64) - self.low
            span = span_of(wanted)
            if span is not None and span[0] >= self.low and span[1] - self.low < len(self.places):
                return self.places.take(at)
            inside = (values >= self.low) & (values <= self.low + len(self.places) - 1)
            return numpy.where(inside, self.places.take(numpy.where(inside, at, 0)), -1)
        at = numpy.searchsorted(self.values, values).clip(max=len(self.values) - 1)
        return numpy.where(self.values.take(at) == values, at if self.order is None else self.order.take(at), -1)
