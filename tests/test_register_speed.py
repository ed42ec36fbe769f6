"""Small things stay quick: what a command imports, and the CPU that it takes before it does anything."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

HEAVY = ("polars", "pyarrow", "numpy", "pandas", "pyspark", "jsonschema", "z3", "typst", "jinja2")
COUNTING = """
import json, sys
from click.testing import CliRunner
from cli import main
CliRunner().invoke(main, json.loads(sys.argv[1]), catch_exceptions=False, standalone_mode=False)
print(json.dumps(sorted(name for name in sys.modules if "." not in name)))
"""


def imported(*arguments: str) -> set[str]:
    answer = subprocess.run([sys.executable, "-c", COUNTING, json.dumps(arguments)], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(answer.stdout.splitlines()[-1]))


def test_help_imports_nothing_heavy() -> None:
    assert imported("--help").isdisjoint({*HEAVY, "yaml", "rich"})


def test_one_case_under_a_cached_law_imports_no_columns_and_no_schemas() -> None:
    case = str(ROOT / "examples" / "case.yaml")
    imported("determine", case)  # the law is in the cache now
    found = imported("determine", case)
    assert found.isdisjoint(HEAVY), found & set(HEAVY)


def test_tables_in_csv_under_a_cached_law_need_no_yaml(tmp_path: Path) -> None:
    for name in ("installations", "operators", "quotas"):
        shutil.copy(ROOT / "examples" / "plan-2021" / f"{name}.csv", tmp_path)
    imported("determine", str(tmp_path), "--installation", "NAP21-P-001", "--year", "2021")
    found = imported("determine", str(tmp_path), "--installation", "NAP21-P-001", "--year", "2021")
    assert found.isdisjoint({*HEAVY, "yaml"}), found & {*HEAVY, "yaml"}


def test_help_takes_little_cpu() -> None:
    """100 ms of CPU on a quiet machine; taken here as a ratio to a bare Python, which a busy one slows alike."""

    def cpu(*arguments: str) -> float:
        taken = []
        for _ in range(5):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *arguments], cwd=ROOT, env={**os.environ}, stdout=subprocess.DEVNULL, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return min(taken)

    assert cpu("cli.py", "--help") < 12 * cpu("-c", "pass")
