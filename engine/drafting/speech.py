"""What is said about versions, drafts and comparisons: the ruleset's words whose ids begin with `drafting_`."""

from __future__ import annotations

from collections.abc import Sequence
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


GAP, NARROW = 2, 100
"""Characters between columns; terminals below this width break the heads of numbers sooner."""


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> Any:
    """A `rich` table; ``numbers`` are the columns that stand to the right, and that never break within a number."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    made = Table(title=Text(title), title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False, padding=(0, GAP - 1, 0, 0))
    widths = _widths(heads, rows, numbers, console().width)
    for index, head in enumerate(heads):
        made.add_column(head, overflow="fold", justify="right" if index in numbers else "left", width=widths.get(index))
    for row in rows:
        made.add_row(*map(Text, row))  # what stands in brackets is a source, not a style
    return made


def _widths(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int], room: int) -> dict[int, int]:
    """The widths of the columns of numbers where a table is wider than the terminal: as narrow as their longest number lets them be."""
    whole = sum(max(len(cell) for cell in (head, *(row[index] for row in rows))) for index, head in enumerate(heads))
    if whole + GAP * (len(heads) + 1) <= room:
        return {}
    most = 8 if room < NARROW else 12
    longest = {index: max((len(word) for row in rows for word in row[index].split(" ")), default=0) for index in numbers}
    return {index: max(least, min(most, max(map(len, heads[index].split(" "))))) for index, least in longest.items()}


def console() -> Any:
    """Where tables go: as wide as the terminal, or wide enough for a file."""
    import sys

    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 140, soft_wrap=False)
