"""Rules by what they mean: expressions and rules in a form that names, order and spelling do not change.

Only what strong Kleene logic and exact numbers allow is done: `and`, `or`, `+` and `*` are flattened and ordered, negation is
pushed inwards, comparisons are turned to one side, bound variables are numbered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.language import Node
from engine.language.nodes import (
    Aggregate,
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
    Lookup,
    Not,
    Or,
    Parameter,
    Rows,
    Var,
)
from engine.law import TypedRule

Form = tuple[Any, ...]
_TURNED = {">": "<", ">=": "<="}
_NEGATED = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
TRUE: Form = ("const", "bool", True)


def same_name(kind: str, name: str) -> str:
    """Every name as it stands."""
    return name


def rule_form(typed: TypedRule, others: Mapping[str, TypedRule], named: Callable[[str, str], str] = same_name) -> Form:
    """What a rule says: its condition, its value, and the forms of the rules that it displaces.

    Args:
        others: the rules of the same decision, by name.
        named: (`parameter` or `decision`, its name) -> the name under which it is compared.
    """
    normal = _Normal(named)
    when = TRUE if typed.when is None else normal.form(typed.when, ())
    displaced = sorted((rule_form(others[name], others, named) for name in typed.rule.exception_to if name in others), key=repr)
    return ("rule", when, normal.form(typed.value, ()), tuple(displaced))


def form_of(node: Node, named: Callable[[str, str], str] = same_name) -> Form:
    """The normal form of an expression; two with equal forms mean the same."""
    return _Normal(named).form(node, ())


class _Normal:
    def __init__(self, named: Callable[[str, str], str]) -> None:
        self.named = named

    def form(self, node: Node, bound: tuple[str, ...]) -> Form:
        """``bound``: the variables of the aggregates around the node, outermost first."""
        made = getattr(self, f"_{type(node).__name__.lower()}")
        found: Form = made(node, bound)
        return found

    def all(self, nodes: tuple[Node, ...], bound: tuple[str, ...]) -> tuple[Form, ...]:
        return tuple(self.form(node, bound) for node in nodes)

    def maybe(self, node: Node | None, bound: tuple[str, ...]) -> Form | None:
        return None if node is None else self.form(node, bound)

    # -- leaves -------------------------------------------------------------------------------------------------

    def _const(self, node: Const, bound: tuple[str, ...]) -> Form:
        value = tuple(sorted(node.value, key=repr)) if isinstance(node.value, frozenset) else node.value
        return ("const", type(node.value).__name__, value)

    def _builtin(self, node: Builtin, bound: tuple[str, ...]) -> Form:
        return ("builtin", node.name)

    def _var(self, node: Var, bound: tuple[str, ...]) -> Form:
        inner = [depth for depth, name in enumerate(reversed(bound)) if name == node.name]
        return ("bound", inner[0]) if inner else ("row", node.name)

    def _column(self, node: Column, bound: tuple[str, ...]) -> Form:
        return ("column", self.form(node.base, bound), node.name)

    def _decision(self, node: Decision, bound: tuple[str, ...]) -> Form:
        return ("decision", self.form(node.base, bound), self.named("decision", node.name))

    def _parameter(self, node: Parameter, bound: tuple[str, ...]) -> Form:
        return ("parameter", self.named("parameter", node.name), self.maybe(node.key, bound), self.form(node.at, bound))

    def _rows(self, node: Rows, bound: tuple[str, ...]) -> Form:
        return ("rows", self.form(node.base, bound), node.relation, self.all(node.keys, bound))

    def _lookup(self, node: Lookup, bound: tuple[str, ...]) -> Form:
        return ("cell", self.form(node.rows, bound), node.column_name)

    # -- conditions ---------------------------------------------------------------------------------------------

    def _compare(self, node: Compare, bound: tuple[str, ...]) -> Form:
        return self.comparison(node, node.operator, bound)

    def comparison(self, node: Compare, operator: str, bound: tuple[str, ...]) -> Form:
        left, right = self.form(node.left, bound), self.form(node.right, bound)
        if operator in _TURNED:
            return (_TURNED[operator], right, left)
        if operator in ("==", "!="):
            return (operator, *sorted((left, right), key=repr))
        return (operator, left, right)

    def _isnone(self, node: IsNone, bound: tuple[str, ...]) -> Form:
        return ("none", self.form(node.item, bound))

    def _in(self, node: In, bound: tuple[str, ...]) -> Form:
        members = tuple(sorted(set(self.all(node.members, bound)), key=repr))
        return ("in", self.form(node.item, bound), members, self.maybe(node.of, bound))

    def _and(self, node: And, bound: tuple[str, ...]) -> Form:
        return self.joined("and", self.all(node.items, bound))

    def _or(self, node: Or, bound: tuple[str, ...]) -> Form:
        return self.joined("or", self.all(node.items, bound))

    def joined(self, operator: str, items: tuple[Form, ...]) -> Form:
        flat = [inner for item in items for inner in (item[1:] if item[0] == operator else (item,))]
        distinct = sorted(set(flat), key=repr)
        return distinct[0] if len(distinct) == 1 else (operator, *distinct)

    def _not(self, node: Not, bound: tuple[str, ...]) -> Form:
        item = node.item
        if isinstance(item, Not):
            return self.form(item.item, bound)
        if isinstance(item, (And, Or)):
            parts = tuple(self._not(Not(part.type, part.text, part.column, item=part), bound) for part in item.items)
            return self.joined("or" if isinstance(item, And) else "and", parts)
        if isinstance(item, Const):
            return ("const", "bool", not item.value)
        if isinstance(item, Compare):
            ordered = item.operator in ("==", "!=") or not (item.left.type.nullable or item.right.type.nullable)
            if ordered:  # `<` of what may be none is false either way, so its negation is not `>=`
                return self.comparison(item, _NEGATED[item.operator], bound)
        return ("not", self.form(item, bound))

    # -- values -------------------------------------------------------------------------------------------------

    def _if(self, node: If, bound: tuple[str, ...]) -> Form:
        test, then, other = node.test, node.then, node.other
        while isinstance(test, Not):
            test, then, other = test.item, other, then
        return ("if", self.form(test, bound), self.form(then, bound), self.form(other, bound))

    def _arithmetic(self, node: Arithmetic, bound: tuple[str, ...]) -> Form:
        items = self.form(node.left, bound), self.form(node.right, bound)
        if node.operator not in ("+", "*"):
            return (node.operator, *items)
        flat = [inner for item in items for inner in (item[1:] if item[0] == node.operator else (item,))]
        return (node.operator, *sorted(flat, key=repr))

    def _call(self, node: Call, bound: tuple[str, ...]) -> Form:
        arguments = self.all(node.arguments, bound)
        if node.function in ("min", "max"):
            arguments = tuple(sorted(set(arguments), key=repr))
        return ("call", node.function, arguments)

    def _aggregate(self, node: Aggregate, bound: tuple[str, ...]) -> Form:
        inside = (*bound, node.variable)
        parts = (self.maybe(node.element, inside), self.maybe(node.condition, inside), self.maybe(node.default, bound))
        return ("aggregate", node.function, self.form(node.over, bound), *parts)
