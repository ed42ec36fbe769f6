"""Short forms for tests of the language: what an expression comes to over a small law, and how it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from engine.language import ExpressionError, Type, Unknown
from tests.small_law import outcome, typed

SITE = "installations: [{{id: A{}}}]"
OWN = "decisions: {{e: {{{}}}}}\nrules: [{}]"


def truth(condition: str, cells: str = "", more: str = "") -> Any:
    """What a condition comes to for an installation with these cells: True, False or `?`."""
    return shown(outcome("type: bool", f'[{{when: "{condition}"}}]', SITE.format(cells and ", " + cells), more))


def value(expression: str, cells: str = "", kind: str = "type: number", more: str = "", facts: str = "") -> Any:
    return outcome(kind, f'[{{value: "{expression}"}}]', facts or SITE.format(cells and ", " + cells), more)


def shown(found: Any) -> Any:
    return "?" if isinstance(found, Unknown) else found


def bounds(found: Any) -> tuple[Any, Any]:
    assert isinstance(found, Unknown)
    return found.low, found.high


def refused(text: str, expect: Type | None = None, entity: str = "site_year", more: str = "{}") -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        typed(text, expect, entity, more)
    return caught.value


def pointed_at(text: str, expect: Type | None = None) -> str:
    """The characters of ``text`` that its error points at."""
    error = refused(text, expect)
    return text[error.column : error.column + error.length]


def sectors(rules: str, cells: str = "") -> Any:
    return outcome("type: set, codes: sectors", rules, SITE.format(cells and ", " + cells))
