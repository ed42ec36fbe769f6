"""A register carried through the years of a phase under stated assumptions, and judged by the law year by year.

The assumptions say what is emitted, shared out, asked from the reserve and surrendered; the law decides the supply, the reserve, and
what all of that comes to. All numbers are whole units; shares are rounded down, so that no more is handed out than there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl

from engine.columns import decide
from engine.drafting.sides import Side
from engine.facts import Facts, Row
from engine.facts.building import FactsBuilder
from engine.language.values import exact
from engine.law import Phase
from engine.law.reading_values import read_date, read_number
from engine.law.schemas import schema
from engine.law.yaml_files import read_yaml
from engine.problems import InputError, did_you_mean, input_error
from engine.proving import Root, ask


@dataclass(frozen=True)
class Assumptions:
    """What is assumed; the parts of the file as they are written."""

    path: str
    content: Mapping[str, Any]

    @property
    def as_of(self) -> date:
        return read_date(self.content["as_of"])

    def problem(self, message: str, remedy: str) -> InputError:
        return input_error(self.path, 1, 1, message, remedy)


def read_assumptions(path: Path, schema_dir: Path) -> Assumptions:
    """The assumptions in a file.

    Raises:
        InputError: it cannot be read, or breaks the schema.
    """
    document = read_yaml(path, str(path))
    schema(schema_dir, "projection").admit(document)
    return Assumptions(str(path), document.data["projection"])


@dataclass(frozen=True)
class Year:
    """One year under one law; None where the law does not determine it.

    Attributes:
        supply: what the law lets be shared out.
        lent: what the reserve gave this year.
        reserve: what is left in it.
        sums: decision -> its sum, and the number of instances for which it is not determined.
    """

    year: int
    supply: int | Fraction | None
    lent: int
    reserve: int | Fraction | None
    sums: Mapping[str, tuple[int | Fraction, int]]


@dataclass
class _Installation:
    """An instance on its way: what it emits now, its share, and its lots by year of issue."""

    id: str
    amount: Fraction
    rate: Fraction
    share: Fraction
    lots: dict[str, tuple[int, int]] = field(default_factory=dict)


def project(side: Side, facts: Facts, assumed: Assumptions) -> list[Year]:
    """The years of the phase under the law of ``side``, starting from a register.

    Raises:
        InputError: the assumptions name what the law or the register does not have.
        EngineDefect: proving failed.
    """
    phase = side.law.phases.get(str(assumed.content["phase"]))
    if phase is None:
        raise assumed.problem(f"no phase '{assumed.content['phase']}'", did_you_mean(str(assumed.content["phase"]), side.law.phases))
    return _Projection(side, facts, assumed, phase).years()


class _Projection:
    def __init__(self, side: Side, facts: Facts, assumed: Assumptions, phase: Phase) -> None:
        self.side, self.law, self.facts, self.assumed, self.phase = side, side.law, facts, assumed, phase
        self.content = assumed.content
        self.tables: dict[str, list[dict[str, str]]] = {}

    def years(self) -> list[Year]:
        going = list(self._start())
        numbers = range(self.phase.first_year, self.phase.last_year + 1)
        supplies = {year: self._decided(self.content["supply"]["of"], year) for year in numbers}
        reserve = self._decided(self.content["reserve"]["of"], self.phase.last_year) if "reserve" in self.content else 0
        told: dict[int, tuple[int, int | Fraction | None]] = {}
        for one in going:
            self._write("once", one, {})
        for year in numbers:
            lent = self._year(going, year, supplies[year], reserve)
            reserve = None if reserve is None else exact(Fraction(reserve) - lent)
            told[year] = lent, reserve
        sums = self._judged()
        return [Year(year, supplies[year], *told[year], sums[year]) for year in numbers]

    # -- where it starts ----------------------------------------------------------------------------------------

    def _start(self) -> Iterator[_Installation]:
        amounts, shares = (self._cells(self.content["start"][part]) for part in ("amount", "share"))
        both = sorted(amounts.keys() & shares.keys())
        whole = sum(shares[key] for key in both)
        if not both or not whole:
            raise self.assumed.problem("the register has no instance with both an amount and a share", "see `start`")
        rates, by = self.content["growth"]["rates"], self.content["growth"]["by"]
        table = self.law.vocabulary.entities[str(self.law.manifest["main"])].table or ""
        rows = {row.key[0]: row for row in self.facts.tables[table]}
        for key in both:
            rate = rates.get(str(rows[key].cells.get(by)), rates["other"])
            yield _Installation(key, Fraction(amounts[key]), Fraction(read_number(rate)), Fraction(shares[key]) / whole)

    def _cells(self, written: Mapping[str, Any]) -> dict[str, int | Fraction]:
        """The number of each instance: of its first row, in time where rows have years, that matches."""
        spec = self.law.vocabulary.tables.get(written["table"])
        if spec is None or not {written["column"], written["owner"], *written.get("where", {})} <= spec.columns.keys():
            raise self.assumed.problem(f"no such table or column: {written}", did_you_mean(written["table"], self.law.vocabulary.tables))
        rows = [r for r in self.facts.tables[spec.name] if all(r.cells[c] == v for c, v in written.get("where", {}).items())]
        found: dict[str, int | Fraction] = {}
        for row in sorted(rows, key=lambda r: str(r.cells.get("year"))):
            owner, value = row.cells[written["owner"]], row.cells[written["column"]]
            key = owner.key[0] if isinstance(owner, Row) else str(owner)
            if isinstance(value, (int, Fraction)):
                found.setdefault(key, value)
        return found

    def _decided(self, written: str, year: int) -> int | Fraction | None:
        """A decision about the plan of the phase; None where the law does not determine it."""
        key = self.law.decision_key(written)
        if key is None or self.phase.plan is None:
            names = [self.law.decision_name(*k) for k in self.law.vocabulary.decisions]
            raise self.assumed.problem(f"nothing is decided under the name '{written}'", did_you_mean(written, names))
        nothing = FactsBuilder(self.law.vocabulary, {}).build(self.assumed.as_of, False, {})
        (found,) = ask(self.law, nothing, self.side.inquiry, [Root(key[0], (self.phase.plan,), year)], None, (key,))
        outcome = found.outcomes[key[1]]
        return outcome if isinstance(outcome, (int, Fraction)) else None

    # -- a year -------------------------------------------------------------------------------------------------

    def _year(self, going: list[_Installation], year: int, supply: int | Fraction | None, reserve: int | Fraction | None) -> int:
        """Emit, hand out, lend, surrender; returns what the reserve lent."""
        missing: dict[str, int] = {}
        for one in going:
            one.amount *= 1 + one.rate
            self._write("year", one, {"year": year, "amount": int(one.amount)})
            if supply is not None:
                self._lot(one, year, int(Fraction(supply) * one.share), self.content["supply"]["kind"])
            held = sum(left for _, left in one.lots.values())
            missing[one.id] = max(0, int(one.amount) - held)
        asked = (
            {key: int(lack * Fraction(read_number(self.content["reserve"]["asked"]))) for key, lack in missing.items()} if reserve else {}
        )
        whole = sum(asked.values())
        cut = min(Fraction(1), Fraction(reserve or 0) / whole) if whole else Fraction(0)
        lent = 0
        for one in going:
            given = int(asked.get(one.id, 0) * cut)
            if given:
                self._lot(one, year, given, self.content["reserve"]["kind"])
                lent += given
            self._surrender(one, year)
        return lent

    def _lot(self, one: _Installation, year: int, quantity: int, kind: str) -> None:
        lot = f"{one.id}-{year}-{kind}"
        one.lots[lot] = (year, quantity)
        self._write("lot", one, {"year": year, "vintage": year, "lot": lot, "quantity": quantity, "kind": kind})

    def _surrender(self, one: _Installation, year: int) -> None:
        """Oldest units first, until the year is covered or nothing is left."""
        due = int(one.amount)
        for lot, (vintage, left) in list(one.lots.items()):
            used = min(left, due)
            if used:
                one.lots[lot] = (vintage, left - used)
                due -= used
                self._write("use", one, {"year": year, "vintage": vintage, "lot": lot, "quantity": used})

    def _write(self, part: str, one: _Installation, values: Mapping[str, Any]) -> None:
        known = {"id": one.id, "phase": self.phase.id, **values, **({"next": values["year"] + 1} if "year" in values else {})}
        for table, cells in self.content["rows"].get(part, {}).items():
            self.tables.setdefault(table, []).append({name: str(cell).format_map(known) for name, cell in cells.items()})

    # -- judged by the law --------------------------------------------------------------------------------------

    def _judged(self) -> dict[int, dict[str, tuple[int | Fraction, int]]]:
        main = str(self.law.manifest["main"])
        tables = {name: pl.DataFrame(rows) for name, rows in self.tables.items()}
        for name in (self.law.vocabulary.entities[main].table or "", *self._referred(main)):
            tables[name] = self._kept(name)
        found = decide(self.law, tables, self.assumed.as_of, self.side.inquiry, entities=(main,), reasons=False, generic=False)
        frame = found.frames[main]
        sums: dict[int, dict[str, tuple[int | Fraction, int]]] = {}
        for (year,), part in frame.group_by("year", maintain_order=True):
            for name in self.content["show"]:
                if name not in part.columns:
                    raise self.assumed.problem(f"nothing is decided under the name '{name}'", did_you_mean(name, part.columns))
                known = part.filter(pl.col(name).is_not_null())[name]
                total = exact(Fraction(int(known.cast(pl.Int128).sum() or 0), found.scales.get((main, name), 1)))
                sums.setdefault(int(str(year)), {})[name] = total, len(part) - len(known)
        return sums

    def _referred(self, main: str) -> list[str]:
        """The tables that rows of the main table refer to."""
        columns = self.law.vocabulary.tables[self.law.vocabulary.entities[main].table or ""].columns.values()
        return [column.type.table for column in columns if column.type.kind == "ref" and column.type.table in self.facts.given]

    def _kept(self, name: str) -> pl.DataFrame:
        """A table of the register as it is, in text; what is not known stays empty."""
        columns = self.law.vocabulary.tables[name].columns
        rows = [{c: _text(row.cells[c]) for c in columns} for row in self.facts.tables[name]]
        return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String))


def _text(cell: Any) -> str:
    if isinstance(cell, Row):
        return cell.key[0]
    if cell is None:
        return "none"
    return (
        str(cell).lower()
        if isinstance(cell, bool)
        else cell.isoformat()
        if isinstance(cell, date)
        else str(cell)
        if isinstance(cell, (str, int))
        else ""
    )
