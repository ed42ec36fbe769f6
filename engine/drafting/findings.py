"""Everything that is wrong with a ruleset and its worked examples, in one pass; no finding hides another."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.containment import contained
from engine.drafting.cases import named
from engine.drafting.findings_cases import case_findings, draft_findings
from engine.drafting.findings_citations import citation_findings
from engine.drafting.findings_codes import Finding, finding
from engine.drafting.findings_periods import period_findings
from engine.drafting.findings_reach import reach_findings
from engine.drafting.findings_unused import unused_findings
from engine.law import DECLARING, Law, type_rule
from engine.law.checking import find_problems
from engine.law.collecting import merge, schema_problems
from engine.law.files import content_hashes, ruleset_files
from engine.law.yaml_files import Document, read_yaml
from engine.problems import InputError, Problem, did_you_mean


def findings_of(path: Path, root: Path, schema_dir: Path) -> list[Finding]:
    """What is wrong with the ruleset at ``root``, in file order; only what stands at ``path`` or within it is told."""
    found = [*_of_law(root, schema_dir)]
    wanted = named(path)
    chosen = {replace(one, file=named(_real(root, one.file))) for one in found}
    if path.resolve() != root.resolve():
        chosen = {one for one in chosen if one.file == wanted or one.file.startswith(wanted.rstrip("/") + "/")}
    return sorted(chosen, key=lambda one: (one.file, one.line, one.column, one.code, one.message))


def _real(root: Path, file: str) -> Path:
    """The file of a problem: the law names its files from the folder that holds the ruleset."""
    inside = root.resolve().parent / file
    return inside if inside.exists() and not Path(file).is_absolute() else Path(file)


def _of_law(root: Path, schema_dir: Path) -> Iterator[Finding]:
    try:
        files = ruleset_files(root)
    except InputError as error:
        yield from (finding(problem, "layout") for problem in error.problems)
        return
    documents, unread = _documents(root, files)
    yield from unread
    broken = schema_problems([document for _, document in documents], schema_dir)
    yield from (finding(problem, "schema") for problem in broken)
    tree, twice = merge([(path, _without(document, broken)) for path, document in documents])
    yield from (finding(problem) for problem in twice)
    if unread or "ruleset" not in tree:
        return
    complete = not broken
    digest = content_hashes(root, files)[0]
    law = None
    while law is None:
        problems = [*_undeclared(tree)]
        try:
            law = Law(tree, digest) if not problems else None
        except InputError as error:
            problems += error.problems
        if law is None:
            complete = False
            yield from (finding(problem) for problem in problems)
            if not _dropped(tree, problems):
                return
    whole = law
    of_cases = contained([root], lambda folder: list(case_findings(folder, whole, schema_dir)))  # at the same time as the rest
    sound = yield from _deeper(law, complete)
    if sound is law:
        yield from draft_findings(law, root, schema_dir)
    yield from next(of_cases)


def _documents(root: Path, files: list[Path]) -> tuple[list[tuple[Path, Document]], list[Finding]]:
    documents, unread = [], []
    for path in files:
        try:
            documents.append((path.relative_to(root), read_yaml(path, str(path.resolve()))))
        except InputError as error:
            unread += [finding(problem, "yaml") for problem in error.problems]
    return documents, unread


def _without(document: Document, broken: list[Problem]) -> Document:
    """The document without the rules, values and declarations that break the schema."""
    places = {(problem.line, problem.column) for problem in broken if problem.file == document.file}
    if not places:
        return document
    bad = {path[:2] for path, mark in document.marks.items() if mark in places and len(path) >= 2}
    data: dict[str, Any] = {}
    marks, spans = dict(document.marks), dict(document.spans)
    for section, content in document.data.items() if isinstance(document.data, dict) else ():
        if isinstance(content, dict):
            data[section] = {key: value for key, value in content.items() if (section, key) not in bad}
        elif isinstance(content, list):
            kept = [index for index in range(len(content)) if (section, index) not in bad and isinstance(content[index], dict)]
            data[section] = [content[index] for index in kept]
            for new, old in enumerate(kept):
                for path in (path for path in document.marks if path[:2] == (section, old)):
                    marks[section, new, *path[2:]] = document.marks[path]
                    spans.pop((section, new, *path[2:]), None)
                    if path in document.spans:
                        spans[section, new, *path[2:]] = document.spans[path]
        if section in ("ruleset", "phase") and any(path[0] == section for path in bad):
            data.pop(section, None)
    return replace(document, data=data, marks=marks, spans=spans)


def _undeclared(tree: dict[str, Any]) -> Iterator[Problem]:
    """Entities, tables and code lists that declarations name and nothing declares."""
    main = tree["ruleset"]["main"]
    if main not in tree["entities"]:
        yield _no("entity", main, tree["ruleset"], tree["entities"])
    for name, entity in tree["entities"].items():
        for other in (entity.get("of"), *(relation.get("entity") for relation in entity.get("relations", {}).values())):
            if other is not None and other not in tree["entities"]:
                yield _no("entity", other, entity, tree["entities"], f"{name}: ")
        for what, section in (("table", "tables"), ("codes", "codes")):
            if entity.get(what) is not None and entity[what] not in tree[section]:
                yield _no("code list" if what == "codes" else what, entity[what], entity, tree[section], f"{name}: ")


def _no(what: str, name: str, content: dict[str, Any], declared: dict[str, Any], where: str = "") -> Problem:
    file, line, column = content["at"]
    return Problem(file, line, column, f"{where}no {what} '{name}'", did_you_mean(name, declared))


def _dropped(tree: dict[str, Any], problems: list[Problem]) -> bool:
    """Leave out the declarations at fault, so that the rest can be looked at; whether there were any."""
    places = {(problem.file, problem.line, problem.column) for problem in problems}
    found = False
    for section in DECLARING:
        for name, content in list(tree[section].items()):
            if tuple(content["at"]) in places:
                del tree[section][name]
                found = True
                tree["values"] = [value for value in tree["values"] if value["parameter"] != name]
    return found


def _deeper(law: Law, complete: bool) -> Generator[Finding, None, Law]:
    """What the checks of the law say, then what is only seen on a law that holds together: the part of it that does is returned."""
    problems = left = find_problems(law, texts=True)
    sound = _sound(law) if problems else law
    if sound is not law:
        left = find_problems(sound, texts=False)
    yield from (finding(problem) for problem in {*problems, *left})
    yield from citation_findings(sound)
    if any(finding(problem).code in ("circle", "undefined-name", "phase-years") for problem in left):
        return sound  # what such a law can reach is not known
    yield from period_findings(sound)
    yield from reach_findings(sound)
    if complete and sound is law:
        yield from unused_findings(sound)
    return sound


def _sound(law: Law) -> Law:
    """The law without the rules and values that cannot be understood; itself where there are none."""
    rules = [content for content in law.tree["rules"] if _understood(lambda c: type_rule(law, law._rule(c)), content)]
    values = [content for content in law.tree["values"] if _understood(law._entry, content)]
    if len(rules) == len(law.tree["rules"]) and len(values) == len(law.tree["values"]):
        return law
    return Law({**law.tree, "rules": rules, "values": values}, law.digest)


def _understood(read: Any, content: dict[str, Any]) -> bool:
    try:
        read(content)
    except InputError:
        return False
    return True
