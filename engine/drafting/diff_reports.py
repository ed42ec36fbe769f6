"""What `kazets law diff` prints: two laws side by side, by what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from engine.drafting.diff import LawDiff, RuleChange, Span, ValueChange, diff, whole_years, years_text
from engine.drafting.sides import Side, both
from engine.drafting.speech import Speech, console, table
from engine.drafting.version_reports import cites_json, value_json
from engine.explaining.formulas import Formulas
from engine.explaining.terminal import say, say_json
from engine.law import Entry, Phase, TypedRule

if TYPE_CHECKING:
    from engine.analysis.laws.comparing import Witnesses


def law_diff_report(one: Side, other: Side, form: str, language: str, years: Sequence[int] | None = ()) -> None:
    """`kazets law diff`: what the second law says otherwise than the first.

    Args:
        years: in which witnesses are sought; none for no witnesses, None for every year.

    Raises:
        InputError: a side cannot be asked.
        EngineDefect: proving a witness failed.
    """
    found = diff(one, other)
    witnesses = _witnesses(one, other, years) if years is None or years else None
    if form == "json":
        from engine.analysis.laws.witnessing import witness_json

        shown = {} if witnesses is None else {"witnesses": witness_json(witnesses) | {"silent": _silent(found, witnesses)}}
        say_json(diff_json(one, other, found) | shown)
        return
    speech = Speech(next(both((one, other))), language)
    for line in head_lines(speech, one, other):
        say(line)
    for line in diff_lines(speech, found):
        if isinstance(line, str):
            say(line)
        else:
            console().print(line)
    if witnesses is not None:
        from engine.analysis.laws.witnessing import witness_lines

        say("")
        for text in witness_lines(witnesses, language):
            say(text)
        if silent := _silent(found, witnesses):
            say(speech.tell("diff_silent", names=", ".join(silent)))


def _witnesses(one: Side, other: Side, years: Sequence[int] | None) -> Witnesses:
    from engine.analysis.laws import Side as LawSide
    from engine.analysis.laws.comparing import witness

    first, second = (LawSide(side.law, side.selection, side.phase) for side in (one, other))
    return witness(first, second, years)


def _silent(found: LawDiff, witnesses: Witnesses) -> list[str]:
    """The rules and values that differ, but by which no case was found to be decided differently."""
    flipping = {flip.name for finding in witnesses.findings for flip in finding.flips}
    changed = [*(change.parameter for change in found.values), *(change.name for change in found.rules)]
    return [name for name in dict.fromkeys(changed) if name not in flipping]


# -- the two laws -------------------------------------------------------------------------------------------------


def head_lines(speech: Speech, one: Side, other: Side) -> Iterator[str]:
    yield speech.tell("diff_one", side=side_text(speech, one, other))
    yield speech.tell("diff_other", side=side_text(speech, other, one))
    yield from speech.drafts()


def side_text(speech: Speech, side: Side, against: Side) -> str:
    """What sets a law apart from the one it is compared with."""
    parts = [speech.tell("side_draft", title=speech.label(d.title, d.id)) for d in side.law.drafts]
    if side.phase is not None:
        parts.append(speech.tell("side_phase", phase=speech.label(side.law.phases[side.phase].title, side.phase)))
    if side.on is not None:
        parts.append(speech.tell("side_on", day=speech.day(side.on)))
    if side.inquiry.known_on is not None:
        parts.append(speech.tell("side_known", day=speech.day(side.inquiry.known_on)))
    selection, others = side.selection, against.selection
    if selection.authority != others.authority:
        parts.append(speech.tell("side_authority", authority=speech.authority(selection.authority)))
    for question in sorted(selection.settled | others.settled):
        answer = selection.readings.get(question)
        if answer is not None and answer != others.readings.get(question):
            content = side.law.questions[question]
            said = (question, answer)
            if not speech.coded:
                said = speech.label(content["ask"], question), speech.label(content["answers"][answer]["says"], answer)
            parts.append(speech.tell("side_reading", question=said[0], answer=said[1]))
    return "; ".join(parts or [speech.tell("side_current")])


# -- text ---------------------------------------------------------------------------------------------------------


def diff_lines(speech: Speech, found: LawDiff) -> Iterator[Any]:
    """Lines of text, and tables."""
    if found.same:
        yield speech.tell("diff_same")
    if found.phases:
        rows = [(_phase(speech, change.before), _phase(speech, change.after), years_text(change.years)) for change in found.phases]
        yield table(speech.tell("diff_phases"), speech.heads("a", "b", "when"), rows)
    if found.values:
        heads = [speech.say("head_parameter"), *speech.heads("a", "b", "when")]
        width = len(heads) if any(change.spans for change in found.values) else len(heads) - 1
        told = [tuple(_value_row(speech, change))[:width] for change in found.values]
        yield table(speech.tell("diff_values"), heads[:width], told)
    if found.rules:
        yield speech.tell("diff_rules")
        for change in found.rules:
            yield from (f"  {line}" for line in _rule_lines(speech, change))
    if found.renamed:
        yield speech.tell("diff_renamed", names=", ".join(f"{before} → {after}" for before, after in found.renamed))
    if found.reworded:
        yield speech.tell("diff_reworded", names=", ".join(found.reworded))


def _phase(speech: Speech, phase: Phase | None) -> str:
    return speech.tell("nothing") if phase is None else f"{speech.label(phase.title, phase.id)} [{speech.cites(phase.cites)}]"


def _value_row(speech: Speech, change: ValueChange) -> Iterator[str]:
    yield speech.keyed(change.parameter, change.key)
    for value, entry in change.sides:
        yield _value(speech, change.parameter, value, entry)
    yield spans_text(speech, change.spans)


def _value(speech: Speech, parameter: str, value: Any, entry: Entry | None) -> str:
    if entry is None and value is None:
        return speech.tell("nothing")
    said = speech.value(value, speech.law.vocabulary.parameters[parameter].type)
    return said if entry is None else f"{said} [{speech.cites(entry.cites)}]"


def spans_text(speech: Speech, spans: Iterable[Span]) -> str:
    kept = list(spans)
    years = whole_years(kept)
    if years is not None:
        return years_text(years)
    return ", ".join(speech.day(s.begins) if s.begins == s.ends else speech.span(s.begins, s.ends) for s in kept)


def _rule_lines(speech: Speech, change: RuleChange) -> Iterator[str]:
    entity, name = change.decides
    decision = speech.decision(entity, name) if change.decides in speech.law.vocabulary.decisions else name
    yield speech.tell("rule_line", kind=speech.tell(change.kind), rule=change.name, decision=decision, years=years_text(change.years))
    for head, typed in (("head_a", change.before), ("head_b", change.after)):
        if typed is not None:
            yield f"  {speech.tell(head)}: {_rule(speech, typed)} [{speech.cites(typed.rule.cites)}]"


def _rule(speech: Speech, typed: TypedRule) -> str:
    """What a rule says, as it is written; in the other languages in words."""
    formulas = Formulas(speech)
    value, when = (
        None if node is None else " ".join(node.text.split()) if speech.coded else formulas.text(node) for node in (typed.value, typed.when)
    )
    return speech.tell("rule_gives", value=value, when=when if when is not None else speech.tell("rule_always"))


# -- JSON ---------------------------------------------------------------------------------------------------------


def side_json(side: Side) -> dict[str, Any]:
    selection = side.selection
    return {
        "law": side.written,
        "ruleset_hash": side.law.digest,
        "drafts": [draft.id for draft in side.law.drafts],
        "phase": side.phase,
        "on": side.on.isoformat() if side.on else None,
        "known_on": selection.known_on.isoformat() if selection.known_on else None,
        "authority": selection.authority,
        "readings": {question: selection.readings[question] for question in sorted(selection.settled)},
    }


def diff_json(one: Side, other: Side, found: LawDiff) -> dict[str, Any]:
    return {
        "one": side_json(one),
        "other": side_json(other),
        "same": found.same,
        "phases": [
            {"years": list(c.years), "one": c.before.id if c.before else None, "other": c.after.id if c.after else None}
            for c in found.phases
        ],
        "values": [
            {
                "parameter": c.parameter,
                "key": c.key,
                "spans": [[s.begins.isoformat(), s.ends.isoformat()] for s in c.spans],
                **{
                    side: {"value": value_json(v), "cite": cites_json(e.cites) if e else []}
                    for side, (v, e) in zip(("one", "other"), c.sides, strict=True)
                },
            }
            for c in found.values
        ],
        "rules": [
            {
                "kind": c.kind,
                "rule": c.name,
                "decides": (other.law if c.after else one.law).decision_name(*c.decides),
                "years": list(c.years),
                "one": _rule_json(c.before),
                "other": _rule_json(c.after),
            }
            for c in found.rules
        ],
        "renamed": [list(pair) for pair in found.renamed],
        "reworded": list(found.reworded),
    }


def _rule_json(typed: TypedRule | None) -> dict[str, Any] | None:
    if typed is None:
        return None
    rule = typed.rule
    return {
        "when": None if typed.when is None else typed.when.text,
        "value": typed.value.text,
        "exception_to": list(rule.exception_to),
        "says": dict(rule.says),
        "cite": cites_json(rule.cites),
    }
