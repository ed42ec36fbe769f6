"""What `kazets compare` prints and writes: the impact of one law against another on a register."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from engine.containment import Beside
from engine.drafting.answers import Register, decide_both
from engine.drafting.causes import Cause
from engine.drafting.diff import LawDiff, diff
from engine.drafting.diff_reports import diff_json, head_lines, side_json
from engine.drafting.impact import Amount, Mover, Tally, measure
from engine.drafting.impact_proofs import Proofs, Reason, reasons
from engine.drafting.impact_text import ImpactText
from engine.drafting.sides import Side, both, compared_names
from engine.drafting.speech import Speech, console
from engine.drafting.version_reports import cites_json
from engine.explaining.json_form import receipt
from engine.explaining.sentences import Sentence
from engine.explaining.terminal import say, say_json
from engine.explaining.words import plain_json
from engine.facts import Facts
from engine.problems import input_error
from engine.proving import Root

READABLE = 0o644


def compare_report(
    one: Side, other: Side, path: Path, as_of: date | None, form: str, output: Path | None, language: str, limit: int,
    today: date, second: Beside | None,
) -> None:  # fmt: skip
    """`kazets compare`: text or JSON on the terminal; text, JSON, CSV or HTML in a file.

    Args:
        output: where to write; needed for HTML.
        limit: how many of the largest movers are shown, each with its proofs; JSON has all others without proofs.
        second: the process that answers about the second law, if there is one.

    Raises:
        InputError: a law or the facts cannot be read, or the file cannot be written.
        EngineDefect: proving failed.
    """
    found, told = compared(one, other, path, as_of, language, 0 if form == "csv" else limit, today, second)
    speech = told.speech
    if form == "text" and output is None:
        for line in [*head_lines(speech, one, other), *told.lines()]:
            if isinstance(line, str):
                say(line)
            else:
                console().print(line)
    elif form == "json" and output is None:
        say_json(impact_json(one, other, told, found))
    elif form == "csv" and output is None:
        say(_csv(told).rstrip("\n"))
    else:
        assert output is not None
        write(output, _content(one, other, found, told, form))
        say(str(output))


def compared(
    one: Side, other: Side, path: Path, as_of: date | None, language: str, limit: int, today: date, second: Beside | None
) -> tuple[LawDiff, ImpactText]:
    """What the two laws do not have in common, and what that does to a register; arguments and errors as in `compare_report`."""
    speech = Speech(next(both((one, other))), language)
    found = diff(one, other) if second is None else None
    register = decide_both(one, other, path, as_of, today, speech.tell("deciding"), second)
    if second is not None:
        (found,) = second.answers("what the laws do not have in common", None)
    assert found is not None
    impact = measure(one, other, register, found)
    movers = impact.rows.head(limit)
    return found, ImpactText(speech, impact, register, movers, _parting((one, other), register, movers, speech, second))


def _parting(
    sides: tuple[Side, Side], register: Register, movers: Sequence[Mover], speech: Speech, second: Beside | None
) -> list[tuple[Reason, ...]]:
    """Where the proofs of the movers part, each law in a process of its own."""
    roots = [Root(str(sides[0].law.manifest["main"]), (mover.key,), mover.year) for mover in movers]
    with ExitStack() as open_ones:
        proofs = []
        for number, side in enumerate(sides):
            if number and second is not None:
                proofs.append(second)
            else:
                law = Proofs(speech, side, compared_names(side), _having(register.facts(number, roots)))
                proofs.append(open_ones.enter_context(Beside(law)))
        return reasons(sides, (proofs[0], proofs[1]), roots)


def _having(facts: Facts) -> Callable[[Sequence[Root]], Facts]:
    return lambda _: facts


def _content(one: Side, other: Side, found: LawDiff, told: ImpactText, form: str) -> str:
    if form == "html":
        from engine.drafting.impact_page import page

        return page(one, other, told, found)
    if form == "csv":
        return _csv(told)
    if form == "json":
        import json

        return json.dumps(impact_json(one, other, told, found), ensure_ascii=False, indent=2) + "\n"
    from rich.console import Console

    file = io.StringIO()
    into = Console(file=file, width=140)
    for line in [*head_lines(told.speech, one, other), *told.lines()]:
        into.print(line, markup=False, highlight=False) if isinstance(line, str) else into.print(line)
    return file.getvalue()


def write(path: Path, content: str) -> None:
    """The whole file or none of it.

    Raises:
        InputError: it cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    except OSError as error:
        raise input_error(str(path), 0, 0, f"cannot be written: {error.strerror}", "give another --output") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(content)
        Path(name).chmod(READABLE)  # temporary files are their owner's alone
        os.replace(name, path)
    except OSError as error:
        raise input_error(str(path), 0, 0, f"cannot be written: {error.strerror}", "give another --output") from None
    finally:
        Path(name).unlink(missing_ok=True)


