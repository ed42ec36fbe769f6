"""What the rules of a universe speak about."""

from __future__ import annotations

from typing import Any

from engine.analysis.laws.universe import Row
from engine.analysis.laws.values import Formula
from engine.analysis.symbols import Unencodable
from engine.language import EntitySpec


class Instance:
    """What rules speak about: a root in a year, or a part of it."""

    def __init__(self, entity: EntitySpec, year: int, row: Row | None, parent: Instance | None, present: Formula = True) -> None:
        self.entity, self.year, self.row, self.parent, self.present = entity, year, row, parent, present
        self.env: dict[str, Any] = dict(parent.env) if parent is not None else {}
        self.env[entity.name] = self.env["@"] = self
        self.name = f"{row.name if row is not None else entity.name}@{year}"

    def cell(self, name: str) -> Any:
        if name == "@year":
            return self.year
        if self.row is None:
            raise Unencodable(f"'{self.entity.name}' has no '{name}'")
        return self.row.cell(name)
