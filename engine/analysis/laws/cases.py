"""From a model of the solver to a small case that a person can read, as plain data of the facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import z3

from engine.analysis.laws.universe import Row, Universe
from engine.analysis.laws.values import Choice, Num, Truth
from engine.analysis.symbols import Formula, formula
from engine.language import ColumnSpec
from engine.language.values import decimal_text

TIMEOUT_MS = 5_000
DECIMALS = (1, 10, 100, 1_000)
"""Numbers are looked for among the whole ones first, then among those with one, two and three decimals."""
Document = dict[str, Any]
Grown = Sequence[tuple[Row, str, Any]]


class GaveUp(Exception):
    """The solver came to no answer within its time."""


class Finder:
    """Cases of a universe in which a formula holds.

    Args:
        bind: is called before the solver is, and may add to what the universe says.
    """

    def __init__(self, universe: Universe, bind: Callable[[], None]) -> None:
        self.universe, self._bind = universe, bind
        self.solver = z3.SolverFor("ALL")
        self.solver.set("timeout", TIMEOUT_MS)
        self._told = 0
        self._known: dict[int, tuple[Any, bool]] = {}

    def _tell(self) -> None:
        """Pass on what the universe has come to say since it was last asked."""
        self._bind()
        self.solver.add(*self.universe.constraints[self._told :])
        self._told = len(self.universe.constraints)

    def possible(self, wanted: Formula) -> bool:
        """Whether some case of the universe satisfies ``wanted``.

        Raises:
            GaveUp: the solver does not know.
        """
        if wanted is False:
            return False
        self._tell()
        made = formula(wanted)
        key = made.get_id()
        if key not in self._known:
            self._known[key] = made, self._check(made)
        return self._known[key][1]

    def _check(self, *assumptions: Any) -> bool:
        self.solver.push()
        try:
            self.solver.add(*assumptions)
            answer = self.solver.check()
            if answer == z3.unknown:
                raise GaveUp(self.solver.reason_unknown())
            return bool(answer == z3.sat)
        finally:
            self.solver.pop()

    # -- the smallest case --------------------------------------------------------------------------------------

    def case(self, wanted: Formula, grown: Grown = (), smallest: bool = True) -> list[Document]:
        """A case that satisfies ``wanted``.

        Args:
            smallest: whether it has as few rows as there can be, and no number larger than it must be.
            grown: cells (row, column, Z3 number) that are another number in a second case, all else being the same.

        Returns:
            The facts, then those of the second case where cells are ``grown``; nothing where there is no such case.

        Raises:
            GaveUp: the solver does not know.
        """
        relevant = Relevant(self.universe, wanted)
        self._tell()
        self.solver.push()
        try:
            self.solver.add(formula(wanted))
            if self.solver.check() != z3.sat:
                return []
            model = self.solver.model()
            if smallest:
                model = self._plainest_cells(self._fewest_rows(model, relevant), relevant, [variable for _, _, variable in grown])
            else:
                model = self._writable(model, relevant, [variable for _, _, variable in grown])
            other = {(row.name, column): _number(model.eval(variable, model_completion=True)) for row, column, variable in grown}
            return [_document(relevant, model, known) for known in ([{}, other] if grown else [{}])]
        finally:
            self.solver.pop()

    def _try(self, *more: Any) -> Any:
        """The model with ``more``, which then stays; None where it is impossible."""
        self.solver.push()
        self.solver.add(*more)
        if self.solver.check() == z3.sat:
            model = self.solver.model()
            self.solver.pop()
            self.solver.add(*more)
            return model
        self.solver.pop()
        return None

    def _or(self, model: Any, more: Any) -> Any:
        """The model with ``more`` where that is possible, else as it is."""
        found = self._try(more)
        return model if found is None else found

    def case_near(self, wishes: Iterable[Any]) -> tuple[Any, Document]:
        """A model in which as many of ``wishes``, in order, hold as can, with all that any rule has read of it.

        Raises:
            GaveUp: the solver finds no model at all.
        """
        relevant = Relevant(self.universe, None)
        self._tell()
        self.solver.push()
        try:
            if self.solver.check() != z3.sat:
                raise GaveUp(self.solver.reason_unknown())
            model = self.solver.model()
            for wish in wishes:
                model = self._or(model, wish)
            model = self._writable(model, relevant, [])
            return model, _document(relevant, model, {})
        finally:
            self.solver.pop()

    def _fewest_rows(self, model: Any, relevant: Relevant) -> Any:
        """The model with the fewest rows that may be there or not, and then without those that can be left out."""
        guards = [*{row.present.get_id(): row.present for row in relevant.rows if not isinstance(row.present, bool)}.values()]
        for number in range(len(guards)):
            fewest = self._try(z3.AtMost(*guards, number))
            if fewest is not None:
                model = fewest
                break
        for guard in reversed(guards):  # of cases with as few rows always the same one
            model = self._or(model, z3.Not(guard))
        return model

    def _writable(self, model: Any, relevant: Relevant, more: list[Any]) -> Any:
        """The model with whole numbers, as far as it can have them: facts are written as decimals."""
        for variable in [row.variables[name][0] for row in relevant.rows for name in relevant.open_cells(row)] + more:
            if z3.is_real(variable):
                model = self._or(model, z3.IsInt(variable))
        return model

    def _plainest_cells(self, model: Any, relevant: Relevant, more: list[Any]) -> Any:
        cells = [(row, name) for row in relevant.rows if _there(row, model) for name in relevant.open_cells(row)]
        for row, name in cells:
            preferred = self._preferred(row, row.spec.columns[name], row.variables[name])
            plain = self._try(preferred) if preferred is not None else None
            if plain is not None:
                model = plain
            elif z3.is_int(row.variables[name][0]) and row.spec.columns[name].type.kind != "date":
                model = self._least(row.variables[name][0], model)  # the first of the codes, the earliest of the years
        numbers = [row.variables[name][0] for row, name in cells if z3.is_real(row.variables[name][0])]
        days = [row.variables[name][0] for row, name in cells if row.spec.columns[name].type.kind == "date"]
        for variable in [*numbers, *more, *days, self.universe.as_of]:
            model = self._least(variable, model)
        return model

    def _preferred(self, row: Row, column: ColumnSpec, variables: tuple[Any, ...]) -> Any:
        """The plainest thing that a cell can say: what is presumed, the year asked about, else what comes first."""
        variable, *more = variables
        if z3.is_bool(variable):
            return variable if column.presumed is not False else z3.Not(variable)
        if more and isinstance(more[0], list):
            options = more[0]
            wanted = column.presumed if column.has_presumed and column.presumed in options else None if None in options else options[0]
            return variable == options.index(wanted)
        plain = []
        if more and more[0] is not False:
            plain.append(more[0] if column.has_presumed and column.presumed is None else z3.Not(more[0]))
        if column.year:
            plain.append(variable == self.universe.year)
        return z3.And(plain) if plain else None

    def _least(self, variable: Any, model: Any) -> Any:
        """The case in which a number or day is as small as it can be, in the coarsest steps that it can have."""
        scale = 1
        if z3.is_real(variable):
            for scale in DECIMALS:
                whole = self._try(z3.IsInt(variable * scale))
                if whole is not None:
                    model = whole
                    break
        scaled = variable * scale if scale > 1 else variable
        positive = self._try(scaled >= 0)
        model, scaled = (positive, scaled) if positive is not None else (model, -scaled)
        top = _number(model.eval(scaled, model_completion=True))
        bottom, step = 0 if self._try(scaled <= 0) is not None else None, 1
        if bottom == 0:
            return self._try(scaled <= 0)
        while bottom is None:  # an end below which it cannot be
            found = self._try(scaled <= top - step)
            if found is None:
                bottom = top - step + 1
            else:
                model, top = found, _number(found.eval(scaled, model_completion=True))
                step *= 4
        while bottom < top:
            middle = (bottom + top) // 2
            found = self._try(scaled <= middle)
            if found is None:
                bottom = middle + 1
            else:
                model, top = found, _number(found.eval(scaled, model_completion=True))
        self.solver.add(scaled == lift(top))
        return model


class Relevant:
    """The rows and cells of a universe that a formula speaks of, and what cannot be left out of such a row.

    Args:
        wanted: the formula; None for everything that any rule has read.
    """

    def __init__(self, universe: Universe, wanted: Formula | None) -> None:
        self.universe = universe
        self._names = None if wanted is None else _constants(wanted) if isinstance(wanted, z3.ExprRef) else frozenset()
        self.rows = [row for row in universe.rows.values() if row is universe.root or self._speaks_of(row)]
        for row in self.rows:
            for column in row.spec.columns.values():
                if column.required or column.name in row.spec.key:
                    row.cell(column.name)

    def _speaks_of(self, row: Row) -> bool:
        guard = isinstance(row.present, z3.ExprRef) and self._has(row.present)
        return guard or any(self._open(variables) for variables in row.variables.values())

    def _open(self, variables: tuple[Any, ...]) -> bool:
        return any(isinstance(v, z3.ExprRef) and self._has(v) for v in variables)

    def _has(self, variable: Any) -> bool:
        return self._names is None or variable.decl().name() in self._names

    def cells(self, row: Row) -> list[str]:
        """The columns to write: given, required, or spoken of."""
        columns = row.spec.columns
        return [
            name
            for name in columns
            if name in row.fixed or (name in row.cells and (columns[name].required or name in row.spec.key or self._matters(row, name)))
        ]

    def _matters(self, row: Row, name: str) -> bool:
        variables = row.variables.get(name)
        return self._open(variables) if variables is not None else isinstance(row.cells[name], Row)

    def open_cells(self, row: Row) -> list[str]:
        return [name for name in self.cells(row) if name in row.variables]


def _constants(wanted: Any) -> frozenset[str]:
    """The names of the free constants of a formula."""
    found, seen, pending = set(), {wanted.get_id()}, [wanted]
    while pending:
        part = pending.pop()
        if z3.is_const(part) and part.decl().kind() == z3.Z3_OP_UNINTERPRETED:
            found.add(part.decl().name())
        for child in part.children():
            if child.get_id() not in seen:
                seen.add(child.get_id())
                pending.append(child)
    return frozenset(found)


def lift(value: int | Fraction) -> Any:
    return z3.Q(value.numerator, value.denominator) if isinstance(value, Fraction) else value


def _number(term: Any) -> Any:
    """An exact number of a model."""
    if z3.is_int_value(term):
        return term.as_long()
    value = Fraction(term.numerator_as_long(), term.denominator_as_long())
    return value.numerator if value.denominator == 1 else value


def _there(row: Row, model: Any) -> bool:
    return row.present is True or z3.is_true(model.eval(formula(row.present), model_completion=True))


# -- the facts --------------------------------------------------------------------------------------------------


def _document(relevant: Relevant, model: Any, known: Mapping[tuple[str, str], Any]) -> Document:
    """The facts of a model as a case file would give them; rows that nothing refers to are left out.

    Args:
        known: cells, by the name of the row and the column, whose value is given.
    """
    universe = relevant.universe

    def written(row: Row) -> dict[str, Any]:
        return {name: known.get((row.name, name), _cell(row, name, model)) for name in relevant.cells(row)}

    named = {(row.table, row.name): (row, written(row)) for row in relevant.rows if _there(row, model) and universe.stands_alone(row)}
    lost = [
        key for key, (_, cells) in named.items() if any(isinstance(value, Row) and not _there(value, model) for value in cells.values())
    ]
    for key in lost:
        del named[key]
    pending = list(named.values())
    while pending:
        _, cells = pending.pop()
        for value in cells.values():
            if isinstance(value, Row) and (value.table, value.name) not in named:
                named[value.table, value.name] = entry = (value, written(value))
                pending.append(entry)
    document: Document = {"as_of": date.fromordinal(_number(model.eval(universe.as_of, model_completion=True))).isoformat()}
    for table in universe.vocabulary.tables:
        content = [cells for row, cells in named.values() if row.table == table]
        if content:
            document[table] = [{name: as_text(value) for name, value in cells.items()} for cells in content]
    return document


def _cell(row: Row, name: str, model: Any) -> Any:
    value, variables = row.cells[name], row.variables.get(name)
    if variables is None:
        return value
    first = model.eval(variables[0], model_completion=True)
    if isinstance(value, Truth):
        return z3.is_true(first)
    if isinstance(value, Choice):
        return variables[1][_number(first)]
    assert isinstance(value, Num)
    if variables[1] is not False and z3.is_true(model.eval(variables[1], model_completion=True)):
        return None
    return date.fromordinal(_number(first)) if value.day else _number(first)


def as_text(value: Any) -> Any:
    """A cell as a case file writes it."""
    if isinstance(value, Row):
        return value.fixed[value.spec.key[0]]
    if value is None:
        return "none"
    if isinstance(value, date):
        return value.isoformat()
    return decimal_text(value) if isinstance(value, Fraction) else value
