"""Some rows of a register as ordinary facts: what proving needs to decide a few roots as it would with the whole register."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from engine.columns.data import Data
from engine.facts import Facts
from engine.facts.building import FactsBuilder, RawRow
from engine.language import Cause, TableSpec, Vocabulary
from engine.law import Law
from engine.proving import Root


def facts_of(law: Law, data: Data, roots: Sequence[Root]) -> Facts:
    """The facts on which the outcomes of ``roots`` depend, and with them the doubts of the whole register.

    Raises:
        InputError: a row breaks the checks of the facts.
    """
    wanted = _Closure(law, data).of(roots)
    builder = FactsBuilder(law.vocabulary, data.tables.aliases)
    for table, frame in data.tables.given.items():
        mask = wanted.get(table)
        rows = _named(law.vocabulary.tables[table], frame.filter(mask) if mask is not None else frame.clear())
        numbers = mask.arg_true().to_list() if mask is not None else []
        builder.add(table, [_raw(table, number + 1, cells) for number, cells in zip(numbers, rows.iter_rows(named=True), strict=True)])
    builder.withheld |= data.withheld
    facts = builder.build(data.as_of, False, {})
    for table, column in _doubted(law.vocabulary, data):
        cause = frozenset({Cause("fact", f"{table}.{column}")})
        for relation_columns in _column_sets(law, table):
            if column in relation_columns and not facts.doubtful(table, relation_columns):
                facts._doubts[table, relation_columns] = cause
    return facts


def _named(spec: TableSpec, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with their ids and references as texts, where they were given as numbers."""
    kinds = {name: column.type.kind for name, column in spec.columns.items()}
    return rows.with_columns(pl.col(n).cast(pl.String) for n, dtype in rows.schema.items() if dtype.is_integer() and kinds.get(n) in ("text", "ref"))


def _doubted(vocabulary: Vocabulary, data: Data) -> list[tuple[str, str]]:
    """The columns with an unknown cell anywhere in the register."""
    here = [
        (table, name)
        for table in data.tables.given
        for name, spec in vocabulary.tables[table].columns.items()
        if not spec.required and data.tables.column(table, name).unknown is not None
    ]
    return [*here, *(d for d in data.doubts if d not in here)]


def _column_sets(law: Law, table: str) -> list[tuple[str, ...]]:
    """Every tuple of columns by which rows of a table are matched."""
    found = []
    for entity in law.vocabulary.entities.values():
        for relation in entity.relations.values():
            target = law.vocabulary.entities[relation.entity] if relation.entity else None
            if target is not None and target.table == table:
                found.append(tuple(target.where) if target.of is not None else tuple(relation.where))
            elif relation.table == table:
                found += [(*relation.where, *relation.key[:n]) for n in range(len(relation.key) + 1)]
    return list(dict.fromkeys(found))


def _raw(table: str, line: int, cells: Mapping[str, Any]) -> RawRow:
    written: dict[str, Any] = {}
    for name, value in cells.items():
        if name.endswith(":none"):
            continue
        if cells.get(f"{name}:none"):
            written[name] = "none"
        elif value is not None:
            written[name] = value if isinstance(value, bool) else value.isoformat() if isinstance(value, date) else _plain(value)
        else:
            written[name] = None
    return RawRow(written, table, line, {})


def _plain(value: Any) -> Any:
    return format(value, "f") if isinstance(value, Decimal) else value


