"""The trace of an expression: every part with its value, as the reader of a proof sees it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from engine.language.meaning import Env, candidates, compile_node
from engine.language.nodes import (
    Aggregate,
    And,
    Builtin,
    Column,
    Compare,
    Const,
    Decision,
    If,
    In,
    IsNone,
    Lookup,
    Node,
    Not,
    Or,
    Parameter,
    Rows,
    Var,
    children,
)
from engine.language.types import Type
from engine.language.values import Unknown


class Trace(NamedTuple):
    """One part of an expression and what it came to.

    What evaluation did not look at, because the rest had decided already, is `skipped` and has no value.

    Attributes:
        kind: `and`, `or`, `not`, `if`, `compare` (both sides are parts), `in`, `none` (is it none?), `value` (made of
            its parts), `constant`, `fact`, `decision`, `parameter`, `rows` (a group), `row` (one of it).
        text: the source text of the part.
        value: its value; of a reference, the id of the row.
        type: its type, which gives unit and code list.
        name: of a leaf: column, decision or parameter.
        place: of a leaf or row: the key of the row or instance; of a parameter: its key.
        source: where a fact was read (file and line), or None.
        at: the governing date of a parameter.
        parts: the parts that the value was made from.
    """

    kind: str
    text: str
    value: Any
    type: Type
    name: str = ""
    place: tuple[str, ...] = ()
    source: str | None = None
    at: Any = None
    parts: tuple[Trace, ...] = ()


_KINDS = {And: "and", Or: "or", Not: "not", If: "if", Compare: "compare", In: "in", IsNone: "none"}


def trace(node: Node, env: Env, full: bool = False) -> Trace:
    """The trace of ``node``; its values are those that `compile_node` gives.

    Args:
        full: whether parts that evaluation skipped are looked at too.
    """
    value, context = plain(compile_node(node)(env)), env["@"]
    if isinstance(node, (And, Or)) and not full:
        return Trace(_KINDS[type(node)], node.text, value, node.type, parts=tuple(_until_decided(node, value, env)))
    if isinstance(node, If) and not full and isinstance(node_value := compile_node(node.test)(env), bool):
        branches = ((node.test, True), (node.then, node_value), (node.other, not node_value))
        return Trace("if", node.text, value, node.type, parts=tuple(trace(n, env) if looked else _skipped(n) for n, looked in branches))
    if isinstance(node, Aggregate):
        return Trace("rows", node.text, value, node.type, node.function, parts=_members(node, env, full))
    if isinstance(node, Parameter):
        key = compile_node(node.key)(env) if node.key is not None else None
        parts = tuple(trace(part, env, full) for part in children(node) if not isinstance(part, (Const, Builtin)))
        place = (str(key),) if key is not None and not isinstance(key, Unknown) else ()
        return Trace("parameter", node.text, value, node.type, node.name, place, None, compile_node(node.at)(env), parts)
    if isinstance(node, Decision):
        owner = compile_node(node.base)(env)
        name = (owner.entity.name if hasattr(owner, "entity") else "") + "." + node.name
        return Trace("decision", node.text, value, node.type, name, context.place(owner))
    if isinstance(node, Column):
        owner = compile_node(node.base)(env)
        known = owner is not None and not isinstance(owner, Unknown)
        place, source = (context.place(owner), context.source(owner)) if known else ((), None)
        return Trace("fact", node.text, value, node.type, node.name, place, source)
    if isinstance(node, Lookup):
        rows = compile_node(node.rows)(env)
        source = context.source(rows[0]) if isinstance(rows, list) and rows else None
        return Trace("fact", node.text, value, node.type, node.column_name, (), source)
    if isinstance(node, (Const, Builtin, Var, Rows)):
        return Trace("constant", node.text, None if isinstance(node, (Var, Rows)) else value, node.type)
    looked_at = _looked_at if full else trace
    return Trace(_KINDS.get(type(node), "value"), node.text, value, node.type, parts=tuple(looked_at(p, env, full) for p in children(node)))


def _skipped(node: Node) -> Trace:
    return Trace("skipped", node.text, None, node.type)


def _looked_at(node: Node, env: Env, full: bool) -> Trace:
    """The trace of a part that evaluation may have skipped with reason: it divides by zero, and has no value to show."""
    try:
        return trace(node, env, full)
    except ZeroDivisionError:
        return _skipped(node)


def _until_decided(node: And | Or, value: Any, env: Env) -> Iterator[Trace]:
    """The parts up to the one that decides; of an undecided whole, all."""
    decisive, decided = isinstance(node, Or), False
    for item in node.items:
        if decided:
            yield _skipped(item)
            continue
        part = trace(item, env)
        decided = part.value is decisive and value is decisive
        yield part


def plain(value: Any) -> Any:
    """A value without the row it may refer to: a reference becomes the id of its row."""
    return value.key[0] if hasattr(value, "key") else value.place[0] if hasattr(value, "place") and hasattr(value, "cell") else value


def _members(node: Aggregate, env: Env, full: bool) -> tuple[Trace, ...]:
    rows = compile_node(node.over)(env)
    if isinstance(rows, Unknown):
        return ()
    found = []
    for member, belongs in candidates(rows):
        inner = {**env, node.variable: member}
        parts = tuple(_looked_at(part, inner, full) for part in (node.condition, node.element) if part is not None)
        kept = belongs if node.condition is None or belongs is not True else parts[0].value
        place = env["@"].place(member) if hasattr(member, "cell") else (str(member),)
        source = env["@"].source(member) if hasattr(member, "cell") else None
        found.append(Trace("row", node.variable, kept, node.over.type, node.variable, place, source, parts=parts))
    return tuple(found)
