"""Random rules, values and facts over the vocabulary of random expressions, and the same case with more of it known."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from engine.law import Law
from engine.law.checking import find_problems
from tests.random_texts import BASE_TREE, GASES, KINDS, LIGHTS, NUMBERS, PLANS, SECTORS, Pick, Texts

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


def too_large(law: Law) -> bool:
    """Whether a random expression exceeds the limits of the language."""
    problems = find_problems(law, texts=False)
    assert all("too large or too deep" in p.message for p in problems), problems
    return bool(problems)
