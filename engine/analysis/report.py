"""What a search for a cure says, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from engine.analysis.barred import Barred, Ground
from engine.language import Cause, Type
from engine.proving import Fill, Root


@dataclass(frozen=True)
class Doing:
    """One action of a cure.

    Attributes:
        action: its name in the ruleset, with its label and its sentence in each language and the values it names.
        place: what it is about.
        number: how much, and its unit; None for an action that is not counted.
        day: the last day on which it serves.
        priced: whether it has a price, given or not.
        cost: in the unit of the price; None where no price is given or there is none to pay.
        rows: what is written into the facts: the table, and the cells by column; ``replaces`` where a row is changed.
        also: the same action with other choices that would serve as well, each as its (name, value) pairs.
    """

    action: str
    label: Mapping[str, str]
    says: Mapping[str, str]
    fills: tuple[Fill, ...]
    place: tuple[str, ...]
    number: int | None
    unit: Type | None
    day: date | None
    priced: bool
    cost: Any
    rows: tuple[tuple[str, Mapping[str, Any]], ...]
    replaces: tuple[str, ...] | None
    also: tuple[tuple[tuple[str, Any], ...], ...] = ()


@dataclass(frozen=True)
class Cure:
    """A change of the facts that was proved to lead to the goal.

    Attributes:
        doings: what is to be done, in the order of the actions in the ruleset.
        acts, units, cost: how large it is: rows, units, money; the cost is None where nothing has a price.
        as_of: the day on which it was proved, when everything in it has been done.
        status: what proving says of the changed facts.
        facts: the hash of the changed facts.
    """

    doings: tuple[Doing, ...]
    acts: int
    units: int
    cost: Any
    currency: Type | None
    as_of: date
    status: str
    facts: str


@dataclass(frozen=True)
class Obstacle:
    """A proof that something cannot be reached by any action: what excludes it, as little as is seen to do.

    Attributes:
        about: a breach that is left when as few as possible are; None for the goal itself.
        codes: the code list of the breach.
        rules: the rules.
        actions: the conditions of actions: (`still` or `possible`, the action).
    """

    about: str | None
    codes: str | None
    rules: tuple[Ground, ...]
    actions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Way:
    """One of the two questions: what would still make it compliant, and what would have.

    Attributes:
        cures: the cheapest first, and of equals the smallest; each further one does without what the one before
            would buy, or, where that buys nothing, without the units that it would use.
        obstacles: where there is none, the proofs that there is none.
        open: whether there is neither, because of something that is not known.
    """

    cures: tuple[Cure, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    open: bool = False


@dataclass(frozen=True)
class CureReport:
    """What would cure a determination.

    Attributes:
        state: `reached` (nothing to cure), `still` (it can still be cured), `too_late` (only what would have been),
            `none` (no action could ever have), `unknown` (the facts or the law leave it open), `not_searched` (``why``).
        status, breaches: as they are determined on the day that is asked about.
        still, would_have: the two ways; `would_have` only where nothing can still be done.
        barred: what is held, but may not be used.
        missing: what is not known, where that is why nothing was found.
        differs: what is said under each other authority, where that is not the same.
    """

    root: Root
    phase: str
    authority: str
    as_of: date
    status: Any
    breaches: tuple[str, ...]
    goal: tuple[str, ...]
    state: str
    still: Way
    would_have: Way
    barred: tuple[Barred, ...]
    missing: tuple[Cause, ...] = ()
    why: str = ""
    differs: Mapping[str, CureReport] = field(default_factory=dict)

    @property
    def way(self) -> Way:
        """What was found: what can still be done, or else what could have been."""
        return self.still if self.still.cures else self.would_have
