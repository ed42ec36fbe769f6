"""The law that a word of the command line names: today's, a phase's, a day's, an authority's, a reading's, a draft's, or several together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path

from engine.explaining.contrast import CURRENT, DRAFT, names_draft, read_against
from engine.law import Law, Program, Selection, program_of
from engine.law.drafts import draft_names
from engine.problems import did_you_mean, input_error
from engine.proving import Inquiry

JOIN, KNOWN, ON = "+", "known:", "on:"
Loader = Callable[[tuple[str, ...]], Law]
"""The law under drafts, by their names or paths; the law as it stands where there are none."""


@dataclass(frozen=True)
class Side:
    """One of two laws that are compared.

    Attributes:
        written: as the asker wrote it.
        inquiry: authority, readings and the day of knowledge.
        phase: the phase whose law is meant, instead of each year's own.
        on: the day whose law is meant, instead of every day's.
        drafts: the drafts of the law, as the asker wrote them.
    """

    written: str
    law: Law
    inquiry: Inquiry
    phase: str | None = None
    on: date | None = None
    drafts: tuple[str, ...] = ()

    @cached_property
    def selection(self) -> Selection:
        return self.law.select(self.inquiry.authority, self.inquiry.readings, self.inquiry.known_on)

    def program(self, phase: str, year: int) -> Program:
        return program_of(self.law, self.selection, self.law.phases[phase], year)


def read_side(written: str, load: Loader, root: Path, inquiry: Inquiry, drafts: tuple[str, ...] = ()) -> Side:
    """What a word means: parts joined by `+`, each as in `why --against`, or `current`, `draft:NAME`, `known:DATE`, `on:DATE`.

    Args:
        root: the folder of the law, whose drafts may be named without `draft:`.
        inquiry: what holds where the word says nothing else.
        drafts: under which both laws are asked.

    Raises:
        InputError: a part is none of these, or a draft is wrong.
    """
    parts = written.split(JOIN)
    named = [part for part in parts if names_draft(part, draft_names(root))]
    under = (*drafts, *(part.removeprefix(DRAFT) for part in named))
    side = Side(written, load(under), inquiry, drafts=under)
    for part in parts:
        if part != CURRENT and part not in named:
            side = _with(side, part, root)
    return side


def _with(side: Side, part: str, root: Path) -> Side:
    if part.startswith(ON):
        return replace(side, on=_day(part.removeprefix(ON)))
    words = [*side.law.phases, *side.law.authorities, *draft_names(root), CURRENT]
    known = part.removeprefix(KNOWN)
    if not (known != part or part in words or "=" in part or part[:1].isdigit()):
        near = did_you_mean(part, words)
        remedy = (
            near
            if near.startswith("did")
            else "write a phase, an authority, a draft, a day (known:YYYY-MM-DD, on:YYYY-MM-DD) or NAME=ANSWER"
        )
        raise input_error("LAW", 0, 0, f"'{part}' names no law", remedy)
    against = read_against(side.law, known, side.inquiry)
    return replace(side, inquiry=against.inquiry, phase=against.phase or side.phase)


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise input_error("LAW", 0, 0, f"'{written}' is not a date", "write on:YYYY-MM-DD") from None


def both(sides: tuple[Side, Side]) -> Iterator[Law]:
    """The laws of both sides, the one with more names first, so that either can be told in its words."""
    yield from sorted((side.law for side in sides), key=lambda law: -len(law.drafts))


def compared_names(side: Side) -> tuple[str, ...]:
    """The decisions of the main entity that a comparison on a register shows.

    Raises:
        InputError: the side means a phase or a day, and each year of a register is asked under its own.
    """
    if side.phase is not None or side.on is not None:
        raise input_error(
            "LAW", 0, 0, f"'{side.written}': each year of a register is asked under its own phase and days", "leave it to law diff"
        )
    wanted = side.law.manifest["impact"]
    return (*wanted["outcomes"], *wanted["amounts"])
