"""The language of the rules, line by line of DESIGN's "Exact meaning"; how its errors point and what it refuses."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from engine.language import BOOL, NUMBER, ExpressionError, OpenSet, Scope, Type, Unknown, code, compile_node, number, parse, parse_unit
from engine.law import Law
from engine.problems import EngineDefect, InputError
from engine.proving import Conflict, Gap, Prover, Root
from engine.proving.session import Session
from tests.small_law import determined, facts_of, law_of, outcome, tree_of, typed

SITE = "installations: [{{id: A{}}}]"
OWN = "decisions: {{e: {{{}}}}}\nrules: [{}]"


def truth(condition: str, cells: str = "", more: str = "") -> Any:
    """What a condition comes to for an installation with these cells: True, False or `?`."""
    return shown(outcome("type: bool", f'[{{when: "{condition}"}}]', SITE.format(cells and ", " + cells), more))


def value(expression: str, cells: str = "", kind: str = "type: number", more: str = "", facts: str = "") -> Any:
    return outcome(kind, f'[{{value: "{expression}"}}]', facts or SITE.format(cells and ", " + cells), more)


def shown(found: Any) -> Any:
    return "?" if isinstance(found, Unknown) else found


def bounds(found: Any) -> tuple[Any, Any]:
    assert isinstance(found, Unknown)
    return found.low, found.high


def refused(text: str, expect: Type | None = None, entity: str = "site_year", more: str = "{}") -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        typed(text, expect, entity, more)
    return caught.value


def pointed_at(text: str, expect: Type | None = None) -> str:
    """The characters of ``text`` that its error points at."""
    error = refused(text, expect)
    return text[error.column : error.column + error.length]


# -- a decision is a value, unknown, a gap or a conflict ------------------------------------------------------------------


def test_a_decision_has_the_value_of_the_rule_that_holds() -> None:
    assert value("installation.count + 1", "count: 2") == 3


def test_an_unknown_decision_names_the_missing_leaf() -> None:
    found = value("installation.count + 1")
    assert [str(cause) for cause in found.causes] == ["installations.count[A]"]


def test_a_decision_of_which_every_rule_fails_is_a_gap() -> None:
    assert outcome("type: number", '[{when: "false", value: 1}]') == Gap()


def test_a_condition_of_which_every_rule_fails_is_false() -> None:
    assert outcome("type: bool", '[{when: "false"}, {when: "1 > 2"}]') is False


def test_a_condition_is_true_if_one_rule_holds_though_another_is_open() -> None:
    assert outcome("type: bool", '[{when: installation.active}, {when: "true"}]') is True


def test_a_condition_is_open_while_a_rule_is_open_and_none_holds() -> None:
    assert shown(outcome("type: bool", '[{when: installation.active}, {when: "false"}]')) == "?"


def test_two_rules_with_two_values_are_a_conflict() -> None:
    found = outcome("type: number", "[{value: 1}, {value: 2}]")
    assert isinstance(found, Conflict) and found.rules == ("r0", "r1")


def test_two_rules_with_one_value_are_no_conflict() -> None:
    assert outcome("type: number", "[{value: 1}, {value: 2 - 1}]") == 1


def test_a_value_waits_for_an_open_rule_with_another_value() -> None:
    assert shown(outcome("type: number", "[{value: 1}, {when: installation.active, value: 2}]")) == "?"


def test_a_value_does_not_wait_for_an_open_rule_with_the_same_value() -> None:
    assert outcome("type: number", "[{value: 1}, {when: installation.active, value: 1}]") == 1


def test_a_gap_or_a_conflict_is_unknown_to_those_who_depend_on_it() -> None:
    gap = OWN.format("type: number", '{rule: x, decides: e, when: "false", value: 1}')
    assert [c.kind for c in value("e + 1", more=gap).causes] == ["gap"]
    conflict = OWN.format("type: number", "{rule: x, decides: e, value: 1}, {rule: y, decides: e, value: 2}")
    assert [c.kind for c in value("e + 1", more=conflict).causes] == ["conflict"]


def test_an_unknown_without_a_missing_leaf_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "parameter", lambda *_: Unknown(frozenset()))
    q = "{parameters: {q: {type: bool, governed_by: year_end}}, values: {q: {value: true}}}"
    with pytest.raises(EngineDefect):
        truth("q", more=q)


# -- exceptions -------------------------------------------------------------------------------------------------------------


def excepted(when: str, default: int, exception: int, active: str = "unknown") -> Any:
    rules = f"[{{rule: a, value: {default}}}, {{rule: b, when: {when}, value: {exception}, exception_to: a}}]"
    return shown(outcome("type: number", rules, SITE.format(f", active: {active}")))


def test_an_exception_that_holds_displaces_its_default() -> None:
    assert excepted("installation.active", 1, 2, "true") == 2


def test_an_exception_that_fails_leaves_its_default() -> None:
    assert excepted("installation.active", 1, 2, "false") == 1


def test_an_open_exception_blocks_its_default() -> None:
    assert excepted("installation.active", 1, 2) == "?"


def test_an_open_exception_that_agrees_does_not_block() -> None:
    assert excepted("installation.active", 1, 1) == 1


def test_an_exception_to_the_exception_restores_the_default() -> None:
    rules = "[{rule: a, value: 1}, {rule: b, value: 2, exception_to: a}, {rule: c, value: 1, exception_to: b}]"
    assert outcome("type: number", rules) == 1


def test_an_open_exception_to_an_exception_is_heard_by_the_default() -> None:
    rules = "[{rule: a, value: 1}, {rule: b, value: 2, exception_to: a}, {rule: c, when: installation.active, value: 2, exception_to: b}]"
    assert isinstance(outcome("type: number", rules, SITE.format(", active: true")), Conflict)
    assert shown(outcome("type: number", rules)) == "?"


@pytest.mark.parametrize("above", [("b", "a"), ("a", "a")])
def test_exceptions_in_a_circle_are_refused(above: tuple[str, str]) -> None:
    first, second = above
    rules = f"[{{rule: a, value: 1, exception_to: {first}}}, {{rule: b, value: 2, exception_to: {second}}}]"
    with pytest.raises(InputError):
        outcome("type: number", rules)


def test_an_exception_to_a_rule_of_another_decision_is_refused() -> None:
    more = OWN.format("type: number", "{rule: x, decides: e, value: 1}")
    with pytest.raises(InputError, match="does not decide the same thing"):
        outcome("type: number", "[{value: 2, exception_to: x}]", more=more)


@pytest.mark.parametrize("number", [1, 6, 7, 12])
def test_what_holds_is_certain_however_many_rules_are_open(number: int) -> None:
    open_ones = "".join(f", {{when: installation.signed == {i}, value: VALUE}}" for i in range(number))
    assert outcome("type: bool", f"[{{value: true}}{open_ones}]".replace("VALUE", "true")) is True
    assert outcome("type: number", f"[{{value: 1}}{open_ones}]".replace("VALUE", "1")) == 1
    found = sectors(f"[{{value: power}}{open_ones}]".replace("VALUE", "oil"))
    assert isinstance(found, OpenSet) and (set(found.members), set(found.possible)) == ({"power"}, {"oil"})


@pytest.mark.parametrize("number", [1, 5])
def test_open_rules_that_agree_with_an_exception_do_not_hide_it(number: int) -> None:
    open_ones = "".join(f", {{when: installation.signed == {i}, value: 2}}" for i in range(number))
    assert outcome("type: number", f"[{{rule: a, value: 1}}, {{rule: b, value: 2, exception_to: a}}{open_ones}]") == 2


# -- sets -------------------------------------------------------------------------------------------------------------------


def sectors(rules: str, cells: str = "") -> Any:
    return outcome("type: set, codes: sectors", rules, SITE.format(cells and ", " + cells))


def test_each_rule_that_holds_adds_its_code_to_a_set() -> None:
    assert sectors("[{value: power}, {value: oil}, {when: 'false', value: cement}]") == {"power", "oil"}


def test_an_open_rule_leaves_its_code_in_doubt_but_not_the_others() -> None:
    found = sectors("[{value: power}, {when: installation.active, value: oil}]")
    assert isinstance(found, OpenSet) and found.members == {"power"} and found.possible == {"oil"}


def test_a_set_with_an_unknown_member_is_not_known() -> None:
    found = sectors("[{value: power}, {value: installation.sector}]")
    assert isinstance(found, OpenSet) and found.members == {"power"} and {"oil", "cement"} <= found.possible


SET = OWN.format(
    "type: set, codes: sectors", "{rule: x, decides: e, value: power}, {rule: y, decides: e, when: installation.active, value: oil}"
)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("power in e", True),
        ("oil in e", "?"),
        ("cement in e", False),
        ("cement not in e", True),
        ("some(e)", True),
        ("any(s == power for s in e)", True),
    ],
)
def test_what_is_certain_of_an_open_set(condition: str, expected: Any) -> None:
    assert truth(condition, more=SET) == expected


def test_the_members_of_an_open_set_can_be_counted() -> None:
    assert bounds(value("count(s for s in e)", more=SET)) == (1, 2)


def test_nothing_is_in_the_empty_set_not_even_what_is_unknown() -> None:
    empty = OWN.format("type: set, codes: sectors", "{rule: x, decides: e, when: 'false', value: power}")
    assert truth("installation.sector in e", more=empty) is False


# -- absence and none -------------------------------------------------------------------------------------------------------


def test_an_absent_measurement_is_unknown_and_at_least_its_minimum() -> None:
    found = value("emissions[co2].tonnes", kind="type: number, unit: tCO2")
    assert bounds(found) == (0, None) and "emissions[A, 2023, co2]" in {str(c) for c in found.causes}


def test_an_absent_record_is_none() -> None:
    assert truth("output[clinker].quantity == none") is True


def test_a_withheld_table_leaves_it_open_what_happened() -> None:
    facts = "{installations: [{id: A}], reports: unknown}"
    assert bounds(value("count(r for r in reports)", facts=facts)) == (None, None)


@pytest.mark.parametrize(
    "condition", ["installation.limit > 1", "installation.limit < 1", "installation.limit <= 1 or installation.limit >= 1"]
)
def test_none_is_neither_less_nor_more_than_anything(condition: str) -> None:
    assert truth(condition, "limit: none") is False


def test_none_differs_from_every_value() -> None:
    assert truth("installation.limit != 1", "limit: none") is True
    assert truth("installation.second == power", "second: none") is False


def test_none_equals_none() -> None:
    assert truth("installation.limit == none", "limit: none") is True


def test_a_nullable_unknown_may_be_none() -> None:
    assert truth("installation.limit == none") == "?"
    assert truth("installation.limit >= 0") == "?"


def test_default_stands_in_for_none() -> None:
    assert value("default(installation.limit, 7)", "limit: none") == 7


def test_the_bounds_of_default_allow_for_its_stand_in() -> None:
    assert bounds(value("default(installation.limit, installation.signed)", "signed: -5")) == (-5, None)


def test_none_in_arithmetic_has_no_result_and_so_no_bounds() -> None:
    assert truth("installation.limit + 1 > 0", "limit: none") == "?"
    assert truth("installation.limit + 1 > 0") == "?"


def test_given_and_not_none_are_the_same_question() -> None:
    q = "{parameters: {q: {type: number, governed_by: year_end, keyed_by: sectors}}, values: {q: {power: {value: {about: 5, to: 1}}}}}"
    assert truth("given(q[power])", more=q) is truth("q[power] != none", more=q) is True


def test_what_is_never_none_is_not_compared_with_none() -> None:
    assert "'installation.count' is never none" in refused("installation.count == none").message


def test_none_is_not_ordered() -> None:
    assert "neither less nor more" in refused("installation.limit < none").message


@pytest.mark.parametrize(
    "text", ["installation.flag", "not installation.flag", "installation.flag or true", "1 if installation.flag else 2"]
)
def test_a_condition_that_may_be_none_is_refused(text: str) -> None:
    wanted = BOOL if "else" not in text else NUMBER
    assert refused(text, wanted).message == "'installation.flag' may be none, but a condition is wanted: use default(…, value)"


def test_default_makes_a_condition_of_what_may_be_none() -> None:
    assert truth("default(installation.flag, false)", "flag: none") is False


def test_a_decision_that_is_never_none_does_not_take_a_value_that_may_be() -> None:
    more = OWN.format("type: number", "{rule: x, decides: e, value: installation.limit}")
    with pytest.raises(InputError, match="none"):
        truth("e > 5", "limit: none", more)


def test_min_and_max_do_not_take_what_may_be_none() -> None:
    assert "none" in refused("min(installation.limit, installation.signed)").message


def test_the_day_of_a_lookup_is_never_none() -> None:
    more = "{parameters: {q: {type: number, governed_by: year_end}}}"
    assert "none" in refused("q @ installation.closed", more=more).message


def test_a_parameter_that_is_never_none_does_not_take_none() -> None:
    with pytest.raises(InputError, match="none"):
        law_of("{parameters: {q: {type: number, governed_by: year_end}}, values: {q: {value: none}}}")


def test_a_key_may_be_said_to_have_no_value() -> None:
    q = "{parameters: {q: {type: number, governed_by: year_end, keyed_by: sectors}}, values: {q: {power: {value: none}}}}"
    assert truth("q[power] == none", more=q) is truth("q[oil] == none", more=q) is True


def test_a_relation_is_by_columns_that_are_there() -> None:
    with pytest.raises(InputError, match="'units' has no column 'gone'"):
        law_of("""
        entities:
          site_year: {row: installation, table: installations, years: true, governed_by: year_end, relations: {lots: {entity: lot, where: {gone: installation.id}}}}
          lot: {row: lot, table: units, of: site_year, where: {installation: installation.id}, governed_by: year_end}
        """)


def test_no_entity_is_a_part_of_itself() -> None:
    with pytest.raises(InputError, match="lot is a part of itself: lot -> lot"):
        law_of("{entities: {lot: {row: lot, table: units, of: lot, where: {installation: lot.id}, governed_by: year_end}}}")


# -- strong Kleene ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("installation.active and false", False), ("installation.active and true", "?"), ("installation.active or true", True),
        ("installation.active or false", "?"), ("not installation.active", "?"), ("installation.active or not installation.active", "?"),
        ("installation.active and not installation.active", "?"), ("installation.signed == installation.signed", "?"),
        ("installation.signed != installation.signed", "?"), ("installation.signed <= installation.signed", "?"),
        ("installation.sector == installation.sector", "?"), ("installation.sector in (power, oil, cement)", "?"), ("installation.sector != power", "?"),
        ("installation.active == installation.active", "?"),
    ],
)  # fmt: skip
def test_strong_kleene(condition: str, expected: Any) -> None:
    assert truth(condition) == expected


def test_a_conditional_whose_test_is_unknown_has_the_common_value_of_its_branches() -> None:
    assert value("(2 if installation.active else 1 + 1)") == 2


def test_a_conditional_whose_test_is_unknown_is_bounded_by_its_branches() -> None:
    assert bounds(value("(2 if installation.active else 5)")) == (2, 5)
    assert truth("(2 if installation.active else 5) > 1") is True


def test_codes_of_a_conditional_agree_too() -> None:
    light = "type: code, codes: lights"
    assert value("(red if installation.active else red)", kind=light) == "red"
    assert shown(value("(red if installation.active else green)", kind=light)) == "?"


# -- numbers, bounds and exactness ------------------------------------------------------------------------------------------


def test_a_comparison_is_decided_as_soon_as_the_bounds_decide_it() -> None:
    assert truth("installation.owed >= 0") is True
    assert truth("installation.owed + 5 > 4") is True
    assert truth("installation.owed == -1") is False
    assert truth("installation.owed > 0") == "?"


def test_decimals_are_exact() -> None:
    assert value("0.985 * 1000") == 985
    assert value("0.1 + 0.2 - 0.3") == 0
    assert value("0.985") == Fraction(985, 1000)
    assert isinstance(value("0.985"), Fraction)


def test_a_decimal_longer_than_a_float_is_exact() -> None:
    assert value("0.1234567890123456789012345678901234567 * 10") == Fraction("1.234567890123456789012345678901234567")


def test_quotients_are_exact_until_a_declared_rounding() -> None:
    assert value("1 / 3 + 1 / 3 + 1 / 3") == 1
    assert value("round_half_up(5 / 2)") == 3 and value("round_half_up(-5 / 2)") == -3
    assert value("floor(-5 / 2)") == -3 and value("ceil(-5 / 2)") == -2


def test_one_tonne_among_twenty_million_is_a_shortfall_of_one() -> None:
    assert value("max(0, 20000001 - 20000000)") == 1


@pytest.mark.parametrize("edge", [2**53 + 1, 2**62, 2**63 - 1, 2**63, 2**63 + 1, 10**30])
def test_huge_integers_are_told_from_their_neighbours(edge: int) -> None:
    cells = f"signed: {edge}"
    assert truth(f"installation.signed > {edge - 1}", cells) is True
    assert truth(f"installation.signed > {edge}", cells) is False
    assert truth(f"installation.signed == {edge}", cells) is True
    assert truth(f"installation.signed < {edge + 1}", cells) is True
    assert truth(f"-installation.signed < -{edge - 1}", cells) is True


def test_the_tiniest_margin_decides() -> None:
    assert truth("installation.signed > 1 / 3", "signed: 0.3333333333333333333333333333333333333334") is True
    assert truth("installation.signed > 1 / 3", "signed: 0.3333333333333333333333333333333333333333") is False


def test_a_known_zero_times_an_unknown_is_zero() -> None:
    assert value("0 * installation.signed") == 0


def test_a_rounded_figure_is_an_interval() -> None:
    q = "{parameters: {q: {type: number, governed_by: year_end}}, values: {q: {value: {about: 162100000, to: 100000}}}}"
    assert bounds(value("q", more=q)) == (162050000, 162150000)
    assert truth("q > 162000000", more=q) is True and truth("q > 162100000", more=q) == "?"


def test_a_truncated_figure_lies_above_what_is_printed() -> None:
    q = "{parameters: {q: {type: number, governed_by: year_end}}, values: {q: {value: {about: 5, to: 1, how: truncated}}}}"
    assert bounds(value("q", more=q)) == (5, 6)


# -- aggregates -------------------------------------------------------------------------------------------------------------


def lots(*cells: str) -> str:
    rows = ", ".join(f"{{id: U{i}, installation: A, {c}}}" for i, c in enumerate(cells))
    return f"{{installations: [{{id: A}}], units: [{rows}]}}"


UNITS = "type: number, unit: allowance"


def test_one_doubtful_lot_only_widens_the_sum() -> None:
    facts = lots("quantity: 100, good: true", "quantity: 10")
    assert bounds(value("sum(u.quantity for u in lots if u.good)", kind=UNITS, facts=facts)) == (100, 110)


def test_one_doubtful_lot_does_not_hide_a_tenfold_surplus() -> None:
    need = "{parameters: {q: {type: number, unit: allowance, governed_by: year_end}}, values: {q: {value: 10}}}"
    facts = lots("quantity: 100, good: true", "quantity: 1")
    assert value("sum(u.quantity for u in lots if u.good) >= q", kind="type: bool", facts=facts, more=need) is True


def test_empty_aggregates() -> None:
    assert value("sum(u.quantity for u in lots)", kind=UNITS) == 0
    assert value("count(u for u in lots)") == 0
    assert truth("any(u.good for u in lots)") is False
    assert truth("all(u.good for u in lots)") is True
    assert value("max((u.quantity for u in lots), default=0)", kind=UNITS) == 0


def test_min_and_max_over_rows_need_a_default() -> None:
    assert "needs `default=`" in refused("max(u.quantity for u in lots)").message
    assert "takes no named argument" in refused("sum((u.quantity for u in lots), default=0)").message


def test_a_doubtful_member_moves_an_extreme_outwards_only() -> None:
    facts = lots("quantity: 5, good: true", "quantity: 9")
    assert bounds(value("max((u.quantity for u in lots if u.good), default=0)", kind=UNITS, facts=facts)) == (5, 9)
    assert value("min((u.quantity for u in lots if u.good), default=0)", kind=UNITS, facts=facts) == 5


def test_an_extreme_passes_over_none_and_knows_that_an_unknown_may_be_none() -> None:
    kind = UNITS
    assert value("max((u.bonus for u in lots), default=0)", kind=kind, facts=lots("bonus: none", "bonus: -3")) == -3
    assert bounds(value("max((u.bonus for u in lots), default=0)", kind=kind, facts=lots("quantity: 1")))[0] is None


def test_any_and_all_are_decided_by_one_certain_member() -> None:
    facts = lots("good: true", "quantity: 1")
    assert value("any(u.good for u in lots)", kind="type: bool", facts=facts) is True
    assert shown(value("all(u.good for u in lots)", kind="type: bool", facts=facts)) == "?"


TWO = """{operators: [{id: O}], installations: [{id: A, operator: O, count: 1}, {id: B, operator: O, count: 2}],
  units: [{id: U, installation: A, quantity: 5}, {id: V, installation: B, quantity: 7}],
  emissions: [{installation: A, year: 2022, gas: co2, tonnes: 5}, {installation: A, year: 2023, gas: co2, tonnes: 7}]}"""


def test_the_parts_of_another_site_are_its_own() -> None:
    assert value("sum(sum(l.quantity for l in s.lots) for s in sites)", kind=UNITS, facts=TWO) == 12


def test_the_rows_of_another_year_are_those_of_that_year() -> None:
    text = "sum(e.emissions[co2].tonnes for e in earlier if e.year == 2022)"
    assert value(text, kind="type: number, unit: tCO2", facts=TWO) == 5


def test_the_sites_of_another_year_are_those_of_that_year() -> None:
    assert value("max((max((s.year for s in e.sites), default=0) for e in earlier), default=0)", facts=TWO) == 2022


def test_the_parts_of_a_part_are_its_own() -> None:
    """Two lots of which each has its own shares; a lot asks for its shares, a share for its siblings, the site for all."""
    law = law_of("""
    tables: {shares: {key: [id], absent: none, columns: {id: {type: id, required: true}, unit: {type: ref, to: units, required: true}}}}
    entities:
      site_year: {row: installation, table: installations, years: true, governed_by: year_end, relations: {shares: {entity: share}}}
      lot: {row: lot, table: units, of: site_year, where: {installation: installation.id}, governed_by: year_end,
            relations: {shares: {entity: share}, siblings: {entity: lot}}}
      share: {row: share, table: shares, of: lot, where: {unit: lot.id}, governed_by: year_end, relations: {siblings: {entity: share}}}
    decisions: {all_shares: {type: number}, lot.n: {type: number}, lot.beside: {type: number}, share.beside: {type: number}}
    rules:
      - {rule: a, decides: all_shares, value: count(s for s in shares)}
      - {rule: b, decides: lot.n, value: count(s for s in lot.shares)}
      - {rule: c, decides: lot.beside, value: count(l for l in siblings)}
      - {rule: d, decides: share.beside, value: count(s for s in siblings)}
    """)
    text = """{installations: [{id: A}], units: [{id: U, installation: A}, {id: V, installation: A}],
      shares: [{id: S1, unit: U}, {id: S2, unit: V}, {id: S3, unit: V}]}"""
    found = determined(law, facts_of(law.vocabulary, text))
    assert found.outcomes["all_shares"] == 3
    assert [(outcomes["n"], outcomes["beside"]) for _, outcomes in found.parts["lot"]] == [(1, 2), (2, 2)]
    assert [outcomes["beside"] for _, outcomes in found.parts["share"]] == [1, 2, 2]


def test_a_path_that_names_its_row_reads_the_column() -> None:
    law = law_of(
        "{decisions: {lot.n: {type: number, unit: allowance}}, rules: [{rule: x, decides: lot.n, value: sum(u.quantity for u in same_plan)}]}"
    )
    facts = facts_of(law.vocabulary, lots("quantity: 5, plan: plan_b", "quantity: 7, plan: plan_a"))
    assert [outcomes["n"] for _, outcomes in determined(law, facts).parts["lot"]] == [5, 7]


@pytest.mark.parametrize("name", ["site_year", "installation", "e", "lots", "year", "plan", "q", "none", "true"])
def test_a_loop_variable_does_not_hide_what_a_name_means_already(name: str) -> None:
    more = """
    decisions: {e: {type: number}}
    parameters: {q: {type: number, governed_by: year_end}}
    """
    assert f"'{name}' is already taken" in refused(f"count({name} for {name} in sites)", more=more).message


def test_in_a_loop_an_own_decision_is_still_the_own_one() -> None:
    more = OWN.format("type: number", "{rule: x, decides: e, value: installation.count}")
    assert value("count(s for s in sites if e > 1)", facts=TWO, more=more) == 0
    assert value("count(s for s in sites if s.e > 1)", facts=TWO, more=more) == 1


def test_a_loop_variable_is_not_reused_inside() -> None:
    assert "already taken" in refused("sum(sum(u.quantity for u in lots) for u in lots)").message


@pytest.mark.parametrize("text", ["sum(u.quantity for u in lots if u.good if u.good)", "sum(u.quantity for u in lots for w in lots)"])
def test_one_for_and_one_if(text: str) -> None:
    assert "one `for`" in refused(text).message


def test_only_declared_groups_are_looped_over() -> None:
    assert "`for` goes over related rows or a set" in refused("count(x for x in installation.count)").message


# -- look-ups and governing dates -------------------------------------------------------------------------------------------

KEYED = """
parameters:
  q: {type: number, governed_by: year_end, keyed_by: sectors}
  y: {type: number, governed_by: year_end, keyed_by: year}
  at: {type: number, governed_by: started}
