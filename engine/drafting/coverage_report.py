"""What `kazets coverage` shows: totals, and article by article what no worked example exercises."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from engine.drafting.cases import Laws, all_cases
from engine.drafting.coverage import Coverage, Missing, coverage_of, seen_by
from engine.explaining.terminal import say, say_json
from engine.law import Law

_NAMES = {
    "rules": "rules hold in a case",
    "branches": "branches are seen true and false",
    "values": "values are looked up",
}


def coverage_report(law: Law, root: Path, path: Path, schema_dir: Path, jobs: int | None, form: str) -> bool:
    """`kazets coverage`: whether every rule holds in some case."""
    found = coverage_of(law, seen_by(Laws(law, root, schema_dir), all_cases(path, schema_dir), jobs or os.cpu_count() or 1))
    if form == "json":
        say_json(_as_json(found))
    else:
        for what, (met, every) in found.totals.items():
            say(f"{met:,} of {every:,} {_NAMES[what]} ({percent(met, every)})")
        for article, missing in by_article(found.missing).items():
            say(f"\n{article}")
            for one in missing:
                say(f"  {one.at[0]}:{one.at[1]}: {one.what}")
    return found.totals["rules"][0] == found.totals["rules"][1]


def percent(part: int, whole: int) -> str:
    """A share in per cent with one decimal, rounded down: 100 % means all."""
    tenths = 1000 * part // whole if whole else 1000
    return f"{tenths // 10}.{tenths % 10} %"


def by_article(missing: tuple[Missing, ...]) -> dict[str, list[Missing]]:
    """What is missing, under each source that it stands in."""
    found: dict[str, list[Missing]] = {}
    for one in missing:
        for instrument, point in one.cites:
            found.setdefault(f"{instrument}, {point}" if point else instrument, []).append(one)
    return dict(sorted(found.items()))


def _as_json(found: Coverage) -> dict[str, Any]:
    missing = [
        {"kind": m.kind, "file": m.at[0], "line": m.at[1], "what": m.what, "cites": [list(cite) for cite in m.cites]} for m in found.missing
    ]
    return {"totals": {name: {"exercised": met, "all": every} for name, (met, every) in found.totals.items()}, "missing": missing}
