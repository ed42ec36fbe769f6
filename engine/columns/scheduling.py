"""In which order the cells of a plan are computed: level by level, what reads other rows after what fills them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from engine.columns.cells import TEXT, Cell, Space
from engine.columns.strips import Strips
from engine.columns.threads import planning

if TYPE_CHECKING:
    from engine.columns.emitting import Shape
    from engine.columns.machine import Call
    from engine.columns.running import Run

LEAVES = ("column", "row", "import")
FOLDS = ("group", "pair")
NONE, QUICK, FULL = "none", "quick", "full"
QUICK_FROM, FULL_FROM = 50_000, 3_000_000
"""Rows from which loops pay that are compiled quickly, and those that are compiled fully, which takes ten times as long."""


def worth(rows: int) -> str:
    """How much to compile for so many rows of a year."""
    return FULL if rows >= FULL_FROM else QUICK if rows >= QUICK_FROM else NONE


class Program(Protocol):
    """What computes the cells of one space at one level."""

    def begin(self, run: Run) -> tuple[dict[int, Any], Call | None]:
        """The arrays of the cells that it puts out, by number, and what fills them, if they are not filled."""

    def passing(self, run: Run) -> int:
        """The bytes of what it puts out for others to read on the way."""


@dataclass
class Schedule:
    """In which order cells are computed.

    Attributes:
        outputs: what is put out; no constant.
        depth: the last level.
        folds: level -> cells that bring rows of other spaces together; they come before the programs of their level.
        programs: level -> a program for each space.
        last: cell -> the last level that reads it; an output is never let go.
    """

    outputs: list[Cell]
    depth: int = 0
    folds: dict[int, list[Cell]] = field(default_factory=dict)
    programs: dict[int, list[Program]] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)

    def read(self, cell: Cell, level: int) -> None:
        """Note that a level reads a cell."""
        if not cell.constant:
            self.last[cell.number] = max(self.last.get(cell.number, 0), level)

    def keep(self) -> None:
        """Let no output go."""
        for cell in self.outputs:
            self.last[cell.number] = self.depth + 1


class Computation:
    """The cells that some outputs need, and the schedules that were made for them.

    Attributes:
        imported: the years whose decisions are read.
        cells: arguments first; ``groups`` those of them that fold by a column of the facts.
        stored: (table, column) whose values are read; ``parts`` the parts of tables of which something is read.
    """

    def __init__(self, outputs: Iterable[Cell]) -> None:
        self.outputs = [cell for cell in outputs if not cell.constant]
        self.cells = _ordered(self.outputs)
        facts = [cell for cell in self.cells if cell.op == "column" and cell.space is not None]
        self.stored = sorted({(cell.space[1], cell.extra[0]) for cell in facts if cell.space and cell.extra[1] == "values" and cell.kind != TEXT})
        self.parts = list(dict.fromkeys(cell.space for cell in facts if cell.space and cell.space[0] == "part"))
        self.groups = [cell for cell in self.cells if cell.op == "group" and len(cell.args) == 2 and cell.args[1].op == "column"]
        self.imported = frozenset(cell.extra[2] for cell in self.cells if cell.op == "import")
        self._strips: Schedule | None = None
        self._fused: dict[tuple[Shape, bool], Schedule | None] = {}
        self._rows = 0

    def effort(self, run: Run) -> str:
        """How much to compile for a run: the more rows were decided so, the more is worth it."""
        self._rows += run.rows
        return run.effort or worth(self._rows)

    def programs(self) -> Schedule:
        """A schedule of programs over strips."""
        if self._strips is None:
            self._strips = _strips(self.outputs, self.cells)
        return self._strips

    def loops(self, shape: Shape, full: bool) -> tuple[Schedule | None, bool]:
        """A schedule of loops for registers of a shape, and whether it is new; None where loops cannot compute all of it."""
        from engine.columns.fusing import fuse  # compiles: not needed for small registers

        new = (shape, full) not in self._fused
        if new:
            self._fused[shape, full] = fuse(self.outputs, self.cells, shape)
        return self._fused[shape, full], new


def scheduled(runs: Iterable[Run]) -> list[Schedule]:
    """How to carry out each run. What none was carried out by before is compiled together, which takes half of the time that it takes alone."""
    efforts = [(run, run.computation.effort(run)) for run in runs]
    wanted = [(run.computation, effort, _shape_of(run) if effort != NONE else None) for run, effort in efforts]
    found, new = list[Schedule](), {True: list[Schedule](), False: list[Schedule]()}
    with planning:
        for computation, effort, shape in wanted:
            loops, fresh = computation.loops(shape, effort == FULL) if shape is not None else (None, False)
            if loops is not None and fresh:
                new[effort == FULL].append(loops)
            found.append(loops or computation.programs())
        for full, schedules in new.items():
            if schedules:
                from engine.columns.fusing import compiled  # compiles: not needed for small registers

                compiled(schedules, full)
    return found


def _shape_of(run: Run) -> Shape:
    from engine.columns.fusing import shape_of  # compiles: not needed for small registers

    return shape_of(run.computation, run)


def _strips(outputs: list[Cell], cells: list[Cell]) -> Schedule:
    level: dict[int, int] = {}
    for cell in cells:
        level[cell.number] = _level(cell, level)
    made = Schedule(outputs, max(level.values(), default=0))
    stored = {cell.number for cell in outputs}
    here: dict[tuple[int, Space], list[Cell]] = {}
    for cell in cells:
        at = level[cell.number]
        for a in cell.args:
            made.read(a, at)
            if not a.constant and (level[a.number] < at or cell.op in FOLDS or a.space != cell.space):
                stored.add(a.number)
        if cell.op in FOLDS:
            made.folds.setdefault(at, []).append(cell)
        elif cell.op not in LEAVES:
            here.setdefault((at, cell.space or ()), []).append(cell)
    made.keep()
    for (at, space), own in here.items():
        numbers = frozenset(cell.number for cell in own)
        results = [cell for cell in own if cell.number in stored]
        made.programs.setdefault(at, []).append(Strips(space, results, numbers))
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
