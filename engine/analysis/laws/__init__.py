"""Questions about the law itself: cases in which it is silent or contradicts itself, properties, and where two laws differ.

Every case that is shown was found by Z3 and confirmed by proving. Modules are loaded when they are asked for, so that
who only reads the law does not load Z3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.analysis.laws.comparing import Difference, Witnesses, witness
    from engine.analysis.laws.frame import Side
    from engine.analysis.laws.prove import Finding, Report, Under, prove_law
    from engine.analysis.laws.universe import Bounds

__all__ = ["Bounds", "Difference", "Finding", "Report", "Side", "Under", "Witnesses", "prove_law", "witness"]

_HOMES = {
    "frame": ("Side",),
    "prove": ("Finding", "Report", "Under", "prove_law"),
    "universe": ("Bounds",),
    "comparing": ("Difference", "Witnesses", "witness"),
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    home = next((module for module, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(f"{__name__}.{home}"), name)
