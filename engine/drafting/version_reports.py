"""What `kazets law at` and `kazets law timeline` print."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Any

from engine.drafting.speech import Speech, console, table
from engine.drafting.versions import IN_FORCE, PHASE, VALUE, Event, LawAt, Versions, between
from engine.explaining.terminal import say, say_json
from engine.explaining.words import plain_json
from engine.language import Unknown
from engine.law import Law, Selection
from engine.law.selection import ALWAYS, NEVER
from engine.proving import Inquiry


def law_at_report(law: Law, day: date, inquiry: Inquiry, only: str | None, form: str, language: str) -> None:
    """`kazets law at`: every parameter that has a value on a day, as known on another.

    Args:
        only: the beginning of the names of the parameters to show.

    Raises:
        InputError: no phase governs the year of the day, or the question cannot be asked.
    """
    selection = law.select(inquiry.authority, inquiry.readings, inquiry.known_on)
    found = Versions(law, selection).at(day)
    standing = [s for s in found.standing if only is None or s.parameter.startswith(only)]
    if form == "json":
        say_json(_at_json(law, selection, found, only))
        return
    speech = Speech(law, language)
    phase = speech.label(found.phase.title, found.phase.id)
    known = selection.known_on
    title = (
        speech.tell("at_title", day=speech.day(day), phase=phase)
        if known is None
        else speech.tell("at_known", day=speech.day(day), known=speech.day(known), phase=phase)
    )
    for line in speech.drafts():
        say(line)
    heads = [speech.say("head_parameter"), speech.say("head_value"), *speech.heads("force", "known"), speech.say("head_source")]
    rows = [
        (
            speech.keyed(s.parameter, s.key),
            speech.of_parameter(s.parameter, s.value),
            speech.span(s.entry.begins, s.entry.ends),
            speech.tell("always") if s.entry.known_from == ALWAYS else speech.day(s.entry.known_from),
            speech.cites(s.entry.cites),
        )
        for s in standing
    ]
    console().print(table(title, heads, rows))


def _at_json(law: Law, selection: Selection, found: LawAt, only: str | None) -> dict[str, Any]:
    return {
        "day": found.day.isoformat(),
        "known_on": selection.known_on.isoformat() if selection.known_on else None,
        "authority": selection.authority,
        "ruleset_hash": law.digest,
        "drafts": [draft.id for draft in law.drafts],
        "phase": found.phase.id,
        "parameters": [
            {
                "parameter": s.parameter,
                "key": s.key,
                "value": value_json(s.value),
                "from": _day(s.entry.begins),
                "to": _day(s.entry.ends),
                "known_from": _day(s.entry.known_from),
                "cite": cites_json(s.entry.cites),
            }
            for s in found.standing
            if only is None or s.parameter.startswith(only)
        ],
        "rules": [
            {"rule": rule.name, "cite": cites_json(rule.cites)} for rule in found.rules if only is None or rule.name.startswith(only)
        ],
    }


def value_json(value: Any) -> Any:
    """A value as JSON has it; a doubt by its bounds."""
    if isinstance(value, Unknown):
        return {"unknown": True, "at_least": plain_json(value.low), "at_most": plain_json(value.high)}
    return plain_json(value)


def cites_json(cites: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"instrument": instrument, "point": point} for instrument, point in cites]


def _day(day: date | None) -> str | None:
    return None if day in (None, ALWAYS, NEVER) else day.isoformat() if day is not None else None


# -- timeline -----------------------------------------------------------------------------------------------------


def timeline_report(law: Law, inquiry: Inquiry, since: date | None, until: date | None, only: str | None, form: str, language: str) -> None:
    """`kazets law timeline`: when the law changed, on both clocks; arguments as in `between`."""
    selection = law.select(inquiry.authority, inquiry.readings)
    events = between(Versions(law, selection).timeline(), since, until, only)
    if form == "json":
        say_json([_event_json(event) for event in events])
        return
    speech = Speech(law, language)
    for line in speech.drafts():
        say(line)
    for (day, clock), group in groupby(events, key=lambda e: (e.day, e.clock)):
        say(f"{speech.day(day)} — {speech.tell('took_effect' if clock == IN_FORCE else 'became_known')}")
        for line in dict.fromkeys(_line(law, speech, event) for event in group):
            say(f"  {line}")


def _line(law: Law, speech: Speech, event: Event) -> str:
    if event.kind == VALUE:
        sides = (speech.of_parameter(event.name, side) for side in (event.before, event.after))
        said = speech.tell("was", name=speech.keyed(event.name, event.key), before=next(sides), after=next(sides))
    elif event.kind == PHASE:
        title = speech.label(law.phases[event.name].title, event.name)
        years = f"{event.begins.year}–{event.ends.year}" if event.begins and event.ends else ""
        if event.before is None:
            said = speech.tell("phase_known", phase=title, years=years)
        else:
            said = speech.tell("phase_instead", phase=title, years=years, before=speech.label(law.phases[event.before].title, event.before))
    else:
        said = speech.tell("rule_begins" if event.after else "rule_ends", rule=event.name)
    return " ".join([said, *_days(law, speech, event), f"[{speech.cites(event.cites)}]"])


def _days(law: Law, speech: Speech, event: Event) -> Iterator[str]:
    keyed = event.kind == VALUE and law.vocabulary.parameters[event.name].keyed_by == "year"
    if event.kind == VALUE and event.clock != IN_FORCE and not keyed:
        yield speech.tell("for_days", days=speech.span(event.begins, event.ends))
    if event.retroactive:
        yield speech.tell("retroactive")


def _event_json(event: Event) -> dict[str, Any]:
    return {
        "day": event.day.isoformat(),
        "clock": event.clock,
        "kind": event.kind,
        "name": event.name,
        "key": event.key,
        "from": _day(event.begins),
        "last_day": _day(event.ends),
        "before": value_json(event.before),
        "after": value_json(event.after),
        "retroactive": event.retroactive,
        "cite": cites_json(event.cites),
    }
