"""What a dossier says in one language: its fixed words, and expressions with the labels of what they name."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from typing import Any

from engine.explaining.formulas import Formulas
from engine.explaining.words import Words
from engine.language import Node, Trace
from engine.language.nodes import Column
from engine.law import Law, Program, type_rule
from engine.problems import input_error

_OPERATORS = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥", "<": "<", ">": ">"}
# Characters that turn the direction of writing: in a name they would let one text look like another.
_TURNING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}
_WRITTEN_OPERATOR = re.compile(r"[=!<>]=|[<>]")


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
        self.law, self.language, self.words = law, language, Words(law, language)
        # A document is read without the files at hand: labels, not ids and codes, in English too.
        self.words.coded = False
        self.formulas = Formulas(self.words)
        self._nodes: dict[str, Node] = {}

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
        """From here on, parts of expressions are those of this rule: as the year has specialised it, and as it was written."""
        written = next(r for rules in self.law.rules.values() for r in rules if r.name == rule)
        typed = [t for t in program.rules(written.decides) if t.rule.name == rule]
        self._nodes = self.formulas.index(part for t in (*typed, type_rule(self.law, written)) for part in (t.when, t.value))

    def formula(self, text: str) -> str:
        """A part of the rule at hand with labels for its names."""
        node = self._nodes.get(text)
        return text if node is None else self.formulas.text(node)

    def subject(self, part: Trace) -> str:
        """What a part of an expression is about, or nothing where it only stands for its value."""
        if part.kind == "decision":
            entity, _, name = part.name.partition(".")
            return self.words.decision(entity, name)
        if part.kind == "parameter":
            keyed = self.law.vocabulary.parameters[part.name].keyed_by
            return self.words.parameter(part.name) + (
                f" [{', '.join(self.words.code(keyed, key) for key in part.place)}]" if part.place else ""
            )
        if part.kind == "fact":
            node = self._nodes.get(part.text)
            return self.words.column(self.formulas.table(node.base), node.name) if isinstance(node, Column) else self.formula(part.text)
        return ""

    def told(self, part: Trace) -> str:
        """A part with its value: `units to surrender: 100 units`; a constant is its value alone."""
        value = self.words.value(part.value, part.type)
        if part.kind == "constant":
            return self.formula(part.text) if part.value is None else value
        return f"{self.subject(part) or self.formula(part.text)}: {value}"

    def clause(self, part: Trace) -> str:
        """A condition that is no `and` or `or`, with the values that it compares."""
        inner = part.parts[0] if part.kind == "not" else part
        if inner.kind in ("compare", "in"):
            if inner.kind == "compare":
                left, right = inner.parts
                said = f"{self.told(left)} {self.operator(inner)} {self.told(right)}"
            else:
                members = "; ".join(self.words.value(member.value, member.type) for member in inner.parts[1:])
                said = self.words.say("among", item=self.told(inner.parts[0]), members=members)
            return said if inner is part else self.words.say("formula_not", item=f"({said})")
        if inner.kind in ("rows", "and", "or"):
            return self.formula(part.text)
        if inner.kind == "none":
            return f"{self.formula(part.text)}: {self.words.value(inner.parts[0].value, inner.parts[0].type)}"
        return self.told(inner)

    @staticmethod
    def operator(part: Trace) -> str:
        """The sign of a comparison, read where the text of its left side ends."""
        left, right = part.parts
        between = part.text[len(left.text) : len(part.text) - len(right.text)] if part.text.startswith(left.text) else part.text
        found = _WRITTEN_OPERATOR.search(between) or _WRITTEN_OPERATOR.search(part.text)
        return _OPERATORS[found[0]] if found else "="
