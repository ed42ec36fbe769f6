"""The open questions of the law: their answers and sources, and what of given facts depends on each of them.

An answer is tried by proving again with it settled, as far as it can reach (see `engine.proving.otherwise`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from engine.explaining.json_form import receipt
from engine.explaining.replay import Answer, Under
from engine.explaining.reports import read_facts, roots
from engine.explaining.terminal import say, say_json, shown
from engine.explaining.words import Words, plain_json
from engine.facts import Facts
from engine.language import OpenSet, Type, Unknown
from engine.language.values import whole
from engine.law import Law, Selection, cites
from engine.proving import Conflict, Inquiry, Root
from engine.proving.otherwise import Changes, ask_otherwise

TAKEN, OTHER = "●", "○"
MAX_MOVES = 4


@dataclass
class Tally:
    """How one decision comes out differently.

    Attributes:
        changed: determinations (of a part: parts) in which it does.
        moves: (outcome before, outcome after) -> how often; for all but amounts.
        more, less: the sum of what is added and of what is taken away; for amounts.
        open: changes without a figure on one of the sides.
    """

    changed: int = 0
    moves: Counter[tuple[Any, Any]] = field(default_factory=Counter)
    more: int | Fraction = 0
    less: int | Fraction = 0
    open: int = 0


@dataclass
class Effect:
    """What another answer changes about the facts.

    Attributes:
        asked: determinations of which something was proved again; the rest provably stay as they are.
        changed: determinations that come out differently.
        instances: the instances of the main entity (installations) that these are about, whatever the year.
        decisions: (entity, decision) -> how, in the order of the vocabulary.
    """

    asked: int
    changed: int = 0
    instances: set[tuple[str, ...]] = field(default_factory=set)
    decisions: dict[tuple[str, str], Tally] = field(default_factory=dict)


Effects = Mapping[tuple[str, str], Effect]


def readings_report(law: Law, path: Path | None, inquiry: Inquiry, as_of: date | None, form: str, language: str = "en") -> None:
    """`kazets readings`: every question with its answers; given facts, what each other answer would change.

    Raises:
        InputError: the facts or the question cannot be read.
        EngineDefect: proving failed.
    """
    selection = law.select(inquiry.authority, inquiry.readings, inquiry.known_on)
    facts = read_facts(law, path, as_of) if path is not None else None
    asked = roots(law, facts, inquiry, None, None) if facts is not None else []
    words = Words(law, language)
    found = effects(law, facts, inquiry, asked, words) if facts is not None else {}
    if form == "json":
        say_json(_as_json(law, selection, facts, found, len(asked)))
        return
    for line in _lines(law, selection, facts, found, len(asked), words):
        say(line)


def effects(law: Law, facts: Facts, inquiry: Inquiry, asked: list[Root], words: Words | None = None, workers: int | None = None) -> Effects:
    """(question, answer) -> what it changes, for every answer that is not taken.

    Args:
        words: the language of the progress bar.
        workers: over how many processes the determinations are spread; by default as many as serve.

    Raises:
        EngineDefect: proving failed.
    """
    words = words or Words(law)
    selection = law.select(inquiry.authority, inquiry.readings, inquiry.known_on)
    asking = {
        (question, answer): replace(inquiry, readings={**inquiry.readings, question: answer})
        for question, content in law.questions.items()
        for answer in content["answers"]
        if answer != selection.readings[question]
    }
    found = {which: Effect(0) for which in asking}
    stream = ask_otherwise(law, facts, inquiry, list(asking.values()), asked, workers)
    for root, others in shown(stream, words.say("readings_trying"), len(asked)):
        for effect, otherwise in zip(found.values(), others, strict=True):
            effect.asked += otherwise.proved
            _count(law, effect, root, otherwise.changes)
    for effect in found.values():
        order = list(law.vocabulary.decisions)
        effect.decisions = dict(sorted(effect.decisions.items(), key=lambda pair: order.index(pair[0])))
    return found


def _count(law: Law, effect: Effect, root: Root, changes: Changes) -> None:
    effect.changed += bool(changes)
    if changes and root.entity == law.manifest["main"]:
        effect.instances.add(root.key)
    for key, (old, new) in changes.items():
        tally = effect.decisions.setdefault(key[:2], Tally())
        tally.changed += 1
        kind = law.vocabulary.decisions[key[:2]].type
        if not is_amount(kind):
            tally.moves[_bare(old), _bare(new)] += 1
        elif all(isinstance(side, (int, Fraction)) for side in (old, new)):
            tally.more += max(0, new - old)
            tally.less += max(0, old - new)
        else:
            tally.open += 1


def is_amount(kind: Type) -> bool:
    """Whether values of a type may be added up: a number of one declared unit; a rate or a bare number may not."""
    return kind.kind == "number" and len(kind.unit.powers) == 1 and kind.unit.powers[0][1] == 1


def _bare(outcome: Any) -> Any:
    """An outcome without its causes and bounds, so that outcomes which a reader would call alike are counted together."""
    if isinstance(outcome, Unknown):
        return Unknown(frozenset())
    if isinstance(outcome, OpenSet):
        return replace(outcome, causes=frozenset())
    return Conflict((), ()) if isinstance(outcome, Conflict) else outcome


def _again(law: Law, facts: Facts, inquiry: Inquiry, content: Mapping[str, Any], under: Under) -> dict[str, Any]:
    """The same question asked again, for its receipt."""
    asked = roots(law, facts, inquiry, None, None)
    selection = law.select(inquiry.authority, inquiry.readings, inquiry.known_on)
    return _as_json(law, selection, facts, effects(law, facts, inquiry, asked), len(asked))


READINGS = Answer("readings", "questions", "readings.schema.json", ("",), _again)


# -- showing ------------------------------------------------------------------------------------------------------


def _as_json(law: Law, selection: Selection, facts: Facts | None, found: Effects, total: int) -> dict[str, Any]:
    return {
        "questions": [
            {
                "question": name,
                "ask": {k: v for k, v in question["ask"].items() if k != "at"},
                "taken": selection.readings[name],
                "default": dict(question["default"]),
                "answers": [
                    {
                        "answer": answer,
                        "says": dict(content["says"]),
                        "cite": [{"instrument": i, "point": p} for i, p in cites(content.get("cite"))],
                    }
                    | ({"effect": _effect_json(law, found[name, answer])} if (name, answer) in found else {})
                    for answer, content in question["answers"].items()
                ],
            }
            for name, question in law.questions.items()
        ],
        "determinations": total,
        "receipt": receipt(law, selection, facts) if facts is not None else None,
    }


def _effect_json(law: Law, effect: Effect) -> dict[str, Any]:
    decisions = []
    for key, tally in effect.decisions.items():
        one: dict[str, Any] = {"decision": law.decision_name(*key), "changed": tally.changed}
        if tally.moves:
            one["moves"] = [{"before": _listed(old), "after": _listed(new), "count": n} for (old, new), n in _ordered(tally)]
        if is_amount(law.vocabulary.decisions[key].type):
            unit = law.vocabulary.decisions[key].type.unit
            one |= {"unit": str(unit), "more": plain_json(whole(tally.more)), "less": plain_json(whole(tally.less)), "open": tally.open}
        decisions.append(one)
    return {"proved": effect.asked, "changed": effect.changed, "instances": len(effect.instances), "decisions": decisions}


def _listed(outcome: Any) -> Any:
    """An outcome as JSON; what may or may not be in a set is followed by a question mark."""
    if isinstance(outcome, OpenSet):
        return [*sorted(outcome.members), *(f"{member}?" for member in sorted(outcome.possible))]
    return plain_json(outcome)


def _ordered(tally: Tally) -> list[tuple[tuple[Any, Any], int]]:
    return sorted(tally.moves.items(), key=lambda pair: (-pair[1], str([_listed(side) for side in pair[0]])))


def _lines(law: Law, selection: Selection, facts: Facts | None, found: Effects, total: int, words: Words) -> Iterator[str]:
    authority = words.authority_name(selection.authority)
    if facts is None:
        yield words.say("readings_head", count=len(law.questions), authority=authority)
    else:
        day = words.day(facts.as_of)
        yield words.say("readings_head_facts", count=len(law.questions), authority=authority, day=day, total=words.count(total))
    idle = [name for name in law.questions if facts is not None and not any(e.changed for (q, _), e in found.items() if q == name)]
    for name, question in law.questions.items():
        if name in idle:
            continue
        yield ""
        yield f"{name}: {words.label(question['ask'], name)}"
        for answer, content in question["answers"].items():
            by = [words.authority_name(authority) for authority, default in question["default"].items() if default == answer]
            named = answer + (f" ({words.say('readings_default', by='; '.join(by))})" if by else "")
            sources = words.cites(cites(content.get("cite")))
            yield f"  {TAKEN if selection.readings[name] == answer else OTHER} {named}: {words.label(content['says'], answer)} [{sources}]"
            if (name, answer) in found:
                yield from _effect_lines(law, words, found[name, answer], total)
        if question.get("note"):
            yield f"    {words.say('note', note=words.label(question['note'], ''))}"
    if idle:
        yield ""
        yield words.say("readings_idle", names=", ".join(idle))


def _effect_lines(law: Law, words: Words, effect: Effect, total: int) -> Iterator[str]:
    pad = " " * 6
    if not effect.changed:
        yield pad + words.say("readings_unchanged")
        return
    yield pad + words.say("readings_changed", count=effect.changed, total=words.count(total), instances=words.count(len(effect.instances)))
    major = {k: t for k, t in effect.decisions.items() if not law.tree["decisions"].get(law.decision_name(*k), {}).get("minor")}
    if not major:
        yield f"{pad}  {words.say('readings_minor')}"
    for key, tally in major.items():
        yield f"{pad}  {words.decision(*key)} ({words.count(tally.changed)}×){_amounts(law, words, key, tally)}"


def _amounts(law: Law, words: Words, key: tuple[str, str], tally: Tally) -> str:
    """How a decision changes: the sums of an amount, or the commonest moves of a code."""
    kind = law.vocabulary.decisions[key].type
    if is_amount(kind):
        told = [sign + words.value(whole(total), kind) for sign, total in (("+", tally.more), ("−", tally.less)) if total]
        told += [words.say("readings_open", count=tally.open)] if tally.open else []
        return f": {'; '.join(told)}" if told else ""
    moves = _ordered(tally)
    told = [f"{words.value(old, kind)} → {words.value(new, kind)} ({words.count(n)})" for (old, new), n in moves[:MAX_MOVES]]
    told += [words.say("readings_more", count=len(moves) - MAX_MOVES)] if len(moves) > MAX_MOVES else []
    return f": {'; '.join(told)}" if told else ""
