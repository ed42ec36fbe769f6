"""Questions about facts: what is decided, why, what depends on a reading, and whether an answer still stands."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from engine import SCHEMAS
from engine.commands.options import FILE, Asked, common, load, rulesets, speech, text_or_json

if TYPE_CHECKING:
    from engine.facts import Facts
    from engine.facts.ahead import Ahead

MANY = 20


@click.command()
@click.argument("facts", type=FILE)
@click.option("--installation", help="Only this installation.")
@click.option("--year", type=int, help="Only this year.")
@click.option("--all", "everything", is_flag=True, help="Show the decisions that are only steps on the way, too.")
@click.option("--out", type=FILE, help="Decide a whole register, of any size, into this new folder of Parquet files.")
@click.option("--bad-rows", type=FILE, help="With --out: set rows that are wrong aside in this CSV file, with the reason.")
@click.option("--partitions", type=click.IntRange(1), help="With --out: into how many parts the register is divided (default: by size).")
@click.option(
    "--workers", type=click.IntRange(1), help="With --out: how many parts are decided at a time (default: one for each core)."
)
@click.option("--reasons/--no-reasons", default=True, show_default=True, help="With --out: say for each rule in which rows it holds.")
@click.option(
    "--on", "machine", type=click.Choice(["local", "spark"]), default="local", show_default=True, help="With --out: where to run."
)
@common
@text_or_json
def determine(
    facts: Path,
    installation: str | None,
    year: int | None,
    everything: bool,
    out: Path | None,
    bad_rows: Path | None,
    partitions: int | None,
    workers: int | None,
    reasons: bool,
    machine: str,
    asked: Asked,
    form: str,
) -> None:
    """Decide everything about the installations, trades and plans in FACTS.

    FACTS is one case (YAML or JSON) or a register (a folder of CSV or Parquet files). A large register is decided with --out; a run that was
    interrupted is taken up again by the same command.

    \b
    Examples:
      kazets determine examples/case.yaml
      kazets determine examples/threshold.yaml --authority statute
      kazets determine case.yaml --installation K-1 --year YEAR --format json
      kazets determine REGISTER --out DECIDED --bad-rows bad.csv
    """
    if out is None and (bad_rows is not None or partitions is not None or workers is not None or machine != "local" or not reasons):
        raise click.UsageError("--bad-rows, --partitions, --workers, --no-reasons and --on go with --out")
    if out is not None:
        if installation is not None or year is not None or everything:
            raise click.UsageError("--out decides the whole register")
        if machine == "spark" and bad_rows is not None:
            raise click.UsageError("--bad-rows is found on one machine: leave --on out")
        from engine.columns.telling import decide_report

        decide_report(
            asked.law(), facts, asked.inquiry(), asked.as_of, out, bad_rows, partitions, workers, reasons, machine, form, asked.language
        )
        return
    from engine.facts.ahead import read_ahead

    given, law, inquiry = read_ahead(facts), asked.law(), asked.inquiry()
    from engine.explaining.reports import determine_report

    determine_report(law, given, inquiry, installation, year, asked.as_of, form, MANY, everything, asked.language)


@click.command()
@click.argument("facts", type=FILE)
@click.argument("installation")
@click.argument("year", type=int)
@click.argument("decision", required=False)
@click.option("--full", is_flag=True, help="Show the branches that did not matter too.")
@click.option(
    "--against",
    metavar="LAW",
    help="The same facts under another law: a phase, a date of knowledge, an authority, NAME=ANSWER, a draft (name or file), or current.",
)
@click.option("--format", "form", type=click.Choice(["text", "json", "html", "pdf"]), default="text", show_default=True)
@click.option("--output", type=FILE, help="Where to write a dossier (html or pdf).")
@common
def why(
    facts: Path,
    installation: str,
    year: int,
    decision: str | None,
    full: bool,
    against: str | None,
    form: str,
    output: Path | None,
    asked: Asked,
) -> None:
    """Show the proof of a DECISION (default: the status) about an INSTALLATION in a YEAR.

    A trade or plan of the facts may stand in place of the installation.

    \b
    Examples:
      kazets why examples/case.yaml K-1 YEAR
      kazets why examples/case.yaml K-1 YEAR shortfall --authority statute
      kazets why examples/case.yaml K-1 YEAR lot.usable --full
      kazets why examples/case.yaml K-1 YEAR penalty --against statute
      kazets why examples/case.yaml K-1 YEAR shortfall --against my-draft.yaml
      kazets why examples/case.yaml K-1 YEAR --format pdf --output dossier.pdf --lang kk
      kazets why DECIDED K-1 YEAR            # a row of what `determine --out` made
    """
    from engine.facts.ahead import read_ahead

    given: Path | Ahead | Facts = read_ahead(facts)
    law, inquiry, as_of, language = asked.law(), asked.inquiry(), asked.as_of, asked.language
    if (facts / "receipt.json").is_file():
        from engine.columns.looking_up import asked_again, facts_of_row

        given, inquiry = facts_of_row(law, facts, installation, year), asked_again(facts, inquiry)
    if form in ("html", "pdf"):
        from engine.analysis.reporting import cure_section
        from engine.explaining.reports import dossier_report

        if output is None:
            raise click.UsageError(f"--format {form} needs --output FILE")
        cure, other = partial(cure_section, law, inquiry, language), None
        if against is not None:
            from engine.explaining.contrast import contrast_section, read_against, seen_from

            found = read_against(law, against, inquiry, asked.others())
            law, other = seen_from(law, found), partial(contrast_section, law, found, inquiry, language)
        kind: Literal["html", "pdf"] = "html" if form == "html" else "pdf"
        dossier_report(law, given, inquiry, installation, year, decision, as_of, kind, language, output, cure, other)
    elif against is not None:
        from engine.explaining.contrast import contrast_report

        contrast_report(law, given, inquiry, installation, year, decision, against, as_of, form, language, asked.others())
    else:
        from engine.explaining.reports import why_report

        why_report(law, given, inquiry, installation, year, decision, as_of, form, full, language)


@click.command("readings")
@click.argument("facts", type=FILE, required=False)
@common
@text_or_json
def readings(facts: Path | None, asked: Asked, form: str) -> None:
    """List the open questions of the law, and what depends on each in FACTS.

    \b
    Examples:
      kazets readings
      kazets readings examples/case.yaml
    """
    from engine.explaining.readings import readings_report

    readings_report(asked.law(), facts, asked.inquiry(), asked.as_of, form, asked.language)


@click.command()
@click.argument("file", type=FILE)
@click.option("--facts", type=FILE, help="Where the facts are now (default: where the receipt says).")
@rulesets
@speech
@text_or_json
def replay(file: Path, facts: Path | None, rulesets: Path, language: str, form: str) -> None:
    """Make the answer in FILE again from its receipt: identical, or what differs and why.

    FILE is what `determine`, `why` (with --against, too), `cure`, `readings` or `compare` printed with --format json. Exit status
    1 where something differs.

    \b
    Examples:
      kazets replay answer.json
      kazets replay answer.json --facts moved/case.yaml
    """
    from engine.analysis.reporting import CURE
    from engine.drafting.impact_again import IMPACT
    from engine.explaining.contrast import CONTRAST
    from engine.explaining.readings import READINGS
    from engine.explaining.replay import replay_report

    answers = (CURE, CONTRAST, READINGS, IMPACT)
    if not replay_report(load(rulesets), file, facts, SCHEMAS, form, lambda drafts: load(rulesets, drafts), language, answers):
        sys.exit(1)


VERBS = (determine, why, readings, replay)
