"""A determination made again from its receipt: identical, or what differs and which of its makings changed."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from engine.explaining.json_form import as_json, proof_json, receipt
from engine.explaining.reports import read_facts
from engine.explaining.terminal import say, say_json, shown
from engine.explaining.words import Words
from engine.facts import Facts
from engine.language import Type
from engine.language.values import exact
from engine.law import Law, Program
from engine.law.yaml_files import read_text
from engine.problems import input_error
from engine.proving import Inquiry, Root, ask

REMEDY = "give what `kazets determine … --format json` or `kazets why … --format json` printed"
ABSENT = "absent"
"""Stands for what one of the two determinations does not have."""
REST = ("undetermined", "differs", "proof")
SHOWN_DIGITS, MAX_MESSAGE, MAX_TOLD = 12, 160, 20
_HASH = re.compile(r"\b[0-9a-f]{16,64}\b")


@dataclass(frozen=True)
class Change:
    """Something that a determination is made from, before and now; None where it was or is not there.

    Attributes:
        what: `ruleset`, `ruleset_file`, `engine`, `facts`, `authority`, `reading` or `settled`.
        name: the file or question, where there are several.
    """

    what: str
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Difference:
    """A decision that came out differently, or (without values) another part of the determination that did.

    Attributes:
        decision: its name, or `phase` or one of `REST`; for one about a part, with the part's key in ``place``.
    """

    decision: str
    place: str | None
    before: Any = None
    after: Any = None


@dataclass(frozen=True)
class Replayed:
    """One determination made again; ``vanished``: it can no longer be asked."""

    root: Root
    identical: bool
    differences: tuple[Difference, ...]
    vanished: bool = False


@dataclass(frozen=True)
class Replay:
    """All determinations of a file, and what they were made from that is not as it was."""

    stamps: tuple[Mapping[str, Any], ...]
    changes: tuple[Change, ...]
    replayed: tuple[Replayed, ...]

    @property
    def identical(self) -> bool:
        return all(one.identical for one in self.replayed)


Under = Callable[[tuple[str, ...]], Law]
"""Gives the law as it would be under drafts, by their names or paths."""


def replay_report(
    law: Law, file: Path, facts: Path | None, schemas: Path, form: str, under: Under | None = None, language: str = "en"
) -> bool:
    """`kazets replay`: print the outcome as text or JSON; true where everything is identical.

    Args:
        facts: where the facts are now, if not where the receipt says.
        schemas: the folder of `determination.schema.json`.
        under: needed where a receipt names drafts.

    Raises:
        InputError: the file is not what this command reads, or its facts cannot be read.
        EngineDefect: proving failed.
    """
    words = Words(law, language)
    found = replay(law, file, facts, schemas, under, words)
    if form == "json":
        say_json(_as_json(found))
    else:
        for line in _lines(law, found, words):
            say(line)
    return found.identical


def replay(law: Law, file: Path, facts: Path | None, schemas: Path, under: Under | None = None, words: Words | None = None) -> Replay:
    """Make the determinations of ``file`` again under ``law``; arguments and errors as in `replay_report`.

    Args:
        words: the language of the progress bar.
    """
    content = _read(file, schemas)
    entries = [(name, entry) for name, ones in content.items() for entry in ones]
    if not entries:
        raise input_error(str(file), 0, 0, "it holds no determination", REMEDY)
    groups: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for name, entry in entries:
        groups.setdefault(_canonical(entry["receipt"]), []).append((name, entry))
    changes: dict[Change, None] = {}
    replayed: list[Replayed] = []
    for group in groups.values():
        stamp = group[0][1]["receipt"]
        drafts = tuple(one["path"] for one in stamp.get("drafts", ()))
        asked = under(drafts) if drafts and under is not None else law
        given, inquiry = _find_facts(asked, stamp, file, facts), _inquiry(asked, stamp)
        now = receipt(asked, asked.select(inquiry.authority, inquiry.readings, inquiry.known_on), given) | {
            "facts_path": stamp["facts_path"]
        }
        changes |= dict.fromkeys(_changes(stamp, now))
        replayed += _again(asked, given, inquiry, group, words or Words(law))
    return Replay(tuple(group[0][1]["receipt"] for group in groups.values()), tuple(changes), tuple(replayed))


# -- reading ------------------------------------------------------------------------------------------------------


def _read(file: Path, schemas: Path) -> dict[str, list[dict[str, Any]]]:
    text = read_text(file, str(file))
    try:
        content = json.loads(text, parse_float=str)
    except json.JSONDecodeError as error:
        raise input_error(str(file), error.lineno, error.colno, f"not valid JSON: {error.msg}", REMEDY) from None
    except (ValueError, RecursionError) as error:
        raise input_error(str(file), 0, 0, f"not valid JSON: {error}", REMEDY) from None
    from jsonschema import Draft202012Validator

    schema = json.loads((schemas / "determination.schema.json").read_text(encoding="utf-8"))
    for problem in Draft202012Validator(schema).iter_errors(_without_bulk(content)):
        message = problem.message if len(problem.message) < MAX_MESSAGE else problem.message[:MAX_MESSAGE] + "…"
        raise input_error(str(file), 0, 0, f"{problem.json_path}: {message}", REMEDY)
    found: dict[str, list[dict[str, Any]]] = content
    return found


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


def _find_facts(law: Law, stamp: Mapping[str, Any], file: Path, given: Path | None) -> Facts:
    """The facts where the asker or the receipt says, seen from here or from beside the file; those with the receipt's digest first."""
    as_of = date.fromisoformat(stamp["as_of"])
    if given is not None:
        return read_facts(law, given, as_of)
    if not stamp["facts_path"]:
        raise input_error(str(file), 0, 0, "the receipt names no file of facts", "say where they are now: --facts PATH")
    written = Path(stamp["facts_path"])
    places = [path for path in dict.fromkeys((written, file.parent / written)) if path.exists()]
    if not places:
        raise input_error(str(written), 0, 0, "the facts of the receipt are not there", "say where they are now: --facts PATH")
    found = [read_facts(law, places[0], as_of)]
    if found[0].digest != stamp["facts_hash"]:
        found += [read_facts(law, path, as_of) for path in places[1:]]
    return next((facts for facts in found if facts.digest == stamp["facts_hash"]), found[0])