class _Closure:
    """Which rows a root can read, through any relation and reference, whatever the rules."""

    def __init__(self, law: Law, data: Data) -> None:
        self.law, self.data, self.vocabulary = law, data, law.vocabulary
        self.masks: dict[str, pl.Series] = {}
        self.followed: dict[tuple[str, str | None], pl.Series] = {}
        self.todo: list[tuple[str, str | None]] = []

    def of(self, roots: Sequence[Root]) -> Mapping[str, pl.Series]:
        for entity in dict.fromkeys(root.entity for root in roots):
            spec = self.vocabulary.entities[entity]
            keys = sorted({root.key[0] for root in roots if root.entity == entity})
            if spec.table is None:
                self._coded(entity, keys)
            else:
                self._take(spec.table, self.data.tables.keys(spec.table).is_in(keys), entity)
        while self.todo:
            self._follow(*self.todo.pop())
        given = self.data.tables.given
        return {table: mask.head(given[table].height) for table, mask in self.masks.items() if table in given}

    def _take(self, table: str, mask: pl.Series, entity: str | None = None) -> None:
        """Rows to be there, as instances of ``entity`` or for their cells alone; what is new is followed."""
        if not len(mask):
            return
        followed = self.followed.get((table, entity))
        if followed is not None and not (mask & ~followed).any():
            return
        self.followed[table, entity] = mask if followed is None else followed | mask
        before = self.masks.get(table)
        self.masks[table] = mask if before is None else before | mask
        self.todo.append((table, entity))

    def _whole(self, table: str) -> None:
        size = self.data.tables.size(table)
        if size:
            self._take(table, pl.repeat(True, size, dtype=pl.Boolean, eager=True))

    def _coded(self, entity: str, codes: list[str]) -> None:
        for relation in self.vocabulary.entities[entity].relations.values():
            if relation.table is None:
                continue
            column = next((c for c, path in relation.where.items() if path in ("plan", self.vocabulary.entities[entity].row)), None)
            size = self.data.tables.size(relation.table)
            if column is None or size == 0:
                self._whole(relation.table)
                continue
            stated = self.data.tables.column(relation.table, column)
            numbers = [
                n
                for n, code in enumerate(self.data.tables.codes[self.vocabulary.tables[relation.table].columns[column].type.codes or ""])
                if code in codes
            ]
            self._take(relation.table, stated.values.is_in(numbers))

    def _follow(self, table: str, entity: str | None) -> None:
        mask = self.followed[table, entity]
        for name, column in self.vocabulary.tables[table].columns.items():
            if column.type.kind == "ref" and column.type.table and mask.any() and table in self.data.tables.given:
                stated = self.data.tables.column(table, name)
                index = stated.values.filter(mask)
                size = self.data.tables.size(column.type.table)
                if size and len(index):
                    self._take(column.type.table, pl.repeat(False, size, dtype=pl.Boolean, eager=True).scatter(index.unique(), True))
        for other in self.vocabulary.tables[table].also:
            if self.data.tables.size(other):
                self._take(other, self.data.tables.keys(other).is_in(self.data.tables.keys(table).filter(mask).implode()))
        if entity is not None:
            self._related(entity, mask)

    def _related(self, entity: str, mask: pl.Series) -> None:
        """Rows that any relation, or part, of these instances can reach: by the columns that refer to them or share a reference."""
        spec = self.vocabulary.entities[entity]
        for part in self.vocabulary.entities.values():
            if part.of == entity and part.table is not None:
                self._matching(part.table, dict(part.where), entity, mask, part.name)
        for relation in spec.relations.values():
            target = self.vocabulary.entities[relation.entity] if relation.entity else None
            table = relation.table or (target.table if target is not None else None)
            if table is not None and (target is None or target.of is None):
                self._matching(table, dict(relation.where), entity, mask, target.name if target is not None else None)

    def _matching(self, table: str, where: Mapping[str, str], entity: str, mask: pl.Series, as_entity: str | None) -> None:
        size = self.data.tables.size(table)
        if not size:
            return
        narrowed: pl.Series | None = None
        for column, path in where.items():
            values = self._along(entity, path, mask)
            if values is None:
                continue
            target, index = values
            stated = self.data.tables.column(table, column) if not self._is_key(table, column) else None
            if stated is None:
                own = pl.repeat(False, size, dtype=pl.Boolean, eager=True)
                one = own.scatter(index.unique(), True) if len(index) else own
            else:
                if stated.kind != "row" or self.vocabulary.tables[table].columns[column].type.table != target:
                    continue
                one = stated.values.is_in(index.unique().implode())
            narrowed = one if narrowed is None else narrowed & one
        if narrowed is None:
            self._whole(table)
        else:
            self._take(table, narrowed, as_entity)

    def _is_key(self, table: str, column: str) -> bool:
        return self.vocabulary.tables[table].key[:1] == (column,) and self.vocabulary.tables[table].columns[column].type.kind == "text"

    def _along(self, entity: str, path: str, mask: pl.Series) -> tuple[str, pl.Series] | None:
        """The rows that a path of references leads to from these instances; None for anything else."""
        first, *rest = path.split(".")
        current = self.vocabulary.entities[entity]
        rows = mask.arg_true().cast(pl.UInt32)
        while first not in (current.row, current.name):
            if current.of is None or current.table is None:
                return None
            column = next(iter(current.where))
            rows = self.data.tables.column(current.table, column).values.gather(rows)
            current = self.vocabulary.entities[current.of]
        table = current.table or ""
        for name in rest:
            if self._is_key(table, name):
                return table, rows
            stated, spec = self.data.tables.column(table, name), self.vocabulary.tables[table].columns[name]
            if stated.kind != "row":
                return None
            for missing in (stated.unknown, stated.none):
                rows = rows if missing is None else rows.filter(~missing.gather(rows))
            rows, table = stated.values.gather(rows), spec.type.table or ""
        return (table, rows) if rest else None
