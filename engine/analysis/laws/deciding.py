"""A decision out of its rules: when each of them stands, when none does, when two differ, and the value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.analysis.laws import operations as op
from engine.analysis.laws.formulas import conj, disj, neg
from engine.analysis.laws.values import Choice, Formula, Members, Truth, Unencodable, all_of, any_of, merge, settled, sure, symbolic, truth
from engine.language import OpenSet, Unknown
from engine.language.values import same
from engine.law import TypedRule

Read = tuple[str, int, Any, Any]
"""What was read of the law: (`value`, year, (parameter, key, day), value) or (`rules`, year, decision, what they say)."""


@dataclass(frozen=True, eq=False)
class Stand:
    """One rule of a decision: when it applies and no exception displaces it, and when certainly not."""

    rule: TypedRule
    side: Truth
    value: Any

    @property
    def holds(self) -> Formula:
        return self.side.holds

    @property
    def fails(self) -> Formula:
        return self.side.fails


@dataclass(frozen=True, eq=False)
class Decided:
    """A decision about an instance.

    Attributes:
        value: to those who depend on it.
        gap: when every rule fails, although one must give the value.
        conflict: when two rules that stand give different values.
        reads: what it and all it rests on read of the law.
        silent: when the rules of something that it rests on, or its own, leave a gap or a conflict.
    """

    stands: tuple[Stand, ...]
    value: Any
    gap: Formula
    conflict: Formula
    reads: frozenset[Read]
    silent: tuple[Formula, ...]


def read_name(read: Read) -> Any:
    """The parameter or decision that was read of the law."""
    return read[2][0] if read[0] == "value" else read[2]


def says(rules: tuple[TypedRule, ...]) -> tuple[Any, ...]:
    """What the rules of a decision say, whatever they are called and in whatever order: who says the same decides the same."""
    texts = {typed.rule.name: (typed.when.text if typed.when is not None else "", typed.value.text) for typed in rules}
    said = ((texts[t.rule.name], tuple(sorted(texts[name] for name in t.rule.exception_to if name in texts))) for t in rules)
    return tuple(sorted(said))


def agree(left: Any, right: Any) -> bool:
    if isinstance(left, (Unknown, OpenSet)) or isinstance(right, (Unknown, OpenSet)) or symbolic(left) or symbolic(right):
        return False
    return left is right or same(left, right)


def stands_of(heard: list[tuple[TypedRule, Any, Any]]) -> list[Stand]:
    """Each rule once its exceptions are heard: one that stands displaces it, an open one that differs blocks it."""
    by_name = {typed.rule.name: index for index, (typed, _, _) in enumerate(heard)}
    found: dict[str, Truth] = {}

    def hear(name: str, path: tuple[str, ...]) -> Truth:
        if name in path:
            raise Unencodable(f"'{name}' is an exception to itself")
        if name not in found:
            _, when, value = heard[by_name[name]]
            side = truth(when)
            for other, at in by_name.items():
                if name in heard[at][0].rule.exception_to:
                    exception = hear(other, (*path, name))
                    passes = True if agree(value, heard[at][2]) else exception.fails
                    holds = conj(side.holds, passes, neg(exception.holds))
                    both = side.sure and exception.sure
                    side = Truth(holds, neg(holds) if both else disj(side.fails, exception.holds), both)
            found[name] = side
        return found[name]

    stands = []
    for typed, _, value in heard:
        side = hear(typed.rule.name, ())
        stands.append(Stand(typed, side, value))
    return stands


def _pairs(stands: list[Stand]) -> Formula:
    """When two rules that stand give different values."""
    found = []
    for index, one in enumerate(stands):
        for other in stands[:index]:
            if not agree(one.value, other.value):
                found.append(conj(one.holds, other.holds, op.differ(one.value, other.value)))
    return disj(*found)


def condition_of(stands: list[Stand]) -> tuple[Any, Formula, Formula]:
    sides = [(stand, truth(stand.value)) for stand in stands]
    none = conj(*(stand.fails for stand in stands))
    if all(stand.value is True for stand in stands):
        return any_of(stand.side for stand in stands), False, False
    yes = disj(*(conj(s.holds, t.holds) for s, t in sides))
    no = disj(*(conj(s.holds, t.fails) for s, t in sides))
    holds = conj(yes, *(disj(s.fails, t.holds) for s, t in sides))
    fails = disj(none, conj(no, *(disj(s.fails, t.fails) for s, t in sides)))
    return settled(holds, fails), False, conj(yes, no)


def set_of(stands: list[Stand]) -> tuple[Any, Formula, Formula]:
    sides: dict[str, list[Truth]] = {}
    for stand in stands:
        options = stand.value.options if isinstance(stand.value, Choice) else ((True, stand.value),)
        for guard, code in options:
            if not isinstance(code, str):
                raise Unencodable("a set whose members are not known")
            sides.setdefault(code, []).append(truth(all_of([stand.side, sure(guard)])))
    codes = {code: truth(any_of(each)) for code, each in sides.items()}
    if all(t.holds is True or t.fails is True for t in codes.values()):
        return frozenset(code for code, t in codes.items() if t.holds is True), False, False
    return Members(codes), False, False


def value_of(stands: list[Stand]) -> tuple[Any, Formula, Formula]:
    options = []
    for stand in stands:
        others = [
            disj(other.fails, truth(op.compare("==", stand.value, other.value)).holds)
            for other in stands
            if other is not stand and not agree(stand.value, other.value)
        ]
        options.append((conj(stand.holds, *others), stand.value))
    return merge(options), conj(*(stand.fails for stand in stands)), _pairs(stands)
