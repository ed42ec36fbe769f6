"""Columns against proving on random programs and registers, and on numbers that tempt columns to go wrong.

`KAZETS_TESTS=thorough` runs fifty times as many.
"""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.columns import Decided, decide
from engine.law import Law
from tests.random_cases import random_facts, random_rules, random_values, too_large
from tests.random_texts import BASE_TREE, Pick, picker
from tests.small_law import facts_of, law_of
from tests.test_columns import agree, tables_of
from tests.thorough import THOROUGH, examples

EFFORTS = ("none", "quick")
HUGE = ("9223372036854775807", "9223372036854775808")


def tamed(pick: Pick, content: Any) -> Any:
    """The same facts or values with most numbers beyond 62 bits made small: those are proved, and would hide the rest."""
    if isinstance(content, dict):
        return {key: tamed(pick, value) for key, value in content.items()}
    if isinstance(content, list):
        return [tamed(pick, value) for value in content]
    return pick(["4", "2000000000"]) if content in HUGE and pick(range(30)) else content


@examples(60)
@given(st.randoms(use_true_random=not THOROUGH))
def test_random_programs_come_out_as_proved(randomly: Random) -> None:
    pick = picker(randomly)
    tree: dict[str, Any] = {**BASE_TREE, "rules": tamed(pick, random_rules(pick)), "values": tamed(pick, random_values(pick))}
    law = Law(tree, f"random {randomly.getrandbits(64)}")
    assume(not too_large(law))
    agree(law, facts_of(law.vocabulary, tamed(pick, random_facts(pick))), efforts=EFFORTS)


# -- numbers that tempt ---------------------------------------------------------------------------------------------------


def seen_in_2023(sites: list[dict[str, str]]) -> dict[str, Any]:
    """Facts about installations, each with emissions in 2023."""
    return {
        "as_of": "2025-01-01",
        "installations": [{"id": f"I{n}", **cells} for n, cells in enumerate(sites)],
        "emissions": [{"installation": f"I{n}", "year": 2023, "gas": "co2"} for n in range(len(sites))],
    }


def asked(declared: str, value: str, sites: list[dict[str, str]], more: str = "{}") -> tuple[list[Any], Decided]:
    """The exact values of one decision ``d`` over installations, once columns and proving agree on them."""
    law = law_of(f"decisions: {{d: {{{declared}}}}}", f"rules: [{{rule: r, decides: d, value: '{value}'}}]", more)
    decided = agree(law, facts_of(law.vocabulary, seen_in_2023(sites)), efforts=EFFORTS)
    frame, scale = decided.frames["site_year"].sort("key"), decided.scales["site_year", "d"]
    return [Fraction(number, scale) if number is not None else None for number in frame["d"].to_list()], decided


@pytest.mark.parametrize(("function", "expected"), [
    ("round_half_up", [-2, -1, 0, 1, 2, 3]), ("floor", [-2, -1, 0, 0, 1, 2]), ("ceil", [-1, 0, 0, 1, 2, 3]),
])  # fmt: skip
def test_halves_round_away_from_zero_and_not_to_even(function: str, expected: list[int]) -> None:
    """-3, -1, 0, 1, 3, 5 halves: half-even would give -2, 0, 0, 0, 2, 2, and division that cuts -1 for the floor of -3/2."""
    found, decided = asked(
        "type: number", f"{function}(installation.signed * 0.5)", [{"signed": s} for s in ("-3", "-1", "0", "1", "3", "5")]
    )
    assert found == expected and decided.proved == {}


def test_a_benchmark_in_millionths_loses_nothing() -> None:
    """0.4925 x 200 is 98.5; 1 t less is 98.0075, of which the floor is 98, where 0.4925 as a double times 200 is 98.49999…"""
    found, decided = asked(
        "type: number", "floor(installation.owed * 0.4925 * 2)", [{"owed": o} for o in ("200", "199", "1000000000000.000001")]
    )
    assert found == [197, 196, 985_000_000_000] and decided.proved == {}


def test_a_product_beyond_64_bits_is_computed_in_128() -> None:
    found, decided = asked("type: number", "installation.owed * installation.owed", [{"owed": "4000000000000000000"}, {"owed": "3"}])
    assert found == [16 * 10**36, 9] and decided.proved == {}


def test_a_product_beyond_128_bits_is_proved() -> None:
    text = "installation.owed * installation.owed * installation.owed * 0.5 - installation.owed * installation.owed * installation.owed * 0.5 + 1"
    found, decided = asked("type: number", text, [{"owed": "4000000000000000000"}, {"owed": "3"}])
    assert found == [1, 1] and decided.proved == {"site_year": 2}


