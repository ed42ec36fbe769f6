"""What is wrong with the worked examples and the drafts that stand beside a law."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.drafting.cases import Case, Laws, case_files, read_cases, repeated_ids
from engine.drafting.findings_codes import Finding, finding
from engine.law import Law, check_law, lay_over
from engine.law.drafts import draft_names
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
            read += read_cases(file, str(file.resolve()), schema_dir)
        except InputError as error:
            yield from (finding(problem, _form(problem)) for problem in error.problems)
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


def _form(problem: Problem) -> str:
    return "yaml" if "not valid YAML" in problem.message else "schema"


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
            case.root(law, case.facts(law))
    except InputError as error:
        yield from _wrong(case, error)


def _wrong(case: Case, error: InputError) -> Iterator[Finding]:
    at = case.place("under")
    for problem in error.problems:
        yield finding(problem if problem.line else Problem(*at, problem.message, problem.remedy), "wrong-case")


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
            check_law(lay_over(law, root, schema_dir, (name,)), texts=True)
        except InputError as error:
            yield from (finding(problem, "yaml" if "not valid YAML" in problem.message else None) for problem in error.problems)
