"""Loops of machine code: each operation against Python's own numbers, and the shipped law and the real plans against strips."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.columns import counting, decide, machine, room, sorting
from engine.columns.cells import BOOL, CODE, DAY, INT, ROW, Cell, Cells
from engine.columns.emitting import Shape
from engine.columns.fusing import compiled, fuse
from engine.columns.machine import BLOCK, carry_out
from engine.columns.room import rooms
from engine.columns.running import run_together
from engine.columns.scheduling import Computation
from engine.columns.sorting import Key, Sorting
from engine.columns.threads import each
from engine.facts import load_facts
from engine.law import Law
from tests.conftest import ROOT
from tests.test_columns import tables_of

SPACE, OTHER = ("rows", "t"), ("rows", "o")
EPOCH = date(1970, 1, 1)
FAR = 2**62 - 1
Arrays = dict[tuple[tuple[Any, ...], str], Any]


class Facts:
    """A run over arrays, one for each column of two tables."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        self.found: dict[int, Any] = {}
        self.data = SimpleNamespace(lying=lambda space, name, part: arrays[space, name], order=lambda space: None)

    def height(self, space: Any) -> int:
        return next(len(array) for (own, _), array in self.arrays.items() if own == space)

    def value(self, cell: Cell) -> Any:
        return self.found[cell.number] if cell.number in self.found else self.arrays[cell.space or (), cell.extra[0]]

    def homes(self, index: Cell, space: Any) -> Any:
        array = self.arrays[index.space or (), index.extra[0]]
        found = numpy.full(self.height(space), -1, numpy.int32)
        found[array] = numpy.arange(len(array))
        return found


def computed(outputs: list[Cell], arrays: Arrays, full: bool, single: frozenset[int] = frozenset()) -> list[list[Any]]:
    """The values of cells, by the loops that were made of them."""
    computation = Computation(outputs)
    widths = frozenset(((space[1], name), str(array.dtype)) for (space, name), array in arrays.items())
    schedule = fuse(computation.outputs, computation.cells, Shape(frozenset(), single, frozenset(), widths))
    assert schedule is not None
    compiled([schedule], full)
    run: Any = Facts(arrays)
    for level in range(schedule.depth + 1):
        calls = []
        for program in schedule.programs.get(level, ()):
            found, call = program.begin(run)
            run.found.update(found)
            calls.append(call)
        carry_out(call for call in calls if call is not None)
    return [run.found[cell.number].tolist() for cell in outputs]


def column(cells: Cells, name: str, kind: str, low: Any = None, high: Any = None, space: Any = SPACE) -> Cell:
    return cells.make("column", (), (name, "values"), space, kind, low, high)


NUMBERS = st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=9)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("height", [1, 7, BLOCK, 3 * BLOCK + 5, 40_000])
def test_arithmetic_is_pythons(full: bool, height: int) -> None:
    random = numpy.random.default_rng(height)
    one, two = (random.integers(-(2**31), 2**31, height) for _ in range(2))
    cells = Cells()
    a, b = (column(cells, name, INT, -(2**31), 2**31) for name in "ab")
    product = cells.times(a, b)
    outputs = [
        cells.plus(a, b), cells.minus(a, b), product, cells.floor(product, 7), cells.floor(a, 1_000_000), cells.smaller(a, b), cells.larger(a, b),
        cells.choose(cells.both(cells.less(a, b), cells.no(cells.equal(a, cells.const(3)))), cells.minus(b, a), cells.const(-1)),
    ]  # fmt: skip
    expected: list[Callable[[int, int], int]] = [
        lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x * y // 7, lambda x, y: x // 1_000_000, min, max,
        lambda x, y: y - x if x < y and x != 3 else -1,
    ]  # fmt: skip
    found = computed(outputs, {(SPACE, "a"): one, (SPACE, "b"): two}, full)
    for values, function in zip(found, expected, strict=True):
        assert values == [function(x, y) for x, y in zip(one.tolist(), two.tolist(), strict=True)]


