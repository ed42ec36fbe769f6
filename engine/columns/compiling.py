"""The typed program of one year -> cells: each node to the column form of what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

from engine.columns.cells import BOOL, CODE, DAY, INT, ROW, TEXT, Cell, Cells, Space, Unsupported
from engine.columns.column import days, kind_of
from engine.columns.data import Data
from engine.columns.meaning import Meaning
from engine.columns.surroundings import Bound, Env, reads
from engine.columns.values import Code, Members, Number, Truth, Value
from engine.language import OpenSet, Type, Unknown, compile_node
from engine.language.nodes import (
    And,
    Arithmetic,
    Builtin,
    Call,
    Column,
    Compare,
    Const,
    Decision,
    If,
    In,
    IsNone,
    Node,
    Not,
    Or,
    Parameter,
    Var,
)
from engine.law import Program


class Compiler:
    """Compiles expressions under one program over one register.

    Args:
        earlier: (entity, decision, year) -> its value, of years that were decided before.
    """

    def __init__(self, cells: Cells, data: Data, program: Program, earlier: Mapping[tuple[str, str, int], Value]) -> None:
        self.cells, self.data, self.program, self.earlier = cells, data, program, earlier
        self.meaning = Meaning(cells)
        self.vocabulary = program.law.vocabulary
        self.context = _Context(program, data.as_of)
        self.decided: dict[tuple[str, str], Value] = {}
        self._columns: dict[tuple[Space, str], Value] = {}
        self._memo: dict[Any, Value] = {}

    # -- expressions --------------------------------------------------------------------------------------------

    def value(self, node: Node, env: Env, space: Space) -> Value:
        """The value of ``node`` for each row of ``space``.

        Raises:
            Unsupported: columns cannot compute it exactly.
        """
        bounds = [env.get(name) for name in reads(node).names]
        key = (id(node), space, *(bound and bound.identity for bound in bounds))
        found = self._memo.get(key)
        if found is None:
            if self.is_constant(node, env):
                found = self.lifted(self.constant(node, env), node.type)
            else:
                method = getattr(self, "_" + type(node).__name__.lower())
                found = method(node, env, space)
            self._memo[key] = found
        return found

    def is_constant(self, node: Node, env: Env) -> bool:
        """Whether no fact can change it."""
        names, facts = reads(node)
        return not facts and all(name in env and env[name].space is None for name in names)

    def constant(self, node: Node, env: Env) -> Any:
        """The engine's own value of an expression that no fact can change."""
        known = {name: bound.constant for name, bound in env.items() if bound.space is None}
        return compile_node(node)({**known, "@": self.context})

    def lifted(self, value: Any, kind: Type) -> Value:
        """A value of the engine as the same value for every row."""
        c, m = self.cells, self.meaning
        if kind.kind == "set":
            return self._lifted_set(value, kind)
        if kind.kind == "bool":
            if isinstance(value, Unknown):
                return Truth(c.false, c.false, c.true)
            if value is None:
                raise Unsupported("a condition that may be none")
            return m.truth(c.const(value, BOOL))
        if kind.kind in ("number", "date") or (kind.kind == "none" and value is None):
            return self._lifted_number(value)
        if kind.kind == "ref" and (value is None or isinstance(value, Unknown)):
            nowhere = c.const(0, ROW)
            if value is None:
                return Code(nowhere, c.true, c.true, c.false, c.true, kind.table or "")
            return Code(nowhere, c.false, c.false, c.const(value.none, BOOL), c.true, kind.table or "")
        if kind.kind not in ("code", "text", "month_day"):
            raise Unsupported(f"a constant {kind}")
        if isinstance(value, Unknown):
            none, known = c.const(value.none, BOOL), c.false
            return Code(self.code(None, kind), known, c.false, none, c.true, kind.codes or "")
        return Code(self.code(value, kind), c.true, c.const(value is None, BOOL), c.false, c.true, kind.codes or "")

    def code(self, value: Any, kind: Type) -> Cell:
        if kind.kind != "code":
            return self.cells.const(value or "", TEXT)
        return self.cells.const(0 if value is None else self.data.tables.codes[kind.codes or ""].index(value), CODE)

    def _lifted_number(self, value: Any) -> Number:
        c, m = self.cells, self.meaning
        if value is None:
            return m.no_number()
        if not isinstance(value, Unknown):
            number = Fraction(days(value)) if isinstance(value, date) else Fraction(value)
            return m.known_number(c.const(number.numerator, DAY if isinstance(value, date) else INT), number.denominator)
        ends = [
            (self._lifted_number(end), c.true) if end is not None else (m.known_number(c.zero), c.false) for end in (value.low, value.high)
        ]
        (low, has_low), (high, has_high) = ends
        low, high = m.aligned(low, high)
        return Number(low.low, high.low, has_low, has_high, c.false, c.false, c.const(value.none, BOOL), c.true, low.scale)

    def _lifted_set(self, value: Any, kind: Type) -> Members:
        c = self.cells
        sure, absent, open_ = Truth(c.true, c.false, c.true), Truth(c.false, c.true, c.true), Truth(c.false, c.false, c.true)
        if value is None or isinstance(value, Unknown):
            return Members({}, c.const(value is not None, BOOL), c.const(value is None, BOOL), c.true)
        if kind.codes is None:
            inside: dict[object, Truth] = {int(member): sure for member in sorted(value)}
            return Members(inside, c.false, c.false, c.true)
        held, possible = (value.members, value.possible) if isinstance(value, OpenSet) else (value, frozenset())
        codes = self.data.tables.codes[kind.codes]
        inside = {n: sure if code in held else open_ if code in possible else absent for n, code in enumerate(codes)}
        return Members(inside, c.false, c.false, c.true)

    # -- leaves -------------------------------------------------------------------------------------------------

    def _const(self, node: Const, env: Env, space: Space) -> Value:
        return self.lifted(node.value, node.type)

    def _builtin(self, node: Builtin, env: Env, space: Space) -> Value:
        return self.lifted(self.context.builtin(node.name), node.type)

    def _var(self, node: Var, env: Env, space: Space) -> Value:
        bound = env[node.name]
        if bound.space is None:
            return self.lifted(bound.constant, node.type)
        c = self.cells
        own = self.cells.make("row", (), None, bound.space, ROW, 0, 2**32 - 1)
        return Code(c.gather(bound.index, own), c.true, c.false, c.false, c.true, bound.table or "")

    def leaf(self, space: Space, name: str) -> Value:
        """A column of the facts over a space of its table."""
        found = self._columns.get((space, name))
        if found is None:
            found = self._columns[space, name] = self._leaf(space, name)
        return found

    def _mask(self, space: Space, name: str, part: str) -> Cell:
        if not self.data.present(space, name, part):
            return self.cells.false
        return self.cells.make("column", (), (name, part), space, BOOL)

    def _leaf(self, space: Space, name: str) -> Value:
        c, spec = self.cells, self.vocabulary.tables[space[1]].columns[name]
        kind = kind_of(spec.type)
        unknown, none = self._mask(space, name, "unknown"), self._mask(space, name, "none")
        known, there = c.no(unknown), c.both(c.no(unknown), c.no(none))
        exact = c.no(self._mask(space, name, "beyond"))
        open_none = c.both(unknown, c.const(spec.type.nullable, BOOL))
        if kind == BOOL:
            cell = c.make("column", (), (name, "values"), space, BOOL)
            return Truth(c.both(there, cell), c.both(there, c.no(cell)), c.both(exact, c.no(none)))
        if kind in (CODE, ROW, TEXT):
            high = {CODE: len(self.data.tables.codes.get(spec.type.codes or "", ())), ROW: 2**32 - 1}.get(kind)
            cell = c.make("column", (), (name, "values"), space, kind, None if high is None else 0, high)
            return Code(cell, known, none, open_none, exact, spec.type.codes or spec.type.table or "")
        low, high = self.data.range(space[1], name)
        cell = c.make("column", (), (name, "values"), space, kind, low, high)
        scale = self.data.scale(space[1], name)
        least = None if spec.minimum is None or kind == DAY else Fraction(spec.minimum) * scale
        if least is not None and least.denominator != 1:
            raise Unsupported("a minimum finer than the facts")
        most = self.data.as_of if spec.event else None
        bottom = cell if unknown is c.false else c.choose(there, cell, c.const(int(least), kind)) if least is not None else cell
        top = cell if unknown is c.false or most is None else c.choose(there, cell, c.const(days(most), DAY))
        has_low = c.either(there, c.both(unknown, c.const(least is not None, BOOL)))
        has_high = c.either(there, c.both(unknown, c.const(most is not None, BOOL)))
        return Number(bottom, top, has_low, has_high, known, none, open_none, exact, scale)

    def _column(self, node: Column, env: Env, space: Space) -> Value:
        if isinstance(node.base, Var):
            bound = env[node.base.name]
            if node.name == "@year":
                return self.lifted(bound.year, node.type)
            assert bound.space is not None
            if bound.table is None:
                raise Unsupported("a column of an entity without rows")
            return self.gathered(bound.index, self.leaf(self.rows_space(bound), node.name))
        owner = self.value(node.base, env, space)
        if not isinstance(owner, Code):
            raise Unsupported("a column of this")
        return self.through(owner, node.base.type.table or "", node.name)

    def rows_space(self, bound: Bound) -> Space:
        assert bound.space is not None
        return bound.space

    def through(self, owner: Code, table: str, name: str) -> Value:
        """A cell of the row that a reference names: none of none, and of an unknown row unknown without bounds."""
        c, target = self.cells, ("rows", table)
        if owner.value.constant or self.data.empty(target):
            item: Value = self.lifted(Unknown(frozenset()), self.vocabulary.tables[table].columns[name].type)
        else:
            item = self.gathered(owner.value, self.leaf(target, name))
        there, none = c.both(owner.known, c.no(owner.none)), c.both(owner.known, owner.none)
        if there is c.true:
            return _with_exact(item, owner.exact, c)
        nullable = c.const(self.vocabulary.tables[table].columns[name].type.nullable, BOOL)
        exact = c.both(owner.exact, c.either(_exact(item), c.no(there)))
        if isinstance(item, Truth):
            return Truth(c.both(there, item.holds), c.both(there, item.fails), c.both(exact, c.no(none)))
        if isinstance(item, Members):
            raise AssertionError("a column of sets")
        known, is_none = c.choose(there, item.known, owner.known), c.choose(there, item.none, none)
        open_none = c.choose(there, item.open_none, c.both(c.no(owner.known), nullable))
        if isinstance(item, Code):
            return replace(item, known=known, none=is_none, open_none=open_none, exact=exact)
        return replace(
            item, known=known, none=is_none, open_none=open_none, exact=exact,
            has_low=c.both(there, item.has_low), has_high=c.both(there, item.has_high),
        )  # fmt: skip

    def gathered(self, index: Cell | None, item: Value) -> Value:
        """A value for the rows that ``index`` names."""
        if index is None:
            return item
        return mapped(item, lambda cell: self.cells.gather(index, cell))

    def _decision(self, node: Decision, env: Env, space: Space) -> Value:
        if not isinstance(node.base, Var):
            raise Unsupported("a decision of a referred row")
        bound = env[node.base.name]
        assert bound.entity is not None
        key = (bound.entity, node.name)
        item = self.decided[key] if bound.year == self.program.year else self.earlier[*key, bound.year]
        if any(cell.space not in (None, bound.space) for cell in parts_of(item)):
            raise Unsupported("a decision of rows that are judged by the law of another year")
        return self.gathered(bound.index, item)

    # -- conditions ---------------------------------------------------------------------------------------------

    def truth(self, node: Node, env: Env, space: Space) -> Truth:
        found = self.value(node, env, space)
        if not isinstance(found, Truth):
            raise Unsupported("a condition that may be none")
        return found

    def _and(self, node: And, env: Env, space: Space) -> Value:
        return self._joined(node.items, env, space, "fails", self.meaning.both)

    def _or(self, node: Or, env: Env, space: Space) -> Value:
        return self._joined(node.items, env, space, "holds", self.meaning.either)

    def _joined(self, nodes: tuple[Node, ...], env: Env, space: Space, decisive: str, join: Any) -> Value:
        """What follows an item that decides everywhere is not looked at."""
        items = []
        for node in nodes:
            items.append(self.truth(node, env, space))
            if getattr(items[-1], decisive) is self.cells.true:
                break
        return join(items)  # type: ignore[no-any-return]

    def _not(self, node: Not, env: Env, space: Space) -> Value:
        return self.meaning.no(self.truth(node.item, env, space))

    def _isnone(self, node: IsNone, env: Env, space: Space) -> Value:
        return self.meaning.no(self.meaning.given(self.value(node.item, env, space)))

    def _compare(self, node: Compare, env: Env, space: Space) -> Value:
        left, right = self.value(node.left, env, space), self.value(node.right, env, space)
        if node.operator in ("==", "!="):
            same = self.meaning.equal(left, right)
            return same if node.operator == "==" else self.meaning.no(same)
        if not isinstance(left, Number) or not isinstance(right, Number):
            raise Unsupported("an order of this")
        if node.operator in (">", ">="):
            left, right = right, left
        return self.meaning.less(left, right, node.operator in ("<=", ">="))

    def _in(self, node: In, env: Env, space: Space) -> Value:
        item = self.value(node.item, env, space)
        if node.of is None:
            return self.meaning.either([self.meaning.equal(item, self.value(member, env, space)) for member in node.members])
        members = self.value(node.of, env, space)
        if not isinstance(members, Members):
            raise Unsupported("membership of this")
        return self.meaning.contains(members, item)

    def _if(self, node: If, env: Env, space: Space) -> Value:
        test = self.truth(node.test, env, space)
        if test.holds is self.cells.true:
            return self.shaped(self.value(node.then, env, space), node.type)
        if test.fails is self.cells.true:
            return self.shaped(self.value(node.other, env, space), node.type)
        then, other = (self.shaped(self.value(branch, env, space), node.type) for branch in (node.then, node.other))
        return self.meaning.choose(test, then, other)

    def shaped(self, item: Value, kind: Type) -> Value:
        """None has no kind of its own: here it takes that of its place."""
        if kind.kind in ("code", "text", "ref") and isinstance(item, Number) and item.none is self.cells.true:
            if kind.kind == "ref":
                return self.lifted(None, kind)
            return Code(self.code(None, kind), self.cells.true, self.cells.true, self.cells.false, self.cells.true, kind.codes or "")
        return item


