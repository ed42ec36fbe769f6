"""Aggregates: how members of a group fold into one value when some may or may not belong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from engine.columns.cells import Cell, Cells, Space, Unsupported
from engine.columns.relations import Relations
from engine.columns.surroundings import Bound, Env, reads
from engine.columns.values import Members, Number, Truth, Value
from engine.language import Unknown
from engine.language.nodes import Aggregate, Rows


@dataclass(frozen=True)
class Part:
    """Members that are folded together: whether each belongs, its value, and the fold into the evaluating space."""

    kept: Truth
    value: Value
    fold: Callable[[str, Cell], Cell]


class Folding(Relations):
    """Compiles aggregates."""

    def _aggregate(self, node: Aggregate, env: Env, space: Space) -> Value:
        c = self.cells
        known = [c.true]
        parts = list(
            self._parts_of_rows(node, env, space, known) if isinstance(node.over, Rows) else self._parts_of_set(node, env, space, known)
        )
        certain = c.both(*known)
        if certain is c.false:
            return self.shaped(self.lifted(Unknown(frozenset()), node.type), node.type)
        if node.function in ("any", "all"):
            found: Value = self._quantified(node.function, parts)
        elif node.function in ("sum", "count"):
            found = self._summed(parts)
        else:
            assert node.default is not None
            found = self._extreme(node.function, parts, self.value(node.default, env, space))
        if certain is c.true:
            return found
        blank = self.lifted(Unknown(frozenset()), node.type)
        return self.meaning.choose(self.meaning.truth(certain), found, blank)

    # -- members ------------------------------------------------------------------------------------------------

    def _parts_of_rows(self, node: Aggregate, env: Env, space: Space, known: list[Cell]) -> Any:
        assert isinstance(node.over, Rows)
        inner = [n for n in (node.condition, node.element) if n is not None]
        needed = frozenset(name for n in inner for name in reads(n).names if name in env and name != node.variable)
        groups = self.groups(node.over, node.variable, needed, env, space)
        table = self.vocabulary.tables.get(node.over.type.table or "")
        there = []
        for group in groups:
            known.append(group.known)
            if group.known is self.cells.false or group.belongs.holds is self.cells.false:
                continue
            there.append(group.fold("any", self.cells.no(group.belongs.fails)))
            yield self._part(node, group.belongs, group.env, group.space, group.fold)
        if table is not None and table.measured and node.over.base.type.table in self.vocabulary.entities and self._is_table(node.over):
            known.append(self.cells.either(*there))

    def _is_table(self, rows: Rows) -> bool:
        return self.vocabulary.entities[rows.base.type.table or ""].relations[rows.relation].table is not None

    def _parts_of_set(self, node: Aggregate, env: Env, space: Space, known: list[Cell]) -> Any:
        """The members of a set, one after the other."""
        c = self.cells
        over = self.value(node.over, env, space)
        if not isinstance(over, Members):
            raise Unsupported("a group that is no set")
        if over.none is not c.false:
            raise Unsupported("the members of none")
        known.append(c.no(over.unknown))
        codes = self.data.tables.codes[node.over.type.codes] if node.over.type.codes else None
        for member, belongs in over.inside.items():
            if belongs.fails is c.true:
                continue
            assert isinstance(member, int)
            inner = {**env, node.variable: Bound(constant=codes[member] if codes else member)}
            yield self._part(node, belongs, inner, space, lambda function, cell: cell)

    def _part(self, node: Aggregate, belongs: Truth, env: Env, space: Space, fold: Callable[[str, Cell], Cell]) -> Part:
        kept = belongs if node.condition is None else self.meaning.both([belongs, self.truth(node.condition, env, space)])
        value = self.lifted(1, node.type) if node.element is None else self.value(node.element, env, space)
        return Part(kept, value, fold)

    # -- folds --------------------------------------------------------------------------------------------------

    def _exact(self, parts: list[Part]) -> Cell:
        c = self.cells
        wrong = []
        for part in parts:
            out = c.both(part.kept.fails, part.kept.exact)
            wrong.append(part.fold("any", c.both(c.no(out), c.no(c.both(part.kept.exact, part.value.exact)))))
        return c.no(c.either(*wrong))

    def _quantified(self, function: str, parts: list[Part]) -> Truth:
        c = self.cells
        sure, open_ = [], []
        for part in parts:
            assert isinstance(part.value, Truth)
            says = part.value if function == "any" else self.meaning.no(part.value)
            sure.append(part.fold("any", c.both(part.kept.holds, says.holds)))
            open_.append(part.fold("any", c.both(c.no(part.kept.fails), c.no(says.fails))))
        found = Truth(c.either(*sure), c.no(c.either(*open_)), self._exact(parts))
        return found if function == "any" else self.meaning.no(found)

    def _summed(self, parts: list[Part]) -> Number:
        c, m = self.cells, self.meaning
        numbers = [part.value for part in parts]
        if not numbers:
            return m.known_number(c.zero)
        aligned = m.aligned(*(m.operand(n) for n in numbers if isinstance(n, Number)))
        low, high, no_low, no_high = c.zero, c.zero, [], []
        for part, value in zip(parts, aligned, strict=True):
            holds, out = part.kept.holds, part.kept.fails
            least = c.choose(holds, value.low, c.choose(out, c.zero, c.smaller(c.zero, value.low)))
            most = (
                least
                if value.low is value.high and out is c.no(holds)
                else c.choose(holds, value.high, c.choose(out, c.zero, c.larger(c.zero, value.high)))
            )
            added = part.fold("sum", least)
            low, high = c.plus(low, added), c.plus(high, added if most is least else part.fold("sum", most))
            no_low.append(part.fold("any", c.both(c.no(out), c.no(value.has_low))))
            no_high.append(part.fold("any", c.both(c.no(out), c.no(value.has_high))))
        return m.between(low, high, c.no(c.either(*no_low)), c.no(c.either(*no_high)), self._exact(parts), aligned[0].scale)

    def _extreme(self, function: str, parts: list[Part], default: Value) -> Value:
        """min or max; members that may not belong can only move it outwards, never inwards."""
        c, m = self.cells, self.meaning
        values = [part.value for part in parts if isinstance(part.value, Number)]
        if not isinstance(default, Number) or len(values) < len(parts):
            raise Unsupported("min and max of this")
        turned = values if function == "min" else [m.negative(value) for value in values]
        *turned, stand_in = m.aligned(*turned, default if function == "min" else m.negative(default))
        members = [_Member.of(c, part, value) for part, value in zip(parts, turned, strict=True)]
        certain = c.either(*(member.any(member.certain) for member in members))
        perhaps = c.either(*(member.any(member.perhaps) for member in members))
        found = stand_in
        if members:
            least = self._least_of(members)
            found = m.chosen(certain, least, m.chosen(perhaps, self._loosely(members, least, stand_in), stand_in))
        result = found if function == "min" else m.negative(found)
        return replace(result, exact=c.both(self._exact(parts), c.either(default.exact, certain)))

    def _least_of(self, members: list[_Member]) -> Number:
        """The least of the members, of which one belongs for certain: those that may not belong can but lower it."""
        c = self.cells
        lows = [(k, c.either(k.certain, k.perhaps), k.value.low) for k in members]
        highs = [(k, c.both(k.certain, k.value.has_high), k.value.high) for k in members]
        has_low = c.no(c.either(*(k.any(c.both(mask, c.no(k.value.has_low))) for k, mask, _ in lows)))
        has_high = c.either(*(k.any(mask) for k, mask, _ in highs))
        low = self._furthest("min", lows)
        high = low if lows == highs else self._furthest("min", highs)
        return self.meaning.between(low, high, has_low, has_high, c.true, members[0].value.scale)

    def _loosely(self, members: list[_Member], least: Number, default: Number) -> Number:
        """Where no member belongs for certain: the default, or any of those that may belong."""
        c = self.cells
        none = c.both(default.known, default.none)
        top = self._furthest("max", [(k, k.perhaps, k.value.high) for k in members])
        topless = c.either(*(k.any(c.both(k.perhaps, c.no(k.value.has_high))) for k in members))
        low = c.choose(none, least.low, c.smaller(least.low, default.low))
        high = c.choose(none, top, c.larger(top, default.high))
        has_low = c.both(least.has_low, c.either(none, default.has_low))
        has_high = c.both(c.no(topless), c.either(none, default.has_high))
        found = self.meaning.between(low, high, has_low, has_high, c.true, least.scale)
        open_none = c.either(none, c.both(c.no(default.known), default.open_none))
        return replace(found, known=c.both(found.known, c.no(open_none)), open_none=open_none)

    def _furthest(self, function: str, members: list[tuple[_Member, Cell, Cell]]) -> Cell:
        """The least or greatest of cells where their masks hold; nothing particular where none does."""
        c = self.cells
        if function == "min":
            far, join = c.const(max(0, *(cell.high for _, _, cell in members))), c.smaller
        else:
            far, join = c.const(min(0, *(cell.low for _, _, cell in members))), c.larger
        found = far
        for member, mask, cell in members:
            if mask is not c.false:
                one = member.part.fold(function, c.choose(mask, cell, far))
                found = join(found, one if len(members) == 1 else c.choose(member.any(mask), one, far))
        return found


@dataclass(frozen=True)
class _Member:
    """Rows among which the least is sought: where they belong for certain, and where they may."""

    part: Part
    value: Number
    certain: Cell
    perhaps: Cell

    @classmethod
    def of(cls, c: Cells, part: Part, value: Number) -> _Member:
        """What is none does not belong; what may be none may not belong."""
        there = c.no(c.both(value.known, value.none))
        certain = c.both(part.kept.holds, there, c.either(value.known, c.no(value.open_none)))
        return cls(part, value, certain, c.both(c.no(part.kept.fails), there, c.no(certain)))

    def any(self, mask: Cell) -> Cell:
        return self.part.fold("any", mask)
