"""Workload W as one SQL statement for DuckDB; the parameters are a table of years that is joined."""

from __future__ import annotations

from typing import Any

import duckdb
import polars

from benchmarks.workload.data import BITS, OUTPUT, Columns
from benchmarks.workload.law import YEARS

SQL = """
with sums as (select operator, year, sum(emissions)::bigint as total from facts group by operator, year),
a as (
  select f.*, p.* exclude (year), case when p.level = 0 then s.total else f.emissions end as size, ((p.sectors >> f.sector) & 1) = 1 as sector_ok
  from facts f join parameters p using (year) join sums s using (operator, year)),
b as (select *, size > threshold as above, not suspended and sector_ok and size > threshold as covered from a),
c as (select *, not suspended and sector_ok and not above and size >= administered_from as administered from b),
d as (
  select *, covered or administered as report_required, (covered or administered) and reported_on > report_day as report_late,
    covered and emissions >= verification_from as verification_required, covered and emissions >= verification_from and not verified as unverified,
    vintage1 between first_year and year as usable1, vintage2 between first_year and year as usable2,
    vintage3 between first_year and year as usable3, vintage4 between first_year and year as usable4,
    ((kinds >> kind1) & 1) = 1 as accepted1, ((kinds >> kind2) & 1) = 1 as accepted2,
    covered and surrendered_on > surrender_day as surrender_late, emissions * offset_limit // 1000 as offset_cap,
    case when not covered then 0
      when method = 0 then (h1 + h2 + h3 + h4) * factor // 4000
      when method = 1 then (2 * output * benchmark + 1000000) // 2000000
      when method = 2 then greatest(h1, h2, h3, h4) * factor // 1000
      else (h1 + 1) // 2 end as allocation,
    case when suspended then 0 when not sector_ok then 1 when covered then 2 when administered then 3 else 4 end as coverage
  from c),
e as (
  select *, (case when accepted1 then offset1 else 0 end) + (case when accepted2 then offset2 else 0 end) as offsets_held,
    (case when usable1 then lot1 else 0 end) + (case when usable2 then lot2 else 0 end)
      + (case when usable3 then lot3 else 0 end) + (case when usable4 then lot4 else 0 end) as held,
    case when covered then emissions else 0 end as obligation, report_late or unverified as breach
  from d),
f as (select *, offsets_held > offset_cap as capped, least(offsets_held, offset_cap) as offsets from e),
g as (select *, greatest(0, obligation - held - offsets) as shortfall, case when covered then greatest(0, held + offsets - obligation) else 0 end as surplus from f),
h as (select *, shortfall > 0 as short, surrender_late and shortfall = 0 as late_only from g)
select installation, year, coverage::bigint as coverage, allocation::bigint as allocation, shortfall::bigint as shortfall,
  (case when banking then surplus else 0 end)::bigint as banked,
  ((shortfall * rate + case when report_late then report_fine else 0 end) * mci)::bigint as penalty,
  (case when suspended then 0 when not report_required then 1 when short then 3 when breach then 2 when surrender_late then 4 else 5 end)::bigint as status,
  (BITS)::bigint as reasons
from h
"""
QUERY = SQL.replace("BITS", " | ".join(f"({name}::bigint << {position})" for position, name in enumerate(BITS)))


def prepare(data: Columns, parameters: dict[str, list[int]]) -> Any:
    connection = duckdb.connect()
    connection.execute("set preserve_insertion_order = false")  # quicker; the keys say which row it is
    connection.register("facts_in", polars.DataFrame(data).to_arrow())
    connection.register("parameters_in", years(parameters).to_arrow())
    connection.execute("create table facts as select * from facts_in")
    connection.execute("create table parameters as select * from parameters_in")
    return connection


def years(parameters: dict[str, list[int]]) -> polars.DataFrame:
    """One row of parameters for each year."""
    return polars.DataFrame({"year": YEARS, **parameters}).with_columns(
        polars.col("suspended", "banking").cast(bool), polars.col("year").cast(polars.Int16)
    )


def run(ready: Any) -> Any:
    """Key and seven columns as an Arrow table, which DuckDB hands over without copying row by row."""
    return ready.sql(QUERY).to_arrow_table()


def columns(found: Any) -> Columns:
    """The seven columns in the order of the facts."""
    ordered = polars.DataFrame(polars.from_arrow(found)).sort("installation", "year")
    return {name: ordered[name].to_numpy() for name in OUTPUT}
