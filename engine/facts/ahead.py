"""A case that is read while the law is loaded, by a process of its own: what a stranger wrote cannot take this one with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from engine.containment import begun

if TYPE_CHECKING:
    from engine.law.documents import Document


class Ahead(NamedTuple):
    """A file of facts that is being read.

    Attributes:
        document: waits until it has been read; raises `InputError` where it cannot be.
    """

    path: Path
    document: Callable[[], Document]


def read_ahead(path: Path) -> Path | Ahead:
    """Begin to read a file; a folder is read when it is asked for."""
    return Ahead(path, cache(begun(str(path), partial(_document, path)))) if path.is_file() else path


def _document(path: Path) -> Document:
    from engine.law.yaml_files import read_yaml  # in the process that reads only

    return read_yaml(path, str(path))
