"""Related rows: which rows belong to an instance, and what folds over them.

A group of rows is folded where it lives: in the space of its table, once for all its owners, by a column that numbers
the owner; only where the expression reads something of its surroundings that the group does not determine are owners
and rows paired.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from engine.columns.cells import ROW, TEXT, Cell, Space, Unsupported
from engine.columns.column import days
from engine.columns.compiling import mapped
from engine.columns.data import ANY_NONE
from engine.columns.functions import Functions
from engine.columns.surroundings import Bound, Env, reads
from engine.columns.values import Code, Number, Truth, Value
from engine.language import EntitySpec, RelationSpec, Unknown
from engine.language.nodes import Lookup, Node, Rows, Var


@dataclass(frozen=True)
class Group:
    """Rows over which something folds, seen from the evaluating space.

    Attributes:
        space, env: where members are evaluated, and what names stand for there.
        belongs: whether a row of ``space`` is a member for certain; rows that fail it are none.
        fold: (function, cell over ``space``) -> the fold for each row of the evaluating space.
        known: where it is certain which rows these are.
    """

    space: Space
    env: Env
    belongs: Truth
    fold: Callable[[str, Cell], Cell]
    known: Cell


class Relations(Functions):
    """Compiles rows of relations; ``years`` gives the earlier years that a phase governs."""

    years: tuple[int, ...] = ()

    def _rows(self, node: Rows, env: Env, space: Space) -> Value:
        raise Unsupported("rows by themselves")

    def groups(self, node: Rows, variable: str, needed: frozenset[str], env: Env, space: Space) -> list[Group]:
        """The rows of a relation for each row of ``space``.

        Args:
            variable: the name that stands for a member.
            needed: the outer names that the fold reads.
        """
        assert isinstance(node.base, Var)
        base = env[node.base.name]
        entity = self.vocabulary.entities[base.entity or ""]
        relation = entity.relations[node.relation]
        if relation.entity is None:
            return [self._table_group(node, relation, entity, base, variable, needed, env, space)]
        target = self.vocabulary.entities[relation.entity]
        years = self.years_before(base.year) if relation.years == "earlier" else (base.year,)
        if target.of is not None:
            if target.of != entity.name:
                raise Unsupported("parts of another entity")
            return [self._linked(target.table or "", dict(target.where), (), target, base.year, entity, base, variable, needed, env, space)]
        assert target.table is not None
        own = self.vocabulary.tables[target.table].key[0]
        ((column, path),) = relation.where.items() if len(relation.where) == 1 else ((None, ""),)
        if column == own and base.table == target.table and self._is_own_key(entity, path):
            return [self._same_instance(base, target, year, variable, env, space) for year in years]
        return [
            self._linked(target.table, dict(relation.where), (), target, year, entity, base, variable, needed, env, space) for year in years
        ]

    def years_before(self, year: int) -> tuple[int, ...]:
        return tuple(y for y in self.years if y < year)

    def _is_own_key(self, entity: EntitySpec, path: str) -> bool:
        first, _, rest = path.partition(".")
        return first in (entity.row, entity.name) and rest == self.vocabulary.tables[entity.table or ""].key[0]

    def _same_instance(self, base: Bound, target: EntitySpec, year: int, variable: str, env: Env, space: Space) -> Group:
        inner = {**env, variable: Bound(base.space, base.index, base.table, target.name, year)}
        return Group(space, inner, self.meaning.truth(self.cells.true), lambda function, cell: cell, self.cells.true)

    def _table_group(
        self, node: Rows, relation: RelationSpec, entity: EntitySpec, base: Bound, variable: str, needed: frozenset[str], env: Env, space: Space
    ) -> Group:  # fmt: skip
        keys = tuple(zip(relation.key, node.keys, strict=False))
        return self._linked(relation.table or "", dict(relation.where), keys, None, base.year, entity, base, variable, needed, env, space)

    # -- linking ------------------------------------------------------------------------------------------------

    def _linked(
        self, table: str, where: Mapping[str, str], keys: tuple[tuple[str, Node], ...], target: EntitySpec | None, year: int,
        entity: EntitySpec, base: Bound, variable: str, needed: frozenset[str], env: Env, space: Space,
    ) -> Group:  # fmt: skip
        """The rows of a table (or its instances in a year) that match columns with values seen from the owner."""
        columns = (*where, *(name for name, _ in keys))
        if self.data.doubtful(table, columns):
            return self._unknown_group(table, target, year, variable, env)
        filters: dict[str, Any] = {}
        dynamic: dict[str, tuple[str, Value]] = {}
        owners: dict[str, Cell | None] = {}
        for name, path in where.items():
            fixed, value = self._path(entity, base, path)
            if value is None:
                filters[name] = fixed
            elif isinstance(value, _Owner):
                owners[name] = value.index
                dynamic[name] = (value.table, self._reference(value.index, base.space or (), value.table))
            else:
                dynamic[name] = ("", value)
        for name, key in keys:
            if self.is_constant(key, env):
                constant = self.constant(key, env)
                if isinstance(constant, Unknown):
                    return self._unknown_group(table, target, year, variable, env)
                filters[name] = constant
            else:
                needed = needed | (reads(key).names & env.keys())
        if any(isinstance(v, Code) and v.known is self.cells.false for _, v in dynamic.values()):
            return self._unknown_group(table, target, year, variable, env)
        dynamic_keys = [(name, key) for name, key in keys if name not in filters]
        child = self._narrowed(table, filters)
        member = Bound(child, None, table, target.name if target else None, year)
        link = None if self.data.empty(child) else self._link(table, child, owners, dynamic, base.space or ())
        nowhere = any(
            isinstance(v, Code) and v.value.constant and v.value.kind == ROW and not self.data.present(child, n, "none")
            for n, (_, v) in dynamic.items()
        )
        if nowhere or self.data.empty(child):
            return self._no_rows(child, member, dynamic, dynamic_keys, base, variable, env, space)
        if link is not None:
            found = self._by_group(child, member, link, owners, dynamic, base, variable, needed, env, space, dynamic_keys)
            if found is not None:
                return found
        if not dynamic and not dynamic_keys and needed <= {n for n, b in env.items() if b.space is None}:
            return self._of_all(child, member, variable, env, space)
        return self._paired(child, member, dynamic, dynamic_keys, base, variable, env, space)

    def _unknown_group(self, table: str, target: EntitySpec | None, year: int, variable: str, env: Env) -> Group:
        c = self.cells
        space = ("rows", table)
        inner = {**env, variable: Bound(space, None, table, target.name if target else None, year)}
        return Group(space, inner, self.meaning.truth(c.false), lambda function, cell: c.false if function == "any" else c.zero, c.false)

    def _narrowed(self, table: str, filters: Mapping[str, Any]) -> Space:
        if not filters:
            return ("rows", table)
        return ("part", table, tuple(sorted((name, self._physical(table, name, value)) for name, value in filters.items())))

    def _physical(self, table: str, name: str, value: Any) -> Any:
        spec = self.vocabulary.tables[table].columns[name]
        if value is None:
            return ANY_NONE
        if spec.type.kind == "code":
            return self.data.tables.codes[spec.type.codes or ""].index(value)
        if spec.type.kind == "date":
            return days(value)
        if spec.type.kind == "ref":
            raise Unsupported("a fixed reference")
        return value

    def _path(self, entity: EntitySpec, base: Bound, path: str) -> tuple[Any, Any]:
        """A constant, or what a dotted path is for the base row: `_Owner` where it is the row's own key."""
        first, *rest = path.split(".")
        if not rest:
            if first != "year" and base.year != self.program.year:
                raise Unsupported("a relation of another year")
            return (base.year if first == "year" else self.context.builtin(first)), None
        c, index, current = self.cells, None, entity
        while first not in (current.row, current.name):
            assert current.of is not None
            index = c.gather(index, self._parent(current)) if index is not None else self._parent(current)
            current = self.vocabulary.entities[current.of]
        if current.table is None:
            raise Unsupported("a column of an entity without rows")
        if rest == [self.vocabulary.tables[current.table].key[0]]:
            return None, _Owner(current.table, index)
        home = base.space if index is None else ("rows", current.table)
        value = self.gathered(index, self.leaf(home or (), rest[0]))
        table = self.vocabulary.tables[current.table].columns[rest[0]].type.table
        for name in rest[1:]:
            assert isinstance(value, Code)
            value, table = self.through(value, table or "", name), self.vocabulary.tables[table or ""].columns[name].type.table
        return None, value

    def _parent(self, entity: EntitySpec) -> Cell:
        """For each row of a part, the row of the whole."""
        ((column, _),) = entity.where.items()
        found = self.leaf(("rows", entity.table or ""), column)
        assert isinstance(found, Code)
        return found.value

    def _reference(self, index: Cell | None, space: Space, table: str) -> Value:
        c = self.cells
        own = index if index is not None else c.make("row", (), None, space, ROW, 0, 2**32 - 1)
        return Code(own, c.true, c.false, c.false, c.true, table)

    def _link(self, table: str, child: Space, owners: Mapping[str, Cell | None], dynamic: Mapping[str, Any], base: Space) -> Any:
        """The column that leads from a row to one row of another table or code list, the owner's own key first: its name and that space."""
        columns = self.vocabulary.tables[table].columns
        for name, index in owners.items():
            if columns[name].type.kind == "ref" and index is None:
                return name, base
        for name in [*owners, *(n for n in dynamic if n not in owners)]:
            kind = columns[name].type
            if self.data.present(child, name, "none"):
                continue
            if kind.kind == "ref":
                return name, ("rows", kind.table)
            if kind.kind == "code":
                return name, ("codes", kind.codes)
        return None

    def _by_group(
        self, child: Space, member: Bound, link: tuple[str, Space], owners: Mapping[str, Cell | None], dynamic: Mapping[str, Any],
        base: Bound, variable: str, needed: frozenset[str], env: Env, space: Space, keys: list[tuple[str, Node]],
    ) -> Group | None:  # fmt: skip
        """Folded once by the row that the link leads to, then gathered for each owner."""
        c, m = self.cells, self.meaning
        name, home = link
        step = self.leaf(child, name)
        assert isinstance(step, Code)
        down = step.value
        known, inner = c.true, {variable: member}
        belongs = [m.truth(c.true)]
        at_base = name in owners and owners[name] is None
        if at_base and home == base.space:
            if base.index is None and space == base.space:
                inner = {n: self._lowered(b, down) for n, b in env.items()} | inner
                up: Cell | None = None
            else:
                reachable = {n: b for n, b in env.items() if b.constant is not None or b.space is None or b is base}
                if not needed <= set(reachable):
                    return None
                inner = {n: Bound(base.space, down, b.table, b.entity, b.year) if b is base else b for n, b in reachable.items()} | inner
                up = base.index
            for other, (_, value) in dynamic.items():
                if other != name:
                    here = self.gathered(down, value)
                    belongs.append(m.equal(self.leaf(child, other), here))
                    known = c.both(known, c.gather(base.index, _known(value)))
            for other, key in keys:
                wanted = self.value(key, inner, child)
                belongs.append(m.equal(self.leaf(child, other), wanted))
                if _known(wanted) is not c.true:
                    return None
        else:
            if keys or len(dynamic) != 1 or not needed <= {n for n, b in env.items() if b.space is None}:
                return None
            inner = {n: b for n, b in env.items() if b.space is None} | inner
            value = dynamic[name][1]
            if not isinstance(value, Code):
                return None
            seen = self.gathered(base.index, value)
            assert isinstance(seen, Code)
            known, none = c.both(seen.known), c.both(seen.known, seen.none)
            up = seen.value if not seen.value.constant else None
            if up is None:
                return None
            if none is not c.false:
                there = c.no(none)
                return Group(child, inner, _all(m, belongs), self._folding(child, name, down, home, up, there), known)
        return Group(child, inner, _all(m, belongs), self._folding(child, name, down, home, up, c.true), known)

    def _folding(self, child: Space, name: str, down: Cell, home: Space, up: Cell | None, there: Cell) -> Callable[[str, Cell], Cell]:
        many = self.data.many(child, name)
        empty = self.data.empty(child)
        covered = many == 2 and home[0] == "rows" and self.data.covers(child, name, home)

        def fold(function: str, cell: Cell) -> Cell:
            c = self.cells
            if empty:
                return c.false if function == "any" else c.zero
            if covered and function == "any" and cell is c.true:
                made = c.true
            else:
                made = c.gather(up, c.group(function, down, cell, home, many, child))
            if there is c.true:
                return made
            return c.both(made, there) if function == "any" else c.choose(there, made, c.zero)

        return fold

    def _lowered(self, bound: Bound, down: Cell) -> Bound:
        if bound.space is None:
            return bound
        return replace(bound, index=down if bound.index is None else self.cells.gather(down, bound.index))

    def _no_rows(
        self, child: Space, member: Bound, dynamic: Mapping[str, Any], keys: list[tuple[str, Node]], base: Bound, variable: str, env: Env, space: Space
    ) -> Group:  # fmt: skip
        """A table without rows: no owner has any, as far as it is known which ones it would have."""
        c = self.cells
        known = c.both(
            *(c.gather(base.index, _known(value)) for _, value in dynamic.values()),
            *(_known(self.value(key, env, space)) for _, key in keys),
        )
        inner = {**env, variable: member}
        return Group(child, inner, self.meaning.truth(c.false), lambda f, cell: c.false if f == "any" else c.zero, known)

    def _of_all(self, child: Space, member: Bound, variable: str, env: Env, space: Space) -> Group:
        """The same rows for every owner."""
        c, many = self.cells, self.data.many(child, None)
        inner = {n: b for n, b in env.items() if b.space is None} | {variable: member}
        return Group(
            child, inner, self.meaning.truth(c.true), lambda f, cell: c.spread(c.group(f, None, cell, ("one",), many, child), space), c.true
        )

    def _paired(
        self, child: Space, member: Bound, dynamic: Mapping[str, Any], keys: list[tuple[str, Node]], base: Bound, variable: str, env: Env, space: Space
    ) -> Group:  # fmt: skip
        """Every row of the evaluating space beside every row of the table that has its keys."""
        c, m = self.cells, self.meaning
        lefts, rights, known = [], [], c.true
        wanted = [(n, self.gathered(base.index, v)) for n, (_, v) in dynamic.items()] + [(n, self.value(k, env, space)) for n, k in keys]
        for name, value in wanted:
            column = self.leaf(child, name)
            if not isinstance(value, Code) or not isinstance(column, Code) or column.none is not c.false or value.value.constant:
                raise Unsupported("rows matched by something else than codes and references")
            lefts.append(value.value)
            rights.append(column.value)
            known = c.both(known, value.known)
        pairs: Space = ("pairs", space, child, tuple(x.number for x in lefts), tuple(x.number for x in rights))
        left = c.make("pair", (*lefts, *rights), "left", pairs, ROW, 0, 2**32 - 1)
        right = c.make("pair", (*lefts, *rights), "right", pairs, ROW, 0, 2**32 - 1)
        inner = {n: self._lowered(b, left) for n, b in env.items()}
        inner[variable] = replace(member, index=right)
        belongs = [m.truth(c.true)]
        for _, value in wanted:
            assert isinstance(value, Code)
            belongs.append(m.truth(c.gather(left, c.both(value.known, c.no(value.none)))))
        many = self.data.many(child, None)
        return Group(pairs, inner, _all(m, belongs), lambda f, cell: c.group(f, left, cell, space, many, pairs), known)

    # -- one row ------------------------------------------------------------------------------------------------

    def _lookup(self, node: Lookup, env: Env, space: Space) -> Value:
        """One cell of the row that a full key names; an absent row is none, or a measurement not made."""
        c, table = self.cells, self.vocabulary.tables[node.rows.type.table or ""]
        (group,) = self.groups(node.rows, "@row", frozenset(), env, space)
        kept = group.belongs
        exists = group.fold("any", kept.holds)
        spec = table.columns[node.column_name]
        absent = self.lifted(
            Unknown(frozenset(), None if node.minimum is None else Fraction(node.minimum), None, node.type.nullable), node.type
        )
        if group.known is c.false or (exists is c.false and table.measured):
            return absent
        bound = group.env["@row"]
        item = self.gathered(bound.index, self.leaf(bound.space or (), node.column_name))

        def pick(cell: Cell) -> Cell:
            if cell.constant and cell.kind != "bool":
                return cell
            if cell.kind == "bool":
                return group.fold("any", c.both(kept.holds, cell))
            if kept.holds is c.true:
                return group.fold("pick", cell)
            if cell.kind == TEXT:
                raise Unsupported("a text of a row found by a condition")
            return group.fold("one", c.choose(kept.holds, cell, c.const(0, cell.kind)))

        found = mapped(item, pick)
        missing: Value = (
            absent if table.measured else self.shaped(self.lifted(None, spec.type), node.type) if spec.type.kind != "bool" else absent
        )
        exact = c.both(c.either(found.exact, c.no(exists)), c.either(exists, c.const(spec.type.kind != "bool" or table.measured, "bool")))
        if exists is not c.true:
            found = self.meaning.choose(self.meaning.truth(exists), found, missing)
        if group.known is not c.true:
            found = self.meaning.choose(self.meaning.truth(group.known), found, absent)
        return replace(found, exact=exact)


@dataclass(frozen=True)
class _Owner:
    """A path that ends in the key of the owner's row, or of the row it is part of."""

    table: str
    index: Cell | None


def _known(value: Value) -> Cell:
    if not isinstance(value, (Code, Number)):
        raise Unsupported("rows matched by a condition or a set")
    return value.known


def _all(meaning: Any, truths: list[Truth]) -> Truth:
    found: Truth = meaning.both(truths)
    return found