governing_dates: {year_end: "date(year, 12, 31)", trade_day: trade.on, started: installation.started}
values:
  q: {power: {value: 1}, oil: {value: unknown}}
  y: {2023: {value: 3}}
  at: [{value: 1, to: 2020-01-01}, {value: 2, from: 2020-01-01}]
"""


def test_a_key_that_is_not_listed_is_none_and_one_without_a_value_is_unknown() -> None:
    assert truth("q[cement] == none", more=KEYED) is True
    assert truth("q[power] == none", more=KEYED) is False
    assert shown(value("default(q[oil], 0)", more=KEYED)) == "?"


def test_a_year_without_a_value_is_unknown() -> None:
    assert value("default(y[year], 0)", more=KEYED) == 3
    assert [c.kind for c in value("default(y[year - 1], 0)", more=KEYED).causes] == ["parameter"]


def test_an_unknown_key_has_what_all_keys_have_in_common() -> None:
    q = "{parameters: {q: {type: number, governed_by: year_end, keyed_by: sectors}}, values: {q: {power: {value: 5}, oil: {value: 5}, cement: {value: 5}}}}"
    assert value("default(q[installation.sector], 0)", more=q) == 5


def test_an_unknown_key_that_may_be_none_may_have_no_value() -> None:
    q = "{parameters: {q: {type: number, governed_by: year_end, keyed_by: sectors}}, values: {q: {power: {value: 5}, oil: {value: 5}, cement: {value: 5}}}}"
    assert bounds(value("default(q[installation.second], 0)", more=q)) == (0, 5)


def test_a_lookup_by_a_fact_s_own_date_follows_the_fact() -> None:
    assert value("at", "started: 2019-12-31", more=KEYED) == 1
    assert value("at", "started: 2020-01-01", more=KEYED) == 2
    assert shown(value("at", more=KEYED)) == "?"


def test_a_parameter_can_be_asked_for_at_another_date() -> None:
    assert value("at @ date(2019, 1, 1)", more=KEYED) == 1
    assert "parameter @ date" in refused("installation.count @ date(2019, 1, 1)").message


def test_a_rule_in_force_from_a_day_of_the_facts_is_judged_on_that_day() -> None:
    rules = "[{value: 1, in_force: {to: 2020-01-01}, governed_by: started}, {value: 2, in_force: {from: 2020-01-01}, governed_by: started}]"
    for started, expected in (("2019-12-31", 1), ("2020-01-01", 2), ("unknown", "?")):
        assert shown(outcome("type: number", rules, SITE.format(f", started: {started}"), KEYED)) == expected


def test_a_governing_date_may_be_a_deadline_that_the_law_sets() -> None:
    more = """
    parameters: {due: {type: month_day, governed_by: year_end}}
    values: {due: {value: "04-01"}}
    governing_dates: {year_end: "date(year, 12, 31)", trade_day: trade.on, due_day: "day(due, year + 1)"}
    """
    assert outcome("type: bool", "[{governed_by: due_day, in_force: {from: 2024-04-01}}]", more=more) is True


def test_a_governing_date_that_depends_on_itself_is_refused() -> None:
    more = """
    parameters: {due: {type: month_day, governed_by: due_day}}
    governing_dates: {year_end: "date(year, 12, 31)", trade_day: trade.on, due_day: "day(due, year)"}
    """
    assert "depends on itself: due_day -> due_day" in refused("day(due, year)", more=more).message


def test_a_lookup_is_remembered_for_its_own_node_only() -> None:
    law = law_of(
        "{parameters: {q: {type: number, governed_by: year_end}, w: {type: number, governed_by: year_end}}, values: {q: {value: 1}, w: {value: 2}}}"
    )
    env = Prover(law, law.select(), facts_of(law.vocabulary, "installations: [{id: A}]")).session(Root("site_year", ("A",), 2023)).main.env
    scope = Scope(law.vocabulary, "site_year")
    for _ in range(200):
        assert [compile_node(parse(name, scope))(env) for name in ("q", "w", "q", "w")] == [1, 2, 1, 2]


def test_a_trade_is_governed_by_the_law_of_its_day() -> None:
    law = law_of("""
    decisions: {trade.d: {type: number}}
    rules: [{rule: a, decides: trade.d, value: 1, in_force: {to: 2023-06-15}}, {rule: b, decides: trade.d, value: 2, in_force: {from: 2023-06-15}}]
    """)
    facts = facts_of(law.vocabulary, "{installations: [{id: A}], trades: [{id: T, on: 2023-06-14}, {id: W, on: 2023-06-15}]}")
    assert determined(law, facts, "T", 2023, "trade").outcomes["d"] == 1
    assert determined(law, facts, "W", 2023, "trade").outcomes["d"] == 2


def test_decisions_that_depend_on_each_other_are_refused() -> None:
    with pytest.raises(InputError, match="in a circle: d -> e -> d"):
        truth("e", more=OWN.format("type: bool", "{rule: x, decides: e, when: d}"))


# -- dates ------------------------------------------------------------------------------------------------------------------


def test_dates_compare_and_have_a_year() -> None:
    assert truth("installation.started <= date(year, 12, 31)", "started: 2023-12-31") is True
    assert truth("installation.started < date(year, 12, 31)", "started: 2023-12-31") is False
    assert value("year_of(installation.started) - 3", "started: 2023-12-31") == 2020


def test_min_of_dates_is_the_earlier() -> None:
    assert value("min(installation.started, date(2023, 6, 15))", "started: 2023-12-31", "type: date") == date(2023, 6, 15)


def test_an_unknown_event_is_not_after_the_day_that_is_asked_about() -> None:
    facts = "{as_of: 2023-07-01, installations: [{id: A}], reports: [{installation: A}]}"
    assert value("all(r.submitted <= date(2023, 12, 31) for r in reports)", kind="type: bool", facts=facts) is True


@pytest.mark.parametrize("text", ["date(2023, 2, 30)", "date(0, 1, 1)", "date(2023, 13, 1)", "date(10000, 1, 1)"])
def test_a_day_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises((ExpressionError, InputError)):
        value(text, kind="type: date")


def test_the_parts_of_a_date_are_whole() -> None:
    assert "there is no such day" in refused("date(2020.5, 1, 1)").message
    assert "written as numbers" in refused("date(2020, installation.count, 1)").message


def test_a_day_of_a_year_that_is_known_later_exists_in_every_year() -> None:
    assert "no such day in every year" in refused("date(year, 2, 29)").message
    typed("date(2024, 2, 29)")


@pytest.mark.parametrize("year", ["2020.5", "0", "-1", "10000"])
def test_a_year_that_the_calendar_does_not_have_is_named(year: str) -> None:
    found = value("date(installation.signed, 1, 1)", f"signed: {year}", "type: date")
    assert [(c.kind, c.name) for c in found.causes] == [("none", f"date({year}, 1, 1)")]
    law = "{parameters: {q: {type: month_day, governed_by: year_end}}, values: {q: {value: '04-01'}}}"
    found = value("day(q, installation.signed)", f"signed: {year}", "type: date", law)
    assert [c.name for c in found.causes] == [f"date({year}, 4, 1)"]


# -- units ------------------------------------------------------------------------------------------------------------------

BENCH = """
parameters:
  bench: {type: number, unit: tCO2/product, governed_by: year_end, keyed_by: products}
  rate: {type: number, unit: MCI/tCO2, governed_by: year_end}
  mci: {type: number, unit: KZT/MCI, governed_by: year_end}
  none_of: {type: set, governed_by: year_end}
