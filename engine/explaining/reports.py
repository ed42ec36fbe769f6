"""What each command prints: facts and law in, text or JSON out."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from engine.explaining.json_form import as_json, proof_json
from engine.explaining.proof_text import ProofText
from engine.explaining.text_form import determination_text, law_lines
from engine.explaining.words import Words
from engine.facts import Facts, load_facts
from engine.law import Law, Program, cites
from engine.problems import InputError, Problem, did_you_mean
from engine.proving import Inquiry, Prover, Root, ask


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _json(content: Any) -> None:
    _say(json.dumps(content, ensure_ascii=False, indent=2))


def read_facts(law: Law, path: Path, as_of: date | None) -> Facts:
    """The facts at ``path``, with the list numbers of coded things accepted for their codes.

    Raises:
        InputError: with the place of everything that is wrong.
    """
    aliases = {
        name: {str(member["number"]): code for code, member in content["members"].items() if "number" in member}
        for name, content in law.tree["codes"].items()
    }
    return load_facts(path, law.vocabulary, aliases, as_of, date.today())


def roots(law: Law, facts: Facts, inquiry: Inquiry, key: str | None, year: int | None) -> list[Root]:
    """Everything that can be decided about the facts, or about one instance of the main entity."""
    prover = Prover(law, law.select(inquiry.authority, inquiry.readings, inquiry.known_on), facts)
    main = law.manifest["main"]
    found = prover.roots(main, key, year)
    if key is None:
        for name, entity in law.vocabulary.entities.items():
            if entity.of is None and name != main:
                found += prover.roots(name, None, year)
    return found


def determine_report(
    law: Law, path: Path, inquiry: Inquiry, key: str | None, year: int | None, as_of: date | None, form: str, many: int, everything: bool
) -> None:
    """`kazets determine`: each determination, or a summary where there are more than ``many``."""
    facts = read_facts(law, path, as_of)
    asked = roots(law, facts, inquiry, key, year)
    if not asked:
        raise InputError(
            [
                Problem(
                    str(path),
                    0,
                    0,
                    "the facts speak of no installation in any year that a phase governs",
                    "add emissions, quotas or reports",
                )
            ]
        )
    answers = ask(law, facts, inquiry, asked)
    words, selection = Words(law), law.select(inquiry.authority, inquiry.readings, inquiry.known_on)
    if form == "json":
        _json(as_json(law, selection, facts, answers))
        return
    _say(f"law: {law.digest[:12]}, authority {selection.authority}, as of {facts.as_of}")
    if len(asked) > many:
        _summary(law, words, facts, _progress(answers, len(asked)))
        return
    for determination in answers:
        _say("")
        for line in determination_text(law, words, determination, everything):
            _say(line)


def _progress(answers: Any, total: int) -> Any:
    """A progress bar on a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import track

    return track(answers, "determining", total=total, console=Console(stderr=True), disable=not sys.stderr.isatty())


def _summary(law: Law, words: Words, facts: Facts, answers: Any) -> None:
    from rich.console import Console

    from engine.explaining.summary import summarise, tables

    found = summarise(law, facts, answers)
    console = Console(width=None if sys.stdout.isatty() else 120)
    for table in tables(law, words, found):
        console.print()
        console.print(table)
    for determination in found.rest:
        _say("")
        for line in determination_text(law, words, determination):
            _say(line)
    if found.reasons:
        _say("\nwhat is missing, and in how many determinations:")
        for reason, count in found.reasons.most_common(8):
            _say(f"  {count:>6,}  {reason}")
    if found.differs:
        _say("\ndecisions that come out differently under the other authority:")
        for name, count in found.differs.most_common(8):
            _say(f"  {count:>6,}  {name}")


def why_report(
    law: Law, path: Path, inquiry: Inquiry, key: str, year: int, decision: str | None, as_of: date | None, form: str, full: bool
) -> None:
    """`kazets why`: the proof of one decision."""
    facts = read_facts(law, path, as_of)
    root = _find(law, facts, inquiry, key, year)
    wanted = decision or _default_decision(law, root)
    owner = _decision_key(law, root, wanted)
    (determination,) = ask(law, facts, inquiry, [root], "full" if full or form == "json" else "brief", () if form == "json" else (owner,))
    selection = law.select(inquiry.authority, inquiry.readings, inquiry.known_on)
    if form == "json":
        content = as_json(law, selection, facts, [determination])
        _json({name: [one | {"proof": proof_json(determination.steps)} for one in ones] for name, ones in content.items() if ones})
        return
    words = Words(law)
    program = Program(law, selection, law.phases[determination.phase], root.year)
    proof = ProofText(words, program, determination.steps, full)
    phase = law.phases[determination.phase]
    _say(f"{root} — {words.label(phase.title, phase.id)}; as of {facts.as_of}; authority {selection.authority}; law {law.digest[:12]}")
    for authority, other in determination.differs.get(owner[1], {}).items():
        _say(f"under authority {authority}: {words.value(other, law.vocabulary.decisions[owner].type)}")
    for step_key in [k for k in determination.steps if (k[0], k[2]) == owner]:
        _say("")
        for line in proof.lines(step_key):
            _say(line)


