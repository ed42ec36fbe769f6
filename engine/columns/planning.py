"""The decisions of one kind of root in one year as a plan: compiled once, run on any register that has the same shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.columns.cells import CODE, Cell, Cells, Space, Unsupported
from engine.columns.compiling import mapped, parts_of
from engine.columns.data import Data
from engine.columns.scheduling import Computation
from engine.columns.settling import Outcome, Settling
from engine.columns.surroundings import Bound
from engine.columns.values import Code, Members, Number, Truth, Value
from engine.language import DecisionSpec, EntitySpec
from engine.language.nodes import Aggregate, Decision, Node, Rows, Var, children
from engine.law import Law, Program

Key = tuple[str, str]
STATES = ("value", "none", "unknown", "gap", "conflict", "beyond")
VALUE, NONE, UNKNOWN, GAP, CONFLICT = range(5)


@dataclass(frozen=True)
class Shown:
    """A decision as it is put out.

    Attributes:
        value: the cell of its value; of a set, None.
        members: of a set, code number -> where it is certainly in.
        state: the cell of its state, as an index of `STATES`.
    """

    spec: DecisionSpec
    value: Cell | None
    members: Mapping[int, Cell]
    state: Cell
    scale: int


@dataclass(frozen=True)
class Part:
    """What a plan says of one entity.

    Attributes:
        literals: what was put out before as one value for all rows, by column and value.
    """

    entity: str
    space: Space
    parent: Cell | None
    shown: tuple[Shown, ...]
    rules: tuple[tuple[str, Cell], ...]
    exact: Cell
    literals: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class Plan:
    """A compiled year.

    Attributes:
        parts: of the root's entity and of each entity that is part of it.
        kept: decisions that later years read.
        asked: what it was built on.
    """

    parts: tuple[Part, ...]
    kept: Mapping[Key, Value]
    asked: Mapping[tuple[Any, ...], Any]
    made: Computation
    year: int
    phase: str
    unsupported: tuple[str, ...] = field(default=())


def build(law: Law, program: Program, data: Data, root: EntitySpec, space: Space, wanted: bool, kept: Iterable[Key],
          earlier: Mapping[tuple[str, str, int], Value], years: tuple[int, ...], decisions: frozenset[Key] | None = None, reasons: bool = True) -> Plan:  # fmt: skip
    """Compile the decisions of ``root`` under ``program``.

    Args:
        space: the rows that are roots.
        wanted: whether everything about the roots is decided, or only what later years read.
        kept: decisions that later years read.
        earlier: what earlier years decided.
        years: the years that a phase governs.
        decisions: those that are put out; None: all.
        reasons: whether their rules are put out, too.
    """
    data.asked = {}
    compiler = compiler_of(data, program, earlier, years)
    cells = compiler.cells
    shown = [k for k in law.vocabulary.decisions if wanted and (decisions is None or k in decisions) and _within(law, root, k[0])]
    outcomes: dict[Key, Outcome] = {}
    unsupported = []
    for key in program.cone([*shown, *kept]):
        entity = law.vocabulary.entities[key[0]]
        env, over = environment(law, compiler, entity, root, space, program.year)
        try:
            outcomes[key] = compiler.outcome(key, program.rules(key), env, over)
        except Unsupported as reason:
            unsupported.append(f"{law.decision_name(*key)}: {reason}")
            outcomes[key] = _not_here(cells, law, key)
        compiler.decided[key] = outcomes[key].value
    parts = tuple(
        _part(law, compiler, root, space, name, outcomes, shown, reasons)
        for name in dict.fromkeys((root.name, *(k[0] for k in shown)) if wanted else ())
    )
    remembered = {key: outcomes[key].value for key in kept}
    outputs = [c for part in parts for c in _cells_of(part)] + [c for value in remembered.values() for c in cells_of(value)]
    return Plan(parts, remembered, dict(data.asked), Computation(outputs), program.year, program.phase.id, tuple(unsupported))


def compiler_of(data: Data, program: Program, earlier: Mapping[tuple[str, str, int], Value], years: tuple[int, ...]) -> Settling:
    """A compiler for one year, with what earlier years decided."""
    cells = Cells()
    compiler = Settling(cells, data, program, {k: _imported(cells, k, v) for k, v in earlier.items()})
    compiler.years = years
    return compiler


def environment(
    law: Law, compiler: Settling, entity: EntitySpec, root: EntitySpec, space: Space, year: int
) -> tuple[dict[str, Bound], Space]:
    """What the names in the rules of an entity stand for, and the space of its rows."""
    over: Space = space if entity.name == root.name else ("rows", entity.table) if entity.table is not None else ("one",)
    env = {entity.name: Bound(over, None, entity.table, entity.name, year)}
    index: Cell | None = None
    current = entity
    while current.of is not None:
        step = compiler._parent(current)
        index = step if index is None else compiler.cells.gather(index, step)
        current = law.vocabulary.entities[current.of]
        env[current.name] = Bound(("rows", current.table), index, current.table, current.name, year)
    return env, over


def _within(law: Law, root: EntitySpec, entity: str) -> bool:
    return any(spec.name == root.name for spec in law.vocabulary.main_names(entity))


def _not_here(cells: Cells, law: Law, key: Key) -> Outcome:
    """A decision that columns cannot compute: every row is proved."""
    c, spec = cells, law.vocabulary.decisions[key].type
    if spec.kind == "bool":
        value: Value = Truth(c.false, c.false, c.false)
    elif spec.kind == "set":
        value = Members({}, c.true, c.false, c.false)
    elif spec.kind in ("number", "date"):
        value = Number(c.zero, c.zero, c.false, c.false, c.false, c.false, c.const(spec.nullable, "bool"), c.false)
    else:
        value = Code(
            c.const(0, CODE) if spec.kind == "code" else c.const("", "text"), c.false, c.false, c.const(spec.nullable, "bool"), c.false
        )
    return Outcome(value, c.false, c.false)


def _imported(cells: Cells, key: tuple[str, str, int], value: Value) -> Value:
    """A value that an earlier year decided, as a leaf of this plan."""
    numbers: dict[int, Cell] = {}

    def leaf(cell: Cell) -> Cell:
        if cell.constant:
            return cells.const(cell.value, cell.kind)
        if cell.op == "not":
            return cells.no(leaf(cell.args[0]))
        if cell.number not in numbers:
            numbers[cell.number] = cells.make("import", (), (*key, cell.number), cell.space, cell.kind, cell.low, cell.high)
        return numbers[cell.number]

    return mapped(value, leaf)


def cells_of(value: Value) -> list[Cell]:
    """Every cell of a value; a negation by what it negates."""
    return [cell.args[0] if cell.op == "not" else cell for cell in parts_of(value)]


def _cells_of(part: Part) -> list[Cell]:
    found = [part.exact, *(cell for _, cell in part.rules)] + ([part.parent] if part.parent is not None else [])
    for shown in part.shown:
        found += [shown.state, *shown.members.values(), *([shown.value] if shown.value is not None else [])]
    return found


def _part(
    law: Law, compiler: Settling, root: EntitySpec, space: Space, entity: str, outcomes: Mapping[Key, Outcome], wanted: list[Key],
    reasons: bool,
) -> Part:  # fmt: skip
    c, spec = compiler.cells, law.vocabulary.entities[entity]
    keys = [key for key in wanted if key[0] == entity]
    over: Space = space if entity == root.name else ("rows", spec.table)
    shown = tuple(_shown(c, law.vocabulary.decisions[key], outcomes[key]) for key in keys)
    exact = c.both(*(outcomes[key].value.exact for key in keys))
    rules = tuple((name, cell) for key in keys for name, cell in outcomes[key].holds.items()) if reasons else ()
    parent = None
    if spec.of is not None:
        parent = compiler._parent(spec)
        whole = law.vocabulary.entities[spec.of]
        while whole.of is not None:
            parent = c.gather(parent, compiler._parent(whole))
            whole = law.vocabulary.entities[whole.of]
    return Part(entity, over, parent, shown, rules, exact)


def _shown(c: Cells, spec: DecisionSpec, outcome: Outcome) -> Shown:
    value = outcome.value
    unknown: Cell = c.const(UNKNOWN, CODE)
    if isinstance(value, Members):
        sure = c.both(c.no(value.unknown), *(c.either(t.holds, t.fails) for t in value.inside.values()))
        members = {n: t.holds for n, t in value.inside.items() if isinstance(n, int) and t.holds is not c.false}
        return Shown(spec, None, members, c.choose(sure, c.const(VALUE, CODE), unknown), 1)
    if isinstance(value, Truth):
        known, none, cell, scale = c.either(value.holds, value.fails), c.false, value.holds, 1
    else:
        known, none = value.known, c.both(value.known, value.none)
        cell, scale = (value.low, value.scale) if isinstance(value, Number) else (value.value, 1)
    state = c.choose(known, c.choose(none, c.const(NONE, CODE), c.const(VALUE, CODE)), unknown)
    state = c.choose(outcome.gap, c.const(GAP, CODE), c.choose(outcome.conflict, c.const(CONFLICT, CODE), state))
    return Shown(spec, cell, {}, state, scale)


# -- what later years read ----------------------------------------------------------------------------------------


def read_later(law: Law, program: Program) -> set[Key]:
    """The decisions of earlier years that the rules of a program read."""
    known: dict[Node, frozenset[Key]] = law.__dict__.setdefault("_read_later", {})
    found: set[Key] = set()
    for key in law.rules:
        for typed in program.rules(key):
            for node in (typed.when, typed.value):
                if node is not None:
                    if node not in known:
                        known[node] = frozenset(_of_earlier(node, law, frozenset()))
                    found |= known[node]
    return found


def _of_earlier(node: Node, law: Law, earlier: frozenset[str]) -> Iterable[Key]:
    if isinstance(node, Decision) and isinstance(node.base, Var) and node.base.name in earlier:
        yield node.base.type.table or "", node.name
    if isinstance(node, Aggregate) and isinstance(node.over, Rows) and isinstance(node.over.base, Var):
        relation = law.vocabulary.entities[node.over.base.type.table or ""].relations[node.over.relation]
        if relation.years == "earlier" or (relation.entity is not None and node.over.base.name in earlier):
            earlier |= {node.variable}
    for child in children(node):
        yield from _of_earlier(child, law, earlier)