"""


def test_a_benchmark_times_output_is_in_tonnes() -> None:
    node = typed("bench[clinker] * output[clinker].quantity", number(parse_unit("tCO2")), more=BENCH)
    assert str(node.type.unit) == "tCO2"


def test_a_rate_times_tonnes_times_the_index_is_in_tenge() -> None:
    assert str(typed("emissions[co2].tonnes * rate * mci", more=BENCH).type.unit) == "KZT"


@pytest.mark.parametrize(
    "text",
    ["emissions[co2].tonnes + mci", "emissions[co2].tonnes - output[clinker].quantity", "emissions[co2].tonnes > 5", "max(emissions[co2].tonnes, mci)",
     "emissions[co2].tonnes == installation.count", "(emissions[co2].tonnes if true else mci)"],
)  # fmt: skip
def test_different_units_do_not_meet(text: str) -> None:
    message = refused(text, more=BENCH).message
    assert "cannot" in message or "is wanted" in message


def test_zero_has_every_unit() -> None:
    assert str(typed("max(0, emissions[co2].tonnes)").type.unit) == "tCO2"
    typed("emissions[co2].tonnes > 0")


def test_a_decision_in_tonnes_does_not_take_tenge() -> None:
    assert "'mci' is in KZT/MCI, but tCO2 is wanted" in refused("mci", number(parse_unit("tCO2")), more=BENCH).message


def test_a_quantity_with_a_unit_is_in_no_set_of_plain_numbers() -> None:
    assert "tCO2" in refused("emissions[co2].tonnes in none_of", more=BENCH).message


def test_only_the_law_divides() -> None:
    assert "divisor must be a number or a parameter" in refused("1 / installation.count").message


def test_nothing_is_divided_by_zero() -> None:
    assert "zero" in refused("1 / 0").message
    assert "zero" in refused("1 / 0.00").message


# -- codes ------------------------------------------------------------------------------------------------------------------


def test_a_bare_code_is_recognised_by_what_it_is_compared_with() -> None:
    assert truth("installation.sector == power", "sector: power") is True
    assert truth("power == installation.sector", "sector: power") is True
    assert truth("installation.sector in (oil, power)", "sector: power") is True


def test_a_code_does_not_hide_a_value_of_the_same_name() -> None:
    more = (
        OWN.format("type: code, codes: sectors", "{rule: x, decides: e, value: oil}")
        .replace("{e:", "{power:")
        .replace("decides: e", "decides: power")
    )
    assert "both a code of 'sectors' and the name of another value" in refused("installation.sector == power", more=more).message
    typed("installation.sector == oil", more=more)
    typed("power == oil", more=more)


def test_a_code_is_told_from_a_value_that_could_not_stand_there() -> None:
    more = OWN.format("type: bool", "{rule: x, decides: e}").replace("{e:", "{power:").replace("decides: e", "decides: power")
    assert truth("installation.sector == power and power", "sector: power", more) is True


@pytest.mark.parametrize("name", ["none", "unknown", "undetermined", "true", "phase-3", "or", "1st", "a b"])
def test_a_code_is_an_identifier_and_no_word_of_the_language(name: str) -> None:
    with pytest.raises(InputError, match="is no name for a code"):
        law_of(f"codes: {{odd: {{members: {{'{name}': {{}}}}}}}}")


def test_a_misspelt_code_is_answered_with_the_nearest() -> None:
    error = refused("installation.sector == powr")
    assert error.message == "'powr' is not in the code list 'sectors': did you mean 'power'?"
    assert (error.column, error.length) == (23, 4)


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    assert (
        "'installation.activ' is not defined" in refused("installation.activ").message
        or "did you mean 'active'?" in refused("installation.activ").message
    )
    assert refused("sume(u.quantity for u in lots)").message.startswith("sume() does not take")
    assert "did you mean 'default'?" in refused("defaults(installation.limit, 1)").message


def test_codes_of_different_lists_do_not_meet() -> None:
    assert "code of sectors" in refused("any(r.light == installation.sector for r in reports)").message


def test_codes_are_not_quoted_and_texts_are_not_allowed() -> None:
    assert "without quotes" in refused('installation.sector == "power"').message


def test_a_hyphen_subtracts() -> None:
    refused("installation.sector == power-oil")


# -- errors point right -----------------------------------------------------------------------------------------------------


def test_an_error_points_at_the_characters_not_the_bytes_after_cyrillic_text() -> None:
    assert pointed_at("жылдық == 1 and installation.foo", None) == "жылдық"
    assert pointed_at("count(ж for ж in lots if ж.good) > 1 and installation.активен") == "installation.активен"
    assert pointed_at("any(қондырғы.good for қондырғы in lots) and қате") == "қате"


def test_an_error_on_a_later_line_is_counted_from_the_start() -> None:
    text = "any(ә.good for ә in lots)\n  and қате_сөз"
    assert pointed_at(text) == "қате_сөз"


@pytest.mark.parametrize(
    "text", ["installation.count >", "installation.count > > 1", "(installation.count", "installation.count)", "", "1 +", "а б"]
)
def test_a_syntax_error_lies_within_the_text(text: str) -> None:
    error = refused(text)
    assert 0 <= error.column <= max(len(text) - 1, 0)


def test_a_syntax_error_after_kazakh_text_points_at_the_character() -> None:
    text = "any(ғұңқөһ.good for ғұңқөһ in lots) and and true"
    assert refused(text).column == text.index("and and") + 4


def rule_error(text: str) -> tuple[int, int]:
    """Line and column at which a rule in a file of its own is refused; ``text`` is the file's rule from `when:` on."""
    written = f"decisions: {{d: {{type: bool}}}}\nrules:\n  - rule: r\n    decides: d\n    cite: {{instrument: act}}\n    says: {{}}\n    {text}\n"
    from engine.law.checking import find_problems
    from engine.law.collecting import _rules as collected
    from engine.law.yaml_files import parse_yaml

    document = parse_yaml(written, "rules.yaml")
    tree = {**tree_of("decisions: {d: {type: bool}}"), "rules": collected(document.data["rules"], None, document)}
    (problem,) = find_problems(Law(tree, "x"), texts=False)
    return problem.line, problem.column


