"""`kazets`: what Kazakhstan's emissions trading law requires of an installation, whether it complied, and why."""

from __future__ import annotations

import datetime
import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from engine.law import Law

HOME = Path(__file__).resolve().parent
MANY = 20


class Day(click.ParamType[datetime.date]):
    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime.date:
        if isinstance(value, datetime.date):
            return value
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is not a date: write YYYY-MM-DD", param, ctx)


speech = click.option(
    "--lang", "language", type=click.Choice(["en", "ru", "kk"]), default="en", show_default=True, help="The language of the answer."
)


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that every question shares."""
    options = [
        click.option("--as-of", type=Day(), help="The day the question is asked; later events are left out."),
        click.option("--known-on", type=Day(), help="The law as it was known on this day (default: all that is known)."),
        click.option("--authority", help="Whose statements come first: seeds (default) or statute."),
        click.option(
            "--reading", "readings", multiple=True, metavar="NAME=ANSWER", help="Settle one open question of the law. May be repeated."
        ),
        speech,
        click.option(
            "--rulesets",
            type=click.Path(path_type=Path),
            default=HOME / "rulesets",
            help="The folder of the law.",
            show_default="the shipped law",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


text_or_json = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kazets")
def main() -> None:
    """What Kazakhstan's emissions trading law requires of an installation, whether it complied, and why.

    \b
    Examples:
      kazets determine examples/case.yaml
      kazets why examples/case.yaml K-1 YEAR
      kazets law list

    Exit status: 0 answered, 1 a check failed, 2 bad usage or bad input.
    """


def load(rulesets: Path) -> Law:
    from engine.law import load_law

    return load_law(rulesets, HOME / "schemas")


def inquiry(authority: str | None, readings: tuple[str, ...], known_on: datetime.date | None) -> Any:
    from engine.proving import Inquiry

    for pair in readings:
        if "=" not in pair:
            raise click.BadParameter(f"'{pair}' is not NAME=ANSWER", param_hint="--reading")
    return Inquiry(authority, dict(pair.split("=", 1) for pair in readings), known_on)


@main.command()
@click.argument("facts", type=click.Path(path_type=Path))
@click.option("--installation", help="Only this installation.")
@click.option("--year", type=int, help="Only this year.")
@click.option("--all", "everything", is_flag=True, help="Show the decisions that are only steps on the way, too.")
@common
@text_or_json
def determine(
    facts: Path,
    installation: str | None,
    year: int | None,
    everything: bool,
    as_of: datetime.date | None,
    known_on: datetime.date | None,
    authority: str | None,
    readings: tuple[str, ...],
    form: str,
    language: str,
    rulesets: Path,
) -> None:
    """Decide everything about the installations, trades and plans in FACTS.

    FACTS is one case (YAML or JSON) or a register (a folder of CSV files).

    \b
    Examples:
      kazets determine examples/case.yaml
      kazets determine examples/threshold.yaml --authority statute
      kazets determine case.yaml --installation K-1 --year YEAR --format json
    """
    from engine.explaining.reports import determine_report

    law = load(rulesets)
    question = inquiry(authority, readings, known_on)
    determine_report(law, facts, question, installation, year, as_of, form, MANY, everything, language)


@main.command()
@click.argument("facts", type=click.Path(path_type=Path))
@click.argument("installation")
@click.argument("year", type=int)
@click.argument("decision", required=False)
@click.option("--full", is_flag=True, help="Show the branches that did not matter too.")
@click.option(
    "--against", metavar="SPEC", help="The same facts under another law: a phase, a date of knowledge, an authority, or NAME=ANSWER."
)
@click.option("--format", "form", type=click.Choice(["text", "json", "html", "pdf"]), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="Where to write a dossier (html or pdf).")
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
    as_of: datetime.date | None,
    known_on: datetime.date | None,
    authority: str | None,
    readings: tuple[str, ...],
    rulesets: Path,
    language: str,
) -> None:
    """Show the proof of a DECISION (default: the status) about an INSTALLATION in a YEAR.

    A trade or plan of the facts may stand in place of the installation.

    \b
    Examples:
      kazets why examples/case.yaml K-1 YEAR
      kazets why examples/case.yaml K-1 YEAR shortfall --authority statute
      kazets why examples/case.yaml K-1 YEAR lot.usable --full
      kazets why examples/case.yaml K-1 YEAR penalty --against statute
      kazets why examples/case.yaml K-1 YEAR --format pdf --output dossier.pdf --lang kk
    """
    law, question = load(rulesets), inquiry(authority, readings, known_on)
    if form in ("html", "pdf"):
        from engine.explaining.reports import dossier_report

        if output is None:
            raise click.UsageError(f"--format {form} needs --output FILE")
        if against is not None:
            raise click.UsageError("--against is answered as text or json")
        dossier_report(law, facts, question, installation, year, decision, as_of, "html" if form == "html" else "pdf", language, output)
    elif against is not None:
        from engine.explaining.contrast import contrast_report

        contrast_report(law, facts, question, installation, year, decision, against, as_of, form, language)
    else:
        from engine.explaining.reports import why_report

        why_report(law, facts, question, installation, year, decision, as_of, form, full, language)


@main.command("readings")
@click.argument("facts", type=click.Path(path_type=Path), required=False)
@common
@text_or_json
def open_questions(
    facts: Path | None,
    as_of: datetime.date | None,
    known_on: datetime.date | None,
    authority: str | None,
    readings: tuple[str, ...],
    form: str,
    rulesets: Path,
    language: str,
) -> None:
    """List the open questions of the law, and what depends on each in FACTS.

    \b
    Examples:
      kazets readings
      kazets readings examples/case.yaml
    """
    from engine.explaining.readings import readings_report

    readings_report(load(rulesets), facts, inquiry(authority, readings, known_on), as_of, form, language)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--facts", type=click.Path(path_type=Path), help="Where the facts are now (default: where the receipt says).")
@click.option(
    "--rulesets", type=click.Path(path_type=Path), default=HOME / "rulesets", help="The folder of the law.", show_default="the shipped law"
)
@text_or_json
def replay(file: Path, facts: Path | None, rulesets: Path, form: str) -> None:
    """Run the determinations in FILE again: identical, or what differs and why.

    FILE is what `determine` or `why` printed with --format json. Exit status 1 where something differs.
    """
    from engine.explaining.replay import replay_report

    if not replay_report(load(rulesets), file, facts, HOME / "schemas", form):
        sys.exit(1)


@main.group()
def law() -> None:
    """Read the law: its phases, and what each of them sets."""


@law.command("list")
@click.option("--rulesets", type=click.Path(path_type=Path), default=HOME / "rulesets")
@speech
def law_list(rulesets: Path, language: str) -> None:
    """List the phases, with the years they govern and since when each is known."""
    from engine.explaining.reports import law_list_report

    law_list_report(load(rulesets), language)


@law.command("records")
@click.option("--rulesets", type=click.Path(path_type=Path), default=HOME / "rulesets")
@speech
def law_records(rulesets: Path, language: str) -> None:
    """List sourced figures and statements that decide nothing: totals, prices, institutions."""
    from engine.explaining.reports import law_records_report

    law_records_report(load(rulesets), language)


@law.command("show")
@click.argument("phase")
@click.option("--year", type=int, help="The year to show (default: the phase's last).")
@common
@text_or_json
def law_show(
    phase: str,
    year: int | None,
    as_of: datetime.date | None,
    known_on: datetime.date | None,
    authority: str | None,
    readings: tuple[str, ...],
    form: str,
    language: str,
    rulesets: Path,
) -> None:
    """Show every parameter of a PHASE: its value, unit and source.

    \b
    Examples:
      kazets law show PHASE
      kazets law show PHASE --year YEAR --authority statute
    """
    from engine.explaining.reports import law_show_report

    law_show_report(load(rulesets), phase, year, inquiry(authority, readings, known_on), form, language)


def run() -> None:
    """The `kazets` command; every failure is a line and an exit status, never a traceback."""
    from engine.problems import EngineDefect, InputError

    gc.disable()  # a command answers and ends: collecting garbage would only delay the answer
    try:
        main(standalone_mode=False)
    except InputError as error:
        for problem in error.problems:
            click.echo(f"kazets: {problem}", err=True)
        sys.exit(2)
    except EngineDefect as error:
        click.echo(f"kazets: the engine contradicts itself, and gives no answer: {error}", err=True)
        sys.exit(1)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "kazets"
        click.echo(f"kazets: {error.format_message()} — see {command} --help", err=True)
        sys.exit(2)
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            click.echo(f"kazets: the answer could not be written: {error.strerror}", err=True)
            sys.exit(2)
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    run()
