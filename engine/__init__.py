"""A rules engine for dated, sourced law: exact, three-valued, with a proof for every decision.

The engine knows no law. Everything it decides comes from the ruleset it is given.
"""

__version__ = "0.1.0"
