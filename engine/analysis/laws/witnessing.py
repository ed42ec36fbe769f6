"""Where two laws differ, told: text, plain data, and cases that run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.analysis.laws.comparing import Difference, Witnesses
from engine.analysis.laws.flips import RULE, Flip, Said
from engine.analysis.laws.prove import Under
from engine.analysis.laws.showing import dump, example, expectation, flow, plain, stated
from engine.explaining.words import Words, plain_json

TEXTS = {
    "head": "{found} decisions differ, {same} are the same in every case within the bounds ({identical} read the same rules and values), "
    "{unproved} not answered ({seconds} s)",
    "group": "because of {what}:",
    "sides": "    {one}  |  {other}",
    "rule": "    rule {name}: {one}  |  {other} [{cites}]",
    "silent": "no such rule",
    "unasked": "not asked",
    "decision": "  {label} ({name}), {root}: {one}  |  {other}",
    "of": "  {label} ({name}), {root}, {place}: {one}  |  {other}",
    "same": "No case within the bounds is decided differently.",
    "only": "only one of the laws decides: {names}",
    "unproved": "not answered: {name} in {year}: {why}",
    "bounds": "What is the same is proved so for every case within these bounds:",
    "title": "{name}: {one} under the first law, {other} under the second",
}


def witness_lines(report: Witnesses, language: str = "en") -> Iterator[str]:
    """The report for a reader: what the laws say otherwise, and below it each decision that this flips, with its smallest case."""
    law = report.one.law
    words = Words(law, language), Words(report.other.law, language)
    yield TEXTS["head"].format(
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
        yield TEXTS["group"].format(what=", ".join(_named(flip) for flip in findings[0].flips))
        for flip in findings[0].flips:
            yield _sides(words, flip)
        for finding in findings:
            yield _decided(words, finding)
            for line in flow(finding.document):
                yield f"      {line}"
    if not report.findings:
        yield TEXTS["same"]
    if report.only:
        yield TEXTS["only"].format(names=", ".join(sorted(name for _, name in report.only)))
    for each in report.unproved:
        yield TEXTS["unproved"].format(name=law.decision_name(*each.decision), year=each.year, why=each.why)
    yield ""
    yield TEXTS["bounds"]
    for text in stated(report.bounds):
        yield f"  - {text}"


def _named(flip: Flip) -> str:
    return f"{flip.name}[{flip.key}]" if flip.key is not None else flip.name


def _sides(words: tuple[Words, Words], flip: Flip) -> str:
    """What the two laws say at a point where they part; of a rule that both have, whether it applies."""
    if flip.kind == RULE and flip.one.text == flip.other.text:
        one, other = (_state(said) for said in (flip.one, flip.other))
        return TEXTS["rule"].format(name=flip.name, cites=words[0].cites(flip.one.cites), one=one, other=other)
    one, other = (_said(each, flip, said) for each, said in zip(words, (flip.one, flip.other), strict=True))
    return TEXTS["sides"].format(one=one, other=other)


def _state(said: Said) -> str:
    """Whether a rule applies, and what it gives where that is no mere yes."""
    state = said.state or TEXTS["unasked"]
    return state if said.value is None or isinstance(said.value, bool) else f"{state}: {plain(said.value)}"


def _said(words: Words, flip: Flip, said: Said) -> str:
    cites = words.cites(said.cites) if said.cites else ""
    if flip.kind == RULE:
        text = TEXTS["silent"] if said.text is None else f"{said.text} — {_state(said)}"
    else:
        spec = words.law.vocabulary.parameters.get(flip.name)
        text = words.value(said.value, spec.type) if spec is not None else str(said.value)
    return f"{text} [{cites}]" if cites else text


def _decided(words: tuple[Words, Words], finding: Difference) -> str:
    law = words[0].law
    kind = law.vocabulary.decisions[finding.decision].type
    part = finding.decision[0] != finding.root.entity
    return TEXTS["of" if part else "decision"].format(
        label=words[0].decision(*finding.decision),
        name=law.decision_name(*finding.decision),
        root=finding.root,
        place=finding.place[0],
        one=words[0].value(finding.one, kind),
        other=words[1].value(finding.other, kind),
    )


def witness_case(report: Witnesses, finding: Difference, other: bool = False) -> str:
    """The case of a difference in the format of `rulesets/**/cases`, as the first (or the other) law decides it."""
    side, outcome = (report.other, finding.other) if other else (report.one, finding.one)
    name = f"{finding.decision[1]}-{finding.year}-{'second' if other else 'first'}"
    title = TEXTS["title"].format(name=finding.decision[1], one=plain(finding.one), other=plain(finding.other))
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
        "bounds": stated(report.bounds),
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
