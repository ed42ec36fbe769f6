"""What a dossier says in one language: its fixed words, and expressions with the labels of what they name."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from typing import Any

from engine.explaining.clauses import Clauses
from engine.explaining.words import Words
from engine.law import Law, Program
from engine.problems import input_error

# Characters that turn the direction of writing: in a name they would let one text look like another.
_TURNING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}


def clean(text: Any) -> Any:
    """Text without characters that a page cannot show or that make it look like other text; anything else as it is."""
    if type(text) is not str or (text.isascii() and text.isprintable()):  # a finished piece of a page was cleaned when it was made
        return text
    return "".join("\N{REPLACEMENT CHARACTER}" if _hidden(c) else c for c in text)


def _hidden(character: str) -> bool:
    return ord(character) in _TURNING or (unicodedata.category(character) in ("Cc", "Cs", "Cn") and character not in "\n\t")


class FixedWords(dict[str, str]):
    """The fixed words of a dossier; a ruleset that lacks one is told which."""

    def __missing__(self, name: str) -> str:
        raise input_error(
            "words", 0, 0, f"a dossier needs the word 'dossier_{name}'", f"add `dossier_{name}: {{en: …, ru: …, kk: …}}` under `words`"
        )


class Telling:
    """Texts of a dossier about one law in one language.

    Args:
        law: whose labels are used.
        language: `en`, `ru` or `kk`.
    """

    def __init__(self, law: Law, language: str) -> None:
        self.law, self.language, self.words = law, language, Words(law, language, joint="\u00a0")
        self.clauses = Clauses(self.words)

    @cached_property
    def fixed(self) -> FixedWords:
        """The fixed words that templates name: `title` for the law's word `dossier_title`."""
        mine = ((name.removeprefix("dossier_"), content) for name, content in self.law.tree["words"].items() if name.startswith("dossier_"))
        return FixedWords((name, self.words.label(content, name)) for name, content in mine)

    def say(self, name: str, **fills: str) -> str:
        """A fixed sentence with its blanks filled; what fills them is never looked into for blanks."""
        return re.sub(r"\{(\w+)\}", lambda blank: fills.get(blank[1], blank[0]), self.fixed[name])

    def heading(self, text: str) -> str:
        """A label at the head of a line or column: labels begin with a small letter."""
        return text[:1].upper() + text[1:]

    # -- expressions --------------------------------------------------------------------------------------------

    def enter(self, program: Program, rule: str) -> None:
        """From here on, parts of expressions are those of this rule."""
        self.clauses.enter(program, next(r for rules in self.law.rules.values() for r in rules if r.name == rule))
