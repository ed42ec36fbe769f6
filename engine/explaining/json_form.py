"""Determinations as JSON: the form of schemas/determination.schema.json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any, Protocol

from engine import __version__
from engine.explaining.clauses import parameter_entry
from engine.explaining.words import plain_json
from engine.facts import Facts
from engine.language import Trace
from engine.language.values import whole
from engine.law import Law, Program, Rule, Selection
from engine.law.cache import engine_hash
from engine.law.selection import ALWAYS, NEVER
from engine.proving import Determination, RuleStep, Step

SHORT = 16
"""Digits of the hash of a single file: enough to tell which one changed; the hash of them all is whole."""


class Read(Protocol):
    """Facts or a register, as a receipt names them."""

    @property
    def path(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def as_of(self) -> date: ...


def receipt(law: Law, selection: Selection, facts: Read) -> dict[str, Any]:
    """What a determination was made from, so that it can be made again."""
    drafts = [{"draft": one.id, "path": one.path, "hash": one.digest} for one in law.drafts]
    return {
        "ruleset": law.manifest["id"],
        "ruleset_hash": law.digest,
        "ruleset_files": {name: digest[:SHORT] for name, digest in sorted(law.files.items())},
        "engine_version": __version__,
        "engine_hash": engine_hash(),
        "authority": selection.authority,
        "readings": dict(sorted(selection.readings.items())),
        "settled": {question: selection.readings[question] for question in sorted(selection.settled)},
        "known_on": selection.known_on.isoformat() if selection.known_on else None,
        "as_of": facts.as_of.isoformat(),
        "facts_path": facts.path,
        "facts_hash": facts.digest,
    } | ({"drafts": drafts} if drafts else {})


def as_json(law: Law, selection: Selection, facts: Facts, determinations: Iterable[Determination]) -> dict[str, list[dict[str, Any]]]:
    """All determinations, each in the list that its entity names in the vocabulary."""
    lists: dict[str, list[dict[str, Any]]] = {}
    for content in law.tree["entities"].values():
        if "of" not in content:
            lists.setdefault(content["result"]["list"], [])
    stamp = receipt(law, selection, facts)
    for determination in determinations:
        content = law.tree["entities"][determination.root.entity]
        lists[content["result"]["list"]].append(_one(law, determination) | {"receipt": stamp})
    return lists


def _one(law: Law, determination: Determination) -> dict[str, Any]:
    root, entity = determination.root, law.tree["entities"][determination.root.entity]
    shape = entity["result"]
    decisions = {name: plain_json(outcome) for name, outcome in determination.outcomes.items()}
    timed = entity.get("years") or "year_of" in entity
    found: dict[str, Any] = {shape["key"]: root.key[0], "year": root.year if timed else None, "phase": determination.phase}
    found |= {name: decisions[name] for name in shape.get("lift", [])}
    found["decisions"] = decisions
    for part, rows in determination.parts.items():
        inner = law.tree["entities"][part]["result"]
        found[inner["list"]] = [{inner["key"]: place[0]} | {n: plain_json(v) for n, v in outcomes.items()} for place, outcomes in rows]
    found["undetermined"] = [
        {
            "decision": o.decision,
            "place": list(o.place),
            "reason": o.reason,
            "missing": [{"kind": c.kind, "name": c.name, "place": list(c.place)} for c in o.missing],
        }
        for o in determination.open
    ]
    if determination.differs:
        found["differs"] = {n: {a: plain_json(v) for a, v in others.items()} for n, others in determination.differs.items()}
    return found


def proof_json(program: Program, steps: Mapping[Any, Step]) -> list[dict[str, Any]]:
    """The whole proof, one entry for each step, in the order in which it was proved; each rule and parameter with its law version."""
    rules = {rule.name: rule for ones in program.law.rules.values() for rule in ones}
    return [
        {
            "entity": s.entity,
            "place": list(s.place),
            "decision": s.decision,
            "outcome": plain_json(s.outcome),
            "rules": [_rule(program, rules[r.rule], r) for r in s.rules],
        }
        for s in steps.values()
    ]


def _rule(program: Program, rule: Rule, step: RuleStep) -> dict[str, Any]:
    law = _version(program.law, program.cited(rule), (rule.begins, rule.ends), (rule.known_from, rule.known_to))
    found: dict[str, Any] = {"rule": step.rule, "state": step.state, "fired": list(step.fired), "law": law}
    if step.by:
        found["by"] = list(step.by)
    if step.when is not None:
        found["when"] = _trace(program, step.when)
    if step.gives is not None:
        found["value"] = _trace(program, step.gives)
    return found


def _version(law: Law, cites: tuple[tuple[str, str], ...], force: tuple[date, date], known: tuple[date, date]) -> dict[str, Any]:
    """Where something stands, when that text applies, and since when it is known; days without an end are left out."""
    found: dict[str, Any] = {"cite": [_cite(law, instrument, point) for instrument, point in cites]}
    for name, (begins, ends) in (("in_force", force), ("known", known)):
        span = {key: day.isoformat() for key, day, open_end in (("from", begins, ALWAYS), ("to", ends, NEVER)) if day != open_end}
        found |= {name: span} if span else {}
    return found


def _cite(law: Law, instrument: str, point: str) -> dict[str, Any]:
    content = law.tree["instruments"][instrument]
    found: dict[str, Any] = {"instrument": instrument, "point": point}
    if "published" in content:
        found["published"] = str(content["published"])
    span = {key: str(content["in_force"][key]) for key in ("from", "to") if key in content.get("in_force", {})}
    return found | ({"in_force": span} if span else {})


def _trace(program: Program, part: Trace) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": part.kind, "text": part.text, "value": plain_json(part.value)}
    if part.name:
        found["name"] = part.name
    if part.place:
        found["place"] = list(part.place)
    if part.source:
        found["source"] = part.source
    if part.kind == "parameter" and (entry := parameter_entry(program, part)) is not None:
        found["law"] = _version(program.law, entry.cites, (entry.begins, entry.ends), (entry.known_from, NEVER))
    if part.kind == "compare" and (margin := _margin(*part.parts)) is not None:
        found["margin"] = margin
    if part.parts:
        found["parts"] = [_trace(program, inner) for inner in part.parts]
    return found


def _margin(left: Trace, right: Trace) -> Any:
    """Left less right, in the unit of the comparison, in days for dates; None where they cannot be subtracted or are not known."""
    sides = (left.value, right.value)
    if all(isinstance(side, date) for side in sides):
        return (sides[0] - sides[1]).days
    if all(isinstance(side, (int, Fraction)) and not isinstance(side, bool) for side in sides):
        return plain_json(whole(sides[0] - sides[1]))
    return None
