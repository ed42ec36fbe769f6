"""A register that a synthetic one is made from: its rows are kept, and amounts in it set the scale of what is invented."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy
import polars

from engine.facts.drawing import Numbers
from engine.facts.register_files import table_files
from engine.facts.sampling_spec import FrameSpec
from engine.law import Law
from engine.problems import input_error


class Base:
    """The tables of a register as text.

    Raises:
        InputError: the folder is not a register, or a file in it cannot be read.
    """

    def __init__(self, law: Law, folder: Path) -> None:
        self.law, self.folder = law, folder
        self.files = table_files(folder, law.vocabulary.tables)
        self.tables: dict[str, polars.DataFrame] = {}
        for name, files in self.files.items():
            try:
                parts = [polars.read_csv(f, infer_schema=False) if f.suffix == ".csv" else polars.read_parquet(f) for f in files]
            except polars.exceptions.PolarsError as error:
                raise input_error(str(files[0]), 0, 0, f"cannot be read: {error}", "check it with `kazets determine`") from None
            self.tables[name] = polars.concat(parts).cast(polars.String)

    def years(self) -> tuple[int, int] | None:
        """The years of the plans that the register names; None where it names none."""
        found: list[int] = []
        for name, rows in self.tables.items():
            for column, spec in self.law.vocabulary.tables[name].columns.items():
                if spec.type.codes == "plans" and column in rows.columns:
                    phases = [self.law.phase_of_plan(plan) for plan in rows[column].drop_nulls().unique()]
                    found += [year for phase in phases if phase is not None for year in (phase.first_year, phase.last_year)]
        return (min(found), max(found)) if found else None

    def keeps(self, spec: FrameSpec, frames: Mapping[str, FrameSpec]) -> bool:
        """Whether the rows of a frame are those of the register: it has the table, and they belong to no year."""
        current: FrameSpec | None = spec
        while current is not None:
            if current.yearly or current.table not in self.tables:
                return False
            current = frames.get(current.parent or "")
        return True

    def parents(self, spec: FrameSpec, rows: polars.DataFrame, parent: Mapping[str, polars.Series]) -> Numbers:
        """For each row the position of the parent that it names.

        Raises:
            InputError: a row names none.
        """
        if spec.parent is None:
            return numpy.arange(len(rows), dtype=numpy.int64)
        for name, how in spec.columns.items():
            frame, _, column = str(how.get("from", "")).partition(".") if isinstance(how, dict) else ("", "", "")
            if frame == spec.parent and name in rows.columns:
                places = polars.DataFrame({name: parent[column], "@at": numpy.arange(len(parent[column]), dtype=numpy.int64)})
                up = rows.select(name).join(places, on=name, how="left", maintain_order="left")["@at"]
                if up.null_count() == 0:
                    found: Numbers = up.to_numpy()
                    return found
        raise input_error(str(self.files[spec.table or ""][0]), 0, 0, f"a row names none of {spec.parent}", "complete the register first")

    def yearly(self, table: str, column: str, owner: str, keys: polars.Series) -> polars.Series:
        """The amount a year in ``table`` for each key of ``owner``; an amount for a whole plan is spread over its years.

        Raises:
            InputError: the register does not have the table or column.
        """
        rows, spec = self.tables.get(table), self.law.vocabulary.tables[table]
        if rows is None or column not in rows.columns:
            raise input_error(str(self.folder), 0, 0, f"the register has no {table}.{column} to go by", f"add {table}.csv")
        named = next(name for name, c in spec.columns.items() if c.type.table == owner)
        plan = next((name for name, c in spec.columns.items() if c.type.codes == "plans" and name in rows.columns), None)
        amount = polars.col(column).cast(polars.Int64)
        years = polars.lit(1, polars.Int64)
        if plan is not None:
            phases = [p for p in self.law.phases.values() if p.plan is not None]
            lengths = {str(p.plan): p.last_year - p.first_year + 1 for p in phases}
            whole = polars.col(plan).replace_strict(lengths, default=1, return_dtype=polars.Int64)
            years = polars.when(polars.col("year") == "none").then(whole).otherwise(1) if "year" in rows.columns else whole
        stated = polars.col("year").filter(polars.col("year") != "none").n_unique() if "year" in rows.columns else polars.lit(0)
        sums = rows.group_by(named).agg((amount // years).sum() // polars.max_horizontal(stated, polars.lit(1)))
        found = polars.DataFrame({named: keys}).join(sums, on=named, how="left", maintain_order="left")[column]
        return found.fill_null(0)
