"""Two laws compared by what they mean: names, order and spelling are no difference; everything else is, with its years."""

from __future__ import annotations

import ast
import copy
import json
import random
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import main
from engine.analysis.laws import Side as WitnessSide
from engine.analysis.laws import witness
from engine.drafting.diff import ADDED, CHANGED, REMOVED, LawDiff, diff
from engine.drafting.normal import form_of
from engine.drafting.sides import Side, read_side
from engine.language import Scope, parse
from engine.law import Law, check_law, load_law
from engine.problems import InputError
from engine.proving import Inquiry
from tests.conftest import ROOT
from tests.test_drafts import WORDS, draft

RULESETS, SCHEMAS = ROOT / "rulesets", ROOT / "schemas"


def load(drafts: tuple[str, ...]) -> Law:
    return load_law(RULESETS, SCHEMAS, drafts)


def side(written: str, authority: str | None = None) -> Side:
    return read_side(written, load, RULESETS, Inquiry(authority))


def compared(one: str, other: str, authority: str | None = None) -> LawDiff:
    return diff(side(one, authority), side(other, authority))


def rewritten(law: Law, change: Callable[[dict[str, Any]], None]) -> Law:
    tree = copy.deepcopy(law.tree)
    change(tree)
    made = Law(tree, "rewritten")
    check_law(made)
    return made


# -- no difference ------------------------------------------------------------------------------------------------


def test_other_names_of_rules_and_another_order_are_no_difference(law: Law) -> None:
    def change(tree: dict[str, Any]) -> None:
        for rule in tree["rules"]:
            displaced = rule.get("exception_to", [])
            rule["rule"] = f"r-{rule['rule']}"
            if displaced:
                rule["exception_to"] = [f"r-{name}" for name in ([displaced] if isinstance(displaced, str) else displaced)]
        random.Random(7).shuffle(tree["rules"])
        random.Random(7).shuffle(tree["values"])

    other = rewritten(law, change)
    found = diff(Side("a", law, Inquiry()), Side("b", other, Inquiry()))
    assert found.same and not found.renamed and not found.reworded
    sought = witness(WitnessSide(law, law.select()), WitnessSide(other, other.select()), (2024,))
    assert not sought.findings and not sought.unproved
    assert len(sought.same) > 60 and sought.identical == sought.same, "by their content: nothing had to be searched"


MIRRORED: dict[type, type] = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE}


class _Turned(ast.NodeTransformer):
    """The same said the other way round: operands of `and`, `or`, comparisons turned, variables renamed."""

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        self.generic_visit(node)
        node.values.reverse()
        return node

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        self.generic_visit(node)
        if isinstance(node.op, (ast.Add, ast.Mult)):
            node.left, node.right = node.right, node.left
        return node

    def visit_Compare(self, node: ast.Compare) -> Any:
        self.generic_visit(node)
        mirrored = MIRRORED.get(type(node.ops[0]))
        if len(node.ops) == 1 and mirrored is not None:
            node.left, node.comparators, node.ops = node.comparators[0], [node.left], [mirrored()]
        return node

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> Any:
        self.generic_visit(node)
        (target,) = [g.target for g in node.generators]
        assert isinstance(target, ast.Name)
        old = target.id
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and inner.id == old:
                inner.id = f"{old}_{old}"
        return node


def test_the_whole_law_said_the_other_way_round_is_no_difference(law: Law) -> None:
    def change(tree: dict[str, Any]) -> None:
        for rule in tree["rules"]:
            for part in ("when", "value"):
                if isinstance(rule.get(part), str):
                    rule[part] = ast.unparse(_Turned().visit(ast.parse(rule[part].strip(), mode="eval")))

    other = rewritten(law, change)
    changed = sum(
        a.get("when") != b.get("when") or a.get("value") != b.get("value")
        for a, b in zip(law.tree["rules"], other.tree["rules"], strict=True)
    )
    assert changed > 80
    found = diff(Side("a", law, Inquiry()), Side("b", other, Inquiry()))
    assert [(c.kind, c.name) for c in found.rules] == [] and found.same


