"""Runs the cells of a plan on a register: programs over strips within a space, folds and pairs between spaces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy
import polars as pl

from engine.columns.cells import BOOL, CODE, DAY, INT, ROW, TEXT, WIDE, Cell, Space
from engine.columns.data import Data
from engine.columns.grouping import Array, Runs, identical
from engine.columns.scheduling import Computation, Schedule, scheduled
from engine.columns.strips import dtype_of
from engine.columns.threads import each

if TYPE_CHECKING:
    from engine.columns.machine import Call

MANY = 2**18
"""From so many rows on, runs are begun side by side."""
SHARED = 2**12
"""Columns of so many rows are not copied on their way out."""
DTYPES: dict[str, Any] = {INT: pl.Int64, WIDE: pl.Int128, DAY: pl.Int32, CODE: pl.UInt16, ROW: pl.UInt32, BOOL: pl.Boolean, TEXT: pl.String}
_HANDED = {numpy.dtype(name.lower()): name for name in ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64")} | {numpy.dtype(bool): "Boolean"}


@cache
def _types(dtype: Any) -> tuple[Any, Any]:
    """What pyarrow and Polars call a type of numpy."""
    import pyarrow

    return pyarrow.bool_() if dtype == numpy.bool_ else pyarrow.from_numpy_dtype(dtype), getattr(pl, _HANDED[dtype])()


class Run:
    """One plan over one register.

    Args:
        rows: how many are decided.
        effort: how much to compile, `none`, `quick` or `full`; None: what so many rows are worth.
    """

    def __init__(self, computation: Computation, data: Data, rows: int = 0, effort: str | None = None) -> None:
        self.computation, self.data, self.rows, self.effort = computation, data, rows, effort
        self.found: dict[int, Array] = {}
        self._runs: dict[int, Runs] = {}
        self._pairs: dict[Space, tuple[Array, Array]] = {}

    def run(self) -> dict[int, pl.Series]:
        """The values of every cell that is an output, by its number."""
        return {cell.number: series_of(cell, values).cast(DTYPES[cell.kind]) for cell, values in self.values()}

    def values(self) -> list[tuple[Cell, Array]]:
        """Every cell that is an output with its values."""
        run_together([self])
        return self.outputs()

    def outputs(self) -> list[tuple[Cell, Array]]:
        """Every cell that is an output with its values, after the run."""
        return [(cell, self.value(cell)) for cell in self.computation.outputs]

    @cached_property
    def schedule(self) -> Schedule:
        return scheduled([self])[0]

    @staticmethod
    def schedule_all(runs: Iterable[Run]) -> None:
        """Find how each is carried out, at once."""
        runs = list(runs)
        for run, schedule in zip(runs, scheduled(runs), strict=True):
            run.schedule = schedule

    @property
    def passing(self) -> int:
        """About how many bytes it needs on the way."""
        return sum(program.passing(self) for programs in self.schedule.programs.values() for program in programs)

    def begin(self, level: int) -> list[Call]:
        """Compute a level, but for what the calls compute."""
        calls = []
        for cell in self.schedule.folds.get(level, ()):
            self.found[cell.number] = self._pair(cell) if cell.op == "pair" else self._fold(cell)
        for program in self.schedule.programs.get(level, ()):
            found, call = program.begin(self)
            self.found.update(found)
            if call is not None:
                calls.append(call)
        return calls

    def end(self, level: int) -> None:
        """Let go of what no later level reads."""
        for number in [n for n in self.found if self.schedule.last.get(n, 0) <= level]:
            del self.found[number]
            self._runs.pop(number, None)

    def value(self, cell: Cell) -> Array:
        """The values of a cell that is a column of the facts, or was computed before."""
        found = self.found.get(cell.number)
        if found is None:
            found = self.found[cell.number] = self._leaf(cell)
        return found

    def _leaf(self, cell: Cell) -> Array:
        assert cell.space is not None
        if cell.op == "row":
            return numpy.arange(self.height(cell.space), dtype=numpy.int64)
        if cell.op == "import":
            return self.data.imports[cell.extra]
        assert cell.op == "column", cell.op
        return self.data.array(cell.space, *cell.extra)

    def height(self, space: Space) -> int:
        return len(self._pairs[space][0]) if space[0] == "pairs" else self.data.height(space)

    def known_height(self, space: Space) -> int:
        """How many rows a space has, as far as is known before the run."""
        return 0 if space[0] == "pairs" and space not in self._pairs else self.height(space)

    def homes(self, index: Cell, space: Space) -> Array:
        """For each row of ``space`` the only row that refers to it by a column of the facts; -1 where none does."""
        assert index.space is not None
        return self.data.homes(index.space, index.extra[0], self.height(space))

    # -- between spaces -----------------------------------------------------------------------------------------

    def runs(self, index: Cell) -> Runs:
        """The rows brought together by ``index``; those by a column of the facts are kept for other years."""
        if index.op == "column" and index.space is not None:
            return self.data.runs(index.space, index.extra[0])
        found = self._runs.get(index.number)
        if found is None:
            found = self._runs[index.number] = Runs.of(self.value(index))
        return found

    def identity(self, index: Cell, size: int) -> bool:
        """Whether each row names itself."""
        if index.op == "column" and index.space is not None:
            return self.data.identical(index.space, index.extra[0], size)
        return identical(self.value(index), size)

    def _fold(self, cell: Cell) -> Array:
        function, rows = cell.extra
        item, dtype = cell.args[0], dtype_of(cell)
        if len(cell.args) == 1:
            return self._fold_all(function, item, self.height(rows), dtype)
        index, height = cell.args[1], self.height(cell.space or ())
        if self.identity(index, height):
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
                rows = pl.Series(side, numpy.arange(self.height(at), dtype=numpy.int64))
                sides.append(pl.DataFrame([rows, *(series_of(k, self.value(k)).cast(DTYPES[k.kind]).alias(f"k{i}") for i, k in enumerate(own))]))
            left, right = sides
            if half:
                joined = left.join(right, on=[f"k{i}" for i in range(half)], how="inner", maintain_order="left")
            else:
                joined = left.join(right, how="cross")
            self._pairs[space] = joined["left"].to_numpy(), joined["right"].to_numpy()
        return self._pairs[space][0 if cell.extra == "left" else 1]


def run_together(runs: Sequence[Run]) -> None:
    """Carry out runs none of which needs another, level by level; large ones are folded side by side."""
    many = sum(run.rows for run in runs) >= MANY
    for level in range(max((run.schedule.depth for run in runs), default=-1) + 1):
        begun = each(partial(Run.begin, level=level), runs) if many else [run.begin(level) for run in runs]
        calls = [call for own in begun for call in own]
        if calls:
            from engine.columns.machine import carry_out  # compiles: not needed for small registers

            carry_out(calls)
            del calls, begun
        for run in runs:
            if level <= run.schedule.depth:
                run.end(level)


def series_of(cell: Cell, values: Array, valid: Array | None = None) -> pl.Series:
    """Computed values as a series, whole numbers in the width in which they are held; null where they are not ``valid``."""
    if values.dtype != object and len(values) >= SHARED:
        return pl.Series(lying(values, valid).array)
    small = pl.Series(values.tolist(), dtype=DTYPES[cell.kind]) if values.dtype == object else pl.Series(values)
    return small if valid is None else small.set(pl.Series(~valid), None)


@dataclass(frozen=True)
class Lying:
    """An array of pyarrow over computed values where they lie, and the type that they have in Polars."""

    array: Any
    dtype: Any


def lying(values: Array, valid: Array | None = None) -> Lying:
    """Numbers or conditions, many of them; null where they are not ``valid``."""
    from pyarrow import Array, py_buffer  # not needed for small registers

    kind, dtype = _types(values.dtype)
    held = numpy.packbits(values, bitorder="little") if values.dtype == numpy.bool_ else numpy.ascontiguousarray(values)
    here = None if valid is None else py_buffer(numpy.packbits(valid, bitorder="little"))
    return Lying(Array.from_buffers(kind, len(values), [here, py_buffer(held)]), dtype)
