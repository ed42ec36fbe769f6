"""Findings as a person reads them in a terminal, and as editors, code hosts and other programs do."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from engine.containment import bounded
from engine.drafting.cases import named, ruleset_of
from engine.drafting.findings import findings_of
from engine.drafting.findings_codes import CODES, Finding
from engine.explaining.terminal import say, say_json
from engine.problems import input_error

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
SARIF_ROOT = "%SRCROOT%"
"""What readers of SARIF call the folder that relative addresses start from: here the working folder."""
_WORD = re.compile(r"[\w.-]+|.?")
_ESCAPED = {"%": "%25", "\r": "%0D", "\n": "%0A"}


def check_report(path: Path, schema_dir: Path, form: str) -> bool:
    """`kazets check`: tell what is wrong at ``path``; whether nothing is.

    Raises:
        InputError: ``path`` is no ruleset and stands in none, or is too much to be read.
    """
    if not path.exists():
        raise input_error(str(path), 0, 0, "no such file or folder", "give a ruleset, or a file or folder in one")
    root = ruleset_of(path)
    if root is None:
        raise input_error(str(path), 0, 0, "not in a ruleset: no ruleset.yaml here or above", "give the folder that holds ruleset.yaml")
    found = bounded(named(path), lambda: findings_of(path, root, schema_dir))
    if form == "json":
        say_json({"findings": [vars(one) for one in found]})
    elif form == "sarif":
        say_json(sarif(found))
    elif form == "github":
        for one in found:
            say(_annotation(one))
    else:
        sources = _Sources()
        for one in found:
            say("\n".join([*_told(one, sources), ""]))
        say(f"{len(found):,} finding{'s' if len(found) != 1 else ''}" if found else "nothing to mend")
    return not found


class _Sources:
    """The lines of the files, each read once."""

    def __init__(self) -> None:
        self._lines: dict[str, list[str]] = {}

    def line(self, file: str, number: int) -> str | None:
        if file not in self._lines:
            path = Path(file)
            self._lines[file] = path.read_text(encoding="utf-8-sig", errors="replace").splitlines() if path.is_file() else []
        lines = self._lines[file]
        return lines[number - 1] if 0 < number <= len(lines) else None


def _told(one: Finding, sources: _Sources) -> list[str]:
    place = one.file + (f":{one.line}:{one.column}" if one.line else "")
    lines = [f"{place}: {one.message} [{one.code}]"]
    source = sources.line(one.file, one.line) if one.line else None
    if source is not None:
        gutter = " " * len(str(one.line))
        before = "".join("\t" if c == "\t" else " " for c in source[: max(one.column - 1, 0)])
        lines += [f"  {one.line} | {source}", f"  {gutter} | {before}^"]
    return [*lines, *([f"  mend: {one.remedy}"] if one.remedy else [])]


def _annotation(one: Finding) -> str:
    """A workflow command of GitHub Actions: `::error file=…,line=…,col=…,title=…::message`."""
    message = one.message + (f" — {one.remedy}" if one.remedy else "")
    place = f"file={_property(one.file)}" + (f",line={one.line},col={one.column}" if one.line else "")
    return f"::error {place},title={one.code}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return "".join(_ESCAPED.get(c, c) for c in text)


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def sarif(found: list[Finding]) -> dict[str, Any]:
    """The findings in the Static Analysis Results Interchange Format, 2.1.0, of OASIS: places are of the working folder."""
    rules = [{"id": code, "shortDescription": {"text": text}, "help": {"text": f"See docs/findings.md, `{code}`."}} for code, text in CODES.items()]
    number, sources = {code: index for index, code in enumerate(CODES)}, _Sources()
    driver = {"name": "kazets", "version": version("kazets"), "rules": rules}
    results = []
    for one in found:
        message = one.message + (f" — {one.remedy}" if one.remedy else "")
        result: dict[str, Any] = {"ruleId": one.code, "ruleIndex": number[one.code], "level": "error", "message": {"text": message}}
        results.append({**result, "locations": [{"physicalLocation": _location(one, sources)}]})
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }


def _location(one: Finding, sources: _Sources) -> dict[str, Any]:
    """Where a finding stands: the file as an address, and the word that is marked."""
    file = Path(one.file)
    artifact = {"uri": file.as_uri()} if file.is_absolute() else {"uri": quote(file.as_posix()), "uriBaseId": SARIF_ROOT}
    if not one.line:
        return {"artifactLocation": artifact}
    start = max(one.column, 1)
    word = _WORD.match(sources.line(one.file, one.line) or "", start - 1)
    end = word.end() + 1 if word is not None else start
    return {"artifactLocation": artifact, "region": {"startLine": one.line, "startColumn": start, "endColumn": max(end, start)}}
