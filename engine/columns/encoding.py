"""The register's frames -> columns of plain integers: codes and references by number, numbers in one scale, masks for what is missing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy
import polars as pl

from engine.columns.cells import BOOL, CODE, DAY, INT, ROW, TEXT
from engine.columns.column import SMALL, Column, days, joined, kind_of, numbers_of, repeated
from engine.columns.naming import NONE, UNKNOWN, looked_up, numbered_rows, texts_of
from engine.columns.threads import each
from engine.language import ColumnSpec, TableSpec, Vocabulary

if TYPE_CHECKING:
    from engine.columns.matching import Texts

MANY = 2**18
"""So many references are looked up by machine code."""
LONG, FEW = 4_096, 256
"""A column of so many texts, of which so few are different, is read text by text and not row by row."""
TRUTHS = {"true": True, "yes": True, "false": False, "no": False}


def _written_day(text: pl.Series) -> pl.Series:
    """Days written YYYY-MM-DD; what is written otherwise (one digit for a month, too) is null."""
    return text.set(text.str.len_bytes() != len("YYYY-MM-DD"), None).str.to_date("%Y-%m-%d", strict=False)


def code_lists(vocabulary: Vocabulary) -> dict[str, list[str]]:
    """The codes of each list in the order by which columns number them."""
    return {name: sorted(members) for name, members in vocabulary.codes.items()}


def _done(task: Callable[[], Any]) -> None:
    task()


class Tables:
    """All tables of a register, encoded column by column as they are asked for.

    Args:
        given: the frames, by table; a table without one is not in the facts.
        aliases: code list -> other ways to write a member.
    """

    def __init__(self, vocabulary: Vocabulary, given: Mapping[str, pl.DataFrame], aliases: Mapping[str, Mapping[str, str]]) -> None:
        self.vocabulary, self.given, self.aliases = vocabulary, given, aliases
        self.codes = code_lists(vocabulary)
        self._columns: dict[tuple[str, str], Column] = {}
        self._keys: dict[str, pl.Series] = {}
        self._sizes: dict[str, int] = {}
        self._numbers: dict[str, pl.Series] = {}
        self._texts: dict[str, Texts] = {}
        self._extra: dict[str, list[tuple[pl.Series, Mapping[str, str]]]] = {}

    # -- rows ---------------------------------------------------------------------------------------------------

    def keys(self, table: str) -> pl.Series:
        """The ids of the rows of a table with one: those given, those that other tables stand in for, those only referred to."""
        found = self._keys.get(table)
        if found is None:
            spec = self.vocabulary.tables[table]
            named = table in self.given and spec.key[0] in self.given[table].columns
            own = texts_of(self.given[table][spec.key[0]]) if named else pl.Series([], dtype=pl.String)
            extra: list[tuple[pl.Series, Mapping[str, str]]] = []
            for other, cells in spec.also.items():
                ids = self.keys(other)
                ids = ids.filter(~ids.is_in(own.implode()))
                if len(ids):
                    extra.append((ids, cells))
            known = pl.concat([own, *(ids for ids, _ in extra)])
            if table not in self.given:
                stubs = self._referred(table)
                if stubs.dtype.is_integer():
                    self._numbers[table] = stubs
                    stubs = texts_of(stubs)
                stubs = stubs.filter(~stubs.is_in(known.implode()))
                if len(stubs):
                    extra.append((stubs, {}))
                    known = pl.concat([known, stubs])
            self._extra[table] = extra
            found = self._keys[table] = known.alias("key")
        return found

    def _referred(self, table: str) -> pl.Series:
        """The ids by which other tables refer to rows of a table that is not there: numbers, if all are."""
        columns = [
            frame[column]
            for name, frame in self.given.items()
            for column, spec in self.vocabulary.tables[name].columns.items()
            if spec.type.kind == "ref" and spec.type.table == table and column in frame.columns
        ]
        if columns and all(ids.dtype.is_integer() for ids in columns):
            return pl.concat([ids.drop_nulls().cast(pl.Int64) for ids in columns]).unique(maintain_order=True).alias("key")
        found = [ids.filter(ids.is_not_null() & ~ids.is_in([NONE, *UNKNOWN])) for ids in map(texts_of, columns)]
        return pl.concat(found).unique(maintain_order=True).alias("key") if found else pl.Series("key", [], dtype=pl.String)

    def size(self, table: str) -> int:
        found = self._sizes.get(table)
        if found is None:
            targets = {c.type.table for t in self.vocabulary.tables.values() for c in t.columns.values() if c.type.kind == "ref"}
            if table in targets or self.vocabulary.tables[table].key[:1] == ("id",):
                found = len(self.keys(table))
            else:
                found = self.given[table].height if table in self.given else 0
            self._sizes[table] = found
        return found

    # -- columns ------------------------------------------------------------------------------------------------

    def read(self, first: Mapping[Callable[[], Any], Collection[tuple[str, str]]]) -> None:
        """Encode what was given, several columns at a time.

        Args:
            first: what else is to be found on the way, each with the columns that it encodes.
        """
        for table in self.given:
            self.size(table)
        kinds = {table: self.vocabulary.tables[table].columns for table in self.given}
        taken = {place for places in first.values() for place in places}
        places = [(t, n) for t, frame in self.given.items() for n in frame.columns if n in kinds[t] and kind_of(kinds[t][n].type) != TEXT]
        tasks: list[Callable[[], Any]] = [*first, *(partial(self._encode, *place) for place in places if place not in taken)]
        each(_done, tasks)

    def _encode(self, table: str, name: str) -> None:
        column = self.column(table, name)
        if column.kind == INT:
            _ = column.ends

    def column(self, table: str, name: str) -> Column:
        found = self._columns.get((table, name))
        if found is None:
            spec = self.vocabulary.tables[table]
            own = self._own(spec, spec.columns[name])
            self.size(table)
            parts = [own, *(self._constant(spec, spec.columns[name], ids, cells) for ids, cells in self._extra.get(table, ()))]
            found = self._columns[table, name] = own if len(parts) == 1 else joined(parts)
        return found

    def _own(self, spec: TableSpec, column: ColumnSpec) -> Column:
        frame = self.given.get(spec.name)
        if frame is None or column.name not in frame.columns:
            nothing = pl.repeat(None, 0 if frame is None else frame.height, dtype=pl.String, eager=True)
            return self._constant(spec, column, nothing, {}, True)
        raw = frame[column.name]
        none = frame[f"{column.name}:none"].fill_null(False) if f"{column.name}:none" in frame.columns else None
        if raw.dtype == pl.String and kind_of(column.type) in (INT, DAY, BOOL) and len(raw) >= LONG and raw.head(LONG).n_unique() <= FEW:
            texts = raw.unique().drop_nulls()
            raw = raw.cast(pl.Enum(texts)) if len(texts) <= FEW else raw
        if isinstance(raw.dtype, pl.Enum) and len(raw) > len(raw.dtype.categories):
            return self._of_categories(column, raw, none)
        if raw.dtype in (pl.Categorical, pl.Enum):
            raw = raw.cast(pl.String)
        if raw.dtype == pl.Null:
            raw = raw.cast(pl.String)
        if raw.dtype == pl.String and column.type.kind == "ref" and len(raw) >= MANY:
            return self._referring(column, self._among(column.type.table or ""), raw, none)
        if raw.dtype == pl.String:
            if column.type.nullable:
                said = (raw == NONE).fill_null(False)
                none = said if none is None else none | said
            raw = raw.set(raw.is_in([*UNKNOWN, *([NONE] if column.type.nullable else [])]).fill_null(False), None)
        none = none if none is not None and none.any() else None
        return self._typed(column, raw, none)

    def _among(self, table: str) -> Texts:
        """The ids of the rows of a table; apart from them the words for none and for what is not known."""
        if table not in self._texts:
            from engine.columns.matching import Texts  # compiles: not needed for small registers

            self._texts[table] = Texts(self.keys(table), [NONE, *UNKNOWN])
        return self._texts[table]

    def _referring(self, column: ColumnSpec, among: Texts, raw: pl.Series, none: pl.Series | None) -> Column:
        """A column of many references: what each says is found in one pass."""
        size, places = len(among.texts), among.places(raw.fill_null(UNKNOWN[0]))
        missing = places >= size
        if not missing.any():
            return Column(ROW, pl.Series(places), None, none)
        if column.type.nullable:
            said = pl.Series(places == size)
            none = said if none is None else none | said
        none = none if none is not None and none.any() else None
        unknown = pl.Series(missing) if none is None else pl.Series(missing) & ~none
        return Column(ROW, pl.Series(numpy.where(missing, numpy.uint32(0), places)), unknown if unknown.any() else None, none)

    def _of_categories(self, column: ColumnSpec, raw: pl.Series, none: pl.Series | None) -> Column:
        """A column of few different texts: each is read once."""
        assert isinstance(raw.dtype, pl.Enum)
        if kind_of(column.type) == CODE and none is None and not raw.null_count() and self._numbered(column.type.codes or "", raw.dtype):
            return Column(CODE, raw.to_physical())
        texts = raw.dtype.categories
        if raw.null_count():
            texts = pl.concat([texts, pl.Series([None], dtype=pl.String)])
        nullable = column.type.nullable
        nowhere = pl.repeat(False, len(texts), dtype=pl.Boolean, eager=True)
        said = (texts == NONE).fill_null(False) if nullable else nowhere
        each = self._typed(
            column, texts.set(texts.is_in([*UNKNOWN, *([NONE] if nullable else [])]).fill_null(False), None), said if said.any() else None
        )
        if each.kind != TEXT and all(mask is None for mask in (each.unknown, each.none, each.beyond, none)):
            index, numbers = raw.to_physical(), each.stored.to_numpy()
            if each.kind == CODE and index.dtype == pl.UInt8 and int(numbers.max()) < SMALL:
                turned = index.to_numpy().tobytes().translate(bytes(numbers.tolist()).ljust(SMALL, b"\0"))
                return Column(CODE, pl.Series(numpy.frombuffer(turned, numpy.uint8)))
            return Column(each.kind, each.stored.gather(index.cast(pl.UInt32)), scale=each.scale)
        index = raw.to_physical().cast(pl.UInt32).fill_null(len(texts) - 1)

        def of(mask: pl.Series | None) -> pl.Series | None:
            found = None if mask is None else mask.gather(index)
            return found if found is not None and found.any() else None

        unknown, own = of(each.unknown), of(each.none)
        if none is not None and none.any():
            own = none if own is None else own | none
            unknown = None if unknown is None else unknown & ~none
        return Column(each.kind, each.values.gather(index), unknown, own, of(each.beyond), each.scale)

    def _typed(self, column: ColumnSpec, raw: pl.Series, none: pl.Series | None) -> Column:
        kind, beyond, scale, span = kind_of(column.type), None, 1, None
        if kind == INT:
            values, beyond, scale, span = numbers_of(raw)
        elif kind == DAY:
            values = (_written_day(raw) if raw.dtype == pl.String else raw.cast(pl.Date)).to_physical()
        elif kind == BOOL:
            values = raw.str.to_lowercase().replace_strict(TRUTHS, return_dtype=pl.Boolean, default=None) if raw.dtype == pl.String else raw
        elif kind == CODE:
            values = self._coded(column.type.codes or "", raw)
        elif kind == ROW:
            values = self.rows_of(column.type.table or "", raw)
        else:
            values = raw.cast(pl.String)
        if not values.null_count():
            return Column(kind, values, None, none, beyond, scale, span)
        unknown = values.is_null()
        if none is not None:
            unknown = unknown & ~none
        fill: Any = {BOOL: False, TEXT: ""}.get(kind, 0)
        return Column(kind, values.fill_null(fill), unknown if unknown.any() else None, none, beyond, scale)

    def _numbered(self, codes: str, dtype: pl.Enum) -> bool:
        """Whether the categories of a column are the codes of a list, in order."""
        return dtype.categories.to_list() == self.codes[codes] and not set(self.aliases.get(codes, ())) & set(self.codes[codes])

    def _coded(self, codes: str, raw: pl.Series) -> pl.Series:
        aliases = self.aliases.get(codes, {})
        text = raw.cast(pl.String)
        if aliases:
            text = text.replace(list(aliases), list(aliases.values()))
        return text.cast(pl.Enum(self.codes[codes]), strict=False).to_physical().cast(pl.UInt16)

    def rows_of(self, table: str, ids: pl.Series) -> pl.Series:
        """The numbers of the rows with these ids; null where there is none."""
        keys = self.keys(table)
        if ids.dtype.is_integer():
            numbers = self._numbers_of(table)
            if numbers is not None:
                numbered = numbered_rows(numbers, ids)
                return looked_up(numbers, ids) if numbered is None else numbered
            ids = texts_of(ids)
        if len(keys) == len(ids) and ids.null_count() == 0 and bool((keys == ids.cast(pl.String)).all()):
            return pl.int_range(0, len(ids), dtype=pl.UInt32, eager=True)
        ids = ids.cast(pl.String)
        runs = ids.rle_id()
        many: Any = runs[-1] if len(runs) else 0
        if len(ids) > 2 * (many + 1):  # the same id time and again is looked up once
            return looked_up(keys, ids.filter(runs.diff().fill_null(1) > 0)).gather(runs)
        return looked_up(keys, ids)

    def _numbers_of(self, table: str) -> pl.Series | None:
        """The ids of the rows of a table, where all of them were given as whole numbers."""
        if table in self._numbers and len(self._numbers[table]) == len(self.keys(table)):
            return self._numbers[table]
        spec, given = self.vocabulary.tables[table], self.given.get(table)
        if given is None or len(self.keys(table)) != given.height or spec.key[0] not in given.columns:
            return None
        own = given[spec.key[0]]
        return own if own.dtype.is_integer() else None

    def _constant(self, spec: TableSpec, column: ColumnSpec, ids: pl.Series, given: Mapping[str, str], absent: bool = False) -> Column:
        """A column of rows that the facts say nothing of: presumed, or unknown."""
        count, kind = len(ids), kind_of(column.type)
        if column.name in given:
            value: Any = given[column.name]
        elif not absent and spec.key and column.name == spec.key[0]:
            return Column(TEXT, ids)
        elif column.has_presumed:
            value = column.presumed
        else:
            return Column(kind, repeated(kind, None, count), pl.repeat(True, count, dtype=pl.Boolean, eager=True) if count else None)
        if value is None:
            return Column(kind, repeated(kind, None, count), none=pl.repeat(True, count, dtype=pl.Boolean, eager=True) if count else None)
        scale = 1
        if kind == CODE:
            value = self.codes[column.type.codes or ""].index(value)
        elif kind == DAY:
            value = days(value)
        elif kind == INT:
            scale = Fraction(value).denominator
            value = Fraction(value).numerator
        return Column(kind, repeated(kind, value, count), scale=scale)