def _inquiry(law: Law, stamp: Mapping[str, Any]) -> Inquiry:
    """What was asked, as far as this law still knows the questions that the asker settled."""
    known = {q: a for q, a in stamp["settled"].items() if a in law.questions.get(q, {}).get("answers", {})}
    return Inquiry(stamp["authority"], known, date.fromisoformat(stamp["known_on"]) if stamp["known_on"] else None)


# -- comparing ----------------------------------------------------------------------------------------------------


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    """What two receipts do not have in common, the law first."""
    if before["ruleset"] != now["ruleset"]:
        yield Change("ruleset", "", before["ruleset"], now["ruleset"])
    old, new = before["ruleset_files"], now["ruleset_files"]
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield Change("ruleset_file", name, old.get(name), new.get(name))
    engines = [f"{stamp['engine_version']} ({stamp['engine_hash']})" for stamp in (before, now)]
    if engines[0] != engines[1]:
        yield Change("engine", "", *engines)
    if before["facts_hash"] != now["facts_hash"]:
        yield Change("facts", now["facts_path"], before["facts_hash"], now["facts_hash"])
    for question in sorted({*before["readings"], *now["readings"]}):
        answers = [stamp["readings"].get(question) for stamp in (before, now)]
        if answers[0] != answers[1]:
            yield Change("settled" if question in before["settled"] else "reading", question, *answers)


def _again(law: Law, facts: Facts, inquiry: Inquiry, group: list[tuple[str, dict[str, Any]]], words: Words) -> Iterator[Replayed]:
    """Each determination of a group made again, in order."""
    asked = [(name, entry, root_of(law, name, entry)) for name, entry in group]
    standing = [root for _, _, root in asked if _can_be_asked(law, facts, inquiry, root)]
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
        yield Replayed(root, _canonical(old) == _canonical(new), tuple(_differences(law, root, old, new)))


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


def _can_be_asked(law: Law, facts: Facts, inquiry: Inquiry, root: Root) -> bool:
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
        if _canonical(old.get(rest)) != _canonical(new.get(rest)):
            yield Difference(rest, None)


