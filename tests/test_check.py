"""Everything that `kazets check` finds: each code from a ruleset that earns it, with place, caret and remedy."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import main
from engine.drafting.findings_codes import CODES, finding
from engine.problems import InputError, Problem
from tests.conftest import ROOT

LABEL = "{en: x 1, ru: икс 1, kk: икс-1}"
CITE = "cite: {instrument: env-code-2021, point: '289'}"

# One line for each finding that the comment names; what carries no comment is right.
DEEP = f"""
parameters:
  a.unread: {{type: bool, governed_by: year_end, label: {LABEL}}}                                # unused-name
  a.period: {{type: number, governed_by: year_end, shown_only: true, label: {LABEL}}}
  a.overlap: {{type: number, governed_by: year_end, shown_only: true, label: {LABEL}}}
  a.never: {{type: number, governed_by: year_end, shown_only: true, label: {LABEL}}}
  a.twice: {{type: number, governed_by: year_end, shown_only: true, label: {LABEL}}}
  a.least: {{type: number, min: 0, governed_by: year_end, shown_only: true, label: {LABEL}}}
  a.text: {{type: number, governed_by: year_end, shown_only: true, label: {{en: only English, ru: икс, kk: only English}}}}   # missing-text
  a.open: {{type: number, governed_by: year_end, shown_only: true, label: {LABEL}}}
constructs:
  to-do: {{to_decide: true, title: {LABEL}, missing: {LABEL}, {CITE}}}
governing_dates:
  a_number: plan.first_year                                                                  # governing-date
questions:
  a-question:
    ask: {LABEL}
    answers: {{one: {{says: {LABEL}, {CITE}}}, three: {{says: {LABEL}, {CITE}}}}}
    default: {{seeds: one, statute: two}}                                                    # reading-default
decisions:
  a_undecided: {{type: bool, label: {LABEL}}}                                                    # no-rule
  a_true: {{type: bool, label: {LABEL}}}
  a_sum: {{type: number, unit: tCO2, label: {LABEL}}}
values:
  a.unread:
    - {{value: true, cite: {{instrument: no-such-act, point: "1"}}}}                             # undefined-source
    - {{value: maybe, from: 2020-01-01, {CITE}}}                                              # wrong-value
  a.period:
    - {{value: 1, to: 2015-01-01, {CITE}}}                                                    # period-hole
    - {{value: 2, from: 2016-01-01, {CITE}}}
  a.overlap:
    - {{value: 1, from: 2013-01-01, to: 2017-01-01, {CITE}}}                                  # period-overlap
    - {{value: 2, from: 2016-01-01, {CITE}}}
  a.never:
    - {{value: 1, from: 2016-01-01, to: 2015-01-01, {CITE}}}                                  # never-in-force
  a.twice:
    - {{value: 1, {CITE}}}
    - {{value: 2, {CITE}}}                                                                    # competing-values
  a.least: {{value: -1, {CITE}}}                                                              # wrong-value
  a.open: {{value: unknown, because: to-do, {CITE}}}                                          # undecided
words:
  between: {{en: "{{low}}", ru: "{{low}}", kk: "{{low}}"}}                                          # declared-twice
rules:
  - {{rule: a-default, decides: a_true, when: covered, {CITE}, says: {LABEL}}}                 # overridden-rule
  - {{rule: a-exception, decides: a_true, exception_to: a-default, value: false, {CITE}, says: {LABEL}}}
  - {{rule: a-unreachable, decides: a_true, when: year < plan.first_year, {CITE}, says: {LABEL}}}  # unreachable-rule
  - {{rule: a-nowhere, decides: a_true, phases: [phase_1], in_force: {{from: 2021-01-01}}, {CITE}, says: {LABEL}}}   # unreachable-rule
"""
BROKEN = f"""
decisions:
  b_true: {{type: bool, label: {LABEL}}}
  b_sum: {{type: number, unit: tCO2, label: {LABEL}}}
