"""Synthetic registers: marked, reproducible, within their ranges, and facts that the engine accepts."""

from __future__ import annotations

import csv
import datetime
import re
from collections import Counter
from pathlib import Path

import numpy
import pytest
from click.testing import CliRunner

from cli import main
from engine.explaining.reports import read_facts
from engine.facts.drawing import banded, bits, chosen, days, happens
from engine.facts.sampling_spec import read_sample_spec
from engine.law import Law
from engine.law.yaml_files import read_yaml
from engine.problems import InputError
from tests.conftest import ROOT

SPEC = ROOT / "rulesets" / "samples" / "register.yaml"


def made(out: Path, *options: str) -> Path:
    answer = CliRunner().invoke(main, ["facts", "sample", str(out), *options], catch_exceptions=False, standalone_mode=False)
    assert answer.exit_code == 0, answer.output
    return out


def table(register: Path, name: str) -> list[dict[str, str]]:
    with (register / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def contents(register: Path) -> dict[str, bytes]:
    return {p.relative_to(register).as_posix(): p.read_bytes() for p in register.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("sample") / "small", "--installations", "300", "--years", "2018-2020")


def test_the_same_seed_makes_the_same_bytes_and_another_seed_others(small: Path, tmp_path: Path) -> None:
    again = made(tmp_path / "again", "--installations", "300", "--years", "2018-2020")
    other = made(tmp_path / "other", "--installations", "300", "--years", "2018-2020", "--seed", "2")
    assert contents(again) == contents(small)
    assert contents(other)["emissions.csv"] != contents(small)["emissions.csv"]


def test_a_smaller_register_is_the_beginning_of_a_larger_one(small: Path, tmp_path: Path) -> None:
    """Each column has a stream of its own, so its first cells do not depend on how many follow."""
    fewer = made(tmp_path / "fewer", "--installations", "200", "--years", "2018-2020")
    assert table(fewer, "installations") == table(small, "installations")[:200]


def test_the_register_says_that_it_is_synthetic(small: Path) -> None:
    about = read_yaml(small / "register.yaml", "register.yaml").data
    starts = {"en": "SYNTHETIC", "ru": "СИНТЕТИЧЕСКИЙ", "kk": "СИНТЕТИКАЛЫҚ"}
    assert all(about["title"][language].startswith(word) for language, word in starts.items())
    assert about["as_of"] == "2021-12-31"  # the end of the year after the last one
    assert "seed 1" in about["note"]["en"] and about["note"].keys() == about["title"].keys() == starts.keys()
    for language, note in about["note"].items():
        assert "2018–2020" in note and bool(re.search("[а-яё]", note)) is (language != "en"), "each in its own language"


def test_the_register_names_the_schema_of_what_it_says(small: Path) -> None:
    first = (small / "register.yaml").read_text(encoding="utf-8").splitlines()[0]
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert named != first and (small / named).resolve() == ROOT / "schemas" / "register.schema.json"


def test_the_engine_accepts_it_in_both_forms(law: Law, small: Path, tmp_path: Path) -> None:
    columns = made(tmp_path / "columns", "--installations", "300", "--years", "2018-2020", "--format", "parquet")
    facts, same = read_facts(law, small, None), read_facts(law, columns, None)
    assert len(facts.tables["installations"]) == 300
    for name, rows in facts.tables.items():
        assert [str(sorted((k, str(v)) for k, v in r.cells.items())) for r in rows] == [
            str(sorted((k, str(v)) for k, v in r.cells.items())) for r in same.tables[name]
        ], name


def test_ranges_and_links(small: Path) -> None:
    sites = {row["id"]: row for row in table(small, "installations")}
    operators = {row["id"] for row in table(small, "operators")}
    assert {row["operator"] for row in sites.values()} == operators
    per_operator = Counter(row["operator"] for row in sites.values())
    assert min(per_operator.values()) >= 1 and max(per_operator.values()) <= 4
    assert {row["year"] for row in table(small, "emissions")} == {"2018", "2019", "2020"}
    units = {row["id"]: row for row in table(small, "units")}
    for row in table(small, "surrenders"):
        assert units[row["unit"]]["installation"] == row["installation"]
        assert int(row["quantity"]) <= int(units[row["unit"]]["quantity"])
        assert datetime.date(int(row["year"]) + 1, 2, 1) <= datetime.date.fromisoformat(row["on"])


def test_so_many_lots_as_asked(tmp_path: Path) -> None:
    register = made(tmp_path / "lots", "--installations", "20", "--years", "2019", "--count", "units=7", "--count", "offsets=0")
    lots = Counter(row["installation"] for row in table(register, "units"))
    assert set(lots.values()) == {7} and set(lots) == {row["installation"] for row in table(register, "quotas")}


def test_no_quota_where_no_plan_runs(tmp_path: Path) -> None:
    register = made(tmp_path / "gap", "--installations", "50", "--years", "2015-2018")
    assert {row["year"] for row in table(register, "emissions")} == {"2015", "2016", "2017", "2018"}
    assert {row["year"] for row in table(register, "quotas")} == {"2015", "2018"}


def test_a_real_plan_keeps_its_rows(law: Law, tmp_path: Path) -> None:
    plan = ROOT / "examples" / "plan-2018-2020"
    register = made(tmp_path / "plan", "--from", str(plan))
    for name in ("operators", "installations", "quotas"):
        assert (register / f"{name}.csv").read_bytes() == (plan / f"{name}.csv").read_bytes()
    quotas = {row["installation"]: int(row["quantity"]) for row in table(register, "quotas")}
    for row in table(register, "emissions"):
        if row["tonnes"] and row["gas"] == "co2":
            assert quotas[row["installation"]] // 3 * 70 // 100 <= int(row["tonnes"]) <= quotas[row["installation"]] // 3 * 130 // 100
    facts = read_facts(law, register, None)
    assert "reports" not in facts.withheld and "trades" in facts.withheld
    assert "SYNTHETIC" in str(facts.about["title"]) and "plan-2018-2020" in str(facts.about["title"])


def test_a_folder_that_is_there_is_left_alone(small: Path) -> None:
    before = contents(small)
    with pytest.raises(InputError, match="is there already"):
        CliRunner().invoke(main, ["facts", "sample", str(small)], catch_exceptions=False, standalone_mode=False)
    assert contents(small) == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--count", "unit=3"), "no frame 'unit' — did you mean 'units'"),
        (("--count", "operators=3"), "how many 'operators' there are follows from the other options"),
        (("--years", "2020-2018"), "'2020-2018' is not FIRST-LAST"),
        (("--years", "2031"), "no phase of the ruleset governs 2031"),
        (("--phase", "phase_9"), "no phase 'phase_9'"),
    ],
)
def test_a_wrong_order_is_answered_and_leaves_nothing(tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        CliRunner().invoke(main, ["facts", "sample", str(tmp_path / "out"), *options], catch_exceptions=False, standalone_mode=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("of: operators\n      count", "of: operator\n      count", "no frame 'operator' stands above — did you mean 'operators'"),
        ("tonnes: {from: installation_years.emitted", "tons: {from: installation_years.emitted", "emissions has no column 'tons'"),
        ("{from: installations.id}", "{from: reports.year}", "'reports' is not a frame that these rows belong to"),
        ("share: 98", "share: 980", "980 is greater than the maximum of 100"),
    ],
)
def test_a_wrong_specification_is_answered_with_its_place(law: Law, tmp_path: Path, old: str, new: str, place: str) -> None:
    text = SPEC.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "spec.yaml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    line = text[: text.index(old)].count("\n") + 1
    with pytest.raises(InputError) as error:
        read_sample_spec(file, ROOT / "schemas", law.vocabulary)
    assert place in str(error.value)
    assert error.value.problems[0].line == line


