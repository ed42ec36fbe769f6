"""The checks of the facts on whole columns: the same that `engine.facts` makes row by row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import polars as pl

from engine.columns.cells import DAY, INT, Cells
from engine.columns.column import LIMIT, Column, days, span_of
from engine.columns.data import Data
from engine.columns.encoding import Tables
from engine.columns.naming import NONE, UNKNOWN
from engine.columns.running import Run
from engine.columns.scheduling import Computation
from engine.columns.settling import Settling
from engine.columns.surroundings import Bound
from engine.language import ColumnSpec, TableSpec, show
from engine.law import Program
from engine.law.invariants import ROW, invariants_of
from engine.problems import InputError, Problem, did_you_mean, input_error

MAX_PROBLEMS = 100
_BRACES = re.compile(r"\{([^{}]+)\}")
FIRST_YEAR, LAST_YEAR = 10**3, 10**4 - 1
"""A year is written with four digits."""
BAD = {"table": pl.String(), "row": pl.Int64(), "column": pl.String(), "message": pl.String(), "remedy": pl.String()}
Finding = tuple[pl.Series, str, str, str]
"""Where it is wrong, in which column, what is wrong and how to mend it; `{}` stands for what is written there."""


def check(tables: Tables, as_of: date, program: Program) -> None:
    """Refuse a register in which a row breaks a check.

    Args:
        program: any; invariants read nothing of the law.

    Raises:
        InputError: with up to a hundred problems; the file is the table's name, the line the number of the row, from 1.
    """
    bad = bad_rows(tables, as_of, program, MAX_PROBLEMS)
    if bad.height:
        raise InputError([Problem(r["table"], r["row"], 1, r["message"], r["remedy"]) for r in bad.iter_rows(named=True)])


def bad_rows(tables: Tables, as_of: date, program: Program, most: int | None = None) -> pl.DataFrame:
    """Every row that breaks a check, with the column and the reason.

    Raises:
        InputError: a table or a column is not in the vocabulary.
    """
    found: list[dict[str, Any]] = []
    for name, frame in tables.given.items():
        spec = tables.vocabulary.tables.get(name)
        if spec is None:
            raise input_error(name, 0, 0, f"no table '{name}'", did_you_mean(name, tables.vocabulary.tables))
        for column in frame.columns:
            if column.removesuffix(":none") not in spec.columns:
                raise input_error(name, 0, 0, f"{name} has no column '{column}'", did_you_mean(column, spec.columns))
        for wrong, column, message, remedy in _of_table(tables, spec, frame, as_of, program):
            for row in wrong.arg_true().head(frame.height if most is None else most - len(found)).to_list():
                cell = frame[column][row] if column in frame.columns else None
                found.append(
                    {"table": name, "row": row + 1, "column": column, "message": message.replace("{}", str(cell)), "remedy": remedy}
                )
            if most is not None and len(found) >= most:
                return pl.DataFrame(found, schema=BAD)
    return pl.DataFrame(found, schema=BAD)


def _filled(message: str, cell: Any, frame: pl.DataFrame, row: int) -> str:
    """What is wrong with a row, in its own words: `{}` is the cell, `{row.COLUMN}` another; what it refers to is named only."""

    def value(found: re.Match[str]) -> str:
        name = found.group(1).removeprefix("row.")
        return str(frame[name][row]) if name in frame.columns else name

    return _BRACES.sub(value, message.replace("{}", str(cell)))


def _of_table(tables: Tables, spec: TableSpec, frame: pl.DataFrame, as_of: date, program: Program) -> Iterator[Finding]:
    if frame.height == 0:
        return
    for name, column in spec.columns.items():
        if name in frame.columns:
            yield from _of_column(tables, spec, column, frame, as_of)
        elif column.required:
            everywhere = pl.repeat(True, frame.height, dtype=pl.Boolean, eager=True)
            yield everywhere, name, f"{spec.name} needs '{name}'", f"write {name} in this row"
    yield from _excluded(tables, spec, frame, as_of, program)
    if spec.key and all(name in frame.columns for name in spec.key):
        encoded = [tables.column(spec.name, name) for name in spec.key]
        names = pl.DataFrame([c.stored.head(frame.height).alias(name) for c, name in zip(encoded, spec.key, strict=True)])
        none = [c.none.head(frame.height).alias(f"{name}:none") for c, name in zip(encoded, spec.key, strict=True) if c.none is not None]
        names = names.with_columns(none)
        if not _all_different(names):
            again = ~names.select(pl.struct(names.columns).is_first_distinct()).to_series()
            for unknown in (c.unknown for c in encoded):
                again = again if unknown is None else again & ~unknown.head(frame.height)
            yield again, spec.key[0], f"{spec.name}: a second row for {', '.join(spec.key)}, here {{}}", "keep one, or add them up"


def _all_different(keys: pl.DataFrame) -> bool:
    """Whether no two rows are the same; keys of whole numbers as one number, which is quick where they ascend."""
    one, most = None, 0
    for column in keys.iter_columns():
        ends = None if column.dtype == pl.String else span_of(column)
        if ends is None:
            return keys.n_unique() == keys.height
        width = ends[1] - ends[0] + 1
        if width > 1:
            most = most * width + max(abs(ends[0]), abs(ends[1]))
            if most >= LIMIT:
                return keys.n_unique() == keys.height
            number = column.cast(pl.Int64)
            one = number if one is None else one * width + number
    if one is None:
        return keys.height == 1
    plain = one.to_numpy()
    return bool((plain[1:] > plain[:-1]).all()) or one.n_unique() == keys.height


def _of_column(tables: Tables, spec: TableSpec, column: ColumnSpec, frame: pl.DataFrame, as_of: date) -> Iterator[Finding]:
    name, raw = column.name, frame[column.name]
    place = f"{spec.name}.{name}"
    found = tables.column(spec.name, name)
    unknown = None if found.unknown is None else found.unknown.head(frame.height)
    if unknown is not None:
        text = raw.cast(pl.String)
        silent = text.is_null() | text.is_in(list(UNKNOWN))
        if column.required:
            yield unknown & silent, name, f"{spec.name} needs '{name}'", f"write {name} in this row"
        unread = unknown & ~silent
        if unread.any():
            yield _unread(tables, column, unread, text, place)
    if found.none is not None and not column.type.nullable:
        yield found.none.head(frame.height), name, f"{place} cannot be none", "write a value, or leave it empty where it is not known"
    if found.kind in (INT, DAY):
        yield from _out_of_range(found, column, place, frame.height, as_of)
    if column.unit_of is not None:
        yield from _of_unit(tables, spec, column, frame)


def _out_of_range(found: Column, column: ColumnSpec, place: str, height: int, as_of: date) -> Iterator[Finding]:
    """Values that are known and cannot be; where the extremes of a column can be, no row is looked at."""
    least, most = found.ends

    def known(wrong: pl.Series) -> pl.Series:
        for mask in (found.unknown, found.none, found.beyond):
            wrong = wrong if mask is None else wrong & ~mask
        return wrong.head(height)

    if found.kind == INT:
        if column.minimum is not None and least < column.minimum * found.scale:
            problem = f"{place} is {{}}; it cannot be less than {show(column.minimum)}"
            yield known(found.values < column.minimum * found.scale), column.name, problem, "correct the number"
        if column.whole and found.scale != 1:
            yield known(found.values % found.scale != 0), column.name, f"{place} is {{}}; it must be whole", "correct the number"
    if column.year and not FIRST_YEAR <= least <= most <= LAST_YEAR:
        wrong = (found.values < FIRST_YEAR) | (found.values > LAST_YEAR)
        yield known(wrong), column.name, f"{place}: '{{}}' is not a year: write four digits", ""
    if column.event or column.past:
        last = days(as_of) if found.kind == DAY else as_of.year * found.scale
        if most > last:
            remedy = "nothing can have happened after the day that is asked about: correct one of the two"
            yield known(found.values > last), column.name, f"{place} is {{}}, after as_of {as_of}", remedy


def _excluded(tables: Tables, spec: TableSpec, frame: pl.DataFrame, as_of: date, program: Program) -> Iterator[Finding]:
    """The rows that an invariant of their table is known to exclude."""
    space = ("rows", spec.name)
    for invariant in invariants_of(tables.vocabulary, spec.name):
        if not set(invariant.columns) <= set(frame.columns):
            continue
        data, cells = Data(tables, as_of, frozenset(), frozenset()), Cells()
        compiler = Settling(cells, data, program, {})
        fails = compiler.truth(invariant.holds, {ROW: Bound(space, None, spec.name)}, space).fails
        if not fails.constant:
            wrong = Run(Computation([fails]), data).run()[fails.number].head(frame.height)
            said = invariant.says.get("en", f"{spec.name}: {invariant.name} does not hold")
            yield wrong, invariant.columns[0], said, f"correct {' or '.join(invariant.columns)}"


def _unread(tables: Tables, column: ColumnSpec, unread: pl.Series, text: pl.Series, place: str) -> Finding:
    kind = column.type
    if kind.kind == "ref":
        return unread, column.name, f"{place}: no '{{}}' in {kind.table}", f"add it to {kind.table}, or correct it"
    if kind.kind == "code":
        first = str(text.filter(unread)[0])
        return (
            unread,
            column.name,
            f"{place}: '{{}}' is not in the code list '{kind.codes}'",
            did_you_mean(first, tables.codes[kind.codes or ""]),
        )
    if unread.any() and (text.filter(unread) == NONE).all():
        return unread, column.name, f"{place} cannot be none", "write a value, or leave it empty where it is not known"
    wanted = {"number": "a decimal number", "date": "a date: write YYYY-MM-DD", "bool": "true or false"}[kind.kind]
    return unread, column.name, f"{place}: '{{}}' is not {wanted}", ""


def _of_unit(tables: Tables, spec: TableSpec, column: ColumnSpec, frame: pl.DataFrame) -> Iterator[Finding]:
    """A quantity is given in the unit in which the law measures that thing, and in no other."""
    of = spec.columns[column.unit_of or ""]
    units: Mapping[str, str] = tables.vocabulary.code_units.get(of.type.codes or "", {})
    if of.name not in frame.columns or not units:
        return
    wanted = frame[of.name].cast(pl.String).replace_strict(units, default=None, return_dtype=pl.String).str.to_lowercase()
    stated = frame[column.name].cast(pl.String)
    wrong = (wanted != stated.str.to_lowercase()) & ~stated.is_in([NONE, *UNKNOWN])
    yield (
        wrong.fill_null(False),
        column.name,
        f"{spec.name}.{column.name} is '{{}}', but this is measured otherwise",
        "convert the quantity, or leave the unit out",
    )
