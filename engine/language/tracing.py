"""The trace of an expression: every part with its value, as the reader of a proof sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.language.meaning import Env, compile_node
from engine.language.nodes import Aggregate, And, Builtin, Column, Const, Decision, If, Lookup, Node, Not, Or, Parameter, Rows, Var, children
from engine.language.values import Unknown


@dataclass(frozen=True)
class Trace:
    """One part of an expression and what it came to.

    Attributes:
        kind: `and`, `or`, `not`, `if`, `compare`, `value`, `fact`, `decision`, `parameter`, `rows`, `row`.
        text: the source text of the part.
        value: its value.
        name: of a leaf: table and column, decision or parameter.
        place: of a leaf or row: the key of the row or instance; of a parameter: its key.
        source: where a fact was read (file and line), or None.
        at: the governing date of a parameter.
        parts: the parts that the value was made from.
    """

    kind: str
    text: str
    value: Any
    name: str = ""
    place: tuple[str, ...] = ()
    source: str | None = None
    at: Any = None
    parts: tuple[Trace, ...] = ()


_KINDS = {And: "and", Or: "or", Not: "not", If: "if", Aggregate: "rows"}


def trace(node: Node, env: Env) -> Trace:
    """The trace of ``node``; its values are those that `compile_node` gives."""
    value = compile_node(node)(env)
    value = value.key[0] if hasattr(value, "key") else None if hasattr(value, "cell") else value
    context = env["@"]
    if isinstance(node, Aggregate):
        return Trace("rows", node.text, value, node.function, parts=_members(node, env))
    if isinstance(node, Parameter):
        key = compile_node(node.key)(env) if node.key is not None else None
        parts = tuple(trace(part, env) for part in children(node) if not isinstance(part, (Const, Builtin)))
        place = (str(key),) if key is not None else ()
        return Trace("parameter", node.text, value, node.name, place, None, compile_node(node.at)(env), parts)
    if isinstance(node, Decision):
        return Trace("decision", node.text, value, node.name, context.place(compile_node(node.base)(env)))
    if isinstance(node, Column):
        owner = compile_node(node.base)(env)
        known = owner is not None and not isinstance(owner, Unknown)
        place, source = (context.place(owner), context.source(owner)) if known else ((), None)
        return Trace("fact", node.text, value, node.name, place, source)
    if isinstance(node, Lookup):
        rows = compile_node(node.rows)(env)
        source = context.source(rows[0]) if isinstance(rows, list) and rows else None
        return Trace("fact", node.text, value, node.column_name, (), source)
    if isinstance(node, (Const, Builtin, Var, Rows)):
        return Trace("value", node.text, None if isinstance(node, (Var, Rows)) else value)
    kind = _KINDS.get(type(node), "compare" if node.type.kind == "bool" else "value")
    return Trace(kind, node.text, value, parts=tuple(trace(part, env) for part in children(node)))


def _members(node: Aggregate, env: Env) -> tuple[Trace, ...]:
    rows = compile_node(node.over)(env)
    if isinstance(rows, Unknown):
        return ()
    found = []
    for member in rows if isinstance(rows, list) else sorted(rows):
        inner = {**env, node.variable: member}
        parts = tuple(trace(part, inner) for part in (node.condition, node.element) if part is not None)
        kept = parts[0].value if node.condition is not None else True
        place = env["@"].place(member) if hasattr(member, "cell") else (str(member),)
        source = env["@"].source(member) if hasattr(member, "cell") else None
        found.append(Trace("row", node.variable, kept, node.variable, place, source, parts=parts))
    return tuple(found)
