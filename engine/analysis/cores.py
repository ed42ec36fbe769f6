"""What stands in the way: the rules and the conditions of actions that a proof needs which excludes something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import z3

from engine.analysis.encoding import Tracker
from engine.analysis.search import Problem, a_model, asked, least
from engine.analysis.symbols import Amount, Formula, Linear, Term, Truth, add, exactly, formula
from engine.law import TypedRule
from engine.proving.instances import Instance

LITTLE = 50_000
Core = list[tuple[str, str]]
"""(kind, name): a `rule`, or the condition `still` or `possible` of an action."""


class Cores:
    """One set of constraints, each of which counts only while the rule or condition that it comes from is assumed.

    Args:
        problem: whose encoding ``noted`` has tracked, and all of whose decisions have been asked for.
    """

    def __init__(self, problem: Problem, noted: Noted) -> None:
        self.solver = z3.Solver()
        self.solver.add(*problem.base, *noted.definitions)
        self.literals: dict[tuple[str, str], Any] = {}
        for kind, name, constraint in (*problem.tracked, *noted.constraints):
            self.solver.add(z3.Implies(self.literals.setdefault((kind, name), literal(kind, name)), constraint))

    def core(self, goal: Formula) -> Core | None:
        """What together excludes ``goal``; None where it can be reached.

        Raises:
            Unencodable: Z3 gave up.
        """
        self.solver.push()
        self.solver.add(formula(goal))
        reached, answering = asked(self.solver, *self.literals.values())
        found = None
        if not reached:
            core = {str(assumed) for assumed in answering.unsat_core()}
            found = self._shrink([key for key, assumed in self.literals.items() if str(assumed) in core])
        self.solver.pop()
        return found

    def _shrink(self, core: Core) -> Core:
        """Leave out whatever is seen not to be needed with little effort: a proof stays one with too many rules in it."""
        kept = list(core)
        self.solver.set(rlimit=LITTLE)
        for key in core:
            fewer = [other for other in kept if other != key]
            if self.solver.check(*(self.literals[other] for other in fewer)) == z3.unsat:
                kept = fewer
        return kept

    def left(self, absent: Mapping[str, Formula], present: Iterable[str]) -> list[str]:
        """The codes that are left when as few as possible are, and of these as few as possible that are there already.

        Args:
            absent: when each is not there.

        Raises:
            Unencodable: Z3 gave up.
        """
        codes, there = sorted(absent), set(present)
        self.solver.push()
        self.solver.add(*self.literals.values())
        model = a_model(self.solver)
        if model is not None and codes:
            weight = {code: len(codes) + 1 + (code in there) for code in codes}
            model = least(self.solver, z3.Sum([z3.If(formula(absent[code]), 0, weight[code]) for code in codes]), model)
        self.solver.pop()
        return [code for code in codes if model is not None and not z3.is_true(model.eval(formula(absent[code]), model_completion=True))]


class Noted(Tracker):
    """Gives every rule that a choice can reach a name of its own, so that Z3 can say which rules it needed."""

    def __init__(self, reached: frozenset[tuple[str, str]]) -> None:
        super().__init__(reached)
        self.constraints: list[tuple[str, str, Any]] = []
        self.definitions: list[Any] = []

    def condition(self, typed: TypedRule, instance: Instance, value: Any) -> Any:
        if not isinstance(value, Truth):
            return value
        name = f"{typed.rule.name} {' '.join(instance.place)}"
        if value.sure:
            holds = z3.Bool(f"{name} holds")
            self.constraints.append(("rule", typed.rule.name, holds == formula(value.holds)))
            return Truth(holds, z3.Not(holds), True)
        holds, fails = z3.Bool(f"{name} holds"), z3.Bool(f"{name} fails")
        self.definitions.append(z3.Not(z3.And(holds, fails)))
        self.constraints.append(("rule", typed.rule.name, z3.And(holds == formula(value.holds), fails == formula(value.fails))))
        return Truth(holds, fails)

    def value(self, typed: TypedRule, instance: Instance, value: Any, reached: bool) -> Any:
        if not isinstance(value, Amount) or not value.known or value.low is None:
            return value
        # without the rule, the value may be anything: what it is and something more, which is nothing while the rule counts
        rule = literal("rule", typed.rule.name)
        self.constraints.append(("rule", typed.rule.name, z3.BoolVal(True)))
        anything = Term(1, z3.Not(rule), z3.Real(f"{typed.rule.name} otherwise"), None, None)
        return exactly(add([value.low, Linear(0, (anything,))]), value.undefined, value.day)


def literal(kind: str, name: str) -> Any:
    """The assumption that a rule or a condition of an action counts."""
    return z3.Bool(f"{kind}: {name}")
