"""A proof as an indented text: what was decided, by which rule, on which values, and where each comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from engine.explaining.clauses import Clauses, leaves, mattering, parameter_entry
from engine.explaining.sentences import Sentence
from engine.explaining.words import Words
from engine.language import OpenSet, Trace, Unknown
from engine.law import Program, Rule
from engine.law.selection import ALWAYS
from engine.proving import Conflict, Gap, RuleStep, Step

StepKey = tuple[str, tuple[str, ...], str]
MARKS = {True: "✓", False: "✗"}
MAX_ROWS = 12
_BRACES = re.compile(r"\{([^{}]+)\}")
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
        self.clauses = Clauses(words)
        self.cited: dict[str, None] = {}

    def lines(self, key: StepKey) -> Iterator[str]:
        """The proof of one decision, each line indented by two spaces a level; what was shown before is named only."""
        yield from self._step(self.steps[key], 0, set())

    def verdict(self, key: StepKey) -> Iterator[Sentence]:
        """What the rules say that one decision is read off, without what they rest on."""
        step = self.steps[key]
        for rule in self._deciding(step):
            stated = self.rules[rule.rule]
            said = self.words.say(_SENTENCES.get(rule.state, "rule_open"), sentence=self.sentence(stated, rule))
            yield Sentence(0, said, rule.rule, stated.cites)

    # -- steps and rules ----------------------------------------------------------------------------------------

    def _step(self, step: Step, depth: int, shown: set[StepKey]) -> Iterator[str]:
        key = (step.entity, step.place, step.decision)
        kind = self.program.law.vocabulary.decisions[step.entity, step.decision].type
        pad = "  " * depth
        label = self.words.decision(step.entity, step.decision)
        if self.program.law.vocabulary.entities[step.entity].of is not None:  # one of several: which
            label += f" [{step.place[0]}]"
        if self.words.language == "en":  # the name by which the command line asks for it
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
        for alike in self._alike(deciding):
            if len(alike) == 1:
                yield from self._rule(alike[0], step, depth + 1, shown)
            else:
                yield from self._rules_failing(alike, depth + 1)
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

    def _alike(self, rules: list[RuleStep]) -> Iterator[list[RuleStep]]:
        """The rules one by one, but those together that all fail for one and the same fact or value of the law."""
        groups: dict[Any, list[RuleStep]] = {}
        for rule in rules:
            reason = _sole_reason(rule) if not self.full else None
            groups.setdefault((reason.text, reason.kind) if reason is not None else rule.rule, []).append(rule)
        yield from groups.values()

    def _rules_failing(self, rules: list[RuleStep], depth: int) -> Iterator[str]:
        """Rules that fail for one reason, in two lines."""
        yield "  " * depth + self.words.say("rules_fail_alike", count=len(rules), rules=", ".join(rule.rule for rule in rules))
        first = rules[0]
        assert first.when is not None
        self.clauses.enter(self.program, self.rules[first.rule])
        yield from self._clause(first.when, depth + 1, [])

    def _rule(self, step: RuleStep, of: Step, depth: int, shown: set[StepKey]) -> Iterator[str]:
        rule, pad = self.rules[step.rule], "  " * depth
        sources, by = self.sources(self.program.cited(rule), (rule.begins, rule.ends)), ", ".join(step.by)
        yield pad + self.words.say(_SENTENCES.get(step.state, "rule_open"), sentence=self.sentence(rule, step))
        yield f"{pad}  {self.words.say(_LINES.get(step.state, 'rule_line'), rule=rule.name, by=by, sources=sources)}"
        self.clauses.enter(self.program, rule)
        needed: list[Trace] = []
        if step.when is not None:
            yield from self._clause(step.when, depth + 1, needed)
        if step.gives is not None:
            yield from self._value(step.gives, depth + 1, needed)
        for name, place in dict.fromkeys((leaf.name, leaf.place) for leaf in needed):
            entity, _, decision = name.partition(".")
            found = self.steps.get((entity, place, decision))
            if found is not None and (found.decision, found.place) != (of.decision, of.place):
                yield from self._step(found, depth + 1, shown)

    def sentence(self, rule: Rule, step: RuleStep) -> str:
        """The rule's sentence with the values of this case."""
        fills = {fill.name: self.words.value(fill.value, fill.type) for fill in step.fills}
        return _BRACES.sub(lambda blank: fills.get(blank[1], blank[0]), self.words.label(rule.says, rule.name))

    def sources(self, cites: tuple[tuple[str, str], ...], force: tuple[date, date] | None = None, known: date = ALWAYS) -> str:
        """Where something stands, and since when that text applies and is known; every instrument is remembered for the list."""
        self.cited.update(dict.fromkeys(instrument for instrument, _ in cites))
        told = [self.words.cites(cites)]
        told += [said] if force is not None and (said := self.words.in_force(*force)) else []
        told += [self.words.say("known_from", day=self.words.day(known))] if known != ALWAYS else []
        return "; ".join(told)

    def listed(self) -> Iterator[str]:
        """What was cited so far: each instrument with its full title and the days on which that text applied and was published."""
        if self.cited:
            yield self.words.say("sources")
        for name in self.cited:
            yield f"  {self.words.instrument(name)}"

    # -- clauses ------------------------------------------------------------------------------------------------

    def _clause(self, part: Trace, depth: int, needed: list[Trace]) -> Iterator[str]:
        """A condition: its parts that mattered, each with its values."""
        for inner in mattering(part, self.full):
            mark = MARKS[inner.value] if isinstance(inner.value, bool) else "?"
            head = f"{'  ' * depth}{mark} {self.clauses.clause(inner)}"
            found = list(leaves(inner))
            if len(found) == 1 and found[0].kind in ("parameter", "fact"):
                yield f"{head}{self._origin(found[0])}"  # the line itself says what this one leaf is
                continue
            yield head
            yield from self._leaves(inner, depth + 1, needed)

    def _value(self, part: Trace, depth: int, needed: list[Trace]) -> Iterator[str]:
        """A computed value: its formula, and its leaves; what is only named is shown by its leaf or its own step."""
        if part.kind in ("constant", "skipped"):
            return
        if part.kind in ("decision", "parameter", "fact"):
            yield from self._leaves(part, depth, needed)
            return
        yield f"{'  ' * depth}= {self.clauses.formula(part.text)} = {self.clauses.value(part)}"
        yield from self._leaves(part, depth + 1, needed)

    def _leaves(self, part: Trace, depth: int, needed: list[Trace]) -> Iterator[str]:
        pad = "  " * depth
        if part.kind == "parameter":
            for inner in part.parts:
                yield from self._leaves(inner, depth, needed)
            yield f"{pad}{self.clauses.told(part)}{self._origin(part)}"
        elif part.kind == "fact":
            yield f"{pad}{self.clauses.told(part)}{self._origin(part)}"
        elif part.kind == "decision":
            needed.append(part)
        elif part.kind == "rows":
            yield from self._rows(part, depth, needed)
        else:
            for inner in part.parts:
                yield from self._leaves(inner, depth, needed)

    def _rows(self, part: Trace, depth: int, needed: list[Trace]) -> Iterator[str]:
        """The rows that the group was made from; where one was looked for and none fits, what each of them lacks."""
        pad = "  " * depth
        kept = [row for row in part.parts if self.full or is_telling(row, part)]
        if not kept and part.parts:
            yield pad + self.words.say("rows_none_fits", count=len(part.parts))
        for row in kept[: None if self.full else MAX_ROWS]:
            origin = f" [{row.source}]" if row.source else ""
            yield f"{pad}{self.words.row(row.place)}: {'; '.join(self.clauses.row(row, self.full))}{origin}"
            for inner in row.parts:
                list(self._leaves(inner, depth + 1, needed))
        if len(kept) > MAX_ROWS and not self.full:
            yield pad + self.words.say("more_rows", count=len(kept) - MAX_ROWS)

    def _origin(self, part: Trace) -> str:
        """Where a fact was read, or which source gives a parameter."""
        if part.kind == "fact":
            return f" [{part.source}]" if part.source else ""
        entry = parameter_entry(self.program, part)
        return f" [{self.sources(entry.cites, (entry.begins, entry.ends), entry.known_from)}]" if entry is not None else ""


def _sole_reason(step: RuleStep) -> Trace | None:
    """The clause because of which a rule fails, where it is only one and rests on a fact or a value of the law, not on a decision."""
    if step.state != "fails" or step.when is None:
        return None
    clauses = list(mattering(step.when))
    if len(clauses) != 1 or any(leaf.kind in ("decision", "rows") for leaf in leaves(clauses[0])):
        return None
    return clauses[0]


def is_telling(row: Trace, group: Trace) -> bool:
    """Whether a row is worth a line: it counts, or it is one of those among which nothing was found."""
    if group.name == "any" and group.value is False:
        return True
    return row.value is not False
