"""What another law decides otherwise, found by proving again only what it can reach: the same as by proving everything again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.drafting.cases import Case, all_cases
from engine.explaining.reports import read_facts, roots
from engine.facts import Facts
from engine.law import Law
from engine.proving import Determination, Inquiry, Prover, Root, ask, ask_stepwise, comparable, determine
from engine.proving.determination import differences
from engine.proving.otherwise import Changes, ask_otherwise, workers_for
from tests.conftest import ROOT
from tests.thorough import THOROUGH

STEP = 1 if THOROUGH else 150
"""The suite takes every 150th worked case; `KAZETS_TESTS=thorough` all of them."""
SITES = """
as_of: 2016-12-31
operators: [{id: O, name: O}]
installations:
  - {id: A, operator: O, sector: power}
  - {id: B, operator: O, sector: power}
  - {id: C, operator: O, sector: other}
emissions:
  - {installation: A, year: 2013, gas: co2, tonnes: 12000}
  - {installation: B, year: 2013, gas: co2, tonnes: 9000}
  - {installation: B, year: 2014, gas: co2, tonnes: 21000}
  - {installation: C, year: 2014, gas: co2, tonnes: 500}
reports: [{installation: A, year: 2013, submitted_on: 2014-04-01}]
quotas: [{installation: A, plan: phase_1, year: 2013, quantity: 10000, kind: initial}]
"""


def answers(law: Law, inquiry: Inquiry) -> list[Inquiry]:
    """Every answer that is not taken, and the other authorities."""
    taken = law.select(inquiry.authority, inquiry.readings).readings
    found = [
        replace(inquiry, readings={**inquiry.readings, question: answer})
        for question, content in law.questions.items()
        for answer in content["answers"]
        if answer != taken[question]
    ]
    return found + [replace(inquiry, authority=name) for name in law.authorities if name != law.select(inquiry.authority).authority]


def everything(determination: Determination) -> Iterator[tuple[tuple[str, str, tuple[str, ...]], object]]:
    for name, outcome in determination.outcomes.items():
        yield (determination.root.entity, name, ()), outcome
    for entity, rows in determination.parts.items():
        for place, outcomes in rows:
            for name, outcome in outcomes.items():
                yield (entity, name, place), outcome


def by_proving_all(law: Law, facts: Facts, inquiry: Inquiry, others: list[Inquiry], asked: list[Root]) -> dict[Root, list[Changes]]:
    inquiry = replace(inquiry, compare=False)
    first = {d.root: dict(everything(d)) for d in ask(law, facts, inquiry, asked)}
    found: dict[Root, list[Changes]] = {root: [] for root in asked}
    for other in others:
        for determination in ask(law, facts, replace(other, compare=False), asked):
            before = first[determination.root]
            found[determination.root].append(
                {key: (before[key], new) for key, new in everything(determination) if comparable(before[key]) != comparable(new)}
            )
    return found


def agree(law: Law, facts: Facts, inquiry: Inquiry, asked: list[Root], workers: int = 1) -> int:
    """The number of changes, once both ways have found the same ones."""
    others = answers(law, inquiry)
    quick = dict(ask_otherwise(law, facts, inquiry, others, asked, workers))
    slow = by_proving_all(law, facts, inquiry, others, asked)
    assert quick.keys() == slow.keys()
    total = 0
    for root, found in quick.items():
        for other, one, expected in zip(others, found, slow[root], strict=True):
            bare = {key: tuple(map(comparable, sides)) for key, sides in one.changes.items()}
            assert bare == {key: tuple(map(comparable, sides)) for key, sides in expected.items()}, (root, other)
            assert one.proved or not expected
            total += len(expected)
    return total


@pytest.mark.parametrize("name", ["case.yaml", "threshold.yaml", "cure.yaml"])
@pytest.mark.parametrize("authority", ["seeds", "statute"])
def test_the_examples(law: Law, name: str, authority: str) -> None:
    facts, inquiry = read_facts(law, ROOT / "examples" / name, None), Inquiry(authority)
    assert agree(law, facts, inquiry, roots(law, facts, inquiry, None, None)) > 0


def test_sites_of_one_operator_over_years(law: Law, tmp_path: Path) -> None:
    """Sums over an operator's sites, and years before, are decisions about other roots."""
    case = tmp_path / "case.yaml"
    case.write_text(SITES)
    facts = read_facts(law, case, None)
    asked = roots(law, facts, Inquiry(), None, None)
    assert len(asked) > 4
    assert agree(law, facts, Inquiry(), asked) > 0
    assert agree(law, facts, Inquiry(), asked[::-1], workers=2) > 0


