"""What enters durable-rules: small integers under names of our own, and no operand is missing."""

from __future__ import annotations

import json
from typing import Any

import durable_rules_engine
import pytest

from engine.proving.conditions import BOUND
from tests.saying import truth
from tests.small_law import determined, facts_of, law_of


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every fact that the core is told while the test runs."""
    facts: list[dict[str, Any]] = []
    real = durable_rules_engine.assert_fact

    def assert_fact(handle: int, message: str) -> Any:
        facts.append(json.loads(message))
        return real(handle, message)

    monkeypatch.setattr(durable_rules_engine, "assert_fact", assert_fact)
    return facts


EVERYTHING = """
{decisions: {d: {type: bool}}, rules: [{rule: r, decides: d, when: "installation.sector == power and installation.signed > 0.5
 and installation.started < date(2024, 1, 1) and installation.active and installation.count != 9223372036854775808 and installation.name == installation.id"}]}
"""
FULL = "installations: [{id: A, name: Қ, sector: power, signed: 9223372036854775809.25, started: 2023-06-15, active: true, count: 9223372036854775807}]"


def test_only_small_integers_under_names_of_our_own_enter_the_core(told: list[dict[str, Any]]) -> None:
    for cells in (
        FULL,
        "installations: [{id: A}]",
        "installations: [{id: B, signed: -1e0}, {id: A, signed: -0.0000001}]".replace("-1e0", "-1"),
    ):
        law = law_of(EVERYTHING)
        determined(law, facts_of(law.vocabulary, cells))
    assert len(told) > 3
    for fact in told:
        assert {"id", "sid"} <= fact.keys()
        assert all(name.startswith("kz_") for name in fact.keys() - {"id", "sid"})
        assert all(type(value) is int and abs(value) <= BOUND < 2**62 for name, value in fact.items() if name.startswith("kz_"))


def test_no_operand_is_ever_missing(told: list[dict[str, Any]]) -> None:
    """`m.b > m.threshold` fires in the core when the threshold is missing: so nothing may be missing."""
    law = law_of(EVERYTHING)
    determined(law, facts_of(law.vocabulary, "installations: [{id: A}]"))
    full = law_of(EVERYTHING)
    determined(full, facts_of(full.vocabulary, FULL))
    shapes = {frozenset(fact) for fact in told if fact["kz_q"] >= 0}
    assert len(shapes) == 1


def test_instances_that_are_told_alike_are_one_fact(told: list[dict[str, Any]]) -> None:
    """What the core matches depends on nothing but what it is told; each instance has the firings of its own."""
    law = law_of("{decisions: {lot.d: {type: bool}}, rules: [{rule: r, decides: lot.d, when: lot.good}]}")
    units = ", ".join(f"{{id: U{n}, installation: A, good: {str(n % 3 == 0).lower()}}}" for n in range(30))
    found = determined(law, facts_of(law.vocabulary, f"{{installations: [{{id: A}}], units: [{units}]}}"))
    assert [outcomes["d"] for _, outcomes in found.parts["lot"]] == [n % 3 == 0 for n in range(30)]
    assert sorted(fact["kz_a0"] for fact in told if fact["kz_q"] >= 0) == [0, 1]


def test_an_unknown_operand_decides_nothing() -> None:
    assert truth("installation.count > installation.signed", "count: 5") == "?"
    assert truth("installation.count > installation.signed", "signed: 5") == "?"
    assert truth("installation.count < installation.signed", "signed: -1") is False
