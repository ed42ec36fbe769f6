"""One clause of a proof as a lawyer says it: what the case has, what the rule asks for, and the margin between them.

`surrendered late: 3 units` needs no formula; `20,001 t CO2 against more than 20,000 t CO2: 1 t CO2 over` says why it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from fractions import Fraction
from typing import Any

from engine.explaining.formulas import SIGNS, Formulas
from engine.explaining.words import Words
from engine.language import Node, OpenSet, Trace, Unknown
from engine.language import nodes as n
from engine.language.values import whole
from engine.law import Entry, Program, Rule, type_rule

FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_NUMBER = {
    ">": "require_more",
    ">=": "require_least",
    "<": "require_less",
    "<=": "require_most",
    "==": "require_same",
    "!=": "require_other",
}
_DAY = {
    ">": "require_after",
    ">=": "require_from",
    "<": "require_before",
    "<=": "require_until",
    "==": "require_same",
    "!=": "require_other",
}


class Clauses:
    """The clauses of one rule after the other.

    Args:
        words: labels, values and fixed words.
    """

    def __init__(self, words: Words) -> None:
        self.words, self.formulas = words, Formulas(words)
        self._nodes: dict[str, Node] = {}

    def enter(self, program: Program, rule: Rule) -> None:
        """From here on, parts of expressions are those of this rule: as the year has specialised it, and as it was written."""
        typed = [t for t in program.rules(rule.decides) if t.rule.name == rule.name]
        self._nodes = self.formulas.index(part for t in (*typed, type_rule(program.law, rule)) for part in (t.when, t.value))

    # -- parts --------------------------------------------------------------------------------------------------

    def formula(self, text: str) -> str:
        """A part of the rule at hand with labels for its names."""
        node = self._nodes.get(text)
        return text if node is None else self.formulas.text(node)

    def subject(self, part: Trace) -> str:
        """What a part of an expression is about; nothing where it only stands for its value."""
        words = self.words
        if part.kind == "decision":
            entity, _, name = part.name.partition(".")
            return words.decision(entity, name)
        if part.kind == "parameter":
            keyed = words.law.vocabulary.parameters[part.name].keyed_by
            keys = "; ".join(words.code(keyed, key) for key in part.place)
            return words.parameter(part.name) + (f" ({keys})" if keys else "")
        node = self._nodes.get(part.text)
        if isinstance(node, n.Builtin):
            return words.say(f"name_{node.name.replace('.', '_')}")
        if part.kind == "fact":
            if isinstance(node, n.Column) and node.name != "@year":
                return words.column(self.formulas.table(node.base), node.name)
            return self.formula(part.text)
        return "" if part.kind == "constant" else self.formula(part.text)

    def value(self, part: Trace) -> str:
        return self.words.value(part.value, part.type)

    def told(self, part: Trace) -> str:
        """A part with its value: `units to surrender: 100 units`; a constant is its value alone."""
        if part.kind == "constant" and part.value is None:
            return self.formula(part.text)
        subject = self.subject(part)
        return f"{subject}: {self.value(part)}" if subject else self.value(part)

    # -- clauses ------------------------------------------------------------------------------------------------

    def clause(self, part: Trace) -> str:
        """A condition that is no `and` or `or`, with the values that it compares."""
        negated = part.kind == "not"
        inner = part.parts[0] if negated else part
        if inner.kind == "compare":
            return self._comparison(inner, negated)
        if inner.kind == "in":
            return self._among(inner, negated)
        if inner.kind == "none":
            return self._presence(inner.parts[0], part.value, wanted=negated)
        if inner.kind == "rows":
            return self._as_it_is(self._rows(part, inner), part.value)
        if inner.kind in ("decision", "parameter", "fact") and isinstance(inner.value, bool):
            return self._as_it_is(self.words.stated(inner.name, inner.value) or self.told(inner), part.value)
        if isinstance(node := self._nodes.get(inner.text), n.Call) and node.function == "some" and inner.parts:
            return self.told(inner.parts[0])
        if inner.kind in ("and", "or", "if"):
            return self.formula(part.text)
        return self.told(inner)

    def _as_it_is(self, told: str, holds: Any) -> str:
        """What the case has; where a rule asks for the opposite, that it does."""
        return self.words.say("unmet", told=told) if holds is False else told

    def _presence(self, item: Trace, holds: Any, *, wanted: bool) -> str:
        """Whether there is such a thing: `closed on: none`; where it should be otherwise, what is required."""
        told = self.told(item)
        if holds is not False:
            return told
        return self.words.say("required", told=told, required=self.words.say("require_some" if wanted else "require_none"))

    def _rows(self, part: Trace, rows: Trace) -> str:
        """A condition on a group of rows; where no row fits, it says so instead of what was looked for."""
        node = self._nodes.get(rows.text)
        if isinstance(node, n.Aggregate) and node.function == "any" and rows.value is False:
            return self.formulas.none_among(node, len(rows.parts))
        if isinstance(node, n.Aggregate) and node.function == "any" and rows.value is True:
            return self.words.say("record_fits", rows=self.formulas.text(node.over))
        return self.formula(part.text)

    def _among(self, part: Trace, negated: bool) -> str:
        """A membership, said as it is in this case, not as it is asked for."""
        item, *members = part.parts
        listed = "; ".join(self.value(member) for member in members)
        if not isinstance(part.value, bool):
            return self.words.say("among_open", item=self.told(item), members=listed)
        return self.words.say("is_among" if part.value else "is_not_among", item=self.told(item), members=listed)

    def _comparison(self, part: Trace, negated: bool) -> str:
        left, right = part.parts
        operator = self._operator(part)
        if left.kind in ("constant", "parameter") and right.kind not in ("constant", "parameter") and not self._is_builtin(left):
            left, right, operator = right, left, FLIPPED[operator]
        if negated:
            operator = NEGATED[operator]
        holds = (part.value is not negated) if isinstance(part.value, bool) else None
        if isinstance(left.value, (Unknown, OpenSet)) or isinstance(right.value, (Unknown, OpenSet)) or None in (left.value, right.value):
            return self._open(left, right, operator, holds)
        if operator in ("==", "!=") or not isinstance(left.value, (int, Fraction, date)):
            return self._equality(left, right, operator, holds)
        if left.value == date.min:  # presumed: there are no days to count
            return self.words.say("compared", told=self.told(left), required=self._required(left, right, operator))
        required = self._required(left, right, operator)
        if right.value == 0 and not isinstance(right.value, date):
            return self.told(left) if holds else self.words.say("required", told=self.told(left), required=required)
        told = self.words.say("compared", told=self.told(left), required=required)
        return self.words.say("with_margin", told=told, margin=self.margin(left, right, operator, holds))

    def _open(self, left: Trace, right: Trace, operator: str, holds: bool | None) -> str:
        """A comparison with something that is not known, or with what there is not."""
        if right.value is None and holds is not False:
            return self.told(left)
        unknown = isinstance(right.value, (Unknown, OpenSet)) or right.value is None
        required = self.told(right) if unknown else self._required(left, right, operator)
        return self.words.say("compared", told=self.told(left), required=required)

    def _equality(self, left: Trace, right: Trace, operator: str, holds: bool | None) -> str:
        if holds and operator == "==":
            return self.told(left)
        word = "require_other" if operator == "!=" else "require_same"
        required = self.words.say(word, value=self.value(right))
        subject = "" if right.kind == "parameter" else self.subject(right)
        if subject:
            required = self.words.say("named", value=required, name=subject)
        return self.words.say("required", told=self.told(left), required=required)

    def _required(self, left: Trace, right: Trace, operator: str) -> str:
        """`more than 20,000 t CO2`, `less than 100 units (units to surrender)`; a parameter has a line of its own below."""
        dated = isinstance(right.value, date) or self._counts_years(left, right)
        said = self.words.say((_DAY if dated else _NUMBER)[operator], value=self.value(right))
        subject = self.subject(right)
        return said if right.kind == "parameter" or not subject else self.words.say("named", value=said, name=subject)

    def margin(self, left: Trace, right: Trace, operator: str, holds: bool | None) -> str:
        """How far the case is from the limit: tonnes and units as amounts, days and years by their number."""
        if isinstance(left.value, date):
            apart = (left.value - right.value).days
            late = operator in ("<", "<=") and holds is False
            word = "margin_same_day" if not apart else "margin_early" if apart < 0 else "margin_late" if late else "margin_days_after"
            return self.words.say(word, count=abs(apart))
        apart_number = whole(left.value - right.value)
        if self._counts_years(left, right):
            if not apart_number:
                return self.words.say("margin_same_year")
            return self.words.say("margin_years_after" if apart_number > 0 else "margin_years_before", count=abs(apart_number))
        if not apart_number:
            return self.words.say("margin_none")
        word = "margin_over" if apart_number > 0 else "margin_under"
        return self.words.say(word, amount=self.words.value(abs(apart_number), left.type))

    def row(self, row: Trace, full: bool = False) -> list[str]:
        """What a row of a group, or a member of a set, says: the values taken from it, and the conditions that it meets or fails."""
        self.formulas.member = self.words.row(row.place) if len(row.place) == 1 else ""
        told = list(self._row(row, full))
        self.formulas.member = ""
        return told

    def _row(self, row: Trace, full: bool) -> Iterator[str]:
        for part in row.parts:
            if part.type.kind != "bool":
                yield self.told(part)
                continue
            for inner in mattering(part, full):
                mark = {True: "✓", False: "✗"}.get(inner.value, "?") if isinstance(inner.value, bool) else "?"
                yield f"{mark} {self.clause(inner)}"

    # -- what a part is -----------------------------------------------------------------------------------------

    def sign(self, part: Trace) -> str:
        """The sign of a comparison as it is written."""
        operator = self._operator(part)
        return SIGNS.get(operator, operator)

    def _operator(self, part: Trace) -> str:
        node = self._nodes.get(part.text)
        found = next((c for c in (node, *_inside(node)) if isinstance(c, n.Compare) and c.text == part.text), None)
        return found.operator if found is not None else "=="

    def _is_builtin(self, part: Trace) -> bool:
        return isinstance(self._nodes.get(part.text), n.Builtin)

    def _counts_years(self, *sides: Trace) -> bool:
        """Whether pure numbers are years: a column of that type, or a year of the question itself."""
        tables = self.words.law.tree["tables"]
        for side in sides:
            node = self._nodes.get(side.text)
            if isinstance(node, n.Builtin) and side.type.kind == "number":
                return True
            if isinstance(node, n.Column):
                column = tables.get(self.formulas.table(node.base), {}).get("columns", {}).get(node.name, {})
                if node.name == "@year" or column.get("type") == "year":
                    return True
        return False


def mattering(part: Trace, full: bool = False) -> Iterator[Trace]:
    """The parts of a condition that made it what it is, without the `and` and `or` around them; all of them in full."""
    if part.kind not in ("and", "or"):
        if part.kind != "skipped":
            yield part
        return
    decisive, chosen = part.kind == "or", part.parts
    if not full and part.value is decisive:
        chosen = tuple(p for p in part.parts if p.value is decisive)
    elif not full and not isinstance(part.value, bool):
        chosen = tuple(p for p in part.parts if not isinstance(p.value, bool))
    for inner in chosen:
        yield from mattering(inner, full)


def parameter_entry(program: Program, part: Trace) -> Entry | None:
    """The sourced value behind a parameter of a trace, or None."""
    if part.at is None or isinstance(part.at, Unknown):
        return None
    key: Any = part.place[0] if part.place else None
    if key is not None and program.law.vocabulary.parameters[part.name].keyed_by == "year":
        key = int(key)
    return program.parameter(part.name, key, part.at)[1]


def leaves(part: Trace) -> Iterator[Trace]:
    """The parameters, facts, decisions and groups of rows that a part was made from."""
    if part.kind in ("fact", "decision", "rows"):
        yield part
        return
    for inner in part.parts:
        yield from leaves(inner)
    if part.kind == "parameter":
        yield part


def _inside(node: Node | None) -> Iterable[Node]:
    """What typing wrapped in a test for `none` keeps its text."""
    return node.items if isinstance(node, (n.And, n.Or)) else ()
