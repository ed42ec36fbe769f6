"""Which decisions two laws can make differently, judged by what their rules and values say, not by their names or files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import date
from functools import cache
from typing import Any

from engine.language import Node, walk
from engine.language.nodes import Builtin, Decision, Parameter
from engine.language.values import same
from engine.law.model import Law
from engine.law.program import Key, Program, TypedRule
from engine.law.selection import ALWAYS, NEVER, Entry

FACTS = ("tables", "entities", "codes", "governing", "builtins", "code_units")


def same_facts(one: Law, other: Law) -> bool:
    """Whether facts read under either law are the same rows, codes and instances, and decisions that both have are of one kind."""
    ours, theirs = one.vocabulary, other.vocabulary
    plans = [{(phase.plan, phase.first_year, phase.last_year) for phase in law.phases.values()} for law in (one, other)]
    return (
        plans[0] == plans[1]
        and all(getattr(ours, name) == getattr(theirs, name) for name in FACTS)
        and all(spec == theirs.decisions.get(key, spec) for key, spec in ours.decisions.items())
    )


class Apart:
    """Finds what may come out differently under two laws that share a vocabulary."""

    def __init__(self, one: Law, other: Law) -> None:
        self.laws = one, other
        self._same_entries = cache(self._compare_entries)
        self._same_order = cache(_same_order)
        self._judged: dict[tuple[Any, ...], tuple[tuple[TypedRule, ...], tuple[TypedRule, ...], bool]] = {}
        self._read: dict[tuple[int, int], tuple[TypedRule, frozenset[str], frozenset[str], frozenset[Key]]] = {}

    def of(self, one: Program, other: Program, earlier: Collection[Key]) -> frozenset[Key]:
        """The decisions of a year that are apart: their rules are, the values that these read, or a decision that they rest on.

        Args:
            earlier: the decisions that are apart in a year before.
        """
        keys = dict.fromkeys((*self.laws[0].rules, *self.laws[1].rules))
        same_value = cache(lambda name: self.same_value(one, other, name))
        found = {key for key in keys if self._begins(one, other, key, earlier, same_value)}
        users: dict[Key, set[Key]] = {}
        for key in keys:
            for need in one.needs(key) | other.needs(key):
                users.setdefault(need, set()).add(key)
        todo = list(found)
        while todo:
            more = users.get(todo.pop(), set()) - found
            found |= more
            todo += more
        return frozenset(found)

    def _begins(self, one: Program, other: Program, key: Key, earlier: Collection[Key], same_value: Any) -> bool:
        rules, others = one.rules(key), other.rules(key)
        if not self.same_rules(rules, others):
            return True
        for _, parameters, builtins, decisions in map(self._reads, rules):
            if not all(map(same_value, parameters)) or not decisions.isdisjoint(earlier):
                return True
            if any(one.constants.get(name) != other.constants.get(name) for name in builtins):
                return True
        return False

    def same_rules(self, rules: tuple[TypedRule, ...], others: tuple[TypedRule, ...]) -> bool:
        """Whether rules say the same, in whatever order and under whatever names; judged once, however many years have them."""
        place = tuple(map(identity, rules)), tuple(map(identity, others))
        if place[0] == place[1]:
            return True
        if place not in self._judged:
            said = (Counter(_content(rule, own) for rule in own) for own in (rules, others))
            self._judged[place] = rules, others, next(said) == next(said)
        return self._judged[place][2]

    def _reads(self, typed: TypedRule) -> tuple[TypedRule, frozenset[str], frozenset[str], frozenset[Key]]:
        """The parameters, constants and decisions that a rule names; read once, however many years have the rule."""
        place = id(typed.when), id(typed.value)
        found = self._read.get(place)
        if found is None:
            nodes = list(_nodes(typed))
            found = self._read[place] = (
                typed,
                frozenset(node.name for node in nodes if isinstance(node, Parameter)),
                frozenset(node.name for node in nodes if isinstance(node, Builtin)),
                frozenset((node.base.type.table or "", node.name) for node in nodes if isinstance(node, Decision)),
            )
        return found

    def same_value(self, one: Program, other: Program, name: str) -> bool:
        """Whether a parameter has the same value on every day, for every key."""
        alike = (one.lineage, one.selection) == (other.lineage, other.selection) and self._same_order(one.order, other.order)
        if alike and self._same_entries(name):
            return True
        for key, entries in self._entries(name):
            days = {ALWAYS, *(day for each in entries for e in each for day in (e.begins, e.ends) if day < NEVER)}
            if not all(_alike(one, other, name, key, day) for day in days):
                return False
        return True

    def _compare_entries(self, name: str) -> bool:
        specs = [law.vocabulary.parameters[name] for law in self.laws]
        return specs[0] == specs[1] and all(_said(one) == _said(other) for _, (one, other) in self._entries(name))

    def _entries(self, name: str) -> Iterator[tuple[Any, tuple[list[Entry], list[Entry]]]]:
        one, other = self.laws
        for key in dict.fromkeys((*one.keys(name), *other.keys(name), None)):
            yield key, (one.entries(name, key), other.entries(name, key))


def _same_order(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether authorities that both laws have, the only ones whose statements both can have, come in the same order."""
    return [name for name in one if name in other] == [name for name in other if name in one]


def _said(entries: list[Entry]) -> list[tuple[Any, ...]]:
    """What entries say, whatever they cite and wherever they stand."""
    return [
        (type(e.value), e.value, e.phase, e.begins, e.ends, e.known_from, e.authority, dict(e.readings), e.rounded, e.draft)
        for e in entries
    ]


def _alike(one: Program, other: Program, name: str, key: Any, day: date) -> bool:
    return same(one.parameter(name, key, day)[0], other.parameter(name, key, day)[0])


def _nodes(typed: TypedRule) -> Iterator[Node]:
    for part in (typed.when, typed.value):
        if part is not None:
            yield from walk(part)


def identity(typed: TypedRule) -> tuple[Any, ...]:
    """What stays the same object from year to year, and in another law that was read with this one."""
    return typed.rule.name, typed.rule.exception_to, id(typed.when), id(typed.value)


def _content(typed: TypedRule, among: Collection[TypedRule]) -> tuple[Any, ...]:
    """A rule without its name: its condition, its value, and the content of the rules that it displaces."""
    displaced = Counter(_content(other, among) for other in among if other.rule.name in typed.rule.exception_to)
    return typed.when, typed.value, frozenset(displaced.items())
