"""Values in words: with units, code labels and names, in one of the ruleset's languages."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from engine.language import OpenSet, Type, Unknown, show
from engine.law import Law
from engine.proving import Conflict, Gap


class Words:
    """Names and values of a law as a person reads them.

    Args:
        law: whose labels are used.
        language: `en`, `ru` or `kk`.
    """

    def __init__(self, law: Law, language: str = "en") -> None:
        self.law, self.language = law, language

    def label(self, labels: Any, fallback: str) -> str:
        return str(labels.get(self.language) or labels.get("en") or fallback) if isinstance(labels, dict) else fallback

    def decision(self, entity: str, name: str) -> str:
        """The label of a decision."""
        written = self.law.decision_name(entity, name)
        content = self.law.tree["decisions"].get(written) or self.law.tree["decisions"].get(f"{entity}.{name}", {})
        return self.label(content.get("label"), written)

    def parameter(self, name: str) -> str:
        return self.label(self.law.tree["parameters"][name].get("label"), name)

    def code(self, codes: str | None, member: str) -> str:
        """A code with its label in words where that says more than the code."""
        content = self.law.tree["codes"].get(codes or "", {}).get("members", {}).get(member, {})
        return self.label(content.get("label"), member)

    def unit(self, kind: Type) -> str:
        """The unit of a number, or nothing for a pure number."""
        if kind.kind != "number" or not kind.unit.powers:
            return ""
        parts = []
        for base, power in sorted(kind.unit.powers, key=lambda p: -p[1]):
            labels = self.law.tree["units"][base]
            parts.append(self.label(labels["label"], base) if power > 0 else "/" + self.label(labels.get("per", labels["label"]), base))
        return " ".join(parts).replace(" /", "/")

    def value(self, value: Any, kind: Type | None) -> str:
        """`20,001 t CO2`, `surrender missing`, `unknown`."""
        if isinstance(value, (Gap, Conflict)):
            return "undetermined: the law says nothing" if isinstance(value, Gap) else "undetermined: two rules give two values"
        if value == date.min:
            return "(not in the facts, presumed)"
        if kind is None or value is None or isinstance(value, bool):
            return show(value)
        if kind.kind == "code" and isinstance(value, str):
            return value
        if isinstance(value, frozenset):
            return ", ".join(sorted(map(str, value))) if value else "none"
        if kind.kind == "number" and not kind.unit.powers and isinstance(value, int):
            return str(value)  # years and counts are not grouped
        text = show(value)
        if isinstance(value, (int, Fraction)) or (isinstance(value, Unknown) and (value.low is not None or value.high is not None)):
            unit = self.unit(kind)
            return f"{text} {unit}" if unit else text
        return text

    def cites(self, cites: tuple[tuple[str, str], ...]) -> str:
        """`icap-2025, Inclusion thresholds; env-code-2021, 289(3)`."""
        return "; ".join(f"{instrument}, {point}" if point else instrument for instrument, point in cites)


def plain_json(value: Any) -> Any:
    """A value as JSON has it: whole numbers as integers, other quantities and dates as text."""
    if isinstance(value, (Unknown, Gap, Conflict)):
        return "undetermined"
    if isinstance(value, OpenSet):
        return sorted(value.members)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Fraction):
        from engine.language.values import decimal_text

        return decimal_text(value)
    return value.isoformat() if isinstance(value, date) else value