def _exact(item: Value) -> Cell:
    return item.exact


def _with_exact(item: Value, exact: Cell, cells: Cells) -> Value:
    return replace(item, exact=cells.both(item.exact, exact))


def parts_of(item: Value) -> list[Cell]:
    """The cells of a value."""
    found: list[Cell] = []

    def note(cell: Cell) -> Cell:
        found.append(cell)
        return cell

    mapped(item, note)
    return found


def mapped(item: Value, change: Any) -> Value:
    """The value with each of its cells changed."""
    if isinstance(item, Truth):
        return Truth(change(item.holds), change(item.fails), change(item.exact))
    if isinstance(item, Members):
        inside = {member: Truth(change(t.holds), change(t.fails), change(t.exact)) for member, t in item.inside.items()}
        return Members(inside, change(item.unknown), change(item.none), change(item.exact))
    if isinstance(item, Code):
        return replace(item, **{n: change(getattr(item, n)) for n in ("value", "known", "none", "open_none", "exact")})
    low = change(item.low)
    high = low if item.low is item.high else change(item.high)
    rest = {n: change(getattr(item, n)) for n in ("has_low", "has_high", "known", "none", "open_none", "exact")}
    return replace(item, low=low, high=high, **rest)


class _Context:
    """What constant expressions need of their surroundings."""

    def __init__(self, program: Program, as_of: date) -> None:
        self.program, self.fixed, self.as_of = program, program.fixed, as_of

    def builtin(self, name: str) -> Any:
        return self.as_of if name == "as_of" else self.program.constants[name]

    def parameter(self, name: str, key: Any, at: date) -> Any:
        return self.program.parameter(name, key, at)[0]


__all__ = ["Arithmetic", "Call", "Compiler", "Parameter", "mapped"]
