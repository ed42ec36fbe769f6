"""A whole register: year after year, each under its own law."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import lcm
from typing import Any

import polars as pl

from engine.columns.data import Data
from engine.columns.frames import Schema, frame_of
from engine.columns.planning import Key, Plan, build, cells_of, compiler_of, read_later
from engine.columns.reasons import Sentences
from engine.columns.roots import Slice, governed_years, slices
from engine.columns.running import Run, series_of
from engine.columns.values import Value
from engine.explaining.words import Words
from engine.law import Law, Program, Selection
from engine.law.apart import Apart, same_facts


@dataclass
class Found:
    """What the columns decided so far.

    Attributes:
        frames: entity -> frames of its rows, a slice each.
        scales: entity -> for each of its frames, decision -> its scale there.
        inexact: (entity, year) -> ids of the roots that must be proved.
        shared: the same of slices that the other law decides alike: proved once, under that law.
    """

    frames: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    scales: dict[str, list[dict[str, int]]] = field(default_factory=dict)
    inexact: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    shared: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    unsupported: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Done:
    """A slice that was decided.

    Attributes:
        frames: entity -> its rows.
        inexact: ids of the roots that must be proved.
    """

    plan: Plan
    frames: Mapping[str, pl.DataFrame]
    inexact: tuple[str, ...]


class Years:
    """Decides slices of one register under one selection of the law.

    Args:
        plans: plans made before, by what they were made for.
        decisions: those that are put out; None: all.

    Attributes:
        both: where the register is decided under two laws, what is asked under both and what they decide alike.
    """

    def __init__(
        self,
        law: Law,
        selection: Selection,
        data: Data,
        plans: dict[Any, list[Plan]],
        reasons: bool,
        decisions: frozenset[Key] | None = None,
    ) -> None:
        self.law, self.selection, self.data, self.plans, self.reasons, self.decisions = law, selection, data, plans, reasons, decisions
        self.years = governed_years(law, selection)
        self.found = Found()
        self.telling: tuple[Key, Words] | None = None
        self.both: Both | None = None
        self.done: dict[tuple[str, int, str | None], Done] = {}
        self._programs: dict[tuple[str, int], Program] = {}

    def program(self, year: int, code: str | None = None) -> Program:
        phase = self.law.phase_of_plan(code) if code is not None else self.law.phase_of(year, self.selection.known_on)
        assert phase is not None
        found = self._programs.get((phase.id, year))
        if found is None:
            found = self._programs[phase.id, year] = Program(self.law, self.selection, phase, year)
        return found

    def shown(self, year: int, code: str | None) -> frozenset[Key] | None:
        """The decisions that are put out for a year (of a plan); None: all."""
        if self.both is None:
            return self.decisions
        return self.both.shown(year, code).intersection(self.law.vocabulary.decisions)

    def read_later(self, year: int) -> frozenset[Key]:
        """The decisions of earlier years that the law of a year reads; found once for a law and a selection."""
        known: dict[Any, frozenset[Key]] = self.law.__dict__.setdefault("_column_read_later", {})
        program = self.program(year)
        place = (self.selection.authority, self.selection.known_on, tuple(sorted(self.selection.readings.items())), self.selection.settled,
                 program.phase.id, year)  # fmt: skip
        if place not in known:
            known[place] = frozenset(read_later(self.law, program))
        return known[place]

    def decide(self, entities: Collection[str] | None, only: pl.Series | None) -> Found:
        for name, spec in self.law.vocabulary.entities.items():
            if spec.of is None and (entities is None or name in entities):
                own = only if name == self.law.manifest["main"] else None
                self._entity(name, list(slices(self.law, self.selection, self.data, name, own)))
        return self.found

    def _entity(self, name: str, asked: list[Slice]) -> None:
        if not asked:
            return
        spec = self.law.vocabulary.entities[name]
        if spec.table is None or not spec.years:
            for one in asked:
                self._slice(one, (), {})
            return
        by_year = {one.year: one for one in asked}
        earlier: dict[tuple[str, str, int], Value] = {}
        last = max(by_year)
        readers = self.both.laws if self.both is not None else (self,)
        wanted = {
            year: frozenset[Key]().union(*(r.read_later(year) for r in readers if year in r.years)) for year in self.years if year <= last
        }
        for year in self.years:
            if year > last:
                break
            kept = tuple(sorted(set().union(*(keys for later, keys in wanted.items() if later > year))))
            if year not in by_year and not kept:
                continue
            own = by_year.get(year) or Slice(name, year, ("rows", spec.table), None)
            plan = self._slice(own, kept, earlier, year in by_year)
            earlier.update({(*key, year): value for key, value in plan.kept.items()})

    def _slice(self, one: Slice, kept: tuple[Key, ...], earlier: Mapping[tuple[str, str, int], Value], wanted: bool = True) -> Plan:
        done = self.both.decided(self, one, kept) if self.both is not None else None
        if done is not None:
            self._take(one, done, self.found.shared)
            return done.plan
        program, root = self.program(one.year, one.code), self.law.vocabulary.entities[one.entity]
        plan = self._plan(one, program, kept, earlier, wanted)
        values = dict(Run(plan.made, self.data).values())
        for key, value in plan.kept.items():
            for cell in cells_of(value):
                if not cell.constant:
                    self.data.imports[*key, one.year, cell.number] = values[cell]
        found = {cell.number: series_of(cell, array) for cell, array in values.items()}
        if wanted and self.telling is not None:
            self._tell(one, program, earlier, *self.telling)
        else:
            frames, inexact = self._put_out(one, plan, found, root.name) if wanted else ({}, ())
            done = self.done[one.entity, one.year, one.code] = Done(plan, frames, inexact)
            self._take(one, done, self.found.inexact)
        return plan

    def _take(self, one: Slice, done: Done, open_ones: dict[tuple[str, int], list[str]]) -> None:
        """Add what was decided about a slice."""
        self.found.unsupported.update(done.plan.unsupported)
        if done.inexact:
            open_ones.setdefault((one.entity, one.year), []).extend(done.inexact)
        for part in done.plan.parts:
            if part.entity in done.frames:
                self.found.frames.setdefault(part.entity, []).append(done.frames[part.entity])
                self.found.scales.setdefault(part.entity, []).append({shown.spec.name: shown.scale for shown in part.shown})

    def _tell(self, one: Slice, program: Program, earlier: Mapping[tuple[str, str, int], Value], key: Key, words: Words) -> None:
        compiler = compiler_of(self.data, program, earlier, self.years)
        entity = self.law.vocabulary.entities[key[0]]
        over = one.space if entity.of is None else ("rows", entity.table)
        told = Sentences(self.law, self.data, one, key, words).series(compiler, self.data.height(over))
        if entity.of is None:
            frame, kept = pl.DataFrame({"key": self._keys(one), "sentence": told}), one.mask
        else:
            whole = self.data.column(over, next(iter(entity.where)), "values")
            assert whole is not None
            own = self.data.tables.keys(entity.table or "")
            frame = pl.DataFrame({"key": own, "of": self._keys(one).gather(whole), "sentence": told})
            kept = None if one.mask is None else one.mask.gather(whole)
        frame = frame if kept is None else frame.filter(kept)
        self.found.frames.setdefault(key[0], []).append(frame.with_columns(pl.lit(one.year, dtype=pl.Int32).alias("year")))

    def _plan(
        self, one: Slice, program: Program, kept: tuple[Key, ...], earlier: Mapping[tuple[str, str, int], Value], wanted: bool
    ) -> Plan:
        """A plan made before that fits, or a new one."""
        before, shown = tuple((*key, id(value)) for key, value in earlier.items()), self.shown(one.year, one.code)
        place = (self.law.digest, self.selection.authority, self.selection.known_on, tuple(sorted(self.selection.readings.items())),
                 self.selection.settled, program.phase.id, one.year, one.entity, one.space, kept, before, wanted, self.data.as_of,
                 shown)  # fmt: skip
        made = self.plans.setdefault(place, [])
        for plan in made:
            if self.data.fits(plan.asked):
                return plan
        root = self.law.vocabulary.entities[one.entity]
        plan = build(self.law, program, self.data, root, one.space, wanted, kept, earlier, self.years, shown)
        made.append(plan)
        return plan

    def _put_out(
        self, one: Slice, plan: Plan, found: Mapping[int, pl.Series], root: str
    ) -> tuple[dict[str, pl.DataFrame], tuple[str, ...]]:
        """The rows of the root and its parts as frames, and the ids of the roots that are not exact."""
        main = next(part for part in plan.parts if part.entity == root)
        height = self.data.height(one.space)
        wrong = (
            ~_series(main.exact, found, height)
            if not main.exact.constant
            else pl.repeat(not main.exact.value, height, dtype=pl.Boolean, eager=True)
        )
        for part in plan.parts:
            if part.parent is not None and part.exact is not None and not (part.exact.constant and part.exact.value):
                size = self.data.height(part.space)
                bad = ~_series(part.exact, found, size)
                homes = _series(part.parent, found, size).filter(bad)
                if len(homes):
                    wrong = wrong.scatter(homes.unique(), True)
        keys, asked = self._keys(one), one.mask
        listed = wrong if asked is None else wrong & asked
        if listed.any():
            asked = ~wrong if asked is None else asked & ~wrong
        frames: dict[str, pl.DataFrame] = {}
        for part in plan.parts:
            schema = Schema.of(self.law, part.entity, self.shown(one.year, one.code))
            if not schema.decisions:
                continue
            if part.parent is None:
                frame = frame_of(schema, part, found, height, asked, one.year, plan.phase, keys, None, self.reasons)
            else:
                parent = _series(part.parent, found, self.data.height(part.space))
                kept = None if asked is None else asked.gather(parent)
                own = self.data.tables.keys(part.space[1]) if self.law.vocabulary.tables[part.space[1]].key else _numbers(len(parent))
                unknown = self.data.column(part.space, next(iter(self.law.vocabulary.entities[part.entity].where)), "unknown")
                if unknown is not None:
                    kept = ~unknown if kept is None else kept & ~unknown
                frame = frame_of(
                    schema, part, found, len(parent), kept, one.year, plan.phase, own, keys.gather(parent), self.reasons
                )  # fmt: skip
            frames[part.entity] = frame
        return frames, tuple(keys.filter(listed).to_list())

    def _keys(self, one: Slice) -> pl.Series:
        if one.code is not None:
            return pl.Series("key", [one.code])
        table = one.space[1]
        keys = self.data.tables.keys(table)
        return keys if one.space[0] == "rows" else keys.gather(self.data.rows(one.space))


class Both:
    """One register under two laws that read it alike: what is asked, and what both decide alike and is therefore decided once.

    Args:
        always: the decisions that are put out whether or not the laws are apart there.
    """

    def __init__(self, one: Years, other: Years, always: Collection[Key]) -> None:
        self.laws = one, other
        self.always = frozenset(always)
        self.comparing = Apart(one.law, other.law)
        self._apart: dict[tuple[int, str | None], frozenset[Key]] = {}

    def apart(self, year: int, code: str | None = None) -> frozenset[Key]:
        """The decisions that may come out differently in a year (of a plan)."""
        if (year, code) not in self._apart:
            one, other = self.laws
            if code is None and not (year in one.years and year in other.years):
                found = frozenset((*one.law.vocabulary.decisions, *other.law.vocabulary.decisions))
            else:
                before = sorted({*one.years, *other.years} - {y for y in (*one.years, *other.years) if y >= year})
                earlier = frozenset[Key]().union(*(self.apart(y) for y in before))
                found = self.comparing.of(one.program(year, code), other.program(year, code), earlier)
            self._apart[year, code] = found
        return self._apart[year, code]

    def shown(self, year: int, code: str | None) -> frozenset[Key]:
        return self.always | self.apart(year, code)

    def decided(self, asking: Years, one: Slice, kept: tuple[Key, ...]) -> Done | None:
        """What the first law decided of a slice, where the second decides it alike."""
        first, second = self.laws
        done = first.done.get((one.entity, one.year, one.code))
        if asking is first or done is None or not set(kept) <= set(done.plan.kept):
            return None
        if first.program(one.year, one.code).phase.id != second.program(one.year, one.code).phase.id:
            return None
        vocabulary = asking.law.vocabulary
        about = {key for key in vocabulary.decisions if vocabulary.main_names(key[0])[-1].name == one.entity}
        if not (about | set(kept)).isdisjoint(self.apart(one.year, one.code)):
            return None
        names = {(*key, one.year) for key in done.plan.kept}
        asking.data.imports.update({place: array for place, array in first.data.imports.items() if place[:3] in names})
        return done


def decide_years(asked: Sequence[Years], always: Collection[Key], entities: Collection[str] | None, only: pl.Series | None) -> None:
    """Decide under each law; under two that read the facts alike, only ``always`` and what they can decide differently."""
    if len(asked) == 2 and same_facts(asked[0].law, asked[1].law):
        both = Both(asked[0], asked[1], always)
        for years in asked:
            years.both = both
    for years in asked:
        years.decide(entities, only)


def _series(cell: Any, found: Mapping[int, pl.Series], height: int) -> pl.Series:
    if cell.constant:
        return pl.repeat(cell.value, height, eager=True)
    return found[cell.number]


def _numbers(count: int) -> pl.Series:
    return pl.int_range(1, count + 1, eager=True).cast(pl.String)


def common_scales(found: Found) -> dict[Key, int]:
    """For each decision one scale for all its frames."""
    scales: dict[Key, int] = {}
    for entity, frames in found.scales.items():
        for own in frames:
            for name, scale in own.items():
                scales[entity, name] = lcm(scales.get((entity, name), 1), scale)
    return scales
