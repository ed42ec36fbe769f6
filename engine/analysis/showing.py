"""A cure report as lines of text and as plain data for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

from engine.language import NUMBER, Cause, OpenSet, Type, Unknown
from engine.language.values import decimal_text
from engine.proving import Conflict, Fill, Gap

if TYPE_CHECKING:
    from engine.analysis.barred import Barred, Ground
    from engine.analysis.report import Cure, CureReport, Doing, Obstacle, Way


class Words(Protocol):
    """What the text form asks of the names, values and fixed words of a law; `engine.explaining` has them."""

    law: Any

    def say(self, word: str, /, **values: Any) -> str: ...
    def label(self, labels: Any, fallback: str) -> str: ...
    def code(self, codes: str | None, member: str) -> str: ...
    def decision(self, entity: str, name: str) -> str: ...
    def value(self, value: Any, kind: Type | None) -> str: ...
    def day(self, value: date) -> str: ...
    def cites(self, cites: Iterable[tuple[str, str]]) -> str: ...
    def cause(self, cause: Cause) -> str: ...


def cure_lines(report: CureReport, words: Words) -> Iterator[str]:
    """The report as text, from the status downwards; what it is about is for the caller to say first."""
    law = words.law
    result, entity = law.manifest["result"], report.root.entity
    kind = law.vocabulary.decisions[entity, result["status"]].type
    goal = ", ".join(words.value(code, kind) for code in report.goal)
    yield f"{words.decision(entity, result['status'])}: {words.value(report.status, kind)}"
    for code in report.breaches:
        yield f"  {words.code(law.vocabulary.decisions[entity, result['breaches']].type.codes, code)}"
    if report.state == "reached":
        yield words.say("cure_reached")
    elif report.state == "not_searched":
        yield words.say("cure_not_searched", why=report.why)
    else:
        yield from _way(report.still, "cure_still", "cure_too_late", goal, kind, words)
        if not report.still.cures:
            yield from _way(report.would_have, "cure_would_have", "cure_none", goal, kind, words)
    if report.missing:
        yield words.say("cure_unknown")
        yield from (f"  {words.cause(cause)}" for cause in report.missing)
    if report.barred:
        yield words.say("cure_barred")
        for one in report.barred:
            yield from _barred(one, words)


def _way(way: Way, found: str, none: str, goal: str, kind: Type, words: Words) -> Iterator[str]:
    if not way.cures:
        if way.obstacles:
            yield words.say(none, goal=goal)
        for obstacle in way.obstacles:
            yield from _obstacle(obstacle, words)
        return
    yield words.say(found, goal=goal)
    for number, cure in enumerate(way.cures):
        yield "  " + (words.say("cure_or") if number else words.say("cure_first", count=cure.acts))
        yield from _cure(cure, kind, words)


def _cure(cure: Cure, kind: Type, words: Words) -> Iterator[str]:
    for doing in cure.doings:
        yield "    " + _filled(doing.says, doing.fills, words)
        if doing.also:
            choices = ", ".join(
                " ".join(words.value(value, NUMBER if isinstance(value, int) else None) for _, value in one) for one in doing.also
            )
            yield "      " + words.say("cure_also", choices=choices)
    counted = [doing for doing in cure.doings if doing.number is not None]
    if len(counted) > 1:
        yield "    " + words.say("cure_units", units=words.value(cure.units, counted[0].unit))
    if cure.cost is not None:
        yield "    " + words.say("cure_cost", cost=words.value(cure.cost, cure.currency))
    yield "    " + words.say("cure_proved", day=words.day(cure.as_of), status=words.value(cure.status, kind))


def _obstacle(obstacle: Obstacle, words: Words) -> Iterator[str]:
    yield "  " + words.say("cure_stays", what=words.code(obstacle.codes, obstacle.about))
    for rule in obstacle.rules:
        yield "    " + _rule(rule, words)
    for kind, name in obstacle.actions:
        yield "    " + words.say(f"cure_action_{kind}", action=words.label(words.law.tree["actions"][name]["label"], name))


def _barred(one: Barred, words: Words) -> Iterator[str]:
    size = f": {words.value(one.size, one.unit)}" if one.size is not None and one.unit is not None else ""
    reason = f": {words.code(one.reasons, one.reason)}" if one.reason is not None else ""
    yield f"  {one.place[0]}{size}{reason}"
    for rule in one.grounds:
        yield "    " + _rule(rule, words)


def _rule(rule: Ground, words: Words) -> str:
    sentence = _filled(rule.says, rule.fills, words)
    if rule.holds is not None:
        sentence = words.say("rule_holds" if rule.holds else "rule_fails", sentence=sentence)
    return f"{sentence} — {words.say('rule_line', rule=rule.rule, sources=words.cites(rule.cites))}"


def _filled(says: Mapping[str, str], fills: Iterable[Fill], words: Words) -> str:
    text = words.label(says, "")
    for fill in fills:
        text = text.replace("{" + fill.name + "}", words.value(fill.value, fill.type))
    return text


# -- JSON -------------------------------------------------------------------------------------------------------


def cure_json(report: CureReport) -> dict[str, Any]:
    """The report as plain data; numbers that are not whole and days are text."""
    return {
        "installation" if len(report.root.key) == 1 else "key": report.root.key[0] if len(report.root.key) == 1 else list(report.root.key),
        "year": report.root.year,
        "phase": report.phase,
        "authority": report.authority,
        "as_of": report.as_of.isoformat(),
        "status": _plain(report.status),
        "breaches": list(report.breaches),
        "goal": list(report.goal),
        "state": report.state,
        "still": _way_json(report.still),
        "would_have": _way_json(report.would_have),
        "barred": [
            {"place": list(b.place), "action": b.action, "reason": b.reason, "size": b.size, "rules": [_rule_json(g) for g in b.grounds]}
            for b in report.barred
        ],
        "missing": [{"kind": c.kind, "name": c.name, "place": list(c.place)} for c in report.missing],
        "why": report.why,
    }


def _way_json(way: Way) -> dict[str, Any]:
    return {
        "cures": [
            {
                "acts": cure.acts,
                "units": cure.units,
                "cost": _plain(cure.cost),
                "as_of": cure.as_of.isoformat(),
                "status": cure.status,
                "facts_hash": cure.facts,
                "doings": [_doing_json(doing) for doing in cure.doings],
            }
            for cure in way.cures
        ],
        "obstacles": [
            {
                "about": obstacle.about,
                "rules": [_rule_json(rule) for rule in obstacle.rules],
                "actions": [{"condition": kind, "action": name} for kind, name in obstacle.actions],
            }
            for obstacle in way.obstacles
        ],
    }


def _doing_json(doing: Doing) -> dict[str, Any]:
    return {
        "action": doing.action,
        "place": list(doing.place),
        "number": doing.number,
        "day": _plain(doing.day),
        "cost": _plain(doing.cost),
        "rows": [{"table": table, "cells": {name: _plain(cell) for name, cell in cells.items()}} for table, cells in doing.rows],
        "replaces": list(doing.replaces) if doing.replaces is not None else None,
        "also": [{name: _plain(value) for name, value in one} for one in doing.also],
    }


def _rule_json(rule: Ground) -> dict[str, Any]:
    cites = [{"instrument": instrument, "point": point} for instrument, point in rule.cites]
    return {"rule": rule.rule, "cites": cites, "holds": rule.holds, "value": _plain(rule.value)}


def _plain(value: Any) -> Any:
    if isinstance(value, (Unknown, Gap, Conflict, OpenSet)):
        return "undetermined"
    if isinstance(value, Fraction):
        return decimal_text(value)
    return value.isoformat() if isinstance(value, date) else value
