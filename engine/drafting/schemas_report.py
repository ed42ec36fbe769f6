"""The JSON Schemas that editors and other programs read."""

from __future__ import annotations

import json
from pathlib import Path

from engine.explaining.terminal import say
from engine.problems import did_you_mean, input_error

SUFFIX = ".schema.json"


def schema_report(schema_dir: Path, name: str | None) -> None:
    """`kazets schema`: one schema as it stands in its file, or the names of all.

    Raises:
        InputError: there is no such schema.
    """
    files = {path.name.removesuffix(SUFFIX): path for path in sorted(schema_dir.glob(f"*{SUFFIX}"))}
    if name is None:
        width = max(len(one) for one in files)
        for one, path in files.items():
            say(f"{one:<{width}}  {json.loads(path.read_text(encoding='utf-8')).get('title', '')}".rstrip())
        return
    if name not in files:
        raise input_error("NAME", 0, 0, f"no schema '{name}'", did_you_mean(name, files))
    say(files[name].read_text(encoding="utf-8").rstrip("\n"))
