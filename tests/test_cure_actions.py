"""Mistakes of a ruleset in its actions and goals are refused with their place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.law import load_law
from engine.problems import InputError
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            "possible: lot.usable and",
            "possible: lot.usabel and",
            r"actions\.yaml:\d+:\d+: action 'surrender-held', possible: .*'usabel'.*lot.usable|usable",
        ),
        (
            "unit: lot.id, quantity",
            "unti: lot.id, quantity",
            r"actions\.yaml:\d+:\d+: action 'surrender-held', add.surrender.cells.unti: surrenders has no column",
        ),
        ("to: report_due", "to: report_required", r"actions\.yaml:\d+:\d+: action 'file-report', day.to: .*"),
        (
            "choose:\n      from_project: {rows: projects}",
            "choose:\n      from_project: {rows: project}",
            r"no table 'project' — did you mean 'projects'",
        ),
        (
            "{installation: installation.id, year: year, submitted_on: day,",
            "{installation: installation.id, submitted_on: day,",
            r"says nothing of 'year'",
        ),
        (
            "    reason: lot.reason\n",
            "    raeson: lot.reason\n",
            r"actions\.yaml:\d+:\d+: .*there is no key 'raeson' here — did you mean 'reason'",
        ),
    ],
    ids=["name", "column", "type", "table", "missing-cell", "key"],
)
def test_a_wrong_action_is_refused_with_its_place(right: str, wrong: str, message: str, tmp_path: Path) -> None:
    copy = tmp_path / "rulesets"
    shutil.copytree(ROOT / "rulesets", copy)
    file = copy / "vocabulary" / "actions.yaml"
    text = file.read_text(encoding="utf-8")
    assert right in text
    file.write_text(text.replace(right, wrong), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        load_law(copy, ROOT / "schemas")


def test_a_goal_must_be_a_status(tmp_path: Path) -> None:
    copy = tmp_path / "rulesets"
    shutil.copytree(ROOT / "rulesets", copy)
    file = copy / "ruleset.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("goal: [compliant,", "goal: [complaint,"), encoding="utf-8")
    with pytest.raises(InputError, match=r"'complaint' is not a value of 'status' — did you mean 'compliant'"):
        load_law(copy, ROOT / "schemas")
