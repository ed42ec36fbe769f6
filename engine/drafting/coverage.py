"""Which rules, branches and parameter values no worked example exercises.

A rule is exercised when it holds in a case that expects something which depends on it; a branch (a comparison, a test, a
call that gives a condition) when it has been seen true and false there; a value when it was looked up there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.containment import contained
from engine.drafting.cases import Case, Laws
from engine.drafting.cases_running import Runner, expected_keys
from engine.drafting.mutation import readers
from engine.language import BOOL, Node, Unknown, children, compile_node
from engine.language.nodes import Aggregate, And, Const, Not, Or
from engine.law import Law, Rule, type_rule
from engine.proving import Prover, determine

DEADLINE_SECONDS = 600
Place = tuple[str, int, int]
Branch = tuple[str, str, int, str]


@dataclass(frozen=True)
class Seen:
    """What a set of cases exercised.

    Attributes:
        held: rules that held, by their places.
        branches: (rule, part, column, text) -> the truths it was seen with.
        values: the places of the values that were looked up.
    """

    held: frozenset[Place] = frozenset()
    branches: Mapping[Branch, frozenset[bool]] = field(default_factory=dict)
    values: frozenset[Place] = frozenset()

    def __or__(self, other: Seen) -> Seen:
        branches = {
            key: self.branches.get(key, frozenset()) | other.branches.get(key, frozenset()) for key in {*self.branches, *other.branches}
        }
        return Seen(self.held | other.held, branches, self.values | other.values)


def seen_by(laws: Laws, cases: Sequence[Case], jobs: int) -> Seen:
    """What the cases exercise, asked in ``jobs`` processes side by side.

    Raises:
        InputError: a case cannot be asked.
        EngineDefect: a process died.
    """
    order = sorted(range(len(cases)), key=lambda index: repr(sorted(cases[index].under.items(), key=str)))
    size = -(-len(order) // jobs) if order else 1
    parts = [[cases[index] for index in order[start : start + size]] for start in range(0, len(order), size)]
    found = Seen()
    for stream in [contained([part], _Watcher(laws), DEADLINE_SECONDS) for part in parts]:
        found |= next(stream)
    return found


class _Watcher:
    def __init__(self, laws: Laws) -> None:
        self.laws = laws
        self.held: set[Place] = set()
        self.branches: dict[Branch, set[bool]] = {}
        self.values: set[Place] = set()

    def __call__(self, cases: Sequence[Case]) -> Seen:
        runner = Runner(self.laws)
        provers: list[Prover] = []
        for case in cases:
            prover, root = runner.prover(case)
            determine(prover, root, None, expected_keys(case, prover.law, root.entity))
            self.watch(prover)
            provers.append(prover)
        for program in {id(p): p for prover in provers for p in prover.programs}.values():
            self.values |= {entry.at for asked in program.looked_up if (entry := program.parameter(*asked)[1]) is not None}
        return Seen(frozenset(self.held), {k: frozenset(v) for k, v in self.branches.items()}, frozenset(self.values))

    def watch(self, prover: Prover) -> None:
        for session in tuple(prover.sessions):
            for instance, name in tuple(session.order):
                key = (instance.entity.name, name)
                states = {rule.rule: rule.state for rule in instance.steps[name].rules}
                for typed in session.program.rules(key):
                    if states.get(typed.rule.name) in ("holds", "displaced"):
                        self.held.add(typed.rule.at)
                    self.look(prover.law, typed.rule, instance.env)

    def look(self, law: Law, rule: Rule, env: Any) -> None:
        written = type_rule(law, rule)
        for part, node in (("when", written.when), ("value", written.value)):
            if node is not None:
                for branch, value in _truths(node, env):
                    if isinstance(value, bool):
                        self.branches.setdefault((rule.name, part, branch.column, branch.text), set()).add(value)


def _truths(node: Node, env: Any) -> Iterator[tuple[Node, Any]]:
    """Every branch in an expression with what it came to; those of generators, for each of their rows."""
    if is_branch(node):
        yield node, compile_node(node)(env)
    if isinstance(node, Aggregate):
        yield from _truths(node.over, env)
        rows = compile_node(node.over)(env)
        for row in rows if isinstance(rows, (list, tuple, frozenset)) else ():
            inner = {**env, node.variable: row}
            for part in (node.condition, node.element):
                if part is not None:
                    yield from _truths(part, inner)
        return
    for child in children(node):
        yield from _truths(child, env)


def is_branch(node: Node) -> bool:
    """Whether a node is a condition without inner logic, and not a constant."""
    return bool(node.type.kind == BOOL.kind and not isinstance(node, (And, Or, Not, Const)))


def branches_of(law: Law, rule: Rule) -> Iterator[tuple[Branch, Place]]:
    """Every branch of a rule, and the place of the rule."""
    written = type_rule(law, rule)
    for part, node in (("when", written.when), ("value", written.value)):
        for inner in _walk(node) if node is not None else ():
            if is_branch(inner):
                yield (rule.name, part, inner.column, inner.text), rule.at


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in children(node):
        yield from _walk(child)


@dataclass(frozen=True)
class Missing:
    """Something that no case exercises: a rule, branch or value, with the sources of the law that it is."""

    kind: str
    at: Place
    what: str
    cites: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Coverage:
    """How much of the law the cases exercise.

    Attributes:
        totals: `rules`, `branches` and `values` -> (exercised, all).
        missing: what is not exercised, in the order of the law.
    """

    totals: Mapping[str, tuple[int, int]]
    missing: tuple[Missing, ...]


def coverage_of(law: Law, seen: Seen) -> Coverage:
    """What is and is not exercised of every rule and value that can decide anything.

    Rules that are kept for drafts, and values that no rule reads, are left out.
    """
    dormant = {content["rule"] for content in law.tree["rules"] if content.get("dormant")}
    rules = [rule for ones in law.rules.values() for rule in ones if rule.name not in dormant]
    missing = [Missing("rule", rule.at, f"rule '{rule.name}' never holds", rule.cites) for rule in rules if rule.at not in seen.held]
    branches = {branch: (at, rule) for rule in rules for branch, at in branches_of(law, rule)}
    met = 0
    for branch, (at, rule) in branches.items():
        truths = seen.branches.get(branch, frozenset())
        met += len(truths) == 2
        if len(truths) < 2:
            never = "never reached" if not truths else f"never {'false' if True in truths else 'true'}"
            missing.append(Missing("branch", at, f"rule '{rule.name}', {branch[1]}: `{branch[3]}` is {never}", rule.cites))
    values = [(n, k, entry) for n, k in law.written_keys() if n in readers(law) for entry in law.entries(n, k)]
    for name, key, entry in values:
        if entry.at not in seen.values:
            said = name if key is None else f"{name}[{key}]"
            missing.append(Missing("value", entry.at, f"{said}: {_value(entry.value)} is never looked up", entry.cites))
    held = sum(rule.at in seen.held for rule in rules)
    used = sum(entry.at in seen.values for _, _, entry in values)
    totals = {"rules": (held, len(rules)), "branches": (met, len(branches)), "values": (used, len(values))}
    return Coverage(totals, tuple(missing))


def _value(value: Any) -> str:
    from engine.language import show

    return "an unknown value" if isinstance(value, Unknown) else ("true" if value else "false") if isinstance(value, bool) else show(value)
