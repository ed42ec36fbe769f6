"""One determination: rules fire forward through the levels of its decisions, and every step is kept.

Conditions are decided by the rules core; arithmetic and aggregates are exact Python. Every firing is checked against
the meaning of its condition, and every condition that did not fire must be open for a reason that can be named, so
that a firing which the core invents or misses can never decide anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from engine.facts import Row
from engine.language import Cause, EntitySpec, OpenSet, Type, Unknown, compile_node, trace
from engine.language.tracing import plain
from engine.language.values import causes_of
from engine.law import Law, Program, TypedRule, named_in
from engine.problems import EngineDefect
from engine.proving.conditions import Flattener, Question
from engine.proving.core import MAX_QUESTIONS, CoreRules, CoreSession
from engine.proving.instances import Instance, Root
from engine.proving.steps import FAILS, HOLDS, OPEN, Candidate, Conflict, Fill, Gap, RuleStep, Step, settle

if TYPE_CHECKING:
    from engine.proving.prover import Prover

Key = tuple[str, str]
NO_CAUSES: frozenset[Cause] = frozenset()
Firings = tuple[str, ...]
StepKey = tuple[str, tuple[str, ...], str]


class Compiled:
    """The questions of a set of decisions under one program, and their rules in the core.

    One set of core rules holds them all, unless there are more questions than the core takes: then there are several.
    """

    def __init__(self, program: Program, keys: Iterable[Key]) -> None:
        self.program = program
        self.rules: dict[Key, tuple[TypedRule, ...]] = {}
        self.questions: dict[Key, tuple[Question, ...]] = {}
        self.core_of: dict[Key, CoreRules] = {}
        flattener, held = Flattener(), list[Key]()
        for key in keys:
            self.rules[key] = program.rules(key)
            conditions = tuple(typed.when for typed in self.rules[key])
            before = len(flattener.questions)
            questions = flattener.questions_of(conditions)
            if len(flattener.questions) > MAX_QUESTIONS and held:
                del flattener.questions[before:]
                self._close(flattener, held)
                flattener, held = Flattener(), []
                questions = flattener.questions_of(conditions)
            self.questions[key] = questions
            held.append(key)
        self._close(flattener, held)

    def _close(self, flattener: Flattener, keys: list[Key]) -> None:
        core = CoreRules(f"{self.program.phase.id}-{self.program.year}", flattener)
        self.core_of.update(dict.fromkeys(keys, core))


class Session:
    """The context in which the rules about one root are read, and the steps proved so far.

    Args:
        prover: gives the sessions of other roots and the compiled rules.
        root: what is asked about.
        program: the law of its year.
    """

    def __init__(self, prover: Prover, root: Root, program: Program) -> None:
        self.prover, self.root, self.program = prover, root, program
        self.facts, self.fixed = prover.facts, program.fixed
        self.order: list[tuple[Instance, str]] = []
        self._instances: dict[str, list[Instance]] = {}
        self._related: dict[tuple[int, str, tuple[Any, ...]], Any] = {}
        self._within: dict[str, bool] = {}
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
        """What a step's outcome is to the decisions that depend on it."""
        if not isinstance(step.outcome, (Gap, Conflict)):
            return step.outcome
        kind = "gap" if isinstance(step.outcome, Gap) else "conflict"
        cause = Cause(kind, self.program.law.decision_name(step.entity, step.decision), step.place)
        nullable = self.program.law.vocabulary.decisions[step.entity, step.decision].type.nullable
        return Unknown(frozenset({cause}), none=nullable)

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
        cache_key = (id(owner), relation, keys)
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
        first, *rest = path.split(".")
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
            return Unknown(doubt) if doubt else [part for part in self.instances(entity) if part.belongs_to(owner)]
        assert spec.table is not None
        doubt = self.facts.doubtful(spec.table, columns)
        if doubt:
            return Unknown(doubt)
        return self.prover.group(entity, columns, values, self.root.year, years)

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
        found = self._within.get(key[0])
        if found is None:
            chain = self.program.law.vocabulary.main_names(key[0])
            found = self._within[key[0]] = any(entity.name == self.root.entity for entity in chain)
        return found

    def prove(self, wanted: Iterable[Key]) -> None:
        """Prove ``wanted`` and all they need, level by level, in one session of the core.

        Raises:
            EngineDefect: the core and the meaning of a rule disagree.
        """
        cone = tuple(k for k in self.program.cone(tuple(wanted)) if self.within(k))
        todo = [k for k in cone if not self.proved(k)]
        if not todo:
            return
        compiled = self.prover.compiled(self.program, cone)
        opened: dict[CoreRules, CoreSession] = {}
        try:
            for key in todo:
                rules = compiled.core_of[key]
                if rules not in opened:
                    opened[rules] = rules.session()
                self._prove_decision(key, compiled, opened[rules])
        finally:
            for core in opened.values():
                core.close()

    def proved(self, key: Key) -> bool:
        """Whether the decision is proved for every instance."""
        return all(key[1] in i.steps for i in self.instances(key[0]))

    def _prove_decision(self, key: Key, compiled: Compiled, core: CoreSession) -> None:
        instances = [i for i in self.instances(key[0]) if key[1] not in i.steps]
        if not instances:
            return
        told: list[tuple[list[Firings], list[Any]]] = []
        for question in compiled.questions[key]:
            names, meanings = self._ask(question, instances, core)
            found = [(self._fired(question, n, m, core), m) for n, m in zip(names, meanings, strict=True)]
            told = [(f + more, m + rest) for (f, m), (more, rest) in zip(told, found, strict=True)] if told else found
        rules, decision, order = compiled.rules[key], key[1], self.order
        spec = self.program.law.vocabulary.decisions[key].type
        for instance, (fired, meant) in zip(instances, told or [([], [])] * len(instances), strict=True):
            step = self._step(key, spec, rules, instance, fired, meant)
            instance.steps[decision], instance.values[decision] = step, self._value(step)
            order.append((instance, decision))

    def _ask(self, question: Question, instances: list[Instance], core: CoreSession) -> tuple[list[list[str]], list[list[Any]]]:
        """What fires in the core for each instance, and what each condition means.

        A rule without a condition needs no match: it applies, and its value is computed.
        """
        if all(condition is None for condition in question.conditions):
            return [[] for _ in instances], [[True for _ in question.conditions] for _ in instances]
        answers: list[dict[int, Any]] = [{} for _ in instances]
        for auxiliary in question.auxiliaries:
            fired, meant = self._ask(auxiliary, instances, core)
            for names, meanings, known in zip(fired, meant, answers, strict=True):
                self._fired(auxiliary, names, meanings, core)
                known[auxiliary.number] = meanings[0]
        told = [core.rules.flattener.tell(question, i.env, known) for i, known in zip(instances, answers, strict=True)]
        return core.ask(question, [facts for facts, _ in told]), [meanings for _, meanings in told]

    def _fired(self, question: Question, names: list[str], meanings: list[Any], core: CoreSession) -> list[Firings]:
        """The firings of each rule, once the meaning of its condition confirms them.

        Raises:
            EngineDefect: something fired that the rule does not mean, or nothing fired where the rule decides, or a
                condition is open without a missing leaf.
        """
        fired: list[Firings] = [()] * len(meanings)
        for name in sorted(names) if len(names) > 1 else names:
            _, index, holds = core.rules.patterns[name]
            if meanings[index] is not holds:
                raise EngineDefect(f"question {question.number}, rule {index}: the core says {holds}, the rule means {meanings[index]}")
            fired[index] += (name,)
        for index, meant in enumerate(meanings):
            if fired[index] or question.conditions[index] is None:
                continue
            if not isinstance(meant, Unknown):
                raise EngineDefect(f"question {question.number}, rule {index}: the core says nothing, the rule means {meant}")
            if not meant.causes:
                raise EngineDefect(f"question {question.number}, rule {index}: open without a missing leaf")
        return fired

    def _step(
        self, key: Key, spec: Type, rules: tuple[TypedRule, ...], instance: Instance, fired: list[Firings], meanings: list[Any]
    ) -> Step:
        """The step that the states of the rules establish."""
        env, steps, failed = instance.env, list[RuleStep](), self.prover.failed
        candidates: list[Candidate] = []
        for typed, meant, names in zip(rules, meanings, fired, strict=True):
            rule = typed.rule
            if meant is False:
                steps.append(failed(rule.name, names))
                continue
            value = compile_node(typed.value)(env)
            state, causes = (HOLDS, NO_CAUSES) if meant is True else (OPEN, meant.causes)
            candidates.append(Candidate(rule.name, state, value, causes, rule.exception_to))
            steps.append(RuleStep(rule.name, state, names, value))
        if len(candidates) == 1 and candidates[0].state == HOLDS and spec.kind != "set":
            outcome = candidates[0].value
        else:
            outcome, heard = settle(spec.kind, candidates, self._codes(key) if spec.kind == "set" else frozenset())
            for index, step in enumerate(steps):
                if step.rule in heard and heard[step.rule][1]:
                    steps[index] = step._replace(state=heard[step.rule][0], by=heard[step.rule][1])
        if isinstance(outcome, (Unknown, OpenSet)):
            if not outcome.causes:
                raise EngineDefect(f"'{key[1]}' of {instance.place} is unknown without a missing leaf")
            if spec.nullable and len(rules) > 1 and isinstance(outcome, Unknown):
                outcome = replace(outcome, none=True)
        return Step(key[0], instance.place, key[1], outcome, tuple(steps))

    def _codes(self, key: Key) -> frozenset[str]:
        vocabulary = self.program.law.vocabulary
        return vocabulary.codes[vocabulary.decisions[key].type.codes or ""]

    def traced(self, full: bool) -> dict[StepKey, Step]:
        """All steps, each rule with the traces of its condition and value and what its sentence names.

        Args:
            full: whether parts that evaluation did not look at are traced too.
        """
        known = {(instance.entity.name, name) for instance, name in self.order}
        self.prove(sorted({named for key in known for named in self.program.named(key) if self.within(named)} - known))
        found: dict[StepKey, Step] = {}
        for instance, name in self.order:
            if (instance.entity.name, name) not in known:
                continue
            entity, step = instance.entity.name, instance.steps[name]
            typed = {rule.rule.name: rule for rule in self.program.rules((entity, name))}
            rules = tuple(_traced(self.program.law, rule, typed[rule.rule], instance.env, full) for rule in step.rules)
            found[entity, instance.place, name] = step._replace(rules=rules)
        return found


def _traced(law: Law, step: RuleStep, typed: TypedRule, env: Any, full: bool) -> RuleStep:
    when = trace(typed.when, env, full) if typed.when is not None else None
    gives = trace(typed.value, env, full) if step.state != FAILS and typed.rule.value is not None else None
    fills = tuple(Fill(name, plain(compile_node(node)(env)), node.type) for name, node in named_in(law, typed.rule))
    return step._replace(when=when, gives=gives, fills=fills)
