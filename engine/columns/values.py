"""What a column of values can be: known, none, unknown within bounds; the meaning of `engine.language` on columns.

`Truth` says of every row whether a condition holds or fails (neither: unknown). `Number` (also dates) carries its bounds;
where it is known they meet. `Code` is a value without order (codes, references, texts), `Members` a set. Each function
does row by row what the function of the same name in `engine.language` does to one value; what it cannot do exactly it
marks in ``exact``, and such a row is proved instead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import lcm

from engine.columns.cells import INT, Cell, Cells, Unsupported


@dataclass(frozen=True)
class Truth:
    """A condition: where it certainly holds, where it certainly fails."""

    holds: Cell
    fails: Cell
    exact: Cell


@dataclass(frozen=True)
class Number:
    """A number or date in units of 1/scale, with its bounds.

    Attributes:
        low, high: the bounds, where there are any (``has_low``, ``has_high``); equal where it is known and not none.
        known: whether it is known, `none` included; ``none``: whether it is known to be none.
        open_none: whether an unknown one may turn out to be none.
    """

    low: Cell
    high: Cell
    has_low: Cell
    has_high: Cell
    known: Cell
    none: Cell
    open_none: Cell
    exact: Cell
    scale: int = 1


@dataclass(frozen=True)
class Code:
    """A value that is only ever equal or not; ``codes`` names the code list, table or kind of its numbers."""

    value: Cell
    known: Cell
    none: Cell
    open_none: Cell
    exact: Cell
    codes: str = ""


@dataclass(frozen=True)
class Members:
    """A set: for each possible member where it certainly is in, and where it certainly is not.

    Attributes:
        unknown: where nothing is known of the set, not even what may be in it.
        none: where there is no such set.
    """

    inside: dict[object, Truth]
    unknown: Cell
    none: Cell
    exact: Cell


Value = Truth | Number | Code | Members


NUMBER_PARTS = ("low", "high", "has_low", "has_high", "known", "none", "open_none", "exact")
CODE_PARTS = ("value", "known", "none", "open_none", "exact")


class Comparing:
    """Making values, conditions and comparisons, over the cells of one plan."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self.true, self.false = cells.true, cells.false

    # -- making -------------------------------------------------------------------------------------------------

    def truth(self, holds: Cell, fails: Cell | None = None, exact: Cell | None = None) -> Truth:
        return Truth(holds, self.cells.no(holds) if fails is None else fails, exact or self.true)

    def known_number(self, cell: Cell, scale: int = 1, exact: Cell | None = None) -> Number:
        return Number(cell, cell, self.true, self.true, self.true, self.false, self.false, exact or self.true, scale)

    def no_number(self) -> Number:
        zero = self.cells.zero
        return Number(zero, zero, self.false, self.false, self.true, self.true, self.false, self.true)

    def unknown_number(self) -> Number:
        zero = self.cells.zero
        return Number(zero, zero, self.false, self.false, self.false, self.false, self.false, self.true)

    def between(self, low: Cell, high: Cell, has_low: Cell, has_high: Cell, exact: Cell, scale: int) -> Number:
        """Known where the bounds meet, else unknown within them."""
        known = self.cells.both(has_low, has_high, self.cells.equal(low, high))
        return Number(low, high, has_low, has_high, known, self.false, self.false, exact, scale)

    # -- conditions ---------------------------------------------------------------------------------------------

    def both(self, items: list[Truth]) -> Truth:
        c = self.cells
        holds = c.both(*[t.holds for t in items])
        certain = all(t.fails is c.no(t.holds) for t in items)
        fails = c.no(holds) if certain else c.either(*[t.fails for t in items])
        exact = c.both(*[t.exact for t in items])
        if exact is not c.true:
            exact = c.either(exact, *[c.both(t.fails, t.exact) for t in items])
        return Truth(holds, fails, exact)

    def no(self, item: Truth) -> Truth:
        return Truth(item.fails, item.holds, item.exact)

    def either(self, items: list[Truth]) -> Truth:
        return self.no(self.both([self.no(t) for t in items]))

    def given(self, item: Value) -> Truth:
        """Whether it is not none."""
        c = self.cells
        if isinstance(item, (Number, Code)):
            here = c.either(c.both(item.known, c.no(item.none)), c.both(c.no(item.known), c.no(item.open_none)))
            return Truth(here, c.both(item.known, item.none), item.exact)
        if isinstance(item, Members):
            return Truth(c.both(c.no(item.none), c.no(item.unknown)), item.none, c.both(item.exact, c.no(item.unknown)))
        raise Unsupported("a condition that may be none")

    # -- comparisons --------------------------------------------------------------------------------------------

    def aligned(self, *items: Number) -> tuple[Number, ...]:
        """The same numbers in one scale."""
        scale = lcm(*(n.scale for n in items))
        return tuple(self.rescaled(n, scale) for n in items)

    def rescaled(self, item: Number, scale: int) -> Number:
        if item.scale == scale:
            return item
        factor = self.cells.const(scale // item.scale)
        low = self.cells.times(item.low, factor)
        return replace(item, low=low, high=low if item.low is item.high else self.cells.times(item.high, factor), scale=scale)

    def equal(self, left: Value, right: Value) -> Truth:
        c = self.cells
        if isinstance(left, Truth) and isinstance(right, Truth):
            same = c.either(c.both(left.holds, right.holds), c.both(left.fails, right.fails))
            other = c.either(c.both(left.holds, right.fails), c.both(left.fails, right.holds))
            return Truth(same, other, c.both(left.exact, right.exact))
        if isinstance(left, Number) and isinstance(right, Number):
            left, right = self.aligned(left, right)
            apart = c.false
            if left.known is not c.true or right.known is not c.true:
                apart = c.either(
                    c.both(left.has_high, right.has_low, c.less(left.high, right.low)),
                    c.both(left.has_low, right.has_high, c.less(right.high, left.low)),
                )
            same_value = c.equal(left.low, right.low)
        elif isinstance(left, Code) and isinstance(right, Code):
            apart, same_value = self.false, c.equal(left.value, right.value)
        else:
            raise Unsupported("this comparison")
        known, exact = c.both(left.known, right.known), c.both(left.exact, right.exact)
        if known is c.true and left.none is c.false and right.none is c.false:
            return Truth(same_value, c.no(same_value), exact)
        there = c.both(c.no(left.none), c.no(right.none))
        same = c.both(known, c.either(c.both(left.none, right.none), c.both(there, same_value)))
        either_none = c.either(c.both(left.known, left.none), c.both(right.known, right.none))
        fails = c.either(c.both(known, c.no(same)), c.both(c.no(known), c.no(either_none), apart))
        return Truth(same, fails, exact)

    def less(self, left: Number, right: Number, or_equal: bool) -> Truth:
        """left < right, or left <= right; false where either is none."""
        c = self.cells
        left, right = self.aligned(left, right)
        none = c.either(c.both(left.known, left.none), c.both(right.known, right.none))
        there = c.no(none)
        sure = c.at_most(left.high, right.low) if or_equal else c.less(left.high, right.low)
        refuted = c.less(right.high, left.low) if or_equal else c.at_most(right.high, left.low)
        holds = c.both(there, left.has_high, right.has_low, sure)
        fails = c.either(none, c.both(left.has_low, right.has_high, refuted))
        return Truth(holds, fails, c.both(left.exact, right.exact))

    def contains(self, members: Members, item: Value) -> Truth:
        """Whether ``item`` is in the set."""
        c = self.cells
        if not isinstance(item, (Code, Number)):
            raise Unsupported("this kind of set")
        empty = c.either(members.none, c.both(c.no(members.unknown), *(t.fails for t in members.inside.values())))
        value, scale = (item.value, 1) if isinstance(item, Code) else (item.low, item.scale)
        usable = c.both(item.known, c.no(item.none), c.no(members.unknown), c.no(members.none))
        inside, outside = [], []
        for member, truth in members.inside.items():
            assert isinstance(member, int)
            here = c.equal(value, c.const(member * scale, INT if isinstance(item, Number) else value.kind))
            inside.append(c.both(here, truth.holds))
            outside.append(c.both(here, c.no(truth.fails)))
        holds = c.both(usable, c.either(*inside))
        fails = c.either(empty, c.both(usable, c.no(c.either(*outside))), c.both(item.known, item.none, c.no(members.unknown)))
        return Truth(holds, fails, c.both(item.exact, members.exact))
