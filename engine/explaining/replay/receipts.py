"""From a receipt to what an answer was made from: the file that holds it, the facts, what was asked, and what has changed since."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from engine.explaining.replay.model import Change
from engine.explaining.reports import read_facts
from engine.facts import Facts
from engine.law import Law
from engine.law.files import read_text
from engine.problems import input_error
from engine.proving import Inquiry

REMEDY = "give what `kazets determine`, `why`, `cure` or `readings` printed with --format json"


def read_json(file: Path) -> Any:
    """What a file holds; numbers that are not whole as they are written.

    Raises:
        InputError: it is no JSON.
    """
    text = read_text(file, str(file))
    try:
        return json.loads(text, parse_float=str)
    except json.JSONDecodeError as error:
        raise input_error(str(file), error.lineno, error.colno, f"not valid JSON: {error.msg}", REMEDY) from None
    except (ValueError, RecursionError) as error:
        raise input_error(str(file), 0, 0, f"not valid JSON: {error}", REMEDY) from None


def check_json(file: Path, content: Any, schema_file: Path) -> None:
    """Check an answer against its schema.

    Raises:
        InputError: the first thing that is wrong.
    """
    from engine.law.schemas import schema

    for breach in schema(schema_file.parent, schema_file.name.removesuffix(".schema.json")).breaches(content):
        raise input_error(str(file), 0, 0, str(breach), REMEDY)


def find_facts(law: Law, stamp: Mapping[str, Any], file: Path, given: Path | None) -> Facts:
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


def inquiry_of(law: Law, stamp: Mapping[str, Any]) -> Inquiry:
    """What was asked, as far as this law still knows the questions that the asker settled."""
    known = {q: a for q, a in stamp["settled"].items() if a in law.questions.get(q, {}).get("answers", {})}
    return Inquiry(stamp["authority"], known, date.fromisoformat(stamp["known_on"]) if stamp["known_on"] else None)


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
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


def canonical(content: Any) -> str:
    """The same text for the same content, whatever the order of its members."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False)
