"""What is wrong with the worked examples and the drafts that stand beside a law."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.drafting.cases import Case, Laws, case_files, cases_in, repeated_ids
from engine.drafting.cases_running import UNDETERMINED
from engine.drafting.findings_codes import Finding, finding
from engine.drafting.findings_places import marked
from engine.law import Law, check_law, lay_over
from engine.law.drafts import draft_names, find_draft
from engine.law.reading_values import Unreadable, read_plain
from engine.law.schemas import schema
from engine.law.yaml_files import read_yaml
from engine.problems import InputError, Problem, did_you_mean


def case_findings(root: Path, law: Law, schema_dir: Path) -> Iterator[Finding]:
    """Worked examples that cannot be read or asked, or that name no source."""
    read: list[Case] = []
    try:
        files = case_files(root)
    except InputError as error:
        yield from (finding(problem, "layout") for problem in error.problems)
        return
    for file in files:
        try:
            document = read_yaml(file, str(file.resolve()))
        except InputError as error:
            yield from (finding(problem, "yaml") for problem in error.problems)
            continue
        broken = schema(schema_dir, "case").problems(document)
        yield from (finding(problem, "schema") for problem in broken)
        read += cases_in(document) if not broken else ()
    yield from (finding(problem) for problem in repeated_ids(read))
    laws = Laws(law, root, schema_dir, unchecked=True)
    asked = set[tuple[Any, ...]]()
    cited = set[tuple[str, int]]()
    for case in read:
        question = case.document.file, case.index, case.under.get("as_of"), case.drafts
        yield from _unasked(case, laws, question not in asked)
        asked.add(question)
        if question[:2] not in cited:
            yield from _uncited(case, law)
            cited.add(question[:2])


def _unasked(case: Case, laws: Laws, first: bool) -> Iterator[Finding]:
    """Why a case cannot be asked; its facts are looked at where they are met first."""
    try:
        law = laws.of(case)
    except InputError as error:
        if all(problem.file == case.document.file for problem in error.problems):  # what is wrong with a draft is told of the draft
            yield from _wrong(case, error)
        return
    try:
        case.selection(law)
        if first:
            yield from (finding(problem, "wrong-case") for problem in expected_problems(case, law, case.root(law, case.facts(law)).entity))
    except InputError as error:
        yield from _wrong(case, error)


def expected_problems(case: Case, law: Law, entity: str) -> Iterator[Problem]:
    """Expectations about what the law does not decide, or of values that a decision cannot have.

    Args:
        entity: what the case asks about.
    """
    content = case.content
    if isinstance(content["expect"], Mapping):
        for name, written in content["expect"].items():
            if name != "lots":
                yield from _expected(case, law, entity, ("expect", name), written)
                continue
            for lot, decisions in written.items():
                for decision, value in decisions.items():
                    yield from _expected(case, law, "lot", ("expect", "lots", lot, decision), value)
    for part in ("expect_undetermined", "expect_decided_by"):
        for name in content.get(part, {}):
            yield from _expected(case, law, entity, (part, name), UNDETERMINED)
    rules = {rule["rule"] for rule in law.tree["rules"]}
    for index, name in enumerate(content.get("expect_rules", ())):
        if name not in rules:
            yield Problem(*case.place("expect_rules", index), f"no rule '{name}'", did_you_mean(name, rules))


def _expected(case: Case, law: Law, entity: str, path: tuple[Any, ...], written: Any) -> Iterator[Problem]:
    name, spec = path[-1], law.vocabulary.decisions.get((entity, path[-1]))
    if spec is None:
        names = [decision for owner, decision in law.vocabulary.decisions if owner == entity]
        yield Problem(*case.place(*path), f"no decision '{name}'", did_you_mean(name, names))
    elif written != UNDETERMINED:
        try:
            read_plain(written, spec.type, law.vocabulary)
        except Unreadable as error:
            yield Problem(*case.place(*path), f"{name}: {error}")


def _wrong(case: Case, error: InputError) -> Iterator[Finding]:
    at = case.place("under")
    for problem in error.problems:
        placed = problem if problem.line else Problem(*at, problem.message, problem.remedy)
        yield marked(finding(placed, "wrong-case"), case.document)


def _uncited(case: Case, law: Law) -> Iterator[Finding]:
    source = case.content.get("source")
    for cite in source if isinstance(source, list) else [source] if source else []:
        if cite["instrument"] not in law.tree["instruments"]:
            message = f"no instrument '{cite['instrument']}'"
            yield finding(Problem(*case.place("source"), message, did_you_mean(cite["instrument"], law.tree["instruments"])))
    if source is None:
        yield Finding(
            "missing-citation", *case.place("case"), f"the case '{case.id}' names no source", "add `source: {instrument: …, point: …}`"
        )


def draft_findings(law: Law, root: Path, schema_dir: Path) -> Iterator[Finding]:
    """Drafts that cannot be read, or under which a sound law is none."""
    for name in draft_names(root):
        try:
            path = find_draft(root, name)
            read_yaml(path, str(path.resolve()))
        except InputError as error:
            yield from (finding(problem, "yaml") for problem in error.problems)
            continue
        try:
            check_law(lay_over(law, root, schema_dir, (name,)), texts=True)
        except InputError as error:
            yield from map(finding, error.problems)
