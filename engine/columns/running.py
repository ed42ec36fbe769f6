"""Runs the cells of a plan on a register: programs over strips within a space, folds and pairs between spaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy
import polars as pl

from engine.columns.cells import BOOL, CODE, DAY, INT, ROW, TEXT, WIDE, Cell, Space
from engine.columns.data import Data
from engine.columns.grouping import Array, Runs, identical
from engine.columns.strips import Strips, dtype_of

DTYPES: dict[str, Any] = {INT: pl.Int64, WIDE: pl.Int128, DAY: pl.Int32, CODE: pl.UInt16, ROW: pl.UInt32, BOOL: pl.Boolean, TEXT: pl.String}
LEAVES = ("column", "row", "import")
FOLDS = ("group", "pair")


@dataclass
class Schedule:
    """In which order cells are computed.

    Attributes:
        depth: the last level.
        folds: level -> cells that bring rows of other spaces together; they come before the strips of their level.
        strips: level -> a program for each space.
        last: cell -> the last level that reads it; an output is never let go.
    """

    depth: int
    folds: dict[int, list[Cell]] = field(default_factory=dict)
    strips: dict[int, list[tuple[Space, Strips]]] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    outputs: list[Cell] = field(default_factory=list)


def schedule(outputs: Iterable[Cell]) -> Schedule:
    """Which cells are computed at which level: all that a cell reads in other rows is there before it."""
    wanted = [cell for cell in outputs if not cell.constant]
    cells = _ordered(wanted)
    level: dict[int, int] = {}
    for cell in cells:
        level[cell.number] = _level(cell, level)
    made = Schedule(max(level.values(), default=0), outputs=wanted)
    stored = {cell.number for cell in wanted}
    here: dict[tuple[int, Space], list[Cell]] = {}
    for cell in cells:
        at = level[cell.number]
        for a in cell.args:
            if not a.constant:
                made.last[a.number] = max(made.last.get(a.number, 0), at)
                if level[a.number] < at or cell.op in FOLDS or a.space != cell.space:
                    stored.add(a.number)
        if cell.op in FOLDS:
            made.folds.setdefault(at, []).append(cell)
        elif cell.op not in LEAVES:
            here.setdefault((at, cell.space or ()), []).append(cell)
    for cell in wanted:
        made.last[cell.number] = made.depth + 1
    for (at, space), own in here.items():
        numbers = frozenset(cell.number for cell in own)
        results = [cell for cell in own if cell.number in stored]
        made.strips.setdefault(at, []).append((space, Strips(results, numbers)))
    return made


def _ordered(wanted: list[Cell]) -> list[Cell]:
    found: dict[int, Cell] = {}
    todo = list(wanted)
    while todo:
        cell = todo.pop()
        if cell.number not in found and not cell.constant:
            found[cell.number] = cell
            todo.extend(cell.args)
    return [found[number] for number in sorted(found)]


def _level(cell: Cell, level: Mapping[int, int]) -> int:
    """What gathers rows of another space comes after what fills it; a column of the facts is there from the start."""
    if cell.op in FOLDS:
        return max(level[a.number] for a in cell.args if not a.constant) + 1 if any(not a.constant for a in cell.args) else 1
    if cell.op in ("gather", "spread"):
        *index, item = cell.args
        return max([level[a.number] for a in index] + [0 if item.op in LEAVES else level[item.number] + 1])
    return max((level[a.number] for a in cell.args if not a.constant), default=0)


class Run:
    """One plan over one register."""

    def __init__(self, made: Schedule, data: Data) -> None:
        self.made, self.data = made, data
        self.found: dict[int, Array] = {}
        self._runs: dict[int, Runs] = {}
        self._pairs: dict[Space, tuple[Array, Array]] = {}

    def run(self) -> dict[int, pl.Series]:
        """The values of every cell that is an output, by its number."""
        return {cell.number: series_of(cell, values) for cell, values in self.values()}

    def values(self) -> list[tuple[Cell, Array]]:
        """Every cell that is an output with its values."""
        made = self.made
        for level in range(made.depth + 1):
            for cell in made.folds.get(level, ()):
                self.found[cell.number] = self._pair(cell) if cell.op == "pair" else self._fold(cell)
            for space, strips in made.strips.get(level, ()):
                given = {(what, cell.number): self.value(cell) for what, cell in strips.given}
                self.found.update(strips.run(given, self._height(space), self.data.buffers))
            for number in [n for n in self.found if made.last.get(n, 0) <= level]:
                del self.found[number]
                self._runs.pop(number, None)
        return [(cell, self.value(cell)) for cell in made.outputs]

    def value(self, cell: Cell) -> Array:
        """The values of a cell that is a column of the facts, or was computed before."""
        found = self.found.get(cell.number)
        if found is None:
            found = self.found[cell.number] = self._leaf(cell)
        return found

    def _leaf(self, cell: Cell) -> Array:
        assert cell.space is not None
        if cell.op == "row":
            return numpy.arange(self._height(cell.space), dtype=numpy.int64)
        if cell.op == "import":
            return self.data.imports[cell.extra]
        assert cell.op == "column", cell
        return self.data.array(cell.space, *cell.extra)

    def _height(self, space: Space) -> int:
        return len(self._pairs[space][0]) if space[0] == "pairs" else self.data.height(space)

    # -- between spaces -----------------------------------------------------------------------------------------

    def runs(self, index: Cell) -> Runs:
        """The rows brought together by ``index``; those by a column of the facts are kept for other years."""
        if index.op == "column" and index.space is not None:
            return self.data.runs(index.space, index.extra[0])
        found = self._runs.get(index.number)
        if found is None:
            found = self._runs[index.number] = Runs.of(self.value(index))
        return found

    def _identity(self, index: Cell, size: int) -> bool:
        """Whether each row names itself."""
        if index.op == "column" and index.space is not None:
            return self.data.identical(index.space, index.extra[0], size)
        return identical(self.value(index), size)

    def _fold(self, cell: Cell) -> Array:
        function, rows = cell.extra
        item, dtype = cell.args[0], dtype_of(cell)
        if len(cell.args) == 1:
            return self._fold_all(function, item, self._height(rows), dtype)
        index, height = cell.args[1], self._height(cell.space or ())
        if self._identity(index, height):
            return numpy.full(height, item.value, dtype) if item.constant else self.value(item).astype(dtype, copy=False)
        runs = self.runs(index)
        if item.constant:
            folded = numpy.full(len(runs.homes), item.value, dtype) * (runs.sizes().astype(dtype) if function == "sum" else True)
        else:
            folded = runs.fold(function, self.value(item).astype(dtype, copy=False))
        if len(folded) == height:
            return folded
        found = numpy.full(height, "", dtype) if cell.kind == TEXT else numpy.zeros(height, dtype)
        found[runs.homes] = folded
        return found

    def _fold_all(self, function: str, item: Cell, height: int, dtype: Any) -> Array:
        """One value of all rows; of none it is nothing that counts."""
        if item.constant:
            value = item.value * height if function == "sum" else bool(height) and item.value if function == "any" else item.value
            return numpy.array([value], dtype)
        if not height:
            return numpy.zeros(1, dtype)
        return Runs(numpy.zeros(1, numpy.int64), numpy.zeros(1, numpy.int64), None, height).fold(
            function, self.value(item).astype(dtype, copy=False)
        )

    def _pair(self, cell: Cell) -> Array:
        """The row numbers on one side of the pairs that agree on all keys."""
        space = cell.space or ()
        if space not in self._pairs:
            _, left_space, right_space, lefts, _ = space
            half = len(lefts)
            sides = []
            for side, at, own in (("left", left_space, cell.args[:half]), ("right", right_space, cell.args[half:])):
                rows = pl.Series(side, numpy.arange(self._height(at), dtype=numpy.int64))
                sides.append(pl.DataFrame([rows, *(series_of(k, self.value(k)).alias(f"k{i}") for i, k in enumerate(own))]))
            left, right = sides
            if half:
                joined = left.join(right, on=[f"k{i}" for i in range(half)], how="inner", maintain_order="left")
            else:
                joined = left.join(right, how="cross")
            self._pairs[space] = joined["left"].to_numpy(), joined["right"].to_numpy()
        return self._pairs[space][0 if cell.extra == "left" else 1]


def series_of(cell: Cell, values: Array) -> pl.Series:
    """Computed values as a series of the type that `DTYPES` says."""
    dtype = DTYPES[cell.kind]
    return pl.Series(values.tolist(), dtype=dtype) if values.dtype == object else pl.Series(values).cast(dtype)
