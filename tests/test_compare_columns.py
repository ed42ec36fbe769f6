"""Two laws on one register in columns: what is decided once, or not at all, comes out as where each law decides everything."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

from cli import main
from engine.columns import Decided, Pair, both_decided, decide, encoded, pair_of
from engine.columns.planning import build
from engine.columns.reading import PLACE, Register, open_register
from engine.drafting.answers import compared, shown_decisions
from engine.drafting.second import large
from engine.drafting.sides import Side, read_side
from engine.law import Law, Program, check_law, load_law
from engine.law.apart import Apart, same_facts
from engine.proving import Inquiry
from tests.conftest import ROOT

RULESETS, SCHEMAS = ROOT / "rulesets", ROOT / "schemas"
FIRST_OF_DRAFT = 2021
"""The first year for which the draft of an offset limit sets anything."""


def side(written: str) -> Side:
    return read_side(written, lambda drafts: load_law(RULESETS, SCHEMAS, drafts), RULESETS, Inquiry(None, {}, None, compare=False))


@pytest.fixture(scope="module")
def tables(law: Law, tmp_path_factory: pytest.TempPathFactory) -> tuple[Register, dict[str, pl.DataFrame]]:
    folder = tmp_path_factory.mktemp("sample") / "register"
    CliRunner().invoke(main, ["facts", "sample", str(folder), "--installations", "40", "--years", "2019-2024"], catch_exceptions=False)
    opened = open_register(law, folder, None, date(2026, 1, 1))
    return opened, {name: pl.concat(opened.batches(name), how="diagonal_relaxed").drop(PLACE) for name in opened.files}


def pair(one: Side, other: Side, register: Register, tables: dict[str, pl.DataFrame]) -> Pair:
    asked = (one.law, one.inquiry), (other.law, other.inquiry)
    return pair_of(asked, encoded(one.law, tables), register.as_of, shown_decisions(one.law), compared(one.law))


def both(one: Side, other: Side, register: Register, tables: dict[str, pl.DataFrame]) -> tuple[Decided, Decided]:
    asked = pair(one, other, register, tables)
    assert len(list(asked.decide())) == len(asked) > 0
    return both_decided(asked)


@pytest.mark.parametrize("written", ["offset-limit-5", "threshold-10000-auction", "statute", "known:2024-01-29"])
def test_every_value_that_is_put_out_is_that_of_deciding_everything(written: str, tables: Any) -> None:
    register, frames = tables
    sides = side("current"), side(written)
    for asked, found in zip(sides, both(*sides, register, frames), strict=True):
        whole = decide(asked.law, frames, register.as_of, asked.inquiry, entities=compared(asked.law), reasons=False, generic=False)
        main = str(asked.law.manifest["main"])
        for entity in compared(asked.law):
            wanted = [name for owner, name in shown_decisions(asked.law) if owner == entity]
            order = ["key", "year"]
            ours, theirs = (f.frames[entity].sort(order) for f in (found, whole))
            assert ours.select(order).equals(theirs.select(order)) and ours.height > (100 if entity == main else 0)
            for name in wanted:
                scales = [f.scales.get((entity, name), 1) for f in (found, whole)]
                assert ours[f"{name}?"].cast(pl.String).equals(theirs[f"{name}?"].cast(pl.String)), (entity, name)
                same = [f[name].to_list() for f in (ours, theirs)]
                if ours[name].dtype.is_integer():
                    same = [[None if v is None else Fraction(v, scale) for v in own] for own, scale in zip(same, scales, strict=True)]
                assert same[0] == same[1], (entity, name)


@pytest.mark.parametrize("written", ["offset-limit-5", "threshold-10000-auction", "statute", "known:2024-01-29"])
def test_what_is_decided_elsewhere_under_the_second_law_is_the_same(written: str, tables: Any) -> None:
    register, frames = tables
    sides = side("current"), side(written)
    here = both(*sides, register, frames)
    elsewhere = pickle.loads(pickle.dumps(list(pair(*sides, register, frames).second())))
    assert None in [done for _, done in elsewhere], "what the first law decides alike is not sent"
    asked = pair(*sides, register, frames)
    assert len(list(asked.decide(elsewhere))) == len(asked)
    for one, other in zip(here, both_decided(asked), strict=True):
        assert (one.scales, one.proved, one.unsupported) == (other.scales, other.proved, other.unsupported)
        assert list(one.frames) == list(other.frames) and all(one.frames[name].equals(other.frames[name]) for name in one.frames)


def test_the_answer_is_the_same_in_one_process_and_in_two(tmp_path: Path) -> None:
    def kazets(*words: str) -> str:
        run = subprocess.run([sys.executable, str(ROOT / "cli.py"), *words], capture_output=True, text=True, timeout=120, check=True)
        return run.stdout

    folder = tmp_path / "register"
    kazets("facts", "sample", str(folder), "--installations", "60", "--years", "2022-2024")
    assert large(folder), "one that is proved has a process for each law in any case"
    told = [kazets("compare", "current", "offset-limit-5", str(folder), "--format", "json", "--workers", many) for many in ("1", "2")]
    assert told[0] == told[1] and json.loads(told[0])["rows"][0]["proofs"]


def test_years_that_both_laws_decide_alike_are_decided_once(tables: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    register, frames = tables
    built: list[tuple[int, str]] = []

    def counted(law: Law, program: Program, data: Any, root: Any, *others: Any) -> Any:
        built.append((program.year, root.name))
        return build(law, program, data, root, *others)

    monkeypatch.setattr("engine.columns.deciding.build", counted)
    monkeypatch.setattr("engine.columns.door._plans", lambda law: {})
    both(side("current"), side("offset-limit-5"), register, frames)
    years = [year for year, entity in built if entity == "installation_year"]
    assert {year: years.count(year) for year in years} == {year: 1 if year < FIRST_OF_DRAFT else 2 for year in range(2019, 2025)} | {
        year: 1 for year in years if year < 2019
    }


def apart(one: Law, other: Law, year: int) -> frozenset[tuple[str, str]]:
    programs = [Program(law, law.select(), law.phase_of(year), year) for law in (one, other)]  # type: ignore[arg-type]
    return Apart(one, other).of(programs[0], programs[1], ())


def rewritten(law: Law, change: Any) -> Law:
    tree = copy.deepcopy(law.tree)
    change(tree)
    made = Law(tree, "rewritten")
    check_law(made)
    return made


def test_other_names_and_another_order_leave_nothing_apart(law: Law) -> None:
    def change(tree: dict[str, Any]) -> None:
        for rule in tree["rules"]:
            displaced: Sequence[str] | str = rule.get("exception_to", [])
            rule["rule"] = f"r-{rule['rule']}"
            if displaced:
                rule["exception_to"] = [f"r-{name}" for name in ([displaced] if isinstance(displaced, str) else displaced)]
        tree["rules"].reverse()

    other = rewritten(law, change)
    assert same_facts(law, other) and apart(law, other, 2024) == frozenset()


def test_what_rests_on_a_changed_rule_is_apart_and_nothing_else(law: Law) -> None:
    def change(tree: dict[str, Any]) -> None:
        rule = next(r for r in tree["rules"] if r["rule"] == "shortfall")
        rule["value"] = f"2 * ({rule['value']})"

    found = {name for _, name in apart(law, rewritten(law, change), 2024)}
    assert {"shortfall", "penalty"} <= found and not {"coverage", "obligation", "surrendered"} & found


def test_a_large_register_is_never_told_row_by_row(tables: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.drafting import impact, second

    told: list[str] = []
    mover = impact._Measure.mover
    monkeypatch.setattr(second, "LARGE", 0)

    def counted(self: impact._Measure, row: Any) -> impact.Mover:
        told.append(row["key"])
        return mover(self, row)

    monkeypatch.setattr(impact._Measure, "mover", counted)
    arguments = ["compare", "current", "offset-limit-1", str(tables[0].folder), "--limit", "2", "--format", "text"]
    arguments[2] = str(stricter(tmp_path))
    output = CliRunner().invoke(main, arguments, catch_exceptions=False).output
    assert len(told) == 2 and "within the offset limit of 0.01" in output


def stricter(folder: Path) -> Path:
    """The shipped draft of an offset limit, with a limit that many rows exceed."""
    text = (RULESETS / "drafts" / "offset-limit-5.yaml").read_text(encoding="utf-8")
    path = folder / "offset-limit-1.yaml"
    path.write_text(text.replace("id: offset-limit-5", "id: offset-limit-1").replace("value: 0.05", "value: 0.01"), encoding="utf-8")
    return path
