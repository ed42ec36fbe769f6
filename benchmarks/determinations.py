"""What a determination costs: in process by number of lots, and as a command by the state of the cache, each against its bar.

Prints the median time on the clock and the least processor time, with ratios to a bare Python process in the same run. Machines
differ and are noisy: read the ratios. Run it with `make bench`.
"""

from __future__ import annotations

import datetime
import gc
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.facts import Facts, facts_from_document
from engine.law import Law, load_law
from engine.law.yaml_files import parse_yaml
from engine.proving import Prover, Root, determine

CASE, PLAN = ROOT / "examples" / "case.yaml", ROOT / "examples" / "plan-2018-2020"
RUNS, FEW = 15, 3
LOTS = (0, 1, 10, 50, 200)
BUSY = 3
BARS = {0: 5, 1: 5, 10: 5, 200: 40}
"""Milliseconds in process, after load, by number of lots."""


class Cost(NamedTuple):
    """Seconds: the median on the clock, and the least processor time of a run and its children."""

    clock: float
    processor: float


def with_lots(law: Law, lots: int) -> Facts:
    """The example case with so many lots, no two alike in what is held, used and when; one in seven is used too late."""
    text = CASE.read_text(encoding="utf-8").split("units:")[0]
    if lots:
        units, used = [], []
        for n in range(lots):
            units.append(
                f"  - {{id: U{n}, installation: K-1, kind: allowance, plan: phase_5, issued_for: {2024 - n % 3}, quantity: {1000 + n}}}"
            )
            day = "2025-04-20" if n % 7 == 6 else f"2025-04-{1 + n % 15:02}"
            used.append(f"  - {{installation: K-1, year: 2024, unit: U{n}, quantity: {900 - n}, on: {day}}}")
        text += "units:\n" + "\n".join(units) + "\nsurrenders:\n" + "\n".join(used) + "\n"
    return facts_from_document(parse_yaml(text, "case"), law.vocabulary, {}, None, datetime.date(2026, 1, 1))


def in_process(law: Law, lots: int) -> Cost:
    """One determination after load; rules compiled, nothing else kept."""
    facts, root = with_lots(law, lots), Root("installation_year", ("K-1",), 2024)
    first = Prover(law, law.select(), facts)
    determine(first, root)
    gc.disable()  # as it is wherever the engine proves, see engine/containment.py
    try:
        return _cost(RUNS, lambda: determine(first.about(facts), root), time.process_time)
    finally:
        gc.enable()


def command(*arguments: str, runs: int = RUNS, cache: str | None = None) -> Cost:
    """From process start to end.

    Args:
        cache: a folder in which every run finds an empty cache; None for the cache as it is.
    """

    def run() -> None:
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # an installed command has bytecode
        if cache is not None:
            env["KAZETS_CACHE"] = tempfile.mkdtemp(dir=cache)
        subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env=env)

    run()
    return _cost(runs, run, _children)


def _cost(runs: int, run: Callable[[], object], processor: Callable[[], float]) -> Cost:
    clocks, processors = [], []
    for _ in range(runs):
        gc.collect()
        clock, used = time.perf_counter(), processor()
        run()
        clocks.append(time.perf_counter() - clock)
        processors.append(processor() - used)
    return Cost(statistics.median(clocks), min(processors))


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _row(name: str, cost: Cost, bare: Cost, bar: int | None) -> None:
    told = "" if bar is None else f"{bar:>7} ms  {'met' if cost.clock * 1e3 < bar else 'NOT MET'}"
    print(f"  {name:<40}{cost.clock * 1e3:>10.2f}{cost.processor * 1e3:>11.2f}{cost.processor / bare.processor:>9.2f}  {told}")


def main() -> None:
    law = load_law(ROOT / "rulesets", ROOT / "schemas")
    bare = command("-c", "pass")
    print(f"  {'':<40}{'clock, ms':>10}{'CPU, ms':>11}{'x bare':>9}  {'bar':>10}")
    _row("bare Python", bare, bare, None)
    if bare.clock > BUSY * bare.processor:
        print("  (others use this machine: the clock says little; read the processor time and its ratios)")
    print("\na determination in process, after load")
    costs = {lots: in_process(law, lots) for lots in LOTS}
    for lots, cost in costs.items():
        _row(f"{lots} lots", cost, bare, BARS.get(lots))
    few, many = (costs[10].processor - costs[0].processor) / 10, (costs[200].processor - costs[50].processor) / 150
    print(f"  a lot costs {few * 1e6:.0f} µs among ten, {many * 1e6:.0f} µs among two hundred")
    why, one = ("cli.py", "why", str(CASE), "K-1", "2024"), ("cli.py", "determine", str(CASE))
    print("\na command, from process start to end")
    _row("kazets --help", command("cli.py", "--help"), bare, 100)
    _row("kazets why, law cached", command(*why), bare, 200)
    _row("kazets determine, one case, law cached", command(*one), bare, 200)
    with tempfile.TemporaryDirectory() as folder:
        _row("kazets why, law changed", command(*why, runs=FEW, cache=folder), bare, 2_000)
    _row("kazets determine, plan of 2018-2020", command("cli.py", "determine", str(PLAN), runs=FEW), bare, None)


if __name__ == "__main__":
    main()
