"""The error that every stage of reading an expression raises."""

from __future__ import annotations


class ExpressionError(ValueError):
    """An expression is wrong; ``column`` is the first wrong character, from 0, and the message says how to mend it."""

    def __init__(self, message: str, column: int, length: int = 1) -> None:
        super().__init__(message)
        self.message, self.column, self.length = message, column, length
