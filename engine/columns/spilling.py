"""The rows of a divided register by partition: in memory where there is one, on disk where there are several.

FOLDER/index.json               which batches came to which partition, and in which types they lie
FOLDER/forms/<name>.arrow       types, as frames without rows: of each table those that hold all of its rows, and those of each kind of batch
FOLDER/<partition>/<table>      batch after batch: whole numbers, days, codes and truths column by column as they lie in memory, the rest as Arrow IPC
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from io import BytesIO, FileIO
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy
import polars

from engine.columns.asking import Decider, Known
from engine.columns.column import Span, span_of
from engine.columns.dividing import HOSTS, OWNER, PART, WHOLE, Division, Range, Tables
from engine.columns.grouping import Array
from engine.columns.reading import Bad, Read, Register
from engine.columns.room import let_go, rooms
from engine.columns.running import SHARED, lying
from engine.columns.threads import in_turn

WIDTHS = {polars.Int8: 2**7, polars.Int16: 2**15, polars.Int32: 2**31, polars.Int64: 2**63}
LYING = (*WIDTHS, polars.UInt8, polars.UInt16, polars.UInt32, polars.UInt64, polars.Boolean, polars.Date, polars.Enum)
"""Types of which every value takes as many bytes."""
Spans = Mapping[str, Span | None]
"""The extremes of columns of integers."""
HEIGHT, TRUTH = "@height", numpy.dtype(bool)
VECTORS = 512
"""So many pieces are read or written by one call; the system takes 1,024."""


@dataclass(frozen=True)
class Layout:
    """How the rows of a batch lie in a file.

    Attributes:
        kinds: the types of its columns; those in `LYING` come one after the other.
        missing: those of them with nulls: then it says of each where they are.
    """

    kinds: Mapping[str, Any]
    missing: tuple[str, ...]

    @cached_property
    def lying(self) -> dict[str, Any]:
        """Column -> the type in which numpy holds it."""
        return {name: _held(kind) for name, kind in self.kinds.items() if kind in LYING}

    @cached_property
    def rest(self) -> list[str]:
        return [name for name in self.kinds if name not in self.lying]

    def form(self) -> polars.DataFrame:
        """No row."""
        return polars.DataFrame(schema=dict(self.kinds))


@dataclass(frozen=True)
class Chunk:
    """The rows of a batch that came to one partition.

    Attributes:
        layout: its number.
        rest: how many bytes of Arrow IPC follow the columns that lie as in memory.
    """

    rows: int
    layout: int
    rest: int


@dataclass(frozen=True)
class Batch:
    """Rows of a table with where they go.

    Attributes:
        rows: all of their columns where they are kept, else those that do not lie as in memory.
        arrays: the columns that do, then where they are null.
    """

    known: Known
    rows: polars.DataFrame
    ranges: list[Range]
    layout: Layout
    arrays: list[Array]


class Spill:
    """The rows of a register by partition.

    Args:
        folder: where they are on disk; None to keep them in memory.

    Attributes:
        forms: table -> none of its rows, in the types that hold all of them.
        chunks: partition and table -> what its file holds.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder, self.forms, self.layouts = folder, dict[str, polars.DataFrame](), list[Layout]()
        self.kept: dict[tuple[str, str], list[polars.DataFrame]] = {}
        self.chunks: dict[str, list[Chunk]] = {}
        self.common: dict[tuple[int, ...], tuple[Mapping[str, Any], Mapping[str, Any]]] = {}

    @classmethod
    def found(cls, folder: Path) -> Spill:
        """What an interrupted run left."""
        made, content = cls(folder), json.loads((folder / "index.json").read_text(encoding="utf-8"))
        made.forms = {table: polars.read_ipc(folder / "forms" / f"{table}.arrow") for table in content["tables"]}
        forms = (polars.read_ipc(folder / "forms" / f"{number}.arrow") for number in range(len(content["missing"])))
        made.layouts = [Layout(form.schema, tuple(missing)) for form, missing in zip(forms, content["missing"], strict=True)]
        made.chunks = {file: [Chunk(*chunk) for chunk in own] for file, own in content["chunks"].items()}
        return made

    def add(self, table: str, batch: Batch) -> None:
        if self.folder is None:
            for part, first, end in batch.ranges:
                self.kept.setdefault((part, table), []).append(batch.rows.slice(first, end - first))
            return
        number, places = self._number(batch.layout), [(_bytes(values), values.itemsize) for values in batch.arrays]
        for part, first, end in batch.ranges:
            file, packed = self.folder / part / table, BytesIO()
            if batch.rows.width:
                batch.rows.slice(first, end - first).write_ipc(packed, compression="lz4")
            if not (chunks := self.chunks.setdefault(f"{part}/{table}", [])):
                file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("ab", buffering=0) as target:
                _all(os.writev, target, [*(whole[first * size : end * size] for whole, size in places), packed.getbuffer()])
            chunks.append(Chunk(end - first, number, len(packed.getbuffer())))

    def _number(self, layout: Layout) -> int:
        if layout not in self.layouts:
            self.layouts.append(layout)
        return self.layouts.index(layout)

    def finish(self) -> None:
        """Say what was written."""
        if self.folder is None:
            return
        (self.folder / "forms").mkdir(parents=True)
        for name, form in (*self.forms.items(), *((str(number), layout.form()) for number, layout in enumerate(self.layouts))):
            form.write_ipc(self.folder / "forms" / f"{name}.arrow")
        chunks = {file: [(chunk.rows, chunk.layout, chunk.rest) for chunk in own] for file, own in self.chunks.items()}
        content = {"tables": list(self.forms), "missing": [layout.missing for layout in self.layouts], "chunks": chunks}
        (self.folder / "index.json").write_text(json.dumps(content), encoding="utf-8")

    def load(self, part: str, table: str) -> polars.DataFrame:
        """The rows of a table in a partition, without what all need."""
        if self.folder is None:
            return polars.concat([self.forms[table], *self.kept.get((part, table), [])], how="diagonal_relaxed", rechunk=True)
        chunks = self.chunks.get(f"{part}/{table}", [])
        if not chunks:
            return self.forms[table]
        with (self.folder / part / table).open("rb", buffering=0) as source:
            return self._read(source, chunks)

    def _read(self, source: FileIO, chunks: Sequence[Chunk]) -> polars.DataFrame:
        """All rows of a file; columns that lie alike in all of its chunks are read to where they stay."""
        used = tuple(dict.fromkeys(chunk.layout for chunk in chunks))
        alike, types = self._common(used)
        ends = list(accumulate(chunk.rows for chunk in chunks))
        arrays = rooms(types.items(), ends[-1])
        missing = {name: numpy.zeros(ends[-1], bool) for number in used for name in self.layouts[number].missing if name in alike}
        columns = {number: [*_among(arrays, self.layouts[number].lying), *_among(missing, dict.fromkeys(self.layouts[number].missing, TRUTH))] for number in used}
        others = [] if all(len(alike) == len(self.layouts[number].kinds) for number in used) else [polars.DataFrame()]
        for chunk, end in zip(chunks, ends, strict=True):
            layout, first = self.layouts[chunk.layout], end - chunk.rows
            apart = {at: numpy.empty(chunk.rows, column.held) for at, column in enumerate(columns[chunk.layout]) if column.place is None}
            parts = [
                _bytes(apart[at]) if column.place is None else column.place[first * column.held.itemsize : end * column.held.itemsize]
                for at, column in enumerate(columns[chunk.layout])
            ]
            packed = bytearray(chunk.rest)
            _all(os.readv, source, [*parts, memoryview(packed)])
            own, nulls = dict[str, Array](), dict[str, Array]()
            for at, values in apart.items():
                name, into = columns[chunk.layout][at].name, at < len(layout.lying)
                (own if into else nulls)[name] = values
                if into and name in arrays:
                    arrays[name][first:end] = values
            if others:
                own = {name: values for name, values in own.items() if name not in alike}
                rest = [polars.read_ipc(BytesIO(packed))] if chunk.rest else []
                height = polars.repeat(None, chunk.rows, eager=True).alias(HEIGHT).to_frame()
                others.append(polars.concat([height, _frame(own, nulls, layout.kinds), *rest], how="horizontal"))
        whole = _frame(arrays, missing, alike)
        if not others:
            return whole
        return polars.concat([whole, polars.concat(others, how="diagonal_relaxed", rechunk=True).drop(HEIGHT)], how="horizontal")

    def _common(self, used: tuple[int, ...]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """The columns that lie alike in all of some layouts: their types, and those in which numpy holds them."""
        if used not in self.common:
            layouts = [self.layouts[number] for number in used]
            alike = {name: kind for name, kind in layouts[0].kinds.items() if all(_alike(kind, layout.kinds.get(name)) for layout in layouts)}
            self.common[used] = alike, {name: numpy.result_type(*(layout.lying[name] for layout in layouts)) for name in alike}
        return self.common[used]

    def has(self, part: str) -> bool:
        """Whether all rows of a partition are there."""
        return self.folder is None or all((self.folder / file).is_file() for file in self.chunks if file.startswith(f"{part}/"))

    def forget(self, part: str) -> None:
        """Remove the rows of a partition that was decided."""
        if self.folder is not None:
            shutil.rmtree(self.folder / part, ignore_errors=True)


def _alike(kind: Any, other: Any) -> bool:
    """Whether a column of two batches lies alike, or differs in the width of its numbers only."""
    return kind in LYING and (kind == other or (kind in WIDTHS and other in WIDTHS))


@cache
def _held(kind: Any) -> Any:
    """The type in which numpy holds what lies as in memory."""
    return polars.Series([], dtype=kind).to_physical().to_numpy().dtype


@dataclass(frozen=True)
class Stored:
    """A column of a chunk.

    Attributes:
        held: the type in which numpy holds it.
        place: the bytes of all chunks that it is read into; None where these are of another type.
    """

    name: str
    held: Any
    place: memoryview | None


def _among(targets: Mapping[str, Array], lying: Mapping[str, Any]) -> Iterator[Stored]:
    for name, held in lying.items():
        target = targets.get(name)
        yield Stored(name, held, _bytes(target) if target is not None and target.dtype == held else None)


def _bytes(values: Array) -> memoryview:
    return memoryview(values.view(numpy.uint8))


def _all(call: Callable[[int, Sequence[memoryview]], int], file: FileIO, parts: list[memoryview]) -> None:
    """Read or write all parts by few calls: the system takes large pieces at far less cost."""
    while parts:
        done = call(file.fileno(), parts[:VECTORS])
        if not done and any(map(len, parts[:VECTORS])):
            raise OSError(f"{file.name} is shorter than it was")
        while parts and done >= len(parts[0]):
            done -= len(parts.pop(0))
        if parts:
            parts[0] = parts[0][done:]


def _frame(arrays: Mapping[str, Array], missing: Mapping[str, Array], kinds: Mapping[str, Any]) -> polars.DataFrame:
    """Columns that lie as in memory, in their types, null where they are missing."""
    if arrays and len(next(iter(arrays.values()))) >= SHARED:
        from pyarrow import RecordBatch  # not needed for small registers

        rows = polars.DataFrame(RecordBatch.from_arrays([lying(values).array for values in arrays.values()], names=list(arrays)))
    else:
        rows = polars.DataFrame(arrays)
    coded = [name for name in arrays if kinds[name] in (polars.Enum, polars.Date)]
    changes = []
    for name in {**dict.fromkeys(coded), **missing}:
        column, kind = rows[name], kinds[name]
        if name in missing:
            column = column.set(polars.Series(missing[name]), None)
        changes.append(column.cat.to(kind) if kind == polars.Enum else column.cast(kind) if kind == polars.Date else column)
    return rows.with_columns(changes) if changes else rows


def spill(register: Register, division: Division, folder: Path | None, bad: list[Bad] | None, decider: Decider) -> tuple[Spill, Known]:
    """Send every row to its partition; with what is known of all rows, where wrong ones are refused.

    Args:
        bad: where rows that cannot be read are put; None to refuse them.

    Raises:
        InputError: a row cannot be read, and ``bad`` is None.
    """
    found, known = Spill(folder), Known()
    for table in register.files:
        form = polars.DataFrame()
        read = partial(_batches, division, decider if bad is None else None, table, folder is not None)
        for batches in in_turn(read, register.pieces(table, bad)):
            for batch in batches:
                known |= batch.known
                if batch.layout.kinds != form.schema:
                    form = polars.concat([form, batch.layout.form()], how="diagonal_relaxed")
                found.add(table, batch)
        found.forms[table] = polars.concat([form, register.empty(table).drop(form.columns, strict=False)], how="horizontal")
    division.forget()
    let_go()
    found.finish()
    return found, known


def _batches(division: Division, decider: Decider | None, table: str, written: bool, read: Read) -> list[Batch]:
    rows = read()
    spans = spans_of(rows)  # once, for all that asks for them
    known = Known() if decider is None else decider.known(table, rows, spans)
    if written:
        return [_packed(known, rows, spans, *sent) for sent in division.sent(table, rows)]
    rows = narrowed(rows, spans)
    sent = ((rows if order is None else rows[order], ranges) for order, ranges in division.sent(table, rows))
    return [Batch(known, own, ranges, Layout(rows.schema, ()), []) for own, ranges in sent]


def _packed(known: Known, rows: polars.DataFrame, spans: Spans, order: Array | None, ranges: list[Range]) -> Batch:
    """The rows in the order in which they are written, whole numbers in no more bits than they need."""
    kinds = {column.name: width_of(column, spans) for column in rows.iter_columns()}
    layout = Layout(kinds, tuple(name for name, kind in kinds.items() if kind in LYING and rows[name].null_count()))
    columns = [rows[name] if rows[name].dtype in LYING else rows[name].cast(kinds[name]) for name in layout.lying]
    columns = [*(column.to_physical() if column.dtype in (polars.Enum, polars.Date) else column for column in columns), *(rows[name].is_null() for name in layout.missing)]
    types = [*layout.lying.values(), *(TRUTH for _ in layout.missing)]
    targets = list(rooms(enumerate(types), len(rows) if order is None else len(order)).values())
    from engine.columns.gathering import gather  # compiles: not needed for small registers

    places = None if order is None else order.astype(numpy.uint32)
    for column, target in zip(columns, targets, strict=True):
        values = (column.fill_null(False if column.dtype == polars.Boolean else 0) if column.null_count() else column).to_numpy()
        if places is None:
            numpy.copyto(target, values, casting="unsafe")
        else:
            gather(values, places, target)
    rest = rows.select(layout.rest)
    return Batch(known, rest if order is None or not rest.width else rest[order], ranges, layout, targets)


def narrowed(rows: polars.DataFrame, spans: Spans) -> polars.DataFrame:
    """The same whole numbers in no more bits than they need."""
    changes = [column.cast(kind) for column in rows.iter_columns() if (kind := width_of(column, spans)) != column.dtype]
    return rows.with_columns(changes) if changes else rows


def spans_of(rows: polars.DataFrame) -> Spans:
    return {column.name: span_of(column) for column in rows.iter_columns() if column.dtype.is_integer()}


def width_of(column: polars.Series, spans: Spans) -> Any:
    """The type of a column, of whole numbers with a sign the narrowest that holds them."""
    if not column.dtype.is_integer() or not len(column):
        return column.dtype
    least, most = spans[column.name] or (0, 0)
    return next((kind() for kind, limit in WIDTHS.items() if -limit <= least and most < limit), column.dtype)


def partition(division: Division, found: Spill, part: int) -> Tables:
    """All rows that a partition needs, with their places; every table of the register with all of its columns."""
    return {table: _one([form, *_needed(division, found, part, table)]) for table, form in found.forms.items()}


def _one(frames: list[polars.DataFrame]) -> polars.DataFrame:
    """All rows in the types of the first frame, which has none; what is one frame in these types already is not copied."""
    filled = [frame for frame in frames if len(frame)]
    if len(filled) == 1 and filled[0].columns == frames[0].columns:
        kinds = frames[0].schema
        return filled[0].with_columns(column.cast(kinds[column.name]) for column in filled[0].iter_columns() if column.dtype != kinds[column.name])
    return polars.concat(frames, how="diagonal_relaxed", rechunk=True)


def _needed(division: Division, found: Spill, part: int, table: str) -> Iterator[polars.DataFrame]:
    yield found.load(str(part), table)
    for name in (WHOLE, HOSTS):
        rows = found.load(name, table)
        if name == HOSTS and len(rows):
            here = division.keys(table).filter(polars.col(PART) == part)[OWNER]
            rows = rows.filter(~polars.col(division.routes.column(table) or "").cast(polars.String).is_in(here.implode()))
        if len(rows):
            yield rows
