"""A register decided under two laws: the same instances, side by side, as frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import lcm
from pathlib import Path
from typing import Any

import polars as pl

from engine.drafting.sides import Side
from engine.explaining.reports import read_facts, roots
from engine.explaining.terminal import shown
from engine.facts import Facts, Row
from engine.language import OpenSet, Unknown
from engine.law import Law
from engine.problems import input_error
from engine.proving import Conflict, Determination, Gap, Root, ask

VALUE, NONE, UNKNOWN, GAP, CONFLICT = "value", "none", "unknown", "gap", "conflict"
SEPARATOR = ", "


@dataclass(frozen=True)
class Answers:
    """Every decision about the roots of a register under one law.

    Attributes:
        frames: entity -> one row an instance: `key`, `year`, for a part `of`, then for each decision its value and, in
            `<decision>?`, its state (`value`, `none`, `unknown`, `gap`, `conflict`). Numbers are whole: the exact value is the
            number divided by its scale.
        scales: (entity, decision) -> the scale.
    """

    frames: Mapping[str, pl.DataFrame]
    scales: Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Register:
    """What was decided, and about what.

    Attributes:
        facts: as the first law reads them.
        answers: under each law.
    """

    facts: Facts
    answers: tuple[Answers, Answers]


def decide_both(one: Side, other: Side, path: Path, as_of: date | None, label: str) -> Register:
    """The register at ``path`` under both laws, with a progress bar where a person waits.

    Args:
        label: of the progress bar.

    Raises:
        InputError: the facts cannot be read, or nothing in them can be decided under both laws.
        EngineDefect: proving failed.
    """
    facts = tuple(read_facts(side.law, path, as_of) for side in (one, other))
    asked = [roots(side.law, given, side.inquiry, None, None) for side, given in zip((one, other), facts, strict=True)]
    common = [root for root in asked[0] if root in set(asked[1])]
    if not common:
        raise input_error(
            str(path), 0, 0, "the facts speak of no installation in a year that both laws govern", "add emissions, quotas or reports"
        )
    return Register(facts[0], _proved((one, other), (facts[0], facts[1]), common, label))


def _proved(sides: tuple[Side, Side], facts: tuple[Facts, Facts], asked: list[Root], label: str) -> tuple[Answers, Answers]:
    """Both laws proved at once, each in a process of its own."""
    streams = [ask(side.law, given, side.inquiry, asked) for side, given in zip(sides, facts, strict=True)]
    made = _Rows(sides[0].law), _Rows(sides[1].law)
    for pair in shown(zip(*streams, strict=True), label, len(asked)):
        for rows, determination in zip(made, pair, strict=True):
            rows.add(determination)
    return made[0].answers(), made[1].answers()


class _Rows:
    """Determinations as rows of frames."""

    def __init__(self, law: Law) -> None:
        self.law = law
        self.rows: dict[str, list[dict[str, Any]]] = {}

    def add(self, determination: Determination) -> None:
        root = determination.root
        for entity, key, owner, outcomes in self._instances(determination):
            row: dict[str, Any] = {"key": key, "year": root.year} | ({"of": owner} if owner is not None else {})
            for name, outcome in outcomes.items():
                row[name], row[f"{name}?"] = cell(outcome)
            self.rows.setdefault(entity, []).append(row)

    def _instances(self, determination: Determination) -> Iterator[tuple[str, str, str | None, Mapping[str, Any]]]:
        root = determination.root
        yield root.entity, root.key[0], None, determination.outcomes
        for entity, parts in determination.parts.items():
            for place, outcomes in parts:
                yield entity, place[0], root.key[0], outcomes

    def answers(self) -> Answers:
        scales: dict[tuple[str, str], int] = {}
        frames = {}
        for entity, rows in self.rows.items():
            columns = []
            kinds = {name: spec.type.kind for (owner, name), spec in self.law.vocabulary.decisions.items() if owner == entity}
            for name in rows[0]:
                values = [row.get(name) for row in rows]
                if kinds.get(name) == "number":
                    scale = lcm(*(Fraction(v).denominator for v in values if v is not None)) if any(v is not None for v in values) else 1
                    scales[entity, name] = scale
                    values = [None if v is None else int(v * scale) for v in values]
                columns.append(pl.Series(name, values, dtype=_dtype(name, kinds.get(name))))
            frames[entity] = pl.DataFrame(columns)
        return Answers(frames, scales)


def _dtype(name: str, kind: str | None) -> Any:
    if name == "year":
        return pl.Int32()
    if kind == "bool":
        return pl.Boolean()
    return {"number": pl.Int128(), "date": pl.Date()}.get(kind or "", pl.String())


def cell(outcome: Any) -> tuple[Any, str]:
    """An outcome as its value in a frame (of a number, the exact one) and its state."""
    if isinstance(outcome, (Unknown, OpenSet)):
        return (SEPARATOR.join(sorted(outcome.members)) if isinstance(outcome, OpenSet) else None), UNKNOWN
    if isinstance(outcome, (Gap, Conflict)):
        return None, GAP if isinstance(outcome, Gap) else CONFLICT
    if outcome is None:
        return None, NONE
    if isinstance(outcome, frozenset):
        return SEPARATOR.join(sorted(outcome)), VALUE
    return (outcome.key[0] if isinstance(outcome, Row) else outcome), VALUE
