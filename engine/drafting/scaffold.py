"""The next phase, or another version of one, from the last: files in which everything that must be decided is marked."""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path
from typing import Any

from engine.drafting.formatting import write_whole
from engine.law import Law, Phase
from engine.problems import did_you_mean, input_error

CONSTRUCT = "to-decide-{}"
_ID = re.compile(r"[a-z][a-z0-9_]*\Z")


def new_phase(
    law: Law, root: Path, schema_dir: Path, name: str, after: str, years: tuple[int, int], plan: str, known_from: date | None
) -> list[Path]:
    """`kazets phase new`: write the files of a phase that inherits from another; what was made.

    Every parameter that the topics of the manifest ask of a phase, and that the last phase states for itself, is written as unknown
    because of a construct that says `to_decide`; `kazets check` lists each of them.

    Args:
        name: the id of the new phase.
        after: the phase that it inherits from.
        years: the first and the last year.
        plan: the code of its national plan, or `none`.
        known_from: since when it is known that it governs these years; needed for another version of years that a phase governs.

    Raises:
        InputError: the id is taken or no name, there is no phase ``after``, the years are the wrong way round, or belong to a phase
            and nothing says since when this one is known.
    """
    if not _ID.match(name):
        raise input_error("PHASE", 0, 0, f"'{name}' is no name for a phase", "use small letters, digits and _")
    if name in law.phases or (root / "phases" / name).exists():
        raise input_error("PHASE", 0, 0, f"there is a phase '{name}' already", "choose another name")
    if after not in law.phases:
        raise input_error("--from", 0, 0, f"no phase '{after}'", did_you_mean(after, law.phases))
    if years[0] > years[1]:
        raise input_error("--years", 0, 0, f"{years[0]} is after {years[1]}", "write FIRST-LAST")
    rival = next((p for p in law.phases.values() if max(p.first_year, years[0]) <= min(p.last_year, years[1])), None)
    if rival is not None and known_from is None:
        raise input_error("--known-from", 0, 0, f"'{rival.id}' governs some of these years", "say since when the new version is known")
    last = law.phases[after]
    folder = root / "phases" / name
    schema = Path(os.path.relpath(schema_dir / "ruleset.schema.json", folder.resolve())).as_posix()
    head = f"# yaml-language-server: $schema={schema}\n"
    cite = _cite(last)
    files = {
        folder / "phase.yaml": head + _phase(law, last, name, years, plan, known_from, cite),
        folder / "to-decide.yaml": head + _construct(name, years, cite),
    }
    for path, text in files.items():
        write_whole(path, text)
    made = list(files)
    made += _codes(law, root, name, plan, years)
    return made


def _label(en: str, ru: str, kk: str, years: tuple[int, int]) -> str:
    """A text in the three languages, with the years."""
    plain, dashed = ("-".join(map(str, dict.fromkeys(years))), "–".join(map(str, dict.fromkeys(years))))
    return f'{{en: "{en} {plain}", ru: "{ru} {dashed}", kk: "{kk} {dashed}"}}'


def _cite(phase: Phase) -> str:
    instrument, point = phase.cites[0]
    return f'{{instrument: {instrument}, point: "{point}"}}' if point else f"{{instrument: {instrument}}}"


def _phase(law: Law, last: Phase, name: str, years: tuple[int, int], plan: str, known_from: date | None, cite: str) -> str:
    lines = [
        f"# DECIDE: the title, the source and `known_from` of the phase, and every value that is unknown because of {CONSTRUCT.format(name)}.",
        f"# `kazets check` lists them. What is not written here stays as in {last.id}.",
        "phase:",
        f"  id: {name}",
        f"  title: {_label('Phase', 'Этап', 'Кезең', years)}",
        f"  years: {{from: {years[0]}, to: {years[1]}}}",
        f"  plan: {plan}",
        f"  inherits: {last.id}",
        *([f"  known_from: {known_from}"] if known_from is not None else []),
        f"  cite: {cite}",
        "values:",
    ]
    for parameter in _to_settle(law, last):
        lines += _value(law, parameter, name, years, cite)
    return "\n".join(lines) + "\n"


def _to_settle(law: Law, last: Phase) -> list[str]:
    """What the topics ask of a phase and the last one states for itself, or would not hand down."""
    topics = law.manifest.get("topics", {})
    asked = [name for names in topics.values() for one in names for name in (one if isinstance(one, list) else [one])]
    found = []
    for name in dict.fromkeys(asked):
        own = any(entry.phase == last.id for key in law.keys(name) for entry in law.entries(name, key))
        if own or not law.vocabulary.parameters[name].inherited:
            found.append(name)
    return found


def _value(law: Law, parameter: str, phase: str, years: tuple[int, int], cite: str) -> list[str]:
    entry = f"{{value: unknown, because: {CONSTRUCT.format(phase)}, cite: {cite}}}"
    keyed = law.vocabulary.parameters[parameter].keyed_by
    if keyed is None:
        return [f"  {parameter}: {entry}"]
    keys: list[Any] = list(range(years[0], years[1] + 1)) if keyed == "year" else law.keys(parameter)
    return [f"  {parameter}:", *(f"    {key}: {entry}" for key in dict.fromkeys(keys))]


def _construct(name: str, years: tuple[int, int], cite: str) -> str:
    return "\n".join(
        [
            "# Remove this file when nothing is left to decide.",
            "constructs:",
            f"  {CONSTRUCT.format(name)}:",
            "    to_decide: true",
            f"    title: {_label('To be decided:', 'Подлежит определению:', 'Айқындалуға тиіс:', years)}",
            '    missing: {en: "whoever writes the phase decides", ru: "определяет составитель этапа", kk: "кезеңді жасаушы айқындайды"}',
            f"    cite: {cite}",
            "",
        ]
    )


def _codes(law: Law, root: Path, name: str, plan: str, years: tuple[int, int]) -> list[Path]:
    """Members of the code lists `phases` and `plans` for the new names, put after the last member of each."""
    path = root / "vocabulary" / "codes.yaml"
    text = path.read_text(encoding="utf-8")
    changed = text
    labels = {"phases": _label("phase", "этап", "кезең", years), "plans": _label("plan", "план", "жоспар", years)}
    for section, code in (("phases", name), ("plans", plan)):
        if code == "none" or code in law.vocabulary.codes[section]:
            continue
        member = f"      {code}: {{label: {labels[section]}}}\n"
        changed = _appended(changed, section, member)
    if changed == text:
        return []
    write_whole(path, changed)
    return [path]


def _appended(text: str, section: str, member: str) -> str:
    """The text with a member at the end of a code list.

    Raises:
        InputError: the file has no such list.
    """
    lines = text.splitlines(keepends=True)
    start = next((i for i, line in enumerate(lines) if re.match(rf"  {section}:", line)), None)
    if start is None:
        raise input_error("vocabulary/codes.yaml", 0, 0, f"no code list '{section}'", "declare it, and run again")
    end = next((i for i in range(start + 1, len(lines)) if re.match(r" {0,2}\S", lines[i])), len(lines))
    while not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#"):
        end -= 1
    return "".join([*lines[:end], member, *lines[end:]])
