"""What decisions are about: an installation in a year, a lot of it, a trade, a plan, a plan in a year."""

from __future__ import annotations

from typing import Any, NamedTuple

from engine.facts import Row
from engine.language import EntitySpec
from engine.proving.steps import Step


class Root(NamedTuple):
    """What one determination is about.

    Attributes:
        entity: an entity that is no part of another.
        key: the id of its base row, or the code that keys it.
        year: the year whose law is asked about.
    """

    entity: str
    key: tuple[str, ...]
    year: int

    def __str__(self) -> str:
        return f"{', '.join(self.key)}, {self.year}"


class Instance:
    """An instance of an entity; in rules it answers to its row's columns and its own decisions.

    Attributes:
        place: its key, with the year where it has one.
        env: what the names in its rules stand for.
        steps: decision -> the step that proves it.
        values: decision -> its value for those who depend on it; a gap or a conflict is an unknown to them.
    """

    __slots__ = ("entity", "env", "parent", "place", "root", "row", "steps", "values")

    def __init__(self, entity: EntitySpec, root: Root, row: Row | None, parent: Instance | None, context: Any) -> None:
        self.entity, self.root, self.row, self.parent = entity, root, row, parent
        own = row.key if row is not None else root.key
        years = (str(root.year),) if entity.years or (parent is not None and parent.entity.years) else ()
        self.place = (*own, *years)
        self.env: dict[str, Any] = {"@": context} if parent is None else dict(parent.env)
        self.env[entity.name] = self
        self.steps: dict[str, Step] = {}
        self.values: dict[str, Any] = {}

    def cell(self, name: str) -> Any:
        if name == "@year":
            return self.root.year
        assert self.row is not None
        return self.row.cells[name]
