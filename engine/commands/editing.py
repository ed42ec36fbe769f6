"""Writing the law: worked examples, checks, coverage, mutation, formatting and scaffolds."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine.commands.options import FILE, SCHEMAS, Asked, common, load, rulesets, text_or_json


def law_of(path: Path | None, fallback: Path) -> Path:
    """The folder of the ruleset that ``path`` stands in, or ``fallback``."""
    from engine.drafting.cases import ruleset_of

    return (ruleset_of(path) if path is not None else None) or fallback


@click.command()
@click.argument("path", type=FILE, required=False)
@click.option("--case", "only", multiple=True, metavar="ID", help="Only this case. May be repeated.")
@click.option("--jobs", type=click.IntRange(1, 64), help="Processes that run side by side (default: one for each processor).")
@click.option("--write", metavar="ID", help="Record a new case in the file PATH, with what comes out of --facts.")
@click.option("--facts", type=FILE, help="With --write: the facts of the new case.")
@click.option("--about", metavar="KEY", help="With --write: the installation, trade or plan.")
@click.option("--year", type=int, help="With --write: the year.")
@click.option("--decision", "decisions", multiple=True, help="With --write: a decision that the case expects. May be repeated.")
@common
@text_or_json
def test(
    path: Path | None,
    only: tuple[str, ...],
    jobs: int | None,
    write: str | None,
    facts: Path | None,
    about: str | None,
    year: int | None,
    decisions: tuple[str, ...],
    asked: Asked,
    form: str,
) -> None:
    """Run the worked examples at PATH: a ruleset, a folder in one, or a case file (default: the shipped law).

    Each case names the law it is asked under. Exit status 1 where one comes out otherwise than it says.

    \b
    Examples:
      kazets test
      kazets test rulesets/rules/cases/penalties.yaml
      kazets test rulesets/rules/cases/mine.yaml --write my-case --facts examples/case.yaml --about K-1 --year YEAR
    """
    if write is not None:
        if path is None or facts is None or about is None or year is None:
            raise click.UsageError("--write needs PATH, --facts, --about and --year")
        from engine.drafting.cases_recording import record_case

        law = load(law_of(path, asked.rulesets))
        made = record_case(law, path, write, facts, about, year, decisions, asked.inquiry(), asked.as_of, SCHEMAS)
        click.echo(f"{made}: recorded '{write}'; check each value against its source, and cite it")
        return
    if asked.as_of or asked.known_on or asked.authority or asked.readings:
        raise click.UsageError("each case says under which law it is asked: these options go with --write")
    from engine.drafting.cases_report import cases_report

    where = path or asked.rulesets
    if not cases_report(load(law_of(path, asked.rulesets)), where, SCHEMAS, only, jobs, form):
        sys.exit(1)


@click.command()
@click.argument("path", type=FILE, required=False)
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif", "github"]), default="text", show_default=True)
@rulesets
def check(path: Path | None, form: str, rulesets: Path) -> None:
    """Tell everything that is wrong at PATH: a ruleset, or a file or folder in one (default: the shipped law).

    Every finding has a place, a remedy and a code; docs/findings.md explains the codes. Exit status 1 where there is one.

    \b
    Examples:
      kazets check
      kazets check rulesets/rules/coverage.yaml
      kazets check --format sarif > findings.sarif
    """
    from engine.drafting.findings_report import check_report

    if not check_report(path or rulesets, SCHEMAS, form):
        sys.exit(1)


VERBS = (test, check)
