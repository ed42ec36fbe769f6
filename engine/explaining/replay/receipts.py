"""From a receipt to what an answer was made from: the file that holds it, the facts, what was asked, and what has changed since."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from engine.explaining.replay.model import Change
from engine.explaining.reports import read_facts
from engine.facts import Facts
from engine.law import Law
from engine.law.files import read_text
from engine.problems import input_error
from engine.proving import Inquiry

Found = TypeVar("Found")
REMEDY = "give what `kazets determine`, `why`, `cure`, `readings` or `compare` printed with --format json"


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
    """The facts where the asker or the receipt says, seen from here or from beside the file; those with the receipt's digest first.

    Raises:
        InputError: there are none, or they cannot be read.
    """
    as_of = date.fromisoformat(stamp["as_of"])
    return first_with(stamp["facts_hash"], places_of(stamp, file, given), lambda path: read_facts(law, path, as_of), lambda f: f.digest)


def first_with(digest: str, places: Sequence[Path], read: Callable[[Path], Found], digest_of: Callable[[Found], str]) -> Found:
    """What stands at the first of the places that has the digest; at the first of all, where none has."""
    found = [read(places[0])]
    if digest_of(found[0]) != digest:
        found += map(read, places[1:])
    return next((one for one in found if digest_of(one) == digest), found[0])


def places_of(stamp: Mapping[str, Any], file: Path, given: Path | None) -> list[Path]:
    """Where the facts of a receipt may be.

    Raises:
        InputError: nowhere.
    """
    if given is not None:
        return [given]
    if not stamp["facts_path"]:
        raise input_error(str(file), 0, 0, "the receipt names no file of facts", "say where they are now: --facts PATH")
    written = Path(stamp["facts_path"])
    places = [path for path in dict.fromkeys((written, file.parent / written)) if path.exists()]
    if not places:
        raise input_error(str(written), 0, 0, "the facts of the receipt are not there", "say where they are now: --facts PATH")
    return places


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
