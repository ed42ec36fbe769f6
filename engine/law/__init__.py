"""From the files of a ruleset to the law of a year."""

from typing import TYPE_CHECKING

from engine.doors import door

if TYPE_CHECKING:
    from engine.law.loading import check_law, law_under, lay_over, load_law
    from engine.law.model import Labels, Law, Phase, Rule, cites
    from engine.law.program import DECLARING, Program, TypedRule, named_in, program_of, type_rule
    from engine.law.selection import Entry, Selection

__all__ = [
    "DECLARING",
    "Entry",
    "Labels",
    "Law",
    "Phase",
    "Program",
    "Rule",
    "Selection",
    "TypedRule",
    "check_law",
    "cites",
    "law_under",
    "lay_over",
    "load_law",
    "named_in",
    "program_of",
    "type_rule",
]
__getattr__ = door(
    __name__,
    globals(),
    {
        "loading": ("check_law", "law_under", "lay_over", "load_law"),
        "model": ("Labels", "Law", "Phase", "Rule", "cites"),
        "program": ("DECLARING", "Program", "TypedRule", "named_in", "program_of", "type_rule"),
        "selection": ("Entry", "Selection"),
    },
)
