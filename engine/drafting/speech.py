"""What is said about versions, drafts and comparisons: the ruleset's words whose ids begin with `drafting_`."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from engine.explaining import Words
from engine.law import Law
from engine.law.selection import ALWAYS, NEVER
from engine.problems import input_error

PREFIX = "drafting_"


class Speech(Words):
    """Names, values and words of a law, with those of comparisons.

    Args:
        law: whose labels are used; of two laws that are compared, the one that has all the names.
        language: `en`, `ru` or `kk`.
    """

    def __init__(self, law: Law, language: str = "en") -> None:
        super().__init__(law, language)

    def tell(self, word: str, /, **values: Any) -> str:
        """A word of comparisons with its names filled in.

        Raises:
            InputError: the ruleset does not have the word.
        """
        name = PREFIX + word
        if name not in self.law.tree["words"]:
            raise input_error(
                "words", 0, 0, f"a comparison needs the word '{name}'", f"add `{name}: {{en: …, ru: …, kk: …}}` under `words`"
            )
        return self.say(name, **values)

    def heads(self, *words: str) -> list[str]:
        return [self.tell(f"head_{word}") for word in words]

    def keyed(self, parameter: str, key: Any) -> str:
        """A parameter by its label, with its key."""
        name = self.parameter(parameter)
        if key is None:
            return name
        codes = self.law.vocabulary.parameters[parameter].keyed_by
        return f"{name} — {key if codes == 'year' else self.code(codes, str(key))}"

    def span(self, begins: date | None, ends: date | None) -> str:
        """A period, its last day included; nothing for all time."""
        first, last = begins not in (None, ALWAYS), ends not in (None, NEVER)
        if first and last:
            return self.tell("span", begins=self.day(begins or ALWAYS), ends=self.day(ends or NEVER))
        if first:
            return self.tell("since", begins=self.day(begins or ALWAYS))
        return self.tell("until", ends=self.day(ends or NEVER)) if last else self.tell("always")


GAP, HEAD_LINES = 2, 3
"""Characters between columns; lines that the head of a column of numbers may take before the column grows for it."""


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> Any:
    """A `rich` table; ``numbers`` are the columns that stand to the right.

    In a narrow terminal lines break between words and after hyphens, and in no number; what then does not fit stands in a table
    of its own below, with the first column again.
    """
    from rich.console import Group

    cells = [[head, *(row[n] for row in rows)] for n, head in enumerate(heads)]
    room = console().width
    every = list(range(len(heads)))
    if _fits([max(map(len, column)) for column in cells], room):
        return _table(title, heads, rows, numbers, every, {})
    least = [max(1, *map(_longest, column)) for column in cells]
    parts = _parts(least, room)
    made = []
    for part in parts:
        widths = _widths({n: _wanted(cells[n], n in numbers) for n in part}, {n: least[n] for n in part}, room)
        made.append(_table(title if part is parts[0] else "", heads, rows, numbers, part, widths))
    return made[0] if len(made) == 1 else Group(*made)


def _table(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int], part: list[int], widths: dict[int, int]
) -> Any:
    """A table of some of the columns; ``widths`` where their lines are to be broken."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    made = Table(
        title=Text(title) if title else None, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False,
        padding=(0, GAP - 1, 0, 0),
    )  # fmt: skip
    for index in part:
        made.add_column(
            _lines(heads[index], widths.get(index)),
            overflow="fold",
            justify="right" if index in numbers else "left",
            width=widths.get(index),
        )
    for row in rows:
        made.add_row(*(Text(_lines(row[index], widths.get(index))) for index in part))  # what stands in brackets is a source, not a style
    return made


def _longest(text: str) -> int:
    """The length of what is not broken: words, parts of words up to a hyphen, and numbers with the spaces in them that do not break."""
    return max(map(len, textwrap.wrap(text, 1, break_long_words=False)), default=0)


def _lines(text: str, width: int | None) -> str:
    return text if width is None else "\n".join(textwrap.wrap(text, width, break_long_words=False))


def _fits(widths: Sequence[int], room: int) -> bool:
    return sum(widths) + GAP * (len(widths) + 1) <= room


def _parts(least: list[int], room: int) -> list[list[int]]:
    """Which columns stand beside each other: as many as fit without breaking a word, the first in each."""
    parts = [[0]]
    for index in range(1, len(least)):
        if len(parts[-1]) > 1 and not _fits([least[n] for n in (*parts[-1], index)], room):
            parts.append([0])
        parts[-1].append(index)
    return parts


def _wanted(cells: Sequence[str], number: bool) -> int:
    """The width that a column would take; the head of a column of numbers may be broken into a few lines for nothing."""
    head, *rest = map(len, cells)
    return max([-(-head // HEAD_LINES) if number else head, *rest])


def _widths(wanted: Mapping[int, int], least: Mapping[int, int], room: int) -> dict[int, int]:
    """What each column needs least, and the rest of the room to those whose lines would break most."""
    widths = dict(least)
    for _ in range(room - GAP * (len(widths) + 1) - sum(widths.values())):
        most = max(widths, key=lambda n: (wanted[n] / widths[n], -n))
        if wanted[most] <= widths[most]:
            break
        widths[most] += 1
    return widths


def console() -> Any:
    """Where tables go: as wide as the terminal, or wide enough for a file."""
    import sys

    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 140, soft_wrap=False)
