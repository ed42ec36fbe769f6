"""Random expressions of the language, over a small vocabulary that has a column, decision and parameter of each kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.small_law import tree_of

SECTORS, LIGHTS, GASES, PLANS = ("power", "oil", "cement"), ("green", "amber", "red"), ("co2", "ch4"), ("plan_a", "plan_b")
MORE = """
phase: {id: p, title: {en: p}, years: {from: 2022, to: 2024}, plan: plan_a}
governing_dates:
  year_end: date(year, 12, 31)
  trade_day: trade.on
  started: installation.started
parameters:
  p.num: {type: number, governed_by: year_end}
  p.low: {type: number, min: 1, governed_by: year_end}
  p.dated: {type: number, governed_by: started}
  p.by_sector: {type: number, governed_by: year_end, keyed_by: sectors}
  p.by_year: {type: number, governed_by: year_end, keyed_by: year}
  p.ton: {type: number, unit: tCO2, governed_by: year_end}
  p.each: {type: number, unit: tCO2/allowance, governed_by: year_end}
  p.sectors: {type: set, codes: sectors, governed_by: year_end}
  p.flag: {type: bool, governed_by: year_end}
  p.day: {type: month_day, governed_by: year_end}
  p.due: {type: date, governed_by: year_end}
decisions:
  b1: {type: bool}
  n1: {type: number}
  t1: {type: number, unit: tCO2}
  c1: {type: code, codes: lights}
  s1: {type: set, codes: sectors}
  lot.b2: {type: bool}
  lot.t2: {type: number, unit: tCO2}
  b3: {type: bool}
  n3: {type: number}
  d3: {type: date}
  c3: {type: code, codes: lights}
  b4: {type: bool}
  t4: {type: number, unit: tCO2}
  s4: {type: set, codes: lights}
