"""A register decided under two laws: the same instances, side by side, as frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import lcm
from pathlib import Path
from typing import Any

import polars as pl

from engine.columns import Pair, both_decided, encoded, pair_of
from engine.columns import reading as columns_reading
from engine.columns.asking import Decider
from engine.columns.encoding import Tables
from engine.columns.proved import shown as as_cell
from engine.containment import Beside
from engine.drafting.second import large
from engine.drafting.sides import Side
from engine.explaining.reports import read_facts, roots
from engine.explaining.terminal import shown
from engine.facts import Facts, Row
from engine.language import Unknown
from engine.law import Law
from engine.problems import input_error
from engine.proving import Determination, Root, ask

VALUE, NONE, UNKNOWN = "value", "none", "unknown"
NAME = "name"


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
        about: what the facts say of themselves.
        rows: of the main entity's table: `key`, and for each column that the manifest groups by, and for the name, `@<column>`.
        names: table -> id -> name, of the tables that those columns refer to.
        answers: under each law.
        facts: what proving needs for some roots under the first or the second law (0 or 1).
    """

    path: str
    as_of: date
    digest: str
    about: Mapping[str, Any]
    rows: pl.DataFrame
    names: Mapping[str, Mapping[str, str]]
    answers: tuple[Answers, Answers]
    facts: Callable[[int, Sequence[Root]], Facts]


def decide_both(one: Side, other: Side, path: Path, as_of: date | None, today: date, label: str, second: Beside | None = None) -> Register:
    """The register at ``path`` under both laws; a large one in columns, any other by proving, with a progress bar where a person waits.

    Args:
        label: of the progress bar.
        second: the process that decides a large register under the second law, if there is one.

    Raises:
        InputError: the facts cannot be read, or nothing in them can be decided under both laws.
        EngineDefect: proving failed.
    """
    if large(path):
        return _in_columns(one, other, path, as_of, today, label, second)
    facts = tuple(read_facts(side.law, path, as_of) for side in (one, other))
    asked = [roots(side.law, given, side.inquiry, None, None) for side, given in zip((one, other), facts, strict=True)]
    common = [root for root in asked[0] if root in set(asked[1])]
    if not common:
        raise input_error(
            str(path), 0, 0, "the facts speak of no installation in a year that both laws govern", "add emissions, quotas or reports"
        )
    answers = _proved((one, other), (facts[0], facts[1]), common, label)
    given, table, groups = facts[0], *_groups(one.law)
    rows = {row.key[0]: [_cell(row, column) for column in groups] for row in given.tables[table]}
    frame = pl.DataFrame({"key": list(rows)} | {f"@{column}": [cells[n] for cells in rows.values()] for n, column in enumerate(groups)})
    names = {
        name: {row.key[0]: str(row.cells["name"]) for row in given.tables[name] if isinstance(row.cells.get("name"), str)}
        for name in one.law.vocabulary.tables
        if "name" in one.law.vocabulary.tables[name].columns
    }
    return Register(
        given.path, given.as_of, given.digest, given.about, frame.cast(pl.String), names, answers, lambda number, _: facts[number]
    )


def _groups(law: Law) -> tuple[str, list[str]]:
    """The main entity's table, and the columns by which its rows are grouped and named."""
    table = law.vocabulary.entities[str(law.manifest["main"])].table or ""
    return table, [*law.manifest["impact"]["groups"], NAME]


def _cell(row: Row, path: str) -> str | None:
    """A cell of a row, or of the row that a cell refers to; None where it is not known."""
    current: Any = row
    for name in path.split("."):
        if not isinstance(current, Row):
            return None
        current = current.cells.get(name)
    if isinstance(current, Unknown) or current is None:
        return None
    return str(current.key[0]) if isinstance(current, Row) else str(current)


