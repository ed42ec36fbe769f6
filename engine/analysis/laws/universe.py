"""The bounded set of cases that a question about the law ranges over: rows that may be there, cells that may be anything.

Rows and cells come into being when a rule reads them. The columns by which every rule finds the rows of a table are
fixed for each row, all others are left open; so a row costs no more than the rules make of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise, product
from typing import Any

import z3

from engine.analysis.laws import operations as op
from engine.analysis.laws.formulas import conj, disj, neg
from engine.analysis.laws.values import Choice, Formula, Num, Rowset, Truth, truth
from engine.analysis.symbols import Unencodable, formula
from engine.language import ColumnSpec, TableSpec, Unknown, Vocabulary

Pattern = Mapping[str, Any]


@dataclass(frozen=True)
class Bounds:
    """What a proof covers.

    Attributes:
        installations: rows of the table that the question is about: the one asked about, and others of any operator.
        rows: rows of every other table that belong to the same thing (lots, reports, surrenders of a lot, …).
        look_back: earlier years whose records may exist.
        years_before, years_after: how far days and years lie from the year that is asked about.
    """

    installations: int = 2
    rows: int = 2
    look_back: int = 2
    years_before: int = 6
    years_after: int = 2


class Row:
    """A row that may be there.

    Attributes:
        name: unique in its universe.
        fixed: the cells that are given.
        free: whether it is there for itself, and not only because another refers to it.
        cells: the cells that a rule has read.
    """

    def __init__(self, universe: Universe, spec: TableSpec, name: str, present: Formula, fixed: Mapping[str, Any]) -> None:
        self.universe, self.spec, self.name, self.present = universe, spec, name, present
        self.fixed, self.cells = fixed, dict[str, Any](fixed)
        self.free = False
        self.variables: dict[str, tuple[Any, ...]] = {}

    @property
    def table(self) -> str:
        return self.spec.name

    def cell(self, column: str) -> Any:
        """The value of a column, made when it is first read."""
        if column not in self.cells:
            if column not in self.spec.columns:
                raise Unencodable(f"'{self.table}' has no column '{column}'")
            self.cells[column] = self.universe.open_cell(self, self.spec.columns[column])
        return self.cells[column]

    def __repr__(self) -> str:
        return self.name


class Universe:
    """Every case within the bounds, about one root.

    Args:
        vocabulary: the tables, columns and codes that all laws asked about share.
        patterns: table -> the sets of columns by which the rules find its rows.
        root: the table and key of the row asked about; None for an entity without a row.
        year: the year asked about.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        patterns: Mapping[str, Iterable[frozenset[str]]],
        root: tuple[str, str] | None,
        year: int,
        bounds: Bounds,
    ) -> None:
        self.vocabulary, self.year, self.bounds = vocabulary, year, bounds
        self._root_table = root[0] if root is not None else None
        parts = {entity.table for entity in vocabulary.entities.values() if entity.of is not None}
        self.pins = {table: _pins(vocabulary.tables[table], list(found), parts) for table, found in patterns.items()}
        self.matched = {(table, column) for table, found in patterns.items() for columns in found for column in columns}
        self.constraints: list[Any] = []
        self.rows: dict[str, Row] = {}
        self._buckets: dict[tuple[str, tuple[Any, ...]], list[Row]] = {}
        self._populations: dict[str, list[Row]] = {}
        self.years = (year - bounds.years_before, year + bounds.years_after)
        self.first, self.last = date(self.years[0], 1, 1).toordinal(), date(self.years[1], 12, 31).toordinal()
        self.as_of = z3.Int("as_of")
        self.constraints += [self.as_of >= date(year, 1, 1).toordinal(), self.as_of <= self.last]
        self.root = self._population_of(root[0], root[1])[0] if root is not None else None

    # -- rows ---------------------------------------------------------------------------------------------------

    def _population_of(self, table: str, root: str | None = None) -> list[Row]:
        """The rows of a table that others refer to, or that are found by what they refer to; the first is always there."""
        found = self._populations.get(table)
        if found is None:
            spec = self.vocabulary.tables[table]
            main = root is not None or table == self._root_table
            number = self.bounds.installations if main else self.bounds.rows
            names = [root or f"{table[:1].upper()}1", *(f"{table[:1].upper()}{i}" for i in range(2, number + 1))]
            found = self._populations[table] = []
            for index, name in enumerate(names):
                found.append(self._row(spec, name, index == 0 or self._guard(f"{table}[{name}]"), {spec.key[0]: name}))
                found[-1].free = main
        return found

    def _guard(self, name: str) -> Formula:
        return z3.Bool(f"there:{name}")

    def _row(self, spec: TableSpec, name: str, present: Formula, fixed: Mapping[str, Any]) -> Row:
        row = self.rows[f"{spec.name}[{name}]"] = Row(self, spec, name, present, fixed)
        for column, value in fixed.items():
            if spec.columns[column].past and isinstance(value, int):
                begun = self.as_of >= date(value, 1, 1).toordinal()
                self.constraints.append(z3.Implies(formula(present), begun))
        return row

    def stands_alone(self, row: Row) -> bool:
        """Whether the row is written for itself, rather than only where another refers to it."""
        return row is self.root or row.free

    def match(self, table: str, pattern: Pattern) -> Rowset:
        """The rows whose columns have these values, each with the condition on which it is there and does.

        Raises:
            Unencodable: a column by which the rows are told apart is not one of several plain values.
        """
        spec = self.vocabulary.tables[table]
        pattern = {column: self._referred(spec, column, value) for column, value in pattern.items()}
        if table in self._populations or table == self._root_table:
            rows: Iterable[tuple[Formula, Row]] = [(True, row) for row in self._population_of(table)]
            left = pattern
        else:
            pins = sorted(self.pins.get(table, frozenset()))
            rows = list(self._pinned(spec, pins, pattern))
            left = {column: value for column, value in pattern.items() if column not in pins}
        members = []
        for guard, row in rows:
            fits = [truth(op.compare("==", row.cell(column), value)).holds for column, value in left.items()]
            there = conj(guard, row.present, *fits)
            if there is not False:
                members.append((there, row))
        absent = neg(disj(*(there for there, _ in members))) if spec.measured else False
        return Rowset(tuple(members), absent)

    def _referred(self, spec: TableSpec, column: str, value: Any) -> Any:
        """A reference is matched by the row, whether a rule names the row or its id."""
        kind = spec.columns[column].type
        if kind.kind != "ref" or not isinstance(value, str):
            return value
        return self.rows.get(f"{kind.table}[{value}]", value)

    def _pinned(self, spec: TableSpec, pins: list[str], pattern: Pattern) -> Iterator[tuple[Formula, Row]]:
        """The rows of every combination of what the pinned columns may be."""
        options = [_plain_options(spec, pin, pattern[pin]) if pin in pattern else self._anything(spec, pin) for pin in pins]
        for combination in product(*options):
            guard = conj(*(g for g, _ in combination))
            values = tuple(value for _, value in combination)
            if guard is False or any(value is None for value in values):
                continue
            for row in self._bucket(spec, pins, values):
                if not set(pins) <= set(pattern):  # a case in which the row is there names what it refers to
                    self.constraints.append(z3.Implies(formula(row.present), formula(guard)))
                yield guard, row

    def _anything(self, spec: TableSpec, pin: str) -> list[tuple[Formula, Any]]:
        """Every row that a column may refer to, each with the condition on which it is there.

        Raises:
            Unencodable: the column refers to no row, or to rows that are not found by a reference themselves.
        """
        tables = self.vocabulary.tables
        target = tables.get(spec.columns[pin].type.table or "")
        by = sorted(self.pins.get(target.name, frozenset())) if target is not None else []
        owner = tables.get(target.columns[by[0]].type.table or "") if target is not None and len(by) == 1 else None
        if target is None or owner is None:
            raise Unencodable(f"rows of '{spec.name}' that are found without '{pin}'")
        held = ((holder, row) for holder in self._population_of(owner.name) for row in self._bucket(target, by, (holder,)))
        return [(conj(holder.present, row.present), row) for holder, row in held]

    def _bucket(self, spec: TableSpec, pins: list[str], values: tuple[Any, ...]) -> list[Row]:
        key = (spec.name, tuple(getattr(value, "name", value) for value in values))
        found = self._buckets.get(key)
        if found is None:
            fixed = dict(zip(pins, values, strict=True))
            single = bool(spec.key) and set(spec.key) <= set(pins)
            label = ",".join(map(str, key[1]))
            found = self._buckets[key] = []
            for number in range(1, (1 if single else self.bounds.rows) + 1):
                name = label if single else f"{label},{number}" if label else str(number)
                if spec.key and spec.key[0] not in pins and spec.columns[spec.key[0]].type.kind == "text":
                    # units, trades: rows that have an id of their own
                    name = f"{spec.name[:1].upper()}{number}-{label}" if label else f"{spec.name[:1].upper()}{number}"
                    fixed = {**fixed, spec.key[0]: name}
                present = True if spec.measured and number == 1 else self._guard(f"{spec.name}[{name}]")
                found.append(self._row(spec, name, present, fixed))
                found[-1].free = True
            self._tell_apart(spec, pins, found)
        return found

    def _tell_apart(self, spec: TableSpec, pins: list[str], rows: list[Row]) -> None:
        """No two rows with one key; of rows that are alike, the later ones are only there where the earlier are."""
        rest = [column for column in spec.key if column not in pins and column not in rows[0].fixed]
        for before, row in pairwise(rows):
            if before.present is not True:
                self.constraints.append(z3.Implies(formula(row.present), formula(before.present)))
        if rest:
            for index, row in enumerate(rows):
                for other in rows[:index]:
                    equal = conj(*(truth(op.compare("==", row.cell(c), other.cell(c))).holds for c in rest))
                    self.constraints.append(formula(neg(conj(row.present, other.present, equal))))

    # -- cells --------------------------------------------------------------------------------------------------

    def open_cell(self, row: Row, column: ColumnSpec) -> Any:
        """A cell that may be anything its column allows."""
        name, kind = f"{row.table}[{row.name}].{column.name}", column.type.kind
        none = z3.Bool(f"none:{name}") if column.type.nullable and kind in ("number", "date") else False
        if kind == "bool":
            return self._open_truth(row, column, name)
        if kind == "date":
            return self._open_day(row, column, name, none)
        if kind == "number":
            return self._open_number(row, column, name, none)
        if kind == "code":
            return self._choice(row, column, name, sorted(self.vocabulary.codes[column.type.codes or ""]))
        if kind == "ref":
            return self._choice(row, column, name, self._targets(row, column))
        return None if column.type.nullable else f"{row.name}"

    def _open_truth(self, row: Row, column: ColumnSpec, name: str) -> Any:
        if column.type.nullable:
            return self._choice(row, column, name, [True, False])
        variable = z3.Bool(name)
        row.variables[column.name] = (variable,)
        return Truth(variable, z3.Not(variable), True)

    def _open_day(self, row: Row, column: ColumnSpec, name: str, none: Formula) -> Num:
        variable = z3.Int(name)
        row.variables[column.name] = (variable, none)
        self.constraints += [variable >= self.first, variable <= self.last]
        if column.event or column.past:
            given = conj(row.present, neg(none))
            self.constraints.append(z3.Implies(formula(given), variable <= self.as_of))
        return Num(variable, variable, none=none, day=True)

    def _open_number(self, row: Row, column: ColumnSpec, name: str, none: Formula) -> Num:
        variable = z3.Int(name) if column.whole else z3.Real(name)
        row.variables[column.name] = (variable, none)
        if column.minimum is not None:
            self.constraints.append(variable >= int(column.minimum))
        if column.year:
            self.constraints += [variable >= self.years[0], variable <= self.years[1]]
        if column.past:
            today = op.year_of(Num(self.as_of, self.as_of, day=True), *self.years).low
            self.constraints.append(z3.Implies(formula(conj(row.present, neg(none))), variable <= today))
        return Num(variable, variable, none=none)

    def _choice(self, row: Row, column: ColumnSpec, name: str, options: list[Any]) -> Any:
        if column.type.nullable:
            options = [*options, None]
        if len(options) == 1:
            return options[0]
        variable = z3.Int(name)
        row.variables[column.name] = (variable, options)
        self.constraints += [variable >= 0, variable < len(options)]
        for index, option in enumerate(options):
            if isinstance(option, Row) and option.present is not True:
                chosen = conj(row.present, variable == index)
                self.constraints.append(z3.Implies(formula(chosen), formula(option.present)))
        return Choice(tuple((variable == index, option) for index, option in enumerate(options)), True, variable)

    def _targets(self, row: Row, column: ColumnSpec) -> list[Any]:
        """What a reference may name: the rows that others find by it, else a row of its own."""
        table = column.type.table or ""
        if table == self._root_table or table in self._populations or (row.table, column.name) in self.matched:
            return list(self._population_of(table))
        spec = self.vocabulary.tables[table]
        own = f"{spec.name[:-1]}-of-{row.name}".replace(",", "-")
        return [self.rows.get(f"{table}[{own}]") or self._row(spec, own, row.present, {spec.key[0]: own})]


def _pins(spec: TableSpec, found: list[frozenset[str]], parts: Collection[str | None]) -> frozenset[str]:
    """The columns that are fixed for each row: those by which all rules find it, else the part of the root that it refers to."""
    common = frozenset.intersection(*found) if found else frozenset()
    return common or frozenset(column for column in frozenset().union(*found) if spec.columns[column].type.table in parts)


def _plain_options(spec: TableSpec, column: str, value: Any) -> list[tuple[Formula, Any]]:
    """The plain values that a key may have, each with its condition."""
    if isinstance(value, Choice):
        return list(value.options)
    if isinstance(value, Num) and value.cases is not None:
        return [(guard, option) for guard, option in value.cases if not isinstance(option, Unknown)]
    if isinstance(value, (Unknown, Num, Truth)):
        raise Unencodable(f"a row of '{spec.name}' whose {column} is left open")
    return [(True, value)]
