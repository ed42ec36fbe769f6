"""All determinations about one set of facts under one selection of the law."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.facts import Facts, Row
from engine.facts.rows import identity
from engine.language.aggregates import Group
from engine.law import Law, Phase, Program, Selection
from engine.problems import did_you_mean, input_error
from engine.proving.compiled import Compiled
from engine.proving.instances import Root
from engine.proving.session import Session

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
        self._programs: dict[tuple[str, int], Program] = {}
        self._compiled: dict[tuple[str, int, tuple[Key, ...]], Compiled] = {}
        self._sessions: dict[Root, Session] = {}
        self._groups: dict[tuple[Any, ...], Group] = {}

    def about(self, facts: Facts) -> Prover:
        """A prover over other facts under the same law; what was compiled is shared."""
        other = Prover(self.law, self.selection, facts)
        other._programs, other._compiled = self._programs, self._compiled
        return other

    def program(self, root: Root) -> Program:
        """The law of a root: of its year, or, for a plan, of the phase in which that plan runs.

        Raises:
            InputError: no phase governs the year.
        """
        entity = self.law.vocabulary.entities[root.entity]
        phase = self.law.phase_of_plan(root.key[0]) if entity.table is None else self.law.phase_of(root.year, self.selection.known_on)
        if phase is None:
            years = sorted({y for p in self.law.phases.values() for y in (p.first_year, p.last_year)})
            raise input_error(
                f"year {root.year}", 0, 0, "no phase of the ruleset governs it", f"the phases run from {years[0]} to {years[-1]}"
            )
        return self.law_of(phase, root.year)

    def law_of(self, phase: Phase, year: int) -> Program:
        """The law of a year of a phase; one for each, however often it is asked for."""
        found = self._programs.get((phase.id, year))
        if found is None:
            found = self._programs[phase.id, year] = Program(self.law, self.selection, phase, year)
        return found

    @property
    def programs(self) -> Iterable[Program]:
        """The laws that were asked for so far."""
        return self._programs.values()

    def years_before(self, year: int) -> Iterable[int]:
        """The years before ``year`` that a phase governs, first to last."""
        first = min(p.first_year for p in self.law.phases.values())
        return [y for y in range(first, year) if self.law.phase_of(y, self.selection.known_on) is not None]

    def compiled(self, program: Program, keys: tuple[Key, ...]) -> Compiled:
        found = self._compiled.get((program.phase.id, program.year, keys))
        if found is None:
            found = self._compiled[program.phase.id, program.year, keys] = Compiled(program, keys)
        return found

    def session(self, root: Root) -> Session:
        """The session of a root; one for each, however often it is asked for."""
        found = self._sessions.get(root)
        if found is None:
            found = self._sessions[root] = Session(self, root, self.program(root))
        return found

    def group(self, entity: str, columns: tuple[str, ...], values: tuple[Any, ...], year: int, years: str | None) -> Group:
        """The instances whose rows match, in ``year`` or, for ``years`` `earlier`, in every year before it; one group for all who ask."""
        key = (entity, columns, tuple(identity(value) for value in values), year, years)
        found = self._groups.get(key)
        if found is None:
            rows = self.facts.matching(self.law.vocabulary.entities[entity].table or "", columns, values)
            asked = self.years_before(year) if years == "earlier" else (year,)
            roots = [Root(entity, row.key, y) for row in rows for y in asked]
            found = self._groups[key] = Group(lambda: [self.session(root).main for root in roots])
        return found

    def forget(self) -> None:
        """Let go of the sessions kept so far; whoever needs one again proves it again."""
        self._sessions.clear()

    @property
    def sessions(self) -> Iterable[Session]:
        """The sessions kept so far."""
        return self._sessions.values()

    @property
    def kept(self) -> int:
        return len(self._sessions)

    # -- what can be asked about --------------------------------------------------------------------------------

    def roots(self, entity: str, key: str | None = None, year: int | None = None) -> list[Root]:
        """The instances of an entity that the facts speak of.

        For an entity with years: every year in which a table that shows it has a row.

        Raises:
            InputError: ``key`` is not among them.
        """
        spec = self.law.vocabulary.entities[entity]
        if spec.table is None:
            return self._coded_roots(entity, key, year)
        rows = self.facts.tables[spec.table]
        if key is not None and not any(row.key[0] == key for row in rows):
            raise input_error(spec.row, 0, 0, f"no '{key}' in {spec.table}", did_you_mean(key, [row.key[0] for row in rows]))
        chosen = [row for row in rows if key is None or row.key[0] == key]
        if spec.year_of is not None:
            found = [Root(entity, row.key, row.cells[spec.year_of].year) for row in chosen]
            for row, root in zip(chosen, found, strict=True):
                if self.law.phase_of(root.year, self.selection.known_on) is None:
                    file, _, line = row.source.rpartition(":")
                    raise input_error(
                        file, int(line), 1, f"{entity} {root}: no phase of the ruleset governs {root.year}", "correct the date"
                    )
            return [root for root in found if year is None or root.year == year]
        return [Root(entity, row.key, y) for row in chosen for y in ([year] if year is not None else self._years_of(entity, row.key))]

    def _years_of(self, entity: str, key: tuple[str, ...]) -> list[int]:
        """Years in which records of the instance exist, among those that a phase governs."""
        seen: set[int] = set()
        for table, owner in self._seen_in(entity):
            for row in self.facts.matching(table, (owner,), (self._by_key(entity, key),)):
                seen.update(self._years_of_row(table, row))
        return [y for y in sorted(seen) if self.law.phase_of(y, self.selection.known_on) is not None]

    def _by_key(self, entity: str, key: tuple[str, ...]) -> Row:
        spec = self.law.vocabulary.entities[entity]
        return self.facts.matching(spec.table or "", self.law.vocabulary.tables[spec.table or ""].key, key)[0]

    def _seen_in(self, entity: str) -> list[tuple[str, str]]:
        """The tables whose rows show that an instance exists, each with the column that names it."""
        spec = self.law.vocabulary.entities[entity]
        found = []
        for table in spec.seen_in:
            for name, column in self.law.vocabulary.tables[table].columns.items():
                if (column.type.table == spec.table) if spec.table else (column.type.codes == spec.codes):
                    found.append((table, name))
                    break
        return found

    def _years_of_row(self, table: str, row: Row) -> Iterable[int]:
        """The row's year, or every year of its plan where it stands for the plan as a whole."""
        year = row.cells.get("year")
        if isinstance(year, int):
            return [year]
        columns = self.law.vocabulary.tables[table].columns
        plans = [row.cells[name] for name, column in columns.items() if column.type.codes == "plans"]
        phase = self.law.phase_of_plan(plans[0]) if plans and isinstance(plans[0], str) else None
        return range(phase.first_year, phase.last_year + 1) if phase is not None else []

    def _coded_roots(self, entity: str, key: str | None, year: int | None) -> list[Root]:
        """Plans that the facts name: one root for each, or for each of its years."""
        spec = self.law.vocabulary.entities[entity]
        named = [row.cells[column] for table, column in self._seen_in(entity) for row in self.facts.tables[table]]
        found = []
        for code in dict.fromkeys(name for name in named if isinstance(name, str)):
            phase = self.law.phase_of_plan(code)
            if phase is None or (key is not None and code != key):
                continue
            years = self._stated_years(entity, code) if spec.years else [phase.last_year]
            found += [Root(entity, (code,), y) for y in years if year is None or y == year]
        return found

    def _stated_years(self, entity: str, code: str) -> list[int]:
        """The years for which a plan has rows of their own; rows for the plan as a whole name none."""
        rows = [row for table, column in self._seen_in(entity) for row in self.facts.matching(table, (column,), (code,))]
        return sorted({row.cells["year"] for row in rows if isinstance(row.cells.get("year"), int)})
