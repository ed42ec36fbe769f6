"""Runs the cells of a plan on a register: Polars expressions within a space, gathers and folds between spaces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import polars as pl

from engine.columns.cells import BOOL, CODE, DAY, INT, ROW, TEXT, WIDE, Cell, Space
from engine.columns.data import Data
from engine.columns.grouping import Runs, identical

DTYPES: dict[str, Any] = {INT: pl.Int64, WIDE: pl.Int128, DAY: pl.Int32, CODE: pl.UInt16, ROW: pl.UInt32, BOOL: pl.Boolean, TEXT: pl.String}
LEAVES = ("column", "row", "import")
BETWEEN = ("gather", "group", "spread", "pair")
PLAIN = pl.QueryOptFlags.none()


@dataclass
class Schedule:
    """In which order cells are computed.

    Attributes:
        between: level -> cells that come from other rows.
        stages: (level, space) -> stages of cells, each computed from columns that are there before it.
        last: cell -> the last level that reads it; an output is never let go.
    """

    depth: int
    between: dict[int, list[Cell]] = field(default_factory=dict)
    stages: dict[tuple[int, Space], list[list[Cell]]] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    expressions: dict[int, pl.Expr] = field(default_factory=dict)
    outputs: list[Cell] = field(default_factory=list)


def schedule(outputs: Iterable[Cell]) -> Schedule:
    """Which cells are computed, in which order; what only one other cell reads is part of its expression."""
    wanted = [cell for cell in outputs if not cell.constant]
    order: dict[int, Cell] = {}
    stack = list(wanted)
    while stack:
        cell = stack.pop()
        if cell.number not in order and not cell.constant:
            order[cell.number] = cell
            stack.extend(cell.args)
    cells = [order[number] for number in sorted(order)]
    level: dict[int, int] = {}
    uses: dict[int, int] = {}
    named = {cell.number for cell in wanted}
    for cell in cells:
        args = [a for a in cell.args if not a.constant]
        level[cell.number] = max((level[a.number] for a in args), default=0) + (cell.op in BETWEEN)
        for a in args:
            uses[a.number] = uses.get(a.number, 0) + 1
            if cell.op in BETWEEN:
                named.add(a.number)
    for cell in cells:
        if cell.op in BETWEEN or cell.op in LEAVES or (uses.get(cell.number, 0) > 1 and cell.op != "not"):
            named.add(cell.number)
        named.update(a.number for a in cell.args if not a.constant and level[a.number] < level[cell.number])
    made = Schedule(max(level.values(), default=0), outputs=wanted)
    stage: dict[int, int] = {}
    for cell in cells:
        if cell.op in BETWEEN:
            made.between.setdefault(level[cell.number], []).append(cell)
            stage[cell.number] = 0
        elif cell.op in LEAVES:
            stage[cell.number] = 0
        else:
            here = max((stage[a.number] for a in cell.args if not a.constant and level[a.number] == level[cell.number]), default=0)
            stage[cell.number] = here + 1 if cell.number in named else here
            if cell.number in named:
                stages = made.stages.setdefault((level[cell.number], cell.space or ()), [])
                while len(stages) <= here:
                    stages.append([])
                stages[here].append(cell)
    _lives(made, cells, wanted, level, named)
    for stages in made.stages.values():
        for group in stages:
            for cell in group:
                made.expressions[cell.number] = _expression(cell, named).alias(f"c{cell.number}")
    return made


def _lives(made: Schedule, cells: list[Cell], wanted: list[Cell], level: Mapping[int, int], named: set[int]) -> None:
    for cell in cells:
        for a in cell.args:
            if not a.constant:
                made.last[a.number] = max(made.last.get(a.number, 0), level[cell.number])
    for cell in reversed(cells):  # a part of an expression is read where the expression is computed
        if cell.number not in named:
            for a in cell.args:
                if not a.constant:
                    made.last[a.number] = max(made.last[a.number], made.last.get(cell.number, 0))
    for cell in wanted:
        made.last[cell.number] = made.depth + 1


# -- expressions --------------------------------------------------------------------------------------------------


def _expression(cell: Cell, named: set[int]) -> pl.Expr:
    """The expression that computes ``cell`` from named columns."""
    made: pl.Expr = _EMIT[cell.op](cell, named)
    return made


def _part(cell: Cell, named: set[int]) -> pl.Expr:
    if cell.constant:
        return pl.lit(cell.value, dtype=DTYPES[cell.kind])
    return pl.col(f"c{cell.number}") if cell.number in named else _expression(cell, named)


def _as(cell: Cell, kind: str, named: set[int]) -> pl.Expr:
    if cell.constant and kind != TEXT:
        return pl.lit(cell.value, dtype=DTYPES[kind])
    part = _part(cell, named)
    return part if cell.kind == kind else part.cast(DTYPES[kind])


def _and(cell: Cell, named: set[int]) -> pl.Expr:
    return reduce(lambda a, b: a & b, (_part(a, named) for a in cell.args))


def _not(cell: Cell, named: set[int]) -> pl.Expr:
    inner = cell.args[0]
    if inner.op == "and" and inner.number not in named:
        negated = [_part(a.args[0], named) if a.op == "not" and a.number not in named else ~_part(a, named) for a in inner.args]
        return reduce(lambda a, b: a | b, negated)
    return ~_part(inner, named)


def _compared(cell: Cell) -> str:
    kinds = {a.kind for a in cell.args}
    if WIDE in kinds:
        return WIDE
    return (
        next((a.kind for a in cell.args if not a.constant and a.kind != INT), INT)
        if len(kinds) > 1 and any(a.constant for a in cell.args)
        else INT
        if len(kinds) > 1
        else kinds.pop()
    )


def _lt(cell: Cell, named: set[int]) -> pl.Expr:
    """A constant stands on the right: Polars 1.44 makes one row of a constant compared with a column of one repeated value."""
    kind = _compared(cell)
    if kind == DAY and any(a.constant and not -(2**31) <= a.value < 2**31 for a in cell.args):
        kind = INT
    left, right = (_as(a, kind, named) for a in cell.args)
    return right > left if cell.args[0].constant else left < right


def _eq(cell: Cell, named: set[int]) -> pl.Expr:
    kind = _compared(cell)
    left, right = (_as(a, kind, named) for a in cell.args)
    return right == left if cell.args[0].constant else left == right


def _arithmetic(cell: Cell, named: set[int]) -> pl.Expr:
    left, right = (_as(a, cell.kind, named) for a in cell.args)
    return left + right if cell.op == "add" else left - right if cell.op == "sub" else left * right


def _floordiv(cell: Cell, named: set[int]) -> pl.Expr:
    divisor = pl.lit(cell.extra, dtype=DTYPES[cell.kind])
    return _as(cell.args[0], cell.kind, named).floordiv(divisor)


def _if(cell: Cell, named: set[int]) -> pl.Expr:
    test, then, other = cell.args
    chosen: pl.Expr = pl.when(_part(test, named)).then(_as(then, cell.kind, named)).otherwise(_as(other, cell.kind, named))
    return chosen


def _stretch(cell: Cell, named: set[int]) -> pl.Expr:
    """How many turning points are not after the value."""
    day = _part(cell.args[0], named)
    count: pl.Expr = pl.sum_horizontal([(day >= turn).cast(pl.Int64) for turn in cell.extra])
    return count


def _number(cell: Cell, named: set[int]) -> pl.Expr:
    return _part(cell.args[0], named).cast(pl.Int64)


def _table(cell: Cell, named: set[int]) -> pl.Expr:
    return pl.lit(pl.Series(cell.extra, dtype=DTYPES[cell.kind])).gather(_part(cell.args[0], named))


def _year(cell: Cell, named: set[int]) -> pl.Expr:
    return _part(cell.args[0], named).cast(pl.Int32).cast(pl.Date).dt.year().cast(pl.Int64)


_EMIT: dict[str, Any] = {
    "and": _and, "not": _not, "lt": _lt, "eq": _eq, "add": _arithmetic, "sub": _arithmetic, "mul": _arithmetic,
    "floordiv": _floordiv, "if": _if, "stretch": _stretch, "number": _number, "table": _table, "year": _year,
}  # fmt: skip


# -- running ------------------------------------------------------------------------------------------------------


class Run:
    """One plan over one register."""

    def __init__(self, made: Schedule, data: Data) -> None:
        self.made, self.data = made, data
        self.found: dict[int, pl.Series] = {}
        self._runs: dict[int, Runs] = {}
        self._same: dict[tuple[int, int], bool] = {}

    def run(self) -> dict[int, pl.Series]:
        """The series of every cell that is an output, by its number."""
        made = self.made
        for level in range(made.depth + 1):
            for cell in made.between.get(level, ()):
                self.found[cell.number] = self._between(cell)
            for (at, space), stages in made.stages.items():
                if at == level:
                    self._within(space, stages)
            for number in [n for n in self.found if made.last.get(n, 0) <= level]:
                del self.found[number]
                self._runs.pop(number, None)
        return {cell.number: self.value(cell) for cell in made.outputs}

    def value(self, cell: Cell) -> pl.Series:
        found = self.found.get(cell.number)
        if found is None:
            found = self.found[cell.number] = self._leaf(cell)
        return found

    def _leaf(self, cell: Cell) -> pl.Series:
        assert cell.space is not None
        if cell.op == "row":
            return pl.int_range(0, self.data.height(cell.space), dtype=pl.UInt32, eager=True)
        if cell.op == "import":
            return self.data.imports[cell.extra]
        found = self.data.column(cell.space, *cell.extra)
        assert found is not None, (cell.space, cell.extra)
        return found

    def _within(self, space: Space, stages: list[list[Cell]]) -> None:
        names: dict[str, pl.Series] = {}
        todo = [cell for group in stages for cell in group]
        own = {cell.number for cell in todo}
        seen: set[int] = set()
        while todo:
            for a in todo.pop().args:
                if a.constant or a.number in seen:
                    continue
                seen.add(a.number)
                if a.number in self.found or a.op in LEAVES:
                    names[f"c{a.number}"] = self.value(a)
                elif a.number not in own:
                    todo.append(a)
        frame = pl.DataFrame([series.alias(name) for name, series in names.items()]).lazy()
        for group in stages:
            frame = frame.with_columns([self.made.expressions[cell.number] for cell in group])
        wanted = [f"c{cell.number}" for group in stages for cell in group]
        done = frame.select(wanted).collect(optimizations=PLAIN)
        for group in stages:
            for cell in group:
                self.found[cell.number] = done[f"c{cell.number}"]

    # -- between spaces -----------------------------------------------------------------------------------------

    def _between(self, cell: Cell) -> pl.Series:
        if cell.op == "gather":
            index, item = self.value(cell.args[0]), self.value(cell.args[1])
            return item if self._identity(cell.args[0], len(item)) else item.gather(index)
        if cell.op == "spread":
            one = self.value(cell.args[0])
            return pl.repeat(one[0], self._height(cell.space or ()), dtype=one.dtype, eager=True)
        if cell.op == "pair":
            return self._pairs(cell)
        function, rows = cell.extra
        if len(cell.args) == 1:
            return self._fold_all(function, cell.args[0], rows, cell.kind)
        return self._fold(function, cell.args[0], cell.args[1], self._height(cell.space or ()), cell.kind)

    def _identity(self, index: Cell, size: int) -> bool:
        """Whether each row names itself."""
        if index.op == "column" and index.space is not None:
            return self.data.identical(index.space, index.extra[0], size)
        found = self._same.get((index.number, size))
        if found is None:
            found = self._same[index.number, size] = identical(self.value(index), size)
        return found

    def runs(self, index: Cell) -> Runs:
        """The rows brought together by ``index``; those by a column of the facts are kept for other years."""
        if index.op == "column" and index.space is not None:
            return self.data.runs(index.space, index.extra[0])
        found = self._runs.get(index.number)
        if found is None:
            found = self._runs[index.number] = Runs.of(self.value(index))
        return found

    def _height(self, space: Space) -> int:
        if space[0] == "pairs":
            return len(self._paired(space)[0])
        return self.data.height(space)

    def _fold_all(self, function: str, item: Cell, rows: Space, kind: str) -> pl.Series:
        height = self._height(rows)
        if item.constant:
            value = item.value if function != "sum" else item.value * height
            return pl.Series([bool(height) and value if function == "any" else value], dtype=DTYPES[kind])
        series = self.value(item)
        if function == "sum":
            series = series.cast(DTYPES[kind])
        fold: Callable[[], Any] = getattr(series, {"one": "sum", "pick": "sum"}.get(function, function))
        folded = fold()
        return pl.Series([folded if folded is not None else 0], dtype=DTYPES[kind])

    def _fold(self, function: str, item: Cell, index: Cell, height: int, kind: str) -> pl.Series:
        dtype = DTYPES[kind]
        if self._identity(index, height):
            return self._whole(item, height, dtype)
        runs = self.runs(index)
        folded = runs.fold(function, self._whole(item, len(self.value(index)), dtype))
        if len(folded) == height:
            return folded
        fill: Any = {BOOL: False, TEXT: ""}.get(kind, 0)
        return pl.repeat(fill, height, dtype=dtype, eager=True).scatter(runs.homes, folded)

    def _whole(self, item: Cell, height: int, dtype: Any) -> pl.Series:
        if item.constant:
            return pl.repeat(item.value, height, dtype=dtype, eager=True)
        series = self.value(item)
        return series if series.dtype == dtype else series.cast(dtype)

    def _pairs(self, cell: Cell) -> pl.Series:
        return self._paired(cell.space or (), cell.args)[0 if cell.extra == "left" else 1]

    def _paired(self, space: Space, keys: tuple[Cell, ...] = ()) -> tuple[pl.Series, pl.Series]:
        """The row numbers on both sides of the pairs that agree on all keys."""
        memo: dict[Space, tuple[pl.Series, pl.Series]] = self.__dict__.setdefault("_pair_memo", {})
        if space not in memo:
            _, left_space, right_space, lefts, _ = space
            half = len(lefts)
            sides = []
            for side, at, own in (("left", left_space, keys[:half]), ("right", right_space, keys[half:])):
                rows = pl.int_range(0, self._height(at), dtype=pl.UInt32, eager=True).alias(side)
                sides.append(pl.DataFrame([rows, *(self.value(k).alias(f"k{i}") for i, k in enumerate(own))]))
            left, right = sides
            if half:
                joined = left.join(right, on=[f"k{i}" for i in range(half)], how="inner", maintain_order="left")
            else:
                joined = left.join(right, how="cross")
            memo[space] = (joined["left"], joined["right"])
        return memo[space]
