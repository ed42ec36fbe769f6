"""One row of an output again: its facts, found in the register that it was decided from, for its full proof."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars

from engine.columns import facts_for
from engine.columns.asking import Decider
from engine.columns.dividing import HOSTS, OWNER, PART, WHOLE, Division, Tables, without_places
from engine.columns.reading import FILE, ROW, Register, open_register
from engine.columns.receipts import DIVISION, RECEIPT
from engine.columns.routing import Routes
from engine.facts import Facts
from engine.language import Cause, Unknown
from engine.law import Law
from engine.problems import InputError, Problem, input_error
from engine.proving import Inquiry, Root


def read_receipt(out: Path) -> dict[str, Any]:
    """The receipt of an output.

    Raises:
        InputError: it cannot be read.
    """
    try:
        found: dict[str, Any] = json.loads((out / RECEIPT).read_text(encoding="utf-8"))
        return found
    except (OSError, ValueError) as error:
        raise input_error(str(out / RECEIPT), 0, 0, f"cannot be read: {error}", "decide the register again") from None


def inquiry_of(receipt: dict[str, Any]) -> Inquiry:
    """The question that the output answers."""
    known_on = date.fromisoformat(receipt["known_on"]) if receipt["known_on"] else None
    return Inquiry(receipt["authority"], dict(receipt["settled"]), known_on)


def asked_again(out: Path, inquiry: Inquiry) -> Inquiry:
    """The question that the output answers, with what the asker says otherwise."""
    own = inquiry_of(read_receipt(out))
    return replace(
        own,
        authority=inquiry.authority or own.authority,
        readings={**own.readings, **inquiry.readings},
        known_on=inquiry.known_on or own.known_on,
    )


def facts_of_row(law: Law, out: Path, key: str, year: int) -> Facts:
    """What the register says of one row, and of all that its decisions depend on.

    Args:
        key: an installation, a trade or a plan of the output.

    Raises:
        InputError: the register is not as it was, or has no such row.
    """
    receipt = read_receipt(out)
    register = open_register(law, Path(receipt["facts_path"]), date.fromisoformat(receipt["as_of"]), date.today())
    if register.digest != receipt["facts_hash"]:
        raise InputError(
            [Problem(str(register.folder), 0, 0, "is not what it was when it was decided", "decide it again into a new folder")]
        )
    main = law.manifest["main"]
    owners = polars.read_parquet(out / DIVISION)
    row = owners.filter(polars.col("key") == key)
    if not len(row):
        raise InputError([Problem("INSTALLATION", 0, 0, f"the output has no '{key}' in {year}", "see the column `key` of its files")])
    near = owners.with_columns((polars.col("together") == row["together"][0]).not_().cast(polars.Int64).alias(PART))
    division = Division(
        Routes.of(law), 2, near.rename({"key": OWNER, "group": "@group", "together": "@together"}), polars.Series(OWNER, receipt["hosts"])
    )
    doubts = frozenset((table, column) for table, column in receipt["doubts"])
    tables = _near(register, division)
    if receipt["counted"]["bad"]:
        tables, _ = Decider(law, inquiry_of(receipt)).sound(register, tables)
    found = facts_for(law, without_places(tables), register.as_of, [Root(main, (key,), year)], withheld=register.withheld, doubts=doubts)
    _name_sources(register, tables, found)
    return replace(found, path=str(register.folder), digest=receipt["facts_hash"], about=register.about)


def _name_sources(register: Register, tables: Tables, facts: Facts) -> None:
    """Let each row say in which line of which file it stands, and where it has no key its number, as in the whole register."""
    wanted: dict[tuple[str, int], dict[int, str]] = {}
    for source in {row.source for rows in facts.tables.values() for row in rows}:
        table, _, number = source.rpartition(":")
        file, at = tables[table].select(FILE, ROW).row(int(number) - 1)
        wanted.setdefault((table, file), {})[at] = source
    named: dict[str, tuple[str, int]] = {}
    for (table, file), numbers in wanted.items():
        before = sum(register.count(table, earlier) for earlier in range(file)) if not register.law.vocabulary.tables[table].key else 0
        places = {bad.message: f"{bad.file}:{bad.line}" for bad in register.places(table, file, {at: [("", s)] for at, s in numbers.items()})}
        named |= {source: (places[source], before + at + 1) for at, source in numbers.items()}
    for table, rows in facts.tables.items():
        keyless = not register.law.vocabulary.tables[table].key
        for row in rows:
            row.source, place = named[row.source]
            if keyless:
                row.key = (str(place),)
                for column, cell in row.cells.items():
                    if isinstance(cell, Unknown):
                        row.cells[column] = replace(cell, causes=frozenset(Cause(c.kind, c.name, row.key) for c in cell.causes))


def _near(register: Register, division: Division) -> Tables:
    """The rows of the first partition, of what all need, and of installations that host projects."""
    tables: Tables = {}
    for table in register.files:
        parts = [register.empty(table)]
        for batch in register.batches(table, []):
            for part, rows in division.route(table, batch):
                if part in ("0", WHOLE):
                    parts.append(rows)
                elif part == HOSTS:
                    here = division.keys(table).filter(polars.col(PART) == 0)[OWNER]
                    parts.append(rows.filter(~polars.col(division.routes.column(table) or "").cast(polars.String).is_in(here.implode())))
        tables[table] = polars.concat(parts, how="diagonal_relaxed")
    return tables
