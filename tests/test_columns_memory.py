"""What columns hold of a register once it is decided: nothing, though the command collects no garbage."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.columns import decide, door
from engine.columns.data import Data
from engine.facts import load_facts
from engine.law import Law
from tests.conftest import ROOT
from tests.random_cases import random_facts, random_rules, random_values, too_large
from tests.random_texts import BASE_TREE, picker
from tests.small_law import facts_of
from tests.test_columns import tables_of
from tests.thorough import THOROUGH, examples


@contextmanager
def nothing_held() -> Iterator[None]:
    """What is decided here under a law whose plans are not yet made must be let go before garbage is collected."""
    held = list[weakref.ref[Data]]()

    class Noted(Data):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            held.append(weakref.ref(self))

    gc.collect()
    gc.disable()
    try:
        with patch.object(door, "Data", Noted):
            yield
        assert held and all(one() is None for one in held)
    finally:
        gc.enable()


@pytest.mark.parametrize("effort", ["none", "quick"])
def test_a_real_plan_is_let_go(effort: str, law: Law) -> None:
    facts = load_facts(ROOT / "examples" / "plan-2021", law.vocabulary, {}, None, date(2026, 1, 1))
    tables = tables_of(facts, law.vocabulary)
    with patch.dict(law.__dict__, {"_column_plans": {}}), nothing_held():
        decide(law, tables, facts.as_of, withheld=facts.withheld, generic=False, effort=effort)


@examples(30)
@given(st.randoms(use_true_random=not THOROUGH))
def test_what_random_programs_decide_is_let_go(randomly: Random) -> None:
    pick = picker(randomly)
    law = Law({**BASE_TREE, "rules": random_rules(pick), "values": random_values(pick)}, f"random {randomly.getrandbits(64)}")
    assume(not too_large(law))
    facts = facts_of(law.vocabulary, random_facts(pick))
    tables = tables_of(facts, law.vocabulary)
    with nothing_held():
        decide(law, tables, facts.as_of, withheld=facts.withheld, generic=False)
