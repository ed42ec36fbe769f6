"""Times and topics on which a ruleset says nothing, or says two things."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from engine.drafting.findings_codes import Finding
from engine.law import Entry, Law, Phase
from engine.law.selection import NEVER
from engine.problems import did_you_mean

DAY = timedelta(days=1)


def period_findings(law: Law) -> Iterator[Finding]:
    """Years without a phase, holes and overlaps between dated values, topics that a phase leaves open."""
    yield from _years(law)
    for name, key in law.written_keys():
        if name in law.vocabulary.parameters:
            yield from _entries(name if key is None else f"{name}[{key}]", law.entries(name, key))
    yield from _topics(law)


def _years(law: Law) -> Iterator[Finding]:
    phases = sorted(law.phases.values(), key=lambda phase: phase.first_year)
    for year in range(phases[0].first_year, phases[-1].last_year) if phases else ():
        if law.phase_of(year) is None:
            after = next(phase for phase in phases if phase.first_year > year)
            at = law.tree["phases"][after.id]["at"]
            yield Finding("year-without-phase", at[0], at[1], at[2], f"no phase governs {year}", "let a phase begin earlier or end later")


def _entries(name: str, entries: list[Entry]) -> Iterator[Finding]:
    for entry in entries:
        if entry.ends == NEVER:
            continue
        rivals = [other for other in entries if other is not entry and _alike(entry, other)]
        inside = [other for other in rivals if entry.begins < other.begins < entry.ends and other.known_from == entry.known_from]
        for other in inside:
            message = f"{name}: this value ends on {entry.ends}, but the next begins on {other.begins} already"
            remedy = f"the next is at {':'.join(map(str, other.at))}: end this one on the day on which it begins"
            yield Finding("period-overlap", *entry.at, message, remedy)
        later = [other.begins for other in rivals if other.begins > entry.ends]
        covered = any(other.begins <= entry.ends < other.ends for other in entries if _may_fill(entry, other))
        if later and not covered:
            message = f"{name}: there is no value from {entry.ends} to {min(later) - DAY}"
            yield Finding("period-hole", *entry.at, message, "let one value end on the day on which the next begins")


def _alike(one: Entry, two: Entry) -> bool:
    """Whether two values are of one series: the same era, authority and answers."""
    return (one.phase, one.authority, dict(one.readings)) == (two.phase, two.authority, dict(two.readings))


def _may_fill(one: Entry, other: Entry) -> bool:
    """Whether another value may stand where the series of ``one`` has none."""
    return (
        other is not one
        and (other.phase is None or other.phase == one.phase)
        and all(one.readings.get(question, answer) == answer for question, answer in other.readings.items())
    )


def _topics(law: Law) -> Iterator[Finding]:
    """Each phase has a value, if only `none` or `unknown`, for every parameter of every topic of the manifest."""
    at = law.manifest["at"]
    for topic, parameters in law.manifest.get("topics", {}).items():
        for written in parameters:
            names = written if isinstance(written, list) else [written]
            odd = [name for name in names if name not in law.vocabulary.parameters]
            for name in odd:
                remedy = did_you_mean(name, law.vocabulary.parameters)
                yield Finding("undefined-name", at[0], at[1], at[2], f"topics: {topic}: no parameter '{name}'", remedy)
            phases = [phase for phase in law.phases.values() if not _settled(law, phase, names)] if not odd else []
            if phases:
                yield _left_open(law, phases, topic, names)


def _settled(law: Law, phase: Phase, names: list[str]) -> bool:
    """Whether one of the parameters has a value in the phase."""
    for name in names:
        lineage = law.lineage(phase.id) if law.vocabulary.parameters[name].inherited else (phase.id,)
        entries = (entry for key in law.keys(name) for entry in law.entries(name, key))
        if any(entry.phase is None or entry.phase in lineage for entry in entries):
            return True
    return False


def _left_open(law: Law, phases: list[Phase], topic: str, names: list[str]) -> Finding:
    at = law.tree["phases"][phases[0].id]["at"]
    said = " and ".join(f"'{name}'" for name in names)
    who = f"phase '{phases[0].id}' says" if len(phases) == 1 else "phases " + ", ".join(f"'{phase.id}'" for phase in phases) + " say"
    message = f"{who} nothing on {topic}: {said} {'have' if len(names) > 1 else 'has'} no value"
    remedy = f"add `{names[0]}: {{value: …, cite: …}}` to its values; `none` or `unknown` where that is the answer"
    return Finding("missing-topic", at[0], at[1], at[2], message, remedy)
