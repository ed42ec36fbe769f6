"""Why instances come out differently under two laws: the decisions where the difference begins, and what in the law makes it.

A decision is where a difference begins when it comes out differently though nothing that it reads within the determination does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from engine.drafting.diff import LawDiff
from engine.drafting.sides import Side
from engine.language import walk
from engine.language.nodes import Parameter
from engine.law import Program

Key = tuple[str, str]
RULE, VALUE, ELSEWHERE = "rule", "value", "elsewhere"


class Element(NamedTuple):
    """What in the law makes a difference.

    Attributes:
        kind: `rule`, `value` (of a parameter), or `elsewhere` (another instance, or an earlier year).
        name: of the rule, the parameter, or the decision that begins to differ.
    """

    kind: str
    name: str


@dataclass(frozen=True)
class Cause:
    """Why an instance comes out differently."""

    elements: tuple[Element, ...]


class Causes:
    """Finds causes from which decisions differ."""

    def __init__(self, one: Side, other: Side, found: LawDiff) -> None:
        self.sides = one, other
        self.values = {change.parameter for change in found.values}
        self.rules: dict[tuple[Key, int], list[str]] = {}
        for rule in found.rules:
            for year in rule.years:
                self.rules.setdefault((rule.decides, year), []).append(rule.name)

    def of(self, year: int, differing: Collection[Key]) -> Cause:
        """The cause of the differences of an instance.

        Args:
            differing: the decisions of the instance, and of its parts, that come out differently.
        """
        found: dict[Element, None] = {}
        for key in sorted(differing):
            if not self._needs(year, key) & set(differing) - {key}:
                found |= dict.fromkeys(self._elements(year, key))
        return Cause(tuple(sorted(found)))

    def _needs(self, year: int, key: Key) -> frozenset[Key]:
        return frozenset(need for program in self._both(year) for need in program.needs(key))

    def _elements(self, year: int, key: Key) -> Iterator[Element]:
        made = [Element(RULE, name) for name in self.rules.get((key, year), ())]
        nodes = (
            part for program in self._both(year) for typed in program.rules(key) for part in (typed.when, typed.value) if part is not None
        )
        named = {node.name for part in nodes for node in walk(part) if isinstance(node, Parameter)}
        made += [Element(VALUE, name) for name in sorted(named & self.values)]
        yield from made or [Element(ELSEWHERE, self.sides[0].law.decision_name(*key))]

    def _both(self, year: int) -> Iterator[Program]:
        for side in self.sides:
            phase = side.law.phase_of(year, side.inquiry.known_on)
            if phase is not None:
                yield side.program(phase.id, year)
