"""Reading the law."""

from __future__ import annotations

from pathlib import Path

import click

from engine.commands.options import Asked, common, load, rulesets, speech, text_or_json


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


VERBS = (law,)
