"""Cases found by the solver, run through proving: what is not confirmed here is not shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any

from engine.analysis.laws.cases import Document, as_text
from engine.analysis.laws.frame import Side
from engine.containment import contained
from engine.facts import facts_from_document
from engine.language import Cause, Node, Unknown, compile_node, walk
from engine.language.nodes import Decision
from engine.law import Program
from engine.law.documents import Document as File
from engine.problems import InputError
from engine.proving import Determination, Root, determine

Key = tuple[str, str]
Place = tuple[str, ...]
Looked = tuple[str, Any, date]
Cites = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Trial:
    """A case to prove.

    Attributes:
        side: under which law.
        wanted: the decisions to prove.
        asked: conditions to evaluate, each with the entity whose instances it speaks of.
    """

    side: Side
    document: Document
    root: Root
    wanted: tuple[Key, ...]
    asked: tuple[tuple[str, Node], ...] = ()


@dataclass(frozen=True)
class Proved:
    """What proving said.

    Attributes:
        outcomes: (entity, place, decision) -> outcome.
        answers: for each condition that was asked, place -> its value.
        determination: with its proof.
        values: what was looked up in the law of the root's year: (parameter, key, day) -> value and sources.
        refused: why the case could not be asked at all.
    """

    outcomes: Mapping[tuple[str, Place, str], Any] = field(default_factory=dict)
    answers: tuple[Mapping[Place, Any], ...] = ()
    determination: Determination | None = None
    values: Mapping[Looked, tuple[Any, Cites]] = field(default_factory=dict)
    refused: str = ""


def replay(trials: Sequence[Trial]) -> Iterator[Proved]:
    """What proving says of each case, in order, in a child process.

    Raises:
        EngineDefect: proving failed.
    """
    return contained(trials, _prove) if trials else iter(())


def slim(trials: Sequence[Trial], keeps: Callable[[list[Proved]], bool]) -> tuple[list[Document], list[Proved]]:
    """The cases without the rows and columns that proving does not need, and what proving says of them.

    The solver is told that every measurement is known; here those that decide nothing are left out. Where ``keeps`` does
    not hold of the cases as they are, they stay so.

    Args:
        trials: of cases that have the same rows.
        keeps: whether the cases still show what they are to show.

    Raises:
        EngineDefect: proving failed.
    """
    return next(contained([list(trials)], _Slim(keeps)))


class _Slim:
    def __init__(self, keeps: Callable[[list[Proved]], bool]) -> None:
        self.keeps = keeps

    def __call__(self, trials: list[Trial]) -> tuple[list[Document], list[Proved]]:
        proved = [_prove(trial) for trial in trials]
        if not self.keeps(proved):
            return [trial.document for trial in trials], proved
        for without in (*self.rows(trials), *self.columns(trials)):
            fewer = [replace(trial, document=without(trial.document)) for trial in trials]
            said = [_prove(trial) for trial in fewer]
            if self.keeps(said):
                trials, proved = fewer, said
        return [trial.document for trial in trials], proved

    def rows(self, trials: list[Trial]) -> Iterator[Callable[[Document], Document]]:
        """Without each measured row, the last first, so that the others keep their numbers."""
        tables = trials[0].side.law.vocabulary.tables
        for table, rows in trials[0].document.items():
            if table in tables and tables[table].measured:
                for index in reversed(range(len(rows))):
                    yield partial(_without_row, table, index)

    def columns(self, trials: list[Trial]) -> Iterator[Callable[[Document], Document]]:
        """Without each column in which every row says what is presumed where the facts lack it."""
        tables = trials[0].side.law.vocabulary.tables
        for table, rows in trials[0].document.items():
            for column, spec in tables[table].columns.items() if table in tables else ():
                said = {row.get(column) for row in rows}
                if spec.has_presumed and said == {as_text(spec.presumed)}:
                    yield partial(_without_column, table, column)


def _without_row(table: str, index: int, document: Document) -> Document:
    kept = [row for number, row in enumerate(document.get(table, [])) if number != index]
    return {name: (kept if name == table else content) for name, content in document.items() if name != table or kept}


def _without_column(table: str, column: str, document: Document) -> Document:
    kept = [{name: cell for name, cell in row.items() if name != column} for row in document.get(table, [])]
    return {name: (kept if name == table else content) for name, content in document.items()}


def _prove(trial: Trial) -> Proved:
    law = trial.side.law
    try:
        facts = facts_from_document(File("case", trial.document, {}), law.vocabulary, {}, None, date.max)
        prover = trial.side.prover(facts, trial.root.year)
        needed = tuple(dict.fromkeys((*trial.wanted, *(key for _, node in trial.asked for key in _named(node)))))
        determination = determine(prover, trial.root, "brief", needed)
    except InputError as error:
        return Proved(refused="; ".join(str(problem) for problem in error.problems))
    session = prover.session(trial.root)
    outcomes = {key: step.outcome for key, step in session.steps.items()}
    answers = []
    for entity, node in trial.asked:
        run = compile_node(node)
        answers.append({instance.place: run(instance.env) for instance in session.instances(entity)})
    return Proved(outcomes, tuple(answers), determination, dict(_values(session.program)))


def _values(program: Program) -> Iterator[tuple[Looked, tuple[Any, Cites]]]:
    for looked in program.looked_up:
        value, entry = program.parameter(*looked)
        yield looked, (value, entry.cites if entry is not None else ())


def _named(node: Node) -> Iterator[Key]:
    for part in walk(node):
        if isinstance(part, Decision):
            yield part.base.type.table or "", part.name


def causes(outcome: Any) -> frozenset[Cause]:
    """Why an outcome is not known."""
    return outcome.causes if isinstance(outcome, Unknown) else frozenset()
