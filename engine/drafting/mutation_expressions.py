"""Small errors in an expression: each gives the text of the rule as it would stand with that error."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

_BOUNDARY: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
_FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {ast.Add: ast.Sub, ast.Sub: ast.Add}
_FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any", "floor": "ceil", "ceil": "floor"}
Change = tuple[str, str, str, ast.AST]


def expression_mutants(text: str) -> Iterator[tuple[str, str, str, str]]:
    """Every expression with one error: its kind, the part that changes, what it changes to, and the whole text.

    Args:
        text: an expression that the engine can read.
    """
    tree = ast.parse(f"({text}\n)", mode="eval").body
    for index, node in enumerate(ast.walk(tree)):
        for kind, change in _changes(node):
            copied = copy.deepcopy(tree)
            target = next(part for number, part in enumerate(ast.walk(copied)) if number == index)
            changed = change(target)
            whole = changed if index == 0 else _replace(copied, target, changed)
            yield kind, ast.unparse(node), ast.unparse(changed), ast.unparse(whole)


def _replace(tree: ast.expr, target: ast.AST, changed: ast.AST) -> ast.expr:
    class Replacer(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            return changed if node is target else self.generic_visit(node)

    found: ast.expr = Replacer().visit(tree)
    return found


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[Any], ast.AST]]]:
    """The errors that a person could make at one node, each as a function of (a copy of) it."""
    if isinstance(node, ast.Compare):
        yield from _comparisons(node)
    elif isinstance(node, ast.BoolOp):
        yield "and-or", _and_or
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not", lambda n: n.operand
    elif isinstance(node, ast.IfExp):
        yield "branches", lambda n: ast.IfExp(n.test, n.orelse, n.body)
    elif isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        yield "arithmetic", lambda n: ast.BinOp(n.left, _ARITHMETIC[type(n.op)](), n.right)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
        yield "function", lambda n: ast.Call(ast.Name(_FUNCTIONS[n.func.id], ast.Load()), n.args, n.keywords)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool):
        yield "bound", lambda n: ast.Constant(n.value + 1)
        if node.value > 0:
            yield "bound", lambda n: ast.Constant(n.value - 1)


def _comparisons(node: ast.Compare) -> Iterator[tuple[str, Callable[[Any], ast.AST]]]:
    for position, operator in enumerate(node.ops):
        for kind, table in (("boundary", _BOUNDARY), ("comparison", _FLIPPED)):
            if type(operator) in table:
                yield kind, partial(_compared, position=position, operator=table[type(operator)]())
        members = node.comparators[position]
        if isinstance(members, (ast.Tuple, ast.List, ast.Set)) and len(members.elts) > 1:
            for dropped in range(len(members.elts)):
                yield "member", partial(_without, position=position, dropped=dropped)


def _compared(node: ast.Compare, position: int, operator: ast.cmpop) -> ast.Compare:
    return ast.Compare(node.left, [*node.ops[:position], operator, *node.ops[position + 1 :]], node.comparators)


def _without(node: ast.Compare, position: int, dropped: int) -> ast.Compare:
    listed: Any = node.comparators[position]
    kept = [element for index, element in enumerate(listed.elts) if index != dropped]
    made = ast.Set(kept) if isinstance(listed, ast.Set) else type(listed)(kept, ast.Load())
    return ast.Compare(node.left, node.ops, [*node.comparators[:position], made, *node.comparators[position + 1 :]])


def _and_or(node: ast.BoolOp) -> ast.BoolOp:
    return ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
