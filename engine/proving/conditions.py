"""A condition -> flat conjunctions of tests on integers, once for *holds* and, negated, for *fails*.

Only strong-Kleene-safe rewriting is done: negation is pushed to the atoms and products are multiplied out. A condition
whose flat form would exceed `MAX_CLAUSES` is split through named auxiliary questions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from engine.language import Cause, Node, Unknown, compile_node, walk
from engine.language.meaning import Run
from engine.language.nodes import And, Compare, Const, Not, Or
from engine.language.values import high, low

MAX_CLAUSES = 8
MAX_PATTERNS = 60
"""Of one question: what the core matches at once."""
BOUND = 2**61
FALSE, TRUE, OPEN = 0, 1, -1

Test = tuple[str, str, int]
Clause = tuple[Test, ...]


@dataclass(frozen=True)
class Atom:
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
    """

    number: int
    conditions: tuple[Node | None, ...]
    atoms: list[Atom] = field(default_factory=list)
    patterns: list[tuple[str, int, bool, Clause]] = field(default_factory=list)
    auxiliaries: list[Question] = field(default_factory=list)
    plans: list[Plan | None] = field(default_factory=list)
    known: dict[tuple[str, Node], Atom] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """The items of a condition, joined by `and` or `or`, each with the atoms that it needs.

    Once an item decides the whole, the atoms of later items stay open: they cannot matter.
    """

    decisive: bool
    items: tuple[tuple[Run, tuple[Atom, ...]], ...]


class Flattener:
    """Makes the questions of one core ruleset; numbers and codes are shared among them."""

    def __init__(self) -> None:
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
            del self.questions[made.number :]
            groups = [conditions[start : start + size] for start in range(0, len(conditions), size)]
        return tuple(self.question(group) for group in groups)

    def question(self, conditions: tuple[Node | None, ...]) -> Question:
        made = Question(len(self.questions), conditions)
        self.questions.append(made)
        for index, condition in enumerate(conditions):
            for holds in (True, False):
                clauses: list[Clause] = ([()] if holds else []) if condition is None else self.clauses(made, condition, holds)
                for number, clause in enumerate(clauses):
                    made.patterns.append((f"q{made.number}r{index}{'h' if holds else 'f'}{number}", index, holds, clause))
        made.plans = [None if condition is None else _plan(made, condition) for condition in conditions]
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
        wanted = node.inner if isinstance(node, _Named) else node
        known = question.known.get((kind, wanted))
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
        if (
            isinstance(node, Compare)
            and node.left.type.kind in ("number", "date")
            and not (node.left.type.nullable or node.right.type.nullable)
        ):
            return _margin_tests(self.atom(question, node, "margin"), node.operator, wanted)
        if isinstance(node, Compare) and node.left.type.kind == "code" and isinstance(node.right, Const) and node.operator in ("==", "!="):
            name, code = self.atom(question, node.left, "code"), self.intern(str(node.right.value))
            if (node.operator == "==") is wanted:
                return [((name, "==", code),)]
            return [((name, "!=", code), (name, "!=", OPEN))]
        return [((self.atom(question, node, "truth"), "==", TRUE if wanted else FALSE),)]

    def tell(self, question: Question, env: Any, answers: dict[int, Any]) -> tuple[dict[str, int], list[Any]]:
        """The integers that stand for the atoms, and what each condition means.

        Args:
            answers: the values of the auxiliary questions, by number.
        """
        told: dict[str, int] = {}
        meant: list[Any] = []
        for plan in question.plans:
            if plan is None:
                meant.append(True)
                continue
            missing: frozenset[Cause] = frozenset()
            for run, atoms in plan.items:
                value = run(env)
                for atom in atoms:
                    if atom.name not in told:
                        self._tell_atom(atom, env, answers, told)
                if value is plan.decisive:
                    meant.append(value)
                    break
                if value is not (not plan.decisive):
                    missing |= value.causes
            else:
                meant.append(Unknown(missing) if missing else not plan.decisive)
        for atom in question.atoms:
            if atom.name not in told:
                told[atom.name] = OPEN
                if atom.kind == "margin":
                    told[atom.name + "_l"], told[atom.name + "_h"] = -1, 1
        return told, meant

    def _tell_atom(self, atom: Atom, env: Any, answers: dict[int, Any], told: dict[str, int]) -> None:
        told[atom.name] = OPEN
        if atom.kind == "margin":
            assert isinstance(atom.node, Compare)
            told[atom.name + "_l"], told[atom.name + "_h"] = margin(compile_node(atom.node.left)(env), compile_node(atom.node.right)(env))
            return
        value = answers[atom.auxiliary.number] if atom.auxiliary is not None else compile_node(atom.node)(env)
        if not isinstance(value, Unknown):
            told[atom.name] = int(value) if atom.kind == "truth" else 0 if value is None else self.intern(value)


def _plan(question: Question, condition: Node) -> Plan:
    """The plan of a condition; an atom that stands for several of its items at once is told with the first."""
    joined = isinstance(condition, (And, Or))
    items = condition.items if isinstance(condition, (And, Or)) else (condition,)
    found = [_atoms_of(question, item) for item in items]
    groups = tuple(atom for atom in question.atoms if atom.auxiliary is not None and not any(atom in atoms for atoms in found))
    found[0] += groups
    return Plan(
        not joined or isinstance(condition, Or), tuple((compile_node(item), atoms) for item, atoms in zip(items, found, strict=True))
    )


def _atoms_of(question: Question, item: Node) -> tuple[Atom, ...]:
    """The atoms of ``question`` that stand within ``item``."""
    inside = set(walk(item))
    return tuple(atom for atom in question.atoms if atom.node in inside)


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
    """Bounds of left minus right as integers of the same sign, so that tests against 0 are exact for any rationals."""
    if left is None or right is None:
        return -1, 1
    return _sign_kept(low(left), high(right), -BOUND), _sign_kept(high(left), low(right), BOUND)


def _sign_kept(left: Any, right: Any, unbounded: int) -> int:
    if left is None or right is None:
        return unbounded
    if isinstance(left, date):
        return int(left.toordinal() - right.toordinal())
    difference = left - right
    whole = difference.numerator if isinstance(difference, Fraction) else difference
    return max(-BOUND, min(BOUND, int(whole)))
