"""A whole register at a time: the same typed program that proving reads, column by column, exact to the unit.

`decide` answers for every root of the register: the same outcome as proving, bit for bit. Rows that columns cannot
decide exactly (a rare construct, a fact beyond 62 bits, a row whose doubts need more than bounds) are proved one by one
and counted. Polars is imported with this package, and only with it.
"""

from __future__ import annotations

from engine.columns.door import (
    Decided,
    bad_rows,
    both_decided,
    decide,
    doubts_of,
    encoded,
    extent_of,
    facts_for,
    pair_of,
    roots_of,
    schema_of,
    sentences,
)
from engine.columns.pairing import Pair

__all__ = [
    "Decided", "Pair", "bad_rows", "both_decided", "decide", "doubts_of", "encoded", "extent_of", "facts_for", "pair_of", "roots_of", "schema_of",
    "sentences",
]  # fmt: skip
