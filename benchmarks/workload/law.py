"""The law of workload W, read and checked as any ruleset; it has no sentences, since nothing of it is explained."""

from __future__ import annotations

import hashlib
import json
import tempfile
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from engine.language import exact
from engine.law import Law, Program, check_law
from engine.law.collecting import collect
from engine.law.yaml_files import read_yaml

FILE = Path(__file__).with_name("law.yaml")
PHASES = (("first", 2013, 2013, "plan_1"), ("second", 2014, 2015, "plan_2"), ("pause", 2016, 2017, "none"),
          ("third", 2018, 2020, "plan_3"), ("fourth", 2021, 2021, "plan_4"), ("fifth", 2022, 2025, "plan_5"))  # fmt: skip
FIRST, LAST = PHASES[0][1], PHASES[-1][2]
YEARS = tuple(range(FIRST, LAST + 1))
EPOCH = date(1970, 1, 1)


def plain(content: Any) -> dict[str, Any]:
    """Sections with what every rule and value must have, and a benchmark has no use for."""
    for rule in content["rules"]:
        rule.setdefault("cite", {"instrument": "act"})
        rule.setdefault("says", {"en": ""})
    for name, decision in content["decisions"].items():
        decision.setdefault("label", {"en": name})
    for parameter in content["parameters"].values():
        parameter.setdefault("governed_by", "year_end")
    for entries in content["values"].values():
        for entry in entries:
            entry.setdefault("cite", {"instrument": "act"})
    return content  # type: ignore[no-any-return]


def law_of(content: dict[str, Any], phases: tuple[tuple[str, int, int, str], ...] = PHASES) -> Law:
    """A checked law of these sections."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "law"
        root.mkdir()
        (root / "ruleset.yaml").write_text(json.dumps(plain(content)), encoding="utf-8")
        for name, first, last, plan in phases:
            (root / "phases" / name).mkdir(parents=True)
            phase = {"id": name, "title": {"en": name}, "years": {"from": first, "to": last}, "plan": plan}
            (root / "phases" / name / "phase.yaml").write_text(json.dumps({"phase": phase}), encoding="utf-8")
        (Path(folder) / "ruleset.schema.json").write_text("{}", encoding="utf-8")
        files = sorted(root.rglob("*.yaml"))
        digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
        law = Law(json.loads(json.dumps(collect(root, files, Path(folder)))), digest)
    check_law(law)
    return law


@cache
def workload_law() -> Law:
    return law_of(read_yaml(FILE, str(FILE)).data)


def parameters() -> dict[str, list[int]]:
    """The parameters of each year as whole numbers, for peers that join them: factors and limits in thousandths, days since 1970, sets as bits."""
    law = workload_law()
    selection, found = law.select(), dict[str, list[int]]()
    for year in YEARS:
        phase = law.phase_of(year)
        assert phase is not None
        program = Program(law, selection, phase, year)
        for name, spec in law.vocabulary.parameters.items():
            found.setdefault(name, []).append(_number(law, spec, program.parameter(name, None, date(year, 12, 31))[0], year))
    return found


def _number(law: Law, spec: Any, value: Any, year: int) -> int:
    kind = spec.type
    if kind.kind == "set":
        codes = list(law.tree["codes"][kind.codes]["members"])
        return sum(1 << codes.index(code) for code in value)
    if kind.kind == "code":
        return list(law.tree["codes"][kind.codes]["members"]).index(value)
    if kind.kind == "month_day":
        return (date.fromisoformat(f"{year + 1}-{value}") - EPOCH).days
    if spec.name in ("factor", "offset_limit"):
        return int(exact(value * Fraction(1000)))
    return int(value)
