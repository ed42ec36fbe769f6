"""A law over a universe: its instances and its decisions, as formulas.

A decision keeps what a question may ask of it: when each of its rules stands, when none does, when two that differ do,
and its value to those who depend on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.analysis.laws.deciding import Decided, Read, condition_of, says, set_of, stands_of, value_of
from engine.analysis.laws.instances import Instance
from engine.analysis.laws.law_expressions import LawExpressions
from engine.analysis.laws.universe import Row, Universe
from engine.analysis.laws.values import (
    Formula,
)
from engine.analysis.symbols import Unencodable
from engine.law import Law, Program, Selection

Key = tuple[str, str]


class Encoding(LawExpressions):
    """One law over a universe.

    Args:
        phase: judges the year that is asked about instead of its own phase; its plan and dates stay the year's own.
        plan: the code of the plan asked about, for an entity that is keyed by plans.
    """

    def __init__(
        self, law: Law, selection: Selection, universe: Universe, entity: str, phase: str | None = None, plan: str | None = None
    ) -> None:
        self.law, self.selection, self.universe, self._phase = law, selection, universe, phase
        self._programs: dict[int, Program] = {}
        self._instances: dict[tuple[str, str, int], Instance] = {}
        self._parts: dict[tuple[str, str], list[Instance]] = {}
        self._decided: dict[tuple[Instance, str], Decided] = {}
        self._reads: list[set[Read]] = [set()]
        self._silent: list[dict[int, Formula]] = [{}]
        self._busy: list[tuple[Instance, str]] = []
        self._plan = plan
        self.main = self.instance(entity, universe.root, universe.year)

    def start_from(self, base: Encoding, changed: frozenset[Read]) -> None:
        """Take over what another selection of the same law decides without having read any of ``changed``."""
        self._instances, self._parts, self.main = base._instances, base._parts, base.main
        self._decided.update({key: found for key, found in base._decided.items() if found.reads.isdisjoint(changed)})

    def answers_otherwise(self, read: Read) -> bool:
        """Whether this law says something else at a point that was read of another selection of it."""
        kind, year, what, found = read
        if kind == "rules":
            return bool(says(self.program(year).rules(what)) != found)
        value = self.program(year).parameter(*what)[0]
        return value is not found and (type(value) is not type(found) or bool(value != found))

    def program(self, year: int) -> Program:
        """The law of a year.

        Raises:
            Unencodable: no phase governs it.
        """
        found = self._programs.get(year)
        if found is None:
            phase = self.law.phase_of_plan(self._plan) if self._plan is not None else self.law.phase_of(year, self.selection.known_on)
            if phase is None:
                raise Unencodable(f"no phase governs {year}")
            found = self._programs[year] = Program(self.law, self.selection, phase, year)
            if self._phase is not None and year == self.universe.year and self._phase != phase.id:
                judged = Program(self.law, self.selection, self.law.phases[self._phase], year)
                judged.constants = found.constants
                found = self._programs[year] = judged
        return found

    # -- instances ----------------------------------------------------------------------------------------------

    def instance(self, entity: str, row: Row | None, year: int) -> Instance:
        key = (entity, row.name if row is not None else "", year)
        found = self._instances.get(key)
        if found is None:
            spec = self.law.vocabulary.entities[entity]
            found = self._instances[key] = Instance(spec, year, row, None, row.present if row is not None else True)
        return found

    def parts(self, entity: str, owner: Instance) -> list[Instance]:
        """The instances of a part of ``owner``, or of a part of its parts."""
        spec = self.law.vocabulary.entities[entity]
        if spec.of != owner.entity.name:
            assert spec.of is not None and spec.table is not None
            return [part for parent in self.parts(spec.of, owner) for part in self.parts(entity, parent)]
        key = (entity, owner.name)
        found = self._parts.get(key)
        if found is None:
            assert spec.table is not None
            rows = self.universe.match(spec.table, {c: self.path(owner, path) for c, path in spec.where.items()})
            found = self._parts[key] = [Instance(spec, owner.year, row, owner, there) for there, row in rows.members]
        return found

    def path(self, owner: Instance, path: str) -> Any:
        """The value of a dotted path, as in a relation."""
        first, *rest = path.split(".")
        if not rest:
            return owner.year if first == "year" else self.program(owner.year).constants[first]
        value: Any = owner
        while value.parent is not None and first not in (value.entity.row, value.entity.name):
            value = value.parent
        for part in rest:
            value = self._cell_of(value, part)
        return value

    # -- decisions ----------------------------------------------------------------------------------------------

    def decided(self, instance: Instance, name: str) -> Decided:
        """All that can be asked of a decision.

        Raises:
            Unencodable: it, or something it rests on, cannot be said to the solver.
        """
        key = (instance, name)
        if key not in self._decided:
            if key in self._busy:
                raise Unencodable(f"'{name}' depends on itself")
            self._busy.append(key)
            self._reads.append(set())
            self._silent.append({})
            try:
                self._decided[key] = self._decide(instance, name)
            finally:
                self._busy.pop()
                self._reads.pop()
                self._silent.pop()
        found = self._decided[key]
        self._reads[-1] |= found.reads
        self._silent[-1].update((_identity(part), part) for part in found.silent)
        return found

    def _decide(self, instance: Instance, name: str) -> Decided:
        key = (instance.entity.name, name)
        program, kind = self.program(instance.year), self.law.vocabulary.decisions[key].type.kind
        rules = program.rules(key)
        self._reads[-1].add(("rules", instance.year, key, says(rules)))
        heard = []
        for typed in rules:
            when = True if typed.when is None else self.eval(typed.when, instance.env)
            if when is not False:
                heard.append((typed, when, self.eval(typed.value, instance.env)))
        stands = stands_of(heard)
        value, gap, conflict = set_of(stands) if kind == "set" else condition_of(stands) if kind == "bool" else value_of(stands)
        silent = {**self._silent[-1], **{_identity(part): part for part in (gap, conflict) if part is not False}}
        return Decided(tuple(stands), value, gap, conflict, frozenset(self._reads[-1]), tuple(silent.values()))

    def reading(self, evaluate: Callable[[], Any]) -> tuple[Any, frozenset[Read]]:
        """What ``evaluate`` gives, and what it read of the law."""
        self._reads.append(set())
        try:
            value = evaluate()
        finally:
            reads = self._reads.pop()
        return value, frozenset(reads)


def _identity(part: Formula) -> int:
    return 0 if isinstance(part, bool) else int(part.get_id())
