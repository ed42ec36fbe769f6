"""What the names in an expression stand for where it is evaluated, and which of them it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from engine.columns.cells import Cell, Space
from engine.language import Node, children
from engine.language.nodes import Aggregate, Column, Decision, Lookup, Rows, Var

FACTUAL = (Column, Decision, Rows, Lookup)


@dataclass(frozen=True)
class Bound:
    """What a name stands for in the space where an expression is evaluated.

    Attributes:
        space: of its rows; ``index`` gives the row for each row of the evaluating space, None where they are the same.
        table: of its columns; ``entity`` where it is an instance, of ``year``.
        constant: the engine's value, where the name stands for the same value everywhere.
    """

    space: Space | None = None
    index: Cell | None = None
    table: str | None = None
    entity: str | None = None
    year: int = 0
    constant: Any = None

    @cached_property
    def identity(self) -> tuple[Any, ...]:
        """What tells it from all else that the same name may stand for."""
        return self.space, self.index, self.year, self.constant


Env = Mapping[str, Bound]


class Reads(NamedTuple):
    """What an expression takes from its surroundings: names that stand for something there, and whether it looks at facts itself."""

    names: frozenset[str]
    facts: bool


def reads(node: Node) -> Reads:
    """What an expression reads; found once for each."""
    found: Reads | None = node.__dict__.get("_reads")
    if found is None:
        inner = [reads(child) for child in children(node)]
        names = frozenset({node.name}) if isinstance(node, Var) else frozenset[str]().union(*(each.names for each in inner))
        if isinstance(node, Aggregate):
            outer = [reads(part).names for part in (node.over, node.default) if part is not None]
            names = (names - {node.variable}).union(*outer)
        found = node.__dict__["_reads"] = Reads(names, isinstance(node, FACTUAL) or any(each.facts for each in inner))
    return found
