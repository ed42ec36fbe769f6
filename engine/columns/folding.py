"""Aggregates: how members of a group fold into one value when some may or may not belong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from engine.columns.cells import INT, Cell, Space, Unsupported
from engine.columns.compiling import Bound, Env
from engine.columns.relations import Relations
from engine.columns.values import Members, Number, Truth, Value
from engine.language import Unknown, walk
from engine.language.nodes import Aggregate, Rows, Var

FAR = 2**62


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
        needed = frozenset(v.name for n in inner for v in walk(n) if isinstance(v, Var) and v.name in env and v.name != node.variable)
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
        """min or max; a group in which a member may or may not belong is proved."""
        c, m = self.cells, self.meaning
        if not isinstance(default, Number):
            raise Unsupported("min and max of this")
        exists: list[Cell] = []
        doubt: list[Cell] = []
        found: Number | None = None
        turned = []
        for part in parts:
            if not isinstance(part.value, Number):
                raise Unsupported("min and max of this")
            turned.append(part.value if function == "min" else m.negative(part.value))
        for part, value in zip(parts, m.aligned(*turned) if turned else (), strict=True):
            none = c.both(value.known, value.none)
            may_be_none = c.both(c.no(value.known), value.open_none)
            kept = c.both(part.kept.holds, c.no(none))
            doubt.append(
                part.fold("any", c.either(c.both(c.no(part.kept.holds), c.no(part.kept.fails), c.no(none)), c.both(kept, may_be_none)))
            )
            far = c.const(max(value.low.high, value.high.high, 0), INT)
            here = part.fold("any", kept)
            low = part.fold("min", c.choose(kept, value.low, far))
            bounded = c.both(kept, value.has_high)
            high = low if value.low is value.high and value.has_high is c.true else part.fold("min", c.choose(bounded, value.high, far))
            has_low = c.no(part.fold("any", c.both(kept, c.no(value.has_low))))
            has_high = here if bounded is kept else part.fold("any", bounded)
            one = m.between(low, high, has_low, has_high, c.true, value.scale)
            found = one if found is None else self._less_of(found, c.either(*exists), one, here)
            exists.append(here)
        any_there = c.either(*exists)
        if found is None or any_there is c.false:
            result: Value = default
        else:
            value = found if function == "min" else m.negative(found)
            result = m.choose(m.truth(any_there), value, default)
        exact = c.both(self._exact(parts), c.no(c.either(*doubt)), c.either(default.exact, any_there))
        return replace(result, exact=exact)

    def _less_of(self, one: Number, one_there: Cell, two: Number, two_there: Cell) -> Number:
        """The least of two groups' extremes, either of which may have no member."""
        m = self.meaning
        both = m.least([one, two])
        lone = m.choose(m.truth(one_there), one, two)
        picked = m.choose(m.truth(self.cells.both(one_there, two_there)), both, lone)
        assert isinstance(picked, Number)
        return picked
