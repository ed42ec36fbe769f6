"""A register on a local Spark gives the files that one machine gives."""

from __future__ import annotations

from pathlib import Path

import polars
import pytest

pytest.importorskip("pyspark", reason="PySpark is not installed: pip install 'kazets[spark]', or `make test-spark`")

from engine.problems import InputError
from tests.conftest import ROOT
from tests.test_register_run import REGISTER, command, written


def frame(out: Path, entity: str) -> polars.DataFrame:
    found = polars.concat([polars.read_parquet(f) for f in sorted((out / entity).glob("*.parquet"))])
    text = found.with_columns(polars.selectors.enum().cast(polars.String), polars.selectors.categorical().cast(polars.String))
    return text.sort([name for name in ("key", "of", "year") if name in text.columns])


def same(one: Path, other: Path, entities: tuple[str, ...]) -> None:
    for entity in entities:
        left, right = frame(one, entity), frame(other, entity)
        assert left.columns == right.columns
        assert left.rows() == right.rows(), entity


def test_spark_gives_what_one_machine_gives(tmp_path: Path) -> None:
    """With a lot that two operators share, an offset project at another operator's installation, and a shuffle into three parts."""
    folder = written(tmp_path / "in", surrenders=REGISTER["surrenders.csv"] + "B1,2020,U1,10,2021-04-02\n")
    command("determine", folder, "--out", tmp_path / "one")
    command("determine", folder, "--out", tmp_path / "spark", "--on", "spark", "--partitions", "3")
    same(tmp_path / "one", tmp_path / "spark", ("installation_year", "lot", "plan_year", "plan_period"))
    expected = command("why", tmp_path / "one", "A2", "2020").output
    assert command("why", tmp_path / "spark", "A2", "2020").output == expected


def test_spark_tells_a_wrong_row(tmp_path: Path) -> None:
    folder = written(tmp_path / "in", emissions=REGISTER["emissions.csv"].replace("60000", "-6"))
    with pytest.raises(InputError, match=r"emissions, column tonnes: .*cannot be less than 0.* in the row A2,2020,co2,-6"):
        command("determine", folder, "--out", tmp_path / "out", "--on", "spark", "--partitions", "2")


def test_the_real_plan_on_spark(tmp_path: Path) -> None:
    """The rows of the plan of 2021 sum to 169,187,230."""
    command("determine", ROOT / "examples" / "plan-2021", "--out", tmp_path / "out", "--on", "spark", "--partitions", "2")
    plan = frame(tmp_path / "out", "plan_period")
    assert plan.filter(polars.col("key") == "phase_4")["allocated"].to_list() == [169_187_230]
