"""What making an answer again says, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.law import Law
from engine.proving import Inquiry, Root

ABSENT = "absent"
"""Stands for what one of the two answers does not have."""
DETERMINATIONS, RECEIPT = "determinations", "receipt"
Under = Callable[[tuple[str, ...]], Law]
"""Gives the law as it would be under drafts, by their names or paths."""


@dataclass(frozen=True)
class Answer:
    """A kind of answer that carries the receipt of what it was made from, other than a list of determinations.

    Attributes:
        name: what it is called.
        mark: the member of its JSON that no other answer has.
        schema: the file of its JSON Schema.
        stamped: the members that hold a receipt; "" for the answer itself. The first is that of the question.
        remake: makes it again under a law: facts as found, what was asked, the answer as it was, and the way to other drafts.
        wide: the law under whose names the facts are read, where that is not the law that is asked.
        find: finds the facts of a receipt: under a law, for a file, where the asker says they are; None: as facts are read elsewhere.
        aside: members of the answer, at any depth, that only name what it was made from.
    """

    name: str
    mark: str
    schema: str
    stamped: tuple[str, ...]
    remake: Callable[[Law, Any, Inquiry, Mapping[str, Any], Under], dict[str, Any]]
    wide: Callable[[Law, Inquiry, Mapping[str, Any], Under], Law] | None = None
    find: Callable[[Law, Mapping[str, Any], Path, Path | None], Any] | None = None
    aside: frozenset[str] = frozenset({RECEIPT})


@dataclass(frozen=True)
class Change:
    """Something that a determination is made from, before and now; None where it was or is not there.

    Attributes:
        what: `ruleset`, `ruleset_file`, `engine`, `facts`, `authority`, `reading` or `settled`.
        name: the file or question, where there are several.
    """

    what: str
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Difference:
    """A decision that came out differently, or (without values) another part of the determination that did.

    Attributes:
        decision: its name, or `phase` or another part of the determination; for one about a part, with the part's key in
            ``place``. Of other answers: the path of the member, as `still.cures[0].units`.
    """

    decision: str
    place: str | None
    before: Any = None
    after: Any = None


@dataclass(frozen=True)
class Replayed:
    """One answer made again.

    Attributes:
        root: what it is about; None for one about all of the facts.
        vanished: whether it can no longer be asked.
    """

    root: Root | None
    identical: bool
    differences: tuple[Difference, ...]
    vanished: bool = False


@dataclass(frozen=True)
class Replay:
    """All answers of a file, and what they were made from that is not as it was.

    Attributes:
        kind: `determinations`, or the name of another kind of answer.
    """

    stamps: tuple[Mapping[str, Any], ...]
    changes: tuple[Change, ...]
    replayed: tuple[Replayed, ...]
    kind: str = DETERMINATIONS

    @property
    def identical(self) -> bool:
        return all(one.identical for one in self.replayed)