def test_an_error_in_a_rule_points_into_the_file() -> None:
    assert rule_error("when: true and қате") == (7, 20)


def test_an_error_in_a_quoted_rule_points_into_the_file() -> None:
    assert rule_error('when: "true and қате"') == (7, 21)


def test_an_error_in_a_folded_rule_points_at_its_line() -> None:
    assert rule_error("when: >-\n      true\n      and қате") == (9, 11)
    assert rule_error("when: |\n      true\n      and қате\n") == (9, 11)
    assert rule_error("when: true\n      and қате\n") == (8, 11)


def test_an_error_after_an_escape_points_into_the_file() -> None:
    assert rule_error("when: 'true and ''x'' or қате'") == (7, 21)
    assert rule_error(r'when: "true \n and\tқате"') == (7, 25)
    assert rule_error(r'when: "true and \u049bате"') == (7, 21)
    assert rule_error(r'when: "\u0031 == 1 and қате"') == (7, 28)


# -- limits and what is not admitted ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["'a'", "f'{1}'", "lambda: 1", "[1, 2]", "{1: 2}", "(1, 2)", "x := 1", "__import__(1)", "installation.__class__", "1 if true else lambda: 2",
     "installation.count ** 2", "7 // 2", "7 % 2", "1 << 2", "~1", "+1", "1 is 1", "True", "None", "1e5", "0x10", "1j", "...", "0b1", "await x",
     "count(*lots)", "min(*lots)", "(yield 1)", "any([u.good for u in lots])", "sum(u.quantity async for u in lots)", "emissions[co2:ch4].tonnes"],
)  # fmt: skip
def test_what_is_not_listed_is_not_admitted(text: str) -> None:
    refused(text)


