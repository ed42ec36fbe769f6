"""The dossier: one determination as a document that stands on its own, as HTML or PDF."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from engine.explaining.dossier.contents import gather
from engine.explaining.dossier.rendering import as_html, as_pdf
from engine.explaining.sentences import Sentence
from engine.facts import Facts
from engine.law import Law
from engine.problems import InputError, Problem
from engine.proving import Inquiry, Root, ask

__all__ = ["make_dossier", "write_dossier"]


def make_dossier(
    law: Law,
    facts: Facts,
    inquiry: Inquiry,
    root: Root,
    language: str = "en",
    form: Literal["html", "pdf"] = "html",
    decision: tuple[str, str] | None = None,
    cure: Sequence[Sentence] | None = None,
    contrast: Sequence[Sentence] = (),
) -> bytes:
    """The dossier of one determination; the same question gives the same bytes.

    Args:
        root: what it is about.
        language: `en`, `ru` or `kk`.
        decision: (entity, decision) whose proof it shows; by default the one that sums up the result.
        cure: what would mend the result, in sentences; an empty list says that nothing would, None leaves the section out.
        contrast: what another law says of the decision, in sentences; none leave the section out.

    Raises:
        InputError: the question cannot be asked under this law.
        EngineDefect: proving failed; never a document.
    """
    main = root.entity == law.manifest["main"]
    summary = law.manifest["result"]["status"] if main else law.tree["entities"][root.entity]["result"]["decision"]
    owner = decision or (root.entity, str(summary))
    (determination,) = ask(law, facts, inquiry, [root], "brief")
    dossier = gather(law, facts, inquiry, determination, owner, language, cure, contrast)
    return as_html(dossier) if form == "html" else as_pdf(dossier)


def write_dossier(path: Path, content: bytes) -> None:
    """Write the file whole or not at all: whoever reads it meanwhile sees the old one.

    Raises:
        InputError: the file cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            # A file that mkstemp makes is for its owner only; a document gets the rights that any new file would.
            mask = os.umask(0)
            os.umask(mask)
            temporary.chmod(0o666 & ~mask)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        remedy = "give a file in a folder that exists and that you may write to"
        raise InputError([Problem("--output", 0, 0, f"cannot write {path}: {error.strerror}", remedy)]) from None
