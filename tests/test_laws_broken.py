"""The shipped law broken on purpose, once for each thing that is proved of it: each time the case in which it shows is found, and runs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import main
from tests.conftest import ROOT

OBLIGATION = "    value: verified_co2 * surrender.units_per_tonne if bound else 0"
STATUS = "      not scheme.suspended and not some(breaches) and coverage in (covered, administered)"
BREAKS = {
    "two rules decide differently": (
        "units.yaml",
        "    when: obligation <= 0",
        "    when: obligation <= surrendered",
        "conflict: rules say different things of surrender",
    ),
    "a case without a status": (
        "enforcement.yaml",
        STATUS,
        f"{STATUS} and verified_co2 > 0 * verified_co2",
        "gap: no rule says what status is",
    ),
    "a unit both usable and barred": (
        "units.yaml",
        "    when: lot.eligible and lot.acquired_in_time",
        "    when: lot.acquired_in_time",
        "no unit is both usable and barred",
    ),
    "more emissions, a smaller obligation": (
        "units.yaml",
        OBLIGATION,
        "    value: max(0, (5 * coverage.threshold - verified_co2) * surrender.units_per_tonne) if bound else 0",
        "more emissions never mean a smaller obligation",
    ),
    "more units, a larger shortfall": (
        "units.yaml",
        "    value: max(0, obligation - surrendered)",
        "    value: max(0, obligation + usable_units - surrendered)",
        "more units on the account never mean a larger shortfall",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_is_proved_of_the_law_fails_where_the_law_is_broken(name: str, tmp_path: Path) -> None:
    file, old, new, told = BREAKS[name]
    law = tmp_path / "law"
    shutil.copytree(ROOT / "rulesets", law, ignore=shutil.ignore_patterns("cases"))
    text = (law / "rules" / file).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (law / "rules" / file).write_text(text.replace(old, new), encoding="utf-8")
    asked = ["prove-law", "--year", "2024", "--authority", "statute", "--no-readings", "--rulesets", str(law)]
    found = CliRunner().invoke(main, [*asked, "--write", str(law / "cases")])
    assert found.exit_code == 1 and told in found.output, found.output
    run = CliRunner().invoke(main, ["test", str(law / "cases")])
    assert re.fullmatch(r"\d+ cases.*: all as expected \(\d+\.\d s\)\n", run.output), run.output
