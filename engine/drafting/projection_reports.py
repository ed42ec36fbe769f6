"""What `kazets project` prints and writes: the years of a phase under one law or several, side by side."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from engine.drafting.charts import Bar, years
from engine.drafting.diff import years_text
from engine.drafting.diff_reports import side_json, side_text
from engine.drafting.impact_page import Grid, Picture, render, scaled
from engine.drafting.impact_reports import write
from engine.drafting.projection import Assumptions, Year, project, read_assumptions
from engine.drafting.sides import Side
from engine.drafting.speech import Speech, console, table
from engine.explaining.locales import number_text
from engine.explaining.reports import read_facts
from engine.explaining.terminal import say, say_json
from engine.explaining.words import plain_json

SUPPLY, LENT, RESERVE = "supply", "lent", "reserve"


def project_report(
    sides: Sequence[Side], assumed: Path, register: Path, schema_dir: Path, form: str, output: Path | None, language: str
) -> None:
    """`kazets project`: a table of the years under each law; as HTML with charts.

    Raises:
        InputError: a law, the assumptions or the register cannot be read.
        EngineDefect: proving failed.
    """
    told = read_assumptions(assumed, schema_dir)
    facts = [read_facts(side.law, register, None) for side in sides]
    found = [project(side, given, told) for side, given in zip(sides, facts, strict=True)]
    about = {"path": facts[0].path, "hash": facts[0].digest, "about": dict(facts[0].about)}
    view = _View(sides, told, found, about, language)
    if form == "json" or form == "csv":
        content = json.dumps(view.as_json(), ensure_ascii=False, indent=2) + "\n" if form == "json" else view.as_csv()
        if output is None:
            say_json(view.as_json()) if form == "json" else say(content.rstrip("\n"))
        else:
            write(output, content)
            say(str(output))
    elif form == "html":
        assert output is not None
        write(output, view.page())
        say(str(output))
    else:
        for line in view.lines():
            say(line) if isinstance(line, str) else console().print(line)


class _View:
    def __init__(
        self, sides: Sequence[Side], assumed: Assumptions, found: list[list[Year]], register: dict[str, Any], language: str
    ) -> None:
        self.sides, self.assumed, self.found, self.register = sides, assumed, found, register
        self.speeches = [Speech(side.law, language) for side in sides]
        self.speech = max(self.speeches, key=lambda speech: len(speech.law.drafts))
        self.law = self.speech.law
        self.main = str(self.law.manifest["main"])

    def register_title(self) -> str:
        return self.speech.said(self.register["about"].get("title")) or str(self.register["path"])

    def side(self, index: int) -> str:
        against = next((side for i, side in enumerate(self.sides) if i != index), self.sides[index])
        return side_text(self.speeches[index], self.sides[index], against)

    def heads(self) -> list[str]:
        return [self.speech.say("year"), *self.speech.heads(SUPPLY, LENT, RESERVE), *(self.label(name) for name in self.shown)]

    @property
    def shown(self) -> list[str]:
        return list(self.assumed.content["show"])

    def label(self, name: str) -> str:
        return self.speech.decision(self.main, name)

    def number(self, value: Any) -> str:
        return self.speech.say("undetermined") if value is None else number_text(int(value), self.speech.language)

    def rows(self, found: list[Year]) -> Iterator[tuple[str, ...]]:
        for year in found:
            sums = (self.sum(*year.sums[name]) for name in self.shown)
            yield str(year.year), self.number(year.supply), self.number(year.lent), self.number(year.reserve), *sums

    def sum(self, value: Any, undetermined: int) -> str:
        text = self.number(value)
        return self.speech.tell("partly", value=text, count=undetermined) if undetermined else text

    def heading(self) -> Iterator[str]:
        content = self.assumed.content
        yield self.speech.tell("projection", title=self.speech.label(content["title"], ""))
        yield self.speech.tell("assumes", assumes=self.speech.label(content["says"], ""))
        yield self.speech.tell("register", title=self.register_title(), day=self.speech.day(self.assumed.as_of))
        yield from dict.fromkeys(line for speech in self.speeches for line in speech.drafts())

    def silent(self, found: list[Year]) -> str:
        open_years = [year.year for year in found if year.supply is None]
        return self.speech.tell("no_supply", years=years_text(open_years)) if open_years else ""

    def lines(self) -> Iterator[Any]:
        yield from self.heading()
        for index, found in enumerate(self.found):
            yield table(self.side(index), self.heads(), list(self.rows(found)), range(1, len(self.heads())))
            if silent := self.silent(found):
                yield silent

    # -- files --------------------------------------------------------------------------------------------------

    def page(self) -> str:
        heading = list(self.heading())
        grids = [Grid(self.side(i), self.heads(), list(self.rows(found)), 1, self.silent(found)) for i, found in enumerate(self.found)]
        return render(
            "projection.html.j2",
            {
                "language": self.speech.language,
                "title": f"{heading[0]} – {self.register_title()}",
                "sides": [self.side(index) for index in range(len(self.sides))],
                "warnings": [*heading[1:], *filter(None, [self.speech.said(self.register["about"].get("note"))])],
                "pictures": list(self.pictures()),
                "grids": grids,
                "made": self.speech.tell(
                    "page_made_projection",
                    laws=", ".join(side.law.digest[:12] for side in self.sides),
                    facts=str(self.register["hash"])[:12],
                ),
            },
        )

    def pictures(self) -> Iterator[Picture]:
        """A chart for the supply and for every shown decision that is fully determined and not always nothing."""
        for name in (SUPPLY, RESERVE, *self.shown):
            values = [[self.value(year, name) for year in found] for found in self.found]
            known = [v for row in values for v in row if v is not None]
            if not any(known):
                continue
            key = self.law.decision_key(str(self.assumed.content[name]["of"])) if name in (SUPPLY, RESERVE) else (self.main, name)
            assert key is not None
            kind = self.law.vocabulary.decisions[key].type
            power, unit = scaled(self.speech, max(map(abs, known)), self.speech.unit(kind))
            sides = [self.side(index) for index in range(len(self.sides))]
            bars = [
                Bar(str(year.year), v / 10**power, sides[index])
                for index, found in enumerate(self.found)
                for year, v in zip(found, values[index], strict=True)
                if v is not None
            ]
            title = self.label(name) if name in self.shown else self.speech.tell(f"head_{name}")
            yield Picture(title, years(bars, sides, unit.strip(), self.speech.language))

    def value(self, year: Year, name: str) -> int | None:
        if name in (SUPPLY, RESERVE):
            found = year.supply if name == SUPPLY else year.reserve
            return None if found is None else int(found)
        total, undetermined = year.sums[name]
        return None if undetermined else int(total)

    def as_json(self) -> dict[str, Any]:
        return {
            "assumptions": {"path": self.assumed.path, "says": dict(self.assumed.content["says"])},
            "register": self.register,
            "laws": [
                side_json(side) | {"years": [self.year_json(year) for year in found]}
                for side, found in zip(self.sides, self.found, strict=True)
            ],
        }

    def year_json(self, year: Year) -> dict[str, Any]:
        own = {"year": year.year, SUPPLY: plain_json(year.supply), LENT: year.lent, RESERVE: plain_json(year.reserve)}
        return own | {"sums": {name: {"sum": plain_json(value), "undetermined": n} for name, (value, n) in year.sums.items()}}

    def as_csv(self) -> str:
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["law", "year", SUPPLY, LENT, RESERVE, *(part for name in self.shown for part in (name, f"{name}.undetermined"))])
        for side, found in zip(self.sides, self.found, strict=True):
            for year in found:
                sums = [part for name in self.shown for part in (plain_json(year.sums[name][0]), year.sums[name][1])]
                own = ["" if v is None else plain_json(v) for v in (year.supply, year.lent, year.reserve)]
                writer.writerow([side.written, year.year, *own, *sums])
        return file.getvalue()
