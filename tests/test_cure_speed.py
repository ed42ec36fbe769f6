"""Cures among hundreds of lots are found in less than two seconds."""

from __future__ import annotations

import gc
import time

import pytest

from engine.analysis.curing import Work
from engine.analysis.report import CureReport
from engine.facts import Facts
from engine.law import Law
from tests.shortfall import AFTER, BEFORE, FARM, ROOT_K, case, emitted, lot, replayed, surrender
from tests.small_law import facts_of


def timed(law: Law, facts: Facts, spent: list[float]) -> CureReport:
    """The answer, and how long it took each time, until it is quick enough or was tried six times."""
    gc.disable()
    while not spent or (min(spent) >= 2 and len(spent) < 6):
        start = time.process_time()
        report = Work(law, law.select(), facts)(ROOT_K)
        spent.append(time.process_time() - start)
    gc.enable()
    return report


def test_two_hundred_lots_of_both_kinds_take_less_than_two_seconds(law: Law) -> None:
    """Half of them offset units of 20 projects: 1,002 + 1,004 + … + 1,200 = 110,100 units, and 110,000 of allowances; 50,000 are due."""
    farms = [{**FARM, "id": f"P-{number}", "approved_on": f"2022-{1 + number % 12:02d}-01"} for number in range(20)]
    units = [
        {**lot(f"L-{n}", 1000 + n), "project": "none"}
        if n % 2
        else {**lot(f"L-{n}", 1002 + n, kind="offset", plan="none", issued_for="none"), "project": f"P-{n % 20}"}
        for n in range(200)
    ]
    quotas = [{"installation": "K", "plan": "phase_5", "year": 2024, "quantity": 50000, "kind": "initial"}]
    content = case(BEFORE, emissions=emitted(50000), quotas=quotas, projects=farms, units=units, surrenders=[])
    spent: list[float] = []
    report = timed(law, facts_of(law.vocabulary, content), spent)
    fewest = next(n for n in range(1, 201) if sum(sorted((row["quantity"] for row in units), reverse=True)[:n]) >= 50000)
    best = report.still.cures[0]
    assert (best.acts, best.units) == (fewest, 50000) and replayed(law, content, best) == "compliant"
    assert min(spent) < 2, spent


@pytest.mark.parametrize("as_of", [AFTER, BEFORE], ids=["too-late", "in-time"])
def test_two_hundred_lots_take_less_than_two_seconds(as_of: str, law: Law) -> None:
    """Each of its own size and day of acquisition; 30,000 short.

    Processor time, since other work may share the machine, and without garbage collection, as in the contained process.
    """
    many = [
        lot(f"L-{n}", 100 + (n * 7919) % 900, issued_for=2023 + n % 2) | {"acquired_on": f"2024-{1 + n % 12:02d}-{1 + n % 28:02d}"}
        for n in range(200)
    ]
    content = case(as_of, units=[lot("U", 70000) | {"acquired_on": "2024-01-01"}, *many], surrenders=[surrender("U", 70000)])
    facts, spent = facts_of(law.vocabulary, content), list[float]()
    report = timed(law, facts, spent)
    ways = (report.still if as_of == BEFORE else report.would_have).cures
    assert (ways[1].acts, ways[1].units) == (2, 30000)
    largest = sorted((row["quantity"] for row in many), reverse=True)
    fewest = next(n for n in range(1, 201) if sum(largest[:n]) >= 30000)
    assert (ways[0].acts, ways[0].units) == (fewest, 30000)
    assert min(spent) < 2, spent
