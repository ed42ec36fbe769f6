"""What a change of the law does to a register: who flips and why, by how much, and where.

Everything is counted and added in whole numbers; what cannot be determined under either law is counted apart, never as nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import polars as pl

from engine.drafting.answers import NONE, VALUE, Answers, Register
from engine.drafting.causes import Cause, Causes
from engine.drafting.diff import LawDiff
from engine.drafting.sides import Side
from engine.explaining.words import plain_json
from engine.language.values import exact
from engine.law import Law

UNDETERMINED = "undetermined"
OTHER = "|b"
Number = int | Fraction


@dataclass(frozen=True)
class Amount:
    """A decision added up over the instances for which both laws determine it.

    Attributes:
        undetermined: how many instances are left out, under the first law and under the second.
    """

    one: Number
    other: Number
    undetermined: tuple[int, int]

    @property
    def change(self) -> Number:
        return self.other - self.one if type(self.one) is type(self.other) is int else exact(Fraction(self.other) - Fraction(self.one))


@dataclass(frozen=True)
class Tally:
    """A line of a table: some instances, how many of them flip, and the amounts."""

    label: tuple[str, ...]
    instances: int
    changed: int
    flips: int
    amounts: Mapping[str, Amount]


@dataclass(frozen=True)
class Mover:
    """An instance that comes out differently.

    Attributes:
        about: what the facts say of it: its cells of the groups, and its name.
        outcomes: outcome -> under each law, as text; `undetermined` where it is.
        amounts: amount -> under each law; None where it is not determined.
    """

    key: str
    year: int
    about: Mapping[str, str | None]
    outcomes: Mapping[str, tuple[str, str]]
    amounts: Mapping[str, tuple[Number | None, Number | None]]
    cause: Cause


@dataclass(frozen=True)
class PlanLine:
    """A decision about another entity than the main one (a plan in a year) under each law, as text or number."""

    entity: str
    key: str
    year: int
    decision: str
    sides: tuple[Any, Any]


@dataclass(frozen=True)
class Impact:
    """What `measure` found.

    Attributes:
        total: all instances.
        flips: outcome -> (before, after) -> how many.
        counts: outcome -> value -> how many under each law.
        groups: group -> its lines; `band` are the bands of size.
        years: a line a year.
        causes: each cause with its line, the most frequent first.
        rows: all instances that come out differently, the largest first.
        open: the instances whose result cannot be determined under the first and under the second law: `key`, `year`.
    """

    total: Tally
    flips: Mapping[str, Mapping[tuple[str, str], int]]
    counts: Mapping[str, Mapping[str, tuple[int, int]]]
    groups: Mapping[str, tuple[Tally, ...]]
    years: tuple[Tally, ...]
    causes: tuple[tuple[Cause, Tally], ...]
    rows: Changed
    open: tuple[pl.DataFrame, pl.DataFrame]
    plans: tuple[PlanLine, ...]


def measure(one: Side, other: Side, register: Register, found: LawDiff) -> Impact:
    """The impact of the second law on a register, against the first; ``found`` is what the two laws do not have in common."""
    return _Measure(one, other, register, found).impact()


class _Measure:
    def __init__(self, one: Side, other: Side, register: Register, found: LawDiff) -> None:
        self.law, self.register = one.law, register
        self.wanted: Mapping[str, Any] = one.law.manifest["impact"]
        self.main = str(one.law.manifest["main"])
        self.answers = register.answers
        self.causes = Causes(one, other, found)
        self.kinds = {n: s.type.kind for (e, n), s in one.law.vocabulary.decisions.items() if e == self.main}

    def impact(self) -> Impact:
        frame = self._with_sums(self._with_groups(self._with_changes()))
        result = self.wanted["outcomes"][-1]
        groups = {name: self._tallies(frame, [f"@{name}"]) for name in [*self.wanted["groups"], "band"]}
        total = self._tallies(frame, [])
        return Impact(
            total[0],
            {name: self._flips(frame, name) for name in self.wanted["outcomes"]},
            {name: self._counts(frame, name) for name in self.wanted["outcomes"]},
            groups,
            self._tallies(frame, ["year"]),
            self._by_cause(frame),
            Changed(self, self._sorted(frame.filter("@changed"))),
            (self._open(frame, result), self._open(frame, result + OTHER)),
            tuple(self._plans()),
        )

    # -- the two answers side by side ---------------------------------------------------------------------------

    def _side_by_side(self, entity: str) -> pl.DataFrame:
        one, other = (answers.frames.get(entity, pl.DataFrame()) for answers in self.answers)
        keys = [name for name in ("key", "year", "of") if name in one.columns and name in other.columns]
        return one.join(other, on=keys, how="inner", suffix=OTHER) if keys else pl.DataFrame()

    def _common(self, entity: str, frame: pl.DataFrame) -> list[str]:
        names = [n for e, n in self.law.vocabulary.decisions if e == entity]
        return [name for name in names if name in frame.columns and name + OTHER in frame.columns]

    def _differs(self, entity: str, name: str) -> pl.Expr:
        one, other = pl.col(name), pl.col(name + OTHER)
        scales = [answers.scales.get((entity, name), 1) for answers in self.answers]
        if scales[0] != scales[1]:
            one, other = one * scales[1], other * scales[0]
        states = [pl.col(f"{name}?{suffix}") for suffix in ("", OTHER)]
        if len({answers.frames[entity][f"{name}?"].dtype for answers in self.answers}) > 1:
            states = [state.cast(pl.String) for state in states]
        return one.ne_missing(other) | states[0].ne_missing(states[1])

    def _with_changes(self) -> pl.DataFrame:
        """The main entity's instances under both laws, with `@d:entity.name` for each decision that differs, its parts' among them."""
        frame = self._side_by_side(self.main)
        frame = frame.with_columns(self._differs(self.main, n).alias(f"@d:{self.main}.{n}") for n in self._common(self.main, frame))
        for entity, spec in self.law.vocabulary.entities.items():
            if spec.of == self.main and entity in self.answers[0].frames:
                parts = self._side_by_side(entity)
                names = self._common(entity, parts)
                differing = [self._differs(entity, name).any().alias(f"@d:{entity}.{name}") for name in names]
                own = parts.group_by("of", "year").agg(differing).rename({"of": "key"})
                frame = frame.join(own, on=["key", "year"], how="left").with_columns(
                    pl.col(f"@d:{entity}.{name}").fill_null(False) for name in names
                )
        flips = [self._differs(self.main, name) for name in self.wanted["outcomes"]]
        told = [*flips, *(self._differs(self.main, name) for name in self.wanted["amounts"])]
        return self._with_causes(frame.with_columns(pl.any_horizontal(flips).alias("@flips"), pl.any_horizontal(told).alias("@changed")))

    def _with_causes(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The number of the cause of each instance that changes; equal patterns of differing decisions have one."""
        self.found: list[Cause] = []
        marks = [name for name in frame.columns if name.startswith("@d:") and frame[name].any()]
        patterns = frame.filter("@changed").select("year", *marks).unique(maintain_order=True)
        numbers = []
        for row in patterns.iter_rows(named=True):
            keys = [tuple(mark.removeprefix("@d:").split(".", 1)) for mark in marks if row[mark]]
            cause = self.causes.of(row["year"], [(entity, name) for entity, name in keys])
            if cause not in self.found:
                self.found.append(cause)
            numbers.append(self.found.index(cause))
        named = patterns.with_columns(pl.Series("@cause", numbers, dtype=pl.Int32))
        return frame.join(named, on=["year", *marks], how="left", nulls_equal=True)

    # -- groups -------------------------------------------------------------------------------------------------

    def _with_groups(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.join(self.register.rows, on="key", how="left").with_columns(self._band().alias("@band"))

    def _band(self) -> pl.Expr:
        """The band of size of an instance, by the first of its edges that is greater; null where its size is not known."""
        of, edges = self.wanted["bands"]["of"], self.wanted["bands"]["edges"]
        scale = self.answers[0].scales.get((self.main, of), 1)
        band = pl.lit(str(len(edges)))
        for number, edge in reversed(list(enumerate(edges))):
            band = pl.when(pl.col(of) < edge * scale).then(pl.lit(str(number))).otherwise(band)
        return pl.when(pl.col(of).is_not_null()).then(band)

    def _with_sums(self, frame: pl.DataFrame) -> pl.DataFrame:
        """For each amount and law `@s:` what counts of it, where both laws determine it, and `@u:` whether this one does not."""
        made = []
        for name in self.wanted["amounts"]:
            known = [pl.col(f"{name}?{suffix}") == VALUE for suffix in ("", OTHER)]
            for suffix, own in zip(("", OTHER), known, strict=True):
                counted = pl.when(known[0] & known[1]).then(pl.col(name + suffix)).otherwise(0)
                made += [counted.cast(pl.Int128).alias(f"@s:{name}{suffix}"), (~own).alias(f"@u:{name}{suffix}")]
        return frame.with_columns(made)

    def _tallies(self, frame: pl.DataFrame, by: list[str]) -> tuple[Tally, ...]:
        sums = [name for name in frame.columns if name.startswith(("@s:", "@u:"))]
        made = [pl.len().alias("@n"), pl.col("@changed").sum().alias("@c"), pl.col("@flips").sum().alias("@f"), pl.col(sums).sum()]
        found = (frame.group_by(by, maintain_order=True).agg(made) if by else frame.select(made)).iter_rows(named=True)
        amounts = self._amounts()
        lines = [
            Tally(
                tuple("" if row[name] is None else str(row[name]) for name in by),
                row["@n"],
                row["@c"],
                row["@f"],
                amounts(row),
            )
            for row in found
        ]
        return tuple(sorted(lines, key=lambda line: line.label))

    def _amounts(self) -> Callable[[Mapping[str, Any]], dict[str, Amount]]:
        """Reads the amounts off a line of sums."""
        places = [
            (name, [(f"@s:{name}{suffix}", f"@u:{name}{suffix}", self._scale(name, index)) for index, suffix in enumerate(("", OTHER))])
            for name in self.wanted["amounts"]
        ]

        def found(row: Mapping[str, Any]) -> dict[str, Amount]:
            return {
                name: Amount(_exact(row[one[0]], one[2]), _exact(row[other[0]], other[2]), (row[one[1]], row[other[1]]))
                for name, (one, other) in places
            }

        return found

    def _scale(self, name: str, index: int) -> int:
        return self.answers[index].scales.get((self.main, name), 1)

    def exactly(self, name: str, index: int, value: int | None) -> Number | None:
        """A number of a frame of a law as it is, without its scale."""
        return None if value is None else _exact(value, self._scale(name, index))

    # -- flips, causes, movers ----------------------------------------------------------------------------------

    def _flips(self, frame: pl.DataFrame, name: str) -> dict[tuple[str, str], int]:
        flipped = frame.filter(self._differs(self.main, name))
        words = [_word(name + suffix, f"{name}?{suffix}").alias(f"@w{suffix}") for suffix in ("", OTHER)]
        counted = (
            flipped.select(words)
            .group_by("@w", f"@w{OTHER}")
            .len()
            .sort(pl.col("len"), "@w", f"@w{OTHER}", descending=[True, False, False])
        )
        return {(one, other): count for one, other, count in counted.iter_rows()}

    def _counts(self, frame: pl.DataFrame, name: str) -> dict[str, tuple[int, int]]:
        sides = [
            dict(frame.select(_word(name + suffix, f"{name}?{suffix}").alias("@w")).group_by("@w").len().iter_rows())
            for suffix in ("", OTHER)
        ]
        return {word: (sides[0].get(word, 0), sides[1].get(word, 0)) for word in sorted({*sides[0], *sides[1]})}

    def _by_cause(self, frame: pl.DataFrame) -> tuple[tuple[Cause, Tally], ...]:
        lines = self._tallies(frame.filter("@changed"), ["@cause"])
        return tuple((self.found[int(line.label[0])], line) for line in sorted(lines, key=lambda t: (-t.flips, -t.changed, t.label)))

    def _sorted(self, changed: pl.DataFrame) -> pl.DataFrame:
        """The changed instances, those whose last amount changes most first, then by the amount before it."""
        order = [self._size(name) for name in reversed(self.wanted["amounts"])]
        return changed.sort(*order, "key", "year", descending=[True] * len(order) + [False, False], nulls_last=True)

    def _size(self, name: str) -> pl.Expr:
        scales = self._scale(name, 0), self._scale(name, 1)
        return (pl.col(name + OTHER).cast(pl.Int128) * scales[0] - pl.col(name).cast(pl.Int128) * scales[1]).abs()

    def mover(self, row: Mapping[str, Any]) -> Mover:
        amounts = {name: (self.exactly(name, 0, row[name]), self.exactly(name, 1, row[name + OTHER])) for name in self.wanted["amounts"]}
        outcomes = {n: (_told(row[n], row[f"{n}?"]), _told(row[n + OTHER], row[f"{n}?{OTHER}"])) for n in self.wanted["outcomes"]}
        about = {name: row[f"@{name}"] for name in [*self.wanted["groups"], "name", "band"]}
        return Mover(row["key"], row["year"], about, outcomes, amounts, self.found[row["@cause"]])

    def table(self, changed: pl.DataFrame) -> pl.DataFrame:
        """The changed instances as a plain table: exact numbers, codes, and the elements of the cause."""
        columns = [pl.col("key"), pl.col("@name").alias("name"), pl.col("year"), *(pl.col(f"@{g}").alias(g) for g in self.wanted["groups"])]
        sides = (("one", "", 0), ("other", OTHER, 1))
        for name in self.wanted["outcomes"]:
            columns += [_word(name + suffix, f"{name}?{suffix}").alias(f"{name}.{side}") for side, suffix, _ in sides]
        for name in self.wanted["amounts"]:
            columns += [self._written(name, suffix, index).alias(f"{name}.{side}") for side, suffix, index in sides]
        causes = pl.Series([" ".join(f"{e.kind}:{e.name}" for e in cause.elements) for cause in self.found], dtype=pl.String)
        return changed.select(*columns, pl.lit(causes).gather(pl.col("@cause")).alias("cause"))

    def _written(self, name: str, suffix: str, index: int) -> pl.Expr:
        """A number as it is written in plain data; nothing where it is not determined."""
        if self._scale(name, index) == 1:
            return pl.col(name + suffix).cast(pl.String)
        return pl.col(name + suffix).map_elements(lambda value: str(plain_json(self.exactly(name, index, value))), return_dtype=pl.String)

    def _open(self, frame: pl.DataFrame, column: str) -> pl.DataFrame:
        state = column.replace(OTHER, "") + "?" + (OTHER if column.endswith(OTHER) else "")
        return frame.filter(~pl.col(state).cast(pl.String).is_in([VALUE, NONE])).select("key", "year").sort("year", "key")

    # -- plans --------------------------------------------------------------------------------------------------

    def _plans(self) -> Iterable[PlanLine]:
        for entity, spec in self.law.vocabulary.entities.items():
            if spec.of is not None or spec.table is not None:
                continue
            frame = self._side_by_side(entity)
            for row in frame.sort("year", "key").iter_rows(named=True) if frame.height else ():
                for name in self._common(entity, frame):
                    sides = tuple(self._side(entity, row, name, index) for index in (0, 1))
                    yield PlanLine(entity, row["key"], row["year"], name, (sides[0], sides[1]))

    def _side(self, entity: str, row: Mapping[str, Any], name: str, index: int) -> Any:
        suffix = ("", OTHER)[index]
        value, state = row[name + suffix], row[f"{name}?{suffix}"]
        if state not in (VALUE, NONE):
            return UNDETERMINED
        if isinstance(value, int) and not isinstance(value, bool):
            return exact(Fraction(value, self.answers[index].scales.get((entity, name), 1)))
        return value


class Changed:
    """The instances that come out differently, the largest first; each is told when it is asked for."""

    def __init__(self, measure: _Measure, frame: pl.DataFrame) -> None:
        self._measure, self._frame = measure, frame

    def __len__(self) -> int:
        return self._frame.height

    def __iter__(self) -> Iterator[Mover]:
        return map(self._measure.mover, self._frame.iter_rows(named=True))

    def head(self, count: int) -> tuple[Mover, ...]:
        """The first of them."""
        return tuple(map(self._measure.mover, self._frame.head(count).iter_rows(named=True)))

    def table(self) -> pl.DataFrame:
        """All of them as a plain table: exact numbers, codes, and the elements of the cause."""
        return self._measure.table(self._frame)


def _exact(value: int, scale: int) -> Number:
    return value if scale == 1 else exact(Fraction(value, scale))


def _word(value: str, state: str) -> pl.Expr:
    known = pl.col(state)
    return (
        pl.when(known == VALUE).then(pl.col(value).cast(pl.String)).when(known == NONE).then(pl.lit(NONE)).otherwise(pl.lit(UNDETERMINED))
    )


def _told(value: Any, state: str) -> str:
    return str(value) if state == VALUE else NONE if state == NONE else UNDETERMINED


def labels(law: Law) -> Mapping[str, Any]:
    """What the manifest wants to be shown."""
    found: Mapping[str, Any] = law.manifest["impact"]
    return found


__all__ = ["Amount", "Answers", "Impact", "Mover", "PlanLine", "Tally", "labels", "measure"]
