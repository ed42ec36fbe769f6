"""Determinations as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.explaining.words import Words
from engine.law import Law
from engine.proving import Determination

MAX_REASONS = 12


def determination_text(law: Law, words: Words, determination: Determination) -> Iterator[str]:
    """One determination: every decision with its value, its parts, what could not be determined, what is disputed."""
    root, entity = determination.root, determination.root.entity
    yield f"{root} — {words.label(law.phases[determination.phase].title, determination.phase)}"
    width = max(len(words.decision(entity, name)) for name in determination.outcomes)
    for name, outcome in determination.outcomes.items():
        kind = law.vocabulary.decisions[entity, name].type
        others = determination.differs.get(name, {})
        disputed = "".join(f"   [{authority}: {words.value(other, kind)}]" for authority, other in others.items())
        yield f"  {words.decision(entity, name):<{width}}  {words.value(outcome, kind)}{disputed}"
    for part, rows in determination.parts.items():
        for place, outcomes in rows:
            shown = [f"{words.decision(part, n)}: {words.value(v, law.vocabulary.decisions[part, n].type)}" for n, v in list(outcomes.items())[:2]]
            more = [f"{words.decision(part, n)}: {words.value(v, law.vocabulary.decisions[part, n].type)}" for n, v in outcomes.items() if isinstance(v, int) and not isinstance(v, bool)]
            yield f"  {words.label(law.tree['entities'][part]['label'], part)} {place[0]} — {'; '.join(shown + more)}"
    yield from undetermined_text(law, words, determination)


def undetermined_text(law: Law, words: Words, determination: Determination) -> Iterator[str]:
    """What is missing, each leaf once, with the decisions that wait for it."""
    waiting: dict[str, list[str]] = {}
    for item in determination.open:
        reasons = [f"{c.kind}: {c}" for c in item.missing if c.kind not in ("gap", "conflict")] or [
            {"gap": "the law says nothing", "conflict": "two rules give two values"}.get(item.reason, "it depends on a gap or conflict")
        ]
        for reason in reasons:
            waiting.setdefault(reason, []).append(item.decision)
    if waiting:
        yield "  cannot be determined:"
    for reason, decisions in list(waiting.items())[:MAX_REASONS]:
        names = ", ".join(dict.fromkeys(decisions))
        yield f"    {reason} — {names}"


def differing_plan_lines(law: Law, words: Words, determination: Determination) -> Iterator[str]:
    """A plan or trade in a few lines: each decision, and what another authority says of it."""
    entity = determination.root.entity
    timed = law.tree["entities"][entity].get("years") or "year_of" in law.tree["entities"][entity]
    yield f"{words.label(law.tree['entities'][entity]['label'], entity)} {determination.root.key[0]}{f', {determination.root.year}' if timed else ''}"
    for name, outcome in determination.outcomes.items():
        kind = law.vocabulary.decisions[entity, name].type
        others = determination.differs.get(name, {})
        disputed = "".join(f"   [{authority}: {words.value(other, kind)}]" for authority, other in others.items())
        yield f"  {words.decision(entity, name):<36}  {words.value(outcome, kind)}{disputed}"


def law_lines(law: Law, words: Words, program: Any) -> Iterator[tuple[str, str, str]]:
    """Every parameter of a phase in a year: label, value with unit, source."""
    from engine.language import Scope, compile_node, parse
    from engine.law.program import _constant, _Constants

    for name, spec in law.vocabulary.parameters.items():
        text = law.vocabulary.governing[spec.governed_by]
        at = None
        for entity in law.vocabulary.entities:
            try:
                node = parse(text, Scope(law.vocabulary, entity))
            except ValueError:
                continue
            if _constant(node):
                at = compile_node(node)({"@": _Constants(program)})
            break
        at = at or compile_node(parse("date(year, 12, 31)", Scope(law.vocabulary, law.manifest["main"])))({"@": _Constants(program)})
        for key in [program.year] if spec.keyed_by == "year" else law.keys(name):
            value, entry = program.parameter(name, key, at)
            if entry is None:
                continue
            label = words.parameter(name) + (f" — {words.code(spec.keyed_by, str(key))}" if key is not None and spec.keyed_by != "year" else "")
            printed = words.value(value, spec.type)
            yield label, printed, words.cites(entry.cites) + (f" ({entry.note})" if entry.note else "")