@given(NUMBERS)
def test_what_is_wider_than_64_bits_on_the_way_is_exact(numbers: list[int]) -> None:
    cells = Cells()
    a = column(cells, "a", INT, -FAR, FAR)
    product = cells.times(cells.times(a, cells.const(2**40)), cells.const(3))
    test = cells.less(product, cells.const(2**80))
    chosen = cells.choose(cells.less(cells.minus(product, a), cells.const(-(2**70))), cells.const(1), cells.const(0))
    array = numpy.array(numbers) * 2**30
    found = computed([test, chosen], {(SPACE, "a"): array}, False)
    assert found == [
        [x * 2**40 * 3 < 2**80 for x in array.tolist()],
        [int(x * 2**40 * 3 - x < -(2**70)) for x in array.tolist()],
    ]


@given(st.lists(st.dates(), min_size=1, max_size=20), st.lists(st.dates(), max_size=5, unique=True))
def test_years_and_stretches_of_days(days: list[date], turns: list[date]) -> None:
    cells = Cells()
    day = column(cells, "d", DAY, -(2**31) + 1, 2**31 - 1)
    limits = tuple((turn - EPOCH).days for turn in sorted(turns))
    year, stretch = cells.over((day,), "year", None, INT, 0, 10_000), cells.over((day,), "stretch", limits, INT, 0, len(limits))
    array = numpy.array([(d - EPOCH).days for d in days], numpy.int32)
    found = computed([year, stretch], {(SPACE, "d"): array}, False)
    assert found == [[d.year for d in days], [sum(turn <= d for turn in turns) for d in days]]


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"])
def test_columns_are_read_in_the_width_in_which_they_lie(dtype: str) -> None:
    limits = numpy.iinfo(dtype)
    array = numpy.array([limits.min // 2, 0, limits.max // 2], dtype)
    cells = Cells()
    a = column(cells, "a", INT, -(2**62), 2**62)
    found = computed([cells.plus(a, cells.const(1)), cells.less(a, cells.zero)], {(SPACE, "a"): array}, False)
    assert found == [[int(limits.min) // 2 + 1, 1, int(limits.max) // 2 + 1], [limits.min < 0, False, False]]


def test_tables_codes_and_conditions() -> None:
    cells = Cells()
    code, truth = column(cells, "c", CODE, 0, 3), column(cells, "t", BOOL)
    looked_up = cells.over((cells.over((code,), "number", None, INT, 0, 3),), "table", (5, -7, 2**40), INT, -7, 2**40)
    whether = cells.over((cells.over((code,), "number", None, INT, 0, 3),), "table", (True, False, True), BOOL)
    chosen = cells.choose(truth, code, cells.const(1, CODE))
    arrays = {(SPACE, "c"): numpy.array([0, 1, 2, 2], numpy.uint8), (SPACE, "t"): numpy.array([True, True, False, True])}
    assert computed([looked_up, whether, chosen, cells.no(truth)], arrays, False) == [
        [5, -7, 2**40, 2**40], [True, False, True, True], [0, 1, 1, 2], [False, False, True, False],
    ]  # fmt: skip


def test_rows_of_another_table() -> None:
    """What an index names, and what the only row that names one has; a row that nothing names has nothing."""
    cells = Cells()
    index, amount = column(cells, "i", ROW, 0, 2**32 - 1), column(cells, "n", INT, 0, 100, OTHER)
    twice = cells.gather(index, cells.times(amount, cells.const(2)))
    there = cells.gather(index, cells.less(cells.const(7), amount))
    owner, held = column(cells, "owner", ROW, 0, 2**32 - 1, OTHER), cells.less(amount, cells.const(9))
    only = cells.group("pick", owner, amount, SPACE, 2, OTHER)
    total = cells.group("sum", owner, amount, SPACE, 2, OTHER)
    some = cells.group("any", owner, held, SPACE, 2, OTHER)
    arrays = {
        (SPACE, "i"): numpy.array([1, 0, 1], numpy.uint32),
        (OTHER, "n"): numpy.array([8, 20]),
        (OTHER, "owner"): numpy.array([2, 0], numpy.uint32),
    }
    found = computed([twice, there, only, total, some], arrays, False, frozenset({only.number, total.number, some.number}))
    assert found == [[40, 16, 40], [True, True, True], [20, 0, 8], [20, 0, 8], [False, False, True]]


# -- the shipped law ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plan", ["plan-2018-2020", "plan-2021"])
def test_the_real_plans_come_out_as_by_strips(plan: str, law: Law, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every year of the real plans in loops, whatever its size: no cell of the shipped law is beyond them."""
    facts = load_facts(ROOT / "examples" / plan, law.vocabulary, {}, None, date(2026, 1, 1))
    tables, fused = tables_of(facts, law.vocabulary), []
    made = Computation.loops

    def noted(computation: Computation, shape: Shape, full: bool) -> Any:
        fused.append(made(computation, shape, full))
        return fused[-1]

    monkeypatch.setattr(Computation, "loops", noted)
    strips, loops = (decide(law, tables, facts.as_of, withheld=facts.withheld, generic=False, effort=effort) for effort in ("none", "quick"))
    assert fused and all(schedule is not None for schedule, _ in fused)
    assert strips.scales == loops.scales
    for entity, frame in strips.frames.items():
        assert loops.frames[entity].equals(frame, null_equal=True), entity


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("height", [1, BLOCK + 1, 40_000])
def test_rows_are_added_up_wherever_they_lie(full: bool, height: int) -> None:
    random = numpy.random.default_rng(height)
    owner, amount = random.integers(0, 50, height).astype(numpy.uint32), random.integers(-1_000, 1_000, height) * random.integers(0, 2, height)
    cells = Cells()
    index = column(cells, "owner", ROW, 0, 49)
    a, own = column(cells, "amount", INT, -1_000, 1_000), column(cells, "own", INT, 0, 9, OTHER)
    large = cells.less(cells.const(900), a)
    most = 2**20
    total = cells.group("sum", index, cells.times(a, cells.const(3)), OTHER, most, SPACE)
    any_large, any_at_all = cells.group("any", index, large, OTHER, most, SPACE), cells.group("any", index, cells.no(large), OTHER, most, SPACE)
    outputs = [total, any_large, any_at_all, cells.plus(total, own), cells.both(any_large, cells.less(total, cells.const(0)))]
    tens = numpy.arange(50, dtype=numpy.int64) % 10
    found = computed(outputs, {(SPACE, "owner"): owner, (SPACE, "amount"): amount, (OTHER, "own"): tens}, full)
    groups = [[int(x) for x in amount[owner == n]] for n in range(50)]
    sums = [3 * sum(group) for group in groups]
    larges = [any(x > 900 for x in group) for group in groups]
    assert found == [
        sums, larges, [any(x <= 900 for x in group) for group in groups], [s + n % 10 for n, s in enumerate(sums)],
        [large and s < 0 for large, s in zip(larges, sums, strict=True)],
    ]  # fmt: skip


@pytest.mark.parametrize("cores", [1, 3])
@given(st.lists(st.integers(0, 6), max_size=60))
def test_sorted_by_counting(cores: int, keys: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "threads", lambda: cores)
        order, starts = counting.sorted_by_counting(numpy.array(keys, numpy.uint16), 7)
    assert order.tolist() == sorted(range(len(keys)), key=lambda n: keys[n])
    assert starts.tolist() == [sum(key < wanted for key in keys) for wanted in range(8)]


def test_many_rows_are_sorted_as_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    values = numpy.random.default_rng(1).integers(2013, 2026, 5_000)
    few = Sorting.of([Key.of(values, None, values == 2014)], len(values))
    monkeypatch.setattr(sorting, "MANY", 1)
    many = Sorting.of([Key.of(values, None, values == 2014)], len(values))
    assert few.order is not None and many.order is not None and few.starts is None and many.starts is not None
    assert few.order.tolist() == many.order.tolist()
    assert [few.part([year]) for year in (None, *range(2010, 2030))] == [many.part([year]) for year in (None, *range(2010, 2030))]


def test_work_within_work_is_done_one_after_the_other() -> None:
    outer = each(lambda n: each(lambda m: 10 * n + m, range(3)), range(20))
    assert outer == [[10 * n + m for m in range(3)] for n in range(20)]


def _place(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


def _waiting() -> int:
    return sum(stretch.size for stretch in room._memory.free if stretch.touched)


def test_memory_is_given_again_only_when_nobody_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_memory", room._Memory())
    height = 700_001
    first = rooms([(1, numpy.int64), (2, numpy.bool_), (3, numpy.int32)], height)
    for number, array in first.items():
        array[:] = number % 2
    assert [(a.dtype.name, len(a), _place(a) % 64) for a in first.values()] == [("int64", height, 0), ("bool", height, 0), ("int32", height, 0)]
    assert [int(a.sum()) for a in first.values()] == [height, 0, height]
    start, view = _place(first[1]), first[2][5:9]
    del first, array
    other = rooms([(1, numpy.int64), (2, numpy.bool_), (3, numpy.int32)], height)
    assert _place(other[1]) != start
    other[1][:] = -1
    assert not view.any()
    del view
    assert _place(rooms([(1, numpy.int64), (2, numpy.bool_), (3, numpy.int32)], height)[1]) == start


def test_no_more_memory_is_kept_than_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "KEPT", 20 * 2**20)
    monkeypatch.setattr(room, "BLOCK", 2**20)
    for all_kept, kept in ((False, 16), (True, 32)):
        monkeypatch.setattr(room, "_memory", room._Memory(all_kept=all_kept))
        for _ in range(2):
            held = [rooms([(1, numpy.int64)], 2**20) for _ in range(4)]  # of 8 MB each
            del held
            assert _waiting() == kept * 2**20 and room._memory.most == 32 * 2**20 and room._memory.now == 0
        room.let_go()
        assert _waiting() == 0


@given(st.lists(st.tuples(st.integers(2**18, 2**20), st.integers(0, 5)), max_size=40), st.booleans())
@settings(max_examples=25)
def test_what_is_read_is_never_given_to_another(wanted: list[tuple[int, int]], all_kept: bool) -> None:
    """Arrays of different sizes that come and go; each is full of its own number as long as it is read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_memory", room._Memory(all_kept=all_kept))
        patch.setattr(room, "KEPT", 2**22)
        patch.setattr(room, "BLOCK", 2**23)
        held: list[Any] = []
        for number, (height, older) in enumerate(wanted):
            array = rooms([(0, numpy.int64)], height)[0]
            array[:] = number
            held.append((number, array))
            if older < len(held):
                del held[older]
            del array
            assert all((own == n).all() for n, own in held)
        bytes_read = sum(-(-own.nbytes // room.GRAIN) * room.GRAIN for _, own in held)
        assert room._memory.now == bytes_read


def test_no_run_is_no_work() -> None:
    run_together([])


def test_many_threads_may_begin_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first to ask makes the function that drives the loops; the others wait for that one."""
    monkeypatch.setattr(machine, "_lasting", {})
    height = 4 * machine.SHARE
    array = numpy.arange(height)

    def plus_one(_: int) -> bool:
        cells = Cells()
        outputs = [cells.plus(column(cells, "a", INT, 0, 2**40), cells.const(1))]
        return computed(outputs, {(SPACE, "a"): array}, False) == [list(range(1, height + 1))]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(plus_one, range(8)))
    assert len(machine._lasting) == 1
