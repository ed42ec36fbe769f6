"""The expression language of the rulesets: Python's expression grammar, typed, unit-checked and three-valued."""

from engine.language.meaning import Context, compile_node
from engine.language.nodes import Node, children, walk
from engine.language.parsed import Parsed
from engine.language.problems import ExpressionError
from engine.language.reading import parse, parse_call_free
from engine.language.scope import (
    ColumnSpec,
    DecisionSpec,
    EntitySpec,
    InvariantSpec,
    ParameterSpec,
    RelationSpec,
    Scope,
    TableSpec,
    Vocabulary,
)
from engine.language.tracing import Trace, trace
from engine.language.types import BOOL, DATE, NONE, NUMBER, Type, code, number, reference, row, set_of
from engine.language.units import ONE, Unit, UnitError, parse_unit
from engine.language.values import Cause, OpenSet, Unknown, exact, show

__all__ = [
    "BOOL",
    "DATE",
    "NONE",
    "NUMBER",
    "ONE",
    "Cause",
    "ColumnSpec",
    "Context",
    "DecisionSpec",
    "EntitySpec",
    "ExpressionError",
    "InvariantSpec",
    "Node",
    "OpenSet",
    "ParameterSpec",
    "Parsed",
    "RelationSpec",
    "Scope",
    "TableSpec",
    "Trace",
    "Type",
    "Unit",
    "UnitError",
    "Unknown",
    "Vocabulary",
    "children",
    "code",
    "compile_node",
    "exact",
    "number",
    "parse",
    "parse_call_free",
    "parse_unit",
    "reference",
    "row",
    "set_of",
    "show",
    "trace",
    "walk",
]
