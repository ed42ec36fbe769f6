"""A draft laid over the merged files of a ruleset: the tree of the law as it would be."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from engine.law.drafts import FORMS, DraftFile, cited, instrument_of
from engine.law.selection import ALWAYS
from engine.problems import InputError, Problem, did_you_mean

KIND = "draft"


def overlay(tree: Mapping[str, Any], drafts: Sequence[DraftFile]) -> dict[str, Any]:
    """The tree with every draft's changes made, in order; what is given stays as it is.

    Values of a draft come before all others, those of a later draft first; they are known whenever they are asked for.

    Raises:
        InputError: with everything that a change names and the law does not have.
    """
    made: dict[str, Any] = copy.deepcopy(dict(tree))
    made["drafts"] = []
    problems: list[Problem] = []
    for draft in drafts:
        _Overlay(made, draft, problems).apply()
    if problems:
        raise InputError(problems)
    return made


class _Overlay:
    """The changes of one draft, made in a tree."""

    def __init__(self, tree: dict[str, Any], draft: DraftFile, problems: list[Problem]) -> None:
        self.tree, self.draft, self.problems = tree, draft, problems
        self.instrument = instrument_of(draft.id)

    def apply(self) -> None:
        head, at = self.draft.head, list(self.draft.at("draft"))
        self.tree["instruments"][self.instrument] = {
            "title": head["title"],
            "short": head["title"],
            "kind": KIND,
            "authority": self.instrument,
            "at": at,
        }
        for order in self.tree["ruleset"]["authorities"].values():
            order.insert(0, self.instrument)
        for index, change in enumerate(self.draft.changes):
            if change["article"]["instrument"] not in self.tree["instruments"]:
                self.complain(index, ("article",), f"no instrument '{change['article']['instrument']}'", self.tree["instruments"])
            self.change(index, change)
        self.tree["drafts"].append(
            {
                **{part: head[part] for part in ("id", "title", "kind", "assumes")},
                "arithmetic": head.get("arithmetic", ""),
                "path": self.draft.path,
                "digest": self.draft.digest,
                "changes": [_remembered(change) | {"at": list(self.draft.at("changes", n))} for n, change in enumerate(self.draft.changes)],
                "at": at,
            }
        )

    def complain(self, index: int, path: tuple[Any, ...], message: str, words: Any = ()) -> None:
        self.problems.append(Problem(*self.draft.at("changes", index, *path), message, did_you_mean(message.split("'")[1], words)))

    def cite(self, change: Mapping[str, Any]) -> dict[str, str]:
        return {"instrument": self.instrument, "point": str(change["article"]["point"])}

    def change(self, index: int, change: dict[str, Any]) -> None:
        if "set" in change:
            self.set(index, change)
        elif "add" in change:
            self.add(index, change)
        elif "amend" in change:
            self.amend(index, change)
        elif "repeal" in change:
            self.repeal(index, change)
        else:
            self.insert_exception(index, change)

    # -- values -------------------------------------------------------------------------------------------------

    def set(self, index: int, change: dict[str, Any]) -> None:
        if change["set"] not in self.tree["parameters"]:
            self.complain(index, ("set",), f"no parameter '{change['set']}' is declared", self.tree["parameters"])
            return
        if change.get("phase") not in (None, *self.tree["phases"]):
            self.complain(index, ("phase",), f"no phase '{change['phase']}'", self.tree["phases"])
            return
        keyed = change["values"].items() if "values" in change else [(None, change["value"])]
        for key, value in keyed:
            place = ("values", key) if "values" in change else ("value",)
            kept = {part: change[part] for part in ("from", "to", "because", "at_least", "at_most", "note") if part in change}
            self.value(
                change["set"], key, change.get("phase"), kept | {"value": value, "cite": self.cite(change)}, ("changes", index, *place)
            )

    def value(self, parameter: str, key: Any, phase: str | None, entry: dict[str, Any], path: tuple[Any, ...]) -> None:
        self.tree["values"].append(
            {"known_from": ALWAYS.isoformat()}
            | entry
            | {"parameter": parameter, "key": key, "phase": phase, "draft": True, "at": list(self.draft.at(*path))}
        )

    # -- rules --------------------------------------------------------------------------------------------------

    def rule_named(self, index: int, form: str, name: str) -> dict[str, Any] | None:
        found = next((rule for rule in self.tree["rules"] if rule["rule"] == name), None)
        if found is None:
            self.complain(index, (form,), f"no rule '{name}'", [rule["rule"] for rule in self.tree["rules"]])
        return found

    def rule(self, rule: dict[str, Any], path: tuple[Any, ...], change: Mapping[str, Any]) -> None:
        parts = ("when", "value", "governed_by")
        marks = {part: self.runs((*path, part)) for part in parts if part in rule}
        filled = {"cite": self.cite(change)} | rule
        self.tree["rules"].append(filled | {"phase": None, "at": list(self.draft.at(*path)), "marks": marks})

    def runs(self, path: tuple[Any, ...]) -> list[list[int]]:
        """Where the characters of a text of the draft stand."""
        return [list(run) for run in self.draft.document.runs(path)]

    def amend(self, index: int, change: dict[str, Any]) -> None:
        found = self.rule_named(index, "amend", change["amend"])
        if found is None:
            return
        cites = found["cite"] if isinstance(found["cite"], list) else [found["cite"]]
        parts = {part: change[part] for part in ("when", "value", "says") if part in change}
        marks = {part: self.runs(("changes", index, part)) for part in parts if part != "says"}
        found.update(parts | {"cite": [self.cite(change), *cites], "marks": marks, "at": list(self.draft.at("changes", index))})

    def repeal(self, index: int, change: dict[str, Any]) -> None:
        what, begins = change["repeal"], change.get("from")
        if isinstance(what, str):
            found = self.rule_named(index, "repeal", what)
            if found is not None and begins is None:
                self.tree["rules"].remove(found)
            elif found is not None and begins is not None:
                found["in_force"] = _ended(found.get("in_force", {}), begins)
            return
        mine = [v for v in self.tree["values"] if v["parameter"] == what["parameter"] and ("key" not in what or v["key"] == what["key"])]
        if not mine:
            self.complain(index, ("repeal",), f"the law has no value of '{what['parameter']}'", self.tree["parameters"])
        for value in mine:
            if begins is None or value.get("from", ALWAYS.isoformat()) >= begins:
                self.tree["values"].remove(value)
            else:
                value.update(_ended(value, begins))

    def insert_exception(self, index: int, change: dict[str, Any]) -> None:
        displaced = self.rule_named(index, "except", change["except"])
        if displaced is not None:
            rule = {"decides": displaced["decides"], "exception_to": change["except"]} | change["rule"]
            self.rule(rule, ("changes", index, "rule"), change)

    # -- other parts --------------------------------------------------------------------------------------------

    def add(self, index: int, change: dict[str, Any]) -> None:
        path = ("changes", index, "add")
        for section, content in change["add"].items():
            if section == "rules":
                for number, rule in enumerate(content):
                    self.rule(rule, (*path, section, number), change)
            elif section == "values":
                for name, entries in content.items():
                    self.add_values(name, cited(entries, self.cite(change)), (*path, section, name))
            elif section == "codes":
                for name, part in content.items():
                    self.add_codes(name, part, (*path, section, name))
            else:
                self.declare(index, section, content, path)

    def add_values(self, name: str, entries: Any, path: tuple[Any, ...]) -> None:
        keyed = entries.items() if isinstance(entries, dict) and "value" not in entries else [(None, entries)]
        for key, part in keyed:
            for number, entry in enumerate(part if isinstance(part, list) else [part]):
                inner = (*path, *(() if key is None else (key,)), *((number,) if isinstance(part, list) else ()))
                self.value(name, key, None, entry, inner)

    def add_codes(self, name: str, part: dict[str, Any], path: tuple[Any, ...]) -> None:
        existing = self.tree["codes"].get(name)
        if existing is None:
            self.tree["codes"][name] = {**part, "at": list(self.draft.at(*path))}
        else:
            existing["members"] = existing["members"] | part["members"]

    def declare(self, index: int, section: str, content: dict[str, Any], path: tuple[Any, ...]) -> None:
        for name, part in content.items():
            if name in self.tree[section]:
                self.complain(index, ("add", section, name), f"{section}: '{name}' is declared already")
            else:
                self.tree[section][name] = {**part, "at": list(self.draft.at(*path, section, name))}


def _ended(content: Mapping[str, Any], day: str) -> dict[str, Any]:
    """An interval that ends on ``day`` at the latest."""
    return {**content, "to": min(str(content.get("to", day)), day)}


def _remembered(change: Mapping[str, Any]) -> dict[str, Any]:
    form = next(name for name in FORMS if name in change)
    written = change[form]
    if form == "add":
        target = ", ".join(_names(section, content) for section, content in written.items())
    else:
        target = written if isinstance(written, str) else str(written["parameter"])
    return {"form": form, "target": target, "article": dict(change["article"]), "reason": change["reason"]}


def _names(section: str, content: Any) -> str:
    named = [rule["rule"] for rule in content] if section == "rules" else [str(name) for name in content]
    return f"{section}: {', '.join(named)}"
