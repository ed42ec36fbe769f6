"""Conditions are split into flat clauses for durable-rules, and mean what they meant."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from engine.language import Node, Unknown
from engine.proving import Gap
from engine.proving.conditions import MAX_CLAUSES, OPEN, Flattener
from tests.small_law import determined, facts_of, law_of, outcome, typed


def test_flat_clauses_stay_within_their_limit() -> None:
    wide = " and ".join(f"(installation.signed > {i} or installation.count > {i})" for i in range(10))
    for text in (
        wide,
        f"not ({wide})",
        " and ".join(f"installation.signed != {i}" for i in range(20)),
        " or ".join(f"installation.signed == {i}" for i in range(20)),
    ):
        flattener = Flattener()
        flattener.question((typed(text),))
        for question in flattener.questions:
            for holds in (True, False):
                assert sum(1 for _, index, says, _ in question.patterns if (index, says) == (0, holds)) <= MAX_CLAUSES


def random_condition(pick: random.Random, depth: int) -> tuple[str, Callable[[list[Any]], Any]]:
    """A condition over eight truths, and its naive strong-Kleene meaning."""
    if depth == 0 or pick.random() < 0.15:
        number = pick.randrange(4)
        if pick.random() < 0.5:
            return f"b{number}", lambda v: v[number]
        return f"n{number} != 1", lambda v: v[4 + number]
    if pick.random() < 0.25:
        text, inner = random_condition(pick, depth - 1)
        return f"not ({text})", lambda v: None if inner(v) is None else not inner(v)
    parts = [random_condition(pick, depth - 1) for _ in range(pick.choice([2, 2, 3, 4, 9]))]
    stop = pick.random() < 0.5

    def meaning(v: list[Any]) -> Any:
        found = [part(v) for _, part in parts]
        return stop if stop in found else None if None in found else not stop

    return "(" + (" or " if stop else " and ").join(text for text, _ in parts) + ")", meaning


@pytest.mark.parametrize("seed", range(40))
def test_splitting_keeps_strong_kleene(seed: int) -> None:
    pick = random.Random(seed)
    text, meaning = random_condition(pick, 3)
    names = "".join(f"b{i}: {{type: bool}}, n{i}: {{type: number}}, " for i in range(4))
    rules = "".join(f'{{rule: b{i}, decides: b{i}, when: "p.b{i}"}}, {{rule: n{i}, decides: n{i}, value: p.n{i}}}, ' for i in range(4))
    params = "".join(f"p.b{i}: {{type: bool, governed_by: year_end}}, p.n{i}: {{type: number, governed_by: year_end}}, " for i in range(4))
    for _ in range(4):
        bools, numbers = [pick.choice([True, False, None]) for _ in range(4)], [pick.choice([True, False, None]) for _ in range(4)]
        values = "".join(
            f"p.b{i}: {{value: {'unknown' if b is None else str(b).lower()}}}, p.n{i}: {{value: {'unknown' if n is None else 2 if n else 1}}}, "
            for i, (b, n) in enumerate(zip(bools, numbers, strict=True))
        )
        law = law_of(
            f'{{decisions: {{{names}d: {{type: bool}}}}, parameters: {{{params}}}, values: {{{values}}}, rules: [{rules}{{rule: r, decides: d, when: "{text}"}}]}}'
        )
        found = determined(law, facts_of(law.vocabulary, "installations: [{id: A}]")).outcomes["d"]
        assert (None if isinstance(found, Unknown) else found) == meaning([*bools, *numbers]), text


# A question without atoms is not asked: its failing rule has no firing to look for.
def test_a_condition_that_is_plainly_false_fails() -> None:
    assert outcome("type: number", "[{when: false, value: 1}]") == Gap()
    assert outcome("type: number", "[{when: false, value: 1}, {value: 2}]") == 2


assert OPEN == -1 and isinstance(typed("true"), Node)
