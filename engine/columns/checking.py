"""The checks of `engine.facts` on columns: which rows are wrong, and why, in the same words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction

import polars
from polars import Expr, col, lit

from engine.language import ColumnSpec, TableSpec, Vocabulary, show
from engine.law import Law
from engine.problems import did_you_mean

UNKNOWN_WORDS, NONE = ("", "unknown"), "none"
TRUTHS = ("true", "yes", "false", "no")
NUMBER, WHOLE, DAY = r"^-?\d{1,40}(\.\d{1,40})?$", r"^-?\d{1,40}(\.0{1,40})?$", r"^\d{4}-\d\d-\d\d$"
SCHEMA = {"table": polars.String, "row": polars.Int64, "column": polars.String, "message": polars.String}
Tables = Mapping[str, polars.DataFrame]


def bad_rows(law: Law, tables: Tables, as_of: date) -> polars.DataFrame:
    """Every cell that a reader of facts would refuse.

    Returns:
        table, row (from 1), column (the first of the key for a row that is there twice) and message; by table and row.
    """
    found = [polars.DataFrame(schema=SCHEMA)]
    for name, rows in tables.items():
        spec = law.vocabulary.tables[name]
        tests = list(_tests(law, spec, rows, tables, as_of))
        if not len(rows):
            continue
        any_wrong = rows.lazy().select(test.fill_null(False).any().alias(str(n)) for n, (_, test, _) in enumerate(tests)).collect().row(0)
        for (column, test, message), wrong in zip(tests, any_wrong, strict=True):
            if wrong:
                found.append(_told(name, column, rows, test, message))
    return polars.concat(found).sort("table", "row", maintain_order=True)


def _told(table: str, column: str, rows: polars.DataFrame, test: Expr, message: str) -> polars.DataFrame:
    written = col(column).cast(polars.String) if column in rows.columns else lit(None, polars.String)
    number = polars.int_range(1, polars.len() + 1, dtype=polars.Int64)
    wrong = rows.select(number.alias("row"), written.alias("is"), test.fill_null(False).alias("wrong")).filter("wrong")
    said = [message.replace("{is}", str(value)) for value in wrong["is"].to_list()]
    return polars.DataFrame({"table": table, "row": wrong["row"], "column": column, "message": polars.Series(said, dtype=polars.String)})


def _tests(law: Law, spec: TableSpec, rows: polars.DataFrame, tables: Tables, as_of: date) -> Iterator[tuple[str, Expr, str]]:
    """(column, what is wrong where true, how it is said: `{is}` is the cell)."""
    vocabulary = law.vocabulary
    for name, column in spec.columns.items():
        if name not in rows.columns:
            if column.required:
                yield name, lit(True), f"{spec.name} needs '{name}' — write {name} in this row"
            continue
        textual = rows.schema[name] in (polars.String, polars.Categorical) or isinstance(rows.schema[name], polars.Enum)
        text = col(name).cast(polars.String)
        unknown = text.is_null() | text.is_in(UNKNOWN_WORDS)
        if column.required:
            yield name, unknown, f"{spec.name} needs '{name}' — write {name} in this row"
        none = text == NONE if textual else lit(False)
        if textual and column.type.kind not in ("text", "ref", "id") and not column.type.nullable:
            yield name, none, f"{spec.name}.{name} cannot be none — write a value, or leave it empty where it is not known"
        stated = ~unknown & ~none
        yield from ((name, stated & test, message) for test, message in _typed(vocabulary, spec, column, text, textual))
        if column.type.kind == "ref":
            yield from _reference(vocabulary, spec, column, stated, tables)
        if spec.event == name:
            later = text.str.contains(DAY) & (text > as_of.isoformat())
            remedy = "nothing can have happened after the day that is asked about: correct one of the two"
            yield name, stated & later, f"{spec.name}.{name} is {{is}}, after as_of {as_of} — {remedy}"
        if column.unit_of is not None and column.unit_of in rows.columns:
            yield from _unit(vocabulary, spec, column, text, stated)
    yield from _twice(spec, rows)


def _typed(vocabulary: Vocabulary, spec: TableSpec, column: ColumnSpec, text: Expr, textual: bool) -> Iterator[tuple[Expr, str]]:
    kind, name = column.type.kind, f"{spec.name}.{column.name}"
    if kind == "code":
        codes = vocabulary.codes[column.type.codes or ""]
        yield ~text.is_in(sorted(codes)), f"{name}: '{{is}}' is not in the code list '{column.type.codes}': {did_you_mean('', codes)}"
    elif kind == "date" and textual:
        day = text.str.contains(DAY) & text.str.to_date("%Y-%m-%d", strict=False).is_not_null()
        yield ~day, f"{name}: '{{is}}' is not a date: write YYYY-MM-DD"
    elif kind == "bool" and textual:
        yield ~text.str.to_lowercase().is_in(TRUTHS), f"{name}: '{{is}}' is not true or false"
    elif kind == "number":
        plain = text.str.replace_all("_", "", literal=True)
        if textual:
            yield ~plain.str.contains(NUMBER), f"{name}: '{{is}}' is not a decimal number"
        if column.whole:
            yield plain.str.contains(NUMBER) & ~plain.str.contains(WHOLE), f"{name} is {{is}}; it must be whole — correct the number"
        if column.minimum is not None:
            yield _less(plain, column.minimum), f"{name} is {{is}}; it cannot be less than {show(column.minimum)} — correct the number"


def _less(plain: Expr, minimum: int | Fraction) -> Expr:
    """Whether decimal text is less than a bound, compared without loss: by sign where the bound is zero."""
    if minimum == 0:
        return plain.str.contains(NUMBER) & plain.str.starts_with("-") & plain.str.contains("[1-9]")
    scaled = Fraction(minimum)
    return plain.cast(polars.Decimal(38, 9), strict=False) < polars.lit(scaled.numerator).cast(polars.Decimal(38, 9)) / scaled.denominator


def _reference(
    vocabulary: Vocabulary, spec: TableSpec, column: ColumnSpec, stated: Expr, tables: Tables
) -> Iterator[tuple[str, Expr, str]]:
    target = column.type.table or ""
    if target not in tables:
        return
    keys = (
        [tables[target][vocabulary.tables[target].key[0]].cast(polars.String)]
        if vocabulary.tables[target].key[0] in tables[target].columns
        else []
    )
    for other in vocabulary.tables[target].also:
        key = vocabulary.tables[other].key[0]
        if other in tables and key in tables[other].columns:
            keys.append(tables[other][key].cast(polars.String))
    known = polars.concat(keys).unique() if keys else polars.Series([], dtype=polars.String)
    missing = ~col(column.name).cast(polars.String).is_in(known.implode())
    yield column.name, stated & missing, f"{spec.name}.{column.name}: no '{{is}}' in {target}"


def _unit(vocabulary: Vocabulary, spec: TableSpec, column: ColumnSpec, text: Expr, stated: Expr) -> Iterator[tuple[str, Expr, str]]:
    """A quantity is given in the unit in which the law measures that thing."""
    codes = spec.columns[column.unit_of or ""].type.codes or ""
    units: dict[str, list[str]] = {}
    for code, unit in vocabulary.code_units[codes].items():
        units.setdefault(str(unit), []).append(code)
    for unit, members in units.items():
        measured = col(column.unit_of or "").cast(polars.String).is_in(members)
        other = text.str.to_lowercase() != unit.lower()
        remedy = f"convert the quantity to {unit}, or leave the unit out"
        yield (
            column.name,
            stated & measured & other,
            f"{spec.name}.{column.name} is '{{is}}', but this product is measured in {unit} — {remedy}",
        )


def _twice(spec: TableSpec, rows: polars.DataFrame) -> Iterator[tuple[str, Expr, str]]:
    present = [name for name in spec.key if name in rows.columns]
    if not spec.key or len(present) < len(spec.key):
        return
    parts = [col(name).cast(polars.String).fill_null("").replace(dict.fromkeys(UNKNOWN_WORDS, "?")) for name in spec.key]
    keys = rows.select(polars.concat_str(parts, separator="\0").alias("key"))["key"]
    if keys.n_unique() == len(keys):
        return
    again = ~keys.is_first_distinct()
    yield spec.key[0], lit(again), f"{spec.name}: a second row for {', '.join(spec.key)} — keep one, or add them up"