def test_only_the_row_with_a_number_beyond_62_bits_is_proved() -> None:
    at, below = 2**62, 2**62 - 1
    found, decided = asked("type: number", "installation.owed + installation.owed", [{"owed": str(at)}, {"owed": str(below)}])
    assert found == [2 * at, 2 * below] and decided.proved == {"site_year": 1}
    assert decided.frames["site_year"].sort("key")["proved"].to_list() == [True, False]


def test_two_constants_that_are_further_apart_than_64_bits_say() -> None:
    text = "(9223372036854775807 if installation.active else -9223372036854775807)"
    found, decided = asked("type: number", text, [{"active": "true"}, {"active": "false"}])
    assert found == [2**63 - 1, 1 - 2**63] and decided.proved == {}


def test_a_sum_over_lots_beyond_64_bits_neither_wraps_nor_rounds() -> None:
    law = law_of(
        "decisions: {d: {type: number, unit: allowance}}", "rules: [{rule: r, decides: d, value: 'sum(l.quantity for l in lots)'}]"
    )
    facts = {
        "as_of": "2025-01-01",
        "installations": [{"id": "A"}, {"id": "B"}, {"id": "C"}],
        "emissions": [{"installation": i, "year": 2023, "gas": "co2"} for i in "ABC"],
        "units": [{"id": f"A{n}", "installation": "A", "quantity": str(2**61)} for n in range(10)]
        + [{"id": "C1", "installation": "C", "quantity": "20000001"}, {"id": "C2", "installation": "C", "quantity": "0.000001"}],
    }
    decided = agree(law, facts_of(law.vocabulary, facts), efforts=EFFORTS)
    frame, scale = decided.frames["site_year"].sort("key"), decided.scales["site_year", "d"]
    assert [Fraction(n, scale) for n in frame["d"].to_list()] == [10 * 2**61, 0, Fraction(20_000_001_000_001, 10**6)]


# -- members that may not belong ------------------------------------------------------------------------------------------

LEAST = law_of(
    """
    phase: {id: p, title: {en: p}, years: {from: 2022, to: 2023}, plan: plan_a}
    decisions:
      first: {type: date, nullable: true}
      last: {type: date, nullable: true}
      first_or_started: {type: date}
      last_or_closed: {type: date, nullable: true}
      least: {type: number, unit: tCO2, nullable: true}
      most: {type: number, unit: tCO2}
      first_before: {type: date, nullable: true}
      last_before: {type: date}
    rules:
    - {rule: r0, decides: first, value: 'min((r.submitted for r in reports if r.verified), default=none)'}
    - {rule: r1, decides: last, value: 'max((r.submitted for r in reports if r.verified and r.light == green), default=none)'}
    - {rule: r2, decides: first_or_started, value: 'min((r.submitted for r in reports if r.verified), default=installation.started)'}
    - {rule: r3, decides: last_or_closed, value: 'max((r.submitted for r in reports if r.light == red), default=installation.closed)'}
    - {rule: r4, decides: least, value: 'min((e.extra for e in emissions if e.tonnes > e.extra), default=none)'}
    - {rule: r5, decides: most, value: 'max((e.extra for e in emissions if e.tonnes < e.extra or e.gas == co2), default=emissions[ch4].tonnes)'}
    - {rule: r6, decides: first_before, value: 'min((e.first for e in earlier if e.most > most), default=first)'}
    - {rule: r7, decides: last_before, value: 'max((e.last for e in earlier if e.least < most), default=first_or_started)'}
    """
)
DAYS_OR_NOT = st.sampled_from(["2022-03-01", "2022-04-01", "2023-04-01", "unknown"])
REPORT = st.fixed_dictionaries(
    {
        "submitted": DAYS_OR_NOT,
        "verified": st.sampled_from(["true", "true", "false", "unknown"]),
        "light": st.sampled_from(["green", "red", "unknown"]),
    }
)
EMISSION = st.fixed_dictionaries(
    {"tonnes": st.sampled_from(["1", "7", "unknown"]), "extra": st.sampled_from(["0", "4", "9.5", "none", "unknown"])}
)
GASES_AND_YEARS = [(gas, year) for gas in ("co2", "ch4") for year in (2022, 2023)]
SITE = st.fixed_dictionaries(
    {
        "started": DAYS_OR_NOT,
        "closed": st.sampled_from(["2024-01-01", "none", "unknown"]),
        "reports": st.lists(REPORT, max_size=3),
        "emissions": st.lists(EMISSION, min_size=len(GASES_AND_YEARS), max_size=len(GASES_AND_YEARS)),
    }
)


