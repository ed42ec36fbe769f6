"""The public functions of the package."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl

from engine.columns.cells import INT
from engine.columns.checks import bad_rows as _bad_rows
from engine.columns.checks import check
from engine.columns.column import LIMIT, Span, span_of
from engine.columns.data import Bounds, Data
from engine.columns.deciding import Years, common_scales
from engine.columns.encoding import Tables
from engine.columns.frames import Schema
from engine.columns.handing import facts_of
from engine.columns.naming import NONE, UNKNOWN, unnamed
from engine.columns.pairing import Pair
from engine.columns.planning import Key, Plan
from engine.columns.proved import Rows, prove_roots, replaced
from engine.columns.roots import slices
from engine.explaining.words import Words
from engine.facts import Facts
from engine.language import ColumnSpec
from engine.law import Law, Program, Selection
from engine.law.apart import same_facts
from engine.proving import Inquiry, Root

SMALL = 1_000
"""Below so many roots proving them is quicker than compiling."""


@dataclass(frozen=True)
class Decided:
    """Every decision about the roots of a register.

    Attributes:
        frames: entity -> one row an instance; the columns are those of `schema_of`.
        scales: (entity, decision) of type number -> D: the exact value is the column divided by D.
        proved: root entity -> how many of its roots were proved one by one.
        unsupported: what columns could not compute in some year, with the reason; its rows were proved.
    """

    frames: Mapping[str, pl.DataFrame]
    scales: Mapping[tuple[str, str], int]
    proved: Mapping[str, int]
    unsupported: tuple[str, ...] = ()


def decide(
    law: Law, tables: Mapping[str, pl.DataFrame] | Tables, as_of: date, inquiry: Inquiry | None = None, *,
    withheld: frozenset[str] = frozenset(), doubts: frozenset[tuple[str, str]] = frozenset(), entities: Collection[str] | None = None,
    only: pl.Series | None = None, reasons: bool = True, generic: bool | None = None, checked: bool = False,
    decisions: Collection[tuple[str, str]] | None = None, bounds: Bounds | None = None, effort: str | None = None,
) -> Decided:  # fmt: skip
    """Every decision about every root of a register, as proving has it.

    Args:
        tables: vocabulary table -> frame with its columns: ids, references, codes and texts as strings, numbers as
            integers, decimals or strings (never floats), days as dates or strings; null is unknown, `none` in a column that
            is no string is said by a Boolean column `<column>:none`. A table that is missing is not in the facts.
        as_of: the day the question is asked; no event is later.
        withheld: tables whose rows are not known.
        doubts: (table, column) with an unknown cell somewhere in the register of which ``tables`` is a part.
        entities: root entities to decide; None: all.
        only: ids of the main entity's rows that are decided; None: all.
        reasons: whether the frames say for each rule where it holds.
        checked: whether the rows are known to pass the checks of the facts (`bad_rows` found none).
        generic: True to prove every root, False never to do so for want of size; None: below `SMALL` roots.
        decisions: (entity, name) of those that are put out, each with its rules; what they need is decided on the way. None: all.
        bounds: (table, column) -> the least and the greatest number somewhere in the register of which ``tables`` is a part.
        effort: how much to compile to machine code: `none`, `quick`, or `full` as for many registers under one law, which takes seconds
            once in a process and keeps the memory of its largest arrays for the next; None: what the rows decided so far are worth.

    Raises:
        InputError: a row breaks the checks of the facts, or no phase governs the year of a row.
        EngineDefect: proving failed.
    """
    inquiry = inquiry or Inquiry()
    selection = law.select(inquiry.authority, inquiry.readings, inquiry.known_on)
    data = Data(encoded(law, tables), as_of, withheld, doubts, bounds)
    if not checked:
        check(data.tables, as_of, any_program(law, selection))
    if generic is None:
        generic = sum(frame.height for frame in data.tables.given.values()) < SMALL
    shown = None if decisions is None else frozenset(decisions)
    years = Years(law, selection, data, _plans(law), reasons, shown, effort)
    if generic:
        _all_inexact(law, years, entities, only)
    else:
        years.decide(entities, only)
    return _decided(years, prove_roots([years])[0], entities)


def pair_of(
    laws: tuple[tuple[Law, Inquiry], tuple[Law, Inquiry]], tables: Mapping[str, pl.DataFrame] | Tables, as_of: date,
    decisions: Collection[Key], entities: Collection[str], *, withheld: frozenset[str] = frozenset(),
) -> Pair:  # fmt: skip
    """A register, whose rows pass the checks of the facts, and two laws under which it is to be decided.

    Args:
        tables: as for `decide`, or what `encoded` made of it under the first law.
        decisions: what is put out in any case. Other decisions are there for the years in which the laws can decide them
            differently, null elsewhere, and all of them where the two laws do not read the facts alike.
        entities: root entities to decide.
    """
    asked: list[Years] = []
    for law, inquiry in laws:
        if asked and same_facts(asked[0].law, law):
            data = asked[0].data.shared()
        else:
            data = Data(encoded(law, tables if not asked or not isinstance(tables, Tables) else tables.given), as_of, withheld, frozenset())
        selection = law.select(inquiry.authority, inquiry.readings, inquiry.known_on)
        asked.append(Years(law, selection, data, _plans(law), False))
    return Pair(asked[0], asked[1], decisions, entities)


def both_decided(pair: Pair) -> tuple[Decided, Decided]:
    """What a pair decided, with what columns left to proving; what both laws decide alike was decided once.

    Raises:
        EngineDefect: proving failed.
    """
    proofs = zip(pair.laws, prove_roots(pair.laws), strict=True)
    one, other = (_decided(years, proved, pair.entities) for years, proved in proofs)
    return one, other


def _decided(years: Years, proved: Mapping[Root, Rows], entities: Collection[str] | None) -> Decided:
    """What columns and proving found, as frames."""
    law, found, reasons = years.law, years.found, years.reasons
    frames, scales = replaced(law, found, common_scales(found), proved, reasons)
    for name in law.vocabulary.entities:
        root = law.vocabulary.main_names(name)[-1].name
        schema = Schema.of(law, name, years.decisions)
        if name not in frames and (entities is None or root in entities) and schema.decisions:
            frames[name] = pl.DataFrame(schema=schema.dtypes(reasons))
    counts: dict[str, int] = {}
    for one in proved:
        counts[one.entity] = counts.get(one.entity, 0) + 1
    return Decided(frames, scales, counts, tuple(sorted(found.unsupported)))


def encoded(law: Law, tables: Mapping[str, pl.DataFrame] | Tables) -> Tables:
    """A register's frames as whole numbers, to be asked of more than once."""
    return tables if isinstance(tables, Tables) else Tables(law.vocabulary, tables, _aliases(law))


