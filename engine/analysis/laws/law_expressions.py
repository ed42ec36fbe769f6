"""What rules ask of the law and of related rows, evaluated over every case of a universe."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, ClassVar

from engine.analysis.laws.deciding import Decided, Read
from engine.analysis.laws.expressions import Env, Expressions
from engine.analysis.laws.formulas import conj, neg, test
from engine.analysis.laws.instances import Instance
from engine.analysis.laws.universe import Row
from engine.analysis.laws.values import (
    OPEN,
    UNKNOWN,
    Formula,
    Rowset,
    lift,
    merge,
    num,
    symbolic,
)
from engine.analysis.symbols import Unencodable
from engine.language import Node, Unknown
from engine.language.nodes import (
    Builtin,
    Decision,
    Lookup,
    Parameter,
    Rows,
)
from engine.language.values import hull
from engine.law import Law, Program, Selection


class LawExpressions(Expressions, ABC):
    """Evaluates the expressions of rules; who inherits from it gives the decisions and the law of a year."""

    law: Law
    selection: Selection
    _reads: list[set[Read]]

    @abstractmethod
    def program(self, year: int) -> Program:
        """The law of a year."""

    @abstractmethod
    def decided(self, instance: Instance, name: str) -> Decided:
        """A decision about an instance."""

    @abstractmethod
    def instance(self, entity: str, row: Row | None, year: int) -> Instance:
        """What rules about a row in a year speak of."""

    @abstractmethod
    def parts(self, entity: str, owner: Instance) -> list[Instance]:
        """The instances of a part of ``owner``."""

    @abstractmethod
    def path(self, owner: Instance, path: str) -> Any:
        """The value of a dotted path, as in a relation."""

    # -- expressions --------------------------------------------------------------------------------------------

    def _builtin(self, node: Builtin, env: Env) -> Any:
        return super()._builtin(node, env) if node.name == "as_of" else self.program(env["@"].year).constants[node.name]

    def _decision(self, node: Decision, env: Env) -> Any:
        owner = self.eval(node.base, env)
        if not isinstance(owner, Instance):
            raise Unencodable(f"'{node.text}': a decision of one of several")
        return self.decided(owner, node.name).value

    def _parameter(self, node: Parameter, env: Env) -> Any:
        year = env["@"].year
        key = self.eval(node.key, env) if node.key is not None else None
        at = self.eval(node.at, env)
        if node.key is not None and symbolic(key):
            return lift(lambda one: self._on_days(year, node, one, at), key)
        if isinstance(key, Unknown) and node.members and isinstance(at, date):
            found = [self._look_up(year, node.name, member, at) for member in node.members]
            return hull([*found, None] if key.none else found, key.causes)
        return self._on_days(year, node, key, at)

    def _on_days(self, year: int, node: Parameter, key: Any, at: Any) -> Any:
        """The value on a day; on a day that is left open, by the days on which it changes."""
        if isinstance(key, Unknown) or isinstance(at, Unknown):
            return Unknown(OPEN, self.law.vocabulary.parameters[node.name].minimum, None, node.type.nullable)
        if at is None or (node.key is not None and key is None):
            return None
        if isinstance(at, date):
            return self._look_up(year, node.name, key, at)
        day = num(at)
        if day.cases is not None:
            return lift(lambda one: self._on_days(year, node, key, one), day)
        key = getattr(key, "name", key)
        changes = {d.toordinal() for e in self.law.entries(node.name, key) for d in (e.begins, e.ends)}
        inside = sorted(d for d in changes if self.universe.first < d <= self.universe.last)
        options: list[tuple[Formula, Any]] = [(day.none, None)]
        for start in reversed([self.universe.first, *inside]):
            since = conj(neg(day.below), test(start, "<=", day.low))
            upto = conj(neg(day.above), *(neg(test(later, "<=", day.high)) for later in inside if later > start))
            options.append(
                (conj(since if start != self.universe.first else True, upto), self._look_up(year, node.name, key, date.fromordinal(start)))
            )
        return merge(options)

    def _look_up(self, year: int, name: str, key: Any, at: date) -> Any:
        key = getattr(key, "name", key)
        value = self.program(year).parameter(name, key, at)[0]
        self._reads[-1].add(("value", year, (name, key, at), value))
        return value

    def _rows(self, node: Rows, env: Env) -> Any:
        owner = self.eval(node.base, env)
        keys = [self.eval(key, env) for key in node.keys]
        relation = owner.entity.relations[node.relation]
        pattern = {column: self.path(owner, path) for column, path in relation.where.items()}
        if relation.entity is not None:
            return self._related(owner, relation.entity, pattern, relation.years)
        assert relation.table is not None
        pattern.update(zip(relation.key, keys, strict=False))
        if any(isinstance(value, Unknown) for value in pattern.values()):
            return UNKNOWN
        return self.universe.match(relation.table, pattern)

    def _related(self, owner: Instance, entity: str, pattern: Mapping[str, Any], years: str | None) -> Rowset:
        spec = self.law.vocabulary.entities[entity]
        if spec.of is not None:
            top = owner
            while top.parent is not None:
                top = top.parent
            return Rowset(tuple((part.present, part) for part in self.parts(entity, top)))
        assert spec.table is not None
        found = []
        for there, row in self.universe.match(spec.table, pattern).members:
            for year in self._years_before(owner.year) if years == "earlier" else (owner.year,):
                found.append((there, self.instance(entity, row, year)))
        return Rowset(tuple(found))

    def _years_before(self, year: int) -> list[int]:
        first = year - self.universe.bounds.look_back
        return [y for y in range(first, year) if self.law.phase_of(y, self.selection.known_on) is not None]

    def _lookup(self, node: Lookup, env: Env) -> Any:
        found = self.eval(node.rows, env)
        if isinstance(found, Unknown):
            return Unknown(found.causes, node.minimum, None, node.type.nullable)
        options = [(there, row.cell(node.column_name)) for there, row in found.members]
        absent = Unknown(OPEN, node.minimum, None, node.type.nullable)
        options.append((True, None) if found.absent is False and not self._measured(node) else (True, absent))
        return merge(options)

    def _measured(self, node: Lookup) -> bool:
        relation = self.law.vocabulary.entities[node.rows.base.type.table or ""].relations[node.rows.relation]
        return self.law.vocabulary.tables[relation.table or ""].measured

    evaluators: ClassVar[dict[type[Node], Callable[[Any, Any, Env], Any]]] = {
        **Expressions.evaluators,
        Decision: _decision,
        Parameter: _parameter,
        Rows: _rows,
        Lookup: _lookup,
    }
