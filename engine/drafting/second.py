"""The second of two laws that are compared, asked in a process beside the one that answers about the first."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from engine.containment import Beside, cores
from engine.drafting.sides import Side
from engine.facts.register_files import KINDS

LARGE = 1 << 14
"""Bytes of a register from which columns decide sooner than proving."""
DECIDE, DIFF = "decide", "diff"
THREADED, THREADS = "polars", "POLARS_MAX_THREADS"


def large(path: Path) -> bool:
    """Whether the facts are a register that columns decide."""
    return path.is_dir() and sum(file.stat().st_size for file in path.rglob("*") if file.suffix in KINDS) > LARGE


class Second:
    """Decides a register under the second law, finds what the laws do not have in common, and proves what is shown.

    Args:
        names: the decisions of the main entity that are compared.
    """

    def __init__(self, sides: tuple[Side, Side], path: Path, as_of: date | None, today: date, language: str, names: Sequence[str]) -> None:
        self.sides, self.path, self.as_of, self.today, self.language, self.names = sides, path, as_of, today, language, names

    def __call__(self, question: tuple[str, Any]) -> Iterator[Any]:
        """
        Raises:
            InputError: the register cannot be read, or no phase governs the year of a row.
            EngineDefect: proving failed.
        """
        if question[0] == DECIDE:
            yield from self._decided()
        elif question[0] == DIFF:
            from engine.drafting.diff import diff

            yield diff(*self.sides)
        else:
            yield from self.proofs(question)

    def _decided(self) -> Iterator[Any]:
        os.environ[THREADS] = str(max(1, cores() // 2))  # read by Polars when it is imported
        from engine.drafting.answers import Columns
        from engine.drafting.impact_proofs import Proofs
        from engine.drafting.sides import both
        from engine.drafting.speech import Speech

        pair = Columns.read(*self.sides, self.path, self.as_of, self.today).pair
        speech = Speech(next(both(self.sides)), self.language)
        self.proofs = Proofs(speech, self.sides[1], self.names, lambda roots: pair.facts(1, roots))
        yield from pair.second()


@contextmanager
def second_law(
    sides: tuple[Side, Side], path: Path, as_of: date | None, today: date, language: str, names: Sequence[str], workers: int
) -> Iterator[Beside | None]:
    """A process that answers as `Second` does, already asked to decide and to tell the laws apart; None where one process does everything.

    It is to begin before Polars is imported: a process with threads, which Polars has, cannot be forked safely.

    Args:
        workers: how many processes may decide at a time.
    """
    if workers == 1 or THREADED in sys.modules or not large(path):
        yield None
        return
    with Beside(Second(sides, path, as_of, today, language, names)) as second:
        second.ask((DECIDE, None))
        second.ask((DIFF, None))
        yield second