rules:
  - {{rule: b-extra-key, decides: b_true, wen: covered, {CITE}, says: {LABEL}}}                # schema
  - {{rule: b-name, decides: b_true, when: coveredd, {CITE}, says: {LABEL}}}                   # undefined-name
  - {{rule: b-syntax, decides: b_true, when: covered and, {CITE}, says: {LABEL}}}              # syntax
  - {{rule: b-type, decides: b_true, when: verified_co2, {CITE}, says: {LABEL}}}               # wrong-type
  - {{rule: b-unit, decides: b_true, when: verified_co2 > penalty.rate, {CITE}, says: {LABEL}}}   # wrong-unit
  - {{rule: b-empty, decides: b_sum, {CITE}, says: {LABEL}}}                                   # no-value
  - {{rule: b-circle, decides: b_true, when: b_round, {CITE}, says: {LABEL}}}
  - {{rule: b-years, decides: b_sum, value: verified_co2, exception_to: b-years, {CITE}, says: {LABEL}}}   # circle
"""


@pytest.fixture()
def rulesets(tmp_path: Path) -> Path:
    """The shipped law without its worked examples."""
    folder = tmp_path / "law"
    shutil.copytree(ROOT / "rulesets", folder, ignore=shutil.ignore_patterns("cases", "drafts"))
    return folder


def _checked(path: Path, *options: str) -> list[dict[str, object]]:
    found = CliRunner().invoke(main, ["check", str(path), "--format", "json", *options])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    findings: list[dict[str, object]] = json.loads(found.output)["findings"]
    assert found.exit_code == (1 if findings else 0)
    return findings


def _expected(text: str) -> set[tuple[int, str]]:
    """(line, code) of each line with a comment."""
    lines = enumerate(text.splitlines(), 1)
    return {(number, line.rsplit("#", 1)[1].strip()) for number, line in lines if "   #" in line or " # " in line}


def test_the_shipped_law_has_nothing_to_mend_and_is_checked_fast() -> None:
    begun = time.process_time()
    found = CliRunner().invoke(main, ["check"])
    assert (found.exit_code, found.output) == (0, "nothing to mend\n")
    assert time.process_time() - begun < 6  # under two seconds on a quiet machine; tests share theirs


def test_what_holds_together_is_looked_into(rulesets: Path) -> None:
    (rulesets / "z.yaml").write_text(DEEP, encoding="utf-8")
    phase = rulesets / "phases" / "phase_2" / "phase.yaml"
    phase.write_text(re.sub(r"\n  cite: .*", "", phase.read_text(encoding="utf-8")), encoding="utf-8")
    general = rulesets / "parameters" / "general.yaml"
    general.write_text(general.read_text(encoding="utf-8").replace("  scheme.suspended: {", "  scheme.suspended_: {", 1), encoding="utf-8")
    cases = rulesets / "rules" / "cases" / "c.yaml"
    cases.parent.mkdir()
    cases.write_text(
        "cases:\n  - case: c-1\n    title: no such table\n    facts: {as_of: 2024-01-01, installation: [{id: K}]}\n"
        "    installation: K\n    year: 2023\n    expect: {covered: false}\n",
        encoding="utf-8",
    )
    found = _checked(rulesets)
    here = {(one["line"], one["code"]) for one in found if str(one["file"]).endswith("/z.yaml")}
    complete = _expected(DEEP) - {(n, c) for n, c in _expected(DEEP) if c == "unused-name"}
    assert complete <= here, complete - here
    elsewhere = {(Path(str(one["file"])).name, one["code"]) for one in found}
    assert {("phase.yaml", "missing-citation"), ("general.yaml", "undefined-name")} <= elsewhere
    assert {("c.yaml", "wrong-case"), ("c.yaml", "missing-citation"), ("phase.yaml", "missing-topic")} <= elsewhere
    assert all(one["code"] in CODES and (one["remedy"] or one["code"] in ("wrong-value", "governing-date")) for one in found)


def test_what_nothing_uses(rulesets: Path) -> None:
    (rulesets / "z.yaml").write_text(f"parameters:\n  a.unread: {{type: bool, governed_by: year_end, label: {LABEL}}}\n", encoding="utf-8")
    entities = rulesets / "vocabulary" / "entities.yaml"
    entities.write_text(
        entities.read_text(encoding="utf-8").replace("governing_dates:\n", "governing_dates:\n  spare: date(year, 1, 2)\n"),
        encoding="utf-8",
    )
    found = [one for one in _checked(rulesets) if one["code"] == "unused-name"]
    assert {str(one["message"]) for one in found} == {
        "no rule reads the parameter 'a.unread'",
        "no rule, entity or parameter is governed by 'spare'",
    }


def test_rules_that_cannot_be_read_hide_no_others(rulesets: Path) -> None:
    (rulesets / "b.yaml").write_text(BROKEN, encoding="utf-8")
    here = {(one["line"], one["code"]) for one in _checked(rulesets) if str(one["file"]).endswith("/b.yaml")}
    assert _expected(BROKEN) <= here, _expected(BROKEN) - here


def test_years_of_phases(rulesets: Path) -> None:
    phase = rulesets / "phases" / "phase_4" / "phase.yaml"
    text = phase.read_text(encoding="utf-8")
    phase.write_text(text.replace("years: {from: 2021, to: 2021}", "years: {from: 2032, to: 2031}"), encoding="utf-8")
    assert "phase-years" in {one["code"] for one in _checked(rulesets)}
    phase.write_text(text.replace("years: {from: 2021, to: 2021}", "years: {from: 2032, to: 2032}"), encoding="utf-8")
    found = [one for one in _checked(rulesets) if one["code"] == "year-without-phase"]
    assert {one["message"] for one in found} == {"no phase governs 2021", "no phase governs 2031"}


def test_a_word_that_the_engine_needs(rulesets: Path) -> None:
    words = rulesets / "vocabulary" / "words.yaml"
    words.write_text(re.sub(r"\n  between: .*", "", words.read_text(encoding="utf-8")), encoding="utf-8")
    assert [one["code"] for one in _checked(rulesets)] == ["missing-word"]


def test_a_declaration_at_fault_hides_no_rule_at_fault(rulesets: Path) -> None:
    (rulesets / "b.yaml").write_text(BROKEN.replace("unit: tCO2", "unit: tCO3"), encoding="utf-8")
    found = _checked(rulesets)
    assert {"wrong-unit", "syntax", "schema"} <= {one["code"] for one in found}
    assert "decision" in "".join(str(one["message"]) for one in found) or "b_sum" in "".join(str(one["message"]) for one in found)


def test_files_that_cannot_be_read(rulesets: Path) -> None:
    (rulesets / "d.yaml").write_text("rules: [a, b\n", encoding="utf-8")
    (rulesets / "e.yaml").write_text("values: {a: 1, a: 2}\n", encoding="utf-8")
    found = _checked(rulesets)
    assert [(Path(str(one["file"])).name, one["code"]) for one in found] == [("d.yaml", "yaml"), ("e.yaml", "yaml")]
    (rulesets / "f.yml").write_text("rules: []\n", encoding="utf-8")
    assert [one["code"] for one in _checked(rulesets)] == ["layout"]


def test_the_place_is_marked_and_one_file_can_be_asked_about(rulesets: Path) -> None:
    file = rulesets / "rules" / "coverage.yaml"
    written = "    when: threshold_emissions > coverage.treshold"
    text = file.read_text(encoding="utf-8").replace("    when: threshold_emissions > coverage.threshold", written, 1)
    file.write_text(text, encoding="utf-8")
    line = text.splitlines().index(written) + 1
    found = CliRunner().invoke(main, ["check", str(file)])
    column = written.index("coverage.treshold") + 1
    told = found.output.splitlines()
    assert told[0].startswith(f"{file}:{line}:{column}: rule 'above-threshold', when: ") and told[0].endswith("[undefined-name]")
    assert told[1] == f"  {line} | {written}"
    assert told[2].index("^") == told[1].index("coverage.treshold")
    assert told[-1] == "1 finding" and found.exit_code == 1
    other = CliRunner().invoke(main, ["check", str(rulesets / "rules" / "mrv.yaml")])
    assert (other.exit_code, other.output) == (0, "nothing to mend\n")


def test_forms_for_programs(rulesets: Path) -> None:
    (rulesets / "b.yaml").write_text(BROKEN, encoding="utf-8")
    sarif = json.loads(CliRunner().invoke(main, ["check", str(rulesets), "--format", "sarif"]).output)
    (run,) = sarif["runs"]
    assert sarif["version"] == "2.1.0" and {rule["id"] for rule in run["tool"]["driver"]["rules"]} == set(CODES)
    named = next(result for result in run["results"] if result["ruleId"] == "undefined-name")
    region = named["locations"][0]["physicalLocation"]["region"]
    assert BROKEN.splitlines()[region["startLine"] - 1][region["startColumn"] - 1 :].startswith("coveredd")
    github = CliRunner().invoke(main, ["check", str(rulesets), "--format", "github"]).output.splitlines()
    assert any(re.match(rf"::error file={rulesets}/b\.yaml,line=\d+,col=\d+,title=wrong-unit::", line) for line in github)
    assert len(github) == len(run["results"])


def test_sarif_says_what_the_standard_asks_for(rulesets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the sections of SARIF 2.1.0 (OASIS): 3.13 log, 3.14 run, 3.19 driver, 3.49 rules, 3.27 results, 3.4 addresses, 3.30 regions."""
    (rulesets / "два слова #1.yaml").write_text(BROKEN, encoding="utf-8")
    (rulesets / "f.yml").write_text("rules: []\n", encoding="utf-8")
    monkeypatch.chdir(rulesets.parent)
    layout = json.loads(CliRunner().invoke(main, ["check", rulesets.name, "--format", "sarif"]).output)
    (rulesets / "f.yml").unlink()
    broken = json.loads(CliRunner().invoke(main, ["check", rulesets.name, "--format", "sarif"]).output)
    monkeypatch.chdir(ROOT)
    elsewhere = json.loads(CliRunner().invoke(main, ["check", str(rulesets), "--format", "sarif"]).output)
    for log in (layout, broken, elsewhere):
        assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-2.1.0.json")
        (run,) = log["runs"]
        driver = run["tool"]["driver"]
        assert driver["name"] == "kazets" and driver["version"]
        assert len({rule["id"] for rule in driver["rules"]}) == len(driver["rules"])
        assert all(rule["shortDescription"]["text"] and rule["help"]["text"] for rule in driver["rules"])
        assert run["columnKind"] == "unicodeCodePoints" and run["results"]
        for result in run["results"]:
            assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
            assert result["level"] in ("none", "note", "warning", "error") and result["message"]["text"]
            (location,) = result["locations"]
            region = location["physicalLocation"].get("region")
            assert region is None or (region["startLine"] >= 1 and 1 <= region["startColumn"] <= region["endColumn"])
    places = [[one["locations"][0]["physicalLocation"] for one in log["runs"][0]["results"]] for log in (layout, broken, elsewhere)]
    assert places[0] == [{"artifactLocation": {"uri": f"{rulesets.name}/f.yml", "uriBaseId": "%SRCROOT%"}}], "a whole file has no region"
    address = f"{rulesets.name}/%D0%B4%D0%B2%D0%B0%20%D1%81%D0%BB%D0%BE%D0%B2%D0%B0%20%231.yaml"  # UTF-8, by RFC 3986
    assert {"uri": address, "uriBaseId": "%SRCROOT%"} in [place["artifactLocation"] for place in places[1]]
    assert all(place["artifactLocation"]["uri"].startswith("file:///") for place in places[2]), "a file elsewhere has its whole address"
    marked = {BROKEN.splitlines()[p["region"]["startLine"] - 1][p["region"]["startColumn"] - 1 : p["region"]["endColumn"] - 1]
              for p in places[1] if p["artifactLocation"]["uri"] == address}  # fmt: skip
    assert "coveredd" in marked


def test_hundreds_of_findings_in_one_run(rulesets: Path) -> None:
    rules = [f"  - {{rule: n-{n}, decides: covered, when: nothing_{n} > 0, {CITE}, says: {LABEL}}}" for n in range(300)]
    (rulesets / "many.yaml").write_text("rules:\n" + "\n".join(rules) + "\n", encoding="utf-8")
    found = [one for one in _checked(rulesets) if str(one["file"]).endswith("many.yaml")]
    assert [one["line"] for one in found] == list(range(2, 302))


def test_what_is_not_in_a_ruleset_is_said(tmp_path: Path) -> None:
    found = CliRunner().invoke(main, ["check", str(tmp_path)])
    assert isinstance(found.exception, InputError) and "give the folder that holds ruleset.yaml" in str(found.exception)


def test_every_code_is_documented_and_triggered_here() -> None:
    documented = re.findall(r"^## `([a-z-]+)`", (ROOT / "docs" / "findings.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert documented == list(CODES)
    source = Path(__file__).read_text(encoding="utf-8")
    assert [code for code in CODES if not re.search(rf"(# |['\"]){code}\b", source)] == []
    assert finding(Problem("a.yaml", 1, 1, "something that has no code of its own")).code == "law"
