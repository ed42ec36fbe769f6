"""The cells that a plan decided -> a frame of outcomes: codes by name, days as dates, states beside the values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from engine.columns.cells import WIDE, Cell
from engine.columns.grouping import Array
from engine.columns.planning import STATES, VALUE, Form, Key, Part, Shown
from engine.columns.running import DTYPES, series_of
from engine.law import Law

STATE = pl.Enum(STATES)
SEPARATOR = ", "


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

    def dtypes(self, reasons: bool) -> dict[str, Any]:
        """The type of each column; a number can also be Int128."""
        kinds = {"bool": pl.Boolean(), "number": pl.Int64(), "date": pl.Date(), "set": pl.String(), "text": pl.String(), "ref": pl.String()}
        found: dict[str, Any] = {"key": pl.String(), "year": pl.Int32(), **({"of": pl.String()} if self.part else {})}
        found |= {"phase": pl.Enum(self.phases), "proved": pl.Boolean()}
        for name, kind in self.decisions:
            found[name] = pl.Enum(self.codes[name]) if kind == "code" else kinds[kind]
            found[f"{name}?"] = STATE
        return found | ({f"rule:{name}": pl.Boolean() for name in self.rules} if reasons else {})


def frame_of(
    schema: Schema, part: Part, found: Mapping[int, Array], height: int, kept: pl.Series | None, year: int, phase: str,
    keys: pl.Series, owners: pl.Series | None, reasons: bool,
) -> pl.DataFrame:  # fmt: skip
    """The outcomes of one slice, only the rows of ``kept``."""
    asked = schema.entity, schema.decisions, year, phase, reasons
    if asked not in part.forms:
        part.forms[asked] = _form(schema, part, year, phase, reasons)
    form = part.forms[asked]
    columns = [keys.alias("@key"), *(series_of(cell, found[cell.number]).alias(f"c{cell.number}") for cell in form.cells)]
    if owners is not None:
        columns.append(owners.alias("@of"))
    frame = pl.DataFrame(columns)
    assert frame.height == height
    if kept is not None:
        frame = frame.filter(kept)
    return frame.lazy().select(form.expressions).collect(optimizations=pl.QueryOptFlags.none())


def _form(schema: Schema, part: Part, year: int, phase: str, reasons: bool) -> Form:
    cells: dict[int, Cell] = {}

    def use(cell: Cell) -> pl.Expr:
        if cell.constant:
            return pl.lit(cell.value, dtype=DTYPES[cell.kind])
        cells[cell.number] = cell
        return pl.col(f"c{cell.number}")

    expressions = [pl.col("@key").alias("key"), pl.lit(year, dtype=pl.Int32).alias("year")]
    if schema.part:
        expressions.append(pl.col("@of").alias("of"))
    expressions += [pl.lit(phase, dtype=pl.Enum(schema.phases)).alias("phase"), pl.lit(False).alias("proved")]
    for shown in part.shown:
        expressions += _shown(shown, schema, use)
    if reasons:
        held = dict(part.rules)
        for rule in schema.rules:
            expressions.append((use(held[rule]) if rule in held else pl.lit(False)).alias(f"rule:{rule}"))
    return Form(tuple(cells.values()), expressions)


def _shown(shown: Shown, schema: Schema, use: Any) -> list[pl.Expr]:
    spec, state = shown.spec, shown.state
    kind = spec.type.kind
    if kind == "set":
        names = schema.codes[spec.name]
        members = [pl.when(use(cell)).then(pl.lit(names[n])) for n, cell in shown.members.items()]
        value = pl.concat_str(members, separator=SEPARATOR, ignore_nulls=True) if members else pl.lit("", dtype=pl.String)
        return [value.alias(spec.name), _state(shown, use)]
    assert shown.value is not None
    value = use(shown.value)
    if kind == "code":
        value = value.cast(pl.UInt8 if len(schema.codes[spec.name]) < 256 else pl.UInt16).cat.to(pl.Enum(schema.codes[spec.name]))
    elif kind == "date":
        value = value.cast(pl.Int32).cast(pl.Date)
    elif kind == "number" and shown.value.kind != WIDE:
        value = value.cast(pl.Int64)
    if not (state.constant and state.value == VALUE):
        value = pl.when(use(state) == VALUE).then(value)
    return [value.alias(spec.name), _state(shown, use)]


def _state(shown: Shown, use: Any) -> pl.Expr:
    if shown.state.constant:
        return pl.lit(STATES[shown.state.value], dtype=STATE).alias(f"{shown.spec.name}?")
    expression: pl.Expr = use(shown.state).cast(pl.UInt8).cat.to(STATE).alias(f"{shown.spec.name}?")
    return expression
