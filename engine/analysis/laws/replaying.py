"""Cases found by the solver, run through proving: what is not confirmed here is not shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from engine.analysis.laws.cases import Document
from engine.analysis.laws.frame import Side
from engine.facts import facts_from_document
from engine.language import Cause, Node, Unknown, compile_node, walk
from engine.language.nodes import Decision
from engine.law import Program
from engine.law.yaml_files import Document as File
from engine.problems import InputError
from engine.proving import Determination, Root, determine
from engine.proving.containment import contained

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
