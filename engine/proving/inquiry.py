"""Under which law a question is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from engine.law import Law, Selection


@dataclass(frozen=True)
class Inquiry:
    """Under which law to answer.

    Attributes:
        authority: None for the ruleset's default.
        readings: answers that settle single questions, under every authority.
        known_on: the law as known on this day.
        compare: whether decisions that differ under another authority are marked.
    """

    authority: str | None = None
    readings: Mapping[str, str] = field(default_factory=dict)
    known_on: date | None = None
    compare: bool = True

    def selection(self, law: Law) -> Selection:
        """What is chosen among what the sources of ``law`` say.

        Raises:
            InputError: the authority or a reading does not exist.
        """
        return law.select(self.authority, self.readings, self.known_on)
