"""A whole register: year after year, each under its own law."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import lcm
from typing import TYPE_CHECKING, Any

import numpy
import polars as pl

from engine.columns import room
from engine.columns.cells import Cell
from engine.columns.data import Data
from engine.columns.frames import Schema, frame_of
from engine.columns.grouping import Array
from engine.columns.planning import Key, Part, Plan, build, cells_of, compiler_of, read_later
from engine.columns.reasons import Sentences
from engine.columns.roots import Place, Slice, governed_years, slices, sortings
from engine.columns.running import Run, run_together
from engine.columns.scheduling import FULL
from engine.columns.threads import each, planning
from engine.columns.values import Value
from engine.explaining.words import Words
from engine.law import Law, Program, Selection, program_of

if TYPE_CHECKING:
    from engine.columns.pairing import Both

MANY = 1_000_000
"""From so many rows on columns are encoded several at a time."""
NEAR = 2**22
"""So many bytes on the way are still near when they are read; more of them at a time gain a part of a register nothing, and need memory."""


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
    """What was decided of a slice.

    Attributes:
        frames: entity -> its rows.
        scales: entity -> decision -> its scale in these rows.
        inexact: ids of the roots that must be proved.
    """

    frames: Mapping[str, pl.DataFrame]
    scales: Mapping[str, dict[str, int]]
    inexact: tuple[str, ...]
    unsupported: tuple[str, ...]


@dataclass(frozen=True)
class Work:
    """What is to be run for a slice.

    Attributes:
        earlier: what earlier years decided; ``shown`` whether the slice is put out.
    """

    plan: Plan
    run: Run
    earlier: Mapping[tuple[str, str, int], Value]
    shown: bool


@dataclass(frozen=True)
class Begun:
    """A slice that is ready to be run.

    Attributes:
        wanted: whether it is asked about; ``kept`` what later years read of it.
        work: None where the first of two laws has done it.
    """

    one: Slice
    wanted: bool
    kept: Mapping[Key, Value]
    work: Work | None = None

    @property
    def imported(self) -> frozenset[int]:
        """The years whose decisions it reads."""
        return frozenset() if self.work is None else self.work.plan.made.imported


class Years:
    """Decides slices of one register under one selection of the law.

    Args:
        plans: plans made before, by what they were made for.
        decisions: those that are put out; None: all.
        effort: as of `Run`.

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
        effort: str | None = None,
    ) -> None:
        self.effort = effort
        if effort == FULL:
            room.keep_all()
        self.law, self.selection, self.data, self.plans, self.reasons, self.decisions = law, selection, data, plans, reasons, decisions
        self.years = governed_years(law, selection)
        self.found = Found()
        self.telling: tuple[Key, Words] | None = None
        self.both: Both | None = None
        self.done: dict[Place, Done] = {}
        self.made: dict[Place, Plan] = {}
        self.owners: dict[tuple[Any, ...], tuple[pl.Series, pl.Series]] = {}
        self.large = sum(frame.height for frame in data.tables.given.values()) >= MANY

    def program(self, year: int, code: str | None = None) -> Program:
        phase = self.law.phase_of_plan(code) if code is not None else self.law.phase_of(year, self.selection.known_on)
        assert phase is not None
        return program_of(self.law, self.selection, phase, year)

    def shown(self, year: int, code: str | None) -> frozenset[Key] | None:
        """The decisions that are put out for a year (of a plan); None: all."""
        if self.both is None:
            return self.decisions
        return self.both.shown(year, code).intersection(self.law.vocabulary.decisions)

    def read_later(self, year: int) -> frozenset[Key]:
        """The decisions of earlier years that the law of a year reads; found once for a law and a selection."""
        known: dict[Any, frozenset[Key]] = self.law.__dict__.setdefault("_column_read_later", {})
        program = self.program(year)
        place = (self.selection.identity, program.phase.id, year)
        if place not in known:
            known[place] = frozenset(read_later(self.law, program))
        return known[place]

    def decide(self, entities: Collection[str] | None, only: pl.Series | None) -> Found:
        for place, done in self.each(entities, only):
            self.take(place, done)
        return self.found

    def each(self, entities: Collection[str] | None, only: pl.Series | None) -> Iterator[tuple[Place, Done | None]]:
        """The slices one after the other; None for what the first of two laws decides alike."""
        if self.large:
            self.data.tables.read(sortings(self.law, self.data, self.law.manifest["main"]))
        for name, spec in self.law.vocabulary.entities.items():
            if spec.of is None and (entities is None or name in entities):
                own = only if name == self.law.manifest["main"] else None
                yield from self._entity(name, list(slices(self.law, self.selection, self.data, name, own)))

    def take(self, place: Place, done: Done | None) -> None:
        """Add what was decided of a slice."""
        open_ones = self.found.inexact
        if done is None:
            assert self.both is not None
            done, open_ones = self.both.laws[0].done[place], self.found.shared
        self.done[place] = done
        self.found.unsupported.update(done.unsupported)
        if done.inexact:
            open_ones.setdefault(place[:2], []).extend(done.inexact)
        for entity, frame in done.frames.items():
            self.found.frames.setdefault(entity, []).append(frame)
            self.found.scales.setdefault(entity, []).append(done.scales[entity])

    def _entity(self, name: str, asked: list[Slice]) -> Iterator[tuple[Place, Done | None]]:
        if not asked:
            return
        spec = self.law.vocabulary.entities[name]
        if spec.table is None or not spec.years:
            for one in asked:
                yield from self._finish([self._begin(one, (), {}, True)])
            return
        by_year = {one.year: one for one in asked}
        earlier: dict[tuple[str, str, int], Value] = {}
        last = max(by_year)
        readers = self.both.laws if self.both is not None else (self,)
        wanted = {
            year: frozenset[Key]().union(*(r.read_later(year) for r in readers if year in r.years)) for year in self.years if year <= last
        }
        waiting: list[Begun] = []
        for year in self.years:
            if year > last:
                break
            kept = tuple(sorted(set().union(*(keys for later, keys in wanted.items() if later > year))))
            if year not in by_year and not kept:
                continue
            own = by_year.get(year) or Slice(name, year, ("rows", spec.table), None)
            begun = self._begin(own, kept, earlier, year in by_year)
            if begun.imported & {other.one.year for other in waiting}:
                yield from self._finish(waiting)
                waiting = []
            waiting.append(begun)
            earlier.update({(*key, year): value for key, value in begun.kept.items()})
        yield from self._finish(waiting)

    def _begin(self, one: Slice, kept: tuple[Key, ...], earlier: Mapping[tuple[str, str, int], Value], wanted: bool) -> Begun:
        shown = wanted
        if self.both is not None and self.both.alike(self, one, kept) and (not wanted or self.both.decides_first(one)):
            lent = self.both.lent(self, one, kept)
            if lent is not None:
                return Begun(one, wanted, lent)
            shown = False
        plan = self.made[one.place] = self._plan(one, self.program(one.year, one.code), kept, earlier, shown)
        return Begun(one, wanted, plan.kept, Work(plan, Run(plan.made, self.data, self.data.height(one.space), self.effort), dict(earlier), shown))

    def _finish(self, waiting: Sequence[Begun]) -> Iterator[tuple[Place, Done | None]]:
        """Run slices none of which reads another: as many at a time as find room, of a large register in the memory that is kept for the next."""
        Run.schedule_all(begun.work.run for begun in waiting if begun.work is not None)
        for together in _fitting(waiting, room.KEPT if self.large else NEAR):
            run_together([begun.work.run for begun in together if begun.work is not None])
            for begun, done in zip(together, each(self._put_out, together) if self.large else map(self._put_out, together), strict=True):
                if begun.wanted:
                    yield begun.one.place, done

    def _put_out(self, begun: Begun) -> Done | None:
        """Keep what later years read, and say what was decided; None where that is not to be shown."""
        one, work = begun.one, begun.work
        if work is None:
            return None
        plan, values = work.plan, dict(work.run.outputs())
        work.run.found.clear()
        for key, value in plan.kept.items():
            for cell in cells_of(value):
                if not cell.constant:
                    self.data.imports[*key, one.year, cell.number] = values[cell]
        if not work.shown:
            return None
        if self.telling is not None:
            told = self._told(one, self.program(one.year, one.code), work.earlier, *self.telling)
            return Done(told, {self.telling[0][0]: {}}, (), plan.unsupported)
        found = {cell.number: array for cell, array in values.items()}
        frames, inexact = self._frames(one, plan, found, self.law.vocabulary.entities[one.entity].name)
        scales = {part.entity: {shown.spec.name: shown.scale for shown in part.shown} for part in plan.parts if part.entity in frames}
        return Done(frames, scales, inexact, plan.unsupported)

    def _told(
        self, one: Slice, program: Program, earlier: Mapping[tuple[str, str, int], Value], key: Key, words: Words
    ) -> dict[str, pl.DataFrame]:
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
        return {key[0]: frame.with_columns(pl.lit(one.year, dtype=pl.Int32).alias("year"))}

    def _plan(
        self, one: Slice, program: Program, kept: tuple[Key, ...], earlier: Mapping[tuple[str, str, int], Value], wanted: bool
    ) -> Plan:
        """A plan made before that fits, or a new one."""
        before, shown = tuple((*key, id(value)) for key, value in earlier.items()), self.shown(one.year, one.code)
        place = (self.law.digest, self.selection.identity, program.phase.id, one.year, one.entity, one.space, kept, before, wanted,
                 self.data.as_of, shown, self.reasons)  # fmt: skip
        root = self.law.vocabulary.entities[one.entity]
        with planning:
            made = self.plans.setdefault(place, [])
            for plan in made:
                if self.data.fits(plan.asked):
                    return plan
            plan = build(self.law, program, self.data, root, one.space, wanted, kept, earlier, self.years, shown, self.reasons)
            made.insert(0, plan)  # what fitted last is likely to fit next
            return plan

    def _frames(
        self, one: Slice, plan: Plan, found: Mapping[int, Array], root: str
    ) -> tuple[dict[str, pl.DataFrame], tuple[str, ...]]:
        """The rows of the root and its parts as frames, and the ids of the roots that are not exact."""
        main = next(part for part in plan.parts if part.entity == root)
        height = self.data.height(one.space)
        keys, asked, listed = self._keys(one), one.mask, list[str]()
        if not all(part.exact.constant and part.exact.value for part in plan.parts):
            wrong = ~_array(main.exact, found, height)
            for part in plan.parts:
                if part.parent is not None:
                    size = self.data.height(part.space)
                    wrong[_array(part.parent, found, size)[~_array(part.exact, found, size)]] = True
            if asked is not None:
                wrong &= asked.to_numpy()
            if wrong.any():
                listed = keys.filter(pl.Series(wrong)).to_list()
                asked = pl.Series(~wrong if asked is None else asked.to_numpy() & ~wrong)
        frames: dict[str, pl.DataFrame] = {}
        for part in plan.parts:
            schema = Schema.of(self.law, part.entity, self.shown(one.year, one.code))
            if not schema.decisions:
                continue
            if part.parent is None:
                frame = frame_of(schema, part, found, height, asked, one.year, plan.phase, keys, None, self.reasons)
            else:
                parent, owners = self._owners(one, part, keys, found)
                kept = None if asked is None else asked.gather(parent)
                own = self.data.tables.keys(part.space[1]) if self.law.vocabulary.tables[part.space[1]].key else _numbers(len(parent))
                unknown = self.data.column(part.space, next(iter(self.law.vocabulary.entities[part.entity].where)), "unknown")
                if unknown is not None:
                    kept = ~unknown if kept is None else kept & ~unknown
                frame = frame_of(
                    schema, part, found, len(parent), kept, one.year, plan.phase, own, owners, self.reasons
                )  # fmt: skip
            frames[part.entity] = frame
        return frames, tuple(listed)

    def _owners(self, one: Slice, part: Part, keys: pl.Series, found: Mapping[int, Array]) -> tuple[pl.Series, pl.Series]:
        """For each row of a part the row of its root, and the id of that; found once for all years where it is a fact."""
        assert part.parent is not None
        place = (one.space, part.space, part.parent.extra)
        known = self.owners.get(place) if part.parent.op == "column" else None
        if known is None:
            parent = pl.Series(_array(part.parent, found, self.data.height(part.space)))
            known = parent, keys.gather(parent)
            if part.parent.op == "column":
                self.owners[place] = known
        return known

    def _keys(self, one: Slice) -> pl.Series:
        if one.code is not None:
            return pl.Series("key", [one.code])
        table = one.space[1]
        keys = self.data.tables.keys(table)
        return keys if one.space[0] == "rows" else keys.gather(self.data.rows(one.space))


def _fitting(waiting: Sequence[Begun], most: int) -> Iterator[list[Begun]]:
    group, taken = list[Begun](), 0
    for begun in waiting:
        own = begun.work.run.passing if begun.work is not None else 0
        if group and taken + own > most:
            yield group
            group, taken = [], 0
        group.append(begun)
        taken += own
    if group:
        yield group


def _array(cell: Cell, found: Mapping[int, Array], height: int) -> Array:
    return numpy.full(height, cell.value) if cell.constant else found[cell.number]


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
