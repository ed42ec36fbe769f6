"""A register decided to a folder: the same answers as one determination at a time, in any number of partitions, taken up where it stopped."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars
import pytest
from click.testing import CliRunner, Result

from cli import main
from engine.columns import streaming
from engine.columns.asking import Decider
from engine.columns.dividing import PART, TOGETHER, divide
from engine.columns.reading import Bad, open_register
from engine.columns.routing import Routes
from engine.explaining.json_form import as_json
from engine.explaining.reports import read_facts, roots
from engine.law import Law
from engine.problems import InputError
from engine.proving import Inquiry, ask
from tests.conftest import ROOT

TODAY = date(2026, 1, 1)
REGISTER = {
    "register.yaml": "as_of: 2021-12-31\n",
    "operators.csv": "id,size\nA,large\nB,small\nC,medium\n",
    "installations.csv": "id,operator,sector\nA1,A,power\nA2,A,power\nB1,B,power\nC1,C,oil_gas\n",
    "emissions.csv": "installation,year,gas,tonnes\nA1,2020,co2,100\nA2,2020,co2,60000\nB1,2020,co2,50000\nC1,2020,co2,30000\n",
    "quotas.csv": "installation,plan,year,quantity,kind\nA2,phase_3,2020,60000,initial\nB1,phase_3,2020,40000,initial\nC1,phase_3,2020,30000,initial\n",
    "reports.csv": "installation,year,submitted_on,verified\nA1,2020,2021-03-01,true\nA2,2020,2021-03-01,true\nB1,2020,2021-06-01,true\n",
    "units.csv": "id,installation,kind,plan,issued_for,quantity,project\nU1,A2,allowance,phase_3,2020,60000,none\nU2,B1,allowance,phase_3,2020,40000,none\nU3,C1,offset,none,none,500,P1\n",
    "surrenders.csv": 'installation,year,unit,quantity,on\nA2,2020,U1,60000,2021-04-01\nB1,2020,U2,40000,2021-04-01\nC1,2020,U3,500,2021-04-01\n',
    "projects.csv": "id,sector,host_installation\nP1,forestry,B1\n",
}  # fmt: skip


def written(folder: Path, **changes: str) -> Path:
    folder.mkdir()
    for name, text in {**REGISTER, **{f"{table}.csv": text for table, text in changes.items()}}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False, standalone_mode=False)


def rows(out: Path, entity: str) -> list[dict[str, Any]]:
    frame = polars.concat([polars.read_parquet(f) for f in sorted((out / entity).glob("*.parquet"))])
    keys = [name for name in ("key", "year", "of") if name in frame.columns]
    return frame.sort(keys).to_dicts()


def one_by_one(law: Law, folder: Path) -> dict[str, dict[tuple[str, int], Any]]:
    """What proving says of every root: list -> (key, year) -> decision -> value or `undetermined`."""
    facts = read_facts(law, folder, None)
    inquiry = Inquiry(compare=False)
    answer = as_json(law, law.select(), facts, ask(law, facts, inquiry, roots(law, facts, inquiry, None, None)))
    return {
        "installation_year": {(d["installation"], d["year"]): d["decisions"] for d in answer["determinations"]},
        "plan_year": {(d["plan"], d["year"]): d["decisions"] for d in answer["plans"] if d["year"] is not None},
    }


@pytest.mark.parametrize("parts", [1, 2, 5])
def test_every_partitioning_gives_what_proving_gives(law: Law, tmp_path: Path, parts: int) -> None:
    folder, out = written(tmp_path / "in"), tmp_path / "out"
    command("determine", folder, "--out", out, "--partitions", str(parts))
    for entity, expected in one_by_one(law, folder).items():
        found = rows(out, entity)
        assert {(row["key"], row["year"]) for row in found} == set(expected)
        for row in found:
            for decision, value in expected[row["key"], row["year"]].items():
                kind = law.vocabulary.decisions[entity, decision].type.kind
                if row[f"{decision}?"] != "value":
                    assert value in ("undetermined", None, "none") or isinstance(value, (dict, list)), (row["key"], decision, value)
                elif kind == "set":
                    assert sorted(filter(None, row[decision].split(", "))) == sorted(value), (row["key"], decision)
                else:
                    assert str(row[decision]) == str(value), (row["key"], decision)
    receipt = json.loads((out / "receipt.json").read_text(encoding="utf-8"))
    assert receipt["counted"]["rows"]["installation_year"] == 4 and receipt["ruleset_hash"] == law.digest
    assert not (out / ".unfinished").exists()


def test_operators_who_share_a_lot_are_decided_together(law: Law, tmp_path: Path) -> None:
    """B surrenders from a lot of A; C refers to nobody."""
    shared = REGISTER["surrenders.csv"] + "B1,2020,U1,10,2021-04-02\n"
    folder = written(tmp_path / "in", surrenders=shared)
    division = divide(open_register(law, folder, None, TODAY), 64, None)
    part = dict(division.owners.select("@owner", PART).iter_rows())
    together = dict(division.owners.select("@owner", TOGETHER).iter_rows())
    assert part["A1"] == part["A2"] == part["B1"]
    assert together["C1"] != together["A1"]
    alone = divide(open_register(law, written(tmp_path / "alone"), None, TODAY), 64, None)
    assert len(set(alone.owners[TOGETHER])) == 3


def test_what_divides_a_register_is_read_off_the_law(law: Law) -> None:
    routes = Routes.of(law)
    assert (routes.base, routes.group, routes.grouped) == ("installations", "operator", "operators")
    assert routes.links == (("surrenders", "unit", "units"),)
    assert routes.host_tables == {"quotas"}


def test_an_interrupted_run_is_taken_up_where_it_stopped(law: Law, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, out, whole = written(tmp_path / "in"), tmp_path / "out", tmp_path / "whole"
    command("determine", folder, "--out", whole, "--partitions", "3")
    steps: Iterator[Any] = streaming.run(streaming.Order(open_register(law, folder, None, TODAY), Decider(law, Inquiry()), out, None, 3))
    next(steps)
    del steps
    assert not (out / "receipt.json").exists()
    first = (out / "installation_year" / "part-00000.parquet").stat().st_mtime_ns
    decided: list[int] = []
    real = Decider.decide

    def counted(self: Decider, *arguments: Any, **options: Any) -> Any:
        decided.append(1)
        return real(self, *arguments, **options)

    monkeypatch.setattr(Decider, "decide", counted)
    command("determine", folder, "--out", out, "--partitions", "3")
    assert (out / "installation_year" / "part-00000.parquet").stat().st_mtime_ns == first
    assert len(decided) == 3  # two partitions of the three, and the plans
    assert rows(out, "installation_year") == rows(whole, "installation_year") and rows(out, "plan_year") == rows(whole, "plan_year")
    command("determine", folder, "--out", out, "--partitions", "3")
    assert len(decided) == 3  # it is all there


def files(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def test_any_number_of_workers_writes_the_same_bytes(tmp_path: Path) -> None:
    folder = written(tmp_path / "in")
    for workers in ("1", "2", "3"):
        command("determine", folder, "--out", tmp_path / workers, "--partitions", "3", "--workers", workers)
    assert files(tmp_path / "1") == files(tmp_path / "2") == files(tmp_path / "3")


def test_a_wrong_row_found_by_a_worker_is_told_like_any_other(tmp_path: Path) -> None:
    folder = written(tmp_path / "in", emissions=REGISTER["emissions.csv"].replace("60000", "-5"))
    with pytest.raises(InputError, match=r"emissions.csv:3:13: emissions.tonnes is -5; it cannot be less than 0"):
        command("determine", folder, "--out", tmp_path / "out", "--partitions", "3", "--workers", "2")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_run_that_is_killed_leaves_whole_files_and_is_taken_up(tmp_path: Path, workers: str) -> None:
    """One operator for each of eight partitions; killed as soon as the first of them is marked as done."""
    folder = written(
        tmp_path / "in",
        operators="id,size\n" + "".join(f"O{n},large\n" for n in range(40)),
        installations="id,operator,sector\n" + "".join(f"I{n},O{n},power\n" for n in range(40)),
        emissions="installation,year,gas,tonnes\n" + "".join(f"I{n},2020,co2,{n}000\n" for n in range(40)),
        quotas="installation,plan,year,quantity,kind\n",
        reports="installation,year,submitted_on,verified\n",
        units="id,installation,kind,plan,issued_for,quantity,project\n",
        surrenders="installation,year,unit,quantity,on\n",
        projects="id,sector\n",
    )
    out, whole = tmp_path / "out", tmp_path / "whole"
    given = ["--partitions", "8", "--workers", workers]
    command("determine", folder, "--out", whole, *given)
    run = subprocess.Popen([sys.executable, ROOT / "cli.py", "determine", folder, "--out", out, *given], stdout=subprocess.DEVNULL)
    until = time.monotonic() + 300
    while not (marks := sorted((out / ".unfinished").glob("done-*.json"))):
        assert run.poll() is None and time.monotonic() < until
        time.sleep(0.002)
    run.kill()
    run.wait()
    assert not (out / "receipt.json").exists()
    marks = sorted((out / ".unfinished").glob("done-*.json"))
    assert 0 < len(marks) < 9  # eight partitions, and what belongs to none
    done = {
        file: file.stat().st_mtime_ns
        for mark in marks
        if (file := out / "installation_year" / json.loads(mark.read_text())["file"]).exists()
    }
    for file in (out / "installation_year").iterdir():
        assert file.read_bytes() == (whole / "installation_year" / file.name).read_bytes()
    command("determine", folder, "--out", out, *given)
    assert {file: file.stat().st_mtime_ns for file in done} == done
    assert files(out) == files(whole)


def test_partitions_whose_facts_have_fewer_decimals_are_brought_to_those_of_the_others(law: Law, tmp_path: Path) -> None:
    """B1 emits half a tonne more than whole tonnes; each operator is in a partition of its own."""
    folder, one = written(tmp_path / "in", emissions=REGISTER["emissions.csv"].replace("50000", "50000.5")), tmp_path / "one"
    assert divide(open_register(law, folder, None, TODAY), 5, None).owners[PART].n_unique() > 1
    command("determine", folder, "--out", one, "--partitions", "1")
    command("determine", folder, "--out", tmp_path / "five", "--partitions", "5")
    scales = {out: json.loads((out / "schema.json").read_text(encoding="utf-8"))["installation_year"] for out in (one, tmp_path / "five")}
    assert scales[one] == scales[tmp_path / "five"]
    assert any(column.get("divide_by", 1) > 1 for column in scales[one].values())
    assert rows(one, "installation_year") == rows(tmp_path / "five", "installation_year")


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    folder, out = written(tmp_path / "in"), tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="was not made by `determine --out`"):
        command("determine", folder, "--out", out)
    assert [p.name for p in out.iterdir()] == ["mine.txt"]
    shutil.rmtree(out)
    command("determine", folder, "--out", out)
    with pytest.raises(InputError, match="holds the determination of other facts, or under another law"):
        command("determine", folder, "--out", out, "--authority", "statute")


WRONG = {
    "emissions": "installation,year,gas,tonnes\nA1,2020,co2,100\nA2,2020,co2,-5\nB1,2020,co2,50000\nC1,2020,co2\nZ9,2020,co2,3\n",
    "reports": 'installation,year,submitted_on,verified\nA1,2020,"2021-03-01",true\n\nA2,2020,2021-3-1,true\nB1,2020,2021-06-01,true\n',
    "quotas": "installation,plan,year,quantity,kind\nA2,phase_3,2020,60000,initial\nA2,phase_3,2020,1,initial\nB1,phase_9,2020,40000,initial\nC1,phase_3,2020,3,initial\n",
}


def test_wrong_rows_are_told_with_file_line_and_column(tmp_path: Path) -> None:
    folder = written(tmp_path / "in", **{**WRONG, "emissions": WRONG["emissions"].replace("C1,2020,co2\n", "")})
    with pytest.raises(InputError) as error:
        command("determine", folder, "--out", tmp_path / "out")
    said = {(Path(p.file).name, p.line, p.column): p.message for p in error.value.problems}
    assert set(said) == {
        ("emissions.csv", 3, 13),
        ("emissions.csv", 5, 1),
        ("reports.csv", 4, 9),
        ("quotas.csv", 3, 1),
        ("quotas.csv", 4, 4),
    }
    assert "cannot be less than 0" in said["emissions.csv", 3, 13]  # A2,2020,co2,-5: the fourth cell begins at position 13
    assert "no 'Z9' in installations" in said["emissions.csv", 5, 1]
    assert "'2021-3-1' is not a date" in said["reports.csv", 4, 9]  # after an empty line
    assert "a second row for installation, plan, year, kind" in said["quotas.csv", 3, 1]
    assert "'phase_9' is not in the code list 'plans'" in said["quotas.csv", 4, 4]


def test_a_row_with_too_few_fields_is_told_with_its_line(tmp_path: Path) -> None:
    folder = written(tmp_path / "in", emissions=WRONG["emissions"])
    with pytest.raises(InputError, match=r"emissions.csv:5:1: 3 fields, but the header has 4"):
        command("determine", folder, "--out", tmp_path / "out")


@pytest.mark.parametrize("parts", ["1", "3"])
def test_bad_rows_are_set_aside_with_reasons_and_the_rest_is_decided(tmp_path: Path, parts: str) -> None:
    folder, out, bad = written(tmp_path / "in", **WRONG), tmp_path / "out", tmp_path / "bad.csv"
    answer = command("determine", folder, "--out", out, "--bad-rows", bad, "--partitions", parts)
    with bad.open(encoding="utf-8", newline="") as file:
        told = {(Path(row["file"]).name, int(row["line"])): row for row in csv.DictReader(file)}
    assert set(told) == {("emissions.csv", n) for n in (3, 5, 6)} | {("reports.csv", 4)} | {("quotas.csv", n) for n in (3, 4)}
    assert told["emissions.csv", 3]["row"] == "A2,2020,co2,-5" and told["emissions.csv", 5]["row"] == "C1,2020,co2"
    assert "6 rows were set aside" in answer.output
    clean = written(
        tmp_path / "clean",
        emissions="installation,year,gas,tonnes\nA1,2020,co2,100\nB1,2020,co2,50000\n",
        reports="installation,year,submitted_on,verified\nA1,2020,2021-03-01,true\nB1,2020,2021-06-01,true\n",
        quotas="installation,plan,year,quantity,kind\nA2,phase_3,2020,60000,initial\nC1,phase_3,2020,3,initial\n",
    )
    command("determine", clean, "--out", tmp_path / "expected")
    for entity in ("installation_year", "plan_year"):
        assert rows(out, entity) == rows(tmp_path / "expected", entity)


def test_all_that_is_wrong_with_a_row_is_told(tmp_path: Path) -> None:
    """Z9,2020,co2,-5: the fourth cell begins after 2 + 1 + 4 + 1 + 3 + 1 = 12 characters, at position 13."""
    emissions = REGISTER["emissions.csv"] + "Z9,2020,co2,-5\n"
    folder, bad = written(tmp_path / "in", emissions=emissions), tmp_path / "bad.csv"
    line = len(emissions.splitlines())
    with pytest.raises(InputError) as refused:
        command("determine", folder, "--out", tmp_path / "refused")
    assert [(problem.line, problem.column) for problem in refused.value.problems] == [(line, 1), (line, 13)]
    answer = command("determine", folder, "--out", tmp_path / "out", "--bad-rows", bad)
    with bad.open(encoding="utf-8", newline="") as file:
        told = [(int(row["line"]), int(row["column"]), row["row"]) for row in csv.DictReader(file)]
    assert told == [(line, 1, "Z9,2020,co2,-5"), (line, 13, "Z9,2020,co2,-5")]
    assert "1 row was set aside" in answer.output


def test_a_row_that_refers_to_a_row_set_aside_is_set_aside_too(tmp_path: Path) -> None:
    units = REGISTER["units.csv"].replace("U1,A2,allowance", "U1,A2,allowances")
    folder, bad = written(tmp_path / "in", units=units), tmp_path / "bad.csv"
    command("determine", folder, "--out", tmp_path / "out", "--bad-rows", bad)
    with bad.open(encoding="utf-8", newline="") as file:
        told = [(Path(row["file"]).name, row["line"], row["message"]) for row in csv.DictReader(file)]
    assert [(name, line) for name, line, _ in told] == [("surrenders.csv", "2"), ("units.csv", "2")]
    assert told[0][2].startswith("surrenders.unit: no 'U1' in units")


def test_text_that_is_no_text_is_told_with_its_place(law: Law, tmp_path: Path) -> None:
    folder = written(tmp_path / "in")
    (folder / "emissions.csv").write_bytes(b"installation,year,gas,tonnes\nA1,2020,co2,1\nA2,2020,\xff\xfe,2\n")
    bad: list[Bad] = []
    with pytest.raises(InputError, match=r"emissions.csv:3:9: not UTF-8 text"):
        list(open_register(law, folder, None, TODAY).batches("emissions", bad))


def test_why_of_a_row_is_why_of_the_register(tmp_path: Path) -> None:
    folder, out = written(tmp_path / "in"), tmp_path / "out"
    command("determine", folder, "--out", out, "--partitions", "2")
    for key in ("A2", "B1", "C1"):
        of_register, of_row = command("why", folder, key, "2020"), command("why", out, key, "2020")
        assert of_row.output == of_register.output.replace(str(folder), str(folder.resolve()))
    (folder / "emissions.csv").write_text(REGISTER["emissions.csv"].replace("60000", "60001"), encoding="utf-8")
    with pytest.raises(InputError, match="is not what it was when it was decided"):
        command("why", out, "A2", "2020")


def test_an_output_is_asked_under_its_own_law(tmp_path: Path) -> None:
    folder, out = written(tmp_path / "in"), tmp_path / "out"
    command("determine", folder, "--out", out, "--authority", "statute", "--as-of", "2021-06-30")
    expected = command("why", folder, "B1", "2020", "--authority", "statute", "--as-of", "2021-06-30")
    assert command("why", out, "B1", "2020").output == expected.output


def test_parquet_and_parts_give_what_csv_gives(law: Law, tmp_path: Path) -> None:
    folder = written(tmp_path / "in")
    other = tmp_path / "parts"
    for name in REGISTER:
        table = name.removesuffix(".csv")
        if name.endswith(".csv"):
            frame = polars.read_csv(folder / name, infer_schema=False)
            (other / table).mkdir(parents=True)
            frame.head(2).write_parquet(other / table / "a.parquet")
            frame.tail(-2).with_columns(
                polars.col("year").cast(polars.Int64) if "year" in frame.columns and table != "units" else polars.lit(0).alias("x")
            ).drop("x", strict=False).write_parquet(other / table / "b.parquet")
    shutil.copy(folder / "register.yaml", other)
    command("determine", folder, "--out", tmp_path / "one")
    command("determine", other, "--out", tmp_path / "two", "--partitions", "2")
    assert rows(tmp_path / "one", "installation_year") == rows(tmp_path / "two", "installation_year")


def test_the_real_plan_as_a_register(law: Law, tmp_path: Path) -> None:
    """The printed total of the plan of 2021 is 169,187,227; its rows sum to three more (shared law data)."""
    command("determine", ROOT / "examples" / "plan-2021", "--out", tmp_path / "out", "--partitions", "2")
    (plan,) = (row for row in rows(tmp_path / "out", "plan_period") if row["key"] == "phase_4")
    assert plan["allocated"] == 169_187_230
    assert len(rows(tmp_path / "out", "installation_year")) == 217


def test_a_day_that_is_no_day_is_told_in_single_cases_too(law: Law, tmp_path: Path) -> None:
    """An invariant that reads the day must not stumble over it."""
    folder = written(tmp_path / "in", reports=WRONG["reports"])
    with pytest.raises(InputError, match=r"reports.csv:4:9: reports.submitted_on: '2021-3-1' is not a date"):
        read_facts(law, folder, None)