def _decisions(law: Law, entity: str, place: str | None, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys((*old, *new)):
        if name not in old or name not in new or _canonical(old[name]) != _canonical(new[name]):
            before, after = (one.get(name, ABSENT) for one in (old, new))
            yield Difference(law.decision_name(entity, name), place, before, after)


def _canonical(content: Any) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False)


# -- showing ------------------------------------------------------------------------------------------------------


def _as_json(found: Replay) -> dict[str, Any]:
    return {
        "identical": found.identical,
        "determinations": len(found.replayed),
        "changed": [{"what": c.what, "name": c.name, "before": c.before, "after": c.after} for c in found.changes],
        "different": [
            {
                "entity": one.root.entity,
                "key": list(one.root.key),
                "year": one.root.year,
                "vanished": one.vanished,
                "differences": [{"decision": d.decision, "place": d.place, "before": d.before, "after": d.after} for d in one.differences],
            }
            for one in found.replayed
            if one.vanished or one.differences
        ],
    }


def _lines(law: Law, found: Replay, words: Words) -> Iterator[str]:
    total, different, say = len(found.replayed), [one for one in found.replayed if one.vanished or one.differences], words.say
    if found.identical:
        stamp = found.stamps[0]
        law_hash, engine, facts = (stamp[name][:SHOWN_DIGITS] for name in ("ruleset_hash", "engine_hash", "facts_hash"))
        yield say("replay_identical", count=total, law=law_hash, engine=engine, facts=facts)
        return
    if different:
        yield say("replay_different", count=len(different), total=words.count(total))
    else:
        yield say("replay_same_answers", count=total)
    yield say("replay_changed" if found.changes else "replay_unexplained")
    for change in found.changes:
        before, after = (say("replay_absent") if side is None else _shortened(side) for side in (change.before, change.after))
        yield f"  {say(f'replay_{change.what}', name=change.name, before=change.before)}: {before} → {after}"
    if len(different) > MAX_TOLD:
        yield say("replay_counted")
        counted = Counter(name for one in different for name in dict.fromkeys(d.decision for d in one.differences))
        for name, number in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])):
            yield f"  {words.count(number):>6}  {_called(words, name)}"
    for one in different[:MAX_TOLD]:
        yield f"{words.key(one.root.entity, one.root.key)}, {one.root.year}:"
        if one.vanished:
            yield f"  {say('replay_vanished')}"
        for difference in one.differences:
            yield f"  {_difference(law, words, difference)}"
    if len(different) > MAX_TOLD:
        yield say("replay_more", count=len(different) - MAX_TOLD)


def _called(words: Words, name: str) -> str:
    """A decision by its label, any other part of a determination by its word."""
    return words.say(f"replay_{name}") if name in ("phase", *REST) else words.decision_written(name)


def _difference(law: Law, words: Words, difference: Difference) -> str:
    name = _called(words, difference.decision) + (f" [{difference.place}]" if difference.place else "")
    if difference.decision in REST:
        return name
    if difference.decision == "phase":
        titles = (
            words.label(law.phases[side].title, side) if side in law.phases else side for side in (difference.before, difference.after)
        )
        return f"{name}: {' → '.join(titles)}"
    key = law.decision_key(difference.decision)
    kind = law.vocabulary.decisions[key].type if key is not None else None
    before, after = (_value(words, side, kind) for side in (difference.before, difference.after))
    return f"{name}: {before} → {after}"


def _value(words: Words, side: Any, kind: Type | None) -> str:
    """A value as the determination's JSON has it, in words."""
    if side == ABSENT or side == "undetermined":
        return words.say("replay_absent" if side == ABSENT else "undetermined")
    if isinstance(side, list):
        return words.value(frozenset(side), kind)
    if isinstance(side, str) and kind is not None and kind.kind == "date":
        return words.day(date.fromisoformat(side))
    if isinstance(side, str) and kind is not None and kind.kind == "number":
        return words.value(exact(side), kind)
    return words.value(side, kind)


def _shortened(side: str) -> str:
    """A hash by its first digits, which is what a reader compares."""
    return _HASH.sub(lambda found: found[0][:SHOWN_DIGITS], side)
