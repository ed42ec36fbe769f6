"""Rules -> the outcome of a decision, as `engine.proving.steps.settle` has it, for every row at once.

A rule that is open may hold or not; what comes out under every combination is the outcome. Where nothing is displaced
the two extremes say it all; where a rule is an exception to another, every combination of the rules that may be open is
laid out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import product

from engine.columns.cells import Cell, Cells, Space, Unsupported
from engine.columns.folding import Folding
from engine.columns.surroundings import Env
from engine.columns.values import Code, Members, Number, Truth, Value
from engine.law import TypedRule

MAX_OPEN = 5
"""Rules of a decision with exceptions that may be open at once; rows beyond are proved."""


@dataclass(frozen=True)
class Candidate:
    """A rule that can apply: where its own condition holds and fails, and what it gives."""

    name: str
    when: Truth
    value: Value
    exception_to: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """A decision over the rows of its entity.

    Attributes:
        value: what those who depend on it read.
        gap, conflict: where no rule applies, where two contradict each other.
        holds: rule -> where it stands.
    """

    value: Value
    gap: Cell
    conflict: Cell
    holds: Mapping[str, Cell] = field(default_factory=dict)


@dataclass(frozen=True)
class _World:
    """What comes out if certain rules stand: its value where ``known``, a gap, or a conflict; else not known."""

    value: Value | None
    known: Cell
    gap: Cell
    conflict: Cell
    any: Cell
    only: Value | None


class Settling(Folding):
    """Compiles decisions."""

    def outcome(self, key: tuple[str, str], rules: tuple[TypedRule, ...], env: Env, space: Space) -> Outcome:
        """The outcome of a decision for every row of its entity.

        Raises:
            Unsupported: columns cannot compute it exactly.
        """
        c, spec = self.cells, self.vocabulary.decisions[key].type
        candidates = []
        for typed in rules:
            when = self.truth(typed.when, env, space) if typed.when is not None else self.meaning.truth(c.true)
            if when.fails is c.true and when.exact is c.true:
                continue
            wanted = spec if spec.kind != "set" else replace(spec, kind="code")
            value = self.shaped(self.value(typed.value, env, space), wanted)
            candidates.append(Candidate(typed.rule.name, when, value, typed.rule.exception_to))
        exact = c.both(*(c.both(k.when.exact, c.either(k.when.fails, k.value.exact)) for k in candidates))
        if spec.kind == "set":
            return self._set(candidates, exact, spec.codes or "")
        excepted = any(set(k.exception_to) & {o.name for o in candidates} for k in candidates)
        outcome = self._excepted(spec.kind, candidates) if excepted else self._plain(spec.kind, candidates)
        return self._finished(outcome, exact, spec.nullable, len(rules))

    def _finished(self, outcome: Outcome, exact: Cell, nullable: bool, rules: int) -> Outcome:
        """What depends on the decision reads a gap or a conflict as unknown."""
        c, value = self.cells, outcome.value
        broken = c.either(outcome.gap, outcome.conflict)
        exact = c.both(exact, value.exact)
        if isinstance(value, Truth):
            whole = c.no(broken)
            return replace(outcome, value=Truth(c.both(value.holds, whole), c.both(value.fails, whole), exact))
        assert isinstance(value, (Number, Code))
        known = c.both(value.known, c.no(broken))
        open_none = c.choose(broken, c.const(nullable, "bool"), value.open_none)
        if rules > 1 and nullable:
            open_none = c.true
        open_none = c.both(open_none, c.no(known))
        if isinstance(value, Code):
            return replace(outcome, value=replace(value, known=known, open_none=open_none, exact=exact))
        whole = c.no(broken)
        changed = replace(
            value,
            known=known,
            open_none=open_none,
            exact=exact,
            has_low=c.both(value.has_low, whole),
            has_high=c.both(value.has_high, whole),
        )
        return replace(outcome, value=changed)

    # -- single values ------------------------------------------------------------------------------------------

    def _plain(self, kind: str, candidates: list[Candidate]) -> Outcome:
        """No exceptions: what comes out if all that is open holds, and if none of it does."""
        c = self.cells
        certain = [k.when.holds for k in candidates]
        possible = [c.no(k.when.fails) for k in candidates]
        least = self._world(kind, candidates, certain)
        holds = {k.name: k.when.holds for k in candidates}
        if all(a is b for a, b in zip(certain, possible, strict=True)):
            return Outcome(self._value_of(least, kind), least.gap, least.conflict, holds)
        most = self._world(kind, candidates, possible)
        open_ = c.either(*(c.both(b, c.no(a)) for a, b in zip(certain, possible, strict=True)))
        return self._agreed(kind, [most, least], open_, holds)

    def _agreed(self, kind: str, worlds: list[_World], open_: Cell, holds: Mapping[str, Cell]) -> Outcome:
        """What is the same in both extremes; the last world is the one in which nothing open holds."""
        c, m = self.cells, self.meaning
        certain, most = worlds[-1], worlds[0]
        value = self._value_of(certain, kind)
        alike = c.both(most.known, certain.known)
        if certain.value is not None and most.value is not None:
            alike = c.both(alike, m.equal(certain.value, most.value).holds)
        if kind == "bool":
            alike = c.both(alike, c.either(c.both(most.any, certain.any), c.both(c.no(most.any), c.no(certain.any))))
        gap, conflict = c.both(most.gap, certain.gap), c.both(most.conflict, certain.conflict)
        settled = c.either(c.no(open_), alike)
        return Outcome(self._doubted(value, settled), gap, conflict, holds)

    def _doubted(self, value: Value, settled: Cell) -> Value:
        """Unknown without bounds where it is not settled."""
        c = self.cells
        if isinstance(value, Truth):
            return Truth(c.both(value.holds, settled), c.both(value.fails, settled), value.exact)
        assert isinstance(value, (Number, Code))
        known, open_none = c.both(value.known, settled), c.both(value.open_none, settled)
        if isinstance(value, Code):
            return replace(value, known=known, open_none=open_none)
        return replace(
            value, known=known, open_none=open_none, has_low=c.both(value.has_low, settled), has_high=c.both(value.has_high, settled)
        )

    def _value_of(self, world: _World, kind: str) -> Value:
        if world.only is not None:
            return world.only
        if kind == "bool":
            return self.meaning.truth(self.cells.false)
        if kind in ("number", "date"):
            return self.meaning.unknown_number()
        c = self.cells
        return Code(c.const(0, "code"), c.false, c.false, c.false, c.true)

    def _world(self, kind: str, candidates: list[Candidate], standing: list[Cell]) -> _World:
        """What comes out where the rules of ``standing`` stand: one value, a gap, or a conflict."""
        c, m = self.cells, self.meaning
        live = [(k, s) for k, s in zip(candidates, standing, strict=True) if s is not c.false]
        none = c.both(*(c.no(s) for _, s in live))
        if not live:
            gap = c.false if kind == "bool" else c.true
            only = m.truth(c.false) if kind == "bool" else None
            return _World(only, c.const(kind == "bool", "bool"), gap, c.false, c.false, only)
        clashes, twos, vague = [], [], []
        for i, (one, s) in enumerate(live):
            vague.append(c.both(s, c.no(self._is_known(one.value))))
            for two, t in live[:i]:
                together = c.both(s, t)
                if together is c.false:
                    continue
                twos.append(together)
                if one.value != two.value:
                    known = c.both(self._is_known(one.value), self._is_known(two.value))
                    clashes.append(c.both(together, known, c.no(m.equal(one.value, two.value).holds)))
        conflict, many = c.either(*clashes), c.either(*twos)
        blurred = c.both(many, c.either(*vague))
        value = live[-1][0].value
        for candidate, s in reversed(live[:-1]):
            value = m.choose(m.truth(s), candidate.value, value)
        value = replace(value, exact=c.true) if not isinstance(value, Truth) else Truth(value.holds, value.fails, c.true)
        if kind == "bool":
            assert isinstance(value, Truth)
            value = Truth(c.both(value.holds, c.no(none)), c.either(value.fails, none), c.true)
        gap = c.false if kind == "bool" else none
        value = self._blurred(value, blurred, [k.value for k, _ in live], [s for _, s in live])
        known = c.both(self._is_known(value), c.no(conflict), c.no(gap))
        return _World(value, known, gap, conflict, c.no(none), value)

    def _blurred(self, value: Value, blurred: Cell, values: list[Value], standing: list[Cell]) -> Value:
        """Where several rules stand and one of them has no known value, nothing is known."""
        c = self.cells
        if blurred is c.false:
            return value
        if isinstance(value, Truth):
            clear = c.no(blurred)
            return Truth(c.both(value.holds, clear), c.both(value.fails, clear), value.exact)
        opens = c.either(
            *(c.both(s, v.open_none, c.no(v.known)) for v, s in zip(values, standing, strict=True) if isinstance(v, (Number, Code)))
        )
        assert isinstance(value, (Number, Code))
        open_none = c.choose(blurred, opens, value.open_none)
        changed = self._doubted(value, c.no(blurred))
        assert isinstance(changed, (Number, Code))
        return replace(changed, open_none=open_none)

    def _is_known(self, value: Value) -> Cell:
        if isinstance(value, Truth):
            return self.cells.either(value.holds, value.fails)
        assert isinstance(value, (Number, Code))
        return value.known

    # -- exceptions ---------------------------------------------------------------------------------------------

    def _excepted(self, kind: str, candidates: list[Candidate]) -> Outcome:
        c = self.cells
        worlds, open_ = self._combinations(candidates)
        (_, certain), *others = worlds
        base = self._world(kind, candidates, certain)
        value, gap, conflict = self._value_of(base, kind), base.gap, base.conflict
        holds = {k.name: s for k, s in zip(candidates, self._throughout(worlds), strict=True)}
        if open_ is c.false:
            return Outcome(value, gap, conflict, holds)
        if not others:
            return Outcome(_marked(value, c.no(open_), c), c.both(gap, c.no(open_)), c.both(conflict, c.no(open_)), holds)
        settled = [self._is_known(value)]
        clashing = c.false
        for possible, standing in others:
            world = self._world(kind, candidates, standing)
            same = c.both(world.known, base.known)
            if base.value is not None and world.value is not None:
                same = c.both(same, self.meaning.equal(base.value, world.value).holds)
            if kind == "bool":
                same = c.both(same, c.either(c.both(world.any, base.any), c.both(c.no(world.any), c.no(base.any))))
            settled.append(c.either(c.no(possible), same))
            gap = c.both(gap, c.either(c.no(possible), world.gap))
            clashing = c.either(clashing, c.both(possible, world.conflict))
        sure = c.either(c.no(open_), c.both(*settled))
        doubted = self._doubted(value, sure)
        doubted = _marked(doubted, c.either(c.no(open_), c.no(c.both(base.conflict, clashing))), c)
        return Outcome(doubted, gap, c.both(conflict, c.no(open_)), holds)

    def _combinations(self, candidates: list[Candidate]) -> tuple[list[tuple[Cell, list[Cell]]], Cell]:
        """Every way in which open rules may turn out: where it can, and which rules then stand; first that none of them holds.

        Returns:
            Only the first where too many rules may be open; and where any is.
        """
        c = self.cells
        waver = [c.both(c.no(k.when.holds), c.no(k.when.fails)) for k in candidates]
        doubtful = [i for i, w in enumerate(waver) if w is not c.false]
        worlds = [(c.true, self._standing(candidates, [k.when.holds for k in candidates]))]
        for choice in product((True, False), repeat=len(doubtful)) if len(doubtful) <= MAX_OPEN else ():
            if not any(choice):
                continue
            applying = [k.when.holds for k in candidates]
            possible = c.true
            for i, taken in zip(doubtful, choice, strict=True):
                if taken:
                    applying[i] = c.true
                    possible = c.both(possible, c.no(candidates[i].when.fails))
                else:
                    possible = c.both(possible, c.no(candidates[i].when.holds))
            if possible is not c.false:
                worlds.append((possible, self._standing(candidates, applying)))
        return worlds, c.either(*waver)

    def _throughout(self, worlds: list[tuple[Cell, list[Cell]]]) -> list[Cell]:
        """Where each rule stands however open rules turn out."""
        c = self.cells
        each = zip(*(standing for _, standing in worlds), strict=True)
        return [c.both(*(c.either(c.no(possible), s) for (possible, _), s in zip(worlds, own, strict=True))) for own in each]

    def _standing(self, candidates: list[Candidate], applying: list[Cell]) -> list[Cell]:
        """Which rules stand once exceptions are heard."""
        c, names = self.cells, [k.name for k in candidates]

        def displaced(index: int, path: tuple[int, ...]) -> Cell:
            path = (*path, index)
            return c.either(*(
                c.both(applying[j], c.no(displaced(j, path)))
                for j, other in enumerate(candidates)
                if names[index] in other.exception_to and j not in path
            ))  # fmt: skip

        return [c.both(applying[i], c.no(displaced(i, ()))) for i in range(len(candidates))]

    # -- sets ---------------------------------------------------------------------------------------------------

    def _set(self, candidates: list[Candidate], exact: Cell, codes: str) -> Outcome:
        """Each rule that stands adds its code; one whose code is not known may add any."""
        c = self.cells
        names = {k.name for k in candidates}
        if any(set(k.exception_to) & names for k in candidates):
            worlds, open_ = self._combinations(candidates)
            least, most = worlds, worlds
            exact = exact if len(worlds) > 1 else c.both(exact, c.no(open_))
        else:
            least = [(c.true, [k.when.holds for k in candidates])]
            most = [(c.true, [c.no(k.when.fails) for k in candidates])]
        values = []
        for candidate in candidates:
            if not isinstance(candidate.value, Code) or candidate.value.none is not c.false:
                raise Unsupported("a set of something else than codes")
            values.append(candidate.value)
        perhaps = [c.either(*(c.both(possible, standing[i]) for possible, standing in most)) for i in range(len(candidates))]
        vague = c.either(*(c.both(p, c.no(v.known)) for v, p in zip(values, perhaps, strict=True)))
        inside: dict[object, Truth] = {}
        for number in range(len(self.data.tables.codes[codes])):
            member = c.const(number, "code")
            here = [c.both(v.known, c.equal(v.value, member)) for v in values]
            surely = c.both(
                *(c.either(c.no(possible), *(c.both(s, h) for s, h in zip(standing, here, strict=True))) for possible, standing in least)
            )
            maybe = c.either(*(c.both(p, h) for p, h in zip(perhaps, here, strict=True)))
            inside[number] = Truth(surely, c.both(c.no(maybe), c.no(vague)), c.true)
        holds = {k.name: s for k, s in zip(candidates, self._throughout(least), strict=True)}
        return Outcome(Members(inside, c.false, c.false, exact), c.false, c.false, holds)


def _marked(value: Value, exact: Cell, cells: Cells) -> Value:
    return replace(value, exact=cells.both(value.exact, exact))
