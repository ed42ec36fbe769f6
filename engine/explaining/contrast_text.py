"""Two laws compared on one decision, as sentences in one of the ruleset's languages, or as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from engine.explaining.json_form import receipt
from engine.explaining.proof_text import ProofText
from engine.explaining.sentences import Sentence
from engine.explaining.words import Words, plain_json
from engine.facts import Facts
from engine.law import Entry, Law, Rule, Selection
from engine.law.drafts import Draft
from engine.proving import Inquiry, Prover, Root, RuleStep
from engine.proving.exchanging import RULE, VALUE, Element, Exchange, Sight

if TYPE_CHECKING:
    from engine.explaining.contrast import Against

Cites = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ContrastView:
    """One comparison, to be told.

    Attributes:
        laws: the law that was asked about and the other one; both declare the same things.
        words: of either.
    """

    laws: tuple[Law, Law]
    facts: Facts
    inquiry: Inquiry
    root: Root
    owner: tuple[str, str]
    against: Against
    found: Exchange
    words: Words

    @property
    def selections(self) -> tuple[Selection, Selection]:
        asked = self.inquiry, self.against.inquiry
        one, other = (law.select(i.authority, i.readings, i.known_on) for law, i in zip(self.laws, asked, strict=True))
        return one, other

    @property
    def added(self) -> tuple[Draft, ...]:
        """The drafts under which only the other law is asked."""
        return tuple(draft for draft in self.laws[1].drafts if draft not in self.laws[0].drafts)

    # -- sentences ----------------------------------------------------------------------------------------------

    def head(self) -> str:
        """What is compared, and as of which day."""
        root = f"{self.words.key(self.root.entity, self.root.key)}, {self.root.year}"
        return self.words.say("contrast_head", root=root, decision=self.words.decision(*self.owner), day=self.words.day(self.facts.as_of))

    def sentences(self) -> Iterator[Sentence]:
        """Both answers, then what decides the difference."""
        say, found = self.words.say, self.found
        heads = self.own_law(), self.other_law()
        kind = self.laws[0].vocabulary.decisions[self.owner].type
        for head, outcomes in zip(heads, found.outcomes, strict=True):
            for place, outcome in outcomes:
                part = "" if self.owner[0] == self.root.entity else f" [{place[0]}]"
                yield Sentence(1, f"{head}: {self.words.value(outcome, kind)}{part}")
        for draft in self.added:
            yield Sentence(1, say("contrast_assumes", assumes=self.words.label(draft.assumes, "")))
        if found.same:
            yield Sentence(0, say("contrast_same", count=len(found.differing)) if found.differing else say("contrast_same_law"))
            return
        yield Sentence(0, say("contrast_smallest", count=len(found.smallest), total=self.words.count(len(found.differing))))
        if self.against.kind == "reading":  # the question has been said in full
            heads = say("contrast_taken"), say("contrast_otherwise")
        elif self.against.kind == "draft" and not self.laws[0].drafts:  # its title has been said in full
            heads = say("contrast_current"), say("contrast_by_draft")
        elif self.against.kind == "current":
            heads = say("contrast_by_draft"), say("contrast_current")
        for element in found.smallest:
            yield from self.element(element, heads)
        if not found.least:
            yield Sentence(0, say("contrast_bounded", count=found.excluded) if found.excluded else say("contrast_untried"))
        yield Sentence(0, say("contrast_proofs", count=found.proofs))

    def own_law(self) -> str:
        phase, selection = self.laws[0].phases[self.found.one.phase], self.selections[0]
        told = self.words.say(
            "contrast_own", phase=self.words.label(phase.title, phase.id), authority=self.words.authority_name(selection.authority)
        )
        if selection.known_on is None:
            return told
        return f"{told}, {self.words.say('contrast_day', day=self.words.day(selection.known_on))}"

    def other_law(self) -> str:
        against, words = self.against, self.words
        if against.kind == "draft":
            return words.say("contrast_draft", title="; ".join(words.label(draft.title, draft.id) for draft in self.added))
        if against.kind == "current":
            return words.say("contrast_current")
        if against.phase is not None:
            return words.say("contrast_phase", phase=words.label(self.laws[1].phases[against.phase].title, against.phase))
        if against.kind == "authority":
            return words.say("contrast_authority", authority=words.authority_name(against.written))
        if against.kind == "day":
            return words.say("contrast_day", day=words.day(date.fromisoformat(against.written)))
        question, _, answer = against.written.partition("=")
        content = self.laws[1].questions[question]
        asked, said = words.label(content["ask"], question), words.label(content["answers"][answer]["says"], answer)
        return words.say("contrast_reading", question=asked, answer=said)

    def element(self, element: Element, heads: tuple[str, str]) -> Iterator[Sentence]:
        if element.kind == VALUE:
            yield from self.value(element, heads)
        elif element.kind == RULE:
            yield Sentence(1, self.words.say("contrast_rule", rule=element.name))
            for side, active in enumerate(self.found.active[element]):
                rule = self.rule(element.name, side)
                if active and rule is not None:
                    yield Sentence(2, f"{heads[side]}: {self.sentence(rule, side)}", "", rule.cites)
                else:
                    yield Sentence(2, f"{heads[side]}: {self.words.say('contrast_no_rule')}")
        else:
            yield Sentence(1, self.words.say("contrast_which_phase"))
            for side, determination in enumerate((self.found.one, self.found.other)):
                phase = self.laws[side].phases[determination.phase]
                yield Sentence(2, f"{heads[side]}: {self.words.label(phase.title, phase.id)}", "", phase.cites)

    def value(self, element: Element, heads: tuple[str, str]) -> Iterator[Sentence]:
        """What both laws say of a parameter on the days on which it was looked up; said once where it is the same on several."""
        spec = self.laws[0].vocabulary.parameters[element.name]
        days: dict[tuple[tuple[str, Cites], ...], list[date]] = {}
        for sight in self.found.sights[element]:
            told = tuple(
                (self.words.value(value, spec.type), entry.cites) if entry is not None else (self.words.say("contrast_no_value"), ())
                for value, entry in (sight.one, sight.other)
            )
            days.setdefault(told, []).append(sight.at)
        key = f" ({self.words.code(spec.keyed_by, str(element.key))})" if element.key is not None else ""
        for said_by, at in days.items():
            listed = "; ".join(self.words.day(day) for day in dict.fromkeys(at))
            yield Sentence(1, self.words.say("contrast_value", parameter=self.words.parameter(element.name) + key, days=listed))
            for head, (text, cites) in zip(heads, said_by, strict=True):
                yield Sentence(2, f"{head}: {text}", "", cites)

    def rule(self, name: str, side: int) -> Rule | None:
        """The rule as one of the laws has it."""
        return next((rule for rules in self.laws[side].rules.values() for rule in rules if rule.name == name), None)

    def sentence(self, rule: Rule, side: int) -> str:
        """The rule's sentence on these facts, and whether it applies to the first instance that it was asked about."""
        determination = (self.found.one, self.found.other)[side]
        steps = (s for (entity, _, name), s in determination.steps.items() if (entity, name) == rule.decides)
        step: RuleStep | None = next((part for step in steps for part in step.rules if part.rule == rule.name), None)
        if step is None:
            return self.words.label(rule.says, rule.name)
        law = self.laws[side]
        program = Prover(law, law.select(), self.facts).law_of(law.phases[determination.phase], self.root.year)
        said = ProofText(self.words, program, determination.steps).sentence(rule, step)
        return self.words.say(f"contrast_{step.state}", sentence=said)

    # -- JSON ---------------------------------------------------------------------------------------------------

    def as_json(self) -> dict[str, Any]:
        found = self.found
        sides = [
            {
                "phase": determination.phase,
                "outcomes": [{"place": list(place), "outcome": plain_json(outcome)} for place, outcome in outcomes],
                "receipt": receipt(law, selection, self.facts),
            }
            for law, determination, outcomes, selection in zip(
                self.laws, (found.one, found.other), found.outcomes, self.selections, strict=True
            )
        ]
        return {
            "entity": self.root.entity,
            "key": list(self.root.key),
            "year": self.root.year,
            "decision": self.laws[0].decision_name(*self.owner),
            "against": {"kind": self.against.kind, "value": self.against.written},
            "own": sides[0],
            "other": sides[1],
            "same": found.same,
            "differing": [_named(element) for element in found.differing],
            "smallest": [_named(element) | self.told(element) for element in found.smallest],
            "least": found.least,
            "excluded": found.excluded,
            "proofs": found.proofs,
        }

    def told(self, element: Element) -> dict[str, Any]:
        """What the two laws say of an element."""
        if element.kind == VALUE:
            return {"sights": [_sight_json(sight) for sight in self.found.sights[element]]}
        if element.kind == RULE:
            states = self.found.active[element]
            texts = [self.rule(element.name, side) if states[side] else None for side in (0, 1)]
            rule = texts[0] or texts[1]
            assert rule is not None
            amended = {"amended": _rule_json(texts[1])} if texts[0] is not None and texts[1] is not None else {}
            return {"own": states[0], "other": states[1], **_rule_json(rule), **amended}
        return {"own": self.found.one.phase, "other": self.found.other.phase}


def _named(element: Element) -> dict[str, Any]:
    return {"kind": element.kind, "name": element.name, "key": str(element.key) if element.key is not None else None}


def _rule_json(rule: Rule) -> dict[str, Any]:
    return {"says": dict(rule.says), "cite": _cite_json(rule.cites)}


def _sight_json(sight: Sight) -> dict[str, Any]:
    sides = {"own": sight.one, "other": sight.other}
    found: dict[str, Any] = {"year": sight.year, "at": sight.at.isoformat()}
    return found | {side: {"value": plain_json(value), "cite": _entry_cite(entry)} for side, (value, entry) in sides.items()}


def _entry_cite(entry: Entry | None) -> list[dict[str, str]]:
    return _cite_json(entry.cites) if entry is not None else []


def _cite_json(cites: Cites) -> list[dict[str, str]]:
    return [{"instrument": instrument, "point": point} for instrument, point in cites]
