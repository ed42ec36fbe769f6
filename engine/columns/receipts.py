"""What an output of decided rows says of itself: what it was made from, and what its columns are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars

from engine.columns.reading import Register
from engine.explaining.json_form import receipt
from engine.facts import Facts
from engine.law import Law
from engine.proving import Inquiry

RECEIPT, SCHEMA, DIVISION = "receipt.json", "schema.json", "division.parquet"


def stamp(law: Law, inquiry: Inquiry, register: Register) -> dict[str, Any]:
    """The receipt of a single determination, of a whole register."""
    facts = Facts(
        register.as_of, {}, register.digest, frozenset(register.files), register.about, register.withheld, str(register.folder.resolve())
    )
    return receipt(law, law.select(inquiry.authority, inquiry.readings, inquiry.known_on), facts)


def describe(law: Law, out: Path, scales: Mapping[str, int]) -> dict[str, Any]:
    """Entity -> column -> its type, and for a number its unit and what to divide it by, and for a decision its label."""
    found: dict[str, Any] = {}
    for folder in sorted(path for path in out.iterdir() if path.is_dir() and path.name in law.vocabulary.entities):
        columns = found[folder.name] = {}
        for name, kind in polars.read_parquet_schema(next(iter(sorted(folder.glob("*.parquet"))))).items():
            columns[name] = {"type": str(kind.base_type())}
            decision = law.vocabulary.decisions.get((folder.name, name))
            if decision is None:
                continue
            columns[name]["label"] = law.tree["decisions"][law.decision_name(folder.name, name)]["label"]["en"]
            if decision.type.kind == "number":
                columns[name] |= {"unit": str(decision.type.unit), "divide_by": scales.get(f"{folder.name}.{name}", 1)}
    return found
