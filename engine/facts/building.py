"""Raw cells of any origin -> typed, checked, linked rows: the one set of checks for cases and registers."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from engine.facts.invariants import broken
from engine.facts.rows import Facts, Row
from engine.language import Cause, ColumnSpec, TableSpec, Unknown, Vocabulary, show
from engine.language.values import decimal_text
from engine.law.reading_values import Unreadable, read_date, read_plain
from engine.problems import InputError, Problem, did_you_mean

MAX_PROBLEMS = 100
ABOUT = ("title", "source", "note")
"""What facts may say of themselves."""
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_YEAR = re.compile(r"[1-9][0-9]{3}")
UNKNOWN_WORDS = ("", "unknown", None)


class RawRow(NamedTuple):
    """Cells as written, with the place of each: ``places[column]`` is (line, column)."""

    cells: Mapping[str, Any]
    file: str
    line: int
    places: Mapping[str, tuple[int, int]]

    def problem(self, column: str, message: str, remedy: str = "") -> Problem:
        line, position = self.places.get(column, (self.line, 1))
        return Problem(self.file, line, position, message, remedy)


class FactsBuilder:
    """Collects tables, then builds `Facts`.

    Args:
        vocabulary: the tables and code lists.
        aliases: code list -> {another way to write a member: the member} (a product's number in the order's list).
    """

    def __init__(self, vocabulary: Vocabulary, aliases: Mapping[str, Mapping[str, str]]) -> None:
        self.vocabulary, self.aliases = vocabulary, aliases
        self.raw: dict[str, list[RawRow]] = {}
        self.problems: list[Problem] = []
        self.rows: dict[str, dict[tuple[str, ...], Row]] = {}
        self.withheld: set[str] = set()

    def add(self, table: str, rows: Iterable[RawRow]) -> None:
        self.raw.setdefault(table, []).extend(rows)

    def complain(self, problem: Problem) -> None:
        self.problems.append(problem)
        if len(self.problems) >= MAX_PROBLEMS:
            raise InputError(self.problems)

    def build(self, as_of: date, cut_off: bool, about: Mapping[str, Any]) -> Facts:
        """Type, link and check everything.

        Args:
            as_of: the day the question is asked.
            cut_off: whether rows dated later are left out (the day was moved back) rather than refused.

        Raises:
            InputError: with every problem found, up to a hundred.
        """
        tables: dict[str, list[Row]] = {name: [] for name in self.vocabulary.tables}
        kept: dict[str, list[RawRow]] = {}
        for name, raw_rows in self.raw.items():
            spec = self.vocabulary.tables[name]
            present = {column for raw in raw_rows for column in raw.cells}
            kept[name] = []
            for number, raw in enumerate(raw_rows, 1):
                row = self.row(spec, present, raw, number, as_of, cut_off)
                if row is not None:
                    tables[name].append(row)
                    kept[name].append(raw)
        digest = self.digest(as_of, tables)
        self.index(tables, kept)
        self.stand_ins(tables)
        for name, rows in tables.items():
            for raw, row in zip(kept.get(name, ()), rows, strict=False):
                self.link(self.vocabulary.tables[name], row, raw, tables)
        for name, raw_rows in kept.items():
            self.exclude(name, tables[name], raw_rows, as_of)
        if self.problems:
            raise InputError(self.problems)
        return Facts(as_of, tables, digest, frozenset(self.raw), about, frozenset(self.withheld))

    # -- one row ------------------------------------------------------------------------------------------------

    def row(self, spec: TableSpec, present: set[str], raw: RawRow, number: int, as_of: date, cut_off: bool) -> Row | None:
        for written in raw.cells:
            if written not in spec.columns:
                self.complain(raw.problem(written, f"{spec.name} has no column '{written}'", did_you_mean(written, spec.columns)))
        cells: dict[str, Any] = {}
        keys = tuple("?" if raw.cells.get(c) in UNKNOWN_WORDS else str(raw.cells[c]) for c in spec.key) or (str(number),)
        for name, column in spec.columns.items():
            cells[name] = self.cell(spec, column, present, raw, keys, as_of)
        for column in spec.columns.values():
            if column.unit_of is not None:
                self.check_unit(spec, column, cells, raw)
        for column in spec.columns.values():
            if (column.event or column.past) and _after(cells[column.name], as_of) and raw.cells.get(column.name) is not None:
                if cut_off and not column.type.nullable:
                    return None
                if cut_off:
                    cells[column.name] = None
                    continue
                message = f"{spec.name}.{column.name} is {cells[column.name]}, after as_of {as_of}"
                remedy = "nothing can have happened after the day that is asked about: correct one of the two"
                self.complain(raw.problem(column.name, message, remedy))
        key = tuple(_key_text(cells[c]) for c in spec.key) or (str(number),)
        return Row(spec.name, key, cells, f"{raw.file}:{raw.line}")

    def cell(self, spec: TableSpec, column: ColumnSpec, present: set[str], raw: RawRow, key: tuple[str, ...], as_of: date) -> Any:
        written = raw.cells.get(column.name)
        if written in UNKNOWN_WORDS:
            if column.required:
                self.complain(raw.problem(column.name, f"{spec.name} needs '{column.name}'", f"write {column.name} in this row"))
            if column.name not in present and column.has_presumed:
                return column.presumed
            cause = frozenset({Cause("fact", f"{spec.name}.{column.name}", key)})
            return Unknown(cause, column.minimum, as_of if column.event else None, column.type.nullable)
        if written == "none" and not column.type.nullable:
            remedy = "write a value" + ("" if column.required else ", or leave it empty where it is not known")
            self.complain(raw.problem(column.name, f"{spec.name}.{column.name} cannot be none", remedy))
            return Unknown(frozenset({Cause("fact", f"{spec.name}.{column.name}", key)}))
        try:
            if column.type.kind in ("text", "ref"):
                return read_name(written, column.type.nullable, column.type.kind == "text" and column.name not in spec.key)
            if column.year and written != "none" and not _YEAR.fullmatch(str(written)):
                raise Unreadable(f"'{written}' is not a year: write four digits")
            value = read_plain(self.written(column, written), column.type, self.vocabulary)
        except Unreadable as error:
            self.complain(raw.problem(column.name, f"{spec.name}.{column.name}: {error}"))
            return Unknown(frozenset({Cause("fact", f"{spec.name}.{column.name}", key)}))
        self.check_number(spec, column, value, raw)
        return value

    def check_unit(self, spec: TableSpec, column: ColumnSpec, cells: Mapping[str, Any], raw: RawRow) -> None:
        """A quantity is given in the unit in which the law measures that thing, and in no other."""
        code, written = cells[column.unit_of or ""], cells[column.name]
        if not isinstance(code, str) or not isinstance(written, str):
            return
        codes = spec.columns[column.unit_of or ""].type.codes or ""
        unit = self.vocabulary.code_units[codes].get(code)
        if unit is not None and written.lower() != unit.lower():
            message = f"{spec.name}.{column.name} is '{written}', but {code} is measured in {unit}"
            self.complain(raw.problem(column.name, message, f"convert the quantity to {unit}, or leave the unit out"))

    def written(self, column: ColumnSpec, written: Any) -> Any:
        if column.type.kind == "bool" and isinstance(written, str):
            return {"true": True, "yes": True, "false": False, "no": False}.get(written.lower(), written)
        if column.type.kind == "code":
            return self.aliases.get(column.type.codes or "", {}).get(str(written), written)
        return written

    def check_number(self, spec: TableSpec, column: ColumnSpec, value: Any, raw: RawRow) -> None:
        if column.type.kind != "number" or value is None:
            return
        if column.minimum is not None and value < column.minimum:
            self.complain(
                raw.problem(
                    column.name,
                    f"{spec.name}.{column.name} is {show(value)}; it cannot be less than {show(column.minimum)}",
                    "correct the number",
                )
            )
        if column.whole and not isinstance(value, int):
            self.complain(raw.problem(column.name, f"{spec.name}.{column.name} is {show(value)}; it must be whole", "correct the number"))

    # -- all rows -----------------------------------------------------------------------------------------------

    def index(self, tables: Mapping[str, list[Row]], kept: Mapping[str, list[RawRow]]) -> None:
        for name, rows in tables.items():
            index = self.rows[name] = {}
            if not self.vocabulary.tables[name].key:
                continue
            for raw, row in zip(kept.get(name, ()), rows, strict=True):
                if any(isinstance(row.cells[column], Unknown) for column in self.vocabulary.tables[name].key):
                    continue  # it may be a row of its own
                if row.key in index:
                    columns = ", ".join(self.vocabulary.tables[name].key)
                    self.complain(
                        raw.problem(
                            "",
                            f"{name}: a second row for {columns} = {', '.join(row.key)}",
                            f"the first is at {index[row.key].source}: keep one, or add them up",
                        )
                    )
                index[row.key] = row

    def exclude(self, table: str, rows: list[Row], raw_rows: list[RawRow], as_of: date) -> None:
        """Complain of the rows that the invariants of their table exclude."""
        if not rows or not self.vocabulary.tables[table].invariants:
            return
        raw_of = {id(row): raw for raw, row in zip(raw_rows, rows, strict=False)}
        given = {column for raw in raw_rows for column in raw.cells}
        for found in broken(self.vocabulary, table, rows[: len(raw_rows)], as_of, given):
            columns = found.invariant.columns
            said = dict(found.said)
            message = said.get("en", f"{table}: {found.invariant.name} does not hold")
            problem = raw_of[id(found.row)].problem(columns[0], message, f"correct {' or '.join(columns)}")
            self.complain(problem._replace(said=found.said))

    def stand_ins(self, tables: dict[str, list[Row]]) -> None:
        """Rows of other tables that count as rows of a table too (an operator is a participant)."""
        for name, spec in self.vocabulary.tables.items():
            for other, cells in spec.also.items():
                for row in tables[other]:
                    if row.key not in self.rows[name]:
                        stand_in = self.stub(spec, row.key[0], row.source, cells)
                        tables[name].append(stand_in)
                        self.rows[name][row.key] = stand_in

    def stub(self, spec: TableSpec, key: str, source: str, given: Mapping[str, str] | None = None) -> Row:
        """A row of which only the id (and ``given``) is known; its other columns are not in the facts."""
        cells: dict[str, Any] = {}
        for name, column in spec.columns.items():
            if name in (given or {}):
                cells[name] = (given or {})[name]
            elif name == spec.key[0]:
                cells[name] = key
            elif column.has_presumed:
                cells[name] = column.presumed
            else:
                missing = frozenset({Cause("fact", f"{spec.name}.{name}", (key,))})
                cells[name] = Unknown(missing, column.minimum, None, column.type.nullable)
        return Row(spec.name, (key,), cells, source)

    def link(self, spec: TableSpec, row: Row, raw: RawRow, tables: dict[str, list[Row]]) -> None:
        for name, column in spec.columns.items():
            value = row.cells[name]
            if column.type.kind != "ref" or not isinstance(value, str):
                continue
            target = column.type.table or ""
            found = self.rows[target].get((value,))
            if found is None and target not in self.raw:
                found = self.stub(self.vocabulary.tables[target], value, row.source)
                tables[target].append(found)
                self.rows[target][value,] = found
            if found is None:
                known = [key[0] for key in self.rows[target]]
                self.complain(raw.problem(name, f"{spec.name}.{name}: no '{value}' in {target}", did_you_mean(value, known)))
                continue
            row.cells[name] = found

    def digest(self, as_of: date, tables: Mapping[str, list[Row]]) -> str:
        """The hash of what the rows mean, as far as they are known: however it was written, and whatever is presumed of it."""
        content = {
            name: [{k: _canonical(v) for k, v in row.cells.items() if not isinstance(v, Unknown)} for row in tables[name]]
            for name in sorted(self.raw)
        }
        text = json.dumps(
            {"as_of": as_of.isoformat(), "tables": content, "unknown": sorted(self.withheld)}, sort_keys=True, ensure_ascii=False
        )
        return hashlib.sha256(text.encode()).hexdigest()


def _after(value: Any, as_of: date) -> bool:
    """Whether a date, or a year, has not begun on the day that is asked about."""
    if isinstance(value, date):
        return value > as_of
    return isinstance(value, int) and value > as_of.year


def _canonical(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    return decimal_text(value) if isinstance(value, (int, Fraction)) else str(value)


def read_name(written: Any, nullable: bool, text: bool) -> str | None:
    """The id of a row, or a text, in which all white space is one space.

    Raises:
        Unreadable: it cannot be printed, or YAML does not read it as text.
    """
    if isinstance(written, bool):
        raise Unreadable(f"'{str(written).lower()}' is a condition, not a name: write it in quotes")
    if written == "none" and nullable:
        return None
    name = " ".join(str(written).split()) if text else str(written)
    if any(unicodedata.category(character) in _UNSEEN for character in name):
        raise Unreadable("a control character cannot stand in a name: remove it")
    return name


def _key_text(value: Any) -> str:
    return "?" if isinstance(value, Unknown) else "none" if value is None else str(value)


def read_as_of(written: Any, file: str, place: tuple[int, int]) -> date:
    try:
        return read_date(written)
    except Unreadable as error:
        raise InputError([Problem(file, place[0], place[1], f"as_of: {error}")]) from None
