"""Other answers that carry a receipt, made again and compared member by member."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.explaining.json_form import receipt
from engine.explaining.replay.determinations import can_be_asked
from engine.explaining.replay.model import ABSENT, RECEIPT, Answer, Change, Difference, Replay, Replayed, Under
from engine.explaining.replay.receipts import canonical, changes, check_json, find_facts, inquiry_of
from engine.problems import input_error
from engine.proving import Root


def replay_answer(answer: Answer, file: Path, content: Any, facts: Path | None, schemas: Path, under: Under) -> Replay:
    """Make an answer again under the law that its receipt names.

    Raises:
        InputError: it is not what the command printed, or its facts or the question cannot be read.
        EngineDefect: proving failed.
    """
    check_json(file, content, schemas / answer.schema)
    stamps = [_held(content, member)[RECEIPT] for member in answer.stamped]
    stamp = stamps[0]
    if stamp is None:
        raise input_error(str(file), 0, 0, "the answer is about no facts, so it has no receipt", "give an answer about facts")
    law = under(drafts_of(stamp))
    inquiry = inquiry_of(law, stamp)
    wide = answer.wide(law, inquiry, content, under) if answer.wide is not None else law
    given = (answer.find or find_facts)(wide, stamp, file, facts)
    root = Root(content["entity"], tuple(content["key"]), content["year"]) if "entity" in content else None
    if root is not None and not can_be_asked(law, given, inquiry, root):
        selection = law.select(inquiry.authority, inquiry.readings, inquiry.known_on)
        now = receipt(law, selection, given) | {"facts_path": stamp["facts_path"]}
        return Replay(tuple(stamps), tuple(changes(stamp, now)), (Replayed(root, False, (), vanished=True),), answer.name)
    new = json.loads(json.dumps(answer.remake(law, given, inquiry, content, under)))
    changed: dict[Change, None] = {}
    for member, before in zip(answer.stamped, stamps, strict=True):
        held = _held(new, member)
        held[RECEIPT] = held[RECEIPT] | {"facts_path": before["facts_path"]}
        changed |= dict.fromkeys(changes(before, held[RECEIPT]))
    same = canonical(content) == canonical(new)
    return Replay(tuple(stamps), tuple(changed), (Replayed(root, same, tuple(_differences(content, new, answer.aside))),), answer.name)


def drafts_of(stamp: Mapping[str, Any]) -> tuple[str, ...]:
    """The drafts that a receipt names, as the asker wrote them."""
    return tuple(draft["path"] for draft in stamp.get("drafts", ()))


def _held(content: Any, member: str) -> dict[str, Any]:
    found: dict[str, Any] = content[member] if member else content
    return found


def _differences(old: Any, new: Any, aside: frozenset[str], path: str = "") -> Iterator[Difference]:
    """Every member that is not the same in both, down to plain values; receipts are compared by what they name."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            if name not in aside:
                yield from _differences(old.get(name, ABSENT), new.get(name, ABSENT), aside, f"{path}.{name}" if path else name)
    elif isinstance(old, list) and isinstance(new, list) and any(isinstance(one, (dict, list)) for one in (*old, *new)):
        for index in range(max(len(old), len(new))):
            before, after = (side[index] if index < len(side) else ABSENT for side in (old, new))
            yield from _differences(before, after, aside, f"{path}[{index}]")
    elif canonical(old) != canonical(new):
        yield Difference(path, None, *(canonical(side) if isinstance(side, (dict, list)) else side for side in (old, new)))
