"""The impact of a law on a register as one HTML file that stands on its own: numbers first, then charts, tables, the law, and its limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from engine.drafting.charts import Bar, bars
from engine.drafting.diff import LawDiff, years_text
from engine.drafting.diff_reports import side_text, spans_text
from engine.drafting.impact import Tally
from engine.drafting.impact_text import MAX_GROUPS, ImpactText
from engine.drafting.sides import Side
from engine.drafting.speech import Speech
from engine.explaining.formulas import Formulas
from engine.explaining.locales import number_text
from engine.law import TypedRule, named_in

CHART_BARS = 12


@dataclass(frozen=True)
class Grid:
    """A table of a page; the columns from ``numbers`` on stand to the right."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: int
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """A chart with its title."""

    title: str
    svg: str


def page(one: Side, other: Side, told: ImpactText, found: LawDiff) -> str:
    """The report.

    Args:
        told: the impact in words.
        found: what the two laws do not have in common.
    """
    speech = told.speech
    content = {
        "language": speech.language,
        "title": speech.tell("impact_title", change=side_text(speech, other, one), register=told.register_title()),
        "sides": [
            speech.tell("diff_one", side=side_text(speech, one, other)),
            speech.tell("diff_other", side=side_text(speech, other, one)),
        ],
        "warnings": [*speech.drafts(), told.register_line(), *_synthetic(told)],
        "cards": list(_cards(told)),
        "pictures": list(_pictures(told)),
        "grids": list(_grids(told)),
        "law": list(_law(speech, found)),
        "law_title": speech.tell("page_law"),
        "limits_title": speech.tell("page_limits"),
        "limits": [speech.tell("amounts_note"), told.open_line(), speech.tell("page_exact"), speech.tell("page_unofficial")],
        "made": speech.tell("page_made", one=one.law.digest[:12], other=other.law.digest[:12], facts=told.register.digest[:12]),
    }
    return render("impact.html.j2", content)


def render(template: str, content: dict[str, Any]) -> str:
    """A template of this folder filled in; text is escaped, charts are not."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("engine.drafting", "templates")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template(template).render(content)


def _synthetic(told: ImpactText) -> Iterator[str]:
    """What the register says of its own making."""
    note = told.speech.said(told.register.about.get("note"))
    if note:
        yield note


def _cards(told: ImpactText) -> Iterator[tuple[str, str]]:
    """The numbers that come first: what each is, and its value."""
    total, speech = told.impact.total, told.speech
    for label, number in (("head_count", total.instances), ("card_changed", total.changed), ("card_flips", total.flips)):
        yield speech.tell(label), number_text(number, speech.language)
    for name in told.changing():
        yield speech.tell("card_change", amount=told.decision(name)), told.amount(name, total.amounts[name].change, True)


def _pictures(told: ImpactText) -> Iterator[Picture]:
    speech = told.speech
    for outcome, flips in told.impact.flips.items():
        moved = [Bar(told.to(*(told.outcome(outcome, word) for word in pair)), count) for pair, count in flips.items()][:CHART_BARS]
        if moved:
            title = speech.tell("flips", outcome=told.decision(outcome))
            yield Picture(title, bars(moved, speech.tell("head_count"), speech.language))
    for number, name in enumerate(islice(reversed(told.changing()), 2)):
        for group in [*told.impact.groups][: None if number == 0 else 1]:
            lines = [line for line in told.group_lines(group) if line.amounts[name].change][:CHART_BARS]
            if len(lines) > 2:
                title = speech.tell("chart_title", amount=told.decision(name), group=told.group_name(group))
                yield Picture(title, _changes(told, group, name, lines))


def _changes(told: ImpactText, group: str, name: str, lines: Sequence[Tally]) -> str:
    kind = told.law.vocabulary.decisions[told.main, name].type
    values = [int(line.amounts[name].change) for line in lines]
    power, unit = scaled(told.speech, max(map(abs, values)), told.speech.unit(kind))
    lengths = [Bar(told.group_label(group, line.label[0]), v / 10**power) for line, v in zip(lines, values, strict=True)]
    return bars(lengths, unit, told.speech.language)


def scaled(speech: Speech, largest: int, unit: str) -> tuple[int, str]:
    """The power of ten by which the numbers of a chart are divided, and the unit that this leaves."""
    power = max((p for p in (3, 6, 9) if largest >= 10 ** (p + 1)), default=0)
    return power, speech.tell(f"power_{power}", unit=unit) if power else unit


def _grids(told: ImpactText) -> Iterator[Grid]:
    speech = told.speech
    yield Grid(
        speech.tell("amounts"),
        speech.heads("amount", "before", "after", "change_by", "open"),
        list(told.amount_rows()),
        1,
        speech.tell("amounts_note"),
    )
    for outcome in told.wanted["outcomes"]:
        if rows := list(told.flip_rows(outcome)):
            yield Grid(speech.tell("flips", outcome=told.decision(outcome)), speech.heads("before", "after", "count"), rows, 2)
    if told.impact.causes:
        yield Grid(speech.tell("why"), told.tally_heads(speech.tell("head_cause")), list(told.cause_rows()), 1)
    for group in told.impact.groups:
        if rows := list(told.group_rows(group)):
            name, left = told.group_name(group), len(told.group_lines(group)) - MAX_GROUPS
            note = speech.tell("more", count=left) if left > 0 else ""
            yield Grid(speech.tell("by", group=name), told.tally_heads(name), rows, 1, note)
    if told.movers:
        yield Grid(speech.tell("movers"), told.mover_heads(), [told.mover_row(mover) for mover in told.movers], 99)
        heads = [speech.tell("head_installation"), speech.tell("head_what"), *speech.heads("before", "after")]
        yield Grid(speech.tell("proofs"), heads, list(told.reason_rows()), 99)
    for heads, rows in told.plan_tables():
        yield Grid(speech.tell("plans"), heads, rows, 1)


def sentence_of(speech: Speech, typed: TypedRule) -> str:
    """What a rule says of any case: where its sentence has a value of the case, what that is."""
    formulas, said = Formulas(speech), speech.label(typed.rule.says, typed.rule.name)
    for name, node in named_in(speech.law, typed.rule):
        said = said.replace("{" + name + "}", formulas.text(node))
    return said


def _law(speech: Speech, found: LawDiff) -> Iterator[Grid]:
    """What the two laws say otherwise."""
    if found.values:
        rows = []
        for change in found.values:
            kind = speech.law.vocabulary.parameters[change.parameter].type
            sides = (speech.value(v, kind) + (f" [{speech.cites(e.cites)}]" if e else "") for v, e in change.sides)
            rows.append((speech.keyed(change.parameter, change.key), *sides, spans_text(speech, change.spans)))
        yield Grid(speech.tell("diff_values"), [speech.say("head_parameter"), *speech.heads("a", "b", "when")], rows, 99)
    if found.rules:
        told = []
        for rule in found.rules:
            typed = rule.after or rule.before
            assert typed is not None
            said = sentence_of(speech, typed)
            told.append((speech.tell(rule.kind), rule.name, said, years_text(rule.years), speech.cites(typed.rule.cites)))
        heads = [*speech.heads("change", "what", "says"), speech.tell("head_when"), speech.say("head_source")]
        yield Grid(speech.tell("diff_rules"), heads, told, 99)
