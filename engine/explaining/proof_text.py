"""A proof as an indented text: what was decided, by which rule, on which values, and where each comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.explaining.formulas import Formulas
from engine.explaining.words import Words
from engine.language import Node, OpenSet, Trace, Unknown
from engine.language.nodes import Const
from engine.law import Program, Rule, type_rule
from engine.proving import Conflict, Gap, RuleStep, Step

StepKey = tuple[str, tuple[str, ...], str]
MARKS = {True: "✓", False: "✗"}
MAX_ROWS = 12
_SENTENCES = {"holds": "rule_holds", "fails": "rule_fails", "displaced": "rule_displaced"}
_LINES = {"displaced": "rule_displaced_by", "blocked": "rule_blocked_by"}


class ProofText:
    """Renders the steps of one determination.

    Args:
        words: labels and units.
        program: the law of the year, for the sources of parameter values.
        steps: the proof.
        full: whether branches that did not matter are shown too.
    """

    def __init__(self, words: Words, program: Program, steps: Mapping[StepKey, Step], full: bool = False) -> None:
        self.words, self.program, self.steps, self.full = words, program, steps, full
        self.rules: dict[str, Rule] = {rule.name: rule for rules in program.law.rules.values() for rule in rules}
        self.formulas = Formulas(words)
        self._nodes: dict[str, Node] = {}

    def lines(self, key: StepKey) -> Iterator[str]:
        """The proof of one decision, each line indented by two spaces a level; what was shown before is named only."""
        yield from self._step(self.steps[key], 0, set())

    # -- steps and rules ----------------------------------------------------------------------------------------

    def _step(self, step: Step, depth: int, shown: set[StepKey]) -> Iterator[str]:
        key = (step.entity, step.place, step.decision)
        kind = self.program.law.vocabulary.decisions[step.entity, step.decision].type
        pad = "  " * depth
        label = self.words.decision(step.entity, step.decision)
        if self.words.coded:
            label += f" ({self.program.law.decision_name(step.entity, step.decision)})"
        head = f"{pad}{label}: {self.words.value(step.outcome, kind)}"
        if key in shown:
            yield f"{head}  {self.words.say('shown_above')}"
            return
        shown.add(key)
        yield head
        for cause in sorted(step.outcome.causes) if isinstance(step.outcome, (Unknown, OpenSet)) else ():
            yield f"{pad}  {self.words.say('because', cause=self.words.cause(cause))}"
        deciding = self._deciding(step)
        for rule in deciding:
            yield from self._rule(rule, step, depth + 1, shown)
        folded = len(step.rules) - len(deciding)
        if folded and not self.full:
            yield f"{pad}  {self.words.say('others_failed', count=folded)}"

    def _deciding(self, step: Step) -> list[RuleStep]:
        """The rules that the outcome is read off: those that hold, or why none does."""
        if self.full:
            return list(step.rules)
        states = {"holds"}
        if isinstance(step.outcome, (Unknown, OpenSet)):
            states = {"holds", "open", "blocked"}
        elif isinstance(step.outcome, Gap) or step.outcome is False or step.outcome == frozenset():
            states = {"holds"} if any(r.state == "holds" for r in step.rules) else {"fails", "displaced"}
        elif isinstance(step.outcome, Conflict):
            states = {"holds"}
        return [rule for rule in step.rules if rule.state in states]

    def _rule(self, step: RuleStep, of: Step, depth: int, shown: set[StepKey]) -> Iterator[str]:
        rule, pad = self.rules[step.rule], "  " * depth
        sources, by = self.words.cites(rule.cites), ", ".join(step.by)
        yield pad + self.words.say(_SENTENCES.get(step.state, "rule_open"), sentence=self.sentence(rule, step))
        yield f"{pad}  {self.words.say(_LINES.get(step.state, 'rule_line'), rule=rule.name, by=by, sources=sources)}"
        self._nodes = {} if self.words.coded else self._formulas_of(rule)
        needed: list[Trace] = []
        if step.when is not None:
            yield from self._clause(step.when, depth + 1, needed)
        if step.gives is not None:
            yield from self._value(step.gives, depth + 1, needed)
        for leaf in needed:
            entity, _, decision = leaf.name.partition(".")
            found = self.steps.get((entity, leaf.place, decision))
            if found is not None and (found.decision, found.place) != (of.decision, of.place):
                yield from self._step(found, depth + 1, shown)

    def sentence(self, rule: Rule, step: RuleStep) -> str:
        """The rule's sentence with the values of this case."""
        text = self.words.label(rule.says, rule.name)
        for fill in step.fills:
            text = text.replace("{" + fill.name + "}", self.words.value(fill.value, fill.type))
        return text

    def _formulas_of(self, rule: Rule) -> dict[str, Node]:
        """The parts of a rule by their texts: as this law has specialised it, and as it was written."""
        typed = [t for t in self.program.rules(rule.decides) if t.rule.name == rule.name]
        return self.formulas.index(part for t in (*typed, type_rule(self.program.law, rule)) for part in (t.when, t.value))

    def formula(self, text: str) -> str:
        """A part of the rule at hand as the reader sees it: as written, or with labels for its names."""
        node = self._nodes.get(text)
        return text if node is None else self.formulas.text(node)

    # -- clauses ------------------------------------------------------------------------------------------------

    def _clause(self, part: Trace, depth: int, needed: list[Trace]) -> Iterator[str]:
        """A condition: its parts that mattered, each with its values."""
        if part.kind in ("and", "or"):
            decisive = part.kind == "or"
            chosen = part.parts if self.full or part.value is not decisive else tuple(p for p in part.parts if p.value is decisive)
            if not isinstance(part.value, bool) and not self.full:
                chosen = tuple(p for p in part.parts if not isinstance(p.value, bool))
            for inner in chosen:
                yield from self._clause(inner, depth, needed)
            return
        if part.kind == "skipped":
            return
        mark = MARKS.get(part.value, "?") if isinstance(part.value, bool) else "?"
        yield f"{'  ' * depth}{mark} {self.formula(part.text)}{self._values(part)}"
        yield from self._leaves(part, depth + 1, needed)

    def _values(self, part: Trace) -> str:
        """Both values of a comparison."""
        inner = part.parts[0] if part.kind == "not" else part
        if inner.kind == "compare":
            left, right = inner.parts
            if self._said(right):
                return f": {self._one(left)}"
            return ": " + self.words.say("against", left=self._one(left), right=self._one(right))
        if inner.kind == "in":
            item, *members = inner.parts
            if all(self._said(member) for member in members):
                return f": {self._one(item)}"
            return ": " + self.words.say("among", item=self._one(item), members=", ".join(map(self._one, members)))
        if inner.kind == "none":
            return f": {self._one(inner.parts[0])}"
        return "" if inner.kind in ("rows", "and", "or") else f": {self._one(inner)}"

    def _said(self, part: Trace) -> bool:
        """Whether the formula in words has the value already, as that of a constant."""
        return isinstance(self._nodes.get(part.text), Const)

    def _one(self, part: Trace) -> str:
        return self.words.value(part.value, part.type)

    def _value(self, part: Trace, depth: int, needed: list[Trace]) -> Iterator[str]:
        """A computed value: its formula, and its leaves."""
        if part.kind in ("constant", "skipped"):
            return
        yield f"{'  ' * depth}= {self.formula(part.text)} = {self._one(part)}"
        yield from self._leaves(part, depth + 1, needed)

    def _leaves(self, part: Trace, depth: int, needed: list[Trace]) -> Iterator[str]:
        pad = "  " * depth
        if part.kind == "parameter":
            for inner in part.parts:
                yield from self._leaves(inner, depth, needed)
            yield f"{pad}{self._parameter(part)} = {self._one(part)}{self._origin(part)}"
        elif part.kind == "fact":
            origin = f" [{part.source}]" if part.source else ""
            yield f"{pad}{self.formula(part.text)} = {self._one(part)}{origin}"
        elif part.kind == "decision":
            needed.append(part)
        elif part.kind == "rows":
            yield from self._rows(part, depth, needed)
        else:
            for inner in part.parts:
                yield from self._leaves(inner, depth, needed)

    def _parameter(self, part: Trace) -> str:
        """A parameter and the key at which it was looked up."""
        if self.words.coded:
            return f"{part.name}[{', '.join(part.place)}]" if part.place else part.name
        name = self.formulas.name(self.words.parameter(part.name))
        keyed = self.program.law.vocabulary.parameters[part.name].keyed_by
        keys = "; ".join(self.words.code(keyed, key) for key in part.place)
        return self.words.say("formula_of", name=name, keys=keys) if keys else name

    def _rows(self, part: Trace, depth: int, needed: list[Trace]) -> Iterator[str]:
        pad = "  " * depth
        kept = [row for row in part.parts if self.full or row.value is not False]
        if not kept:
            yield pad + (self.words.say("rows_none_fits", count=len(part.parts)) if part.parts else self.words.say("no_rows"))
        for row in kept[: None if self.full else MAX_ROWS]:
            values = " ; ".join(f"{self.formula(p.text)} = {self._one(p)}" for p in row.parts)
            origin = f" [{row.source}]" if row.source else ""
            yield f"{pad}{self.words.row(row.place)}: {values}{origin}"
            for inner in row.parts:
                list(self._leaves(inner, depth + 1, needed))
        if len(kept) > MAX_ROWS and not self.full:
            yield pad + self.words.say("more_rows", count=len(kept) - MAX_ROWS)

    def _origin(self, part: Trace) -> str:
        if part.at is None or isinstance(part.at, Unknown):
            return ""
        key: Any = part.place[0] if part.place else None
        spec = self.program.law.vocabulary.parameters[part.name]
        if key is not None and spec.keyed_by == "year":
            key = int(key)
        entry = self.program.parameter(part.name, key, part.at)[1]
        return f" [{self.words.cites(entry.cites)}]" if entry is not None else ""
