"""What a run of the prover read of the law: whatever it did not read cannot have mattered.

Proving is a function of the facts and of what it reads of its programs. Two laws that answer every look-up of a run
alike therefore give the same run, step by step; no second proof is needed to know it.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from engine.language.values import same
from engine.law import Program

Key = tuple[str, str]


class Uses(NamedTuple):
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
