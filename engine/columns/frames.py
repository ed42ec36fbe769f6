"""The cells that a plan decided -> a frame of outcomes: codes by name, days as dates, states beside the values.

What is the same in all rows of a slice, as most states and rules are, is written as one value. Numbers and days are handed
over where they lie.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

import numpy
import polars as pl

from engine.columns.cells import Cell
from engine.columns.column import EPOCH
from engine.columns.grouping import Array
from engine.columns.planning import STATES, VALUE, Key, Part, Shown
from engine.columns.running import SHARED, Lying, lying, series_of
from engine.columns.strips import dtype_of
from engine.language import DecisionSpec
from engine.law import Law

STATE = pl.Enum(STATES)
SEPARATOR, RULE = ", ", "rule:"
WORD = 64
NARROW = 2
"""Cells of so many bytes at most are compared with each other, to be written as one where all are the same."""
LARGE = 2**16
"""The columns of so many rows are copied on their way out, by several threads, so that the memory of their arrays is free for the next years: a
large register takes a tenth less so. For fewer no thread is worth waking."""


@dataclass(frozen=True)
class Schema:
    """The columns of an entity's frame: its keys, its decisions each with its state, and its rules.

    Attributes:
        keys: `key`, `year`, for a part `of`, `phase`, `proved`.
        codes: decision -> the names of its codes, for codes and sets.
        rules: the names of all rules that decide something about the entity, in the order of the vocabulary and the law.
    """

    entity: str
    part: bool
    phases: tuple[str, ...]
    decisions: tuple[tuple[str, str], ...]
    codes: Mapping[str, tuple[str, ...]]
    rules: tuple[str, ...]

    @classmethod
    def of(cls, law: Law, entity: str, decisions: frozenset[Key] | None = None) -> Schema:
        """The columns of an entity; of these decisions and their rules only, None: all."""
        known: dict[Any, Schema] = law.__dict__.setdefault("_column_schemas", {})
        if (entity, decisions) not in known:
            keys = [k for k in law.vocabulary.decisions if k[0] == entity and (decisions is None or k in decisions)]
            specs = [law.vocabulary.decisions[key] for key in keys]
            codes = {s.name: tuple(sorted(law.vocabulary.codes[s.type.codes])) for s in specs if s.type.codes}
            rules = tuple(rule.name for key, rules in law.rules.items() if key in keys for rule in rules)
            part = law.vocabulary.entities[entity].of is not None
            known[entity, decisions] = cls(entity, part, tuple(law.phases), tuple((s.name, s.type.kind) for s in specs), codes, rules)
        return known[entity, decisions]

    @cached_property
    def types(self) -> dict[str, Any]:
        """The type of each column; a number can also be Int128."""
        kinds = {"bool": pl.Boolean(), "number": pl.Int64(), "date": pl.Date(), "set": pl.String(), "text": pl.String(), "ref": pl.String()}
        found: dict[str, Any] = {"key": pl.String(), "year": pl.Int32(), **({"of": pl.String()} if self.part else {})}
        found |= {"phase": pl.Enum(self.phases), "proved": pl.Boolean()}
        for name, kind in self.decisions:
            found[name] = pl.Enum(self.codes[name]) if kind == "code" else kinds[kind]
            found[f"{name}?"] = STATE
        return found | {f"rule:{name}": pl.Boolean() for name in self.rules}

    def dtypes(self, reasons: bool) -> dict[str, Any]:
        """The type of each column, with or without the rules."""
        return {name: dtype for name, dtype in self.types.items() if reasons or not name.startswith(RULE)}


def frame_of(
    schema: Schema, part: Part, found: Mapping[int, Array], height: int, kept: pl.Series | None, year: int, phase: str,
    keys: pl.Series, owners: pl.Series | None, reasons: bool,
) -> pl.DataFrame:  # fmt: skip
    """The outcomes of one slice, only the rows of ``kept``."""
    written = _Written(schema, found, height, part.literals)
    written.add("key", keys)
    written.add("year", year)
    if owners is not None:
        written.add("of", owners)
    written.add("phase", phase)
    written.add("proved", False)
    for shown in part.shown:
        written.outcome(shown)
    if reasons:
        held = dict(part.rules)
        for rule in schema.rules:
            written.add(f"{RULE}{rule}", written.condition(held[rule]) if rule in held else False)
    frame = written.together()
    assert frame.height == height
    if height < LARGE:
        frame = frame.select_seq(written.expressions)
    else:
        frame = frame.lazy().select(written.expressions).collect(optimizations=pl.QueryOptFlags.none())
    return frame if kept is None else frame.filter(kept)


@dataclass
class _Written:
    """The columns of a frame: those that differ from row to row as ``series`` or, in large ones, ``arrays``; all of them as ``expressions``.

    Args:
        found: the arrays of cells, by number.
        literals: expressions made before, by column and value.
    """

    schema: Schema
    found: Mapping[int, Array]
    height: int
    literals: dict[Any, pl.Expr]
    series: list[pl.Series] = field(default_factory=list)
    arrays: dict[str, Any] = field(default_factory=dict)
    expressions: list[pl.Expr] = field(default_factory=list)
    _known: dict[int, Any] = field(default_factory=dict)

    def add(self, name: str, content: Any) -> None:
        """A column: a series, or what stands in all rows."""
        if isinstance(content, pl.Series):
            self.series.append(content.alias(name))
            content = content.dtype
        elif isinstance(content, Lying):
            self.arrays[name] = content.array
            content = content.dtype
        made = self.literals.get((name, content))
        if made is None:
            made = self.literals[name, content] = _expression(name, content, self.schema.types[name])
        self.expressions.append(made)

    def together(self) -> pl.DataFrame:
        """The columns that differ from row to row."""
        if not self.arrays:
            return pl.DataFrame(self.series)
        import pyarrow  # not needed for small registers

        frame = pl.from_arrow(pyarrow.table(self.arrays))
        assert isinstance(frame, pl.DataFrame)
        return frame.hstack(self.series)

    def outcome(self, shown: Shown) -> None:
        """The value of a decision, and how it stands."""
        name, state = shown.spec.name, self._same(shown.state)
        if shown.value is None:
            self.add(name, self._members(shown))
        elif state not in (None, VALUE):
            self.add(name, None)
        else:
            self.add(name, self._value(shown.value, shown.spec, None if state == VALUE else shown.state))
        self.add(f"{name}?", STATES[state] if state is not None else self._lying(shown.state))

    def condition(self, cell: Cell) -> Any:
        """Where a condition holds."""
        same = self._same(cell)
        return same if same is not None else self._lying(cell)

    def _value(self, cell: Cell, spec: DecisionSpec, state: Cell | None) -> Any:
        """The values, only where the state says that there are any."""
        same = self._same(cell)
        if same is not None and state is None:
            kind = spec.type.kind
            return self.schema.codes[spec.name][same] if kind == "code" else EPOCH + timedelta(same) if kind == "date" else same
        return self._lying(cell, None if state is None else self._valued(state))

    def _lying(self, cell: Cell, valid: Array | None = None) -> Lying | pl.Series:
        values = self.found[cell.number] if not cell.constant else numpy.full(self.height, cell.value, dtype_of(cell))
        return lying(values, valid) if values.dtype != object and len(values) >= SHARED else series_of(cell, values, valid)

    def _members(self, shown: Shown) -> Any:
        """The names of the members, where they are certain."""
        names, sets, columns = self.schema.codes[shown.spec.name], list[pl.Expr](), list[pl.Series]()
        for number, cell in shown.members.items():
            holds = self._same(cell)
            if holds is None:
                columns.append(series_of(cell, self.found[cell.number]).alias(names[number]))
                sets.append(pl.when(pl.col(names[number])).then(pl.lit(names[number])))
            elif holds:
                sets.append(pl.lit(names[number]))
        if not columns:
            return SEPARATOR.join(names[n] for n, cell in shown.members.items() if self._same(cell))
        return pl.DataFrame(columns).select(pl.concat_str(sets, separator=SEPARATOR, ignore_nulls=True).alias(shown.spec.name)).to_series()

    def _valued(self, state: Cell) -> Array:
        """Where a state says that there is a value."""
        key = -1 - state.number
        if key not in self._known:
            self._known[key] = self.found[state.number] == VALUE
        return self._known[key]

    def _same(self, cell: Cell) -> Any:
        """What a cell is in all rows; None where it differs, or is not worth being compared."""
        if cell.constant:
            return cell.value
        if cell.number not in self._known:
            array, same = self.found[cell.number], None
            if len(array) and array.dtype.itemsize <= NARROW:
                least = array.min()
                same = least.item() if least == array.max() else None
            self._known[cell.number] = same
        return self._known[cell.number]


def _expression(name: str, content: Any, dtype: Any) -> pl.Expr:
    """What turns a series of some type, or one value, into a column."""
    if not isinstance(content, pl.DataType):
        return pl.lit(content, dtype=pl.Int128() if isinstance(content, int) and content.bit_length() >= WORD else dtype).alias(name)
    if content in (dtype, pl.Int128):
        return pl.col(name)
    return pl.col(name).cat.to(dtype) if isinstance(dtype, pl.Enum) else pl.col(name).cast(dtype)
