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
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import reduce
from math import lcm
from pathlib import Path
from typing import Any

import polars

from engine.columns.asking import Decider, Known, told
from engine.columns.dividing import GROUP, OWNER, PART, TOGETHER, Division, divide
from engine.columns.reading import Bad, Register
from engine.columns.receipts import DIVISION, RECEIPT, SCHEMA, describe, stamp
from engine.columns.routing import Routes
from engine.columns.spilling import Spill, spill
from engine.columns.tasks import Decide, Sift, Work, aside_of, mark_file, read, whole, write_rows, write_whole
from engine.columns.workers import Workers
from engine.containment import cores
from engine.problems import InputError, Problem

UNFINISHED, OWNERS = ".unfinished", "owners.parquet"
NAMES = {OWNER: "key", GROUP: "group", TOGETHER: "together", PART: "part"}
"""The columns of the partition of each installation, as they are written."""
ROWS_PER_PART, ROWS_PER_DECISION = 400_000, 9_000
"""About so many rows of all tables at most, and more where more is decided of them: each decision costs something once for a partition,
and more rows more memory."""
EVEN = 2
"""Partitions come in such numbers, so that as many workers end at a time."""
ROWS_FOR_WORKERS = 100_000
"""With fewer rows in all, one thread is as quick as several."""
MAX_NUMBER = 2**63 - 1


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

    def ordered(self) -> dict[str, Any]:
        """The same counts in an order that does not say which partition was done first."""
        statuses = {year: dict(sorted(counts.items())) for year, counts in sorted(self.statuses.items())}
        return {"rows": dict(sorted(self.rows.items())), "statuses": statuses, "proved": dict(sorted(self.proved.items())), "bad": self.bad}


@dataclass(frozen=True)
class Order:
    """What to run.

    Attributes:
        out: the folder to make or to complete.
        bad_rows: the file in which rows that cannot be read or decided are set aside; None to refuse them.
        parts: how many partitions; None for as many as keep each of them below some hundred thousand rows.
        workers: how many partitions are decided at a time, while one more is written; None for one for each core, unless the register
            is small. What is written does not depend on it.
    """

    register: Register
    decider: Decider
    out: Path
    bad_rows: Path | None = None
    parts: int | None = None
    workers: int | None = None


def run(order: Order) -> Iterator[tuple[int, int, Tally]]:
    """Decide everything; yields after each partition how many are done, of how many, and what was counted so far.

    Raises:
        InputError: the facts are wrong, or the folder holds something else. What was finished stays for the next run.
    """
    register, decider, out, lenient = order.register, order.decider, order.out, order.bad_rows is not None
    tally, state = Tally(), out / UNFINISHED
    with ThreadPoolExecutor(1, "hash") as beside:
        hashing = beside.submit(decider.key, register, lenient)  # of all that is read, beside reading it
        if out.exists() and finished(out, hashing.result(), tally):
            yield 1, 1, tally
            return
        plan, division, rows = _divided(order, hashing, state)
    key = plan["key"]
    parts = range(plan["parts"])
    many = min(order.workers or (cores() if plan["rows"] >= ROWS_FOR_WORKERS else 1), len(parts))
    work = Work(register, decider, division, rows, out, state, lenient)
    workers = Workers(work, many, work.keep)
    known = _sifted(workers, state, len(parts)) if lenient else Known.read(plan["known"])
    tasks = [Decide(part, known) for part in parts] + [Decide(None, known)]
    done = [task for task in tasks if mark_file(state, task.name).is_file()]
    for task in done:
        tally.add(read(mark_file(state, task.name)))
    for number, counted in enumerate(workers.each([task for task in tasks if task not in done]), len(done) + 1):
        tally.add(counted)
        yield number, len(tasks), tally
    _finish(order, state, plan, known, key, tally)
    yield len(tasks), len(tasks), tally


def _sifted(workers: Workers, state: Path, parts: int) -> Known:
    """Set the wrong rows of every partition aside; what is known of the others."""
    file = state / "sifted.json"
    if not file.is_file():
        known = reduce(Known.__or__, workers.each([Sift(part) for part in range(parts)]), Known())
        write_whole(file, json.dumps(known.written()))
    return Known.read(read(file))


def finished(out: Path, key: str, tally: Tally) -> bool:
    """Whether the folder holds this very determination; an unfinished one of another making is given up.

    Raises:
        InputError: it holds something else.
    """
    if (out / RECEIPT).is_file():
        receipt = read(out / RECEIPT)
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