CASES = [case for case in all_cases(ROOT / "rulesets", ROOT / "schemas") if not case.drafts][::STEP]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_worked_cases(law: Law, case: Case) -> None:
    facts = case.facts(law)
    inquiry = Inquiry(case.under.get("authority"), case.under.get("readings", {}), case.selection(law).known_on)
    assert agree(law, facts, inquiry, roots(law, facts, inquiry, None, None)) >= 0


def wholly(law: Law, facts: Facts, inquiry: Inquiry, asked: list[Root], wanted: tuple[tuple[str, str], ...] = ()) -> list[object]:
    """What comes out differently under each authority, by proving everything under each."""
    own = inquiry.selection(law)
    first = Prover(law, own, facts)
    others = {name: Prover(law, replace(inquiry, authority=name).selection(law), facts) for name in law.authorities if name != own.authority}
    found: list[object] = []
    for root in asked:
        here = determine(first, root, None, wanted)
        found.append(differences(here, {name: determine(other, root, None, wanted) for name, other in others.items()}))
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_marked_is_what_whole_proofs_differ_in(law: Law, case: Case) -> None:
    facts = case.facts(law)
    inquiry = Inquiry(case.under.get("authority"), case.under.get("readings", {}), case.selection(law).known_on)
    asked = roots(law, facts, inquiry, None, None)
    assert [d.differs for d in ask(law, facts, inquiry, asked)] == wholly(law, facts, inquiry, asked)


@pytest.mark.parametrize("authority", ["seeds", "statute"])
def test_what_is_marked_where_one_decision_is_asked_for(law: Law, authority: str) -> None:
    """The other law may read decisions that the first one did not need."""
    facts, inquiry = read_facts(law, ROOT / "examples" / "case.yaml", None), Inquiry(authority)
    (root,) = roots(law, facts, inquiry, "K-1", 2024)
    marked = 0
    for key in [key for key in law.vocabulary.decisions if key[0] in ("installation_year", "lot")][:: 1 if THOROUGH else 6]:
        (found,) = ask(law, facts, inquiry, [root], "brief", (key,))
        assert [found.differs] == wholly(law, facts, inquiry, [root], (key,)), key
        marked += bool(found.differs)
    assert marked > 2


def test_several_processes_answer_as_one_does(law: Law, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = read_facts(law, ROOT / "examples" / "threshold.yaml", None)
    asked = roots(law, facts, Inquiry(), None, None)
    alone = list(ask(law, facts, Inquiry(), asked))
    monkeypatch.setattr("engine.proving.otherwise.MIN_SHARE", 1)
    monkeypatch.setattr("engine.proving.otherwise.cores", lambda: 3)
    assert workers_for(asked) == 3
    assert list(ask(law, facts, Inquiry(), asked)) == alone
    assert [determination.root for determination in alone] == asked


def test_a_determination_comes_before_what_differs_elsewhere(law: Law) -> None:
    facts = read_facts(law, ROOT / "examples" / "case.yaml", None)
    (root,) = roots(law, facts, Inquiry(), "K-1", 2024)
    (whole,) = ask(law, facts, Inquiry(), [root], "brief")
    first, then = ask_stepwise(law, facts, Inquiry(), root, "brief")
    assert then == whole and then.differs
    assert first == replace(whole, differs={})
