"""How the cost of deciding a register grows: with rows, lots, rules and versions of the law.

CPU seconds of one run after a first one that compiles, and that first one; each line also as a ratio to the first line of its group.
"""

from __future__ import annotations

import argparse
import copy
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import polars

from benchmarks.workload import kazets
from benchmarks.workload.data import make
from benchmarks.workload.law import FILE, PHASES, law_of, workload_law
from engine.columns import decide
from engine.facts.sampling_order import sample_register
from engine.law import Law, load_law
from engine.law.yaml_files import read_yaml


def timed(law: Law, tables: dict[str, polars.DataFrame], as_of: date) -> tuple[float, float]:
    """CPU seconds of the first run, which compiles, and of the second."""
    taken = []
    for _ in range(2):
        start = time.process_time()
        decide(law, tables, as_of, generic=False)
        taken.append(time.process_time() - start)
    return taken[0], taken[1]


def group(title: str, lines: list[tuple[str, tuple[float, float]]]) -> None:
    print(f"\n{title:<34}{'first s':>10}{'then s':>10}{'ratio':>9}")
    for name, (first, then) in lines:
        print(f"  {name:<32}{first:>10.2f}{then:>10.3f}{then / lines[0][1][1]:>9.1f}", flush=True)


def with_rules(many: int) -> Law:
    """Workload W with so many rules in all: the first of them, which need none of the others, or more of the kind that it has."""
    content = copy.deepcopy(read_yaml(FILE, str(FILE)).data)
    content["rules"] = content["rules"][:many]
    decided = {rule["decides"] for rule in content["rules"]}
    content["decisions"] = {name: decision for name, decision in content["decisions"].items() if name in decided}
    if "status" not in decided:
        content["ruleset"]["result"] = {"status": "coverage", "breaches": "coverage"}
    for number in range(max(0, many - len(content["rules"]))):
        content["decisions"][f"more{number}"] = {"type": "number", "unit": "t"}
        value = f"max(0, m[row].h{number % 4 + 1} - m[row].emissions * {number + 2}) if covered else m[row].output"
        content["rules"].append({"rule": f"more-{number}", "decides": f"more{number}", "value": value})
    return law_of(content)


def with_versions(many: int) -> Law:
    """Workload W with so many dated values of its threshold, spread over its years."""
    content = copy.deepcopy(read_yaml(FILE, str(FILE)).data)
    first, last = PHASES[0][1], PHASES[-1][2]
    days = [date.fromordinal(date(first, 1, 1).toordinal() + (date(last, 12, 31) - date(first, 1, 1)).days * n // many).isoformat() for n in range(many)]
    values = [{"value": 18_000 + n, "from": day} for n, day in enumerate(days)]
    for entry, later in zip(values, days[1:], strict=False):
        entry["to"] = later
    values[0].pop("from")
    content["values"]["threshold"] = values
    return law_of(content)


def register_with(law: Law, lots: int, installations: int) -> dict[str, polars.DataFrame]:
    """The shipped law's synthetic register with so many lots for each quota."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "register"
        spec = ROOT / "rulesets" / "samples" / "register.yaml"
        sample_register(law, spec, ROOT / "schemas", out, installations, "2018-2020", (), 1, {"units": lots}, None, "parquet")
        return {path.name: polars.read_parquet(path / "*.parquet") for path in out.iterdir() if path.is_dir()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", default="1000,10000,100000,1000000,10000000")
    parser.add_argument("--lots", default="1,10,50")
    parser.add_argument("--rules", default="20,62,200,400")
    parser.add_argument("--versions", default="1,10,40")
    parser.add_argument("--installations", type=int, default=2_000, help="of the registers with lots")
    asked = parser.parse_args()

    def numbers(text: str) -> list[int]:
        return [int(part) for part in text.split(",")]

    def workload(law: Law, rows: int) -> Any:
        return timed(law, kazets.prepare(make(rows), {}), kazets.AS_OF)

    group("rows of workload W", [(f"{rows:,}", workload(workload_law(), rows)) for rows in numbers(asked.rows)])
    group("rules, 100,000 rows", [(str(many), workload(with_rules(many), 100_000)) for many in numbers(asked.rules)])
    group("versions of a value, 100,000 rows", [(str(many), workload(with_versions(many), 100_000)) for many in numbers(asked.versions)])
    law = load_law(ROOT / "rulesets", ROOT / "schemas")
    lots = [(str(many), timed(law, register_with(law, many, asked.installations), date(2021, 12, 31))) for many in numbers(asked.lots)]
    group(f"lots of a quota, the shipped law, {asked.installations * 3:,} rows", lots)


if __name__ == "__main__":
    main()
