"""The JSON of comparisons of law holds to the published schemas, on real laws; and the schemas refuse what they should."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema_rs import Draft202012Validator, Registry

from cli import main
from tests.conftest import ROOT

SCHEMAS = ROOT / "schemas"


def schema(name: str) -> Draft202012Validator:
    shared = [
        (file, json.loads((SCHEMAS / file).read_text(encoding="utf-8"))) for file in ("law-diff.schema.json", "determination.schema.json")
    ]
    own = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(own, registry=Registry(shared))


def told(*arguments: str) -> Any:
    return json.loads(CliRunner().invoke(main, [*arguments, "--format", "json"], catch_exceptions=False, standalone_mode=False).output)


def problems(name: str, data: Any) -> list[str]:
    return [f"{error.instance_path}: {error.message}" for error in schema(name).iter_errors(data)]


@pytest.mark.parametrize("arguments", [("2024-06-08",), ("2016-06-01", "--known-on", "2016-03-01", "--authority", "statute")])
def test_law_at(arguments: tuple[str, ...]) -> None:
    found = told("law", "at", *arguments)
    assert len(found["parameters"]) > 30 and not problems("law-at", found)
    found["parameters"][0]["sources"] = []
    assert problems("law-at", found)


def test_law_timeline() -> None:
    found = told("law", "timeline", "--authority", "statute")
    assert len(found) > 100 and not problems("law-timeline", found)
    found[0]["clock"] = "told"
    assert problems("law-timeline", found)


@pytest.mark.parametrize(
    ("one", "other"),
    [("current", "threshold-10000-auction"), ("seeds", "statute"), ("known:2016-03-01", "known:2016-05-01"), ("phase_3", "phase_4")],
)
def test_law_diff(one: str, other: str) -> None:
    found = told("law", "diff", one, other)
    assert not found["same"] and not problems("law-diff", found)
    del found["values"]
    assert problems("law-diff", found)


def test_law_diff_with_witnesses() -> None:
    found = told("law", "diff", "current", "offset-limit-5", "--witness", "--year", "2024")
    assert not problems("law-diff", found)
    assert {"surrendered", "shortfall", "status"} <= {case["decision"] for case in found["witnesses"]["differ"]}
    assert found["witnesses"]["silent"] == []
    for case in found["witnesses"]["differ"]:
        assert "offset.quantity_limit" in {flip["name"] for flip in case["because"]}, case["decision"]


def test_compare(register: Path) -> None:
    found = told("compare", "current", "offset-limit-5+threshold-10000-auction", str(register))
    assert found["rows"][0]["proofs"] and not problems("impact", found)
    broken = copy.deepcopy(found)
    broken["rows"][0]["amounts"]["penalty"]["one"] = 0.5
    assert problems("impact", broken), "no amount is a float"


def test_project(tmp_path: Path, register: Path) -> None:
    found = told("project", str(ROOT / "examples" / "projection-phase-6.yaml"), str(register), "current", "phase-6-cut-23")
    assert len(found["laws"]) == 2 and not problems("projected", found)
    del found["laws"][0]["years"][0]["supply"]
    assert problems("projected", found)
