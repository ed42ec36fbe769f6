"""Columns against proving: every decision of every shipped case and of the real plans, and what the frames look like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl
import pytest

from engine.columns import Decided, decide, facts_for, roots_of, schema_of
from engine.drafting.cases import Case, all_cases
from engine.facts import Facts, Row, load_facts
from engine.language import Unknown, Vocabulary
from engine.language.values import decimal_text
from engine.law import Law
from engine.proving import Inquiry, Prover, Root, determine
from engine.proving.determination import comparable
from tests.conftest import ROOT
from tests.test_oracle import THOROUGH

TODAY = date(2026, 1, 1)
STATES = {"unknown": "undetermined", "gap": "Gap", "conflict": "Conflict"}


def tables_of(facts: Facts, vocabulary: Vocabulary) -> dict[str, pl.DataFrame]:
    """The frames from which the facts could have been read, every cell written out as text; what is presumed of all rows is left out."""
    tables = {}
    for name in facts.given:
        rows = facts.tables[name]
        specs = vocabulary.tables[name].columns
        columns = {c for row in rows for c, v in row.cells.items() if not (specs[c].has_presumed and v == specs[c].presumed)}
        tables[name] = pl.DataFrame({c: pl.Series([written(row.cells[c]) for row in rows], dtype=pl.String) for c in sorted(columns)})
    return tables


def written(cell: Any) -> str | None:
    if isinstance(cell, Unknown):
        return None
    if isinstance(cell, Row):
        return cell.key[0]
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (int, Fraction)):
        return decimal_text(cell)
    return "none" if cell is None else str(cell)


def said(decided: Decided, law: Law) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """What the frames say, in the form in which outcomes are compared."""
    for entity, frame in decided.frames.items():
        kinds = {n: s.type.kind for (e, n), s in law.vocabulary.decisions.items() if e == entity}
        for row in frame.iter_rows(named=True):
            for name, kind in kinds.items():
                yield (
                    (entity, row.get("of"), row["key"], row["year"], name),
                    outcome_of(row, name, kind, decided.scales.get((entity, name), 1)),
                )


def outcome_of(row: Mapping[str, Any], name: str, kind: str, scale: int) -> Any:
    state, value = row[f"{name}?"], row[name]
    if state == "unknown" and kind == "set":
        return STATES["unknown"], frozenset(value.split(", ")) - {""}
    if state == "beyond":
        return state
    if state in STATES:
        return STATES[state]
    if state == "none":
        return (False, None)
    if kind == "number":
        return (False, Fraction(value, scale))
    return (kind == "bool", frozenset(value.split(", ")) - {""} if kind == "set" else value)


def expected(law: Law, facts: Facts, inquiry: Inquiry, roots: list[Root]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """What proving says, in the same form."""
    prover = Prover(law, law.select(inquiry.authority, inquiry.readings, inquiry.known_on), facts)
    for root in roots:
        found = determine(prover, root)
        for name, outcome in found.outcomes.items():
            yield (root.entity, None, root.key[0], root.year, name), plain(outcome)
        for entity, parts in found.parts.items():
            for place, outcomes in parts:
                for name, outcome in outcomes.items():
                    yield (entity, root.key[0], place[0], root.year, name), plain(outcome)


def plain(outcome: Any) -> Any:
    found = comparable(outcome)
    if hasattr(outcome, "possible"):
        return STATES["unknown"], outcome.members
    if isinstance(found, tuple) and hasattr(found[1], "key"):
        return found[0], found[1].key[0]
    return found


def agree(law: Law, facts: Facts, inquiry: Inquiry | None = None, reasons: bool = True) -> Decided:
    """Columns and proving say the same of every root of the facts."""
    inquiry = inquiry or Inquiry()
    tables = tables_of(facts, law.vocabulary)
    decided = decide(law, tables, facts.as_of, inquiry, withheld=facts.withheld, generic=False, reasons=reasons)
    prover = Prover(law, law.select(inquiry.authority, inquiry.readings, inquiry.known_on), facts)
    whole = [name for name, spec in law.vocabulary.entities.items() if spec.of is None]
    roots = [root for entity in whole for root in prover.roots(entity)]
    columns, proofs = dict(said(decided, law)), dict(expected(law, facts, inquiry, roots))
    assert columns.keys() == proofs.keys()
    different = {key: (columns[key], proofs[key]) for key in proofs if columns[key] not in (proofs[key], "beyond")}
    assert not different, different
    return decided


SCHEMAS = ROOT / "schemas"
EVERY = 1 if THOROUGH else 12
"""Of the shipped cases, so many go by between two that are tried."""
CASES = [case for case in all_cases(ROOT / "rulesets", SCHEMAS) if not case.drafts][::EVERY]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_shipped_cases_come_out_as_proved(case: Case, law: Law) -> None:
    decided = agree(
        law, case.facts(law), Inquiry(case.under.get("authority"), case.under.get("readings", {}), case.selection(law).known_on)
    )
    assert sum(decided.proved.values()) == 0 or "unknown" in str(case.content["facts"]), (decided.proved, decided.unsupported)


@pytest.mark.parametrize("plan", ["plan-2018-2020", "plan-2021"])
@pytest.mark.parametrize("authority", ["seeds", "statute"])
def test_the_real_plans_come_out_as_proved(plan: str, authority: str, law: Law) -> None:
    facts = load_facts(ROOT / "examples" / plan, law.vocabulary, {}, None, TODAY)
    decided = agree(law, facts, Inquiry(authority))
    assert decided.proved == {}, "no row of the real plans needs proving"


__all__ = ["agree", "facts_for", "roots_of", "schema_of"]
