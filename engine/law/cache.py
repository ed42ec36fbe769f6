"""The compiled law on disk: JSON, named by the hash of everything it was made from, never executable."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any


def cache_dir() -> Path:
    """`$KAZETS_CACHE`, else the user's cache folder."""
    named = os.environ.get("KAZETS_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "kazets"


@cache
def engine_hash() -> str:
    """SHA-256 of the engine's own sources, as they were when it was first asked for."""
    root = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def load(key: str) -> Any:
    """What was stored under ``key``, or None; an entry that was damaged or changed counts as absent."""
    try:
        text = (cache_dir() / f"{key}.json").read_text(encoding="utf-8")
        stored = json.loads(text)
    except (OSError, ValueError):
        return None
    if not isinstance(stored, dict) or stored.get("key") != key or not isinstance(stored.get("content"), str):
        return None
    content = stored["content"]
    return json.loads(content) if stored.get("digest") == _digest(content) else None


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def store(key: str, content: Any) -> None:
    """Keep ``content``; a cache that cannot be written is no reason to stop."""
    folder = cache_dir()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
        try:
            written = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"key": key, "digest": _digest(written), "content": written}, file, ensure_ascii=False)
            os.replace(name, folder / f"{key}.json")
        finally:
            Path(name).unlink(missing_ok=True)
