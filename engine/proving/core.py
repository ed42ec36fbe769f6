"""The one place that speaks to durable-rules: a C core with sharp edges, used only where it was measured to be right.

Flat conjunctions over one fact; only integers under names of our own; the question number is tested first; a boot fact
fires before anything else in each session, because deleting a session that never fired crashes the core.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator

import durable_rules_engine as _core

from engine.problems import EngineDefect
from engine.proving.conditions import MAX_PATTERNS, Flattener, Question

_OPERATORS = {"!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
_BOOT = -1
_INSTANCE = re.compile(r'"kz_i":(\d+)')
MAX_RULES = 4_000
MAX_QUESTIONS = 480  # beyond 511 distinct first tests the core aborts or never ends


class CoreRules:
    """The compiled patterns of a set of questions.

    Raises:
        EngineDefect: a limit of the core would be exceeded.
    """

    def __init__(self, name: str, flattener: Flattener) -> None:
        rules: dict[str, object] = {"boot": {"all": [{"m": {"$and": [{"kz_q": _BOOT}]}}]}}
        for question in flattener.questions:
            if len(question.patterns) > MAX_PATTERNS:
                raise EngineDefect(f"question {question.number} has {len(question.patterns)} patterns; the core takes {MAX_PATTERNS}")
            for pattern, _, _, clause in question.patterns:
                tests = [{"kz_q": question.number}, *(_test(*test) for test in clause)]
                rules[pattern] = {"all": [{"m": {"$and": tests}}]}
        if len(flattener.questions) > MAX_QUESTIONS:
            raise EngineDefect(f"{len(flattener.questions)} questions; the core takes {MAX_QUESTIONS}")
        if len(rules) > MAX_RULES:
            raise EngineDefect(f"{len(rules)} core rules; the core takes {MAX_RULES}")
        self.patterns = {p: (question, index, holds) for question in flattener.questions for p, index, holds, _ in question.patterns}
        self.flattener = flattener
        self.handle = _core.create_ruleset(name, json.dumps(rules))
        self._numbers = itertools.count()

    def session(self) -> CoreSession:
        return CoreSession(self, next(self._numbers))

    def close(self) -> None:
        _core.delete_ruleset(self.handle)


def _test(name: str, operator: str, value: int) -> dict[str, object]:
    return {f"kz_{name}": value} if operator == "==" else {_OPERATORS[operator]: {f"kz_{name}": value}}


class CoreSession:
    """One determination in the core: a session (`sid`) that is opened, fed, fired and deleted."""

    def __init__(self, rules: CoreRules, number: int) -> None:
        self.rules, self._handle, self._sid = rules, rules.handle, f"s{number}"
        self._facts = itertools.count()
        boot = _core.assert_fact(self._handle, json.dumps({"kz_q": _BOOT, "id": "boot", "sid": self._sid}))
        for _ in self._agenda(boot[1]):
            pass

    def ask(self, question: Question, facts: list[dict[str, int]]) -> list[list[str]]:
        """The names of the core rules that fire, for each of the instances that ``facts`` describe."""
        fired: list[list[str]] = [[] for _ in facts]
        state = None
        for position, values in enumerate(facts):
            told = "".join(f',"kz_{name}":{value}' for name, value in values.items())
            fact = f'{{"kz_q":{question.number},"kz_i":{position},"id":"f{next(self._facts)}","sid":"{self._sid}"{told}}}'
            code, offset = _core.assert_fact(self._handle, fact)
            if code == 2:
                raise EngineDefect("the rules core refused a fact as a duplicate")
            if code == 0:
                state = offset
        if state is not None:
            for name, position in self._agenda(state):
                fired[position].append(name)
        return fired

    def _agenda(self, state: int) -> Iterator[tuple[str, int]]:
        result = _core.start_action_for_state(self._handle, state)
        message = result and result[1]
        while message:
            instance = _INSTANCE.search(message)
            yield message[2 : message.index('"', 2)], int(instance[1]) if instance else 0
            message = _core.complete_and_start_action(self._handle, state)

    def close(self) -> None:
        _core.delete_state(self._handle, self._sid)
