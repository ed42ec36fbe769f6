"""A register of any size decided to a folder: partition by partition, so that an interrupted run is taken up where it stopped.

OUT/receipt.json                    what it was made from; it is there only when everything is
OUT/schema.json                     what the columns are
OUT/<entity>/part-00000.parquet     one row an instance
OUT/.unfinished/                    while the run is not finished: the divided rows, and a mark for each partition done
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars

from engine.columns import Decided
from engine.columns.asking import BAD, Decider, told, without
from engine.columns.dividing import GROUP, OWNER, PART, TOGETHER, Division, Spill, divide, partition, spill
from engine.columns.others import other_entities
from engine.columns.reading import Bad, Register
from engine.columns.receipts import DIVISION, RECEIPT, SCHEMA, describe, stamp
from engine.columns.routing import Routes
from engine.law import Law
from engine.problems import InputError, Problem

UNFINISHED, OTHERS = ".unfinished", "others"
ROWS_PER_PART = 4_000_000


@dataclass
class Tally:
    """What a run counts.

    Attributes:
        rows: entity -> rows decided.
        statuses: year -> status -> instances of the main entity.
        proved: entity -> rows that were handed to proving.
        bad: rows set aside.
    """

    rows: Counter[str] = field(default_factory=Counter)
    statuses: dict[str, Counter[str]] = field(default_factory=dict)
    proved: Counter[str] = field(default_factory=Counter)
    bad: int = 0

    def add(self, other: Mapping[str, Any]) -> None:
        self.rows.update(other["rows"])
        self.proved.update(other["proved"])
        for year, counts in other["statuses"].items():
            self.statuses.setdefault(year, Counter()).update(counts)


@dataclass(frozen=True)
class Order:
    """What to run.

    Attributes:
        out: the folder to make or to complete.
        bad_rows: the file in which rows that cannot be read or decided are set aside; None to refuse them.
        parts: how many partitions; None for as many as keep each of them to some millions of rows.
    """

    register: Register
    decider: Decider
    out: Path
    bad_rows: Path | None = None
    parts: int | None = None


def run(order: Order) -> Iterator[tuple[int, int, Tally]]:
    """Decide everything; yields after each partition how many are done, of how many, and what was counted so far.

    Raises:
        InputError: the facts are wrong, or the folder holds something else. What was finished stays for the next run.
    """
    register, out, lenient = order.register, order.out, order.bad_rows is not None
    key, tally = order.decider.key(register, lenient), Tally()
    if finished(out, key, tally):
        yield 1, 1, tally
        return
    state = out / UNFINISHED
    plan, division, rows = _divided(order, key, state)
    doubts = frozenset((table, column) for table, column in plan["doubts"])
    aside, total = _aside(state), plan["parts"] + 1
    for number in range(plan["parts"]):
        if not _mark(state, str(number)).is_file():
            tables = without(partition(register, division, rows, number), aside) if lenient else partition(register, division, rows, number)
            decided = order.decider.decide(register, tables, [order.decider.main], doubts, division.roots(number), not lenient)
            _keep(order, state, f"part-{number:05}", str(number), [decided])
        tally.add(_read(_mark(state, str(number))))
        yield number + 1, total, tally
    if not _mark(state, OTHERS).is_file():
        found = other_entities(order.decider, register, aside if lenient else None, doubts)
        _keep(order, state, "part-00000", OTHERS, found)
    tally.add(_read(_mark(state, OTHERS)))
    _finish(order, state, plan, key, tally)
    yield total, total, tally


def finished(out: Path, key: str, tally: Tally) -> bool:
    """Whether the folder holds this very determination; an unfinished one of another making is given up.

    Raises:
        InputError: it holds something else.
    """
    if (out / RECEIPT).is_file():
        receipt = _read(out / RECEIPT)
        if receipt.get("key") != key:
            raise InputError(
                [Problem(str(out), 0, 0, "holds the determination of other facts, or under another law", "name another folder")]
            )
        tally.add(receipt["counted"])
        tally.bad = receipt["counted"]["bad"]
        return True
    if out.exists() and not (out / UNFINISHED).is_dir() and any(out.iterdir()):
        raise InputError([Problem(str(out), 0, 0, "is there already, and was not made by `determine --out`", "name another folder")])
    return False


def _divided(order: Order, key: str, state: Path) -> tuple[dict[str, Any], Division, Spill]:
    """The partitions: those of an interrupted run, or new ones."""
    register = order.register
    plan_file, owners_file = state / "plan.json", state / "owners.parquet"
    if plan_file.is_file():
        plan = _read(plan_file)
        if plan["key"] == key and plan["parts"] > 1:
            hosts = polars.Series(OWNER, plan["hosts"], dtype=polars.String)
            return plan, Division(Routes.of(register.law), plan["parts"], polars.read_parquet(owners_file), hosts), Spill(state / "rows")
    if state.exists():
        shutil.rmtree(order.out)
    state.mkdir(parents=True)
    bad: list[Bad] | None = [] if order.bad_rows is not None else None
    parts = order.parts or 1 + sum(register.about_rows(table) for table in register.files) // ROWS_PER_PART
    division = divide(register, parts, bad)
    doubts: set[tuple[str, str]] = set()

    def seen(table: str, batch: polars.DataFrame) -> None:
        if bad is None:
            doubts.update(order.decider.doubts(table, batch))

    rows = spill(register, division, state / "rows" if parts > 1 else None, bad, seen)
    for number in range(parts if bad is not None else 0):
        sound, aside = order.decider.sound(register, partition(register, division, rows, number))
        aside.write_parquet(state / f"aside-{number}.parquet")
        for table, kept in sound.items():
            doubts.update(order.decider.doubts(table, kept))
    division.owners.write_parquet(owners_file)
    plan = {
        "key": key,
        "parts": parts,
        "doubts": sorted(doubts),
        "hosts": division.hosts.to_list(),
        "unread": [asdict(b) for b in bad or []],
    }
    write_whole(plan_file, json.dumps(plan, ensure_ascii=False))
    return plan, division, rows


def _keep(order: Order, state: Path, file: str, name: str, found: list[Decided]) -> None:
    """Write what was decided about a partition, and last the mark that it is done."""
    counted: dict[str, Any] = {"rows": {}, "proved": {}, "statuses": {}, "scales": {}}
    for decided in found:
        for entity, rows in decided.frames.items():
            counted["rows"][entity] = len(rows)
            counted["proved"][entity] = int(rows["proved"].sum()) if "proved" in rows.columns else 0
            if entity == order.decider.main:
                counted["statuses"] = statuses(order.decider.law, rows)
            folder = order.out / entity
            folder.mkdir(exist_ok=True)
            rows.write_parquet(state / "part", compression="zstd", compression_level=1)
            os.replace(state / "part", folder / f"{file}.parquet")
        counted["scales"] |= {f"{entity}.{decision}": scale for (entity, decision), scale in decided.scales.items() if scale != 1}
    write_whole(_mark(state, name), json.dumps(counted))


def statuses(law: Law, rows: polars.DataFrame) -> dict[str, dict[str, int]]:
    """Year -> status -> how many instances of the main entity."""
    name, found = law.manifest["result"]["status"], dict[str, dict[str, int]]()
    said = polars.when(polars.col(f"{name}?") == "value").then(polars.col(name).cast(polars.String)).otherwise(polars.lit("undetermined"))
    for year, word, many in rows.group_by("year", said.alias("@said")).len().sort("year", "@said").iter_rows():
        found.setdefault(str(year), {})[word] = many
    return found


def _finish(order: Order, state: Path, plan: Mapping[str, Any], key: str, tally: Tally) -> None:
    bad = [Bad(**one) for one in plan["unread"]] + told(order.register, _aside(state))
    tally.bad = len(bad)
    if order.bad_rows is not None:
        _write_bad(order.bad_rows, bad)
    scales: dict[str, int] = {}
    for mark in sorted(state.glob("done-*.json")):
        for name, scale in _read(mark)["scales"].items():
            if scales.setdefault(name, scale) != scale:
                message = f"'{name}' needs more decimals in some partitions than in others"
                raise InputError([Problem(str(order.out), 0, 0, message, "use --partitions 1")])
    owners = polars.read_parquet(state / "owners.parquet").select(
        polars.col(OWNER).alias("key"),
        polars.col(GROUP).alias("group"),
        polars.col(TOGETHER).alias("together"),
        polars.col(PART).alias("part"),
    )
    complete(order, key, owners, plan["doubts"], plan["hosts"], tally, scales)
    shutil.rmtree(state)


def complete(
    order: Order, key: str, owners: polars.DataFrame, doubts: list[Any], hosts: list[str], tally: Tally, scales: Mapping[str, int]
) -> None:
    """Write what the output says of itself; the receipt last, since it says that all is there."""
    law, decider, part = order.decider.law, order.decider, order.out / f".{DIVISION}.part"
    owners.write_parquet(part)
    os.replace(part, order.out / DIVISION)
    counted = {"rows": tally.rows, "statuses": tally.statuses, "proved": tally.proved, "bad": tally.bad}
    receipt = stamp(law, decider.inquiry, order.register) | {"key": key, "doubts": doubts, "hosts": hosts, "counted": counted}
    write_whole(order.out / SCHEMA, json.dumps(describe(law, order.out, scales), ensure_ascii=False, indent=2))
    write_whole(order.out / RECEIPT, json.dumps(receipt, ensure_ascii=False, indent=2))


def _write_bad(file: Path, bad: list[Bad]) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["file", "line", "column", "message", "row"])
    writer.writerows([b.file, b.line, b.column, b.message, b.row] for b in bad)
    write_whole(file, text.getvalue())


def _aside(state: Path) -> polars.DataFrame:
    return polars.concat([polars.DataFrame(schema=BAD), *(polars.read_parquet(f) for f in sorted(state.glob("aside-*.parquet")))])


def _mark(state: Path, name: str) -> Path:
    return state / f"done-{name}.json"


def _read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def write_whole(file: Path, text: str) -> None:
    """Write a file that is there whole or not at all."""
    part = file.with_name(f".{file.name}.part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, file)
