"""Why the law does not let a thing be done: the rules behind a condition that fails, down to those that decide it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.analysis.encoding import Encoding
from engine.analysis.symbols import Unencodable, is_symbolic
from engine.language import Node, Type, Unknown, walk
from engine.language.nodes import And, Call, Decision, Not, Or, Parameter
from engine.language.tracing import plain
from engine.law import TypedRule, named_in
from engine.law.actions import Action
from engine.proving import Fill
from engine.proving.instances import Instance

Cites = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Ground:
    """A rule that bars something.

    Attributes:
        cites: of the rule, and of the parameters by which it fails.
        says: its sentence in each language; ``fills`` are the values that it names.
        holds: whether it holds now; None where that is not said.
        value: what it says, where it is a day: a deadline.
    """

    rule: str
    cites: Cites
    says: Mapping[str, str]
    fills: tuple[Fill, ...]
    value: Any = None
    type: Type | None = None
    holds: bool | None = None


@dataclass(frozen=True)
class Barred:
    """Something that is held, but that the law does not let be used.

    Attributes:
        action: what it cannot be used for.
        place: its key.
        reason: the code of the reason and its code list, where the ruleset names one.
        size: how much of it there would be, where it is counted.
    """

    action: str
    place: tuple[str, ...]
    reason: str | None
    reasons: str | None
    size: int | None
    unit: Type | None
    grounds: tuple[Ground, ...]


def barred(now: Encoding, action: Action, instance: Instance, extra: Mapping[str, Any], size: int | None) -> Barred:
    """Why ``action`` is not possible about ``instance``."""
    env = {**instance.env, **extra}
    found: dict[str, Reason] = {}
    assert action.possible is not None
    _, reasons = _why_not(now, action.possible, env)
    for one in reasons:
        found.setdefault(one.typed.rule.name, one)
    # a rule that fails by a parameter says what the law does not allow; one that fails by a fact only says that it is another case
    chosen = [one for one in found.values() if one.clause.by_law] or list(found.values())
    grounds = tuple(ground(now, one.typed, one.instance, one.clause.cites) for one in chosen)
    reason = now.eval(action.reason, env) if action.reason is not None else None
    codes = action.reason.type.codes if action.reason is not None else None
    unit = action.number.type if action.number is not None else None
    return Barred(action.name, instance.place, reason if isinstance(reason, str) else None, codes, size, unit, grounds)


def ground(now: Encoding, typed: TypedRule, instance: Instance, more: Cites = ()) -> Ground:
    """A rule with its sources and its sentence filled in."""
    fills = []
    for name, node in named_in(now.law, typed.rule):
        try:
            value = now.eval(node, instance.env)
        except Unencodable:
            continue
        if not is_symbolic(value):
            fills.append(Fill(name, plain(value), node.type))
    cites = tuple(dict.fromkeys((*typed.rule.cites, *more)))
    value = now.eval(typed.value, instance.env) if typed.value.type.kind == "date" else None
    day = None if value is None or isinstance(value, Unknown) or is_symbolic(value) else value
    return Ground(typed.rule.name, cites, typed.rule.says, tuple(fills), day, typed.value.type if day is not None else None)


@dataclass(frozen=True)
class Clause:
    """Why a clause fails (or holds): the sources of the parameters that it reads, and whether they decide it, or a fact does."""

    cites: Cites
    by_law: bool


@dataclass(frozen=True)
class Reason:
    """A rule of a decision that a condition reads, and why it fails (or holds)."""

    typed: TypedRule
    instance: Instance
    clause: Clause


Found = tuple[Clause | None, list[Reason]]
"""What a clause says by itself, None where it only reads other decisions, and what the rules of those say."""


def _why_not(now: Encoding, node: Node, env: Mapping[str, Any]) -> Found:
    """Why ``node`` fails."""
    if isinstance(node, (And, Or)):
        every = isinstance(node, And)
        failing = [item for item in node.items if not every or now.eval(item, env) is False]
        return _joined([_why_not(now, item, env) for item in failing], every)
    if isinstance(node, Not):
        return _why(now, node.item, env)
    if isinstance(node, Decision) and node.type.kind == "bool":
        instance = now.eval(node.base, env)
        reasons: list[Reason] = []
        for typed in now.program.rules((instance.entity.name, node.name)):
            clause, deeper = _why_not(now, typed.when, instance.env) if typed.when is not None else (None, [])
            reasons += [*([Reason(typed, instance, clause)] if clause is not None else []), *deeper]
        return None, reasons
    return _leaf(now, node, env), []


def _joined(parts: list[Found], every: bool) -> Found:
    """Of several clauses that fail: a fact in any of those that must all hold makes it another case."""
    clauses = [clause for clause, _ in parts if clause is not None]
    by_law = (all if every else any)(clause.by_law for clause in clauses)
    own = Clause(tuple(cite for clause in clauses for cite in clause.cites), by_law) if clauses else None
    return own, [reason for _, reasons in parts for reason in reasons]


def _why(now: Encoding, node: Node, env: Mapping[str, Any]) -> Found:
    """Why ``node`` holds."""
    inner = node.arguments[0] if isinstance(node, Call) and node.function == "some" else node
    if not isinstance(inner, Decision) or inner.type.kind not in ("bool", "set"):
        return _leaf(now, node, env), []
    instance = now.eval(inner.base, env)
    reasons = []
    for typed in now.program.rules((instance.entity.name, inner.name)):
        if typed.when is None or now.eval(typed.when, instance.env) is True:
            cites = tuple(c for n in walk(typed.when) for c in _cites(now, n, instance.env)) if typed.when is not None else ()
            reasons.append(Reason(typed, instance, Clause(cites, True)))
    return None, reasons


def _leaf(now: Encoding, node: Node, env: Mapping[str, Any]) -> Clause:
    """The sources of the parameters that a clause reads."""
    return Clause(tuple(c for n in walk(node) for c in _cites(now, n, env)), any(isinstance(n, Parameter) for n in walk(node)))


def _cites(now: Encoding, node: Node, env: Mapping[str, Any]) -> Cites:
    if not isinstance(node, Parameter):
        return ()
    key = now.eval(node.key, env) if node.key is not None else None
    at = now.eval(node.at, env)
    if at is None or isinstance(key, Unknown) or isinstance(at, Unknown) or is_symbolic(key) or is_symbolic(at):
        return ()
    entry = now.program.parameter(node.name, key, at)[1]
    return entry.cites if entry is not None else ()
