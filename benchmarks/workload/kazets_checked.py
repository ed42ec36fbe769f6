"""Workload W by this engine with the checks that facts of a stranger need: types, codes, keys, references, ranges."""

from __future__ import annotations

from typing import Any

from benchmarks.workload.kazets import AS_OF, DECISIONS, columns, prepare
from benchmarks.workload.law import workload_law
from engine.columns import decide

__all__ = ["columns", "prepare", "run"]


def run(ready: Any) -> Any:
    return decide(workload_law(), ready, AS_OF, generic=False, reasons=False, decisions=DECISIONS, effort="full")
