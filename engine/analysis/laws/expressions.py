"""The typed nodes that proving evaluates, evaluated over every case of a universe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from engine.analysis.laws import operations as op
from engine.analysis.laws.deciding import Decided, Read, agree
from engine.analysis.laws.formulas import conj, neg, test
from engine.analysis.laws.instances import Instance
from engine.analysis.laws.universe import Row, Universe
from engine.analysis.laws.values import (
    OPEN,
    UNKNOWN,
    Choice,
    Formula,
    Members,
    Num,
    Rowset,
    all_of,
    any_of,
    is_number,
    lift,
    merge,
    negate,
    num,
    settled,
    sure,
    symbolic,
    truth,
)
from engine.analysis.symbols import Unencodable
from engine.language import Node, OpenSet, Unknown
from engine.language.aggregates import FOLDS
from engine.language.nodes import (
    Aggregate,
    And,
    Arithmetic,
    Builtin,
    Call,
    Column,
    Compare,
    Const,
    Decision,
    If,
    In,
    IsNone,
    Lookup,
    Not,
    Or,
    Parameter,
    Rows,
    Var,
)
from engine.language.values import hull
from engine.law import Law, Program, Selection

Env = Mapping[str, Any]


class Expressions:
    """Evaluates expressions; who inherits from it gives the decisions and the law of a year."""

    law: Law
    selection: Selection
    universe: Universe
    _reads: list[set[Read]]

    def program(self, year: int) -> Program:
        """The law of a year."""
        raise NotImplementedError

    def decided(self, instance: Instance, name: str) -> Decided:
        """A decision about an instance."""
        raise NotImplementedError

    def instance(self, entity: str, row: Row | None, year: int) -> Instance:
        """What rules about a row in a year speak of."""
        raise NotImplementedError

    def parts(self, entity: str, owner: Instance) -> list[Instance]:
        """The instances of a part of ``owner``."""
        raise NotImplementedError

    def path(self, owner: Instance, path: str) -> Any:
        """The value of a dotted path, as in a relation."""
        raise NotImplementedError

    # -- expressions --------------------------------------------------------------------------------------------

    def _cell_of(self, owner: Any, name: str) -> Any:
        if isinstance(owner, Choice):
            return lift(lambda one: self._cell_of(one, name), owner)
        return owner if owner is None or isinstance(owner, Unknown) else owner.cell(name)

    def eval(self, node: Node, env: Env) -> Any:
        """The value of an expression where names mean what ``env`` says."""
        return _EVALUATE[type(node)](self, node, env)

    def _builtin(self, node: Builtin, env: Env) -> Any:
        if node.name == "as_of":
            return Num(self.universe.as_of, self.universe.as_of, day=True)
        return self.program(env["@"].year).constants[node.name]

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

    def _in(self, node: In, env: Env) -> Any:
        item = self.eval(node.item, env)
        if node.of is None:
            return any_of([op.compare("==", item, self.eval(member, env)) for member in node.members])
        return op.contains(self.eval(node.of, env), item)

    def _joined(self, node: And | Or, env: Env) -> Any:
        decisive = isinstance(node, Or)
        values = []
        for item in node.items:
            value = self.eval(item, env)
            if value is decisive:
                return decisive
            values.append(value)
        return any_of(values) if decisive else all_of(values)

    def _if(self, node: If, env: Env) -> Any:
        test_ = self.eval(node.test, env)
        if isinstance(test_, bool):
            return self.eval(node.then if test_ else node.other, env)
        then, other = self.eval(node.then, env), self.eval(node.other, env)
        if not symbolic(then) and not symbolic(other) and agree(then, other):
            return then
        side = truth(test_)
        options: list[tuple[Formula, Any]] = [(side.holds, then), (side.fails, other)]
        if not side.sure:
            agreed = op.compare("==", then, other)
            options.append((truth(agreed).holds, then))
            if is_number(then) and is_number(other):
                low, high = op.extreme("min", [then, other]), op.extreme("max", [then, other])
                options.append((True, Num(num(low).low, num(high).high, below=num(low).below, above=num(high).above, day=num(low).day)))
        return merge(options)

    def _aggregate(self, node: Aggregate, env: Env) -> Any:
        rows = self.eval(node.over, env)
        if isinstance(rows, Unknown):
            return UNKNOWN
        absent: Formula = False
        if isinstance(rows, Rowset):
            absent, group = rows.absent, [(sure(there), one) for there, one in rows.members]
        else:
            group = _of_set(rows)
        pairs = []
        for there, member in group:
            inner = {**env, node.variable: member}
            kept = there if node.condition is None else all_of([there, self.eval(node.condition, inner)])
            if kept is not False:
                pairs.append((kept, 1 if node.element is None else self.eval(node.element, inner)))
        found = self._fold(node, pairs, env)
        return found if absent is False else merge([(absent, UNKNOWN), (True, found)])

    def _fold(self, node: Aggregate, pairs: list[tuple[Any, Any]], env: Env) -> Any:
        default = self.eval(node.default, env) if node.default is not None else None
        if not any(symbolic(part) for part in (default, *(part for pair in pairs for part in pair))):
            return FOLDS[node.function](pairs, default)
        if node.function in ("sum", "count"):
            return op.total(pairs)
        if node.function == "any":
            return op.some_of(pairs)
        if node.function == "all":
            return op.every(pairs)
        return op.furthest(node.function, pairs, default)

    def _call(self, node: Call, env: Env) -> Any:
        arguments = [self.eval(argument, env) for argument in node.arguments]
        if node.function == "year_of" and isinstance(arguments[0], Num):
            return op.year_of(arguments[0], *self.universe.years)
        return op.call(node.function, arguments)


def _of_set(rows: Any) -> list[tuple[Any, Any]]:
    if isinstance(rows, Members):
        return [(settled(side.holds, side.fails), code) for code, side in sorted(rows.codes.items())]
    if isinstance(rows, OpenSet):
        return [*((True, code) for code in sorted(rows.members)), *((UNKNOWN, code) for code in sorted(rows.possible))]
    return [(True, member) for member in sorted(rows)]


_EVALUATE: dict[type[Node], Callable[[Expressions, Any, Env], Any]] = {
    Const: lambda e, n, env: n.value,
    Builtin: Expressions._builtin,
    Var: lambda e, n, env: env[n.name],
    Column: lambda e, n, env: e._cell_of(e.eval(n.base, env), n.name),
    Decision: Expressions._decision,
    Parameter: Expressions._parameter,
    Rows: Expressions._rows,
    Lookup: Expressions._lookup,
    Compare: lambda e, n, env: op.compare(n.operator, e.eval(n.left, env), e.eval(n.right, env)),
    IsNone: lambda e, n, env: op.is_none(e.eval(n.item, env)),
    In: Expressions._in,
    And: Expressions._joined,
    Or: Expressions._joined,
    Not: lambda e, n, env: negate(e.eval(n.item, env)),
    If: Expressions._if,
    Arithmetic: lambda e, n, env: op.calculate(n.operator, e.eval(n.left, env), e.eval(n.right, env)),
    Call: Expressions._call,
    Aggregate: Expressions._aggregate,
}
