"""Questions about facts under a law, answered in a contained process, under every authority at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from engine.containment import contained
from engine.facts import Facts
from engine.law import Law
from engine.proving.determination import Determination, determine, differences
from engine.proving.instances import Root
from engine.proving.prover import Prover

MAX_KEPT = 2_000


@dataclass(frozen=True)
class Inquiry:
    """Under which law to answer.

    Attributes:
        authority: None for the ruleset's default.
        readings: answers that settle single questions, under every authority.
        known_on: the law as known on this day.
        compare: whether decisions that differ under another authority are marked.
    """

    authority: str | None = None
    readings: Mapping[str, str] = field(default_factory=dict)
    known_on: date | None = None
    compare: bool = True


def provers(law: Law, facts: Facts, inquiry: Inquiry) -> dict[str, Prover]:
    """A prover for each authority that is asked, the chosen one first.

    Raises:
        InputError: the authority or a reading does not exist.
    """
    own = law.select(inquiry.authority, inquiry.readings, inquiry.known_on)
    others = [name for name in law.authorities if name != own.authority] if inquiry.compare else []
    selections = [own, *(law.select(name, inquiry.readings, inquiry.known_on) for name in others)]
    return {selection.authority: Prover(law, selection, facts) for selection in selections}


def ask(
    law: Law, facts: Facts, inquiry: Inquiry, roots: list[Root], proof: str | None = None, wanted: tuple[tuple[str, str], ...] = ()
) -> Iterator[Determination]:
    """The determinations of ``roots``, in order; ``proof`` and ``wanted`` as in `determine`.

    Raises:
        InputError: the question or a root cannot be asked under this law.
        EngineDefect: proving failed; never an answer.
    """
    asked = provers(law, facts, inquiry)
    streams = {
        name: contained(roots, _Work(prover, proof if number == 0 else None, wanted)) for number, (name, prover) in enumerate(asked.items())
    }
    for own, *others in zip(*streams.values(), strict=True):
        yield replace(own, differs=differences(own, dict(zip(list(streams)[1:], others, strict=True))))


@dataclass(frozen=True)
class _Work:
    """Determines one root after the other under one law; what was proved is kept for those who need it, within bounds."""

    prover: Prover
    proof: str | None
    wanted: tuple[tuple[str, str], ...]

    def __call__(self, root: Root) -> Determination:
        if self.prover.kept > MAX_KEPT:
            self.prover.forget()
        return determine(self.prover, root, self.proof, self.wanted)
