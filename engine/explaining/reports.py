"""What each command prints: facts and law in, text or JSON out."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from engine import explaining
from engine.facts import Facts, load_facts
from engine.facts.ahead import Ahead
from engine.language import number, parse_unit
from engine.language.values import exact
from engine.law import Law, Program, cites
from engine.problems import InputError, Problem, did_you_mean
from engine.proving import Inquiry, Prover, Root, Step, ask, ask_stepwise

if TYPE_CHECKING:
    from engine.explaining.sentences import Sentence
    from engine.explaining.words import Words

Counted = TypeVar("Counted")
Given = Path | Ahead | Facts
"""Facts: where they are, being read, or as they are."""
StepKey = tuple[str, tuple[str, ...], str]
MAX_COUNTED = 8


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _json(content: Any) -> None:
    _say(json.dumps(content, ensure_ascii=False, indent=2))


def read_facts(law: Law, path: Given, as_of: date | None) -> Facts:
    """The facts at ``path``, with the list numbers of coded things accepted for their codes; facts in its place stay as they are.

    Raises:
        InputError: with the place of everything that is wrong.
    """
    if isinstance(path, Facts):
        return path
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
    law: Law,
    path: Path | Ahead,
    inquiry: Inquiry,
    key: str | None,
    year: int | None,
    as_of: date | None,
    form: str,
    many: int,
    everything: bool,
    language: str = "en",
) -> None:
    """`kazets determine`: each determination, or a summary where there are more than ``many``."""
    facts = read_facts(law, path, as_of)
    asked = roots(law, facts, inquiry, key, year)
    if not asked:
        raise InputError(
            [
                Problem(
                    facts.path,
                    0,
                    0,
                    "the facts speak of no installation in any year that a phase governs",
                    "add emissions, quotas or reports",
                )
            ]
        )
    answers = ask(law, facts, inquiry, asked)
    words, selection = explaining.Words(law, language), law.select(inquiry.authority, inquiry.readings, inquiry.known_on)
    if form == "json":
        _json(explaining.as_json(law, selection, facts, answers))
        return
    _say(words.say("law_line", law=law.digest[:12], authority=words.authority_name(selection.authority), day=words.day(facts.as_of)))
    for line in words.drafts():
        _say(line)
    if len(asked) > many:
        _summary(law, words, facts, _progress(words, answers, len(asked)))
        return
    for determination in answers:
        _say("")
        for line in explaining.determination_text(law, words, determination, everything):
            _say(line)


def _progress(words: Words, answers: Any, total: int) -> Any:
    """A progress bar on a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import track

    return track(answers, words.say("determining"), total=total, console=Console(stderr=True), disable=not sys.stderr.isatty())


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
        for line in explaining.determination_text(law, words, determination):
            _say(line)
    if found.reasons:
        _say(f"\n{words.say('what_is_missing')}")
        for cause, count in _most(found.reasons):
            _say(f"  {words.value(count, None):>6}  {words.leaf(cause)}")
    if found.differs:
        _say(f"\n{words.say('what_differs')}")
        for name, count in _most(found.differs):
            _say(f"  {words.value(count, None):>6}  {words.decision_written(name)}")


def _most(counted: Counter[Counted]) -> list[tuple[Counted, int]]:
    """What was counted most often, equal counts in the order of their names, so that every run prints the same."""
    return sorted(sorted(counted.items(), key=lambda pair: str(pair[0])), key=lambda pair: -pair[1])[:MAX_COUNTED]


