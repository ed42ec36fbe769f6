"""Conditions, numbers and aggregates, line by line of DESIGN's "Exact meaning"."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from tests.saying import OWN, bounds, refused, shown, truth, value
from tests.small_law import determined, facts_of, law_of

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
