"""What a determination says, as plain data that needs nothing of the engine to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from engine.language import Cause, OpenSet, Unknown
from engine.proving.instances import Root
from engine.proving.prover import Prover
from engine.proving.steps import Conflict, Gap, Step

UNDETERMINED = "undetermined"


class Open(NamedTuple):
    """A decision that could not be determined.

    Attributes:
        decision: its name; with the place, for a decision about a part (a lot).
        reason: `unknown`, `gap` or `conflict`.
        missing: the leaves that are missing.
    """

    decision: str
    place: tuple[str, ...]
    reason: str
    missing: tuple[Cause, ...]


@dataclass(frozen=True)
class Determination:
    """All decisions about one root.

    Attributes:
        outcomes: decision name -> value, `Unknown`, `OpenSet`, `Gap` or `Conflict`, in the vocabulary's order.
        parts: entity -> for each instance, its place and its outcomes.
        steps: the proof, by (entity, place, decision); only where it was asked for.
        differs: decision -> authority -> its outcome there, for what comes out differently.
    """

    root: Root
    phase: str
    outcomes: Mapping[str, Any]
    parts: Mapping[str, list[tuple[tuple[str, ...], Mapping[str, Any]]]]
    open: tuple[Open, ...]
    steps: Mapping[tuple[str, tuple[str, ...], str], Step] = field(default_factory=dict)
    differs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def determine(prover: Prover, root: Root, proof: str | None = None, wanted: tuple[tuple[str, str], ...] = ()) -> Determination:
    """Prove every decision about ``root``, or only the ``wanted`` ones and what they need.

    Args:
        proof: `brief` or `full` for a determination that carries its proof.
        wanted: (entity, decision) pairs; none means all.

    Raises:
        InputError: no phase governs the root's year.
        EngineDefect: the rules core and the meaning of a rule disagree.
    """
    session = prover.session(root)
    within = session.program.within(root.entity)
    asked = wanted or tuple(within)
    known = session.concerned(asked)
    session.prove((*asked, *session.named(known)) if proof else asked)
    keys = [key for key in within if key in known or not session.instances(key[0])]
    outcomes = {name: session.main.steps[name].outcome for entity, name in keys if entity == root.entity}
    parts: dict[str, list[tuple[tuple[str, ...], Mapping[str, Any]]]] = {}
    for entity in dict.fromkeys(entity for entity, _ in keys if entity != root.entity):
        names = [name for owner, name in keys if owner == entity]
        parts[entity] = [(i.place, {n: i.steps[n].outcome for n in names}) for i in session.instances(entity)]
    steps = (step for step in session.in_order() if not step.known and (step.entity, step.decision) in known)
    open_ones = tuple(_open(prover, step) for step in steps)
    return Determination(
        root, session.program.phase.id, outcomes, parts, open_ones, session.traced(known, proof == "full") if proof else {}
    )


def _open(prover: Prover, step: Step) -> Open:
    name = prover.law.decision_name(step.entity, step.decision)
    if isinstance(step.outcome, Gap):
        return Open(name, step.place, "gap", ())
    if isinstance(step.outcome, Conflict):
        return Open(name, step.place, "conflict", tuple(Cause("rule", rule) for rule in step.outcome.rules))
    return Open(name, step.place, "unknown", tuple(sorted(step.outcome.causes)))


def differences(own: Determination, others: Mapping[str, Determination]) -> dict[str, dict[str, Any]]:
    """Decisions whose outcome is another under another authority."""
    found: dict[str, dict[str, Any]] = {}
    for authority, other in others.items():
        for name, outcome in own.outcomes.items():
            if name in other.outcomes and comparable(outcome) != comparable(other.outcomes[name]):
                found.setdefault(name, {})[authority] = other.outcomes[name]
    return found


def comparable(outcome: Any) -> Any:
    """What two outcomes are compared by: a doubt equals another doubt of the same kind, whatever is missing."""
    if isinstance(outcome, Unknown):
        return UNDETERMINED
    if isinstance(outcome, OpenSet):
        return outcome.members, outcome.possible
    return type(outcome).__name__ if isinstance(outcome, (Gap, Conflict)) else (type(outcome) is bool, outcome)
