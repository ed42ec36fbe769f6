"""The cells of one space as a program over strips of rows, on numpy.

A strip is short enough for the values in flight to stay in the processor's cache, so that an operation costs little more
than its arithmetic; nothing is compiled to machine code, so that a small register is decided at once. A condition is held
as itself or as its complement, whichever is cheaper, so that negations cost nothing. The ranges of the cells exclude that
64-bit arithmetic wraps; what could leave 64 bits, and texts, are computed as Python's own objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from threading import local
from typing import TYPE_CHECKING, Any

import numpy
import polars as pl

from engine.columns.cells import BOOL, CODE, DAY, INT, ROW, TEXT, WIDE, Cell, Space
from engine.columns.column import EPOCH, SMALL

if TYPE_CHECKING:
    from engine.columns.running import Run

STRIP = 4_096
Array = Any
"""A one-dimensional numpy array of the type that `dtype_of` says."""
_DTYPES: dict[str, Any] = {
    BOOL: numpy.bool_, INT: numpy.int64, WIDE: object, DAY: numpy.int32, CODE: numpy.uint16, ROW: numpy.int64, TEXT: object,
}  # fmt: skip
STRIPPED, WHOLE = "strip", "whole"


def dtype_of(cell: Cell) -> Any:
    """How the values of a cell are held; codes in a byte where they fit."""
    return _dtype(cell.kind, cell.high)


def _dtype(kind: str, high: Any) -> Any:
    return numpy.uint8 if kind == CODE and high < SMALL else _DTYPES[kind]


def held(kind: str, high: Any, values: pl.Series) -> Array:
    """A series as the values of a cell of that kind; ``high`` as of the cell, for codes."""
    return values.to_numpy().astype(_dtype(kind, high), copy=False)


class Buffers(local):
    """Strips of memory that program after program of a thread computes in: fresh memory would cost more than the computing."""

    def __init__(self) -> None:
        self._made: dict[Any, list[Array]] = {}

    def lend(self, wanted: Mapping[int, Any]) -> dict[int, Array]:
        """For each register a buffer of its type; what an earlier program left in it is of no use."""
        taken: dict[Any, int] = {}
        found = {}
        for register, dtype in wanted.items():
            made = self._made.setdefault(dtype, [])
            number = taken[dtype] = taken.get(dtype, -1) + 1
            if number == len(made):
                made.append(numpy.empty(STRIP, dtype))
            found[register] = made[number]
        return found


class Strips:
    """A program for cells of one space.

    Args:
        wanted: cells that others read.
        here: numbers of the cells that this program computes; all others are given.

    Attributes:
        given: what must be given: `strip`, a cell of this space, or `whole`, a cell of another, of which rows are gathered.
    """

    def __init__(self, space: Space, wanted: Iterable[Cell], here: frozenset[int]) -> None:
        self.space, self.here, self.wanted = space, here, list(wanted)
        self.given: list[tuple[str, Cell]] = []
        self._steps: list[tuple[Callable[..., Any], Callable[[Sequence[Any]], Any]]] = []
        self._fixed: dict[int, Any] = {}
        self._temporary: dict[int, Any] = {}
        self._out: dict[int, int] = {}
        self._sources: dict[tuple[str, int], int] = {}
        self._at: dict[int, tuple[int, bool]] = {}
        self._free: dict[Any, list[int]] = {}
        self._scratch: list[int] = []
        self._count = 0
        order = self._order()
        self._left = self._uses(order)
        results = {cell.number for cell in self.wanted}
        for cell in order:
            if cell.op != "not":
                self._emit(cell, cell.number in results)
        for cell in self.wanted:
            if cell.op == "not":
                register, complement = self._where(cell)
                out = self._out[cell.number] = self._register()
                self._step(numpy.logical_not if complement else _copy, register, out)

    def begin(self, run: Run) -> tuple[dict[int, Array], None]:
        """The values of the wanted cells, by number."""
        given = {(what, cell.number): run.value(cell) for what, cell in self.given}
        return self.run(given, run.height(self.space), run.data.buffers), None

    def passing(self, run: Run) -> int:
        """The bytes of the wanted cells."""
        return run.known_height(self.space) * sum(int(numpy.dtype(dtype_of(cell)).itemsize) for cell in self.wanted)

    def run(self, given: Mapping[tuple[str, int], Array], height: int, buffers: Buffers) -> dict[int, Array]:
        """The values of the wanted cells, by number.

        Args:
            given: (`strip` or `whole`, number of the cell) -> its values.
            height: of the space.
            buffers: strips to compute in.
        """
        found = {cell.number: numpy.empty(height, dtype_of(cell)) for cell in self.wanted}
        registers: list[Any] = [None] * self._count
        for register, value in self._fixed.items():
            registers[register] = value
        for key, register in self._sources.items():
            registers[register] = given[key]
        temporary = buffers.lend(self._temporary)
        size = min(STRIP, height)
        for register, buffer in temporary.items():
            registers[register] = buffer[:size]
        strips = [(register, given[key]) for key, register in self._sources.items() if key[0] == STRIPPED]
        outs = [(register, found[number]) for number, register in self._out.items()]
        if height <= STRIP:
            for register, values in outs:
                registers[register] = values
            self._run(registers)
            return found
        for start in range(0, height, STRIP):
            end = min(start + STRIP, height)
            for register, values in strips:
                registers[register] = values[start:end]
            for register, values in outs:
                registers[register] = values[start:end]
            if end - start < size:
                for register in self._temporary:
                    registers[register] = registers[register][: end - start]
            self._run(registers)
        return found

    def _run(self, registers: list[Any]) -> None:
        for function, operands in self._steps:
            function(*operands(registers))

    # -- order and registers ------------------------------------------------------------------------------------

    def _order(self) -> list[Cell]:
        """What is computed here, arguments first."""
        found: dict[int, Cell] = {}
        todo = list(self.wanted)
        while todo:
            cell = todo.pop()
            if cell.number in self.here and cell.number not in found:
                found[cell.number] = cell
                todo.extend(a for a in cell.args if not a.constant)
        return [found[number] for number in sorted(found)]

    def _uses(self, order: list[Cell]) -> dict[int, int]:
        uses: dict[int, int] = {}
        for cell in [*(a for c in order if c.op != "not" for a in c.args), *self.wanted]:
            base = self._base(cell)
            uses[base.number] = uses.get(base.number, 0) + 1
        return uses

    def _base(self, cell: Cell) -> Cell:
        """What a negation negates, if it is computed here."""
        return self._base(cell.args[0]) if cell.op == "not" and cell.number in self.here else cell

    def _register(self) -> int:
        self._count += 1
        return self._count - 1

    def _buffer(self, dtype: Any) -> int:
        free = self._free.get(dtype)
        if free:
            return free.pop()
        register = self._register()
        self._temporary[register] = dtype
        return register

    def _scratched(self, dtype: Any) -> int:
        """A register for the operation at hand."""
        register = self._buffer(dtype)
        self._scratch.append(register)
        return register

    def _constant(self, value: Any, dtype: Any) -> int:
        register = self._register()
        self._fixed[register] = numpy.array(value, dtype)
        return register

    def _release(self, register: int) -> None:
        if register in self._temporary:
            self._free.setdefault(self._temporary[register], []).append(register)

    def _source(self, what: str, cell: Cell) -> int:
        key = (what, cell.number)
        if key not in self._sources:
            self._sources[key] = self._register()
            self.given.append((what, cell))
        return self._sources[key]

    def _where(self, cell: Cell) -> tuple[int, bool]:
        """The register of a cell that is no constant, and whether it holds the complement."""
        if cell.number not in self.here:
            return self._source(STRIPPED, cell), False
        if cell.op == "not":
            register, complement = self._where(cell.args[0])
            return register, not complement
        return self._at[cell.number]

    def _operand(self, cell: Cell, dtype: Any) -> int:
        """A register with the cell's own value in a type."""
        if cell.constant:
            return self._constant(cell.value, dtype)
        register, complement = self._where(cell)
        if complement or dtype is not dtype_of(cell):
            other = self._scratched(dtype)
            self._step(numpy.logical_not if complement else _copy, register, other)
            return other
        return register

    def _step(self, function: Callable[..., Any], *registers: int) -> None:
        self._steps.append((function, itemgetter(*registers)))

    def _emit(self, cell: Cell, result: bool) -> None:
        out = self._register() if result else self._buffer(dtype_of(cell))
        if result:
            self._out[cell.number] = out
        emit: Callable[[Cell, int], bool | None] = getattr(self, f"_{cell.op}")
        complement = bool(emit(cell, out))
        if complement and result:
            self._step(numpy.logical_not, out, out)
            complement = False
        self._at[cell.number] = out, complement
        for register in self._scratch:
            self._release(register)
        self._scratch.clear()
        for a in cell.args:
            base = self._base(a)
            self._left[base.number] -= 1
            if not self._left[base.number] and base.number in self._at:
                self._release(self._at[base.number][0])

    # -- operations: each writes to a register, and says whether it wrote the complement ---------------------------

    def _and(self, cell: Cell, out: int) -> bool:
        held = [self._where(a) for a in cell.args]
        plain = [register for register, complement in held if not complement]
        negated = [register for register, complement in held if complement]
        if not plain:
            self._joined(numpy.logical_or, negated, out)
            return True
        if len(plain) == 1:
            first, rest = plain[0], negated
        else:
            self._joined(numpy.logical_and, plain, out)
            first, rest = out, negated
        for register in rest:
            self._step(numpy.greater, first, register, out)
            first = out
        return False

    def _joined(self, function: Callable[..., Any], registers: list[int], out: int) -> None:
        first = registers[0]
        for register in registers[1:]:
            self._step(function, first, register, out)
            first = out

    def _compare(self, function: Callable[..., Any], cell: Cell, out: int) -> None:
        types = [dtype_of(a) for a in cell.args if not a.constant]
        dtype = object if object in types else types[0] if len(set(types)) == 1 else numpy.int64
        if dtype is not object and any(a.constant and not _fits(a.value, dtype) for a in cell.args):
            dtype = numpy.int64 if all(_fits(a.value, numpy.int64) for a in cell.args if a.constant) else object
        self._step(function, *(self._operand(a, dtype) for a in cell.args), out)

    def _lt(self, cell: Cell, out: int) -> None:
        self._compare(numpy.less, cell, out)

    def _eq(self, cell: Cell, out: int) -> None:
        self._compare(numpy.equal, cell, out)

    def _arithmetic(self, function: Callable[..., Any], cell: Cell, out: int) -> None:
        self._step(function, *(self._operand(a, dtype_of(cell)) for a in cell.args), out)

    def _add(self, cell: Cell, out: int) -> None:
        self._arithmetic(numpy.add, cell, out)

    def _sub(self, cell: Cell, out: int) -> None:
        self._arithmetic(numpy.subtract, cell, out)

    def _mul(self, cell: Cell, out: int) -> None:
        self._arithmetic(numpy.multiply, cell, out)

    def _floordiv(self, cell: Cell, out: int) -> None:
        dtype = dtype_of(cell)
        self._step(numpy.floor_divide, self._operand(cell.args[0], dtype), self._constant(cell.extra, dtype), out)

    def _if(self, cell: Cell, out: int) -> None:
        test, then, other = cell.args
        register, complement = self._where(test)
        if complement:
            then, other = other, then
        dtype = dtype_of(cell)
        one, two = self._operand(then, dtype), self._operand(other, dtype)
        if dtype is numpy.uint8:
            mask = self._scratched(dtype)
            self._step(_mask, register, mask)
            if then.constant and other.constant:
                self._step(numpy.bitwise_and, mask, self._constant(then.value ^ other.value, dtype), out)
            else:
                self._step(numpy.bitwise_xor, one, two, out)
                self._step(numpy.bitwise_and, mask, out, out)
            self._step(numpy.bitwise_xor, out, two, out)
        elif dtype is object:
            self._step(_choose, register, one, two, out)
        else:  # other + (then - other) * test: the sum is right even where the difference wraps
            mask = self._scratched(dtype)
            self._step(_copy, register, mask)
            difference = one
            if then.constant and other.constant and _fits(then.value - other.value, dtype):
                difference = self._constant(then.value - other.value, dtype)
            elif not (other.constant and other.value == 0):
                self._step(numpy.subtract, one, two, out)
                difference = out
            self._step(numpy.multiply, difference, mask, out)
            if not (other.constant and other.value == 0):
                self._step(numpy.add, out, two, out)

    def _number(self, cell: Cell, out: int) -> None:
        self._step(_copy, self._where(cell.args[0])[0], out)

    def _stretch(self, cell: Cell, out: int) -> None:
        self._step(_stretch, self._constant(cell.extra, numpy.int64), self._operand(cell.args[0], numpy.int64), out)

    def _table(self, cell: Cell, out: int) -> None:
        self._step(_take, self._constant(cell.extra, dtype_of(cell)), self._operand(cell.args[0], numpy.int64), out)

    def _year(self, cell: Cell, out: int) -> None:
        self._step(_year, self._operand(cell.args[0], numpy.int64), out)

    def _gather(self, cell: Cell, out: int) -> None:
        index, item = cell.args
        self._step(_take, self._source(WHOLE, item), self._operand(index, numpy.int64), out)

    def _spread(self, cell: Cell, out: int) -> None:
        self._step(_spread, self._source(WHOLE, cell.args[0]), out)


def _fits(value: Any, dtype: Any) -> bool:
    limits = numpy.iinfo(dtype)
    return bool(limits.min <= value <= limits.max)


def _copy(values: Array, out: Array) -> None:
    numpy.copyto(out, values, casting="unsafe")


def _mask(test: Array, out: Array) -> None:
    """All bits where the test holds."""
    numpy.negative(test.view(numpy.uint8), out)


def _choose(test: Array, then: Array, other: Array, out: Array) -> None:
    numpy.copyto(out, numpy.where(test, then, other))


def _stretch(turns: Array, days: Array, out: Array) -> None:
    """How many turning points are not after the day."""
    numpy.copyto(out, numpy.searchsorted(turns, days, side="right"))


def _take(values: Array, index: Array, out: Array) -> None:
    values.take(index, out=out, mode="clip")


def _year(days: Array, out: Array) -> None:
    years = days.astype("datetime64[D]").astype("datetime64[Y]").astype(numpy.int64)
    numpy.add(years, numpy.int64(EPOCH.year), out)


def _spread(values: Array, out: Array) -> None:
    out[...] = values[0]
