"""What dividing a register among threads rests on: ids looked up, whole numbers narrowed, processes forked beside threads."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy
import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.columns import encoding, extent_of, schema_of, streaming
from engine.columns.asking import Decider
from engine.columns.dividing import OWNER, PART, divide
from engine.columns.encoding import Tables
from engine.columns.forking import from_child, working
from engine.columns.gathering import gather
from engine.columns.matching import Texts
from engine.columns.naming import Ids, looked_up
from engine.columns.reading import FILE, ROW, open_register
from engine.columns.spilling import Spill, narrowed, partition, spans_of, spill
from engine.columns.tasks import statuses, whole
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
    narrow = polars.Series([-128, 0, 127], dtype=polars.Int8)
    far = polars.Series([1000, -128, 127, -32768, 32767, -129], dtype=polars.Int16)
    assert looked_up(narrow, far).to_list() == [None, 0, 2, None, None, None]
    assert looked_up(far, narrow).to_list() == [1, None, 2]
    wide = polars.Series([2**64 - 1, 2**53 + 1], dtype=polars.UInt64)
    assert looked_up(polars.Series([2**53, 2**53 + 1], dtype=polars.Int64), wide).to_list() == [None, 1]


def test_ids_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polars.Series, "hash", lambda self, *_: polars.Series([1] * len(self), dtype=polars.UInt64))
    assert Ids(polars.Series(["a", "b"])).rows(polars.Series(["b", "c", "a"])).tolist() == [1, -1, 0]


LONG = "the rest of a name that begins as others do, "
NAMES = st.builds(str.__add__, st.sampled_from(["", "A", LONG]), st.integers(0, 200).map(str))


@settings(max_examples=60, deadline=None)
@given(st.lists(NAMES, max_size=100, unique=True), st.lists(NAMES | st.sampled_from(["", "none", "unknown"]), max_size=100), st.booleans(), st.integers(0, 3))
def test_texts_are_found_in_whatever_order_they_are_asked_for(texts: list[str], others: list[str], together: bool, start: int) -> None:
    """In the order of the texts, with others between, and with all hashes the same."""
    wanted, apart = [*texts[start:], *others, *texts], ["none", ""]
    expected = [len(texts) + apart.index(one) if one in apart else texts.index(one) if one in texts else len(texts) + len(apart) for one in wanted]
    with pytest.MonkeyPatch.context() as patch:
        if together:
            patch.setattr(polars.Series, "hash", lambda self, *_: polars.Series([7] * len(self), dtype=polars.UInt64))
        among = Texts(polars.Series(texts, dtype=polars.String), apart)
        assert among.places(polars.Series(["x", *wanted, "x"], dtype=polars.String)[1:-1]).tolist() == expected
        pieces = polars.concat([polars.Series([one], dtype=polars.String) for one in [*wanted, ""]], rechunk=False)
        assert among.places(pieces).tolist() == [*expected, len(texts) + 1]


def test_references_of_many_rows_are_read_as_those_of_few(law: Law, monkeypatch: pytest.MonkeyPatch) -> None:
    many = 500
    said = ["U3", "none", "unknown", "", None, "U499", "U500", LONG + "1", "U4", "U4"] * 50
    tables = {
        "units": polars.DataFrame({"id": [f"U{n}" for n in range(many)], "project": said, "installation": polars.Series([None] * many, dtype=polars.String)}),
        "surrenders": polars.DataFrame({"unit": said}),
        "projects": polars.DataFrame({"id": ["U4", "U499", LONG + "1"]}),
    }
    stated = tables["units"].with_columns(polars.Series("project:none", [True] + [False] * (many - 1)))
    places = [("units", "project"), ("units", "installation"), ("surrenders", "unit")]
    for frames in (tables, {**tables, "units": stated}):
        few, found = Tables(law.vocabulary, frames, {}), Tables(law.vocabulary, frames, {})
        monkeypatch.setattr(encoding, "MANY", many + 1)
        expected = [few.column(*place) for place in places]
        monkeypatch.setattr(encoding, "MANY", 1)
        for one, place in zip(expected, places, strict=True):
            own = found.column(*place)
            for part in ("values", "unknown", "none"):
                before, after = (None if series is None else series.to_list() for series in (getattr(one, part), getattr(own, part)))
                assert before == after, (place, part)


def test_whole_numbers_are_held_in_the_bits_that_they_need() -> None:
    ends: dict[str, list[int | None]] = {"byte": [-(2**7), 2**7 - 1], "two": [-(2**7) - 1, 0], "four": [0, 2**15], "eight": [2**31, None], "long": [2**63 - 1, -(2**63)]}
    frame = polars.DataFrame({name: polars.Series(values, dtype=polars.Int64) for name, values in ends.items()}).with_columns(
        unsigned=polars.Series([2**64 - 1, 0], dtype=polars.UInt64), wide=polars.Series([2**70, 1], dtype=polars.Int128), text=polars.Series(["1", "2"])
    )
    found = narrowed(frame, spans_of(frame))
    kinds = [polars.Int8, polars.Int16, polars.Int32, polars.Int64, polars.Int64, polars.UInt64, polars.Int128, polars.String]
    assert list(found.dtypes) == kinds
    assert found.rows() == frame.rows()


@pytest.mark.parametrize("wide", ["int8", "int16", "int32", "int64", "uint8", "uint32", "uint64", "bool"])
def test_rows_in_another_order_are_the_rows_of_numpy(wide: str) -> None:
    random, kind = numpy.random.default_rng(1), numpy.dtype(wide)
    narrower = [kind, *(numpy.dtype(f"int{bits}") for bits in (8, 16, 32) if kind.kind == "i" and bits < 8 * kind.itemsize)]
    for target in narrower:
        least, most = (0, 1) if wide == "bool" else (int(numpy.iinfo(target).min), int(numpy.iinfo(target).max))
        values = random.integers(least, most, 1_000, endpoint=True, dtype="uint64" if wide == "uint64" else "int64").astype(kind)
        for places in (random.integers(0, 1_000, 333).astype(numpy.uint32), numpy.empty(0, numpy.uint32)):
            found = numpy.empty(len(places), target)
            gather(values, places, found)
            assert (found == values[places]).all()


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
    assert known.bounds["emissions", "tonnes"] == (Fraction(0), Fraction(3_000_000_000))
    for again in (found, Spill.found(tmp_path / "rows")):
        parts = [partition(division, again, part)["emissions"] for part in range(4)]
        assert {tuple(part.schema.items()) for part in parts} == {tuple(parts[0].schema.items())}
        assert parts[0].schema["tonnes"] == polars.Int64 and parts[0].schema["year"] == polars.Int16
        together = polars.concat(parts).sort(ROW)
        assert together[ROW].to_list() == list(range(many)) and set(together[FILE]) == {0}
        assert together.select(frame.columns).rows() == frame.rows()
        placed = dict(division.owners.select(OWNER, PART).iter_rows())
        assert all(placed[name] == number for number, part in enumerate(parts) for name in part["installation"])


def test_cells_of_all_types_come_back_as_they_were(law: Law, tmp_path: Path) -> None:
    """Files of one table in different types, with nulls, and without a column that others have."""
    many, kinds = 30, polars.Enum(["allowance", "offset"])
    folder = written(
        tmp_path / "in",
        operators="id,size\n" + "".join(f"O{n},large\n" for n in range(many)),
        installations="id,operator,sector\n" + "".join(f"{n},O{n},power\n" for n in range(many)),
        surrenders="installation,year,unit,quantity,on\n",
    )
    (folder / "units.csv").unlink()
    numbers = list(range(many))
    one = polars.DataFrame({
        "id": [f"U{n}" for n in numbers], "installation": numbers, "kind": polars.Series(["allowance", None] * 15, dtype=kinds),
        "issued_for": [None if n % 3 else 2020 for n in numbers], "quantity": [Decimal(n) / 4 for n in numbers], "project": [None] * many,
        "acquired_on": [None if n % 4 else date(2020, 1, 1 + n) for n in numbers],
    })  # fmt: skip
    other = one.select(
        polars.col("id") + "x", polars.col("installation").cast(polars.String), "kind", polars.lit(2**40 + 1).alias("issued_for"),
        polars.lit(3).alias("quantity"), polars.lit("none").alias("acquired_on"),
    )  # fmt: skip
    (folder / "units").mkdir()
    one.write_parquet(folder / "units" / "a.parquet")
    other.write_parquet(folder / "units" / "b.parquet")
    register = open_register(law, folder, None, TODAY)
    found, read = [], polars.concat([one, other], how="diagonal_relaxed").with_columns(polars.all().cast(polars.String))
    for parts in (1, 3):
        division = divide(register, parts, [])
        rows, _ = spill(register, division, tmp_path / str(parts) if parts > 1 else None, [], Decider(law, Inquiry()))
        for again in (rows, Spill.found(tmp_path / "3") if parts > 1 else rows):
            loaded = [partition(division, again, part)["units"] for part in range(parts)]
            assert len({tuple(part.schema.items()) for part in loaded}) == 1
            whole = polars.concat(loaded).sort(FILE, ROW).select(read.columns)
            assert whole.with_columns(polars.all().cast(polars.String)).equals(read.with_columns(quantity=whole["quantity"].cast(polars.String)))
            assert whole["quantity"].to_list() == [*one["quantity"], *[3] * many]
            found.append(whole)
    assert all(whole.equals(found[0]) for whole in found)


def test_a_partition_that_was_decided_leaves_no_rows_and_one_that_is_lost_begins_the_run_anew(law: Law, tmp_path: Path) -> None:
    folder, out = written(tmp_path / "in"), tmp_path / "out"
    order = streaming.Order(open_register(law, folder, None, TODAY), Decider(law, Inquiry()), out, None, 3)
    steps = streaming.run(order)
    next(steps)
    del steps
    left = {path.name for path in (out / ".unfinished" / "rows").iterdir()}
    (mark,) = (out / ".unfinished").glob("done-*.json")
    assert mark.stem.removeprefix("done-") not in left
    mark.unlink()  # as if it had been interrupted while numbers were brought to common decimals
    *_, (done, of, tally) = streaming.run(order)
    assert (done, of, tally.rows["installation_year"]) == (4, 4, 4)


def test_what_is_known_of_typed_columns_is_what_is_known_of_their_texts(law: Law) -> None:
    """By its type a column shows that all of its cells are known; as text each is read."""
    kinds = polars.Enum(sorted(law.vocabulary.codes["unit_kinds"]))
    some = sorted(law.vocabulary.codes["unit_kinds"])[:2]
    typed = polars.DataFrame({
        "id": ["a", "b"], "installation": ["x", "y"], "kind": polars.Series(some, dtype=kinds), "issued_for": [2020, 2014], "quantity": [-3, 2**40],
        "acquired_on": [date(2020, 1, 1), date(2021, 1, 1)],
    })  # fmt: skip
    for frame in (typed, typed.with_columns(polars.lit(None, polars.Int64).alias("quantity")), typed.with_columns(polars.lit(2**62).alias("quantity"))):
        for one in (frame, frame.clear(), frame.with_columns(polars.when(polars.col("id") == "a").then(polars.col("acquired_on")))):
            assert extent_of(law, {"units": one}) == extent_of(law, {"units": one.with_columns(polars.all().cast(polars.String))})


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


def test_statuses_are_counted_alike_as_codes_and_as_texts(law: Law) -> None:
    rows = polars.DataFrame({
        "year": [2021, 2020, 2020, 2020, 2021, 2020], "status": ["compliant", "compliant", None, None, None, "compliant"],
        "status?": ["value", "value", "unknown", "conflict", "unknown", "value"],
    })  # fmt: skip
    expected = {"2020": {"compliant": 2, "undetermined": 2}, "2021": {"compliant": 1, "undetermined": 1}}
    kinds = schema_of(law, "installation_year")
    assert statuses(law, rows) == expected
    assert statuses(law, rows.with_columns(polars.col(name).cast(kinds[name]) for name in ("status", "status?"))) == expected
    assert statuses(law, rows.clear()) == {}


def test_files_of_one_name_are_written_side_by_side(tmp_path: Path) -> None:
    """Of two entities, by two threads at the same moment."""
    both = threading.Barrier(2)
    for name in ("one", "other"):
        (tmp_path / name).mkdir()

    def write(name: str) -> None:
        with whole(tmp_path / name / "part-00000.parquet", tmp_path) as target:
            target.write_text(name)
            both.wait(timeout=10)

    list(Workers(write, 2).each(["one", "other"]))
    assert [(tmp_path / name / "part-00000.parquet").read_text() for name in ("one", "other")] == ["one", "other"]


def test_an_error_of_one_worker_ends_the_others_tasks() -> None:
    done: list[int] = []

    def work(number: int) -> int:
        if number == 0:
            raise InputError([Problem("x", 1, 1, "wrong")])
        time.sleep(0.001)
        done.append(number)
        return number

    with pytest.raises(InputError, match="wrong"):
        list(Workers(work, 2).each(range(1000)))
    assert len(done) < 999
    assert sorted(Workers(work, 3).each(range(1, 10))) == list(range(1, 10))


def test_while_one_is_finished_no_more_than_asked_for_are_worked_on() -> None:
    """The first two are not finished before the third is worked on."""
    third, at_work, most, changing = threading.Event(), 0, 0, threading.Lock()

    def work(number: int) -> int:
        nonlocal at_work, most
        with changing:
            at_work += 1
            most = max(most, at_work)
        if number > 1:
            third.set()
        time.sleep(0.002)
        with changing:
            at_work -= 1
        return number + 1

    def finish(number: int, found: int) -> tuple[int, int]:
        return number, found if third.wait(timeout=10) else -1

    assert sorted(Workers(work, 2, finish).each(range(8))) == [(number, number + 1) for number in range(8)]
    assert most == 2
    assert list(Workers(work, 1, finish).each([8])) == [(8, 9)]


def test_a_process_is_forked_while_no_other_thread_holds_a_lock() -> None:
    """Threads that work hold their locks nearly always; each child takes all of them, which it can if nobody held one when it was forked."""
    locks = [threading.Lock() for _ in range(3)]

    def take_all(_: int) -> bool:
        taken = [lock for lock in locks if lock.acquire(timeout=1)]
        for lock in taken:
            lock.release()
        return taken == locks

    def work(number: int) -> list[bool]:
        with locks[number % 3]:
            time.sleep(random.Random(number).uniform(0.001, 0.02))
        return from_child(lambda: contained([1, 2], take_all))

    assert list(Workers(work, 3).each(range(30))) == [[True, True]] * 30
    assert list(Workers(work, 2, lambda _, found: found).each(range(30))) == [[True, True]] * 30


def test_a_child_is_forked_where_nothing_else_works() -> None:
    assert from_child(lambda: contained([3], lambda n: n + 1)) == [4]
    with working():
        assert from_child(lambda: contained([3], lambda n: n + 1)) == [4]
    with pytest.raises(InputError):
        from_child(lambda: contained([3], _refuse))
    assert from_child(lambda: contained([3], lambda n: n + 1)) == [4]


def _refuse(_: int) -> int:
    raise InputError([Problem("x", 1, 1, "wrong")])
