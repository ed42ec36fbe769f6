"""The engine against the naive oracle: random small rulesets and cases, with unknowns, and what they come to once filled in.

`KAZETS_TESTS=thorough` runs fifty times as many. What an example covers: three states of knowledge, every decision of every
site and lot; or thirty expressions; or eighteen states of one decision.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from engine.language import ExpressionError, OpenSet, Scope, Unknown, compile_node, parse
from engine.law import Law
from engine.law.checking import find_problems
from engine.proving import Conflict, Determination, Gap, Prover, Root, determine
from tests.oracle import CONFLICT, GAP, Instance, Open, Oracle, Perhaps, Word
from tests.small_law import facts_of, tree_of

THOROUGH = os.environ.get("KAZETS_TESTS") == "thorough"


def examples(count: int) -> Callable[[Any], Any]:
    return settings(
        max_examples=count * (50 if THOROUGH else 1), deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=not THOROUGH,
        phases=[Phase.explicit, Phase.generate, Phase.shrink] if THOROUGH else [Phase.explicit, Phase.generate],
    )  # fmt: skip


# -- random programs ------------------------------------------------------------------------------------------------------

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
DAYS = ("2021-07-01", "2023-06-15", "2023-12-31", "2024-01-01")
AT = {"at": ["random", 1, 1]}


def random_rules(pick: Pick) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = []
    for (entity, name), kind in KINDS.items():
        texts = Texts(pick, int(name[-1]), entity == "lot")
        own: list[str] = []
        for index in range(pick([1, 1, 2, 2, 3, 4])):
            rule: dict[str, Any] = {"rule": f"{entity}-{name}-{index}", "decides": ("lot." if entity == "lot" else "") + name, "phase": None,
                                    "cite": {"instrument": "act"}, "says": {}, "marks": {}, **AT}  # fmt: skip
            if pick(range(6)):
                rule["when"] = texts.condition(pick([0, 1, 1, 2, 2, 3]))
            if kind != "b" or pick(range(3)) == 0:
                codes = {"s1": SECTORS, "s4": LIGHTS}.get(name)
                plain = pick([True, False])
                rule["value"] = pick([*codes]) if codes and plain else (
                    texts.sector() if name == "s1" else texts.value("c") if name == "s4" else pick(["1", "2"]) if kind == "n" and plain else texts.value(kind))  # fmt: skip
                if name == "s1" and rule["value"].endswith("second"):
                    rule["value"] = "installation.sector"
            if own and pick(range(3)) == 0:
                rule["exception_to"] = pick([own[-1], own[-1], list(own)])
            if pick(range(8)) == 0:
                rule["in_force"] = pick([{"from": pick(DAYS)}, {"to": pick(DAYS)}, {"from": DAYS[0], "to": pick(DAYS[1:])}])
                rule["governed_by"] = pick(["started", "year_end"])
            own.append(rule["rule"])
            rules.append(rule)
    return rules


def random_values(pick: Pick) -> list[dict[str, Any]]:
    number = [
        lambda: pick(NUMBERS),
        lambda: "unknown",
        lambda: {"about": pick(["5", "2.5", "100"]), "to": pick(["1", "0.1"]), "how": pick(["rounded", "truncated"])},
    ]
    exact_first = [number[0], number[0], number[0], number[1], number[2]]
    values: list[dict[str, Any]] = []

    def add(name: str, value: Any, key: Any = None, **dates: str) -> None:
        values.append({"parameter": name, "value": value, "key": key, "phase": None, "cite": {"instrument": "act"}, **AT, **dates})

    for name in ("p.num", "p.ton", "p.each"):
        add(name, pick(exact_first)())
    add("p.low", pick(["1", "2.5", "3", "unknown", {"about": "5", "to": "1"}]))
    split = pick(DAYS)
    if pick(range(4)):
        add("p.dated", pick(exact_first)(), to=split)
    add("p.dated", pick(exact_first)(), **{"from": split})
    for sector in SECTORS:
        if pick(range(3)):
            add("p.by_sector", pick([*exact_first, lambda: "none"])(), sector)
    for year in (2022, 2023):
        if pick(range(3)):
            add("p.by_year", pick(exact_first)(), year)
    add("p.sectors", pick([[], ["power"], ["power", "oil"], "unknown"]))
    add("p.flag", pick([True, False, "unknown"]))
    add("p.day", pick(["04-01", "12-31", "unknown"]))
    add("p.due", pick([*DAYS, "unknown"]))
    return values


def random_facts(pick: Pick) -> dict[str, Any]:
    """Facts as YAML gives them; a cell that is left out is unknown."""

    def row(**cells: Any) -> dict[str, Any]:
        return {c: v for c, v in cells.items() if v is not None}

    def either(*values: Any) -> Any:
        return pick([*values, *[None] * max(1, len(values) // 2)])

    sites = ["A", "B", "C"][: pick([1, 1, 2, 3])]
    facts: dict[str, Any] = {
        "as_of": "2025-01-01",
        "operators": [row(id="O", size=either(*SECTORS)), row(id="P", size="oil")],
        "installations": [
            row(id=s, operator=pick(["O", "O", "O", "P", None]), sector=either(*SECTORS), second=either("none", *SECTORS), started=either(*DAYS), closed=either("none", *DAYS),
                limit=either("none", "1", "100"), signed=either("-3.5", "0", "7"), owed=either("0", "2.5", "100"), count=either("0", "2", "9223372036854775808"),
                active=either(True, False))
            for s in sites
        ],
    }  # fmt: skip
    emissions = [row(installation=s, year=y, gas=g, tonnes=either("0", "1", "20000.5", "9223372036854775807"), extra=either("none", "3"))
                 for s in sites for y in (2022, 2023) for g in GASES if pick(range(3))]  # fmt: skip
    facts["emissions"] = emissions
    makers: dict[str, Callable[[int], dict[str, Any]]] = {
        "output": lambda i: row(
            installation=sites[i % len(sites)], product=["clinker", "steel", "heat"][i // len(sites)], quantity=either("0", "2.5")
        ),
        "reports": lambda i: row(installation=pick(sites), submitted=either(*DAYS), verified=either(True, False), light=either(*LIGHTS)),
        "units": lambda i: row(
            id=f"U{i}",
            installation=pick(sites),
            quantity=either("0", "1", "100"),
            bonus=either("none", "5"),
            good=either(True, False),
            plan=either("none", *PLANS),
        ),
    }
    for table, make in makers.items():
        facts[table] = "unknown" if pick(range(8)) == 0 else [make(i) for i in range(pick([0, 1, 2, 3]))]
    return facts


FILLERS: dict[str, tuple[Any, ...]] = {
    "sector": SECTORS,
    "size": SECTORS, "second": ("none", *SECTORS), "started": DAYS, "closed": ("none", *DAYS), "limit": ("none", "0", "5", "1000"), "signed": ("-100", "0", "2.5"),
    "owed": ("0", "7", "1000"), "count": ("0", "3"), "active": (True, False), "operator": ("O", "P"), "tonnes": ("0", "2.5", "1000000"), "extra": ("none", "0", "9"),
    "submitted": DAYS, "verified": (True, False), "light": LIGHTS, "quantity": ("0", "7", "1000"), "bonus": ("none", "-1"), "good": (True, False), "plan": ("none", *PLANS),
}  # fmt: skip
COLUMNS = {table: [c for c in spec["columns"] if c in FILLERS] for table, spec in BASE_TREE["tables"].items()}


def filled(pick: Pick, facts: dict[str, Any], values: list[dict[str, Any]]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The same case with some of what is unknown made known."""
    made: dict[str, Any] = {}
    everything = pick([True, False])

    def fills() -> bool:
        return everything or bool(pick([True, True, False]))

    for table, rows in facts.items():
        if rows == "unknown":
            sites = [r["id"] for r in facts["installations"]]
            rows = (
                [
                    {
                        "installation": pick(sites),
                        **{"units": {"id": f"V{i}"}, "output": {"product": ["clinker", "heat"][i]}}.get(table, {}),
                    }
                    for i in range(pick([0, 1, 2]))
                ]
                if fills()
                else rows
            )
        elif table == "emissions":
            seen = {(r["installation"], r["year"]) for r in rows}
            absent = [(r["id"], y) for r in facts["installations"] for y in (2022, 2023) if (r["id"], y) not in seen]
            rows = rows + [{"installation": s, "year": y, "gas": g} for s, y in absent if fills() for g in GASES]
        if isinstance(rows, list):
            given_columns = {c for r in rows for c in r}
            columns = [c for c in COLUMNS[table] if c in given_columns or "presumed" not in BASE_TREE["tables"][table]["columns"][c]]
            rows = [{**r, **{c: pick(FILLERS[c]) for c in columns if c not in r and fills()}} for r in rows]
        made[table] = rows
    known = []
    for value in values:
        kind, written = BASE_TREE["parameters"][value["parameter"]]["type"], value["value"]
        if written == "unknown" and fills():
            options: dict[str, list[Any]] = {
                "number": ["1", "2.5", "1000"],
                "set": [[], ["oil"]],
                "bool": [True, False],
                "month_day": ["06-30"],
                "date": ["2023-07-01"],
            }
            written = pick(options[kind])
        elif isinstance(written, dict) and fills():
            about, step = Fraction(str(written["about"])), Fraction(str(written["to"]))
            low = about - step / 2 if written.get("how", "rounded") == "rounded" else about
            written = pick([f"{float(low):.3f}", f"{float(low + step):.3f}", f"{float(low + step / 4):.3f}"])
        known.append({**value, "value": written})
    return made, known


