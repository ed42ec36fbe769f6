"""The compiled law on disk: JSON, named by the hash of everything it was made from, never executable."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

KEPT = 64
"""Entries that are kept: about as many megabytes for a law of the size of the shipped one."""


def cache_dir() -> Path:
    """`$KAZETS_CACHE`, else the user's cache folder."""
    named = os.environ.get("KAZETS_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "kazets"


@cache
def engine_hash(*parts: str) -> str:
    """SHA-256 of the engine's own sources, as they were when it was first asked for; of some of its folders only, if named."""
    root = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for path in sorted(path for folder in parts or ("",) for path in (root / folder).rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def load(key: str) -> list[Any] | None:
    """The parts that were stored under ``key``; an entry that was damaged or changed counts as absent."""
    try:
        head, _, content = (cache_dir() / f"{key}.json").read_bytes().partition(b"\n")
        return [json.loads(line) for line in content.splitlines()] if head == _head(key, content) else None
    except (OSError, ValueError):
        return None


def _head(key: str, content: bytes) -> bytes:
    """The first line of an entry; each line that follows it is a part of the content."""
    return json.dumps({"key": key, "digest": hashlib.sha256(content).hexdigest()}).encode()


def store(key: str, parts: Sequence[Any]) -> None:
    """Keep what JSON can hold, each part by itself: it is read faster so; a cache that cannot be written is no reason to stop."""
    import tempfile  # only where something has changed

    folder = cache_dir()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
        try:
            written = b"\n".join(json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode() for part in parts)
            with os.fdopen(handle, "wb") as file:
                file.write(_head(key, written) + b"\n" + written)
            os.replace(name, folder / f"{key}.json")
        finally:
            Path(name).unlink(missing_ok=True)
        _prune(folder)


def _prune(folder: Path) -> None:
    """Let go of the entries that were written first; whoever else does the same at this moment is in nobody's way."""
    entries = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    for path in entries[:-KEPT]:
        path.unlink(missing_ok=True)
