"""An installation that is 1,000 units short, in variants, and what its cures come to once they are written into the facts."""

from __future__ import annotations

from typing import Any

from engine.analysis import cure, cure_lines
from engine.analysis.report import Cure, CureReport
from engine.explaining import Words
from engine.facts import Facts
from engine.law import Law
from engine.proving import Inquiry, Prover, Root, determine
from tests.small_law import facts_of

ROOT_K = Root("installation_year", ("K",), 2024)
DUE, AFTER, BEFORE = "2025-04-15", "2025-06-01", "2025-04-01"
"""Under the default authority both the report and the surrender for 2024 are due on 15 April 2025."""
FOREST = {"id": "P-forest", "sector": "forestry", "field": "greening", "gas": "co2", "host_installation": "none"}
"""A project outside the sectors of the system, whose units count."""
FARM = {"sector": "agriculture", "gas": "ch4", "host_installation": "none", "standard": "domestic"}
"""A project whose field is not given; it counts whatever the field is."""


def case(as_of: str = AFTER, **changes: Any) -> dict[str, Any]:
    """K emitted 100,000 t in 2024 and surrendered 99,000 allowances in time: 1,000 short. ``changes`` replace or add tables."""
    content: dict[str, Any] = {
        "as_of": as_of,
        "operators": [{"id": "O", "size": "large"}],
        "installations": [{"id": "K", "operator": "O", "sector": "power"}],
        "emissions": [{"installation": "K", "year": 2024, "gas": "co2", "tonnes": 100000}],
        "monitoring_plans": [{"installation": "K", "submitted_on": "2022-02-01"}],
        "reports": [{"installation": "K", "year": 2024, "submitted_on": "2025-03-20"}],
        "quotas": [{"installation": "K", "plan": "phase_5", "year": 2024, "quantity": 99000, "kind": "initial"}],
        "units": [lot("U", 99000)],
        "surrenders": [surrender("U", 99000)],
    }
    return content | changes


def lot(name: str, quantity: Any, kind: str = "allowance", plan: str = "phase_5", issued_for: Any = 2024) -> dict[str, Any]:
    return {"id": name, "installation": "K", "kind": kind, "plan": plan, "issued_for": issued_for, "quantity": quantity}


def surrender(name: str, quantity: int, on: str = "2025-03-25") -> dict[str, Any]:
    return {"installation": "K", "year": 2024, "unit": name, "quantity": quantity, "on": on}


def with_lots(*lots: dict[str, Any], as_of: str = AFTER, **changes: Any) -> dict[str, Any]:
    return case(as_of, units=[lot("U", 99000), *lots], **changes)


def asked(law: Law, content: dict[str, Any], authority: str | None = None) -> CureReport:
    return cure(law, facts_of(law.vocabulary, content), Inquiry(authority), ROOT_K)


def text(report: CureReport, law: Law, language: str) -> str:
    words = Words(law, language)
    return "\n".join(sentence.line(words) for sentence in cure_lines(report, words))


def emitted(tonnes: Any, year: int = 2024) -> list[dict[str, Any]]:
    return [{"installation": "K", "year": year, "gas": "co2", "tonnes": tonnes}]


def done(found: Cure) -> list[tuple[str, str, int | None, str]]:
    """(action, what it is about, how much, by when)."""
    return [(d.action, d.place[0], d.number, str(d.day)) for d in found.doings]


def replayed(law: Law, content: dict[str, Any], found: Cure, authority: str | None = None, root: Root = ROOT_K) -> Any:
    """The status once the rows of a cure are written into the facts and read like any others."""
    changed = {name: list(rows) if isinstance(rows, list) else rows for name, rows in content.items()}
    changed["as_of"] = found.as_of.isoformat()
    for doing in found.doings:
        for table, cells in doing.rows:
            row = {name: "none" if cell is None else cell if isinstance(cell, (bool, int)) else str(cell) for name, cell in cells.items()}
            if doing.replaces is not None:
                changed[table][int(doing.replaces[0]) - 1] = row
                continue
            # a column that the facts did not have was presumed in every row; once a row has it, the others must say so
            presumed = {n: c.presumed for n, c in law.vocabulary.tables[table].columns.items() if c.has_presumed}
            told = {n: "none" if value is None else value if isinstance(value, bool) else str(value) for n, value in presumed.items()}
            changed[table] = [{**told, **old} for old in changed.get(table, [])] + [row]
    return status(law, facts_of(law.vocabulary, changed), authority, root)


def status(law: Law, facts: Facts, authority: str | None = None, root: Root = ROOT_K) -> Any:
    first = law.__dict__.setdefault(f"_prover_{authority}", Prover(law, law.select(authority), facts))
    return determine(first.about(facts), root, None, (("installation_year", "status"),)).outcomes["status"]
