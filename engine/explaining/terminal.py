"""What goes to the terminal: lines and JSON on stdout, and on stderr a progress bar where a person waits."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

Item = TypeVar("Item")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def say_json(content: Any) -> None:
    say(json.dumps(content, ensure_ascii=False, indent=2))


def shown(items: Iterable[Item], label: str, total: int) -> Iterator[Item]:
    """``items``, with a bar as they come if stderr is a terminal."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, label, total=total, console=Console(stderr=True))
