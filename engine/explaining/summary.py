"""A register at a glance: counts and sums by group, what could not be determined, and what the authorities see differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from engine.explaining.words import Words
from engine.facts import Facts
from engine.language import Cause, OpenSet, Unknown
from engine.law import Law
from engine.proving import Conflict, Determination, Gap

UNDETERMINED = "undetermined"


@dataclass
class Group:
    """One line of the summary: the instances of a group, each counted once a phase."""

    instances: int = 0
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    sums: dict[str, int | Fraction] = field(default_factory=dict)


@dataclass
class Summary:
    """What `summarise` found.

    Attributes:
        phases: phase -> group -> its line; the group None is the total.
        statuses: year -> status -> how many.
        reasons: what is missing -> how many determinations lack it; facts are counted by table and column.
        differs: decision -> how many determinations come out differently under another authority.
        rest: the determinations about other things than the main entity, in order.
    """

    phases: dict[str, dict[str | None, Group]] = field(default_factory=dict)
    statuses: dict[int, Counter[str]] = field(default_factory=dict)
    reasons: Counter[Cause] = field(default_factory=Counter)
    differs: Counter[str] = field(default_factory=Counter)
    rest: list[Determination] = field(default_factory=list)


def summarise(law: Law, facts: Facts, determinations: Iterable[Determination]) -> Summary:
    """Count and add up what the manifest's `summary` names: a group column, decisions to count, decisions to add."""
    wanted, main = law.manifest["summary"], law.manifest["main"]
    table = law.vocabulary.entities[main].table or ""
    rows = {row.key: row for row in facts.tables[table]}
    found, seen = Summary(), set[tuple[str, tuple[str, ...]]]()
    for determination in determinations:
        root = determination.root
        if root.entity != main:
            found.rest.append(determination)
            continue
        status = determination.outcomes[law.manifest["result"]["status"]]
        found.statuses.setdefault(root.year, Counter())[_word(status)] += 1
        found.differs.update(determination.differs.keys())
        found.reasons.update({c if c.kind != "fact" else Cause("fact", c.name) for o in determination.open for c in o.missing})
        if (determination.phase, root.key) in seen:
            continue
        seen.add((determination.phase, root.key))
        group = rows[root.key].cells.get(wanted["group"])
        groups = found.phases.setdefault(determination.phase, {})
        for name in (str(group) if isinstance(group, str) else UNDETERMINED, None):
            _count(groups.setdefault(name, Group()), wanted, determination)
    return found


def _count(line: Group, wanted: dict[str, Any], determination: Determination) -> None:
    line.instances += 1
    for name in wanted["counts"]:
        line.counts.setdefault(name, Counter())[_word(determination.outcomes[name])] += 1
    for name in wanted["sums"]:
        value = determination.outcomes[name]
        if isinstance(value, (int, Fraction)):
            line.sums[name] = line.sums.get(name, 0) + value


def _word(outcome: Any) -> str:
    return UNDETERMINED if isinstance(outcome, (Unknown, OpenSet, Gap, Conflict)) else str(outcome)


def told(words: Words, name: str, word: str) -> str:
    """A counted value of a decision of the main entity: in English the code, in the other languages its label."""
    if word == UNDETERMINED:
        return words.say("undetermined")
    kind = words.law.vocabulary.decisions[words.law.manifest["main"], name].type
    return words.code(kind.codes, word)


def tables(law: Law, words: Words, summary: Summary) -> list[Any]:
    """The summary as `rich` tables, which fit themselves to the terminal."""
    from rich.table import Table

    def count(number: int) -> str:
        return words.value(number, None) if number else "·"

    main, wanted = law.manifest["main"], law.manifest["summary"]
    table_name = law.vocabulary.entities[main].table or ""
    made = []
    for phase, groups in summary.phases.items():
        heads = {name: sorted({w for g in groups.values() for w in g.counts.get(name, ())}) for name in wanted["counts"]}
        table = Table(title=words.label(law.phases[phase].title, phase), title_justify="left", title_style="bold")
        table.add_column(words.column(table_name, wanted["group"]))
        for head in [
            words.label(law.tree["tables"][table_name]["label"], table_name),
            *(told(words, n, w) for n in wanted["counts"] for w in heads[n]),
            *(words.decision(main, n) for n in wanted["sums"]),
        ]:
            table.add_column(head, justify="right")
        for name, line in sorted(groups.items(), key=lambda g: (g[0] is None, g[0] or "")):
            counts = [count(line.counts[n][w]) for n in wanted["counts"] for w in heads[n]]
            sums = [words.value(line.sums.get(n, 0), None) for n in wanted["sums"]]
            codes = law.vocabulary.tables[table_name].columns[wanted["group"]].type.codes
            label = words.say("total") if name is None else words.say(name) if name == UNDETERMINED else words.code(codes, name)
            table.add_row(
                label, words.value(line.instances, None), *counts, *sums, style="bold" if name is None else None, end_section=False
            )
        made.append(table)
    status = Table(title=words.say("status_by_year"), title_justify="left", title_style="bold")
    heads_ = sorted({word for counter in summary.statuses.values() for word in counter})
    status.add_column(words.say("year"))
    for head in heads_:
        status.add_column(told(words, law.manifest["result"]["status"], head), justify="right")
    for year, counter in sorted(summary.statuses.items()):
        status.add_row(str(year), *(count(counter[head]) for head in heads_))
    made.append(status)
    return made
