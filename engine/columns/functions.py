"""Arithmetic, functions and parameters looked up by facts, as cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from math import lcm
from typing import Any

from engine.columns.cells import BOOL, CODE, DAY, INT, WIDE, Cell, Space, Unsupported
from engine.columns.column import EPOCH, days
from engine.columns.compiling import Compiler
from engine.columns.surroundings import Env
from engine.columns.values import Code, Members, Number, Truth, Value
from engine.language import Unknown
from engine.language.nodes import Arithmetic, Call, Node, Parameter
from engine.language.values import hull
from engine.law.selection import ALWAYS, NEVER


class Functions(Compiler):
    """Compiles what makes new values of values."""

    def number(self, node: Node, env: Env, space: Space) -> Number:
        found = self.value(node, env, space)
        if not isinstance(found, Number):
            raise Unsupported("arithmetic on this")
        return found

    def _arithmetic(self, node: Arithmetic, env: Env, space: Space) -> Value:
        left, m = self.number(node.left, env, space), self.meaning
        if node.operator == "/":
            return self._divided(left, self._reciprocal(node.right, env, space))
        right = self.number(node.right, env, space)
        if node.operator == "+":
            return m.add(left, right)
        return m.subtract(left, right) if node.operator == "-" else m.multiply(left, right)

    def _reciprocal(self, node: Node, env: Env, space: Space) -> Number:
        if self.is_constant(node, env):
            value = self.constant(node, env)
            if value is None:
                return self.meaning.no_number()
            if not isinstance(value, Unknown):
                return self._constant_number(1 / Fraction(value))
            low, high = value.low, value.high
            if low is None or high is None or low <= 0 <= high or value.none:
                return self.meaning.unknown_number()
            return self._constant_number(Unknown(value.causes, 1 / Fraction(high), 1 / Fraction(low)))
        if isinstance(node, Parameter):
            inverted = self._parameter(node, env, space, _inverse)
            assert isinstance(inverted, Number)
            return inverted
        raise Unsupported("division by this")

    def _divided(self, left: Number, right: Number) -> Number:
        """``right`` is one over the divisor; where that has no bounds, nothing is known of the quotient, of nought neither."""
        c, result = self.cells, self.meaning.multiply(left, right)
        there = c.either(right.known, right.has_low)
        if there is c.true:
            return result
        return replace(
            result, has_low=c.both(result.has_low, there), has_high=c.both(result.has_high, there), known=c.both(result.known, there)
        )

    def _constant_number(self, value: Any) -> Number:
        return self._lifted_number(value)

    # -- functions ----------------------------------------------------------------------------------------------

    def _call(self, node: Call, env: Env, space: Space) -> Value:
        m, function = self.meaning, node.function
        if function in ("min", "max"):
            return m.least([self.number(a, env, space) for a in node.arguments], function == "max")
        if function in ("floor", "ceil", "round_half_up"):
            return m.rounded(function, self.number(node.arguments[0], env, space))
        arguments = [self.value(a, env, space) for a in node.arguments]
        if function == "default":
            return m.stand_in(self.shaped(arguments[0], node.arguments[0].type), self.shaped(arguments[1], node.arguments[0].type))
        if function == "given":
            return m.given(arguments[0])
        if function in ("some", "size") and isinstance(arguments[0], Members):
            return self._some(arguments[0]) if function == "some" else self._size(arguments[0])
        if function == "year_of" and isinstance(arguments[0], Number):
            return self._year_of(arguments[0])
        raise Unsupported(f"{function}() of facts")

    def _some(self, members: Members) -> Value:
        c = self.cells
        surely = c.either(*(t.holds for t in members.inside.values()))
        empty = c.both(c.no(members.unknown), *(t.fails for t in members.inside.values()))
        exact = c.both(members.exact, c.no(members.none), *(t.exact for t in members.inside.values()))
        return self.meaning.truth(c.both(surely, c.no(members.unknown)), empty, exact)

    def _size(self, members: Members) -> Value:
        c = self.cells
        count, sure = c.zero, [c.no(members.unknown)]
        for truth in members.inside.values():
            count = c.plus(count, c.choose(truth.holds, c.const(1), c.zero))
            sure.append(c.either(truth.holds, truth.fails))
        known = c.both(*sure)
        exact = c.both(members.exact, c.no(members.none))
        return Number(count, count, known, known, known, c.false, c.false, exact)

    def _year_of(self, item: Number) -> Value:
        """The year of a day; an unknown day gives no bounds."""
        c, cell = self.cells, item.low
        if cell.constant:
            years = c.const((EPOCH + timedelta(days=cell.value)).year)
        else:
            years = c.over((cell,), "year", None, INT, date.min.year, date.max.year)
        there = c.both(item.known, c.no(item.none))
        return Number(years, years, there, there, item.known, item.none, item.open_none, item.exact)

    # -- parameters ---------------------------------------------------------------------------------------------

    def _parameter(self, node: Parameter, env: Env, space: Space, change: Any = None) -> Value:
        """A parameter whose day or key is a fact: each value that it can have, where it has it."""
        at = self.number(node.at, env, space)
        key: Code | None = None
        if node.key is not None:
            stated = self.shaped(self.value(node.key, env, space), replace(node.key.type, nullable=True))
            if not isinstance(stated, Code) and not self.is_constant(node.key, env):
                raise Unsupported("a key that is a number of the facts")
            key = stated if isinstance(stated, Code) else None
        members: tuple[Any, ...] = node.members if key is not None else (None,)
        fixed_key = self.constant(node.key, env) if node.key is not None and self.is_constant(node.key, env) else None
        if fixed_key is not None and not isinstance(fixed_key, Unknown):
            members, key = (fixed_key,), None
        days_, values = self._values(node, members, at)
        if change is not None:
            values = [[change(v) for v in row] for row in values]
        index = self._index(at, days_, key, len(members))
        table = self._looked_up(index, [v for row in values for v in row], node)
        common: Value | None = None
        if key is not None and key.known is not self.cells.true:
            stretches = self._index(at, days_, None, 1)
            common = self._chosen_by(
                key.open_none, lambda none: self._looked_up(stretches, [hull([*row, *none], frozenset()) for row in values], node)
            )
        return self._guarded(table, at, key, node, common)

    def _chosen_by(self, open_none: Cell, common: Callable[[list[None]], Value]) -> Value:
        """What the values under every possible key have in common, none among them where the key may be none."""
        if open_none.constant:
            return common([None] if open_none.value else [])
        return self.meaning.choose(self.meaning.truth(open_none), common([None]), common([]))

    def _values(self, node: Parameter, members: tuple[Any, ...], at: Number) -> tuple[list[int], list[list[Any]]]:
        """The days from which the parameter may have another value, and for each stretch its value under each key."""
        if at.low.constant and at.known is self.cells.true:
            when = [EPOCH + timedelta(days=at.low.value)]
            return [], [[self.context.parameter(node.name, m, d) for m in members] for d in when]
        turns = {d for m in members for e in self.program.law.entries(node.name, m) for d in (e.begins, e.ends)} - {ALWAYS, NEVER}
        turns = {d for d in turns if at.low.low < days(d) <= at.high.high}
        starts = [max(date.min, EPOCH + timedelta(days=max(at.low.low, days(date.min)))), *sorted(turns)]
        rows = [[self.context.parameter(node.name, m, d) for m in members] for d in starts]
        return [days(d) for d in starts[1:]], rows

    def _index(self, at: Number, turns: list[int], key: Code | None, width: int) -> Cell | None:
        """Which of the values, counted through; None where there is only one."""
        c, index = self.cells, None
        if turns:
            index = c.over((at.low,), "stretch", tuple(turns), INT, 0, len(turns))
        if key is None:
            return index
        if key.value.constant:
            code = c.const(key.value.value)
        else:
            code = c.over((key.value,), "number", None, INT, 0, width - 1)
        return code if index is None else c.plus(c.times(index, c.const(width)), code)

    def _looked_up(self, index: Cell | None, values: list[Any], node: Parameter) -> Value:
        """The value at each index, from a table of constants."""
        if index is None or index.constant:
            return self.lifted(values[index.value if index is not None else 0], node.type)
        if all(type(v) is type(values[0]) and v == values[0] for v in values):
            return self.lifted(values[0], node.type)
        lifted = [self.shaped(self.lifted(value, node.type), node.type) for value in values]
        if all(isinstance(v, Number) for v in lifted):
            scale = lcm(*(v.scale for v in lifted if isinstance(v, Number)))
            numbers = [self.meaning.rescaled(v, scale) for v in lifted if isinstance(v, Number)]
            parts = {
                n: self._table(index, [getattr(v, n) for v in numbers])
                for n in ("low", "high", "has_low", "has_high", "known", "none", "open_none")
            }
            if all(v.low is v.high for v in numbers):
                parts["high"] = parts["low"]
            return Number(**parts, exact=self.cells.true, scale=scale)
        if all(isinstance(v, Code) for v in lifted):
            codes = [v for v in lifted if isinstance(v, Code)]
            parts = {n: self._table(index, [getattr(v, n) for v in codes]) for n in ("value", "known", "none", "open_none")}
            return Code(**parts, exact=self.cells.true, codes=codes[0].codes)
        truths = [v for v in lifted if isinstance(v, Truth)]
        if len(truths) == len(lifted):
            return self._truth_table(index, truths)
        sets = [v for v in lifted if isinstance(v, Members)]
        if len(sets) < len(lifted) or any(v.none is self.cells.true for v in sets):
            raise Unsupported("a table of such parameters")
        absent = Truth(self.cells.false, self.cells.true, self.cells.true)
        members = dict.fromkeys(m for v in sets for m in v.inside)
        inside = {m: self._truth_table(index, [v.inside.get(m, absent) for v in sets]) for m in members}
        return Members(inside, self._table(index, [v.unknown for v in sets]), self.cells.false, self.cells.true)

    def _truth_table(self, index: Cell, truths: list[Truth]) -> Truth:
        holds = self._table(index, [t.holds for t in truths])
        certain = all(t.fails is self.cells.no(t.holds) for t in truths)
        return Truth(holds, self.cells.no(holds) if certain else self._table(index, [t.fails for t in truths]), self.cells.true)

    def _table(self, index: Cell, cells: list[Cell]) -> Cell:
        first = cells[0]
        if all(cell is first for cell in cells):
            return first
        values = tuple(cell.value for cell in cells)
        if first.kind == BOOL:
            return self.cells.over((index,), "table", values, BOOL)
        kind = (
            WIDE
            if any(cell.kind == WIDE for cell in cells)
            else next((k for k in (CODE, DAY) if any(x.kind == k for x in cells)), first.kind)
        )
        if kind in (BOOL, "text"):
            return self.cells.over((index,), "table", values, kind)
        return self.cells.over((index,), "table", values, kind, min(values), max(values))

    def _guarded(self, item: Value, at: Number, key: Code | None, node: Parameter, common: Value | None) -> Value:
        """None where the day or key is none; where only the key is not known, what the values under every key have in common."""
        c, m = self.cells, self.meaning
        exact = c.both(at.exact, item.exact)
        none, unknown = c.both(at.known, at.none), c.no(at.known)
        if key is not None:
            exact = c.both(exact, key.exact)
            vague = c.no(key.known)
            unknown = c.either(unknown, c.both(vague, none))
            none = c.either(none, c.both(key.known, key.none))
            if common is not None:
                item = m.choose(m.truth(vague), common, item)
        if none is not c.false:
            if isinstance(item, (Truth, Members)):
                raise Unsupported("a condition or set that may be none")
            item = m.choose(m.truth(none), self.shaped(self.lifted(None, node.type), node.type), item)
        if unknown is not c.false:
            least = None if node.minimum is None else Fraction(node.minimum)
            if isinstance(item, Members):
                return replace(item, unknown=c.either(unknown, item.unknown), exact=exact)
            blank = self.shaped(self.lifted(Unknown(frozenset(), least, None, node.type.nullable), node.type), node.type)
            item = m.choose(m.truth(unknown), blank, item)
        return replace(item, exact=exact)


def _inverse(value: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, Unknown):
        return 1 / Fraction(value)
    if value.low is None or value.high is None or value.low <= 0 <= value.high or value.none:
        return Unknown(value.causes)
    return Unknown(value.causes, 1 / Fraction(value.high), 1 / Fraction(value.low))
