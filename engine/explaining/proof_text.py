"""A proof as an indented text: what was decided, by which rule, on which values, and where each comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.explaining.words import Words
from engine.language import OpenSet, Trace, Unknown
from engine.law import Program, Rule
from engine.proving import Conflict, Gap, RuleStep, Step

StepKey = tuple[str, tuple[str, ...], str]
MARKS = {True: "✓", False: "✗"}
MAX_ROWS = 12
_PREFIX = {"holds": "✓", "fails": "✗ does not apply:", "displaced": "✗ displaced:"}
_STATES = {"displaced": "displaced by {by}", "blocked": "blocked by {by}, which is open"}


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

    def lines(self, key: StepKey) -> Iterator[str]:
        """The proof of one decision, each line indented by two spaces a level; what was shown before is named only."""
        yield from self._step(self.steps[key], 0, set())

    # -- steps and rules ----------------------------------------------------------------------------------------

    def _step(self, step: Step, depth: int, shown: set[StepKey]) -> Iterator[str]:
        key = (step.entity, step.place, step.decision)
        kind = self.program.law.vocabulary.decisions[step.entity, step.decision].type
        pad = "  " * depth
        label = self.words.decision(step.entity, step.decision)
        name = self.program.law.decision_name(step.entity, step.decision)
        head = f"{pad}{label} ({name}): {self.words.value(step.outcome, kind)}"
        if key in shown:
            yield head + "  (shown above)"
            return
        shown.add(key)
        yield head
        for cause in sorted(step.outcome.causes) if isinstance(step.outcome, (Unknown, OpenSet)) else ():
            yield f"{pad}  because {self.cause(cause)}"
        deciding = self._deciding(step)
        for rule in deciding:
            yield from self._rule(rule, step, depth + 1, shown)
        folded = len(step.rules) - len(deciding)
        if folded and not self.full:
            yield f"{pad}  ({folded} other rule{'s' if folded > 1 else ''} did not apply)"

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
        mark = _PREFIX.get(step.state, "? open:")
        state = _STATES.get(step.state, "").format(by=", ".join(step.by))
        yield f"{pad}{mark} {self.sentence(rule, step)}"
        yield f"{pad}  rule {rule.name}{': ' + state if state else ''} [{self.words.cites(rule.cites)}]"
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

    def cause(self, cause: Any) -> str:
        """What is missing, in words."""
        tree = self.program.law.tree
        if cause.kind == "construct":
            content = tree["constructs"][cause.name]
            return f"{self.words.label(content['title'], cause.name)}: {self.words.label(content['missing'], '')} [{cause.name}]"
        texts = {
            "fact": "the facts do not give {0}",
            "parameter": "no source gives {0}",
            "rounded": "the source gives {0} only as a rounded figure",
            "gap": "the law does not say {0}",
            "conflict": "two rules give two values for {0}",
            "none": "{0} has no value",
            "rule": "rule {0}",
            "not_listed": "{0} is not listed",
        }
        return texts[cause.kind].format(cause)

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
        yield f"{'  ' * depth}{mark} {part.text}{self._values(part)}"
        yield from self._leaves(part, depth + 1, needed)

    def _values(self, part: Trace) -> str:
        """Both values of a comparison."""
        inner = part.parts[0] if part.kind == "not" else part
        if inner.kind == "compare":
            left, right = inner.parts
            return f": {self.words.value(left.value, left.type)} against {self.words.value(right.value, right.type)}"
        if inner.kind == "in":
            return (
                ": "
                + self.words.value(inner.parts[0].value, inner.parts[0].type)
                + " among "
                + ", ".join(self._member(p) for p in inner.parts[1:])
            )
        if inner.kind == "none":
            return f": {self.words.value(inner.parts[0].value, inner.parts[0].type)}"
        return "" if inner.kind in ("rows", "and", "or") else f": {self.words.value(inner.value, inner.type)}"

    def _member(self, part: Trace) -> str:
        return self.words.value(part.value, part.type)

    def _value(self, part: Trace, depth: int, needed: list[Trace]) -> Iterator[str]:
        """A computed value: its formula, and its leaves."""
        if part.kind in ("constant", "skipped"):
            return
        yield f"{'  ' * depth}= {part.text} = {self.words.value(part.value, part.type)}"
        yield from self._leaves(part, depth + 1, needed)

    def _leaves(self, part: Trace, depth: int, needed: list[Trace]) -> Iterator[str]:
        pad = "  " * depth
        if part.kind == "parameter":
            for inner in part.parts:
                yield from self._leaves(inner, depth, needed)
            key = f"[{', '.join(part.place)}]" if part.place else ""
            yield f"{pad}{part.name}{key} = {self.words.value(part.value, part.type)}{self._origin(part)}"
        elif part.kind == "fact":
            origin = f" [{part.source}]" if part.source else ""
            yield f"{pad}{part.text} = {self.words.value(part.value, part.type)}{origin}"
        elif part.kind == "decision":
            needed.append(part)
        elif part.kind == "rows":
            yield from self._rows(part, depth, needed)
        else:
            for inner in part.parts:
                yield from self._leaves(inner, depth, needed)

    def _rows(self, part: Trace, depth: int, needed: list[Trace]) -> Iterator[str]:
        pad = "  " * depth
        kept = [row for row in part.parts if self.full or row.value is not False]
        if not kept:
            yield f"{pad}{len(part.parts)} rows, none fits" if part.parts else f"{pad}no rows"
        for row in kept[: None if self.full else MAX_ROWS]:
            values = " ; ".join(f"{p.text} = {self.words.value(p.value, p.type)}" for p in row.parts)
            origin = f" [{row.source}]" if row.source else ""
            yield f"{pad}{', '.join(row.place)}: {values}{origin}"
            for inner in row.parts:
                list(self._leaves(inner, depth + 1, needed))
        if len(kept) > MAX_ROWS and not self.full:
            yield f"{pad}… and {len(kept) - MAX_ROWS} more"

    def _origin(self, part: Trace) -> str:
        if part.at is None or isinstance(part.at, Unknown):
            return ""
        key: Any = part.place[0] if part.place else None
        spec = self.program.law.vocabulary.parameters[part.name]
        if key is not None and spec.keyed_by == "year":
            key = int(key)
        entry = self.program.parameter(part.name, key, part.at)[1]
        return f" [{self.words.cites(entry.cites)}]" if entry is not None else ""
