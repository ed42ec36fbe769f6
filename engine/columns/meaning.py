"""Arithmetic and choice on columns of values."""

from __future__ import annotations

from dataclasses import replace

from engine.columns.cells import BOOL, TEXT, Cell, Unsupported
from engine.columns.values import CODE_PARTS, NUMBER_PARTS, Code, Comparing, Members, Number, Truth, Value


class Meaning(Comparing):
    """The operations, over the cells of one plan; of the same meaning as the functions of `engine.language`."""

    # -- arithmetic ---------------------------------------------------------------------------------------------

    def operand(self, item: Number) -> Number:
        """As arithmetic reads it: none, or what may be none, has no bounds."""
        c = self.cells
        if item.none is self.false and item.open_none is self.false:
            return item
        there = c.both(c.no(c.both(item.known, item.none)), c.either(item.known, c.no(item.open_none)))
        return replace(
            item, has_low=c.both(item.has_low, there), has_high=c.both(item.has_high, there),
            known=c.both(item.known, c.no(item.none)), none=self.false, open_none=self.false,
        )  # fmt: skip

    def _without(self, left: Number, right: Number, result: Number) -> Number:
        """An operation on none has no result to bound, whatever the other operand is."""
        c = self.cells
        none = c.either(c.both(left.known, left.none), c.both(right.known, right.none))
        if none is self.false:
            return result
        there = c.no(none)
        return replace(
            result, has_low=c.both(result.has_low, there), has_high=c.both(result.has_high, there), known=c.both(result.known, there)
        )

    def add(self, left: Number, right: Number) -> Number:
        c = self.cells
        one, two = self.aligned(self.operand(left), self.operand(right))
        low = c.plus(one.low, two.low)
        high = low if one.low is one.high and two.low is two.high else c.plus(one.high, two.high)
        result = self.between(
            low, high, c.both(one.has_low, two.has_low), c.both(one.has_high, two.has_high), c.both(one.exact, two.exact), one.scale
        )
        return self._without(left, right, result)

    def negative(self, item: Number) -> Number:
        zero = self.cells.zero
        low = self.cells.minus(zero, item.high)
        high = low if item.low is item.high else self.cells.minus(zero, item.low)
        return replace(item, low=low, high=high, has_low=item.has_high, has_high=item.has_low)

    def subtract(self, left: Number, right: Number) -> Number:
        c = self.cells
        one, two = self.aligned(self.operand(left), self.operand(right))
        low = c.minus(one.low, two.high)
        high = low if one.low is one.high and two.low is two.high else c.minus(one.high, two.low)
        result = self.between(
            low, high, c.both(one.has_low, two.has_high), c.both(one.has_high, two.has_low), c.both(one.exact, two.exact), one.scale
        )
        return self._without(left, right, result)

    def multiply(self, left: Number, right: Number) -> Number:
        """The product; a known zero times an unknown is zero."""
        c = self.cells
        one, two = self.operand(left), self.operand(right)
        exact = c.both(one.exact, two.exact)
        if one.known is self.true and two.known is self.true:
            return self._without(left, right, self.known_number(c.times(one.low, two.low), one.scale * two.scale, exact))
        if one.known is self.true:
            result = self._scaled_by(one, two)
        elif two.known is self.true:
            result = self._scaled_by(two, one)
        else:
            result = self._corners(one, two)
        return self._without(left, right, replace(result, exact=exact))

    def _corners(self, one: Number, two: Number) -> Number:
        """The least and the greatest product of the ends of two intervals; an end that is missing is infinite."""
        c = self.cells
        ends = [(n.low, n.has_low, n.high, n.has_high) for n in (one, two)]
        zero = c.zero
        values, up, down = [], [], []
        for a, has_a, a_below in ((ends[0][0], ends[0][1], True), (ends[0][2], ends[0][3], False)):
            for b, has_b, b_below in ((ends[1][0], ends[1][1], True), (ends[1][2], ends[1][3], False)):
                a_minus = c.choose(has_a, c.less(a, zero), c.const(a_below, BOOL))
                b_minus = c.choose(has_b, c.less(b, zero), c.const(b_below, BOOL))
                nought = c.either(c.both(has_a, c.equal(a, zero)), c.both(has_b, c.equal(b, zero)))
                endless = c.both(c.no(c.both(has_a, has_b)), c.no(nought))
                same = c.equal(a_minus, b_minus)
                up.append(c.both(endless, same))
                down.append(c.both(endless, c.no(same)))
                values.append((c.choose(c.both(has_a, has_b), c.times(a, b), zero), c.no(endless)))
        low, high, there = values[0][0], values[0][0], values[0][1]
        for value, finite in values[1:]:
            low = c.choose(c.both(there, finite), c.smaller(low, value), c.choose(finite, value, low))
            high = c.choose(c.both(there, finite), c.larger(high, value), c.choose(finite, value, high))
            there = c.either(there, finite)
        has_low, has_high = c.no(c.either(*down)), c.no(c.either(*up))
        return self.between(low, high, c.both(has_low, there), c.both(has_high, there), self.true, one.scale * two.scale)

    def _scaled_by(self, factor: Number, item: Number) -> Number:
        """``item`` times a known factor: zero makes zero, a negative one turns the bounds around."""
        c = self.cells
        by, zero = factor.low, c.equal(factor.low, c.zero)
        down = c.less(by, c.zero)
        one, two = c.times(by, item.low), c.times(by, item.high)
        low, high = c.choose(down, two, one), c.choose(down, one, two)
        low, high = c.choose(zero, c.zero, low), c.choose(zero, c.zero, high)
        has_low = c.either(zero, c.choose(down, item.has_high, item.has_low))
        has_high = c.either(zero, c.choose(down, item.has_low, item.has_high))
        return self.between(low, high, has_low, has_high, self.true, factor.scale * item.scale)

    def chosen(self, test: Cell, then: Number, other: Number) -> Number:
        """``then`` where ``test`` is true, else ``other``."""
        c = self.cells
        if test.constant:
            return then if test.value else other
        then, other = self.aligned(then, other)
        pairs = {name: c.choose(test, getattr(then, name), getattr(other, name)) for name in NUMBER_PARTS}
        return Number(**pairs, scale=then.scale)

    def least(self, items: list[Number], largest: bool = False) -> Number:
        """The least or the greatest of several numbers."""
        c = self.cells
        if largest:
            return self.negative(self.least([self.negative(n) for n in items]))
        items = list(self.aligned(*items))
        none = c.either(*(c.both(n.known, n.none) for n in items))
        low, high, has_low, has_high = items[0].low, items[0].high, items[0].has_low, items[0].has_high
        certain = all(n.low is n.high and n.known is self.true for n in items)
        for item in items[1:]:
            low = c.smaller(low, item.low)
            both = c.both(has_high, item.has_high)
            high = low if certain else c.choose(both, c.smaller(high, item.high), c.choose(has_high, high, item.high))
            has_low, has_high = c.both(has_low, item.has_low), c.either(has_high, item.has_high)
        return self.between(low, high, has_low, has_high, c.both(c.no(none), *(n.exact for n in items)), items[0].scale)

    def rounded(self, function: str, item: Number) -> Number:
        """floor, ceil, or half away from zero."""
        low = self._round(function, item.low, item.scale)
        high = low if item.low is item.high else self._round(function, item.high, item.scale)
        exact = self.cells.both(item.exact, self.cells.no(self.cells.both(item.known, item.none)))
        return self.between(low, high, item.has_low, item.has_high, exact, 1)

    def _round(self, function: str, cell: Cell, scale: int) -> Cell:
        c = self.cells
        if scale == 1:
            return cell
        if function == "floor":
            return c.floor(cell, scale)
        if function == "ceil":
            return c.minus(c.zero, c.floor(c.minus(c.zero, cell), scale))
        doubled, two = c.times(cell, c.const(2)), 2 * scale
        up = c.floor(c.plus(doubled, c.const(scale)), two)
        if cell.low >= 0:
            return up
        down = c.minus(c.zero, c.floor(c.plus(c.minus(c.zero, doubled), c.const(scale)), two))
        return c.choose(c.less(cell, c.zero), down, up)

    # -- choosing -----------------------------------------------------------------------------------------------

    def choose(self, test: Truth, then: Value, other: Value) -> Value:
        """The value of a conditional: where the test is unknown, what both branches have in common."""
        c = self.cells
        wavering = c.both(c.no(test.holds), c.no(test.fails))
        if isinstance(then, Truth) and isinstance(other, Truth):
            holds = c.either(c.both(test.holds, then.holds), c.both(test.fails, other.holds), c.both(wavering, then.holds, other.holds))
            fails = c.either(c.both(test.holds, then.fails), c.both(test.fails, other.fails), c.both(wavering, then.fails, other.fails))
            return Truth(holds, fails, self._exact_choice(test, then.exact, other.exact))
        if isinstance(then, Members) or isinstance(other, Members):
            raise Unsupported("a choice between sets")
        if isinstance(then, Truth) or isinstance(other, Truth):
            raise Unsupported("a condition that may be none")
        exact = self._exact_choice(test, then.exact, other.exact)
        joined = self.hull(then, other) if wavering is not c.false else other
        if isinstance(then, Number) and isinstance(other, Number) and isinstance(joined, Number):
            then, other = self.aligned(then, other)
            picked: Value = self.chosen(test.holds, then, self.chosen(wavering, joined, other))
        elif isinstance(then, Code) and isinstance(other, Code) and isinstance(joined, Code):
            picked = self._chosen_code(test.holds, then, self._chosen_code(wavering, joined, other))
        else:
            raise Unsupported("a choice between different things")
        return replace(picked, exact=exact)

    def _exact_choice(self, test: Truth, then: Cell, other: Cell) -> Cell:
        c = self.cells
        return c.both(test.exact, c.either(then, test.fails), c.either(other, test.holds))

    def _chosen_code(self, test: Cell, then: Code, other: Code) -> Code:
        c = self.cells
        if then.value.kind != other.value.kind and TEXT in (then.value.kind, other.value.kind):
            raise Unsupported("a choice between different things")
        pairs = {name: c.choose(test, getattr(then, name), getattr(other, name)) for name in CODE_PARTS}
        return Code(**pairs, codes=then.codes or other.codes)

    def hull(self, one: Value, two: Value) -> Value:
        """Their common value, else an unknown that contains both."""
        c = self.cells
        if isinstance(one, Number) and isinstance(two, Number):
            one, two = self.aligned(one, two)
            alike = self._alike(one, two)
            skip_one, skip_two = c.both(one.known, one.none), c.both(two.known, two.none)
            low = c.choose(skip_one, two.low, c.choose(skip_two, one.low, c.smaller(one.low, two.low)))
            high = c.choose(skip_one, two.high, c.choose(skip_two, one.high, c.larger(one.high, two.high)))
            if one.low is one.high and two.low is two.high and one.low is two.low:
                high = low
            some = c.no(c.both(skip_one, skip_two))
            has_low = c.both(some, c.either(skip_one, one.has_low), c.either(skip_two, two.has_low))
            has_high = c.both(some, c.either(skip_one, one.has_high), c.either(skip_two, two.has_high))
            open_none = c.both(c.no(alike), c.either(*(c.choose(n.known, n.none, n.open_none) for n in (one, two))))
            return Number(low, high, has_low, has_high, alike, c.both(alike, one.none), open_none, c.both(one.exact, two.exact), one.scale)
        if isinstance(one, Code) and isinstance(two, Code):
            alike = self._alike(one, two)
            open_none = c.both(c.no(alike), c.either(*(c.choose(n.known, n.none, n.open_none) for n in (one, two))))
            return Code(one.value, alike, c.both(alike, one.none), open_none, c.both(one.exact, two.exact), one.codes or two.codes)
        raise Unsupported("a choice between different things")

    def _alike(self, one: Number | Code, two: Number | Code) -> Cell:
        """Where both are known and the same; none is the same as none."""
        return self.equal(one, two).holds

    def stand_in(self, item: Value, other: Value) -> Value:
        """`default(item, other)`."""
        c = self.cells
        if not isinstance(item, (Number, Code)):
            raise Unsupported("default() of this")
        none, wavering = c.both(item.known, item.none), c.both(c.no(item.known), item.open_none)
        if isinstance(item, Number) and isinstance(other, Number):
            item, other = self.aligned(item, other)
            loose = self.hull(replace(item, open_none=self.false), other)
            assert isinstance(loose, Number)
            loose = replace(loose, known=self.false, none=self.false, open_none=c.choose(other.known, other.none, other.open_none))
            picked: Value = self.chosen(none, other, self.chosen(wavering, loose, item))
        elif isinstance(item, Code) and isinstance(other, Code):
            unsure = replace(item, open_none=c.choose(other.known, other.none, other.open_none))
            picked = self._chosen_code(none, other, self._chosen_code(wavering, unsure, item))
        else:
            raise Unsupported("default() of this")
        return replace(picked, exact=c.both(item.exact, c.either(other.exact, c.no(c.either(none, wavering)))))
