"""Loading facts: a document or a folder of tables, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.facts.ahead import Ahead
from engine.facts.building import ABOUT, FactsBuilder, RawRow, read_as_of
from engine.facts.rows import Facts
from engine.language import Vocabulary
from engine.problems import did_you_mean, input_error

if TYPE_CHECKING:
    from engine.law.documents import Document


def load_facts(
    path: Path | Ahead, vocabulary: Vocabulary, aliases: Mapping[str, Mapping[str, str]], as_of: date | None, today: date
) -> Facts:
    """Read a case file or a register folder.

    Args:
        as_of: the day the question is asked, over the one that the facts name; later events are then left out.
        today: the day taken where neither names one.

    Raises:
        InputError: with file, line and column of everything that is wrong.
    """
    if isinstance(path, Ahead):
        found = facts_from_document(path.document(), vocabulary, aliases, as_of, today)
        path = path.path
    elif path.is_dir():
        from engine.facts.register_files import read_register  # a case needs none of it

        found = read_register(path, vocabulary, aliases, as_of, today)
    else:
        from engine.law.yaml_files import read_yaml

        found = facts_from_document(read_yaml(path, str(path)), vocabulary, aliases, as_of, today)
    return replace(found, path=str(path))


def facts_from_document(
    document: Document,
    vocabulary: Vocabulary,
    aliases: Mapping[str, Mapping[str, str]],
    as_of: date | None,
    today: date,
    path: tuple[Any, ...] = (),
) -> Facts:
    """The facts of a parsed document, or of the part of it at ``path``."""
    data = document.data
    for step in path:
        data = data[step]
    if not isinstance(data, dict):
        line, column = document.at(path)
        raise input_error(document.file, line, column, "facts are written as `table: [rows]`", "see the README for a case")
    builder = FactsBuilder(vocabulary, aliases)
    for name, rows in data.items():
        line, column = document.at((*path, name))
        if name == "as_of" or name in ABOUT:
            continue
        if name not in vocabulary.tables:
            raise input_error(
                document.file, line, column, f"no table '{name}'", did_you_mean(str(name), [*vocabulary.tables, "as_of", *ABOUT])
            )
        if rows == "unknown":
            builder.withheld.add(name)
            continue
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise input_error(document.file, line, column, f"'{name}' is not a list of rows", f"write `{name}: [{{column: value, …}}, …]`")
        builder.add(name, [_raw(document, (*path, name, index), row) for index, row in enumerate(rows)])
    own = read_as_of(data["as_of"], document.file, document.at((*path, "as_of"))) if data.get("as_of") else today
    cut_off = as_of is not None and as_of < own
    return builder.build(as_of or own, cut_off, {k: data[k] for k in ABOUT if k in data})


def _raw(document: Document, path: tuple[Any, ...], row: dict[str, Any]) -> RawRow:
    places = {column: document.at((*path, column)) for column in row}
    for column, value in row.items():
        if isinstance(value, (dict, list)):
            line, position = places[column]
            raise input_error(document.file, line, position, f"'{column}' must be a single value", "write one number, date, code or name")
    return RawRow({str(k): v for k, v in row.items()}, document.file, document.at(path)[0], places)
