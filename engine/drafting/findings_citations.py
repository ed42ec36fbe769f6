"""What must name its source and does not, and what a scaffold left to be decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.drafting.findings_codes import Finding
from engine.law import Law

_SECTIONS = {"constructs": "construct", "questions": "question", "records": "record", "statements": "statement", "phases": "phase"}
_REMEDY = "add `cite: {instrument: …, point: …}`"


def citation_findings(law: Law) -> Iterator[Finding]:
    """Rules, values, phases, readings and records without a source, and values that wait for a decision."""
    for rule in law.tree["rules"]:
        yield from _cited(rule, f"rule '{rule['rule']}'")
    for value in law.tree["values"]:
        name = value["parameter"] if value["key"] is None else f"{value['parameter']}[{value['key']}]"
        yield from _cited(value, name)
        yield from _decided(law, value, name)
    for section, what in _SECTIONS.items():
        for name, content in law.tree[section].items():
            if section != "questions":
                yield from _cited(content, f"{what} '{name}'")
            for answer, says in content.get("answers", {}).items():
                yield from _cited({**says, "at": content["at"]}, f"{what} '{name}', answer '{answer}'")


def _cited(content: dict[str, Any], what: str) -> Iterator[Finding]:
    if not content.get("cite"):
        at = content["at"]
        yield Finding("missing-citation", at[0], at[1], at[2], f"{what} names no source", _REMEDY)


def _decided(law: Law, value: dict[str, Any], name: str) -> Iterator[Finding]:
    construct = law.tree["constructs"].get(value.get("because") or "")
    if construct is not None and construct.get("to_decide"):
        at = value["at"]
        where = f" in phase '{value['phase']}'" if value["phase"] else ""
        remedy = "write the value and its source, or `none`, or name the construct that makes it unknown"
        yield Finding("undecided", at[0], at[1], at[2], f"{name} is to be decided{where}", remedy)
