"""Every cure complies, and brute force finds none smaller."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.analysis import cure_lines
from engine.analysis.curing import Work
from engine.explaining import Words
from engine.law import Law
from engine.proving import Root
from tests.shortfall import BEFORE, DUE, ROOT_K, case, lot, replayed, status, surrender
from tests.small_law import facts_of

LOTS = st.lists(
    st.tuples(st.sampled_from([2023, 2024, 2025]), st.integers(0, 2), st.integers(0, 2), st.booleans()),
    max_size=2,
)


def small_case(tonnes: int, lots: list[tuple[int, int, int, bool]], filed: str | None) -> dict[str, Any]:
    """A handful of tonnes; of each lot some is surrendered, in time or five days late."""
    units = [lot(f"L{n}", size, issued_for=year) for n, (year, size, _, _) in enumerate(lots)]
    used = [surrender(f"L{n}", min(size, part), "2025-04-20" if late else "2025-03-25") for n, (_, size, part, late) in enumerate(lots)]
    return case(
        emissions=[{"installation": "K", "year": 2024, "gas": "co2", "tonnes": tonnes}],
        units=units,
        surrenders=[row for row in used if row["quantity"] > 0],
        reports=[{"installation": "K", "year": 2024, "submitted_on": filed}] if filed is not None else [],
    )


def every_change(content: dict[str, Any], tonnes: int) -> Iterator[tuple[tuple[int, int, int], dict[str, Any]]]:
    """All that could have been done by the deadline: more of a lot, bought units, a report, earlier use; each with what it takes.

    That is (units bought, units in all, entries), in the order in which the cheapest and smallest is meant.
    """
    lots, rows = content["units"], content["surrenders"]
    taken = {one["id"]: sum(row["quantity"] for row in rows if row["unit"] == one["id"]) for one in lots}
    free = [range(one["quantity"] - taken[one["id"]] + 1) for one in lots]
    late = [index for index, row in enumerate(rows) if row["on"] > DUE]
    for more, bought, report, moved in itertools.product(
        itertools.product(*free), range(tonnes + 1), (False, True), itertools.product((False, True), repeat=len(late))
    ):
        acts = sum(1 for n in more if n) + (2 if bought else 0) + report + sum(moved)
        used = [
            {**row, "on": DUE} if index in {i for i, m in zip(late, moved, strict=True) if m} else row for index, row in enumerate(rows)
        ]
        used += [surrender(one["id"], n, DUE) for one, n in zip(lots, more, strict=True) if n]
        units = lots + ([lot("N", bought)] if bought else [])
        used += [surrender("N", bought, DUE)] if bought else []
        reports = content["reports"] + ([{"installation": "K", "year": 2024, "submitted_on": DUE}] if report else [])
        yield (bought, sum(more) + bought, acts), {**content, "units": units, "surrenders": used, "reports": reports}


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(tonnes=st.integers(1, 3), lots=LOTS, filed=st.sampled_from(["2025-03-20", "2025-04-20", None]))
def test_every_cure_complies_and_brute_force_finds_none_smaller(
    tonnes: int, lots: list[tuple[int, int, int, bool]], filed: str | None, law: Law
) -> None:
    content = small_case(tonnes, lots, filed)
    facts = facts_of(law.vocabulary, content)
    report = Work(law, law.select(), facts)(ROOT_K)
    if report.state == "reached":
        assert status(law, facts) == "compliant"
        return
    assert report.state == "too_late" and not report.still.cures
    for found in report.would_have.cures:
        assert replayed(law, content, found) == "compliant"
    best = report.would_have.cures[0]
    for size, changed in every_change(content, tonnes):
        if size < (sum(d.number or 0 for d in best.doings if d.priced), best.units, best.acts):
            assert status(law, facts_of(law.vocabulary, changed)) != "compliant", (size, changed)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(tonnes=st.integers(1, 50), sizes=st.lists(st.integers(0, 12), max_size=6), bought=st.booleans())
def test_what_can_still_be_done_complies_when_it_has_been_done(tonnes: int, sizes: list[int], bought: bool, law: Law) -> None:
    """Before the deadline there is always something to be done; without buying only where the lots suffice, with the fewest of them."""
    content = case(
        BEFORE,
        emissions=[{"installation": "K", "year": 2024, "gas": "co2", "tonnes": tonnes}],
        units=[lot(f"L{n}", size) for n, size in enumerate(sizes)],
        surrenders=[],
    )
    report = Work(law, law.select(), facts_of(law.vocabulary, content))(ROOT_K)
    assert report.state == "still"
    for found in report.still.cures:
        assert replayed(law, content, found) == "compliant" and found.units == tonnes
    held = [found for found in report.still.cures if all(d.action == "surrender-held" for d in found.doings)]
    fewest = next((n for n in range(1, len(sizes) + 1) if sum(sorted(sizes, reverse=True)[:n]) >= tonnes), None)
    assert [found.acts for found in held] == ([fewest] if fewest is not None else [])


def any_case(random: Random, law: Law) -> tuple[dict[str, Any], Root, str]:
    """A case in any phase, with lots of every kind, projects, prices, unknown quantities, and reports and plans that may lack."""
    year, authority = random.choice([2013, 2014, 2016, 2019, 2020, 2021, 2022, 2024, 2025]), random.choice(list(law.authorities))
    phase = law.phase_of(year)
    plan = phase.plan if phase is not None and phase.plan is not None else "none"
    as_of = random.choice([f"{year + 1}-02-01", f"{year + 1}-04-15", f"{year + 2}-06-01"])
    days = [day for day in (f"{year + 1}-01-20", f"{year + 1}-03-25", f"{year + 1}-04-15", f"{year + 1}-05-02") if day <= as_of]
    sectors, gases = ["forestry", "power", "waste"], ["co2", "ch4"]
    projects = [
        {"id": f"P{n}", "sector": random.choice(sectors), "field": "greening", "gas": random.choice(gases), "host_installation": "none"}
        for n in range(random.randint(0, 2))
    ]
    units = []
    for n in range(random.randint(0, 4)):
        kind = random.choice(["allowance", "allowance", "allowance", "offset", "qazaq_green"])
        of_plan = {"plan": random.choice([plan, plan, "phase_4"]), "issued_for": random.choice([year, year - 1, year + 1])}
        one = lot(f"L{n}", random.choice([*range(9), "unknown"]), kind) | (
            of_plan if kind == "allowance" else {"plan": "none", "issued_for": "none"}
        )
        one["project"] = random.choice([*(p["id"] for p in projects), "none"]) if kind == "offset" else "none"
        units.append(one | {"acquired_on": random.choice([f"{year}-03-03", days[-1]])})
    content = case(
        as_of,
        emissions=[{"installation": "K", "year": year, "gas": "co2", "tonnes": random.choice([random.randint(1, 12), "7.5", "unknown"])}],
        monitoring_plans=[{"installation": "K", "submitted_on": f"{year - 4}-02-01"}] if random.random() < 0.8 else [],
        passports=[{"installation": "K", "submitted_on": f"{year - 4}-02-01"}] if random.random() < 0.7 else [],
        reports=[{"installation": "K", "year": year, "submitted_on": random.choice(days)}] if random.random() < 0.7 else [],
        quotas=[{"installation": "K", "plan": plan, "year": year, "quantity": 5}] if plan != "none" else [],
        units=units,
        surrenders=[
            surrender(str(u["id"]), random.randint(0, 5), random.choice([d for d in days if d >= str(u["acquired_on"])])) | {"year": year}
            for u in units
            if random.random() < 0.5
        ],
        projects=projects,
        quotations=[{"on": f"{year + 1}-01-15", "price_kzt": "500.25"}] if random.random() < 0.5 else [],
    )
    return content, Root("installation_year", ("K",), year), authority


@pytest.mark.parametrize("seed", range(8))
def test_in_every_phase_what_is_found_complies(seed: int, law: Law) -> None:
    """And where nothing is found although the law and the facts are clear, doing everything at once does not comply either."""
    random = Random(seed)
    for _ in range(5):
        content, root, authority = any_case(random, law)
        report = Work(law, law.select(authority), facts_of(law.vocabulary, content))(root)
        assert report.state != "not_searched", report.why
        for found in (*report.still.cures, *report.would_have.cures):
            assert replayed(law, content, found, authority, root) == "compliant", (content, authority)
        assert list(cure_lines(report, Words(law)))
        if report.state in ("none", "unknown") and content["quotas"]:
            early = f"{root.year + 1}-01-25"
            all_done = {
                **content,
                "as_of": f"{root.year + 2}-06-01",
                "units": [
                    *content["units"],
                    lot("N", 100, plan=content["quotas"][0]["plan"], issued_for=root.year)
                    | {"acquired_on": f"{root.year}-02-02", "project": "none"},
                ],
                "surrenders": [*content["surrenders"], surrender("N", 100, early) | {"year": root.year}],
                "reports": [*content["reports"], {"installation": "K", "year": root.year, "submitted_on": early}],
                "monitoring_plans": [{"installation": "K", "submitted_on": f"{root.year - 6}-02-01"}],
                "passports": [{"installation": "K", "submitted_on": f"{root.year - 6}-02-01"}],
            }
            assert status(law, facts_of(law.vocabulary, all_done), authority, root) != "compliant", (content, authority)
