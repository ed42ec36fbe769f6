"""A new worked example from a determination: facts, question and what came out, for a person to check against the sources."""

from __future__ import annotations

import os
import sys
import tempfile
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from engine.drafting.cases import case_files, read_cases
from engine.drafting.cases_running import step_of
from engine.drafting.formatting import formatted
from engine.explaining.reports import decision_key, find_root, read_facts
from engine.language import show
from engine.law import Law
from engine.law.yaml_files import read_yaml
from engine.problems import did_you_mean, input_error
from engine.proving import Conflict, Determination, Gap, Inquiry, Root, Step, ask

NOTE = "recorded from a determination, not worked out: check each value against its source, and cite it"
_EXACT_BASES = (2, 5)


def record_case(
    law: Law,
    into: Path,
    name: str,
    facts_path: Path,
    key: str,
    year: int,
    decisions: tuple[str, ...],
    inquiry: Inquiry,
    as_of: date | None,
    schema_dir: Path,
) -> Path:
    """`kazets test --write`: append the case ``name`` to the file ``into``, which may be new.

    Args:
        key: the installation, trade or plan of the facts that is asked about.
        decisions: what the case shall expect; none means the result of the ruleset.

    Raises:
        InputError: the facts are no case file, the id is taken, or a value has no exact decimal form.
    """
    if facts_path.is_dir():
        raise input_error(str(facts_path), 0, 0, "a register is too large for a worked example", "write the facts of the case as YAML")
    if into.suffix != ".yaml" or into.parent.name != "cases":
        raise input_error(str(into), 0, 0, "not a place for a case", "name a .yaml file in a folder called `cases`")
    before = into.read_text(encoding="utf-8") if into.exists() else None
    taken = {case.id for file in case_files(into.parent) for case in read_cases(file, str(file), schema_dir)}
    if name in taken:
        raise input_error(str(into), 0, 0, f"there is a case '{name}' already", "give the new one another id")
    facts = read_facts(law, facts_path, as_of)
    root = find_root(law, facts, inquiry, key, year)
    result = law.manifest["result"]
    wanted = decisions or (tuple(result[part] for part in ("status", "breaches")) if root.entity == law.manifest["main"] else ())
    if not wanted:
        names = [law.decision_name(*k) for k in law.vocabulary.decisions if k[0] == root.entity]
        raise input_error("--decision", 0, 0, f"say which decisions about {key} the case expects", did_you_mean("", names))
    (found,) = ask(law, facts, inquiry, [root], "brief")
    written = read_yaml(facts_path, str(facts_path)).data
    given = {k: v for k, v in written.items() if k not in ("title", "source", "note", "as_of")}
    content: dict[str, Any] = {"case": name, "title": f"{key} in {year}, as recorded", "facts": {"as_of": facts.as_of.isoformat(), **given}}
    content.update(_question(law, root))
    content.update(_under(inquiry, law))
    content.update(_expectations(law, root, found, wanted))
    content["note"] = NOTE
    _append(into, before, content, schema_dir, law)
    return into


def _question(law: Law, root: Root) -> dict[str, Any]:
    if root.entity == law.manifest["main"]:
        return {"installation": root.key[0], "year": root.year}
    entity = law.vocabulary.entities[root.entity]
    if entity.table is not None:
        return {entity.row: root.key[0]}
    return {"plan": root.key[0], **({"year": root.year} if entity.years else {})}


def _under(inquiry: Inquiry, law: Law) -> dict[str, Any]:
    under: dict[str, Any] = {}
    if inquiry.authority:
        under["authority"] = inquiry.authority
    if inquiry.known_on:
        under["known_on"] = inquiry.known_on.isoformat()
    if inquiry.readings:
        under["readings"] = dict(inquiry.readings)
    if law.drafts:
        under["draft"] = [draft.id for draft in law.drafts]
    return {"under": under} if under else {}


def _expectations(law: Law, root: Root, found: Determination, wanted: tuple[str, ...]) -> dict[str, Any]:
    """What came out, as a case writes it."""
    expect: dict[str, Any] = {}
    open_ones: dict[str, Any] = {}
    deciding: dict[str, Any] = {}
    for name in wanted:
        entity, decision = decision_key(law, root, name)
        if entity != root.entity:
            for (owner, place, inner), step in found.steps.items():
                if (owner, inner) == (entity, decision):
                    expect.setdefault("lots", {}).setdefault(place[0], {})[decision] = written_value(step) if step.known else "undetermined"
            continue
        step_found = step_of(found.steps, entity, None, decision)
        if step_found is None:
            continue
        if step_found.known:
            expect[decision] = written_value(step_found)
        else:
            open_ones[decision] = _doubt(law, found, step_found)
        holding = [rule.rule for rule in step_found.rules if rule.state == "holds"]
        if len(holding) == 1:
            deciding[decision] = holding[0]
    if not expect:
        expect = dict.fromkeys(open_ones, "undetermined")
    return {
        "expect": expect,
        **({"expect_undetermined": open_ones} if open_ones else {}),
        **({"expect_decided_by": deciding} if deciding else {}),
    }


def _doubt(law: Law, found: Determination, step: Step) -> Any:
    if isinstance(step.outcome, Gap):
        return "gap"
    if isinstance(step.outcome, Conflict):
        return "conflict"
    full = law.decision_name(step.entity, step.decision)
    return [str(cause) for doubt in found.open if doubt.decision == full for cause in doubt.missing]


def written_value(step: Step) -> Any:
    """A known outcome as a case writes it.

    Raises:
        InputError: it is a fraction without an exact decimal form.
    """
    value = step.outcome
    if value is None:
        return "none"
    if isinstance(value, (bool, int)):
        return value
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Fraction):
        rest = value.denominator
        for base in _EXACT_BASES:
            while rest % base == 0:
                rest //= base
        if rest != 1:
            raise input_error("--decision", 0, 0, f"{step.decision} is {value}, which no decimal says exactly", "leave it out")
    return show(value).replace(",", "")


def _append(into: Path, before: str | None, content: dict[str, Any], schema_dir: Path, law: Law) -> None:
    """Write the file anew with the case at its end, once the whole reads as a case file."""
    block = yaml.safe_dump([content], allow_unicode=True, sort_keys=False, default_flow_style=None, width=sys.maxsize)
    head = "cases:\n"
    text = formatted(head + "".join(f"  {line}\n" if line else "\n" for line in block.splitlines()), into.name).removeprefix(head)
    if before is None:
        schema = os.path.relpath(schema_dir / "case.schema.json", into.resolve().parent)
        before = f"# yaml-language-server: $schema={Path(schema).as_posix()}\n{head}"
    else:
        before = before.rstrip("\n") + "\n\n"
    into.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=into.parent, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(before + text)
        read_cases(Path(part), str(into), schema_dir)
        os.replace(part, into)
    finally:
        Path(part).unlink(missing_ok=True)
