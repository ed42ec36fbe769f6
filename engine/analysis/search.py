"""The smallest change that reaches the goal, and the rules that stand in the way where there is none: questions to Z3."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

import z3

from engine.analysis.candidates import Candidate, Offer
from engine.analysis.encoding import Encoding
from engine.analysis.symbols import (
    Formula,
    Members,
    OneOf,
    Unencodable,
    conj,
    disj,
    formula,
    is_number,
    neg,
    truth,
)
from engine.language import OpenSet
from engine.language.values import low
from engine.proving.instances import Instance

EFFORTS = (300_000, 3_000_000, 10_000_000)
"""How much work Z3 may put into one question, in its own units, which do not depend on how busy the machine is; then it is asked afresh."""


@dataclass(frozen=True)
class Found:
    """What is to be done: each candidate with its number, and the day of each action as an ordinal."""

    taken: tuple[tuple[Candidate, int], ...]
    days: Mapping[str, int]


def reaches(encoding: Encoding, decision: str, goal: Iterable[str]) -> Formula:
    """When the decision of the main instance is known to be one of ``goal``."""
    value = encoding.decision(encoding.main, decision)
    wanted = set(goal)
    if isinstance(value, OneOf):
        return disj(*(guard for guard, option in value.options if isinstance(option, str) and option in wanted))
    return isinstance(value, str) and value in wanted


def possible(encoding: Encoding, decision: str, goal: Iterable[str]) -> Formula:
    """When the decision of the main instance is not known to be anything else than one of ``goal``."""
    value = encoding.decision(encoding.main, decision)
    wanted = set(goal)
    if isinstance(value, OneOf):
        return conj(*(neg(guard) for guard, option in value.options if isinstance(option, str) and option not in wanted))
    return not isinstance(value, str) or value in wanted


def excluded(encoding: Encoding, decision: str) -> dict[str, Formula]:
    """For each code that may be in a set of the main instance: when it is not known to be in it."""
    value = encoding.decision(encoding.main, decision)
    if isinstance(value, Members):
        return {code: neg(side.holds) for code, side in value.codes.items()}
    if isinstance(value, OpenSet):
        return {**dict.fromkeys(value.possible, True), **dict.fromkeys(value.members, False)}
    return dict.fromkeys(value, False) if isinstance(value, frozenset) else {}


class Problem:
    """The constraints of one search.

    Args:
        still: whether everything would only now be done.
    """

    def __init__(self, offer: Offer, encoding: Encoding, still: bool) -> None:
        self.offer, self.encoding = offer, encoding
        self.base: list[Any] = []
        self.tracked: list[tuple[str, str, Any]] = []
        self.acts: list[Any] = []
        self.by_action: dict[str, list[Any]] = {}
        self._instances: dict[tuple[str, tuple[str, ...]], Instance] = {}
        for pool, members in offer.pools:
            self._pool(pool, members)
        for name, day in offer.days.items():
            self.base += [day.variable >= day.first, day.variable <= day.last]
            totals = self.by_action.get(name, [])
            # the day of what is not done is fixed, so that it cannot make two answers out of one
            self.base.append(
                z3.Implies(z3.And([total == 0 for total in totals]), day.variable == day.last) if totals else day.variable == day.last
            )
        for candidate in offer.candidates:
            for kind, node in (("possible", candidate.action.possible), ("still", candidate.action.still if still else None)):
                if node is not None:
                    holds = truth(encoding.eval(node, self._env(candidate))).holds
                    if holds is not True:
                        self.tracked.append((kind, candidate.action.name, z3.Implies(candidate.active, formula(holds))))

    def _pool(self, pool: Any, members: list[Candidate]) -> None:
        action = members[0].action
        self.by_action.setdefault(action.name, []).append(pool.total)
        self.base.append(pool.total >= 0)
        if None not in pool.sizes:
            self.base.append(pool.total <= sum(pool.sizes))
        acts = z3.Int(f"acts of {pool.total}")
        self.acts.append(acts)
        self.base += [acts >= 0, *(z3.Implies(pool.total > before, acts >= (n + 1) * action.acts) for n, before in enumerate(pool.before))]

    def _env(self, candidate: Candidate) -> dict[str, Any]:
        """The environment of a candidate among the facts with everything in them."""
        instance = candidate.instance
        if not self._instances:
            for entity in {c.instance.entity.name for c in self.offer.candidates}:
                for known in self.encoding.session.instances(entity):
                    self._instances[entity, known.place] = known
        return {**self._instances[instance.entity.name, instance.place].env, **candidate.extra}

    # -- the smallest change ------------------------------------------------------------------------------------

    def smallest(self, goal: Formula, barred: Iterable[str] = ()) -> Found | None:
        """The least cost, then the fewest units, then the fewest acts, then what comes first, each as late as may be.

        Raises:
            Unencodable: Z3 gave up.
        """
        if goal is False:
            return None
        solver = z3.Solver()
        solver.add(*self.base, *(constraint for _, _, constraint in self.tracked), formula(goal))
        for name in barred:
            solver.add(*(total == 0 for total in self.by_action.get(name, [])))
        model = a_model(solver)
        if model is None:
            return None
        counted = [(pool.total, members) for pool, members in self.offer.pools if members[0].action.number is not None]
        costs = zip(weights([members[0] for _, members in counted]), (total for total, _ in counted), strict=True)
        days = sum(day.last for day in self.offer.days.values())
        for objective in (
            [weight * total for weight, total in costs if weight],
            [total for total, _ in counted],
            self.acts,
            [n * pool.total for n, (pool, _) in enumerate(self.offer.pools) if n],
            [days, *(-day.variable for day in self.offer.days.values())],  # how many days before the last, all together
        ):
            if objective:
                model = least(solver, z3.Sum(objective), model)
        return self._read(model)

    def _read(self, model: Any) -> Found:
        taken = []
        for pool, members in self.offer.pools:
            total = model.eval(pool.total, model_completion=True).as_long()
            taken += [(candidate, number) for candidate, number in zip(members, pool.shares(total), strict=True) if number > 0]
        days = {name: model.eval(day.variable, model_completion=True).as_long() for name, day in self.offer.days.items()}
        return Found(tuple(taken), days)


def asked(solver: Any, *assumed: Any) -> tuple[bool, Any]:
    """Whether there is a model, and the solver that says so and has it (or the core).

    A solver that has been asked many questions may lose itself in one that a fresh solver answers at once.

    Raises:
        Unencodable: Z3 gave up.
    """
    for effort in EFFORTS:
        solver.set(rlimit=effort)
        answer = solver.check(*assumed)
        if answer != z3.unknown:
            return answer == z3.sat, solver
        assertions, solver = solver.assertions(), z3.Solver()
        solver.add(assertions)
    raise Unencodable("the search did not end")


def a_model(solver: Any) -> Any:
    """A model, or None where there is none.

    Raises:
        Unencodable: Z3 gave up.
    """
    found, answering = asked(solver)
    return answering.model() if found else None


def least(solver: Any, objective: Any, model: Any) -> Any:
    """The model in which a whole number that is not below nothing is least; ``solver`` is left with that as a constraint.

    The bound is halved until nothing lies below it: `z3.Optimize` looks for the least in one step, and on sums with
    fractions beside whole numbers it may never end.
    """
    low, high = 0, model.eval(objective, model_completion=True).as_long()
    while low < high:
        middle = (low + high) // 2
        solver.push()
        solver.add(objective <= middle)
        better = a_model(solver)
        if better is None:
            low = middle + 1
            solver.pop()
            solver.add(objective >= low)
        else:
            model, high = better, better.eval(objective, model_completion=True).as_long()
            solver.pop()
    solver.add(objective == high)
    return model


def given_price(candidate: Candidate) -> Any:
    """The price of one unit, or None where it has none or none is known."""
    price = candidate.price
    return price if is_number(price) and low(price) is price else None


def weights(candidates: list[Candidate]) -> list[int]:
    """What one unit of each costs, in whole parts of the price: nothing, its price, or where that is not known the highest, else one."""
    prices = [price for price in map(given_price, candidates) if price is not None]
    parts = lcm(*(Fraction(price).denominator for price in prices))
    highest = max(prices, default=1)
    costs = [0 if c.action.price is None else highest if given_price(c) is None else given_price(c) for c in candidates]
    return [int(cost * parts) for cost in costs]
