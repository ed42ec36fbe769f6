"""The typed program: what `parse` makes and everything else reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from engine.language.types import Type


@dataclass(frozen=True)
class Node:
    """One expression. ``text`` is its source; ``column`` its first character in the expression, from 0."""

    type: Type
    text: str = field(compare=False)
    column: int = field(compare=False)


@dataclass(frozen=True)
class Const(Node):
    value: Any = None


@dataclass(frozen=True)
class Builtin(Node):
    """A value of the determination itself: year, phase, plan, the day it is asked."""

    name: str = ""


@dataclass(frozen=True)
class Var(Node):
    """The row or entity instance a name stands for."""

    name: str = ""


@dataclass(frozen=True)
class Column(Node):
    """A cell of a row: ``base`` is a row or a reference to one."""

    base: Node = None  # type: ignore[assignment]
    name: str = ""


@dataclass(frozen=True)
class Decision(Node):
    """Another decision of an entity instance."""

    base: Node = None  # type: ignore[assignment]
    name: str = ""


@dataclass(frozen=True)
class Parameter(Node):
    """A parameter of the law, looked up at its governing date and key."""

    name: str = ""
    key: Node | None = None
    at: Node = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Rows(Node):
    """The rows of a relation, narrowed by the leading columns of its remaining key."""

    base: Node = None  # type: ignore[assignment]
    relation: str = ""
    keys: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Lookup(Node):
    """One cell of the single row that a full key names; an absent row is what its table declares."""

    rows: Rows = None  # type: ignore[assignment]
    column_name: str = ""
    minimum: Any = None


@dataclass(frozen=True)
class Compare(Node):
    operator: str = ""
    left: Node = None  # type: ignore[assignment]
    right: Node = None  # type: ignore[assignment]


@dataclass(frozen=True)
class IsNone(Node):
    item: Node = None  # type: ignore[assignment]


@dataclass(frozen=True)
class In(Node):
    item: Node = None  # type: ignore[assignment]
    members: tuple[Node, ...] = ()
    of: Node | None = None


@dataclass(frozen=True)
class And(Node):
    items: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Or(Node):
    items: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Not(Node):
    item: Node = None  # type: ignore[assignment]


@dataclass(frozen=True)
class If(Node):
    test: Node = None  # type: ignore[assignment]
    then: Node = None  # type: ignore[assignment]
    other: Node = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Arithmetic(Node):
    operator: str = ""
    left: Node = None  # type: ignore[assignment]
    right: Node = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Call(Node):
    function: str = ""
    arguments: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Aggregate(Node):
    """`function(element for variable in over if condition)`; ``default`` is what min and max of no rows are."""

    function: str = ""
    variable: str = ""
    over: Node = None  # type: ignore[assignment]
    element: Node | None = None
    condition: Node | None = None
    default: Node | None = None


_PARTS: dict[type[Node], tuple[str, ...]] = {}


def children(node: Node) -> Iterator[Node]:
    """The direct sub-expressions, in source order."""
    names = _PARTS.get(type(node))
    if names is None:
        names = _PARTS[type(node)] = tuple(f.name for f in fields(node) if f.name not in ("type", "text", "column"))
    for name in names:
        part = getattr(node, name)
        if isinstance(part, Node):
            yield part
        elif isinstance(part, tuple):
            yield from (item for item in part if isinstance(item, Node))


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in children(node):
        yield from walk(child)
