"""Actions: what could still be done, or could have been done, about the facts; declared by the ruleset and typed here.

An action adds rows to the facts or changes cells of a row. It may have one whole number (how many units) and one day
(by when); everything else is fixed by expressions or chosen from a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from engine.language import (
    BOOL,
    DATE,
    NUMBER,
    ExpressionError,
    Node,
    Scope,
    TableSpec,
    Type,
    UnitError,
    code,
    number,
    parse,
    parse_unit,
    row,
)
from engine.law.model import Labels, Law
from engine.problems import InputError, Problem, did_you_mean


@dataclass(frozen=True)
class Variable:
    """A whole number or a day that the search may choose, between two ends; an end that is absent or `none` is open."""

    name: str
    type: Type
    first: Node | None
    last: Node | None


@dataclass(frozen=True)
class Choice:
    """A word that is tried with each of its values: the members of ``codes``, the rows of ``table``, or a range of years."""

    name: str
    type: Type
    codes: str | None = None
    table: str | None = None
    years: tuple[Node, Node] | None = None


@dataclass(frozen=True)
class NewRow:
    """A row that the action adds. A cell is an expression, or the name of another row that the same action adds."""

    name: str
    table: str
    cells: Mapping[str, Node | str]


@dataclass(frozen=True)
class Action:
    """One thing that could be done.

    Attributes:
        entity: it can be done once about each instance of it.
        each: the name of a row and the relation whose rows it stands for, where it can be done about each of them.
        named: values with a name, in the order in which they build on each other.
        number, day: what the search may choose.
        possible: what must hold for it to be possible at all.
        still: what must hold besides for something that would only now be done.
        reason: why it is not possible, as a code.
        price: of one unit; `none` means that it has a price, but that it is not given.
        changes: the cells of the row of ``each`` that it changes.
    """

    name: str
    entity: str
    label: Labels
    says: Labels
    fills: tuple[tuple[str, Node], ...]
    each: tuple[str, Node] | None
    named: tuple[tuple[str, Node], ...]
    choices: tuple[Choice, ...]
    number: Variable | None
    day: Variable | None
    possible: Node | None
    still: Node | None
    reason: Node | None
    price: Node | None
    rows: tuple[NewRow, ...]
    changes: Mapping[str, Node]
    at: tuple[str, int, int]

    @property
    def acts(self) -> int:
        """How many rows of the facts it touches: the measure of how small a change is."""
        return len(self.rows) + (1 if self.changes else 0)

    def nodes(self) -> Iterator[Node]:
        """Every expression that is read before the search: bounds, conditions, cells."""
        for variable in (self.number, self.day):
            yield from (end for end in (variable.first, variable.last) if end is not None) if variable else ()
        for choice in self.choices:
            yield from choice.years or ()
        yield from (n for n in (self.possible, self.still, self.reason, self.price, *self.changes.values()) if n is not None)
        yield from (node for _, node in (*self.named, *self.fills))
        yield from (cell for new in self.rows for cell in new.cells.values() if isinstance(cell, Node))
        if self.each is not None:
            yield self.each[1]


def typed_actions(law: Law) -> tuple[Action, ...]:
    """Every action of the ruleset, checked; made once per law.

    Raises:
        InputError: with the place of the first thing that is wrong in the first action that is wrong.
    """
    found: tuple[Action, ...] | None = law.__dict__.get("_actions")
    if found is None:
        found = law.__dict__["_actions"] = tuple(
            _Reader(law, name, content).read() for name, content in law.tree.get("actions", {}).items()
        )
    return found


def action_problems(law: Law) -> list[Problem]:
    """What is wrong with the actions and with the goal that they serve."""
    problems: list[Problem] = []
    for name, content in law.tree.get("actions", {}).items():
        try:
            _Reader(law, name, content).read()
        except InputError as error:
            problems += error.problems
    result = law.manifest.get("result", {})
    decision = law.vocabulary.decisions.get((law.manifest["main"], str(result.get("status"))))
    members = law.vocabulary.codes.get(decision.type.codes or "", frozenset()) if decision is not None else frozenset()
    file, line, column = law.manifest.get("at", ("ruleset.yaml", 0, 0))
    if result.get("goal") and decision is None:
        names = [name for entity, name in law.vocabulary.decisions if entity == law.manifest["main"]]
        message = f"ruleset.result.status: '{result.get('status')}' is no decision about {law.manifest['main']}"
        return [*problems, Problem(file, line, column, message, did_you_mean(str(result.get("status")), names))]
    for goal in result.get("goal", []):
        if goal not in members:
            problems.append(
                Problem(
                    file,
                    line,
                    column,
                    f"ruleset.result.goal: '{goal}' is not a value of '{result.get('status')}'",
                    did_you_mean(goal, members),
                )
            )
    return problems


class _Reader:
    """Reads one action; ``marks`` say where each of its texts stands."""

    def __init__(self, law: Law, name: str, content: dict[str, Any]) -> None:
        self.law, self.name, self.content = law, name, content
        self.vocabulary = law.vocabulary

    def fail(self, part: str, message: str, remedy: str = "", offset: int = 0) -> NoReturn:
        file, line, column = self.content["at"]
        line, column = self.content.get("marks", {}).get(part, (line, column))
        raise InputError([Problem(file, line, column + offset, f"action '{self.name}', {part}: {message}", remedy)])

    def expression(self, part: str, text: Any, scope: Scope, expect: Type | None = None) -> Node:
        written = {True: "true", False: "false"}[text] if isinstance(text, bool) else str(text)
        try:
            return parse(written, scope, expect)
        except ExpressionError as error:
            self.fail(part, error.message, "", error.column)

    def optional(self, part: str, scope: Scope, expect: Type | None = None) -> Node | None:
        return self.expression(part, self.content[part], scope, expect) if part in self.content else None

    def read(self) -> Action:
        content = self.content
        entity = next((e for e in self.vocabulary.entities.values() if content["for"] in (e.name, e.row)), None)
        if entity is None:
            self.fail("for", f"no entity '{content['for']}'", did_you_mean(content["for"], self.vocabulary.entities))
        if self.law.manifest["main"] not in [e.name for e in self.vocabulary.main_names(entity.name)]:
            self.fail("for", f"'{entity.name}' is no part of '{self.law.manifest['main']}'", "name the main entity or a part of it")
        scope, each = Scope(self.vocabulary, entity.name), None
        if "each" in content:
            scope, each = self.each(scope)
        choices: list[Choice] = []
        for name, written in content.get("choose", {}).items():
            scope = self.choice(name, written, scope, choices)
        named: list[tuple[str, Node]] = []
        for name, text in content.get("named", {}).items():
            node = self.expression(f"named.{name}", text, scope)
            named.append((name, node))
            scope = scope.inside(name, node.type)
        whole = self.variable("number", scope)
        day = self.variable("day", scope)
        for variable in (whole, day):
            scope = scope.inside(variable.name, variable.type) if variable is not None else scope
        rows = tuple(self.row(name, written, scope) for name, written in content.get("add", {}).items())
        changes = {c: self.change(c, text, scope, each) for c, text in content.get("change", {}).items()}
        if not rows and not changes:
            self.fail("for", "it does nothing", "write `add:` or `change:`")
        price = self.optional("price", scope)
        if price is not None and (whole is None or price.type.kind not in ("number", "none")):
            self.fail("price", "a price is a number, of one of the units that `number` counts", "write a price, or leave it out")
        reason = self.optional("reason", scope)
        if reason is not None and reason.type.kind != "code":
            self.fail("reason", f"a reason is a code, not a {reason.type}", "name a decision that is a code")
        return Action(
            self.name,
            entity.name,
            content["label"],
            content["says"],
            tuple(self.fills(content["says"], scope)),
            each,
            tuple(named),
            tuple(choices),
            whole,
            day,
            self.optional("possible", scope, BOOL),
            self.optional("still", scope, BOOL),
            reason,
            price,
            rows,
            changes,
            (content["at"][0], content["at"][1], content["at"][2]),
        )

    def fills(self, says: Labels, scope: Scope) -> Iterator[tuple[str, Node]]:
        import re

        for name in dict.fromkeys(name for text in says.values() for name in re.findall(r"\{([^{}]+)\}", text)):
            yield name, self.expression("says", name, scope)

    # -- what may be chosen -------------------------------------------------------------------------------------

    def each(self, scope: Scope) -> tuple[Scope, tuple[str, Node]]:
        ((name, text),) = self.content["each"].items()
        node = self.expression(f"each.{name}", text, scope)
        if node.type.kind != "row" or node.type.table not in self.vocabulary.tables:
            self.fail(f"each.{name}", f"'{text}' is not a group of rows", "name a relation of the entity that has a table")
        return scope.inside(name, node.type), (name, node)

    def choice(self, name: str, written: dict[str, Any], scope: Scope, found: list[Choice]) -> Scope:
        part = f"choose.{name}"
        if "codes" in written:
            if written["codes"] not in self.vocabulary.codes:
                self.fail(part, f"no code list '{written['codes']}'", did_you_mean(written["codes"], self.vocabulary.codes))
            made = Choice(name, code(written["codes"]), codes=written["codes"])
        elif "rows" in written:
            if written["rows"] not in self.vocabulary.tables:
                self.fail(part, f"no table '{written['rows']}'", did_you_mean(written["rows"], self.vocabulary.tables))
            made = Choice(name, row(written["rows"]), table=written["rows"])
        else:
            ends = [self.expression(f"{part}.years", text, scope, NUMBER) for text in written["years"]]
            made = Choice(name, NUMBER, years=(ends[0], ends[1]))
        found.append(made)
        return scope.inside(name, made.type)

    def variable(self, part: str, scope: Scope) -> Variable | None:
        written = self.content.get(part)
        if written is None:
            return None
        try:
            kind = DATE if part == "day" else number(parse_unit(str(written.get("unit", "1")), frozenset(self.law.tree["units"])))
        except UnitError as error:
            self.fail(part, str(error), did_you_mean(str(written.get("unit")), self.law.tree["units"]))
        ends = [self.expression(f"{part}.{end}", written[end], scope, kind.or_none()) if end in written else None for end in ("from", "to")]
        return Variable(written["name"], kind, ends[0], ends[1])

    # -- what it does -------------------------------------------------------------------------------------------

    def row(self, name: str, written: dict[str, Any], scope: Scope) -> NewRow:
        part = f"add.{name}"
        table = self.table(part, written["table"])
        cells: dict[str, Node | str] = {}
        for column, text in written["cells"].items():
            cells[column] = self.cell(f"{part}.cells.{column}", table, column, text, scope)
        made_up = table.key if len(table.key) == 1 and table.columns[table.key[0]].type.kind == "text" else ()
        for column, spec in table.columns.items():
            if column not in cells and not spec.has_presumed and column not in made_up:
                self.fail(part, f"the new row says nothing of '{column}'", f"write {column} among its cells")
        self.not_matched(part, table, cells)
        return NewRow(name, table.name, cells)

    def change(self, column: str, text: Any, scope: Scope, each: tuple[str, Node] | None) -> Node:
        part = f"change.{column}"
        if each is None:
            self.fail(part, "there is no row to change", "say which with `each: {name: relation}`")
        table = self.table(part, each[1].type.table or "")
        for other in self.vocabulary.tables.values():
            if any(c.type.kind == "ref" and c.type.table == table.name for c in other.columns.values()):
                self.fail(
                    part, f"rows of '{table.name}' are referred to by '{other.name}': their cells cannot be changed", "add a row instead"
                )
        made = self.cell(part, table, column, text, scope)
        assert isinstance(made, Node)
        self.not_matched(part, table, {column: made})
        return made

    def table(self, part: str, name: str) -> TableSpec:
        if name not in self.vocabulary.tables:
            self.fail(part, f"no table '{name}'", did_you_mean(name, self.vocabulary.tables))
        return self.vocabulary.tables[name]

    def cell(self, part: str, table: TableSpec, column: str, text: Any, scope: Scope) -> Node | str:
        spec = table.columns.get(column)
        if spec is None:
            self.fail(part, f"{table.name} has no column '{column}'", did_you_mean(column, table.columns))
        if spec.type.kind != "ref":
            return self.expression(part, text, scope, spec.type)
        added: dict[str, Any] = self.content.get("add", {})
        if text in added:
            if added[text].get("table") != spec.type.table:
                self.fail(part, f"'{text}' is a row of '{added[text].get('table')}', not of '{spec.type.table}'", "")
            return str(text)
        node = self.expression(part, text, scope)
        if node.type.kind not in ("text", "none") and not (node.type.kind in ("ref", "row") and node.type.table == spec.type.table):
            self.fail(part, f"'{text}' names no row of '{spec.type.table}'", "write its id, as lot.id")
        return node

    def not_matched(self, part: str, table: TableSpec, cells: Mapping[str, Node | str]) -> None:
        """A cell by which a relation finds its rows must not depend on what the search chooses."""
        from engine.language import walk
        from engine.language.nodes import Var

        chosen = {self.content[p]["name"] for p in ("number", "day") if p in self.content}
        matched = {c for where in self.matchers(table.name) for c in where} | set(table.key)
        for column, node in cells.items():
            free = isinstance(node, Node) and any(isinstance(n, Var) and n.name in chosen for n in walk(node))
            if column in matched and (free or part.startswith("change.")):
                self.fail(
                    part, f"rows of '{table.name}' are found by '{column}': it cannot be left to the search", "fix it by an expression"
                )

    def matchers(self, table: str) -> Iterator[list[str]]:
        for entity in self.vocabulary.entities.values():
            yield list(entity.where) if entity.table == table else []
            for relation in entity.relations.values():
                if relation.table == table:
                    yield list(relation.where)
