"""What `kazets cure` prints, and what a dossier says of a cure."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from engine.analysis import cure, cure_json, cure_lines, remedy_lines
from engine.analysis.report import CureReport
from engine.explaining.json_form import receipt
from engine.explaining.replay import Answer, Under
from engine.explaining.reports import find_root, read_facts
from engine.explaining.sentences import Sentence
from engine.explaining.terminal import say, say_json
from engine.explaining.words import Words
from engine.facts import Facts
from engine.law import Law
from engine.proving import Inquiry, Root


def cure_report(law: Law, path: Path, inquiry: Inquiry, key: str, year: int, as_of: date | None, form: str, language: str = "en") -> None:
    """`kazets cure`: what would make, or would have made, an installation comply.

    Raises:
        InputError: the facts or the question cannot be read.
        EngineDefect: what was found does not stand up to proving.
    """
    facts = read_facts(law, path, as_of)
    root = find_root(law, facts, inquiry, key, year)
    words = Words(law, language)
    report = _searched(law, facts, inquiry, root, words)
    if form == "json":
        say_json(_stamped(law, facts, inquiry, report))
        return
    phase = law.phases[report.phase]
    say(
        words.say(
            "why_line",
            root=f"{words.key(root.entity, root.key)}, {root.year}",
            phase=words.label(phase.title, phase.id),
            day=words.day(facts.as_of),
            authority=words.authority_name(report.authority),
            law=law.digest[:12],
        )
    )
    for line in words.drafts():
        say(line)
    for sentence in cure_lines(report, words):
        say(sentence.line(words))


def _stamped(law: Law, facts: Facts, inquiry: Inquiry, report: CureReport) -> dict[str, Any]:
    """The report as JSON, with the receipt of what it was made from."""
    selection = law.select(inquiry.authority, inquiry.readings, inquiry.known_on)
    return cure_json(report) | {"receipt": receipt(law, selection, facts)}


def _again(law: Law, facts: Facts, inquiry: Inquiry, content: Mapping[str, Any], under: Under) -> dict[str, Any]:
    """The same question asked again."""
    root = Root(content["entity"], tuple(content["key"]), content["year"])
    return _stamped(law, facts, inquiry, cure(law, facts, inquiry, root))


CURE = Answer("cure", "would_have", "cure.schema.json", ("",), _again)


def _searched(law: Law, facts: Facts, inquiry: Inquiry, root: Root, words: Words) -> CureReport:
    """The report, with a sign of life on a terminal while it is searched for."""
    if not sys.stderr.isatty():
        return cure(law, facts, inquiry, root)
    from rich.console import Console

    with Console(stderr=True).status(words.say("cure_searching")):
        return cure(law, facts, inquiry, root)


def cure_section(law: Law, inquiry: Inquiry, language: str, facts: Facts, root: Root) -> Sequence[Sentence] | None:
    """What a dossier says of a cure; None where there is nothing to cure, or where nothing has a goal."""
    if root.entity != law.manifest["main"] or not law.manifest["result"].get("goal"):
        return None
    report = cure(law, facts, inquiry, root)
    return None if report.state == "reached" else tuple(remedy_lines(report, Words(law, language)))
