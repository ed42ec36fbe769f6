"""Column expressions with what is known of them: shared, folded, and never null.

A cell is one column over a space of rows (or a constant). Cells are made once: two that mean the same are the same
object, so a sub-expression that many decisions read is computed once, and a condition whose negation is at hand folds
away. No cell holds nulls; what is not known is said by masks (see `values`), so classical two-valued logic holds here.
Every integer carries its range, from the data's own extremes; a result that could leave 64 bits is computed in 128.
"""

from __future__ import annotations

from typing import Any

Space = tuple[Any, ...]
"""Rows that a column runs over: ("rows", table), ("part", table, ((column, value), …)), ("codes", list), ("one",), ("pairs", …)."""

BOOL, TEXT, INT, WIDE, DAY, CODE, ROW = "bool", "text", "int", "wide", "day", "code", "row"
MAX_INT, MAX_WIDE = 2**63 - 1, 2**127 - 1


class Unsupported(Exception):
    """Columns cannot compute this exactly; proving does."""


class Cell:
    """A column, or a constant (``space`` None).

    Attributes:
        op: what makes it; ``args`` cells; ``extra`` plain data of the operation.
        kind: `bool`, `int` (64 bits), `wide` (128 bits), `day` (days since 1970), `code` (index in the sorted code list),
            `row` (index of a row) or `text`.
        low, high: the range of an integer kind.
        number: in the order of making, so arguments come before what uses them.
        constant: whether it is the same everywhere: ``extra`` is its value.
        negation: of a condition, its contrary, once that was made.
    """

    __slots__ = ("args", "constant", "extra", "high", "kind", "low", "negation", "number", "op", "space")

    def __init__(
        self, op: str, args: tuple[Cell, ...], extra: Any, space: Space | None, kind: str, low: Any, high: Any, number: int
    ) -> None:
        self.op, self.args, self.extra, self.space, self.kind = op, args, extra, space, kind
        self.low, self.high, self.number = low, high, number
        self.constant = op == "const"
        self.negation: Cell | None = None

    @property
    def value(self) -> Any:
        return self.extra

    def __repr__(self) -> str:
        inner = ", ".join(map(repr, self.args))
        return f"{self.op}({self.extra!r}{', ' + inner if inner else ''})"