def test_a_parameter_under_another_name_is_no_difference(law: Law) -> None:
    def change(tree: dict[str, Any]) -> None:
        tree["parameters"] = {k.replace("coverage.threshold", "coverage.limit"): v for k, v in tree["parameters"].items()}
        for value in tree["values"]:
            value["parameter"] = value["parameter"].replace("coverage.threshold", "coverage.limit")
        for rule in tree["rules"]:
            for part in ("when", "value"):
                if isinstance(rule.get(part), str):
                    rule[part] = rule[part].replace("coverage.threshold", "coverage.limit")
            rule["says"] = {k: v.replace("coverage.threshold", "coverage.limit") for k, v in rule["says"].items()}
        for held in tree.get("properties", {}).values():
            held.update({k: v.replace("coverage.threshold", "coverage.limit") for k, v in held.items() if k in ("when", "then", "holds")})

    found = diff(Side("a", law, Inquiry()), Side("b", rewritten(law, change), Inquiry()))
    assert found.same and found.renamed == (("coverage.threshold", "coverage.limit"),)


def test_other_words_and_sources_are_told_apart_from_a_difference(law: Law) -> None:
    def change(tree: dict[str, Any]) -> None:
        next(r for r in tree["rules"] if r["rule"] == "shortfall")["says"] = {"en": "short", "ru": "мало", "kk": "аз"}

    found = diff(Side("a", law, Inquiry()), Side("b", rewritten(law, change), Inquiry()))
    assert found.same and found.reworded == ("shortfall",)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("covered and in_plan", "in_plan and covered", True),
        ("not (covered or in_plan)", "not in_plan and not covered", True),
        ("covered and (in_plan and bound)", "(bound and covered) and in_plan and covered", True),
        ("verified_co2 > coverage.threshold", "coverage.threshold < verified_co2", True),
        ("not (verified_co2 > coverage.threshold)", "verified_co2 <= coverage.threshold", True),
        ("verified_co2 > coverage.threshold", "verified_co2 >= coverage.threshold", False),
        ("not (year > verified_report_year)", "year <= verified_report_year", False),  # both are false where there is no such year
        ("covered or in_plan", "covered and in_plan", False),
        ("covered or not covered", "true", False),  # strong Kleene: unknown where `covered` is
        ("1 if not covered else 2", "2 if covered else 1", True),
        ("1 if covered else 2", "2 if covered else 1", False),
        ("obligation - surrendered", "surrendered - obligation", False),
        ("2 * (year + 1)", "(1 + year) * 2", True),
        ("max(0, obligation)", "max(obligation, 0)", True),
        ("sum(l.available for l in lots)", "sum(u.available for u in lots)", True),
        ("sum(l.available for l in lots)", "sum(l.counted for l in lots)", False),
        ("sum(l.available for l in lots if l.usable)", "sum(l.available for l in lots)", False),
        ("installation.sector in (power, mining)", "installation.sector in (mining, power)", True),
        ("any(all(o.quantity > 0 for o in output) for l in lots)", "any(all(x.quantity > 0 for x in output) for o in lots)", True),
    ],
)
def test_expressions_are_compared_by_meaning(law: Law, one: str, other: str, same: bool) -> None:
    scope = Scope(law.vocabulary, "installation_year")
    assert (form_of(parse(one, scope)) == form_of(parse(other, scope))) is same


# -- differences --------------------------------------------------------------------------------------------------


def test_a_law_is_the_same_as_itself() -> None:
    for name in ("current", "offset-limit-5", "known:2016-03-01", "statute"):
        assert compared(name, name).same


def test_a_value_that_a_draft_sets_differs_in_the_years_for_which_it_is_set() -> None:
    found = compared("current", "offset-limit-5")
    (change,) = found.values
    assert (change.parameter, [value for value, _ in change.sides]) == ("offset.quantity_limit", [None, change.sides[1][0]])
    assert [(s.begins, s.ends) for s in change.spans] == [(date(2021, 1, 1), date(2030, 12, 31))]
    assert not found.rules and not found.phases