def why_report(
    law: Law,
    path: Given,
    inquiry: Inquiry,
    key: str,
    year: int,
    decision: str | None,
    as_of: date | None,
    form: str,
    full: bool,
    language: str = "en",
) -> None:
    """`kazets why`: the proof of one decision."""
    facts = read_facts(law, path, as_of)
    root = find_root(law, facts, inquiry, key, year)
    wanted = decision or default_decision(law, root)
    owner = decision_key(law, root, wanted)
    selection = inquiry.selection(law)
    program = Prover(law, selection, facts).program(root)
    answers = ask_stepwise(law, facts, inquiry, root, "full" if full or form == "json" else "brief", () if form == "json" else (owner,))
    words, proof_text = explaining.Words(law, language), explaining.ProofText
    determination = next(answers)
    if form == "json":
        what_if = _deciding_json(law, facts, inquiry, root, {k: s for k, s in determination.steps.items() if (k[0], k[2]) == owner})
        more = {"proof": explaining.proof_json(program, determination.steps)} | ({"deciding": what_if} if what_if else {})
        content = explaining.as_json(law, selection, facts, [next(answers)])
        _json({name: [one | more for one in ones] for name, ones in content.items()})
        return
    proof = proof_text(words, program, determination.steps, full)
    told: list[str] = []
    for step_key in [k for k in determination.steps if (k[0], k[2]) == owner]:
        told += ["", *proof.lines(step_key)]
        told += _deciding_lines(law, words, facts, inquiry, root, step_key, determination.steps[step_key])
    told += ["", *proof.listed()]
    phase = law.phases[determination.phase]
    _say(
        words.say(
            "why_line",
            root=f"{words.key(root.entity, root.key)}, {root.year}",
            phase=words.label(phase.title, phase.id),
            day=words.day(facts.as_of),
            authority=words.authority_name(selection.authority),
            law=law.digest[:12],
        )
    )
    for line in words.drafts():
        _say(line)
    for authority, other in next(answers).differs.get(owner[1], {}).items():
        value = words.value(other, law.vocabulary.decisions[owner].type)
        _say(words.say("under_authority", authority=words.authority_name(authority), value=value))
    for line in told:
        _say(line)


def _deciding_json(law: Law, facts: Facts, inquiry: Inquiry, root: Root, steps: Mapping[StepKey, Step]) -> list[dict[str, Any]]:
    """What each missing fact would decide about the steps that are open."""
    if all(step.known for step in steps.values()):
        return []
    from engine.explaining.deciding import deciding
    from engine.explaining.deciding_text import deciding_json

    answers = ((key, deciding(law, facts, inquiry, root, key, step.outcome)) for key, step in steps.items())
    return [
        {"decision": law.decision_name(key[0], key[2]), "place": list(key[1]), "facts": deciding_json(found)}
        for key, found in answers
        if found
    ]


def _deciding_lines(law: Law, words: Words, facts: Facts, inquiry: Inquiry, root: Root, key: StepKey, step: Step) -> Iterator[str]:
    """What each missing fact would decide about a step that is open, after an empty line."""
    if step.known:
        return
    from engine.explaining.deciding import deciding
    from engine.explaining.deciding_text import deciding_lines

    found = deciding(law, facts, inquiry, root, key, step.outcome)
    if found:
        yield ""
        yield words.say("deciding_head")
        for line in deciding_lines(words, found, law.vocabulary.decisions[key[0], key[2]].type):
            yield f"  {line}"
        facts_missing = sum(cause.kind == "fact" for cause in step.outcome.causes)
        if facts_missing > len(found):
            yield f"  {words.say('deciding_more', count=facts_missing - len(found))}"


def find_root(law: Law, facts: Facts, inquiry: Inquiry, key: str, year: int) -> Root:
    """What a key and a year of the command line are about: an installation, a trade or a plan.

    Raises:
        InputError: the facts have no such thing, or no phase governs the year.
    """
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


def default_decision(law: Law, root: Root) -> str:
    """The decision that sums up what is decided about a root."""
    return (
        str(law.manifest["result"]["status"])
        if root.entity == law.manifest["main"]
        else str(law.tree["entities"][root.entity]["result"]["decision"])
    )


