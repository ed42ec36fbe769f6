"""Cells -> the text of a loop in the intermediate language of LLVM: one function computes all of one space that is ready.

Facts are read where they lie: a part of a table through the order of its rows, a row of another space through the index
that names it. What the language does row by row on numbers of declared ranges is one instruction each here, so that a
condition or a sum never becomes a column unless another space reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy

from engine.columns.cells import BOOL, TEXT, WIDE, Cell, Space
from engine.columns.column import EPOCH
from engine.columns.scheduling import LEAVES
from engine.columns.strips import dtype_of

THIN = ("not", "eq", "lt", "number")
"""Cheap operations: on facts alone they are done again wherever a row of another space reads them."""
MAIN = "%i"
ATTRIBUTES = 'nounwind noinline "prefer-vector-width"="512"'
"""A processor that has such registers shall use them; LLVM takes narrower ones unless told."""
WORD = "i64"
DAYS_OF_ERA, YEARS_OF_ERA = 146_097, 400
"""The calendar repeats after 400 years; the count below starts on 1 March of the year 0, so that a leap day ends its year."""
DAYS_BEFORE_EPOCH = EPOCH.toordinal() + 305


@dataclass(frozen=True)
class Shape:
    """What the rows of a register let a loop leave out.

    Attributes:
        ordered: parts of tables whose rows do not lie together.
        single: folds whose groups have one row at most, by the number of the cell.
        same: those of them where every row is its own group.
        widths: (table, column) -> the type in which its values lie.
    """

    ordered: frozenset[Space]
    single: frozenset[int]
    same: frozenset[int]
    widths: frozenset[tuple[tuple[str, str], str]]


@dataclass(frozen=True)
class Argument:
    """What a function is given: `values` of a cell, a `column` of the facts as it lies, the `order` of a part's rows, the
    `home` rows of a fold, the `height` of a space, or where it puts the values of a cell, `out`, or adds to them, `fold`."""

    what: str
    cell: Cell | None = None
    space: Space = ()


@dataclass
class Loop:
    """One function.

    Attributes:
        own: what it computes, arguments first; ``wanted`` what of that it puts out, by number.
        folds: what it adds up in other spaces, row by row; such a loop computes nothing else, since it takes one row at a time.
        arguments: in their order, after the first and the last row; ``text`` its definition.
    """

    name: str
    space: Space
    own: dict[int, Cell]
    wanted: frozenset[int]
    shape: Shape
    folds: tuple[Cell, ...] = ()
    arguments: list[Argument] = field(default_factory=list)
    text: str = ""
    _widths: Mapping[tuple[str, str], str] = field(default_factory=dict)
    _lines: list[str] = field(default_factory=list)
    _made: dict[Any, str] = field(default_factory=dict)
    _done: dict[str, str] = field(default_factory=dict)
    _constants: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._widths = dict(self.shape.widths)
        for cell in self.own.values():
            value = self.value(cell, MAIN)
            if cell.number in self.wanted:
                self._store(cell, value)
        last = self._fold() if self.folds else "loop"
        kinds = [f"{WORD} %a{n}" if a.what == "height" else f"ptr noalias %a{n}" for n, a in enumerate(self.arguments)]
        body = "\n".join(f"  {line}" for line in self._lines)
        self.text = "\n".join([*self._constants, self._entry()]) + (
            f"\ndefine internal void @{self.name}.loop({', '.join([f'{WORD} %start', f'{WORD} %end', *kinds])}) {ATTRIBUTES} {{\n"
            f"entry:\n  %any = icmp slt {WORD} %start, %end\n  br i1 %any, label %loop, label %done\n"
            f"loop:\n  {MAIN} = phi {WORD} [ %start, %entry ], [ %next, %{last} ]\n{body}\n"
            f"  %next = add nuw nsw {WORD} {MAIN}, 1\n  %more = icmp slt {WORD} %next, %end\n  br i1 %more, label %loop, label %done\n"
            "done:\n  ret void\n}\n"
        )

    def _entry(self) -> str:
        """The function that is called: it takes the arguments from a list, so that the loop knows that none overlaps another."""
        lines, names = [], [f"{WORD} %start", f"{WORD} %end"]
        for n, argument in enumerate(self.arguments):
            kind = WORD if argument.what == "height" else "ptr"
            lines.append(f"  %p{n} = getelementptr {WORD}, ptr %arguments, {WORD} {n}\n  %a{n} = load {kind}, ptr %p{n}, align 8")
            names.append(f"{kind} %a{n}")
        inside = "\n".join([*lines, f"  call void @{self.name}.loop({', '.join(names)})"])
        return f"define void @{self.name}({WORD} %start, {WORD} %end, ptr %arguments) nounwind {{\n{inside}\n  ret void\n}}"

    def value(self, cell: Cell, row: str) -> str:
        """The name of a cell's value in a row of its space: one bit for a condition, else 64 bits, or 128 for a wide number."""
        if cell.constant:
            return str(cell.value).lower() if cell.kind == BOOL else str(cell.value)
        key = (cell.number, row)
        if key not in self._made:
            computed = cell.op not in LEAVES and (thin(cell) or (row == MAIN and cell.number in self.own))
            if cell.op == "row":
                made = row
            elif cell.op == "column":
                space = cell.space or ()
                base = self._argument(Argument("column", cell, space))
                made = self._load(base, self._place(space, row), lying(cell, self._widths), cell.kind == BOOL)
            elif computed:
                made = getattr(self, f"_{cell.op}")(cell, row)
            else:
                made = self._load(self._argument(Argument("values", cell)), row, numpy.dtype(dtype_of(cell)), cell.kind == BOOL)
            self._made[key] = made
        return self._made[key]

    # -- text ---------------------------------------------------------------------------------------------------

    def _do(self, text: str) -> str:
        """The name of what this instruction gives: what is the same is done once, since nothing that a loop reads is changed by it."""
        name = self._done.get(text)
        if name is None:
            name = self._done[text] = f"%v{len(self._lines)}"
            self._lines.append(f"{name} = {text}")
        return name

    def _argument(self, wanted: Argument) -> str:
        if wanted not in self.arguments:
            self.arguments.append(wanted)
        return f"%a{self.arguments.index(wanted)}"

    def _load(self, base: str, row: str, width: Any, truth: bool) -> str:
        memory = _memory(width)
        found = self._do(f"load {memory}, ptr {self._do(f'getelementptr {memory}, ptr {base}, {WORD} {row}')}, align {width.itemsize}")
        if truth:
            return self._do(f"icmp ne i8 {found}, 0")
        return found if memory == WORD else self._do(f"{'sext' if width.kind == 'i' else 'zext'} {memory} {found} to {WORD}")

    def _store(self, cell: Cell, value: str) -> None:
        width = numpy.dtype(dtype_of(cell))
        memory = _memory(width)
        if cell.kind == BOOL:
            value = self._do(f"zext i1 {value} to i8")
        elif memory != WORD:
            value = self._do(f"trunc {WORD} {value} to {memory}")
        place = self._do(f"getelementptr {memory}, ptr {self._argument(Argument('out', cell))}, {WORD} {MAIN}")
        self._lines.append(f"store {memory} {value}, ptr {place}, align {width.itemsize}")

    def _fold(self) -> str:
        """Add up what a row has for its groups: most often it is nothing, which is seen at once. The name of the block that this ends in."""
        values = [self.value(cell.args[0], MAIN) for cell in self.folds]
        some = [v if cell.kind == BOOL else self._do(f"icmp ne {WORD} {v}, 0") for cell, v in zip(self.folds, values, strict=True)]
        first, *rest = some
        for other in rest:
            first = self._do(f"or i1 {first}, {other}")
        self._lines += [f"br i1 {first}, label %add, label %added", "add:"]
        for cell, value in zip(self.folds, values, strict=True):
            home = self.value(cell.args[1], MAIN)
            memory, operation, own = (WORD, "add", value) if cell.kind != BOOL else ("i8", "or", self._do(f"zext i1 {value} to i8"))
            place = self._do(f"getelementptr {memory}, ptr {self._argument(Argument('fold', cell))}, {WORD} {home}")
            total = self._do(f"{operation} {memory} {self._do(f'load {memory}, ptr {place}')}, {own}")
            self._lines.append(f"store {memory} {total}, ptr {place}")
        self._lines += ["br label %added", "added:"]
        return "added"

    def _index(self, base: str, row: str) -> str:
        return self._do(f"load {WORD}, ptr {self._do(f'getelementptr {WORD}, ptr {base}, {WORD} {row}')}, align 8")

    def _home(self, base: str, row: str) -> str:
        narrow = self._do(f"load i32, ptr {self._do(f'getelementptr i32, ptr {base}, {WORD} {row}')}, align 4")
        return self._do(f"sext i32 {narrow} to {WORD}")

    def _once(self, key: Any, make: Any) -> str:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _place(self, space: Space, row: str) -> str:
        """Where a row of a space lies in its table."""
        if space not in self.shape.ordered:
            return row
        return self._once(("place", space, row), lambda: self._index(self._argument(Argument("order", space=space)), row))

    # -- operations: each returns the name of its value ------------------------------------------------------------

    def _both(self, cells: Iterable[Cell], row: str) -> tuple[str, list[str]]:
        """Values of one width, and the width."""
        cells = list(cells)
        width = "i128" if any(c.kind == WIDE for c in cells) else WORD
        return width, [self._wide(c, row, width) for c in cells]

    def _wide(self, cell: Cell, row: str, width: str) -> str:
        value = self.value(cell, row)
        if width == WORD or cell.kind == WIDE or cell.constant:
            return value
        return self._once(("wide", cell.number, row), lambda: self._do(f"sext {WORD} {value} to i128"))

    def _and(self, cell: Cell, row: str) -> str:
        first, *rest = (self.value(a, row) for a in cell.args)
        for other in rest:
            first = self._do(f"and i1 {first}, {other}")
        return first

    def _not(self, cell: Cell, row: str) -> str:
        return self._do(f"xor i1 {self.value(cell.args[0], row)}, true")

    def _lt(self, cell: Cell, row: str) -> str:
        width, (one, two) = self._both(cell.args, row)
        return self._do(f"icmp slt {width} {one}, {two}")

    def _eq(self, cell: Cell, row: str) -> str:
        width, (one, two) = self._both(cell.args, row)
        return self._do(f"icmp eq {width} {one}, {two}")

    def _arithmetic(self, operation: str, cell: Cell, row: str) -> str:
        width = "i128" if cell.kind == WIDE else WORD
        one, two = (self._wide(a, row, width) for a in cell.args)
        return self._do(f"{operation} {width} {one}, {two}")

    def _add(self, cell: Cell, row: str) -> str:
        return self._arithmetic("add", cell, row)

    def _sub(self, cell: Cell, row: str) -> str:
        return self._arithmetic("sub", cell, row)

    def _mul(self, cell: Cell, row: str) -> str:
        return self._arithmetic("mul", cell, row)

    def _floordiv(self, cell: Cell, row: str) -> str:
        item = cell.args[0]
        return self._divided(self.value(item, row), cell.extra, item.low < 0)

    def _divided(self, value: str, divisor: int, signed: bool) -> str:
        """Towards minus infinity, by a positive number."""
        if not signed:
            return self._do(f"udiv {WORD} {value}, {divisor}")
        quotient = self._do(f"sdiv {WORD} {value}, {divisor}")
        rest = self._do(f"sub {WORD} {value}, {self._do(f'mul {WORD} {quotient}, {divisor}')}")
        below = self._do(f"sext i1 {self._do(f'icmp slt {WORD} {rest}, 0')} to {WORD}")
        return self._do(f"add {WORD} {quotient}, {below}")

    def _if(self, cell: Cell, row: str) -> str:
        test, then, other = cell.args
        width = "i128" if cell.kind == WIDE else WORD
        one, two = self._wide(then, row, width), self._wide(other, row, width)
        return self._do(f"select i1 {self.value(test, row)}, {width} {one}, {width} {two}")

    def _number(self, cell: Cell, row: str) -> str:
        value = self.value(cell.args[0], row)
        return self._do(f"zext i1 {value} to {WORD}") if cell.args[0].kind == BOOL else value

    def _stretch(self, cell: Cell, row: str) -> str:
        """How many turning points are not after the day."""
        day, count = self.value(cell.args[0], row), "0"
        for turn in cell.extra:
            passed = self._do(f"zext i1 {self._do(f'icmp sle {WORD} {turn}, {day}')} to {WORD}")
            count = self._do(f"add {WORD} {count}, {passed}")
        return count

    def _table(self, cell: Cell, row: str) -> str:
        values = [int(value) for value in cell.extra]
        name = f"@{self.name}.{len(self._constants)}"
        self._constants.append(
            f"{name} = private unnamed_addr constant [{len(values)} x {WORD}] [{', '.join(f'{WORD} {v}' for v in values)}], align 8"
        )
        index = self._within(self.value(cell.args[0], row), str(len(values) - 1))
        found = self._index(name, index)
        return self._do(f"icmp ne {WORD} {found}, 0") if cell.kind == BOOL else found

    def _within(self, index: str, last: str) -> str:
        """An index that leads nowhere, as a row that is not known has, is brought to some row."""
        return self._do(f"call {WORD} @llvm.umin.i64({WORD} {index}, {WORD} {last})")

    def _year(self, cell: Cell, row: str) -> str:
        """The year of a day: of the era of 400 years, of the year within it, with 1 March as the first day."""
        shifted = self._do(f"add {WORD} {self.value(cell.args[0], row)}, {DAYS_BEFORE_EPOCH}")
        era = self._divided(shifted, DAYS_OF_ERA, True)
        day = self._do(f"sub {WORD} {shifted}, {self._do(f'mul {WORD} {era}, {DAYS_OF_ERA}')}")

        def over(value: str, divisor: int) -> str:
            return self._do(f"udiv {WORD} {value}, {divisor}")

        leap = self._do(f"sub {WORD} {day}, {over(day, 1_460)}")
        leap = self._do(f"add {WORD} {leap}, {over(day, 36_524)}")
        year = over(self._do(f"sub {WORD} {leap}, {over(day, 146_096)}"), 365)
        before = self._do(f"mul {WORD} {year}, 365")
        before = self._do(f"add {WORD} {before}, {over(year, 4)}")
        before = self._do(f"sub {WORD} {before}, {over(year, 100)}")
        within = self._do(f"sub {WORD} {day}, {before}")
        next_year = self._do(f"zext i1 {self._do(f'icmp uge {WORD} {within}, 306')} to {WORD}")
        total = self._do(f"add {WORD} {self._do(f'mul {WORD} {era}, {YEARS_OF_ERA}')}, {year}")
        return self._do(f"add {WORD} {total}, {next_year}")

    # -- rows of other spaces ---------------------------------------------------------------------------------------

    def _gather(self, cell: Cell, row: str) -> str:
        index, item = cell.args
        space = item.space or ()

        def other() -> str:
            last = self._once(("last", space), lambda: self._do(f"sub {WORD} {self._argument(Argument('height', space=space))}, 1"))
            return self._within(self.value(index, row), last)

        return self.value(item, self._once(("gather", index.number, space, row), other))

    def _spread(self, cell: Cell, row: str) -> str:
        return self.value(cell.args[0], "0")

    def _group(self, cell: Cell, row: str) -> str:
        """A fold of one row at most: that row's value, or nothing."""
        item, index = cell.args
        width = "i128" if cell.kind == WIDE else WORD
        if cell.number in self.shape.same:
            return self._wide(item, row, width)
        key = (index.number, row)
        home = self._once(("home", *key), lambda: self._home(self._argument(Argument("home", index, cell.space or ())), row))
        there = self._once(("there", *key), lambda: self._do(f"icmp sge {WORD} {home}, 0"))
        safe = self._once(("safe", *key), lambda: self._do(f"select i1 {there}, {WORD} {home}, {WORD} 0"))
        value = self._wide(item, safe, width)
        if cell.kind == BOOL:
            return self._do(f"and i1 {there}, {value}")
        return self._do(f"select i1 {there}, {width} {value}, {width} 0")


def lying(column: Cell, widths: Mapping[tuple[str, str], str]) -> Any:
    """The type in which a column of the facts lies: masks are bytes."""
    assert column.space is not None
    name, part = column.extra
    return numpy.dtype(widths[column.space[1], name] if part == "values" else numpy.bool_)


def _memory(width: Any) -> str:
    return f"i{8 * width.itemsize}"


def thin(cell: Cell) -> bool:
    """Whether a cell is a fact, or as cheap as one."""
    return cell.op in LEAVES or (cell.op in THIN and all(a.constant or thin(a) for a in cell.args))


def emittable(cells: Iterable[Cell]) -> bool:
    """Whether loops can compute these cells: texts and numbers of 128 bits that would have to be stored are not."""
    for cell in cells:
        if cell.kind == TEXT or any(a.kind == TEXT for a in cell.args):
            return False
        if cell.op == "floordiv" and (cell.kind == WIDE or cell.args[0].kind == WIDE):
            return False
        if cell.op == "table" and not all(-(2**63) <= int(v) < 2**63 for v in cell.extra):
            return False
    return True
