"""What could still be done, or could have been done."""

from __future__ import annotations

from pathlib import Path

import click

from engine.commands.options import FILE, Asked, common, text_or_json


@click.command()
@click.argument("facts", type=FILE)
@click.argument("installation")
@click.argument("year", type=int)
@common
@text_or_json
def cure(facts: Path, installation: str, year: int, asked: Asked, form: str) -> None:
    """Find the cheapest and smallest lawful change that makes an INSTALLATION comply for a YEAR.

    What can still be done on the day that is asked about; where nothing can, what would have been enough and which
    rules stand in the way. Every cure is proved before it is shown.

    \b
    Examples:
      kazets cure examples/case.yaml K-1 YEAR
      kazets cure examples/case.yaml K-1 YEAR --as-of DATE
      kazets cure examples/case.yaml K-1 YEAR --authority statute --lang kk
    """
    from engine.analysis.reporting import cure_report

    cure_report(asked.law(), facts, asked.inquiry(), installation, year, asked.as_of, form, asked.language)


VERBS = (cure,)
