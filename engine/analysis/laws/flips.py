"""Why two laws part on a case: the rules and values by which the first decision that differs does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.analysis.laws.frame import Side
from engine.analysis.laws.replaying import Cites, Place, Proved
from engine.language import walk
from engine.language.nodes import Parameter
from engine.language.values import same
from engine.law import Program, TypedRule
from engine.proving import RuleStep, comparable

RULE, VALUE = "rule", "value"
StepKey = tuple[str, Place, str]


@dataclass(frozen=True)
class Said:
    """What one law says at a point where two part.

    Attributes:
        text: of a rule: its condition and value; None where the law has no such rule, or no such value.
        state: of a rule on the case: `holds`, `fails`, `open`, `displaced`, `blocked`.
        value: what a rule gives, or the value of a parameter.
    """

    text: str | None
    state: str | None
    value: Any
    cites: Cites


@dataclass(frozen=True)
class Flip:
    """A rule or value that the two laws have differently, where their answers part.

    Attributes:
        kind: `rule` or `value`.
        name: of the rule or parameter; ``key`` of a keyed parameter.
        decision, place: the first decision that comes out differently.
    """

    kind: str
    name: str
    key: Any
    decision: tuple[str, str]
    place: Place
    one: Said
    other: Said


def flips(sides: tuple[Side, Side], proved: tuple[Proved, Proved], decision: tuple[str, str], place: Place) -> tuple[Flip, ...]:
    """The rules and values by which ``decision`` comes out differently; where no decision that it rests on does."""
    programs = tuple(_program(side, each) for side, each in zip(sides, proved, strict=True))
    origins = _origins(programs, proved, (decision[0], place, decision[1]))
    found: dict[tuple[str, str, Any], Flip] = {}
    for origin in origins:
        for flip in (*_values(programs, proved, origin), *_rules(programs, proved, origin)):
            found.setdefault((flip.kind, flip.name, flip.key), flip)
    return tuple(found.values())


def _program(side: Side, proved: Proved) -> Program:
    assert proved.determination is not None
    own = side.law.phase_of(proved.determination.root.year, side.selection.known_on)
    return side.program(proved.determination.root, own.id if own is not None else proved.determination.phase)


def _origins(programs: tuple[Program, ...], proved: tuple[Proved, Proved], start: StepKey) -> list[StepKey]:
    """The decisions that differ although nothing that they rest on does, on the way to ``start``."""
    apart = [
        key
        for key, outcome in proved[0].outcomes.items()
        if key in proved[1].outcomes and comparable(outcome) != comparable(proved[1].outcomes[key])
    ]
    found, seen, pending = [], set(), [start]
    while pending:
        entity, place, name = pending.pop()
        if (entity, place, name) in seen:
            continue
        seen.add((entity, place, name))
        needs = frozenset(key for program in programs for key in program.needs((entity, name)))
        below = [key for key in apart if (key[0], key[2]) in needs and key not in seen]
        if below:
            pending += below
        elif not any((key[0], key[2]) in needs for key in apart):
            found.append((entity, place, name))
    return found


def _rules(programs: tuple[Program, ...], proved: tuple[Proved, Proved], origin: StepKey) -> Iterator[Flip]:
    entity, place, name = origin
    steps = [{step.rule: step for step in _steps(each, origin)} for each in proved]
    typed = [{rule.rule.name: rule for rule in program.rules((entity, name))} for program in programs]
    for rule in dict.fromkeys([*typed[0], *typed[1]]):
        one, other = (_said(typed[i].get(rule), steps[i].get(rule)) for i in (0, 1))
        if one.text != other.text or one.state != other.state or not _same(one.value, other.value):
            yield Flip(RULE, rule, None, (entity, name), place, one, other)


def _steps(proved: Proved, origin: StepKey) -> tuple[RuleStep, ...]:
    assert proved.determination is not None
    step = proved.determination.steps.get(origin)
    return step.rules if step is not None else ()


def _said(typed: TypedRule | None, step: RuleStep | None) -> Said:
    if typed is None:
        return Said(None, None, None, ())
    text = f"{typed.when.text if typed.when is not None else 'always'}: {typed.value.text}"
    return Said(text, step.state if step is not None else None, step.value if step is not None else None, typed.rule.cites)


def _values(programs: tuple[Program, ...], proved: tuple[Proved, Proved], origin: StepKey) -> Iterator[Flip]:
    entity, place, name = origin
    nodes = [node for program in programs for rule in program.rules((entity, name)) for node in (rule.when, rule.value) if node is not None]
    named = {part.name for node in nodes for part in walk(node) if isinstance(part, Parameter)}
    for looked, (value, cites) in proved[0].values.items():
        against, others = proved[1].values.get(looked, (None, ()))
        if looked[0] in named and looked in proved[1].values and not _same(value, against):
            yield Flip(
                VALUE, looked[0], looked[1], (entity, name), place, Said(None, None, value, cites), Said(None, None, against, others)
            )


def _same(one: Any, other: Any) -> bool:
    return comparable(one) == comparable(other) if one is not None and other is not None else same(one, other)
