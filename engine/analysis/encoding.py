"""The same typed nodes that proving evaluates, evaluated where some cells are still to be chosen.

The context is a session of proving over facts that hold every row which could be added, each with the condition on
which it is there. What no choice can change is computed by the language itself and stays a plain value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.analysis import operations as op
from engine.analysis.symbols import (
    Amount,
    Formula,
    Members,
    Pool,
    Truth,
    Unencodable,
    conj,
    disj,
    is_symbolic,
    merge,
    neg,
    truth,
)
from engine.facts import Facts, Row
from engine.language import Cause, Node, OpenSet, Unknown
from engine.language.aggregates import FOLDS
from engine.language.meaning import candidates
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
from engine.language.values import causes_of, hull, same
from engine.law import TypedRule
from engine.proving import Prover, Root
from engine.proving.instances import Instance
from engine.proving.session import Session
from engine.proving.steps import HOLDS, OPEN, Candidate, Conflict, Gap, settle

ASKED = "@as_of"
"""In the environment of an action's own expressions: the day that is asked about, although the rules are read on a later one."""
Key = tuple[str, str]
Env = Mapping[str, Any]


class _Surroundings:
    """What a session asks of its prover: the facts as they might be, and everyone else as they are."""

    def __init__(self, prover: Prover, facts: Facts) -> None:
        self._prover, self.facts, self.law = prover, facts, prover.law
        self.own: Session | None = None

    def session(self, root: Root) -> Session:
        return self.own if self.own is not None and root == self.own.root else self._prover.session(root)

    def years_before(self, year: int) -> Any:
        return self._prover.years_before(year)

    def group(self, entity: str, columns: tuple[str, ...], values: tuple[Any, ...], year: int, years: str | None) -> list[Instance]:
        """The same instances as for proving, one by one: what is folded from them may depend on a choice."""
        members = self._prover.group(entity, columns, values, year, years).members()
        return [self.session(member.root).main for member in members]


class Tracker:
    """Is told of every rule that a choice can reach, and gives the value to go on with; by default nothing is noted.

    Args:
        reached: the decisions that something which can be done bears on.
    """

    def __init__(self, reached: frozenset[Key] = frozenset()) -> None:
        self.reached = reached

    def condition(self, typed: TypedRule, instance: Instance, value: Any) -> Any:
        return value

    def value(self, typed: TypedRule, instance: Instance, value: Any, reached: bool) -> Any:
        return value


