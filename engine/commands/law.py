"""Reading the law."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from engine.commands.options import FILE, Asked, Day, common, load, rulesets, speech, text_or_json


@click.group()
def law() -> None:
    """Read the law: its phases, and what each of them sets."""


@law.command("list")
@rulesets
@speech
def law_list(rulesets: Path, language: str) -> None:
    """List the phases, with the years they govern and since when each is known."""
    from engine.explaining.reports import law_list_report

    law_list_report(load(rulesets), language)


@law.command("records")
@rulesets
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
def law_show(phase: str, year: int | None, asked: Asked, form: str) -> None:
    """Show every parameter of a PHASE: its value, unit and source.

    \b
    Examples:
      kazets law show PHASE
      kazets law show PHASE --year YEAR --authority statute
    """
    from engine.explaining.reports import law_show_report

    law_show_report(asked.law(), phase, year, asked.inquiry(), form, asked.language)


ONLY = click.option("--only", metavar="NAME", help="Only parameters (and rules) whose names begin so, as penalty or mrv.report_deadline.")


@law.command("at")
@click.argument("day", type=Day(), metavar="DATE")
@ONLY
@common
@text_or_json
def law_at(day: datetime.date, only: str | None, asked: Asked, form: str) -> None:
    """Show the law in force on DATE, as known today or with --known-on on another day.

    \b
    Examples:
      kazets law at DATE --authority statute --only mrv
      kazets law at DATE --known-on DATE --only cap
    """
    from engine.drafting.version_reports import law_at_report

    _no_as_of(asked)
    law_at_report(asked.law(), day, asked.inquiry(), only, form, asked.language)


@law.command("timeline")
@ONLY
@click.option("--since", type=Day(), help="Only changes on or after this day.")
@click.option("--until", type=Day(), help="Only changes on or before this day.")
@common
@text_or_json
def law_timeline(only: str | None, since: datetime.date | None, until: datetime.date | None, asked: Asked, form: str) -> None:
    """Show when the law changed, on both clocks: what became known, and what took effect.

    \b
    Examples:
      kazets law timeline --only penalty.rate
      kazets law timeline --since DATE --authority statute
    """
    from engine.drafting.version_reports import timeline_report

    _no_as_of(asked)
    if asked.known_on is not None:
        raise click.UsageError("the timeline shows what became known on every day: leave out --known-on")
    timeline_report(asked.law(), asked.inquiry(), since, until, only, form, asked.language)


def _no_as_of(asked: Asked) -> None:
    if asked.as_of is not None:
        raise click.UsageError("--as-of is a day of facts: no facts are asked about here")


@law.command("diff")
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@click.option(
    "--witness", is_flag=True, help="Show for each change the smallest case that it decides differently, or the proof that there is none."
)
@click.option("--year", "years", type=int, multiple=True, help="Seek witnesses in this year only (default: every year). May be repeated.")
@common
@text_or_json
def law_diff(one: str, other: str, witness: bool, years: tuple[int, ...], asked: Asked, form: str) -> None:
    """Compare two laws by what they mean: phases, values and rules; other names and another order are no difference.

    A and B are each `current`, a phase, an authority, a draft (its name, or draft:FILE), a day of knowledge (known:DATE), a day in force (on:DATE),
    NAME=ANSWER for an open question, or several of these joined by +.

    \b
    Examples:
      kazets law diff current offset-limit-5
      kazets law diff current offset-limit-5 --witness --year YEAR
      kazets law diff known:DATE known:DATE
      kazets law diff on:DATE on:DATE --authority statute
      kazets law diff PHASE PHASE
      kazets law diff seeds statute+my-draft.yaml
    """
    from engine.drafting.diff_reports import law_diff_report
    from engine.drafting.sides import read_side

    _no_as_of(asked)
    under = asked.under()
    sides = [read_side(word, under, asked.rulesets, asked.inquiry(), asked.drafts) for word in (one, other)]
    if witness and any(side.on is not None for side in sides):
        raise click.UsageError("a case is decided under the law of its own days: --witness goes with known:DATE, not with on:DATE")
    if years and not witness:
        raise click.UsageError("--year says where witnesses are sought: add --witness")
    law_diff_report(sides[0], sides[1], form, asked.language, (years or None) if witness else ())


@law.command("names")
@click.option("--entity", help="Only what the rules of this entity can name.")
@click.option("--draft", "drafts", multiple=True, metavar="NAME_OR_FILE", help="The law as it would be under a draft.")
@speech
@rulesets
@text_or_json
def law_names(entity: str | None, drafts: tuple[str, ...], language: str, rulesets: Path, form: str) -> None:
    """List the names that an expression can use, with their types, units and labels.

    \b
    Examples:
      kazets law names --entity lot
      kazets law names --format json
    """
    from engine.drafting.names_report import names_report

    names_report(load(rulesets, drafts), entity, form, language)


@law.command("witness")
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@click.option("--year", "years", type=int, multiple=True, help="Only this year (default: every year of every phase). May be repeated.")
@click.option("--write", "folder", type=FILE, help="A folder for the cases that were found, as worked examples under each law.")
@common
@text_or_json
def law_witness(one: str, other: str, years: tuple[int, ...], folder: Path | None, asked: Asked, form: str) -> None:
    """For each decision that two laws make differently, the smallest case; or the proof that there is none.

    A and B as in `law diff`, other than on:DATE. Z3 searches all cases within stated bounds; what it finds is proved
    under both laws before it is shown.

    \b
    Examples:
      kazets law witness current DRAFT --year YEAR
      kazets law witness seeds statute --year YEAR
      kazets law witness PHASE PHASE --year YEAR
    """
    from engine.analysis.laws import Side
    from engine.analysis.laws.report import witness_report
    from engine.drafting.sides import read_side

    if asked.as_of is not None:
        raise click.UsageError("--as-of is a day of facts: no facts are asked about here")
    under = asked.under()
    sides = [read_side(word, under, asked.rulesets, asked.inquiry(), asked.drafts) for word in (one, other)]
    if any(side.on is not None for side in sides):
        raise click.UsageError("a case is decided under the law of its own days: compare known:DATE, or see `law diff`")
    first, second = (Side(side.law, side.selection, side.phase) for side in sides)
    witness_report(first, second, years, folder, form, asked.language)


VERBS = (law,)
