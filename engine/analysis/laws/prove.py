"""Every question about a law, in every year, under every authority and reading."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any, NamedTuple

from engine.analysis.laws.asking import LEFT_OPEN, Question, Wanted, confirmed, questions, wanted
from engine.analysis.laws.cases import Document, GaveUp
from engine.analysis.laws.deciding import Read, read_name
from engine.analysis.laws.encoding import Encoding, Key
from engine.analysis.laws.frame import Frame, Side, roots_of
from engine.analysis.laws.replaying import Proved, Trial, replay, slim
from engine.analysis.laws.universe import Bounds
from engine.analysis.symbols import Unencodable
from engine.containment import contained
from engine.law import Law, Phase, Selection
from engine.law.properties import typed_properties
from engine.proving import Root

PROVED, FOUND, UNPROVED = "proved", "found", "unproved"
DEADLINE_SECONDS = 1_200
"""For one year under all its laws, on a machine that is busy with other things."""


@dataclass(frozen=True)
class Under:
    """One law among those that the sources admit: an authority, and perhaps one reading or a day of knowledge."""

    authority: str
    reading: tuple[str, str] | None = None
    known_on: date | None = None

    def selection(self, law: Law) -> Selection:
        return law.select(self.authority, dict([self.reading]) if self.reading is not None else {}, self.known_on)

    def __str__(self) -> str:
        more = [f"{self.reading[0]}={self.reading[1]}"] if self.reading is not None else []
        more += [f"known on {self.known_on}"] if self.known_on is not None else []
        return ", ".join([self.authority, *more])


@dataclass(frozen=True)
class Where:
    """A year of a phase under one law."""

    phase: str
    year: int
    under: Under


@dataclass(frozen=True)
class Finding:
    """A case in which the law does not do what it should.

    Attributes:
        documents: the facts; two where cells grow from one to the other.
        proved: what proving says of each.
        where: the years and laws in which the same question was answered by such a case; the case is of the first.
    """

    question: Question
    root: Root
    place: tuple[str, ...]
    documents: tuple[Document, ...]
    proved: tuple[Proved, ...]
    where: tuple[Where, ...]


@dataclass(frozen=True)
class Unproved:
    """A question that was not answered, and why."""

    question: Question
    where: Where
    why: str


@dataclass
class Report:
    """What was found out about a law.

    Attributes:
        proved: how many questions were proved to have no case within the bounds; ``programs``: under how many laws of a year.
        seconds: of the processor.
    """

    bounds: Bounds
    findings: list[Finding] = field(default_factory=list)
    unproved: list[Unproved] = field(default_factory=list)
    proved: int = 0
    asked: int = 0
    programs: int = 0
    seconds: float = 0

    @property
    def failures(self) -> list[Finding]:
        """The findings that the ruleset does not know of."""
        return [finding for finding in self.findings if finding.question.kind != LEFT_OPEN]

    def add(self, part: Report, declared: Mapping[tuple[str, Key], Question]) -> None:
        """Take in what was found out in another year; of what was found before, the years and laws only.

        Args:
            declared: every question, with what the ruleset declares of it.
        """
        self.proved, self.asked, self.programs = self.proved + part.proved, self.asked + part.asked, self.programs + part.programs
        self.seconds += part.seconds
        self.unproved += part.unproved
        for finding in part.findings:
            question = declared[finding.question.kind, finding.question.key]
            before = next((index for index, known in enumerate(self.findings) if known.question == question), None)
            if before is None:
                self.findings.append(replace(finding, question=question))
            else:
                self.findings[before] = replace(self.findings[before], where=(*self.findings[before].where, *finding.where))


class _Case(NamedTuple):
    """A year and law in which the solver found a case."""

    where: Where
    frame: Frame
    wanted: Wanted


@dataclass
class _Answer:
    status: str
    why: str = ""
    wanted: Wanted | None = None
    reads: frozenset[Read] = frozenset()


def prove_law(
    law: Law,
    years: Iterable[int] | None = None,
    authorities: Iterable[str] | None = None,
    entities: Iterable[str] | None = None,
    readings: bool = True,
    bounds: Bounds | None = None,
    jobs: int | None = None,
    told: Callable[[str], None] | None = None,
) -> Report:
    """Ask every question of the law.

    Args:
        years: those to ask about; None for every year that a phase governs.
        authorities: None for all.
        entities: what determinations are made about; None for all.
        readings: whether each answer to an open question is asked about too, one at a time.
        jobs: how many processes; None for one a processor.
        told: is called with what is asked about now.

    Raises:
        EngineDefect: proving failed.
    """
    report, asked = Report(bounds or Bounds()), {}
    chosen = list(authorities or law.authorities)
    tasks = []
    for entity in entities or roots_of(law):
        asked[entity] = questions(law.vocabulary, entity, typed_properties(law))
        tasks += [_Task(entity, *each) for each in _years(law, entity, set(years) if years is not None else None)]
    work = _Work(law, asked, chosen, readings, report.bounds)
    jobs = max(1, min(jobs or os.cpu_count() or 1, len(tasks)))
    streams = [contained(tasks[start::jobs], work, DEADLINE_SECONDS) for start in range(jobs)]
    declared = {(q.kind, q.key): q for each in asked.values() for q in each}
    for index, task in enumerate(tasks):
        if told is not None:
            told(f"{task.entity} {task.year}")
        report.add(next(streams[index % jobs]), declared)
    return report


class _Task(NamedTuple):
    """One root in one year of a phase."""

    entity: str
    phase: Phase
    year: int
    plan: str | None


@dataclass(frozen=True)
class _Work:
    """Asks everything about one year, in a process of its own."""

    law: Law
    asked: Mapping[str, list[Question]]
    authorities: list[str]
    readings: bool
    bounds: Bounds

    def __call__(self, task: _Task) -> Report:
        started = time.process_time()
        report = Report(self.bounds)
        frame = Frame([self.law], task.entity, task.year, self.bounds, task.plan)
        found: dict[Question, list[_Case]] = {}
        _Year(self.law, frame, task.phase, self.asked[task.entity], report, found).run(self.authorities, self.readings)
        report.findings += [finding for question, cases in found.items() for finding in _confirm(self.law, question, cases, report)]
        report.seconds = time.process_time() - started
        return report


def _years(law: Law, entity: str, wanted_years: set[int] | None) -> Iterator[tuple[Phase, int, str | None]]:
    """Every year of every phase; for what is keyed by plans, with the plan."""
    spec = law.vocabulary.entities[entity]
    for phase in sorted(law.phases.values(), key=lambda p: (p.first_year, p.known_from)):
        plan = phase.plan if spec.table is None else None
        if spec.table is None and (plan is None or law.phase_of_plan(plan) is not phase):
            continue
        for year in range(phase.first_year, phase.last_year + 1) if spec.years or spec.table is not None else [phase.last_year]:
            if wanted_years is None or year in wanted_years:
                yield phase, year, plan


class _Year:
    """All questions about one year, under one law after the other."""

    def __init__(
        self, law: Law, frame: Frame, phase: Phase, asked: list[Question], report: Report, found: dict[Question, list[_Case]]
    ) -> None:
        self.law, self.frame, self.phase, self.asked, self.report, self.found = law, frame, phase, asked, report, found
        self.encoding: Encoding | None = None
        self.base: Encoding | None = None

    def run(self, authorities: list[str], readings: bool) -> None:
        known_on = None
        if self.frame.plan is None and self.law.phase_of(self.frame.year) is not self.phase:
            known_on = self.phase.known_from
        for authority in authorities:
            under = Under(authority, None, known_on)
            base = self.answers(under, None, "")
            self.base = self.encoding
            if not readings or known_on is not None:
                continue
            for question, content in self.law.questions.items():
                for answer in content["answers"]:
                    if answer != content["default"][authority]:
                        self.answers(Under(authority, (question, answer)), base, question)

    def answers(self, under: Under, base: dict[Question, _Answer] | None, settled: str) -> dict[Question, _Answer]:
        """The answer to every question; where nothing that was read differs, it is that of ``base``.

        Args:
            settled: the open question by which ``under`` differs from the law of ``base``.
        """
        encoding = self.frame.encode(Side(self.law, under.selection(self.law)))
        changed: frozenset[Read] = frozenset()
        if base is not None and self.base is not None:
            changed = self.changed(encoding, base, settled)
            encoding.start_from(self.base, changed)
        else:
            self.encoding = encoding
        found: dict[Question, _Answer] = {}
        where = Where(self.phase.id, self.frame.year, under)
        for question in self.asked:
            known = base[question] if base is not None else None
            same = known is not None and known.status != UNPROVED and known.reads.isdisjoint(changed)
            found[question] = known if same and known is not None else self.answer(encoding, question)
            self.tell(question, found[question], where)
        self.report.programs += 1
        return found

    def changed(self, encoding: Encoding, base: dict[Question, _Answer], settled: str) -> frozenset[Read]:
        """What the law of ``base`` was asked, and another answer to an open question answers otherwise."""
        touched = _touched(self.law, settled)
        asked = {read for answer in base.values() for read in answer.reads if read_name(read) in touched}
        return frozenset(read for read in asked if encoding.answers_otherwise(read))

    def answer(self, encoding: Encoding, question: Question) -> _Answer:
        try:
            case = wanted(encoding, question)
            possible = self.frame.finder.possible(case.formula)
        except (Unencodable, GaveUp) as error:
            return _Answer(UNPROVED, str(error))
        return _Answer(FOUND if possible else PROVED, "", case, case.reads)

    def tell(self, question: Question, answer: _Answer, where: Where) -> None:
        self.report.asked += 1
        if answer.status == PROVED:
            self.report.proved += 1
        elif answer.status == UNPROVED:
            self.report.unproved.append(Unproved(Question(question.kind, question.key), where, answer.why))
        else:
            assert answer.wanted is not None
            self.found.setdefault(question, []).append(_Case(where, self.frame, answer.wanted))


def _touched(law: Law, question: str) -> frozenset[Any]:
    """The parameters and decisions that an answer to an open question bears on."""
    values = {content["parameter"] for content in law.tree["values"] if question in content.get("reading", {})}
    return frozenset(values | {key for key, rules in law.rules.items() for rule in rules if question in rule.readings})


# -- replaying --------------------------------------------------------------------------------------------------


def _confirm(law: Law, question: Question, cases: list[_Case], report: Report) -> Iterator[Finding]:
    """The smallest case of the first year and law, and the other years and laws in which proving confirms a case too.

    Laws that answer alike because they read the same are confirmed together: proving reads no more than they do.
    """
    alike: dict[int, list[_Case]] = {}
    for case in cases:
        alike.setdefault(id(case.wanted), []).append(case)
    bare = Question(question.kind, question.key)
    first: Finding | None = None
    confirmed_in: list[Where] = []
    for group in alike.values():
        where, frame, found = group[0]
        try:
            documents = frame.finder.case(found.formula, found.grown, first is None)
        except GaveUp as error:
            report.unproved += [Unproved(bare, each.where, str(error)) for each in group]
            continue
        side, decision = Side(law, where.under.selection(law)), (question.decision,) if question.decision is not None else ()
        place = _place(found, frame)
        trials = [Trial(side, document, frame.root, decision, question.nodes) for document in documents]
        if first is None:
            documents, proved = slim(trials, partial(confirmed, question, place))
        else:
            proved = list(replay(trials))
        if not confirmed(question, place, proved):
            why = next((one.refused for one in proved if one.refused), "") or "the case does not survive proving"
            report.unproved += [Unproved(bare, each.where, why) for each in group]
            continue
        confirmed_in += [each.where for each in group]
        first = first or Finding(bare, frame.root, place, tuple(documents), tuple(proved), ())
    if first is not None:
        yield replace(first, where=tuple(confirmed_in))


def _place(case: Wanted, frame: Frame) -> tuple[str, ...]:
    """The place of the instance, as proving names it."""
    row, entity = case.instance.row, case.instance.entity
    own: tuple[str, ...] = (str(row.fixed[row.spec.key[0]]),) if row is not None else frame.root.key
    parent = case.instance.parent
    years = entity.years or (parent is not None and parent.entity.years)
    return (*own, str(frame.year)) if years else own
