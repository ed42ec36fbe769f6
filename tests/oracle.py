"""A naive evaluator of rulesets, written from DESIGN ("Exact meaning"), to disagree with the engine where one of them is wrong.

It walks the Python `ast` of the texts themselves, looks names up in the merged YAML of the ruleset, tries every subset
of doubtful members and every world of open rules, and is slow. With the engine it shares plain data only: the merged
tree and the rows of `Facts` (whose unknown cells carry their bounds).
"""

from __future__ import annotations

import ast
import itertools
import math
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

from engine.facts import Facts, Row
from engine.language import Unknown
from tests.oracle_values import (
    CONFLICT,
    GAP,
    NOTHING,
    UNKNOWN,
    Group,
    Instance,
    Open,
    Perhaps,
    Tree,
    Word,
    both,
    calculate,
    either,
    ends,
    equal,
    exactly,
    extreme,
    fold,
    half_up,
    hull,
    known,
    less,
    member,
    negation,
    settled,
    span,
    undisplaced,
)


class Oracle:
    """Decides everything about one root.

    Args:
        tree: the merged files of the ruleset, with one phase and one authority.
        facts: the facts; only its rows, `as_of` and `withheld` are read.
        year: of the root.
    """

    def __init__(self, tree: Tree, facts: Facts, year: int) -> None:
        self.tree, self.facts, self.year = tree, facts, year
        (self.phase,) = tree["phases"].values()
        self.main = tree["ruleset"]["main"]
        self.decisions: dict[tuple[str, str], Tree] = {}
        for written, spec in tree["decisions"].items():
            owner, _, name = written.rpartition(".")
            self.decisions[owner or self.main, name] = spec
        self.memory: dict[tuple[Instance, str], Any] = {}

    def root(self, key: str, year: int | None = None) -> Instance:
        (row,) = (r for r in self.facts.tables[self.tree["entities"][self.main]["table"]] if r.key == (key,))
        return Instance(self.main, row, self.year if year is None else year)

    def outcomes(self, instance: Instance) -> dict[str, Any]:
        return {name: self.decide(instance, name) for entity, name in self.decisions if entity == instance.entity}

    def parts(self, owner: Instance, entity: str) -> list[Instance]:
        spec = self.tree["entities"][entity]
        rows = self.matching(spec["table"], {c: self.path(owner, p) for c, p in spec["where"].items()})
        return [Instance(entity, row, owner.year, owner) for row in rows]

    def matching(self, table: str, where: Tree) -> list[Row]:
        return [r for r in self.facts.tables[table] if all(_identity(r.cells[c]) == _identity(v) for c, v in where.items())]

    def path(self, owner: Instance, path: str) -> Any:
        return self.eval(ast.parse(path, mode="eval").body, {"self": owner})

    # -- decisions ------------------------------------------------------------------------------------------------------

    def decide(self, instance: Instance, name: str) -> Any:
        if (instance, name) not in self.memory:
            self.memory[instance, name] = self._decide(instance, name)
        return self.memory[instance, name]

    def _decide(self, instance: Instance, name: str) -> Any:
        spec = self.decisions[instance.entity, name]
        rules = []
        for rule in self.tree["rules"]:
            owner, _, decided = rule["decides"].rpartition(".")
            if (owner or self.main, decided) == (instance.entity, name):
                holds = both([self.in_force(rule, instance), self.text(rule["when"], instance) if "when" in rule else True])
                value = self.text(rule["value"], instance) if "value" in rule else True
                above = rule.get("exception_to", [])
                rules.append((rule["rule"], holds, value, [above] if isinstance(above, str) else above))
        open_ones = [rule[0] for rule in rules if isinstance(rule[1], Open)]
        worlds = []
        for chosen in itertools.product((True, False), repeat=len(open_ones)):
            world = dict(zip(open_ones, chosen, strict=True))
            worlds.append(undisplaced({n: (value, above) for n, holds, value, above in rules if world.get(n, holds) is True}))
        if spec["type"] == "set":
            return self.joined(spec, [list(w.values()) for w in worlds])
        if all(w.keys() == worlds[0].keys() for w in worlds):
            worlds = worlds[:1]
        outcomes = [settled(list(w.values()), bool(spec.get("nullable"))) for w in worlds]
        if len(frozenset.intersection(*(frozenset(exactly(v) for v in w.values() if known(v)) for w in worlds))) > 1:
            return CONFLICT
        if len(outcomes) > 1 and any(isinstance(o, Open) or o == CONFLICT or exactly(o) != exactly(outcomes[0]) for o in outcomes):
            return Open(none=bool(spec.get("nullable")))
        return outcomes[0] if outcomes[0] != NOTHING else False if spec["type"] == "bool" else GAP

    def joined(self, spec: Tree, worlds: list[list[Any]]) -> Any:
        """The set that the rules of each world add up to; an unknown member may be any code."""
        codes = frozenset(self.tree["codes"][spec["codes"]]["members"])
        sets = [frozenset(v for v in values if known(v)) for values in worlds]
        sure = frozenset.intersection(*sets)
        maybe = frozenset.union(*sets, *(codes for values in worlds if not all(map(known, values)))) - sure
        return Perhaps(sure, maybe) if maybe else sure

    def in_force(self, rule: Tree, instance: Instance) -> Any:
        span_ = rule.get("in_force", {})
        if not span_:
            return True
        day = self.text(self.governing(rule.get("governed_by") or self.tree["entities"][instance.entity]["governed_by"]), instance)
        begins = [less(date.fromisoformat(span_["from"]), day, False)] if "from" in span_ else []
        return both([*begins, *([less(day, date.fromisoformat(span_["to"]), True)] if "to" in span_ else [])])

    def governing(self, name: str) -> str:
        return str(self.tree["governing_dates"][name]["is"])

    # -- parameters -----------------------------------------------------------------------------------------------------

    def parameter(self, name: str, env: Tree, key: Any = None, keyed: bool = False, at: Any = None) -> Any:
        spec = self.tree["parameters"][name]
        day = at if at is not None else self.text(self.governing(spec["governed_by"]), env["self"])
        if isinstance(key, Open) and spec["keyed_by"] != "year" and known(day):
            keys = [*self.tree["codes"][spec["keyed_by"]]["members"], *([None] if key.none else [])]
            return hull([self.parameter(name, env, one, True, day) for one in keys])
        if isinstance(day, Open) or isinstance(key, Open):
            return Open(none=bool(spec.get("nullable")) or (keyed and spec["keyed_by"] != "year"))
        if day is None or (keyed and key is None):
            return None
        fitting = [
            v for v in self.tree["values"]
            if v["parameter"] == name and v["key"] == key and v.get("from", "0001-01-01") <= day.isoformat() < v.get("to", "9999-12-31")
        ]  # fmt: skip
        if not fitting:
            return None if keyed and spec["keyed_by"] != "year" else Open(none=bool(spec.get("nullable")))
        written = max(fitting, key=lambda v: v.get("from", "0001-01-01"))["value"]
        if written == "unknown":
            return Open(spec.get("min"), None, bool(spec.get("nullable")))  # of a value that is listed
        if isinstance(written, dict):
            about, step = Fraction(str(written["about"])), Fraction(str(written["to"]))
            low, high = (about - step / 2, about + step / 2) if written.get("how", "rounded") == "rounded" else (about, about + step)
            return Open(low, high)  # a rounded figure is a figure
        if written == "none":
            return None
        if spec["type"] == "set":
            return frozenset(written)
        return Fraction(str(written)) if spec["type"] == "number" else date.fromisoformat(written) if spec["type"] == "date" else written

    # -- expressions ----------------------------------------------------------------------------------------------------

    def text(self, text: Any, instance: Instance) -> Any:
        written = {True: "true", False: "false"}.get(text, text) if isinstance(text, bool) else str(text)
        return self.eval(ast.parse(f"({written}\n)", mode="eval").body, {"self": instance})

    def eval(self, tree: ast.expr, env: Tree) -> Any:
        return getattr(self, "_" + type(tree).__name__.lower())(tree, env)

    def _constant(self, tree: ast.Constant, env: Tree) -> Any:
        return Fraction(str(tree.value))  # the decimals of the tests are short enough for `str`

    def _boolop(self, tree: ast.BoolOp, env: Tree) -> Any:
        return (both if isinstance(tree.op, ast.And) else either)([self.eval(v, env) for v in tree.values])

    def _unaryop(self, tree: ast.UnaryOp, env: Tree) -> Any:
        value = self.eval(tree.operand, env)
        return negation(value) if isinstance(tree.op, ast.Not) else calculate(ast.Sub, 0, value)

    def _binop(self, tree: ast.BinOp, env: Tree) -> Any:
        if isinstance(tree.op, ast.MatMult):
            at = self.eval(tree.right, env)
            if isinstance(tree.left, ast.Subscript):
                return self.parameter(ast.unparse(tree.left.value), env, self.eval(tree.left.slice, env), True, at)
            return self.parameter(ast.unparse(tree.left), env, at=at)
        return calculate(type(tree.op), self.eval(tree.left, env), self.eval(tree.right, env))

    def _ifexp(self, tree: ast.IfExp, env: Tree) -> Any:
        test, then, other = (self.eval(t, env) for t in (tree.test, tree.body, tree.orelse))
        return hull([then, other]) if isinstance(test, Open) else then if test else other

    def _compare(self, tree: ast.Compare, env: Tree) -> Any:
        found, left = [], tree.left
        for operator, right in zip(tree.ops, tree.comparators, strict=True):
            found.append(self.comparison(left, operator, right, env))
            left = right
        return both(found)

    def comparison(self, left_tree: ast.expr, operator: ast.cmpop, right_tree: ast.expr, env: Tree) -> Any:
        left = self.eval(left_tree, env)
        if isinstance(operator, (ast.In, ast.NotIn)):
            if isinstance(right_tree, ast.Tuple):
                inside = either([equal(left, self.eval(m, env)) for m in right_tree.elts])
            else:
                inside = member(left, self.eval(right_tree, env))
            return inside if isinstance(operator, ast.In) else negation(inside)
        right = self.eval(right_tree, env)
        if isinstance(operator, (ast.Eq, ast.NotEq)):
            if isinstance(right_tree, ast.Name) and right_tree.id == "none":
                same = self.missing(left)
            else:
                same = equal(left, right)
            return same if isinstance(operator, ast.Eq) else negation(same)
        if isinstance(operator, (ast.Gt, ast.GtE)):
            left, right = right, left
        return less(left, right, isinstance(operator, (ast.Lt, ast.Gt)))

    def _name(self, tree: ast.Name, env: Tree) -> Any:
        return self.dotted([tree.id], env)

    def _attribute(self, tree: ast.Attribute, env: Tree) -> Any:
        text = ast.unparse(tree)
        if all(part.isidentifier() for part in text.split(".")):
            return self.dotted(text.split("."), env)
        return self.attribute(self.eval(tree.value, env), tree.attr)

    def dotted(self, parts: list[str], env: Tree) -> Any:
        """Variables, constants, parameters, the instance and what it is a part of; any other word is a code."""
        value, rest = self.first(parts, env)
        for part in rest:
            value = self.attribute(value, part)
        return value

    def first(self, parts: list[str], env: Tree) -> tuple[Any, list[str]]:
        word = parts[0]
        if word in env and word != "self":
            return env[word], parts[1:]
        years = self.phase["years"]
        fixed = {"true": True, "false": False, "none": None, "year": env["self"].year, "phase": self.phase["id"], "plan": self.phase["plan"],
                 "as_of": self.facts.as_of, "plan.first_year": years["from"], "plan.last_year": years["to"]}  # fmt: skip
        for length in range(len(parts), 0, -1):
            name = ".".join(parts[:length])
            if name in fixed:
                return fixed[name], parts[length:]
            if name in self.tree["parameters"] and self.tree["parameters"][name].get("keyed_by") is None:
                return self.parameter(name, env), parts[length:]
        instance: Instance | None = env["self"]
        while instance is not None:
            spec = self.tree["entities"][instance.entity]
            if word in (spec["row"], instance.entity):
                return instance, parts[1:]
            if (instance.entity, word) in self.decisions or word in spec.get("relations", {}):
                return self.attribute(instance, word), parts[1:]
            instance = instance.parent
        return word, parts[1:]

    def attribute(self, owner: Any, name: str) -> Any:
        if owner is None or isinstance(owner, Open):
            return (
                None if owner is None else Open(none=owner.none or bool(self.tree["tables"][owner.table]["columns"][name].get("nullable")))
            )
        if isinstance(owner, Group):
            return self.cell_of_group(owner, name)
        if isinstance(owner, Row):
            return self.cell(owner, name)
        if (owner.entity, name) in self.decisions:
            outcome = self.decide(owner, name)
            return Open(none=bool(self.decisions[owner.entity, name].get("nullable"))) if isinstance(outcome, Word) else outcome
        if name in self.tree["entities"][owner.entity].get("relations", {}):
            return Group(owner, name)
        return owner.year if name == "year" else self.cell(owner.row, name)

    def cell(self, row: Row, name: str) -> Any:
        value, spec = row.cells[name], self.tree["tables"][row.table]["columns"][name]
        return Open(value.low, value.high, bool(spec.get("nullable")), spec.get("to")) if isinstance(value, Unknown) else value

    def _subscript(self, tree: ast.Subscript, env: Tree) -> Any:
        keys = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
        name = ast.unparse(tree.value)
        if name in self.tree["parameters"]:
            return self.parameter(name, env, self.eval(keys[0], env), True)
        return replace(self.eval(tree.value, env), keys=tuple(self.eval(k, env) for k in keys))

    # -- rows -----------------------------------------------------------------------------------------------------------

    def rows(self, group: Group) -> Any:
        """The members of a group; open where it is not certain which they are."""
        relation = self.tree["entities"][group.owner.entity]["relations"][group.relation]
        if relation.get("entity") in self.tree["entities"] and "of" in self.tree["entities"][relation["entity"]]:
            spec = self.tree["entities"][relation["entity"]]
            return UNKNOWN if self.doubtful(spec["table"], spec["where"]) else self.parts(group.owner, relation["entity"])
        where = {column: self.path(group.owner, path) for column, path in relation.get("where", {}).items()}
        table = relation.get("table") or self.tree["entities"][relation["entity"]]["table"]
        rest = [c for c in self.tree["tables"][table].get("key", []) if c not in where]
        where.update(zip(rest, group.keys, strict=False))
        if any(isinstance(v, Open) for v in where.values()) or self.doubtful(table, where):
            return UNKNOWN
        found = self.matching(table, where)
        if "entity" in relation:
            first = self.phase["years"]["from"]
            years = range(first, group.owner.year) if relation["years"] == "earlier" else [group.owner.year]
            return [Instance(relation["entity"], row, year) for row in found for year in years]
        return UNKNOWN if not found and self.tree["tables"][table]["absent"] == "unknown" else found

    def doubtful(self, table: str, columns: Any) -> bool:
        return table in self.facts.withheld or any(isinstance(r.cells[c], Unknown) for r in self.facts.tables[table] for c in columns)

    def cell_of_group(self, group: Group, name: str) -> Any:
        relation = self.tree["entities"][group.owner.entity]["relations"][group.relation]
        table = self.tree["tables"][relation["table"]]
        found = self.rows(group)
        if isinstance(found, Open):
            spec = table["columns"][name]
            return Open(spec.get("min"), None, bool(spec.get("nullable")) or table["absent"] == "none")
        return self.cell(found[0], name) if found else None

    # -- calls ----------------------------------------------------------------------------------------------------------

    def _call(self, tree: ast.Call, env: Tree) -> Any:
        assert isinstance(tree.func, ast.Name)
        name = tree.func.id
        if isinstance(tree.args[0], ast.GeneratorExp):
            return self.aggregate(name, tree.args[0], self.eval(tree.keywords[0].value, env) if tree.keywords else None, env)
        values = [self.eval(a, env) for a in tree.args]
        first = values[0]
        if name in ("min", "max"):
            return extreme(name, values)
        if name == "default":
            if isinstance(first, Open):
                return hull([replace(first, none=False), values[1]]) if first.none else first
            return values[1] if first is None else first
        if name in ("given", "some", "size"):
            return self.about(name, first)
        if name in ("floor", "ceil", "round_half_up"):
            rounding: Any = {"floor": math.floor, "ceil": math.ceil, "round_half_up": half_up}[name]
            low, high = (None if end is None else rounding(end) for end in ends(first))
            return span(low, high)
        if any(isinstance(v, Open) for v in values):
            return UNKNOWN
        if first is None:
            return None
        if name == "year_of":
            return first.year
        return date.fromisoformat(f"{int(values[1]):04}-{first}") if name == "day" else date(*map(int, values))

    def missing(self, value: Any) -> Any:
        """Whether it is none; a rounded figure is a figure."""
        return value is None if known(value) else UNKNOWN if value.none else False

    def about(self, name: str, value: Any) -> Any:
        if name == "given":
            return negation(self.missing(value))
        if isinstance(value, Open):
            return UNKNOWN
        if isinstance(value, Perhaps):
            return UNKNOWN if name == "size" or not value.sure else True
        return len(value) if name == "size" else bool(value)

    def aggregate(self, name: str, tree: ast.GeneratorExp, default: Any, env: Tree) -> Any:
        clause = tree.generators[0]
        assert isinstance(clause.target, ast.Name)
        over = self.eval(clause.iter, env)
        over = self.rows(over) if isinstance(over, Group) else over
        if isinstance(over, Open):
            return UNKNOWN
        pairs = (
            [(True, m) for m in over.sure] + [(UNKNOWN, m) for m in over.maybe] if isinstance(over, Perhaps) else [(True, m) for m in over]
        )
        certain: list[Any] = []
        doubtful: list[Any] = []
        for belongs, item in pairs:
            inner = {**env, clause.target.id: item}
            kept = both([belongs, *(self.eval(test, inner) for test in clause.ifs)])
            if kept is False:
                continue
            value = Fraction(1) if name == "count" else self.eval(tree.elt, inner)
            if name in ("min", "max") and isinstance(value, Open) and value.none:
                kept, value = UNKNOWN, replace(value, none=False)
            (certain if kept is True else doubtful).append(value)
        subsets = itertools.chain.from_iterable(itertools.combinations(doubtful, size) for size in range(len(doubtful) + 1))
        return hull([fold(name, [*certain, *subset], default) for subset in subsets])


def _identity(value: Any) -> Any:
    return value.key[0] if isinstance(value, Row) else value
