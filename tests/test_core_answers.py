"""What durable-rules silently gets wrong (durable-rules.md) does not reach a determination."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from engine.language import Cause, Unknown
from engine.proving.conditions import BOUND, Flattener, margin
from tests.saying import truth
from tests.small_law import outcome, typed

MISSING = Unknown(frozenset({Cause("fact", "x")}))
AT_LEAST_0 = Unknown(frozenset({Cause("fact", "x")}), 0)


def test_a_text_is_never_compared_with_a_number() -> None:
    with pytest.raises(ValueError, match="is a text"):
        typed("installation.id > 20000")


@pytest.mark.parametrize(
    ("left", "right"),
    [(2**63, 2**63 - 1), (2**53 + 1, 2**53), (Fraction(3, 2), 1), (10**30 + 1, 10**30), (1, Fraction(10**40 - 1, 10**40))],
)
def test_margins_keep_the_sign_of_every_difference(left: Any, right: Any) -> None:
    for bottom, top in (margin(left, right), tuple(-m for m in margin(right, left))):
        assert 0 < bottom == top <= BOUND
    assert margin(left, left) == (0, 0)


def test_margins_of_dates_and_of_unknowns() -> None:
    assert margin(date(2024, 1, 1), date(2023, 12, 31)) == (1, 1)
    assert margin(MISSING, 5) == (-BOUND, BOUND)
    assert margin(AT_LEAST_0, -1) == (1, BOUND)
    assert margin(-1, AT_LEAST_0) == (-BOUND, -1)
    assert margin(AT_LEAST_0, AT_LEAST_0) == (-BOUND, BOUND)


def test_a_division_does_not_truncate() -> None:
    assert truth("installation.count >= 3 / 2", "count: 1") is False
    assert truth("installation.count > 4611686018427387904 * 4", "count: 1") is False


def test_equal_numbers_are_equal_however_written() -> None:
    assert truth("installation.signed == installation.count", "signed: 5.0, count: 5") is True


def test_a_rule_of_which_two_branches_hold_counts_once() -> None:
    assert (
        outcome(
            "type: number",
            '[{when: "1 < 2 and (installation.signed > 0 or installation.count > 0)", value: 1}]',
            "installations: [{id: A, signed: 1, count: 1}]",
        )
        == 1
    )


def test_or_and_negation_never_reach_the_core() -> None:
    flattener = Flattener()
    question = flattener.question(
        (typed("not (installation.active and (installation.signed > 1 or installation.sector in (power, oil)))"),)
    )
    for _, _, _, clause in question.patterns:
        assert all(isinstance(value, int) and operator in ("==", "!=", "<", "<=", ">", ">=") for _, operator, value in clause)


def test_an_aggregate_over_no_rows_is_not_left_to_the_core() -> None:
    assert truth("all(u.good for u in lots)", "count: 1") is True


def test_a_chained_comparison_keeps_its_lower_bound() -> None:
    assert truth("1 < installation.signed < 5", "signed: 0") is False


def test_the_locale_does_not_matter() -> None:
    code = (
        "import locale, sys\n"
        "for name in ('ru_RU.UTF-8', 'de_DE.UTF-8', 'C'):\n"
        "    try: locale.setlocale(locale.LC_NUMERIC, name); break\n"
        "    except locale.Error: pass\n"
        "from tests.small_law import outcome\n"
        "sys.exit(0 if outcome('type: bool', '[{when: installation.signed > 20000.1}]', 'installations: [{id: A, signed: 20000.9}]') is True else 1)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_many_rules_on_one_condition() -> None:
    rules = "[" + ", ".join("{when: installation.active, value: 1}" for _ in range(20)) + "]"
    assert outcome("type: number", rules, "installations: [{id: A, active: true}]") == 1
