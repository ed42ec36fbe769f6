"""Asking what worked examples ask, and comparing what comes out with what they expect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from engine.containment import contained
from engine.drafting.cases import Case, Laws
from engine.explaining.proof_text import ProofText
from engine.explaining.words import Words
from engine.language import show
from engine.language.values import same
from engine.law import Law
from engine.law.reading_values import Unreadable, read_plain
from engine.problems import EngineDefect, InputError, did_you_mean, input_error
from engine.proving import Conflict, Determination, Gap, Prover, Root, RuleStep, Step, determine
from engine.proving.determination import differences

UNDETERMINED, CHANGED = "undetermined", "changed"
DEADLINE_SECONDS = 120
Found = Mapping[tuple[str, tuple[str, ...], str], Step]


@dataclass(frozen=True)
class Mismatch:
    """What came out otherwise than a case expects.

    Attributes:
        at: file, line and column of the expectation.
        proof: the proof of what came out, a line each.
    """

    at: tuple[str, int, int]
    decision: str
    expected: str
    got: str
    proof: tuple[str, ...] = ()

    def __str__(self) -> str:
        file, line, column = self.at
        head = f"{file}:{line}:{column}: {self.decision}: expected {self.expected}, got {self.got}"
        return "\n".join([head, *(f"    {line}" for line in self.proof)])


@dataclass(frozen=True)
class Outcome:
    """What a case came to: nothing wrong, or what came out otherwise, or why it could not be asked."""

    mismatches: tuple[Mismatch, ...] = ()
    error: str = ""

    @property
    def passed(self) -> bool:
        return not self.mismatches and not self.error


class Runner:
    """Runs cases under one law; what was compiled for one serves the next.

    Args:
        laws: the ruleset, and under drafts. Under more drafts than a case names only what it expects is decided.
    """

    def __init__(self, laws: Laws) -> None:
        self.laws = laws
        self._first: dict[Any, Prover] = {}

    def prover(self, case: Case) -> tuple[Prover, Root]:
        """A prover about the case's facts, and what the case asks about.

        Raises:
            InputError: the facts or the question cannot be read.
        """
        return self._prover(case, self.laws.of(case))

    def _prover(self, case: Case, law: Law) -> tuple[Prover, Root]:
        facts, selection = case.facts(law), case.selection(law)
        under = (law.digest, selection.authority, selection.known_on, tuple(sorted(selection.readings.items())), selection.settled)
        first = self._first.get(under)
        prover = first.about(facts) if first is not None else self._first.setdefault(under, Prover(law, selection, facts))
        return prover, case.root(law, facts)

    def run(self, case: Case) -> Outcome:
        """Ask what the case asks, and compare."""
        try:
            prover, root = self.prover(case)
            found = determine(prover, root, wanted=expected_keys(case, prover.law, root.entity) if self.laws.more else ())
            if case.content["expect"] == CHANGED:
                return Outcome(tuple(self._unchanged(case, found)))
            mismatches = [*mismatches_of(case, prover.law, found, prover.session(root).steps)]
            return Outcome(tuple(self._proved(mismatches, prover, root)))
        except InputError as error:
            return Outcome(error=str(error))
        except EngineDefect as error:
            return Outcome(error=f"{':'.join(map(str, case.place()))}: the engine contradicts itself: {error}")

    def _unchanged(self, case: Case, found: Determination) -> Iterator[Mismatch]:
        """Whether the drafts make no difference to anything that is decided."""
        prover, root = self._prover(case, self.laws.law)
        if not differences(found, {"": determine(prover, root)}):
            yield Mismatch(case.place("expect"), "every decision", f"{CHANGED} by {', '.join(case.drafts) or 'a draft'}", "the same")

    def _proved(self, mismatches: list[tuple[Mismatch, Step | None]], prover: Prover, root: Root) -> Iterator[Mismatch]:
        """Mismatches with the proof of what came out."""
        if not mismatches:
            return
        steps = determine(prover, root, "brief").steps
        text = ProofText(Words(prover.law), prover.program(root), steps)
        for mismatch, step in mismatches:
            key = (step.entity, step.place, step.decision) if step is not None else None
            yield replace(mismatch, proof=tuple(text.lines(key))) if key in steps and key is not None else mismatch


def run_all(laws: Laws, cases: Sequence[Case], jobs: int) -> Iterator[tuple[Case, Outcome]]:
    """The outcome of every case, in order, from ``jobs`` processes that run side by side.

    A process that dies or does not answer fails the case at hand; what was left to it is run in another.
    """
    order = sorted(range(len(cases)), key=lambda i: (repr(sorted(cases[i].under.items(), key=str)), i))
    size = -(-len(order) // max(jobs, 1)) if order else 1
    parts = [order[start : start + size] for start in range(0, len(order), size)]
    found: dict[int, Outcome] = {}
    streams = [_outcomes(laws, cases, part) for part in parts]
    for row in zip_longest(*streams):
        found.update(pair for pair in row if pair is not None)
    yield from ((case, found[index]) for index, case in enumerate(cases))


def _outcomes(laws: Laws, cases: Sequence[Case], part: list[int]) -> Iterator[tuple[int, Outcome]]:
    """Starts at once: the first step of the stream is the first answer of a child that is already at work."""
    runner = Runner(laws)
    stream = contained([cases[index] for index in part], runner.run, DEADLINE_SECONDS)
    return _answers(laws, cases, part, stream)


def _answers(laws: Laws, cases: Sequence[Case], part: list[int], stream: Iterator[Outcome]) -> Iterator[tuple[int, Outcome]]:
    for position, index in enumerate(part):
        try:
            yield index, next(stream)
        except EngineDefect as error:
            yield index, Outcome(error=f"{':'.join(map(str, cases[index].place()))}: {error}")
            yield from _outcomes(laws, cases, part[position + 1 :])
            return


# -- comparing ----------------------------------------------------------------------------------------------------


def mismatches_of(case: Case, law: Law, found: Determination, steps: Found) -> Iterator[tuple[Mismatch, Step | None]]:
    """What came out otherwise than expected, each with the step that it was read off.

    Raises:
        InputError: an expectation names what does not exist.
    """
    yield from _compare(case, law, found, steps)
    yield from _compare_doubts(case, law, found, steps)
    yield from _compare_rules(case, found, steps)
    yield from _compare_deciding(case, law, found, steps)


def expected_keys(case: Case, law: Law, entity: str) -> tuple[tuple[str, str], ...]:
    """The (entity, decision) pairs that the case says something about; by `expect_rules`, those that the rules decide.

    Args:
        entity: that the case asks about.
    """
    written = case.content
    if written["expect"] == CHANGED:
        return ()
    names = [n for part in ("expect", "expect_undetermined", "expect_decided_by") for n in written.get(part, {}) if n != "lots"]
    keys = [(entity, name) for name in names]
    keys += [("lot", name) for lot in written["expect"].get("lots", {}).values() for name in lot]
    ruled = {rule.name: rule.decides for rules in law.rules.values() for rule in rules}
    keys += [ruled[name] for name in written.get("expect_rules", ()) if name in ruled]
    return tuple(dict.fromkeys(key for key in keys if key in law.vocabulary.decisions))


def _compare(case: Case, law: Law, found: Determination, steps: Found) -> Iterator[tuple[Mismatch, Step | None]]:
    entity = found.root.entity
    for name, written in case.content["expect"].items():
        if name != "lots":
            yield from _compare_one(case, law, found, steps, ("expect", name), entity, None, name, written)
            continue
        for lot, decisions in written.items():
            for decision, value in decisions.items():
                yield from _compare_one(case, law, found, steps, ("expect", "lots", lot, decision), "lot", str(lot), decision, value)


def _compare_one(case: Case, law: Law, found: Determination, steps: Found, path: tuple[Any, ...], entity: str, part: str | None,
                 decision: str, written: Any) -> Iterator[tuple[Mismatch, Step | None]]:  # fmt: skip
    at = case.place(*path)
    spec = law.vocabulary.decisions.get((entity, decision))
    if spec is None:
        names = [name for owner, name in law.vocabulary.decisions if owner == entity]
        raise input_error(*at, f"no decision '{decision}'", did_you_mean(decision, names))
    step = step_of(steps, entity, part, decision)
    if step is None:
        raise input_error(*at, f"no '{part}' on the account of {found.root.key[0]}", "name a lot of the installation")
    try:
        expected = UNDETERMINED if written == UNDETERMINED else read_plain(written, spec.type, law.vocabulary)
    except Unreadable as error:
        raise input_error(*at, f"{decision}: {error}") from None
    met = not step.known if expected == UNDETERMINED else step.known and same(step.outcome, expected)
    if not met:
        name = decision if part is None else f"{part}.{decision}"
        yield Mismatch(at, name, _said(expected), _shown(step)), step


def _compare_doubts(case: Case, law: Law, found: Determination, steps: Found) -> Iterator[tuple[Mismatch, Step | None]]:
    """Decisions that must stay open: a gap, a conflict, or for want of the leaves named."""
    entity = found.root.entity
    for name, written in case.content.get("expect_undetermined", {}).items():
        at = case.place("expect_undetermined", name)
        _known_decision(law, entity, name, at)
        full = law.decision_name(entity, name)
        doubt = next((o for o in found.open if o.decision == full), None)
        leaves = [str(cause) for cause in doubt.missing] if doubt is not None else []
        step = step_of(steps, entity, None, name)
        if doubt is None:
            yield Mismatch(at, name, UNDETERMINED, _said(step.outcome) if step is not None else "nothing"), step
        elif isinstance(written, str) and doubt.reason != written:
            yield Mismatch(at, name, f"a {written}", f"{doubt.reason}: {', '.join(leaves)}"), step
        elif isinstance(written, list) and not set(written) <= set(leaves):
            yield Mismatch(at, name, f"missing {', '.join(written)}", f"{doubt.reason}, missing {', '.join(leaves) or 'nothing'}"), step


def _known_decision(law: Law, entity: str, name: str, at: tuple[str, int, int]) -> None:
    if (entity, name) not in law.vocabulary.decisions:
        names = [n for owner, n in law.vocabulary.decisions if owner == entity]
        raise input_error(*at, f"no decision '{name}'", did_you_mean(name, names))


def _compare_rules(case: Case, found: Determination, steps: Found) -> Iterator[tuple[Mismatch, Step | None]]:
    """Rules that must have held, whatever came of it."""
    named: dict[str, list[tuple[RuleStep, Step]]] = {}
    for step in steps.values():
        for rule in step.rules:
            named.setdefault(rule.rule, []).append((rule, step))
    for index, name in enumerate(case.content.get("expect_rules", [])):
        if name not in named:
            raise input_error(*case.place("expect_rules", index), f"no rule '{name}' in {found.phase}", did_you_mean(name, named))
        if not any(rule.state == "holds" for rule, _ in named[name]):
            rule, step = named[name][0]
            yield Mismatch(case.place("expect_rules", index), name, "holds", rule.state), step


def _compare_deciding(case: Case, law: Law, found: Determination, steps: Found) -> Iterator[tuple[Mismatch, Step | None]]:
    """The rules that decided: those that hold when every exception was heard."""
    for name, written in case.content.get("expect_decided_by", {}).items():
        at = case.place("expect_decided_by", name)
        _known_decision(law, found.root.entity, name, at)
        step = step_of(steps, found.root.entity, None, name)
        rules = {rule.rule for rule in step.rules if rule.state == "holds"} if step is not None else set()
        wanted = set(written if isinstance(written, list) else [written])
        odd = wanted - {rule.name for rule in law.rules[found.root.entity, name]}
        if odd:
            word = sorted(odd)[0]
            near = did_you_mean(word, [rule.name for rule in law.rules[found.root.entity, name]])
            raise input_error(*at, f"no rule '{word}' decides '{name}'", near)
        if rules != wanted:
            yield Mismatch(at, name, f"decided by {_list(wanted)}", f"{_shown(step) if step else 'nothing'}, by {_list(rules)}"), step


def _list(rules: set[str]) -> str:
    return ", ".join(sorted(rules)) or "no rule"


def step_of(steps: Found, entity: str, part: str | None, decision: str) -> Step | None:
    """The proof step of a decision about the root, or about a part of it."""
    fitting = (
        step for (owner, place, name), step in steps.items() if owner == entity and name == decision and (part is None or place[0] == part)
    )
    return next(fitting, None)


def _shown(step: Step) -> str:
    if isinstance(step.outcome, Gap):
        return "a gap: no rule applies"
    if isinstance(step.outcome, Conflict):
        return f"a conflict of {' and '.join(step.outcome.rules)}"
    missing = ", ".join(sorted(map(str, step.outcome.causes))) if not step.known else ""
    return _said(step.outcome) + (f" (missing {missing})" if missing else "")


def _said(value: Any) -> str:
    """A value as a case writes it."""
    return ("true" if value else "false") if isinstance(value, bool) else show(value)
