"""What is asked of a law over a universe, as formulas: gaps, conflicts, and the properties that the ruleset declares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import z3

from engine.analysis.laws import operations as op
from engine.analysis.laws.cases import Grown
from engine.analysis.laws.deciding import Read
from engine.analysis.laws.encoding import Encoding, Key
from engine.analysis.laws.formulas import conj, disj, neg
from engine.analysis.laws.frame import decisions, scope
from engine.analysis.laws.instances import Instance
from engine.analysis.laws.replaying import Proved, causes
from engine.analysis.laws.values import Choice, Formula, Members, Num, Truth, known, num, truth
from engine.analysis.symbols import Unencodable, formula
from engine.language import Node, OpenSet, Unknown, Vocabulary
from engine.law.properties import Property
from engine.proving import Conflict, Gap

GAP, CONFLICT, DETERMINED, LEFT_OPEN = "gap", "conflict", "determined", "leaves_open"
SILENT = ("gap", "conflict")
"""The causes of what is not known that lie in the law's own rules, rather than in a fact or a value that no source gives."""


@dataclass(frozen=True)
class Question:
    """One thing asked of the law in one year.

    Attributes:
        kind: `gap`, `conflict`, or the kind of a property.
        key: the decision, or (entity, property).
        declared: the property, where it is one.
        known: where the ruleset says that there is a gap or a conflict, so that it is not asked there.
    """

    kind: str
    key: Key
    declared: Property | None = field(default=None, compare=False)
    known: tuple[Property, ...] = field(default=(), compare=False)

    @property
    def nodes(self) -> tuple[tuple[str, Node], ...]:
        """The conditions that proving must evaluate: where it is asked, and what must hold."""
        if self.declared is None:
            return ()
        return tuple((self.key[0], node) for node in (self.declared.when, self.declared.holds) if node is not None)

    @property
    def decision(self) -> Key | None:
        return self.key if self.declared is None else self.declared.decision


@dataclass(frozen=True)
class Wanted:
    """A case that would answer a question: when it is one, and of what."""

    formula: Formula
    instance: Instance
    reads: frozenset[Read]
    grown: Grown = ()


def questions(vocabulary: Vocabulary, entity: str, properties: tuple[Property, ...]) -> list[Question]:
    """Everything that is asked about an entity and its parts."""
    found = []
    inside = scope(vocabulary, entity)
    about = [each for each in properties if each.entity in inside]
    left_open = tuple(each for each in about if each.kind == LEFT_OPEN)
    for key in decisions(vocabulary, entity):
        kind = vocabulary.decisions[key].type.kind
        known = tuple(each for each in left_open if each.decision == key)
        if kind not in ("bool", "set"):
            found.append(Question(GAP, key, None, known))
        if kind != "set":
            found.append(Question(CONFLICT, key, None, known))
    for each in about:
        found.append(Question(each.kind, (each.entity, each.name), each, left_open if each.kind == DETERMINED else ()))
    return found


def instance_of(encoding: Encoding, entity: str) -> Instance:
    """The first instance of the root or of a part of it; the others are alike.

    Raises:
        Unencodable: there is none.
    """
    if entity == encoding.main.entity.name:
        return encoding.main
    parts = encoding.parts(entity, encoding.main)
    if not parts:
        raise Unencodable(f"there is no '{entity}'")
    return parts[0]


def wanted(encoding: Encoding, question: Question) -> Wanted:
    """The formula of a case that answers ``question``.

    Raises:
        Unencodable: it cannot be said to the solver.
    """
    instance = instance_of(encoding, question.key[0])
    elsewhere, reads = encoding.reading(lambda: [neg(_where(encoding, each)) for each in question.known])
    if question.declared is not None:
        case = _property(encoding, question.declared, instance)
        return replace(case, formula=conj(case.formula, *elsewhere), reads=case.reads | reads)
    found = encoding.decided(instance, question.key[1])
    asked = found.gap if question.kind == GAP else found.conflict
    return Wanted(conj(instance.present, asked, *elsewhere), instance, found.reads | reads)


def _where(encoding: Encoding, known: Property) -> Formula:
    """Where the ruleset says that something is left open."""
    assert known.when is not None
    return truth(encoding.eval(known.when, instance_of(encoding, known.entity).env)).holds


