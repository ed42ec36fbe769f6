"""The public door of a package whose modules are loaded when something of them is asked for: a command waits for what it uses only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def door(package: str, names: dict[str, Any], modules: Mapping[str, tuple[str, ...]]) -> Callable[[str], Any]:
    """What looks up the names of ``package`` that are not there yet (`__getattr__` of a module, PEP 562).

    Args:
        names: the globals of the package, in which what was found is kept.
        modules: of each module of the package what the package lends its name to.
    """
    home = {name: module for module, lent in modules.items() for name in lent}

    def find(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"module '{package}' has no attribute '{name}'")
        found = names[name] = getattr(import_module(f"{package}.{home[name]}"), name)
        return found

    return find
