"""Synthetic registers: invented rows, drawn from a specification that says which and within what ranges.

The generator knows frames of rows, their parents and ways to draw a value; what an installation is, or a quota, it reads
from the specification and the vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy
import polars

from engine.facts.drawing import HUNDRED, Numbers, banded, bits, chosen, days, happens, picked
from engine.facts.sampling_base import Base
from engine.facts.sampling_spec import FrameSpec, SampleSpec
from engine.law import Law

BLOCK = 1 << 14
"""Rows of the first frame that are drawn at once: what a register of any size needs in memory."""


@dataclass(frozen=True)
class SampleOrder:
    """What to make.

    Attributes:
        size: how many rows of the main entity's table (installations); of no effect with ``base``.
        years: first and last.
        counts: frame -> how many rows each parent has, over the specification.
        base: a register whose rows are kept, the rest being invented around them; None to invent all.
    """

    size: int
    years: tuple[int, int]
    seed: int
    counts: Mapping[str, int]
    base: Base | None = None


class Frame:
    """Drawn rows: columns by name, and for each row the position of its parent."""

    def __init__(self, spec: FrameSpec, parent: Frame | None, up: Numbers, siblings: Numbers | None = None) -> None:
        self.spec, self.parent, self.up, self.siblings = spec, parent, up, siblings
        self.columns: dict[str, polars.Series] = {}

    def __len__(self) -> int:
        return len(self.up)

    def cut(self, size: int) -> None:
        """Keep the first rows, and of the frames above only the rows that still have some below."""
        self.up = self.up[:size]
        self.siblings = self.siblings[:size] if self.siblings is not None else None
        self.columns = {name: series.head(size) for name, series in self.columns.items()}
        if self.parent is not None:
            self.parent.cut(int(self.up[-1]) + 1 if len(self.up) else 0)

    def value(self, frame: str, column: str) -> polars.Series:
        """A column of this frame or of one above it, for each row of this one."""
        current, positions = self, None
        while current.spec.name != frame:
            assert current.parent is not None
            positions = current.up if positions is None else current.up[positions]
            current = current.parent
        series = current.columns[column]
        return series if positions is None else series.gather(positions)


class Sampler:
    """Draws the frames of one block after the other."""

    def __init__(self, law: Law, spec: SampleSpec, order: SampleOrder) -> None:
        self.law, self.spec, self.order = law, spec, order
        self.sized = law.vocabulary.entities[law.manifest["main"]].table
        self.numbered: dict[str, int] = {}

    def blocks(self) -> Iterator[dict[str, Frame]]:
        """All frames of a block of rows of the first frame, until the register is as large as asked."""
        made = number = 0
        while True:
            frames: dict[str, Frame] = {}
            for spec in self.spec.frames.values():
                found = self._start(spec, frames, number)
                if self.order.base is None and spec.table == self.sized:
                    found.cut(self.order.size - made)
                    made += len(found)
                frames[spec.name] = self._filled(found, frames, number)
            yield frames
            number += 1
            if self.order.base is not None or made >= self.order.size:
                return

    def _start(self, spec: FrameSpec, frames: Mapping[str, Frame], block: int) -> Frame:
        base = self.order.base
        if base is not None and base.keeps(spec, self.spec.frames):
            parent = frames.get(spec.parent or "")
            rows = base.tables[spec.table or ""]
            found = Frame(spec, parent, base.parents(spec, rows, parent.columns if parent is not None else {}))
            found.columns = {name: rows[name] for name in rows.columns}
            return found
        return self._rows(spec, frames.get(spec.parent or ""), block)

    def _filled(self, found: Frame, frames: Mapping[str, Frame], block: int) -> Frame:
        for name, how in found.spec.columns.items():
            if name not in found.columns:
                found.columns[name] = self.column(found, name, how, frames, block)
        self.numbered[found.spec.name] = self.numbered.get(found.spec.name, 0) + len(found)
        for name, how in found.spec.columns.items():
            if isinstance(how, dict) and "plan_of" in how:  # a year without a plan has no such rows
                there = found.columns[name].is_not_null()
                found.columns = {n: s.filter(there) for n, s in found.columns.items()}
                found.up = found.up[there.to_numpy()]
        return found

    def _rows(self, spec: FrameSpec, parent: Frame | None, block: int) -> Frame:
        if parent is None:
            size = min(BLOCK, self.order.size) if spec.count is None else int(banded(spec.count, self.bits(spec, "rows", 1, block))[0])
            return Frame(spec, None, numpy.arange(size, dtype=numpy.int64))
        each = numpy.arange(len(parent), dtype=numpy.int64)
        if spec.yearly:
            first, last = self.order.years
            found = Frame(spec, parent, numpy.repeat(each, last - first + 1))
            found.columns["year"] = polars.Series(numpy.tile(numpy.arange(first, last + 1, dtype=numpy.int64), len(parent)))
            return found
        fixed = self.order.counts.get(spec.name)
        if fixed is not None or spec.count is None:
            counts = numpy.full(len(parent), 1 if fixed is None else fixed, dtype=numpy.int64)
        else:
            counts = banded(spec.count, self.bits(spec, "rows", len(parent), block))
        certain = fixed is not None or (self.order.base is not None and spec.table in self.order.base.tables)
        if spec.share < HUNDRED and not certain:
            counts = numpy.where(happens(spec.share, self.bits(spec, "share", len(parent), block)), counts, 0)
        return Frame(spec, parent, numpy.repeat(each, counts), numpy.repeat(counts, counts))

    # -- one column ---------------------------------------------------------------------------------------------

    def column(self, frame: Frame, name: str, how: Any, frames: Mapping[str, Frame], block: int) -> polars.Series:
        if not isinstance(how, dict):
            text = str(how).lower() if isinstance(how, bool) else str(how)
            return polars.repeat(text, len(frame), eager=True)
        drawn = self.bits(frame.spec, name, len(frame), block)
        found = self._value(frame, name, how, frames, drawn, block)
        if "unknown" in how:
            hide = happens(how["unknown"], self.bits(frame.spec, f"{name}?", len(frame), block))
            found = found.zip_with(polars.Series(~hide), polars.repeat(None, len(frame), dtype=found.dtype, eager=True))
        return found

    def _value(self, frame: Frame, name: str, how: Mapping[str, Any], frames: Mapping[str, Frame], drawn: Any, block: int) -> polars.Series:
        if self.order.base is not None and "given" in how:
            return self._given(frame, self.order.base, how["given"])
        if "number" in how:
            first = self.numbered.get(frame.spec.name, 0) + 1
            serial = polars.Series(numpy.arange(first, first + len(frame), dtype=numpy.int64))
            return serial.to_frame("n").select(polars.lit(how["number"]) + polars.col("n").cast(polars.String))["literal"]
        if "from" in how:
            found = frame.value(*_place(how["from"]))
            return found + polars.Series(self._plus(frame, name, how["plus"], block)) if "plus" in how else found
        if "any" in how:
            other = frames[_place(how["any"])[0]].columns[_place(how["any"])[1]]
            if not len(other):
                return polars.repeat("none", len(frame), eager=True)
            return other.gather((drawn % numpy.uint64(len(other))).astype(numpy.int64))
        if "part" in how:
            assert frame.siblings is not None
            return frame.value(*_place(how["part"])) // polars.Series(frame.siblings)
        if "plan_of" in how:
            years = frame.value(*_place(how["plan_of"]))
            phases = {int(year): self.law.phase_of(int(year)) for year in years.unique()}
            plans = {year: phase.plan if phase is not None else None for year, phase in phases.items()}
            return years.replace_strict(list(plans), list(plans.values()), return_dtype=polars.String)
        if "bands" in how:
            return polars.Series(banded(how["bands"], drawn))
        if "percent" in how:
            return frame.value(*_place(how["of"])) * polars.Series(banded(how["percent"], drawn)) // HUNDRED
        if "day" in how:
            in_years = frame.value(*_place(how["of"])).to_numpy() + self._plus(frame, name, how.get("plus", 0), block)
            return days(how["day"], in_years, drawn)
        return self._pick(frame, how, drawn)

    def _plus(self, frame: Frame, name: str, how: Any, block: int) -> Numbers:
        if isinstance(how, int):
            return numpy.full(len(frame), how, dtype=numpy.int64)
        steps = numpy.asarray([int(step) for step in how], dtype=numpy.int64)
        found: Numbers = steps[chosen(how, self.bits(frame.spec, f"{name}+", len(frame), block))]
        return found

    def _pick(self, frame: Frame, how: Mapping[str, Any], drawn: Any) -> polars.Series:
        if "by" not in how:
            return picked(how["pick"], drawn)
        groups = frame.value(*_place(how["by"]))
        found = polars.repeat(None, len(frame), dtype=polars.String, eager=True)
        for group, weights in how["pick"].items():
            found = picked(weights, drawn).zip_with(groups == group, found)
        return found

    def _given(self, frame: Frame, base: Base, place: str) -> polars.Series:
        """What the register that this one is made from says: a column above, or the yearly amount of one of its tables."""
        name, column = _place(place)
        above: Frame | None = frame
        while above is not None and above.spec.name != name:
            above = above.parent
        if above is not None:
            return frame.value(name, column)
        return base.yearly(name, column, frame.spec.table or "", frame.columns["id"])

    def bits(self, spec: FrameSpec, what: str, size: int, block: int) -> Any:
        return bits(self.order.seed, f"{spec.name}.{what}#{block}", size)


def _place(written: str) -> tuple[str, str]:
    frame, _, column = written.partition(".")
    return frame, column