"""
BASE_TREE = tree_of(MORE)
NUMBERS = ("0", "1", "2", "2.5", "0.985", "7", "100", "9223372036854775807", "9223372036854775808")
Pick = Callable[[Any], Any]


def kind_of_rows(relation: str) -> str:
    """Which columns and decisions its rows have: those of `units` rows are no lots, and have no decisions."""
    last = relation.rpartition(".")[2]
    return {"earlier": "sites", "same_plan": "units"}.get(last, last)


@dataclass
class Texts:
    """Random expressions of each kind, over what may be named: decisions below ``level``, one entity, some variables."""

    pick: Pick
    level: int
    lot: bool = False
    variables: tuple[tuple[str, str], ...] = ()

    def chance(self, of: int) -> bool:
        return bool(self.pick(range(of)) == 0)

    def inside(self, relation: str) -> tuple[str, Texts]:
        name = f"v{len(self.variables)}"
        return name, Texts(self.pick, self.level, self.lot, (*self.variables, (name, kind_of_rows(relation))))

    def relations(self, wanted: list[str]) -> list[str]:
        """Groups of rows, also those of other sites and of other years."""
        found = [] if self.lot else [*wanted, *(["earlier"] if "sites" in wanted else [])]
        if self.lot:
            found = [r for r in wanted if r == "sites"] + (["same_plan"] if "lots" in wanted else [])
        return found + [f"{v}.{r}" for v, of in self.variables if of == "sites" for r in wanted if r not in ("sites", "reports")]

    def decided(self, kind: str) -> list[str]:
        """Decisions of a kind that are proved before."""
        names = [n for (e, n), k in KINDS.items() if k == kind and int(n[-1]) < self.level and e == "site_year"]
        names += [
            f"{v}.{n}"
            for v, r in self.variables
            if r == "sites"
            for (e, n), k in KINDS.items()
            if k == kind and e == "site_year" and int(n[-1]) < self.level
        ]
        names += [
            f"{v}.{n}"
            for v, r in self.variables
            if r == "lots"
            for (e, n), k in KINDS.items()
            if k == kind and e == "lot" and int(n[-1]) < self.level
        ]
        return names

    def columns(self, wanted: dict[str, tuple[str, ...]]) -> list[str]:
        own = [f"installation.{c}" for c in wanted.get("sites", ())]
        own += [f"lot.{c}" for c in wanted.get("lots", ())] if self.lot else []
        return own + [f"{v}.{c}" for v, r in self.variables for c in wanted.get(r, ())]

    def number(self, depth: int) -> str:
        leaves = [*self.columns({"sites": ("signed", "owed", "count")}), *self.decided("n"), "p.num", "p.low", "p.dated"]
        if depth <= 0 or self.chance(4):
            return str(self.pick([*NUMBERS, *leaves, *leaves]))
        less, other = self.number, depth - 1
        shape = self.pick(range(14))
        if shape < 3:
            return f"({less(other)} {self.pick('+-*')} {less(other)})"
        if shape == 3:
            return f"({less(other)} / {self.pick(['3', '0.7', 'p.low'])})"
        if shape == 4:
            return f"-{less(other)}"
        if shape == 5:
            return f"{self.pick(['floor', 'ceil', 'round_half_up'])}({less(other)})"
        if shape == 6:
            return f"{self.pick(['min', 'max'])}({less(other)}, {less(other)})"
        if shape in (7, 11):
            limits = self.columns({"sites": ("limit",)})
            return f"default({self.pick([*limits, 'p.by_sector[' + self.sector(True) + ']', 'p.by_sector[' + self.sector(True) + ']', 'p.by_year[year]', 'p.by_year[year - 1]'])}, {less(other)})"
        if shape == 8:
            return f"({less(other)} if {self.condition(other)} else {less(other)})"
        if shape == 9:
            return f"year_of({self.day(other)})"
        if shape == 10:
            return f"size({self.pick(['p.sectors', *self.decided('s')])})"
        return self.aggregate(depth, {"sites": ("signed", "owed", "count"), "lots": (), "emissions": (), "reports": ()}, "n", less)

    def tonnes(self, depth: int) -> str:
        owners = [f"{v}." for v, r in self.variables if r == "sites"]
        lookups = [f"{owner}emissions[{gas}].tonnes" for owner in ([] if self.lot else [""]) + owners for gas in GASES]
        leaves = ["p.ton", *self.columns({"emissions": ("tonnes",)}), *self.decided("t"), *lookups, *lookups]
        leaves += [f"{q} * p.each" for q in self.columns({"lots": ("quantity",)})]
        if depth <= 0 or self.chance(4):
            return str(self.pick(leaves))
        shape, other = self.pick(range(8)), depth - 1
        if shape < 2:
            return f"({self.tonnes(other)} {self.pick('+-')} {self.tonnes(other)})"
        if shape == 2:
            return f"({self.tonnes(other)} * {self.number(other)})"
        if shape == 3:
            return f"{self.pick(['min', 'max'])}(0, {self.tonnes(other)})"
        if shape == 4:
            return f"({self.tonnes(other)} if {self.condition(other)} else 0)"
        if shape == 5 and not self.lot:
            return f"default(emissions[{self.pick(GASES)}].extra, {self.tonnes(other)})"
        return self.aggregate(depth, {"emissions": ("tonnes",), "lots": (), "sites": ()}, "t", self.tonnes)

    def aggregate(self, depth: int, columns: dict[str, tuple[str, ...]], kind: str, fallback: Callable[[int], str]) -> str:
        """sum, count, min or max over rows or a set."""
        if len(self.variables) > 1 or (self.lot and self.chance(2)):
            return fallback(depth - 1)
        relations = self.relations(list(columns))
        if not relations:
            return fallback(depth - 1)
        relation = self.pick(relations)
        if kind == "n" and self.chance(4):
            over = self.pick(["p.sectors", *self.decided("s")])
            name, inner = self.inside("set of sectors" if over in ("p.sectors", "s1") else "set of lights")
            return f"count({name} for {name} in {over}{inner.maybe_if(depth)})"
        name, inner = self.inside(relation)
        kind_of = kind_of_rows(relation)
        values = [f"{name}.{c}" for c in columns.get(kind_of, ())] + [d for d in inner.decided(kind) if d.startswith(name)]
        if kind_of in ("lots", "units") and kind == "t":
            values.append(f"{name}.quantity * p.each")
        if kind == "n" and (not values or self.chance(3)):
            return f"count({name} for {name} in {relation}{inner.maybe_if(depth)})"
        if kind == "t" and kind_of == "emissions" and self.chance(3):
            return f"{self.pick(['min', 'max'])}(({name}.extra for {name} in {relation}{inner.maybe_if(depth)}), default={fallback(depth - 1)})"
        if not values:
            return fallback(depth - 1)
        if self.chance(3):
            return f"{self.pick(['min', 'max'])}(({self.pick(values)} for {name} in {relation}{inner.maybe_if(depth)}), default={fallback(depth - 1)})"
        return f"sum({self.pick(values)} for {name} in {relation}{inner.maybe_if(depth)})"

    def maybe_if(self, depth: int) -> str:
        return f" if {self.condition(depth - 1)}" if self.chance(2) else ""

    def sector(self, key: bool = False) -> str:
        columns = ("sector", "second", "operator.size")
        return str(self.pick([*self.columns({"sites": columns}), *(v for v, r in self.variables if r == "set of sectors")]))

    def lights(self) -> list[str]:
        return [*self.columns({"reports": ("light",)}), *self.decided("c"), *(v for v, r in self.variables if r == "set of lights")]

    def day(self, depth: int) -> str:
        leaves = [
            "p.due",
            "date(year, 6, 15)",
            "day(p.day, year)",
            "as_of",
            *self.columns({"sites": ("started",), "reports": ("submitted",)}),
            *self.decided("d"),
        ]
        if depth <= 0 or self.chance(2):
            return str(self.pick([*leaves, *self.columns({"sites": ("started",), "reports": ("submitted",)})]))
        shape = self.pick(range(4))
        if shape == 0:
            return f"default({self.pick(self.columns({'sites': ('closed',)}))}, {self.day(depth - 1)})"
        if shape == 1:
            return f"{self.pick(['min', 'max'])}({self.day(depth - 1)}, {self.day(depth - 1)})"
        if shape == 2 and not self.lot and not self.variables:
            name, inner = self.inside("reports")
            return f"{self.pick(['min', 'max'])}(({name}.submitted for {name} in reports{inner.maybe_if(depth)}), default={self.day(depth - 1)})"
        return f"({self.day(depth - 1)} if {self.condition(depth - 1)} else {self.day(depth - 1)})"

    def condition(self, depth: int) -> str:
        order = ("<", "<=", ">", ">=", "==", "!=")
        truths = [*self.columns({"sites": ("active",), "lots": ("good",), "reports": ("verified",)}), *self.decided("b"), "p.flag"]
        shape = self.pick(range(8 if depth <= 0 else 21))
        simple = min(depth - 1, 1)
        if shape < 2:
            return str(self.pick(truths))
        if shape == 2:
            return f"{self.sector()} {self.pick(['==', '!='])} {self.pick(SECTORS)}"
        if shape == 3:
            return f"{self.sector()} {self.pick(['in', 'not in'])} {self.pick(['(power, oil)', '(cement,)', 'p.sectors', *self.decided('s')[:1]])}"
        if shape == 4:
            nullable = self.columns({"sites": ("second", "closed", "limit"), "lots": ("plan",), "emissions": ("extra",)})
            nullable += ["p.by_sector[installation.sector]"]
            return (
                self.pick(["{} == none", "{} != none", "given({})"]).format(self.pick(nullable))
                if self.chance(2)
                else f"installation.limit {self.pick(order)} {self.number(0)}"
            )
        if shape == 5:
            return f"{self.pick(self.lights())} {self.pick(['==', '!='])} {self.pick(LIGHTS)}" if self.lights() else str(self.pick(truths))
        if shape == 6 and self.chance(4):
            left = self.columns({"sites": ("second", "sector", "operator.size")})
            plans, days = self.columns({"lots": ("plan",), "units": ("plan",)}), self.columns({"sites": ("closed", "started")})
            pairs = [(a, self.pick(left), order[4:]) for a in left] + [(a, "plan", order[4:]) for a in plans]
            one, other, operators = self.pick([*pairs, *((a, self.pick(days), order) for a in days)])
            return f"{one} {self.pick(operators)} {other}"
        if shape == 6 and self.chance(4) and not self.lot:
            quantities = ["output[clinker].quantity", "output[steel].quantity", "default(output[heat].quantity, 0)"]
            return f"{self.pick(quantities)} {self.pick(order)} {self.pick(quantities)}"
        if shape == 6:
            return f"{self.day(0)} {self.pick(order)} {self.day(0)}"
        if shape == 7:
            return f"{self.number(0)} {self.pick(order)} {self.number(0)}"
        if shape == 8:
            return f"{self.number(simple)} {self.pick(order[:4])} {self.number(simple)} {self.pick(order[:4])} {self.number(0)}"
        if shape == 9:
            return f"{self.number(depth - 1)} {self.pick(order)} {self.number(simple)}"
        if shape == 10:
            return f"{self.tonnes(depth - 1)} {self.pick(order)} {self.tonnes(simple)}"
        if shape == 11:
            return f"{self.day(depth - 1)} {self.pick(order)} {self.day(simple)}"
        if shape == 12:
            return f"({self.condition(depth - 1)} if {self.condition(simple)} else {self.condition(simple)})"
        if shape == 13 and self.decided("s"):
            return f"some({self.pick(self.decided('s'))})"
        if shape == 14 and len(self.variables) < 2:
            relation = self.pick(self.relations(["lots", "emissions", "reports", "sites"]))
            name, inner = self.inside(relation)
            return f"{self.pick(['any', 'all'])}({inner.condition(depth - 1)} for {name} in {relation}{inner.maybe_if(depth)})"
        if shape < 17:
            return f"not ({self.condition(depth - 1)})"
        many = self.pick([2, 2, 2, 2, 2, 2, 3, 3, 3, 10])
        joined = f" {self.pick(['and', 'or'])} ".join(self.condition(depth - 1 if many < 5 else 0) for _ in range(many))
        return f"({joined})"

    def value(self, kind: str) -> str:
        if kind == "b":
            return str(self.pick(["true", "true", "false", self.condition(1)]))
        if kind in "cs":
            light = [*LIGHTS, *self.lights()]
            return str(self.pick([*light, f"({self.pick(light)} if {self.condition(1)} else {self.pick(light)})"]))
        return {"n": self.number, "t": self.tonnes, "d": self.day}[kind](2)


KINDS = {
    ("lot" if name.startswith("lot.") else "site_year", name.rpartition(".")[2]): name.rpartition(".")[2][0]
    for name in BASE_TREE["decisions"]
}


def picker(randomly: Random) -> Pick:
    return lambda options: options[randomly.randrange(len(options))]