def decision_key(law: Law, root: Root, wanted: str) -> tuple[str, str]:
    """The decision that a word of the command line names, about the root or a part of it.

    Raises:
        InputError: nothing is decided under that name.
    """
    row = law.vocabulary.entities[root.entity].row
    for written in (wanted, f"{row}.{wanted}"):
        key = law.decision_key(written)
        if key is not None and any(e.name == root.entity for e in law.vocabulary.main_names(key[0])):
            return key
    names = [law.decision_name(*k) for k in law.vocabulary.decisions if any(e.name == root.entity for e in law.vocabulary.main_names(k[0]))]
    raise InputError([Problem("DECISION", 0, 0, f"nothing is decided under the name '{wanted}'", did_you_mean(wanted, names))])


def dossier_report(
    law: Law,
    path: Given,
    inquiry: Inquiry,
    key: str,
    year: int,
    decision: str | None,
    as_of: date | None,
    form: Literal["html", "pdf"],
    language: str,
    output: Path,
    cure: Callable[[Facts, Root], Sequence[Sentence] | None] | None = None,
    contrast: Callable[[Facts, Root, tuple[str, str]], Sequence[Sentence]] | None = None,
) -> None:
    """`kazets why … --format html|pdf`: one file that stands on its own.

    Args:
        cure: what there is to say about what would mend the result.
        contrast: what there is to say about the decision under another law.
    """
    from engine.explaining.dossier import make_dossier, write_dossier

    facts = read_facts(law, path, as_of)
    root = find_root(law, facts, inquiry, key, year)
    owner = decision_key(law, root, decision or default_decision(law, root))
    remedies = cure(facts, root) if cure is not None else None
    otherwise = contrast(facts, root, owner) if contrast is not None else ()
    write_dossier(output, make_dossier(law, facts, inquiry, root, language, form, owner, remedies, otherwise))


def law_list_report(law: Law, language: str = "en") -> None:
    """`kazets law list`."""
    words = explaining.Words(law, language)
    for name, phase in law.phases.items():
        _say(f"{name:<14} {phase.first_year}-{phase.last_year}  {words.label(phase.title, name)}  [{words.cites(phase.cites)}]")
        if note := words.label(phase.note, ""):
            _say(f"{'':<14} {note}")


def law_records_report(law: Law, language: str = "en") -> None:
    """`kazets law records`: sourced figures and statements that decide nothing."""
    words = explaining.Words(law, language)
    for name, record in law.tree["records"].items():
        value, kind = record["value"], number(parse_unit(str(record["unit"])))
        rounded = isinstance(value, dict)
        told = words.value(exact(str(value["about"] if rounded else value)), kind)
        figure = words.say("about", value=told) if rounded else told
        _say(f"{words.label(record['label'], name)}: {figure} [{words.cites(cites(record['cite']))}]{words.note(record.get('note'))}")
    for name, statement in law.tree["statements"].items():
        _say(f"{words.label(statement['says'], name)} [{words.cites(cites(statement['cite']))}]")


def law_show_report(law: Law, name: str, year: int | None, inquiry: Inquiry, form: str, language: str = "en") -> None:
    """`kazets law show`: a phase as a person reads it."""
    if name not in law.phases:
        raise InputError([Problem("PHASE", 0, 0, f"no phase '{name}'", did_you_mean(name, law.phases))])
    phase = law.phases[name]
    year = year or phase.last_year
    if not phase.first_year <= year <= phase.last_year:
        raise InputError([Problem("--year", 0, 0, f"{name} governs {phase.first_year} to {phase.last_year}", "give one of its years")])
    words = explaining.Words(law, language)
    program = Program(law, law.select(inquiry.authority, inquiry.readings, inquiry.known_on), phase, year)
    lines = list(explaining.law_lines(law, words, program))
    if form == "json":
        _json({"phase": name, "year": year, "parameters": [{"parameter": a, "value": b, "source": c} for a, b, c in lines]})
        return
    for told in words.drafts():
        _say(told)
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{words.label(phase.title, name)} — {year}", title_justify="left", title_style="bold", show_lines=False)
    for head in ("head_parameter", "head_value", "head_source"):
        table.add_column(words.say(head), overflow="fold")
    for line in lines:
        table.add_row(*line)
    Console(width=None if sys.stdout.isatty() else 140).print(table)