# -- comparing ------------------------------------------------------------------------------------------------------------


def kind_of(outcome: Any) -> tuple[Any, ...]:
    """What two outcomes are compared by."""
    if isinstance(outcome, (Unknown, OpenSet, Open, Perhaps)):
        return ("unknown",)
    if isinstance(outcome, (Gap, Conflict, Word)):
        return ("gap",) if isinstance(outcome, Gap) or outcome == GAP else ("conflict",)
    return "value", isinstance(outcome, bool), outcome


def engine_says(law: Law, facts: dict[str, Any]) -> dict[tuple[Any, ...], Any]:
    rows = facts_of(law.vocabulary, facts)
    prover = Prover(law, law.select(), rows)
    found: dict[tuple[Any, ...], Any] = {}
    for site in facts["installations"]:
        determination: Determination = determine(prover, Root("site_year", (site["id"],), 2023))
        found.update({(site["id"], name): outcome for name, outcome in determination.outcomes.items()})
        found.update({(site["id"], place[0], name): o for place, outcomes in determination.parts["lot"] for name, o in outcomes.items()})
    return found


def oracle_says(tree: dict[str, Any], law: Law, facts: dict[str, Any]) -> dict[tuple[Any, ...], Any]:
    rows = facts_of(law.vocabulary, facts)
    oracle = Oracle(tree, rows, 2023)
    found: dict[tuple[Any, ...], Any] = {}
    for site in facts["installations"]:
        root: Instance = oracle.root(site["id"])
        found.update({(site["id"], name): outcome for name, outcome in oracle.outcomes(root).items()})
        found.update(
            {(site["id"], part.row.key[0], name): o for part in oracle.parts(root, "lot") for name, o in oracle.outcomes(part).items()}
        )
    return found


