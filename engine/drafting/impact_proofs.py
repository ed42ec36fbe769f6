"""Why the instances that are shown come out differently, in the sentences of their proofs under both laws."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.containment import Beside
from engine.drafting.sides import Side
from engine.drafting.speech import Speech
from engine.explaining.proof_text import ProofText
from engine.explaining.sentences import Sentence
from engine.facts import Facts
from engine.proving import Determination, Prover, Root, comparable, determine

StepKey = tuple[str, tuple[str, ...], str]
Told = tuple[Any, tuple[Sentence, ...]]
MAX_SENTENCES, MAX_PARTS = 3, 3
PROVE, TELL = "prove", "tell"


@dataclass(frozen=True)
class Reason:
    """A decision at which the proofs of an instance begin to part.

    Attributes:
        place: of the instance, or of its part.
        outcomes: under each law.
        sentences: for each law what its deciding rules say, with their sources.
    """

    decision: tuple[str, str]
    place: tuple[str, ...]
    outcomes: tuple[Any, Any]
    sentences: tuple[tuple[Sentence, ...], tuple[Sentence, ...]]


class Proofs:
    """Proves instances under one law, by one prover over the facts of all of them, and tells what is asked of the proofs.

    It is asked in a process beside the asker: first `prove` with all roots, then `tell` with steps of each.

    Args:
        names: the decisions of the main entity that are compared.
        facts: what proving needs for some roots.
    """

    def __init__(self, speech: Speech, side: Side, names: Sequence[str], facts: Callable[[Sequence[Root]], Facts]) -> None:
        self.speech, self.side, self.facts = speech, side, facts
        self.wanted = tuple((str(side.law.manifest["main"]), name) for name in names)
        self.made: list[Determination] = []

    def __call__(self, question: tuple[str, Any]) -> Iterator[Any]:
        """
        Raises:
            EngineDefect: proving failed.
        """
        what, given = question
        return self.prove(given) if what == PROVE else self.tell(given)

    def prove(self, roots: Sequence[Root]) -> Iterator[tuple[str, dict[StepKey, Any]]]:
        """For each root the phase whose law decides it, and what the outcomes of its steps are compared by."""
        prover = Prover(self.side.law, self.side.selection, self.facts(roots))
        for root in roots:
            found = determine(prover, root, "brief", self.wanted)
            self.made.append(found)
            yield found.phase, {key: comparable(step.outcome) for key, step in found.steps.items()}

    def tell(self, asked: Sequence[Sequence[StepKey]]) -> Iterator[list[Told]]:
        """For each root that was proved the outcomes of the steps that are asked about, and the sentences of their rules."""
        for found, keys in zip(self.made, asked, strict=True):
            program = self.side.program(found.phase, found.root.year)
            text = ProofText(self.speech, program, found.steps)
            yield [(found.steps[key].outcome, tuple(text.verdict(key))[:MAX_SENTENCES]) for key in keys]


def reasons(sides: tuple[Side, Side], proofs: tuple[Beside, Beside], roots: Sequence[Root]) -> list[tuple[Reason, ...]]:
    """For each root where its proofs part.

    Args:
        proofs: processes that answer as `Proofs` does, of each law.

    Raises:
        EngineDefect: proving failed.
    """
    if not roots:
        return []
    for law in proofs:
        law.ask((PROVE, roots))
    pairs = list(zip(*(law.answers("the proofs of what is shown") for law in proofs), strict=True))
    parting = [tuple(_parting(sides, root.year, *pair)) for root, pair in zip(roots, pairs, strict=True)]
    for law in proofs:
        law.ask((TELL, parting))
    told = zip(*(law.answers("the sentences of what is shown") for law in proofs), strict=True)
    return [
        tuple(
            Reason((entity, name), place, (one[0], other[0]), (one[1], other[1]))
            for (entity, place, name), one, other in zip(keys, *each, strict=True)
        )
        for keys, each in zip(parting, told, strict=True)
    ]


def _parting(
    sides: tuple[Side, Side], year: int, one: tuple[str, dict[StepKey, Any]], other: tuple[str, dict[StepKey, Any]]
) -> Iterator[StepKey]:
    """The steps at which the proofs of an instance begin to part; of a decision about its parts only the first."""
    programs = [side.program(phase, year) for side, (phase, _) in zip(sides, (one, other), strict=True)]
    apart = [key for key, outcome in one[1].items() if key in other[1] and outcome != other[1][key]]
    names = {(entity, name) for entity, _, name in apart}
    shown: dict[tuple[str, str], int] = {}
    for key in apart:
        decision = key[0], key[2]
        needs = frozenset(need for program in programs for need in program.needs(decision))
        if needs.isdisjoint(names - {decision}) and shown.setdefault(decision, 0) < MAX_PARTS:
            shown[decision] += 1
            yield key