class Cells:
    """Makes the cells of one plan."""

    def __init__(self) -> None:
        self._made: dict[Any, Cell] = {}
        self._joined: dict[frozenset[int], Cell] = {}
        self.true, self.false = self.const(True, BOOL), self.const(False, BOOL)
        self.zero = self.const(0)

    def make(self, op: str, args: tuple[Cell, ...], extra: Any, space: Space | None, kind: str, low: Any = None, high: Any = None) -> Cell:
        key = (op, args, extra, space, kind)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = Cell(op, args, extra, space, kind, low, high, len(self._made))
        return found

    def const(self, value: Any, kind: str = INT) -> Cell:
        if kind in (BOOL, TEXT):
            return self.make("const", (), value, None, kind)
        if kind == INT and not -MAX_INT <= value <= MAX_INT:
            kind = WIDE
        if not -MAX_WIDE <= value <= MAX_WIDE:
            raise Unsupported("a number beyond 128 bits")
        return self.make("const", (), value, None, kind, value, value)

    def over(self, args: tuple[Cell, ...], op: str, extra: Any, kind: str, low: Any = None, high: Any = None) -> Cell:
        """An operation row by row; one that runs over gathered columns alone is computed before they are gathered."""
        live = [a for a in args if a.space is not None]
        first = live[0]
        if first.op == "gather" and all(a.op == "gather" and a.args[0] is first.args[0] for a in live):
            inner = tuple(a if a.space is None else a.args[1] for a in args)
            return self.gather(first.args[0], self.make(op, inner, extra, first.args[1].space, kind, low, high))
        space = first.space
        if any(a.space != space for a in live):
            raise Unsupported("rows of different tables side by side")
        return self.make(op, args, extra, space, kind, low, high)

    # -- conditions ---------------------------------------------------------------------------------------------

    def no(self, item: Cell) -> Cell:
        found = item.negation
        if found is None:
            if item.constant:
                found = self.false if item.value else self.true
            else:
                found = item.args[0] if item.op == "not" else self.make("not", (item,), None, item.space, BOOL)
            item.negation = found
        return found

    def both(self, *items: Cell) -> Cell:
        """All of them; complements, repetitions and what the rest decides fold away."""
        parts: dict[int, Cell] = {}
        for item in items:
            if item.constant:
                if not item.extra:
                    return self.false
            elif item.op == "and":
                for part in item.args:
                    parts[part.number] = part
            else:
                parts[item.number] = item
        if len(parts) < 2:
            return next(iter(parts.values()), self.true)
        key = frozenset(parts)
        found = self._joined.get(key)
        if found is None:
            found = self._joined[key] = self._both(parts)
        return found

    def _both(self, parts: dict[int, Cell]) -> Cell:
        kept = self._simplified(parts)
        if kept is None:
            return self.false
        if len(kept) < 2:
            return kept[0] if kept else self.true
        joined = self._before_gathering(kept)
        if len(joined) < len(kept):
            return self.both(*joined)
        return self.make("and", tuple(sorted(joined, key=_number)), None, joined[0].space, BOOL)

    def _before_gathering(self, items: list[Cell]) -> list[Cell]:
        """Conditions on the same gathered rows are joined there, so that one column is gathered."""
        groups: dict[int, list[Cell]] = {}
        joined = []
        for item in items:
            inner = item.args[0] if item.op == "not" else item
            if inner.op == "gather":
                groups.setdefault(inner.args[0].number, []).append(item)
            else:
                joined.append(item)
        for group in groups.values():
            if len(group) == 1:
                joined += group
                continue
            index = (group[0].args[0] if group[0].op == "not" else group[0]).args[0]
            inside = [self.no(g.args[0].args[1]) if g.op == "not" else g.args[1] for g in group]
            joined.append(self.gather(index, self.both(*inside)))
        return joined

    def _simplified(self, parts: dict[int, Cell]) -> list[Cell] | None:
        """The conjuncts that say something beside the others; None where they exclude each other."""
        shortened = True
        while shortened:
            shortened = False
            negated = [item for item in parts.values() if item.op == "not"]
            denied = {item.args[0].number for item in negated}
            if not denied.isdisjoint(parts):
                return None
            equals: dict[int, Any] = {}
            for item in parts.values():
                if item.op == "eq":
                    side, value = _stated(item)
                    if equals.setdefault(side, value) != value:
                        return None
            for item in negated:
                inside = item.args[0]
                if inside.op == "eq":
                    side, value = _stated(inside)
                    if equals.get(side, value) != value:
                        del parts[item.number]
                elif inside.op == "and":
                    if any(a.args[0].number in parts if a.op == "not" else a.number in denied for a in inside.args):
                        del parts[item.number]
                    elif any(a.number in parts for a in inside.args):
                        del parts[item.number]
                        rest = self.no(self.both(*(a for a in inside.args if a.number not in parts)))
                        if rest is self.false:
                            return None
                        parts |= {part.number: part for part in (rest.args if rest.op == "and" else (rest,)) if not part.constant}
                        shortened = True
        return list(parts.values())

    def either(self, *items: Cell) -> Cell:
        return self.no(self.both(*[self.no(item) for item in items]))

    # -- comparisons --------------------------------------------------------------------------------------------

    def less(self, left: Cell, right: Cell) -> Cell:
        """left < right, of integers."""
        if left.high < right.low:
            return self.true
        if left.low >= right.high:
            return self.false
        split = self._split(left, right, self.less)
        return split if split is not None else self.over((left, right), "lt", None, BOOL)

    def at_most(self, left: Cell, right: Cell) -> Cell:
        return self.no(self.less(right, left))

    def equal(self, left: Cell, right: Cell) -> Cell:
        if left is right:
            return self.true
        if left.constant and right.constant:
            return self.const(left.value == right.value, BOOL)
        if left.kind == BOOL:
            return self.either(self.both(left, right), self.both(self.no(left), self.no(right)))
        if left.kind != TEXT and (left.high < right.low or left.low > right.high):
            return self.false
        split = self._split(left, right, self.equal)
        if split is not None:
            return split
        args = (left, right) if left.number < right.number else (right, left)
        return self.over(args, "eq", None, BOOL)

    def _split(self, left: Cell, right: Cell, test: Any) -> Cell | None:
        """A comparison of a constant with a choice among constants is the condition of the choice."""
        for number, (choice, other) in enumerate(((left, right), (right, left))):
            if choice.op == "if" and other.constant and self._of_constants(choice):
                condition, then, otherwise = choice.args
                one, two = (test(b, other) if number == 0 else test(other, b) for b in (then, otherwise))
                return self.either(self.both(condition, one), self.both(self.no(condition), two))
        return None

    def _of_constants(self, cell: Cell) -> bool:
        return cell.constant or (cell.op == "if" and all(self._of_constants(part) for part in cell.args[1:]))

    # -- numbers ------------------------------------------------------------------------------------------------

    def _number(self, op: str, args: tuple[Cell, ...], low: int, high: int, extra: Any = None) -> Cell:
        if not (low >= -MAX_WIDE and high <= MAX_WIDE):
            raise Unsupported("a number that may go beyond 128 bits")
        wide = low < -MAX_INT or high > MAX_INT or any(a.kind == WIDE for a in args)
        return self.over(args, op, extra, WIDE if wide else INT, low, high)

    def plus(self, left: Cell, right: Cell) -> Cell:
        if left.constant and right.constant:
            return self.const(left.value + right.value)
        if left is self.zero or right is self.zero:
            return right if left is self.zero else left
        args = (left, right) if left.number < right.number else (right, left)
        return self._number("add", args, left.low + right.low, left.high + right.high)

    def minus(self, left: Cell, right: Cell) -> Cell:
        if left.constant and right.constant:
            return self.const(left.value - right.value)
        if left is right:
            return self.zero
        if right is self.zero:
            return left
        return self._number("sub", (left, right), left.low - right.high, left.high - right.low)

    def times(self, left: Cell, right: Cell) -> Cell:
        if left.constant and right.constant:
            return self.const(left.value * right.value)
        for one, other in ((left, right), (right, left)):
            if one.constant and one.value in (0, 1):
                return other if one.value else self.zero
        corners = [a * b for a in (left.low, left.high) for b in (right.low, right.high)]
        args = (left, right) if left.number < right.number else (right, left)
        return self._number("mul", args, min(corners), max(corners))

    def floor(self, item: Cell, divisor: int) -> Cell:
        """Towards minus infinity."""
        if item.constant:
            return self.const(item.value // divisor)
        return item if divisor == 1 else self._number("floordiv", (item,), item.low // divisor, item.high // divisor, divisor)

    def smaller(self, left: Cell, right: Cell) -> Cell:
        if left.high <= right.low:
            return left
        if right.high <= left.low or left is right:
            return right
        return self.choose(self.less(left, right), left, right, (min(left.low, right.low), min(left.high, right.high)))

    def larger(self, left: Cell, right: Cell) -> Cell:
        if left.low >= right.high:
            return left
        if right.low >= left.high or left is right:
            return right
        return self.choose(self.less(right, left), left, right, (max(left.low, right.low), max(left.high, right.high)))

    def choose(self, test: Cell, then: Cell, other: Cell, span: tuple[Any, Any] | None = None) -> Cell:
        """``then`` where ``test`` is true, else ``other``.

        Args:
            span: the range of the result, where it is narrower than that of both branches.
        """
        if test.constant:
            return then if test.value else other
        if then is other:
            return then
        if then.kind == BOOL:
            return self.either(self.both(test, then), self.both(self.no(test), other))
        if test.op == "not":
            return self.choose(test.args[0], other, then, span)
        if then.op == "if" and then.args[0] is test:
            then = then.args[1]
        if other.op == "if" and other.args[0] is test:
            other = other.args[2]
        if then is other:
            return then
        kind = WIDE if WIDE in (then.kind, other.kind) else then.kind
        if kind == TEXT:
            return self.over((test, then, other), "if", None, kind)
        low, high = span or (min(then.low, other.low), max(then.high, other.high))
        return self.over((test, then, other), "if", None, kind, low, high)

    # -- between spaces -----------------------------------------------------------------------------------------

    def gather(self, index: Cell | None, item: Cell) -> Cell:
        """``item`` for each row of ``index``, which holds row numbers of the item's space; None stands for the same rows."""
        if item.space is None or index is None:
            return item
        if index.constant:
            raise AssertionError("a constant row number")
        if item.op == "row":
            return index
        if item.op == "spread":
            return self.spread(item.args[0], index.space or ())
        if item.op == "gather":
            return self.gather(self.gather(index, item.args[0]), item.args[1])
        return self.make("gather", (index, item), None, index.space, item.kind, item.low, item.high)

    def spread(self, item: Cell, space: Space) -> Cell:
        """The single value of a space of one row, for every row of another."""
        if item.space is None or item.space == space:
            return item
        return self.make("spread", (item,), None, space, item.kind, item.low, item.high)

    def group(self, function: str, index: Cell | None, item: Cell, space: Space, many: int, rows: Space) -> Cell:
        """A fold of ``item`` over the rows that ``index`` assigns to each row of ``space``.

        Args:
            function: `any`, `sum`, `min`, `max`, `pick` (of the only row) or `one` (of the only row that is not 0);
                the last four mean nothing where a group has no row.
            index: the row of ``space`` to which each row of ``rows`` belongs; None: all belong to its only row.
            many: no group has more rows than this.
        """
        if item.constant and not item.value and function in ("any", "sum", "one"):
            return item
        args = (item,) if index is None else (item, index)
        if function == "any" or item.kind == TEXT:
            return self.make("group", args, (function, rows), space, item.kind)
        low, high = item.low, item.high
        if function == "sum":
            low, high = low * many, high * many
            if not (low >= -MAX_WIDE and high <= MAX_WIDE):
                raise Unsupported("a sum that may go beyond 128 bits")
        low, high = min(0, low), max(0, high)
        wide = item.kind == WIDE or (function == "sum" and not (low >= -MAX_INT and high <= MAX_INT))
        return self.make("group", args, (function, rows), space, WIDE if wide else INT if function == "sum" else item.kind, low, high)


def _number(cell: Cell) -> int:
    return cell.number


def _stated(equation: Cell) -> tuple[int, Any]:
    """Of an equation with a constant, the number of the other side and the constant; of another its own number, and that it holds."""
    one, two = equation.args
    if one.constant is two.constant:
        return equation.number, True
    return (one.number, two.extra) if two.constant else (two.number, one.extra)
