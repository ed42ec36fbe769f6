"""Questions about facts under a law, answered in a contained process, with what another authority decides otherwise."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import groupby
from typing import Any, NamedTuple

from engine.containment import contained
from engine.facts import Facts
from engine.law import Law
from engine.proving.determination import Determination, determine
from engine.proving.inquiry import Inquiry
from engine.proving.instances import Root
from engine.proving.otherwise import Laws, workers_for

Key = tuple[str, str]


def ask(
    law: Law, facts: Facts, inquiry: Inquiry, roots: Sequence[Root], proof: str | None = None, wanted: tuple[Key, ...] = ()
) -> Iterator[Determination]:
    """The determinations of ``roots``, in order, on which work begins at once; ``proof`` and ``wanted`` as in `determine`.

    Many roots are dealt out to several processes.

    Raises:
        InputError: the question or a root cannot be asked under this law.
        EngineDefect: proving failed; never an answer.
    """
    work, shares, turns = _Work(law, facts, inquiry, proof, wanted), [list[Root]() for _ in range(workers_for(roots))], list[int]()
    for number, (_, group) in enumerate(groupby(roots, lambda root: (root.entity, root.key))):  # its years build on each other
        turn = number % len(shares)
        for root in group:
            shares[turn].append(root)
            turns.append(turn)
    return _in_turn([work.begin(share) for share in shares], turns)


def ask_stepwise(
    law: Law, facts: Facts, inquiry: Inquiry, root: Root, proof: str | None = None, wanted: tuple[Key, ...] = ()
) -> Iterator[Determination]:
    """One determination twice: as soon as it is proved, then with what another authority decides otherwise; else as `ask`."""
    return _stepwise(_Work(law, facts, inquiry, proof, wanted).begin([root]))


def _stepwise(stream: Generator[Any]) -> Iterator[Determination]:
    with closing(stream):
        found = next(stream)
        yield found
        yield replace(found, differs=next(stream))


def _in_turn(streams: Sequence[Generator[Any]], turns: Sequence[int]) -> Iterator[Determination]:
    with ExitStack() as open_ones:
        for stream in streams:
            open_ones.enter_context(closing(stream))
        for turn in turns:
            found = next(streams[turn])
            yield replace(found, differs=next(streams[turn]))


class _Part(NamedTuple):
    """What is answered about a root at a time: its determination, then what other laws decide otherwise."""

    root: Root
    otherwise: bool

    def __str__(self) -> str:
        return str(self.root)


class _Work:
    """Determines one root after the other; what was proved is kept for those who need it, within bounds."""

    def __init__(self, law: Law, facts: Facts, inquiry: Inquiry, proof: str | None, wanted: tuple[Key, ...]) -> None:
        own = inquiry.selection(law)
        others = [name for name in law.authorities if name != own.authority] if inquiry.compare else []
        self.laws = Laws(law, facts, [own, *(replace(inquiry, authority=name).selection(law) for name in others)], causes=True)
        self.proof, self.wanted = proof, wanted
        self.outcomes: Mapping[str, Any] = {}

    def begin(self, roots: Sequence[Root]) -> Generator[Any]:
        """For each root its determination and then, by decision and authority, what is decided otherwise; from a process of its own.

        The rules of the first root are read here: once for all processes.
        """
        for root in roots[:1]:
            program = self.laws.first.program(root)
            program.cone(self.wanted or tuple(program.within(root.entity)))
        return contained([_Part(root, otherwise) for root in roots for otherwise in (False, True)], self)

    def __call__(self, part: _Part) -> Any:
        if part.otherwise:
            return self._differs(part.root)
        self.laws.keep_few()
        found = determine(self.laws.first, part.root, self.proof, self.wanted)
        self.outcomes = found.outcomes
        return found

    def _differs(self, root: Root) -> dict[str, dict[str, Any]]:
        differs: dict[str, dict[str, Any]] = {}
        for other in self.laws.others:
            changes = other.again(root, self.wanted).changes
            for name in self.outcomes:
                if (root.entity, name, ()) in changes:
                    differs.setdefault(name, {})[other.selection.authority] = changes[root.entity, name, ()][1]
        return differs
