"""Proofs about the law."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine.commands.law import law
from engine.commands.options import FILE, Asked, common, drafts, load, rulesets, speech, text_or_json


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
    sides = [read_side(word, asked.under, asked.rulesets, asked.inquiry(), asked.drafts) for word in (one, other)]
    if any(side.on is not None for side in sides):
        raise click.UsageError("a case is decided under the law of its own days: compare known:DATE, or see `law diff`")
    first, second = (Side(side.law, side.selection, side.phase) for side in sides)
    witness_report(first, second, years, folder, form, asked.language)


VERBS = (prove_law,)
