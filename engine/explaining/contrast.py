"""The same facts under two laws: both answers, and the smallest exchange of rules or values that turns one into the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from engine.explaining.json_form import receipt
from engine.explaining.proof_text import ProofText
from engine.explaining.reports import decision_key, default_decision, find_root, read_facts
from engine.explaining.terminal import say, say_json
from engine.explaining.words import Words, plain_json
from engine.facts import Facts
from engine.law import Entry, Law, Rule
from engine.problems import did_you_mean, input_error
from engine.proving import Determination, Inquiry, Prover, Root, RuleStep
from engine.proving.exchanging import RULE, VALUE, Element, Exchange, PhaseProver, Sight, exchange

TEXTS = {
    "unknown": "'{0}' is no phase, day, authority or NAME=ANSWER",
    "unknown-remedy": "write a phase, an authority, a day as YYYY-MM-DD, or a reading as NAME=ANSWER",
    "head": "{0} — {1} ({2}); as of {3}",
    "own": "under {0}, authority {1}",
    "own-known": "under {0}, authority {1}, as known on {2}",
    "phase": "under the law of {0}",
    "day": "as the law was known on {0}",
    "authority": "under authority {0}",
    "reading": "if {0} is answered {1}",
    "outcome": "  {0}: {1}",
    "outcome-of": "  {0}: {1} [{2}]",
    "same": "The answer is the same. Rules and values that it rests on and that differ: {0}.",
    "one": "Exchanging one of the {0} differing rules or values flips the answer:",
    "least": "Exchanging {1} of the {0} differing rules or values flips the answer; no fewer do:",
    "bounded": "Exchanging {1} of the {0} differing rules or values flips the answer, and none of them can be left out. "
    "No {2} or fewer do; larger sets were not all tried:",
    "untried": "Exchanging {1} of the {0} differing rules or values flips the answer, and none of them can be left out. "
    "Other sets were not all tried:",
    "element-value": "  {0} ({1}), {2}",
    "element-rule": "  rule {0}",
    "element-phase": "  which phase and plan the year belongs to",
    "side": "    {0}: {1}",
    "cited": "{0} [{1}]",
    "silent": "no value",
    "inactive": "there is no such rule",
    "states": "{0} — {1}",
    "holds": "applies",
    "fails": "does not apply",
    "open": "cannot be determined",
    "displaced": "is displaced",
    "blocked": "is blocked",
    "proofs": "({0} laws proved)",
}


@dataclass(frozen=True)
class Against:
    """The other law.

    Attributes:
        kind: `phase`, `day`, `authority` or `reading`.
        written: as the asker wrote it.
        inquiry: authority, readings and day of knowledge of the other law.
        phase: the phase whose law judges the year instead of its own.
    """

    kind: str
    written: str
    inquiry: Inquiry
    phase: str | None = None


def read_against(law: Law, written: str, inquiry: Inquiry) -> Against:
    """What `--against` means: a phase, an authority, a day, or one question's answer.

    Raises:
        InputError: it is none of these, or there is no such question or answer.
    """
    if written in law.phases:
        return Against("phase", written, inquiry, written)
    if written in law.authorities:
        return Against("authority", written, replace(inquiry, authority=written))
    if "=" in written:
        question, _, answer = written.partition("=")
        other = replace(inquiry, readings={**inquiry.readings, question: answer})
        law.select(other.authority, other.readings, other.known_on)
        return Against("reading", written, other)
    try:
        return Against("day", written, replace(inquiry, known_on=date.fromisoformat(written)))
    except ValueError:
        near = did_you_mean(written, [*law.phases, *law.authorities])
        remedy = near if near.startswith("did") else TEXTS["unknown-remedy"]
        raise input_error("--against", 0, 0, TEXTS["unknown"].format(written), remedy) from None


def contrast_report(
    law: Law,
    path: Path,
    inquiry: Inquiry,
    key: str,
    year: int,
    decision: str | None,
    against: str,
    as_of: date | None,
    form: str,
    language: str = "en",
) -> None:
    """`kazets why … --against`: one decision under two laws.

    Raises:
        InputError: the facts, the question or the other law cannot be read.
        EngineDefect: proving failed.
    """
    other = read_against(law, against, inquiry)
    facts = read_facts(law, path, as_of)
    root = find_root(law, facts, inquiry, key, year)
    owner = decision_key(law, root, decision or default_decision(law, root))
    found = contrast(law, facts, inquiry, root, owner, other)
    view = _View(law, facts, inquiry, root, owner, other, found, Words(law, language))
    if form == "json":
        say_json(view.as_json())
        return
    for line in view.lines():
        say(line)


def contrast(law: Law, facts: Facts, inquiry: Inquiry, root: Root, owner: tuple[str, str], against: Against) -> Exchange:
    """The decision under both laws, and the smallest exchange between them.

    Raises:
        InputError: the root cannot be asked under one of the laws.
        EngineDefect: proving failed.
    """
    own = law.select(inquiry.authority, inquiry.readings, inquiry.known_on)
    asked = against.inquiry
    selection = law.select(asked.authority, asked.readings, asked.known_on)
    other = (
        PhaseProver(law, selection, facts, law.phases[against.phase], root.year)
        if against.phase is not None
        else Prover(law, selection, facts)
    )
    return exchange(Prover(law, own, facts), other, root, owner)


@dataclass(frozen=True)
class _View:
    law: Law
    facts: Facts
    inquiry: Inquiry
    root: Root
    owner: tuple[str, str]
    against: Against
    found: Exchange
    words: Words

    # -- text ---------------------------------------------------------------------------------------------------

    def lines(self) -> Iterator[str]:
        label, name = self.words.decision(*self.owner), self.law.decision_name(*self.owner)
        yield TEXTS["head"].format(self.root, label, name, self.facts.as_of)
        heads = self.own_law(), self.other_law()
        kind = self.law.vocabulary.decisions[self.owner].type
        for head, outcomes in zip(heads, self.found.outcomes, strict=True):
            for place, outcome in outcomes:
                text = "outcome" if self.owner[0] == self.root.entity else "outcome-of"
                yield TEXTS[text].format(head, self.words.value(outcome, kind), ", ".join(place[:1]))
        differing, taken = len(self.found.differing), len(self.found.smallest)
        yield ""
        if self.found.same:
            yield TEXTS["same"].format(differing)
            return
        text = "one" if taken == 1 else "least"
        if not self.found.least:
            text = "bounded" if self.found.excluded else "untried"
        yield TEXTS[text].format(differing, taken, self.found.excluded)
        for element in self.found.smallest:
            yield from self.element(element, heads)
        yield TEXTS["proofs"].format(self.found.proofs)

    def own_law(self) -> str:
        phase = self.law.phases[self.found.one.phase]
        selection = self.law.select(self.inquiry.authority, self.inquiry.readings, self.inquiry.known_on)
        text = TEXTS["own-known" if selection.known_on else "own"]
        return text.format(self.words.label(phase.title, phase.id), selection.authority, selection.known_on)

    def other_law(self) -> str:
        if self.against.phase is not None:
            return TEXTS["phase"].format(self.words.label(self.law.phases[self.against.phase].title, self.against.phase))
        return TEXTS[self.against.kind].format(*self.against.written.split("=", 1))

    def element(self, element: Element, heads: tuple[str, str]) -> Iterator[str]:
        if element.kind == VALUE:
            spec = self.law.vocabulary.parameters[element.name]
            key = f"[{element.key}]" if element.key is not None else ""
            for sight in self.found.sights[element]:
                yield TEXTS["element-value"].format(self.words.parameter(element.name), element.name + key, sight.at)
                for head, (value, entry) in zip(heads, (sight.one, sight.other), strict=True):
                    said = self.words.value(value, spec.type)
                    yield TEXTS["side"].format(head, self.cited(said, entry.cites) if entry is not None else TEXTS["silent"])
        elif element.kind == RULE:
            yield TEXTS["element-rule"].format(element.name)
            rule = self.rule(element.name)
            for head, determination, active in zip(heads, (self.found.one, self.found.other), self.found.active[element], strict=True):
                said = self.cited(self.sentence(rule, determination), rule.cites) if active else TEXTS["inactive"]
                yield TEXTS["side"].format(head, said)
        else:
            yield TEXTS["element-phase"]
            for head, determination in zip(heads, (self.found.one, self.found.other), strict=True):
                phase = self.law.phases[determination.phase]
                yield TEXTS["side"].format(head, self.cited(self.words.label(phase.title, phase.id), phase.cites))

    def cited(self, text: str, cites: tuple[tuple[str, str], ...]) -> str:
        return TEXTS["cited"].format(text, self.words.cites(cites))

    def rule(self, name: str) -> Rule:
        return next(rule for rules in self.law.rules.values() for rule in rules if rule.name == name)

    def rule_step(self, rule: Rule, determination: Determination) -> RuleStep | None:
        """What the rule contributed to the first instance that it was asked about."""
        steps = (s for (entity, _, name), s in determination.steps.items() if (entity, name) == rule.decides)
        return next((part for step in steps for part in step.rules if part.rule == rule.name), None)

    def sentence(self, rule: Rule, determination: Determination) -> str:
        """The rule's sentence on these facts, and whether it applies to them."""
        step = self.rule_step(rule, determination)
        if step is None:
            return self.words.label(rule.says, rule.name)
        program = Prover(self.law, self.law.select(), self.facts).law_of(self.law.phases[determination.phase], self.root.year)
        said = ProofText(self.words, program, determination.steps).sentence(rule, step)
        return TEXTS["states"].format(TEXTS[step.state], said)

    # -- JSON ---------------------------------------------------------------------------------------------------

    def as_json(self) -> dict[str, Any]:
        found, asked = self.found, self.against.inquiry
        selections = (self.law.select(i.authority, i.readings, i.known_on) for i in (self.inquiry, asked))
        sides = [
            {
                "phase": determination.phase,
                "outcomes": [{"place": list(place), "outcome": plain_json(outcome)} for place, outcome in outcomes],
                "receipt": receipt(self.law, selection, self.facts),
            }
            for determination, outcomes, selection in zip((found.one, found.other), found.outcomes, selections, strict=True)
        ]
        return {
            "entity": self.root.entity,
            "key": list(self.root.key),
            "year": self.root.year,
            "decision": self.law.decision_name(*self.owner),
            "against": {"kind": self.against.kind, "value": self.against.written},
            "own": sides[0],
            "other": sides[1],
            "same": found.same,
            "differing": [self.named(element) for element in found.differing],
            "smallest": [self.named(element) | self.told(element) for element in found.smallest],
            "least": found.least,
            "excluded": found.excluded,
            "proofs": found.proofs,
        }

    def named(self, element: Element) -> dict[str, Any]:
        return {"kind": element.kind, "name": element.name, "key": str(element.key) if element.key is not None else None}

    def told(self, element: Element) -> dict[str, Any]:
        """What the two laws say of an element."""
        if element.kind == VALUE:
            return {"sights": [_sight_json(sight) for sight in self.found.sights[element]]}
        if element.kind == RULE:
            rule, (one, other) = self.rule(element.name), self.found.active[element]
            says: Mapping[str, Any] = {"says": dict(rule.says), "cite": _cite_json(rule.cites)}
            return {"own": one, "other": other, **says}
        return {"own": self.found.one.phase, "other": self.found.other.phase}


def _sight_json(sight: Sight) -> dict[str, Any]:
    sides = {"own": sight.one, "other": sight.other}
    found: dict[str, Any] = {"year": sight.year, "at": sight.at.isoformat()}
    return found | {side: {"value": plain_json(value), "cite": _entry_cite(entry)} for side, (value, entry) in sides.items()}


def _entry_cite(entry: Entry | None) -> list[dict[str, str]]:
    return _cite_json(entry.cites) if entry is not None else []


def _cite_json(cites: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"instrument": instrument, "point": point} for instrument, point in cites]
