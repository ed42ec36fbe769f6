"""Conditions and computations of rules in words: the typed expression, its names replaced by their labels.

`lot.issued_for <= year` is «год, на который выданы единицы» ≤ «отчётный год». Read from the program, never from the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.explaining.words import Words
from engine.language import nodes as n
from engine.language import walk

SIGNS = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥", "*": "×", "/": "÷", "-": "−", "//": "÷"}
_CLAUSES = (n.And, n.Or, n.If, n.Aggregate)
"""What runs on to the right, and is put in parentheses inside something else; names end with their quotation mark."""


class Formulas:
    """Expressions of one law in the language of ``words``.

    Attributes:
        member: what the name that runs over a set stands for; empty where it stands for each of its members.
    """

    def __init__(self, words: Words) -> None:
        self.words, self.member = words, ""

    def index(self, roots: Iterable[n.Node | None]) -> dict[str, n.Node]:
        """Each part of some expressions by its text, as a trace names it."""
        found: dict[str, n.Node] = {}
        for root in roots:
            if root is not None:
                for node in walk(root):
                    found.setdefault(node.text, node)
        return found

    def text(self, node: n.Node) -> str:
        """An expression in words."""
        for kind, write in _WRITERS.items():
            if isinstance(node, kind):
                return write(self, node)
        return node.text

    def inner(self, node: n.Node, *more: type[n.Node]) -> str:
        """A part of an expression, in parentheses where it would run together with the rest, or is one of ``more``."""
        text = self.text(node)
        return f"({text})" if isinstance(node, (*_CLAUSES, *more)) and _bare(node) is node else text

    def name(self, label: str) -> str:
        return self.words.say("formula_name", label=label)

    # -- leaves -------------------------------------------------------------------------------------------------

    def constant(self, node: n.Const) -> str:
        return self.words.value(node.value, node.type)

    def builtin(self, node: n.Builtin) -> str:
        return self.name(self.words.say(f"name_{node.name.replace('.', '_')}"))

    def variable(self, node: n.Var) -> str:
        """A row by what it is a row of; the member of a set that is looked at, else each."""
        if node.type.kind in ("row", "ref"):
            return self.name(self.rows_of(node.type.table or ""))
        return self.member or self.words.say("name_member")

    def column(self, node: n.Column) -> str:
        if node.name == "@year":
            return self.name(self.words.say("name_year"))
        return self.name(self.words.column(self.table(node.base), node.name))

    def table(self, node: n.Node) -> str:
        """The table of a row or reference; of an entity, that of its base row."""
        named = node.type.table or ""
        entity = self.words.law.vocabulary.entities.get(named)
        return entity.table or named if entity is not None else named

    def decision(self, node: n.Decision) -> str:
        return self.name(self.words.decision(node.base.type.table or "", node.name))

    def parameter(self, node: n.Parameter) -> str:
        name = self.name(self.words.parameter(node.name))
        return name if node.key is None else self.words.say("formula_of", name=name, keys=self.text(node.key))

    def rows(self, node: n.Rows) -> str:
        relation = self.words.law.vocabulary.entities[node.base.type.table or ""].relations[node.relation]
        name = self.name(self.rows_of(relation.table or relation.entity or ""))
        if relation.years == "earlier":
            name = self.words.say("rows_earlier", rows=name)
        return self.words.say("formula_of", name=name, keys=self.listed(node.keys)) if node.keys else name

    def rows_of(self, table: str) -> str:
        entity = self.words.law.tree["entities"].get(table)
        return self.words.table(table) if entity is None else self.words.label(entity.get("label"), table)

    def lookup(self, node: n.Lookup) -> str:
        relation = self.words.law.vocabulary.entities[node.rows.base.type.table or ""].relations[node.rows.relation]
        name = self.name(self.words.column(relation.table or "", node.column_name))
        return self.words.say("formula_of", name=name, keys=self.listed(node.rows.keys))

    def listed(self, items: Iterable[n.Node]) -> str:
        return "; ".join(self.text(item) for item in items)

    # -- conditions and computations ----------------------------------------------------------------------------

    def binary(self, node: n.Compare | n.Arithmetic) -> str:
        left, right = (self.inner(side, n.Compare, *_binds_less(side, node)) for side in (node.left, node.right))
        return f"{left} {SIGNS.get(node.operator, node.operator)} {right}"

    def joined(self, node: n.And | n.Or) -> str:
        if (bare := _bare(node)) is not node:
            return self.text(bare)
        word = self.words.say("formula_and" if isinstance(node, n.And) else "formula_or")
        return f" {word} ".join(self.inner(item) for item in node.items)

    def negated(self, node: n.Not) -> str:
        if isinstance(node.item, n.IsNone):
            return self.words.say("formula_given", item=self.inner(node.item.item))
        if isinstance(node.item, n.In):
            return self.among(node.item, "formula_not_in")
        return self.words.say("formula_not", item=self.inner(node.item, n.Compare, n.Call))

    def absent(self, node: n.IsNone) -> str:
        return self.words.say("formula_none", item=self.inner(node.item))

    def among(self, node: n.In, word: str = "formula_in") -> str:
        members = self.inner(node.of) if node.of is not None else f"({self.listed(node.members)})"
        return self.words.say(word, item=self.inner(node.item), members=members)

    def choice(self, node: n.If) -> str:
        return self.words.say("formula_if", test=self.inner(node.test), then=self.inner(node.then), other=self.inner(node.other))

    def call(self, node: n.Call) -> str:
        if node.function in ("min", "max"):
            return self.words.say("formula_least" if node.function == "min" else "formula_greatest", items=self.listed(node.arguments))
        year, month, day = node.arguments if node.function == "date" else (None, None, None)
        if year is not None and isinstance(month, n.Const) and isinstance(day, n.Const):
            return self.words.say("formula_day", day=self.words.month_day(f"{month.value:02}-{day.value:02}"), year=self.inner(year))
        items = [self.inner(argument) for argument in node.arguments]
        names = _ARGUMENTS.get(node.function, ("item",))
        return self.words.say(f"formula_{node.function}", **dict(zip(names, items, strict=True)))

    def aggregate(self, node: n.Aggregate) -> str:
        rows = self.text(node.over)
        if node.condition is not None:
            rows = self.words.say("formula_where", rows=rows, condition=self.text(node.condition))
        if node.function == "count" or node.element is None:
            return self.words.say("formula_count", rows=rows)
        if node.function in ("any", "all") and isinstance(node.element, n.Const):
            return self.words.say("formula_exists", rows=rows)
        text = self.words.say(f"formula_{node.function}", rows=rows, element=self.text(node.element))
        return text if node.default is None else self.words.say("formula_default", item=text, other=self.inner(node.default))

    def none_among(self, node: n.Aggregate, looked_at: int) -> str:
        """That no row fits where one was looked for; of what was looked for nothing, where there is no row at all."""
        if not looked_at:
            return self.words.say("no_records", rows=self.text(node.over))
        rows = self.text(node.over)
        if node.condition is not None:
            rows = self.words.say("formula_where", rows=rows, condition=self.text(node.condition))
        wanted = node.element
        if wanted is None or isinstance(wanted, n.Const):
            return self.words.say("no_records", rows=rows)
        return self.words.say("none_among", rows=rows, element=self.text(wanted))


def _bare(node: n.Node) -> n.Node:
    """What was written, without the test for `none` that typing adds: both parts then stand for the same text."""
    if isinstance(node, (n.And, n.Or)):
        return next((item for item in node.items if item.text == node.text), node)
    return node


def _binds_less(side: n.Node, whole: n.Node) -> tuple[type[n.Node], ...]:
    """Whether a side of a computation needs parentheses in it: as in arithmetic, and never in a comparison."""
    if not isinstance(side, n.Arithmetic) or not isinstance(whole, n.Arithmetic):
        return ()
    weaker = side.operator in "+-" and whole.operator not in "+-"
    same_rank = (side.operator in "+-") == (whole.operator in "+-")
    needed = weaker or (same_rank and side is whole.right and whole.operator not in "+*")
    return (n.Arithmetic,) if needed else ()


_ARGUMENTS = {"date": ("year", "month", "day"), "day": ("day", "year"), "default": ("item", "other")}

_WRITERS: dict[type[n.Node], Callable[..., str]] = {
    n.Const: Formulas.constant,
    n.Builtin: Formulas.builtin,
    n.Var: Formulas.variable,
    n.Column: Formulas.column,
    n.Decision: Formulas.decision,
    n.Parameter: Formulas.parameter,
    n.Rows: Formulas.rows,
    n.Lookup: Formulas.lookup,
    n.Compare: Formulas.binary,
    n.Arithmetic: Formulas.binary,
    n.And: Formulas.joined,
    n.Or: Formulas.joined,
    n.Not: Formulas.negated,
    n.IsNone: Formulas.absent,
    n.In: Formulas.among,
    n.If: Formulas.choice,
    n.Call: Formulas.call,
    n.Aggregate: Formulas.aggregate,
}