@examples(40)
@given(st.lists(SITE, min_size=1, max_size=6))
def test_the_least_of_members_that_may_not_belong_needs_no_proof(sites: list[dict[str, Any]]) -> None:
    facts: dict[str, Any] = {"as_of": "2025-01-01", "installations": [], "reports": [], "emissions": []}
    for n, site in enumerate(sites):
        facts["installations"].append({"id": f"I{n}", "started": site["started"], "closed": site["closed"]})
        facts["reports"] += [{"installation": f"I{n}", **report} for report in site["reports"]]
        facts["emissions"] += [
            {"installation": f"I{n}", "year": year, "gas": gas, **emission}
            for (gas, year), emission in zip(GASES_AND_YEARS, site["emissions"], strict=True)
        ]
    assert agree(LEAST, facts_of(LEAST.vocabulary, facts), efforts=EFFORTS).proved == {}


# -- exceptions that are open ---------------------------------------------------------------------------------------------

EXCEPTED = law_of(
    """
    phase: {id: p, title: {en: p}, years: {from: 2023, to: 2023}, plan: plan_a}
    decisions:
      faults: {type: set, codes: lights}
      spared: {type: bool}
    rules:
    - {rule: late, decides: faults, when: installation.owed > 5, value: red}
    - {rule: excused, decides: faults, exception_to: late, when: installation.active, value: green}
    - {rule: not-excused, decides: faults, exception_to: excused, when: installation.sector == oil, value: amber}
    - {rule: as-reported, decides: faults, when: installation.signed > 0, value: 'green if installation.count > 2 else red'}
    - {rule: spared, decides: spared, when: not (amber in faults) and some(faults)}
    """
)
STATED = st.fixed_dictionaries(
    {
        "owed": st.sampled_from(["1", "9", "unknown"]),
        "signed": st.sampled_from(["-1", "1", "unknown"]),
        "count": st.sampled_from(["0", "7", "unknown"]),
        "active": st.sampled_from(["true", "false", "unknown"]),
        "sector": st.sampled_from(["oil", "power", "unknown"]),
    }
)


@examples(40)
@given(st.lists(STATED, min_size=1, max_size=12))
def test_a_set_with_open_exceptions_needs_no_proof(sites: list[dict[str, str]]) -> None:
    facts = facts_of(EXCEPTED.vocabulary, seen_in_2023(sites))
    decided = agree(EXCEPTED, facts, efforts=EFFORTS)
    assert decided.proved == {}
    rules = [c for c in decided.frames["site_year"].columns if c.startswith("rule:")]
    proofs = decide(EXCEPTED, tables_of(facts, EXCEPTED.vocabulary), facts.as_of, generic=True)
    own, other = (f.frames["site_year"].sort("key").select(rules) for f in (decided, proofs))
    assert own.equals(other, null_equal=True)


# -- parameters by keys and days that are not known -----------------------------------------------------------------------

KEYED = law_of(
    """
    phase: {id: p, title: {en: p}, years: {from: 2023, to: 2023}, plan: plan_a}
    governing_dates:
      started: installation.started
      closed: default(installation.closed, date(2030, 1, 1))
    parameters:
      by_second: {type: number, governed_by: started, keyed_by: sectors}
      by_closed: {type: number, governed_by: closed, keyed_by: sectors}
    values:
      by_second:
        power: [{value: 1, from: 2010-01-01}]
        oil: [{value: 1, from: 2010-01-01, to: 2023-01-01}, {value: 4, from: 2023-01-01}]
      by_closed:
        power: [{value: 2, from: 2010-01-01}]
        oil: [{value: 2, from: 2010-01-01}]
        cement: [{value: 2, from: 2010-01-01}]
    decisions:
      n1: {type: number, nullable: true}
      n2: {type: number, nullable: true}
      n3: {type: number}
      n4: {type: number}
    rules:
    - {rule: r1, decides: n1, value: 'by_second[installation.second]'}
    - {rule: r2, decides: n2, value: 'by_closed[installation.second]'}
    - {rule: r3, decides: n3, value: 'default(by_closed[installation.sector], installation.owed)'}
    - {rule: r4, decides: n4, value: 'default(default(by_second[installation.sector], installation.limit), 7)'}
    """
)
KEYS = st.fixed_dictionaries(
    {
        "started": st.sampled_from(["2022-06-01", "2023-06-01", "unknown"]),
        "closed": st.sampled_from(["2024-01-01", "none", "unknown"]),
        "second": st.sampled_from(["power", "oil", "cement", "none", "unknown"]),
        "sector": st.sampled_from(["power", "oil", "cement", "unknown"]),
        "owed": st.sampled_from(["2", "3", "unknown"]),
        "limit": st.sampled_from(["1", "none", "unknown"]),
    }
)


@examples(40)
@given(st.lists(KEYS, min_size=1, max_size=12))
def test_a_parameter_by_a_key_and_a_day_that_are_not_known_needs_no_proof(sites: list[dict[str, str]]) -> None:
    assert agree(KEYED, facts_of(KEYED.vocabulary, seen_in_2023(sites)), efforts=EFFORTS).proved == {}
