"""All determinations about one set of facts under one selection of the law."""

from __future__ import annotations

from collections.abc import Iterable

from engine.facts import Facts
from engine.law import Law, Program, Selection
from engine.problems import did_you_mean, input_error
from engine.proving.instances import Root
from engine.proving.session import Compiled, Session

Key = tuple[str, str]


class Prover:
    """Opens a session for each root that is asked about, or that another one needs, and keeps its steps.

    Args:
        law: the ruleset.
        selection: authority, readings and the day of knowledge.
        facts: what is given.
    """

    def __init__(self, law: Law, selection: Selection, facts: Facts) -> None:
        self.law, self.selection, self.facts = law, selection, facts
        self._programs: dict[int, Program] = {}
        self._compiled: dict[tuple[int, tuple[Key, ...]], Compiled] = {}
        self._sessions: dict[Root, Session] = {}

    def program(self, year: int) -> Program:
        """The law of a year.

        Raises:
            InputError: no phase governs the year.
        """
        found = self._programs.get(year)
        if found is None:
            phase = self.law.phase_of(year, self.selection.known_on)
            if phase is None:
                years = sorted({y for p in self.law.phases.values() for y in (p.first_year, p.last_year)})
                raise input_error(f"year {year}", 0, 0, "no phase of the ruleset governs it", f"the phases run from {years[0]} to {years[-1]}")
            found = self._programs[year] = Program(self.law, self.selection, phase, year)
        return found

    def years_before(self, year: int) -> Iterable[int]:
        """The years before ``year`` that a phase governs, first to last."""
        first = min(p.first_year for p in self.law.phases.values())
        return [y for y in range(first, year) if self.law.phase_of(y, self.selection.known_on) is not None]

    def compiled(self, program: Program, keys: tuple[Key, ...]) -> Compiled:
        found = self._compiled.get((program.year, keys))
        if found is None:
            found = self._compiled[program.year, keys] = Compiled(program, keys)
        return found

    def session(self, root: Root) -> Session:
        """The session of a root; one for each, however often it is asked for."""
        found = self._sessions.get(root)
        if found is None:
            found = self._sessions[root] = Session(self, root, self.program(root.year))
        return found

    # -- what can be asked about --------------------------------------------------------------------------------

    def roots(self, entity: str, key: str | None = None, year: int | None = None) -> list[Root]:
        """The instances of an entity that the facts speak of.

        For an entity with years: every year in which some table that is joined to it has a row.

        Raises:
            InputError: ``key`` is not among them.
        """
        spec = self.law.vocabulary.entities[entity]
        if spec.table is None:
            return self._plan_roots(entity, key, year)
        rows = self.facts.tables[spec.table]
        if key is not None and not any(row.key[0] == key for row in rows):
            raise input_error(spec.row, 0, 0, f"no '{key}' in {spec.table}", did_you_mean(key, [row.key[0] for row in rows]))
        chosen = [row for row in rows if key is None or row.key[0] == key]
        if spec.year_of is not None:
            found = [Root(entity, row.key, row.cells[spec.year_of].year) for row in chosen]
            return [root for root in found if year is None or root.year == year]
        return [Root(entity, row.key, y) for row in chosen for y in ([year] if year is not None else self._years_of(entity, row.key))]

    def _years_of(self, entity: str, key: tuple[str, ...]) -> list[int]:
        """Years that records of the instance speak of, among those that a phase governs."""
        index = getattr(self, "_year_index", None)
        if index is None:
            index = {}
            for relation in self.law.vocabulary.entities[entity].relations.values():
                if relation.table is None:
                    continue
                columns = self.law.vocabulary.tables[relation.table].columns
                owner = next(iter(relation.where), None)
                if owner is None or "year" not in columns or "plan" in columns:
                    continue
                for row in self.facts.tables[relation.table]:
                    row_year = row.cells["year"]
                    if isinstance(row_year, int):
                        index.setdefault(row.cells[owner].key, set()).add(row_year)
            for row in self.facts.tables.get("quotas", ()):
                index.setdefault(row.cells["installation"].key, set()).update(self._quota_years(row.cells["plan"], row.cells["year"]))
            self._year_index = index
        return [y for y in sorted(index.get(key, ())) if self.law.phase_of(y, self.selection.known_on) is not None]

    def _quota_years(self, plan: str, year: object) -> Iterable[int]:
        if isinstance(year, int):
            return [year]
        phase = self.law.phase_of_plan(plan)
        return range(phase.first_year, phase.last_year + 1) if phase is not None else []

    def _plan_roots(self, entity: str, key: str | None, year: int | None) -> list[Root]:
        spec = self.law.vocabulary.entities[entity]
        plans = dict.fromkeys(row.cells["plan"] for row in self.facts.tables["quotas"] if isinstance(row.cells["plan"], str))
        found = []
        for plan in plans:
            phase = self.law.phase_of_plan(plan)
            if phase is None or (key is not None and plan != key):
                continue
            years = range(phase.first_year, phase.last_year + 1) if spec.years else [phase.last_year]
            found += [Root(entity, (plan,), y) for y in years if year is None or y == year]
        return found