def test_two_days_of_knowledge_differ_by_what_became_known_between_them() -> None:
    found = compared("known:2024-01-29", "known:2024-01-30")
    caps = {c.key: tuple(v for v, _ in c.sides) for c in found.values if c.parameter == "cap.annual"}
    assert caps == {2024: (161_217_369, 162_087_248), 2025: (158_788_226, 158_223_931)}


def test_the_shelved_plan_differs_by_the_phase_that_governs() -> None:
    (change,) = compared("known:2016-03-01", "known:2016-05-01").phases
    assert change.before is not None and change.after is not None
    assert (change.before.id, change.after.id, change.years) == ("phase_3_2016", "suspension", (2016, 2017))


def test_two_days_in_force_differ_by_what_took_effect_between_them() -> None:
    found = {c.parameter: tuple(v for v, _ in c.sides) for c in compared("on:2024-06-07", "on:2024-06-08", "statute").values}
    assert found["mrv.report_deadline"] == ("04-01", "04-15")
    assert found["allocation.extra_to"] == ("10-01", "08-01")
    assert found["surrender.deadline_last_year"][1] == "10-01"


def test_two_phases_differ_by_what_each_sets() -> None:
    found = {(c.parameter, c.key): tuple(v for v, _ in c.sides) for c in compared("phase_3", "phase_4").values}
    assert found["allocation.base_years", None] == (frozenset({2013, 2014, 2015}), frozenset({2017, 2018, 2019}))
    assert found["allocation.method", None] == (None, "benchmarking")


def test_rules_are_added_removed_and_changed(tmp_path: Path) -> None:
    path = draft(
        tmp_path,
        "d",
        {"repeal": "breach-report-late"},
        {"amend": "shortfall", "value": "max(0, obligation - surrendered_ever)"},
        {"except": "obligation", "rule": {"rule": "relief", "when": "year == 2024", "value": "0", "says": WORDS}},
    )
    found = compared("current", path)
    told = {(c.kind, c.name): c.years for c in found.rules}
    assert set(told) == {(REMOVED, "breach-report-late"), (CHANGED, "shortfall"), (ADDED, "relief")}
    assert told[CHANGED, "shortfall"] == tuple(range(2013, 2031))


def test_a_rule_repealed_from_a_day_differs_from_then_on(tmp_path: Path) -> None:
    (change,) = compared("current", draft(tmp_path, "d", {"repeal": "breach-report-late", "from": "2027-01-01"})).rules
    assert (change.kind, change.years) == (REMOVED, (2027, 2028, 2029, 2030))


def test_authorities_and_readings_are_laws_to_compare() -> None:
    found = {c.parameter for c in compared("seeds", "statute").values}
    assert {"mrv.report_deadline", "surrender.deadline"} <= found
    caps = {(c.parameter, c.key): tuple(v for v, _ in c.sides) for c in compared("current", "cap-2021=decree").values}
    assert caps["cap.annual", 2021][1] == 169_187_227
    assert all(name.startswith("cap.") for name, _ in caps)


# -- the command --------------------------------------------------------------------------------------------------


def test_the_command_tells_both_values_with_their_sources() -> None:
    output = CliRunner().invoke(main, ["law", "diff", "current", "offset-limit-5"], catch_exceptions=False).output
    assert "ICAP factsheet 2025" in output and "Draft: offset units" in output
    found = json.loads(CliRunner().invoke(main, ["law", "diff", "current", "offset-limit-5", "--format", "json"]).output)
    (value,) = found["values"]
    assert (value["one"]["value"], value["other"]["value"]) == (None, "0.05")
    assert value["other"]["cite"] == [{"instrument": "draft-offset-limit-5", "point": "298(8)"}]


@pytest.mark.parametrize(
    ("written", "message"),
    [("offset-limit-6", "did you mean 'offset-limit-5'"), ("on:2024-13-01", "is not a date"), ("cap-2021=none", "does not answer")],
)
def test_a_word_that_names_no_law_is_refused(written: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        side(written)
