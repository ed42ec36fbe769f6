"""Which instances the facts speak of: the rows of a register that are decided, by entity and year."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy
import polars as pl

from engine.columns.cells import Space
from engine.columns.data import Data
from engine.columns.grouping import Array
from engine.law import Law, Selection
from engine.problems import input_error

Place = tuple[str, int, str | None]
"""Entity, year and, of one that is keyed by a code, the code."""


@dataclass(frozen=True)
class Slice:
    """The roots of one entity in one year.

    Attributes:
        space: their rows; ``mask`` which of these are asked about (None: all).
        code: of an entity that is keyed by a code, the code.
    """

    entity: str
    year: int
    space: Space
    mask: pl.Series | None
    code: str | None = None

    @property
    def place(self) -> Place:
        return self.entity, self.year, self.code


def governed_years(law: Law, selection: Selection) -> tuple[int, ...]:
    """The years that a phase governs, first to last."""
    first = min(p.first_year for p in law.phases.values())
    last = max(p.last_year for p in law.phases.values())
    return tuple(y for y in range(first, last + 1) if law.phase_of(y, selection.known_on) is not None)


def slices(law: Law, selection: Selection, data: Data, entity: str, only: pl.Series | None) -> Iterator[Slice]:
    """The roots of an entity, a year at a time.

    Args:
        only: the ids of the rows that are asked about.

    Raises:
        InputError: no phase governs the year of a row.
    """
    spec = law.vocabulary.entities[entity]
    if spec.table is None:
        yield from _coded(law, data, entity)
        return
    years = governed_years(law, selection)
    keys = data.tables.keys(spec.table)
    asked = None if only is None or only.equals(keys) else keys.is_in(only.implode())
    if spec.year_of is not None:
        yield from _dated(data, entity, spec.table, spec.year_of, years, asked)
        return
    height = data.tables.size(spec.table)
    for year in years:
        mask = numpy.zeros(height, dtype=bool)
        for table in spec.seen_in:
            if not mask.all():
                _see(mask, law, data, table, spec.table, year)
        if asked is not None:
            mask &= asked.to_numpy()
        if mask.any():
            yield Slice(entity, year, ("rows", spec.table), None if mask.all() else pl.Series(mask))


def sortings(law: Law, data: Data, entity: str) -> dict[Callable[[], object], tuple[tuple[str, str], ...]]:
    """What is sorted to find the rows of each year and those that belong together, to be done beforehand, each with the columns that it reads."""
    spec, found = law.vocabulary.entities[entity], dict[Callable[[], object], tuple[tuple[str, str], ...]]()
    for table in spec.seen_in if spec.table is not None and spec.year_of is None else ():
        owner = _owner_column(law, table, spec.table or "")
        if owner is not None and {"year", owner} <= set(data.tables.given.get(table, pl.DataFrame()).columns):
            found[partial(data.references, ("part", table, (("year", 0),)), owner)] = ((table, "year"), (table, owner))
    if spec.table is not None and spec.table in data.tables.given:
        for name, column in law.vocabulary.tables[spec.table].columns.items():
            if column.type.kind == "ref" and name in data.tables.given[spec.table].columns:
                found[partial(data.runs, ("rows", spec.table), name)] = ((spec.table, name),)
    return found


def _owner_column(law: Law, table: str, target: str) -> str | None:
    return next((name for name, c in law.vocabulary.tables[table].columns.items() if c.type.table == target), None)


def _see(found: Array, law: Law, data: Data, table: str, target: str, year: int) -> None:
    """Mark the rows of ``target`` that a row of ``table`` shows to exist in a year: its own, or any year of its plan."""
    owner, columns = _owner_column(law, table, target), law.vocabulary.tables[table].columns
    if owner is None or data.tables.size(table) == 0:
        return
    rows = data.tables.column(table, owner)
    if "year" in columns and (own := data.tables.column(table, "year")).unknown is None and own.none is None:
        _see_named(found, data, ("part", table, (("year", year),)), owner)
        return
    here = pl.repeat(False, len(rows.values), dtype=pl.Boolean, eager=True)
    yearless = ~here
    if "year" in columns:
        own = data.tables.column(table, "year")
        yearless = pl.repeat(False, len(rows.values), dtype=pl.Boolean, eager=True)
        for mask in (own.unknown, own.none):
            if mask is not None:
                yearless = yearless | mask
        here = (own.values == year) & ~yearless
    plan = next((name for name, c in columns.items() if c.type.codes == "plans"), None)
    if plan is not None and yearless.any():
        stated = data.tables.column(table, plan)
        for number, code in enumerate(data.tables.codes["plans"]):
            phase = law.phase_of_plan(code)
            if phase is not None and phase.first_year <= year <= phase.last_year:
                named = (stated.values == number) & yearless
                for mask in (stated.unknown, stated.none):
                    named = named if mask is None else named & ~mask
                here = here | named
    for mask in (rows.unknown, rows.none):
        here = here if mask is None else here & ~mask
    found[rows.values.filter(here).to_numpy()] = True


def _see_named(found: Array, data: Data, space: Space, owner: str) -> None:
    """Mark the rows that a column of a part refers to."""
    index, stated = data.references(space, owner), data.tables.column(space[1], owner)
    if stated.unknown is None and stated.none is None and data.identical(space, owner, len(found)):
        found[:] = True
        return
    masks = [data.array(space, owner, part) for part in ("unknown", "none") if getattr(stated, part) is not None]
    found[index[~numpy.logical_or.reduce(masks)] if masks else index] = True


def _dated(data: Data, entity: str, table: str, column: str, years: tuple[int, ...], asked: pl.Series | None) -> Iterator[Slice]:
    """Rows whose own date says which year's law they are judged by."""
    if data.tables.size(table) == 0:
        return
    stated = data.tables.column(table, column).values.cast(pl.Date).dt.year()
    for year in sorted(stated.unique()):
        if year not in years:
            row = int((stated == year).arg_true()[0])
            problem = f"{entity} {data.tables.keys(table)[row]}: no phase of the ruleset governs {year}"
            raise input_error(table, row + 1, 1, problem, "correct the date")
        space: Space = ("part", table, ((column, ("year", year)),))
        mask = None if asked is None else asked.gather(data.rows(space))
        if mask is None or mask.any():
            yield Slice(entity, year, space, mask)


def _coded(law: Law, data: Data, entity: str) -> Iterator[Slice]:
    """Plans that the facts name: one root for each, or for each year for which it has rows of its own."""
    spec = law.vocabulary.entities[entity]
    seen: dict[str, set[int]] = {}
    for table in spec.seen_in:
        columns = law.vocabulary.tables[table].columns
        column = next((name for name, c in columns.items() if c.type.codes == spec.codes), None)
        if column is None or data.tables.size(table) == 0:
            continue
        for number, code in enumerate(data.tables.codes[spec.codes or ""]):
            space: Space = ("part", table, ((column, number),))
            if not data.height(space):
                continue
            years = seen.setdefault(code, set())
            stated = data.column(space, "year", "values") if "year" in columns else None
            if stated is not None:
                for part in ("unknown", "none"):
                    mask = data.column(space, "year", part)
                    if mask is not None:
                        stated = stated.filter(~mask) if len(mask) == len(stated) else stated
                years.update(stated.unique().to_list())
    for code, stated_years in seen.items():
        phase = law.phase_of_plan(code)
        if phase is not None:
            for year in sorted(stated_years) if spec.years else [phase.last_year]:
                yield Slice(entity, year, ("one",), None, code)