# -- in columns ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Columns:
    """A large register as columns, and two laws under which it is to be decided.

    Attributes:
        placed: its tables, each row with the place that it was read at; ``whole``: the same as whole numbers.
    """

    opened: columns_reading.Register
    placed: Mapping[str, pl.DataFrame]
    whole: Tables
    pair: Pair

    @classmethod
    def read(cls, one: Side, other: Side, path: Path, as_of: date | None, today: date) -> Columns:
        """
        Raises:
            InputError: a file cannot be read.
        """
        law = one.law
        opened = columns_reading.open_register(law, path, as_of, today)
        placed = {name: pl.concat(opened.batches(name), how="diagonal_relaxed") for name in opened.files}
        whole = encoded(law, {name: frame.drop(columns_reading.PLACE) for name, frame in placed.items()})
        laws = (law, one.inquiry), (other.law, other.inquiry)
        pair = pair_of(laws, whole, opened.as_of, shown_decisions(law), compared(law), withheld=opened.withheld)
        return cls(opened, placed, whole, pair)


def _in_columns(one: Side, other: Side, path: Path, as_of: date | None, today: date, label: str, second: Beside | None) -> Register:
    """Both laws over the whole register at once; what columns cannot decide is proved."""
    columns = Columns.read(one, other, path, as_of, today)
    Decider(one.law, one.inquiry).check(columns.opened, columns.placed, columns.whole)
    pair, opened = columns.pair, columns.opened
    for _ in shown(pair.decide(None if second is None else second.answers("the second law", None)), label, len(pair)):
        pass
    found = both_decided(pair)
    rows, names = _grouped(one.law, columns.whole.given)
    answers = Answers(found[0].frames, found[0].scales), Answers(found[1].frames, found[1].scales)
    return Register(str(path), opened.as_of, opened.digest, opened.about, rows, names, answers, pair.facts)


def compared(law: Law) -> list[str]:
    """The entities that a comparison decides: the main one, and those of the whole system (a plan in a year)."""
    return [
        name for name, spec in law.vocabulary.entities.items() if spec.of is None and (spec.table is None or name == law.manifest["main"])
    ]


def shown_decisions(law: Law) -> set[tuple[str, str]]:
    """The decisions that a comparison shows whether or not the laws part there."""
    main, wanted = str(law.manifest["main"]), law.manifest["impact"]
    own = {(main, name) for name in (*wanted["outcomes"], *wanted["amounts"], wanted["bands"]["of"])}
    return own | {key for key in law.vocabulary.decisions if key[0] != main and key[0] in compared(law)}


def _grouped(law: Law, tables: Mapping[str, pl.DataFrame]) -> tuple[pl.DataFrame, dict[str, dict[str, str]]]:
    """The rows of the main table with what groups them, and the names of what they refer to."""
    table, groups = _groups(law)
    names = {
        name: dict(frame.select(law.vocabulary.tables[name].key[0], NAME).iter_rows())
        for name, frame in tables.items()
        if NAME in frame.columns and law.vocabulary.tables[name].key
    }
    frame = tables[table].cast(pl.String)
    key = law.vocabulary.tables[table].key[0]
    made = frame.select(pl.col(key).alias("key"), *(pl.col(c) for c in frame.columns))
    for group in groups:
        first, _, rest = group.partition(".")
        if first not in frame.columns:
            made = made.with_columns(pl.lit(None, dtype=pl.String).alias(f"@{group}"))
        elif not rest:
            made = made.with_columns(_known(pl.col(first)).alias(f"@{group}"))
        else:
            other = law.vocabulary.tables[table].columns[first].type.table or ""
            found = tables.get(other)
            if found is None or rest not in found.columns:
                made = made.with_columns(pl.lit(None, dtype=pl.String).alias(f"@{group}"))
                continue
            inner = found.select(
                pl.col(law.vocabulary.tables[other].key[0]).alias(first), _known(pl.col(rest).cast(pl.String)).alias(f"@{group}")
            )
            made = made.join(inner, on=first, how="left")
    return made.select("key", *(f"@{group}" for group in groups)), names


def _known(cell: pl.Expr) -> pl.Expr:
    return pl.when(~cell.is_in(["", UNKNOWN, NONE])).then(cell)


# -- by proving ---------------------------------------------------------------------------------------------------


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
                row[name], row[f"{name}?"] = as_cell(outcome)
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
