"""A comparison of two laws on a register, made again from its receipts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from engine.containment import cores
from engine.drafting.second import large, second_law
from engine.drafting.sides import Side, compared_names
from engine.explaining.replay import Answer, Under, drafts_of
from engine.explaining.replay.receipts import first_with, inquiry_of, places_of
from engine.explaining.reports import read_facts
from engine.law import Law
from engine.proving import Inquiry

SIDES = ("one", "other")


def _find(law: Law, stamp: Mapping[str, Any], file: Path, given: Path | None) -> Path:
    """Where the register is now."""
    as_of = date.fromisoformat(stamp["as_of"])
    found: Path = first_with(stamp["facts_hash"], places_of(stamp, file, given), lambda path: path, lambda path: _digest(law, path, as_of))
    return found


def _digest(law: Law, path: Path, as_of: date) -> str:
    if not large(path):
        return read_facts(law, path, as_of).digest
    from engine.columns.reading import open_register

    return open_register(law, path, as_of, as_of).digest


def _again(law: Law, path: Path, inquiry: Inquiry, content: Mapping[str, Any], under: Under) -> dict[str, Any]:
    """The same register under the same two laws, as far as they can still be asked."""
    one, other = (_side(content[name], under) for name in SIDES)
    names = compared_names(one)
    as_of, language = date.fromisoformat(content["register"]["as_of"]), content["language"]
    proved = sum("proofs" in row for row in content["rows"])
    with second_law((one, other), path, as_of, as_of, language, names, cores()) as second:
        from engine.drafting.impact_reports import compared, impact_json

        found, told = compared(one, other, path, as_of, language, proved, as_of, second)
        made = impact_json(one, other, told, found)
    made["register"]["path"] = content["register"]["path"]
    return made


def _side(content: Mapping[str, Any], under: Under) -> Side:
    stamp = content["receipt"]
    law = under(drafts_of(stamp))
    return Side(content["law"], law, replace(inquiry_of(law, stamp), compare=False), drafts=drafts_of(stamp))


IMPACT = Answer(
    "impact", "flips", "impact.schema.json", SIDES, _again, find=_find, aside=frozenset({"receipt", "ruleset_hash", "hash"})
)  # fmt: skip