class Encoding:
    """The decisions about one root as values that depend on what is chosen.

    Args:
        prover: over the facts as they are, for the law and for the decisions of other roots and years.
        facts: with all rows that could be added.
        present: by the identity of a row, when it is there.
        source: by the identity of a row, the pool and the source in it that the row belongs to.
        tracker: hears of the rules.
        before: the decisions on the facts as they are; what no action can reach is taken from there.
    """

    def __init__(
        self,
        prover: Prover,
        facts: Facts,
        root: Root,
        present: Mapping[int, Formula] | None = None,
        source: Mapping[int, tuple[Pool, int]] | None = None,
        tracker: Tracker | None = None,
        before: Encoding | None = None,
    ) -> None:
        self.root, self.present, self.source, self.tracker = root, present or {}, source or {}, tracker or Tracker()
        self.program = prover.program(root)
        self.law = prover.law
        surroundings = _Surroundings(prover, facts)
        self.session = surroundings.own = Session(surroundings, root, self.program)  # type: ignore[arg-type]
        self.main = self.session.main
        self.before, self._places = before, dict[tuple[str, tuple[str, ...]], Instance]()
        self._values: dict[tuple[int, str], Any] = {}
        self._busy: set[tuple[int, str]] = set()

    # -- decisions ----------------------------------------------------------------------------------------------

    def decision(self, instance: Instance, name: str) -> Any:
        """The value of a decision to those who depend on it."""
        if instance.root != self.root:
            other: Session = instance.env["@"]
            return instance.values[name] if name in instance.values else other.decision(instance, name)
        key = (id(instance), name)
        if key not in self._values:
            if key in self._busy:
                raise Unencodable(f"'{name}' depends on itself")
            self._busy.add(key)
            same = self._as_before(instance, name)
            self._values[key] = self._decide(instance, name) if same is None else self.before.decision(same, name)  # type: ignore[union-attr]
            self._busy.discard(key)
        return self._values[key]

    def _as_before(self, instance: Instance, name: str) -> Instance | None:
        """The instance among the facts as they are, where nothing that can be done bears on the decision."""
        if self.before is None or (instance.entity.name, name) in self.tracker.reached:
            return None
        if not self._places:
            for entity in self.law.vocabulary.entities:
                self._places.update({(entity, known.place): known for known in self.before.session.instances(entity)})
        found = self._places.get((instance.entity.name, instance.place))
        return found if found is not None and found.row is instance.row else None

    def _decide(self, instance: Instance, name: str) -> Any:
        key = (instance.entity.name, name)
        kind = self.law.vocabulary.decisions[key].type.kind
        heard = [(typed, self._condition(typed, instance)) for typed in self.program.rules(key)]
        open_rules = [(typed, when) for typed, when in heard if when is not False]
        values = [self.eval(typed.value, instance.env) for typed, _ in open_rules]
        reached = any(is_symbolic(when) for _, when in heard) or any(map(is_symbolic, values))
        values = [self.tracker.value(typed, instance, v, reached) for (typed, _), v in zip(open_rules, values, strict=True)]
        if not any(is_symbolic(v) for v in (*(when for _, when in open_rules), *values)):
            return self._plain(instance, name, kind, [(typed, when, v) for (typed, when), v in zip(open_rules, values, strict=True)])
        sides = _heard([(typed, truth(when), v) for (typed, when), v in zip(open_rules, values, strict=True)])
        if kind == "bool" and all(value is True for value in values):
            return op.any_of(sides)
        if kind == "set":
            return _members(sides, values)
        return _one_value(sides, values)

    def _condition(self, typed: TypedRule, instance: Instance) -> Any:
        value = True if typed.when is None else self.eval(typed.when, instance.env)
        return self.tracker.condition(typed, instance, value)

    def _plain(self, instance: Instance, name: str, kind: str, rules: list[tuple[TypedRule, Any, Any]]) -> Any:
        candidates = [
            Candidate(t.rule.name, OPEN if isinstance(w, Unknown) else HOLDS, v, causes_of((w,)), t.rule.exception_to) for t, w, v in rules
        ]
        codes = (
            self.law.vocabulary.codes[self.law.vocabulary.decisions[instance.entity.name, name].type.codes or ""]
            if kind == "set"
            else frozenset()
        )
        outcome, _ = settle(kind, candidates, codes)
        if not isinstance(outcome, (Gap, Conflict)):
            return outcome
        why = "gap" if isinstance(outcome, Gap) else "conflict"
        return Unknown(frozenset({Cause(why, self.law.decision_name(instance.entity.name, name), instance.place)}))

    # -- expressions --------------------------------------------------------------------------------------------

    def eval(self, node: Node, env: Env) -> Any:
        """The value of an expression; ``env`` as in proving."""
        return _EVALUATE[type(node)](self, node, env)

    def _cell(self, node: Column, env: Env) -> Any:
        return op.lift(
            lambda owner: Unknown(owner.causes) if isinstance(owner, Unknown) else None if owner is None else owner.cell(node.name),
            self.eval(node.base, env),
        )

    def _parameter(self, node: Parameter, env: Env) -> Any:
        key = self.eval(node.key, env) if node.key is not None else None
        at = self.eval(node.at, env)
        if is_symbolic(at):
            raise Unencodable(f"'{node.name}' on a day that is left open")
        if is_symbolic(key):
            return op.lift(lambda one: self.session.parameter(node.name, one, at), key)
        if isinstance(key, Unknown) and node.members and not isinstance(at, Unknown) and at is not None:
            found = [self.session.parameter(node.name, member, at) for member in node.members]
            return hull([*found, None] if key.none else found, key.causes)
        missing = causes_of((at, key))
        if missing:
            return Unknown(missing, self.law.vocabulary.parameters[node.name].minimum, None, node.type.nullable)
        return None if at is None or (node.key is not None and key is None) else self.session.parameter(node.name, key, at)

    def _rows(self, node: Rows, env: Env) -> Any:
        keys = tuple(self.eval(key, env) for key in node.keys)
        if any(map(is_symbolic, keys)):
            raise Unencodable(f"'{node.text}': a row that is found by what is left open")
        missing = causes_of(keys)
        return Unknown(missing) if missing else self.session.rows(self.eval(node.base, env), node.relation, keys)

    def _lookup(self, node: Lookup, env: Env) -> Any:
        found = self.eval(node.rows, env)
        if isinstance(found, Unknown):
            return Unknown(found.causes, node.minimum)
        if any(id(row) in self.present for row in found):
            raise Unencodable(f"'{node.text}': a single row that may be added")
        return found[0].cell(node.column_name) if found else None

    def _in(self, node: In, env: Env) -> Any:
        item = self.eval(node.item, env)
        if node.of is None:
            return op.any_of([op.compare("==", item, self.eval(member, env)) for member in node.members])
        return op.contains(self.eval(node.of, env), item)

    def _joined(self, node: And | Or, env: Env) -> Any:
        decisive = isinstance(node, Or)
        values = []
        for item in node.items:
            value = self.eval(item, env)
            if value is decisive:
                return decisive
            values.append(value)
        return op.any_of(values) if decisive else op.all_of(values)

    def _if(self, node: If, env: Env) -> Any:
        test = self.eval(node.test, env)
        if isinstance(test, bool):
            return self.eval(node.then if test else node.other, env)
        then, other = self.eval(node.then, env), self.eval(node.other, env)
        if isinstance(test, Unknown):
            if is_symbolic(then) or is_symbolic(other):
                return op.either(then, other, test)
            return hull([then, other], test.causes)
        return op.choose(test, then, other)

    def _aggregate(self, node: Aggregate, env: Env) -> Any:
        rows = self.eval(node.over, env)
        if isinstance(rows, Unknown):
            return Unknown(rows.causes)
        if is_symbolic(rows):
            raise Unencodable(f"'{node.text}': over a set that is left open")
        members = []
        for member, belongs in candidates(rows):
            inner = {**env, node.variable: member}
            kept = belongs if node.condition is None else op.all_of([belongs, self.eval(node.condition, inner)])
            if kept is False:
                continue
            value = 1 if node.element is None else self.eval(node.element, inner)
            if isinstance(value, Unknown) and value.none and node.function in ("sum", "min", "max"):
                value, perhaps = Unknown(value.causes), Unknown(value.causes)
                kept = kept if node.function == "sum" else op.all_of([kept, perhaps])
            members.append((self._there(member, kept, value, node.function), value))
        default = self.eval(node.default, env) if node.default is not None else None
        if not any(is_symbolic(part) for member in members for part in member) and not is_symbolic(default):
            return FOLDS[node.function](members, default)
        if node.function in ("sum", "count"):
            return op.total(members)
        if node.function == "any":
            return op.any_of([op.all_of(pair) for pair in members])
        if node.function == "all":
            return op.all_of([op.any_of([op.negate(kept), value]) for kept, value in members])
        return _extreme(node.function, members, default)

    def _there(self, member: Any, kept: Any, value: Any, function: str) -> Any:
        """Whether a member belongs: its condition, and that its row is there; a share of nothing needs no such test."""
        row = member.row if isinstance(member, Instance) else member
        guard = self.present.get(id(row), True) if isinstance(row, Row) else True
        if guard is True:
            return kept
        pool = self.source.get(id(row))
        if function == "sum" and pool is not None and isinstance(value, Amount) and _vanishes(value, pool):
            return kept
        return op.all_of([Truth(guard, neg(guard), True), kept])


