"""Why nothing that can be done leads to the goal: for what is left at best, the rules that exclude doing without it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from engine.analysis.barred import Ground, ground
from engine.analysis.cores import Core, Cores, Noted
from engine.analysis.encoding import Encoding
from engine.analysis.report import Obstacle
from engine.analysis.search import Problem, excluded, possible
from engine.analysis.symbols import Formula, conj
from engine.language import walk
from engine.language.nodes import Decision
from engine.law import TypedRule
from engine.proving.instances import Instance

Key = tuple[str, str]


@dataclass(frozen=True)
class Obstacles:
    """The proofs that a goal is missed.

    Args:
        now: the decisions on the facts as they are.
        cone: what the result depends on, in the order in which decisions build on each other.
        problem: the search, with ``noted`` as its tracker.
        goal: the values of the status that are aimed at.
    """

    now: Encoding
    cone: Mapping[Key, None]
    problem: Problem
    noted: Noted
    goal: tuple[str, ...]

    def proofs(self) -> tuple[Obstacle, ...]:
        """One for each breach that is left when as few as possible are; nothing where the goal is not excluded.

        What is not known counts as what helps: only what holds however it turns out is a proof.
        """
        status, breaches = self._results()
        goal, absent = possible(self.problem.encoding, status, self.goal), excluded(self.problem.encoding, breaches)
        cores = Cores(self.problem, self.noted)
        whole = cores.core(goal)
        if whole is None:
            return ()
        present = {code for code, formula in excluded(self.now, breaches).items() if formula is False}
        made = []
        for code in cores.left(absent, present):
            core = cores.core(absent[code])
            if core is None:
                core = _instead(cores, absent[code], [absent[other] for other in sorted(present & absent.keys())])
            if core is not None:
                made.append(self._obstacle(code, core))
        return tuple(made) or (self._obstacle(None, whole),)

    def _results(self) -> tuple[str, str]:
        result = self.now.law.manifest["result"]
        return result["status"], result["breaches"]

    def _obstacle(self, about: str | None, core: Core) -> Obstacle:
        """The rules of a core, and the days that they turn on, in the order in which decisions build on each other."""
        program, codes = self.now.program, self.now.law.vocabulary.decisions[self.now.main.entity.name, self._results()[1]].type.codes
        names = {name for kind, name in core if kind == "rule"} or set(self._by_rules(about))
        days = {day for key in self.cone for typed in program.rules(key) if typed.rule.name in names for day in _days_read(typed)}
        rules = []
        for key in self.cone:
            instances = self.now.session.instances(key[0])
            for typed in program.rules(key) if instances else ():
                if typed.rule.name in names or (key in days and self._holds(typed, instances[0])):
                    rules.append(self._ground(typed, instances[0]))
        return Obstacle(about, codes, tuple(rules), tuple((kind, name) for kind, name in core if kind != "rule"))

    def _by_rules(self, about: str | None) -> Iterator[str]:
        """The rules that say so on the facts as they are: where no action bears on it, a core names none."""
        main, (status, breaches) = self.now.main, self._results()
        for typed in self.now.program.rules((main.entity.name, status if about is None else breaches)):
            if self._holds(typed, main) and about in (None, self.now.eval(typed.value, main.env)):
                yield typed.rule.name

    def _ground(self, typed: TypedRule, instance: Instance) -> Ground:
        """A rule in the way; of a rule about parts, of which there may be many, only what it decides is said."""
        if instance is self.now.main:
            return replace(ground(self.now, typed, instance), holds=self._holds(typed, instance))
        decided = self.now.law.tree["decisions"].get(self.now.law.decision_name(*typed.rule.decides), {})
        return Ground(typed.rule.name, typed.rule.cites, decided.get("label", typed.rule.says), ())

    def _holds(self, typed: TypedRule, instance: Instance) -> bool:
        return typed.when is None or self.now.eval(typed.when, instance.env) is True


def _instead(cores: Cores, absent: Formula, others: list[Formula]) -> Core | None:
    """Why doing without a breach leaves one that is there already: of one that explains it, the shortest proof, else of them all."""
    found = [core for other in others if (core := cores.core(conj(absent, other))) is not None]
    return min(found, key=len) if found else cores.core(conj(absent, *others))


def _days_read(typed: TypedRule) -> set[Key]:
    """The decisions that are days, and that a rule reads."""
    nodes = [node for node in (typed.when, typed.value) if node is not None]
    read = [part for node in nodes for part in walk(node) if isinstance(part, Decision)]
    return {(part.base.type.table or "", part.name) for part in read if part.type.kind == "date"}
