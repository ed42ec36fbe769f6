"""Bars that set what is owed against what is held: whole numbers only, scaled to a whole width."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from engine.explaining.dossier.telling import Telling
from engine.facts import Facts
from engine.language import Type, Unknown
from engine.law import Law
from engine.problems import did_you_mean, input_error
from engine.proving import Determination

WIDTH = 1_000


@dataclass(frozen=True)
class Piece:
    """A part of a bar from ``start``, in thousandths of the width; ``shade`` numbers the kinds of what is held."""

    start: int
    width: int
    shade: int


@dataclass(frozen=True)
class Bar:
    """One bar: its label, its value in words, and its pieces; ``doubt`` is the part that may or may not be there."""

    label: str
    value: str
    pieces: tuple[Piece, ...]
    doubt: Piece | None = None


@dataclass(frozen=True)
class Chart:
    """The bars, and what each shade stands for."""

    bars: tuple[Bar, ...]
    legend: tuple[tuple[int, str], ...]


def draw(telling: Telling, facts: Facts, determination: Determination) -> Chart | None:
    """The chart that the ruleset's manifest asks for, or None where there is nothing to draw.

    Raises:
        InputError: the manifest names a decision that does not exist.
    """
    law, root = telling.law, determination.root
    wanted = law.manifest.get("dossier", {}).get("chart", []) if root.entity == law.manifest["main"] else []
    shown = [(item, determination.outcomes[item["decision"]]) for item in wanted if _exists(law, root.entity, item["decision"])]
    reach = max((bound for _, value in shown for bound in _bounds(value) if bound is not None), default=0)
    if not reach:
        return None
    legend: dict[str, int] = {}
    bars = []
    for item, value in shown:
        kind = law.vocabulary.decisions[root.entity, item["decision"]].type
        low, high = _bounds(value)
        pieces = tuple(_pieces(telling, facts, determination, item, low or 0, reach, legend))
        start = _scaled(low or 0, reach)
        doubt = Piece(start, _scaled(high, reach) - start, 0) if high is not None and high != low else None
        bars.append(
            Bar(telling.heading(telling.words.decision(root.entity, item["decision"])), telling.words.value(value, kind), pieces, doubt)
        )
    return Chart(tuple(bars), tuple((shade, label) for label, shade in legend.items()))


def _exists(law: Law, entity: str, name: str) -> bool:
    if (entity, name) not in law.vocabulary.decisions:
        names = [decision for owner, decision in law.vocabulary.decisions if owner == entity]
        raise input_error("ruleset.yaml", 0, 0, f"dossier: nothing is decided under the name '{name}'", did_you_mean(name, names))
    return True


def _bounds(value: Any) -> tuple[Any, Any]:
    """What a number is at least and at most, as far as that is known."""
    if isinstance(value, Unknown):
        numbers = [bound if _is_number(bound) else None for bound in (value.low, value.high)]
        return numbers[0], numbers[1]
    return (value, value) if _is_number(value) else (None, None)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, Fraction)) and not isinstance(value, bool)


def _scaled(value: Any, reach: Any) -> int:
    """Thousandths of the longest bar; what is there at all is at least one wide."""
    return max(1, int(Fraction(value) * WIDTH / Fraction(reach))) if value else 0


def _pieces(
    telling: Telling, facts: Facts, determination: Determination, item: dict[str, Any], low: Any, reach: Any, legend: dict[str, int]
) -> Iterator[Piece]:
    """One piece, or one for each kind of the parts that make up the whole where these are known to."""
    kinds = dict(_kinds(telling, facts, determination, item)) if "part" in item else {}
    if not kinds or sum(kinds.values()) != low:
        if low:
            yield Piece(0, _scaled(low, reach), 0)
        return
    below: Any = 0
    for label, amount in kinds.items():
        shade = legend.setdefault(label, len(legend) + 1)
        start = _scaled(below, reach)
        below += amount
        yield Piece(start, _scaled(below, reach) - start, shade)


def _kinds(telling: Telling, facts: Facts, determination: Determination, item: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The kinds of parts (lots), each with the sum of what the parts of that kind give."""
    law = telling.law
    table = law.vocabulary.entities[item["part"]].table or ""
    column: Type = law.vocabulary.tables[table].columns[item["by"]].type
    rows = {row.key[0]: row for row in facts.tables[table]}
    sums: dict[str, Any] = {}
    for place, outcomes in determination.parts.get(item["part"], []):
        amount = outcomes.get(item["add"])
        if outcomes.get(item["where"]) is True and _is_number(amount) and amount:
            label = telling.words.value(rows[place[0]].cells[item["by"]], column)
            sums[label] = sums.get(label, 0) + amount
    yield from sorted(sums.items())
