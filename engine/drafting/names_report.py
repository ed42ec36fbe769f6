"""The names that an expression can use, with what they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.explaining.terminal import say, say_json
from engine.explaining.words import Words
from engine.language import Type
from engine.law import Law
from engine.problems import did_you_mean, input_error


def names_report(law: Law, entity: str | None, form: str, language: str = "en") -> None:
    """`kazets law names`: what the rules of an entity can name; by default of every entity.

    Raises:
        InputError: there is no such entity.
    """
    entities = law.vocabulary.entities
    if entity is not None and entity not in entities:
        raise input_error("--entity", 0, 0, f"no entity '{entity}'", did_you_mean(entity, entities))
    rows = [row for row in _rows(law, Words(law, language)) if entity is None or row[0] in ("", *_owners(law, entity))]
    if form == "json":
        say_json([{"entity": owner, "name": name, "type": kind, "label": label} for owner, name, kind, label in rows])
        return
    owner = None
    widths = [max((len(row[column]) for row in rows), default=0) for column in (1, 2)]
    for row in rows:
        if row[0] != owner:
            owner = row[0]
            say(f"{'' if owner == rows[0][0] else chr(10)}{owner or 'everywhere'}")
        say(f"  {row[1]:<{widths[0]}}  {row[2]:<{widths[1]}}  {row[3]}".rstrip())


def _owners(law: Law, entity: str) -> list[str]:
    return [one.name for one in law.vocabulary.main_names(entity)]


def _rows(law: Law, words: Words) -> Iterator[tuple[str, str, str, str]]:
    """(entity, name, type, label): the question itself and parameters under no entity."""
    vocabulary = law.vocabulary
    for name, kind in vocabulary.builtins.items():
        yield "", name, _type(kind), ""
    for name, spec in vocabulary.parameters.items():
        yield "", f"{name}[{spec.keyed_by}]" if spec.keyed_by else name, _type(spec.type), words.parameter(name)
    for entity in vocabulary.entities.values():
        for (owner, name), decision in vocabulary.decisions.items():
            if owner == entity.name:
                yield entity.name, law.decision_name(owner, name), _type(decision.type), words.decision(owner, name)
        if entity.table is not None:
            for column in vocabulary.tables[entity.table].columns.values():
                yield entity.name, f"{entity.row}.{column.name}", _type(column.type), _label(law, entity.table, column.name, words)
        for relation in entity.relations.values():
            keys = f"[{', '.join(relation.key)}]" if relation.key else ""
            of = relation.entity or relation.table or ""
            yield entity.name, f"{relation.name}{keys}", f"rows of {of}", ", ".join(_columns(law, of))


def _columns(law: Law, of: str) -> list[str]:
    entity = law.vocabulary.entities.get(of)
    table = entity.table if entity is not None else of
    return list(law.vocabulary.tables[table].columns) if table is not None else []


def _label(law: Law, table: str, column: str, words: Words) -> str:
    content: dict[str, Any] = law.tree["tables"][table]["columns"][column]
    return words.label(content["label"], column) if "label" in content else ""


def _type(kind: Type) -> str:
    """A type with its unit, its code list or its table."""
    return str(kind)