def _find(law: Law, facts: Facts, inquiry: Inquiry, key: str, year: int) -> Root:
    prover = Prover(law, law.select(inquiry.authority, inquiry.readings, inquiry.known_on), facts)
    prover.program(Root(law.manifest["main"], (key,), year))
    names = []
    for name, entity in law.vocabulary.entities.items():
        if entity.of is not None:
            continue
        if entity.table is not None:
            known = [row.key[0] for row in facts.tables[entity.table]]
            if key not in known:
                names += known
                continue
        found = prover.roots(name, key, year)
        if found:
            return found[0]
    raise InputError([Problem("INSTALLATION", 0, 0, f"the facts have no '{key}' in {year}", did_you_mean(key, names))])


def _default_decision(law: Law, root: Root) -> str:
    return (
        str(law.manifest["result"]["status"])
        if root.entity == law.manifest["main"]
        else str(law.tree["entities"][root.entity]["result"]["decision"])
    )


def _decision_key(law: Law, root: Root, wanted: str) -> tuple[str, str]:
    row = law.vocabulary.entities[root.entity].row
    for written in (wanted, f"{row}.{wanted}"):
        key = law.decision_key(written)
        if key is not None and any(e.name == root.entity for e in law.vocabulary.main_names(key[0])):
            return key
    names = [law.decision_name(*k) for k in law.vocabulary.decisions if any(e.name == root.entity for e in law.vocabulary.main_names(k[0]))]
    raise InputError([Problem("DECISION", 0, 0, f"nothing is decided under the name '{wanted}'", did_you_mean(wanted, names))])


def law_list_report(law: Law) -> None:
    """`kazets law list`."""
    words = Words(law)
    for name, phase in law.phases.items():
        _say(f"{name:<14} {phase.first_year}-{phase.last_year}  {words.label(phase.title, name)}  [{words.cites(phase.cites)}]")
        if phase.note:
            _say(f"{'':<14} {phase.note}")


def law_records_report(law: Law) -> None:
    """`kazets law records`: sourced figures and statements that decide nothing."""
    words = Words(law)
    for name, record in law.tree["records"].items():
        value = record["value"]
        figure = f"about {value['about']}" if isinstance(value, dict) else str(value)
        _say(f"{words.label(record['label'], name)}: {figure} {record.get('unit', '')} [{words.cites(cites(record['cite']))}]")
    for name, statement in law.tree["statements"].items():
        _say(f"{words.label(statement['says'], name)} [{words.cites(cites(statement['cite']))}]")


def law_show_report(law: Law, name: str, year: int | None, inquiry: Inquiry, form: str) -> None:
    """`kazets law show`: a phase as a person reads it."""
    if name not in law.phases:
        raise InputError([Problem("PHASE", 0, 0, f"no phase '{name}'", did_you_mean(name, law.phases))])
    phase = law.phases[name]
    year = year or phase.last_year
    if not phase.first_year <= year <= phase.last_year:
        raise InputError([Problem("--year", 0, 0, f"{name} governs {phase.first_year} to {phase.last_year}", "give one of its years")])
    words = Words(law)
    program = Program(law, law.select(inquiry.authority, inquiry.readings, inquiry.known_on), phase, year)
    lines = list(law_lines(law, words, program))
    if form == "json":
        _json({"phase": name, "year": year, "parameters": [{"parameter": a, "value": b, "source": c} for a, b, c in lines]})
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{words.label(phase.title, name)} — {year}", title_justify="left", title_style="bold", show_lines=False)
    for head in ("parameter", "value", "source"):
        table.add_column(head, overflow="fold")
    for line in lines:
        table.add_row(*line)
    Console(width=None if sys.stdout.isatty() else 140).print(table)
