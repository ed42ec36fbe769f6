"""What a synthetic register is drawn from: the file that `kazets facts sample` reads, checked against its schema."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.language import Vocabulary
from engine.law.documents import Document
from engine.law.schemas import schema
from engine.law.yaml_files import read_yaml
from engine.problems import did_you_mean, input_error


@dataclass(frozen=True)
class FrameSpec:
    """Rows of one kind.

    Attributes:
        table: what they are written to; None for rows that only others are drawn from.
        parent: the frame of which each row has some.
        count: bands of how many; None for one.
        share: of 100 rows of the parent, how many have any.
        yearly: one row for each year asked for.
        columns: column -> how it is drawn.
        hidden: the columns that are not written.
    """

    name: str
    table: str | None
    parent: str | None
    count: tuple[int, ...] | None
    share: int
    yearly: bool
    columns: Mapping[str, Any]
    hidden: frozenset[str]


@dataclass(frozen=True)
class SampleSpec:
    """A whole file.

    Attributes:
        title, note: a text, or one for each language.
        first, last: the years sampled where none are asked for.
        as_of: how many years after the last one, and the month and day.
        digest: SHA-256 of the file.
    """

    title: str | Mapping[str, str]
    note: str | Mapping[str, str]
    first: int
    last: int
    as_of: tuple[int, str]
    frames: Mapping[str, FrameSpec]
    digest: str


def read_sample_spec(path: Path, schemas: Path, vocabulary: Vocabulary) -> SampleSpec:
    """Read and check a specification; its form is schemas/sample.schema.json.

    Raises:
        InputError: with the place of everything that is wrong.
    """
    document = read_yaml(path, str(path))
    schema(schemas, "sample").admit(document)
    content = document.data["sample"]
    frames: dict[str, FrameSpec] = {}
    for name, frame in content["frames"].items():
        frames[name] = _frame(document, name, frame, frames, vocabulary)
    when = content["as_of"]
    return SampleSpec(
        content["title"],
        content.get("note", ""),
        content["years"]["from"],
        content["years"]["to"],
        (when["years_after"], when["day"]),
        frames,
        hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def _frame(document: Document, name: str, content: dict[str, Any], before: Mapping[str, FrameSpec], vocabulary: Vocabulary) -> FrameSpec:
    path = ("sample", "frames", name)
    parent, written = content.get("of"), content.get("columns", {})
    if parent is not None and parent not in before:
        line, column = document.at((*path, "of"))
        raise input_error(document.file, line, column, f"no frame '{parent}' stands above", did_you_mean(parent, before))
    table = content.get("table", name) if written else None
    if table is not None and table not in vocabulary.tables:
        line, column = document.at(path)
        raise input_error(document.file, line, column, f"no table '{table}'", did_you_mean(table, vocabulary.tables))
    columns = {**written, **content.get("hidden", {})}
    if content.get("years"):
        columns = {"year": {"from": f"{name}.year"}, **columns}
    for column_name in written:
        if column_name not in vocabulary.tables[table or ""].columns:
            line, column = document.at((*path, "columns", column_name))
            raise input_error(
                document.file,
                line,
                column,
                f"{table} has no column '{column_name}'",
                did_you_mean(column_name, vocabulary.tables[table or ""].columns),
            )
    spec = FrameSpec(
        name, table, parent, tuple(content["count"]) if "count" in content else None, content.get("share", 100),
        bool(content.get("years")), columns, frozenset(columns) - frozenset(written),
    )  # fmt: skip
    known = {**before, name: spec}
    for column_name, column in columns.items():
        part = "columns" if column_name in written else "hidden"
        for key in ("from", "part", "plan_of", "of", "by", "any"):
            if isinstance(column, dict) and key in column:
                _check_place(document, (*path, part, column_name, key), column[key], known, spec, ancestors_only=key != "any")
    return spec


def _check_place(
    document: Document, path: tuple[Any, ...], place: str, frames: Mapping[str, FrameSpec], own: FrameSpec, ancestors_only: bool
) -> None:
    frame, _, column = place.partition(".")
    above = {own.name}
    current: FrameSpec | None = own
    while current is not None and current.parent is not None:
        above.add(current.parent)
        current = frames.get(current.parent)
    allowed = above if ancestors_only else set(frames)
    line, position = document.at(path)
    if frame not in allowed:
        raise input_error(
            document.file, line, position, f"'{frame}' is not a frame that these rows belong to", did_you_mean(frame, allowed)
        )
    if column not in frames[frame].columns:
        raise input_error(document.file, line, position, f"'{frame}' has no column '{column}'", did_you_mean(column, frames[frame].columns))
