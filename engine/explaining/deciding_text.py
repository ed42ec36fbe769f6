"""What a missing fact would decide, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from engine.explaining.deciding import Case, Deciding, Range
from engine.explaining.words import Words, plain_json
from engine.language import OpenSet, Type, Unknown
from engine.language.values import decimal_text

AT_ONCE = 3
"""Missing things that are named in a line; of more, only how many they are."""


def deciding_lines(words: Words, found: Iterable[Deciding], kind: Type) -> Iterator[str]:
    """Each missing fact with its values and what comes out, indented by two spaces a level.

    Args:
        kind: the type of the decision.
    """
    for one in found:
        yield words.leaf(one.cause)
        if not one.cases:
            yield f"  {words.say('deciding_records')}"
        for case in one.cases:
            yield f"  {case_text(words, one, case, kind)}"
        if one.cases and not one.alone:
            yield f"  {words.say('deciding_not_alone')}"


def case_text(words: Words, of: Deciding, case: Case, kind: Type) -> str:
    """`more than 20,000 t CO2 – covered`."""
    return words.say("deciding_case", values=_values(words, of, case), outcome=_outcome(words, case, kind))


def _values(words: Words, of: Deciding, case: Case) -> str:
    kind = of.column.type if of.column is not None else None
    if isinstance(case.values, tuple):
        return "; ".join(words.say("deciding_none") if value is None else words.value(value, kind) for value in case.values)
    low, high = case.values.low, case.values.high
    if low is not None and low == high:
        return words.say("deciding_exactly", value=words.value(low, kind))
    table, _, column = of.cause.name.partition(".")
    years = words.law.tree["tables"].get(table, {}).get("columns", {}).get(column, {}).get("type") == "year"
    dated = years or isinstance(low if low is not None else high, date)
    told = []
    if low is not None and not (of.column is not None and low == of.column.minimum and not case.values.over):
        word = (
            ("require_after" if case.values.over else "require_from") if dated else "require_more" if case.values.over else "require_least"
        )
        told.append(words.say(word, value=words.value(low, kind)))
    if high is not None:
        word = (
            ("require_before" if case.values.under else "require_until")
            if dated
            else "require_less"
            if case.values.under
            else "require_most"
        )
        told.append(words.say(word, value=words.value(high, kind)))
    return f" {words.say('formula_and')} ".join(told) or words.say("deciding_any")


def _outcome(words: Words, case: Case, kind: Type) -> str:
    if case.known:
        return words.value(case.outcome, kind)
    partly = isinstance(case.outcome, OpenSet) or (
        isinstance(case.outcome, Unknown) and (case.outcome.low, case.outcome.high) != (None, None)
    )
    if not case.missing:
        return words.say("deciding_exact", value=words.value(case.outcome, kind)) if partly else words.say("deciding_exact_only")
    causes = sorted(case.missing)
    if len(causes) > AT_ONCE:
        return words.say("deciding_still_many", count=len(causes))
    return words.say("deciding_still", causes="; ".join(map(words.leaf, causes)))


# -- JSON -----------------------------------------------------------------------------------------------------------


def deciding_json(found: Iterable[Deciding]) -> list[dict[str, Any]]:
    """The same as plain data."""
    return [
        {
            "missing": {"kind": one.cause.kind, "name": one.cause.name, "place": list(one.cause.place)},
            "alone": one.alone,
            "cases": [_case_json(case) for case in one.cases],
        }
        for one in found
    ]


def _case_json(case: Case) -> dict[str, Any]:
    made: dict[str, Any] = {"outcome": plain_json(case.outcome)}
    if isinstance(case.outcome, OpenSet):
        made["possible"] = sorted(case.outcome.possible)
    if case.missing:
        made["missing"] = [{"kind": c.kind, "name": c.name, "place": list(c.place)} for c in sorted(case.missing)]
    if isinstance(case.values, Range):
        ends = {"over" if case.values.over else "from": case.values.low, "under" if case.values.under else "to": case.values.high}
        return {name: _end(end) for name, end in ends.items() if end is not None} | made
    return {"values": [plain_json(value) for value in case.values]} | made


def _end(end: Any) -> Any:
    return end.isoformat() if isinstance(end, date) else end if isinstance(end, int) else decimal_text(end)
