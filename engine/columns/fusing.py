"""The cells of a plan as loops of machine code: what a register's shape allows to be read in passing is not made a column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy

from engine.columns.cells import BOOL, INT, WIDE, Cell, Space
from engine.columns.emitting import Argument, Loop, Shape, emittable, lying, thin
from engine.columns.grouping import ADDED
from engine.columns.machine import Call, Library
from engine.columns.room import rooms
from engine.columns.scheduling import FULL, LEAVES, QUICK, Schedule
from engine.columns.strips import dtype_of

if TYPE_CHECKING:
    from engine.columns.running import Run
    from engine.columns.scheduling import Computation

Array = Any
_numbers = count()


def shape_of(computation: Computation, run: Run) -> Shape:
    """What a register lets the loops of a computation leave out."""
    data, single, same = run.data, set[int](), set[int]()
    for cell in computation.groups:
        index = cell.args[1]
        if run.identity(index, run.height(cell.space or ())):
            single.add(cell.number)
            same.add(cell.number)
        elif (runs := run.runs(index)).single and runs.count:
            single.add(cell.number)
    ordered = frozenset(space for space in computation.parts if data.order(space) is not None)
    widths = frozenset((place, data.width(*place)) for place in computation.stored)
    return Shape(ordered, frozenset(single), frozenset(same), widths)


class Fused:
    """The loop of one space at one level, as a program that a run carries out."""

    def __init__(self, loop: Loop, outputs: frozenset[int]) -> None:
        self.loop = loop
        cells = [cell for cell in loop.own.values() if cell.number in loop.wanted]
        lasting = {cell.number for cell in cells if cell.number in outputs and cell.kind != BOOL}  # conditions are put out as bits
        self.lasting = [(cell.number, dtype_of(cell)) for cell in cells if cell.number in lasting]
        self.wanted = [(cell.number, dtype_of(cell)) for cell in cells if cell.number not in lasting]
        self.folds = [(cell.number, dtype_of(cell), cell.space or ()) for cell in loop.folds]
        widths = dict(loop.shape.widths)
        self.widths = [_width(argument, widths) for argument in loop.arguments]
        self.library: Library | None = None

    def passing(self, run: Run) -> int:
        """The bytes of what is not handed over where it lies."""
        return run.known_height(self.loop.space) * sum(int(numpy.dtype(dtype).itemsize) for _, dtype in self.wanted)

    def begin(self, run: Run) -> tuple[dict[int, Array], Call]:
        """Room for the values of the cells that it puts out, by number, and the call that computes them."""
        assert self.library is not None
        height = run.height(self.loop.space)
        found = rooms(self.lasting, height) | rooms(self.wanted, height)
        found |= {number: numpy.zeros(run.height(space), dtype) for number, dtype, space in self.folds}
        given: list[int] = []
        held, folded = [], list[tuple[int, Array]]()
        for argument, width in zip(self.loop.arguments, self.widths, strict=True):
            if argument.what == "height":
                given.append(run.height(argument.space))
                assert given[-1] or not height, f"rows of {argument.space} are read, and there are none"
                continue
            if argument.what == "fold" and argument.cell is not None:
                folded.append((len(given), found[argument.cell.number]))
                assert len(folded[-1][1]) or not height, f"rows are added up in {argument.cell.space}, which has none"
                given.append(0)
                continue
            array = found[argument.cell.number] if argument.what == "out" and argument.cell is not None else _given(argument, run)
            assert array.dtype == width, (argument, array.dtype)
            held.append(array if array.flags.c_contiguous else numpy.ascontiguousarray(array))
            given.append(held[-1].__array_interface__["data"][0])  # numpy's own name for it makes an object of ctypes each time
        return found, Call(self.library, self.loop.name, given, height, held, folded)


def _width(argument: Argument, widths: Mapping[tuple[str, str], str]) -> Any:
    """The type of what an argument leads to."""
    if argument.cell is None:
        return numpy.dtype(numpy.int64)
    if argument.what == "home":
        return numpy.dtype(numpy.int32)
    return lying(argument.cell, widths) if argument.what == "column" else numpy.dtype(dtype_of(argument.cell))


def _given(argument: Argument, run: Run) -> Array:
    """What an argument leads to, if it is not an output."""
    cell, space = argument.cell, argument.space
    if cell is None:
        return run.data.order(space)
    if argument.what == "home":
        return run.homes(cell, space)
    return run.data.lying(space, *cell.extra) if argument.what == "column" else run.value(cell)


def fuse(outputs: list[Cell], cells: list[Cell], shape: Shape) -> Schedule | None:
    """A schedule of loops, which are to be compiled; None where loops cannot compute all the cells.

    Args:
        cells: all that the outputs need, arguments first.
    """
    if not emittable(cells):
        return None
    level: dict[int, int] = {}
    for cell in cells:
        level[cell.number] = _level(cell, level, shape)
    made = Schedule(outputs, max(level.values(), default=0))
    put_out = frozenset(cell.number for cell in outputs)
    stored = set(put_out)
    level = _put_off(cells, level, shape)
    here: dict[tuple[int, Space], dict[int, Cell]] = {}
    added: dict[tuple[int, Space], list[Cell]] = {}
    for cell in cells:
        at = level[cell.number]
        if _added(cell, shape):
            added.setdefault((at - 1, cell.args[0].space or ()), []).append(cell)
            stored.update(a.number for a in cell.args if not thin(a))
        elif _heavy(cell, shape):
            made.folds.setdefault(at, []).append(cell)
            stored.update(a.number for a in cell.args if not a.constant)
            for a in cell.args:
                made.read(a, at)
        elif cell.op not in LEAVES:
            here.setdefault((at, cell.space or ()), {})[cell.number] = cell
            stored.update(a.number for a in cell.args if not a.constant and not thin(a) and (level[a.number] < at or a.space != cell.space))
    if any(cell.kind == WIDE for cell in cells if cell.number in stored or _heavy(cell, shape)):
        return None
    for (at, space), own in here.items():
        needed = _needed(own, stored)
        if needed:
            fused = Fused(Loop(_name(), space, needed, frozenset(n for n in needed if n in stored), shape), put_out)
            made.programs.setdefault(at, []).append(fused)
    for (at, space), folds in added.items():  # after the loops of their level: what these leave of the same rows is still near
        fused = Fused(Loop(_name(), space, {}, frozenset(), shape, tuple(folds)), put_out)
        made.programs.setdefault(at, []).append(fused)
    for at, programs in made.programs.items():
        for program in programs:
            for argument in program.loop.arguments if isinstance(program, Fused) else ():
                if argument.cell is not None and argument.what == "values":
                    made.read(argument.cell, at)
    made.keep()
    return made


def _name() -> str:
    """One that no other loop has, whatever it is compiled with."""
    return f"loop{next(_numbers)}"


def compiled(schedules: Iterable[Schedule], full: bool) -> None:
    """Compile the loops of some schedules together."""
    fused = [program for made in schedules for own in made.programs.values() for program in own if isinstance(program, Fused)]
    text = "\n".join(["declare i64 @llvm.umin.i64(i64, i64)", *(one.loop.text for one in fused)])
    library = Library(text, [one.loop.name for one in fused], FULL if full else QUICK)
    for one in fused:
        one.library = library


def _heavy(cell: Cell, shape: Shape) -> bool:
    """Whether a cell brings rows of other spaces together, by more than a look at one of them."""
    return cell.op == "pair" or (cell.op == "group" and cell.number not in shape.single)


def _added(cell: Cell, shape: Shape) -> bool:
    """Whether a cell brings rows together by adding each to what its group has so far, in whatever order they lie."""
    if not (_heavy(cell, shape) and cell.op == "group" and len(cell.args) == 2 and cell.extra[0] in ADDED):
        return False
    return cell.kind in (BOOL, INT) and not cell.args[0].constant and cell.args[0].space != cell.space


def _level(cell: Cell, level: Mapping[int, int], shape: Shape) -> int:
    """All that is read in other rows, and is no fact, is there before."""

    def ready(item: Cell) -> int:
        return 0 if item.constant or item.op in LEAVES else level[item.number] + 1

    if _heavy(cell, shape):
        return max(int(_added(cell, shape)), *(ready(a) for a in cell.args))
    item = _elsewhere(cell)
    if item is not None:
        index = cell.args[:1] if cell.op == "gather" else ()
        return max([level[a.number] for a in index] + [0 if item.constant or thin(item) else level[item.number] + 1])
    return max((level[a.number] for a in cell.args if not a.constant), default=0)


def _put_off(cells: list[Cell], first: Mapping[int, int], shape: Shape) -> dict[int, int]:
    """The last level at which each cell can be computed: what one loop leaves for a later one has to be stored between them.

    Args:
        first: the first such levels. Folds keep theirs.
    """
    deepest: dict[Space | None, int] = {}
    for cell in cells:
        deepest[cell.space] = max(deepest.get(cell.space, 0), first[cell.number])
    level = {cell.number: first[cell.number] if _heavy(cell, shape) else deepest[cell.space] for cell in cells}
    for cell in reversed(cells):
        at, heavy, elsewhere = level[cell.number], _heavy(cell, shape), _elsewhere(cell)
        for a in cell.args:
            if not (a.constant or _heavy(a, shape) or (a is elsewhere and thin(a) and not heavy)):
                level[a.number] = min(level[a.number], at - 1 if heavy or a is elsewhere else at)
    return level


def _elsewhere(cell: Cell) -> Cell | None:
    """The argument that a cell reads in other rows than its own."""
    return cell.args[1] if cell.op == "gather" else cell.args[0] if cell.op in ("spread", "group") else None


def _needed(own: Mapping[int, Cell], stored: set[int]) -> dict[int, Cell]:
    """Of the cells of one loop those that are put out, and what they need, arguments first."""
    found: set[int] = set()
    todo = [number for number in own if number in stored]
    while todo:
        number = todo.pop()
        if number not in found:
            found.add(number)
            todo.extend(a.number for a in own[number].args if a.number in own)
    return {number: cell for number, cell in own.items() if number in found}
