"""What a dossier cites, numbered in the order of first mention, and the readings that its proof depends on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from engine.explaining.dossier.telling import Telling
from engine.language import Trace
from engine.law import Law, Program, cites
from engine.proving import Determination


class Cited(NamedTuple):
    """A source's number in the list at the end, and how it is cited: by its short title, with the article or point."""

    number: int
    text: str


@dataclass(frozen=True)
class Source:
    """An instrument in the list at the end."""

    number: int
    id: str
    title: str
    force: str
    address: str
    points: tuple[str, ...]


class Sources:
    """Numbers instruments as they are cited."""

    def __init__(self, telling: Telling) -> None:
        self.telling = telling
        self._points: dict[str, dict[str, None]] = {}
        self._numbers: dict[str, int] = {}

    def cited(self, cites: tuple[tuple[str, str], ...]) -> tuple[Cited, ...]:
        """The citations with their instruments' numbers."""
        found = []
        for instrument, point in cites:
            number = self._numbers.setdefault(instrument, len(self._numbers) + 1)
            self._points.setdefault(instrument, {})[point] = None
            found.append(Cited(number, self.telling.words.cite(instrument, point)))
        return tuple(found)

    def listed(self) -> list[Source]:
        """Everything cited so far, with full titles."""
        found = []
        for name, number in self._numbers.items():
            content = self.telling.law.tree["instruments"][name]
            title, address = self.telling.words.label(content["title"], name), str(content.get("address", ""))
            points = tuple(self._point(name, point) for point in self._points[name] if point)
            found.append(Source(number, name, title, "; ".join(self.telling.words.standing(name)), address, points))
        return found

    def _point(self, instrument: str, point: str) -> str:
        """A citation without the title that the list has already given."""
        words = self.telling.words
        return words.cite(instrument, point).removeprefix(words.cite(instrument, "")).lstrip(", ")


@dataclass(frozen=True)
class ReadingUsed:
    """An open question of the law on which a decision of the dossier depends, and how it was answered."""

    question: str
    id: str
    answer: str
    settled: bool
    cites: tuple[Cited, ...]
    others: tuple[str, ...]
    decisions: tuple[str, ...]


def readings_used(telling: Telling, program: Program, determination: Determination, sources: Sources) -> list[ReadingUsed]:
    """The questions that bear on the proof, in the order in which the law asks them."""
    law, selection = program.law, program.selection
    bearing: dict[str, dict[str, None]] = {}
    for step in determination.steps.values():
        label = telling.words.decision(step.entity, step.decision)
        asked = set(_of_rules(program, (step.entity, step.decision)))
        for rule in step.rules:
            for part in (rule.when, rule.gives):
                asked |= set(_of_parameters(program, part)) if part is not None else set()
        for asked_name in sorted(asked):
            bearing.setdefault(asked_name, {})[label] = None
    found = []
    for name, question in law.questions.items():
        if name not in bearing:
            continue
        chosen = selection.readings[name]
        answers = question["answers"]
        found.append(
            ReadingUsed(
                telling.words.label(question["ask"], name),
                name,
                telling.words.label(answers[chosen]["says"], chosen),
                name in selection.settled,
                sources.cited(cites(answers[chosen].get("cite"))),
                tuple(telling.words.label(content["says"], answer) for answer, content in answers.items() if answer != chosen),
                tuple(bearing[name]),
            )
        )
    return found


def _of_rules(program: Program, key: tuple[str, str]) -> Iterator[str]:
    """Questions by whose answer a rule of this year stands or falls, whichever way they were answered.

    Duties for a year are judged up to the end of the next one, so a rule that begins then counts too.
    """
    for rule in program.law.rules.get(key, ()):
        of_phase = (rule.phases is None or program.phase.id in rule.phases) and (rule.phase is None or rule.phase in program.lineage)
        if of_phase and rule.begins.year <= program.year + 1 and program.year <= rule.ends.year:
            yield from rule.readings


def _of_parameters(program: Program, part: Trace) -> Iterator[str]:
    """Questions that a looked-up value could answer in more than one way."""
    if part.kind == "parameter" and hasattr(part.at, "year"):
        for entry in _competing(program.law, program, part):
            yield from entry
    for inner in part.parts:
        yield from _of_parameters(program, inner)


def _competing(law: Law, program: Program, part: Trace) -> Iterator[list[str]]:
    key = part.place[0] if part.place else None
    keyed = int(key) if key is not None and law.vocabulary.parameters[part.name].keyed_by == "year" else key
    for entry in law.entries(part.name, keyed):
        if entry.begins <= part.at < entry.ends and (entry.phase is None or entry.phase in program.lineage):
            yield list(entry.readings)
