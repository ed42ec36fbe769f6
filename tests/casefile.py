"""Worked examples beside the law: read with their places, asked of the engine, compared with what they expect."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from engine.facts import Facts, facts_from_document
from engine.language import show
from engine.language.values import same
from engine.law import Law
from engine.law.collecting import schema_problem
from engine.law.reading_values import Unreadable, read_date, read_plain
from engine.law.yaml_files import Document, read_yaml
from engine.problems import InputError, did_you_mean, input_error
from engine.proving import Conflict, Determination, Gap, Inquiry, Root, Step, ask

UNDETERMINED = "undetermined"


@dataclass(frozen=True)
class Case:
    """One worked example under one law: a part of a document, which gives the place of everything it says.

    Attributes:
        index: of the example in its file.
        under: authority, readings, known_on and as_of, as far as the example names them.
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

    @property
    def name(self) -> str:
        """The id, with what is asked for beside the default."""
        named = [str(value) for key, value in self.under.items() if key != "readings"] + list(self.under.get("readings", {}).values())
        return f"{self.id} ({', '.join(named)})" if named else self.id

    def place(self, *path: Any) -> tuple[str, int, int]:
        """File, line and column of the case, or of a part of it."""
        return (self.document.file, *self.document.at(("cases", self.index, *path)))


@dataclass(frozen=True)
class Mismatch:
    """What came out otherwise than a case expects.

    Attributes:
        at: file, line and column of the expectation.
        rules: the rules of the decision, each with its state and value.
    """

    at: tuple[str, int, int]
    decision: str
    expected: str
    got: str
    rules: tuple[str, ...] = ()

    def __str__(self) -> str:
        file, line, column = self.at
        lines = [
            f"{file}:{line}:{column}: {self.decision}: expected {self.expected}, got {self.got}",
            *(f"    {rule}" for rule in self.rules),
        ]
        return "\n".join(lines)


def case_files(root: Path) -> list[Path]:
    """The case files of a ruleset: the YAML files in folders named `cases`."""
    return sorted(path for path in root.rglob("*.yaml") if path.parent.name == "cases")


@cache
def _validator(schema: Path) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))


def read_cases(path: Path, name: str, schema: Path) -> list[Case]:
    """The cases of one file, one for each law that an example is asked under.

    Args:
        name: what the file is called in messages.
        schema: `case.schema.json`.

    Raises:
        InputError: with everything that breaks the schema, or the first thing that is not plain YAML.
    """
    document = read_yaml(path, name)
    problems = [schema_problem(document, error) for error in _validator(schema).iter_errors(document.data)]
    if problems:
        raise InputError(sorted(set(problems), key=lambda p: (p.line, p.column)))
    return [
        Case(document, index, under) for index, content in enumerate(document.data["cases"]) for under in _unders(content.get("under", {}))
    ]


def _unders(written: Any) -> list[dict[str, Any]]:
    return written if isinstance(written, list) else [written]


def run_case(case: Case, law: Law, today: date) -> list[Mismatch]:
    """Ask what the case asks, and compare.

    Args:
        today: the day of the question where the case names none.

    Raises:
        InputError: the facts, the question or an expectation cannot be read.
        EngineDefect: proving failed.
    """
    under = case.under
    as_of = read_date(under["as_of"]) if "as_of" in under else None
    known_on = read_date(under["known_on"]) if "known_on" in under else None
    facts = facts_from_document(case.document, law.vocabulary, {}, as_of, today, ("cases", case.index, "facts"))
    inquiry = Inquiry(under.get("authority"), under.get("readings", {}), known_on, compare=False)
    (determination,) = ask(law, facts, inquiry, [_root(case, law, facts)], proof="brief")
    return [*_compare(case, law, determination), *_compare_doubts(case, law, determination), *_compare_rules(case, determination)]


def _root(case: Case, law: Law, facts: Facts) -> Root:
    asked = case.content
    if "installation" in asked:
        return _row_root(case, facts, "installation", "installations", law.manifest["main"], asked["year"])
    if "trade" in asked:
        return _row_root(case, facts, "trade", "trades", "trade", None)
    plan = str(asked["plan"])
    phase = law.phase_of_plan(plan)
    if phase is None:
        raise input_error(*case.place("plan"), f"no plan '{plan}'", did_you_mean(plan, law.vocabulary.codes["plans"]))
    return Root("plan_year", (plan,), asked["year"]) if "year" in asked else Root("plan_period", (plan,), phase.last_year)


