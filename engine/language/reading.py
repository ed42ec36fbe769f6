"""Expression text -> typed nodes, each text once for each place in which it stands."""

from __future__ import annotations

from engine.language.nodes import Node
from engine.language.problems import ExpressionError
from engine.language.scope import Scope
from engine.language.types import Type


def parse(text: str, scope: Scope, expect: Type | None = None) -> Node:
    """Parse and check one expression.

    Args:
        text: the source; `true`, `false` and `none` are the constants.
        scope: what the names mean.
        expect: the type the expression must have; codes are recognised by it.

    Raises:
        ExpressionError: with the column of the first character that is wrong, and how to mend it.
    """
    known = None if scope.variables or scope.governing else scope.vocabulary.parsed
    node = known.get(scope.entity, text, expect) if known is not None else None
    if node is None:
        from engine.language.grammar import read  # not loaded for a law whose texts were all read before

        node = read(text, scope, expect)
        if known is not None:
            known.keep(scope.entity, text, expect, node)
    return node


def parse_call_free(text: str, scope: Scope) -> Node:
    """Parse a dotted path, as relations are declared with.

    Raises:
        ExpressionError: it is something else than a dotted path of known names.
    """
    node = parse(text, scope)
    if not all(part.isidentifier() for part in text.split(".")):
        raise ExpressionError(f"'{text}' must be a dotted name", 0)
    return node
