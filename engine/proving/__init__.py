"""Proving: one determination at a time, with the proof that it is read off."""

from engine.proving.determination import Determination, Request, determine
from engine.proving.instances import Root
from engine.proving.prover import Prover
from engine.proving.steps import Conflict, Gap, RuleStep, Step

__all__ = ["Conflict", "Determination", "Gap", "Prover", "Request", "Root", "RuleStep", "Step", "determine"]
