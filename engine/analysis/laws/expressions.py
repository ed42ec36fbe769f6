"""The typed nodes that proving evaluates, evaluated over every case of a universe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from engine.analysis.laws import operations as op
from engine.analysis.laws.deciding import agree
from engine.analysis.laws.universe import Universe
from engine.analysis.laws.values import (
    UNKNOWN,
    Choice,
    Formula,
    Members,
    Num,
    Rowset,
    all_of,
    any_of,
    is_number,
    lift,
    merge,
    negate,
    num,
    settled,
    sure,
    symbolic,
    truth,
)
from engine.language import Node, OpenSet, Unknown
from engine.language.aggregates import FOLDS
from engine.language.nodes import (
    Aggregate,
    And,
    Arithmetic,
    Builtin,
    Call,
    Column,
    Compare,
    Const,
    If,
    In,
    IsNone,
    Not,
    Or,
    Var,
)

Env = Mapping[str, Any]


class Expressions:
    """Evaluates what speaks of rows that are given, and of no law."""

    universe: Universe

    def _cell_of(self, owner: Any, name: str) -> Any:
        if isinstance(owner, Choice):
            return lift(lambda one: self._cell_of(one, name), owner)
        return owner if owner is None or isinstance(owner, Unknown) else owner.cell(name)

    def eval(self, node: Node, env: Env) -> Any:
        """The value of an expression where names mean what ``env`` says."""
        return self.evaluators[type(node)](self, node, env)

    def _builtin(self, node: Builtin, env: Env) -> Any:
        assert node.name == "as_of", node.name
        return Num(self.universe.as_of, self.universe.as_of, day=True)

    def _in(self, node: In, env: Env) -> Any:
        item = self.eval(node.item, env)
        if node.of is None:
            return any_of([op.compare("==", item, self.eval(member, env)) for member in node.members])
        return op.contains(self.eval(node.of, env), item)

    def _joined(self, node: And | Or, env: Env) -> Any:
        decisive = isinstance(node, Or)
        values = []
        for item in node.items:
            value = self.eval(item, env)
            if value is decisive:
                return decisive
            values.append(value)
        return any_of(values) if decisive else all_of(values)

    def _if(self, node: If, env: Env) -> Any:
        test_ = self.eval(node.test, env)
        if isinstance(test_, bool):
            return self.eval(node.then if test_ else node.other, env)
        then, other = self.eval(node.then, env), self.eval(node.other, env)
        if not symbolic(then) and not symbolic(other) and agree(then, other):
            return then
        side = truth(test_)
        options: list[tuple[Formula, Any]] = [(side.holds, then), (side.fails, other)]
        if not side.sure:
            agreed = op.compare("==", then, other)
            options.append((truth(agreed).holds, then))
            if is_number(then) and is_number(other):
                low, high = op.extreme("min", [then, other]), op.extreme("max", [then, other])
                options.append((True, Num(num(low).low, num(high).high, below=num(low).below, above=num(high).above, day=num(low).day)))
        return merge(options)

    def _aggregate(self, node: Aggregate, env: Env) -> Any:
        rows = self.eval(node.over, env)
        if isinstance(rows, Unknown):
            return UNKNOWN
        absent: Formula = False
        if isinstance(rows, Rowset):
            absent, group = rows.absent, [(sure(there), one) for there, one in rows.members]
        else:
            group = _of_set(rows)
        pairs = []
        for there, member in group:
            inner = {**env, node.variable: member}
            kept = there if node.condition is None else all_of([there, self.eval(node.condition, inner)])
            if kept is not False:
                pairs.append((kept, 1 if node.element is None else self.eval(node.element, inner)))
        found = self._fold(node, pairs, env)
        return found if absent is False else merge([(absent, UNKNOWN), (True, found)])

    def _fold(self, node: Aggregate, pairs: list[tuple[Any, Any]], env: Env) -> Any:
        default = self.eval(node.default, env) if node.default is not None else None
        if not any(symbolic(part) for part in (default, *(part for pair in pairs for part in pair))):
            return FOLDS[node.function](pairs, default)
        if node.function in ("sum", "count"):
            return op.total(pairs)
        if node.function == "any":
            return op.some_of(pairs)
        if node.function == "all":
            return op.every(pairs)
        return op.furthest(node.function, pairs, default)

    def _call(self, node: Call, env: Env) -> Any:
        arguments = [self.eval(argument, env) for argument in node.arguments]
        if node.function == "year_of" and isinstance(arguments[0], Num):
            return op.year_of(arguments[0], *self.universe.years)
        return op.call(node.function, arguments)

    evaluators: ClassVar[dict[type[Node], Callable[[Any, Any, Env], Any]]] = {
        Const: lambda e, n, env: n.value,
        Builtin: lambda e, n, env: e._builtin(n, env),
        Var: lambda e, n, env: env[n.name],
        Column: lambda e, n, env: e._cell_of(e.eval(n.base, env), n.name),
        Compare: lambda e, n, env: op.compare(n.operator, e.eval(n.left, env), e.eval(n.right, env)),
        IsNone: lambda e, n, env: op.is_none(e.eval(n.item, env)),
        In: _in,
        And: _joined,
        Or: _joined,
        Not: lambda e, n, env: negate(e.eval(n.item, env)),
        If: _if,
        Arithmetic: lambda e, n, env: op.calculate(n.operator, e.eval(n.left, env), e.eval(n.right, env)),
        Call: _call,
        Aggregate: _aggregate,
    }


def _of_set(rows: Any) -> list[tuple[Any, Any]]:
    if isinstance(rows, Members):
        return [(settled(side.holds, side.fails), code) for code, side in sorted(rows.codes.items())]
    if isinstance(rows, OpenSet):
        return [*((True, code) for code in sorted(rows.members)), *((UNKNOWN, code) for code in sorted(rows.possible))]
    return [(True, member) for member in sorted(rows)]
