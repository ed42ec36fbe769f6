"""Worked examples beside the law: where they stand, what they ask, and under which law."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.facts import Facts, facts_from_document
from engine.law import Law, Selection, check_law, lay_over
from engine.law.documents import Document
from engine.law.drafts import draft_names
from engine.law.files import MAX_FILES, MAX_TOTAL, files_below, within
from engine.law.reading_values import read_date
from engine.law.schemas import schema
from engine.law.yaml_files import read_yaml
from engine.problems import InputError, Problem, did_you_mean, input_error
from engine.proving import Root

MANIFEST = "ruleset.yaml"


@dataclass(frozen=True)
class Case:
    """One worked example under one law: a part of a document, which gives the place of everything it says.

    Attributes:
        index: of the example in its file.
        under: authority, readings, known_on, as_of and draft, as far as the example names them.
    """

    document: Document
    index: int
    under: Mapping[str, Any]

    @property
    def content(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.document.data["cases"][self.index]
        return found

    @property
    def id(self) -> str:
        return str(self.content["case"])

    @cached_property
    def name(self) -> str:
        """The id, with what is asked for beside the default."""
        named = [str(value) for key, value in self.under.items() if key not in ("readings", "draft")]
        named += [*self.under.get("readings", {}).values(), *self.drafts]
        return f"{self.id} ({', '.join(named)})" if named else self.id

    @property
    def drafts(self) -> tuple[str, ...]:
        """The drafts under which it is asked, in the order in which they are applied."""
        written = self.under.get("draft", ())
        return (written,) if isinstance(written, str) else tuple(written)

    def place(self, *path: Any) -> tuple[str, int, int]:
        """File, line and column of the case, or of a part of it."""
        return (self.document.file, *self.document.at(("cases", self.index, *path)))

    def __str__(self) -> str:
        return self.name

    # -- the question ---------------------------------------------------------------------------------------------

    def selection(self, law: Law) -> Selection:
        """Under which of the law's statements it is asked.

        Raises:
            InputError: an authority, question or answer does not exist.
        """
        known_on = read_date(self.under["known_on"]) if "known_on" in self.under else None
        return law.select(self.under.get("authority"), self.under.get("readings", {}), known_on)

    def facts(self, law: Law) -> Facts:
        """What is given.

        Raises:
            InputError: with everything that is wrong in the facts; they must name the day that is asked about, because
                what a case comes to must not depend on the day on which it is run.
        """
        as_of = read_date(self.under["as_of"]) if "as_of" in self.under else None
        if as_of is None and not self.content["facts"].get("as_of"):
            raise input_error(*self.place("facts"), "the facts do not say on which day it is asked", "write `as_of: YYYY-MM-DD` among them")
        return facts_from_document(self.document, law.vocabulary, {}, as_of, date.max, ("cases", self.index, "facts"))

    def root(self, law: Law, facts: Facts) -> Root:
        """What is asked about.

        Raises:
            InputError: the facts have no such row, or the law no such plan.
        """
        asked = self.content
        if "installation" in asked:
            return self._row_root(facts, "installation", "installations", law.manifest["main"], asked["year"])
        if "trade" in asked:
            return self._row_root(facts, "trade", "trades", "trade", None)
        plan = str(asked["plan"])
        phase = law.phase_of_plan(plan)
        if phase is None:
            raise input_error(*self.place("plan"), f"no plan '{plan}'", did_you_mean(plan, law.vocabulary.codes["plans"]))
        return Root("plan_year", (plan,), asked["year"]) if "year" in asked else Root("plan_period", (plan,), phase.last_year)

    def _row_root(self, facts: Facts, asked: str, table: str, entity: str, year: int | None) -> Root:
        key = str(self.content[asked])
        row = next((row for row in facts.tables[table] if row.key == (key,)), None)
        if row is None:
            raise input_error(*self.place(asked), f"no '{key}' in {table}", did_you_mean(key, [row.key[0] for row in facts.tables[table]]))
        return Root(entity, row.key, row.cells["on"].year if year is None else year)


class Laws:
    """The law under the drafts that cases name.

    Args:
        law: as it stands.
        root, schema_dir: where it and its schemas were read.
        more: drafts that are applied to every case, after its own.
        unchecked: whether it is enough that the drafts can be laid over the law.
    """

    def __init__(self, law: Law, root: Path, schema_dir: Path, more: tuple[str, ...] = (), unchecked: bool = False) -> None:
        self.law, self.root, self.schema_dir, self.more, self.unchecked = law, root, schema_dir, more, unchecked
        self._under: dict[tuple[str, ...], Law] = {(): law}

    def of(self, case: Case) -> Law:
        """The law that a case is asked under.

        Raises:
            InputError: a draft is missing or wrong.
        """
        drafts = (*case.drafts, *self.more)
        found = self._under.get(drafts)
        if found is None:
            for name in case.drafts:
                if name not in draft_names(self.root):
                    raise input_error(*case.place("under"), f"no draft '{name}'", did_you_mean(name, draft_names(self.root)))
            found = lay_over(self.law, self.root, self.schema_dir, drafts)
            if not self.unchecked:
                check_law(found, texts=True)
            self._under[drafts] = found
        return found


# -- where cases stand ----------------------------------------------------------------------------------------------


def case_files(path: Path) -> list[Path]:
    """The case files at ``path``: itself, or the YAML files in folders named `cases` in it, drafts left out.

    Raises:
        InputError: one is no file of the folder, or there is too much of them.
    """
    if path.is_file():
        return [path]
    home, found, total = path.resolve(), list[Path](), 0
    for file in files_below(path) if path.is_dir() else ():
        inside = file.relative_to(path).parent.parts
        if file.suffix == ".yaml" and file.parent.name == "cases" and "drafts" not in inside and (inside or path.name == "cases"):
            total += within(file, home).st_size
            found.append(file)
        if len(found) > MAX_FILES or total > MAX_TOTAL:
            problem = f"more than {MAX_FILES:,} files or {MAX_TOTAL:,} bytes of cases"
            raise input_error(named(path), 0, 0, problem, "give a folder with fewer of them")
    return sorted(found)


def ruleset_of(path: Path) -> Path | None:
    """The folder of the ruleset that ``path`` is or stands in."""
    return next((folder for folder in (path, *path.resolve().parents) if (folder / MANIFEST).is_file()), None)


def read_cases(path: Path, name: str, schema_dir: Path) -> list[Case]:
    """The cases of one file, one for each law that an example is asked under.

    Args:
        name: what the file is called in messages.
        schema_dir: holds `case.schema.json`.

    Raises:
        InputError: with everything that breaks the schema, or the first thing that is not plain YAML.
    """
    document = read_yaml(path, name)
    schema(schema_dir, "case").admit(document)
    return list(cases_in(document))


def cases_in(document: Document) -> Iterator[Case]:
    """The cases of a file that keeps to its schema."""
    for index, content in enumerate(document.data["cases"]):
        under = content.get("under", {})
        for one in under if isinstance(under, list) else [under]:
            yield Case(document, index, one)


def all_cases(path: Path, schema_dir: Path) -> list[Case]:
    """The cases of every case file at ``path``; files are named as they would be from the working folder.

    Raises:
        InputError: a file is no case file, there is none, or an id stands twice.
    """
    files = case_files(path)
    if not files:
        raise input_error(str(path), 0, 0, "no cases here", "give a case file, or a folder with case files in folders named `cases`")
    found = [case for file in files for case in read_cases(file, named(file), schema_dir)]
    twice = repeated_ids(found)
    if twice:
        raise InputError(twice)
    return found


def repeated_ids(cases: list[Case]) -> list[Problem]:
    """Cases whose id is that of an earlier one."""
    first: dict[str, Case] = {}
    problems: dict[tuple[str, int, int], Problem] = {}
    for case in cases:
        before = first.setdefault(case.id, case)
        if (before.document.file, before.index) != (case.document.file, case.index):
            at, other = case.place("case"), ":".join(map(str, before.place("case")))
            problems[at] = Problem(*at, f"the id '{case.id}' stands twice", f"the other is at {other}: give each its own")
    return list(problems.values())


def named(path: Path) -> str:
    """A path as a reader in the working folder would write it."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)