# -- CSV ----------------------------------------------------------------------------------------------------------


def _csv(told: ImpactText) -> str:
    """Every instance that comes out differently: exact numbers, codes, and the elements of the cause."""
    return told.impact.rows.table().write_csv()


# -- JSON ---------------------------------------------------------------------------------------------------------


def impact_json(one: Side, other: Side, told: ImpactText, found: LawDiff) -> dict[str, Any]:
    """The whole impact as plain data, as `schemas/impact.schema.json` has it."""
    law, register, impact = diff_json(one, other, found), told.register, told.impact
    return {
        **{
            name: side_json(side) | {"receipt": receipt(side.law, side.selection, register)}
            for name, side in (("one", one), ("other", other))
        },
        "language": told.speech.language,
        "register": {"path": register.path, "hash": register.digest, "as_of": register.as_of.isoformat(), "about": dict(register.about)},
        "law": {part: law[part] for part in ("same", "phases", "values", "rules")},
        "total": _tally(impact.total),
        "flips": {
            name: [{"one": before, "other": after, "count": count} for (before, after), count in flips.items()]
            for name, flips in impact.flips.items()
        },
        "causes": [{"cause": _elements(cause)} | _tally(line) for cause, line in impact.causes],
        "years": [{"year": int(line.label[0])} | _tally(line) for line in impact.years],
        "groups": {name: [{"of": line.label[0] or None} | _tally(line) for line in lines] for name, lines in impact.groups.items()},
        "rows": [_mover(mover) | _reasons(told, number) for number, mover in enumerate(impact.rows)],
        "undetermined": [ones.to_dicts() for ones in impact.open],
        "plans": [
            {
                "entity": p.entity,
                "key": p.key,
                "year": p.year,
                "decision": p.decision,
                "one": plain_json(p.sides[0]),
                "other": plain_json(p.sides[1]),
            }
            for p in impact.plans
        ],
    }


def _tally(line: Tally) -> dict[str, Any]:
    amounts = {name: _amount(amount) for name, amount in line.amounts.items()}
    return {"instances": line.instances, "changed": line.changed, "flips": line.flips, "amounts": amounts}


def _amount(amount: Amount) -> dict[str, Any]:
    sides = {"one": amount.one, "other": amount.other, "change": amount.change}
    return {name: _number(value) for name, value in sides.items()} | {"undetermined": list(amount.undetermined)}


def _number(value: int | Fraction | None) -> Any:
    return None if value is None else plain_json(value)


def _elements(cause: Cause) -> list[dict[str, str]]:
    return [{"kind": element.kind, "name": element.name} for element in cause.elements]


def _reasons(told: ImpactText, number: int) -> dict[str, Any]:
    """Where the proofs of a row that is shown part."""
    if number >= len(told.reasons):
        return {}
    law = told.law
    return {
        "proofs": [
            {
                "decision": law.decision_name(*reason.decision),
                "place": list(reason.place),
                **{
                    side: {"outcome": plain_json(outcome), "says": [_sentence(sentence) for sentence in said]}
                    for side, outcome, said in zip(("one", "other"), reason.outcomes, reason.sentences, strict=True)
                },
            }
            for reason in told.reasons[number]
        ]
    }


def _sentence(sentence: Sentence) -> dict[str, Any]:
    return {"rule": sentence.rule, "text": sentence.text, "cite": cites_json(sentence.cites)}


def _mover(mover: Mover) -> dict[str, Any]:
    return {
        "key": mover.key,
        "year": mover.year,
        "about": dict(mover.about),
        "outcomes": {name: {"one": one, "other": other} for name, (one, other) in mover.outcomes.items()},
        "amounts": {name: {"one": _number(one), "other": _number(other)} for name, (one, other) in mover.amounts.items()},
        "cause": _elements(mover.cause),
    }
