"""The tasks of a run over a register: each leaves whole files in the folder, whatever process does it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from math import prod
from pathlib import Path
from threading import get_ident
from typing import Any

import numpy
import polars

from engine.columns import Decided
from engine.columns.asking import BAD, Decider, Known, without
from engine.columns.dividing import Division
from engine.columns.others import other_entities
from engine.columns.reading import Register
from engine.columns.scheduling import worth
from engine.columns.spilling import Spill, partition
from engine.law import Law

OTHERS = "others"
ROW_GROUP = 1 << 19
STATISTICS = {"null_count": True, "min": False, "max": False, "distinct_count": False}
"""A part holds installations of all sizes in all years: the extremes of its stretches would let a reader skip next to nothing."""


@dataclass(frozen=True)
class Sift:
    """Find the rows of a partition that cannot be decided on; gives what the rest adds to what is known."""

    part: int


@dataclass(frozen=True)
class Decide:
    """Decide a partition (None: what belongs to no partition); gives what was counted."""

    part: int | None
    known: Known

    @property
    def name(self) -> str:
        return OTHERS if self.part is None else str(self.part)


@dataclass(frozen=True)
class Work:
    """A divided register.

    Attributes:
        out: the folder of the output, and ``state`` the one in it that is there while the run is not finished.
        lenient: whether wrong rows are set aside rather than refused.
    """

    register: Register
    decider: Decider
    division: Division
    rows: Spill
    out: Path
    state: Path
    lenient: bool

    def __call__(self, task: Sift | Decide) -> Any:
        """What is known of a sifted partition, or what is to be kept of a decided one.

        Raises:
            InputError: a row is wrong.
            EngineDefect: proving failed.
        """
        if isinstance(task, Sift):
            return self._sift(task.part)
        if task.part is None:
            return other_entities(self.decider, self.register, aside_of(self.state) if self.lenient else None, task.known)
        return [self._decided(task.part, task.known)]

    def keep(self, task: Sift | Decide, found: Any) -> Any:
        """Write what was decided, and let go of what it was decided from."""
        if isinstance(task, Sift):
            return found
        counted = self._keep(f"part-{task.part or 0:05}", task.name, found)
        if task.part is not None:
            self.rows.forget(task.name)
        return counted

    def _sift(self, part: int) -> Known:
        sound, aside = self.decider.sound(self.register, partition(self.division, self.rows, part))
        with whole(aside_file(self.state, part)) as target:
            aside.write_parquet(target)
        return reduce(Known.__or__, (self.decider.known(table, kept) for table, kept in sound.items()), Known())

    def _decided(self, part: int, known: Known) -> Decided:
        tables = partition(self.division, self.rows, part)
        if self.lenient:
            tables = without(tables, aside_of(self.state))
        roots, effort = self.division.roots(part), worth(len(self.division.owners))
        return self.decider.decide(self.register, tables, [self.decider.main], known, roots, not self.lenient, effort)

    def _keep(self, file: str, name: str, found: list[Decided]) -> Any:
        """Write what was decided, and last the mark that it is done."""
        counted: dict[str, Any] = {"file": f"{file}.parquet", "rows": {}, "proved": {}, "statuses": {}, "scales": {}}
        while found:
            decided = found.pop(0)
            scales, frames = decided.scales, dict(decided.frames)
            del decided  # what is written need not be held any longer
            for entity in list(frames):
                rows = frames.pop(entity).rechunk()
                counted["rows"][entity] = len(rows)
                counted["proved"][entity] = int(rows["proved"].sum()) if "proved" in rows.columns else 0
                if entity == self.decider.main:
                    counted["statuses"] = statuses(self.decider.law, rows)
                (self.out / entity).mkdir(exist_ok=True)
                write_rows(self.out / entity / f"{file}.parquet", rows, self.state)
            counted["scales"] |= {f"{entity}.{decision}": scale for (entity, decision), scale in scales.items() if scale != 1}
        write_whole(mark_file(self.state, name), json.dumps(counted))
        return counted


def write_rows(file: Path, rows: polars.DataFrame, state: Path) -> None:
    """Write a Parquet file whole or not at all; the same rows are the same bytes, however they were brought together."""
    with whole(file, state) as target:
        rows.rechunk().write_parquet(target, compression="zstd", compression_level=1, row_group_size=ROW_GROUP, statistics=STATISTICS)


def statuses(law: Law, rows: polars.DataFrame) -> dict[str, dict[str, int]]:
    """Year -> status -> how many instances of the main entity."""
    name, found = law.manifest["result"]["status"], dict[str, dict[str, int]]()
    if name not in rows.columns:
        return found
    words = (name, f"{name}?")
    lists = [_numbered(rows[column]) for column in words]
    years = rows["year"].to_numpy()
    first, last = (int(years.min()), int(years.max())) if len(years) else (0, 0)
    narrow = numpy.min_scalar_type((1 + last - first) * prod(len(texts) for _, texts in lists))
    joint = (years - first).astype(narrow)
    for numbers, texts in lists:  # one number for all three is counted many times as fast as what it stands for
        joint *= narrow.type(len(texts))
        joint += numbers.astype(narrow, copy=False)
    for at, many in enumerate(numpy.bincount(joint).tolist()):
        if not many:
            continue
        rest, state = divmod(at, len(lists[1][1]))
        year, word = divmod(rest, len(lists[0][1]))
        each = found.setdefault(str(first + year), {})
        said = str(lists[0][1][word]) if lists[1][1][state] == "value" else "undetermined"
        each[said] = each.get(said, 0) + many
    return found


def _numbered(column: polars.Series) -> tuple[Any, list[str | None]]:
    """A column of few texts as numbers, and what they stand for."""
    if column.dtype == polars.String:
        column = column.cast(polars.Enum(column.unique().drop_nulls().sort()))
    assert isinstance(column.dtype, polars.Enum)
    texts: list[str | None] = [*column.dtype.categories, None]
    numbers = column.to_physical()
    return (numbers.cast(polars.UInt32).fill_null(len(texts) - 1) if numbers.null_count() else numbers).to_numpy(), texts


def aside_file(state: Path, part: int) -> Path:
    return state / f"aside-{part}.parquet"


def aside_of(state: Path) -> polars.DataFrame:
    """The rows that were set aside (columns as in BAD)."""
    return polars.concat([polars.DataFrame(schema=BAD), *(polars.read_parquet(f) for f in sorted(state.glob("aside-*.parquet")))])


def mark_file(state: Path, name: str) -> Path:
    return state / f"done-{name}.json"


def read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


@contextmanager
def whole(file: Path, state: Path | None = None) -> Iterator[Path]:
    """Another name to write a file under, in ``state`` or beside it, so that it is there whole or not at all, whoever else writes it."""
    part = (state or file.parent) / f".{file.parent.name}.{file.name}.{os.getpid()}.{get_ident()}"
    try:
        yield part
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)


def write_whole(file: Path, text: str) -> None:
    """Write a text that is there whole or not at all."""
    with whole(file) as target:
        target.write_text(text, encoding="utf-8")
