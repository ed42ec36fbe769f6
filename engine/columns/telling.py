"""What `kazets determine REGISTER --out DIR` prints: a bar while it runs, and what was decided."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from engine.columns.asking import Decider
from engine.columns.reading import open_register
from engine.columns.streaming import Order, Tally, run
from engine.explaining.terminal import say, say_json
from engine.explaining.words import Words
from engine.law import Law
from engine.proving import Inquiry


def decide_report(
    law: Law,
    folder: Path,
    inquiry: Inquiry,
    as_of: date | None,
    out: Path,
    bad_rows: Path | None,
    parts: int | None,
    workers: int | None,
    reasons: bool,
    machine: str,
    form: str,
    language: str,
) -> None:
    """Decide a register into ``out``, and print the counts as text or JSON.

    Raises:
        InputError: with everything that is wrong.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    words = Words(law, language)
    register = open_register(law, folder, as_of, date.today())
    selection = law.select(inquiry.authority, inquiry.readings, inquiry.known_on)
    order = Order(register, Decider(law, inquiry, reasons), out, bad_rows, parts, workers)
    steps = run(order) if machine == "local" else _on_spark(order)
    tally = Tally()
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=Console(stderr=True), disable=not sys.stderr.isatty(),
    )  # fmt: skip
    with bar:
        task = bar.add_task(words.say("determining"), total=None)
        for done, total, counted in steps:
            tally = counted
            bar.update(task, completed=done, total=total)
    if form == "json":
        said = tally.ordered()
        say_json({"rows": said["rows"], "statuses": said["statuses"], "proved": said["proved"], "bad_rows": said["bad"]})
        return
    say(words.say("law_line", law=law.digest[:12], authority=words.authority(selection.authority), day=words.day(register.as_of)))
    _table(law, words, tally)
    for entity, many in sorted(tally.rows.items()):
        say(words.say("out_rows", count=many, name=words.label(law.tree["entities"][entity]["label"], entity), folder=str(out / entity)))
    if bad_rows is not None:
        say(words.say("out_aside", count=tally.bad, file=str(bad_rows)))


def _on_spark(order: Order) -> Iterator[tuple[int, int, Tally]]:
    from engine.columns.spark_run import run_on_spark

    return run_on_spark(order)


def _table(law: Law, words: Words, tally: Tally) -> None:
    from rich.console import Console
    from rich.table import Table

    from engine.explaining.summary import told

    table = Table(title=words.say("status_by_year"), title_justify="left", title_style="bold")
    heads = sorted({word for counts in tally.statuses.values() for word in counts})
    table.add_column(words.say("year"))
    for head in heads:
        table.add_column(told(words, law.manifest["result"]["status"], head), justify="right")
    for year, counts in sorted(tally.statuses.items()):
        table.add_row(year, *(words.value(counts[head], None) if counts[head] else "·" for head in heads))
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print()
    console.print(table)
