"""Why the instances that are shown come out differently, in the sentences of their proofs under both laws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.containment import contained
from engine.drafting.answers import Register
from engine.drafting.impact import Mover
from engine.drafting.sides import Side
from engine.drafting.speech import Speech
from engine.explaining.proof_text import ProofText
from engine.explaining.sentences import Sentence
from engine.law import Program
from engine.proving import Determination, Prover, Root, comparable, determine

StepKey = tuple[str, tuple[str, ...], str]
MAX_SENTENCES, MAX_PARTS = 3, 3


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


class MoverProofs:
    """Proves instances under both laws: each law by one prover, over the facts of all that are asked about.

    Args:
        names: the decisions of the main entity that are compared.
    """

    def __init__(self, speech: Speech, sides: tuple[Side, Side], register: Register, names: Sequence[str]) -> None:
        self.speech, self.sides, self.register = speech, sides, register
        self.main = str(speech.law.manifest["main"])
        self.names = names

    def of(self, movers: Sequence[Mover]) -> list[tuple[Reason, ...]]:
        """For each of the instances where its proofs part.

        Raises:
            EngineDefect: proving failed.
        """
        asked = [Root(self.main, (mover.key,), mover.year) for mover in movers]
        if not asked:
            return []
        streams = []
        for side in self.sides:
            work = _Work(Prover(side.law, side.selection, self.register.facts(side, asked)), tuple((self.main, n) for n in self.names))
            streams.append(contained(asked, work))
        return [tuple(self._reasons(one, other)) for one, other in zip(*streams, strict=True)]

    def _reasons(self, *pair: Determination) -> Iterator[Reason]:
        programs = [
            Program(side.law, side.selection, side.law.phases[each.phase], each.root.year)
            for side, each in zip(self.sides, pair, strict=True)
        ]
        apart = [
            key
            for key, step in pair[0].steps.items()
            if key in pair[1].steps and comparable(step.outcome) != comparable(pair[1].steps[key].outcome)
        ]
        names = {(entity, name) for entity, _, name in apart}
        shown: dict[tuple[str, str], int] = {}
        for key in apart:
            decision = key[0], key[2]
            needs = frozenset(need for program in programs for need in program.needs(decision))
            if needs.isdisjoint(names - {decision}) and shown.setdefault(decision, 0) < MAX_PARTS:
                shown[decision] += 1
                steps = [each.steps[key] for each in pair]
                texts = [ProofText(self.speech, program, each.steps) for program, each in zip(programs, pair, strict=True)]
                one, other = (tuple(text.verdict(key))[:MAX_SENTENCES] for text in texts)
                yield Reason(decision, key[1], (steps[0].outcome, steps[1].outcome), (one, other))


class _Work:
    def __init__(self, prover: Prover, wanted: tuple[tuple[str, str], ...]) -> None:
        self.prover, self.wanted = prover, wanted

    def __call__(self, root: Root) -> Determination:
        return determine(self.prover, root, "brief", self.wanted)
