"""One column of a table as whole numbers in one scale, with masks for what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import polars as pl

from engine.columns.cells import BOOL, CODE, DAY, INT, ROW, TEXT
from engine.language.types import Type

EPOCH = date(1970, 1, 1)
LIMIT = 2**62
"""Numbers from here on are not computed in columns: the rows that hold them are proved."""
SMALL = 256
"""So many codes fit into a byte."""
BLOCK = 2**18
Span = tuple[int, int]
"""The least and the greatest of some whole numbers."""
PHYSICAL: dict[str, Any] = {INT: pl.Int64, DAY: pl.Int32, BOOL: pl.Boolean, TEXT: pl.String, ROW: pl.UInt32, CODE: pl.UInt16}


@dataclass(frozen=True)
class Column:
    """One column of a table, without nulls.

    Attributes:
        kind: as of a cell.
        span: the extremes of the values, where they were found on the way.
        stored: the values in whatever width they came, anything where a mask says so; ``values`` in the width of their kind.
        unknown, none: masks; None where there is no such row.
        beyond: where the number is too large for columns.
        scale: of numbers, the value of 1.
    """

    kind: str
    stored: pl.Series
    unknown: pl.Series | None = None
    none: pl.Series | None = None
    beyond: pl.Series | None = None
    scale: int = 1
    span: Span | None = None

    @cached_property
    def values(self) -> pl.Series:
        return self.stored.cast(PHYSICAL[self.kind])

    @cached_property
    def ends(self) -> tuple[int, int]:
        """The least and the greatest of the values; 0 where there is none."""
        if self.span is not None:
            return self.span
        return span_of(self.stored) or (0, 0)


def days(day: date) -> int:
    return (day - EPOCH).days


def kind_of(kind: Type) -> str:
    return {"number": INT, "date": DAY, "bool": BOOL, "code": CODE, "ref": ROW}.get(kind.kind, TEXT)


def span_of(values: pl.Series) -> Span | None:
    """The least and the greatest of some integers; both are found while a block of them is near."""
    if values.null_count() or values.dtype.to_python() is not int or values.dtype in (pl.Int128, pl.UInt128) or not len(values):
        least, most = values.min(), values.max()
        return (least, most) if isinstance(least, int) and isinstance(most, int) else None
    plain = values.to_numpy()
    ends = [(block.min(), block.max()) for block in (plain[start : start + BLOCK] for start in range(0, len(plain), BLOCK))]
    return int(min(least for least, _ in ends)), int(max(most for _, most in ends))


def repeated(kind: str, value: Any, count: int) -> pl.Series:
    fill: Any = ({BOOL: False, TEXT: ""}.get(kind, 0)) if value is None else value
    made: pl.Series = pl.repeat(fill, count, dtype=PHYSICAL[kind], eager=True)
    return made


def joined(parts: Sequence[Column]) -> Column:
    scale = max(part.scale for part in parts)
    if any(scale % part.scale for part in parts):
        raise ValueError("presumed values and facts do not share a scale")

    def mask(name: str) -> pl.Series | None:
        found = [getattr(part, name) for part in parts]
        if all(m is None for m in found):
            return None
        return pl.concat([
            m if m is not None else pl.repeat(False, len(part.values), dtype=pl.Boolean, eager=True)
            for m, part in zip(found, parts, strict=True)
        ])  # fmt: skip

    values = pl.concat([part.values * (scale // part.scale) if part.scale != scale else part.values for part in parts])
    return Column(parts[0].kind, values, mask("unknown"), mask("none"), mask("beyond"), scale)


def numbers_of(raw: pl.Series) -> tuple[pl.Series, pl.Series | None, int, Span | None]:
    """Numbers in one scale as integers of 64 bits at most, where they do not fit, the scale, and the extremes where all fit."""
    scale, wide = 1, raw
    if raw.dtype.is_float():
        raise TypeError(f"'{raw.name}' is {raw.dtype}: floats are not exact; give integers, decimals or text")
    if raw.dtype == pl.String:
        plain = raw.str.replace_all("_", "", literal=True)
        fraction = plain.str.extract(r"\.(\d*?)0*$", 1).str.len_bytes().max()
        digits = int(fraction) if isinstance(fraction, int) else 0
        if digits == 0:
            whole = plain.str.replace(r"\.0*$", "")
            values = whole.cast(pl.Int64, strict=False)
            missing = values.is_null() & whole.is_not_null()
            if not missing.any():
                return _within(values)
            return _within(whole.cast(pl.Int128, strict=False))
        head = plain.str.extract(r"^(-?\d+)", 1)
        tail = plain.str.extract(r"\.(\d+)$", 1).fill_null("").str.head(digits).str.pad_end(digits, "0")
        joined = pl.select(pl.concat_str([head, tail])).to_series()
        return _within(joined.cast(pl.Int128, strict=False), 10**digits)
    if isinstance(raw.dtype, pl.Decimal):
        scale = 10 ** (raw.dtype.scale or 0)
        wide = raw.to_physical()
    return _within(wide, scale)


def _within(values: pl.Series, scale: int = 1) -> tuple[pl.Series, pl.Series | None, int, Span | None]:
    narrow = values.dtype in (pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32)
    span = span_of(values)
    if span is not None and not -LIMIT < span[0] <= span[1] < LIMIT:
        beyond = ((values >= LIMIT) | (values <= -LIMIT)).fill_null(False)
        return values.set(beyond, 0).cast(pl.Int64), beyond, scale, None
    return values if narrow else values.cast(pl.Int64), None, scale, span
