"""A cure report as sentences for a text or a dossier, and as plain data for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.explaining.sentences import Sentence
from engine.explaining.words import Words, plain_json
from engine.language import NUMBER, Type
from engine.proving import Fill

if TYPE_CHECKING:
    from engine.analysis.barred import Barred, Ground
    from engine.analysis.report import Cure, CureReport, Doing, Obstacle, Way


def cure_lines(report: CureReport, words: Words) -> Iterator[Sentence]:
    """The report as sentences, from the status downwards; what it is about is for the caller to say first."""
    law = words.law
    result, entity = law.manifest["result"], report.root.entity
    kind = law.vocabulary.decisions[entity, result["status"]].type
    yield Sentence(0, f"{words.decision(entity, result['status'])}: {words.value(report.status, kind)}")
    for code in report.breaches:
        yield Sentence(1, words.code(law.vocabulary.decisions[entity, result["breaches"]].type.codes, code))
    yield from remedy_lines(report, words)


def remedy_lines(report: CureReport, words: Words) -> Iterator[Sentence]:
    """What would cure it, why nothing would, what is missing and what is barred, without the status."""
    kind = _status_type(report, words)
    if report.state in ("reached", "not_searched"):
        yield Sentence(0, words.say(f"cure_{report.state}"))
    else:
        yield from _way(report.still, "cure_still", "cure_too_late", kind, words)
        if not report.still.cures:
            yield from _way(report.would_have, "cure_would_have", "cure_none", kind, words)
    if report.missing:
        yield Sentence(0, words.say("cure_unknown"))
        yield from (Sentence(1, words.cause(cause)) for cause in report.missing)
    if report.barred:
        yield Sentence(0, words.say("cure_barred"))
        for one in report.barred:
            yield from _barred(one, words)
    for authority, other in report.differs.items():
        yield from _differs(authority, other, words)


def _status_type(report: CureReport, words: Words) -> Type:
    return words.law.vocabulary.decisions[report.root.entity, words.law.manifest["result"]["status"]].type


def _differs(authority: str, report: CureReport, words: Words) -> Iterator[Sentence]:
    """What another authority says instead, in brief: the best that can or could be done."""
    head = {"still": "cure_still", "too_late": "cure_would_have"}.get(report.state, f"cure_{report.state}")
    if report.state == "unknown":
        head = "cure_not_known"
    yield Sentence(0, words.say("cure_differs", authority=words.authority_name(authority)))
    yield Sentence(1, words.say(head))
    if report.way.cures:
        yield from _cure(report.way.cures[0], _status_type(report, words), words)


def _way(way: Way, found: str, none: str, kind: Type, words: Words) -> Iterator[Sentence]:
    if not way.cures:
        if way.open and found == "cure_still":
            yield Sentence(0, words.say("cure_not_known"))
        if way.obstacles:
            yield Sentence(0, words.say(none))
        for obstacle in way.obstacles:
            yield from _obstacle(obstacle, words)
        return
    yield Sentence(0, words.say(found))
    for number, cure in enumerate(way.cures):
        yield Sentence(1, words.say("cure_or") if number else words.say("cure_first", count=cure.acts))
        yield from _cure(cure, kind, words)


def _cure(cure: Cure, kind: Type, words: Words) -> Iterator[Sentence]:
    for doing in cure.doings:
        yield Sentence(2, _filled(doing.says, doing.fills, words))
        if doing.also:
            yield Sentence(3, words.say("cure_also", choices=", ".join(_choice(one, words) for one in doing.also)))
    counted = [doing for doing in cure.doings if doing.number is not None]
    if len(counted) > 1:
        yield Sentence(2, words.say("cure_units", units=words.value(cure.units, counted[0].unit)))
    if cure.cost is not None:
        yield Sentence(2, words.say("cure_cost", cost=words.value(cure.cost, cure.currency)))
    for label in dict.fromkeys(words.label(doing.label, doing.action) for doing in counted if doing.priced and doing.cost is None):
        yield Sentence(2, words.say("cure_no_price", action=label))
    yield Sentence(2, words.say("cure_proved", day=words.day(cure.as_of), status=words.value(cure.status, kind)))


def _choice(pairs: Iterable[tuple[str, Any]], words: Words) -> str:
    return " ".join(words.value(value, NUMBER if isinstance(value, int) else None) for _, value in pairs)


def _obstacle(obstacle: Obstacle, words: Words) -> Iterator[Sentence]:
    if obstacle.about is None:
        yield Sentence(1, words.say("cure_stays_all"))
    else:
        yield Sentence(1, words.say("cure_stays", what=words.code(obstacle.codes, obstacle.about)))
    for rule in obstacle.rules:
        yield _rule(rule, words)
    for kind, name in obstacle.actions:
        yield Sentence(2, words.say(f"cure_action_{kind}", action=words.label(words.law.tree["actions"][name]["label"], name)))


def _barred(one: Barred, words: Words) -> Iterator[Sentence]:
    size = f": {words.value(one.size, one.unit)}" if one.size is not None and one.unit is not None else ""
    reason = f": {words.code(one.reasons, one.reason)}" if one.reason is not None else ""
    yield Sentence(1, f"{one.place[0]}{size}{reason}")
    for rule in one.grounds:
        yield _rule(rule, words)


def _rule(rule: Ground, words: Words) -> Sentence:
    sentence = _filled(rule.says, rule.fills, words)
    if rule.holds is not None:
        sentence = words.say("rule_holds" if rule.holds else "rule_fails", sentence=sentence)
    return Sentence(2, sentence, rule.rule, rule.cites)


def _filled(says: Mapping[str, str], fills: Iterable[Fill], words: Words) -> str:
    text = words.label(says, "")
    for fill in fills:
        text = text.replace("{" + fill.name + "}", words.value(fill.value, fill.type))
    return text


# -- JSON -------------------------------------------------------------------------------------------------------


def cure_json(report: CureReport) -> dict[str, Any]:
    """The report as plain data, in the form of schemas/cure.schema.json; numbers that are not whole and days are text."""
    return {
        "entity": report.root.entity,
        "key": list(report.root.key),
        "year": report.root.year,
        "phase": report.phase,
        "authority": report.authority,
        "as_of": report.as_of.isoformat(),
        "status": plain_json(report.status),
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
        "differs": {authority: cure_json(other) for authority, other in report.differs.items()},
    }


def _way_json(way: Way) -> dict[str, Any]:
    return {
        "cures": [
            {
                "acts": cure.acts,
                "units": cure.units,
                "cost": plain_json(cure.cost),
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
        "day": plain_json(doing.day),
        "cost": plain_json(doing.cost),
        "rows": [{"table": table, "cells": {name: plain_json(cell) for name, cell in cells.items()}} for table, cells in doing.rows],
        "replaces": list(doing.replaces) if doing.replaces is not None else None,
        "also": [{name: plain_json(value) for name, value in one} for one in doing.also],
    }


def _rule_json(rule: Ground) -> dict[str, Any]:
    cites = [{"instrument": instrument, "point": point} for instrument, point in rule.cites]
    return {"rule": rule.rule, "cites": cites, "holds": rule.holds, "value": plain_json(rule.value)}
