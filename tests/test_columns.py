"""Columns against proving: every decision of every shipped case and of the real plans, and what the frames look like."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from engine.columns import Decided, decide, extent_of, facts_for, roots_of, running, schema_of, sentences
from engine.columns import frames as putting_out
from engine.drafting.cases import Case, all_cases
from engine.explaining.proof_text import ProofText
from engine.explaining.words import Words
from engine.facts import Facts, Row, load_facts
from engine.language import Unknown, Vocabulary
from engine.language.values import decimal_text
from engine.law import Law
from engine.problems import InputError
from engine.proving import Inquiry, Prover, Root, determine
from engine.proving.determination import comparable
from tests.conftest import ROOT
from tests.small_law import facts_of, law_of
from tests.thorough import THOROUGH

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


def agree(law: Law, facts: Facts, inquiry: Inquiry | None = None, reasons: bool = True, efforts: Sequence[str] = ("none",)) -> Decided:
    """Columns, with each effort of compiling them, and proving say the same of every root of the facts."""
    inquiry = inquiry or Inquiry()
    tables = tables_of(facts, law.vocabulary)
    decided, *others = (
        decide(law, tables, facts.as_of, inquiry, withheld=facts.withheld, generic=False, reasons=reasons, effort=effort) for effort in efforts
    )
    for other in others:
        assert other.scales == decided.scales and other.proved == decided.proved
        for entity, frame in decided.frames.items():
            assert_frame_equal(other.frames[entity], frame)
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
    facts = case.facts(law)
    decided = agree(law, facts, Inquiry(case.under.get("authority"), case.under.get("readings", {}), case.selection(law).known_on))
    doubted = any(isinstance(cell, Unknown) for rows in facts.tables.values() for row in rows for cell in row.cells.values())
    assert sum(decided.proved.values()) == 0 or doubted, (decided.proved, decided.unsupported)


@pytest.mark.parametrize("plan", ["plan-2018-2020", "plan-2021"])
@pytest.mark.parametrize("authority", ["seeds", "statute"])
def test_the_real_plans_come_out_as_proved(plan: str, authority: str, law: Law) -> None:
    facts = load_facts(ROOT / "examples" / plan, law.vocabulary, {}, None, TODAY)
    decided = agree(law, facts, Inquiry(authority))
    assert decided.proved == {}, "no row of the real plans needs proving"


# -- what the frames say --------------------------------------------------------------------------------------------------

CASE = ROOT / "examples" / "case.yaml"


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_a_sentence_is_the_one_of_the_proof(language: str, law: Law) -> None:
    facts = load_facts(CASE, law.vocabulary, {}, None, TODAY)
    prover, told = Prover(law, law.select(), facts), 0
    words = Words(law, language)
    for key in [("installation_year", n) for n in ("surrender", "shortfall", "threshold_emissions", "obligation", "report")] + [
        ("lot", "counted")
    ]:
        frame = sentences(law, tables_of(facts, law.vocabulary), facts.as_of, key, language)
        for row in frame.iter_rows(named=True):
            root = Root("installation_year", (row.get("of") or row["key"],), row["year"])
            determination = determine(prover, root, "brief")
            proof = ProofText(words, prover.program(root), determination.steps)
            (step,) = [s for (e, place, n), s in determination.steps.items() if (e, n) == key and place[0] == row["key"]]
            stands = [r for r in step.rules if r.state == "holds"]
            assert row["sentence"] == "; ".join(proof.sentence(proof.rules[r.rule], r) for r in stands)
            told += bool(row["sentence"])
    assert told >= 6


def test_the_frames_have_the_columns_that_the_schema_promises(law: Law) -> None:
    decided = agree(law, load_facts(CASE, law.vocabulary, {}, None, TODAY))
    for entity, frame in decided.frames.items():
        assert dict(frame.schema) == schema_of(law, entity)


def test_the_rules_that_stand_are_those_of_the_proof(law: Law) -> None:
    facts = load_facts(CASE, law.vocabulary, {}, None, TODAY)
    columns, proofs = (decide(law, tables_of(facts, law.vocabulary), facts.as_of, generic=g) for g in (False, True))
    assert columns.proved == {} and sum(proofs.proved.values()) == sum(f.height for e, f in proofs.frames.items() if e != "lot")
    for entity, frame in proofs.frames.items():
        own, other = (f.sort("key", "year").drop("proved") for f in (frame, columns.frames[entity]))
        assert own.equals(other, null_equal=True)


@pytest.mark.parametrize("generic", [True, False])
def test_only_the_decisions_asked_for_are_put_out_and_they_are_the_same(law: Law, generic: bool) -> None:
    facts = load_facts(CASE, law.vocabulary, {}, None, TODAY)
    tables, asked = tables_of(facts, law.vocabulary), [("lot", "counted"), ("installation_year", "shortfall")]
    whole = decide(law, tables, facts.as_of, generic=generic)
    some = decide(law, tables, facts.as_of, generic=generic, decisions=asked)
    assert set(some.frames) == {"lot", "installation_year"}
    for entity, name in asked:
        keys = ["key", "year", *(["of"] if entity == "lot" else []), "phase", "proved"]
        columns = [*keys, name, f"{name}?", *(f"rule:{rule.name}" for rule in law.rules[entity, name])]
        assert some.frames[entity].columns == columns and len(columns) > len(keys) + 2
        assert some.frames[entity].sort(keys).equals(whole.frames[entity].select(columns).sort(keys), null_equal=True)


def test_facts_for_a_row_prove_what_the_register_says(law: Law) -> None:
    facts = load_facts(ROOT / "examples" / "plan-2021", law.vocabulary, {}, None, TODAY)
    tables = tables_of(facts, law.vocabulary)
    root = roots_of(law, tables, facts.as_of)[7]
    few = facts_for(law, tables, facts.as_of, [root], withheld=facts.withheld)
    assert len(few.tables["installations"]) < len(facts.tables["installations"]) / 4
    one, all_ = (determine(Prover(law, law.select(), f), root).outcomes for f in (few, facts))
    assert {n: comparable(o) for n, o in one.items()} == {n: comparable(o) for n, o in all_.items()}


def test_a_second_register_runs_on_the_plan_of_the_first(law: Law, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = load_facts(CASE, law.vocabulary, {}, None, TODAY)
    decide(law, tables_of(facts, law.vocabulary), facts.as_of, generic=False)
    monkeypatch.setattr("engine.columns.deciding.build", lambda *arguments: pytest.fail("compiled again"))
    decide(law, tables_of(facts, law.vocabulary), facts.as_of, generic=False)


def test_parts_with_numbers_of_other_sizes_run_on_one_plan(law: Law, monkeypatch: pytest.MonkeyPatch) -> None:
    """Powers of two around the extremes of a part would differ; those of the whole register are the same for all."""
    facts = load_facts(CASE, law.vocabulary, {}, None, TODAY)
    small = tables_of(facts, law.vocabulary)
    large = small | {"emissions": small["emissions"].with_columns(tonnes=pl.lit("40000000"))}
    extents = [extent_of(law, part)[1] for part in (small, large)]
    assert extents[0] != extents[1]
    bounds = {key: (min(e[key][0] for e in extents), max(e[key][1] for e in extents)) for key in extents[0]}
    alone = [decide(law, part, facts.as_of, generic=False) for part in (small, large)]
    decide(law, small, facts.as_of, generic=False, bounds=bounds)
    monkeypatch.setattr("engine.columns.deciding.build", lambda *arguments: pytest.fail("compiled again"))
    for part, expected in zip((small, large), alone, strict=True):
        found = decide(law, part, facts.as_of, generic=False, bounds=bounds)
        assert found.scales == expected.scales
        for entity, frame in expected.frames.items():
            assert found.frames[entity].equals(frame, null_equal=True)


@pytest.mark.parametrize(("table", "column", "cell", "message"), [
    ("emissions", "tonnes", "-1", "it cannot be less than 0"), ("emissions", "tonnes", "1e5", "is not a decimal number"),
    ("installations", "sector", "pwer", "is not in the code list 'sectors'"), ("emissions", "installation", "Q", "no 'Q' in installations"),
    ("reports", "submitted_on", "2099-01-01", "after as_of"), ("reports", "submitted_on", "1.4.2024", "is not a date"),
    ("emissions", "year", "24", "is not a year"), ("emissions", "year", "", "emissions needs 'year'"),
])  # fmt: skip
def test_a_bad_cell_is_refused_with_its_row(table: str, column: str, cell: str, message: str, law: Law) -> None:
    facts = load_facts(CASE, law.vocabulary, {}, None, TODAY)
    tables = tables_of(facts, law.vocabulary)
    last = tables[table].height - 1
    changed = tables[table].with_columns(pl.when(pl.int_range(pl.len()) == last).then(pl.lit(cell)).otherwise(pl.col(column)).alias(column))
    with pytest.raises(InputError) as caught:
        decide(law, {**tables, table: changed}, facts.as_of, generic=False)
    (problem,) = [p for p in caught.value.problems if message in p.message]
    assert (problem.file, problem.line) == (table, last + 1)


def test_floats_are_refused(law: Law) -> None:
    facts = load_facts(CASE, law.vocabulary, {}, None, TODAY)
    tables = tables_of(facts, law.vocabulary)
    with pytest.raises(TypeError, match="floats are not exact"):
        decide(
            law, {**tables, "emissions": tables["emissions"].with_columns(pl.col("tonnes").cast(pl.Float64))}, facts.as_of, generic=False
        )


@pytest.mark.parametrize("shared", [1, 10**6])
def test_a_list_of_more_codes_than_a_byte_holds(shared: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first codes fit into a byte, its last do not; one rule gives each, and none gives any to the third installation."""
    monkeypatch.setattr(putting_out, "SHARED", shared)
    many: dict[str, dict[str, str]] = {f"c{number:03}": {} for number in range(300)}
    law = law_of(json.dumps({
        "codes": {"many": {"members": many}},
        "decisions": {name: {"type": "code", "codes": "many"} for name in ("low", "high")},
        "rules": [
            {"rule": f"{decides}-{number}", "decides": decides, "when": f"installation.count == {number}", "value": f"c{code + number:03}"}
            for decides, code in (("low", 0), ("high", 298)) for number in (0, 1)
        ],
    }))  # fmt: skip
    sites = [{"id": key, "operator": "O", "count": count} for key, count in (("A", 0), ("B", 1), ("C", 2))]
    facts = facts_of(law.vocabulary, {"installations": sites, "emissions": [{"installation": s["id"], "year": 2023, "gas": "co2", "tonnes": 1} for s in sites]})
    frame = agree(law, facts, efforts=("none", "quick")).frames["site_year"].filter(pl.col("year") == 2023).sort("key")
    assert frame["low"].to_list() == ["c000", "c001", None] and frame["low?"].to_list() == ["value", "value", "gap"]
    assert frame["high"].to_list() == ["c298", "c299", None]


@pytest.mark.parametrize("effort", ["none", "quick"])
def test_what_is_handed_over_where_it_lies_is_what_is_copied(effort: str, law: Law, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = load_facts(ROOT / "examples" / "plan-2018-2020", law.vocabulary, {}, None, TODAY)
    tables = tables_of(facts, law.vocabulary)
    copied = decide(law, tables, facts.as_of, withheld=facts.withheld, generic=False, effort=effort)
    for module in (putting_out, running):
        monkeypatch.setattr(module, "SHARED", 1)
    lying = decide(law, tables, facts.as_of, withheld=facts.withheld, generic=False, effort=effort)
    for entity, frame in copied.frames.items():
        assert_frame_equal(lying.frames[entity], frame)
