"""Errors in the law: which are tried, and that a case that ought to notice one does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import main
from engine.drafting.cases import Case, Laws, read_cases
from engine.drafting.coverage import coverage_of, seen_by
from engine.drafting.coverage_report import percent
from engine.drafting.mutation import KINDS, Mutant, last_digit, mutants
from engine.drafting.mutation_expressions import expression_mutants
from engine.drafting.mutation_running import try_all
from engine.language import exact
from engine.law import Law
from tests.conftest import ROOT
from tests.small_law import law_of

LAW = """
decisions:
  amount: {type: number}
  covered: {type: bool}
parameters:
  bound: {type: number, governed_by: year_end}
  sectors: {type: set, codes: sectors, governed_by: year_end}
  deadline: {type: month_day, governed_by: year_end}
  due: {type: date, governed_by: year_end}
  late: {type: bool, governed_by: year_end}
values:
  bound: {value: 10}
  sectors: {value: [power, oil]}
  deadline: {value: "03-01"}
  late: {value: false}
decisions_placeholder: {}
rules:
  - {rule: is-covered, decides: covered, when: 'installation.owed > bound and installation.sector in sectors'}
  - {rule: is-owed, decides: amount, value: installation.owed}
""".replace("  due: {type: date, governed_by: year_end}\n", "").replace("decisions_placeholder: {}\n", "")


def _case(name: str, owed: int, sector: str, covered: str) -> str:
    return (
        f"  - case: {name}\n    title: t\n    facts: {{as_of: 2024-01-01, installations: [{{id: K, sector: {sector}, owed: {owed}}}]}}\n"
        f"    installation: K\n    year: 2023\n    expect: {{covered: {covered}}}\n"
    )


def _cases(tmp_path: Path, *texts: str) -> list[Case]:
    file = tmp_path / "cases.yaml"
    file.write_text("cases:\n" + "".join(texts), encoding="utf-8")
    return read_cases(file, "cases.yaml", ROOT / "schemas")


def _survivors(law: Law, cases: Sequence[Case], tmp_path: Path) -> set[tuple[str, str, str]]:
    tried: list[Mutant] = list(mutants(law))
    laws = Laws(law, tmp_path, ROOT / "schemas")
    return {(m.name, m.before, m.after) for m, trial in zip(tried, try_all(laws, cases, tried, 1), strict=True) if not trial.killed_by}


def test_the_errors_in_an_expression() -> None:
    found = {(kind, after) for kind, _, after, _ in expression_mutants("a > 10 and not b in (x, y)")}
    assert found == {
        ("and-or", "a > 10 or not b in (x, y)"),
        ("boundary", "a >= 10"),
        ("comparison", "a <= 10"),
        ("bound", "11"),
        ("bound", "9"),
        ("not", "b in (x, y)"),
        ("comparison", "b not in (x, y)"),
        ("member", "b in (y,)"),
        ("member", "b in (x,)"),
    }
    assert ("branches", "y if c else x") in {(k, a) for k, _, a, _ in expression_mutants("x if c else y")}
    assert ("function", "max(a, b)") in {(k, a) for k, _, a, _ in expression_mutants("min(a, b) + 1")}
    assert {kind for text in ("a > 1 and b in (x, y)", "x - 1 if not c else min(a, b)") for kind, *_ in expression_mutants(text)} <= set(
        KINDS
    )


def test_the_last_digit() -> None:
    assert [last_digit(exact(text)) for text in ("20000", "0.985", "1.8")] == [1, exact("0.001"), exact("0.1")]


def test_the_errors_in_values() -> None:
    found = {(m.name, m.before, m.after) for m in mutants(law_of(LAW)) if m.entry is not None}
    assert found == {
        ("bound", "10", "11"),
        ("bound", "10", "9"),
        ("sectors", "oil, power", "oil"),
        ("sectors", "oil, power", "power"),
        ("deadline", "03-01", "02-28"),
        ("deadline", "03-01", "03-02"),
        ("late", "false", "true"),
    }


def test_cases_on_both_sides_of_the_bound_notice_what_one_far_away_does_not(tmp_path: Path) -> None:
    law = law_of(LAW)
    far = _cases(tmp_path, _case("far", 500, "power", "true"))
    left = _survivors(law, far, tmp_path)
    assert ("bound", "10", "11") in left and ("is-covered", "installation.owed > bound", "installation.owed >= bound") in left
    assert ("is-covered", "installation.owed > bound", "installation.owed <= bound") not in left
    near = _cases(
        tmp_path,
        _case("at", 10, "power", "false"),
        _case("above", 11, "oil", "true"),
        _case("above-power", 11, "power", "true"),
        _case("other", 11, "cement", "false"),
    )
    left = _survivors(law, near, tmp_path)
    assert {name for name, _, _ in left} == {"deadline", "late"}, "no rule reads these"


def test_a_month_that_is_none_is_noticed(tmp_path: Path) -> None:
    law = law_of(LAW.replace("installation.owed > bound and", "installation.owed > 10 and date(year, 12, 31) > as_of and"))
    cases = _cases(tmp_path, _case("a", 500, "power", "false"))
    assert ("is-covered", "12", "13") not in _survivors(law, cases, tmp_path)


def test_coverage_tells_rules_branches_and_values(tmp_path: Path) -> None:
    law = law_of(LAW)
    laws = Laws(law, tmp_path, ROOT / "schemas")
    found = coverage_of(law, seen_by(laws, _cases(tmp_path, _case("below", 5, "power", "false")), 1))
    assert found.totals == {"rules": (0, 2), "branches": (0, 2), "values": (2, 2)}
    told = [one.what for one in found.missing]
    assert "rule 'is-covered' never holds" in told
    assert "rule 'is-covered', when: `installation.owed > bound` is never true" in told
    both = _cases(tmp_path, _case("below", 5, "oil", "false"), _case("above", 11, "power", "true"), _case("no", 11, "cement", "false"))
    assert coverage_of(law, seen_by(laws, both, 2)).totals == {"rules": (1, 2), "branches": (2, 2), "values": (2, 2)}


def test_a_share_is_never_rounded_up() -> None:
    assert [percent(1, 3), percent(999, 1000), percent(9999, 10000), percent(3, 3)] == ["33.3 %", "99.9 %", "99.9 %", "100.0 %"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_commands(form: str) -> None:
    """On the part of the shipped law that decides whether an installation is covered above the threshold."""
    found = CliRunner().invoke(main, ["mutate", "--only", "above-threshold", "--jobs", "1", "--format", form])
    assert found.exit_code == 0
    if form == "json":
        content = json.loads(found.output)
        assert content["tried"] == content["noticed"] == 2 and content["survivors"] == []
    else:
        assert "2 of 2 errors are noticed (100.0 %)" in found.output


def test_every_rule_of_the_shipped_law_holds_in_a_case() -> None:
    found = CliRunner().invoke(main, ["coverage", "--format", "json"])
    content = json.loads(found.output)
    assert content["totals"]["rules"]["exercised"] == content["totals"]["rules"]["all"], [
        m for m in content["missing"] if m["kind"] == "rule"
    ]
    assert found.exit_code == 0
