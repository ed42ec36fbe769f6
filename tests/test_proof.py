"""A verdict is a view of its proof: read off the rules that hold, and never computed on another path."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.explaining.reports import read_facts, roots
from engine.language import OpenSet, Unknown
from engine.law import Law
from engine.problems import EngineDefect
from engine.proving import Conflict, Gap, Inquiry, Prover, Root, Step, determine
from engine.proving.core import CoreSession
from tests.conftest import ROOT
from tests.small_law import facts_of, law_of

INQUIRY = Inquiry(compare=False)
UNKNOWNS = """
as_of: 2025-06-01
installations: [{id: K-1, operator: O, sector: power}, {id: K-2, operator: O, sector: unknown}]
emissions: [{installation: K-1, year: 2024, gas: co2, tonnes: unknown}, {installation: K-2, year: 2024, gas: co2, tonnes: 30000}]
reports: [{installation: K-1, year: 2024, submitted_on: 2025-04-18, verified: unknown}]
units: [{id: U-1, installation: K-1, kind: allowance, plan: phase_5, issued_for: unknown, quantity: 5}]
"""


def read_off(kind: str, step: Step) -> Any:
    """The outcome that a step's rules show, as a reader would say it; None where rules are open and the reader must ask further."""
    if any(rule.state in ("open", "blocked") for rule in step.rules):
        return None
    values = [rule.value for rule in step.rules if rule.state == "holds"]
    if kind == "set":
        return frozenset(values)
    if kind == "bool" and not values:
        return False
    if not values:
        return Gap()
    return values[0] if all(value == values[0] for value in values) else Conflict


@pytest.fixture(params=["examples/case.yaml", "examples/threshold.yaml", "unknowns"])
def proofs(request: pytest.FixtureRequest, law: Law, tmp_path: Path) -> list[Any]:
    path = ROOT / str(request.param)
    if request.param == "unknowns":
        path = tmp_path / "case.yaml"
        path.write_text(UNKNOWNS)
    facts = read_facts(law, path, None)
    prover = Prover(law, law.select(), facts)
    return [determine(prover, root, "full") for root in roots(law, facts, INQUIRY, None, None)]


def test_every_outcome_can_be_read_off_its_rules(law: Law, proofs: list[Any]) -> None:
    read, left = 0, 0
    for determination in proofs:
        for step in determination.steps.values():
            shown = read_off(law.vocabulary.decisions[step.entity, step.decision].type.kind, step)
            values = [rule.value for rule in step.rules if rule.state == "holds"]
            if shown is None or any(isinstance(value, (Unknown, OpenSet)) for value in values):
                left += 1
                continue
            read += 1
            if shown is Conflict:
                assert isinstance(step.outcome, Conflict), step
            else:
                assert (type(step.outcome), step.outcome) == (type(shown), shown), step
    assert read > left


def test_what_is_told_is_what_the_steps_say(law: Law, proofs: list[Any]) -> None:
    for determination in proofs:
        entity = determination.root.entity
        for name, outcome in determination.outcomes.items():
            (step,) = [s for (e, _, d), s in determination.steps.items() if (e, d) == (entity, name)]
            assert step.outcome is outcome or step.outcome == outcome
        for part, rows in determination.parts.items():
            for place, outcomes in rows:
                for name, outcome in outcomes.items():
                    assert determination.steps[part, place, name].outcome == outcome


@pytest.mark.parametrize("decision", ["status", "covered", "surrender", "report", "breaches"])
def test_without_a_firing_of_the_core_nothing_is_decided(law: Law, decision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A core that stays silent gives no verdict by default: the engine refuses to answer."""
    facts = read_facts(law, ROOT / "examples" / "case.yaml", None)
    (root, *_) = roots(law, facts, INQUIRY, "K-1", 2024)
    silent: Callable[..., list[list[str]]] = lambda self, question, facts: [[] for _ in facts]  # noqa: E731
    monkeypatch.setattr(CoreSession, "ask", silent)
    with pytest.raises(EngineDefect, match="the core says nothing"):
        determine(Prover(law, law.select(), facts), root, None, (("installation_year", decision),))


def test_a_firing_that_the_rule_does_not_mean_decides_nothing(law: Law, monkeypatch: pytest.MonkeyPatch) -> None:
    """A core that says of everything that it both holds and fails is found out at the first question."""
    facts = read_facts(law, ROOT / "examples" / "case.yaml", None)
    (root, *_) = roots(law, facts, INQUIRY, "K-1", 2024)
    asked: list[int] = []
    real = CoreSession.ask

    def lying(self: Any, question: Any, told: Any) -> Any:
        answers = real(self, question, told)
        asked.append(question.number)
        own = [name for name, (number, _, _) in self.rules.patterns.items() if number == question.number]
        return [own for _ in answers]

    monkeypatch.setattr(CoreSession, "ask", lying)
    with pytest.raises(EngineDefect, match="the rule means"):
        determine(Prover(law, law.select(), facts), root, None, (("installation_year", "covered"),))
    assert asked


def test_nothing_that_explains_can_decide() -> None:
    """The modules that tell of a proof import nothing that evaluates a rule or settles a decision."""
    deciding = {"settle", "Candidate", "Session", "Compiled", "Flattener", "CoreSession", "CoreRules"}
    evaluating = {"compile_node"}
    for path in (ROOT / "engine" / "explaining").rglob("*.py"):
        names = {
            a.name for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.ImportFrom) for a in node.names
        }
        assert not names & deciding, path
        assert not names & evaluating or path.name == "text_form.py", path  # the dates at which `law show` looks parameters up


def test_a_full_proof_skips_what_would_divide_by_zero() -> None:
    """Evaluation does not look at it either: that is what the condition, or the `if` of the loop, is for."""
    rules = """
    decisions: {share: {type: number}, shares: {type: number}}
    parameters: {parts: {type: number, governed_by: year_end}}
    values: {parts: {value: 0}}
    rules:
      - {rule: r, decides: share, value: 10 / parts if parts != 0 else 7}
      - {rule: s, decides: shares, value: sum(10 / parts for lot in lots if parts != 0)}
    """
    law = law_of(rules)
    facts = facts_of(law.vocabulary, "{installations: [{id: A}], units: [{id: U, installation: A, quantity: 1}]}")
    steps = determine(Prover(law, law.select(), facts), Root("site_year", ("A",), 2023), "full").steps
    shown = {decision: step for (_, _, decision), step in steps.items()}
    assert (shown["share"].outcome, shown["shares"].outcome) == (7, 0)
    (share,), (shares,) = (shown[name].rules for name in ("share", "shares"))
    assert share.gives is not None and [part.kind for part in share.gives.parts] == ["compare", "skipped", "constant"]
    assert shares.gives is not None and [part.kind for part in shares.gives.parts[0].parts] == ["compare", "skipped"]