def sentences(
    law: Law, tables: Mapping[str, pl.DataFrame], as_of: date, decision: tuple[str, str], language: str = "en", inquiry: Inquiry | None = None, *,
    withheld: frozenset[str] = frozenset(), doubts: frozenset[tuple[str, str]] = frozenset(), only: pl.Series | None = None,
) -> pl.DataFrame:  # fmt: skip
    """Why a decision came out as it did: for every instance the sentences of the rules that stand, parted by semicolons.

    Args:
        decision: (entity, name).
        language: `en`, `ru` or `kk`.

    Returns:
        `key`, `year`, for a part `of`, and `sentence`: empty where no rule stands, null where a sentence names a value
        that is not known for certain (or columns cannot compute); the proof tells such a row.

    Raises:
        InputError: the rulesets have no such language.
    """
    inquiry = inquiry or Inquiry()
    selection = law.select(inquiry.authority, inquiry.readings, inquiry.known_on)
    data = Data(Tables(law.vocabulary, tables, _aliases(law)), as_of, withheld, doubts)
    years = Years(law, selection, data, _plans(law), False)
    years.telling = (decision, Words(law, language))
    root = law.vocabulary.main_names(decision[0])[-1].name
    frames = years.decide((root,), only).frames.get(decision[0], [])
    names = ["key", "year", *(["of"] if root != decision[0] else []), "sentence"]
    return pl.concat(frames).select(names) if frames else pl.DataFrame(schema={n: pl.Int32 if n == "year" else pl.String for n in names})


def _all_inexact(law: Law, years: Years, entities: Collection[str] | None, only: pl.Series | None) -> None:
    for root in _roots(law, years, entities, only):
        years.found.inexact.setdefault((root.entity, root.year), []).append(root.key[0])


def _roots(law: Law, years: Years, entities: Collection[str] | None, only: pl.Series | None) -> list[Root]:
    found = []
    for name, spec in law.vocabulary.entities.items():
        if spec.of is None and (entities is None or name in entities):
            for one in slices(law, years.selection, years.data, name, only if name == law.manifest["main"] else None):
                keys = years._keys(one)
                keys = keys if one.mask is None else keys.filter(one.mask)
                found += [Root(name, (key,), one.year) for key in keys.to_list()]
    return found


