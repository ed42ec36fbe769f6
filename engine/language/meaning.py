"""What an expression means: its exact, three-valued value, and the trace that shows how it came about.

Conditions follow strong Kleene logic (S. C. Kleene, Introduction to Metamathematics, 1952, section 64). Numbers and
dates carry bounds, so that a comparison is decided as soon as its bounds decide it. There is one meaning: the trace
asks the same functions for the value of every part.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from engine.language import arithmetic as arith
from engine.language.aggregates import FOLDS, Group
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
    Node,
    Not,
    Or,
    Parameter,
    Rows,
    Var,
    children,
    walk,
)
from engine.language.values import Cause, OpenSet, Unknown, causes_of, hull

_FACTUAL = (Column, Decision, Rows, Lookup, Var, Aggregate)
Env = Mapping[str, Any]
Run = Callable[[Env], Any]
_serial = itertools.count()


class Context(Protocol):
    """What the surroundings of an expression provide; found in the environment under `@`."""

    fixed: dict[int, Any]
    """Values that depend on the program alone, by the serial number of their look-up; shared by all contexts of one program."""

    def builtin(self, name: str) -> Any: ...

    def decision(self, instance: Any, name: str) -> Any:
        """The value of a decision that ``instance.values`` does not hold yet."""

    def parameter(self, name: str, key: Any, at: Any) -> Any:
        """The value in force; None where the key is not listed."""

    def rows(self, owner: Any, relation: str, keys: tuple[Any, ...]) -> list[Any] | Group | Unknown:
        """The related rows or instances; unknown where rows that would be measurements are absent."""

    def place(self, owner: Any) -> tuple[str, ...]:
        """The key of a row or instance, for the reader of a proof."""


def compile_node(node: Node) -> Run:
    """The function that evaluates ``node``; made once per node."""
    run: Run | None = node.__dict__.get("_run")
    if run is None:
        run = _COMPILERS[type(node)](node)
        node.__dict__["_run"] = run
    return run


def _const(node: Const) -> Run:
    value = node.value
    return lambda env: value


def _builtin(node: Builtin) -> Run:
    name = node.name
    return lambda env: env["@"].builtin(name)


def _var(node: Var) -> Run:
    name = node.name
    return lambda env: env[name]


def _column(node: Column) -> Run:
    base, name, nullable = compile_node(node.base), node.name, node.type.nullable
    if isinstance(node.base, Var):
        variable = node.base.name
        return lambda env: env[variable].cell(name)

    def run(env: Env) -> Any:
        owner = base(env)
        if owner is None or isinstance(owner, Unknown):
            return Unknown(owner.causes, none=nullable) if owner is not None else None
        return owner.cell(name)

    return run


def _decision(node: Decision) -> Run:
    name = node.name
    if isinstance(node.base, Var):
        variable = node.base.name

        def own(env: Env) -> Any:
            instance = env[variable]
            try:
                return instance.values[name]
            except KeyError:
                return env["@"].decision(instance, name)

        return own
    base = compile_node(node.base)

    def run(env: Env) -> Any:
        instance = base(env)
        try:
            return instance.values[name]
        except KeyError:
            return env["@"].decision(instance, name)

    return run


def _parameter(node: Parameter) -> Run:
    """A look-up that the facts cannot change is made once per program."""
    name, at, number = node.name, compile_node(node.at), next(_serial)
    members, minimum, nullable = node.members, node.minimum, node.type.nullable
    key = compile_node(node.key) if node.key is not None else None
    fixed = not any(
        isinstance(part, _FACTUAL) or (isinstance(part, Builtin) and part.name == "as_of") for part in walk(node) if part is not node
    )

    def look_up(env: Env) -> Any:
        when = at(env)
        which = key(env) if key is not None else None
        if isinstance(which, Unknown) and members and not isinstance(when, Unknown) and when is not None:
            found = [env["@"].parameter(name, member, when) for member in members]
            return _common([*found, None] if which.none else found, which.causes)
        if isinstance(when, Unknown) or isinstance(which, Unknown):
            return Unknown(causes_of((when, which)), minimum, None, nullable)
        if when is None or (key is not None and which is None):
            return None
        return env["@"].parameter(name, which, when)

    def run(env: Env) -> Any:
        memo = env["@"].fixed
        if number not in memo:
            memo[number] = look_up(env)
        return memo[number]

    return run if fixed else look_up


def _common(values: list[Any], causes: frozenset[Cause]) -> Any:
    """What the values under every possible key have in common."""
    return hull(values, causes)


def _rows(node: Rows) -> Run:
    base, relation, keys = compile_node(node.base), node.relation, [compile_node(key) for key in node.keys]
    if not keys:
        return lambda env: env["@"].rows(base(env), relation, ())

    def run(env: Env) -> Any:
        values = tuple(key(env) for key in keys)
        missing = causes_of(values)
        return Unknown(missing) if missing else env["@"].rows(base(env), relation, values)

    return run


def _lookup(node: Lookup) -> Run:
    rows, name, minimum, nullable = compile_node(node.rows), node.column_name, node.minimum, node.type.nullable

    def run(env: Env) -> Any:
        found = rows(env)
        if isinstance(found, Unknown):
            return Unknown(found.causes, minimum, None, nullable)
        return found[0].cell(name) if found else None

    return run


def _compare(node: Compare) -> Run:
    left, right, test = compile_node(node.left), compile_node(node.right), arith.COMPARISONS[node.operator]
    if isinstance(node.right, Const):
        wanted = node.right.value
        return lambda env: test(left(env), wanted)

    def run(env: Env) -> Any:
        return test(left(env), right(env))

    return run


def _is_none(node: IsNone) -> Run:
    item = compile_node(node.item)

    def run(env: Env) -> Any:
        value = item(env)
        if not isinstance(value, Unknown):
            return value is None
        return Unknown(value.causes) if value.none else False

    return run


def _in(node: In) -> Run:
    item, of = compile_node(node.item), compile_node(node.of) if node.of is not None else None
    members = [compile_node(member) for member in node.members]
    if of is not None:
        return lambda env: arith.contains(of(env), item(env))
    codes = frozenset(member.value for member in node.members if isinstance(member, Const) and isinstance(member.value, str))
    listed = len(codes) == len(node.members)

    def run(env: Env) -> Any:
        value = item(env)
        if listed and value.__class__ is str:
            return value in codes
        return kleene_or([arith.equal(value, member(env)) for member in members])

    return run


def kleene_and(values: list[Any]) -> Any:
    if any(value is False for value in values):
        return False
    missing = causes_of(values)
    return Unknown(missing) if missing else True


def kleene_or(values: list[Any]) -> Any:
    if any(value is True for value in values):
        return True
    missing = causes_of(values)
    return Unknown(missing) if missing else False


def _and(node: And) -> Run:
    items = [compile_node(item) for item in node.items]

    def run(env: Env) -> Any:
        missing: frozenset[Cause] = frozenset()
        for item in items:
            value = item(env)
            if value is False:
                return False
            if value is not True:
                missing |= value.causes
        return Unknown(missing) if missing else True

    return run


def _or(node: Or) -> Run:
    items = [compile_node(item) for item in node.items]

    def run(env: Env) -> Any:
        missing: frozenset[Cause] = frozenset()
        for item in items:
            value = item(env)
            if value is True:
                return True
            if value is not False:
                missing |= value.causes
        return Unknown(missing) if missing else False

    return run


def _not(node: Not) -> Run:
    item = compile_node(node.item)

    def run(env: Env) -> Any:
        value = item(env)
        return Unknown(value.causes) if isinstance(value, Unknown) else not value

    return run


def _if(node: If) -> Run:
    test, then, other = compile_node(node.test), compile_node(node.then), compile_node(node.other)

    def run(env: Env) -> Any:
        decided = test(env)
        if isinstance(decided, Unknown):
            return hull([then(env), other(env)], decided.causes)
        return then(env) if decided else other(env)

    return run


def _arithmetic(node: Arithmetic) -> Run:
    left, right, apply = compile_node(node.left), compile_node(node.right), arith.OPERATIONS[node.operator]
    texts, nullable = (node.left.text, node.right.text), node.left.type.nullable or node.right.type.nullable

    def run(env: Env) -> Any:
        one, two = left(env), right(env)
        if nullable:
            one, two = _if_given(one), _if_given(two)
        if one is None or two is None:
            return Unknown(frozenset({Cause("none", texts[0] if one is None else texts[1])}) | causes_of((one, two)))
        return apply(one, two)

    return run


def _if_given(value: Any) -> Any:
    """An operand that may turn out to be none has no bounds: there may be no result to bound."""
    return Unknown(value.causes) if isinstance(value, Unknown) and value.none else value


def _call(node: Call) -> Run:
    apply, arguments = arith.FUNCTIONS[node.function], [compile_node(argument) for argument in node.arguments]

    def run(env: Env) -> Any:
        return apply([argument(env) for argument in arguments])

    return run


def candidates(rows: Any) -> list[tuple[Any, Any]]:
    """What an aggregate goes over, each with whether it belongs: related rows, or the members of a set in order."""
    if isinstance(rows, (list, Group)):
        return [(row, True) for row in (rows if isinstance(rows, list) else rows.members())]
    if isinstance(rows, OpenSet):
        doubt = Unknown(rows.causes)
        return sorted([*((code, True) for code in rows.members), *((code, doubt) for code in rows.possible)], key=lambda pair: str(pair[0]))
    return [(member, True) for member in sorted(rows)]


def _aggregate(node: Aggregate) -> Run:
    over, variable, fold = compile_node(node.over), node.variable, FOLDS[node.function]
    element = compile_node(node.element) if node.element is not None else None
    condition = compile_node(node.condition) if node.condition is not None else None
    default = compile_node(node.default) if node.default is not None else None
    ordered, summed = node.function in ("sum", "min", "max"), node.function == "sum"
    inner_names = {n.name for part in children(node) if part is not node.over for n in walk(part) if isinstance(n, Var)}

    def run(env: Env) -> Any:
        rows = over(env)
        if isinstance(rows, Unknown):
            return Unknown(rows.causes)
        if not isinstance(rows, Group) or not inner_names <= {variable}:
            return folded(rows, env)
        if node not in rows.folded:
            rows.folded[node] = folded(rows, env)
        return rows.folded[node]

    def folded(rows: Any, env: Env) -> Any:
        members, inner = [], dict(env)
        for member, belongs in candidates(rows):
            inner[variable] = member
            kept = belongs
            if condition is not None:
                kept = condition(inner)
                if kept is False:
                    continue
                if kept is not True or belongs is not True:
                    kept = kleene_and([belongs, kept])
            value = 1 if element is None else element(inner)
            if ordered and isinstance(value, Unknown) and value.none:
                kept, value = (kept, Unknown(value.causes)) if summed else (kleene_and([kept, Unknown(value.causes)]), value)
            members.append((kept, value))
        return fold(members, default(env) if default is not None else None)

    return run


_COMPILERS: dict[type[Node], Callable[[Any], Run]] = {
    Const: _const,
    Builtin: _builtin,
    Var: _var,
    Column: _column,
    Decision: _decision,
    Parameter: _parameter,
    Rows: _rows,
    Lookup: _lookup,
    Compare: _compare,
    IsNone: _is_none,
    In: _in,
    And: _and,
    Or: _or,
    Not: _not,
    If: _if,
    Arithmetic: _arithmetic,
    Call: _call,
    Aggregate: _aggregate,
}
