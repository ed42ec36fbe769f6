"""The reports that the commands print."""

from __future__ import annotations

from pathlib import Path

from engine.analysis.laws.comparing import witness
from engine.analysis.laws.frame import Side
from engine.analysis.laws.prove import prove_law
from engine.analysis.laws.showing import case_text, prove_json, prove_lines
from engine.analysis.laws.telling import Telling
from engine.analysis.laws.witnessing import witness_case, witness_json, witness_lines
from engine.explaining.terminal import say, say_json
from engine.law import Law
from engine.problems import InputError, Problem, did_you_mean


def prove_law_report(
    law: Law, years: tuple[int, ...], authorities: tuple[str, ...], readings: bool, folder: Path | None, form: str, language: str
) -> bool:
    """`kazets prove-law`; whether nothing was found.

    Raises:
        InputError: there is no such authority, or no phase governs a year.
        EngineDefect: proving failed.
    """
    for name in authorities:
        law.select(name)
    for year in years:
        if law.phase_of(year) is None:
            governed = sorted({y for p in law.phases.values() for y in (p.first_year, p.last_year)})
            raise InputError([Problem("--year", 0, 0, f"no phase governs {year}", did_you_mean(str(year), [str(y) for y in governed]))])
    report = prove_law(law, years or None, authorities or None, readings=readings)
    if form == "json":
        say_json(prove_json(law, report))
    else:
        for line in prove_lines(law, report, language):
            say(line)
    if folder is not None:
        words = Telling(law, language)
        for finding in report.findings:
            declared, key = finding.question.declared, finding.question.key
            name = declared.name if declared is not None else f"{finding.question.kind}-{key[1]}"
            write(folder / f"{name}.yaml", case_text(law, finding, words.question(finding.question)))
    return not report.failures


def witness_report(one: Side, other: Side, years: tuple[int, ...], folder: Path | None, form: str, language: str) -> bool:
    """`kazets law witness`; whether no case was found that the laws decide differently.

    Raises:
        EngineDefect: proving failed.
    """
    report = witness(one, other, years or None)
    if form == "json":
        say_json(witness_json(report))
    else:
        for line in witness_lines(report, language):
            say(line)
    if folder is not None:
        for finding in report.findings:
            write(folder / "first" / f"{finding.decision[1]}.yaml", witness_case(report, finding, False, language))
            write(folder / "second" / f"{finding.decision[1]}.yaml", witness_case(report, finding, True, language))
    return not report.findings


def write(target: Path, text: str) -> None:
    """Write a whole file or none."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(target)
