"""Parquet to Parquet: workload W read from files, decided and written to files, by this engine as it streams any register, and by DuckDB.

    python benchmarks/files.py --rows 10000000

Each runs as one process of its own; peak memory is all that it ever held at a time. DuckDB reads the facts as one flat
table of numbers, which is the easier form; this engine reads them as a register, with names for codes and installations, checks every row, and
brings those of an operator together.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.workload.data import OUTPUT, make

ENGINES = ("kazets", "duckdb")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, __file__, "--make", str(asked.rows), name], check=True)
        print(f"\nParquet to Parquet, {asked.rows:,} rows of workload W, {asked.rounds} rounds")
        print(f"{'':<15}{'s':>10}{'M rows/s':>11}{'CPU s':>10}{'time':>9}{'CPU time':>10}{'peak MB':>10}{'memory':>9}")
        best: dict[str, tuple[float, float, float]] = {}
        for number in range(asked.rounds):
            for engine in ENGINES:
                taken = measured([sys.executable, __file__, "--run", engine, name, str(number)])
                best[engine] = min(best.get(engine, taken), taken)
        own = best[ENGINES[0]]
        for engine, (seconds, cpu, peak) in best.items():
            ratios = (seconds / own[0], cpu / own[1], peak / own[2])
            print(f"{engine:<15}{seconds:>10.1f}{asked.rows / seconds / 1e6:>11.2f}{cpu:>10.1f}{ratios[0]:>9.2f}{ratios[1]:>10.2f}{peak:>10.0f}{ratios[2]:>9.2f}")
        sums = {engine: json.loads((folder / f"sum-{engine}").read_text()) for engine in ENGINES if checked(folder, engine)}
        if len(set(sums.values())) > 1:
            raise SystemExit(f"the results are NOT EQUAL: {sums}")
        print(f"checksum equal: {sums['kazets'][:16]}")
        bar = best["duckdb"]
        print(f"bar: faster than DuckDB (its time / ours {bar[0] / own[0]:.2f}, CPU {bar[1] / own[1]:.2f}), in less memory (ours / its {own[2] / bar[2]:.2f})")


def measured(command: list[str]) -> tuple[float, float, float]:
    """Seconds, CPU seconds and peak megabytes of a process, as the system counts them: looking at its memory would stop it each time."""
    start, run = time.perf_counter(), subprocess.Popen(command)
    _, status, used = os.wait4(run.pid, 0)
    taken, run.returncode = time.perf_counter() - start, os.waitstatus_to_exitcode(status)
    if run.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return taken, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000


def make_files(rows: int, folder: Path) -> None:
    import polars

    from benchmarks.workload import kazets

    data = make(rows)
    polars.DataFrame(data).write_parquet(folder / "facts.parquet", compression="zstd", compression_level=1, row_group_size=1 << 18)
    for table, frame in kazets.prepare(data, {}).items():
        (folder / "register" / table).mkdir(parents=True)
        frame.write_parquet(folder / "register" / table / "part-0.parquet", compression="zstd", compression_level=1, row_group_size=1 << 18)
    (folder / "register" / "register.yaml").write_text(f"as_of: {kazets.AS_OF}\n")


def run_kazets(folder: Path, out: Path) -> None:
    from benchmarks.workload.kazets import AS_OF, DECISIONS
    from benchmarks.workload.law import workload_law
    from engine.columns.asking import Decider
    from engine.columns.reading import open_register
    from engine.columns.streaming import Order, run
    from engine.proving import Inquiry

    law = workload_law()
    decider = Decider(law, Inquiry(), False, frozenset(DECISIONS))
    for _ in run(Order(open_register(law, folder / "register", None, AS_OF), decider, out)):
        pass


def run_duckdb(folder: Path, out: Path) -> None:
    import duckdb

    from benchmarks.workload.duckdb_sql import QUERY, years
    from benchmarks.workload.law import parameters

    connection = duckdb.connect()
    connection.execute("set preserve_insertion_order = false")
    connection.register("parameters_in", years(parameters()).to_arrow())
    connection.execute("create table parameters as select * from parameters_in")
    connection.execute(f"create view facts as select * from read_parquet('{folder}/facts.parquet')")
    out.mkdir()
    connection.execute(f"copy ({QUERY}) to '{out}/part.parquet' (format parquet, compression zstd, compression_level 1)")


def checked(folder: Path, engine: str) -> bool:
    """Read what an engine wrote, in a process of its own, and leave its checksum."""
    subprocess.run([sys.executable, __file__, "--sum", engine, str(folder)], check=True)
    return True


def checksum(folder: Path, engine: str) -> None:
    import polars

    from benchmarks.one import checksum as digest_of
    from benchmarks.workload import duckdb_sql, kazets
    from engine.columns import Decided

    out = folder / f"{engine}-0"
    if engine == "duckdb":
        found = duckdb_sql.columns(polars.read_parquet(out / "part.parquet").to_arrow())
    else:
        scales = {("site_year", name): column.get("divide_by", 1) for name, column in json.loads((out / "schema.json").read_text())["site_year"].items()}
        found = kazets.columns(Decided({"site_year": polars.read_parquet(out / "site_year" / "*.parquet")}, scales, {}))
    assert set(found) == set(OUTPUT)
    (folder / f"sum-{engine}").write_text(json.dumps(digest_of(found)))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--make"]:
        make_files(int(sys.argv[2]), Path(sys.argv[3]))
    elif sys.argv[1:2] == ["--run"]:
        gc.disable()  # both as `kazets` does it: what was made stays until the end, and then nothing is taken apart
        {"kazets": run_kazets, "duckdb": run_duckdb}[sys.argv[2]](Path(sys.argv[3]), Path(sys.argv[3]) / f"{sys.argv[2]}-{sys.argv[4]}")
        os._exit(0)
    elif sys.argv[1:2] == ["--sum"]:
        checksum(Path(sys.argv[3]), sys.argv[2])
    else:
        main()
