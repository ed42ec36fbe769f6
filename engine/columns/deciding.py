"""A whole register: year after year, each under its own law."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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


@dataclass
class Found:
    """What the columns decided so far.

    Attributes:
        frames: entity -> frames of its rows, a slice each.
        scales: (entity, decision) -> the scale of each frame.
        inexact: (entity, code or None, year) -> ids of the roots that must be proved.
    """

    frames: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    scales: dict[Key, list[int]] = field(default_factory=dict)
    inexact: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    unsupported: set[str] = field(default_factory=set)


class Years:
    """Decides slices of one register under one selection of the law.

    Args:
        plans: plans made before, by what they were made for.
        decisions: those that are put out; None: all.
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
        self._programs: dict[tuple[str, int], Program] = {}

    def program(self, year: int, code: str | None = None) -> Program:
        phase = self.law.phase_of_plan(code) if code is not None else self.law.phase_of(year, self.selection.known_on)
        assert phase is not None
        found = self._programs.get((phase.id, year))
        if found is None:
            found = self._programs[phase.id, year] = Program(self.law, self.selection, phase, year)
        return found

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
        wanted = {year: read_later(self.law, self.program(year)) for year in self.years if year <= last}
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
        program, root = self.program(one.year, one.code), self.law.vocabulary.entities[one.entity]
        plan = self._plan(one, program, kept, earlier, wanted)
        values = dict(Run(plan.made, self.data).values())
        for key, value in plan.kept.items():
            for cell in cells_of(value):
                if not cell.constant:
                    self.data.imports[*key, one.year, cell.number] = values[cell]
        found = {cell.number: series_of(cell, array) for cell, array in values.items()}
        self.found.unsupported.update(plan.unsupported)
        if wanted and self.telling is not None:
            self._tell(one, program, earlier, *self.telling)
        elif wanted:
            self._put_out(one, plan, found, root.name)
        return plan

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
        before = tuple((*key, id(value)) for key, value in earlier.items())
        place = (self.law.digest, self.selection.authority, self.selection.known_on, tuple(sorted(self.selection.readings.items())),
                 self.selection.settled, program.phase.id, one.year, one.entity, one.space, kept, before, wanted, self.data.as_of,
                 self.decisions)  # fmt: skip
        made = self.plans.setdefault(place, [])
        for plan in made:
            if self.data.fits(plan.asked):
                return plan
        root = self.law.vocabulary.entities[one.entity]
        plan = build(self.law, program, self.data, root, one.space, wanted, kept, earlier, self.years, self.decisions)
        made.append(plan)
        return plan

    def _put_out(self, one: Slice, plan: Plan, found: Mapping[int, pl.Series], root: str) -> None:
        """The rows of the root and its parts as frames; rows that are not exact are listed instead."""
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
            self.found.inexact.setdefault((one.entity, one.year), []).extend(keys.filter(listed).to_list())
            asked = ~wrong if asked is None else asked & ~wrong
        for part in plan.parts:
            schema = Schema.of(self.law, part.entity, self.decisions)
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
            self.found.frames.setdefault(part.entity, []).append(frame)
            for shown in part.shown:
                self.found.scales.setdefault((part.entity, shown.spec.name), []).append(shown.scale)

    def _keys(self, one: Slice) -> pl.Series:
        if one.code is not None:
            return pl.Series("key", [one.code])
        table = one.space[1]
        keys = self.data.tables.keys(table)
        return keys if one.space[0] == "rows" else keys.gather(self.data.rows(one.space))


def _series(cell: Any, found: Mapping[int, pl.Series], height: int) -> pl.Series:
    if cell.constant:
        return pl.repeat(cell.value, height, eager=True)
    return found[cell.number]


def _numbers(count: int) -> pl.Series:
    return pl.int_range(1, count + 1, eager=True).cast(pl.String)


def common_scales(found: Found) -> dict[Key, int]:
    """For each decision one scale for all its frames."""
    return {key: lcm(*each) for key, each in found.scales.items()}
