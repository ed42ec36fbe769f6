"""The same facts under two laws: both answers, and the smallest exchange of rules or values that turns one into the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from engine.explaining.contrast_text import ContrastView
from engine.explaining.replay import Answer, Under, drafts_of
from engine.explaining.reports import Given, decision_key, default_decision, find_root, read_facts
from engine.explaining.sentences import Sentence
from engine.explaining.terminal import say, say_json
from engine.explaining.words import Words
from engine.facts import Facts
from engine.law import Law
from engine.problems import InputError, did_you_mean, input_error
from engine.proving import Inquiry, Prover, Root
from engine.proving.exchanging import Exchange, PhaseProver, exchange

CURRENT, DRAFT = "current", "draft:"


@dataclass(frozen=True)
class Drafts:
    """The drafts that another law may be asked under.

    Attributes:
        taken: those under which the question itself is asked, by name or path.
        names: of the drafts that stand beside the law.
        under: gives the law under some drafts; without any, as it stands.
    """

    taken: tuple[str, ...]
    names: tuple[str, ...]
    under: Callable[[tuple[str, ...]], Law]


@dataclass(frozen=True)
class Against:
    """The other law.

    Attributes:
        kind: `phase`, `day`, `authority`, `reading`, `draft` (one more than is asked under) or `current` (under none).
        written: as the asker wrote it.
        inquiry: authority, readings and day of knowledge of the other law.
        law: the other law.
        phase: the phase whose law judges the year instead of its own.
    """

    kind: str
    written: str
    inquiry: Inquiry
    law: Law
    phase: str | None = None


def read_against(law: Law, written: str, inquiry: Inquiry, drafts: Drafts | None = None) -> Against:
    """What `--against` means: a phase, an authority, a day, one question's answer, or a draft.

    Args:
        drafts: None where drafts may not be named.

    Raises:
        InputError: it is none of these, or there is no such question, answer or draft.
    """
    if written in law.phases:
        return Against("phase", written, inquiry, law, written)
    if written in law.authorities:
        return Against("authority", written, replace(inquiry, authority=written), law)
    if drafts is not None and written == CURRENT:
        return Against("current", written, inquiry, drafts.under(()))
    if drafts is not None and names_draft(written, drafts.names):
        return Against("draft", written, inquiry, _under(drafts, written.removeprefix(DRAFT)))
    if "=" in written:
        question, _, answer = written.partition("=")
        other = replace(inquiry, readings={**inquiry.readings, question: answer})
        try:
            law.select(other.authority, other.readings, other.known_on)
        except InputError as error:
            raise InputError(problem._replace(file="--against") for problem in error.problems) from None
        return Against("reading", written, other, law)
    try:
        return Against("day", written, replace(inquiry, known_on=date.fromisoformat(written)), law)
    except ValueError:
        near = did_you_mean(written, [*law.phases, *law.authorities, *(drafts.names if drafts is not None else ())])
        remedy = near if near.startswith("did") else "write a phase, an authority, a day as YYYY-MM-DD, NAME=ANSWER, or a draft"
        raise input_error("--against", 0, 0, f"'{written}' is no phase, day, authority, draft or NAME=ANSWER", remedy) from None


def names_draft(written: str, names: tuple[str, ...] | list[str]) -> bool:
    """Whether a word means a draft: by one of the ``names``, marked as one, or as the path of a file."""
    return written.startswith(DRAFT) or written in names or written.endswith(".yaml")


def _under(drafts: Drafts, written: str) -> Law:
    try:
        return drafts.under((*drafts.taken, written))
    except InputError as error:
        raise InputError(p._replace(file="--against") if p.file == "--draft" else p for p in error.problems) from None


def contrast_report(
    law: Law,
    path: Given,
    inquiry: Inquiry,
    key: str,
    year: int,
    decision: str | None,
    against: str,
    as_of: date | None,
    form: str,
    language: str = "en",
    drafts: Drafts | None = None,
) -> None:
    """`kazets why … --against`: one decision under two laws.

    Raises:
        InputError: the facts, the question or the other law cannot be read.
        EngineDefect: proving failed.
    """
    other = read_against(law, against, inquiry, drafts)
    wide = widest(law, other)
    facts = read_facts(wide, path, as_of)
    root = find_root(wide, facts, inquiry, key, year)
    owner = decision_key(wide, root, decision or default_decision(wide, root))
    view = view_of(law, facts, inquiry, root, owner, other, language)
    if form == "json":
        say_json(view.as_json())
        return
    say(view.head())
    for line in Words(law, language).drafts():
        say(line)
    answers = True
    for sentence in view.sentences():
        apart = "\n" if answers and sentence.depth == 0 else ""
        answers = answers and not apart
        say(apart + sentence.line(view.words))


def contrast_section(
    law: Law, other: Against, inquiry: Inquiry, language: str, facts: Facts, root: Root, owner: tuple[str, str]
) -> tuple[Sentence, ...]:
    """What a dossier says of another law; errors as in `contrast`."""
    return tuple(view_of(law, facts, inquiry, root, owner, other, language).sentences())


def view_of(
    law: Law, facts: Facts, inquiry: Inquiry, root: Root, owner: tuple[str, str], other: Against, language: str = "en"
) -> ContrastView:
    """The comparison, to be told in ``language``; other arguments and errors as in `contrast`."""
    found = contrast(law, facts, inquiry, root, owner, other)
    laws = _alike(law, other)
    return ContrastView(laws, facts, inquiry, root, owner, other, found, Words(widest(law, other), language))


def contrast(law: Law, facts: Facts, inquiry: Inquiry, root: Root, owner: tuple[str, str], against: Against) -> Exchange:
    """The decision under both laws, and the smallest exchange between them.

    Args:
        facts: read under the law that has more names.

    Raises:
        InputError: the root cannot be asked under one of the laws.
        EngineDefect: proving failed.
    """
    asked = against.inquiry
    one, two = _alike(law, against)
    selection = two.select(asked.authority, asked.readings, asked.known_on)
    other = (
        PhaseProver(two, selection, facts, two.phases[against.phase], root.year)
        if against.phase is not None
        else Prover(two, selection, facts)
    )
    own = one.select(inquiry.authority, inquiry.readings, inquiry.known_on)
    return exchange(Prover(one, own, facts), other, root, owner)


def widest(law: Law, against: Against) -> Law:
    """Of the two laws the one with more names: drafts only ever add to them, and one law is always the other under more drafts."""
    return max((law, against.law), key=lambda one: len(one.drafts))


def seen_from(law: Law, against: Against) -> Law:
    """The law that is asked about, with the names of the other one."""
    return _alike(law, against)[0]


def _alike(law: Law, against: Against) -> tuple[Law, Law]:
    """Both laws, declaring the same things."""
    wide = widest(law, against)
    one, other = (side if side is wide else side.declaring(wide) for side in (law, against.law))
    return one, other


# -- made again from its receipt ----------------------------------------------------------------------------------


def _other(law: Law, inquiry: Inquiry, content: Mapping[str, Any], under: Under) -> Against:
    """The other law of an answer that was printed as JSON."""
    written, kind = content["against"]["value"], content["against"]["kind"]
    return read_against(law, written, inquiry, Drafts(drafts_of(content["own"]["receipt"]), (written,) if kind == "draft" else (), under))


def _wide(law: Law, inquiry: Inquiry, content: Mapping[str, Any], under: Under) -> Law:
    return widest(law, _other(law, inquiry, content, under))


def _again(law: Law, facts: Facts, inquiry: Inquiry, content: Mapping[str, Any], under: Under) -> dict[str, Any]:
    """The same question asked again."""
    other = _other(law, inquiry, content, under)
    root = Root(content["entity"], tuple(content["key"]), content["year"])
    return view_of(law, facts, inquiry, root, decision_key(widest(law, other), root, content["decision"]), other).as_json()


CONTRAST = Answer("contrast", "against", "contrast.schema.json", ("own", "other"), _again, _wide)
