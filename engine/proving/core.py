"""The one place that speaks to durable-rules: a C core with sharp edges, used only where it was measured to be right.

Flat conjunctions over one fact; only integers under names of our own; the question number is tested first; a boot fact
fires before anything else in each session, because deleting a session that never fired crashes the core.
"""

from __future__ import annotations

import itertools
import re
import weakref
from collections.abc import Iterable, Iterator

import durable_rules_engine as _core

from engine.problems import EngineDefect
from engine.proving.conditions import MAX_PATTERNS, Clause, Flattener, Question

_OPERATORS = {"!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
_BOOT = -1
_INSTANCE = re.compile(r'"kz_i":(\d+)')
MAX_RULES = 4_000
MAX_QUESTIONS = 480  # beyond 511 distinct first tests the core aborts or never ends
STRETCH = 10
"""Questions in one set of core rules: a session of the core costs for every rule of a set, whether a fact comes near it or not."""
_sessions = itertools.count()


def new_session() -> int:
    """The number of a session that no other has."""
    return next(_sessions)


class CoreRules:
    """The compiled patterns of a set of questions.

    Attributes:
        patterns: core rule name -> its question, the index of the rule, and whether it says *holds*.
        alike: the core rules that the core knows by one name, because the clause is one and the same.

    Raises:
        EngineDefect: a limit of the core would be exceeded.
    """

    def __init__(self, name: str, flattener: Flattener) -> None:
        self.alike: dict[str, list[str]] = {}
        rules = {"boot": [f'{{"kz_q":{_BOOT}}}']}
        for question in flattener.questions:
            if len(question.patterns) > MAX_PATTERNS:
                raise EngineDefect(f"question {question.number} has {len(question.patterns)} patterns; the core takes {MAX_PATTERNS}")
            first: dict[Clause, str] = {}
            for pattern, _, _, clause in question.patterns:
                named = first.setdefault(clause, pattern)
                self.alike.setdefault(named, []).append(pattern)
                if named == pattern:
                    rules[pattern] = [f'{{"kz_q":{question.number}}}', *(_test(*test) for test in clause)]
        if len(flattener.questions) > MAX_QUESTIONS:
            raise EngineDefect(f"{len(flattener.questions)} questions; the core takes {MAX_QUESTIONS}")
        if len(rules) > MAX_RULES:
            raise EngineDefect(f"{len(rules)} core rules; the core takes {MAX_RULES}")
        self.patterns = {p: (question, index, holds) for question in flattener.questions for p, index, holds, _ in question.patterns}
        self.flattener = flattener
        written = ",".join(f'"{rule}":{{"all":[{{"m":{{"$and":[{",".join(tests)}]}}}}]}}' for rule, tests in rules.items())
        self.handle = _core.create_ruleset(name, f"{{{written}}}")
        self._freed = weakref.finalize(self, _core.delete_ruleset, self.handle)
        self._freed.atexit = False  # the end of the process frees all at once
        self._forms: dict[int, str] = {}

    def form(self, question: Question, names: Iterable[str]) -> str:
        """A fact about the question as JSON, with places for its number, its id, the session and the value of each of its names."""
        found = self._forms.get(question.number)
        if found is None:
            told = "".join(f',"kz_{name}":%d' for name in names)
            found = self._forms[question.number] = f'{{"kz_q":{question.number},"kz_i":%d,"id":"f%d","sid":"%s"{told}}}'
        return found

    def session(self, number: int | None = None) -> CoreSession:
        """A session of its own, or the part that these rules have in a session that was numbered before."""
        return CoreSession(self, new_session() if number is None else number)

    def close(self) -> None:
        """Free the memory of the core; done also when nobody holds the rules any more."""
        self._freed()


def _test(name: str, operator: str, value: int) -> str:
    """As JSON; names are our own."""
    return f'{{"kz_{name}":{value}}}' if operator == "==" else f'{{"{_OPERATORS[operator]}":{{"kz_{name}":{value}}}}}'


class CoreSession:
    """One determination in a set of core rules: a session (`sid`) that is opened, fed, fired and deleted."""

    def __init__(self, rules: CoreRules, number: int) -> None:
        self.rules, self._handle, self._sid = rules, rules.handle, f"s{number}"
        self._facts = itertools.count()
        boot = _core.assert_fact(self._handle, f'{{"kz_q":{_BOOT},"id":"boot","sid":"{self._sid}"}}')
        for _ in self._agenda(boot[1]):
            pass

    def ask(self, question: Question, facts: list[dict[str, int]]) -> list[list[str]]:
        """The names of the core rules that fire, for each of the instances that ``facts`` describe.

        Instances of which the same is told are one fact to the core: what it matches depends on nothing else.

        Args:
            facts: each with the same names in the same order.
        """
        fired: dict[tuple[int, ...], list[str]] = {}
        found, distinct, state, form = [], list[list[str]](), None, self.rules.form(question, facts[0]) if facts else ""
        for values in facts:
            known = tuple(values.values())
            names = fired.get(known)
            if names is None:
                names = fired[known] = []
                code, offset = _core.assert_fact(self._handle, form % (len(distinct), next(self._facts), self._sid, *known))
                distinct.append(names)
                if code == 2:
                    raise EngineDefect("the rules core refused a fact as a duplicate")
                if code == 0:
                    state = offset
            found.append(names)
        if state is not None:
            alike = self.rules.alike
            for message in self._agenda(state):
                position = int(_INSTANCE.findall(message)[0]) if len(distinct) > 1 else 0
                distinct[position] += alike[message[2 : message.index('"', 2)]]
        return found

    def _agenda(self, state: int) -> Iterator[str]:
        """What fires, one rule with its fact after the other, as the core writes it: `{"rule":{"m":{…}}}`."""
        result = _core.start_action_for_state(self._handle, state)
        message = result and result[1]
        while message:
            yield message
            message = _core.complete_and_start_action(self._handle, state)

    def close(self) -> None:
        _core.delete_state(self._handle, self._sid)