def _row_root(case: Case, facts: Facts, asked: str, table: str, entity: str, year: int | None) -> Root:
    key = str(case.content[asked])
    row = next((row for row in facts.tables[table] if row.key == (key,)), None)
    if row is None:
        raise input_error(*case.place(asked), f"no '{key}' in {table}", did_you_mean(key, [row.key[0] for row in facts.tables[table]]))
    return Root(entity, row.key, row.cells["on"].year if year is None else year)


# -- comparing ----------------------------------------------------------------------------------------------------


def _compare(case: Case, law: Law, found: Determination) -> Iterator[Mismatch]:
    for name, written in case.content["expect"].items():
        if name != "lots":
            yield from _compare_one(case, law, found, ("expect", name), found.root.entity, None, name, written)
            continue
        for lot, decisions in written.items():
            for decision, value in decisions.items():
                yield from _compare_one(case, law, found, ("expect", "lots", lot, decision), "lot", str(lot), decision, value)


def _compare_one(case: Case, law: Law, found: Determination, path: tuple[Any, ...], entity: str, part: str | None,
                 decision: str, written: Any) -> Iterator[Mismatch]:  # fmt: skip
    at = case.place(*path)
    spec = law.vocabulary.decisions.get((entity, decision))
    if spec is None:
        names = [name for owner, name in law.vocabulary.decisions if owner == entity]
        raise input_error(*at, f"no decision '{decision}'", did_you_mean(decision, names))
    step = _step(found, entity, part, decision)
    if step is None:
        raise input_error(*at, f"no '{part}' on the account of {found.root.key[0]}", "name a lot of the installation")
    try:
        expected = UNDETERMINED if written == UNDETERMINED else read_plain(written, spec.type, law.vocabulary)
    except Unreadable as error:
        raise input_error(*at, f"{decision}: {error}") from None
    met = not step.known if expected == UNDETERMINED else step.known and same(step.outcome, expected)
    if not met:
        name = decision if part is None else f"{part}.{decision}"
        yield Mismatch(
            at, name, show(expected), _shown(step), tuple(f"{rule.rule}: {rule.state} {show(rule.value)}" for rule in step.rules)
        )


def _compare_doubts(case: Case, law: Law, found: Determination) -> Iterator[Mismatch]:
    """Decisions that must stay open: a gap, a conflict, or for want of the leaves named."""
    for name, written in case.content.get("expect_undetermined", {}).items():
        at = case.place("expect_undetermined", name)
        if (found.root.entity, name) not in law.vocabulary.decisions:
            raise input_error(
                *at, f"no decision '{name}'", did_you_mean(name, [n for owner, n in law.vocabulary.decisions if owner == found.root.entity])
            )
        full = law.decision_name(found.root.entity, name)
        doubt = next((o for o in found.open if o.decision == full), None)
        leaves = [str(cause) for cause in doubt.missing] if doubt is not None else []
        if doubt is None:
            step = _step(found, found.root.entity, None, name)
            yield Mismatch(at, name, UNDETERMINED, show(step.outcome) if step is not None else "nothing")
        elif isinstance(written, str) and doubt.reason != written:
            yield Mismatch(at, name, f"a {written}", f"{doubt.reason}: {', '.join(leaves)}")
        elif isinstance(written, list) and not set(written) <= set(leaves):
            yield Mismatch(at, name, f"missing {', '.join(written)}", f"{doubt.reason}, missing {', '.join(leaves) or 'nothing'}")


def _compare_rules(case: Case, found: Determination) -> Iterator[Mismatch]:
    states = {rule.rule: rule.state for step in found.steps.values() for rule in step.rules}
    for index, name in enumerate(case.content.get("expect_rules", [])):
        if name not in states:
            raise input_error(*case.place("expect_rules", index), f"no rule '{name}' in {found.phase}", did_you_mean(name, states))
        holding = any(rule.rule == name and rule.state == "holds" for step in found.steps.values() for rule in step.rules)
        if not holding:
            yield Mismatch(case.place("expect_rules", index), name, "holds", states[name])


def _step(found: Determination, entity: str, part: str | None, decision: str) -> Step | None:
    """The proof step of a decision about the root, or about a part of it."""
    steps = (
        step
        for (owner, place, name), step in found.steps.items()
        if owner == entity and name == decision and (part is None or place[0] == part)
    )
    return next(steps, None)


def _shown(step: Step) -> str:
    if isinstance(step.outcome, Gap):
        return "a gap: no rule applies"
    if isinstance(step.outcome, Conflict):
        return f"a conflict of {' and '.join(step.outcome.rules)}"
    missing = ", ".join(sorted(map(str, step.outcome.causes))) if not step.known else ""
    return show(step.outcome) + (f" (missing {missing})" if missing else "")
