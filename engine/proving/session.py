"""One determination: rules fire forward through the levels of its decisions, and every step is kept.

Conditions are decided by the rules core; arithmetic and aggregates are exact Python. Every firing is checked against
the meaning of its condition, and every condition that did not fire must be open for a reason that can be named, so
that a firing which the core invents or misses can never decide anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from contextlib import closing
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from engine.facts import Row
from engine.language import Cause, EntitySpec, OpenSet, Type, Unknown, compile_node, trace
from engine.language.tracing import plain
from engine.language.values import causes_of
from engine.law import Law, Program, TypedRule, named_in
from engine.problems import EngineDefect
from engine.proving.compiled import Compiled, Firings, Shape, confirmed
from engine.proving.conditions import NO_CAUSES, Question
from engine.proving.core import CoreSession, new_session
from engine.proving.instances import Instance, Root
from engine.proving.steps import FAILS, HOLDS, OPEN, Candidate, Conflict, Fill, Gap, RuleStep, Step, settle

if TYPE_CHECKING:
    from engine.proving.prover import Prover

Key = tuple[str, str]
NO_ANSWERS: dict[int, Any] = {}
UNDECIDED = (Gap, Conflict)
StepKey = tuple[str, tuple[str, ...], str]


@cache
def _split(path: str) -> tuple[str, tuple[str, ...]]:
    first, *rest = path.split(".")
    return first, tuple(rest)


class Session:
    """The context in which the rules about one root are read, and the steps proved so far.

    Args:
        prover: gives the sessions of other roots and the compiled rules.
        root: what is asked about.
        program: the law of its year.

    Attributes:
        order: what was proved, in the order in which it was.
        asked: with which questions each decision was proved.
    """

    def __init__(self, prover: Prover, root: Root, program: Program) -> None:
        self.prover, self.root, self.program = prover, root, program
        self.facts, self.fixed = prover.facts, program.fixed
        self.order: list[tuple[Instance, str]] = []
        self.asked: dict[Key, Compiled] = {}
        self._instances: dict[str, list[Instance]] = {}
        self._related: dict[tuple[Instance, str, tuple[Any, ...]], Any] = {}
        self._parts: dict[str, dict[Instance, list[Instance]]] = {}
        self._done: set[Key] = set()
        self.main = self._root_instance()

    def _root_instance(self) -> Instance:
        entity = self.program.law.vocabulary.entities[self.root.entity]
        row = None
        if entity.table is not None:
            spec = self.program.law.vocabulary.tables[entity.table]
            row = self.facts.matching(entity.table, spec.key, self.root.key)[0]
        instance = Instance(entity, self.root, row, None, self)
        self._instances[entity.name] = [instance]
        return instance

    # -- the context of expressions -----------------------------------------------------------------------------

    def builtin(self, name: str) -> Any:
        return self.facts.as_of if name == "as_of" else self.program.constants[name]

    def decision(self, instance: Instance, name: str) -> Any:
        """The value of a decision of another determination, which is proved now.

        Raises:
            EngineDefect: the decision belongs to this determination and should have been proved before.
        """
        session: Session = instance.env["@"]
        if session is not self:
            session.prove([(instance.entity.name, name)])
        if name not in instance.values:
            raise EngineDefect(f"'{name}' of {instance.place} was read before it was proved")
        return instance.values[name]

    def _value(self, step: Step) -> Any:
        """What a gap or a conflict is to the decisions that depend on it: something that is not known."""
        kind = "gap" if isinstance(step.outcome, Gap) else "conflict"
        cause = Cause(kind, self.program.law.decision_name(step.entity, step.decision), step.place)
        nullable = self.program.law.vocabulary.decisions[step.entity, step.decision].type.nullable
        return Unknown(frozenset({cause}), none=nullable)

    def in_order(self) -> Iterator[Step]:
        """Every step proved so far, in the order in which it was proved."""
        return (instance.steps[name] for instance, name in self.order)

    @property
    def steps(self) -> dict[StepKey, Step]:
        """Everything proved so far, in the order in which it was proved."""
        return {(i.entity.name, i.place, name): i.steps[name] for i, name in self.order}

    def parameter(self, name: str, key: Any, at: date) -> Any:
        return self.program.parameter(name, key.key[0] if isinstance(key, Row) else key, at)[0]

    def place(self, owner: Any) -> tuple[str, ...]:
        return owner.place if isinstance(owner, Instance) else (owner.table, *owner.key) if isinstance(owner, Row) else ()

    def source(self, owner: Any) -> str | None:
        row = owner.row if isinstance(owner, Instance) else owner
        return row.source if isinstance(row, Row) else None

    def rows(self, owner: Instance, relation: str, keys: tuple[Any, ...]) -> Any:
        home: Session = owner.env["@"]
        if home is not self:
            return home.rows(owner, relation, keys)  # its year and law, not ours
        cache_key = (owner, relation, keys)
        found = self._related.get(cache_key)
        if found is None:
            found = self._related[cache_key] = self._find_rows(owner, relation, keys)
        return found

    def _find_rows(self, owner: Instance, name: str, keys: tuple[Any, ...]) -> Any:
        relation = owner.entity.relations[name]
        values = [self._path(owner, path) for path in relation.where.values()]
        missing = causes_of(values)
        if missing:
            return Unknown(missing)
        if relation.entity is not None:
            return self._related_instances(owner, relation.entity, tuple(relation.where), tuple(values), relation.years)
        assert relation.table is not None
        columns = (*relation.where, *relation.key[: len(keys)])
        doubt = self.facts.doubtful(relation.table, columns)
        if doubt:
            return Unknown(doubt)
        found = self.facts.matching(relation.table, columns, (*values, *keys))
        if not found and self.program.law.vocabulary.tables[relation.table].measured:
            known = [*(str(getattr(v, "key", [v])[0]) for v in values), *map(str, keys)]
            return Unknown(frozenset({Cause("fact", relation.table, tuple(known))}))
        return found

    def _path(self, owner: Instance, path: str) -> Any:
        """The value of a dotted path: of the question itself, of the owner's row, or of the row it is part of."""
        first, rest = _split(path)
        if not rest:
            return self.root.year if first == "year" else self.program.constants[first]
        value: Any = owner
        while value.parent is not None and first not in (value.entity.row, value.entity.name):
            value = value.parent
        for part in rest:
            if value is None or isinstance(value, Unknown):
                return value
            value = value.cell(part)
        return value

    def _related_instances(self, owner: Instance, entity: str, columns: tuple[str, ...], values: tuple[Any, ...], years: str | None) -> Any:
        spec = self.program.law.vocabulary.entities[entity]
        if spec.of is not None:
            assert spec.table is not None
            doubt = self.facts.doubtful(spec.table, tuple(spec.where))
            return Unknown(doubt) if doubt else self._parts_of(owner, spec)
        assert spec.table is not None
        doubt = self.facts.doubtful(spec.table, columns)
        if doubt:
            return Unknown(doubt)
        return self.prover.group(entity, columns, values, self.root.year, years)

    def _parts_of(self, owner: Instance, spec: EntitySpec) -> list[Instance]:
        """The instances of an entity that are parts of ``owner``, or of what ``owner`` is itself a part of."""
        by_whole = self._parts.get(spec.name)
        if by_whole is None:
            by_whole = self._parts[spec.name] = {}
            for part in self.instances(spec.name):
                whole = part.parent
                while whole is not None:
                    by_whole.setdefault(whole, []).append(part)
                    whole = whole.parent
        for entity in self.program.law.vocabulary.main_names(spec.name)[1:]:
            holder: Instance | None = owner
            while holder is not None and holder.entity is not entity:
                holder = holder.parent
            if holder is not None:
                return by_whole.get(holder, [])
        return []

    def instances(self, entity: str) -> list[Instance]:
        """The instances of an entity within this determination."""
        found = self._instances.get(entity)
        if found is None:
            spec: EntitySpec = self.program.law.vocabulary.entities[entity]
            if spec.of is None or spec.table is None:
                return []
            found = []
            for parent in self.instances(spec.of):
                values = tuple(self._path(parent, path) for path in spec.where.values())
                if not causes_of(values):
                    found += [
                        Instance(spec, self.root, row, parent, self) for row in self.facts.matching(spec.table, tuple(spec.where), values)
                    ]
            self._instances[entity] = found
        return found

    # -- proving ------------------------------------------------------------------------------------------------

    def within(self, key: Key) -> bool:
        """Whether the decision's entity is the root's or a part of it."""
        return key in self.program.within(self.root.entity)

    def prove(self, wanted: Iterable[Key]) -> None:
        """Prove ``wanted`` and all they need, level by level, in one session of the core, which passes from one set of its rules to the next.

        Raises:
            EngineDefect: the core and the meaning of a rule disagree.
        """
        cone = self.program.cone_within(tuple(wanted), self.root.entity)
        todo = [key for key in cone if not self.proved(key)]
        if not todo:
            return
        compiled, number = self.prover.compiled(self.program, cone), new_session()
        for rules, stretch in groupby(todo, compiled.core_of.__getitem__):
            with closing(rules.session(number)) as core:
                for key in stretch:
                    if not self.proved(key):  # by a determination that this one needed
                        self._prove_decision(key, compiled, core)

    def proved(self, key: Key) -> bool:
        """Whether the decision is proved for every instance."""
        if key not in self._done:
            for instance in self.instances(key[0]):
                if key[1] not in instance.steps:
                    return False
        return True

    def _prove_decision(self, key: Key, compiled: Compiled, core: CoreSession) -> None:
        instances = [instance for instance in self.instances(key[0]) if key[1] not in instance.steps]
        if instances:
            self.asked[key] = compiled
            firings, meanings = self._asked(compiled.questions[key], instances, core)
            decision, order = key[1], self.order
            spec = self.program.law.vocabulary.decisions[key].type
            for instance, fired, meant in zip(instances, firings, meanings, strict=True):
                step = self._step(key, spec, compiled.shape(key, fired), instance, meant)
                outcome = step.outcome
                instance.steps[decision] = step
                instance.values[decision] = self._value(step) if outcome.__class__ in UNDECIDED else outcome
                order.append((instance, decision))
        self._done.add(key)

    def _asked(
        self, questions: tuple[Question, ...], instances: list[Instance], core: CoreSession
    ) -> tuple[list[Firings], list[list[Any]]]:
        """For each instance the firings of all ``questions``, confirmed by what their conditions mean, and what they mean."""
        found: list[tuple[list[Firings], list[list[Any]]]] = []
        for question in questions:
            fired, meanings = self._ask(question, instances, core)
            names = [confirmed(question, tuple(f), m, core.rules) for f, m in zip(fired, meanings, strict=True)]
            if len(questions) == 1:  # as most often
                return names, meanings
            found.append((names, meanings))
        firings = [tuple(name for names in parts for name in names) for parts in zip(*(names for names, _ in found), strict=True)]
        return firings, [[value for part in parts for value in part] for parts in zip(*(meanings for _, meanings in found), strict=True)]

    def _ask(self, question: Question, instances: list[Instance], core: CoreSession) -> tuple[list[list[str]], list[list[Any]]]:
        """What fires in the core for each instance, and what each condition means.

        A rule without a condition needs no match: it applies, and its value is computed.
        """
        if question.unconditional:
            return [[] for _ in instances], [[True for _ in question.conditions] for _ in instances]
        tell = core.rules.flattener.tell
        if not question.auxiliaries:
            told = [tell(question, instance.env, NO_ANSWERS) for instance in instances]
            return core.ask(question, [facts for facts, _ in told]), [meanings for _, meanings in told]
        answers: list[dict[int, Any]] = [{} for _ in instances]
        for auxiliary in question.auxiliaries:
            fired, meant = self._ask(auxiliary, instances, core)
            for names, meanings, known in zip(fired, meant, answers, strict=True):
                confirmed(auxiliary, tuple(names), meanings, core.rules)
                known[auxiliary.number] = meanings[0]
        told = [tell(question, instance.env, known) for instance, known in zip(instances, answers, strict=True)]
        return core.ask(question, [facts for facts, _ in told]), [meanings for _, meanings in told]

    def _step(self, key: Key, spec: Type, shape: Shape, instance: Instance, meanings: list[Any]) -> Step:
        """The step that the states of the rules establish."""
        if len(shape.applying) == 1 and spec.kind != "set":  # most often one rule applies
            index, typed, value_of, names = shape.applying[0]
            meant = meanings[index]
            if meant is True and shape.constant is not None:
                return Step(key[0], instance.place, key[1], *shape.constant)
            value, steps = value_of(instance.env), list(shape.steps)
            steps[index] = RuleStep(typed.rule.name, HOLDS if meant is True else OPEN, names, value)
            outcome = value if meant is True else Unknown(meant.causes | causes_of((value,)))  # it may hold, or nothing does
            return self._made(key, spec, instance, outcome, steps)
        env, steps, candidates = instance.env, list(shape.steps), list[Candidate]()
        for index, typed, value_of, names in shape.applying:
            rule, meant, value = typed.rule, meanings[index], value_of(env)
            state, causes = (HOLDS, NO_CAUSES) if meant is True else (OPEN, meant.causes)
            candidates.append(Candidate(rule.name, state, value, causes, rule.exception_to))
            steps[index] = RuleStep(rule.name, state, names, value)
        outcome, heard = settle(spec.kind, candidates, self._codes(key) if spec.kind == "set" else frozenset())
        for index, step in enumerate(steps):
            if step.rule in heard and heard[step.rule][1]:
                steps[index] = step._replace(state=heard[step.rule][0], by=heard[step.rule][1])
        return self._made(key, spec, instance, outcome, steps)

    def _made(self, key: Key, spec: Type, instance: Instance, outcome: Any, steps: list[RuleStep]) -> Step:
        if isinstance(outcome, (Unknown, OpenSet)):
            if not outcome.causes:
                raise EngineDefect(f"'{key[1]}' of {instance.place} is unknown without a missing leaf")
            if spec.nullable and len(steps) > 1 and isinstance(outcome, Unknown):
                outcome = replace(outcome, none=True)
        return Step(key[0], instance.place, key[1], outcome, tuple(steps))

    def _codes(self, key: Key) -> frozenset[str]:
        vocabulary = self.program.law.vocabulary
        return vocabulary.codes[vocabulary.decisions[key].type.codes or ""]

    def concerned(self, wanted: tuple[Key, ...]) -> set[Key]:
        """``wanted``, all they need, and what was proved before."""
        return {(instance.entity.name, name) for instance, name in self.order}.union(self.program.cone_within(wanted, self.root.entity))

    def named(self, known: Set[Key]) -> list[Key]:
        """What the sentences about ``known`` decisions name besides, in the order of names."""
        return sorted({name for key in known for name in self.program.named(key) if self.within(name)} - known)

    def traced(self, known: Set[Key], full: bool) -> dict[StepKey, Step]:
        """The steps of ``known`` decisions, each rule with the traces of its condition and value and what its sentence names.

        Args:
            full: whether parts that evaluation did not look at are traced too.
        """
        found: dict[StepKey, Step] = {}
        for instance, name in self.order:
            key = (instance.entity.name, name)
            if key in known:
                step, rules = instance.steps[name], zip(instance.steps[name].rules, self.program.rules(key), strict=True)
                traced = tuple(_traced(self.program.law, rule, typed, instance.env, full) for rule, typed in rules)
                found[key[0], instance.place, name] = step._replace(rules=traced)
        return found


def _traced(law: Law, step: RuleStep, typed: TypedRule, env: Any, full: bool) -> RuleStep:
    when = trace(typed.when, env, full) if typed.when is not None else None
    gives = trace(typed.value, env, full) if step.state != FAILS and typed.rule.value is not None else None
    fills = tuple(Fill(name, plain(compile_node(node)(env)), node.type) for name, node in named_in(law, typed.rule))
    return step._replace(when=when, gives=gives, fills=fills)