def too_large(law: Law) -> bool:
    """Whether a random expression exceeds the limits of the language."""
    problems = find_problems(law, texts=False)
    assert all("too large or too deep" in p.message for p in problems), problems
    return bool(problems)


def explain(tree: dict[str, Any], facts: dict[str, Any], key: tuple[Any, ...], engine: Any, other: Any) -> str:
    """Both answers, with the rules, values and facts that they may depend on."""
    wanted, before = {key[-1]}, set[str]()
    while wanted != before:
        before = set(wanted)
        texts = " ".join(f"{r.get('when')} {r.get('value')}" for r in tree["rules"] if r["decides"].rpartition(".")[2] in wanted)
        wanted |= {name for _, name in KINDS if re.search(rf"\b{name}\b", texts)}
    shown = ("when", "value", "exception_to", "in_force", "governed_by")
    rules = "\n".join(
        f"  {r['rule']}: { ({k: r[k] for k in shown if k in r}) }" for r in tree["rules"] if r["decides"].rpartition(".")[2] in wanted
    )
    values = "\n".join(f"  {v['parameter']}[{v['key']}] = {v['value']} {v.get('from')}..{v.get('to')}" for v in tree["values"])
    return f"{key}: engine {engine}, expected {other}\n{rules}\n{values}\n{facts}"


