"""Which of the sourced values and rules count: authority, readings and the two clocks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from engine.language import Cause, ParameterSpec, Unknown

ALWAYS, NEVER = date.min, date.max


class Selection(NamedTuple):
    """Under which law a question is asked.

    Attributes:
        authority: the authority whose statements come first.
        known_on: the law as it was known on this day; the latest knowledge where it is None.
        readings: question -> answer, for every question of the ruleset.
        settled: the questions that the asker answered; the others follow the authority.
    """

    authority: str
    known_on: date | None = None
    readings: Mapping[str, str] = {}
    settled: frozenset[str] = frozenset()

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes it the same as another, as a key."""
        return self.authority, self.known_on, tuple(sorted(self.readings.items())), self.settled

    def admits(self, readings: Mapping[str, str]) -> bool:
        return all(self.readings.get(question) == answer for question, answer in readings.items())


class Entry(NamedTuple):
    """One sourced value of a parameter.

    Attributes:
        value: of the parameter's type; an `Unknown` for a rounded figure or for what no source gives.
        phase: the phase it speaks of, or None for a statement without an era.
        begins, ends: in force from, and the first day it no longer is.
        known_from: the day it became known.
        rounded: whether ``value`` is the interval of a rounded figure.
        cites: (instrument, point) pairs.
        at: file, line and column.
        draft: whether a draft would enact it: it then comes before all that stands now, whatever reading is asked for.
    """

    value: Any
    phase: str | None
    begins: date
    ends: date
    known_from: date
    authority: str
    readings: Mapping[str, str]
    rounded: bool
    cites: tuple[tuple[str, str], ...]
    at: tuple[str, int, int]
    note: Mapping[str, str] = {}
    printed: str = ""
    draft: bool = False


def choose(entries: list[Entry], selection: Selection, order: tuple[str, ...], at: date, lineage: tuple[str, ...]) -> Entry | None:
    """The entry that holds at ``at``.

    What a draft would enact comes before everything; a value that answers a question as the asker settled it comes first. Then the preferred authority's statement comes first; within an authority a statement about the phase (or the nearest
    phase it inherits from) beats one about no era; then the later known, then the later in force. An authority that says
    that something is undecided has said so; where it says nothing, the next one fills. An exact figure refines a rounded
    one about the same era that contains it.
    """
    known_on = selection.known_on or NEVER
    fitting = [
        e
        for e in entries
        if e.begins <= at < e.ends and e.known_from <= known_on and (e.phase is None or e.phase in lineage) and selection.admits(e.readings)
    ]
    if not fitting:
        return None

    def rank(entry: Entry) -> tuple[bool, bool, int, int, date, date]:
        asked_for = not selection.settled.isdisjoint(entry.readings)
        era = len(lineage) - lineage.index(entry.phase) if entry.phase else 0
        return (entry.draft, asked_for, -order.index(entry.authority), era, entry.known_from, entry.begins)

    best = max(fitting, key=rank)
    if best.rounded:
        inside = [
            e
            for e in fitting
            if not isinstance(e.value, Unknown) and _contains(best.value, e.value) and (e.phase, e.draft) == (best.phase, best.draft)
        ]
        if inside:
            return max(inside, key=rank)
    return best


def _contains(interval: Unknown, value: Any) -> bool:
    return value is not None and interval.low <= value <= interval.high


def gap_in_sources(spec: ParameterSpec, key: Any) -> Unknown:
    """The unknown of a parameter that has values, but none for this day."""
    cause = Cause("parameter", spec.name, (str(key),) if key is not None else ())
    return Unknown(frozenset({cause}), spec.minimum, None, spec.type.nullable)
