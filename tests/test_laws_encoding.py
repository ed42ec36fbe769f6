"""What Z3 is told of the law is what proving says of it: random cases, every decision compared."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
import z3

from engine.analysis.laws import Bounds, Side
from engine.analysis.laws.asking import instance_of, is_known
from engine.analysis.laws.deciding import Decided
from engine.analysis.laws.frame import Frame, decisions
from engine.analysis.laws.replaying import Trial, replay
from engine.analysis.laws.values import Choice, Members, Num, Truth
from engine.analysis.symbols import formula
from engine.language import OpenSet, Unknown
from engine.law import Law
from engine.proving import Conflict, Gap

CASES = 60 if os.environ.get("KAZETS_TESTS") == "thorough" else 6
NUMBERS: list[int | Fraction] = [0, 1, 2, 500, 9_999, 10_000, 10_001, 15_000, 19_999, 20_000, 20_001, 25_000, 100_000, Fraction(39_999, 2)]


def holds(part: Any, model: Any) -> bool:
    return bool(z3.is_true(model.eval(formula(part), model_completion=True)))


def number(term: Any, model: Any) -> Any:
    if not isinstance(term, z3.ExprRef):
        return term
    value = model.eval(term, model_completion=True)
    return Fraction(value.as_long()) if z3.is_int_value(value) else Fraction(value.numerator_as_long(), value.denominator_as_long())


def value_in(value: Any, model: Any) -> Any:
    """The plain value that the encoding has in a model; an `Unknown` where it is not known."""
    if not holds(is_known(value), model):
        return Unknown(frozenset())
    if isinstance(value, Truth):
        return holds(value.holds, model)
    if isinstance(value, Choice):
        return next(option for guard, option in value.options if holds(guard, model))
    if isinstance(value, Members):
        return frozenset(code for code, side in value.codes.items() if holds(side.holds, model))
    if isinstance(value, Num):
        found = number(value.low, model)
        return None if holds(value.none, model) else date.fromordinal(int(found)) if value.day else found
    return value


def outcome_in(found: Decided, model: Any) -> Any:
    if holds(found.gap, model):
        return Gap()
    return Conflict((), ()) if holds(found.conflict, model) else value_in(found.value, model)


def wishes(frame: Frame, dice: random.Random) -> Iterator[Any]:
    """Random wishes for every row and cell."""
    rows = list(frame.universe.rows.values())
    dice.shuffle(rows)
    for row in rows:
        if isinstance(row.present, z3.ExprRef):
            yield row.present if dice.random() < 0.7 else z3.Not(row.present)
        for name, (variable, *more) in row.variables.items():
            if more and isinstance(more[0], z3.ExprRef):
                yield more[0] if dice.random() < 0.3 else z3.Not(more[0])
            if z3.is_bool(variable):
                yield variable == (dice.random() < 0.6)
            elif z3.is_real(variable):
                wanted = Fraction(dice.choice(NUMBERS))
                yield variable == z3.Q(wanted.numerator, wanted.denominator)
            elif row.spec.columns[name].type.kind == "date":
                yield variable == dice.randint(frame.universe.first, frame.universe.last)
                first = date(frame.universe.year + 1, dice.choice([1, 4]), dice.choice([1, 15])).toordinal()
                yield z3.And(variable >= first - 1, variable <= first + 1)
            elif more and isinstance(more[0], list):
                yield variable == dice.randrange(len(more[0]))
            else:
                yield variable == frame.universe.year - dice.choice([0, 0, 0, 1, 2, -1])
    yield frame.universe.as_of == dice.randint(frame.universe.first, frame.universe.last)


def alike(encoded: Any, proved: Any) -> bool:
    for kind in (Gap, Conflict):
        if isinstance(encoded, kind) or isinstance(proved, kind):
            return isinstance(encoded, kind) and isinstance(proved, kind)
    if isinstance(encoded, Unknown) or isinstance(proved, (Unknown, OpenSet)):
        return isinstance(encoded, Unknown) and isinstance(proved, (Unknown, OpenSet))
    return type(encoded is True) is type(proved is True) and bool(encoded == proved)


def compare(law: Law, entity: str, year: int, authority: str, cases: int, seed: int, plan: str | None = None) -> list[str]:
    """What differs between encoding and proving in random cases."""
    side = Side(law, law.select(authority))
    frame = Frame([law], entity, year, Bounds(), plan)
    encoding = frame.encode(side)
    keys = decisions(law.vocabulary, entity)
    found = {key: encoding.decided(instance_of(encoding, key[0]), key[1]) for key in keys}
    dice = random.Random(seed)
    models, trials = [], []
    for _ in range(cases):
        model, document = frame.finder.case_near(wishes(frame, dice))
        models.append(model)
        trials.append(Trial(side, document, frame.root, tuple(keys)))
    wrong = []
    for model, trial, proved in zip(models, trials, replay(trials), strict=True):
        assert proved.refused == ""
        for key in keys:
            instance = instance_of(encoding, key[0])
            if not holds(instance.present, model):
                continue
            own = str(instance.row.fixed["id"]) if instance.row is not None else frame.root.key[0]
            outcome = next(value for (e, place, n), value in proved.outcomes.items() if (e, n) == key and place[0] == own)
            encoded = outcome_in(found[key], model)
            if not alike(encoded, outcome):
                wrong.append(f"{key[1]}: encoded {encoded}, proved {outcome}\n{trial.document}")
    return wrong


@pytest.mark.parametrize(
    ("year", "authority"),
    [
        (2013, "seeds"),
        (2015, "statute"),
        (2017, "seeds"),
        (2019, "statute"),
        (2021, "statute"),
        (2024, "seeds"),
        (2025, "statute"),
        (2027, "seeds"),
    ],
)
def test_installations_of_the_real_law(law: Law, year: int, authority: str) -> None:
    assert compare(law, "installation_year", year, authority, CASES, year) == []


@pytest.mark.parametrize(("year", "authority"), [(2015, "seeds"), (2024, "statute")])
def test_trades_of_the_real_law(law: Law, year: int, authority: str) -> None:
    assert compare(law, "trade", year, authority, CASES, year) == []


@pytest.mark.parametrize("entity", ["plan_year", "plan_period"])
def test_plans_of_the_real_law(law: Law, entity: str) -> None:
    phase = law.phase_of(2024)
    assert phase is not None
    year = 2024 if entity == "plan_year" else phase.last_year
    assert compare(law, entity, year, "seeds", CASES, 1, phase.plan) == []
