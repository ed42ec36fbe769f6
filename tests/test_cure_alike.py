"""What no rule tells apart is one source of units to the search for cures."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from engine.analysis.candidates import offer
from engine.analysis.curing import _Search
from engine.law import Law
from tests.shortfall import BEFORE, FARM, FOREST, ROOT_K, asked, case, lot, replayed
from tests.small_law import facts_of


def projects(*approved: str) -> list[dict[str, Any]]:
    """Forestry projects that differ in nothing but their names and the days on which they were approved."""
    return [{**FOREST, "id": f"P-{number}", "approved_on": day} for number, day in enumerate(approved)]


def offset_pools(law: Law, *approved: str) -> list[list[str]]:
    """The projects whose units may be acquired, those together that the search takes for alike."""
    facts = facts_of(law.vocabulary, json.dumps(case(as_of=BEFORE, projects=projects(*approved))))
    search = _Search(law, law.select(), facts, ROOT_K)
    found = offer(search.now, True, search.cone)
    chosen = [[dict(c.chosen)["from_project"].key[0] for c in members if c.action.name == "acquire-offsets"] for _, members in found.pools]
    return [names for names in chosen if names]


def test_projects_that_no_rule_tells_apart_are_one_source(law: Law) -> None:
    """The rules ask whether a project was approved by the day of surrender: 15 April 2025."""
    assert offset_pools(law, "2022-01-01", "2023-07-01", "2025-03-31") == [["P-0", "P-1", "P-2"]]
    assert offset_pools(law, "2022-01-01", "none", "2023-07-01") == [["P-0", "P-2"], ["P-1"]]


def test_many_projects_cost_no_more_than_few_and_each_is_named(law: Law) -> None:
    days = [f"2023-{1 + number // 28:02}-{1 + number % 28:02}" for number in range(100)]
    report = asked(law, case(as_of=BEFORE, projects=projects(*days), surrenders=[]))
    offsets = [d for c in report.still.cures for d in c.doings if d.action == "acquire-offsets"]
    assert offsets and all(len(doing.also) == 99 for doing in offsets)


def test_what_is_missing_in_each_of_several_rows_does_not_tell_them_apart(law: Law) -> None:
    """Every project that is said to do just as well does, and lots of alike projects are one source."""
    farms = [{**FARM, "id": f"P-{number}", "approved_on": f"2022-0{number + 1}-01"} for number in range(3)]
    lots = [
        {**lot(f"F-{number}", 100 + number, kind="offset", plan="none", issued_for="none"), "project": f"P-{number}"} for number in range(3)
    ]
    units = [{**lot("U", 99000), "project": "none"}, *lots]
    content = case(as_of=BEFORE, projects=farms, units=units)
    search = _Search(law, law.select(), facts_of(law.vocabulary, content), ROOT_K)
    held = [members for _, members in offer(search.now, True, search.cone).pools if members[0].action.name == "surrender-held"]
    assert [sorted(c.place[0] for c in members) for members in held] == [["F-0", "F-1", "F-2"]]
    report = asked(law, content)
    for found in report.still.cures:
        assert replayed(law, content, found) == "compliant"
        for number, doing in enumerate(found.doings):
            for ((name, value),) in doing.also:
                column = {"from_project": "project", "vintage": "issued_for"}[name]
                rows = tuple((table, {**cells, column: value} if column in cells else cells) for table, cells in doing.rows)
                swapped = [replace(d, rows=rows) if n == number else d for n, d in enumerate(found.doings)]
                assert replayed(law, content, replace(found, doings=tuple(swapped))) == "compliant", value
    named = [[value for ((_, value),) in d.also] for found in report.still.cures for d in found.doings if d.action == "acquire-offsets"]
    assert named == [["P-1", "P-2"]]
