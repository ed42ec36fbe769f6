"""Questions about what could be otherwise, answered with Z3 and confirmed by proving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.analysis.showing import cure_json, cure_lines
from engine.facts import Facts
from engine.law import Law
from engine.proving import Inquiry, Root
from engine.proving.containment import contained

if TYPE_CHECKING:
    from engine.analysis.report import CureReport

__all__ = ["cure", "cure_json", "cure_lines"]


def cure(law: Law, facts: Facts, inquiry: Inquiry, root: Root) -> CureReport:
    """What would cure, or would have cured, what stands between ``root`` and its goal, under the law of ``inquiry``.

    Args:
        root: of the ruleset's main entity.

    Raises:
        InputError: the question or the root cannot be asked under this law.
        EngineDefect: what was found does not stand up to proving, or the search did not end; never an answer.
    """
    from engine.problems import InputError, Problem

    if root.entity != law.manifest["main"] or not law.manifest["result"].get("goal"):
        what = "the ruleset names no goal" if root.entity == law.manifest["main"] else f"'{root.entity}' has no goal"
        raise InputError([Problem("ruleset.yaml", 0, 0, f"{what} that a cure could reach", "write `goal:` in `ruleset.result`")])
    selection = law.select(inquiry.authority, inquiry.readings, inquiry.known_on)
    return next(contained([root], _Contained(law, selection, facts)))


class _Contained:
    """The search, which loads Z3 only in the process that searches."""

    def __init__(self, law: Law, selection: object, facts: Facts) -> None:
        self.law, self.selection, self.facts = law, selection, facts

    def __call__(self, root: Root) -> CureReport:
        from engine.analysis.cure import Work

        return Work(self.law, self.selection, self.facts)(root)  # type: ignore[arg-type]
