"""Prints `schemas/facts.schema.json`, the form of a case file, made from the vocabulary of the facts.

Run it after a change to the tables or code lists: python tests/make_facts_schema.py > schemas/facts.schema.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.law.yaml_files import read_yaml

DATE = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
WHOLE = "[0-9]+(_[0-9]+)*"
DECIMAL = f"{WHOLE}(\\.{WHOLE})?"
Tree = dict[str, Any]


def read_vocabulary(root: Path) -> Tree:
    """The sections `tables`, `codes` and `units` of all files in the vocabulary folder."""
    found: Tree = {"tables": {}, "codes": {}, "units": {}}
    for path in sorted((root / "vocabulary").glob("*.yaml")):
        for section, content in read_yaml(path, path.name).data.items():
            if section in found:
                found[section].update(content)
    return found


def facts_schema(vocabulary: Tree) -> Tree:
    """The JSON Schema of a case file."""
    tables = {name: _table(table, vocabulary) for name, table in vocabulary["tables"].items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A case",
        "description": f"A case has tables of facts, and as_of, title, source and note. The tables: {', '.join(tables)}. Write only those that you need.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "as_of": {"description": "The day the question is asked, YYYY-MM-DD; no event of the case is later. Left out: today.", "type": "string", "pattern": f"^{DATE}$"},
            "title": {"description": "What the case is about, in a few words.", "type": "string"},
            "source": {"description": "Where the facts come from: a text, {instrument: …, point: …}, or a list of these.", "type": ["string", "object", "array"], "items": _SOURCE, **_SOURCE_PARTS},
            "note": {"description": "A remark; it decides nothing.", "type": "string"},
            **tables,
        },
    }  # fmt: skip


_SOURCE_PARTS: Tree = {
    "additionalProperties": False,
    "properties": {
        "instrument": {"description": "The id of the source among the instruments of the law.", "type": "string"},
        "point": {"description": "Where in it: article, point, table or heading, in quotes.", "type": ["string", "number"]},
        "note": {"description": "How the facts were taken from it.", "type": "string"},
    },
}
_SOURCE: Tree = {"description": "A text, or {instrument: …, point: …, note: …}.", "type": ["string", "object"], **_SOURCE_PARTS}


def _table(table: Tree, vocabulary: Tree) -> Tree:
    columns = table["columns"]
    absent = "no row: not known" if table["absent"] == "unknown" else "no row: there is none"
    key = f"; one row for each {' and '.join(table['key'])}" if "key" in table else ""
    return {
        "description": f"{_label(table)} ({absent}{key})",
        "type": "array",
        "items": {
            "description": f"A row has {', '.join(columns)}.",
            "type": "object",
            "additionalProperties": False,
            "required": [name for name, column in columns.items() if column.get("required")],
            "properties": {name: _column(column, vocabulary) for name, column in columns.items()},
        },
    }


def _column(column: Tree, vocabulary: Tree) -> Tree:
    words = [*(["none"] if column.get("nullable") else []), *([] if column.get("required") else ["unknown"])]
    made: Tree = {"description": _describe(column, vocabulary)}
    kind = column["type"]
    if kind in ("code", "bool"):
        options = _members(vocabulary["codes"][column["codes"]]) if kind == "code" else [(True, "yes"), (False, "no")]
        options += [(word, _WORDS[word]) for word in words]
        options += [] if column.get("required") else [(None, _WORDS["unknown"])]
        return made | {"enum": [value for value, _ in options], "enumDescriptions": [text for _, text in options]}
    empty = [] if column.get("required") else ["null"]
    if kind in ("id", "text", "ref"):
        return made | {"type": ["string", "integer", *empty], "minLength": 1}
    if kind == "date":
        return made | {"type": ["string", *empty], "pattern": _pattern(DATE, words)}
    if kind in ("year", "integer"):
        bounds = {"minimum": 1000, "maximum": 9999} if kind == "year" else _least(column)
        whole = "[0-9]{4}" if kind == "year" else _sign(column) + WHOLE
        return made | {"type": ["integer", "string", *empty], "pattern": _pattern(whole, words), **bounds}
    return made | {"type": ["number", "string", *empty], "pattern": _pattern(_sign(column) + DECIMAL, words), **_least(column)}


_WORDS = {"none": "there is none", "unknown": "not known"}


def _describe(column: Tree, vocabulary: Tree) -> str:
    parts = [_label(column)]
    if column["type"] in ("number", "integer") and "unit" in column:
        parts[0] += f", in {_unit(column['unit'], vocabulary)}"
    parts += {"date": ["YYYY-MM-DD"], "ref": [f"the id of a row of `{column.get('to')}`"]}.get(column["type"], [])
    parts += ["required"] if column.get("required") else []
    parts += ["`none` if there is none"] if column.get("nullable") else []
    parts += [f"if no row has this column: {_text(column['presumed'])}"] if "presumed" in column else []
    return "; ".join(parts)


def _unit(written: str, vocabulary: Tree) -> str:
    return " per ".join(_label(vocabulary["units"][part]) for part in written.split("/"))


def _members(codes: Tree) -> list[tuple[Any, str]]:
    """Codes with their labels, then the numbers that may stand for them."""
    members = codes["members"]
    return [(name, _label(member)) for name, member in members.items()] + [
        (m["number"], _label(m)) for m in members.values() if "number" in m
    ]


def _label(content: Tree) -> str:
    text = content["label"]["en"]
    return str(text if isinstance(text, str) else text["other"])


def _text(value: Any) -> str:
    if value == "0001-01-01":
        return "long before"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _least(column: Tree) -> Tree:
    return {"minimum": json.loads(str(column["min"]))} if "min" in column else {}


def _sign(column: Tree) -> str:
    return "-?" if str(column.get("min", "-")).startswith("-") else ""


def _pattern(body: str, words: list[str]) -> str:
    return f"^({'|'.join([body, *words])})$"


def schema_text(root: Path = ROOT) -> str:
    """The content of `schemas/facts.schema.json`."""
    return json.dumps(facts_schema(read_vocabulary(root / "rulesets")), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.buffer.write(schema_text().encode())
