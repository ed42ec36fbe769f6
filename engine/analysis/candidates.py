"""The actions of the ruleset about the instances of one case, as rows that may be there and numbers that may be chosen."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

import z3

from engine.analysis.encoding import ASKED, Encoding
from engine.analysis.likeness import likeness
from engine.analysis.symbols import Amount, Formula, Linear, Pool, Term, exactly, merge, neg
from engine.facts import Facts, Row
from engine.facts.changing import unhashed
from engine.language import Cause, Node, Unknown
from engine.language.values import high, low
from engine.law.actions import Action, typed_actions
from engine.proving.instances import Instance


@dataclass(eq=False)
class Candidate:
    """One action about one instance, with its choices made; what is left open is how much and by which day.

    Attributes:
        extra: what the names of its own expressions stand for.
        size: the greatest number, or None for no limit.
        target: the row whose cells it changes.
        place: what it is about, for the reader.
    """

    action: Action
    instance: Instance
    extra: dict[str, Any]
    chosen: tuple[tuple[str, Any], ...]
    size: int | None
    price: Any
    target: Row | None
    place: tuple[str, ...]
    pool: Pool | None = None
    index: int = 0
    _active: Formula = None

    @property
    def env(self) -> dict[str, Any]:
        return {**self.instance.env, **self.extra}

    @property
    def active(self) -> Formula:
        """When it is done at all."""
        if self._active is None:
            assert self.pool is not None
            self._active = self.pool.total > self.pool.before[self.index]
        return self._active


@dataclass(eq=False)
class Day:
    """The day of all uses of one action, between its ends as ordinals; ``passed``: its own last day is over."""

    first: int
    last: int
    variable: Any
    passed: bool


@dataclass
class Offer:
    """Everything that can be done about a case.

    Attributes:
        barred: what the law does not allow: the action, the instance, the names in its expressions, and how much there would be.
    """

    candidates: list[Candidate] = field(default_factory=list)
    days: dict[str, Day] = field(default_factory=dict)
    barred: list[tuple[Action, Instance, dict[str, Any], int | None]] = field(default_factory=list)
    pools: list[tuple[Pool, list[Candidate]]] = field(default_factory=list)


def offer(now: Encoding, still: bool, cone: Mapping[tuple[str, str], None], alike: bool = True) -> Offer:
    """The candidates of every action, judged on the facts as they are.

    Args:
        now: the decisions on the facts as they are, on the day that is asked about.
        still: whether it would only now be done, so that a last day that has passed does not keep it from being tried.
        cone: what the result depends on.
        alike: whether sources that the law treats alike are put together.
        cone: what the result depends on.
    """
    found = Offer(days=_days(now, still))
    for action in typed_actions(now.law):
        for instance in now.session.instances(action.entity):
            made = list(_candidates(action, instance, now, found.days.get(action.name)))
            allowed = [c for c in made if action.possible is None or now.eval(action.possible, c.env) is not False]
            found.candidates += [c for c in allowed if c.size is None or c.size >= 1]
            if made and not allowed and action.reason is not None:
                found.barred.append((action, instance, made[0].extra, made[0].size))
    _pool(found, now, cone if alike else None)
    return found


def _days(now: Encoding, still: bool) -> dict[str, Day]:
    """The days that each action may be done on, by its name.

    Where the last day is known within bounds, the earliest that it may be; where the law sets none, the last of all the others.
    """
    today, found, without = now.session.facts.as_of.toordinal(), dict[str, Day](), list[Day]()
    for action in typed_actions(now.law):
        if action.day is None:
            continue
        first = now.eval(action.day.first, now.main.env) if action.day.first is not None else None
        last = now.eval(action.day.last, now.main.env) if action.day.last is not None else None
        start, end = low(first), low(last)
        last_day = end.toordinal() if isinstance(end, date) else today
        day = Day(start.toordinal() if isinstance(start, date) else 1, last_day, z3.Int(f"day {action.name}"), last_day < today)
        found[action.name] = day
        if last is None:
            without.append(day)
    for day in found.values():
        if day in without:
            day.last = max(today, *(other.last for other in found.values()))
        elif still:
            day.last = max(day.last, today)
        day.first = min(day.first, day.last)
    return found


def _candidates(action: Action, instance: Instance, now: Encoding, day: Day | None) -> Iterator[Candidate]:
    rows: list[Row | None] = [None]
    if action.each is not None:
        found = now.eval(action.each[1], instance.env)
        rows = list(found) if isinstance(found, list) else []
    options = [list(_options(choice, now)) for choice in action.choices]
    for row in rows:
        for chosen in itertools.product(*options):
            extra: dict[str, Any] = {ASKED: now.session.facts.as_of}
            if action.each is not None:
                extra[action.each[0]] = row
            extra.update(zip((choice.name for choice in action.choices), chosen, strict=True))
            for name, node in action.named:
                extra[name] = now.eval(node, {**instance.env, **extra})
            if day is not None and action.day is not None:
                extra[action.day.name] = day_amount(day)
            env = {**instance.env, **extra}
            size = _size(action, now, env)
            price = now.eval(action.price, env) if action.price is not None else None
            named = tuple(zip((choice.name for choice in action.choices), chosen, strict=True))
            place = (*instance.place, *(row.key if row is not None else ()))
            yield Candidate(action, instance, extra, named, size, price, row, place)


def _options(choice: Any, now: Encoding) -> Iterator[Any]:
    if choice.codes is not None:
        yield from sorted(now.law.vocabulary.codes[choice.codes])
    elif choice.table is not None:
        yield from now.session.facts.tables[choice.table]
    else:
        first, last = (now.eval(end, now.main.env) for end in choice.years)
        yield from range(last, first - 1, -1)


def _size(action: Action, now: Encoding, env: dict[str, Any]) -> int | None:
    """The greatest number; of one that is known only within bounds, what is certain. An action without a number is done once."""
    if action.number is None:
        return 1
    if action.number.last is None:
        return None
    end = now.eval(action.number.last, env)
    bottom = low(end)
    if isinstance(bottom, (int, Fraction)) and not isinstance(bottom, bool):
        return int(bottom // 1)
    return 0 if isinstance(end, Unknown) or high(end) is not None else None


def day_amount(day: Day) -> Amount:
    return exactly(Linear(0, (Term(1, True, day.variable, day.first, day.last),)), day=True)


# -- sources that the law treats alike --------------------------------------------------------------------------


def _pool(found: Offer, now: Encoding, cone: Mapping[tuple[str, str], None] | None) -> None:
    """Put candidates together that differ only in size; the largest comes first, so that the fewest are used."""
    groups: dict[Any, list[Candidate]] = {}
    for number, candidate in enumerate(found.candidates):
        groups.setdefault((cone and likeness(candidate, now, cone)) or number, []).append(candidate)
    for number, members in enumerate(groups.values()):
        members.sort(key=lambda c: (c.size is not None, -(c.size or 0)))
        pool = Pool(z3.Int(f"taken {number}"), tuple(c.size for c in members))
        for index, candidate in enumerate(members):
            candidate.pool, candidate.index = pool, index
        found.pools.append((pool, members))


# -- the facts with everything that may be there ----------------------------------------------------------------


@dataclass
class Everything:
    """The facts with every row that may be added, when each is there, and the source that each belongs to."""

    facts: Facts
    present: dict[int, Formula]
    source: dict[int, tuple[Pool, int]]


def everything(found: Offer, now: Encoding, as_of: date) -> Everything:
    """All rows of all candidates, with what is left open standing in their cells, asked about on a day when all is due."""
    added: list[Row] = []
    present: dict[int, Formula] = {}
    source: dict[int, tuple[Pool, int]] = {}
    replaced: dict[int, Row] = {}
    for candidate in found.candidates:
        assert candidate.pool is not None
        if candidate.action.number is not None:
            share = Term(1, True, (candidate.pool, candidate.index), 0, candidate.size)
            candidate.extra[candidate.action.number.name] = exactly(Linear(0, (share,)))
        env = candidate.env
        for row in new_rows(candidate, env, now.eval, now, len(added)):
            added.append(row)
            present[id(row)] = candidate.active
            source[id(row)] = (candidate.pool, candidate.index)
        if candidate.target is not None:
            old = replaced.get(id(candidate.target), candidate.target)
            replaced[id(candidate.target)] = replacement(candidate, old, env, now.eval, candidate.active)
    return Everything(unhashed(now.session.facts, as_of, added, replaced), present, source)


Eval = Callable[[Node, Mapping[str, Any]], Any]


def new_rows(candidate: Candidate, env: Mapping[str, Any], evaluate: Eval, now: Encoding, number: int) -> list[Row]:
    """The rows that a candidate adds, with ids of their own where the ruleset gives none."""
    made: dict[str, Row] = {}
    tables = now.law.vocabulary.tables
    for new in candidate.action.rows:
        spec, cells = tables[new.table], dict[str, Any]()
        for name, column in spec.columns.items():
            written = new.cells.get(name)
            if isinstance(written, str):
                cells[name] = made[written]
            elif written is not None:
                cells[name] = (
                    _reference(evaluate(written, env), column.type.table, now) if column.type.kind == "ref" else evaluate(written, env)
                )
            elif name in spec.key:
                cells[name] = _free_id(f"{new.name}-{number + len(made) + 1}", new.table, now)
            elif column.has_presumed:
                cells[name] = column.presumed
            else:
                cells[name] = Unknown(frozenset({Cause("fact", f"{spec.name}.{name}", (candidate.action.name,))}), column.minimum)
        key = tuple(str(cells[c]) for c in spec.key) or (f"+{number + len(made) + 1}",)
        made[new.name] = Row(new.table, key, cells, f"action {candidate.action.name}")
    return list(made.values())


def _reference(value: Any, table: str | None, now: Encoding) -> Any:
    """The row that an id, a row or an instance names."""
    if isinstance(value, Instance):
        return value.row
    if isinstance(value, str):
        return now.session.facts.matching(table or "", now.law.vocabulary.tables[table or ""].key, (value,))[0]
    return value


def _free_id(wanted: str, table: str, now: Encoding) -> str:
    taken = {row.key[0] for row in now.session.facts.tables[table]}
    return next(name for name in itertools.chain([wanted], (f"{wanted}-{n}" for n in itertools.count(2))) if name not in taken)


def replacement(candidate: Candidate, old: Row, env: Mapping[str, Any], evaluate: Eval, active: Formula) -> Row:
    """The row with its changed cells, each the new one where the action is done and the old one where it is not."""
    cells = dict(old.cells)
    for name, node in candidate.action.changes.items():
        cells[name] = merge([(active, evaluate(node, env)), (neg(active), old.cells[name])], exhaustive=True)
    return Row(old.table, old.key, cells, old.source)
