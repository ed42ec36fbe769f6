"""What a set of decisions asks of the rules core under one program, and what its answers say of their rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from engine.language import Unknown, compile_node
from engine.language.meaning import Run
from engine.language.nodes import Const
from engine.law import Program, TypedRule
from engine.problems import EngineDefect
from engine.proving.conditions import Flattener, Question
from engine.proving.core import STRETCH, CoreRules
from engine.proving.steps import FAILS, HOLDS, OPEN, RuleStep

Key = tuple[str, str]
Firings = tuple[str, ...]


class Compiled:
    """The questions of a set of decisions under one program, and their rules in the core.

    A set of core rules holds those of a stretch of decisions, in the order in which they are proved.
    """

    def __init__(self, program: Program, keys: Iterable[Key]) -> None:
        self.program = program
        self.rules: dict[Key, tuple[TypedRule, ...]] = {}
        self.questions: dict[Key, tuple[Question, ...]] = {}
        self.shapes: dict[Key, dict[Firings, Shape]] = {}
        self.core_of: dict[Key, CoreRules] = {}
        flattener, held = Flattener(), list[Key]()
        for key in keys:
            self.rules[key] = program.rules(key)
            conditions = tuple(typed.when for typed in self.rules[key])
            before = len(flattener.questions)
            questions = flattener.questions_of(conditions)
            if len(flattener.questions) > STRETCH and held:
                del flattener.questions[before:]
                self._close(flattener, held)
                flattener, held = Flattener(flattener.first + before), []
                questions = flattener.questions_of(conditions)
            self.questions[key], self.shapes[key] = questions, {}
            held.append(key)
        self._close(flattener, held)

    def shape(self, key: Key, fired: Firings) -> Shape:
        """What the firings of a decision say; found once, however often they occur."""
        found = self.shapes[key].get(fired)
        if found is None:
            found = self.shapes[key][fired] = _shape(self, key, fired)
        return found

    def _close(self, flattener: Flattener, keys: list[Key]) -> None:
        core = CoreRules(f"{self.program.phase.id}-{self.program.year}", flattener)
        self.core_of.update(dict.fromkeys(keys, core))


class Shape(NamedTuple):
    """What the firings of a decision say of its rules, whichever instance they are about.

    Attributes:
        steps: per rule its step where it fails; a step to be replaced where it does not.
        applying: the rules that do not fail: their index, the rule, its value, its firings.
        constant: where but one rule applies and its value is written in it, that value and the steps if the rule holds.
    """

    steps: tuple[RuleStep, ...]
    applying: tuple[tuple[int, TypedRule, Run, Firings], ...]
    constant: tuple[Any, tuple[RuleStep, ...]] | None


def _shape(compiled: Compiled, key: Key, fired: Firings) -> Shape:
    """What ``fired``, of all questions of a decision, says of its rules."""
    by_rule: dict[int, Firings] = {}
    failing: set[int] = set()
    start = 0
    for question in compiled.questions[key]:
        for name in fired:
            of, index, holds = compiled.core_of[key].patterns[name]
            if of is question:
                by_rule[start + index] = (*by_rule.get(start + index, ()), name)
                failing |= set() if holds else {start + index}
        start += len(question.conditions)
    names = [by_rule.get(index, ()) for index in range(start)]
    rules = compiled.rules[key]
    steps = tuple(RuleStep(typed.rule.name, FAILS if index in failing else OPEN, names[index], None) for index, typed in enumerate(rules))
    applying = tuple((index, typed, compile_node(typed.value), names[index]) for index, typed in enumerate(rules) if index not in failing)
    return Shape(steps, applying, _constant(steps, applying))


def _constant(
    steps: tuple[RuleStep, ...], applying: tuple[tuple[int, TypedRule, Run, Firings], ...]
) -> tuple[Any, tuple[RuleStep, ...]] | None:
    if len(applying) != 1 or not isinstance(applying[0][1].value, Const):
        return None
    index, value = applying[0][0], applying[0][1].value.value
    return value, (*steps[:index], steps[index]._replace(state=HOLDS, value=value), *steps[index + 1 :])


def confirmed(question: Question, fired: Firings, meanings: list[Any], rules: CoreRules) -> Firings:
    """The firings in order, once the meaning of every condition confirms them.

    Raises:
        EngineDefect: something fired that the rule does not mean, or nothing fired where the rule decides, or a
            condition is open without a missing leaf.
    """
    found = question.said.get(fired)
    if found is None:
        said: list[bool | None] = [None if condition is not None else True for condition in question.conditions]
        for name in fired:
            _, index, holds = rules.patterns[name]
            if said[index] is (not holds):
                raise EngineDefect(f"question {question.number}, rule {index}: the core says both")
            said[index] = holds
        found = question.said[fired] = tuple(sorted(fired)), said
    names, said = found
    if meanings != said:
        for index, (says, meant) in enumerate(zip(said, meanings, strict=True)):
            if says is None and not isinstance(meant, Unknown):
                raise EngineDefect(f"question {question.number}, rule {index}: the core says nothing, the rule means {meant}")
            if says is None and not meant.causes:
                raise EngineDefect(f"question {question.number}, rule {index}: open without a missing leaf")
            if says is not None and meant is not says:
                raise EngineDefect(f"question {question.number}, rule {index}: the core says {says}, the rule means {meant}")
    return names
