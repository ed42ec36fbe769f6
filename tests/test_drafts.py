"""Drafts: overlays on the law that are validated like law, stack, and are carried by receipts and replay."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from cli import main
from engine.facts import load_facts
from engine.law import Law, Program, load_law
from engine.law.drafts import draft_names
from engine.problems import InputError
from engine.proving import Inquiry, Root, ask
from tests.conftest import ROOT

RULESETS, SCHEMAS = ROOT / "rulesets", ROOT / "schemas"
WORDS = {"en": "a reason", "ru": "обоснование", "kk": "негіздеме"}
ARTICLE = {"instrument": "env-code-2021-2024", "point": "289(3)"}


class _Plain(yaml.SafeDumper):
    """Writes everything out where it is used: the rulesets read no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def draft(folder: Path, name: str, *changes: dict[str, Any], after: tuple[str, ...] = ()) -> str:
    """A draft in a file of its own; every change with an article and a reason."""
    head = {"id": name, "title": {"en": "a draft", "ru": "проект", "kk": "жоба"}, "kind": "scenario"}
    head |= {"assumes": {"en": "nothing", "ru": "ничего", "kk": "ештеңе"}} | ({"after": list(after)} if after else {})
    content = {"draft": head, "changes": [{"article": ARTICLE, "reason": WORDS} | change for change in changes]}
    path = folder / f"{name}.yaml"
    path.write_text(yaml.dump(content, Dumper=_Plain, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return str(path)


def under(*drafts: str) -> Law:
    return load_law(RULESETS, SCHEMAS, drafts)


def value(
    law: Law, name: str, year: int = 2025, key: Any = None, authority: str | None = None, readings: dict[str, str] | None = None
) -> Any:
    phase = law.phase_of(year)
    assert phase is not None
    return Program(law, law.select(authority, readings), phase, year).parameter(name, key, date(year, 12, 31))[0]


def outcomes(law: Law, facts: Path, year: int, authority: str | None = None) -> dict[str, Any]:
    read = load_facts(facts, law.vocabulary, {}, None, date(2030, 1, 1))
    (found,) = ask(law, read, Inquiry(authority, compare=False), [Root("installation_year", ("K",), year)])
    return dict(found.outcomes)


def written(folder: Path, content: str) -> Path:
    path = folder / "facts.yaml"
    path.write_text(content, encoding="utf-8")
    return path


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, arguments, catch_exceptions=False, standalone_mode=False)


# -- what changes can do ------------------------------------------------------------------------------------------


def test_a_draft_sets_a_value_for_a_phase_and_those_after_it(law: Law, tmp_path: Path) -> None:
    drafted = under(draft(tmp_path, "d", {"set": "coverage.threshold", "phase": "phase_5", "value": 15000}))
    assert [value(drafted, "coverage.threshold", year) for year in (2021, 2022, 2026)] == [20_000, 15_000, 15_000]
    assert value(law, "coverage.threshold", 2022) == 20_000, "the law itself is as it was"


def test_a_draft_comes_before_both_authorities_and_any_reading(tmp_path: Path) -> None:
    drafted = under(draft(tmp_path, "d", {"set": "mrv.report_deadline", "value": "03-01"}, {"set": "mrv.last_day_counts", "value": False}))
    assert {value(drafted, "mrv.report_deadline", authority=authority) for authority in drafted.authorities} == {"03-01"}
    assert value(drafted, "mrv.last_day_counts", readings={"deadline-day": "inclusive"}) is False


def test_a_draft_holds_from_and_to_its_days(tmp_path: Path) -> None:
    drafted = under(draft(tmp_path, "d", {"set": "coverage.threshold", "value": 1, "from": "2023-01-01", "to": "2025-01-01"}))
    assert [value(drafted, "coverage.threshold", year) for year in range(2022, 2026)] == [20_000, 1, 1, 20_000]


def test_a_draft_sets_keys_and_rounded_and_unknown_values(tmp_path: Path) -> None:
    change = {"set": "cap.annual", "phase": "phase_6", "values": {2026: 5, 2027: {"about": 100, "to": 10}, 2028: "unknown"}, "at_least": 7}
    drafted = under(draft(tmp_path, "d", change))
    assert value(drafted, "cap.annual", 2026, 2026) == 5
    rounded, unknown = (value(drafted, "cap.annual", year, year) for year in (2027, 2028))
    assert (rounded.low, rounded.high, unknown.low) == (95, 105, 7)


def test_later_drafts_win_and_those_that_one_stands_on_come_first(tmp_path: Path) -> None:
    one = draft(tmp_path, "one", {"set": "coverage.threshold", "value": 1})
    two = draft(tmp_path, "two", {"set": "coverage.threshold", "value": 2}, after=("offset-limit-5",))
    assert [value(under(*order), "coverage.threshold") for order in ((one, two), (two, one))] == [2, 1]
    assert [d.id for d in under(two).drafts] == ["offset-limit-5", "two"]
    assert value(under(two), "offset.quantity_limit") == Fraction(5, 100)


ONE_YEAR = """
as_of: 2026-01-31
operators: [{id: O, size: large}]
installations: [{id: K, operator: O, sector: power}]
emissions: [{installation: K, year: 2024, gas: co2, tonnes: 100000}]
monitoring_plans: [{installation: K, submitted_on: 2022-02-01}]
reports: [{installation: K, year: 2024, submitted_on: 2025-03-01}]
quotas: [{installation: K, plan: phase_5, year: 2024, quantity: 80000}]
projects: [{id: P, sector: agriculture, field: agriculture, gas: ch4, approved_on: 2023-01-01}]
units:
  - {id: A, installation: K, kind: allowance, plan: phase_5, issued_for: 2024, quantity: 80000}
  - {id: B, installation: K, kind: offset, plan: none, issued_for: none, project: P, quantity: 20000}
enforcement: [{installation: K, year: 2024, opened_on: 2025-06-01}]
surrenders:
  - {installation: K, year: 2024, unit: A, quantity: 80000, on: 2025-04-01}
  - {installation: K, year: 2024, unit: B, quantity: 20000, on: 2025-04-01}
"""


def test_an_offset_limit_of_five_per_cent_turns_compliance_into_a_shortfall(law: Law, tmp_path: Path) -> None:
    facts = written(tmp_path, ONE_YEAR)
    now, then = outcomes(law, facts, 2024), outcomes(under("offset-limit-5"), facts, 2024)
    assert (now["status"], now["shortfall"]) == ("compliant", 0)
    allowed = 100_000 * 5 // 100
    assert (then["status"], then["surrendered"]) == ("non_compliant", 80_000 + allowed)
    assert then["shortfall"] == 20_000 - allowed
    assert then["penalty"] == 5 * 3_932 * (20_000 - allowed), "the MCI of 2025, when the case was opened"


def test_a_repealed_rule_is_gone_and_one_repealed_from_a_day_ends_there(law: Law, tmp_path: Path) -> None:
    facts = written(tmp_path, ONE_YEAR.replace("reports: [{installation: K, year: 2024, submitted_on: 2025-03-01}]\n", ""))
    assert outcomes(law, facts, 2024)["breaches"] == {"report_missing", "verification_missing"}
    gone = under(draft(tmp_path, "gone", {"repeal": "breach-report-missing"}))
    ended = under(draft(tmp_path, "ended", {"repeal": "breach-report-missing", "from": "2024-01-01"}))
    later = under(draft(tmp_path, "later", {"repeal": "breach-report-missing", "from": "2025-01-01"}))
    found = [outcomes(one, facts, 2024)["breaches"] for one in (gone, ended, later)]
    assert found == [{"verification_missing"}, {"verification_missing"}, {"report_missing", "verification_missing"}]


def test_repealed_values_leave_the_law_silent(tmp_path: Path) -> None:
    drafted = under(draft(tmp_path, "d", {"repeal": {"parameter": "cap.annual", "key": 2024}}))
    assert value(drafted, "cap.annual", 2025, 2025) == 158_223_931
    missing = value(drafted, "cap.annual", 2024, 2024)
    assert [(cause.kind, cause.name) for cause in missing.causes] == [("parameter", "cap.annual")]


def test_an_inserted_exception_displaces_the_rule_where_it_holds(tmp_path: Path) -> None:
    rule = {"rule": "exempt-agriculture", "when": "installation.sector == power", "value": "0", "says": WORDS}
    drafted = under(draft(tmp_path, "d", {"except": "obligation", "rule": rule}))
    assert outcomes(drafted, written(tmp_path, ONE_YEAR), 2024)["obligation"] == 0
    metal = written(tmp_path, ONE_YEAR.replace("sector: power", "sector: metallurgy"))
    assert outcomes(drafted, metal, 2024)["obligation"] == 100_000


def test_an_amended_rule_cites_the_draft_first(tmp_path: Path) -> None:
    drafted = under(draft(tmp_path, "d", {"amend": "shortfall", "value": "max(0, obligation - surrendered) * 2"}))
    (rule,) = drafted.rules["installation_year", "shortfall"]
    assert rule.cites == (("draft-d", "289(3)"), ("icap-2025", "Compliance mechanism"))
    facts = written(tmp_path, ONE_YEAR.replace("quantity: 20000, on", "quantity: 19000, on"))
    assert outcomes(drafted, facts, 2024)["shortfall"] == 2 * 1_000


def test_a_share_that_is_auctioned_counts_against_the_cap(law: Law, tmp_path: Path) -> None:
    content = "as_of: 2025-12-31\ninstallations: [{id: K, sector: power}]\n"
    facts = written(tmp_path, content + "quotas: [{installation: K, plan: phase_5, year: 2025, quantity: 150000000}]\n")
    drafted = under("threshold-10000-auction")
    read = load_facts(facts, drafted.vocabulary, {}, None, date(2030, 1, 1))
    (now,), (then,) = (list(ask(one, read, Inquiry(compare=False), [Root("plan_year", ("phase_5",), 2025)])) for one in (law, drafted))
    assert now.outcomes["cap_kept"] is True  # 150,000,000 of 158,223,931
    assert then.outcomes["for_auction"] == Fraction(158_223_931, 10)
    assert then.outcomes["cap_kept"] is False  # 150,000,000 + 15,822,393.1 > 158,223,931


@pytest.mark.parametrize(("tonnes", "coverage"), [(10_000, "administered"), (10_001, "covered"), (9_999, "below_threshold")])
def test_the_lower_threshold_leaves_no_gap(tmp_path: Path, tonnes: int, coverage: str) -> None:
    content = "as_of: 2026-01-31\ninstallations: [{id: K, operator: O, sector: power}]\n"
    facts = written(tmp_path, content + f"emissions: [{{installation: K, year: 2024, gas: co2, tonnes: {tonnes}}}]\n")
    assert outcomes(under("threshold-10000-auction"), facts, 2024)["coverage"] == coverage


@pytest.mark.parametrize(
    ("name", "cap", "reserve"),
    [
        ("phase-6-cut-10-4", 158_223_931 * 896 // 1000, 9_194_506 * 896 // 1000),
        ("phase-6-cut-23", 158_223_931 * 77 // 100, 9_194_506 * 77 // 100),
    ],
)
def test_phase_6_at_both_ends_of_the_published_range(name: str, cap: int, reserve: int) -> None:
    drafted = under(name)
    for authority in drafted.authorities:
        assert [value(drafted, "cap.annual", year, year, authority) for year in range(2026, 2031)] == [cap] * 5
        assert [value(drafted, "reserve.annual", year, year, authority) for year in range(2026, 2031)] == [reserve] * 5
        assert value(drafted, "cap.total", 2030, None, authority) == 5 * cap
        assert value(drafted, "reserve.total", 2030, None, authority) == 5 * reserve


# -- what is shipped ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", draft_names(RULESETS))
def test_every_shipped_draft_is_valid_and_marked_as_a_draft(name: str) -> None:
    drafted = under(name)
    (found,) = drafted.drafts
    assert found.id == name and found.title["en"].startswith("Draft: ")
    assert found.kind == "scenario" and "assum" in found.assumes["en"]
    assert "A DRAFT, not law" in (RULESETS / "drafts" / f"{name}.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", draft_names(RULESETS))
def test_answers_under_a_draft_say_so(name: str) -> None:
    for arguments in (("determine", "examples/case.yaml"), ("why", "examples/case.yaml", "K-1", "2024"), ("law", "show", "phase_6")):
        assert "under a DRAFT, which is not law: Draft: " in run(*arguments, "--draft", name).output


# -- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"set": "coverage.treshold", "value": 1}, "no parameter 'coverage.treshold' is declared — did you mean 'coverage.threshold'?"),
        ({"set": "coverage.threshold", "value": 1, "phase": "phase_9"}, "no phase 'phase_9'"),
        ({"set": "coverage.threshold", "value": "many"}, "'many' is not a decimal number"),
        ({"set": "coverage.threshold", "value": 1, "article": {"instrument": "code", "point": "1"}}, "no instrument 'code'"),
        ({"repeal": "breach-report-mising"}, "did you mean 'breach-report-missing'?"),
        ({"amend": "shortfall", "value": "max(0, obligation - surrenderd)"}, "did you mean 'surrendered'?"),
        ({"except": "obligation", "rule": {"rule": "x", "value": "tonnes_of_gold", "says": WORDS}}, "tonnes_of_gold"),
        ({"except": "obligation", "rule": {"rule": "X Y", "value": "0", "says": WORDS}}, "The name of the rule"),
        ({"set": "coverage.threshold", "value": 1, "reason": {"en": "a", "ru": "b"}}, "'kk' is a required property"),
        ({"set": "coverage.threshold", "value": 1, "reason": {"en": "some words", "ru": "some words", "kk": "сөз"}}, "translate it"),
        ({"set": "coverage.threshold", "valu": 1}, "valu"),
        ({}, "write one of set, add, amend, repeal, except"),
        ({"set": "coverage.threshold", "value": 1, "repeal": "shortfall"}, "write one of set, add, amend, repeal, except"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = draft(tmp_path, "wrong", change)
    with pytest.raises(InputError) as caught:
        under(path)
    problems = [problem for problem in caught.value.problems if message in str(problem)]
    assert problems, str(caught.value)
    assert problems[0].file.endswith("wrong.yaml") and problems[0].line > 1


def test_a_draft_that_is_not_there_or_stands_on_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'offset-limit-5'"):
        under("offset-limit")
    misnamed = tmp_path / "other.yaml"
    Path(draft(tmp_path, "named")).rename(misnamed)
    with pytest.raises(InputError, match="use one name"):
        under(str(misnamed))


# -- receipts and replay ------------------------------------------------------------------------------------------


def test_a_receipt_names_the_drafts_and_replay_finds_them_and_their_changes(law: Law, tmp_path: Path) -> None:
    path = draft(tmp_path, "mine", {"set": "coverage.threshold", "value": 15000})
    arguments = ("determine", "examples/case.yaml", "--draft", "offset-limit-5", "--draft", path, "--format", "json")
    answer = run(*arguments).output
    (receipt,) = [one["receipt"] for one in json.loads(answer)["determinations"]]
    assert [(one["draft"], one["path"]) for one in receipt["drafts"]] == [("offset-limit-5", "offset-limit-5"), ("mine", path)]
    assert receipt["ruleset_hash"] != law.digest
    schema = json.loads((SCHEMAS / "determination.schema.json").read_text(encoding="utf-8"))
    assert list(Draft202012Validator(schema).iter_errors(json.loads(answer))) == []
    file = tmp_path / "d.json"
    file.write_text(answer, encoding="utf-8")
    assert "identical: 3 of 3" in run("replay", str(file)).output
    draft(tmp_path, "mine", {"set": "coverage.threshold", "value": 16000})
    result = CliRunner().invoke(main, ["replay", str(file), "--format", "json"])
    found = json.loads(result.output)
    assert result.exit_code == 1 and not found["identical"]
    assert [change["name"] for change in found["changed"]] == ["drafts/mine.yaml"]


def test_the_digest_of_a_law_under_drafts_covers_their_order_and_content(law: Law, tmp_path: Path) -> None:
    one, two = draft(tmp_path, "one"), draft(tmp_path, "two")
    digests = [law.digest, under(one).digest, under(one, two).digest, under(two, one).digest]
    assert len(set(digests)) == len(digests)


# -- the commands -------------------------------------------------------------------------------------------------


def test_a_new_draft_is_valid_and_changes_nothing_until_a_value_is_taken_up(law: Law, tmp_path: Path) -> None:
    path = tmp_path / "fresh.yaml"
    run("draft", "new", "fresh", "--phase", "phase_5", "--output", str(path))
    fresh = under(str(path))
    assert fresh.tree["values"] == law.tree["values"] and fresh.drafts[0].changes == ()
    lines = path.read_text(encoding="utf-8").splitlines()
    everything = [line[2:] if line.startswith("#  ") else line for line in lines]
    path.write_text("\n".join(everything).replace("changes: []", "changes:"), encoding="utf-8")
    taken = under(str(path))
    assert len(taken.drafts[0].changes) > 60
    program, same = (Program(one, one.select(), one.phases["phase_5"], 2025) for one in (law, taken))
    for name in ("coverage.threshold", "surrender.deadline", "market.venues", "mrv.gases", "penalty.rate", "offset.quantity_limit"):
        assert program.parameter(name, None, date(2025, 12, 31))[0] == same.parameter(name, None, date(2025, 12, 31))[0], name


def test_a_new_draft_does_not_write_over_a_file(tmp_path: Path) -> None:
    path = tmp_path / "fresh.yaml"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="the file exists"):
        run("draft", "new", "fresh", "--phase", "phase_5", "--output", str(path))
    assert path.read_text(encoding="utf-8") == "mine"


def test_drafts_are_listed_and_shown_in_each_language() -> None:
    names = [one["draft"] for one in json.loads(run("draft", "list", "--format", "json").output)]
    assert names == draft_names(RULESETS) and len(names) >= 4
    for language, word in (("en", "Assumptions: "), ("ru", "Допущения: "), ("kk", "Болжамдар: ")):
        assert word in run("draft", "show", "offset-limit-5", "--lang", language).output
