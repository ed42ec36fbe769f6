"""Writing the law: worked examples, checks, coverage, mutation, formatting and scaffolds."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import click

from engine import SCHEMAS
from engine.commands.options import FILE, Asked, Day, common, load, rulesets, text_or_json


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
@click.option("--full", is_flag=True, help="Show the proofs of wrong values to their ends.")
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
    full: bool,
    asked: Asked,
    form: str,
) -> None:
    """Run the worked examples at PATH: a ruleset, a folder in one, or a case file (default: the shipped law).

    Each case names the law it is asked under. Exit status 1 where one comes out otherwise than it says. With --draft, the cases
    that come out otherwise under the draft are told.

    \b
    Examples:
      kazets test
      kazets test rulesets/rules/cases/penalties.yaml
      kazets test --draft offset-limit-5
      kazets test rulesets/rules/cases/mine.yaml --write my-case --facts examples/case.yaml --about K-1 --year YEAR
    """
    if write is not None:
        if path is None or facts is None or about is None or year is None:
            raise click.UsageError("--write needs PATH, --facts, --about and --year")
        from engine.drafting.cases_recording import record_case

        law = load(law_of(path, asked.rulesets), asked.drafts)
        made = record_case(law, path, write, facts, about, year, decisions, asked.inquiry(), asked.as_of, SCHEMAS)
        click.echo(f"{made}: recorded '{write}'; check each value against its source, and cite it")
        return
    if asked.as_of or asked.known_on or asked.authority or asked.readings:
        raise click.UsageError("each case says under which law it is asked: these options go with --write")
    from engine.drafting.cases_report import cases_report

    where = path or asked.rulesets
    root = law_of(path, asked.rulesets)
    if not cases_report(load(root), root, where, SCHEMAS, asked.drafts, only, jobs, form, full):
        sys.exit(1)


@click.command()
@click.argument("path", type=FILE, required=False)
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif", "github"]), default="text", show_default=True)
@click.option(
    "--proofs",
    is_flag=True,
    help="Then search the law for gaps, conflicts and broken properties, as prove-law does (half a minute or more).",
)
@rulesets
def check(path: Path | None, form: str, proofs: bool, rulesets: Path) -> None:
    """Tell everything that is wrong at PATH: a ruleset, or a file or folder in one (default: the shipped law).

    Every finding has a place, a remedy and a code; docs/findings.md explains the codes. Exit status 1 where there is one.

    \b
    Examples:
      kazets check
      kazets check rulesets/rules/coverage.yaml
      kazets check --format sarif > findings.sarif
      kazets check --proofs
    """
    from engine.drafting.findings_report import check_report

    if proofs and form != "text":
        raise click.UsageError("--proofs are answered as text: for JSON ask prove-law --format json")
    if not check_report(path or rulesets, SCHEMAS, form):
        sys.exit(1)
    if proofs:
        from engine.analysis.laws.report import prove_law_report

        if not prove_law_report(load(law_of(path, rulesets)), (), (), True, None, form, "en"):
            sys.exit(1)


_JOBS = click.option("--jobs", type=click.IntRange(1, 64), help="Processes that run side by side (default: one for each processor).")


@click.command()
@click.argument("path", type=FILE, required=False)
@_JOBS
@rulesets
@text_or_json
def coverage(path: Path | None, jobs: int | None, rulesets: Path, form: str) -> None:
    """Tell which rules, branches and values the worked examples at PATH do not exercise, article by article.

    Exit status 1 where a rule never holds.

    \b
    Examples:
      kazets coverage
      kazets coverage rulesets/rules/cases
    """
    from engine.drafting.coverage_report import coverage_report

    if not coverage_report(load(law_of(path, rulesets)), law_of(path, rulesets), path or rulesets, SCHEMAS, jobs, form):
        sys.exit(1)


@click.command()
@click.argument("path", type=FILE, required=False)
@click.option("--only", multiple=True, metavar="NAME", help="Only rules and parameters whose names begin so. May be repeated.")
@click.option("--kind", "kinds", multiple=True, help="Only errors of this kind, such as boundary or day. May be repeated.")
@click.option("--at-least", type=click.IntRange(0, 100), default=95, show_default=True, help="The share that must be noticed, in per cent.")
@_JOBS
@rulesets
@text_or_json
def mutate(
    path: Path | None, only: tuple[str, ...], kinds: tuple[str, ...], at_least: int, jobs: int | None, rulesets: Path, form: str
) -> None:
    """Put one small error after the other into the law, and tell which of them the worked examples at PATH do not notice.

    A comparison the other way round, a bound moved by one, a sector dropped, `and` for `or`, a deadline a day off, another value.
    Exit status 1 where fewer than --at-least are noticed.

    \b
    Examples:
      kazets mutate --only coverage
      kazets mutate --only penalty --kind boundary
    """
    from engine.drafting.mutation_report import mutation_report

    root = law_of(path, rulesets)
    if not mutation_report(load(root), root, path or rulesets, SCHEMAS, only, kinds, at_least, jobs, form):
        sys.exit(1)


@click.command()
@click.argument("name", required=False)
def schema(name: str | None) -> None:
    """Print the JSON Schema NAME, for editors and other programs; without NAME, list what there is.

    \b
    Examples:
      kazets schema
      kazets schema case
    """
    from engine.drafting.schemas_report import schema_report

    schema_report(SCHEMAS, name)


@click.command()
@click.argument("path", type=FILE, required=False)
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit status 1 where a file is not in the layout.")
@rulesets
def fmt(path: Path | None, only_check: bool, rulesets: Path) -> None:
    """Bring the YAML files at PATH into one layout. Comments, order and quotes stay, and nothing that a file says changes.

    \b
    Examples:
      kazets fmt --check
      kazets fmt rulesets/rules/coverage.yaml
    """
    from engine.drafting.cases import named
    from engine.drafting.formatting import changed_files, write_whole

    changed = list(changed_files(path or rulesets))
    for file, text in changed:
        if not only_check:
            write_whole(file, text)
        click.echo(f"{named(file)}: {'would be changed' if only_check else 'changed'}")
    if only_check and changed:
        sys.exit(1)


@click.group()
def phase() -> None:
    """Begin a phase, or another version of one."""


@phase.command("new")
@click.argument("name", metavar="PHASE")
@click.option("--from", "after", required=True, metavar="PHASE", help="The phase that it inherits from.")
@click.option("--years", required=True, metavar="FIRST-LAST", help="The years that it governs.")
@click.option("--plan", help="The code of its national plan, or none (default: its own name).")
@click.option("--known-from", type=Day(), help="Since when it is known; needed for another version of years that a phase governs.")
@rulesets
def phase_new(name: str, after: str, years: str, plan: str | None, known_from: datetime.date | None, rulesets: Path) -> None:
    """Write the files of a new PHASE, in which everything that must be decided is marked: `kazets check` lists it.

    \b
    Example:
      kazets phase new PHASE --from PHASE --years FIRST-LAST --rulesets my-copy
    """
    from engine.drafting.cases import named
    from engine.drafting.scaffold import new_phase

    first, _, last = years.partition("-")
    if not (first.isdigit() and (last or first).isdigit()):
        raise click.BadParameter(f"'{years}' is not FIRST-LAST", param_hint="--years")
    span = int(first), int(last or first)
    for made in new_phase(load(rulesets), rulesets, SCHEMAS, name, after, span, plan or name, known_from):
        click.echo(named(made))


VERBS = (test, check, coverage, mutate, schema, fmt, phase)
