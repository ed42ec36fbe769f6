"""From a proof to what a person reads."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.explaining.json_form import as_json, proof_json, receipt
    from engine.explaining.proof_text import ProofText
    from engine.explaining.text_form import determination_text, law_lines
    from engine.explaining.words import Words

__all__ = ["ProofText", "Words", "as_json", "determination_text", "law_lines", "proof_json", "receipt"]
_MODULES = {
    "json_form": ("as_json", "proof_json", "receipt"),
    "proof_text": ("ProofText",),
    "text_form": ("determination_text", "law_lines"),
    "words": ("Words",),
}


def __getattr__(name: str) -> Any:
    """Loaded when it is asked for: what a command does not tell, it does not wait for."""
    for module, names in _MODULES.items():
        if name in names:
            found = globals()[name] = getattr(import_module(f"engine.explaining.{module}"), name)
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
