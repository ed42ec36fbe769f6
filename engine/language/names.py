"""What a name in an expression stands for."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any, TypeVar

from engine.language.nodes import Builtin, Column, Const, Decision, Lookup, Node, Parameter, Rows, Var
from engine.language.problems import ExpressionError
from engine.language.scope import EntitySpec, Scope
from engine.language.types import BOOL, DATE, NONE, NUMBER, Type, row
from engine.problems import nearest

Made = TypeVar("Made", bound=Node)
_CONSTANTS = {"true": True, "false": False}


class Names:
    """Resolves names for the reader of one expression; the grammar itself is in `grammar`."""

    def __init__(self, text: str, scope: Scope) -> None:
        self.text, self.scope = text, scope
        self._lines = text.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._ascii = text.isascii()

    # -- positions and errors -----------------------------------------------------------------------------------

    def offset(self, line: int, column_bytes: int) -> int:
        """Character offset in the expression; `ast` counts UTF-8 bytes, and line 1 carries our opening parenthesis."""
        taken = max(column_bytes - (1 if line == 1 else 0), 0)
        if self._ascii:
            return self._starts[line - 1] + taken
        source = self._lines[line - 1] if line <= len(self._lines) else ""
        return self._starts[line - 1] + len(source.encode()[:taken].decode(errors="ignore"))

    def span(self, tree: ast.expr) -> tuple[int, int]:
        start = self.offset(tree.lineno, tree.col_offset)
        return start, self.offset(tree.end_lineno or tree.lineno, tree.end_col_offset or tree.col_offset)

    def text_of(self, tree: ast.expr) -> str:
        start, end = self.span(tree)
        return " ".join(self.text[start:end].split())

    def error(self, tree: ast.expr, message: str) -> ExpressionError:
        start, end = self.span(tree)
        return ExpressionError(message, start, max(end - start, 1))

    def error_at(self, node: Node, message: str) -> ExpressionError:
        return ExpressionError(message, node.column, max(len(node.text), 1))

    def make(self, tree: ast.expr, made: type[Made], result: Type, /, **parts: Any) -> Made:
        start, end = self.span(tree)
        text = self.text[start:end]
        return made(result, text if text.isidentifier() else " ".join(text.split()), start, **parts)

    # -- names --------------------------------------------------------------------------------------------------

    def read(self, tree: ast.expr, expect: Type | None = None) -> Node:
        raise AssertionError("the reader defines this")

    def fit(self, node: Node, expect: Type) -> Node:
        raise AssertionError("the reader defines this")

    def is_bare(self, tree: ast.expr) -> bool:
        """A single name that means nothing by itself: perhaps a code."""
        if not isinstance(tree, ast.Name) or tree.id in _CONSTANTS or tree.id == "none":
            return False
        return self.start(tree, [tree.id]) is None

    def taken(self, variable: str) -> bool:
        """Whether a name means something already, so that a loop that took it would hide that."""
        vocabulary = self.scope.vocabulary
        if variable in self.scope.variables or variable in _CONSTANTS or variable == "none":
            return True
        if variable in vocabulary.builtins or variable in vocabulary.parameters:
            return True
        return any(
            variable in (entity.name, entity.row) or (entity.name, variable) in vocabulary.decisions or variable in entity.relations
            for entity in vocabulary.main_names(self.scope.entity)
        )

    def name(self, tree: ast.Name | ast.Attribute, expect: Type | None) -> Node:
        parts = _dotted(tree)
        if parts is None:
            assert isinstance(tree, ast.Attribute)
            return self.attribute(tree, self.read(tree.value), tree.attr)
        if len(parts) == 1:
            word = parts[0]
            if word in _CONSTANTS:
                return self.make(tree, Const, BOOL, value=_CONSTANTS[word])
            if word == "none":
                return self.make(tree, Const, NONE, value=None)
            if expect is not None and expect.kind in ("code", "set") and expect.codes and word in self.scope.vocabulary.codes[expect.codes]:
                return self.code(tree, word, expect.codes)
        found = self.start(tree, parts)
        if found is None:
            raise self.unknown(tree, parts, expect)
        node, used = found
        for part in parts[used:]:
            if node.type.kind not in ("row", "ref") and not isinstance(node, Rows):
                near = _near(".".join(parts), self.scope.vocabulary.parameters)
                raise self.error(tree, f"'{node.text}' is a {node.type}: it has no '{part}'" + near)
            node = self.attribute(tree, node, part)
        return node

    def code(self, tree: ast.expr, word: str, codes: str) -> Node:
        """A bare code, unless something else that could stand there has the same name."""
        other = self.start(tree, [word])
        if other is not None and other[0].type.kind == "code" and other[0].type.codes == codes:
            raise self.error(tree, f"'{word}' is both a code of '{codes}' and the name of another value: rename one of them")
        return self.make(tree, Const, Type("code", codes=codes), value=word)

    def start(self, tree: ast.expr, parts: list[str]) -> tuple[Node, int] | None:
        """The node that the first parts mean, and how many of them it took."""
        vocabulary, word = self.scope.vocabulary, parts[0]
        if word in self.scope.variables:
            return self.make(tree, Var, self.scope.variables[word], name=word), 1
        for length in range(len(parts), 0, -1):
            joined = ".".join(parts[:length])
            if joined in vocabulary.builtins:
                return self.make(tree, Builtin, vocabulary.builtins[joined], name=joined), length
            if joined in vocabulary.parameters:
                return self.parameter(tree, joined, None, None), length
        chain = vocabulary.main_names(self.scope.entity)
        for entity in chain:
            if len(parts) > 1 and word in (entity.row, entity.name):
                return self.make(tree, Var, row(entity.name), name=entity.name), 1
        for entity in chain:
            owner = self.make(tree, Var, row(entity.name), name=entity.name)
            if (entity.name, word) in vocabulary.decisions or word in entity.relations:
                return self.attribute(tree, owner, word), 1
            if word == entity.row and entity.table is not None:
                return owner, 1
        return None

    def attribute(self, tree: ast.expr, base: Node, name: str) -> Node:
        """`base.name` for a row, an entity instance or a reference."""
        vocabulary, kind = self.scope.vocabulary, base.type
        if isinstance(base, Rows):
            return self.cell(tree, base, name)
        entity = vocabulary.entities.get(kind.table or "") if kind.kind == "row" else None
        if entity is not None:
            decision = vocabulary.decisions.get((entity.name, name))
            if decision is not None:
                return self.make(tree, Decision, decision.type, base=base, name=name)
            if name in entity.relations:
                return self.rows(tree, base, entity, name)
            if name == "year" and entity.years:
                return self.make(tree, Column, NUMBER, base=base, name="@year")
            if entity.table is None:
                raise self.error(tree, f"'{entity.row}' has no '{name}'" + _near(name, self._names_of(entity)))
            if name == entity.row:
                return base
            table = entity.table
        elif kind.kind in ("row", "ref") and kind.table:
            table = kind.table
        else:
            raise self.error(tree, f"'{base.text}' is a {kind}: it has no '{name}'")
        column = vocabulary.tables[table].columns.get(name)
        if column is None:
            names = list(vocabulary.tables[table].columns)
            names += self._names_of(entity) if entity is not None else []
            raise self.error(tree, f"'{table}' has no '{name}'" + _near(name, names))
        return self.make(tree, Column, column.type.or_none(kind.nullable), base=base, name=name)

    def rows(self, tree: ast.expr, base: Node, entity: EntitySpec, name: str) -> Node:
        relation = entity.relations[name]
        return self.make(tree, Rows, row(relation.entity or relation.table or ""), base=base, relation=name)

    def cell(self, tree: ast.expr, rows: Rows, name: str) -> Node:
        key = self.relation_of(rows).key
        if not rows.keys or len(rows.keys) != len(key):
            raise self.error(
                tree, f"'{rows.text}' is a group of rows: name one by {rows.relation}[{', '.join(key)}] or use sum(… for … in …)"
            )
        table = self.scope.vocabulary.tables[rows.type.table or ""]
        column = table.columns.get(name)
        if column is None:
            raise self.error(tree, f"'{table.name}' has no '{name}'" + _near(name, table.columns))
        return self.make(tree, Lookup, column.type.or_none(not table.measured), rows=rows, column_name=name, minimum=column.minimum)

    def relation_of(self, rows: Rows) -> Any:
        return self.scope.vocabulary.entities[rows.base.type.table or ""].relations[rows.relation]

    # -- parameters and keys ------------------------------------------------------------------------------------

    def parameter(self, tree: ast.expr, name: str, key: Node | None, at: Node | None) -> Node:
        spec = self.scope.vocabulary.parameters[name]
        when = at or self.governing(tree, spec.governed_by)
        return self.make(tree, Parameter, spec.type, name=name, key=key, at=when, minimum=spec.minimum)

    def governing(self, tree: ast.expr, name: str) -> Node:
        from engine.language.grammar import read

        vocabulary, entity, within = self.scope.vocabulary, self.scope.entity, self.scope.governing
        found: Node | None = vocabulary.governing_dates.get((name, entity))
        if found is not None:
            return found
        if name in within:
            raise self.error(tree, f"the governing date '{name}' depends on itself: {' -> '.join([*within, name])}")
        try:
            inside = Scope(vocabulary, entity, governing=(*within, name))
            found = vocabulary.governing_dates[name, entity] = read(vocabulary.governing[name], inside, DATE)
        except ExpressionError as problem:
            raise self.error(tree, f"its governing date '{name}' has no meaning for '{entity}': {problem.message}") from None
        return found

    def parameter_at(self, tree: ast.BinOp) -> Node:
        left = self.read(tree.left)
        if not isinstance(left, Parameter):
            raise self.error_at(left, "`@` takes a parameter on its left: parameter @ date")
        changed: Node = left.but(at=self.fit(self.read(tree.right), DATE), text=self.text_of(tree))
        return changed

    def _subscript(self, tree: ast.Subscript, expect: Type | None) -> Node:
        base = self.read(tree.value)
        keys = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
        if isinstance(base, Parameter) and base.key is None:
            keyed = self.scope.vocabulary.parameters[base.name].keyed_by
            if keyed is None or len(keys) != 1:
                raise self.error(tree, f"'{base.name}' takes {'one key' if keyed else 'no key'}")
            wanted = NUMBER if keyed == "year" else Type("code", codes=keyed)
            key = self.fit(self.read(keys[0], wanted), wanted.or_none())
            spec = self.scope.vocabulary.parameters[base.name]
            members = tuple(sorted(self.scope.vocabulary.codes[keyed])) if keyed != "year" else ()
            return self.make(
                tree, Parameter, spec.type.or_none(), name=base.name, key=key, at=base.at, members=members, minimum=spec.minimum
            )
        if isinstance(base, Rows) and not base.keys:
            relation = self.relation_of(base)
            if len(keys) > len(relation.key) or relation.table is None:
                raise self.error(tree, f"'{base.relation}' is keyed by {', '.join(relation.key) or 'nothing'}")
            columns = self.scope.vocabulary.tables[relation.table].columns
            read = tuple(
                self.fit(self.read(k, columns[c].type), columns[c].type.or_none()) for k, c in zip(keys, relation.key, strict=False)
            )
            return self.make(tree, Rows, base.type, base=base.base, relation=base.relation, keys=read)
        raise self.error(tree, f"'{base.text}' takes no key")

    # -- unknown names ------------------------------------------------------------------------------------------

    def _names_of(self, entity: EntitySpec) -> list[str]:
        return [name for owner, name in self.scope.vocabulary.decisions if owner == entity.name] + list(entity.relations)

    def unknown(self, tree: ast.expr, parts: list[str], expect: Type | None) -> ExpressionError:
        vocabulary, name = self.scope.vocabulary, ".".join(parts)
        if expect is not None and expect.kind == "code" and expect.codes:
            return self.error(tree, f"'{name}' is not in the code list '{expect.codes}'" + _near(name, vocabulary.codes[expect.codes]))
        names: list[str] = [*self.scope.variables, *vocabulary.builtins, *vocabulary.parameters]
        for entity in vocabulary.main_names(self.scope.entity):
            names += [entity.row, *self._names_of(entity)]
        return self.error(tree, f"'{name}' is not defined" + _near(name, names))


def _near(name: str, names: Iterable[str]) -> str:
    close = nearest(name, names)
    return f": did you mean '{close}'?" if close else ""


def _dotted(tree: ast.expr) -> list[str] | None:
    parts: list[str] = []
    while isinstance(tree, ast.Attribute):
        parts.append(tree.attr)
        tree = tree.value
    return [tree.id, *reversed(parts)] if isinstance(tree, ast.Name) else None
