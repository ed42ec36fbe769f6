"""Columns against proving on random programs and registers, and on numbers that tempt columns to go wrong.

`KAZETS_TESTS=thorough` runs fifty times as many.
"""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from engine.law import Law
from tests.small_law import facts_of
from tests.test_columns import agree
from tests.test_oracle import BASE_TREE, THOROUGH, Pick, examples, picker, random_facts, random_rules, random_values, too_large

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
    agree(law, facts_of(law.vocabulary, tamed(pick, random_facts(pick))))
