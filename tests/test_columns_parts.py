"""Parts of a table: a stretch of the sorted rows is exactly what a look at every row finds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from engine.columns.deciding import Years
from engine.columns.sorting import Key, Sorting

NONE, UNKNOWN = "none", "unknown"
NEAR, FAR = st.integers(-3, 3), st.sampled_from([-(2**62), -(2**40), 0, 2**40, 2**62])
ROWS = st.lists(
    st.tuples(st.one_of(NEAR, st.sampled_from([NONE, UNKNOWN])), st.one_of(NEAR, FAR, st.sampled_from([NONE, UNKNOWN]))), max_size=40
)


def key_of(cells: list[Any]) -> Key:
    """A column with its masks; what stands under a mask means nothing."""
    values = numpy.array([7 if isinstance(cell, str) else cell for cell in cells], numpy.int64)
    masks = [numpy.array([cell == word for cell in cells], bool) for word in (NONE, UNKNOWN)]
    return Key.of(values, *masks)


@given(ROWS, st.one_of(NEAR, st.just(NONE)), st.one_of(NEAR, FAR, st.just(NONE)))
def test_a_part_holds_the_rows_that_match_in_their_order(rows: list[tuple[Any, Any]], first: Any, second: Any) -> None:
    sorting = Sorting.of([key_of([row[0] for row in rows]), key_of([row[1] for row in rows])], len(rows))
    start, end = sorting.part(None if wanted == NONE else wanted for wanted in (first, second))
    found = range(start, end) if sorting.order is None else sorting.order[start:end].tolist()
    assert list(found) == [number for number, row in enumerate(rows) if row == (first, second)]


@given(st.integers(0, 3))
def test_without_a_key_all_rows_are_one_part(height: int) -> None:
    sorting = Sorting.of([], height)
    assert sorting.order is None and sorting.part([]) == (0, height)


def test_more_keys_than_can_be_counted_are_told_apart() -> None:
    many = 70_000
    values = numpy.arange(many, dtype=numpy.int64)[::-1] * 2**20
    sorting = Sorting.of([Key.of(values.copy(), None, None)], many)
    for wanted in (0, 2**20, (many - 1) * 2**20):
        start, end = sorting.part([wanted])
        assert sorting.order is not None and sorting.order[start:end].tolist() == [many - 1 - wanted // 2**20]
    assert sorting.part([1]) == (0, 0)


def test_only_owners_that_are_facts_are_kept_for_other_years() -> None:
    """Years are put out side by side: what one of them computed is not what another gets."""
    years, one = Years.__new__(Years), SimpleNamespace(space=("rows", "sites"))
    years.owners, years.data = {}, SimpleNamespace(height=lambda space: 3)  # type: ignore[assignment]
    sites = pl.Series(["A", "B"])

    def owners(operation: str, rows: list[int]) -> list[str]:
        parent = SimpleNamespace(op=operation, extra=("site", "values"), constant=False, number=7)
        part = SimpleNamespace(parent=parent, space=("rows", "lots"))
        return years._owners(one, part, sites, {7: numpy.array(rows)})[1].to_list()  # type: ignore[arg-type]

    assert owners("gather", [0, 0, 1]) == ["A", "A", "B"] and not years.owners
    assert owners("gather", [1, 1, 0]) == ["B", "B", "A"]
    assert owners("column", [1, 0, 0]) == ["B", "A", "A"] and len(years.owners) == 1
