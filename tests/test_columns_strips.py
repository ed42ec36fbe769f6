"""Choices between constants, in every width: what comes out is the one or the other, however far apart they are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import numpy
import pytest

from engine.columns.cells import BOOL, CODE, DAY, INT, Cells
from engine.columns.strips import STRIP, STRIPPED, Buffers, Strips

SPACE = ("rows", "t")


@pytest.mark.parametrize("height", [1, STRIP, STRIP + 3])
@pytest.mark.parametrize(
    ("kind", "one", "two"),
    [
        (CODE, 3, 200),
        (CODE, 3, 300),
        (CODE, 300, 3),
        (DAY, -(2**31), 2**31 - 1),
        (INT, -(2**63) + 1, 2**63 - 1),
        (INT, 0, 5),
        (INT, 2**80, -1),
    ],
)
def test_a_choice_between_constants(kind: str, one: int, two: int, height: int) -> None:
    cells = Cells()
    test = cells.make("column", (), ("c", "values"), SPACE, BOOL)
    chosen = cells.choose(test, cells.const(one, kind), cells.const(two, kind))
    other = cells.choose(cells.no(test), cells.const(one, kind), cells.const(two, kind))
    values = numpy.arange(height) % 3 == 0
    program = Strips(SPACE, [chosen, other], frozenset({chosen.number, other.number}))
    found = program.run({(STRIPPED, test.number): values}, height, Buffers())
    assert found[chosen.number].tolist() == [one if value else two for value in values]
    assert found[other.number].tolist() == [two if value else one for value in values]


def test_each_thread_computes_in_memory_of_its_own() -> None:
    buffers, both = Buffers(), Barrier(2)

    def lent() -> list[Any]:
        found = [buffers.lend({1: numpy.int64, 2: numpy.int64})[1] for _ in range(2)]
        both.wait(timeout=30)
        return found

    with ThreadPoolExecutor(2) as pool:
        one, other = (done.result() for done in [pool.submit(lent) for _ in range(2)])
    assert one[0] is one[1] and other[0] is other[1] and one[0] is not other[0]
