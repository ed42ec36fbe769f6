"""What is asked of the kernel for one partition: the rows checked, the bad ones told or set aside, everything decided."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import polars

from engine.columns import Decided, bad_rows, decide, encoded, extent_of
from engine.columns.column import Span
from engine.columns.data import Bounds
from engine.columns.dividing import Tables, without_places
from engine.columns.encoding import Tables as Encoded
from engine.columns.reading import FILE, PLACE, ROW, Bad, Register
from engine.law import Law
from engine.law.cache import engine_hash
from engine.problems import InputError
from engine.proving import Inquiry

MAX_PROBLEMS = 100
TABLE, COLUMN, MESSAGE = "table", "column", "message"
BAD = {TABLE: polars.String, FILE: polars.Int32, ROW: polars.Int64, COLUMN: polars.String, MESSAGE: polars.String}


@dataclass(frozen=True)
class Known:
    """What is known of all rows of a register before a partition of it is decided.

    Attributes:
        doubts: (table, column) with an unknown cell.
        bounds: (table, column) -> its least and its greatest number.
    """

    doubts: frozenset[tuple[str, str]] = frozenset()
    bounds: Bounds = field(default_factory=dict)

    def __or__(self, other: Known) -> Known:
        bounds = dict(self.bounds)
        for key, (low, high) in other.bounds.items():
            least, most = bounds.get(key, (low, high))
            bounds[key] = min(low, least), max(high, most)
        return Known(self.doubts | other.doubts, bounds)

    def written(self) -> dict[str, list[list[str]]]:
        bounds = [[*key, str(low), str(high)] for key, (low, high) in sorted(self.bounds.items())]
        return {"doubts": [list(key) for key in sorted(self.doubts)], "bounds": bounds}

    @classmethod
    def read(cls, content: Mapping[str, list[list[str]]]) -> Known:
        bounds = {(table, column): (Fraction(low), Fraction(high)) for table, column, low, high in content["bounds"]}
        return cls(frozenset((table, column) for table, column in content["doubts"]), bounds)


@dataclass(frozen=True)
class Decider:
    """A law and a question, asked of one partition after the other.

    Attributes:
        reasons: whether the rows say which rules hold.
        decisions: (entity, name) of those that are put out; None: all.
    """

    law: Law
    inquiry: Inquiry
    reasons: bool = True
    decisions: frozenset[tuple[str, str]] | None = None

    def key(self, register: Register, lenient: bool) -> str:
        """A hash of everything that the answer depends on."""
        known = self.inquiry.known_on.isoformat() if self.inquiry.known_on else None
        making = [register.digest, self.law.digest, engine_hash(), self.inquiry.authority, sorted(self.inquiry.readings.items()), known]
        return hashlib.sha256(json.dumps([*making, self.reasons, lenient, sorted(self.decisions or ())]).encode()).hexdigest()

    @property
    def main(self) -> str:
        return str(self.law.manifest["main"])

    def known(self, table: str, rows: polars.DataFrame, spans: Mapping[str, Span | None] | None = None) -> Known:
        """What these rows add to what is known; ``spans`` as of `extent_of`."""
        return Known(*extent_of(self.law, {table: rows.drop(PLACE, strict=False)}, spans))

    def _wrong(self, register: Register, tables: Encoded) -> polars.DataFrame:
        """What is wrong with which row, the remedy with the reason."""
        found = bad_rows(self.law, tables, register.as_of)
        mend = polars.when(polars.col("remedy") == "").then(polars.lit("")).otherwise(" — " + polars.col("remedy"))
        return found.with_columns(polars.col(MESSAGE) + mend)

    def sound(self, register: Register, tables: Tables) -> tuple[Tables, polars.DataFrame]:
        """The tables without the rows that cannot be decided on, and these (columns as in BAD)."""
        aside = [polars.DataFrame(schema=BAD)]
        while len(found := self._wrong(register, encoded(self.law, without_places(tables)))):
            aside.append(_places(tables, found))
            for (table,), rows in found.partition_by(TABLE, as_dict=True).items():
                numbered = tables[str(table)].with_row_index("@number", 1)
                sound = numbered.filter(~polars.col("@number").is_in(rows["row"].implode())).drop("@number")
                tables = {**tables, str(table): sound}
        return tables, polars.concat(aside)

    def check(self, register: Register, tables: Mapping[str, polars.DataFrame], cells: Encoded) -> None:
        """Refuse rows, and ``cells`` made of them, that cannot be decided on.

        Raises:
            InputError: with file, line and column of all that is wrong, up to a hundred things.
        """
        wrong = self._wrong(register, cells).head(MAX_PROBLEMS)
        if len(wrong):
            raise InputError([bad.problem() for bad in told(register, _places(tables, wrong))])

    def decide(
        self,
        register: Register,
        tables: Mapping[str, polars.DataFrame],
        entities: Collection[str],
        known: Known,
        only: polars.Series | None = None,
        check: bool = True,
        effort: str | None = None,
    ) -> Decided:
        """Everything about these rows; ``effort`` as of `decide`.

        Raises:
            InputError: as raised by `check`.
        """
        cells = encoded(self.law, without_places(tables))  # once, for checking and deciding
        if check:
            self.check(register, tables, cells)
        return decide(
            self.law,
            cells,
            register.as_of,
            self.inquiry,
            withheld=register.withheld,
            doubts=known.doubts,
            bounds=known.bounds,
            entities=entities,
            reasons=self.reasons,
            only=only,
            checked=True,
            decisions=self.decisions,
            effort=effort,
        )


def without(tables: Mapping[str, polars.DataFrame], aside: polars.DataFrame) -> Tables:
    """The tables without rows that were set aside (columns as in BAD)."""
    return {
        table: rows.join(aside.filter(polars.col(TABLE) == table), on=[FILE, ROW], how="anti", maintain_order="left")
        for table, rows in tables.items()
    }


def _places(tables: Mapping[str, polars.DataFrame], wrong: polars.DataFrame) -> polars.DataFrame:
    """Rows of a partition (table, row, column, message) by the file and row that they were read from (columns as in BAD)."""
    found = [polars.DataFrame(schema=BAD)]
    for (table,), rows in wrong.partition_by(TABLE, as_dict=True, maintain_order=True).items():
        at = tables[str(table)].select(PLACE)[rows["row"] - 1]
        found.append(polars.DataFrame([rows[TABLE], at[FILE], at[ROW], rows[COLUMN], rows[MESSAGE]], schema=BAD))
    return polars.concat(found)


def told(register: Register, aside: polars.DataFrame) -> list[Bad]:
    """All that is wrong with rows (columns as in BAD), each thing once, with their lines, in the order of the files."""
    found: list[Bad] = []
    for (table, file), rows in aside.unique(maintain_order=True).partition_by(TABLE, FILE, as_dict=True, maintain_order=True).items():
        said: dict[int, list[tuple[str, str]]] = {}
        for row, column, message in rows.select(ROW, COLUMN, MESSAGE).iter_rows():
            said.setdefault(row, []).append((column, message))
        found += register.places(str(table), int(str(file)), said)
    return sorted(found, key=lambda bad: (bad.file, bad.line, bad.column))
