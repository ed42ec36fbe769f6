"""Sentences that stand under one another, each with the rule and the sources that it rests on."""

from __future__ import annotations

from typing import NamedTuple

from engine.explaining.words import Words


class Sentence(NamedTuple):
    """One sentence.

    Attributes:
        depth: how deep it stands under those before it; 0 is the outermost.
        rule: the rule that says so, where it is one.
        cites: (instrument, point) of each source.
    """

    depth: int
    text: str
    rule: str = ""
    cites: tuple[tuple[str, str], ...] = ()

    def line(self, words: Words) -> str:
        """As a line of text, its sources at the end."""
        if self.rule:
            source = f" — {words.say('rule_line', rule=self.rule, sources=words.cites(self.cites))}"
        else:
            source = f" [{words.cites(self.cites)}]" if self.cites else ""
        return f"{'  ' * self.depth}{self.text}{source}"
