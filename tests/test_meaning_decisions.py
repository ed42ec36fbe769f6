"""What a decision comes to, line by line of DESIGN's "Exact meaning": rules, exceptions, sets, what is absent."""

from __future__ import annotations

from typing import Any

import pytest

from engine.language import BOOL, NUMBER, OpenSet, Unknown
from engine.problems import EngineDefect, InputError
from engine.proving import Conflict, Gap
from engine.proving.session import Session
from tests.saying import OWN, SITE, bounds, refused, sectors, shown, truth, value
from tests.small_law import law_of, outcome

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
