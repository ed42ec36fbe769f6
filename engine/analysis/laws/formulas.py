"""Formulas and terms of Z3 with the constants folded: what is decided already is a plain truth value or number.

They are made without the coercions of `z3.And` and its like, which would take most of the time of an encoding.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import z3

from engine.analysis.symbols import Formula, numeral

_NUMERALS: dict[int | Fraction, Any] = {}


def conj(*parts: Formula) -> Formula:
    """All of them."""
    kept: dict[int, Any] = {}
    for part in parts:
        if part is False:
            return False
        if part is not True:
            kept.setdefault(part.get_id(), part)
    return True if not kept else next(iter(kept.values())) if len(kept) == 1 else _made(z3.Z3_mk_and, [*kept.values()])


def disj(*parts: Formula) -> Formula:
    """One of them."""
    kept: dict[int, Any] = {}
    for part in parts:
        if part is True:
            return True
        if part is not False:
            kept.setdefault(part.get_id(), part)
    return False if not kept else next(iter(kept.values())) if len(kept) == 1 else _made(z3.Z3_mk_or, [*kept.values()])


def _made(make: Callable[..., Any], parts: list[Any]) -> Any:
    context = parts[0].ctx
    array = (z3.Ast * len(parts))(*(part.as_ast() for part in parts))
    return z3.BoolRef(make(context.ref(), len(parts), array), context)


def neg(part: Formula) -> Formula:
    """Its contrary."""
    if isinstance(part, bool):
        return not part
    if part.decl().kind() == z3.Z3_OP_NOT:
        return part.arg(0)
    return z3.BoolRef(z3.Z3_mk_not(part.ctx.ref(), part.as_ast()), part.ctx)


def lift_number(value: Any) -> Any:
    """A number as a term; the same few constants stand in many formulas."""
    if isinstance(value, z3.ExprRef):
        return value
    found = _NUMERALS.get(value)
    if found is None:
        found = _NUMERALS[value] = numeral(value)
    return found


def pick(guard: Formula, then: Any, other: Any) -> Any:
    """A number by a condition."""
    if isinstance(guard, bool):
        return then if guard else other
    if then is other or (not isinstance(then, z3.ExprRef) and not isinstance(other, z3.ExprRef) and then == other):
        return then
    if isinstance(then, z3.ExprRef) and isinstance(other, z3.ExprRef) and then.eq(other):
        return then
    one, two = lift_number(then), lift_number(other)
    if one.is_int() is not two.is_int():
        return z3.If(guard, one, two)
    return z3.ArithRef(z3.Z3_mk_ite(guard.ctx.ref(), guard.as_ast(), one.as_ast(), two.as_ast()), guard.ctx)


def test(left: Any, operator: str, right: Any) -> Formula:
    """`left operator right` for two ends, decided where both are constants."""
    if not isinstance(left, z3.ExprRef) and not isinstance(right, z3.ExprRef):
        return {"<": left < right, "<=": left <= right, "==": left == right}[operator]
    one, two = lift_number(left), lift_number(right)
    if one.eq(two):
        return operator != "<"
    return one < two if operator == "<" else one <= two if operator == "<=" else one == two