def _vanishes(value: Amount, source: tuple[Pool, int]) -> bool:
    """Whether an amount is nothing where its source gives nothing."""
    return value.known and value.low is not None and value.low.vanishes_without(*source)


def _heard(rules: list[tuple[TypedRule, Truth, Any]]) -> list[Truth]:
    """Each rule's condition once its exceptions are heard: one that holds displaces it, an open one that differs blocks it."""
    by_name = {typed.rule.name: (index, typed) for index, (typed, _, _) in enumerate(rules)}
    found: dict[str, Truth] = {}

    def hear(name: str, path: tuple[str, ...]) -> Truth:
        if name in path:
            raise Unencodable(f"'{name}' is an exception to itself")
        if name not in found:
            index = by_name[name][0]
            side = rules[index][1]
            for other, (at, typed) in by_name.items():
                if name in typed.rule.exception_to:
                    heard = hear(other, (*path, name))
                    passes = True if heard.sure or _agree(rules[index][2], rules[at][2]) else disj(heard.holds, heard.fails)
                    side = Truth(conj(side.holds, neg(heard.holds), passes), disj(side.fails, heard.holds), side.sure and heard.sure)
            found[name] = side
        return found[name]

    return [hear(typed.rule.name, ()) for typed, _, _ in rules]


def _agree(left: Any, right: Any) -> bool:
    return not any(is_symbolic(v) or isinstance(v, (Unknown, OpenSet)) for v in (left, right)) and same(left, right)


