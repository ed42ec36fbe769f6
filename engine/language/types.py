"""The types of the language."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from engine.language.units import ONE, Unit

Kind = Literal["bool", "number", "date", "month_day", "code", "text", "ref", "row", "set", "none"]


@dataclass(frozen=True)
class Type:
    """What an expression can be.

    Attributes:
        kind: the family of values.
        unit: of a number.
        codes: the code list of a code or of a set of codes; ``None`` in a code type means "some bare identifier".
        table: the table of a reference, or the table or entity of a row.
        nullable: whether `none` (there is no such thing) is among the values.
    """

    kind: Kind
    unit: Unit = ONE
    codes: str | None = None
    table: str | None = None
    nullable: bool = False

    def or_none(self, nullable: bool = True) -> Type:
        return replace(self, nullable=True) if nullable and not self.nullable else self

    def plain(self) -> Type:
        return replace(self, nullable=False) if self.nullable else self

    def __str__(self) -> str:
        detail = {
            "number": f" in {self.unit}",
            "code": f" of {self.codes}",
            "set": f" of {self.codes or 'numbers'}",
            "ref": f" to {self.table}",
            "row": f" of {self.table}",
        }.get(self.kind, "")
        name = {"bool": "condition", "ref": "reference", "none": "none", "month_day": "month and day"}.get(self.kind, self.kind)
        return name + detail + (" or none" if self.nullable and self.kind != "none" else "")


BOOL = Type("bool")
DATE = Type("date")
NUMBER = Type("number")
NONE = Type("none", nullable=True)


def number(unit: Unit) -> Type:
    return Type("number", unit=unit)


def code(codes: str | None) -> Type:
    return Type("code", codes=codes)


def reference(table: str) -> Type:
    return Type("ref", table=table)


def row(table: str) -> Type:
    return Type("row", table=table)


def set_of(codes: str | None) -> Type:
    """A set of codes, or of plain numbers (years) where ``codes`` is None."""
    return Type("set", codes=codes)
