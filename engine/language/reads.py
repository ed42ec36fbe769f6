"""Which decisions an expression reads, so that they are proved before it and what depends on them is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engine.language.nodes import Aggregate, Decision, Node, Rows, Var, children

if TYPE_CHECKING:
    from engine.language.scope import Vocabulary

Key = tuple[str, str]


class Reads(NamedTuple):
    """The decisions that an expression reads, each as (entity, name).

    Attributes:
        same: those of the same year.
        every: those of whatever root or year.
        crosses: whether some are read through instances of another root.
    """

    same: frozenset[Key]
    every: frozenset[Key]
    crosses: bool


def reads(node: Node, vocabulary: Vocabulary) -> Reads:
    """What ``node`` reads; found once per node."""
    found: Reads | None = node.__dict__.get("_decisions_read")
    if found is None:
        found = node.__dict__["_decisions_read"] = _found(node, vocabulary)
    return found


def _found(node: Node, vocabulary: Vocabulary) -> Reads:
    same, every, crosses = set[Key](), set[Key](), False
    todo: list[tuple[Node, frozenset[str]]] = [(node, frozenset())]
    while todo:
        one, earlier = todo.pop()
        if isinstance(one, Decision):
            key = one.base.type.table or "", one.name
            every.add(key)
            if not (isinstance(one.base, Var) and one.base.name in earlier):  # those are proved under the law of their own year
                same.add(key)
        elif isinstance(one, Rows):
            entity = vocabulary.entities[one.base.type.table or ""].relations[one.relation].entity
            crosses |= entity is not None and vocabulary.entities[entity].of is None
        elif isinstance(one, Aggregate) and isinstance(one.over, Rows):
            relation = vocabulary.entities[one.over.base.type.table or ""].relations[one.over.relation]
            if relation.years == "earlier":
                earlier |= {one.variable}
        todo += [(child, earlier) for child in children(one)]
    return Reads(frozenset(same), frozenset(every), crosses)
