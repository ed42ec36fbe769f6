"""A condition -> flat conjunctions of tests on integers, once for *holds* and, negated, for *fails*.

Only strong-Kleene-safe rewriting is done: negation is pushed to the atoms and products are multiplied out. A condition
whose flat form would exceed `MAX_CLAUSES` is split through named auxiliary questions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from engine.language import Cause, Node, Unknown, compile_node
from engine.language.arithmetic import COMPARISONS
from engine.language.nodes import And, Compare, Const, Not, Or
from engine.language.values import high, low

MAX_CLAUSES = 8
MAX_PATTERNS = 60
"""Of one question: what the core matches at once."""
BOUND = 2**61
FALSE, TRUE, OPEN = 0, 1, -1
NO_CAUSES: frozenset[Cause] = frozenset()

Answers = Mapping[int, Any]
"""The values of auxiliary questions, by number."""
Told = dict[str, int]
"""The integers that stand for atoms."""
Probe = Callable[[Any, Told, Answers], Any]
"""Gives the value of an item in an environment, and puts down the integers of its atoms."""
Test = tuple[str, str, int]
Clause = tuple[Test, ...]


class Atom(NamedTuple):
    """A condition without inner logic.

    Attributes:
        kind: `margin` (a comparison of numbers or dates, carried as bounds of left minus right), `code` (a value
            compared with one code) or `truth` (true, false or open).
        name: what its integers are called in the core.
        auxiliary: the question that answers it, where it stands for a split condition.
    """

    node: Node
    kind: str
    name: str
    auxiliary: Question | None = None


@dataclass(eq=False)
class Question:
    """What the rules core is asked about one instance: the atoms it is told and the clauses it matches.

    Attributes:
        number: identifies the question in the core.
        conditions: per rule, its condition (None: always).
        patterns: (core rule name, index of the rule, whether it says *holds*, the clause).
        plans: per condition, how it is evaluated once for both the core and the check.
        known: the atoms by what they are.
        open: what the core is told as long as nothing is known.
        said: for firings that have occurred, their order in the proof and what they say of each condition.
        unconditional: whether there is nothing to ask.
    """

    number: int
    conditions: tuple[Node | None, ...]
    atoms: list[Atom] = field(default_factory=list)
    patterns: list[tuple[str, int, bool, Clause]] = field(default_factory=list)
    auxiliaries: list[Question] = field(default_factory=list)
    plans: list[Plan | None] = field(default_factory=list)
    known: dict[tuple[str, Node], Atom] = field(default_factory=dict)
    open: dict[str, int] = field(default_factory=dict)
    said: dict[tuple[str, ...], tuple[tuple[str, ...], list[bool | None]]] = field(default_factory=dict)
    unconditional: bool = False


class Plan(NamedTuple):
    """The items of a condition, joined by `and` or `or`, each with what evaluates it and tells the core its atoms.

    Once an item decides the whole, the atoms of later items stay open: they cannot matter.
    """

    decisive: bool
    items: tuple[Probe, ...]


class Flattener:
    """Makes the questions of one core ruleset, numbered from ``first`` on; numbers and codes are shared among them."""

    def __init__(self, first: int = 0) -> None:
        self.first = first
        self.questions: list[Question] = []
        self.codes: dict[str, int] = {}

    def intern(self, code: str) -> int:
        return self.codes.setdefault(code, len(self.codes) + 1)

    def questions_of(self, conditions: tuple[Node | None, ...]) -> tuple[Question, ...]:
        """Questions that together ask about all ``conditions`` in order, each within what the core matches at once."""
        size = MAX_PATTERNS // (2 * MAX_CLAUSES)
        groups = [conditions] if len(conditions) <= size else []
        if not groups:
            made = self.question(conditions)
            if len(made.patterns) <= MAX_PATTERNS:
                return (made,)
            del self.questions[made.number - self.first :]
            groups = [conditions[start : start + size] for start in range(0, len(conditions), size)]
        return tuple(self.question(group) for group in groups)

    def question(self, conditions: tuple[Node | None, ...]) -> Question:
        made = Question(self.first + len(self.questions), conditions, unconditional=all(condition is None for condition in conditions))
        self.questions.append(made)
        for index, condition in enumerate(conditions):
            for holds in (True, False):
                clauses: list[Clause] = ([()] if holds else []) if condition is None else self.clauses(made, condition, holds)
                for number, clause in enumerate(clauses):
                    made.patterns.append((f"q{made.number}r{index}{'h' if holds else 'f'}{number}", index, holds, clause))
        made.plans = [None if condition is None else self.plan(made, condition) for condition in conditions]
        for atom in made.atoms:
            made.open |= {atom.name + "_l": -1, atom.name + "_h": 1} if atom.kind == "margin" else {atom.name: OPEN}
        return made

    def clauses(self, question: Question, node: Node, wanted: bool) -> list[Clause]:
        if isinstance(node, Not):
            return self.clauses(question, node.item, not wanted)
        if isinstance(node, Const):
            return [()] if node.value is wanted else []
        if isinstance(node, (And, Or)):
            parts = [self.clauses(question, item, wanted) for item in node.items]
            if isinstance(node, And) is not wanted:
                joined = [clause for part in parts for clause in part]
                return joined if len(joined) <= MAX_CLAUSES else self.split(question, node, wanted)
            size = 1
            for part in parts:
                size *= len(part)
            return _product(parts) if size <= MAX_CLAUSES else self.split(question, node, wanted)
        return self.tests(question, node, wanted)

    def split(self, question: Question, node: And | Or, wanted: bool) -> list[Clause]:
        """Ask about parts of ``node`` by themselves until every part is one test, and there are few of them."""
        items = list(node.items)
        while len(items) > MAX_CLAUSES:
            group, items = items[:MAX_CLAUSES], items[MAX_CLAUSES:]
            items.append(type(node)(node.type, node.text, node.column, items=tuple(group)))
        parts = [self.clauses(question, item, wanted) if _is_atom(item) else [] for item in items]
        alone = [clauses if len(clauses) == 1 else self.named(question, item, wanted) for item, clauses in zip(items, parts, strict=True)]
        if isinstance(node, And) is not wanted:
            return [clause for clauses in alone for clause in clauses]
        return _product(alone)

    def named(self, question: Question, item: Node, wanted: bool) -> list[Clause]:
        """One test on the answer to ``item``, asked as a question of its own."""
        part = _Named(item.type, item.text, item.column, inner=item)
        return [((self.atom(question, part, "truth"), "==", TRUE if wanted else FALSE),)]

    # -- atoms --------------------------------------------------------------------------------------------------

    def atom(self, question: Question, node: Node, kind: str) -> str:
        known = question.known.get((kind, node.inner if isinstance(node, _Named) else node))
        if known is not None:
            return known.name
        auxiliary = None
        if isinstance(node, _Named):
            auxiliary = self.question((node.inner,))
            question.auxiliaries.append(auxiliary)
            node = node.inner
        made = question.known[kind, node] = Atom(node, kind, f"a{len(question.atoms)}", auxiliary)
        question.atoms.append(made)
        return made.name

    def tests(self, question: Question, node: Node, wanted: bool) -> list[Clause]:
        kind, of = _told_as(node)
        name = self.atom(question, of, kind)
        if kind == "truth":
            return [((name, "==", TRUE if wanted else FALSE),)]
        assert isinstance(node, Compare)
        if kind == "margin":
            return _margin_tests(name, node.operator, wanted)
        code = self.intern(str(_constant(node.right)))
        if (node.operator == "==") is wanted:
            return [((name, "==", code),)]
        return [((name, "!=", code), (name, "!=", OPEN))]

    def tell(self, question: Question, env: Any, answers: Answers) -> tuple[Told, list[Any]]:
        """The integers that stand for the atoms, in their order, and what each condition means."""
        told = question.open.copy()
        meant: list[Any] = []
        for plan in question.plans:
            if plan is None:
                meant.append(True)
                continue
            decisive = plan.decisive
            missing = NO_CAUSES
            for probe in plan.items:
                value = probe(env, told, answers)
                if value is decisive:
                    meant.append(value)
                    break
                if value is not (not decisive):
                    missing |= value.causes
            else:
                meant.append(Unknown(missing) if missing else not decisive)
        return told, meant

    # -- evaluation ---------------------------------------------------------------------------------------------

    def plan(self, question: Question, condition: Node) -> Plan:
        """The plan of a condition; an atom that stands for several of its items at once is told with the first."""
        joined = isinstance(condition, (And, Or))
        items = condition.items if isinstance(condition, (And, Or)) else (condition,)
        found = [_atoms_of(question, item) for item in items]
        within = {atom.name for atoms in found for atom in atoms}
        found[0] += [atom for atom in question.atoms if atom.auxiliary is not None and atom.name not in within]
        return Plan(not joined or isinstance(condition, Or), tuple(self.probe(question, *pair) for pair in zip(items, found, strict=True)))

    def probe(self, question: Question, item: Node, atoms: list[Atom]) -> Probe:
        """What evaluates an item; each test in it is evaluated once, for both its value and its atom."""
        if atoms and all(atom.auxiliary is None for atom in atoms):
            atom = atoms[0]
            if isinstance(item, Not):
                inner = self.probe(question, item.item, atoms)
                return lambda env, told, answers: _negated(inner(env, told, answers))
            if isinstance(item, (And, Or)):
                parts = [self.probe(question, part, _atoms_of(question, part)) for part in item.items]
                return _joined_probe(parts, isinstance(item, Or))
            if isinstance(item, Compare) and atom.kind == "margin" and atom.node == item:
                return _margin_probe(item, atom.name)
            if isinstance(item, Compare) and atom.kind == "code" and atom.node == item.left:
                return self.code_probe(item, atom.name)
            if atom.kind == "truth" and atom.node == item:
                return _truth_probe(item, atom.name)
        run, tellers = compile_node(item), [self.teller(atom) for atom in atoms]

        def probe(env: Any, told: Told, answers: Answers) -> Any:
            value = run(env)
            for tell in tellers:
                tell(env, told, answers)
            return value

        return probe

    def code_probe(self, item: Compare, name: str) -> Probe:
        left, test, wanted, codes = compile_node(item.left), COMPARISONS[item.operator], _constant(item.right), self.codes
        same = item.operator == "=="

        def probe(env: Any, told: Told, answers: Answers) -> Any:
            value = left(env)
            if value.__class__ is str:
                told[name] = codes.get(value) or self.intern(value)
                return (value == wanted) is same
            elif value is None:
                told[name] = 0
            return test(value, wanted)

        return probe

    def teller(self, atom: Atom) -> Callable[[Any, Told, Answers], None]:
        name = atom.name
        if atom.kind == "margin":
            assert isinstance(atom.node, Compare)
            left, right, bottom, top = compile_node(atom.node.left), compile_node(atom.node.right), name + "_l", name + "_h"

            def tell_margin(env: Any, told: Told, answers: Answers) -> None:
                told[bottom], told[top] = margin(left(env), right(env))

            return tell_margin
        run, number, truth = compile_node(atom.node), atom.auxiliary.number if atom.auxiliary is not None else None, atom.kind == "truth"

        def tell(env: Any, told: Told, answers: Answers) -> None:
            value = run(env) if number is None else answers[number]
            if not isinstance(value, Unknown):
                told[name] = int(value) if truth else 0 if value is None else self.intern(value)

        return tell


def _margin_probe(item: Compare, name: str) -> Probe:
    left, right, test, bottom, top = compile_node(item.left), compile_node(item.right), COMPARISONS[item.operator], name + "_l", name + "_h"

    def probe(env: Any, told: Told, answers: Answers) -> Any:
        one, two = left(env), right(env)
        told[bottom], told[top] = margin(one, two)
        return test(one, two)

    return probe


def _joined_probe(parts: list[Probe], decisive: bool) -> Probe:
    """Of parts joined by `or` (where true decides) or `and` (where false does), all are told."""

    def probe(env: Any, told: Told, answers: Answers) -> Any:
        decided, missing = False, NO_CAUSES
        for part in parts:
            value = part(env, told, answers)
            if value is decisive:
                decided = True
            elif value is not (not decisive):
                missing |= value.causes
        return decisive if decided else Unknown(missing) if missing else not decisive

    return probe


def _truth_probe(item: Node, name: str) -> Probe:
    run = compile_node(item)

    def probe(env: Any, told: Told, answers: Answers) -> Any:
        value = run(env)
        if not isinstance(value, Unknown):
            told[name] = int(value)
        return value

    return probe


def _negated(value: Any) -> Any:
    return value if isinstance(value, Unknown) else not value


def _constant(node: Node) -> Any:
    assert isinstance(node, Const)
    return node.value


def _told_as(node: Node) -> tuple[str, Node]:
    """The kind of the atom that stands for a test, and what its integers say."""
    if isinstance(node, Compare):
        kind, right = node.left.type.kind, node.right
        if kind in ("number", "date") and not (node.left.type.nullable or right.type.nullable):
            return "margin", node
        if kind == "code" and isinstance(right, Const) and node.operator in ("==", "!="):
            return "code", node.left
    return "truth", node


def _atoms_of(question: Question, item: Node) -> list[Atom]:
    """The atoms that stand for the tests of an item, and for parts of it that are asked about by themselves."""
    found: dict[str, Atom] = {}
    todo = [item]
    while todo:
        node = todo.pop()
        atom = question.known.get(_told_as(node))
        if atom is not None:
            found[atom.name] = atom
        if isinstance(node, Not):
            todo.append(node.item)
        elif isinstance(node, (And, Or)):
            todo += reversed(node.items)
    return list(found.values())


class _Named(Node):
    """A part of a condition that is asked about by itself."""

    inner: Node
    PARTS = ("inner",)


def _is_atom(node: Node) -> bool:
    return _is_atom(node.item) if isinstance(node, Not) else not isinstance(node, (And, Or))


def _product(parts: list[list[Clause]]) -> list[Clause]:
    clauses: list[Clause] = [()]
    for part in parts:
        clauses = [left + tuple(test for test in right if test not in left) for left in clauses for right in part]
    return clauses


def _margin_tests(atom: str, operator: str, wanted: bool) -> list[Clause]:
    """Tests on the lower (`_l`) and upper (`_h`) bound of left minus right."""
    negated = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "==": "!=", "!=": "=="}
    operator = operator if wanted else negated[operator]
    bottom, top = atom + "_l", atom + "_h"
    if operator == "==":
        return [((bottom, "==", 0), (top, "==", 0))]
    if operator == "!=":
        return [((bottom, ">", 0),), ((top, "<", 0),)]
    return [((bottom if operator in (">", ">=") else top, operator, 0),)]


def margin(left: Any, right: Any) -> tuple[int, int]:
    """The signs of the bounds of left minus right, and `BOUND` where there is no bound: all that a test against 0 asks for."""
    if left.__class__ is int and right.__class__ is int:
        sign = (left > right) - (left < right)
        return sign, sign
    if left is None or right is None:
        return -1, 1
    return _sign(low(left), high(right), -BOUND), _sign(high(left), low(right), BOUND)


def _sign(left: Any, right: Any, unbounded: int) -> int:
    if left is None or right is None:
        return unbounded
    sign: int = (left > right) - (left < right)
    return sign
