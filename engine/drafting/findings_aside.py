"""What is at fault is set aside, so that the rest can be looked at; what follows from that alone is no finding of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.drafting.findings_codes import Finding
from engine.law import DECLARING, Law, type_rule
from engine.law.documents import Document
from engine.law.schemas import Breach
from engine.problems import InputError, Problem, nearest

ONCE = ("ruleset", "phase")
_QUOTED = re.compile(r"'([^'\s]+)'")
_SECTION, _ENTRY = re.compile(r"([a-z_]+):"), re.compile(r"  ([\w.-]+):")
_DECIDES, _ID = re.compile(r"\s+decides: (\S+)"), re.compile(r"  id: (\S+)")
_LEADING = re.compile(r"[^\s:\[]+")


@dataclass
class Aside:
    """What was set aside so far.

    Attributes:
        names: of declarations.
        parameters: of which a value was.
        decisions: which a rule decides that was; None stands for any.
        unread: whether a whole file was.
    """

    names: set[str] = field(default_factory=set)
    parameters: set[str] = field(default_factory=set)
    decisions: set[str | None] = field(default_factory=set)
    unread: bool = False

    @property
    def nothing(self) -> bool:
        """Whether nothing was."""
        return not (self.names or self.parameters or self.decisions or self.unread)

    def note(self, section: str, key: Any, content: Any) -> None:
        """Remember an entry of a section of a file."""
        if section == "values":
            self.parameters.add(str(key))
        elif section == "rules":
            decides = content.get("decides") if isinstance(content, dict) else None
            self.decisions.add(decides if isinstance(decides, str) else None)
        elif section in ONCE:
            self.names |= {section, str(content.get("id", section)) if isinstance(content, dict) else section}
        else:
            self.names.add(str(key))

    def echoes(self, one: Finding) -> bool:
        """Whether a finding follows from what was set aside."""
        if one.code == "no-rule":
            name = _QUOTED.findall(one.message)[-1]
            return None in self.decisions or name in self.decisions or name in self.names
        if one.code in ("period-hole", "period-overlap"):
            found = _LEADING.match(one.message)
            return found is not None and found[0] in self.parameters
        if one.code == "missing-topic":
            return not self.parameters.isdisjoint(_QUOTED.findall(one.message))
        quoted = {part for name in _QUOTED.findall(one.message) for part in (name, *name.split("."))}
        return not self.names.isdisjoint(quoted)


def note_unread(file: Path, aside: Aside) -> None:
    """Remember what a file that is not YAML seems to say: its sections, entries and rules, by their indentation."""
    aside.unread, section = True, ""
    for line in file.read_bytes().decode("utf-8", "replace").splitlines():
        if found := _SECTION.match(line):
            section = found[1]
        elif found := _ENTRY.match(line):
            aside.note(section, found[1], {})
        elif found := _DECIDES.match(line):
            aside.decisions.add(found[1])
        if section in ONCE and (found := _ID.match(line)):
            aside.names.add(found[1])


def without(document: Document, breaches: list[Breach], aside: Aside) -> Document:
    """The document without the sections, rules, values and declarations that break the schema."""
    paths = {breach.path[:2] for breach in breaches}
    if not isinstance(document.data, dict) or () in paths:
        return document._replace(data={})
    data: dict[str, Any] = {}
    marks, spans = dict(document.marks), dict(document.spans)
    for section, content in document.data.items():
        if (section,) in paths or (section in ONCE and any(path[0] == section for path in paths)):
            aside.note(section, section, content)
        elif isinstance(content, dict):
            data[section] = {key: value for key, value in content.items() if (section, key) not in paths}
            for key in content.keys() - data[section].keys():
                aside.note(section, key, content[key])
        elif isinstance(content, list):
            kept = [index for index, part in enumerate(content) if (section, index) not in paths and isinstance(part, dict)]
            data[section] = [content[index] for index in kept]
            for index in set(range(len(content))) - set(kept):
                aside.note(section, index, content[index])
            for new, old in enumerate(kept):
                for path in (path for path in document.marks if path[:2] == (section, old)):
                    marks[section, new, *path[2:]] = document.marks[path]
                    spans.pop((section, new, *path[2:]), None)
                    if path in document.spans:
                        spans[section, new, *path[2:]] = document.spans[path]
    return document._replace(data=data, marks=marks, spans=spans)


def drop_declarations(tree: dict[str, Any], problems: list[Problem], aside: Aside) -> bool:
    """Leave out the declarations at fault; whether there were any."""
    places = {(problem.file, problem.line, problem.column) for problem in problems}
    found = False
    for section in DECLARING:
        for name, content in list(tree[section].items()):
            if tuple(content["at"]) in places:
                del tree[section][name]
                found = True
                aside.note(section, name, content)
                tree["values"] = [value for value in tree["values"] if value["parameter"] != name]
    return found


def sound_part(law: Law, aside: Aside) -> Law:
    """The law without the rules and values that cannot be understood; itself where there are none."""
    rules = [content for content in law.tree["rules"] if _understood(lambda c: type_rule(law, law._rule(c)), content)]
    values = [content for content in law.tree["values"] if _understood(law._entry, content)]
    if len(rules) == len(law.tree["rules"]) and len(values) == len(law.tree["values"]):
        return law
    decisions = [law.decision_name(*key) for key in law.vocabulary.decisions]
    for section, kept, key in (("rules", rules, "rule"), ("values", values, "parameter")):
        left = {id(content) for content in kept}
        for content in law.tree[section]:
            if id(content) not in left:
                aside.note(section, content[key], content)
                if section == "rules" and (meant := nearest(content["decides"], decisions)) is not None:
                    aside.decisions.add(meant)
    return Law({**law.tree, "rules": rules, "values": values}, law.digest)


def _understood(read: Any, content: dict[str, Any]) -> bool:
    try:
        read(content)
    except InputError:
        return False
    return True