def test_python_s_constants_are_answered_with_ours() -> None:
    assert refused("True").message == "write true"
    assert refused("None").message == "write none"


@pytest.mark.parametrize("text", ["true) or (false", "1) + (2", "1), (2", "min)(1, 2", "true) if true else (false", "true) # ("])
def test_parentheses_must_balance(text: str) -> None:
    refused(text)


def test_the_size_of_an_expression_is_bounded() -> None:
    assert "characters" in refused("1 + " * 1000 + "1").message
    assert "too large or too deep" in refused("+".join(["1"] * 500)).message
    assert "too large or too deep" in refused("not " * 100 + "true").message
    refused("(" * 3000)
    refused("-" * 3999 + "1")


def test_the_depth_of_a_default_is_bounded_too() -> None:
    refused("max((u.quantity for u in lots), default=" + "-" * 1500 + "1)")


def test_the_size_of_what_a_keyword_holds_is_bounded_too() -> None:
    refused("max((u.quantity for u in lots), default=" + "+".join(["1"] * 500) + ")")


def test_the_digits_of_a_number_are_bounded() -> None:
    assert "at most 40" in refused("1" * 41).message
    refused("1" * 3999)
    assert typed("1" * 40, NUMBER).type == NUMBER


def test_a_name_may_be_written_in_any_script_and_is_not_executed() -> None:
    assert "not defined" in refused("қазақ.сөз").message


