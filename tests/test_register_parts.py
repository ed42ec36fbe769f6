"""What dividing a register among threads rests on: ids looked up, whole numbers narrowed, processes forked beside threads."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import polars
import pytest

from engine.columns.asking import Decider
from engine.columns.dividing import OWNER, PART, divide
from engine.columns.forking import from_child, working
from engine.columns.naming import Ids, looked_up
from engine.columns.reading import FILE, ROW, open_register
from engine.columns.spilling import Spill, narrowed, partition, spill
from engine.columns.threads import in_turn
from engine.columns.workers import Workers
from engine.containment import contained
from engine.law import Law
from engine.problems import InputError, Problem
from engine.proving import Inquiry
from tests.test_register_run import TODAY, written


@pytest.mark.parametrize("ids", [["7", "8", "9"], ["9", "7", "0", "30"], ["A", "7", "007"], ["007", "8"], ["5"], []])
def test_an_id_is_found_where_the_same_text_stands(ids: list[str]) -> None:
    wanted = ["7", "007", "A", "9", "9", None, "-1", "30", "8"]
    expected = [-1 if one is None or one not in ids else ids.index(one) for one in wanted]
    among = Ids(polars.Series(ids, dtype=polars.String))
    assert among.rows(polars.Series(wanted)).tolist() == expected
    numbers = [one for one in wanted if one is None or str(int(one) if one.lstrip("-").isdigit() else "") == one]
    expected = [-1 if one is None or one not in ids else ids.index(one) for one in numbers]
    for kind in (polars.Int16, polars.Int64):
        assert among.rows(polars.Series([None if n is None else int(n) for n in numbers], dtype=kind)).tolist() == expected
    assert among.rows(polars.Series([2**64 - 1], dtype=polars.UInt64)).tolist() == [-1]


@pytest.mark.parametrize("keys", [[3, 1, 2], [1, 5, 9], [2**63 - 1, 7], []])
def test_a_number_is_looked_up_where_it_stands(keys: list[int]) -> None:
    ids = [7, 7, 1, 2**63 - 1, 4]
    expected = [keys.index(one) if one in keys else None for one in ids]
    found = looked_up(polars.Series(keys, dtype=polars.Int64), polars.Series(ids, dtype=polars.Int64))
    assert found.to_list() == expected
    wide = polars.Series([2**64 - 1, 2**53 + 1], dtype=polars.UInt64)
    assert looked_up(polars.Series([2**53, 2**53 + 1], dtype=polars.Int64), wide).to_list() == [None, 1]


def test_ids_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polars.Series, "hash", lambda self, *_: polars.Series([1] * len(self), dtype=polars.UInt64))
    assert Ids(polars.Series(["a", "b"])).rows(polars.Series(["b", "c", "a"])).tolist() == [1, -1, 0]


def test_whole_numbers_are_held_in_the_bits_that_they_need() -> None:
    ends = {"byte": [-(2**7), 2**7 - 1], "two": [-(2**7) - 1, 0], "four": [0, 2**15], "eight": [2**31, None], "long": [2**63 - 1, -(2**63)]}
    frame = polars.DataFrame({name: polars.Series(values, dtype=polars.Int64) for name, values in ends.items()}).with_columns(
        unsigned=polars.Series([2**64 - 1, 0], dtype=polars.UInt64), wide=polars.Series([2**70, 1], dtype=polars.Int128), text=polars.Series(["1", "2"])
    )
    found = narrowed(frame)
    kinds = [polars.Int8, polars.Int16, polars.Int32, polars.Int64, polars.Int64, polars.UInt64, polars.Int128, polars.String]
    assert list(found.dtypes) == kinds
    assert found.rows() == frame.rows()


def test_all_parts_of_a_register_have_their_columns_in_the_same_types(law: Law, tmp_path: Path) -> None:
    """One installation of each operator; the last emits more than 2^31 t."""
    many = 40
    lines = "".join(f"I{n},2020,co2,{3_000_000_000 if n == many - 1 else n}\n" for n in range(many))
    folder = written(
        tmp_path / "in",
        operators="id,size\n" + "".join(f"O{n},large\n" for n in range(many)),
        installations="id,operator,sector\n" + "".join(f"I{n},O{n},power\n" for n in range(many)),
        emissions="installation,year,gas,tonnes\n" + lines,
    )
    frame = polars.read_csv(folder / "emissions.csv")
    (folder / "emissions.csv").unlink()
    frame.write_parquet(folder / "emissions.parquet", row_group_size=7)
    register = open_register(law, folder, None, TODAY)
    division = divide(register, 4, None)
    found, known = spill(register, division, tmp_path / "rows", None, Decider(law, Inquiry()))
    assert known.bounds["emissions", "tonnes"] == (0, 3_000_000_000)
    for again in (found, Spill.found(tmp_path / "rows")):
        parts = [partition(division, again, part)["emissions"] for part in range(4)]
        assert {tuple(part.schema.items()) for part in parts} == {tuple(parts[0].schema.items())}
        assert parts[0].schema["tonnes"] == polars.Int64 and parts[0].schema["year"] == polars.Int16
        together = polars.concat(parts).sort(ROW)
        assert together[ROW].to_list() == list(range(many)) and set(together[FILE]) == {0}
        assert together.select(frame.columns).rows() == frame.rows()
        placed = dict(division.owners.select(OWNER, PART).iter_rows())
        assert all(placed[name] == number for number, part in enumerate(parts) for name in part["installation"])


def test_results_come_in_turn_and_few_are_begun() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20):
            taken.append(number)
            yield number

    for number, found in enumerate(in_turn(lambda n: n * n, items())):
        assert found == number**2 and len(taken) <= number + 20 // 2
    with pytest.raises(ZeroDivisionError):
        list(in_turn(lambda n: 1 // n, [1, 0]))


def test_an_error_of_one_worker_ends_the_others_tasks() -> None:
    done: list[int] = []

    def work(number: int) -> int:
        if number == 0:
            raise InputError([Problem("x", 1, 1, "wrong")])
        done.append(number)
        return number

    with pytest.raises(InputError, match="wrong"):
        list(Workers(work, 2).each(range(1000)))
    assert len(done) < 999
    assert sorted(Workers(work, 3).each(range(1, 10))) == list(range(1, 10))


def test_a_process_is_forked_while_no_other_thread_holds_a_lock() -> None:
    """Threads that work hold their locks nearly always; each child takes all of them, which it can if nobody held one when it was forked."""
    locks = [threading.Lock() for _ in range(3)]

    def take_all(_: int) -> bool:
        return all(lock.acquire(timeout=1) and not lock.release() for lock in locks)

    def work(number: int) -> list[bool]:
        with locks[number % 3]:
            time.sleep(random.Random(number).uniform(0.001, 0.02))
        return from_child(lambda: contained([1, 2], take_all))

    assert list(Workers(work, 3).each(range(30))) == [[True, True]] * 30


def test_a_child_is_forked_where_nothing_else_works() -> None:
    assert from_child(lambda: contained([3], lambda n: n + 1)) == [4]
    with working():
        assert from_child(lambda: contained([3], lambda n: n + 1)) == [4]
    with pytest.raises(InputError):
        from_child(lambda: contained([3], _refuse))
    assert from_child(lambda: contained([3], lambda n: n + 1)) == [4]


def _refuse(_: int) -> int:
    raise InputError([Problem("x", 1, 1, "wrong")])