def _members(sides: list[Truth], values: list[Any]) -> Members:
    if not all(isinstance(value, str) for value in values):
        raise Unencodable("a set whose members depend on a choice")
    return Members({code: truth(op.any_of([s for s, v in zip(sides, values, strict=True) if v == code])) for code in dict.fromkeys(values)})


def _one_value(sides: list[Truth], values: list[Any]) -> Any:
    """The value of the rule that holds, where no rule with another value holds or is open."""
    groups: list[tuple[Any, list[int]]] = []
    for index, value in enumerate(values):
        known = next((members for other, members in groups if _agree(other, value)), None)
        if known is None:
            groups.append((value, [index]))
        else:
            known.append(index)
    options = []
    for value, indexes in groups:
        holds = disj(*(sides[i].holds for i in indexes))
        options.append((conj(holds, *(side.fails for i, side in enumerate(sides) if i not in indexes)), value))
    return merge(options)


def _extreme(name: str, members: list[tuple[Any, Any]], default: Any) -> Any:
    """`min` or `max` of members that are certain; one that may be missing would need its absence told apart from none."""
    if all(truth(kept).holds is True for kept, _ in members):
        values = [value for _, value in members if value is not None]
        return op.extreme(name, values) if values else default
    raise Unencodable(f"{name} over rows that may be added")


def _is_none(encoding: Encoding, node: IsNone, env: Env) -> Any:
    def test(value: Any) -> Any:
        if isinstance(value, Amount):
            return op.compare("==", value, None)
        if isinstance(value, Unknown):
            return Unknown(value.causes) if value.none else False
        return value is None

    return op.lift(test, encoding.eval(node.item, env))


_EVALUATE: dict[type[Node], Callable[[Encoding, Any, Env], Any]] = {
    Const: lambda e, n, env: n.value,
    Builtin: lambda e, n, env: env[ASKED] if n.name == "as_of" and ASKED in env else e.session.builtin(n.name),
    Var: lambda e, n, env: env[n.name],
    Column: Encoding._cell,
    Decision: lambda e, n, env: e.decision(e.eval(n.base, env), n.name),
    Parameter: Encoding._parameter,
    Rows: Encoding._rows,
    Lookup: Encoding._lookup,
    Compare: lambda e, n, env: op.compare(n.operator, e.eval(n.left, env), e.eval(n.right, env)),
    IsNone: _is_none,
    In: Encoding._in,
    And: Encoding._joined,
    Or: Encoding._joined,
    Not: lambda e, n, env: op.negate(e.eval(n.item, env)),
    If: Encoding._if,
    Arithmetic: lambda e, n, env: op.calculate(n.operator, e.eval(n.left, env), e.eval(n.right, env)),
    Call: lambda e, n, env: op.call(n.function, [e.eval(a, env) for a in n.arguments]),
    Aggregate: Encoding._aggregate,
}