def _divided(order: Order, key: Future[str], state: Path) -> tuple[dict[str, Any], Division, Spill]:
    """The partitions: those of an interrupted run, or new ones."""
    register = order.register
    plan_file, owners_file = state / "plan.json", state / OWNERS
    if plan_file.is_file():
        plan = read(plan_file)
        rows = Spill.found(state / "rows") if plan["key"] == key.result() and plan["parts"] > 1 else None
        if rows is not None and all(rows.has(str(part)) or mark_file(state, str(part)).is_file() for part in range(plan["parts"])):
            hosts = polars.Series(OWNER, plan["hosts"], dtype=polars.String)
            owners = polars.read_parquet(owners_file).rename({new: name for name, new in NAMES.items()})
            return plan, Division(Routes.of(register.law), plan["parts"], owners, hosts), rows
    if state.exists():
        shutil.rmtree(order.out)
    state.mkdir(parents=True)
    bad: list[Bad] | None = [] if order.bad_rows is not None else None
    about = sum(register.about_rows(table) for table in register.files)
    decided = order.decider.decisions or register.law.vocabulary.decisions
    needed = 1 + about // max(ROWS_PER_PART, ROWS_PER_DECISION * len(decided))
    parts = order.parts or (needed if needed == 1 else -(-needed // EVEN) * EVEN)
    with ThreadPoolExecutor(1, "owners") as beside:
        compiled = beside.submit(_compile) if parts > 1 else None
        division = divide(register, parts, bad)
        written, sorted_ = beside.submit(_write_owners, owners_file, division), beside.submit(division.roots, 0)
        rows, known = spill(register, division, state / "rows" if parts > 1 else None, bad, order.decider)
    for task in (compiled, written, sorted_):
        if task is not None:
            task.result()
    plan = {
        "key": key.result(),
        "parts": parts,
        "rows": about,
        "known": known.written(),
        "hosts": division.hosts.to_list(),
        "unread": [asdict(b) for b in bad or []],
    }
    write_whole(plan_file, json.dumps(plan, ensure_ascii=False))
    return plan, division, rows


def _compile() -> None:
    """Do what is done once in a process before others wait for it."""
    import pyarrow  # noqa: F401 - as the rest of these not needed for small registers

    from engine.columns import counting, fusing, gathering, machine  # noqa: F401

    for module in (machine, gathering, counting):
        module.ready()


def _write_owners(file: Path, division: Division) -> None:
    with whole(file) as target:
        division.owners.rename(NAMES).write_parquet(target, compression="zstd", compression_level=1, statistics=False)


def _finish(order: Order, state: Path, plan: Mapping[str, Any], known: Known, key: str, tally: Tally) -> None:
    bad = [Bad(**one) for one in plan["unread"]] + told(order.register, aside_of(state))
    tally.bad = len({(one.file, one.line) for one in bad})
    if order.bad_rows is not None:
        _write_bad(order.bad_rows, bad)
    scales = _aligned(order, state)
    with whole(order.out / DIVISION) as target:
        shutil.copyfile(state / OWNERS, target)
    complete(order, key, sorted(known.doubts), plan["hosts"], tally, scales)
    shutil.rmtree(state)


def _aligned(order: Order, state: Path) -> dict[str, int]:
    """What numbers are to be divided by; partitions whose facts had fewer decimals are written again with as many as the others.

    Raises:
        InputError: a number would then be too large.
    """
    counted = {mark: read(mark) for mark in sorted(state.glob("done-*.json"))}
    scales: dict[str, int] = {}
    for each in counted.values():
        for name, scale in each["scales"].items():
            scales[name] = lcm(scales.get(name, 1), scale)
    for mark, each in counted.items():
        own = {name: scale for name, scale in scales.items() if name.partition(".")[0] in each["rows"]}
        factors = {name: scale // each["scales"].get(name, 1) for name, scale in own.items()}
        if all(factor == 1 for factor in factors.values()):
            continue
        mark.unlink()  # were this interrupted, the partition would be decided anew, not multiplied again
        for entity in each["rows"]:
            _multiplied(order, state, order.out / entity / each["file"], entity, factors)
        write_whole(mark, json.dumps(each | {"scales": own}))
    return scales


def _multiplied(order: Order, state: Path, file: Path, entity: str, factors: Mapping[str, int]) -> None:
    own = {name.partition(".")[2]: factor for name, factor in factors.items() if name.partition(".")[0] == entity and factor != 1}
    if not own:
        return
    rows = polars.read_parquet(file)
    for column, factor in own.items():
        if (rows[column].abs() > MAX_NUMBER // factor).any():
            message = f"'{entity}.{column}' has more decimals in some partitions than in others, and is too large for them"
            raise InputError([Problem(str(order.out), 0, 0, message, "use --partitions 1")])
    write_rows(file, rows.with_columns(polars.col(column) * factor for column, factor in own.items()), state)


def complete(order: Order, key: str, doubts: list[Any], hosts: list[str], tally: Tally, scales: Mapping[str, int]) -> None:
    """Write what the output, to which `DIVISION` belongs, says of itself; the receipt last, since it says that all is there."""
    law, decider = order.decider.law, order.decider
    receipt = stamp(law, decider.inquiry, order.register) | {"key": key, "doubts": doubts, "hosts": hosts, "counted": tally.ordered()}
    write_whole(order.out / SCHEMA, json.dumps(describe(law, order.out, scales), ensure_ascii=False, indent=2))
    write_whole(order.out / RECEIPT, json.dumps(receipt, ensure_ascii=False, indent=2))


def _write_bad(file: Path, bad: list[Bad]) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["file", "line", "column", "message", "row"])
    writer.writerows([b.file, b.line, b.column, b.message, b.row] for b in bad)
    write_whole(file, text.getvalue())
