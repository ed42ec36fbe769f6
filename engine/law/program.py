"""The law of one year under one selection: typed rules, with parameters looked up as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from engine.language import BOOL, DATE, ExpressionError, Node, Scope, Vocabulary, compile_node, parse, walk
from engine.language.nodes import Aggregate, Builtin, Column, Decision, Lookup, Rows, Var
from engine.language.reads import Reads, reads
from engine.law.model import Law, Phase, Rule
from engine.law.reading_values import read_date
from engine.law.selection import ALWAYS, NEVER, Entry, Selection, choose, gap_in_sources
from engine.law.vocabulary import build_vocabulary
from engine.problems import InputError, Problem, did_you_mean

Key = tuple[str, str]
DECLARING = ("units", "codes", "tables", "entities", "governing_dates", "decisions", "parameters")
ADDED = ("decisions", "parameters")
_BRACES = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class TypedRule:
    """A rule whose texts have been parsed and checked.

    Attributes:
        when: None means always.
    """

    rule: Rule
    when: Node | None
    value: Node

    def reads(self, vocabulary: Vocabulary) -> Iterator[Reads]:
        """What its texts read."""
        if self.when is not None:
            yield reads(self.when, vocabulary)
        yield reads(self.value, vocabulary)


def type_rule(law: Law, rule: Rule) -> TypedRule:
    """Parse and check the texts of a rule; made once per law.

    Raises:
        InputError: at the place of the first wrong character.
    """
    cache = _typed(law)
    cache_key = f"{rule.name}@{rule.at}"
    found = cache.get(cache_key)
    if found is None:
        scope = Scope(law.vocabulary, rule.decides[0])
        decided = law.vocabulary.decisions[rule.decides].type
        when = _read(rule, "when", rule.when, scope, BOOL) if rule.when is not None else None
        wanted = decided if decided.kind != "set" else decided.__class__("code", codes=decided.codes)
        if rule.value is None and decided.kind != "bool":
            raise InputError([Problem(*rule.at, f"rule '{rule.name}' gives no value for a {decided}", "add `value:`")])
        value = _read(rule, "value", rule.value if rule.value is not None else "true", scope, wanted)
        found = cache[cache_key] = TypedRule(rule, when, value)
    return found


def _typed(law: Law) -> dict[str, TypedRule]:
    found: dict[str, TypedRule] = law.__dict__.setdefault("_typed", {})
    return found


def varied(law: Law, tree: dict[str, Any], digest: str, files: Mapping[str, str]) -> Law:
    """The law of a tree that has much in common with that of ``law``: what both say in the same words is not read again."""
    if tree["ruleset"]["main"] != law.manifest["main"]:
        return Law(tree, digest, files)
    if any(tree[section] != law.tree[section] for section in DECLARING):
        words = _new_words(law.tree, tree)
        return Law(tree, digest, files, None if words is None else build_vocabulary(tree, law.vocabulary.parsed.but(words)))
    found = Law(tree, digest, files, law.vocabulary)
    before = {(rule["rule"], *rule["at"]): rule for rule in law.tree["rules"]}
    same = {f"{rule['rule']}@{tuple(rule['at'])}" for rule in tree["rules"] if before.get((rule["rule"], *rule["at"])) == rule}
    _typed(found).update((key, typed) for key, typed in _typed(law).items() if key in same)
    return found


def _new_words(before: Mapping[str, Any], after: Mapping[str, Any]) -> frozenset[str] | None:
    """The words by which texts can name the decisions and parameters that are new; None where declarations differ in another way."""
    if any(before[section] != after[section] for section in DECLARING if section not in ADDED):
        return None
    words: set[str] = set()
    for section in ADDED:
        old, new = before[section], after[section]
        if any(name not in new or new[name] != content for name, content in old.items()):
            return None
        words.update(word for name in new if name not in old for word in name.split("."))
    return frozenset(words - set(before["entities"]))


def named_in(law: Law, rule: Rule) -> tuple[tuple[str, Node], ...]:
    """Every name between braces in the sentences of a rule, with what it means; read when a proof is told, once per law.

    Raises:
        InputError: a name means nothing.
    """
    cache: dict[tuple[Any, ...], tuple[tuple[str, Node], ...]] = law.__dict__.setdefault("_named", {})
    found = cache.get((rule.name, *rule.at))
    if found is None:
        found = cache[rule.name, *rule.at] = tuple(_names(rule, Scope(law.vocabulary, rule.decides[0])))
    return found


def _names(rule: Rule, scope: Scope) -> Iterator[tuple[str, Node]]:
    for name in dict.fromkeys(name for text in rule.says.values() for name in _BRACES.findall(text)):
        try:
            yield name, parse(name, scope)
        except ExpressionError as error:
            raise InputError([Problem(*rule.at, f"rule '{rule.name}', says: {{{name}}}: {error.message}", "")]) from None


def _read(rule: Rule, part: str, text: str, scope: Scope, wanted: Any) -> Node:
    try:
        return parse(text, scope, wanted)
    except ExpressionError as error:
        place = rule.place(part, error.column)
        raise InputError([Problem(rule.at[0], *place, f"rule '{rule.name}', {part}: {error.message}", "")]) from None


class Program:
    """The rules and parameters that answer for one year."""

    def __init__(self, law: Law, selection: Selection, phase: Phase, year: int) -> None:
        self.law, self.selection, self.phase, self.year = law, selection, phase, year
        self.lineage = law.lineage(phase.id)
        self.order = law.authorities[selection.authority]
        self.constants: dict[str, Any] = {
            "year": year,
            "phase": phase.id,
            "plan": phase.plan,
            "plan.first_year": phase.first_year,
            "plan.last_year": phase.last_year,
        }
        self.fixed: dict[int, Any] = {}
        self._values: dict[tuple[str, Any, date], tuple[Any, Entry | None]] = {}
        self._rules: dict[Key, tuple[TypedRule, ...]] = {}
        self._days: dict[tuple[str, str], date | None] = {}
        self._needs: dict[Key, frozenset[Key]] = {}
        self._cones: dict[tuple[Key, ...], tuple[Key, ...]] = {}
        self._parts: dict[tuple[tuple[Key, ...], str], tuple[Key, ...]] = {}
        self._within: dict[str, dict[Key, None]] = {}

    # -- parameters ---------------------------------------------------------------------------------------------

    def parameter(self, name: str, key: Any, at: date) -> tuple[Any, Entry | None]:
        """The value in force and the entry that gives it; (None, None) where the key is not listed."""
        found = self._values.get((name, key, at))
        if found is None:
            lineage = self.lineage if self.law.vocabulary.parameters[name].inherited else self.lineage[:1]
            entry = choose(self.law.entries(name, key), self.selection, self.order, at, lineage)
            if entry is not None:
                cites = self._in_force(entry.cites, at, at)
                found = entry.value, entry if cites == entry.cites else entry._replace(cites=cites)
            elif key is not None and self.law.vocabulary.parameters[name].keyed_by != "year":
                found = None, None
            else:
                found = gap_in_sources(self.law.vocabulary.parameters[name], key), None
            self._values[name, key, at] = found
        return found

    @property
    def looked_up(self) -> frozenset[tuple[str, Any, date]]:
        """Every look-up made so far: parameter, key and day."""
        return frozenset(self._values)

    # -- rules --------------------------------------------------------------------------------------------------

    @property
    def consulted(self) -> frozenset[Key]:
        """Every decision whose rules were asked for so far."""
        return frozenset(self._rules)

    def rules(self, key: Key) -> tuple[TypedRule, ...]:
        """The rules that decide ``key`` in this program, in the order in which the law states them."""
        found = self._rules.get(key)
        if found is None:
            active = (self._specialised(rule) for rule in self.law.rules.get(key, ()) if self.admits(rule))
            found = self._rules[key] = tuple(rule for rule in active if rule is not None)
            self._check_exceptions(key, found)
        return found

    def admits(self, rule: Rule) -> bool:
        """Whether a rule belongs to this law: its phase, its readings, what is known; its time in force is judged on a governing date."""
        known_on = self.selection.known_on or NEVER
        return (
            rule.known_from <= known_on
            and (rule.known_to == NEVER or known_on < rule.known_to)
            and (rule.phases is None or self.phase.id in rule.phases)
            and (rule.phase is None or rule.phase in self.lineage)
            and self.selection.admits(rule.readings)
        )

    def _specialised(self, rule: Rule) -> TypedRule | None:
        """The rule with its time in force judged, or made a condition where the governing date is a fact, and the texts that were in force."""
        typed = type_rule(self.law, rule)
        entity = rule.decides[0]
        governing = rule.governed_by or self.law.tree["entities"][entity]["governed_by"]
        day = self._governing_day(entity, governing)
        if (cited := self.cited(rule)) != rule.cites:
            typed = TypedRule(rule._replace(cites=cited), typed.when, typed.value)
        if rule.begins == ALWAYS and rule.ends == NEVER:
            return typed
        if day is not None:
            return typed if rule.begins <= day < rule.ends else None
        text = self.law.vocabulary.governing[governing]
        scope = Scope(self.law.vocabulary, entity)
        tests = [f"({text}) >= date({d.year}, {d.month}, {d.day})" for d in (rule.begins,) if d != ALWAYS]
        tests += [f"({text}) < date({d.year}, {d.month}, {d.day})" for d in (rule.ends,) if d != NEVER]
        tests += [f"({rule.when})"] if rule.when is not None else []
        return TypedRule(typed.rule, parse(" and ".join(tests), scope, BOOL), typed.value)

    def _governing_day(self, entity: str, governing: str) -> date | None:
        """The governing date, where it follows from the year and the phase; None where it is a fact."""
        if (entity, governing) not in self._days:
            when = parse(self.law.vocabulary.governing[governing], Scope(self.law.vocabulary, entity), DATE)
            day = compile_node(when)({"@": _Constants(self)}) if _constant(when) else None
            self._days[entity, governing] = day if isinstance(day, date) else None
        return self._days[entity, governing]

    def cited(self, rule: Rule) -> tuple[tuple[str, str], ...]:
        """The citations of a rule whose text was in force on its governing date (some day of the year, where that is a fact)."""
        day = self._governing_day(rule.decides[0], rule.governed_by or self.law.tree["entities"][rule.decides[0]]["governed_by"])
        return self._in_force(rule.cites, *((day, day) if day is not None else (date(self.year, 1, 1), date(self.year, 12, 31))))

    def _in_force(self, cites: tuple[tuple[str, str], ...], first: date, last: date) -> tuple[tuple[str, str], ...]:
        """The citations whose text was in force on a day from ``first`` to ``last``; all of them, where none was."""
        spans: dict[str, tuple[date, date]] = self.law.__dict__.setdefault("_spans", {})
        for name, _ in cites:
            if name not in spans:
                span = self.law.tree["instruments"][name].get("in_force", {})
                begins, ends = (read_date(span[key]) if key in span else other for key, other in (("from", ALWAYS), ("to", NEVER)))
                spans[name] = begins, ends
        standing = [cite for cite in cites if spans[cite[0]][0] <= last and first < spans[cite[0]][1]]
        return tuple(standing) or cites

    def _check_exceptions(self, key: Key, rules: tuple[TypedRule, ...]) -> None:
        names = {rule.name for rule in self.law.rules.get(key, ())}
        for typed in rules:
            for name in typed.rule.exception_to:
                if name not in names:
                    problem = f"rule '{typed.rule.name}' is an exception to '{name}', which does not decide the same thing"
                    raise InputError([Problem(*typed.rule.at, problem, did_you_mean(name, names))])

    def named(self, key: Key) -> frozenset[Key]:
        """The decisions that the sentences of the rules for ``key`` name."""
        nodes = [node for typed in self.rules(key) for _, node in named_in(self.law, typed.rule)]
        return frozenset[Key]().union(*(reads(node, self.law.vocabulary).same for node in nodes))

    # -- order --------------------------------------------------------------------------------------------------

    def needs(self, key: Key) -> frozenset[Key]:
        """The decisions of the same year that the rules for ``key`` read."""
        found = self._needs.get(key)
        if found is None:
            found = self._needs[key] = frozenset[Key]().union(
                *(read.same for typed in self.rules(key) for read in typed.reads(self.law.vocabulary))
            )
        return found

    def cone(self, wanted: Iterable[Key]) -> tuple[Key, ...]:
        """``wanted`` and all they need, each after what it needs.

        Raises:
            InputError: decisions depend on each other in a circle.
        """
        asked = tuple(wanted)
        found = self._cones.get(asked)
        if found is None:
            found = self._cones[asked] = self._ordered(asked)
        return found

    def within(self, entity: str) -> dict[Key, None]:
        """The decisions about an entity and its parts, in the order of the vocabulary."""
        found = self._within.get(entity)
        if found is None:
            vocabulary = self.law.vocabulary
            owners = {name for name in vocabulary.entities if any(spec.name == entity for spec in vocabulary.main_names(name))}
            found = self._within[entity] = {key: None for key in vocabulary.decisions if key[0] in owners}
        return found

    def cone_within(self, wanted: tuple[Key, ...], entity: str) -> tuple[Key, ...]:
        """The part of the cone of ``wanted`` that is about an entity and its parts."""
        found = self._parts.get((wanted, entity))
        if found is None:
            within = self.within(entity)
            found = self._parts[wanted, entity] = tuple(key for key in self.cone(wanted) if key in within)
        return found

    def _ordered(self, wanted: tuple[Key, ...]) -> tuple[Key, ...]:
        done: dict[Key, None] = {}
        for first in wanted:
            path = {} if first in done else {first: iter(sorted(self.needs(first)))}
            while path:
                key, needs = next(reversed(path.items()))
                need = next(needs, None)
                if need is None:
                    path.popitem()
                    done[key] = None
                elif need in path:
                    around = [*path][[*path].index(need) :]
                    circle = " -> ".join(self.law.decision_name(*k) for k in [*around, need])
                    at = self.law.rules[need][0].at
                    raise InputError([Problem(*at, f"decisions depend on each other in a circle: {circle}", "break the circle")])
                elif need not in done:
                    path[need] = iter(sorted(self.needs(need)))
        return tuple(done)

    @cached_property
    def everything(self) -> tuple[Key, ...]:
        return tuple(self.law.vocabulary.decisions)


def program_of(law: Law, selection: Selection, phase: Phase, year: int) -> Program:
    """A program for whom does not ask what it was consulted about: made once per law."""
    known: dict[Any, Program] = law.__dict__.setdefault("_programs", {})
    place = (selection.identity, phase.id, year)
    found = known.get(place)
    if found is None:
        found = known[place] = Program(law, selection, phase, year)
    return found


class _Constants:
    """The context of expressions that need no facts: those of the law alone."""

    def __init__(self, program: Program) -> None:
        self.program, self.fixed = program, program.fixed

    def builtin(self, name: str) -> Any:
        return self.program.constants[name]

    def parameter(self, name: str, key: Any, at: date) -> Any:
        return self.program.parameter(name, key, at)[0]


def _constant(node: Node) -> bool:
    leaves = (Column, Decision, Rows, Lookup, Var, Aggregate)
    return not any(isinstance(n, leaves) or (isinstance(n, Builtin) and n.name == "as_of") for n in walk(node))
