"""Which worked examples a draft cannot reach: what they expect rests on nothing that the draft changes, so they need not be asked again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from engine.drafting.cases import Case, Laws
from engine.drafting.cases_running import CHANGED, expected_keys
from engine.language import walk
from engine.language.nodes import Parameter
from engine.law import Law, Program, program_of, type_rule
from engine.law.apart import Apart, same_facts
from engine.problems import InputError

Key = tuple[str, str]
TOLD = frozenset({"instruments", "words", "drafts", "ruleset", "rules", "values", "decisions", "parameters"})
"""Sections of a law in which a draft may differ and still be judged; in others any difference may reach everything."""
_WORDS = re.compile(r"[\w.]+")


class Sparing:
    """Judges cases under the law and under more drafts."""

    def __init__(self, laws: Laws, under: Laws) -> None:
        self.laws, self.under = laws, under
        self._pairs: dict[tuple[str, str], _Pair] = {}

    def spared(self, case: Case) -> bool:
        """Whether a case that comes out as it says must do so under the drafts, too."""
        if case.content["expect"] == CHANGED:
            return False
        try:
            one, other = self.laws.of(case), self.under.of(case)
            place = one.digest, other.digest
            if place not in self._pairs:
                self._pairs[place] = _Pair(one, other)
            return self._pairs[place].spares(case)
        except InputError:
            return False  # running it tells what is wrong


class _Pair:
    def __init__(self, one: Law, other: Law) -> None:
        self.one, self.other = one, other
        self.begins: dict[Key, frozenset[str]] = {}
        self.reach: frozenset[Key] | None = self._reached()
        self.comparing = Apart(one, other)
        self._years: dict[Any, bool] = {}

    def spares(self, case: Case) -> bool:
        if self.reach is None:
            return False
        entity, year = _asked(case, self.one)
        return self.reach.isdisjoint(expected_keys(case, self.one, entity)) or (year is not None and not self._differs(case, year))

    def _reached(self) -> frozenset[Key] | None:
        """The decisions that differences of the laws can reach in some year; None where that cannot be told."""
        one, other = self.one, self.other
        odd = {s for s in {*one.tree, *other.tree} - TOLD if one.tree.get(s) != other.tree.get(s)}
        manifests = [{k: v for k, v in law.manifest.items() if k != "authorities"} for law in (one, other)]
        if odd or manifests[0] != manifests[1] or not same_facts(one, other):
            return None
        values = [_values(law) for law in (one, other)]
        changed = {name for name in {*values[0], *values[1]} if values[0].get(name) != values[1].get(name)}
        changed |= {n for n, spec in other.vocabulary.parameters.items() if one.vocabulary.parameters.get(n, spec) != spec}
        users: dict[Key, set[Key]] = {}
        for key in dict.fromkeys((*one.rules, *other.rules)):
            named = set[str]()
            for law in (one, other):
                for rule in law.rules.get(key, ()):
                    typed = type_rule(law, rule)
                    for node in (part for top in (typed.when, typed.value) if top is not None for part in walk(top)):
                        named |= {node.name} if isinstance(node, Parameter) else set()
                    for read in typed.reads(law.vocabulary):
                        for need in read.every:
                            users.setdefault(need, set()).add(key)
            if one.rules.get(key) != other.rules.get(key) or named & changed:
                self.begins[key] = frozenset(named & changed)
        found, todo = set(self.begins), list(self.begins)
        while todo:
            more = users.get(todo.pop(), set()) - found
            found |= more
            todo += more
        dated = {word for text in other.vocabulary.governing.values() for word in _WORDS.findall(text)}
        if dated & changed or any(name in dated or f"{owner}.{name}" in dated for owner, name in found):
            return None
        return frozenset(found)

    def _differs(self, case: Case, year: int) -> bool:
        """Whether, under the case's selection, the laws part in its year or in one before."""
        selections = case.selection(self.one), case.selection(self.other)
        first = min(phase.first_year for phase in self.one.phases.values())
        return any(self._parted(selections, each) for each in range(first, year + 1))

    def _parted(self, selections: tuple[Any, Any], year: int) -> bool:
        place = selections[0].identity, year
        if place not in self._years:
            self._years[place] = any(self._begins(*pair) for pair in self._programs(selections, year))
        return self._years[place]

    def _programs(self, selections: tuple[Any, Any], year: int) -> Iterator[tuple[Program, Program]]:
        """The law of a year, whatever phase of it governs: a plan may be judged under its own."""
        for name, phase in self.one.phases.items():
            if phase.first_year <= year <= phase.last_year:
                yield (
                    program_of(self.one, selections[0], phase, year),
                    program_of(self.other, selections[1], self.other.phases[name], year),
                )

    def _begins(self, one: Program, other: Program) -> bool:
        return any(
            not self.comparing.same_rules(one.rules(key), other.rules(key))
            or not all(self.comparing.same_value(one, other, name) for name in names)
            for key, names in self.begins.items()
        )


def _values(law: Law) -> Mapping[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for content in law.tree["values"]:
        found.setdefault(content["parameter"], []).append(content)
    return found


def _asked(case: Case, law: Law) -> tuple[str, int | None]:
    """The entity that a case asks about, and the year by whose law it is judged, where it says so."""
    content = case.content
    if "installation" in content:
        return str(law.manifest["main"]), content["year"]
    if "trade" in content:
        return "trade", None
    return ("plan_year", content["year"]) if "year" in content else ("plan_period", None)
