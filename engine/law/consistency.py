"""Statements of a ruleset that cannot both stand, or can never apply."""

from __future__ import annotations

from fractions import Fraction

from engine.language import Unknown, show
from engine.law.model import Law, Rule
from engine.law.selection import Entry
from engine.problems import Problem


def find_contradictions(law: Law) -> list[Problem]:
    """Values that compete without a reading, empty periods, impossible amounts, circles of inheritance and exception."""
    return [*_values(law), *_phases(law), *_exceptions(law)]


def _values(law: Law) -> list[Problem]:
    problems = []
    for name, key in law.written_keys():
        entries, least = law.entries(name, key), law.vocabulary.parameters[name].minimum
        for position, entry in enumerate(entries):
            if entry.begins >= entry.ends:
                problems.append(
                    Problem(*entry.at, f"{name}: in force from {entry.begins} to {entry.ends}: never", "`to` is the first day after")
                )
            if least is not None and isinstance(entry.value, (int, Fraction)) and entry.value < least:
                problems.append(
                    Problem(
                        *entry.at, f"{name}: {show(entry.value)} is less than {show(least)}, the least that it can be", "correct the value"
                    )
                )
            for other in entries[:position]:
                if _compete(entry, other):
                    message = f"{name}: two values for the same time, and nothing says which of them holds"
                    remedy = f"the other is at {':'.join(map(str, other.at))}: end one, or make each the answer of a reading"
                    problems.append(Problem(*entry.at, message, remedy))
    return problems


def _compete(one: Entry, two: Entry) -> bool:
    """Whether both can be chosen for one day, with nothing to prefer either."""
    alike = (one.phase, one.authority, one.known_from, one.begins) == (two.phase, two.authority, two.known_from, two.begins)
    together = all(two.readings.get(question, answer) == answer for question, answer in one.readings.items())
    settled = bool(one.readings) != bool(two.readings)
    differ = one.value != two.value and not isinstance(one.value, Unknown) and not isinstance(two.value, Unknown)
    return alike and together and not settled and differ


def _phases(law: Law) -> list[Problem]:
    problems = []
    phases = list(law.phases.values())
    for position, phase in enumerate(phases):
        at = law.tree["phases"][phase.id]["at"]
        place = (str(at[0]), int(at[1]), int(at[2]))
        if phase.first_year > phase.last_year:
            problems.append(Problem(*place, f"phase '{phase.id}' ends before it begins", "correct its years"))
        for other in phases[:position]:
            shared = max(phase.first_year, other.first_year) <= min(phase.last_year, other.last_year)
            if shared and phase.known_from == other.known_from:
                problems.append(
                    Problem(*place, f"phases '{other.id}' and '{phase.id}' govern the same year", "give the later its own `known_from`")
                )
        lineage, current = [phase.id], phase.inherits
        while current is not None and current in law.phases and current not in lineage:
            lineage.append(current)
            current = law.phases[current].inherits
        if current is not None and current in lineage:
            problems.append(
                Problem(*place, f"phases inherit from each other in a circle: {' -> '.join([*lineage, current])}", "break the circle")
            )
    return problems


def _exceptions(law: Law) -> list[Problem]:
    problems = []
    for rules in law.rules.values():
        by_name = {rule.name: rule for rule in rules}
        for rule in rules:
            if _reaches(rule, rule.name, by_name):
                problems.append(Problem(*rule.at, f"rule '{rule.name}' is, by way of others, an exception to itself", "break the circle"))
            if rule.begins >= rule.ends:
                problems.append(
                    Problem(
                        *rule.at, f"rule '{rule.name}' is in force from {rule.begins} to {rule.ends}: never", "`to` is the first day after"
                    )
                )
    return problems


def _reaches(rule: Rule, wanted: str, by_name: dict[str, Rule]) -> bool:
    """Whether the exceptions that start from ``rule`` lead to ``wanted``; each rule on the way is looked at once."""
    todo, seen = list(rule.exception_to), set[str]()
    while todo:
        name = todo.pop()
        if name == wanted:
            return True
        if name in by_name and name not in seen:
            seen.add(name)
            todo += by_name[name].exception_to
    return False