def test_bands_are_equally_likely_and_whole() -> None:
    drawn = banded((0, 9, 1009), bits(1, "x", 100_000))
    assert drawn.min() == 0 and drawn.max() == 1009
    low = int((drawn <= 9).sum())
    # Half of the draws fall into 0..9; of the others, uniform on 9..1009 (1001 numbers), 1 in 1001 is a 9 too.
    # 100,000 coin tosses have a standard deviation of 158: five of them.
    assert abs(low - 50_000 - 50) < 5 * 158


def test_weights_shares_and_days() -> None:
    drawn = bits(3, "x", 100_000)
    counts = numpy.bincount(chosen({"a": 70, "b": 20, "c": 10}, drawn))
    assert [abs(int(n) - e) < 5 * 145 for n, e in zip(counts, (70_000, 20_000, 10_000), strict=True)] == [True] * 3  # sd of 0.7: 145
    assert abs(int(happens(25, drawn).sum()) - 25_000) < 5 * 137
    years = numpy.full(1000, 2020, dtype=numpy.int64)
    found = days(("02-28", "03-01"), years, drawn[:1000])
    assert set(found.to_list()) == {datetime.date(2020, 2, 28), datetime.date(2020, 2, 29), datetime.date(2020, 3, 1)}


def test_parquet_with_floating_point_is_refused(law: Law, tmp_path: Path) -> None:
    import polars

    polars.DataFrame({"installation": ["A"], "year": [2020], "gas": ["co2"], "tonnes": [1.5]}).write_parquet(tmp_path / "emissions.parquet")
    with pytest.raises(InputError, match=r"emissions.parquet:.*'tonnes' holds floating-point numbers"):
        read_facts(law, tmp_path, None)
