"""Proofs about the law."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine.commands.options import FILE, drafts, load, rulesets, speech, text_or_json


@click.command("prove-law")
@click.option("--year", "years", type=int, multiple=True, help="Only this year (default: every year of every phase). May be repeated.")
@click.option("--authority", "authorities", multiple=True, help="Only this authority (default: all). May be repeated.")
@click.option("--readings/--no-readings", default=True, show_default=True, help="Ask under each answer to each open question too.")
@click.option("--write", "folder", type=FILE, help="A folder for the cases that were found, as worked examples.")
@drafts
@speech
@rulesets
@text_or_json
def prove_law(
    years: tuple[int, ...],
    authorities: tuple[str, ...],
    readings: bool,
    folder: Path | None,
    drafts: tuple[str, ...],
    language: str,
    rulesets: Path,
    form: str,
) -> None:
    """Look for cases in which the law is silent or contradicts itself, or in which a declared property does not hold.

    Z3 searches all cases within stated bounds; what it finds is proved before it is shown. Exit status 1 where
    something was found.

    \b
    Examples:
      kazets prove-law
      kazets prove-law --year YEAR --no-readings
      kazets prove-law --write found
      kazets prove-law --draft NAME --year YEAR
    """
    from engine.analysis.laws.report import prove_law_report

    if not prove_law_report(load(rulesets, drafts), years, authorities, readings, folder, form, language):
        sys.exit(1)


VERBS = (prove_law,)
