"""Properties: what must be true of the law in every case, declared by the ruleset and typed here.

They decide nothing. `kazets check --proofs` looks for a case in which one of them does not hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from engine.language import BOOL, ExpressionError, Node, Scope, TableSpec, UnitError, parse, parse_call_free
from engine.law.model import Labels, Law, cites
from engine.problems import InputError, Problem, did_you_mean

KINDS = ("always", "determined", "never_less", "never_more", "leaves_open")


@dataclass(frozen=True)
class Property:
    """Something that must be true whatever the facts are.

    Attributes:
        entity: it is asked of every instance of it.
        kind: `always` (``holds`` is never false), `determined` (no gap or conflict leaves ``decision`` open), `never_less` or
            `never_more` (``decision``, where the cells of ``more`` grow and all else stays), `leaves_open` (it is known that
            ``decision`` is a gap or a conflict there; no other is looked for there).
        when: where it is asked; None for everywhere.
        more: table and column of the cells that grow.
        of: which rows grow: column -> a dotted path at the instance, as in a relation.
    """

    name: str
    entity: str
    kind: str
    says: Labels
    cites: tuple[tuple[str, str], ...]
    at: tuple[str, int, int]
    when: Node | None = None
    holds: Node | None = None
    decision: tuple[str, str] | None = None
    more: tuple[str, str] | None = None
    of: Mapping[str, str] | None = None


def typed_properties(law: Law) -> tuple[Property, ...]:
    """Every property of the ruleset, in the order in which they are written.

    Raises:
        InputError: at the first thing that is wrong.
    """
    return tuple(_Reader(law, name, content).read() for name, content in law.tree["properties"].items())


def property_problems(law: Law) -> list[Problem]:
    """What is wrong with the properties, each at its place."""
    problems: list[Problem] = []
    for name, content in law.tree["properties"].items():
        try:
            _Reader(law, name, content).read()
        except InputError as error:
            problems += error.problems
    return problems


class _Reader:
    def __init__(self, law: Law, name: str, content: dict[str, Any]) -> None:
        self.law, self.name, self.content = law, name, content
        self.at: tuple[str, int, int] = tuple(content["at"])
        self.entity = str(content.get("for", law.manifest["main"]))

    def fail(self, part: str, message: str, remedy: str = "", column: int = 0) -> NoReturn:
        file, line, start = self.at
        line, start = self.content.get("marks", {}).get(part, (line, start))
        raise InputError([Problem(file, line, start + column, f"property '{self.name}', {part}: {message}", remedy)])

    def read(self) -> Property:
        entities = self.law.vocabulary.entities
        if self.entity not in entities:
            self.fail("for", f"no entity '{self.entity}'", did_you_mean(self.entity, entities))
        kinds = [kind for kind in KINDS if kind in self.content]
        if len(kinds) != 1:
            self.fail("for", f"says {len(kinds)} things at once" if kinds else "says nothing", f"write one of {', '.join(KINDS)}")
        kind = kinds[0]
        sources = cites(self.content.get("cite"))
        for name, _ in sources:
            self.law.instrument(name, self.at)
        if kind == "leaves_open" and "when" not in self.content:
            self.fail(kind, "does not say where", "write `when:`")
        grows = dict(self.grows()) if kind.startswith("never") else {}
        return Property(
            self.name,
            self.entity,
            kind,
            self.content.get("says", {}),
            sources,
            self.at,
            when=self.condition("when") if "when" in self.content else None,
            holds=self.condition("always") if kind == "always" else None,
            decision=None if kind == "always" else self.decision(kind),
            **grows,
        )

    def condition(self, part: str) -> Node:
        text = str(self.content[part]).lower() if isinstance(self.content[part], bool) else str(self.content[part])
        try:
            return parse(text, Scope(self.law.vocabulary, self.entity), BOOL)
        except ExpressionError as error:
            self.fail(part, error.message, column=error.column)

    def decision(self, part: str) -> tuple[str, str]:
        written = str(self.content[part])
        key = self.law.decision_key(written)
        names = [self.law.decision_name(*k) for k in self.law.vocabulary.decisions if k[0] == self.entity]
        if key is None or key[0] != self.entity:
            self.fail(part, f"'{written}' is no decision about {self.entity}", did_you_mean(written, names))
        if part.startswith("never") and self.law.vocabulary.decisions[key].type.kind not in ("number", "date"):
            self.fail(part, f"'{written}' is neither a number nor a day", "name a decision that can be more or less")
        return key

    def grows(self) -> Iterator[tuple[str, Any]]:
        written = self.content.get("more")
        if not isinstance(written, Mapping):
            self.fail("more", "does not say which cells grow", "write `more: {table: …, column: …}`")
        tables = self.law.vocabulary.tables
        spec: TableSpec | None = tables.get(str(written.get("table")))
        if spec is None:
            self.fail("more", f"no table '{written.get('table')}'", did_you_mean(str(written.get("table")), tables))
        column = str(written.get("column"))
        if column not in spec.columns or spec.columns[column].type.kind != "number":
            self.fail("more", f"'{spec.name}' has no number '{column}'", did_you_mean(column, spec.columns))
        of = {str(name): str(path) for name, path in written.get("where", {}).items()}
        for name, path in of.items():
            if name not in spec.columns:
                self.fail("more", f"'{spec.name}' has no column '{name}'", did_you_mean(name, spec.columns))
            try:
                parse_call_free(path, Scope(self.law.vocabulary, self.entity))
            except (ExpressionError, UnitError) as error:
                self.fail("more", f"{path}: {error}")
        yield "more", (spec.name, column)
        yield "of", of
