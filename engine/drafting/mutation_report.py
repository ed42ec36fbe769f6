"""What `kazets mutate` shows: how many small errors in the law the worked examples notice, and which they do not."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

from engine.drafting.cases import Laws, all_cases
from engine.drafting.coverage_report import percent
from engine.drafting.mutation import KINDS, Mutant, mutants, readers
from engine.drafting.mutation_running import Trial, try_all
from engine.explaining.terminal import say, say_json, shown
from engine.law import Law
from engine.problems import did_you_mean, input_error

ALL = 100


def mutation_report(
    law: Law,
    root: Path,
    path: Path,
    schema_dir: Path,
    only: tuple[str, ...],
    kinds: tuple[str, ...],
    at_least: int,
    jobs: int | None,
    form: str,
) -> bool:
    """`kazets mutate`: whether at least ``at_least`` per cent of the errors are noticed.

    Args:
        only: beginnings of the names of rules and parameters; none means all.
        kinds: the errors to try; none means all.

    Raises:
        InputError: no rule or parameter has such a name.
    """
    cases = all_cases(path, schema_dir)
    dormant = {content["rule"] for content in law.tree["rules"] if content.get("dormant")}
    every = [m for m in mutants(law) if m.name not in dormant and (m.rule is not None or (m.entry and m.entry[0] in readers(law)))]
    names = {mutant.name for mutant in every}
    for name in only:
        if not any(one.startswith(name) for one in names):
            raise input_error("--only", 0, 0, f"no rule or parameter is called '{name}'", did_you_mean(name, names))
    tried = [m for m in every if (not only or m.name.startswith(only)) and (not kinds or m.kind in kinds)]
    killed = 0
    survivors: list[tuple[Mutant, Trial]] = []
    for mutant, trial in zip(
        tried, shown(try_all(Laws(law, root, schema_dir), cases, tried, jobs or os.cpu_count() or 1), "errors", len(tried)), strict=True
    ):
        killed += bool(trial.killed_by)
        if not trial.killed_by:
            survivors.append((mutant, trial))
    if form == "json":
        say_json({"tried": len(tried), "noticed": killed, "survivors": [_as_json(*one) for one in survivors]})
    else:
        _tell(tried, killed, survivors)
    return ALL * killed >= at_least * len(tried)


def _tell(tried: list[Mutant], killed: int, survivors: list[tuple[Mutant, Trial]]) -> None:
    for mutant, trial in survivors:
        file, line, _ = mutant.at
        say(f"{file}:{line}: {mutant.name}: `{mutant.after}` for `{mutant.before}`: {_why(trial)}".replace("\n", " "))
    if survivors:
        say("")
    counts, left = Counter(m.kind for m in tried), Counter(m.kind for m, _ in survivors)
    for kind in KINDS:
        if counts[kind]:
            say(f"  {counts[kind] - left[kind]:>5,} of {counts[kind]:>5,}  {KINDS[kind]}")
    say(f"{killed:,} of {len(tried):,} errors are noticed ({percent(killed, len(tried))})")


def _why(trial: Trial) -> str:
    if not trial.seen:
        return "no case can tell"
    more = f" and {trial.seen - len(trial.seen_by)} more" if trial.seen > len(trial.seen_by) else ""
    return f"makes a difference in {', '.join(trial.seen_by)}{more}, but to nothing expected there"


def _as_json(mutant: Mutant, trial: Trial) -> dict[str, Any]:
    return {
        "kind": mutant.kind,
        "file": mutant.at[0],
        "line": mutant.at[1],
        "name": mutant.name,
        "before": mutant.before,
        "after": mutant.after,
        "cites": [list(cite) for cite in mutant.cites],
        "seen_by": list(trial.seen_by),
    }