def test_a_null_character_is_an_error_of_the_text() -> None:
    refused("true\0")


def test_the_type_that_is_wanted_is_checked() -> None:
    assert "is wanted" in refused("1", code("sectors")).message
    assert "is wanted" in refused("installation.sector", NUMBER).message
    assert "is wanted" in refused("1 and 2").message


@pytest.mark.parametrize(
    "condition",
    [" and ".join(f"installation.signed != {i}" for i in range(12)), " or ".join(f"installation.signed == {i}" for i in range(12)),
     "not (" + " and ".join(f"not (installation.active and installation.signed > {i})" for i in range(6)) + ")",
     " and ".join(f"(installation.active or installation.signed > {i})" for i in range(9))],
)  # fmt: skip
@pytest.mark.parametrize(("active", "signed"), [("true", "3"), ("false", "20"), ("unknown", "3"), ("false", "unknown"), ("unknown", "-1")])
def test_a_wide_condition_means_what_it_says(condition: str, active: str, signed: str) -> None:
    law = law_of(f'{{decisions: {{d: {{type: bool}}}}, rules: [{{rule: r, decides: d, when: "{condition}"}}]}}')
    facts = facts_of(law.vocabulary, SITE.format(f", active: {active}, signed: {signed}"))
    known = {"true": True, "false": False, "unknown": None}[active], None if signed == "unknown" else int(signed)
    assert shown(determined(law, facts).outcomes["d"]) == kleene(condition, *known)


def kleene(condition: str, active: bool | None, signed: int | None) -> Any:
    """The naive value of the conditions above."""
    import ast

    def look(tree: ast.expr) -> Any:
        if isinstance(tree, ast.BoolOp):
            found = [look(v) for v in tree.values]
            stop = isinstance(tree.op, ast.Or)
            return stop if stop in [v for v in found if v != "?"] else "?" if "?" in found else not stop
        if isinstance(tree, ast.UnaryOp):
            inner = look(tree.operand)
            return "?" if inner == "?" else not inner
        if isinstance(tree, ast.Attribute):
            return "?" if active is None else active
        assert isinstance(tree, ast.Compare)
        limit = int(ast.unparse(tree.comparators[0]))
        if signed is None:
            return "?"
        return {"NotEq": signed != limit, "Eq": signed == limit, "Gt": signed > limit}[type(tree.ops[0]).__name__]

    return look(ast.parse(condition, mode="eval").body)


def test_a_set_may_have_many_rules() -> None:
    rules = "[" + ", ".join(f"{{when: installation.signed == {i}, value: power}}" for i in range(40)) + "]"
    assert sectors(rules, "signed: 39") == {"power"}