def agree(tree: dict[str, Any], law: Law, facts: dict[str, Any]) -> dict[tuple[Any, ...], Any]:
    engine, naive = engine_says(law, facts), oracle_says(tree, law, facts)
    assert engine.keys() == naive.keys()
    for key, outcome in engine.items():
        assert kind_of(outcome) == kind_of(naive[key]), explain(tree, facts, key, outcome, naive[key])
    return engine


def within(filled_in: Any, before: Any) -> bool:
    """Whether an outcome is still possible by what was said when less was known."""
    if isinstance(before, OpenSet):
        sure, all_ = (
            (filled_in.members, filled_in.members | filled_in.possible) if isinstance(filled_in, OpenSet) else (filled_in, filled_in)
        )
        return bool(before.members <= sure and all_ <= before.members | before.possible)
    if not isinstance(before, Unknown):
        return kind_of(filled_in) == kind_of(before)
    if isinstance(filled_in, (Unknown, OpenSet, Gap, Conflict)) or (before.low is None and before.high is None):
        return True
    return filled_in is not None and (before.low is None or before.low <= filled_in) and (before.high is None or filled_in <= before.high)


def picker(randomly: Random) -> Pick:
    return lambda options: options[randomly.randrange(len(options))]


@examples(250)
@given(st.randoms(use_true_random=not THOROUGH))
def test_expressions_mean_the_same(randomly: Random) -> None:
    """Thirty expressions over one case: the same value, the same bounds, and nothing decided that is later otherwise."""
    pick = picker(randomly)
    values, facts = random_values(pick), random_facts(pick)
    tree: dict[str, Any] = {**BASE_TREE, "rules": [], "values": values}
    law, texts = Law(tree, "random"), Texts(pick, 1)
    written = [(pick("bbntd"), pick([0, 1, 2, 3])) for _ in range(30)]
    found = [{"b": texts.condition, "n": texts.number, "t": texts.tonnes, "d": texts.day}[kind](depth) for kind, depth in written]
    before = evaluated(tree, law, facts, found)
    for _ in range(2):
        more_facts, known_values = filled(pick, facts, values)
        fuller = {**tree, "values": known_values}
        after = evaluated(fuller, Law(fuller, "random"), more_facts, found)
        for text in before.keys() & after.keys():
            assert within(after[text], before[text]), (
                f"{text}: {before[text]}, then {after[text]}\n{values}\n{known_values}\n{facts}\n{more_facts}"
            )


def evaluated(tree: dict[str, Any], law: Law, facts: dict[str, Any], texts: list[str]) -> dict[str, Any]:
    """What each expression is for the first installation, once engine and oracle agree on it."""
    rows = facts_of(law.vocabulary, facts)
    env = Prover(law, law.select(), rows).session(Root("site_year", ("A",), 2023)).main.env
    oracle, scope, found = Oracle(tree, rows, 2023), Scope(law.vocabulary, "site_year"), {}
    kept = []  # the engine remembers look-ups by the id of the node, so a node must outlive the program
    for text in texts:
        try:
            node = parse(text, scope)
        except ExpressionError as error:
            assert "too large or too deep" in error.message, f"{text}: {error.message}"
            continue
        kept.append(node)
        engine, naive = compile_node(node)(env), oracle.text(text, oracle.root("A"))
        bounds = (engine.low, engine.high) if isinstance(engine, Unknown) else None
        expected = (naive.lo, naive.hi) if isinstance(naive, Open) else None
        assert kind_of(engine) == kind_of(naive) and bounds == expected, f"{text}: {engine}, expected {naive}\n{tree['values']}\n{facts}"
        found[text] = engine
    return found


