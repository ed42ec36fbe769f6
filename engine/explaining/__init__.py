"""From a proof to what a person reads."""

from typing import TYPE_CHECKING

from engine.doors import door

if TYPE_CHECKING:
    from engine.explaining.json_form import as_json, proof_json, receipt
    from engine.explaining.proof_text import ProofText
    from engine.explaining.text_form import determination_text, law_lines
    from engine.explaining.words import Words

__all__ = ["ProofText", "Words", "as_json", "determination_text", "law_lines", "proof_json", "receipt"]
__getattr__ = door(
    __name__,
    globals(),
    {
        "json_form": ("as_json", "proof_json", "receipt"),
        "proof_text": ("ProofText",),
        "text_form": ("determination_text", "law_lines"),
        "words": ("Words",),
    },
)
