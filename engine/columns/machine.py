"""Loops compiled to machine code by LLVM, and carried out together, on several cores."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from threading import RLock
from typing import Any

import llvmlite.binding as llvm
import numpy

from engine.columns.scheduling import FULL, QUICK
from engine.columns.threads import each, threads

OPTIONAL_PASSES = (21,)
"""Since this version LLVM can be told to leave out a pass."""
DISTINCT = 100_000
"""LLVM gives up telling arrays apart, and so computing several rows at once, when a loop reads more of them than so many."""
PLAIN = "plain"
"""Between `quick` and `full`: for loops that do next to nothing but move what they read."""
SHARE = 16_384
"""A core is given so many rows at least."""
BLOCK = 512
"""So many rows of every loop are computed before the next rows of any: what they read of the same facts is still near."""
_DRIVER = """
define void @drive(i64 %start, i64 %end, i64 %many, ptr %functions, ptr %arguments) nounwind {
entry:
  br label %block
block:
  %from = phi i64 [ %start, %entry ], [ %to, %blocked ]
  %next = add i64 %from, BLOCK
  %to = call i64 @llvm.smin.i64(i64 %next, i64 %end)
  br label %each
each:
  %n = phi i64 [ 0, %block ], [ %after, %each ]
  %f = getelementptr ptr, ptr %functions, i64 %n
  %function = load ptr, ptr %f, align 8
  %a = getelementptr ptr, ptr %arguments, i64 %n
  %own = load ptr, ptr %a, align 8
  call void %function(i64 %from, i64 %to, ptr %own)
  %after = add i64 %n, 1
  %another = icmp slt i64 %after, %many
  br i1 %another, label %each, label %blocked
blocked:
  %more = icmp slt i64 %to, %end
  br i1 %more, label %block, label %done
done:
  ret void
}
declare i64 @llvm.smin.i64(i64, i64)
""".replace("BLOCK", str(BLOCK))
_DRIVE = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 5)


class Library:
    """Functions compiled together; they can be called as long as it is there.

    Args:
        text: of the module, in LLVM's intermediate language.
        names: of the functions.
        care: `quick`; `plain`, which makes better use of registers in three times the time; `full`, which computes several rows at
            once, in ten times the time.

    Attributes:
        addresses: function -> where it is.
    """

    def __init__(self, text: str, names: Iterable[str], care: str) -> None:
        with compiling:
            self._engine = _compiled(text, care)
            self.addresses = {name: self._engine.get_function_address(name) for name in names}


def _compiled(text: str, care: str) -> Any:
    cpu, features = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    machine = _target().create_target_machine(cpu=cpu, features=features, opt=0 if care == QUICK else 2)
    module = llvm.parse_assembly(text)
    if care != PLAIN:
        options = llvm.create_pipeline_tuning_options(speed_level=2 if care == FULL else 0)
        options.loop_vectorization = care == FULL
        passes = llvm.create_pass_builder(machine, options)
        passes.getModulePassManager().run(module, passes)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine


_lasting: dict[str, Library] = {}


def lasting(text: str, names: Sequence[str], care: str) -> Library:
    """A library that is made once and never let go, whichever threads ask."""
    with compiling:
        if text not in _lasting:
            _lasting[text] = Library(text, names, care)
        return _lasting[text]


@dataclass(frozen=True)
class Call:
    """A function with what it is given.

    Attributes:
        arguments: addresses and numbers; ``held`` keeps alive what the addresses lead to.
        height: how many rows it computes.
        folded: where in the arguments the address of sums or conditions belongs to which rows are added, and these, which are 0 before.
    """

    library: Library
    name: str
    arguments: Sequence[int]
    height: int
    held: Any
    folded: Sequence[tuple[int, Any]] = ()


def carry_out(calls: Iterable[Call]) -> None:
    """Carry out calls that do not need each other: those over as many rows block by block, a share of the rows on each core."""
    by_height: dict[int, list[Call]] = {}
    for one in calls:
        if one.height:
            by_height.setdefault(one.height, []).append(one)
    for height, together in by_height.items():
        shares = min(threads(), -(-height // SHARE))
        parts = [[numpy.zeros((shares, len(found)), found.dtype) for _, found in one.folded] for one in together]  # so that no core waits for another
        work = [_Share(together, parts, n, height * n // shares, height * (n + 1) // shares) for n in range(shares)]
        each(_Share.carry_out, work)
        for one, own in zip(together, parts, strict=True):
            for (_, found), part in zip(one.folded, own, strict=True):
                (numpy.logical_or if found.dtype == numpy.bool_ else numpy.add).reduce(part, axis=0, out=found)


class _Share:
    """What one core computes: the rows from ``start`` to ``end`` of calls over as many rows."""

    def __init__(self, calls: Sequence[Call], parts: Sequence[Sequence[Any]], number: int, start: int, end: int) -> None:
        self.given = [numpy.array([*one.arguments, 0], dtype=numpy.int64) for one in calls]
        for one, own, given in zip(calls, parts, self.given, strict=True):
            for (at, _), part in zip(one.folded, own, strict=True):
                given[at] = address(part[number])
        self.functions = numpy.array([one.library.addresses[one.name] for one in calls], dtype=numpy.int64)
        self.arguments = numpy.array([address(array) for array in self.given], dtype=numpy.int64)
        self.start, self.end = start, end

    def carry_out(self) -> None:
        _drive()(self.start, self.end, len(self.given), address(self.functions), address(self.arguments))


def address(array: Any) -> int:
    """Where an array lies."""
    return int(array.__array_interface__["data"][0])


@cache
def _target() -> Any:
    if llvm.llvm_version_info >= OPTIONAL_PASSES:  # it takes half of the time, and straight lines of conditions gain nothing by it
        llvm.set_option("", "--opt-disable=instcombine")
    llvm.set_option("", f"--alias-set-saturation-threshold={DISTINCT}")
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple()


def ready() -> None:
    """Do what is done once in a process."""
    _drive()


compiling = RLock()


def _drive() -> Callable[..., None]:
    """The function that drives all others."""
    return _DRIVE(lasting(_DRIVER, ["drive"], QUICK).addresses["drive"])
