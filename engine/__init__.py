"""A rules engine for dated, sourced law: exact, three-valued, with a proof for every decision.

The engine knows no law. Everything it decides comes from the ruleset it is given.
"""

from pathlib import Path

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"
"""The JSON Schemas of every file that a person writes."""

__version__ = "0.1.0"
