"""Which files make up a ruleset, and their common hash; needs no YAML, so that a cached law loads fast."""

from __future__ import annotations

import hashlib
from pathlib import Path

from engine.problems import input_error

SKIPPED = frozenset({"cases", "drafts"})


def ruleset_files(root: Path) -> list[Path]:
    """The YAML files of the law under ``root`` in a fixed order; cases and drafts are not law.

    Raises:
        InputError: there is no ruleset at ``root``.
    """
    if not (root / "ruleset.yaml").is_file():
        raise input_error(str(root), 0, 0, "not a ruleset: it has no ruleset.yaml", "give the folder that holds ruleset.yaml")
    files = [p for p in root.rglob("*.yaml") if not SKIPPED & set(p.relative_to(root).parts[:-1])]
    return sorted(files, key=lambda p: p.relative_to(root).as_posix())


def content_hash(root: Path, files: list[Path]) -> str:
    """SHA-256 over the names and bytes of the files."""
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
