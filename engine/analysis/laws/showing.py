"""What was found out about a law, as text, as plain data, and as worked examples that run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from engine.analysis.laws.asking import Question
from engine.analysis.laws.cases import Document
from engine.analysis.laws.prove import Finding, Report, Under, Where
from engine.analysis.laws.replaying import Proved
from engine.analysis.laws.telling import Telling
from engine.language import OpenSet, Unknown, show
from engine.law import Law
from engine.proving import Conflict, Gap, Root

MOST_SHOWN = 6


def prove_lines(law: Law, report: Report, language: str = "en") -> Iterator[str]:
    """The report for a reader.

    Raises:
        InputError: the ruleset lacks a word.
    """
    words = Telling(law, language)
    yield words.tell(
        "head",
        asked=report.asked,
        programs=report.programs,
        proved=report.proved,
        found=sum(len(finding.where) for finding in report.findings),
        unproved=len(report.unproved),
        seconds=round(report.seconds),
    )
    for finding in report.findings:
        yield ""
        title = words.question(finding.question)
        yield title
        yield from (f"  {line}" for line in _places(words, finding.where))
        rules = _rules(finding)
        if rules:
            yield "  " + words.tell("rules", rules=", ".join(rules))
        yield "  " + words.tell("case")
        yield from (f"    {line}" for line in case_text(law, finding, title).splitlines())
    if not report.failures:
        yield ""
        yield words.tell("none")
    for one in report.unproved:
        name = f"{one.question.kind} {one.question.key[1]} ({one.where.under})"
        yield words.tell("unanswered", name=name, year=one.where.year, why=one.why)
    yield ""
    yield words.tell("bounds")
    yield from (f"  - {text}" for text in words.bounds(report.bounds))


def _places(words: Telling, where: tuple[Where, ...]) -> Iterator[str]:
    """Years by law, those under the plain authorities first; of mere readings the first few."""
    by_law: dict[Under, list[int]] = {}
    for each in where:
        by_law.setdefault(each.under, []).append(each.year)
    plain = [under for under in by_law if under.reading is None]
    shown = plain or list(by_law)[:MOST_SHOWN]
    for under in shown:
        yield words.tell("where", years=", ".join(map(str, sorted(set(by_law[under])))), under=under)
    if len(by_law) > len(shown):
        yield words.tell("more", count=len(by_law) - len(shown))


def _rules(finding: Finding) -> tuple[str, ...]:
    outcome = _outcome(finding, finding.proved[0])
    return outcome.rules if isinstance(outcome, Conflict) else ()


def _outcome(finding: Finding, proved: Proved) -> Any:
    key = finding.question.decision
    return proved.outcomes.get((key[0], finding.place, key[1])) if key is not None else None


# -- worked examples --------------------------------------------------------------------------------------------


def case_text(law: Law, finding: Finding, title: str) -> str:
    """The cases of a finding in the format of `rulesets/**/cases`; they say what proving says now."""
    cases = []
    for index, (document, proved) in enumerate(zip(finding.documents, finding.proved, strict=True)):
        name = (
            finding.question.declared.name
            if finding.question.declared is not None
            else f"{finding.question.kind}-{finding.question.key[1]}"
        )
        step = f"-{'before' if index == 0 else 'after'}" if len(finding.documents) > 1 else ""
        expected = _expected(law, finding, proved)
        cases.append(example(law, f"{name}-{finding.root.year}{step}", title, document, finding.root, finding.where[0].under, expected))
    return dump(cases)


def _expected(law: Law, finding: Finding, proved: Proved) -> dict[str, Any]:
    key = finding.question.decision
    if key is not None:
        return expectation(law, finding.root, [(key, finding.place, _outcome(finding, proved))])
    outcomes = [((entity, name), place, outcome) for (entity, place, name), outcome in proved.outcomes.items()]
    wanted = set(_named(finding.question))
    return expectation(law, finding.root, [(k, place, outcome) for k, place, outcome in outcomes if k in wanted and place == finding.place])


def _named(question: Question) -> Iterator[tuple[str, str]]:
    from engine.language import walk
    from engine.language.nodes import Decision

    for _, node in question.nodes:
        for part in walk(node):
            if isinstance(part, Decision):
                yield part.base.type.table or "", part.name


def example(law: Law, name: str, title: str, document: Document, root: Root, under: Under, expected: dict[str, Any]) -> dict[str, Any]:
    """One worked example as plain data.

    Args:
        expected: what `expectation` gives.
    """
    spec = law.vocabulary.entities[root.entity]
    case: dict[str, Any] = {"case": re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"), "title": title, "facts": document}
    if root.entity == law.manifest["main"]:
        case |= {"installation": root.key[0], "year": root.year}
    elif spec.table is None:
        case |= {"plan": root.key[0]} | ({"year": root.year} if spec.years else {})
    else:
        case |= {spec.row: root.key[0]}
    settled: dict[str, Any] = {"authority": under.authority}
    if under.known_on is not None:
        settled["known_on"] = under.known_on.isoformat()
    if under.reading is not None:
        settled["readings"] = dict([under.reading])
    return {**case, "under": settled, **expected}


def expectation(law: Law, root: Root, outcomes: list[tuple[tuple[str, str], tuple[str, ...], Any]]) -> dict[str, Any]:
    """`expect` and `expect_undetermined` for (decision, place, outcome) triples."""
    expect: dict[str, Any] = {}
    open_ones: dict[str, Any] = {}
    for (entity, name), place, outcome in outcomes:
        doubt = isinstance(outcome, (Gap, Conflict, Unknown, OpenSet))
        if entity != root.entity:
            expect.setdefault("lots", {}).setdefault(place[0], {})[name] = "undetermined" if doubt else plain(outcome)
            continue
        expect[name] = "undetermined" if doubt else plain(outcome)
        if isinstance(outcome, (Gap, Conflict)):
            open_ones[name] = "gap" if isinstance(outcome, Gap) else "conflict"
    return {"expect": expect, **({"expect_undetermined": open_ones} if open_ones else {})}


def plain(outcome: Any) -> Any:
    """An outcome as a case file writes it."""
    if outcome is None:
        return "none"
    if isinstance(outcome, bool | int | str):
        return outcome
    if isinstance(outcome, frozenset):
        return sorted(outcome)
    return show(outcome).replace(",", "")


def dump(cases: list[dict[str, Any]]) -> str:
    """Worked examples as YAML: each row of the facts on a line of its own."""
    return yaml.safe_dump({"cases": cases}, allow_unicode=True, sort_keys=False, default_flow_style=None, width=4_000)


def flow(document: Document) -> Iterator[str]:
    """Facts for a reader: each row on a line of its own."""
    for name, content in document.items():
        rows = content if isinstance(content, list) else [content]
        for row in rows:
            said = ", ".join(f"{column}: {cell}" for column, cell in row.items()) if isinstance(row, dict) else str(row)
            yield f"{name}: {said}"


# -- plain data -------------------------------------------------------------------------------------------------


def prove_json(law: Law, report: Report) -> dict[str, Any]:
    """The report as plain data."""
    words = Telling(law)
    return {
        "asked": report.asked,
        "proved": report.proved,
        "programs": report.programs,
        "seconds": round(report.seconds),
        "bounds": words.bounds(report.bounds),
        "findings": [
            {
                "kind": finding.question.kind,
                "name": finding.question.declared.name
                if finding.question.declared is not None
                else law.decision_name(*finding.question.key),
                "rules": list(_rules(finding)),
                "where": [{"phase": w.phase, "year": w.year, "under": str(w.under)} for w in finding.where],
                "facts": list(finding.documents),
                "cases": case_text(law, finding, words.question(finding.question)),
            }
            for finding in report.findings
        ],
        "unproved": [
            {"kind": u.question.kind, "name": u.question.key[1], "year": u.where.year, "under": str(u.where.under), "why": u.why}
            for u in report.unproved
        ],
    }
