"""Questions about facts under a law, answered in a contained process, with what another authority decides otherwise."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import groupby

from engine.containment import contained
from engine.facts import Facts
from engine.law import Law, Selection
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
    own = inquiry.selection(law)
    others = [name for name in law.authorities if name != own.authority] if inquiry.compare else []
    selections = [own, *(replace(inquiry, authority=name).selection(law) for name in others)]
    work, shares, turns = _Work(law, facts, selections, proof, wanted), [list[Root]() for _ in range(workers_for(roots))], list[int]()
    for number, (_, group) in enumerate(groupby(roots, lambda root: (root.entity, root.key))):  # its years build on each other
        turn = number % len(shares)
        for root in group:
            shares[turn].append(root)
            turns.append(turn)
    return _in_turn([contained(share, work) for share in shares], turns)


def _in_turn(streams: Sequence[Generator[Determination]], turns: Sequence[int]) -> Iterator[Determination]:
    with ExitStack() as open_ones:
        for stream in streams:
            open_ones.enter_context(closing(stream))
        for turn in turns:
            yield next(streams[turn])


class _Work:
    """Determines one root after the other; what was proved is kept for those who need it, within bounds."""

    def __init__(self, law: Law, facts: Facts, selections: Sequence[Selection], proof: str | None, wanted: tuple[Key, ...]) -> None:
        self.laws = Laws(law, facts, selections, causes=True)
        self.proof, self.wanted = proof, wanted

    def __call__(self, root: Root) -> Determination:
        self.laws.keep_few()
        found = determine(self.laws.first, root, self.proof, self.wanted)
        differs: dict[str, dict[str, object]] = {}
        for other in self.laws.others:
            changes = other.again(root, self.wanted).changes
            for name in found.outcomes:
                if (root.entity, name, ()) in changes:
                    differs.setdefault(name, {})[other.selection.authority] = changes[root.entity, name, ()][1]
        return replace(found, differs=differs)
