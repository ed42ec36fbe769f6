"""The proof as a tree of short texts, which a page shows and folds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from engine.explaining.clauses import mattering, parameter_entry
from engine.explaining.dossier.sources import Cited, Sources
from engine.explaining.dossier.telling import Telling
from engine.explaining.proof_text import is_telling
from engine.language import OpenSet, Trace, Unknown
from engine.law import Program, Rule
from engine.proving import Gap, RuleStep, Step

StepKey = tuple[str, tuple[str, ...], str]
OPEN_LEVELS = 4
MAX_ROWS = 12
HOLDS, FAILS, DOUBT = "✓", "✗", "?"
_MARKS = {"holds": HOLDS, "fails": FAILS, "displaced": FAILS}


@dataclass
class Node:
    """One line of the proof and what hangs below it.

    Attributes:
        kind: `step` (a decision), `rule`, `clause`, `value`, `fact`, `note`.
        mark: ✓, ✗, ? or nothing.
        text: what the line says; ``strong`` ends it, for a step the outcome.
        cites: numbered sources.
        source: where a fact was read.
        anchor: the id of a step; ``seen`` names the one that shows it already.
        unfolded: whether a page shows at first what hangs below.
    """

    kind: str
    text: str
    mark: str = ""
    strong: str = ""
    cites: tuple[Cited, ...] = ()
    source: str = ""
    anchor: str = ""
    seen: str = ""
    unfolded: bool = True
    children: list[Node] = field(default_factory=list)

    def flat(self, depth: int = 0) -> Iterator[tuple[int, Node]]:
        """The lines in reading order, each with its level."""
        yield depth, self
        for child in self.children:
            yield from child.flat(depth + 1)


class ProofTree:
    """Makes the trees of a determination; a step that several branches need is shown once, and named after that.

    Args:
        telling: words.
        program: the law of the year, for the sources of parameter values.
        steps: the proof.
        sources: numbers what is cited.
    """

    def __init__(self, telling: Telling, program: Program, steps: Mapping[StepKey, Step], sources: Sources) -> None:
        self.telling, self.program, self.steps, self.sources = telling, program, steps, sources
        self.rules: dict[str, Rule] = {rule.name: rule for rules in program.law.rules.values() for rule in rules}
        self.anchors: dict[StepKey, str] = {}

    def step(self, step: Step, level: int = 0) -> Node:
        """The tree of one decision."""
        key = (step.entity, step.place, step.decision)
        kind = self.program.law.vocabulary.decisions[step.entity, step.decision].type
        label = self.telling.words.decision(step.entity, step.decision)
        if step.entity != self.program.law.manifest["main"]:
            label += f" ({step.place[0]})"
        node = Node("step", label, strong=self.telling.words.value(step.outcome, kind))
        if key in self.anchors:
            node.seen = self.anchors[key]
            return node
        node.anchor = self.anchors[key] = f"p{len(self.anchors) + 1}"
        node.unfolded = level < OPEN_LEVELS
        causes = sorted(step.outcome.causes) if isinstance(step.outcome, (Unknown, OpenSet)) else ()
        node.children = [Node("note", self.telling.words.cause(cause), DOUBT) for cause in causes]
        deciding = deciding_rules(step)
        node.children += [self._rule(rule, step, level) for rule in deciding]
        if len(deciding) < len(step.rules):
            node.children.append(Node("note", self.telling.words.say("others_failed", count=len(step.rules) - len(deciding))))
        return node

    def _rule(self, step: RuleStep, of: Step, level: int) -> Node:
        rule = self.rules[step.rule]
        node = Node("rule", self.sentence(rule, step), _MARKS.get(step.state, DOUBT), cites=self.sources.cited(self.program.cited(rule)))
        if step.state != "holds":
            node.strong = self.telling.say(f"state_{step.state}", by=", ".join(self._exception(name) for name in step.by))
        needed: list[Trace] = []
        self.telling.enter(self.program, rule.name)
        if step.when is not None:
            node.children += self._clause(step.when, needed)
        if step.gives is not None and step.gives.kind not in ("constant", "skipped"):
            shown = Node(
                "value",
                self.telling.clauses.formula(step.gives.text),
                "=",
                strong=self.telling.words.value(step.gives.value, step.gives.type),
            )
            shown.children = list(self._leaves(step.gives, needed))
            node.children.append(shown)
        wanted = dict.fromkeys((*_owner(leaf), leaf.place) for leaf in needed)
        for entity, decision, place in wanted:
            found = self.steps.get((entity, place, decision))
            if found is not None and (found.decision, found.place) != (of.decision, of.place):
                node.children.append(self.step(found, level + 1))
        return node

    def _exception(self, name: str) -> str:
        return self.telling.words.label(self.rules[name].says, name) if name in self.rules else name

    def sentence(self, rule: Rule, step: RuleStep) -> str:
        """The rule's sentence with the values of this case; what fills a blank is never looked into for blanks."""
        pieces = [self.telling.words.label(rule.says, rule.name)]
        for fill in step.fills:
            blank, value = "{" + fill.name + "}", self.telling.words.value(fill.value, fill.type)
            pieces = [part for index, text in enumerate(pieces) for part in (_cut(text, blank, value) if index % 2 == 0 else [text])]
        return "".join(pieces)

    # -- clauses ------------------------------------------------------------------------------------------------

    def _clause(self, part: Trace, needed: list[Trace]) -> Iterator[Node]:
        for inner in mattering(part):
            mark = (HOLDS if inner.value else FAILS) if isinstance(inner.value, bool) else DOUBT
            node = Node("clause", self.telling.clauses.clause(inner), mark)
            leaves = list(self._leaves(inner, needed, bare=True))
            if len(leaves) == 1 and leaves[0].kind == "fact" and not _has_rows(inner):
                node.cites, node.source = leaves[0].cites, leaves[0].source  # the line itself says what this one leaf is
            else:
                node.children = leaves
            yield node

    def _leaves(self, part: Trace, needed: list[Trace], bare: bool = False) -> Iterator[Node]:
        """The leaves of an expression with their sources; a ``bare`` one repeats nothing that its line has said."""
        if part.kind == "parameter":
            for inner in part.parts:
                yield from self._leaves(inner, needed)
            cites = self._origin(part)
            if cites or not bare:
                yield Node("fact", self.telling.clauses.told(part), cites=cites)
        elif part.kind == "fact":
            if part.source or not bare:
                yield Node("fact", self.telling.clauses.told(part), source=part.source or "")
        elif part.kind == "decision":
            needed.append(part)
        elif part.kind == "rows":
            yield from self._rows(part, needed)
        else:
            for inner in part.parts:
                yield from self._leaves(inner, needed, bare)

    def _rows(self, part: Trace, needed: list[Trace]) -> Iterator[Node]:
        kept, say = [row for row in part.parts if is_telling(row, part)], self.telling.words.say
        if not kept and part.parts:
            yield Node("note", say("rows_none_fits", count=len(part.parts)))
        for row in kept[:MAX_ROWS]:
            yield Node("fact", f"{self.telling.words.row(row.place)}: {'; '.join(self.telling.clauses.row(row))}", source=row.source or "")
            for inner in row.parts:
                list(self._leaves(inner, needed))
        if len(kept) > MAX_ROWS:
            yield Node("note", say("more_rows", count=len(kept) - MAX_ROWS))

    def _origin(self, part: Trace) -> tuple[Cited, ...]:
        entry = parameter_entry(self.program, part)
        return self.sources.cited(entry.cites) if entry is not None else ()


def deciding_rules(step: Step) -> list[RuleStep]:
    """The rules that the outcome is read off: those that hold, or why none does."""
    states = {"holds"}
    if isinstance(step.outcome, (Unknown, OpenSet)):
        states |= {"open", "blocked"}
    elif isinstance(step.outcome, Gap) or step.outcome is False or step.outcome == frozenset():
        states = {"holds"} if any(r.state == "holds" for r in step.rules) else {"fails", "displaced"}
    return [rule for rule in step.rules if rule.state in states]


def _has_rows(part: Trace) -> bool:
    return part.kind == "rows" or any(_has_rows(inner) for inner in part.parts)


def _owner(leaf: Trace) -> tuple[str, str]:
    entity, _, decision = leaf.name.partition(".")
    return entity, decision


def _cut(text: str, blank: str, value: str) -> list[str]:
    """``text`` with every ``blank`` replaced, as alternating written and filled pieces."""
    pieces: list[str] = []
    for number, written in enumerate(text.split(blank)):
        pieces += [value, written] if number else [written]
    return pieces
