"""What a run of the prover read of the law: whatever it did not read cannot have mattered.

Proving is a function of the facts and of what it reads of its programs. Two laws that answer every look-up of a run
alike therefore give the same run, step by step; no second proof is needed to know it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.containment import contained
from engine.facts import Facts
from engine.language.values import same
from engine.law import Law, Program
from engine.proving.asking import MAX_KEPT, Inquiry
from engine.proving.determination import Determination, determine
from engine.proving.instances import Root
from engine.proving.prover import Prover

Key = tuple[str, str]
LawOf = tuple[str, int]


@dataclass(frozen=True)
class Uses:
    """What was read of one program: look-ups (parameter, key, day), and decisions whose rules were asked for."""

    looked_up: frozenset[tuple[str, Any, date]] = frozenset()
    consulted: frozenset[Key] = frozenset()

    def __or__(self, other: Uses) -> Uses:
        return Uses(self.looked_up | other.looked_up, self.consulted | other.consulted)

    def __sub__(self, other: Uses) -> Uses:
        return Uses(self.looked_up - other.looked_up, self.consulted - other.consulted)


def differing(one: Program, other: Program, uses: Uses) -> Uses:
    """What of ``uses`` the two programs answer differently; for rules, the decisions where not the same rules are active."""
    return Uses(
        frozenset(asked for asked in uses.looked_up if not same(one.parameter(*asked)[0], other.parameter(*asked)[0])),
        frozenset(key for key in uses.consulted if active(one, key) != active(other, key)),
    )


def active(program: Program, key: Key) -> tuple[tuple[Any, ...], ...]:
    """The rules that decide ``key`` in a program, each by what makes it one: its name first, where its text stands, and when it is in force."""
    return tuple((t.rule.name, *t.rule.at, t.rule.begins, t.rule.ends) for t in program.rules(key))


def uses_of(prover: Prover) -> dict[LawOf, Uses]:
    """What a prover read so far of each law, by phase and year."""
    return {(program.phase.id, program.year): Uses(program.looked_up, program.consulted) for program in prover.programs}


def ask_recorded(law: Law, facts: Facts, inquiry: Inquiry, roots: list[Root]) -> Iterator[tuple[Determination, Mapping[LawOf, Uses]]]:
    """The determinations of ``roots`` under one authority, each with what was read of the law that no earlier one had read.

    Raises:
        InputError: the question or a root cannot be asked under this law.
        EngineDefect: proving failed; never an answer.
    """
    prover = Prover(law, law.select(inquiry.authority, inquiry.readings, inquiry.known_on), facts)
    return contained(roots, _Recording(prover))


class _Recording:
    def __init__(self, prover: Prover) -> None:
        self.prover, self.told = prover, dict[LawOf, Uses]()

    def __call__(self, root: Root) -> tuple[Determination, dict[LawOf, Uses]]:
        if self.prover.kept > MAX_KEPT:
            self.prover.forget()
        determination, now = determine(self.prover, root), uses_of(self.prover)
        fresh = {which: uses - self.told.get(which, Uses()) for which, uses in now.items()}
        self.told = now
        return determination, {which: uses for which, uses in fresh.items() if uses != Uses()}