@examples(160)
@given(st.randoms(use_true_random=not THOROUGH))
def test_engine_and_oracle_agree_and_what_is_known_later_was_allowed_for(randomly: Random) -> None:
    pick = picker(randomly)
    tree: dict[str, Any] = {**BASE_TREE, "rules": random_rules(pick), "values": random_values(pick)}
    facts, law = random_facts(pick), Law(tree, "random")
    assume(not too_large(law))
    before = agree(tree, law, facts)
    for _ in range(2):
        more_facts, values = filled(pick, facts, tree["values"])
        fuller = {**tree, "values": values}
        after = agree(fuller, Law(fuller, "random"), more_facts)
        for key, outcome in before.items():
            assert within(after[key], outcome), explain(fuller, more_facts, key, outcome, after[key])


@examples(150)
@given(st.randoms(use_true_random=not THOROUGH))
def test_rules_and_exceptions_are_heard_alike(randomly: Random) -> None:
    """Up to nine rules for one decision, each true, false or open, with exceptions to exceptions, completed in every way."""
    pick = picker(randomly)
    kinds = {"b1": ["true", "false"], "n1": ["1", "2", "installation.owed"], "s1": ["power", "oil", "installation.sector"]}
    name, values = pick(list(kinds.items()))
    rules: list[dict[str, Any]] = []
    for index in range(pick([2, 3, 4, 5, 9])):
        above = [r["rule"] for r in rules if pick(range(3)) == 0]
        state = pick(["installation.active", "reports_open", None, None, "1 > 2"])
        when = {"reports_open": "any(r.verified for r in reports)", "1 > 2": "installation.signed > 100"}.get(str(state), state)
        rules.append(
            {"rule": f"r{index}", "decides": name, "phase": None, "cite": {"instrument": "act"}, "says": {}, "marks": {}, **AT,
             "value": pick(values), "exception_to": above, **({"when": when} if when else {})}
        )  # fmt: skip
    declared = {name: BASE_TREE["decisions"][name]}
    tree: dict[str, Any] = {**BASE_TREE, "decisions": declared, "rules": rules, "values": random_values(pick)}
    law = Law(tree, "random")
    site, report = {"id": "A", "signed": "0"}, {"installation": "A", "submitted": "2023-03-01"}
    outcomes = {}
    for active, verified, filled_in in itertools.product((None, True, False), (None, True, False), (False, True)):
        cells = {**site, **({} if active is None else {"active": active}), **({"owed": "2", "sector": "oil"} if filled_in else {})}
        facts = {
            "installations": [cells],
            "reports": [report if verified is None else {**report, "verified": verified}, {**report, "verified": False}],
        }
        outcomes[active, verified, filled_in] = only(name, tree, law, facts)
    for (active, verified, filled_in), later in outcomes.items():
        for before in {(None, verified, filled_in), (active, None, filled_in), (active, verified, False)}:
            assert within(later, outcomes[before]), f"{before}: {outcomes[before]}, then {(active, verified, filled_in)}: {later}\n{rules}"


def only(name: str, tree: dict[str, Any], law: Law, facts: dict[str, Any]) -> Any:
    """The outcome of the only decision, once both agree on it."""
    rows = facts_of(law.vocabulary, facts)
    engine = determine(Prover(law, law.select(), rows), Root("site_year", ("A",), 2023)).outcomes[name]
    oracle = Oracle(tree, rows, 2023)
    naive = oracle.decide(oracle.root("A"), name)
    assert kind_of(engine) == kind_of(naive), f"{engine}, expected {naive}\n{tree['rules']}\n{facts}"
    return engine


def test_the_random_vocabulary_is_a_sound_ruleset() -> None:
    assert find_problems(Law({**BASE_TREE, "rules": [], "values": []}, "empty"), texts=False) == []


assert CONFLICT != GAP
