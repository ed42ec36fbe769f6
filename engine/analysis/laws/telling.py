"""What is said about proofs: the ruleset's words whose ids begin with `proof_`."""

from __future__ import annotations

from typing import Any

from engine.analysis.laws.asking import CONFLICT, GAP, LEFT_OPEN, Question
from engine.analysis.laws.universe import Bounds
from engine.explaining.words import Words
from engine.problems import input_error

PREFIX = "proof_"


class Telling(Words):
    """Names, values and words of a law, with those of proofs."""

    def tell(self, word: str, /, **values: Any) -> str:
        """A word of proofs with its names filled in.

        Raises:
            InputError: the ruleset does not have the word.
        """
        name = PREFIX + word
        if name not in self.law.tree["words"]:
            raise input_error("words", 0, 0, f"a proof needs the word '{name}'", f"add `{name}: {{en: …, ru: …, kk: …}}` under `words`")
        return self.say(name, **values)

    def question(self, question: Question) -> str:
        """A question that was answered by a case."""
        if question.declared is not None:
            says = self.label(question.declared.says, question.declared.name)
            return self.tell("left_open" if question.kind == LEFT_OPEN else "not_so", says=says, name=question.declared.name)
        name = self.law.decision_name(*question.key)
        return self.tell({GAP: "gap", CONFLICT: "conflict"}[question.kind], name=name)

    def bounds(self, bounds: Bounds) -> list[str]:
        """The bounds of a proof."""
        return [
            self.tell("bound_facts"),
            self.tell("bound_rows", main=bounds.installations, rows=bounds.rows),
            self.tell("bound_years", count=bounds.look_back),
            self.tell("bound_days", before=bounds.years_before, after=bounds.years_after),
            self.tell("bound_identity"),
        ]

    def state(self, state: str | None) -> str:
        """Whether a rule applies."""
        return self.tell(f"state_{state or 'unasked'}")
