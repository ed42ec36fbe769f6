"""What is wrong with something a person wrote, where, and how to mend it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import NamedTuple

SHOWN = 12
LONGEST = 600
MAX_WORD, MAX_WORDS = 100, 2_000


class Problem(NamedTuple):
    """One thing that is wrong.

    Attributes:
        line, column: from 1; 0 means that the whole file is meant.
        said: the message in other languages too, where the ruleset gives it: (language, message).
    """

    file: str
    line: int
    column: int
    message: str
    remedy: str = ""
    said: tuple[tuple[str, str], ...] = ()

    def in_language(self, language: str) -> Problem:
        """The same, with its message in a language that it is written in."""
        return self._replace(message=dict(self.said).get(language, self.message))

    def __str__(self) -> str:
        place = self.file + (f":{self.line}:{self.column}" if self.line else "")
        return _one_line(f"{place}: {_short(self.message)}" + (f" — {_short(self.remedy)}" if self.remedy else ""))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _one_line(text: str) -> str:
    """Text of unknown origin as a terminal may print it: what cannot be seen is written as its escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\u00a0" else c.encode("unicode_escape").decode() for c in text)


class InputError(Exception):
    """A file or an argument cannot be used; nothing was decided and nothing was written."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    def in_language(self, language: str) -> InputError:
        return InputError(problem.in_language(language) for problem in self.problems)


class EngineDefect(Exception):
    """The engine contradicts itself: never an answer, always a bug to report."""


def input_error(file: str, line: int, column: int, message: str, remedy: str = "") -> InputError:
    return InputError([Problem(file, line, column, message, remedy)])


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """`did you mean 'power'?`, or the allowed words when none is near (the first of them, when they are many)."""
    options = sorted({str(w) for w in words})
    near = nearest(word, options)
    if near:
        return f"did you mean '{near}'?"
    if not options:
        return ""
    return f"use one of {', '.join(options[:SHOWN])}" + (f" … ({len(options)} in all)" if len(options) > SHOWN else "")


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The word that is most like ``word``, if one is; comparing is quadratic, so long words and long lists are not compared in full."""
    if len(word) > MAX_WORD:
        return None
    import difflib  # only where something is wrong

    alike = (option for option in words if abs(len(option) - len(word)) <= max(len(word), len(option)) // 2)
    return next(iter(difflib.get_close_matches(word, itertools.islice(alike, MAX_WORDS), 1)), None)
