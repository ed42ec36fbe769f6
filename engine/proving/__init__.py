"""Proving: one determination at a time, with the proof that it is read off."""

from engine.proving.asking import ask, ask_stepwise
from engine.proving.determination import Determination, Open, comparable, determine
from engine.proving.inquiry import Inquiry
from engine.proving.instances import Root
from engine.proving.prover import Prover
from engine.proving.steps import Conflict, Fill, Gap, RuleStep, Step

__all__ = [
    "Conflict",
    "Determination",
    "Fill",
    "Gap",
    "Inquiry",
    "Open",
    "Prover",
    "Root",
    "RuleStep",
    "Step",
    "ask",
    "ask_stepwise",
    "comparable",
    "determine",
]
