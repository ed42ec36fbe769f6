"""Rules that can never decide anything, whatever the facts: found by asking what holds when no fact is known.

With every fact unknown, a condition that is still false is false for all facts (strong Kleene logic is monotone in what
is known), and one that is already true is true for all.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from typing import Any

from engine.drafting.findings_codes import Finding
from engine.language import Cause, Unknown, compile_node
from engine.law import Law, Program, Rule, Selection, TypedRule
from engine.law.selection import ALWAYS, NEVER
from engine.problems import InputError

_NOTHING_KNOWN = Unknown(frozenset({Cause("fact", "any")}), None, None, True)


class _Anything:
    """A row or instance of which nothing is known; also the context of a question without facts."""

    def __init__(self, program: Program) -> None:
        self.program, self.fixed = program, program.fixed
        self.values: dict[str, Any] = {}

    def cell(self, name: str) -> Any:
        return self.program.year if name == "@year" else _NOTHING_KNOWN

    def builtin(self, name: str) -> Any:
        return _NOTHING_KNOWN if name == "as_of" else self.program.constants[name]

    def decision(self, instance: Any, name: str) -> Any:
        return _NOTHING_KNOWN

    def rows(self, owner: Any, relation: str, keys: tuple[Any, ...]) -> Any:
        return _NOTHING_KNOWN

    def parameter(self, name: str, key: Any, at: Any) -> Any:
        return self.program.parameter(name, key, at)[0]

    def place(self, owner: Any) -> tuple[str, ...]:
        return ()


class _Reach:
    """The programs of a law, under every authority, and under readings and days of knowledge as they are needed."""

    def __init__(self, law: Law) -> None:
        self.law = law
        self._programs: dict[Any, list[Program]] = {}

    def programs(self, selection: Selection) -> list[Program]:
        under = (selection.authority, selection.known_on, tuple(sorted(selection.readings.items())), selection.settled)
        found = self._programs.get(under)
        if found is None:
            phases = self.law.phases.values()
            found = [Program(self.law, selection, phase, year) for phase in phases for year in range(phase.first_year, phase.last_year + 1)]
            self._programs[under] = found
        return found

    def usual(self, rule: Rule) -> Iterator[Selection]:
        """Each authority, with the answers that the rule belongs to, and knowledge of a day on which it was known."""
        known_on = rule.known_to - timedelta(days=1) if rule.known_to != NEVER else None
        for authority in self.law.authorities:
            yield self.law.select(authority, rule.readings, known_on)

    def unusual(self, rule: Rule) -> Iterator[Selection]:
        """Every other answer to one question, and every day before something else became known."""
        for authority in self.law.authorities:
            for question, content in self.law.questions.items():
                for answer in content["answers"] if question not in rule.readings else ():
                    yield self.law.select(authority, {**rule.readings, question: answer})
            for day in self._days:
                yield self.law.select(authority, rule.readings, day)

    @cached_property
    def _days(self) -> list[Any]:
        known = {entry.known_from for key in self.law.written_keys() for entry in self.law.entries(*key)}
        return sorted(day - timedelta(days=1) for day in known if day != ALWAYS)

    def dormant(self, rule: Rule) -> bool:
        """Whether the rule is kept for drafts: nothing in the law as it stands makes its condition true."""
        return any(content["rule"] == rule.name and content.get("dormant") for content in self.law.tree["rules"])

    # -- what holds without facts -------------------------------------------------------------------------------

    def active(self, rule: Rule, selection: Selection) -> Iterator[tuple[Program, TypedRule]]:
        for program in self.programs(selection):
            if program.admits(rule):
                for typed in program.rules(rule.decides):
                    if typed.rule.name == rule.name:
                        yield program, typed

    def holds(self, typed: TypedRule, program: Program) -> Any:
        """True or false for all facts, else unknown."""
        if typed.when is None:
            return True
        anything = _Anything(program)
        env = {"@": anything, **dict.fromkeys(self.law.vocabulary.entities, anything)}
        return compile_node(typed.when)(env)

    def can_hold(self, rule: Rule, selections: Iterator[Selection]) -> bool:
        return any(self.holds(typed, program) is not False for s in selections for program, typed in self.active(rule, s))

    def always_displaced(self, rule: Rule) -> str | None:
        """The exception that displaces the rule wherever it could hold, under every authority."""
        by: set[str] | None = None
        if not any(rule.name in other.exception_to for other in self.law.rules[rule.decides]):
            return None
        for selection in self.usual(rule):
            for program, typed in self.active(rule, selection):
                if self.holds(typed, program) is False:
                    continue
                exceptions = (other for other in program.rules(rule.decides) if rule.name in other.rule.exception_to)
                certain = {
                    o.rule.name for o in exceptions if self.holds(o, program) is True or (o.when is not None and o.when == typed.when)
                }
                by = certain if by is None else by & certain
        return sorted(by)[0] if by else None


def reach_findings(law: Law) -> Iterator[Finding]:
    """Rules that apply in no year, whose condition never holds, or that an exception always displaces; decisions without a rule."""
    reach = _Reach(law)
    for key in law.vocabulary.decisions:
        if not law.rules.get(key):
            name = law.decision_name(*key)
            at = law.tree["decisions"][next(n for n in law.tree["decisions"] if law.decision_key(n) == key)]["at"]
            yield Finding("no-rule", at[0], at[1], at[2], f"no rule decides '{name}'", "write a rule, or remove the decision")
    for rules in law.rules.values():
        for rule in rules:
            try:
                yield from _of_rule(reach, rule)
            except InputError:
                continue  # told by the checks of the law: an exception to what does not exist


def _of_rule(reach: _Reach, rule: Rule) -> Iterator[Finding]:
    if reach.dormant(rule):
        if reach.can_hold(rule, reach.usual(rule)):
            yield Finding("unreachable-rule", *rule.at, f"rule '{rule.name}' is said to be dormant, but it can hold", "leave `dormant` out")
        return
    if not any(True for selection in reach.usual(rule) for _ in reach.active(rule, selection)):
        message = f"rule '{rule.name}' applies in no year: its phases, periods and readings never come together"
        yield Finding("unreachable-rule", *rule.at, message, "correct `phases`, `in_force`, `known_from` or `reading`, or remove it")
    elif not reach.can_hold(rule, reach.usual(rule)) and not reach.can_hold(rule, reach.unusual(rule)):
        message = f"rule '{rule.name}' can never hold: its condition is false in every year in which it applies, whatever the facts"
        yield Finding("unreachable-rule", *rule.at, message, "correct the condition or remove it")
    elif (by := reach.always_displaced(rule)) is not None:
        message = f"rule '{rule.name}' never decides: wherever it could hold, its exception '{by}' holds too"
        yield Finding("overridden-rule", *rule.at, message, "narrow the exception, or remove the rule")
