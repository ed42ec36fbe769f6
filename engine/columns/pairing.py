"""A register under two laws: what is asked of each, what both decide alike and is decided once, and the second law's part elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from engine.columns.deciding import Done, Years
from engine.columns.handing import facts_of
from engine.columns.planning import Key
from engine.columns.roots import Place, Slice, slices
from engine.columns.values import Value
from engine.facts import Facts
from engine.law.apart import Apart, same_facts
from engine.proving import Root

Decisions = Iterable[tuple[Place, Done | None]]
"""Slices with what was decided of them; None where the first law decides it alike."""


class Pair:
    """Decides the same rows under two laws, a slice at a time.

    Args:
        always: the decisions that are put out whether or not the laws are apart there.
        entities: root entities to decide.
    """

    def __init__(self, one: Years, other: Years, always: Collection[Key], entities: Collection[str]) -> None:
        self.laws, self.entities = (one, other), entities
        if same_facts(one.law, other.law):
            one.both = other.both = Both(one, other, always)

    def __len__(self) -> int:
        """How many slices both laws have."""
        return sum(
            1
            for years in self.laws
            for entity in self.entities
            if entity in years.law.vocabulary.entities
            for _ in slices(years.law, years.selection, years.data, entity, None)
        )

    def facts(self, number: int, roots: Sequence[Root]) -> Facts:
        """The facts that proving needs to decide ``roots`` under the first or second law (0 or 1) as it would with the whole register."""
        years = self.laws[number]
        return facts_of(years.law, years.data, roots)

    def second(self) -> Decisions:
        """What the second law decides, whether or not the first has decided anything here."""
        return self.laws[1].each(self.entities, None)

    def decide(self, second: Decisions | None = None) -> Iterator[Place]:
        """Decide under both laws, and say which slice is done.

        Args:
            second: what `second` of the same pair gave, perhaps in another process.
        """
        one, other = self.laws
        for years, found in ((one, one.each(self.entities, None)), (other, self.second() if second is None else second)):
            for place, done in found:
                years.take(place, done)
                yield place


class Both:
    """One register under two laws that read it alike: what is asked, and what both decide alike and is therefore decided once.

    Args:
        always: the decisions that are put out whether or not the laws are apart there.
    """

    def __init__(self, one: Years, other: Years, always: Collection[Key]) -> None:
        self.laws = one, other
        self.always = frozenset(always)
        self.comparing = Apart(one.law, other.law)
        self._apart: dict[tuple[int, str | None], frozenset[Key]] = {}
        self._firsts: dict[str, frozenset[Place]] = {}

    def apart(self, year: int, code: str | None = None) -> frozenset[Key]:
        """The decisions that may come out differently in a year (of a plan)."""
        if (year, code) not in self._apart:
            one, other = self.laws
            if code is None and not (year in one.years and year in other.years):
                found = frozenset((*one.law.vocabulary.decisions, *other.law.vocabulary.decisions))
            else:
                before = sorted({*one.years, *other.years} - {y for y in (*one.years, *other.years) if y >= year})
                earlier = frozenset[Key]().union(*(self.apart(y) for y in before))
                found = self.comparing.of(one.program(year, code), other.program(year, code), earlier)
            self._apart[year, code] = found
        return self._apart[year, code]

    def shown(self, year: int, code: str | None) -> frozenset[Key]:
        return self.always | self.apart(year, code)

    def alike(self, asking: Years, one: Slice, kept: tuple[Key, ...]) -> bool:
        """Whether the second law, which asks, decides a slice as the first does, or would."""
        first, second = self.laws
        if asking is first or (one.code is None and one.year not in first.years):
            return False
        if first.program(one.year, one.code).phase.id != second.program(one.year, one.code).phase.id:
            return False
        vocabulary = asking.law.vocabulary
        about = {key for key in vocabulary.decisions if vocabulary.main_names(key[0])[-1].name == one.entity}
        return (about | set(kept)).isdisjoint(self.apart(one.year, one.code))

    def decides_first(self, one: Slice) -> bool:
        """Whether the first law decides a slice too."""
        first = self.laws[0]
        if one.entity not in self._firsts:
            known = one.entity in first.law.vocabulary.entities
            found = slices(first.law, first.selection, first.data, one.entity, None) if known else ()
            self._firsts[one.entity] = frozenset(each.place for each in found)
        return one.place in self._firsts[one.entity]

    def lent(self, asking: Years, one: Slice, kept: tuple[Key, ...]) -> Mapping[Key, Value] | None:
        """What later years read of a slice that both laws decide alike; None where the first has not decided it here."""
        first = self.laws[0]
        plan = first.made.get(one.place)
        if not kept:
            return {}
        if plan is None or not set(kept) <= set(plan.kept):
            return None
        names = {(*key, one.year) for key in plan.kept}
        asking.data.imports.update({place: array for place, array in first.data.imports.items() if place[:3] in names})
        return plan.kept
