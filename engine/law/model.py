"""The law: vocabulary, sourced values, rules and phases, made from the merged files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.language import Vocabulary
from engine.law.reading_values import Unreadable, read_date, read_value
from engine.law.selection import ALWAYS, NEVER, Entry, Selection
from engine.law.vocabulary import build_vocabulary
from engine.problems import InputError, Problem, did_you_mean, input_error

if TYPE_CHECKING:
    from engine.law.drafts import Draft

Labels = Mapping[str, str]


class Rule(NamedTuple):
    """One rule as written.

    Attributes:
        decides: (entity, decision).
        when, value: expression texts; `when` absent means always, `value` absent means true.
        exception_to: rules that this one displaces where it holds.
        begins, ends: in force, judged on the governing date.
        marks: part -> where its text stands, as runs of characters on one line: (first character, from 0; line; column).
    """

    name: str
    decides: tuple[str, str]
    when: str | None
    value: str | None
    exception_to: tuple[str, ...]
    phases: tuple[str, ...] | None
    phase: str | None
    begins: date
    ends: date
    governed_by: str | None
    known_from: date
    known_to: date
    readings: Mapping[str, str]
    cites: tuple[tuple[str, str], ...]
    says: Labels
    at: tuple[str, int, int]
    marks: Mapping[str, tuple[tuple[int, int, int], ...]] = {}

    def place(self, part: str, character: int) -> tuple[int, int]:
        """The line and column of a character (from 0) of one of its texts; of the rule, where that text is not written out."""
        runs = [run for run in self.marks.get(part, ()) if run[0] <= character] or self.marks.get(part, ())[:1]
        return (runs[-1][1], runs[-1][2] + max(character - runs[-1][0], 0)) if runs else self.at[1:]


class Phase(NamedTuple):
    """A phase in one version: the years it governs and since when that is known."""

    id: str
    title: Labels
    first_year: int
    last_year: int
    plan: str | None
    inherits: str | None
    known_from: date
    cites: tuple[tuple[str, str], ...]
    note: Labels


class Law:
    """A whole ruleset.

    Args:
        tree: what `collect` returns.
        digest: the hash of the files.
        files: the hash of each file, by its path within the ruleset.
        vocabulary: what the tree declares, where that was read already.
    """

    def __init__(
        self, tree: dict[str, Any], digest: str, files: Mapping[str, str] | None = None, vocabulary: Vocabulary | None = None
    ) -> None:
        self.tree, self.digest, self.files = tree, digest, files or {}
        self.manifest: dict[str, Any] = tree["ruleset"]
        self.authorities: dict[str, tuple[str, ...]] = {k: tuple(v) for k, v in self.manifest["authorities"].items()}
        self.vocabulary: Vocabulary = vocabulary or build_vocabulary(tree)

    @cached_property
    def phases(self) -> dict[str, Phase]:
        return {name: self._phase(name, content) for name, content in self.tree["phases"].items()}

    def _phase(self, name: str, content: dict[str, Any]) -> Phase:
        plan = content["plan"]
        known = read_date(content["known_from"]) if "known_from" in content else ALWAYS
        return Phase(
            name,
            content["title"],
            content["years"]["from"],
            content["years"]["to"],
            None if plan == "none" else plan,
            content.get("inherits"),
            known,
            cites(content.get("cite")),
            content.get("note", {}),
        )

    @cached_property
    def drafts(self) -> tuple[Draft, ...]:
        """The drafts under which this law is asked, in the order in which they were applied."""
        return tuple(_draft(content) for content in self.tree.get("drafts", ()))

    def declaring(self, wider: Law) -> Law:
        """This law with the names of ``wider``, which declares all that it does and more; it says nothing of what is new."""
        own = {section: self.tree.get(section, []) for section in ("ruleset", "phases", "values", "rules", "drafts")}
        return Law(wider.tree | own, self.digest, self.files)

    def lineage(self, phase: str) -> tuple[str, ...]:
        """The phase and those it inherits from, nearest first."""
        found: list[str] = []
        current: str | None = phase
        while current is not None and current not in found:
            found.append(current)
            current = self.phases[current].inherits
        return tuple(found)

    def phase_of(self, year: int, known_on: date | None = None) -> Phase | None:
        """The phase that governs ``year`` as known on a day: of several, the one that became known last."""
        fitting = [p for p in self.phases.values() if p.first_year <= year <= p.last_year and p.known_from <= (known_on or NEVER)]
        return max(fitting, key=lambda p: p.known_from, default=None)

    def phase_of_plan(self, plan: str) -> Phase | None:
        return next((p for p in self.phases.values() if p.plan == plan), None)

    # -- sources ------------------------------------------------------------------------------------------------

    def authority_of(self, cites: tuple[tuple[str, str], ...], at: list[Any] | tuple[Any, ...]) -> str:
        return str(self.instrument(cites[0][0], at)["authority"])

    def instrument(self, name: str, at: list[Any] | tuple[Any, ...]) -> dict[str, Any]:
        found: dict[str, Any] | None = self.tree["instruments"].get(name)
        if found is None:
            raise input_error(at[0], at[1], at[2], f"no instrument '{name}'", did_you_mean(name, self.tree["instruments"]))
        return found

    def _known(self, content: dict[str, Any], cites: tuple[tuple[str, str], ...], at: list[Any]) -> date:
        if "known_from" in content:
            return read_date(content["known_from"])
        source = self.instrument(cites[0][0], at)
        return read_date(source["published"]) if source["authority"] != "seeds" and "published" in source else ALWAYS

    # -- values -------------------------------------------------------------------------------------------------

    @cached_property
    def _written(self) -> dict[tuple[str, Any], list[dict[str, Any]]]:
        found: dict[tuple[str, Any], list[dict[str, Any]]] = {}
        for content in self.tree["values"]:
            found.setdefault((content["parameter"], content["key"]), []).append(content)
        return found

    @cached_property
    def _entries(self) -> dict[tuple[str, Any], list[Entry]]:
        return {}

    def entries(self, parameter: str, key: Any) -> list[Entry]:
        """All sourced values of a parameter at a key, in file order."""
        found = self._entries.get((parameter, key))
        if found is None:
            found = self._entries[parameter, key] = [self._entry(c) for c in self._written.get((parameter, key), [])]
        return found

    def written_keys(self) -> list[tuple[str, Any]]:
        """Every (parameter, key) that has a value."""
        return list(self._written)

    def keys(self, parameter: str) -> list[Any]:
        return [key for name, key in self._written if name == parameter]

    def _entry(self, content: dict[str, Any]) -> Entry:
        at = content["at"]
        spec = self.vocabulary.parameters.get(content["parameter"])
        if spec is None:
            raise input_error(
                at[0],
                at[1],
                at[2],
                f"no parameter '{content['parameter']}' is declared",
                did_you_mean(content["parameter"], self.vocabulary.parameters),
            )
        try:
            value, rounded, printed = read_value(content, spec, self.vocabulary)
            begins, ends = _interval(content)
        except Unreadable as error:
            raise input_error(at[0], at[1], at[2], f"{spec.name}: {error}") from None
        sources = cites(content["cite"])
        return Entry(
            value,
            content["phase"],
            begins,
            ends,
            self._known(content, sources, at),
            self.authority_of(sources, at),
            content.get("reading", {}),
            rounded,
            sources,
            (at[0], at[1], at[2]),
            content.get("note", {}),
            printed,
            content.get("draft", False),
        )

    # -- rules --------------------------------------------------------------------------------------------------

    @cached_property
    def rules(self) -> dict[tuple[str, str], list[Rule]]:
        """Rules by (entity, decision), in file order."""
        found: dict[tuple[str, str], list[Rule]] = {}
        for content in self.tree["rules"]:
            rule = self._rule(content)
            found.setdefault(rule.decides, []).append(rule)
        return found

    def _rule(self, content: dict[str, Any]) -> Rule:
        at = content["at"]
        key = self.decision_key(content["decides"])
        if key is None:
            names = [self.decision_name(*k) for k in self.vocabulary.decisions]
            raise input_error(
                at[0],
                at[1],
                at[2],
                f"rule '{content['rule']}' decides '{content['decides']}', which is not declared",
                did_you_mean(content["decides"], names),
            )
        sources = cites(content["cite"])
        begins, ends = _interval(content.get("in_force", {}))
        exceptions = content.get("exception_to", [])
        return Rule(
            name=content["rule"],
            decides=key,
            when=_text(content.get("when")),
            value=_text(content.get("value")),
            exception_to=(exceptions,) if isinstance(exceptions, str) else tuple(exceptions),
            phases=tuple(content["phases"]) if "phases" in content else None,
            phase=content["phase"],
            begins=begins,
            ends=ends,
            governed_by=content.get("governed_by"),
            known_from=read_date(content["known_from"]) if "known_from" in content else ALWAYS,
            known_to=read_date(content["known_to"]) if "known_to" in content else NEVER,
            readings=content.get("reading", {}),
            cites=sources,
            says=content["says"],
            at=(at[0], at[1], at[2]),
            marks={part: tuple((run[0], run[1], run[2]) for run in runs) for part, runs in content["marks"].items()},
        )

    def decision_key(self, written: str) -> tuple[str, str] | None:
        """`shortfall` or `lot.usable` -> (entity, name)."""
        owner, dot, name = written.rpartition(".")
        for entity in self.vocabulary.entities.values():
            named = (owner in (entity.row, entity.name)) if dot else entity.name == self.manifest["main"]
            if named and (entity.name, name) in self.vocabulary.decisions:
                return entity.name, name
        return None

    def decision_name(self, entity: str, name: str) -> str:
        return name if entity == self.manifest["main"] else f"{self.vocabulary.entities[entity].row}.{name}"

    # -- readings -----------------------------------------------------------------------------------------------

    @property
    def questions(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.tree["questions"]
        return found

    def select(self, authority: str | None = None, readings: Mapping[str, str] | None = None, known_on: date | None = None) -> Selection:
        """A selection with every question answered.

        Raises:
            InputError: the authority, a question or an answer does not exist.
        """
        authority = authority or next(iter(self.authorities))
        if authority not in self.authorities:
            raise InputError([Problem("--authority", 0, 0, f"no authority '{authority}'", did_you_mean(authority, self.authorities))])
        answers = {name: question["default"].get(authority, "") for name, question in self.questions.items()}
        for name, answer in (readings or {}).items():
            if name not in self.questions:
                raise InputError([Problem("--reading", 0, 0, f"no question '{name}'", did_you_mean(name, self.questions))])
            if answer not in self.questions[name]["answers"]:
                raise InputError(
                    [
                        Problem(
                            "--reading", 0, 0, f"'{answer}' does not answer '{name}'", did_you_mean(answer, self.questions[name]["answers"])
                        )
                    ]
                )
            answers[name] = answer
        return Selection(authority, known_on, answers, frozenset(readings or ()))


def _draft(content: Mapping[str, Any]) -> Draft:
    from engine.law.drafts import Change, Draft  # only where there are any

    changes = tuple(
        Change(c["form"], c["target"], (c["article"]["instrument"], c["article"]["point"]), c["reason"]) for c in content["changes"]
    )
    return Draft(
        content["id"],
        content["title"],
        content["kind"],
        content["assumes"],
        content["arithmetic"],
        content["path"],
        content["digest"],
        changes,
    )


def _text(written: Any) -> str | None:
    if isinstance(written, bool):
        return "true" if written else "false"
    return None if written is None else str(written)


def _interval(content: dict[str, Any]) -> tuple[date, date]:
    begins = read_date(content["from"]) if "from" in content else ALWAYS
    return begins, read_date(content["to"]) if "to" in content else NEVER


def cites(written: Any) -> tuple[tuple[str, str], ...]:
    """A written `cite` as (instrument, point) pairs."""
    if not written:
        return ()
    return tuple((c["instrument"], str(c.get("point", ""))) for c in (written if isinstance(written, list) else [written]))
