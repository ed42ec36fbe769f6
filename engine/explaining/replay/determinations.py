"""Determinations made again from their receipts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.explaining.json_form import as_json, proof_json, receipt
from engine.explaining.replay.model import ABSENT, Change, Difference, Replay, Replayed, Under
from engine.explaining.replay.receipts import REMEDY, canonical, changes, check_json, find_facts, inquiry_of
from engine.explaining.terminal import shown
from engine.explaining.words import Words
from engine.facts import Facts
from engine.law import Law, Program
from engine.problems import input_error
from engine.proving import Inquiry, Root, ask

REST = ("undetermined", "differs", "proof")
SCHEMA = "determination.schema.json"


def replay_determinations(
    law: Law, file: Path, content: Any, facts: Path | None, schemas: Path, under: Under | None, words: Words
) -> Replay:
    """Make the determinations of ``file`` again under ``law``.

    Raises:
        InputError: there are none, they are not what this command reads, or their facts cannot be read.
        EngineDefect: proving failed.
    """
    check_json(file, _without_bulk(content), schemas / SCHEMA)
    entries = [(name, entry) for name, ones in content.items() for entry in ones]
    if not entries:
        raise input_error(str(file), 0, 0, "it holds no determination", REMEDY)
    groups: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for name, entry in entries:
        groups.setdefault(canonical(entry["receipt"]), []).append((name, entry))
    changed: dict[Change, None] = {}
    replayed: list[Replayed] = []
    for group in groups.values():
        stamp = group[0][1]["receipt"]
        drafts = tuple(one["path"] for one in stamp.get("drafts", ()))
        asked = under(drafts) if drafts and under is not None else law
        given, inquiry = find_facts(asked, stamp, file, facts), inquiry_of(asked, stamp)
        now = receipt(asked, asked.select(inquiry.authority, inquiry.readings, inquiry.known_on), given) | {
            "facts_path": stamp["facts_path"]
        }
        changed |= dict.fromkeys(changes(stamp, now))
        replayed += _again(asked, given, inquiry, group, words)
    return Replay(tuple(group[0][1]["receipt"] for group in groups.values()), tuple(changed), tuple(replayed))


def _without_bulk(content: Any) -> Any:
    """The content without the long members that are only ever compared as a whole: checking them would take most of the time."""
    if not isinstance(content, dict):
        return content
    return {
        name: [{k: [] if k == "undetermined" else v for k, v in one.items() if k not in ("proof", "differs")} for one in ones]
        if isinstance(ones, list) and all(isinstance(one, dict) for one in ones)
        else ones
        for name, ones in content.items()
    }


def _again(law: Law, facts: Facts, inquiry: Inquiry, group: list[tuple[str, dict[str, Any]]], words: Words) -> Iterator[Replayed]:
    """Each determination of a group made again, in order."""
    asked = [(name, entry, root_of(law, name, entry)) for name, entry in group]
    standing = [root for _, _, root in asked if can_be_asked(law, facts, inquiry, root)]
    full = "full" if any("proof" in entry for _, entry in group) else None
    selection = law.select(inquiry.authority, inquiry.readings, inquiry.known_on)
    answers = shown(ask(law, facts, inquiry, standing, full), words.say("replaying"), len(standing))
    for name, old, root in asked:
        if root not in standing:
            yield Replayed(root, False, (), vanished=True)
            continue
        determination = next(answers)
        (new,) = as_json(law, selection, facts, [determination])[name]
        new["receipt"] = new["receipt"] | {"facts_path": old["receipt"]["facts_path"]}
        old = {name: value for name, value in old.items() if name != "deciding"}  # what would decide it is no part of what was decided
        if "proof" in old:
            program = Program(law, selection, law.phases[determination.phase], root.year)
            new["proof"] = _relocated(proof_json(program, determination.steps), facts.path, old["receipt"]["facts_path"])
        yield Replayed(root, canonical(old) == canonical(new), tuple(_differences(law, root, old, new)))


def root_of(law: Law, name: str, entry: Mapping[str, Any]) -> Root:
    """What an entry of the list ``name`` is about: entities may share a list, and then only one of them has years."""
    for entity, content in law.tree["entities"].items():
        timed = bool(content.get("years") or "year_of" in content)
        if "of" not in content and content["result"]["list"] == name and timed is (entry["year"] is not None):
            key = entry[content["result"]["key"]]
            plan = law.phase_of_plan(key) if "table" not in content else None
            year = entry["year"] if entry["year"] is not None else plan.last_year if plan is not None else 0
            return Root(entity, (key,), year)
    raise input_error(name, 0, 0, "the law has no such list of determinations", REMEDY)


def can_be_asked(law: Law, facts: Facts, inquiry: Inquiry, root: Root) -> bool:
    """Whether the facts still have what was asked about, and a phase the year."""
    table = law.vocabulary.entities[root.entity].table
    if table is None:
        return law.phase_of_plan(root.key[0]) is not None
    return law.phase_of(root.year, inquiry.known_on) is not None and any(row.key == root.key for row in facts.tables[table])


def _relocated(content: Any, path: str, written: str) -> Any:
    """A proof whose sources name the facts by the path of the receipt, wherever they were read this time."""
    if isinstance(content, list):
        return [_relocated(item, path, written) for item in content]
    if isinstance(content, dict):
        return {
            key: written + value[len(path) :] if key == "source" and value.startswith(path) else _relocated(value, path, written)
            for key, value in content.items()
        }
    return content


def _differences(law: Law, root: Root, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    """Where two determinations of one root part: decisions first, then those about its parts, then the rest."""
    if old["phase"] != new["phase"]:
        yield Difference("phase", None, old["phase"], new["phase"])
    yield from _decisions(law, root.entity, None, old["decisions"], new["decisions"])
    for part, content in law.tree["entities"].items():
        if content.get("of") == root.entity:
            key, name = content["result"]["key"], content["result"]["list"]
            before, after = ({row[key]: row for row in one.get(name, ())} for one in (old, new))
            for place in dict.fromkeys((*before, *after)):
                rows = [{k: v for k, v in one.get(place, {}).items() if k != key} for one in (before, after)]
                yield from _decisions(law, part, place, *rows)
    for rest in REST:
        if canonical(old.get(rest)) != canonical(new.get(rest)):
            yield Difference(rest, None)


def _decisions(law: Law, entity: str, place: str | None, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys((*old, *new)):
        if name not in old or name not in new or canonical(old[name]) != canonical(new[name]):
            before, after = (one.get(name, ABSENT) for one in (old, new))
            yield Difference(law.decision_name(entity, name), place, before, after)
