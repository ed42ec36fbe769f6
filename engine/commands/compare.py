"""What a change of the law does to a register."""

from __future__ import annotations

from pathlib import Path

import click

from engine.commands.options import FILE, Asked, common


@click.command()
@click.argument("one", metavar="BASELINE")
@click.argument("other", metavar="DRAFT")
@click.argument("facts", type=FILE, metavar="REGISTER")
@click.option("--format", "form", type=click.Choice(["text", "json", "csv", "html"]), default="text", show_default=True)
@click.option("--output", type=FILE, help="Where to write (needed for html).")
@click.option("--limit", type=click.IntRange(0), default=12, show_default=True, help="How many of the largest movers to show and prove.")
@click.option(
    "--workers", type=click.IntRange(1), help="In how many processes a large register is decided (default: one for each core, at most two)."
)
@common
def compare(one: str, other: str, facts: Path, form: str, output: Path | None, limit: int, workers: int | None, asked: Asked) -> None:
    """Show what another law does to a REGISTER: who flips and why, by how much, and where.

    BASELINE and DRAFT name laws as in `law diff`: current, a draft, an authority, known:DATE, NAME=ANSWER, or several joined by +.
    With two days of knowledge it lists what a change with retroactive effect alters.

    \b
    Examples:
      kazets compare current offset-limit-5 REGISTER
      kazets compare current my-draft.yaml REGISTER --format html --output impact.html
      kazets compare known:DATE known:DATE REGISTER
    """
    from dataclasses import replace
    from datetime import date

    from engine.containment import cores
    from engine.drafting.second import second_law
    from engine.drafting.sides import compared_names, read_side

    if form == "html" and output is None:
        raise click.UsageError("--format html needs --output FILE")
    inquiry = replace(asked.inquiry(), compare=False)
    under = asked.under()
    first, second = (read_side(word, under, asked.rulesets, inquiry, asked.drafts) for word in (one, other))
    names = compared_names(first) and compared_names(second)
    today = date.today()
    with second_law((first, second), facts, asked.as_of, today, asked.language, names, workers or cores()) as beside:
        from engine.drafting.impact_reports import compare_report

        compare_report(first, second, facts, asked.as_of, form, output, asked.language, limit, today, beside)


@click.command()
@click.argument("assumptions", type=FILE)
@click.argument("register", type=FILE)
@click.argument("laws", metavar="LAW...", nargs=-1)
@click.option("--format", "form", type=click.Choice(["text", "json", "csv", "html"]), default="text", show_default=True)
@click.option("--output", type=FILE, help="Where to write (needed for html).")
@common
def project(assumptions: Path, register: Path, laws: tuple[str, ...], form: str, output: Path | None, asked: Asked) -> None:
    """Carry a REGISTER through the years of a phase under ASSUMPTIONS, under each LAW (default: current).

    A LAW is named as in `law diff`.

    \b
    Examples:
      kazets project my-assumptions.yaml REGISTER my-draft.yaml
      kazets project my-assumptions.yaml REGISTER current my-draft.yaml --format html --output years.html
    """
    from dataclasses import replace

    from engine import SCHEMAS
    from engine.drafting.projection_reports import project_report
    from engine.drafting.sides import read_side
    from engine.explaining.contrast import CURRENT

    if form == "html" and output is None:
        raise click.UsageError("--format html needs --output FILE")
    if asked.as_of is not None:
        raise click.UsageError("the day on which a projection is judged stands in its assumptions")
    inquiry = replace(asked.inquiry(), compare=False)
    under = asked.under()
    sides = [read_side(word, under, asked.rulesets, inquiry, asked.drafts) for word in laws or (CURRENT,)]
    project_report(sides, assumptions, register, SCHEMAS, form, output, asked.language)


VERBS = (compare, project)
