"""Roots that columns hand over: proved one by one, and put into the frames beside the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from math import lcm
from typing import Any

import polars as pl

from engine.columns.data import Data
from engine.columns.deciding import Found
from engine.columns.frames import SEPARATOR, STATE, Schema
from engine.columns.handing import facts_of
from engine.columns.planning import STATES, Key
from engine.containment import contained
from engine.language import OpenSet, Unknown
from engine.law import Law, Selection
from engine.proving import Conflict, Determination, Gap, Prover, Root, determine
from engine.proving.steps import HOLDS

Rows = list[tuple[str, dict[str, Any]]]
"""Entity and cells of each."""
BATCH = 500
"""Roots whose facts are gathered together."""
VALUE, NONE, UNKNOWN, GAP, CONFLICT, BEYOND = STATES
MAX_WIDE = 2**127 - 1


def prove_roots(
    law: Law, selection: Selection, data: Data, found: Found, reasons: bool, decisions: frozenset[Key] | None = None
) -> dict[Root, Rows]:
    """The outcomes of the roots that columns did not decide, as rows of frames.

    Raises:
        InputError: a row breaks the checks of the facts.
        EngineDefect: proving failed.
    """
    # the years of an installation next to each other: what one needs of the other is proved once
    roots = sorted((Root(entity, (key,), year) for (entity, year), keys in found.inexact.items() for key in keys), key=_place)
    proved: dict[Root, Rows] = {}
    prover: Prover | None = None
    for start in range(0, len(roots), BATCH):
        batch = roots[start : start + BATCH]
        facts = facts_of(law, data, batch)
        prover = Prover(law, selection, facts) if prover is None else prover.about(facts)
        proved.update(zip(batch, contained(batch, _Work(prover, reasons, decisions)), strict=True))
    return proved


def _place(root: Root) -> tuple[str, tuple[str, ...], int]:
    return root.entity, root.key, root.year


class _Work:
    def __init__(self, prover: Prover, reasons: bool, decisions: frozenset[Key] | None) -> None:
        self.prover, self.reasons, self.decisions = prover, reasons, decisions

    def __call__(self, root: Root) -> Rows:
        """Without traces: why it came out so is proved again for who asks."""
        determination = determine(self.prover, root)
        return list(_rows(self.prover, root, determination, self.reasons, self.decisions))


def replaced(
    law: Law, found: Found, scales: Mapping[Key, int], proved: Mapping[Root, Rows], reasons: bool,
    decisions: frozenset[Key] | None = None,
) -> tuple[dict[str, pl.DataFrame], dict[Key, int]]:  # fmt: skip
    """All frames of each entity as one, with what was proved in the place of what was not decided."""
    by_entity: dict[str, list[dict[str, Any]]] = {}
    for outcomes in proved.values():
        for entity, row in outcomes:
            by_entity.setdefault(entity, []).append(row)
    scales, frames = dict(scales), {}
    for entity in dict.fromkeys([*found.frames, *by_entity]):
        schema, rows = Schema.of(law, entity, decisions), by_entity.get(entity, [])
        for name, kind in schema.decisions:
            if kind == "number":
                exact = [row[name].denominator for row in rows if row[name] is not None]
                scales[entity, name] = lcm(scales.get((entity, name), 1), *exact)
        own = [_rescaled(f, entity, found, scales, number) for number, f in enumerate(found.frames.get(entity, []))]
        frames[entity] = _joined([*own, *([_frame(schema, rows, scales, reasons)] if rows else [])])
    return frames, scales


def _rescaled(frame: pl.DataFrame, entity: str, found: Found, scales: Mapping[Key, int], number: int) -> pl.DataFrame:
    """A frame brought to the scales that hold for all; a number that then exceeds 128 bits is said to be beyond."""
    changes = []
    for (owner, name), each in found.scales.items():
        factor = scales[owner, name] // each[number] if owner == entity else 1
        if factor != 1:
            most = MAX_WIDE // factor
            wide = pl.col(name).cast(pl.Int128)
            fits = wide.is_between(-most, most)
            changes.append(pl.when(fits).then(wide * (factor if most else 1)).alias(name))
            changes.append(pl.when(fits.not_()).then(pl.lit(BEYOND, dtype=STATE)).otherwise(pl.col(f"{name}?")).alias(f"{name}?"))
    return frame.with_columns(changes) if changes else frame


def _joined(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """One frame; a number is 64 bits wide wherever every one of them fits."""
    whole = pl.concat(frames, how="vertical_relaxed", rechunk=False)
    narrow = [name for name, kind in whole.schema.items() if kind == pl.Int128]
    fits = [name for name in narrow if (whole[name].is_null() | whole[name].is_between(-(2**63), 2**63 - 1)).all()]
    return whole.with_columns(pl.col(fits).cast(pl.Int64)) if fits else whole


def _frame(schema: Schema, rows: list[dict[str, Any]], scales: Mapping[Key, int], reasons: bool) -> pl.DataFrame:
    dtypes = schema.dtypes(reasons)
    columns = []
    numbers = {name for name, kind in schema.decisions if kind == "number"}
    beyond: dict[str, list[bool]] = {}
    for name, dtype in dtypes.items():
        values = [row[name] for row in rows]
        if name in numbers:
            scaled = [None if v is None else int(v * scales[schema.entity, name]) for v in values]
            columns.append(pl.Series(name, [v if v is None or abs(v) <= MAX_WIDE else None for v in scaled], dtype=pl.Int128))
            beyond[f"{name}?"] = [v is not None and abs(v) > MAX_WIDE for v in scaled]
        elif name in beyond:
            said = [BEYOND if over else state for over, state in zip(beyond[name], values, strict=True)]
            columns.append(pl.Series(name, said, dtype=dtype))
        else:
            columns.append(pl.Series(name, values, dtype=dtype))
    return pl.DataFrame(columns)


def _rows(
    prover: Prover, root: Root, determination: Determination, reasons: bool, decisions: frozenset[Key] | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    session = prover.session(root)
    instances = [(session.main, determination.outcomes)]
    for entity, parts in determination.parts.items():
        instances += [(instance, outcomes) for instance, (_, outcomes) in zip(session.instances(entity), parts, strict=True)]
    for instance, outcomes in instances:
        schema = Schema.of(prover.law, instance.entity.name, decisions)
        if not schema.decisions:
            continue
        row: dict[str, Any] = {"key": instance.place[0], "year": root.year, "phase": determination.phase, "proved": True}
        if schema.part:
            row["of"] = root.key[0]
        for name, _ in schema.decisions:
            row[name], row[f"{name}?"] = shown(outcomes[name])
        if reasons:
            steps = (instance.steps[name] for name, _ in schema.decisions)
            held = {rule.rule for step in steps for rule in step.rules if rule.state == HOLDS}
            row |= {f"rule:{name}": name in held for name in schema.rules}
        yield instance.entity.name, row


def shown(outcome: Any) -> tuple[Any, str]:
    """An outcome as its value in a frame (of a number, the exact one) and its state."""
    if isinstance(outcome, OpenSet):
        return SEPARATOR.join(sorted(outcome.members)), UNKNOWN
    if isinstance(outcome, Unknown):
        return None, UNKNOWN
    if isinstance(outcome, (Gap, Conflict)):
        return None, GAP if isinstance(outcome, Gap) else CONFLICT
    if outcome is None:
        return None, NONE
    if isinstance(outcome, frozenset):
        return SEPARATOR.join(sorted(outcome)), VALUE
    if hasattr(outcome, "key"):
        return outcome.key[0], VALUE
    if isinstance(outcome, int) and not isinstance(outcome, bool):
        return Fraction(outcome), VALUE
    if isinstance(outcome, date):
        return outcome, VALUE
    return outcome, VALUE
