"""Why the law does not let a thing be done: the rules behind a condition that fails, down to those that decide it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    found: dict[str, tuple[TypedRule, Instance, Cites, bool]] = {}
    assert action.possible is not None
    for typed, owner, cites, by_law in _why_not(now, action.possible, env, None):
        found.setdefault(typed.rule.name, (typed, owner, cites, by_law))
    # a rule that fails by a parameter says what the law does not allow; one that fails by a fact only says that it is another case
    chosen = [entry for entry in found.values() if entry[3]] or list(found.values())
    grounds = tuple(ground(now, typed, owner, cites) for typed, owner, cites, _ in chosen)
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


Why = Iterator[tuple[TypedRule, Instance, Cites, bool]]


def _why_not(now: Encoding, node: Node, env: Mapping[str, Any], of: tuple[TypedRule, Instance] | None) -> Why:
    """The rules by which ``node`` fails; ``of`` is the rule that it stands in."""
    if isinstance(node, And):
        for item in node.items:
            if now.eval(item, env) is False:
                yield from _why_not(now, item, env, of)
    elif isinstance(node, Or):
        for item in node.items:
            yield from _why_not(now, item, env, of)
    elif isinstance(node, Not):
        yield from _why(now, node.item, env, of)
    elif isinstance(node, Decision) and node.type.kind == "bool":
        instance = now.eval(node.base, env)
        for typed in now.program.rules((instance.entity.name, node.name)):
            if typed.when is not None:
                yield from _why_not(now, typed.when, instance.env, (typed, instance))
    elif of is not None:
        yield (*of, *_by_law(now, node, env))


def _why(now: Encoding, node: Node, env: Mapping[str, Any], of: tuple[TypedRule, Instance] | None) -> Why:
    """The rules by which ``node`` holds."""
    inner = node.arguments[0] if isinstance(node, Call) and node.function == "some" else node
    if isinstance(inner, Decision) and inner.type.kind in ("bool", "set"):
        instance = now.eval(inner.base, env)
        for typed in now.program.rules((instance.entity.name, inner.name)):
            if typed.when is None or now.eval(typed.when, instance.env) is True:
                cites = tuple(c for n in walk(typed.when) for c in _cites(now, n, instance.env)) if typed.when is not None else ()
                yield typed, instance, cites, True
    elif of is not None:
        yield (*of, *_by_law(now, node, env))


def _by_law(now: Encoding, node: Node, env: Mapping[str, Any]) -> tuple[Cites, bool]:
    """The sources of the parameters that a clause reads, and whether it reads any."""
    return tuple(c for n in walk(node) for c in _cites(now, n, env)), any(isinstance(n, Parameter) for n in walk(node))


def _cites(now: Encoding, node: Node, env: Mapping[str, Any]) -> Cites:
    if not isinstance(node, Parameter):
        return ()
    key = now.eval(node.key, env) if node.key is not None else None
    at = now.eval(node.at, env)
    if at is None or isinstance(key, Unknown) or isinstance(at, Unknown) or is_symbolic(key) or is_symbolic(at):
        return ()
    entry = now.program.parameter(node.name, key, at)[1]
    return entry.cites if entry is not None else ()
