"""Where exactly in an entry of a file a finding stands: problems that were met on the merged law know only where the entry begins."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from engine.drafting.findings_codes import Finding
from engine.law.documents import Document

_QUOTED = re.compile(r"'([^'\n]+)'|(\{[^{}\n]+\})")
_OWN_NAME = re.compile(r"^(rule|phase|property|record|question|action|two rules are called) '[^']+'")
_PATH = re.compile(r"^([a-z_]+): ([\w.-]+)")
_SAYS = re.compile(r"^rule '[^']+'(?:, says: |, says has no )(?!\{)")
_LANGUAGE = re.compile(r"'(en|ru|kk)'")


def marked(one: Finding, document: Document | None) -> Finding:
    """The finding at the part of its entry that it speaks of, where its message names one."""
    entry = _entry_at(document, one) if document is not None and one.line else None
    if document is None or entry is None:
        return one
    place = _by_path(one, document, entry) or _by_name(one, document, entry)
    return replace(one, line=place[0], column=place[1]) if place is not None else one


def _entry_at(document: Document, one: Finding) -> tuple[Any, ...] | None:
    """The entry that begins where the finding stands; None where none does, because it is placed exactly already."""
    return next((path for path, mark in document.marks.items() if path and mark == (one.line, one.column) and path[-1] != "@value"), None)


def _by_path(one: Finding, document: Document, entry: tuple[Any, ...]) -> tuple[int, int] | None:
    """The text that the message names by its path, or its form in one language."""
    named = _PATH.match(one.message)
    if _SAYS.search(one.message):
        path: tuple[Any, ...] = (*entry, "says")
    elif named is not None and named[1] == entry[0]:
        path = _followed(document, named[1], named[2])
    else:
        return None
    language = _LANGUAGE.search(one.message)
    written = (*path, language[1]) if language is not None else path
    return document.marks.get(written, document.marks.get(path))


def _followed(document: Document, section: str, names: str) -> tuple[Any, ...]:
    """The path in a section that dotted names lead to, as far as they do: names may have points of their own."""
    path: tuple[Any, ...] = (section,)
    data, steps = document.data[section], names.split(".")
    while steps and isinstance(data, dict):
        length = next((n for n in range(len(steps), 0, -1) if ".".join(steps[:n]) in data), 0)
        if not length:
            break
        key = ".".join(steps[:length])
        path, data, steps = (*path, key), data[key], steps[length:]
    return path


def _by_name(one: Finding, document: Document, entry: tuple[Any, ...]) -> tuple[int, int] | None:
    """The first word within the entry that the message quotes."""
    message = _OWN_NAME.sub("", one.message)
    lines = document.text.splitlines()
    last = _end(document, one, entry)
    for quoted, braced in _QUOTED.findall(message):
        word = re.compile(rf"(?<![\w.-]){re.escape(quoted)}(?![\w-])" if quoted else re.escape(braced))
        for number in range(one.line, min(last, len(lines)) + 1):
            found = word.search(lines[number - 1], one.column - 1 if number == one.line else 0)
            if found is not None:
                return number, found.start() + 1
    return None


def _end(document: Document, one: Finding, entry: tuple[Any, ...]) -> int:
    """The last line of the entry that begins where the finding stands."""
    after = (line for path, (line, _) in document.marks.items() if line > one.line and path[: len(entry)] != entry)
    return min(after, default=len(document.text.splitlines()) + 1) - 1
