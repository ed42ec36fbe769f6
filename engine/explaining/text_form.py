"""Determinations as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.explaining.words import Words
from engine.language import Unknown
from engine.law import Law
from engine.proving import Determination

MAX_REASONS = 12


def determination_text(law: Law, words: Words, determination: Determination, everything: bool = False) -> Iterator[str]:
    """One determination: its decisions with their values, its parts, what could not be determined, what is disputed.

    Args:
        everything: whether minor decisions are shown too.
    """
    root, entity = determination.root, determination.root.entity
    tree = law.tree["entities"][entity]
    timed = tree.get("years") or "year_of" in tree
    about = f"{words.label(tree['label'], entity)}: {words.key(entity, root.key)}{f', {root.year}' if timed else ''}"
    yield f"{about} — {words.label(law.phases[determination.phase].title, determination.phase)}"
    shown = {name: outcome for name, outcome in determination.outcomes.items() if everything or not _minor(law, entity, name)}
    width = max(len(words.decision(entity, name)) for name in shown)
    for name, outcome in shown.items():
        kind = law.vocabulary.decisions[entity, name].type
        others = determination.differs.get(name, {})
        disputed = "".join(f"   [{words.authority_name(authority)}: {words.value(other, kind)}]" for authority, other in others.items())
        yield f"  {words.decision(entity, name):<{width}}  {words.value(outcome, kind)}{disputed}"
    for part, rows in determination.parts.items():
        for place, outcomes in rows:
            told = [
                f"{words.decision(part, n)}: {words.value(v, law.vocabulary.decisions[part, n].type)}"
                for n, v in outcomes.items()
                if everything or not _minor(law, part, n)
            ]
            yield f"  {words.label(law.tree['entities'][part]['label'], part)} {place[0]} — {'; '.join(told)}"
    yield from undetermined_text(law, words, determination, everything)


def _minor(law: Law, entity: str, name: str) -> bool:
    return bool(law.tree["decisions"].get(law.decision_name(entity, name), {}).get("minor"))


def undetermined_text(law: Law, words: Words, determination: Determination, everything: bool = False) -> Iterator[str]:
    """What is missing, each leaf once, with the decisions that wait for it."""
    waiting: dict[str, list[str]] = {}
    for item in determination.open:
        key = law.decision_key(item.decision)
        if not everything and key is not None and _minor(law, *key):
            continue
        reasons = [words.missing(c) for c in item.missing if c.kind not in ("gap", "conflict")] or [
            words.say({"gap": "missing_gap", "conflict": "missing_conflict"}.get(item.reason, "missing_other"))
        ]
        for reason in reasons:
            waiting.setdefault(reason, []).append(words.decision_written(item.decision))
    if waiting:
        yield f"  {words.say('cannot_determine')}"
    for reason, decisions in list(waiting.items())[:MAX_REASONS]:
        names = "; ".join(dict.fromkeys(decisions))
        yield f"    {reason} — {names}"


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
            label = words.parameter(name) + (
                f" — {words.code(spec.keyed_by, str(key))}" if key is not None and spec.keyed_by != "year" else ""
            )
            missing = value.causes if isinstance(value, Unknown) else ()
            why = "; ".join(words.cause(cause) for cause in sorted(missing) if cause.kind == "construct")
            source = words.cites(entry.cites) + words.note(entry.note) + (f" ({why})" if why else "")
            yield label, words.of_parameter(name, value), source
