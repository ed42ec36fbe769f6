"""Facts: inventing registers to try things on."""

from __future__ import annotations

from pathlib import Path

import click

from engine import SCHEMAS
from engine.commands.options import FILE, load, rulesets


@click.group()
def facts() -> None:
    """Make facts to try things on."""


@facts.command("sample")
@click.argument("out", type=FILE)
@click.option("--installations", type=click.IntRange(1), default=1_000, show_default=True, help="How many.")
@click.option("--years", metavar="FIRST-LAST", help="The years that the facts speak of (default: those of the specification).")
@click.option("--phase", "phases", multiple=True, help="The years of this phase, in place of --years. May be repeated.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="The same seed makes the same register.")
@click.option("--count", "counts", multiple=True, metavar="FRAME=N", help="So many rows each, as in units=10. May be repeated.")
@click.option("--from", "base", type=FILE, help="Keep the rows of this register, and invent the rest around them.")
@click.option("--spec", type=FILE, help="What to draw from (default: samples/register.yaml of the law).")
@click.option("--format", "form", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@rulesets
def sample(
    out: Path,
    installations: int,
    years: str | None,
    phases: tuple[str, ...],
    seed: int,
    counts: tuple[str, ...],
    base: Path | None,
    spec: Path | None,
    form: str,
    rulesets: Path,
) -> None:
    """Invent a register in the new folder OUT, marked as synthetic.

    \b
    Examples:
      kazets facts sample my-register --installations 50000 --phase PHASE
      kazets facts sample my-register --from examples/PLAN
    """
    from engine.facts.sampling_order import sample_register

    if years is not None and phases:
        raise click.UsageError("give --years or --phase")
    for pair in counts:
        if not pair.partition("=")[2].isdigit():
            raise click.BadParameter(f"'{pair}' is not FRAME=N", param_hint="--count")
    numbers = {name: int(many) for name, _, many in (pair.partition("=") for pair in counts)}
    law = load(rulesets)
    written = sample_register(
        law, spec or rulesets / "samples" / "register.yaml", SCHEMAS, out, installations, years, phases, seed, numbers, base, form
    )
    for table, rows in written.items():
        click.echo(f"{rows:>12,}  {table}")


VERBS = (facts,)
