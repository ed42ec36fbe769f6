"""Where two laws differ, told: text, plain data, and cases that run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.analysis.laws.comparing import Difference, Witnesses
from engine.analysis.laws.flips import RULE, Flip, Said
from engine.analysis.laws.prove import Under
from engine.analysis.laws.showing import dump, example, expectation, flow, plain
from engine.analysis.laws.telling import Telling
from engine.explaining.words import plain_json


def witness_lines(report: Witnesses, language: str = "en") -> Iterator[str]:
    """The report for a reader: what the laws say otherwise, and below it each decision that this flips, with its smallest case.

    Raises:
        InputError: the ruleset lacks a word.
    """
    both = Telling(report.one.law, language), Telling(report.other.law, language)
    words, law = both[0], report.one.law
    yield words.tell(
        "differ",
        found=len(report.findings),
        same=len(report.same),
        identical=len(report.identical),
        unproved=len(report.unproved),
        seconds=round(report.seconds),
    )
    groups: dict[tuple[Any, ...], list[Difference]] = {}
    for finding in report.findings:
        groups.setdefault(tuple((flip.kind, flip.name, str(flip.key)) for flip in finding.flips), []).append(finding)
    for findings in groups.values():
        yield ""
        yield words.tell("because", what=", ".join(_named(flip) for flip in findings[0].flips))
        yield from (f"    {_sides(both, flip)}" for flip in findings[0].flips)
        for finding in findings:
            yield f"  {_decided(both, finding)}"
            yield from (f"      {line}" for line in flow(finding.document))
    if not report.findings:
        yield words.tell("no_difference")
    if report.only:
        yield words.tell("only", names=", ".join(sorted(name for _, name in report.only)))
    for each in report.unproved:
        yield words.tell("unanswered", name=law.decision_name(*each.decision), year=each.year, why=each.why)
    yield ""
    yield words.tell("bounds")
    yield from (f"  - {text}" for text in words.bounds(report.bounds))


def _named(flip: Flip) -> str:
    return f"{flip.name}[{flip.key}]" if flip.key is not None else flip.name


def _sides(both: tuple[Telling, Telling], flip: Flip) -> str:
    """What the two laws say at a point where they part; of a rule that both have, whether it applies."""
    if flip.kind == RULE and flip.one.text == flip.other.text:
        one, other = (_state(words, said) for words, said in zip(both, (flip.one, flip.other), strict=True))
        return both[0].tell("rule", name=flip.name, cites=both[0].cites(flip.one.cites), one=one, other=other)
    return "  |  ".join(_said(words, flip, said) for words, said in zip(both, (flip.one, flip.other), strict=True))


def _state(words: Telling, said: Said) -> str:
    """Whether a rule applies, and what it gives where that is no mere yes."""
    state = words.state(said.state)
    return state if said.value is None or isinstance(said.value, bool) else f"{state}: {plain(said.value)}"


def _said(words: Telling, flip: Flip, said: Said) -> str:
    if flip.kind == RULE:
        text = words.tell("no_rule") if said.text is None else f"{said.text} — {_state(words, said)}"
    else:
        spec = words.law.vocabulary.parameters.get(flip.name)
        text = words.value(said.value, spec.type) if spec is not None else str(said.value)
    return f"{text} [{words.cites(said.cites)}]" if said.cites else text


def _decided(both: tuple[Telling, Telling], finding: Difference) -> str:
    law = both[0].law
    kind = law.vocabulary.decisions[finding.decision].type
    part = f", {finding.place[0]}" if finding.decision[0] != finding.root.entity else ""
    name = f"{both[0].decision(*finding.decision)} ({law.decision_name(*finding.decision)}), {finding.root}{part}"
    return f"{name}: {both[0].value(finding.one, kind)}  |  {both[1].value(finding.other, kind)}"


def witness_case(report: Witnesses, finding: Difference, other: bool = False, language: str = "en") -> str:
    """The case of a difference in the format of `rulesets/**/cases`, as the first (or the other) law decides it."""
    side, outcome = (report.other, finding.other) if other else (report.one, finding.one)
    name = f"{finding.decision[1]}-{finding.year}-{'second' if other else 'first'}"
    words = Telling(report.one.law, language)
    title = words.tell("case_title", name=finding.decision[1], one=plain(finding.one), other=plain(finding.other))
    expected = expectation(side.law, finding.root, [(finding.decision, finding.place, outcome)])
    settled = {question: side.selection.readings[question] for question in sorted(side.selection.settled)}
    under = Under(side.selection.authority, None, side.selection.known_on)
    case = example(side.law, name, title, finding.document, finding.root, under, expected)
    if settled:
        case["under"]["readings"] = settled
    return dump([case])


def witness_json(report: Witnesses) -> dict[str, Any]:
    """The report as plain data."""
    law = report.one.law
    return {
        "bounds": Telling(law).bounds(report.bounds),
        "seconds": round(report.seconds),
        "differ": [
            {
                "decision": law.decision_name(*finding.decision),
                "year": finding.year,
                "key": list(finding.root.key),
                "place": list(finding.place),
                "one": plain_json(finding.one),
                "other": plain_json(finding.other),
                "facts": finding.document,
                "because": [_flip_json(flip) for flip in finding.flips],
            }
            for finding in report.findings
        ],
        "same": [{"year": year, "decision": law.decision_name(*key)} for year, key in report.same],
        "only": sorted(name for _, name in report.only),
        "unproved": [{"year": u.year, "decision": law.decision_name(*u.decision), "why": u.why} for u in report.unproved],
    }


def _flip_json(flip: Flip) -> dict[str, Any]:
    sides = {
        side: {
            "text": said.text,
            "state": said.state,
            "value": plain_json(said.value),
            "cite": [{"instrument": instrument, "point": point} for instrument, point in said.cites],
        }
        for side, said in (("one", flip.one), ("other", flip.other))
    }
    key = str(flip.key) if flip.key is not None else None
    return {"kind": flip.kind, "name": flip.name, "key": key, "decision": flip.decision[1], "place": list(flip.place), **sides}
