"""What the verbs share: days, the options under which any question is asked, and the way to the shipped law."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from engine import SCHEMAS

if TYPE_CHECKING:
    from engine.explaining.contrast import Drafts
    from engine.law import Law
    from engine.proving import Inquiry

HOME = Path(__file__).resolve().parents[2]
FILE = click.Path(path_type=Path)


class Day(click.ParamType[datetime.date]):
    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime.date:
        if isinstance(value, datetime.date):
            return value
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is not a date: write YYYY-MM-DD", param, ctx)


def load(rulesets: Path, drafts: tuple[str, ...] = ()) -> Law:
    """The law under ``rulesets``, or what it would be under ``drafts`` (names or paths).

    Raises:
        InputError: with every problem found.
    """
    from engine.law import load_law

    return load_law(rulesets, SCHEMAS, drafts)


class Asked(NamedTuple):
    """The options that every question shares.

    Attributes:
        as_of: the day it is asked; None for the day that the facts name.
        known_on: the law as it was known on this day; None for all that is known.
        authority: None for the ruleset's default.
        readings: `NAME=ANSWER`, each settling one open question.
        language: of the answer.
        rulesets: the folder of the law.
        drafts: names or paths of the drafts under which the law is asked, in the order in which they are applied.
    """

    as_of: datetime.date | None
    known_on: datetime.date | None
    authority: str | None
    readings: tuple[str, ...]
    language: str
    rulesets: Path
    drafts: tuple[str, ...] = ()

    def law(self) -> Law:
        """The law that is asked about."""
        return load(self.rulesets, self.drafts)

    def under(self) -> Callable[[tuple[str, ...]], Law]:
        """Gives the law under other drafts than those asked for, as it stands where there are none; what drafts leave as it is is read once."""

        @functools.cache
        def found(drafts: tuple[str, ...]) -> Law:
            from engine.law import law_under

            return law_under(found(()), self.rulesets, SCHEMAS, drafts) if drafts else load(self.rulesets)

        return found

    def others(self) -> Drafts:
        """The drafts that another law may be asked under."""
        from engine.explaining.contrast import Drafts
        from engine.law.drafts import draft_names

        return Drafts(self.drafts, tuple(draft_names(self.rulesets)), self.under())

    def inquiry(self) -> Inquiry:
        """The selection among what the law's sources say."""
        from engine.proving import Inquiry

        for pair in self.readings:
            if "=" not in pair:
                raise click.BadParameter(f"'{pair}' is not NAME=ANSWER", param_hint="--reading")
        return Inquiry(self.authority, dict(pair.split("=", 1) for pair in self.readings), self.known_on)


speech = click.option(
    "--lang", "language", type=click.Choice(["en", "ru", "kk"]), default="en", show_default=True, help="The language of the answer."
)
rulesets = click.option("--rulesets", type=FILE, default=HOME / "rulesets", help="The folder of the law.", show_default="the shipped law")
drafts = click.option(
    "--draft", "drafts", multiple=True, metavar="NAME_OR_FILE", help="The law as it would be under a draft. May be repeated: drafts stack."
)
text_or_json = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)

_QUESTION = [
    click.option("--as-of", type=Day(), help="The day the question is asked; later events are left out."),
    click.option("--known-on", type=Day(), help="The law as it was known on this day (default: all that is known)."),
    click.option("--authority", help="Whose statements come first: seeds (default) or statute."),
    click.option(
        "--reading", "readings", multiple=True, metavar="NAME=ANSWER", help="Settle one open question of the law. May be repeated."
    ),
    drafts,
    speech,
    rulesets,
]


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of `Asked`, gathered into the parameter ``asked`` of the verb."""

    @functools.wraps(command)
    def gathered(
        *args: Any,
        as_of: datetime.date | None,
        known_on: datetime.date | None,
        authority: str | None,
        readings: tuple[str, ...],
        language: str,
        rulesets: Path,
        drafts: tuple[str, ...],
        **rest: Any,
    ) -> Any:
        from engine.problems import InputError

        try:
            return command(*args, asked=Asked(as_of, known_on, authority, readings, language, rulesets, drafts), **rest)
        except InputError as error:
            raise error.in_language(language) from None

    found: Callable[..., Any] = gathered
    for option in reversed(_QUESTION):
        found = option(found)
    return found
