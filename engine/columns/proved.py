"""Roots that columns hand over: proved one by one, and put into the frames beside the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from functools import partial
from math import lcm
from typing import Any

import polars as pl

from engine.columns.deciding import Found, Years
from engine.columns.forking import from_child
from engine.columns.frames import SEPARATOR, STATE, Schema
from engine.columns.handing import facts_of
from engine.columns.planning import STATES, Key
from engine.containment import contained
from engine.facts import Facts
from engine.language import OpenSet, Unknown
from engine.law import Law
from engine.proving import Conflict, Determination, Gap, Prover, Root, determine
from engine.proving.steps import HOLDS

Rows = list[tuple[str, dict[str, Any]]]
"""Entity and cells of each."""
BATCH = 500
"""Roots whose facts are gathered together."""
VALUE, NONE, UNKNOWN, GAP, CONFLICT, BEYOND = STATES
MAX_WIDE = 2**127 - 1


def prove_roots(asked: Sequence[Years]) -> list[dict[Root, Rows]]:
    """The outcomes, under each law, of the roots that columns did not decide under it, as rows of frames.

    Laws that read the facts alike share them; what they decide alike is proved under the first.

    Raises:
        InputError: a row breaks the checks of the facts.
        EngineDefect: proving failed.
    """
    own = [set(_roots(years.found.inexact)) for years in asked]
    proved: list[dict[Root, Rows]] = [{} for _ in asked]
    provers: list[Prover | None] = [None for _ in asked]
    # the years of an installation next to each other: what one needs of the other is proved once
    todo = sorted(set[Root]().union(*own), key=_place)
    for start in range(0, len(todo), BATCH):
        batch = todo[start : start + BATCH]
        facts: dict[int, Facts] = {}
        for number, years in enumerate(asked):
            here = [root for root in batch if root in own[number]]
            if here:
                tables = years.data.tables
                given = facts.get(id(tables)) or facts.setdefault(id(tables), facts_of(years.law, years.data, batch))
                before = provers[number]
                prover = provers[number] = Prover(years.law, years.selection, given) if before is None else before.about(given)
                child = partial(contained, here, _Work(years, prover))
                proved[number].update(zip(here, from_child(child), strict=True))
    for years, rows in zip(asked, proved, strict=True):
        rows.update({root: proved[0][root] for root in _roots(years.found.shared)})
    return proved


def _roots(listed: Mapping[tuple[str, int], list[str]]) -> Iterator[Root]:
    for (entity, year), keys in listed.items():
        yield from (Root(entity, (key,), year) for key in keys)


def _place(root: Root) -> tuple[str, tuple[str, ...], int]:
    return root.entity, root.key, root.year


class _Work:
    def __init__(self, years: Years, prover: Prover) -> None:
        self.years, self.prover = years, prover

    def __call__(self, root: Root) -> Rows:
        """Without traces: why it came out so is proved again for who asks."""
        vocabulary = self.prover.law.vocabulary
        decisions = self.years.shown(root.year, root.key[0] if vocabulary.entities[root.entity].table is None else None)
        wanted = () if decisions is None else tuple(k for k in decisions if vocabulary.main_names(k[0])[-1].name == root.entity)
        determination = determine(self.prover, root, wanted=wanted)
        return list(_rows(self.prover, root, determination, self.years.reasons, decisions))


def replaced(
    law: Law, found: Found, scales: Mapping[Key, int], proved: Mapping[Root, Rows], reasons: bool
) -> tuple[dict[str, pl.DataFrame], dict[Key, int]]:  # fmt: skip
    """All frames of each entity as one, with what was proved in the place of what was not decided."""
    by_entity: dict[str, list[dict[str, Any]]] = {}
    for outcomes in proved.values():
        for entity, row in outcomes:
            by_entity.setdefault(entity, []).append(row)
    scales, frames = dict(scales), {}
    for entity in dict.fromkeys([*found.frames, *by_entity]):
        schema, rows = Schema.of(law, entity), by_entity.get(entity, [])
        for name, kind in schema.decisions:
            if kind == "number":
                exact = [row[name].denominator for row in rows if row.get(name) is not None]
                scales[entity, name] = lcm(scales.get((entity, name), 1), *exact)
        own = [_rescaled(f, entity, found, scales, number) for number, f in enumerate(found.frames.get(entity, []))]
        frames[entity] = _joined([*own, *([_frame(schema, rows, scales, reasons)] if rows else [])])
    return frames, scales


def _rescaled(frame: pl.DataFrame, entity: str, found: Found, scales: Mapping[Key, int], number: int) -> pl.DataFrame:
    """A frame brought to the scales that hold for all; a number that then exceeds 128 bits is said to be beyond."""
    changes = []
    for name, scale in found.scales[entity][number].items():
        factor = scales[entity, name] // scale
        if factor != 1:
            most = MAX_WIDE // factor
            wide = pl.col(name).cast(pl.Int128)
            fits = wide.is_between(-most, most)
            changes.append(pl.when(fits).then(wide * (factor if most else 1)).alias(name))
            changes.append(pl.when(fits.not_()).then(pl.lit(BEYOND, dtype=STATE)).otherwise(pl.col(f"{name}?")).alias(f"{name}?"))
    return frame.with_columns(changes) if changes else frame


def _joined(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """One frame; a number is 64 bits wide wherever every one of them fits."""
    alike = all(frame.columns == frames[0].columns for frame in frames)
    whole = pl.concat(frames, how="vertical_relaxed" if alike else "diagonal_relaxed", rechunk=False)
    narrow = [name for name, kind in whole.schema.items() if kind == pl.Int128]
    fits = [name for name in narrow if (whole[name].is_null() | whole[name].is_between(-(2**63), 2**63 - 1)).all()]
    return whole.with_columns(pl.col(fits).cast(pl.Int64)) if fits else whole


def _frame(schema: Schema, rows: list[dict[str, Any]], scales: Mapping[Key, int], reasons: bool) -> pl.DataFrame:
    told = dict.fromkeys(name for row in rows for name in row)
    dtypes = {name: dtype for name, dtype in schema.dtypes(reasons).items() if name in told}
    columns = []
    numbers = {name for name, kind in schema.decisions if kind == "number"}
    beyond: dict[str, list[bool]] = {}
    for name, dtype in dtypes.items():
        values = [row.get(name) for row in rows]
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
