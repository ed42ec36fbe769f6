"""Everything that is wrong with a ruleset, its worked examples and its drafts, in one pass; no finding hides another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from engine.containment import contained
from engine.drafting.cases import named
from engine.drafting.findings_aside import Aside, drop_declarations, note_unread, sound_part, without
from engine.drafting.findings_cases import case_findings, draft_findings
from engine.drafting.findings_citations import citation_findings
from engine.drafting.findings_codes import Finding, finding
from engine.drafting.findings_periods import period_findings
from engine.drafting.findings_places import marked
from engine.drafting.findings_reach import reach_findings
from engine.drafting.findings_unused import unused_findings
from engine.law import Law
from engine.law.checking import find_problems
from engine.law.collecting import merge
from engine.law.documents import Document
from engine.law.files import content_hashes, ruleset_files
from engine.law.invariants import invariant_problems
from engine.law.schemas import MAX_PROBLEMS, problem_of, schema
from engine.law.yaml_files import read_yaml
from engine.problems import InputError, Problem, did_you_mean

UNREADABLE = ("circle", "undefined-name", "phase-years")  # what a law with these can reach is not known
FOLDED, ALIKE = ("undefined-name", "undefined-source", "wrong-case", "wrong-value"), 3  # one name that is wrong in many places


def findings_of(path: Path, root: Path, schema_dir: Path) -> list[Finding]:
    """What is wrong with the ruleset at ``root``, in file order; only what stands at ``path`` or within it is told.

    The same thing said of many places is told of the first of them, and the others are counted.
    """
    look = _Look(root, schema_dir)
    look.whole()
    wanted = named(path)
    here, home = str(root.resolve()), named(root)
    chosen = {
        replace(one, file=named(_real(root, one.file)), message=one.message.replace(here, home), remedy=one.remedy.replace(here, home))
        for one in look.found
    }
    if path.resolve() != root.resolve():
        chosen = {one for one in chosen if one.file == wanted or one.file.startswith(wanted.rstrip("/") + "/")}
    return list(_folded(sorted(chosen, key=lambda one: (one.file, one.line, one.column, one.code, one.message))))


def _real(root: Path, file: str) -> Path:
    """The file of a problem: the law names its files from the folder that holds the ruleset."""
    inside = root.resolve().parent / file
    return inside if inside.exists() and not Path(file).is_absolute() else Path(file)


def _folded(found: list[Finding]) -> Iterator[Finding]:
    alike: dict[tuple[str, str], list[Finding]] = {}
    for one in found:
        if one.code in FOLDED:
            alike.setdefault((one.code, one.thing), []).append(one)
    for one in found:
        same = alike.get((one.code, one.thing), [one])
        if one is same[0] and len(same) > ALIKE:
            others = ", ".join(f"{other.file}:{other.line}" for other in same[1 : ALIKE + 1])
            more = f" and {len(same) - 1 - ALIKE:,} more" if len(same) > ALIKE + 1 else ""
            yield replace(one, message=f"{one.message} (and at {len(same) - 1:,} other places: {others}{more})")
        elif one is same[0] or len(same) <= ALIKE:
            yield one


class _Look:
    """One look at a ruleset.

    Attributes:
        found: everything so far.
        aside: what was set aside because of it.
    """

    def __init__(self, root: Path, schema_dir: Path) -> None:
        self.root, self.schema_dir = root, schema_dir
        self.found: list[Finding] = []
        self.aside = Aside()
        self.documents: dict[str, Document] = {}

    def tell(self, found: Iterator[Finding]) -> None:
        """Keep what does not follow from what was set aside."""
        for one in found:
            if not self.aside.echoes(one):
                self.found.append(marked(one, self.documents.get(one.file)))

    def whole(self) -> None:
        try:
            files = ruleset_files(self.root)
        except InputError as error:
            self.found += [finding(problem, "layout") for problem in error.problems]
            return
        tree = self._tree(files)
        law = self._law(tree, content_hashes(self.root, files)[0]) if "ruleset" in tree else None
        if law is None:
            return
        askable = _with_sound_invariants(law)
        of_cases = contained(
            [self.root], lambda folder: list(case_findings(folder, askable, self.schema_dir))
        )  # at the same time as the rest
        if self._deeper(law) is law:
            self.tell(draft_findings(law, self.root, self.schema_dir))
        self.tell(iter(next(of_cases)))

    def _tree(self, files: list[Path]) -> dict[str, Any]:
        """The tree of what can be read and keeps to the schema."""
        read: list[tuple[Path, Document]] = []
        for path in files:
            try:
                document = read_yaml(path, str(path.resolve()))
            except InputError as error:
                self.found += [finding(problem, "yaml") for problem in error.problems]
                note_unread(path, self.aside)
                continue
            self.documents[document.file] = document
            breaches = list(islice(schema(self.schema_dir, "ruleset").breaches(document.data), MAX_PROBLEMS))
            self.found += [finding(problem_of(document, breach), "schema") for breach in breaches]
            read.append((path.relative_to(self.root), without(document, breaches, self.aside)))
        tree, twice = merge(read)
        self.tell(finding(problem) for problem in twice if problem.line or "ruleset" not in self.aside.names)
        return tree

    def _law(self, tree: dict[str, Any], digest: str) -> Law | None:
        """The law without the declarations that cannot be understood; None where it is none without them."""
        while True:
            problems = [*_undeclared(tree)]
            try:
                law = Law(tree, digest) if not problems else None
            except InputError as error:
                law, problems = None, list(error.problems)
            self.tell(map(finding, problems))
            if law is not None or not drop_declarations(tree, problems, self.aside):
                return law

    def _deeper(self, law: Law) -> Law:
        """What the checks of the law say, then what is only seen on a law that holds together: the part of it that does is returned."""
        problems = left = find_problems(law, texts=True)
        sound = sound_part(law, self.aside) if problems else law
        if sound is not law:
            left = find_problems(sound, texts=False)
        self.tell(finding(problem) for problem in dict.fromkeys([*problems, *left]))
        self.tell(citation_findings(sound))
        if self.aside.unread or any(finding(problem).code in UNREADABLE for problem in left):
            return sound
        self.tell(period_findings(sound))
        told = {(one.file, one.line) for one in self.found}
        self.tell(one for one in reach_findings(sound) if (one.file, one.line) not in told)
        if self.aside.nothing and sound is law:
            self.tell(unused_findings(sound))
        return sound


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


def _with_sound_invariants(law: Law) -> Law:
    """The law, without the invariants of any table if one of them cannot be understood: facts could not be held against them."""
    if not any(True for _ in invariant_problems(law)):
        return law
    tables = {name: {key: part for key, part in table.items() if key != "invariants"} for name, table in law.tree["tables"].items()}
    return Law({**law.tree, "tables": tables}, law.digest)
