"""The typed program: what `parse` makes and everything else reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

from engine.language.types import Type


class Node:
    """One expression.

    Nodes are immutable and compare by what they mean, not by how it was written. They are plain classes, not
    dataclasses: making twenty of those costs more than reading the law.

    Attributes:
        type: what it can be.
        text: its source.
        column: its first character in the expression, from 0.
    """

    type: Type
    text: str
    column: int
    PARTS: tuple[str, ...] = ()
    _meant: Callable[[Node], Any]
    """The values of its parts: of a single part the value itself."""

    def __init_subclass__(cls) -> None:
        cls._meant = attrgetter(*cls.PARTS)

    def __init__(self, type: Type, text: str, column: int, **parts: Any) -> None:
        self.__dict__.update(parts, type=type, text=text, column=column)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("a node never changes")

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if self.__class__ is not other.__class__ or hash(self) != hash(other):
            return False
        if self.type is not other.type and self.type != other.type:
            return False
        return bool(self._meant(self) == self._meant(other))

    def __hash__(self) -> int:
        found: int | None = self.__dict__.get("_hash")
        if found is None:
            found = self.__dict__["_hash"] = hash((self.__class__, self._meant(self)))
        return found

    def __getstate__(self) -> dict[str, Any]:
        """Without what was found out about it in this process, of which hashes and functions mean nothing in another."""
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_")}

    def but(self, **parts: Any) -> Any:
        """A copy with some parts replaced."""
        return self.__class__(**{**self.__getstate__(), **parts})


class Const(Node):
    """A value written in the rule."""

    value: Any
    PARTS = ("value",)


class Builtin(Node):
    """A value of the determination itself: year, phase, plan, the day it is asked."""

    name: str
    PARTS = ("name",)


class Var(Node):
    """The row or entity instance a name stands for."""

    name: str
    PARTS = ("name",)


class Column(Node):
    """A cell of a row: ``base`` is a row or a reference to one."""

    base: Node
    name: str
    PARTS = (
        "base",
        "name",
    )


class Decision(Node):
    """Another decision of an entity instance."""

    base: Node
    name: str
    PARTS = (
        "base",
        "name",
    )


class Parameter(Node):
    """A parameter of the law, looked up at its governing date and key; ``members`` are the codes that the key can be."""

    name: str
    key: Node | None = None
    at: Node
    members: tuple[str, ...] = ()
    minimum: Any = None
    PARTS = ("name", "key", "at")


class Rows(Node):
    """The rows of a relation, narrowed by the leading columns of its remaining key."""

    base: Node
    relation: str
    keys: tuple[Node, ...] = ()
    PARTS = (
        "base",
        "relation",
        "keys",
    )


class Lookup(Node):
    """One cell of the single row that a full key names; an absent row is what its table declares."""

    rows: Rows
    column_name: str
    minimum: Any = None
    PARTS = (
        "rows",
        "column_name",
        "minimum",
    )


class Compare(Node):
    """A comparison of two values."""

    operator: str
    left: Node
    right: Node
    PARTS = (
        "operator",
        "left",
        "right",
    )


class IsNone(Node):
    """Whether there is no such thing."""

    item: Node
    PARTS = ("item",)


class In(Node):
    """Whether a value is one of ``members``, or in the set ``of``."""

    item: Node
    members: tuple[Node, ...] = ()
    of: Node | None = None
    PARTS = (
        "item",
        "members",
        "of",
    )


class And(Node):
    """All of them hold."""

    items: tuple[Node, ...]
    PARTS = ("items",)


class Or(Node):
    """One of them holds."""

    items: tuple[Node, ...]
    PARTS = ("items",)


class Not(Node):
    """It does not hold."""

    item: Node
    PARTS = ("item",)


class If(Node):
    """One of two values, by a condition."""

    test: Node
    then: Node
    other: Node
    PARTS = (
        "test",
        "then",
        "other",
    )


class Arithmetic(Node):
    """A sum, difference, product or quotient."""

    operator: str
    left: Node
    right: Node
    PARTS = (
        "operator",
        "left",
        "right",
    )


class Call(Node):
    """A function of values."""

    function: str
    arguments: tuple[Node, ...]
    PARTS = (
        "function",
        "arguments",
    )


class Aggregate(Node):
    """`function(element for variable in over if condition)`; ``default`` is what min and max of no rows are."""

    function: str
    variable: str
    over: Node
    element: Node | None = None
    condition: Node | None = None
    default: Node | None = None
    PARTS = (
        "function",
        "variable",
        "over",
        "element",
        "condition",
        "default",
    )


def children(node: Node) -> tuple[Node, ...]:
    """The direct sub-expressions, in source order."""
    found: tuple[Node, ...] | None = node.__dict__.get("_children")
    if found is None:
        items: list[Node] = []
        for name in node.PARTS:
            part = getattr(node, name)
            if isinstance(part, Node):
                items.append(part)
            elif part.__class__ is tuple:
                items += [item for item in part if isinstance(item, Node)]
        found = node.__dict__["_children"] = tuple(items)
    return found


def walk(node: Node) -> Iterator[Node]:
    """The node and everything in it, each before its parts."""
    todo = [node]
    while todo:
        one = todo.pop()
        yield one
        todo += reversed(children(one))
