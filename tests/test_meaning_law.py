"""Look-ups, governing dates, dates and units, line by line of DESIGN's "Exact meaning"."""

from __future__ import annotations

from datetime import date

import pytest

from engine.language import ExpressionError, Scope, compile_node, number, parse_unit
from engine.language.grammar import read
from engine.problems import InputError
from engine.proving import Prover, Root
from tests.saying import OWN, SITE, bounds, refused, shown, truth, value
from tests.small_law import determined, facts_of, law_of, outcome, typed

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
        assert [compile_node(read(name, scope, None))(env) for name in ("q", "w", "q", "w")] == [1, 2, 1, 2]  # each a node of its own


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
