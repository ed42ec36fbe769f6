"""What texts mean where they stand, kept for whoever asks again, and as plain data for a law that is loaded again.

A text means the same whenever it is read in the same place of the same vocabulary, so it is parsed once. In plain data
each node is a list of the numbers of its class and type, text, column and parts; nodes that are alike are stored once.
"""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from typing import Any

from engine.language import nodes as kinds
from engine.language.nodes import Node
from engine.language.reads import Reads
from engine.language.types import Type
from engine.language.units import Unit

ONE, MANY, PLAIN = "one", "many", "plain"
_WORDS = re.compile(r"\w+")
_FORMS = {"Node": ONE, "Node | None": ONE, "Rows": ONE, "tuple[Node, ...]": MANY}
_CLASSES: list[tuple[type[Node], tuple[tuple[str, str], ...]]] = [
    (made, tuple((name, _FORMS.get(written, PLAIN)) for name, written in made.__annotations__.items() if name != "PARTS"))
    for made in vars(kinds).values()
    if isinstance(made, type) and issubclass(made, Node) and made is not Node
]
_NUMBERS = {made: number for number, (made, _) in enumerate(_CLASSES)}


class Parsed:
    """The typed expressions of one vocabulary, by entity, text and wanted type.

    Args:
        stored: what `plain` gave for the same vocabulary; read when it is asked for.
    """

    def __init__(self, stored: dict[str, Any] | None = None) -> None:
        self._known: dict[tuple[str, str, Type | None], Node] = {}
        self._stored = _Reader(stored) if stored is not None else None
        self._place = ""
        self._before: tuple[Parsed, frozenset[str]] | None = None

    def but(self, words: frozenset[str]) -> Parsed:
        """The store of a vocabulary that has everything of this one and more: what names none of the new ``words`` means what it meant."""
        other = Parsed()
        other._before = self, words
        return other

    def within(self, place: str) -> Parsed:
        """The same store for texts that are read in a vocabulary of their own."""
        other = Parsed()
        other._known, other._stored, other._place, other._before = self._known, self._stored, f"{place}/", self._before
        return other

    def get(self, entity: str, text: str, wanted: Type | None) -> Node | None:
        return self._get((self._place + entity, text, wanted))

    def _get(self, key: tuple[str, str, Type | None]) -> Node | None:
        found = self._known.get(key)
        if found is None and self._stored is not None:
            found = self._stored.text(*key)
            if found is not None:
                self._known[key] = found
        if found is None and self._before is not None and self._before[1].isdisjoint(_WORDS.findall(key[1])):
            found = self._before[0]._get(key)
            if found is not None:
                self._known[key] = found
        return found

    def keep(self, entity: str, text: str, wanted: Type | None, node: Node) -> None:
        self._known[self._place + entity, text, wanted] = node

    def plain(self) -> dict[str, Any]:
        """Everything kept so far as data that JSON can hold: of each text the types as which it was wanted, each with its node."""
        writer = _Writer()
        texts: dict[str, dict[str, list[int]]] = {}
        for (entity, text, wanted), node in self._known.items():
            texts.setdefault(entity, {}).setdefault(text, []).extend((-1 if wanted is None else writer.type(wanted), writer.node(node)))
        nodes = [[list(part) if isinstance(part, tuple) else part for part in node] for node in writer.nodes]
        known = ((writer.node(node), node.__dict__.get("_decisions_read")) for node in self._known.values())
        reads = {str(number): writer.reads(found) for number, found in known if found is not None}
        return {
            "types": list(map(list, writer.types)),
            "nodes": nodes,
            "texts": texts,
            "decisions": list(map(list, writer.decisions)),
            "reads": reads,
        }


class _Writer:
    """Numbers types and nodes; what a node is made of comes before it."""

    def __init__(self) -> None:
        self.types: dict[tuple[Any, ...], int] = {}
        self.nodes: dict[tuple[Any, ...], int] = {}
        self.decisions: dict[tuple[str, str], int] = {}

    def type(self, kind: Type) -> int:
        return self.types.setdefault((kind.kind, kind.unit.powers, kind.codes, kind.table, kind.nullable), len(self.types))

    def node(self, node: Node) -> int:
        number = _NUMBERS[type(node)]
        parts = (self.part(getattr(node, name), form) for name, form in _CLASSES[number][1])
        entry = (number, self.type(node.type), node.text, node.column, *parts)
        return self.nodes.setdefault(entry, len(self.nodes))

    def part(self, part: Any, form: str) -> Any:
        if form == ONE:
            return None if part is None else self.node(part)
        if form == MANY:
            return tuple(map(self.node, part))
        if isinstance(part, Fraction):
            return ("fraction", part.numerator, part.denominator)
        return ("date", part.isoformat()) if isinstance(part, date) else ("codes", *part) if isinstance(part, tuple) else part

    def reads(self, found: Reads) -> list[Any]:
        """The decisions of the same year, those of others only, and whether any are read through another root."""
        numbered = [
            [self.decisions.setdefault(key, len(self.decisions)) for key in sorted(k)] for k in (found.same, found.every - found.same)
        ]
        return [*numbered, found.crosses]


class _Reader:
    """Makes the types and nodes that are asked for, each once."""

    def __init__(self, stored: dict[str, Any]) -> None:
        self.entries, self.texts, self.reads = stored["nodes"], stored["texts"], stored["reads"]
        self.decisions = [(entity, name) for entity, name in stored["decisions"]]
        self.types = [
            Type(kind, Unit(tuple((name, power) for name, power in powers)), codes, table, nullable)
            for kind, powers, codes, table, nullable in stored["types"]
        ]
        self.made: list[Node | None] = [None] * len(self.entries)

    def text(self, entity: str, text: str, wanted: Type | None) -> Node | None:
        found = self.texts.get(entity, {}).get(text, ())
        for kind, number in zip(found[::2], found[1::2], strict=True):
            if (None if kind < 0 else self.types[kind]) == wanted:
                node, read = self.node(number), self.reads.get(str(number))
                if read is not None:
                    same, others = (frozenset([self.decisions[one] for one in part]) for part in read[:2])
                    node.__dict__["_decisions_read"] = Reads(same, same | others, read[2])
                return node
        return None

    def node(self, number: int) -> Node:
        found = self.made[number]
        if found is None:
            which, kind, text, column, *parts = self.entries[number]
            cls, fields = _CLASSES[which]
            given: dict[str, Any] = {}
            for (field, form), part in zip(fields, parts, strict=True):
                if form == ONE:
                    given[field] = None if part is None else self.made[part] or self.node(part)
                elif form == PLAIN:
                    given[field] = _whole(part) if part.__class__ is list else part
                else:
                    given[field] = tuple([self.made[one] or self.node(one) for one in part])
            found = self.made[number] = cls(self.types[kind], text, column, **given)
        return found


def _whole(part: list[Any]) -> Any:
    """A part that JSON has no form of its own for."""
    kind, *values = part
    return Fraction(*values) if kind == "fraction" else date.fromisoformat(values[0]) if kind == "date" else tuple(values)
