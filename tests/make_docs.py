"""Runs the commands of docs/guide.md and puts what they print into it: `python -m tests.make_docs`.

A block marked `console` holds `$ command` lines, each followed by what it prints; a block marked `diff FILE` changes a file
of the reader's copy of the law; `yaml FILE` adds to the end of one. In what is printed, `…` stands for what differs from
machine to machine.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

GUIDE = ROOT / "docs" / "guide.md"
_BLOCK = re.compile(r"```(console|diff|yaml)(?: ([^\n]+))?\n(.*?)```\n", re.DOTALL)
_SECONDS = re.compile(r"\(\d+\.\d s\)|law [0-9a-f]{12}")


class Desk:
    """A folder like the reader's: the law and the examples, and what the guide makes of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "rulesets", folder / "rulesets")
        shutil.copytree(ROOT / "examples", folder / "examples")

    def run(self, command: str) -> str:
        """What a command prints, output and errors together."""
        words = shlex.split(command)
        if words[0] == "kazets":
            words = [sys.executable, "-m", "cli", *words[1:]]
        assert words[0] in (sys.executable, "cp"), f"the guide may not run {words[0]}"
        env = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
        done = subprocess.run(words, cwd=self.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        assert "Traceback" not in done.stdout, done.stdout
        return _SECONDS.sub(lambda found: "(… s)" if found[0][0] == "(" else "law …", done.stdout)

    def change(self, file: str, diff: str) -> None:
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        before = "\n".join(line[1:] for line in diff.splitlines() if line[0] in "- ")
        after = "\n".join(line[1:] for line in diff.splitlines() if line[0] in "+ ")
        assert text.count(before) == 1, f"{file} does not have once: {before}"
        path.write_text(text.replace(before, after), encoding="utf-8")

    def add(self, file: str, text: str) -> None:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((path.read_text(encoding="utf-8") if path.exists() else "") + text, encoding="utf-8")


def played(guide: str, desk: Desk) -> Iterator[tuple[str, str]]:
    """Every block of the guide as it stands and as it ought to."""
    for block in _BLOCK.finditer(guide):
        kind, file, body = block[1], block[2], block[3]
        if kind == "console":
            commands = [line for line in body.splitlines() if line.startswith("$ ")]
            shown = "".join(f"{line}\n{desk.run(line[2:])}" for line in commands)
            yield block[0], f"```console\n{shown.rstrip()}\n```\n"
        else:
            (desk.change if kind == "diff" else desk.add)(file, body)
            yield block[0], block[0]


def main() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        for before, after in played(text, Desk(Path(folder))):
            text = text.replace(before, after, 1)
    GUIDE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
