"""One engine, one size, one process: seconds, peak memory and a checksum of all seven columns, as JSON."""

from __future__ import annotations

import gc
import hashlib
import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy

from benchmarks.workload.data import OUTPUT, make
from benchmarks.workload.law import parameters

ENGINES = {"kazets": "kazets", "kazets+checks": "kazets_checked", "numba": "numba_kernel", "polars": "polars_special", "duckdb": "duckdb_sql", "openfisca": "openfisca_system"}


def checksum(found: Any) -> str:
    digest = hashlib.sha256()
    for name in OUTPUT:
        digest.update(numpy.ascontiguousarray(found[name], dtype=numpy.int64).data)
    return digest.hexdigest()


def held(what: str) -> int:
    """Kilobytes that this process holds, or held at most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{what}:"))


def main(engine: str, rows: int, repeats: int) -> None:
    module = importlib.import_module(f"benchmarks.workload.{ENGINES[engine]}")
    values = parameters()
    module.run(module.prepare(make(5_000), values))  # compiled, imported, cached: what a user pays once
    ready = module.prepare(make(rows), values)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak is of what follows
    base, taken, processor, digest, peak = held("VmRSS"), [], [], "", 0
    for _ in range(repeats):
        clock, before = time.perf_counter(), time.process_time()
        found = module.run(ready)
        taken.append(time.perf_counter() - clock)
        processor.append(time.process_time() - before)
        peak = peak or held("VmHWM")  # what follows belongs to the checksum
        result = getattr(module, "columns", lambda x: x)(found)
        del found
        digest = checksum(result)
    print(json.dumps({"engine": engine, "rows": rows, "seconds": min(taken), "cpu": min(processor), "peak_mb": peak / 1000, "above_mb": (peak - base) / 1000, "checksum": digest}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
