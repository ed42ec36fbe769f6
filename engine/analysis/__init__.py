"""Questions about what could be otherwise, answered with Z3 and confirmed by proving."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.analysis.showing import cure_json, cure_lines, remedy_lines
from engine.containment import contained
from engine.facts import Facts
from engine.law import Law, Selection
from engine.problems import input_error
from engine.proving import Inquiry, Root

if TYPE_CHECKING:
    from engine.analysis.report import CureReport

__all__ = ["cure", "cure_json", "cure_lines", "remedy_lines"]


def cure(law: Law, facts: Facts, inquiry: Inquiry, root: Root) -> CureReport:
    """What would cure, or would have cured, what stands between ``root`` and its goal, under the law of ``inquiry``.

    Args:
        root: of the ruleset's main entity.

    Raises:
        InputError: the question or the root cannot be asked under this law.
        EngineDefect: what was found does not stand up to proving, or the search did not end; never an answer.
    """
    if root.entity != law.manifest["main"]:
        raise input_error("INSTALLATION", 0, 0, f"'{root.entity}' has no goal that a cure could reach", "name an installation")
    if not law.manifest["result"].get("goal"):
        at = law.manifest["at"]
        raise input_error(at[0], at[1], at[2], "the ruleset names no goal that a cure could reach", "write `goal:` in `ruleset.result`")
    own = law.select(inquiry.authority, inquiry.readings, inquiry.known_on)
    others = [name for name in law.authorities if name != own.authority] if inquiry.compare else []
    selections = [own, *(law.select(name, inquiry.readings, inquiry.known_on) for name in others)]
    streams = [contained([root], _Contained(law, selection, facts)) for selection in selections]
    found, *compared = (next(stream) for stream in streams)
    told = _told(found)
    return replace(found, differs={name: other for name, other in zip(others, compared, strict=True) if _told(other) != told})


def _told(report: CureReport) -> object:
    """What makes two answers different: whether it can be cured, and by what."""
    best = report.way.cures[0].doings if report.way.cures else ()
    return report.state, [(doing.action, doing.place, doing.number, doing.day, doing.cost) for doing in best]


class _Contained:
    """The search, which loads Z3 only in the process that searches."""

    def __init__(self, law: Law, selection: Selection, facts: Facts) -> None:
        self.law, self.selection, self.facts = law, selection, facts

    def __call__(self, root: Root) -> CureReport:
        from engine.analysis.curing import Work

        return Work(self.law, self.selection, self.facts)(root)
