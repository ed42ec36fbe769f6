"""Laws and registers larger than one set of core rules, or one session, would bear."""

from __future__ import annotations

import json
from typing import Any

from engine.proving import Prover, Root, determine
from engine.proving.core import MAX_QUESTIONS
from engine.proving.steps import DISPLACED, HOLDS, Candidate, settle
from tests.small_law import determined, facts_of, law_of

CASE = "installations: [{id: A, owed: 41}]"


def _law(decisions: dict[str, Any], rules: list[dict[str, Any]]) -> Any:
    return law_of(json.dumps({"decisions": decisions, "rules": rules}))


def test_a_decision_may_have_more_rules_than_the_core_matches_at_once() -> None:
    """Of 60 rules `owed == n or owed == n + 1`, with n from 0 to 59, those with n = 40 and n = 41 hold for 41."""
    codes: dict[str, dict[str, str]] = {f"c{n}": {} for n in range(60)}
    rules = [{"rule": f"r{n}", "decides": "d", "when": f"owed == {n} or owed == {n + 1}", "value": f"c{n}"} for n in range(60)]
    rules = [rule | {"when": str(rule["when"]).replace("owed", "installation.owed")} for rule in rules]
    law = law_of(json.dumps({"codes": {"many": {"members": codes}}, "decisions": {"d": {"type": "set", "codes": "many"}}, "rules": rules}))
    assert determined(law, facts_of(law.vocabulary, CASE)).outcomes["d"] == {"c40", "c41"}


def test_more_decisions_than_questions_of_one_core() -> None:
    """Each of a chain of decisions is the one before or, at its own number, what is owed: 41 from the 41st on."""
    count = MAX_QUESTIONS + 50
    decisions = {f"d{n}": {"type": "bool"} for n in range(count)}
    rules = [{"rule": "r0", "decides": "d0", "when": "installation.owed == 0"}]
    rules += [{"rule": f"r{n}", "decides": f"d{n}", "when": f"installation.owed == {n} or d{n - 1}"} for n in range(1, count)]
    law = _law(decisions, rules)
    outcomes = determined(law, facts_of(law.vocabulary, CASE)).outcomes
    assert [n for n in range(count) if outcomes[f"d{n}"]] == list(range(41, count))


def test_an_operators_sum_is_folded_once_for_all_its_installations() -> None:
    """300 sites that owe 1, 2, … 300 owe 300 * 301 / 2 together; asking one more of them opens no other session again."""
    law = _law(
        {"own": {"type": "number"}, "together": {"type": "number"}},
        [
            {"rule": "own", "decides": "own", "value": "installation.owed"},
            {"rule": "together", "decides": "together", "value": "sum(site.own for site in sites)"},
        ],
    )
    sites = [{"id": f"K{n}", "operator": "O", "owed": n} for n in range(1, 301)]
    prover = Prover(law, law.select(), facts_of(law.vocabulary, {"operators": [{"id": "O"}], "installations": sites}))
    assert determine(prover, Root("site_year", ("K1",), 2023)).outcomes["together"] == 300 * 301 // 2
    assert prover.kept == 300
    prover.forget()
    assert determine(prover, Root("site_year", ("K2",), 2023)).outcomes == {"own": 2, "together": 300 * 301 // 2}
    assert prover.kept == 1


def test_a_sum_that_reads_the_one_who_asks_is_not_shared() -> None:
    """Each of three sites counts the sites that owe more than itself: 2, 1 and 0."""
    law = _law(
        {"more": {"type": "number"}},
        [{"rule": "more", "decides": "more", "value": "count(site for site in sites if site.owed > installation.owed)"}],
    )
    sites = [{"id": f"K{n}", "operator": "O", "owed": n} for n in range(3)]
    prover = Prover(law, law.select(), facts_of(law.vocabulary, {"operators": [{"id": "O"}], "installations": sites}))
    found = [determine(prover, Root("site_year", (f"K{n}",), 2023)).outcomes["more"] for n in range(3)]
    assert found == [2, 1, 0]


def test_many_exceptions_to_exceptions_are_heard_at_once() -> None:
    """Of 60 rules that all hold, each an exception to all before it, the last one stands: trying every way there are 2 ** 58."""
    names = [f"r{n}" for n in range(60)]
    heard = [Candidate(name, HOLDS, number, frozenset(), tuple(names[:number])) for number, name in enumerate(names)]
    outcome, states = settle("number", heard)
    assert outcome == 59
    assert states["r59"] == (HOLDS, ()) and states["r58"] == (DISPLACED, ("r59",))
