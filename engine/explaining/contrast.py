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
from engine.problems import InputError, did_you_mean, input_error
from engine.proving import Determination, Inquiry, Prover, Root, RuleStep
from engine.proving.exchanging import RULE, VALUE, Element, Exchange, PhaseProver, Sight, exchange


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
        try:
            law.select(other.authority, other.readings, other.known_on)
        except InputError as error:
            raise InputError(replace(problem, file="--against") for problem in error.problems) from None
        return Against("reading", written, other)
    try:
        return Against("day", written, replace(inquiry, known_on=date.fromisoformat(written)))
    except ValueError:
        near = did_you_mean(written, [*law.phases, *law.authorities])
        remedy = near if near.startswith("did") else "write a phase, an authority, a day as YYYY-MM-DD, or a reading as NAME=ANSWER"
        raise input_error("--against", 0, 0, f"'{written}' is no phase, day, authority or NAME=ANSWER", remedy) from None


def contrast_report(
    law: Law,
    path: Path | Facts,
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
        say, found = self.words.say, self.found
        label, day = self.words.decision(*self.owner), self.words.day(self.facts.as_of)
        yield say("contrast_head", root=f"{self.words.key(self.root.entity, self.root.key)}, {self.root.year}", decision=label, day=day)
        heads = self.own_law(), self.other_law()
        kind = self.law.vocabulary.decisions[self.owner].type
        for head, outcomes in zip(heads, found.outcomes, strict=True):
            for place, outcome in outcomes:
                part = "" if self.owner[0] == self.root.entity else f" [{place[0]}]"
                yield f"  {head}: {self.words.value(outcome, kind)}{part}"
        yield ""
        if found.same:
            yield say("contrast_same", count=len(found.differing)) if found.differing else say("contrast_same_law")
            return
        yield say("contrast_smallest", count=len(found.smallest), total=self.words.count(len(found.differing)))
        if self.against.kind == "reading":  # the question has been said in full
            heads = say("contrast_taken"), say("contrast_otherwise")
        for element in found.smallest:
            yield from self.element(element, heads)
        if not found.least:
            yield say("contrast_bounded", count=found.excluded) if found.excluded else say("contrast_untried")
        yield say("contrast_proofs", count=found.proofs)

    def own_law(self) -> str:
        phase = self.law.phases[self.found.one.phase]
        selection = self.law.select(self.inquiry.authority, self.inquiry.readings, self.inquiry.known_on)
        told = self.words.say(
            "contrast_own", phase=self.words.label(phase.title, phase.id), authority=self.words.authority_name(selection.authority)
        )
        if selection.known_on is None:
            return told
        return f"{told}, {self.words.say('contrast_day', day=self.words.day(selection.known_on))}"

    def other_law(self) -> str:
        against, words = self.against, self.words
        if against.phase is not None:
            return words.say("contrast_phase", phase=words.label(self.law.phases[against.phase].title, against.phase))
        if against.kind == "authority":
            return words.say("contrast_authority", authority=words.authority_name(against.written))
        if against.kind == "day":
            return words.say("contrast_day", day=words.day(date.fromisoformat(against.written)))
        question, _, answer = against.written.partition("=")
        content = self.law.questions[question]
        asked, said = words.label(content["ask"], question), words.label(content["answers"][answer]["says"], answer)
        return words.say("contrast_reading", question=asked, answer=said)

    def element(self, element: Element, heads: tuple[str, str]) -> Iterator[str]:
        if element.kind == VALUE:
            yield from self.value(element, heads)
        elif element.kind == RULE:
            yield f"  {self.words.say('contrast_rule', rule=element.name)}"
            rule = self.rule(element.name)
            for head, determination, active in zip(heads, (self.found.one, self.found.other), self.found.active[element], strict=True):
                said = self.cited(self.sentence(rule, determination), rule.cites) if active else self.words.say("contrast_no_rule")
                yield f"    {head}: {said}"
        else:
            yield f"  {self.words.say('contrast_which_phase')}"
            for head, determination in zip(heads, (self.found.one, self.found.other), strict=True):
                phase = self.law.phases[determination.phase]
                yield f"    {head}: {self.cited(self.words.label(phase.title, phase.id), phase.cites)}"

    def value(self, element: Element, heads: tuple[str, str]) -> Iterator[str]:
        """What both laws say of a parameter on the days on which it was looked up; said once where it is the same on several."""
        spec = self.law.vocabulary.parameters[element.name]
        days: dict[tuple[str, ...], list[date]] = {}
        for sight in self.found.sights[element]:
            told = []
            for value, entry in (sight.one, sight.other):
                said = self.words.value(value, spec.type)
                told.append(self.cited(said, entry.cites) if entry is not None else self.words.say("contrast_no_value"))
            days.setdefault(tuple(told), []).append(sight.at)
        key = f" ({self.words.code(spec.keyed_by, str(element.key))})" if element.key is not None else ""
        for said_by, at in days.items():
            listed = "; ".join(self.words.day(day) for day in dict.fromkeys(at))
            yield f"  {self.words.say('contrast_value', parameter=self.words.parameter(element.name) + key, days=listed)}"
            for head, text in zip(heads, said_by, strict=True):
                yield f"    {head}: {text}"

    def cited(self, text: str, cites: tuple[tuple[str, str], ...]) -> str:
        return f"{text} [{self.words.cites(cites)}]"

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
        return self.words.say(f"contrast_{step.state}", sentence=said)

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
