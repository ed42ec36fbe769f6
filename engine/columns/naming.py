"""Ids: how rows are named, and in which row of a table each name stands."""

from __future__ import annotations

import numpy
import polars as pl

from engine.columns.column import span_of

NONE, UNKNOWN = "none", ("", "unknown")


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
    index = pl.DataFrame({"id": keys if keys.dtype == ids.dtype else keys.cast(ids.dtype, strict=False)}).with_row_index("row")
    return pl.DataFrame({"id": ids}).join(index, on="id", how="left", maintain_order="left")["row"].cast(pl.UInt32)
