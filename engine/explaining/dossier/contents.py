"""What stands in a dossier: every text of it, before it is laid out as a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.explaining.deciding import deciding
from engine.explaining.deciding_text import case_text
from engine.explaining.dossier.chart import Chart, draw
from engine.explaining.dossier.sources import Cited, ReadingUsed, Source, Sources, readings_used
from engine.explaining.dossier.telling import Telling
from engine.explaining.dossier.tree import Node, ProofTree
from engine.explaining.json_form import receipt
from engine.explaining.sentences import Sentence
from engine.facts import Facts, Row
from engine.language import Cause, OpenSet, Unknown
from engine.law import Law, Program
from engine.proving import Conflict, Determination, Gap, Inquiry

MAX_LEAVES, MAX_TRIED = 40, 6
StepKey = tuple[str, tuple[str, ...], str]


@dataclass(frozen=True)
class Decided:
    """A line of the table of decisions; ``others`` says what differs under another authority, and ``open`` marks no answer."""

    label: str
    value: str
    others: tuple[str, ...]
    open: bool


@dataclass(frozen=True)
class Parts:
    """A table of the parts of an installation, as its lots of units: what is given of each, and what is decided.

    What is given alike of all of them is said once, in ``common``.
    """

    title: str
    common: tuple[tuple[str, str], ...]
    heads: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Missing:
    """What is not known, the decisions that wait for it, and, of one of them, what comes out for which values of it."""

    what: str
    decisions: tuple[str, ...]
    about: str
    settles: tuple[str, ...]


@dataclass(frozen=True)
class Remark:
    """A sentence about a cure or another law, how deep it stands under those before it, and its sources."""

    depth: int
    text: str
    cites: tuple[Cited, ...]


@dataclass(frozen=True)
class Dossier:
    """A dossier in one language."""

    language: str
    say: dict[str, str]
    shown_above: str
    ruleset: str
    subject: str
    name: str
    question: str
    answers: tuple[tuple[str, str], ...]
    tone: str
    about: tuple[tuple[str, str], ...]
    given: tuple[tuple[str, str], ...]
    authorities: tuple[str, ...]
    decided: tuple[Decided, ...]
    chart: Chart | None
    parts: tuple[Parts, ...]
    proof: tuple[Node, ...]
    readings: tuple[ReadingUsed, ...]
    missing: tuple[Missing, ...]
    cure: tuple[Remark, ...] | None
    contrast: tuple[Remark, ...]
    sources: tuple[Source, ...]
    receipt: tuple[tuple[str, str], ...]


def gather(
    law: Law,
    facts: Facts,
    inquiry: Inquiry,
    determination: Determination,
    owner: tuple[str, str],
    language: str,
    cure: Sequence[Sentence] | None,
    contrast: Sequence[Sentence],
) -> Dossier:
    """All texts of the dossier of one determination that carries its proof.

    Args:
        owner: (entity, decision): what is proved in it.
        cure: what would mend the result, in sentences; None where nobody has asked.
        contrast: what another law says of it, in sentences.
    """
    telling = Telling(law, language)
    selection = law.select(inquiry.authority, inquiry.readings, inquiry.known_on)
    root, phase = determination.root, law.phases[determination.phase]
    program = Program(law, selection, phase, root.year)
    sources = Sources(telling)
    tree = ProofTree(telling, program, determination.steps, sources)
    asked = [step for (entity, _, name), step in determination.steps.items() if (entity, name) == owner]
    proof = tuple(tree.step(step) for step in asked)
    status = _status(law, root.entity)
    row = _row(law, facts, determination)
    entity = law.tree["entities"][root.entity]
    timed = entity.get("years") or "year_of" in entity
    about = (
        (telling.fixed["phase"], telling.words.label(phase.title, phase.id)),
        (telling.fixed["as_of"], telling.words.value(facts.as_of, None)),
        (telling.fixed["authority"], telling.words.authority(selection.authority)),
        *([(telling.fixed["known_on"], telling.words.value(selection.known_on, None))] if selection.known_on else []),
        *([(telling.fixed["facts_title"], telling.words.said(facts.about["title"]))] if facts.about.get("title") else []),
        *([(telling.fixed["facts_source"], str(facts.about["source"]))] if facts.about.get("source") else []),
    )
    readings = tuple(readings_used(telling, program, determination, sources))
    remarks, otherwise = (
        None if told is None else tuple(Remark(s.depth, s.text, sources.cited(s.cites)) for s in told) for told in (cure, contrast)
    )
    return Dossier(
        language,
        telling.fixed,
        telling.words.say("shown_above"),
        telling.words.label(law.manifest["title"], law.manifest["id"]),
        f"{', '.join(root.key)}{f', {root.year}' if timed else ''}",
        str(row.cells.get("name") or "")
        if row is not None
        else telling.words.code(law.vocabulary.entities[root.entity].codes, root.key[0]),
        telling.words.decision(*owner),
        tuple(_answers(telling, determination, asked, status)),
        _tone(law, determination, status),
        about,
        tuple(_given(telling, row)),
        tuple(telling.words.authority(name) for name in law.authorities if name != selection.authority) if inquiry.compare else (),
        tuple(_decided(telling, determination, [n for n in law.authorities if n != selection.authority] if inquiry.compare else [])),
        draw(telling, facts, determination),
        tuple(_parts(telling, facts, determination)),
        proof,
        readings,
        tuple(_missing(telling, facts, inquiry, determination, owner)),
        remarks,
        otherwise or (),
        tuple(sources.listed()),
        tuple(_receipt(telling, receipt(law, selection, facts))),
    )


def _status(law: Law, entity: str) -> str:
    """The decision that sums up a determination about this entity."""
    return str(law.manifest["result"]["status"] if entity == law.manifest["main"] else law.tree["entities"][entity]["result"]["decision"])


def _row(law: Law, facts: Facts, determination: Determination) -> Row | None:
    table = law.vocabulary.entities[determination.root.entity].table
    return next((row for row in facts.tables[table] if row.key == determination.root.key), None) if table else None


def _answers(telling: Telling, determination: Determination, asked: list[Any], status: str) -> Iterator[tuple[str, str]]:
    """What was determined, and, where something else was asked, the answer to that."""
    decisions, entity = telling.law.vocabulary.decisions, determination.root.entity
    yield (
        telling.heading(telling.words.decision(entity, status)),
        telling.words.value(determination.outcomes[status], decisions[entity, status].type),
    )
    for step in asked:
        if (step.entity, step.decision) != (entity, status):
            part = f" ({step.place[0]})" if step.entity != entity else ""
            kind = decisions[step.entity, step.decision].type
            yield telling.heading(telling.words.decision(step.entity, step.decision)) + part, telling.words.value(step.outcome, kind)


def _tone(law: Law, determination: Determination, status: str) -> str:
    """How the answer is coloured: `open`, `breach` where something was breached, else `plain`."""
    if _is_open(determination.outcomes[status]):
        return "open"
    breaches = determination.outcomes.get(law.manifest["result"]["breaches"])
    return "breach" if isinstance(breaches, frozenset) and breaches else "plain"


def _is_open(outcome: Any) -> bool:
    return isinstance(outcome, (Unknown, OpenSet, Gap, Conflict))


def _given(telling: Telling, row: Row | None) -> Iterator[tuple[str, str]]:
    """What the facts say of the thing itself; what they leave out is left out here too."""
    if row is None:
        return
    for name, spec in telling.law.vocabulary.tables[row.table].columns.items():
        if name not in ("id", "name") and _is_given(row.cells[name], spec.has_presumed and row.cells[name] == spec.presumed):
            yield telling.heading(telling.words.column(row.table, name)), _cell(telling, row, name)


def _is_given(value: Any, presumed: bool) -> bool:
    return value is not None and not presumed and value != date.min


def _cell(telling: Telling, row: Row, name: str) -> str:
    value = row.cells[name]
    if isinstance(value, Row):
        called = value.cells.get("name")
        return f"{called} ({', '.join(value.key)})" if isinstance(called, str) else ", ".join(value.key)
    return telling.words.value(value, telling.law.vocabulary.tables[row.table].columns[name].type)


def _minor(law: Law, entity: str, name: str) -> bool:
    return bool(law.tree["decisions"].get(law.decision_name(entity, name), {}).get("minor"))


def _decided(telling: Telling, determination: Determination, authorities: list[str]) -> Iterator[Decided]:
    entity = determination.root.entity
    for name, outcome in determination.outcomes.items():
        kind, differs = telling.law.vocabulary.decisions[entity, name].type, determination.differs.get(name, {})
        if _minor(telling.law, entity, name) and not differs:
            continue
        others = tuple(telling.words.value(differs[authority], kind) if authority in differs else "" for authority in authorities)
        yield Decided(telling.heading(telling.words.decision(entity, name)), telling.words.value(outcome, kind), others, _is_open(outcome))


def _parts(telling: Telling, facts: Facts, determination: Determination) -> Iterator[Parts]:
    """Each table of parts; a column that is empty in all rows, or that only says whose part it is, is left out.

    What all rows have alike stands above the table, the codes of a single row as well: their labels are long.
    """
    law = telling.law
    for entity, found in determination.parts.items():
        spec = law.vocabulary.entities[entity]
        rows = {row.key[0]: row for row in facts.tables[spec.table or ""]}
        columns = law.vocabulary.tables[spec.table or ""].columns
        names = [
            name
            for name, column in columns.items()
            if name not in spec.where
            and any(_is_given(rows[p[0]].cells[name], column.has_presumed and rows[p[0]].cells[name] == column.presumed) for p, _ in found)
        ]
        decisions = [name for name in (found[0][1] if found else {}) if not _minor(law, entity, name)]
        cells = {
            name: [_cell(telling, rows[place[0]], name) if rows[place[0]].cells[name] is not None else "" for place, _ in found]
            for name in names
        }
        labels = [name for name in names if columns[name].type.kind == "code" or (len(found) > 1 and columns[name].type.kind != "number")]
        alike = [name for name in labels if len(set(cells[name])) == 1]
        names = [name for name in names if name not in alike]
        kinds = {name: law.vocabulary.decisions[entity, name].type for name in decisions}
        told = {name: [telling.words.value(outcomes[name], kinds[name]) for _, outcomes in found] for name in decisions}
        label = {name: telling.heading(telling.words.column(spec.table or "", name)) for name in (*names, *alike)}
        if found:
            yield Parts(
                telling.heading(telling.words.label(law.tree["entities"][entity]["label"], entity)),
                tuple((label[name], cells[name][0]) for name in alike),
                (*(label[name] for name in names), *(telling.heading(telling.words.decision(entity, name)) for name in decisions)),
                (*(columns[name].type.kind == "number" for name in names), *(kinds[name].kind == "number" for name in decisions)),
                tuple(zip(*(cells[name] for name in names), *(told[name] for name in decisions), strict=True)),
            )


# -- what is missing ------------------------------------------------------------------------------------------------


def _missing(telling: Telling, facts: Facts, inquiry: Inquiry, determination: Determination, owner: tuple[str, str]) -> Iterator[Missing]:
    """Each missing leaf once, with what waits for it; of the first facts, what each of them would decide."""
    waiting: dict[Cause, dict[tuple[str, tuple[str, ...]], None]] = {}
    for item in determination.open:
        causes = item.missing if item.reason == "unknown" else (Cause(item.reason, item.decision, item.place),)
        for cause in causes:
            waiting.setdefault(cause, {})[item.decision, item.place] = None
    listed = list(waiting.items())[:MAX_LEAVES]
    tried = {cause: _tried(telling.law, owner, items) for cause, items in listed if cause.kind == "fact"}
    settles = dict(_settled(telling, facts, inquiry, determination, dict(list(tried.items())[:MAX_TRIED])))
    for cause, items in listed:
        decisions = tuple(dict.fromkeys(telling.words.decision_written(name) for name, _ in items))
        yield Missing(telling.heading(telling.words.cause(cause)), decisions, *settles.get(cause, ("", ())))


def _tried(law: Law, owner: tuple[str, str], items: Iterable[tuple[str, tuple[str, ...]]]) -> StepKey:
    """Of the decisions that wait for a fact, the one that is asked about, else the first that is no mere step on the way."""
    keys = [(*key, place) for name, place in items if (key := law.decision_key(name)) is not None]
    asked = [key for key in keys if key[:2] == owner]
    entity, name, place = [*asked, *(key for key in keys if not _minor(law, key[0], key[1])), *keys][0]
    return entity, place, name


def _settled(
    telling: Telling, facts: Facts, inquiry: Inquiry, determination: Determination, tried: Mapping[Cause, StepKey]
) -> Iterator[tuple[Cause, tuple[str, tuple[str, ...]]]]:
    """For each fact, the decision that was tried, and what comes out for which of its values."""
    law, words = telling.law, telling.words
    for key in dict.fromkeys(tried.values()):
        causes = [cause for cause, of in tried.items() if of == key]
        step = determination.steps.get(key)
        if step is None:
            continue
        kind = law.vocabulary.decisions[key[0], key[2]].type
        for found in deciding(law, facts, inquiry, determination.root, key, step.outcome, causes):
            lines = [case_text(words, found, case, kind) for case in found.cases]
            if lines:
                yield found.cause, (words.decision(key[0], key[2]), tuple(lines))


def _receipt(telling: Telling, stamp: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in stamp.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key}={answer}" for key, answer in value.items())
        yield telling.fixed.get(f"receipt_{name}", name), "–" if value in (None, "") else str(value)
