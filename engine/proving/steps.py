"""The proof: one step for each decision of each instance, read off the rules that fired."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from engine.language import Cause, OpenSet, Trace, Type, Unknown
from engine.language.values import causes_of, same

HOLDS, FAILS, OPEN, DISPLACED, BLOCKED = "holds", "fails", "open", "displaced", "blocked"


@dataclass(frozen=True)
class Gap:
    """No rule for the decision applies: the law says nothing."""


@dataclass(frozen=True)
class Conflict:
    """Two rules apply and give different values."""

    values: tuple[Any, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Fill:
    """A name in a rule's sentence and what it stood for; ``type`` gives the unit and the code list."""

    name: str
    value: Any
    type: Type


class RuleStep(NamedTuple):
    """What one rule contributed.

    Attributes:
        state: `holds`, `fails`, `open` (cannot be determined), `displaced` (by an exception that holds) or `blocked`
            (by an exception that is open and would decide otherwise).
        fired: the core rules that fired for it.
        value: what it gives where it holds or might.
        by: the exceptions that displaced or blocked it.
        when, gives: the traces of its condition and of its value, where a trace was asked for.
        fills: what its sentence names, with the values, where a trace was asked for.
    """

    rule: str
    state: str
    fired: tuple[str, ...]
    value: Any
    by: tuple[str, ...] = ()
    when: Trace | None = None
    gives: Trace | None = None
    fills: tuple[Fill, ...] = ()


class Step(NamedTuple):
    """The outcome of a decision about an instance and the rules that it follows from."""

    entity: str
    place: tuple[str, ...]
    decision: str
    outcome: Any
    rules: tuple[RuleStep, ...]

    @property
    def known(self) -> bool:
        return not isinstance(self.outcome, (Unknown, OpenSet, Gap, Conflict))


class Candidate(NamedTuple):
    """A rule with the state of its own condition, before exceptions are heard."""

    name: str
    state: str
    value: Any
    causes: frozenset[Cause]
    exception_to: tuple[str, ...]


def hear_exceptions(candidates: list[Candidate]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Each rule's state once its exceptions are heard, and the exceptions that changed it.

    An exception that holds displaces the rule; one that is open blocks it, unless both would give the same value.
    """
    if not any(c.exception_to for c in candidates):
        return {c.name: (c.state, ()) for c in candidates}
    settled: dict[str, tuple[str, tuple[str, ...]]] = {}
    by_name = {c.name: c for c in candidates}

    def settle(candidate: Candidate, path: tuple[str, ...]) -> str:
        if candidate.name in settled:
            return settled[candidate.name][0]
        state, by = candidate.state, []
        if state != FAILS:
            for other in candidates:
                if candidate.name not in other.exception_to or other.name in path:
                    continue
                heard = settle(other, (*path, candidate.name))
                if heard == HOLDS:
                    state, by = DISPLACED, [other.name]
                    break
                if heard in (OPEN, BLOCKED) and not _agree(candidate.value, other.value):
                    state = BLOCKED
                    by.append(other.name)
        settled[candidate.name] = state, tuple(by)
        return state

    for candidate in by_name.values():
        settle(candidate, ())
    return settled


def _agree(left: Any, right: Any) -> bool:
    return not isinstance(left, Unknown) and not isinstance(right, Unknown) and same(left, right)


def combine(
    kind: str, candidates: list[Candidate], states: dict[str, tuple[str, tuple[str, ...]]], codes: frozenset[str] = frozenset()
) -> Any:
    """The outcome of a decision from the states of its rules.

    Args:
        kind: `bool`, `set`, or any other kind of type for a single value.
        codes: of a set, all that could be in it.
    """
    holding = [c for c in candidates if states[c.name][0] == HOLDS]
    doubtful = [c for c in candidates if states[c.name][0] in (OPEN, BLOCKED)]
    missing = frozenset(cause for c in doubtful for cause in _doubt(c, candidates, states))
    if kind == "set":
        return _combine_set(holding, doubtful, missing, codes)
    if not holding:
        if doubtful:
            return Unknown(missing)
        return False if kind == "bool" else Gap()
    known = [c for c in holding if not isinstance(c.value, Unknown)]
    for one, two in ((a, b) for i, a in enumerate(known) for b in known[i + 1 :]):
        if not same(one.value, two.value):
            return Conflict((one.value, two.value), (one.name, two.name))
    if len(known) < len(holding):
        unknown = [c.value for c in holding if isinstance(c.value, Unknown)]
        missing |= causes_of(unknown)
        if len(holding) == 1 and not doubtful:
            return unknown[0]
        return Unknown(missing)
    value = known[0].value
    if all(_agree(c.value, value) for c in doubtful):
        return value
    return Unknown(missing | causes_of(c.value for c in doubtful))


def _doubt(candidate: Candidate, candidates: list[Candidate], states: dict[str, tuple[str, tuple[str, ...]]]) -> frozenset[Cause]:
    """The missing leaves behind an open or blocked rule."""
    by = states[candidate.name][1]
    return candidate.causes | frozenset(cause for c in candidates if c.name in by for cause in c.causes | causes_of((c.value,)))


def _combine_set(holding: list[Candidate], doubtful: list[Candidate], missing: frozenset[Cause], codes: frozenset[str]) -> Any:
    """The certain members and the possible ones; a rule that adds it is not known which code may add any."""
    members = frozenset(c.value for c in holding if not isinstance(c.value, Unknown))
    possible = frozenset(c.value for c in doubtful if not isinstance(c.value, Unknown)) - members
    unknown = [c.value for c in (*holding, *doubtful) if isinstance(c.value, Unknown)]
    if unknown:
        possible, missing = codes - members, missing | causes_of(unknown)
    return OpenSet(members, possible, missing) if possible else members
