"""An answer made again, as text or JSON."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

from engine.explaining.replay.determinations import REST
from engine.explaining.replay.model import ABSENT, DETERMINATIONS, Difference, Replay, Replayed
from engine.explaining.words import Words
from engine.language import Type
from engine.language.values import exact
from engine.law import Law

MADE_FROM = ("ruleset", "engine", "facts")
SHOWN_DIGITS, MAX_TOLD = 12, 20
_HASH = re.compile(r"\b[0-9a-f]{16,64}\b")


def replay_json(found: Replay) -> dict[str, Any]:
    """In the form of schemas/replay.schema.json."""
    return {
        "identical": found.identical,
        "answer": found.kind,
        "determinations": len(found.replayed),
        "changed": [{"what": c.what, "name": c.name, "before": c.before, "after": c.after} for c in found.changes],
        "different": [
            {
                "entity": one.root.entity if one.root is not None else None,
                "key": list(one.root.key) if one.root is not None else [],
                "year": one.root.year if one.root is not None else None,
                "vanished": one.vanished,
                "differences": [{"decision": d.decision, "place": d.place, "before": d.before, "after": d.after} for d in one.differences],
            }
            for one in found.replayed
            if one.vanished or one.differences
        ],
    }


def replay_lines(law: Law, found: Replay, words: Words) -> Iterator[str]:
    """Identical, or what it was made from that has changed, and what came out differently."""
    total, different, say = len(found.replayed), [one for one in found.replayed if one.vanished or one.differences], words.say
    listed = found.kind == DETERMINATIONS
    if found.identical:
        stamp = found.stamps[0]
        hashes = dict(zip(("law", "engine", "facts"), (stamp[f"{name}_hash"][:SHOWN_DIGITS] for name in MADE_FROM), strict=True))
        yield say("replay_identical", count=total, **hashes) if listed else say("replay_answer_identical", **hashes)
        return
    if listed:
        yield (
            say("replay_different", count=len(different), total=words.count(total))
            if different
            else say("replay_same_answers", count=total)
        )
    else:
        members, gone = sum(len(one.differences) for one in different), any(one.vanished for one in different)
        yield say("replay_vanished") if gone else say("replay_answer_different", count=members) if members else say("replay_answer_same")
    yield say("replay_changed" if found.changes else "replay_unexplained")
    for change in found.changes:
        before, after = (say("replay_absent") if side is None else _shortened(side) for side in (change.before, change.after))
        yield f"  {say(f'replay_{change.what}', name=change.name, before=change.before)}: {before} → {after}"
    yield from _determinations(law, words, different) if listed else _members(words, different)


def _determinations(law: Law, words: Words, different: list[Replayed]) -> Iterator[str]:
    """What came out differently in each determination, with a count of the decisions where there are many."""
    say = words.say
    if len(different) > MAX_TOLD:
        yield say("replay_counted")
        counted = Counter(name for one in different for name in dict.fromkeys(d.decision for d in one.differences))
        for name, number in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])):
            yield f"  {words.count(number):>6}  {_called(words, name)}"
    for one in different[:MAX_TOLD]:
        assert one.root is not None
        yield f"{words.key(one.root.entity, one.root.key)}, {one.root.year}:"
        if one.vanished:
            yield f"  {say('replay_vanished')}"
        for difference in one.differences:
            yield f"  {_difference(law, words, difference)}"
    if len(different) > MAX_TOLD:
        yield say("replay_more", count=len(different) - MAX_TOLD)


def _members(words: Words, different: list[Replayed]) -> Iterator[str]:
    """The members of another answer that are not as they were."""
    for one in different:
        for difference in one.differences[:MAX_TOLD]:
            before, after = (_shortened(_value(words, side, None)) for side in (difference.before, difference.after))
            yield f"  {difference.decision}: {before} → {after}"
        if len(one.differences) > MAX_TOLD:
            yield words.say("replay_more", count=len(one.differences) - MAX_TOLD)


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
