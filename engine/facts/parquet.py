"""Rows of a Parquet file as the cells of the CSV file that would say the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars

from engine.facts.building import RawRow
from engine.language import TableSpec
from engine.problems import did_you_mean, input_error


def parquet_cells(file: Path, spec: TableSpec) -> polars.LazyFrame:
    """The file in its own types; a null is an unknown, the text `none` there is none.

    Raises:
        InputError: the file cannot be read, has a column that the table has not, or one of floating-point numbers.
    """
    name = str(file)
    try:
        schema = polars.read_parquet_schema(file)
    except (polars.exceptions.PolarsError, OSError) as error:
        raise input_error(name, 0, 0, f"not a Parquet file: {str(error).splitlines()[0]}", "write it again") from None
    for position, (column, kind) in enumerate(schema.items(), 1):
        if column not in spec.columns:
            raise input_error(name, 0, position, f"{spec.name} has no column '{column}'", did_you_mean(column, spec.columns))
        if kind.is_float():
            raise input_error(
                name, 0, position, f"'{column}' holds floating-point numbers, which are not exact", "store integers or decimals"
            )
        if kind.is_nested() or (kind.is_temporal() and kind != polars.Date):
            raise input_error(name, 0, position, f"'{column}' is of type {kind}", "store text, integers, decimals, dates or true and false")
    return polars.scan_parquet(file)


def parquet_rows(file: Path, spec: TableSpec) -> Iterator[RawRow]:
    """Every row; its line is its number, its columns are counted from 1."""
    places = {column: position for position, column in enumerate(polars.read_parquet_schema(file), 1)}
    for number, cells in enumerate(parquet_cells(file, spec).select(polars.all().cast(polars.String)).collect().iter_rows(named=True), 1):
        yield RawRow(cells, str(file), number, {column: (number, position) for column, position in places.items()})
