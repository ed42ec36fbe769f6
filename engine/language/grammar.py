"""Expression text -> typed, unit-checked nodes.

The grammar and the positions are those of Python's own parser (`ast`); only the listed constructs are admitted, and
nothing is ever executed. Decimals are read from the source text, never from `ast`'s floats.
"""

from __future__ import annotations

import ast
from fractions import Fraction

from engine.language import functions
from engine.language.names import Names
from engine.language.nodes import (
    Aggregate,
    And,
    Arithmetic,
    Call,
    Compare,
    Const,
    If,
    In,
    IsNone,
    Node,
    Not,
    Or,
    Parameter,
    Rows,
)
from engine.language.problems import ExpressionError
from engine.language.scope import Scope
from engine.language.types import BOOL, NONE, NUMBER, Type, code, number
from engine.language.values import exact
from engine.problems import nearest

MAX_TEXT, MAX_NODES, MAX_DEPTH, MAX_DIGITS = 4_000, 400, 40, 40
_COMPARE = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_COUNTED = (ast.expr, ast.comprehension, ast.keyword)
_ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def read(text: str, scope: Scope, expect: Type | None) -> Node:
    """Parse and check one expression; arguments and errors as in `engine.language.reading.parse`."""
    if len(text) > MAX_TEXT:
        raise ExpressionError(
            f"the expression has {len(text):,} characters; at most {MAX_TEXT:,} are read: split it into named decisions", 0
        )
    try:
        tree = ast.parse(f"({text}\n)", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(_syntax(error), _offset(text, error)) from None
    if not text.strip():
        raise ExpressionError("the expression is empty", 0)
    if (tree.lineno, tree.col_offset) == (1, 0) and not isinstance(tree, (ast.Tuple, ast.GeneratorExp)):
        raise ExpressionError("not an expression: a parenthesis is closed that was not opened", max(text.find(")"), 0))
    reader = _Reader(text, scope)
    if len(text) > MAX_DEPTH:  # no node is shorter than a character
        reader.measure(tree)
    node = reader.read(tree, expect)
    return reader.fit(node, expect) if expect is not None else node


def _syntax(error: BaseException) -> str:
    return f"not an expression: {error.msg}" if isinstance(error, SyntaxError) else f"not an expression: {error}"


def _offset(text: str, error: BaseException) -> int:
    if isinstance(error, SyntaxError) and error.lineno and error.offset:
        lines = text.split("\n")
        before = sum(len(line) + 1 for line in lines[: error.lineno - 1])
        return max(0, min(before + error.offset - (2 if error.lineno == 1 else 1), max(len(text) - 1, 0)))
    return 0


class _Reader(Names):
    """One expression being read."""

    def measure(self, tree: ast.expr) -> None:
        todo: list[tuple[ast.AST, int]] = [(tree, 1)]
        seen = 0
        while todo:
            node, depth = todo.pop()
            seen += 1
            if seen > MAX_NODES or depth > MAX_DEPTH:
                raise ExpressionError("the expression is too large or too deep: split it into named decisions", 0)
            todo += [(child, depth + 1) for child in ast.iter_child_nodes(node) if isinstance(child, _COUNTED)]

    # -- one node -----------------------------------------------------------------------------------------------

    def read(self, tree: ast.expr, expect: Type | None = None) -> Node:
        if isinstance(tree, (ast.Name, ast.Attribute)):
            return self.name(tree, expect)
        handler = getattr(self, "_" + type(tree).__name__.lower(), None)
        if handler is None:
            raise self.error(tree, f"'{self.text_of(tree)}' is not allowed in a rule")
        node: Node = handler(tree, expect)
        return node

    def _constant(self, tree: ast.Constant, expect: Type | None) -> Node:
        value = tree.value
        if isinstance(value, bool) or value is None:
            raise self.error(tree, f"write {str(value).lower()}")
        if isinstance(value, (int, float)):
            text = self.text_of(tree).replace("_", "")
            if len(text) > MAX_DIGITS or not text.replace(".", "", 1).isdigit():
                raise self.error(tree, f"write the number in plain decimal digits, at most {MAX_DIGITS}")
            return self.make(tree, Const, NUMBER, value=exact(text))
        raise self.error(tree, "texts are not allowed in a rule: write a code without quotes")

    def _binop(self, tree: ast.BinOp, expect: Type | None) -> Node:
        if isinstance(tree.op, ast.MatMult):
            return self.parameter_at(tree)
        operator = _ARITHMETIC.get(type(tree.op))
        if operator is None:
            raise self.error(tree, "only + - * / and @ (a parameter at a date) combine values")
        left, right = self.read(tree.left), self.read(tree.right)
        for side in (left, right):
            if side.type.kind != "number":
                raise self.error_at(side, f"'{side.text}' is a {side.type}; {operator} takes numbers")
        if operator in "+-":
            left, right = self.same_unit(left, right, tree, f"cannot {'add' if operator == '+' else 'subtract'}")
            kind = left.type
        else:
            if operator == "/" and not self.fixed(right):
                raise self.error_at(right, "a divisor must be a number or a parameter, so that it cannot be zero by accident")
            if operator == "/" and _is_zero(right):
                raise self.error_at(right, "nothing can be divided by zero")
            unit = left.type.unit * right.type.unit if operator == "*" else left.type.unit / right.type.unit
            kind = number(unit)
        return self.make(tree, Arithmetic, kind.plain(), operator=operator, left=left, right=right)

    def _unaryop(self, tree: ast.UnaryOp, expect: Type | None) -> Node:
        if isinstance(tree.op, ast.Not):
            return self.make(tree, Not, BOOL, item=self.condition(tree.operand))
        if isinstance(tree.op, ast.USub):
            item = self.read(tree.operand)
            if item.type.kind != "number":
                raise self.error_at(item, f"'{item.text}' is a {item.type}; - takes a number")
            zero = self.make(tree, Const, item.type.plain(), value=0)
            return self.make(tree, Arithmetic, item.type.plain(), operator="-", left=zero, right=item)
        raise self.error(tree, "only `not` and `-` stand before a value")

    def _boolop(self, tree: ast.BoolOp, expect: Type | None) -> Node:
        items = tuple(self.condition(item) for item in tree.values)
        return self.make(tree, And if isinstance(tree.op, ast.And) else Or, BOOL, items=items)

    def _ifexp(self, tree: ast.IfExp, expect: Type | None) -> Node:
        test = self.condition(tree.test)
        then, other = self.pair(tree.body, tree.orelse, expect)
        then, other = self.alike(then, other, tree)
        kind = other.type if then.type.kind == "none" else then.type
        kind = kind.or_none(then.type.nullable or other.type.nullable)
        return self.make(tree, If, kind, test=test, then=then, other=other)

    def _compare(self, tree: ast.Compare, expect: Type | None) -> Node:
        parts, left = [], tree.left
        for operator, right in zip(tree.ops, tree.comparators, strict=True):
            parts.append(self.comparison(tree, left, operator, right))
            left = right
        return parts[0] if len(parts) == 1 else self.make(tree, And, BOOL, items=tuple(parts))

    def comparison(self, tree: ast.Compare, left_tree: ast.expr, operator: ast.cmpop, right_tree: ast.expr) -> Node:
        if isinstance(operator, (ast.In, ast.NotIn)):
            node = self.membership(tree, left_tree, right_tree)
            return node if isinstance(operator, ast.In) else self.make(tree, Not, BOOL, item=node)
        symbol = _COMPARE.get(type(operator))
        if symbol is None:
            raise self.error(tree, "compare with == != < <= > >= in, not in")
        left, right = self.pair(left_tree, right_tree, None)
        if NONE in (left.type, right.type):
            if symbol not in ("==", "!="):
                raise self.error(tree, "none is neither less nor more than anything: use == none or != none")
            item = left if right.type == NONE else right
            if not item.type.nullable:
                raise self.error_at(item, f"'{item.text}' is never none")
            test = self.make(tree, IsNone, BOOL, item=item)
            return test if symbol == "==" else self.make(tree, Not, BOOL, item=test)
        left, right = self.alike(left, right, tree)
        kinds = ("number", "date") if symbol not in ("==", "!=") else ("number", "date", "code", "ref", "text", "bool")
        if left.type.kind not in kinds:
            raise self.error(tree, f"'{left.text}' is a {left.type}: {symbol} does not apply")
        node = self.make(tree, Compare, BOOL, operator=symbol, left=left, right=right)
        if symbol in ("==", "!="):
            return node
        guards = [_is_given(side) for side in (left, right) if side.type.nullable]
        return self.make(tree, And, BOOL, items=(*guards, node)) if guards else node

    def membership(self, tree: ast.Compare, item_tree: ast.expr, of_tree: ast.expr) -> Node:
        if isinstance(of_tree, (ast.Tuple, ast.List, ast.Set)):
            item = self.read(item_tree)
            members = tuple(self.fit(self.read(member, item.type), item.type.or_none()) for member in of_tree.elts)
            return self.make(tree, In, BOOL, item=item, members=members)
        of = self.read(of_tree)
        if of.type.kind != "set":
            raise self.error_at(of, f"'{of.text}' is a {of.type}, not a set")
        item = self.read(item_tree, code(of.type.codes) if of.type.codes else None)
        if (item.type.codes if item.type.kind == "code" else None) != of.type.codes or item.type.kind not in ("code", "number"):
            raise self.error_at(item, f"'{item.text}' is a {item.type}; '{of.text}' is a {of.type}")
        if item.type.kind == "number":
            item = self.fit(item, NUMBER.or_none())
        return self.make(tree, In, BOOL, item=item, of=of)

    # -- calls and generators -----------------------------------------------------------------------------------

    def _call(self, tree: ast.Call, expect: Type | None) -> Node:
        if not isinstance(tree.func, ast.Name):
            raise self.error(tree, f"'{self.text_of(tree.func)}' is not a function")
        name = tree.func.id
        generator = tree.args[0] if len(tree.args) == 1 and isinstance(tree.args[0], ast.GeneratorExp) else None
        if generator is not None:
            return self.aggregate(tree, name, generator, expect)
        known = functions.SIGNATURES.get(name)
        if known is None:
            near = nearest(name, [*functions.SIGNATURES, *functions.AGGREGATES])
            raise self.error(tree, f"there is no function '{name}'" + (f": did you mean '{near}'?" if near else ""))
        if tree.keywords:
            raise self.error(tree, f"{name}() takes no named arguments here")
        arguments = [self.read(argument, expect if name in ("min", "max", "default") else None) for argument in tree.args]
        try:
            arguments, kind = known(self, arguments)
        except functions.Misuse as misuse:
            raise self.error(tree, f"{name}(): {misuse}") from None
        return self.make(tree, Call, kind, function=name, arguments=tuple(arguments))

    def aggregate(self, tree: ast.Call, name: str, generator: ast.GeneratorExp, expect: Type | None) -> Node:
        if name not in functions.AGGREGATES:
            raise self.error(tree, f"{name}() does not take `… for … in …`: use {', '.join(sorted(functions.AGGREGATES))}")
        clause = generator.generators[0]
        if len(generator.generators) != 1 or len(clause.ifs) > 1 or clause.is_async or not isinstance(clause.target, ast.Name):
            raise self.error(tree, "one `for` with one name and at most one `if` (join conditions with `and`)")
        over = self.read(clause.iter)
        if isinstance(over, Rows):
            kind = over.type
        elif over.type.kind == "set":
            kind = code(over.type.codes) if over.type.codes else NUMBER
        else:
            raise self.error_at(over, f"'{over.text}' is a {over.type}: `for` goes over related rows or a set")
        variable = clause.target.id
        if self.taken(variable):
            raise self.error(clause.target, f"'{variable}' is already taken: choose another name")
        outer, self.scope = self.scope, self.scope.inside(variable, kind)
        try:
            condition = self.condition(clause.ifs[0]) if clause.ifs else None
            element = None if name == "count" else self.read(generator.elt, expect if name in ("min", "max") else None)
        finally:
            self.scope = outer
        fallback = self.fallback(tree, name, element)
        result = BOOL if name in ("any", "all") else NUMBER if element is None else element.type
        if name in ("any", "all") and (element is None or element.type.kind != "bool"):
            raise self.error(tree, f"{name}() takes a condition")
        if name == "sum" and result.kind != "number":
            raise self.error(tree, "sum() takes numbers")
        if name in ("min", "max"):
            if result.kind not in ("number", "date") or fallback is None:
                raise self.error(tree, f"{name}() over rows takes numbers or dates and needs `default=`")
            assert element is not None
            element, fallback = self.alike(element, fallback, tree)
            result = (element.type if element.type.kind != "none" else fallback.type).plain().or_none(fallback.type.nullable)
        return self.make(
            tree,
            Aggregate,
            result if name in ("min", "max") else result.plain(),
            function=name,
            variable=variable,
            over=over,
            element=element,
            condition=condition,
            default=fallback,
        )

    def fallback(self, tree: ast.Call, name: str, element: Node | None) -> Node | None:
        if not tree.keywords:
            return None
        keyword = tree.keywords[0]
        if name not in ("min", "max") or keyword.arg != "default" or len(tree.keywords) > 1:
            raise self.error(tree, f"{name}() takes no named argument" if name not in ("min", "max") else "only `default=` is allowed")
        return self.read(keyword.value, element.type if element else None)

    # -- fitting types ------------------------------------------------------------------------------------------

    def condition(self, tree: ast.expr) -> Node:
        return self.fit(self.read(tree), BOOL)

    def pair(self, left_tree: ast.expr, right_tree: ast.expr, expect: Type | None) -> tuple[Node, Node]:
        """Read two operands; a bare code is recognised by the type of the other."""
        if self.is_bare(left_tree) and not self.is_bare(right_tree) and expect is None:
            right = self.read(right_tree)
            return self.read(left_tree, right.type), right
        left = self.read(left_tree, expect)
        return left, self.read(right_tree, expect or left.type)

    def alike(self, left: Node, right: Node, tree: ast.expr) -> tuple[Node, Node]:
        if NONE in (left.type, right.type):
            return left, right
        if left.type.kind != right.type.kind:
            raise self.error(tree, f"'{left.text}' is a {left.type}, '{right.text}' is a {right.type}")
        if left.type.kind == "number":
            return self.same_unit(left, right, tree, "cannot compare")
        if left.type.codes != right.type.codes or left.type.table != right.type.table:
            raise self.error(tree, f"'{left.text}' is a {left.type}, '{right.text}' is a {right.type}")
        return left, right

    def same_unit(self, left: Node, right: Node, tree: ast.expr, what: str) -> tuple[Node, Node]:
        if left.type.unit == right.type.unit:
            return left, right
        if _is_zero(left):
            return self.cast(left, right.type), right
        if _is_zero(right):
            return left, self.cast(right, left.type)
        raise self.error(tree, f"{what} {left.type.unit} ('{left.text}') and {right.type.unit} ('{right.text}')")

    def cast(self, node: Node, kind: Type) -> Node:
        return Const(kind.plain(), node.text, node.column, value=0)

    def fit(self, node: Node, expect: Type) -> Node:
        """Check that ``node`` can stand where ``expect`` is wanted."""
        if node.type == NONE:
            if not expect.nullable:
                raise self.error_at(node, f"none cannot stand where a {expect} is wanted")
            return node
        if node.type.nullable and not expect.nullable and node.type.kind == expect.kind:
            raise self.error_at(node, f"'{node.text}' may be none, but a {expect} is wanted: use default(…, value)")
        if node.type.kind == "number" and expect.kind == "number" and node.type.unit != expect.unit:
            if _is_zero(node):
                return self.cast(node, expect)
            if isinstance(node, If):
                changed: Node = node.but(
                    type=expect.or_none(node.type.nullable), then=self.fit(node.then, expect), other=self.fit(node.other, expect)
                )
                return changed
            raise self.error_at(node, f"'{node.text}' is in {node.type.unit}, but {expect.unit} is wanted")
        wanted = (expect.kind, expect.codes, expect.table)
        if (node.type.kind, node.type.codes, node.type.table) != wanted:
            raise self.error_at(node, f"'{node.text}' is a {node.type}, but a {expect} is wanted")
        return node

    def fixed(self, node: Node) -> bool:
        """Whether the value depends on the law alone."""
        if isinstance(node, (Const, Parameter)):
            return True
        return isinstance(node, Call) and node.function == "size" and all(self.fixed(a) for a in node.arguments)


def _is_given(node: Node) -> Node:
    """`node != none`, as it would have been written."""
    test = IsNone(BOOL, f"{node.text} == none", node.column, item=node)
    return Not(BOOL, f"{node.text} != none", node.column, item=test)


def _is_zero(node: Node) -> bool:
    return isinstance(node, Const) and node.value == 0 and not isinstance(node.value, bool) and isinstance(node.value, (int, Fraction))
