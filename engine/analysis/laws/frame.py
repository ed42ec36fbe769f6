"""What a question about one or two laws ranges over: the universe of a root in a year, and the laws encoded over it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.analysis.laws.cases import Finder
from engine.analysis.laws.encoding import Encoding, Key
from engine.analysis.laws.expressions import Expressions
from engine.analysis.laws.formulas import conj, neg
from engine.analysis.laws.universe import Bounds, Universe
from engine.analysis.laws.values import truth
from engine.analysis.symbols import formula
from engine.facts import Facts
from engine.language import EntitySpec, TableSpec, Vocabulary, walk
from engine.language.nodes import Rows
from engine.law import Law, Program, Selection, type_rule
from engine.law.invariants import ROW, invariants_of
from engine.proving import Prover, Root
from engine.proving.exchanging import PhaseProver

ROOT_ID = "A"


@dataclass(frozen=True)
class Side:
    """A law, and which of what its sources say counts.

    Attributes:
        phase: the phase whose law judges the year that is asked about, instead of its own.
    """

    law: Law
    selection: Selection
    phase: str | None = None

    def prover(self, facts: Facts, year: int) -> Prover:
        """A prover of this law about a root of ``year``."""
        if self.phase is None:
            return Prover(self.law, self.selection, facts)
        return PhaseProver(self.law, self.selection, facts, self.law.phases[self.phase], year)

    def program(self, root: Root, phase: str) -> Program:
        """The law by which a root of a phase was judged."""
        judged = Program(self.law, self.selection, self.law.phases[self.phase or phase], root.year)
        judged.constants = Program(self.law, self.selection, self.law.phases[phase], root.year).constants
        return judged


class Frame:
    """One root in one year, and every law that is asked about it.

    Args:
        laws: all laws that will be encoded over it.
        entity: what is asked about: an entity that is no part of another.
        plan: the code of the plan, for an entity without a table.
    """

    def __init__(self, laws: Iterable[Law], entity: str, year: int, bounds: Bounds, plan: str | None = None) -> None:
        laws = list(laws)
        self.entity, self.year, self.plan = entity, year, plan
        vocabulary = shared_vocabulary([law.vocabulary for law in laws])
        spec = vocabulary.entities[entity]
        patterns: dict[str, set[frozenset[str]]] = {}
        for law in laws:
            for table, columns in _patterns(law, entity):
                patterns.setdefault(table, set()).add(columns)
        root = (spec.table, ROOT_ID) if spec.table is not None else None
        self.universe = Universe(vocabulary, patterns, root, year, bounds)
        if spec.year_of is not None and self.universe.root is not None:
            self._within_the_year(self.universe.root.cell(spec.year_of))
        self._invariants = {name: invariants_of(vocabulary, name) for name, table in vocabulary.tables.items() if table.invariants}
        self._bound: set[tuple[str, str]] = set()
        self._reader = _Reader(self.universe)
        self.finder = Finder(self.universe, self._bind)

    def _within_the_year(self, day: Any) -> None:
        from datetime import date

        self.universe.constraints += [day.low >= date(self.year, 1, 1).toordinal(), day.low <= date(self.year, 12, 31).toordinal()]

    def _bind(self) -> None:
        """Exclude the rows that cannot be, as far as their cells were read."""
        for row in list(self.universe.rows.values()):
            for invariant in self._invariants.get(row.table, ()):
                if (row.name, invariant.name) in self._bound or not set(invariant.columns) <= set(row.cells):
                    continue
                self._bound.add((row.name, invariant.name))
                broken = truth(self._reader.eval(invariant.holds, {ROW: row})).fails
                self.universe.constraints.append(formula(neg(conj(row.present, broken))))

    @property
    def root(self) -> Root:
        return Root(self.entity, (self.plan,) if self.plan is not None else (ROOT_ID,), self.year)

    def encode(self, side: Side) -> Encoding:
        return Encoding(side.law, side.selection, self.universe, self.entity, side.phase, self.plan)


class _Reader(Expressions):
    """Reads invariants: conditions on a row and the day that is asked about."""

    def __init__(self, universe: Universe) -> None:
        self.universe = universe


def roots_of(law: Law) -> list[str]:
    """The entities that determinations are made about, the main one first."""
    names = [name for name, entity in law.vocabulary.entities.items() if entity.of is None]
    return sorted(names, key=lambda name: name != law.manifest["main"])


def scope(vocabulary: Vocabulary, entity: str) -> list[str]:
    """The entity and its parts."""
    return [name for name in vocabulary.entities if vocabulary.main_names(name)[-1].name == entity]


def decisions(vocabulary: Vocabulary, entity: str) -> list[Key]:
    """The decisions about an entity and its parts, in the order of the vocabulary."""
    inside = scope(vocabulary, entity)
    return [key for key in vocabulary.decisions if key[0] in inside]


def _patterns(law: Law, entity: str) -> Iterator[tuple[str, frozenset[str]]]:
    """The columns by which the rules about an entity and its parts find rows of each table."""
    inside = scope(law.vocabulary, entity)
    for name in inside:
        spec = law.vocabulary.entities[name]
        if spec.of is not None and spec.table is not None:
            yield spec.table, frozenset(spec.where)
    for key, rules in law.rules.items():
        if key[0] in inside:
            for rule in rules:
                typed = type_rule(law, rule)
                for node in (typed.when, typed.value):
                    yield from _read_by(law.vocabulary, node) if node is not None else ()


def _read_by(vocabulary: Vocabulary, node: Any) -> Iterator[tuple[str, frozenset[str]]]:
    for part in walk(node):
        if isinstance(part, Rows):
            relation = vocabulary.entities[part.base.type.table or ""].relations[part.relation]
            if relation.table is not None:
                yield relation.table, frozenset((*relation.where, *relation.key[: len(part.keys)]))
            elif relation.entity is not None:
                entity = vocabulary.entities[relation.entity]
                if entity.of is None and entity.table is not None:
                    yield entity.table, frozenset(relation.where)


def shared_vocabulary(vocabularies: list[Vocabulary]) -> Vocabulary:
    """The tables, columns and codes that every law knows: facts of these can be read under each of them."""
    first, *others = vocabularies
    if not others:
        return first
    tables = {
        name: _shared_table(table, [v.tables[name] for v in others])
        for name, table in first.tables.items()
        if all(name in v.tables for v in others)
    }
    codes = {
        name: frozenset.intersection(found, *(v.codes[name] for v in others))
        for name, found in first.codes.items()
        if all(name in v.codes for v in others)
    }
    entities: Mapping[str, EntitySpec] = {name: spec for name, spec in first.entities.items() if all(name in v.entities for v in others)}
    return first._replace(tables=tables, codes=codes, entities=entities)


def _shared_table(table: TableSpec, others: list[TableSpec]) -> TableSpec:
    columns = {name: column for name, column in table.columns.items() if all(name in other.columns for other in others)}
    return table._replace(columns=columns)
