"""How fast a register is decided: workload W by this engine and by its peers, interleaved in one run, with equal results.

    python benchmarks/registers.py --rows 100000,1000000 --rounds 3

Rates differ between machines and moments; read the ratios of one run. Each measurement is a process of its own, whose peak memory is all that it
held until the first answer was there, the facts included; what that is above the facts is told, too. Every engine is warmed up before it is timed (numba and this engine compile once and keep it). Each has the facts in memory as columns of the
kind that it works on: numpy arrays, a Polars frame, DuckDB's own table; for this engine names, since that is what a register has. All that is done with them is
timed, slicing by year too, until the seven columns are there with their keys, in any order of rows; they are sorted for the checksum afterwards.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median

ONE = Path(__file__).with_name("one.py")
MEASURES = ("seconds", "cpu", "peak_mb", "above_mb")
BARS = {
    1_000_000: (("openfisca", "seconds", 4.0), ("duckdb", "seconds", 2.0)),
    10_000_000: (("polars", "seconds", 0.8), ("openfisca", "seconds", 8.0), ("openfisca", "peak_mb", 1 / 3)),
}
"""Rows -> what this engine is to reach against which peer."""
ENGINES = ("kazets", "kazets+checks", "numba", "polars", "duckdb", "openfisca")


def measure(engine: str, rows: int, repeats: int) -> dict[str, float | str]:
    """One process; its last line is the answer."""
    answer = subprocess.run([sys.executable, str(ONE), engine, str(rows), str(repeats)], capture_output=True, text=True, check=False)
    if answer.returncode:
        raise SystemExit(f"{engine} at {rows:,} rows failed:\n{answer.stderr[-2000:]}")
    found: dict[str, float | str] = json.loads(answer.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", default="100000,1000000", help="sizes, separated by commas")
    parser.add_argument("--rounds", type=int, default=3, help="how often each engine is measured, one after the other")
    parser.add_argument("--repeats", type=int, default=3, help="timed runs in each process; the best counts, the first of this engine compiles")
    parser.add_argument("--engines", default=",".join(ENGINES))
    asked = parser.parse_args()
    engines = asked.engines.split(",")
    for rows in (int(size) for size in asked.rows.split(",")):
        runs: dict[str, list[dict[str, float | str]]] = {engine: [] for engine in engines}
        for _ in range(asked.rounds):
            for engine in engines:
                runs[engine].append(measure(engine, rows, asked.repeats))
        report(rows, asked.rounds, runs)


def report(rows: int, rounds: int, runs: dict[str, list[dict[str, float | str]]]) -> None:
    """A table, with the ratios of each round to the first engine's in the same round, and the bars that stand for this size."""
    sums = {str(run["checksum"]) for found in runs.values() for run in found}
    if len(sums) > 1:
        raise SystemExit("the results are NOT EQUAL\n" + "\n".join(f"{engine}: {found[0]['checksum']}" for engine, found in runs.items()))
    print(f"\n{rows:,} rows, {rounds} rounds, checksum equal: {sums.pop()[:16]}")
    own = runs[next(iter(runs))]
    print(f"{'':<15}{'ms':>10}{'M rows/s':>11}{'CPU ms':>10}{'time':>9}{'CPU time':>10}{'peak MB':>10}{'memory':>9}{'above MB':>10}{'above':>9}")
    ratios: dict[tuple[str, str], float] = {}
    for engine, found in runs.items():
        taken, cpu, peak, above = (median(float(run[name]) for run in found) for name in MEASURES)
        for name in MEASURES:
            ratios[engine, name] = median(float(run[name]) / float(mine[name]) for run, mine in zip(found, own, strict=True))
        print(
            f"{engine:<15}{taken * 1e3:>10.0f}{rows / taken / 1e6:>11.2f}{cpu * 1e3:>10.0f}"
            f"{ratios[engine, 'seconds']:>9.2f}{ratios[engine, 'cpu']:>10.2f}{peak:>10.0f}{ratios[engine, 'peak_mb']:>9.2f}"
            f"{above:>10.0f}{ratios[engine, 'above_mb']:>9.2f}",
            flush=True,
        )
    for engine, measure, bar in BARS.get(rows, ()):
        if engine in runs:
            what = "of its memory at most" if measure == "peak_mb" else "times its speed at least"
            reached = 1 / ratios[engine, measure] if measure == "peak_mb" else ratios[engine, measure]
            by_cpu = f", by CPU time {ratios[engine, 'cpu']:.2f}" if measure == "seconds" else f", above the facts {1 / ratios[engine, 'above_mb']:.2f}"
            print(f"  bar: {bar:.2f} {what}, {engine}: measured {reached:.2f}{by_cpu}", flush=True)


if __name__ == "__main__":
    main()
