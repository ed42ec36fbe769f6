"""What a run of worked examples shows: which failed, with the proof of each wrong value."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from engine.drafting.cases import Case, Laws, all_cases
from engine.drafting.cases_running import Outcome, run_all
from engine.drafting.cases_sparing import Sparing
from engine.explaining.terminal import say, say_json, shown
from engine.law import Law
from engine.problems import did_you_mean, input_error

SHOWN = 10


def cases_report(
    law: Law,
    root: Path,
    path: Path,
    schema_dir: Path,
    drafts: tuple[str, ...],
    only: tuple[str, ...],
    jobs: int | None,
    form: str,
    full: bool,
) -> bool:
    """`kazets test`: run the cases at ``path``; whether all came out as they say.

    Args:
        root: where the law was read.
        drafts: if any, the cases are run under them, too, and those that then come out otherwise are told.
        only: the ids of the cases to run; none means all.
        full: whether proofs are shown to their ends.
        jobs: processes that run side by side; as many as there are processors where None.

    Raises:
        InputError: a case file cannot be read, or there is no such case.
    """
    cases = all_cases(path, schema_dir)
    ids = {case.id for case in cases}
    for name in only:
        if name not in ids:
            raise input_error("--case", 0, 0, f"no case '{name}' in {path}", did_you_mean(name, ids))
    chosen = [case for case in cases if not only or case.id in only]
    begun = time.monotonic()
    results = run_all(Laws(law, root, schema_dir), chosen, jobs or os.cpu_count() or 1)
    failed = 0
    passed: list[Case] = []
    told: list[dict[str, Any]] = []
    for case, outcome in shown(results, "cases", len(chosen)):
        failed += not outcome.passed
        passed += [case] if outcome.passed else []
        if form == "json":
            told.append(_as_json(case, outcome))
        elif not outcome.passed:
            say(_failure(case, outcome, full))
    changed = _changed(Laws(law, root, schema_dir), Laws(law, root, schema_dir, drafts), passed, jobs, form) if drafts else []
    if form == "json":
        say_json(
            {
                "law": law.digest,
                "cases": len({c.id for c in chosen}),
                "runs": len(chosen),
                "failed": failed,
                "results": told,
                **({"changed": changed} if drafts else {}),
            }
        )
    else:
        seconds = time.monotonic() - begun
        cases_run = len({c.id for c in chosen})
        what = f"{cases_run:,} case{'s' if cases_run != 1 else ''} in {len(chosen):,} runs" if len(chosen) > 1 else "1 case"
        if drafts:
            say(f"{len(changed):,} of {len(passed):,} come out otherwise under {', '.join(drafts)}")
        say(f"{what}: {f'{failed:,} failed' if failed else 'all as expected'} ({seconds:.1f} s)")
    return failed == 0


def _changed(laws: Laws, under: Laws, passed: list[Case], jobs: int | None, form: str) -> list[dict[str, Any]]:
    """The cases that come out otherwise under the drafts than they say."""
    found, sparing = [], Sparing(laws, under)
    reached = [case for case in passed if not sparing.spared(case)]
    for case, outcome in run_all(under, reached, jobs or os.cpu_count() or 1):
        if not outcome.passed:
            found.append(_as_json(case, outcome))
            if form != "json":
                differ = [f"{m.decision} {m.expected} -> {m.got}" for m in outcome.mismatches] or [outcome.error]
                say(f"{':'.join(map(str, case.place('case')))}: {case.name}: {'; '.join(differ)}")
    return found


def _failure(case: Case, outcome: Outcome, full: bool) -> str:
    lines = [f"{case.name}: {case.content['title']}"]
    for mismatch in outcome.mismatches:
        told = str(mismatch).splitlines()
        lines += [f"  {line}" for line in told[: len(told) if full else SHOWN]]
        lines += [f"      … {len(told) - SHOWN} lines more with --full"] if not full and len(told) > SHOWN else []
    lines += [f"  {outcome.error}"] if outcome.error else []
    return "\n".join([*lines, ""])


def _as_json(case: Case, outcome: Outcome) -> dict[str, Any]:
    file, line, column = case.place("case")
    content: dict[str, Any] = {"case": case.id, "under": dict(case.under), "file": file, "line": line, "column": column}
    content["passed"] = outcome.passed
    if outcome.error:
        content["error"] = outcome.error
    if outcome.mismatches:
        content["mismatches"] = [
            {
                "file": m.at[0],
                "line": m.at[1],
                "column": m.at[2],
                "decision": m.decision,
                "expected": m.expected,
                "got": m.got,
                "proof": list(m.proof),
            }
            for m in outcome.mismatches
        ]
    return content