def roots_of(law: Law, tables: Mapping[str, pl.DataFrame], as_of: date, inquiry: Inquiry | None = None) -> list[Root]:
    """Everything that `decide` would decide."""
    inquiry = inquiry or Inquiry()
    data = Data(Tables(law.vocabulary, tables, _aliases(law)), as_of, frozenset(), frozenset())
    selection = law.select(inquiry.authority, inquiry.readings, inquiry.known_on)
    return _roots(law, Years(law, selection, data, {}, False), None, None)


def facts_for(
    law: Law, tables: Mapping[str, pl.DataFrame] | Tables, as_of: date, roots: Sequence[Root], *,
    withheld: frozenset[str] = frozenset(), doubts: frozenset[tuple[str, str]] = frozenset(),
) -> Facts:  # fmt: skip
    """The facts that proving needs to decide ``roots`` as it would with the whole register.

    Raises:
        InputError: a row breaks the checks of the facts.
    """
    return facts_of(law, Data(encoded(law, tables), as_of, withheld, doubts), roots)


def doubts_of(law: Law, tables: Mapping[str, pl.DataFrame]) -> frozenset[tuple[str, str]]:
    """The (table, column) pairs with an unknown cell: united over all parts of a register, they go into each `decide`."""
    return extent_of(law, tables)[0]


def extent_of(law: Law, tables: Mapping[str, pl.DataFrame], spans: Mapping[str, Span | None] | None = None) -> tuple[frozenset[tuple[str, str]], Bounds]:
    """What `decide` is to know of a whole register when it decides a part: the doubts, and the bounds of its numbers.

    Args:
        spans: of a single table, the extremes of its columns of integers, where they were found before (`span_of`).
    """
    known = spans or {}
    encoded, doubts, bounds = Tables(law.vocabulary, tables, _aliases(law)), set[tuple[str, str]](), dict[tuple[str, str], Any]()
    for table, frame in tables.items():
        for name, spec in law.vocabulary.tables[table].columns.items():
            if spec.type.kind == "ref" and name in frame.columns:
                if unnamed(frame, name):
                    doubts.add((table, name))
                continue
            if name in frame.columns and _plainly_known(frame[name], spec, encoded) and f"{name}:none" not in frame.columns:
                ends = None if not frame[name].dtype.is_integer() else known[name] if name in known else span_of(frame[name])
                if ends is None or -LIMIT < ends[0] <= ends[1] < LIMIT:
                    if ends is not None:
                        bounds[table, name] = Fraction(ends[0]), Fraction(ends[1])
                    continue
            column = encoded.column(table, name)
            if column.unknown is not None:
                doubts.add((table, name))
            if column.kind == INT and len(column.stored):
                bounds[table, name] = Fraction(column.ends[0], column.scale), Fraction(column.ends[1], column.scale)
    return frozenset(doubts), bounds


def _plainly_known(cells: pl.Series, spec: ColumnSpec, tables: Tables) -> bool:
    """Whether a column of numbers, days, truths or codes shows by its type that all of its cells are known."""
    kind, dtype = spec.type.kind, cells.dtype
    if cells.null_count() or not len(cells):
        return False
    if kind == "code" and isinstance(dtype, pl.Enum):
        return set(dtype.categories) <= set(tables.codes[spec.type.codes or ""]) - {NONE, *UNKNOWN}
    return (kind, True) in (("number", dtype.is_integer()), ("bool", dtype == pl.Boolean), ("date", dtype == pl.Date))


def bad_rows(law: Law, tables: Mapping[str, pl.DataFrame] | Tables, as_of: date) -> pl.DataFrame:
    """Every row that breaks a check of the facts: table, row (from 1), column, message, remedy.

    Raises:
        InputError: a table or a column is not in the vocabulary.
    """
    return _bad_rows(encoded(law, tables), as_of, any_program(law, law.select()))


def schema_of(law: Law, entity: str, reasons: bool = True) -> dict[str, Any]:
    """The columns of an entity's frame and their types."""
    return Schema.of(law, entity).dtypes(reasons)


def any_program(law: Law, selection: Selection) -> Program:
    """The law of some year: for expressions that read nothing of it."""
    phase = next(iter(law.phases.values()))
    return Program(law, selection, phase, phase.first_year)


def _plans(law: Law) -> dict[Any, list[Plan]]:
    """What was compiled under a law in this process."""
    found: dict[Any, list[Plan]] = law.__dict__.setdefault("_column_plans", {})
    return found


def _aliases(law: Law) -> dict[str, dict[str, str]]:
    """The list numbers of coded things, accepted for their codes."""
    lists = {
        name: {str(member["number"]): str(code) for code, member in content["members"].items() if "number" in member}
        for name, content in law.tree["codes"].items()
    }
    return {name: numbers for name, numbers in lists.items() if numbers}
