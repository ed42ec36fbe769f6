"""What `kazets draft list`, `show` and `new` do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from engine.drafting.speech import Speech, console, table
from engine.drafting.version_reports import cites_json
from engine.explaining.terminal import say, say_json
from engine.language import OpenSet, Unknown
from engine.language.values import decimal_text
from engine.law import Law, Phase, Program
from engine.law.drafts import SUFFIX, Draft
from engine.law.wording import LANGUAGES, quotes_headings
from engine.problems import did_you_mean, input_error


def draft_list_report(laws: list[Law], current: Law, form: str, language: str) -> None:
    """`kazets draft list`: the drafts that stand beside the law, each by the law under it."""
    if form == "json":
        say_json([_draft_json(law.drafts[-1]) for law in laws])
        return
    speech = Speech(current, language)
    if not laws:
        say(speech.tell("no_drafts"))
    for law in laws:
        say(_title(speech, law.drafts[-1]))


def draft_show_report(law: Law, form: str, language: str) -> None:
    """`kazets draft show`: what each of the drafts of a law is, and what it changes."""
    if form == "json":
        say_json([_draft_json(draft) for draft in law.drafts])
        return
    speech = Speech(law, language)
    for draft in law.drafts:
        say(_title(speech, draft))
        say(speech.tell("assumes", assumes=speech.label(draft.assumes, "")))
        if draft.arithmetic:
            say(speech.tell("arithmetic", arithmetic=draft.arithmetic))
        rows = [
            (speech.tell(f"form_{c.form}"), _target(law, speech, c.target), speech.cites([c.article]), speech.label(c.reason, ""))
            for c in draft.changes
        ]
        console().print(table(speech.tell("changes"), speech.heads("change", "what", "article", "reason"), rows))


def _title(speech: Speech, draft: Draft) -> str:
    return speech.tell("draft_title", title=speech.label(draft.title, draft.id), id=draft.id, kind=speech.tell(f"kind_{draft.kind}"))


def _target(law: Law, speech: Speech, target: str) -> str:
    return target if speech.coded or target not in law.vocabulary.parameters else speech.parameter(target)


def _draft_json(draft: Draft) -> dict[str, Any]:
    return {
        "draft": draft.id,
        "title": dict(draft.title),
        "kind": draft.kind,
        "assumes": dict(draft.assumes),
        "arithmetic": draft.arithmetic,
        "hash": draft.digest,
        "changes": [
            {"form": c.form, "target": c.target, "article": cites_json((c.article,))[0], "reason": dict(c.reason)} for c in draft.changes
        ],
    }


# -- a new draft --------------------------------------------------------------------------------------------------


def draft_new_report(law: Law, name: str, phase: str, output: Path | None) -> None:
    """`kazets draft new`: a file that is a valid draft of no change, with every value of the phase ready to be changed.

    Raises:
        InputError: there is no such phase, or the file exists.
    """
    if phase not in law.phases:
        raise input_error("--phase", 0, 0, f"no phase '{phase}'", did_you_mean(phase, law.phases))
    path = output or Path(name + SUFFIX)
    if path.stem != name:
        raise input_error(
            "--output", 0, 0, f"the draft is called '{name}', its file '{path.stem}'", f"write to {path.with_name(name + SUFFIX)}"
        )
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write("\n".join(_scaffold(law, name, phase)) + "\n")
    except FileExistsError:
        raise input_error(str(path), 0, 0, "the file exists", "give the draft another name, or remove the file") from None
    say(str(path))


def _scaffold(law: Law, name: str, phase: str) -> Iterator[str]:
    yield "# A DRAFT, not law. How drafts are written: docs/drafts.md."
    yield "draft:"
    yield f"  id: {name}"
    for part, word in (("title", "new_title"), ("assumes", "new_assumes")):
        yield f"  {part}:"
        for language in LANGUAGES:
            speech = Speech(law, language)
            values = {"phase": speech.label(law.phases[phase].title, phase)} if part == "title" else {}
            yield f"    {language}: {_quoted(speech.tell(word, **values))}"
        if part == "title":
            yield "  kind: scenario"
    yield "changes: []"
    yield "# The values of the phase as they stand. To change one, write `changes:` without the brackets, take its lines without `# ` and write the"
    yield "# new value, the article that would say so, and the reason in three languages."
    yield from _standing(law, phase)


def _standing(law: Law, phase: str) -> Iterator[str]:
    """Every value of the last year of a phase as a change that sets it, behind comment signs."""
    governing = law.phases[phase]
    program = Program(law, law.select(), governing, governing.last_year)
    years = range(governing.first_year, governing.last_year + 1)
    for name, spec in law.vocabulary.parameters.items():
        keys = list(dict.fromkeys(law.keys(name)))
        found = {}
        for key in [key for key in keys if spec.keyed_by != "year" or key in years]:
            value, entry = program.parameter(name, key, date(governing.last_year, 12, 31))
            if entry is not None:
                found[key] = value, entry
        if not found:
            continue
        instrument, point = _article(law, name, governing)
        yield f"#   - set: {name}"
        yield f"#     phase: {phase}"
        if spec.keyed_by is None:
            yield f"#     value: {_written(found[None][0])}"
        else:
            yield "#     values:"
            yield from (f"#       {key}: {_written(value)}" for key, (value, _) in found.items())
        yield f"#     article: {{instrument: {instrument}, point: {_quoted(point)}}}"
        yield '#     reason: {en: "…", ru: "…", kk: "…"}'


def _article(law: Law, name: str, phase: Phase) -> tuple[str, str]:
    """The article that a change of a parameter would most likely amend: of a legal text, where its latest value has one."""
    entries = [entry for key in law.keys(name) for entry in law.entries(name, key)]
    cited = [cite for entry in sorted(entries, key=lambda e: e.begins, reverse=True) for cite in entry.cites]
    legal = [(i, p) for i, p in (*cited, *phase.cites) if p and not quotes_headings(law.tree["instruments"][i]["kind"])]
    return legal[0] if legal else (cited[0][0], "1")


def _quoted(text: str) -> str:
    return str(yaml.safe_dump(text, allow_unicode=True, default_style='"', width=len(text) + 2)).strip()


def _written(value: Any) -> str:
    """A value as files of the law have it."""
    if isinstance(value, Unknown):
        return "unknown"
    if value is None or isinstance(value, bool):
        return "none" if value is None else str(value).lower()
    if isinstance(value, (int, Fraction)):
        return decimal_text(value)
    if isinstance(value, (frozenset, OpenSet)):
        members = value.members if isinstance(value, OpenSet) else value
        return f"[{', '.join(sorted(map(str, members)))}]"
    return value.isoformat() if isinstance(value, date) else f'"{value}"' if value[:1].isdigit() else str(value)
