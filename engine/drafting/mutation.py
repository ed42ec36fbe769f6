"""The law with one small error in it, many times over: what worked examples ought to notice."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from engine.drafting.mutation_expressions import expression_mutants
from engine.language import Unknown, exact, show, walk
from engine.language.nodes import Parameter
from engine.law import Entry, Law, Rule, type_rule
from engine.law.reading_values import ORDINARY_YEAR
from engine.problems import InputError

Key = tuple[str, str]
DAY = timedelta(days=1)

KINDS = {
    "boundary": "a comparison that takes in its bound, or no longer does",
    "comparison": "a comparison, or a membership, the other way round",
    "and-or": "`and` for `or`, or `or` for `and`",
    "not": "a `not` left out",
    "branches": "the two values of a conditional exchanged",
    "arithmetic": "plus for minus, or minus for plus",
    "function": "the opposite function: min and max, any and all, floor and ceil",
    "bound": "a number moved by one in its last digit",
    "member": "a member dropped from a list: a sector, a kind of unit",
    "day": "a deadline a day earlier or later",
    "value": "another value: yes for no, another code, unknown for none",
    "exception": "an exception that no longer displaces its rule",
}
"""The errors that are tried."""


@dataclass(frozen=True)
class Mutant:
    """One error in the law.

    Attributes:
        at: file, line and column of the rule or value.
        name: the rule or parameter, with the key of the value where it has one.
        before, after: the part as it stands, and with the error.
        cites: the sources of the rule or value.
        rule: the rule with the error, or
        entry: the parameter, its key, and the value with the error.
    """

    kind: str
    at: tuple[str, int, int]
    name: str
    before: str
    after: str
    cites: tuple[tuple[str, str], ...]
    rule: Rule | None = None
    entry: tuple[str, Any, Entry] | None = None

    def applied(self, law: Law) -> Law:
        """The law with the error; everything else is shared with ``law``."""
        other = copy.copy(law)
        if self.rule is not None:
            rule = self.rule
            others = [rule if r.at == rule.at else r for r in law.rules[rule.decides]]
            other.__dict__["rules"] = {**law.rules, rule.decides: others}
            other.__dict__["_typed"] = {k: v for k, v in law.__dict__.get("_typed", {}).items() if k != f"{rule.name}@{rule.at}"}
        if self.entry is not None:
            parameter, key, entry = self.entry
            entries = [entry if e.at == entry.at else e for e in law.entries(parameter, key)]
            other.__dict__["_entries"] = {**law._entries, (parameter, key): entries}
        return other

    def affects(self, law: Law) -> frozenset[Key]:
        """The decisions whose rules the error touches."""
        if self.rule is not None:
            return frozenset({self.rule.decides})
        assert self.entry is not None
        return readers(law).get(self.entry[0], frozenset())


def readers(law: Law) -> dict[str, frozenset[Key]]:
    """For each parameter, the decisions whose rules read it, themselves or in their governing date; made once per law."""
    found: dict[str, frozenset[Key]] | None = law.__dict__.get("_readers")
    if found is None:
        found = {}
        for key, rules in law.rules.items():
            for rule in rules:
                typed = type_rule(law, rule)
                parts = [part for part in (typed.when, typed.value) if part is not None]
                for name in {node.name for part in parts for node in walk(part) if isinstance(node, Parameter)}:
                    found[name] = found.get(name, frozenset()) | {key}
        law.__dict__["_readers"] = found
    return found


def mutants(law: Law) -> Iterator[Mutant]:
    """Every error that is tried, in the order of the law; what the checks of the law would refuse is left out."""
    for rules in law.rules.values():
        for rule in rules:
            yield from _rule_mutants(law, rule)
    for parameter, key in law.written_keys():
        for entry in law.entries(parameter, key):
            yield from _value_mutants(law, parameter, key, entry)


def _rule_mutants(law: Law, rule: Rule) -> Iterator[Mutant]:
    for part in ("when", "value"):
        text = getattr(rule, part)
        if text is None:
            continue
        line, column = rule.place(part, 0)
        seen = set[str]()
        for kind, before, after, whole in expression_mutants(text):
            changed = rule._replace(when=whole) if part == "when" else rule._replace(value=whole)
            mutant = Mutant(kind, (rule.at[0], line, column), rule.name, before, after, rule.cites, rule=changed)
            if whole not in seen and _readable(law, mutant):
                seen.add(whole)
                yield mutant
    if rule.value in ("true", "false"):
        changed = rule._replace(value="false" if rule.value == "true" else "true")
        yield Mutant("value", rule.at, rule.name, rule.value, str(changed.value), rule.cites, rule=changed)
    for name in rule.exception_to:
        changed = rule._replace(exception_to=tuple(n for n in rule.exception_to if n != name))
        yield Mutant("exception", rule.at, rule.name, f"exception to {name}", "no exception", rule.cites, rule=changed)


def _readable(law: Law, mutant: Mutant) -> bool:
    assert mutant.rule is not None
    try:
        type_rule(mutant.applied(law), mutant.rule)
    except InputError:
        return False
    return True


def _value_mutants(law: Law, parameter: str, key: Any, entry: Entry) -> Iterator[Mutant]:
    name = parameter if key is None else f"{parameter}[{key}]"
    for kind, value in _other_values(law, parameter, entry):
        changed = entry._replace(value=value)
        yield Mutant(kind, entry.at, name, _said(entry.value), _said(value), entry.cites, entry=(parameter, key, changed))


def _said(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else show(value)


def _other_values(law: Law, parameter: str, entry: Entry) -> Iterator[tuple[str, Any]]:
    value, spec = entry.value, law.vocabulary.parameters[parameter]
    kind = spec.type.kind
    if entry.rounded:
        step = (value.high - value.low) or 1
        yield "value", replace(value, low=value.low + step, high=value.high + step)
    elif isinstance(value, Unknown):
        return
    elif value is None:
        yield "value", Unknown(gap(parameter), spec.minimum, None, False)
    elif isinstance(value, bool):
        yield "value", not value
    elif kind == "number":
        step = last_digit(value)
        yield "bound", exact(value + step)
        if spec.minimum is None or value - step >= spec.minimum:
            yield "bound", exact(value - step)
    elif kind == "date":
        yield from (("day", value + day) for day in (-DAY, DAY))
    elif kind == "month_day":
        on = date.fromisoformat(f"{ORDINARY_YEAR}-{value}")
        yield from (("day", (on + day).isoformat()[5:]) for day in (-DAY, DAY))
    elif kind == "set":
        yield from (("member", value - {member}) for member in sorted(value, key=str))
    elif kind == "code":
        others = sorted(law.vocabulary.codes[spec.type.codes or ""] - {value})
        yield from (("value", other) for other in others[:1])


def gap(parameter: str) -> Any:
    """The cause of a value that is no longer given."""
    from engine.language import Cause

    return frozenset({Cause("parameter", parameter)})


def last_digit(value: int | Fraction) -> Fraction:
    """One unit in the last decimal place of a number: 1 for a whole one, 0.001 for 0.985."""
    step = Fraction(1)
    while (Fraction(value) / step).denominator != 1:
        step /= 10
    return step
