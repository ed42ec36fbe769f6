"""An answer made again from its receipt: identical, or what differs and which of its makings changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.explaining.replay.answers import drafts_of, replay_answer
from engine.explaining.replay.determinations import replay_determinations
from engine.explaining.replay.model import Answer, Change, Difference, Replay, Replayed, Under
from engine.explaining.replay.receipts import read_json
from engine.explaining.replay.showing import replay_json, replay_lines
from engine.explaining.terminal import say, say_json
from engine.explaining.words import Words
from engine.law import Law

__all__ = ["Answer", "Change", "Difference", "Replay", "Replayed", "Under", "drafts_of", "replay", "replay_report"]


def replay_report(
    law: Law,
    file: Path,
    facts: Path | None,
    schemas: Path,
    form: str,
    under: Under | None = None,
    language: str = "en",
    answers: Sequence[Answer] = (),
) -> bool:
    """`kazets replay`: print the outcome as text or JSON; true where everything is identical.

    Args:
        facts: where the facts are now, if not where the receipt says.
        schemas: the folder of the answers' schemas.
        under: needed where a receipt names drafts.
        answers: the kinds of answers that can be made again, beside determinations.

    Raises:
        InputError: the file is not what this command reads, or its facts cannot be read.
        EngineDefect: proving failed.
    """
    words = Words(law, language)
    found = replay(law, file, facts, schemas, under, words, answers)
    if form == "json":
        say_json(replay_json(found))
    else:
        for line in replay_lines(law, found, words):
            say(line)
    return found.identical


def replay(
    law: Law,
    file: Path,
    facts: Path | None,
    schemas: Path,
    under: Under | None = None,
    words: Words | None = None,
    answers: Sequence[Answer] = (),
) -> Replay:
    """Make the answers of ``file`` again under ``law``; arguments and errors as in `replay_report`.

    Args:
        words: the language of the progress bar.
    """
    content = read_json(file)
    for answer in answers:
        if isinstance(content, dict) and answer.mark in content:
            return replay_answer(answer, file, content, facts, schemas, under or (lambda _: law))
    return replay_determinations(law, file, content, facts, schemas, under, words or Words(law))
