"""`kazets fmt`: one layout for the files of a ruleset. Comments, order and quotes stay; only blanks and line breaks change."""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.drafting.cases import named
from engine.law.files import read_text
from engine.law.yaml_files import parse_yaml
from engine.problems import EngineDefect, input_error

WIDTH, INDENT, OFFSET = 140, 2, 2


def files_to_format(path: Path) -> list[Path]:
    """The YAML files at ``path``: itself, or all in the folder.

    Raises:
        InputError: there is none.
    """
    found = [path] if path.is_file() else sorted(path.rglob("*.yaml"))
    if not found:
        raise input_error(str(path), 0, 0, "no YAML files here", "give a file or folder of a ruleset")
    return found


def formatted(text: str, name: str) -> str:
    """The text in the one layout; what it says is the same.

    Raises:
        InputError: it is not plain YAML, or a comment stands where the layout would lose it.
        EngineDefect: the layout would change what the file says.
    """
    before = parse_yaml(text, name).data
    after = _laid_out(text)
    if parse_yaml(after, name).data != before:
        raise EngineDefect(f"{name}: formatting would change what the file says")
    if _bare(after) != _bare(text):
        raise input_error(
            name, _first_difference(text, after), 1, "the layout cannot keep this comment", "put it on a line of its own, above"
        )
    return after


def _first_difference(text: str, after: str) -> int:
    """The line (from 1) on which the bare texts part."""
    kept, line = _bare(after), 1
    position = 0
    for number, written in enumerate(text.splitlines(), 1):
        bare = _bare(written)
        if kept[position : position + len(bare)] != bare:
            return number
        position, line = position + len(bare), number
    return line


def _laid_out(text: str) -> str:
    from ruamel.yaml import YAML

    yaml: Any = YAML()
    yaml.preserve_quotes, yaml.width = True, WIDTH
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    yaml.indent(mapping=INDENT, sequence=INDENT + OFFSET, offset=OFFSET)
    out = io.StringIO()
    yaml.dump(yaml.load(text), out)
    lines = (line.rstrip() for line in out.getvalue().splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


def _bare(text: str) -> str:
    """The text without what a layout may change: blanks, line breaks, and the backslashes around a break in quotes."""
    return re.sub(r"\s+", "", re.sub(r"\\\n\s*\\?", "", text))


def changed_files(path: Path) -> Iterator[tuple[Path, str]]:
    """The files that the layout would change, each with its new text.

    Raises:
        InputError: a file is not plain YAML.
        EngineDefect: the layout would change what a file says.
    """
    for file in files_to_format(path):
        text = read_text(file, named(file))
        new = formatted(text, named(file))
        if new != text:
            yield file, new


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is there whole, or as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        if path.exists():
            Path(part).chmod(path.stat().st_mode)
        os.replace(part, path)
    finally:
        Path(part).unlink(missing_ok=True)