def _property(encoding: Encoding, asked: Property, instance: Instance) -> Wanted:
    read: set[Read] = set()
    there = instance.present
    if asked.when is not None:
        when, reads = encoding.reading(lambda: encoding.eval(asked.when, instance.env))  # type: ignore[arg-type]
        there, read = conj(there, truth(when).holds), set(reads)
    if asked.kind == "always":
        assert asked.holds is not None
        holds, reads = encoding.reading(lambda: encoding.eval(asked.holds, instance.env))  # type: ignore[arg-type]
        return Wanted(conj(there, truth(holds).fails), instance, frozenset(read | reads))
    assert asked.decision is not None
    found = encoding.decided(instance, asked.decision[1])
    reads = frozenset(read | found.reads)
    if asked.kind == LEFT_OPEN:
        return Wanted(conj(there, disj(found.gap, found.conflict)), instance, reads)
    if asked.kind == DETERMINED:
        return Wanted(conj(there, neg(is_known(found.value)), disj(*found.silent)), instance, reads)
    grown = tuple(_growing(encoding, asked, instance))
    swaps = [(row.variables[column][0], variable) for row, column, variable in grown]
    now = num(found.value)
    then = _swapped(now, swaps)
    before, after = (then, now) if asked.kind == "never_less" else (now, then)
    worse = truth(op.compare("<", before, after)).holds
    given = conj(known(now), known(then), there, _swap(there, swaps))
    grows = [formula(part) for part in _growth(encoding, asked, instance, grown)]
    return Wanted(conj(given, worse, *grows), instance, reads, grown)


def _growing(encoding: Encoding, asked: Property, instance: Instance) -> Iterator[tuple[Any, str, Any]]:
    """The cells that may grow, each with what it grows to."""
    assert asked.more is not None
    table, column = asked.more
    for row in list(encoding.universe.rows.values()):
        if row.table == table and column in row.variables:
            yield row, column, z3.Real(f"grown:{row.table}[{row.name}].{column}")


def _growth(encoding: Encoding, asked: Property, instance: Instance, grown: Grown) -> Iterator[Formula]:
    for row, column, variable in grown:
        old = row.variables[column][0]
        yield variable >= old
        fits = [truth(op.compare("==", row.cell(name), encoding.path(instance, path))).holds for name, path in (asked.of or {}).items()]
        if conj(*fits) is not True:
            yield disj(conj(*fits), variable == old)


def _swap(part: Formula, swaps: list[tuple[Any, Any]]) -> Any:
    return z3.substitute(part, *swaps) if isinstance(part, z3.ExprRef) and swaps else part


def _swapped(value: Num, swaps: list[tuple[Any, Any]]) -> Num:
    low = _swap(value.low, swaps)
    high = low if value.low is value.high else _swap(value.high, swaps)
    none, maybe, below, above = (_swap(part, swaps) for part in (value.none, value.maybe, value.below, value.above))
    return Num(low, high, none, maybe, below, above, value.day)


def is_known(value: Any) -> Formula:
    """When a value is known, none included."""
    if isinstance(value, Truth):
        return True if value.sure else disj(value.holds, value.fails)
    if isinstance(value, Num):
        return disj(value.none, known(value))
    if isinstance(value, Choice):
        return True if value.total else disj(*(guard for guard, _ in value.options))
    if isinstance(value, Members):
        return conj(*(is_known(side) for side in value.codes.values()))
    return not isinstance(value, (Unknown, OpenSet))


# -- what proving says ------------------------------------------------------------------------------------------


def confirmed(question: Question, place: tuple[str, ...], proved: list[Proved]) -> bool:
    """Whether proving says of a case what the solver said."""
    if any(one.refused for one in proved):
        return False
    check: Callable[..., bool] = _CHECKS.get(question.kind, _grown)
    return check(question, place, proved)


def _outcome(question: Question, place: tuple[str, ...], proved: Proved) -> Any:
    assert question.decision is not None
    return proved.outcomes.get((question.decision[0], place, question.decision[1]))


def _silence(question: Question, place: tuple[str, ...], proved: list[Proved]) -> bool:
    outcome = _outcome(question, place, proved[0])
    if question.kind == LEFT_OPEN:
        return isinstance(outcome, (Gap, Conflict)) and _asked(question, place, proved[0])
    if question.kind == DETERMINED:
        silent = any(cause.kind in SILENT for cause in causes(outcome))
        return (isinstance(outcome, (Gap, Conflict)) or silent) and _asked(question, place, proved[0])
    return isinstance(outcome, Gap if question.kind == GAP else Conflict)


def _asked(question: Question, place: tuple[str, ...], proved: Proved) -> bool:
    return question.declared is None or question.declared.when is None or proved.answers[0].get(place) is True


def _never_false(question: Question, place: tuple[str, ...], proved: list[Proved]) -> bool:
    return proved[0].answers[-1].get(place) is False and _asked(question, place, proved[0])


def _grown(question: Question, place: tuple[str, ...], proved: list[Proved]) -> bool:
    now, then = (_outcome(question, place, one) for one in proved)
    if any(value is None or isinstance(value, (Unknown, Gap, Conflict)) for value in (now, then)):
        return False
    worse = then < now if question.kind == "never_less" else then > now
    return bool(worse) and all(_asked(question, place, one) for one in proved)


_CHECKS: dict[str, Callable[..., bool]] = {
    GAP: _silence,
    CONFLICT: _silence,
    DETERMINED: _silence,
    LEFT_OPEN: _silence,
    "always": _never_false,
}
