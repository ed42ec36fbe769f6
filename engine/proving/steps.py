"""The proof: one step for each decision of each instance, read off the rules that fired."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
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


class Fill(NamedTuple):
    """A name in a rule's sentence and what it stood for; ``type`` gives the unit and the code list."""

    name: str
    value: Any
    type: Type


_NOT_KNOWN = frozenset({Unknown, OpenSet, Gap, Conflict})


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
        return self.outcome.__class__ not in _NOT_KNOWN


class Candidate(NamedTuple):
    """A rule with the state of its own condition, before exceptions are heard."""

    name: str
    state: str
    value: Any
    causes: frozenset[Cause]
    exception_to: tuple[str, ...]


MAX_OPEN = 10
"""Rules left open whose every combination is still tried out."""


def settle(
    kind: str, candidates: list[Candidate], codes: frozenset[str] = frozenset()
) -> tuple[Any, dict[str, tuple[str, tuple[str, ...]]]]:
    """The outcome of a decision, and for each rule its state once exceptions are heard and the exceptions that changed it.

    A rule that is open may hold or not. What comes out under every combination is the outcome; where combinations differ,
    it is unknown. So an open exception blocks its default unless both would give the same.

    Args:
        kind: `bool`, `set`, or any other kind of type for a single value.
        candidates: the rules whose condition holds or is open.
        codes: of a set, all that could be in it.
    """
    vague = kind == "set" and any(isinstance(c.value, Unknown) for c in candidates)
    doubtful = [c for c in candidates if c.state == OPEN]
    if not any(c.exception_to for c in candidates):
        states: dict[str, tuple[str, tuple[str, ...]]] = {c.name: (c.state, ()) for c in candidates}
        if not doubtful and not vague:
            return _resolve(kind, candidates), states
        worlds = [candidates, [c for c in candidates if c.state == HOLDS]]  # nothing displaces: the extremes say it all
    else:
        worlds, circular = [], _circular(candidates)
        for choice in product((True, False), repeat=len(doubtful)) if len(doubtful) <= MAX_OPEN else ():
            applying = [c for c in candidates if c.state == HOLDS or choice[doubtful.index(c)]]
            worlds.append(_standing(applying, circular))
        states = {c.name: _state(c, candidates, worlds) for c in candidates}
    missing = frozenset[Cause]().union(*(c.causes for c in doubtful))
    if not worlds or vague:
        return _spread(kind, worlds or [candidates, []], codes, missing), states
    outcomes = [_resolve(kind, world) for world in worlds]
    clash = _common_conflict(outcomes)
    if clash is not None:
        return clash, states
    certain = outcomes[-1]  # where nothing that is open holds: it speaks of certain rules only
    stated = [bool(world) for world in worlds]  # a condition is false when all rules fail, or when one says so: not the same
    if all(_alike(certain, other) for other in outcomes) and (kind != "bool" or all(stated) or not any(stated)):
        return certain, states
    return _spread(kind, worlds, codes, missing), states


def _standing(applying: list[Candidate], circular: bool) -> list[Candidate]:
    """The rules that no exception displaces, in a world where all of ``applying`` apply; an exception counts while it stands itself.

    Args:
        circular: whether rules may be exceptions to each other in a circle: then what was found on one way says nothing on another.
    """
    against: dict[str, list[Candidate]] = {}
    for candidate in applying:
        for name in candidate.exception_to:
            against.setdefault(name, []).append(candidate)
    known: dict[str, bool] = {}

    def displaced(name: str, path: tuple[str, ...]) -> bool:
        found = known.get(name)
        if found is None:
            path = (*path, name)
            found = any(other.name not in path and not displaced(other.name, path) for other in against.get(name, ()))
            if not circular:
                known[name] = found
        return found

    return [candidate for candidate in applying if not displaced(candidate.name, ())]


def _circular(candidates: list[Candidate]) -> bool:
    """Whether exceptions lead back to where they began."""
    from graphlib import CycleError, TopologicalSorter  # few cases hear exceptions

    graph = {candidate.name: candidate.exception_to for candidate in candidates}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        return True
    return False


def _state(candidate: Candidate, candidates: list[Candidate], worlds: list[list[Candidate]]) -> tuple[str, tuple[str, ...]]:
    if candidate.state == OPEN:
        return OPEN, ()
    standing = sum(candidate in world for world in worlds)
    if worlds and standing == len(worlds):
        return HOLDS, ()
    by = tuple(c.name for c in candidates if candidate.name in c.exception_to)
    return (BLOCKED if standing or not worlds else DISPLACED), by


def _resolve(kind: str, standing: list[Candidate]) -> Any:
    """The outcome in a world where it is known which rules stand; what a set's rules add is known."""
    known = [c for c in standing if not isinstance(c.value, Unknown)]
    if kind == "set":
        return frozenset(c.value for c in known)
    if not standing:
        return False if kind == "bool" else Gap()
    apart = [c for i, c in enumerate(known) if not any(same(c.value, before.value) for before in known[:i])]
    if len(apart) > 1:
        return Conflict(tuple(c.value for c in apart), tuple(c.name for c in apart))
    if len(standing) == 1 or len(known) == len(standing):
        return standing[0].value
    return Unknown(causes_of(c.value for c in standing), none=any(isinstance(c.value, Unknown) and c.value.none for c in standing))


def _common_conflict(outcomes: list[Any]) -> Conflict | None:
    """A conflict between the same values in every world, told as where nothing that is open holds."""
    clashes = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
    if len(clashes) < len(outcomes):
        return None
    told = zip(clashes[-1].values, clashes[-1].rules, strict=True)
    kept = [(value, rule) for value, rule in told if all(any(same(value, v) for v in clash.values) for clash in clashes)]
    return Conflict(tuple(value for value, _ in kept), tuple(rule for _, rule in kept)) if len(kept) > 1 else None


def _alike(one: Any, two: Any) -> bool:
    if isinstance(one, (Unknown, Gap, Conflict)) or isinstance(two, (Unknown, Gap, Conflict)):
        return type(one) is type(two) and bool(one == two)
    return same(one, two)


def _spread(kind: str, worlds: list[list[Candidate]], codes: frozenset[str], missing: frozenset[Cause]) -> Any:
    """What is left when worlds differ: a set keeps what is in every one of them; a value is not known."""
    values = [[c.value for c in world] for world in worlds]
    missing |= causes_of(v for world in values for v in world)
    if kind != "set":
        return Unknown(missing)
    certain = [frozenset(v for v in world if not isinstance(v, Unknown)) for world in values]
    members = frozenset.intersection(*certain)
    doubtful = any(isinstance(v, Unknown) for world in values for v in world)
    possible = (codes if doubtful else frozenset.union(*certain)) - members
    return OpenSet(members, possible, missing) if possible else members
