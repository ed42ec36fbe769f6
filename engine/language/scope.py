"""What names mean: the vocabulary of a ruleset as the parser sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.language.parsed import Parsed
from engine.language.types import Type


class ColumnSpec(NamedTuple):
    """A column of a fact table.

    Attributes:
        absent: what stands in when the facts lack the whole column (`presumed`), as a parsed value; see ``has_absent``.
        minimum: the least possible value of a number.
        event: whether the column dates the row's event, so that it is never after the day that is asked about.
        unit_of: the column of codes whose unit this column must repeat.
        year: whether it is a calendar year, of four digits.
        past: whether it dates something that has happened, so that it is never after the day that is asked about.
    """

    name: str
    type: Type
    required: bool = False
    has_presumed: bool = False
    presumed: Any = None
    minimum: Any = None
    whole: bool = False
    event: bool = False
    unit_of: str | None = None
    year: bool = False
    past: bool = False


class InvariantSpec(NamedTuple):
    """What holds of every row of a table: ``holds`` is the text of a condition about `row`, ``says`` what to say where it does not."""

    name: str
    holds: str
    says: Mapping[str, str]


class TableSpec(NamedTuple):
    """A fact table. ``measured``: an absent row is unknown; otherwise it did not happen."""

    name: str
    columns: Mapping[str, ColumnSpec]
    key: tuple[str, ...] = ()
    measured: bool = False
    event: str | None = None
    also: Mapping[str, Mapping[str, str]] = {}
    invariants: tuple[InvariantSpec, ...] = ()


class RelationSpec(NamedTuple):
    """Rows that belong to an entity instance.

    Attributes:
        table: the fact table, or
        entity: the entity whose instances are meant.
        where: column of the target -> dotted path evaluated at the owner (`installation.id`, `year`).
        years: for an entity that has years: `same` or `earlier`.
        key: the columns that still identify a row once ``where`` is fixed; the keys of `relation[…]`.
    """

    name: str
    where: Mapping[str, str]
    table: str | None = None
    entity: str | None = None
    years: str | None = None
    key: tuple[str, ...] = ()


class EntitySpec(NamedTuple):
    """What decisions are made about.

    Attributes:
        row: the name by which rules call the base row (`installation`, `lot`, `trade`).
        table: the fact table of the base row; None for entities keyed by a code (a plan).
        codes: the code list that keys an entity without a base row.
        years: whether there is one instance a year.
        year_of: the date column whose year selects the law (a trade).
        of: the entity this one is a part of; its names are visible.
        where: as in a relation, for parts.
        seen_in: the tables whose rows show that an instance exists.
    """

    name: str
    row: str
    table: str | None = None
    codes: str | None = None
    years: bool = False
    year_of: str | None = None
    of: str | None = None
    where: Mapping[str, str] = {}
    relations: Mapping[str, RelationSpec] = {}
    seen_in: tuple[str, ...] = ()


class ParameterSpec(NamedTuple):
    """A dated value.

    Attributes:
        governed_by: the name of its governing date.
        keyed_by: a code list, or `year`.
        minimum: the least that it can be.
        inherited: whether a phase that says nothing takes the value of the one it inherits from.
    """

    name: str
    type: Type
    governed_by: str
    keyed_by: str | None = None
    minimum: Any = None
    inherited: bool = True


class DecisionSpec(NamedTuple):
    name: str
    entity: str
    type: Type


class Vocabulary(NamedTuple):
    """Everything a name can mean.

    ``decisions`` maps (entity, name); ``governing`` maps the name of a governing date to its expression text;
    ``code_units`` maps a code list to the unit in which each member is measured, where it names one;
    ``governing_dates`` keeps, by name and entity, the dates that were read already: every parameter in a rule has one;
    ``invariants`` keeps, by table, the invariants that were read already: every case and register is held against them;
    ``parsed`` keeps whole texts.
    """

    tables: Mapping[str, TableSpec]
    entities: Mapping[str, EntitySpec]
    decisions: Mapping[tuple[str, str], DecisionSpec]
    parameters: Mapping[str, ParameterSpec]
    codes: Mapping[str, frozenset[str]]
    governing: Mapping[str, str]
    builtins: Mapping[str, Type]
    code_units: Mapping[str, Mapping[str, str]]
    governing_dates: dict[tuple[str, str], Any]
    invariants: dict[str, tuple[Any, ...]]
    parsed: Parsed

    def main_names(self, entity: str) -> list[EntitySpec]:
        """The entity and those it is a part of, nearest first."""
        chain = [self.entities[entity]]
        while chain[-1].of:
            chain.append(self.entities[chain[-1].of])
        return chain


class Scope(NamedTuple):
    """Where an expression stands: in the rules of one entity, possibly inside generators.

    Attributes:
        governing: the governing dates that are being read, outermost first; one that needs itself is a circle.
    """

    vocabulary: Vocabulary
    entity: str
    variables: Mapping[str, Type] = {}
    governing: tuple[str, ...] = ()

    def inside(self, name: str, kind: Type) -> Scope:
        return Scope(self.vocabulary, self.entity, {**self.variables, name: kind}, self.governing)
