"""Which files make up a ruleset, and their common hash; needs no YAML, so that a cached law loads fast."""

from __future__ import annotations

import hashlib
from pathlib import Path

from engine.problems import input_error

SKIPPED = frozenset({"cases", "drafts", "samples"})


def ruleset_files(root: Path) -> list[Path]:
    """The YAML files of the law under ``root`` in a fixed order; cases, drafts and samples are not law.

    Raises:
        InputError: there is no ruleset at ``root``.
    """
    if not (root / "ruleset.yaml").is_file():
        raise input_error(str(root), 0, 0, "not a ruleset: it has no ruleset.yaml", "give the folder that holds ruleset.yaml")
    for odd in sorted(root.rglob("*.yml")):
        raise input_error(str(odd), 0, 0, "a file of the law ends in .yaml; this one would not be read", "rename it")
    files = [p for p in root.rglob("*.yaml") if not SKIPPED & set(p.relative_to(root).parts[:-1])]
    return sorted(files, key=lambda p: p.relative_to(root).as_posix())


def content_hashes(root: Path, files: list[Path]) -> tuple[str, dict[str, str]]:
    """SHA-256 over the names and bytes of the files, and by name that of each file alone."""
    digest, each = hashlib.sha256(), {}
    for path in files:
        content, name = path.read_bytes(), path.relative_to(root).as_posix()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
        each[name] = hashlib.sha256(content).hexdigest()
    return digest.hexdigest(), each
