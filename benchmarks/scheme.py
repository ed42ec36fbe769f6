"""The shipped law on an invented register: how many installation-years a second in columns, and a sample of rows against proving.

    python benchmarks/scheme.py --rows 1000000 --sample 2000

All phases, all decisions, the rules that hold in each row. A register of more than a million is decided in parts, one on each core;
what is timed is columns alone, from frames in memory to frames in memory, after a first run that compiles. Rows that columns hand to proving are counted, and what
proving them costs is told from the sample. Every row of the sample is proved and compared, decision by decision: a difference is a defect of the
engine, told with both answers, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


from engine.columns import facts_for
from engine.columns.asking import Decider, Known
from engine.columns.data import Data
from engine.columns.deciding import Years
from engine.columns.dividing import divide, without_places
from engine.columns.door import encoded
from engine.columns.proved import shown
from engine.columns.reading import open_register
from engine.columns.spilling import partition, spill
from engine.columns.workers import Workers
from engine.containment import cores
from engine.explaining.proof_text import ProofText
from engine.explaining.words import Words
from engine.law import Law, load_law
from engine.proving import Inquiry, Prover, Root, determine

YEARS, LAST = "2013-2025", 2025
ROWS_PER_PART = 1_000_000
BAR = 2_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000, help="installation-years")
    parser.add_argument("--sample", type=int, default=2_000, help="how many of them are proved and compared")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    law = load_law(ROOT / "rulesets", ROOT / "schemas")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "register"
        sites = -(-asked.rows // (LAST - 2012))
        made = [sys.executable, str(ROOT / "cli.py"), "facts", "sample", str(folder), "--installations", str(sites), "--years", YEARS, "--format", "parquet"]
        subprocess.run([*made, "--seed", str(asked.seed)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wrong = _decided(law, folder, Path(name) / "rows", -(-asked.rows // ROWS_PER_PART), asked.sample, asked.seed)
    if wrong:
        raise SystemExit(f"DEFECT: {wrong} decisions of the sample are not what proving says")


def _decided(law: Law, folder: Path, spilled: Path, parts: int, sample: int, seed: int) -> int:
    register, main, selection = open_register(law, folder, None, date(LAST + 1, 12, 31)), law.manifest["main"], law.select()
    division = divide(register, parts, None)
    rows, known = spill(register, division, spilled, None, Decider(law, Inquiry()))
    tables, plans = [without_places(partition(division, rows, part)) for part in range(parts)], dict[Any, Any]()

    def decide(part: int, effort: str | None = None) -> tuple[int, Years, int]:
        data = Data(encoded(law, tables[part]), register.as_of, register.withheld, known.doubts, known.bounds)
        years = Years(law, selection, data, plans, True, effort=effort)
        years.decide([main], division.roots(part))
        lots = sum(frame.height for entity, frames in years.found.frames.items() if entity != main for frame in frames)
        years.found.frames = {main: years.found.frames[main]}
        return part, years, lots

    for part in range(parts):
        decide(part, "full")
    clock, processor = time.perf_counter(), time.process_time()
    found = list(Workers(partial(decide, effort="full"), cores()).each(range(parts)))
    taken, cpu = time.perf_counter() - clock, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000

    handed = sum(len(keys) for _, years, _ in found for keys in years.found.inexact.values())
    counted = handed + sum(frame.height for _, years, _ in found for frame in years.found.frames[main])
    draw, compared, wrong, clock = random.Random(seed), 0, 0, time.process_time()
    for part, years, _ in sorted(found, key=lambda one: one[0]):
        wanted = min(sum(frame.height for frame in years.found.frames[main]), round(sample / parts) or 1)
        for told in _different(law, register, tables[part], years, known, wanted, draw):
            print(told)
            wrong += 1
        compared += wanted
    proving = time.process_time() - clock
    print(f"\nthe shipped law, {YEARS}, all decisions and reasons: {counted:,} installation-years with {sum(n for *_, n in found):,} rows of parts")
    print(f"  {'in columns':<28}{taken:>9.2f} s{counted / taken / 1e6:>9.2f} M/s   CPU {cpu:.2f} s, {counted / cpu / 1e6:.2f} M a CPU second; peak {peak:.0f} MB")
    print(f"  {'bar: 2 M/s at 1e6':<28}{counted / taken / BAR:>9.2f} of it")
    print(f"  {'handed to proving':<28}{handed:>9,} rows, {handed / counted:.2%}")
    print(f"  {'proved and compared':<28}{compared:>9,} rows, {wrong} decisions differ, {proving / max(1, compared) * 1e3:.1f} ms each with its facts")
    return wrong


def _different(law: Law, register: Any, tables: Any, years: Years, known: Known, many: int, draw: random.Random) -> Iterator[str]:
    """Decisions of a few rows that proving does not confirm, with both answers and the proof."""
    main = law.manifest["main"]
    frames = years.found.frames[main]
    picked = sorted(draw.sample(range(sum(frame.height for frame in frames)), many))
    wanted, before = dict[Root, tuple[int, dict[str, Any]]](), 0
    for number, frame in enumerate(frames):
        for row in frame[[at - before for at in picked if before <= at < before + frame.height]].iter_rows(named=True):
            wanted[Root(main, (row["key"],), row["year"])] = number, row
        before += frame.height
    facts = facts_for(law, tables, register.as_of, list(wanted), withheld=register.withheld, doubts=known.doubts)
    prover = Prover(law, years.selection, facts)
    for root, (number, row) in wanted.items():
        for name, outcome in determine(prover, root).outcomes.items():
            value, state = shown(outcome)
            own = row[name]
            if isinstance(value, Fraction) and own is not None:
                own = Fraction(own, years.found.scales[main][number][name])
            if (own, row[f"{name}?"]) != (value, state):
                steps = determine(Prover(law, years.selection, facts), root, "brief").steps
                proof = ProofText(Words(law, "en"), prover.program(root), steps)
                lines = proof.lines(next(key for key in steps if (key[0], key[2]) == (main, name)))
                held = [rule for rule, holds in row.items() if rule.startswith("rule:") and holds]
                own_side = f"columns say {own} ({row[f'{name}?']}) in a row where {', '.join(held)} hold"
                yield "\n".join([f"{root.key[0]} {root.year} {name}: {own_side}; proving says {value} ({state}):", *lines])


if __name__ == "__main__":
    main()
