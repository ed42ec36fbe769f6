"""Values, names, sources and fixed words of a law as a person reads them, in one of the ruleset's languages.

Codes and ids stand by their labels; as they are written in files only for whoever compares files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from engine.explaining.citing import Place, places
from engine.explaining.locales import date_text, month_day_text, number_text, plural_category
from engine.language import Cause, OpenSet, Type, Unknown
from engine.language.aggregates import SUM_MEMBER
from engine.law import Law
from engine.law.reading_values import read_date
from engine.law.selection import ALWAYS, NEVER
from engine.law.wording import LANGUAGES, point_words, quotes_headings
from engine.problems import InputError, Problem, did_you_mean
from engine.proving import Conflict, Gap

SHORT_UNIT = 10
_BRACES = re.compile(r"\{([^{}]+)\}")
_THOUSANDS = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")
"""The space between thousands, at which no line may break."""
_PLAIN = {"none": "none", "?": "unknown"}
"""Parts of a row's key that are no value, with the words that say so."""


class Words:
    """Names, values and words of a law.

    Args:
        law: whose labels are used.
        language: `en`, `ru` or `kk`.
        coded: whether codes and ids are shown as files write them, not by their labels.
        joint: what stands between a number and its unit, and after №; in a set page a space at which no line breaks.

    Raises:
        InputError: the rulesets have no such language.
    """

    def __init__(self, law: Law, language: str = "en", coded: bool = False, joint: str = " ") -> None:
        if language not in LANGUAGES:
            raise InputError([Problem("--lang", 0, 0, f"no language '{language}'", did_you_mean(language, LANGUAGES))])
        self.law, self.language, self.coded, self.joint = law, language, coded, joint

    # -- fixed words --------------------------------------------------------------------------------------------

    def say(self, word: str, /, **values: Any) -> str:
        """A fixed word with its names filled in; ``count``, a number, picks the plural form.

        Raises:
            KeyError: the ruleset does not have the word; those of `engine.law.wording.NEEDED` it always has.
        """
        count = values.get("count", 0)
        text = self._form(self.law.tree["words"][word][self.language], count)
        if "count" in values:
            values["count"] = number_text(count, self.language)
        return _BRACES.sub(lambda found: str(values.get(found.group(1), found.group(0))), text)

    def _form(self, text: str | Mapping[str, str], value: int | Fraction) -> str:
        return text if isinstance(text, str) else str(text[plural_category(value, self.language)])

    # -- labels -------------------------------------------------------------------------------------------------

    def label(self, labels: Any, fallback: str) -> str:
        """The text in this language, ``fallback`` where there is none."""
        text = labels.get(self.language) if isinstance(labels, Mapping) else None
        return _THOUSANDS.sub("\u00a0", str(text)).replace("№ ", f"№{self.joint}") if text else fallback

    def said(self, text: Any) -> str:
        """What facts say of themselves: a text, or one for each language; nothing where they say nothing."""
        return self.label(text, "") if isinstance(text, Mapping) else str(text or "")

    def note(self, note: Any) -> str:
        """A remark of the ruleset, to stand after what it is about; nothing where there is none."""
        text = self.label(note, "")
        return f" ({self.say('note', note=text)})" if text else ""

    def decision(self, entity: str, name: str) -> str:
        """The label of a decision."""
        written = self.law.decision_name(entity, name)
        content = self.law.tree["decisions"].get(written) or self.law.tree["decisions"].get(f"{entity}.{name}", {})
        return self.label(content.get("label"), written)

    def parameter(self, name: str) -> str:
        return self.label(self.law.tree["parameters"][name].get("label"), name)

    def code(self, codes: str | None, member: str) -> str:
        """The label of a code."""
        content = self.law.tree["codes"].get(codes or "", {}).get("members", {}).get(member, {})
        return self.label(content.get("label"), member)

    def authority(self, name: str) -> str:
        """An authority by the name that commands use, or by its label."""
        return name if self.coded else self.label(self.law.manifest.get("authority_labels", {}).get(name), name)

    def authority_name(self, name: str) -> str:
        """An authority in a few words: in English the name that commands use, in the other languages its label."""
        return name if self.language == "en" else self.authority(name)

    def stated(self, name: str, value: bool) -> str:
        """A condition as a sentence, or nothing where the ruleset has none: `the system was not suspended`.

        Args:
            name: of a parameter, or of a decision as `entity.decision`.
        """
        entity, _, decision = name.partition(".")
        written = self.law.decision_name(entity, decision) if (entity, decision) in self.law.vocabulary.decisions else name
        word = ("is_" if value else "not_") + written.replace(".", "_")
        return self.say(word) if word in self.law.tree["words"] else ""

    def table(self, name: str) -> str:
        return self.label(self.law.tree["tables"].get(name, {}).get("label"), name)

    def column(self, table: str, name: str) -> str:
        return self.label(self.law.tree["tables"].get(table, {}).get("columns", {}).get(name, {}).get("label"), name)

    def key(self, entity: str, parts: Iterable[str]) -> str:
        """What identifies an instance: ids as they are, a plan by its label."""
        codes = self.law.vocabulary.entities[entity].codes
        return ", ".join(parts if self.coded or codes is None else (self.code(codes, part) for part in parts))

    def decision_written(self, written: str) -> str:
        """A decision by the name that rules and commands use, or by its label."""
        key = None if self.coded else self.law.decision_key(written)
        return written if key is None else self.decision(*key)

    # -- values -------------------------------------------------------------------------------------------------

    def unit(self, kind: Type, value: int | Fraction = 0) -> str:
        """The unit of a number, in the form that goes with ``value``; nothing for a pure number."""
        if kind.kind != "number" or not kind.unit.powers:
            return ""
        parts = []
        for base, power in sorted(kind.unit.powers, key=lambda p: -p[1]):
            labels = self.law.tree["units"][base]
            text = (labels.get("label", {}) if power > 0 else labels.get("per") or labels.get("label", {})).get(self.language, base)
            parts.append(self._form(text, value) if power > 0 else "/" + self._form(text, 1))
        return " ".join(parts).replace(" /", "/")

    def number(self, value: int | Fraction, kind: Type | None = None) -> str:
        """A number with its unit; years and counts, which are pure whole numbers, are not grouped."""
        if kind is not None and not kind.unit.powers and isinstance(value, int):
            return str(value)
        text, unit = number_text(value, self.language), self.unit(kind, value) if kind is not None else ""
        if len(unit) <= SHORT_UNIT:  # an abbreviation is not parted either; a long name must be, in a narrow column
            unit = unit.replace(" ", self.joint)
        return f"{text}{self.joint}{unit}" if unit else text

    def count(self, number: int) -> str:
        """How many, with its thousands apart."""
        return number_text(number, self.language)

    def day(self, value: date) -> str:
        return date_text(value, self.language)

    def month_day(self, value: str) -> str:
        return month_day_text(value, self.language)

    def value(self, value: Any, kind: Type | None) -> str:
        """`20,001 t CO2`, `unknown`, the label of a code; in the other languages `20 001 т CO2`."""
        if isinstance(value, (Gap, Conflict)):
            return self.say("undetermined_gap" if isinstance(value, Gap) else "undetermined_conflict")
        if value is None or isinstance(value, bool):
            return self.say("none" if value is None else "yes" if value else "no")
        if isinstance(value, Unknown):
            return self._bounds(value, kind)
        if isinstance(value, date):
            return self.say("presumed") if value == date.min else self.day(value)
        if isinstance(value, (int, Fraction)):
            return self.number(value, kind)
        codes = kind.codes if kind is not None else None
        if isinstance(value, (OpenSet, frozenset)):
            return self._members(value, codes) or self.say("none")
        if kind is not None and kind.kind == "month_day":
            return self.month_day(str(value))
        return self._member(value, codes)

    def of_parameter(self, name: str, value: Any) -> str:
        """The value of a parameter; where no source bounds it beyond what it can be at all, that it is unknown."""
        spec = self.law.vocabulary.parameters[name]
        bare = isinstance(value, Unknown) and value.high is None and value.low == spec.minimum
        return self.say("unknown") if bare else self.value(value, spec.type)

    def _bounds(self, value: Unknown, kind: Type | None) -> str:
        """The range of an unknown, the unit after its last number."""
        if value.low is None and value.high is None:
            return self.say("unknown")
        dated = isinstance(value.low if value.low is not None else value.high, date)
        if value.high is None:
            return self.say("require_from" if dated else "at_least", value=self.value(value.low, kind))
        if value.low is None:
            return self.say("require_until" if dated else "at_most", value=self.value(value.high, kind))
        if value.low == value.high:  # not known only for whether there is such a thing at all
            return self.say("value_or_none", value=self.value(value.low, kind))
        if dated:
            return self.say("between_days", low=self.value(value.low, kind), high=self.value(value.high, kind))
        bare = None if kind is not None and kind.unit.powers else kind
        return self.say("between", low=self.value(value.low, bare), high=self.value(value.high, kind))

    def _member(self, member: Any, codes: str | None) -> str:
        return str(member) if self.coded or codes is None else self.code(codes, str(member))

    def _members(self, value: OpenSet | frozenset[Any], codes: str | None) -> str:
        """The members of a set in the order of their codes; labels may hold commas, so semicolons part them."""
        certain = sorted(value.members if isinstance(value, OpenSet) else value, key=str)
        open_ones = sorted(value.possible) if isinstance(value, OpenSet) else []
        texts = [self._member(m, codes) for m in certain] + [self.say("perhaps", member=self._member(m, codes)) for m in open_ones]
        return (", " if self.coded or codes is None else "; ").join(texts)

    # -- sources ------------------------------------------------------------------------------------------------

    def cites(self, cites: Iterable[tuple[str, str]]) -> str:
        """`Environmental Code 2021, art. 289(3)`; by the ids of files `env-code-2021, 289(3)`."""
        if self.coded:
            return "; ".join(f"{instrument}, {point}" if point else instrument for instrument, point in cites)
        return "; ".join(self.cite(instrument, point) for instrument, point in cites)

    def cite(self, instrument: str, point: str) -> str:
        """One source by its short title, with article, point or heading as its kind has them."""
        content = self.law.tree["instruments"][instrument]
        source = self.label(content.get("short") or content["title"], instrument)
        if not point:
            return source
        kind = content["kind"]
        if quotes_headings(kind):
            return self.say(f"cite_{kind}", source=source, point=point)
        if found := ", ".join(self._place(kind, place) for place in places(point)):
            return self.say(f"cite_{kind}", source=source, point=found)
        said = point
        for phrase, word, number in point_words(point):
            if word in self.law.tree["words"]:
                said = said.replace(phrase, self.say(word, number=number))
        return f"{source}, {said}"

    def _place(self, kind: str, place: Place) -> str:
        """`arts 5–9` or `п. 7 ст. 289`: statutes have articles with paragraphs, orders have points with subpoints."""
        whole, part = ("place_article", "place_paragraph") if kind in ("statute", "budget", "draft") else ("place_point", "place_subpoint")
        if place.parts:
            return self.say(part, count=len(place.parts), number=place.numbers, parts=self.say("place_next").join(place.parts))
        return self.say(whole, count=2 if place.many else 1, numbers=place.numbers)

    def drafts(self) -> Iterator[str]:
        """That the law is asked under drafts, and what each assumes: a line for each."""
        for draft in self.law.drafts:
            yield self.say("under_draft", title=self.label(draft.title, draft.id), assumes=self.label(draft.assumes, ""))

    def in_force(self, begins: date, ends: date) -> str:
        """Since and until when a text applies; nothing where it says neither."""
        if begins == ALWAYS:
            return "" if ends == NEVER else self.say("in_force_until", ends=self.day(ends))
        return self.say("in_force_from" if ends == NEVER else "in_force_between", begins=self.day(begins), ends=self.day(ends))

    def instrument(self, name: str) -> str:
        """An instrument with its full title, and the days on which the text applied and was published, as far as they are given."""
        content = self.law.tree["instruments"][name]
        short, title = self.cite(name, ""), self.label(content["title"], name)
        return "; ".join([title if title == short else f"{short}: {title}", *self.standing(name)])

    def standing(self, name: str) -> list[str]:
        """What there is to know of an instrument's text: when it applies and became known, its registration, what of it was not read."""
        content = self.law.tree["instruments"][name]
        written = content.get("in_force", {})
        begins, ends = (read_date(written[key]) if key in written else other for key, other in (("from", ALWAYS), ("to", NEVER)))
        force = self.in_force(begins, ends)
        told = [self.say("days_earliest", days=force) if force and content.get("in_force_is_earliest") else force]
        if "published" in content:
            word = "published_earliest" if content.get("published_is_earliest") else "published_on"
            told.append(self.say(word, day=self.day(read_date(content["published"]))))
        if "registered" in content:
            entry = content["registered"]
            day = self.day(read_date(entry["day"])) if "day" in entry else ""
            told.append(self.say("registered_on" if day else "registered", day=day, number=entry["number"]))
        told += [self.say("heading_only")] if content.get("heading_only") else []
        told += [self.say("title_unofficial")] if self.language in content.get("unofficial_title", ()) else []
        return [text for text in (*told, self.label(content.get("note"), "")) if text]

    # -- what is missing ----------------------------------------------------------------------------------------

    def cause(self, cause: Cause) -> str:
        """What is missing, as a clause: `the facts do not give emissions.tonnes[K-1, co2]`."""
        if cause.kind == "construct":
            content = self.law.tree["constructs"][cause.name]
            text = f"{self.label(content['title'], cause.name)}: {self.label(content['missing'], '')}"
            return f"{text} [{cause.name}]" if self.coded else text
        return self.say(f"cause_{cause.kind}", leaf=self.leaf(cause))

    def missing(self, cause: Cause) -> str:
        """What is missing, in brief: `fact: emissions.tonnes[K-1, co2]`."""
        return self.say(f"missing_{cause.kind}", leaf=self.leaf(cause))

    def leaf(self, cause: Cause) -> str:
        """The missing leaf by the name that files use, or by its label and the labels of what identifies it."""
        if self.coded:
            return str(cause)
        place = list(cause.place)
        if cause.kind == "construct":
            name = self.label(self.law.tree["constructs"][cause.name]["title"], cause.name)
        elif cause.kind in ("parameter", "rounded", "not_listed"):
            name, keyed = self.parameter(cause.name), self.law.vocabulary.parameters[cause.name].keyed_by
            place = [self.code(keyed, part) for part in place]
        elif cause.kind in ("gap", "conflict"):
            name = self.decision_written(cause.name)
        elif cause.kind == "fact":
            table, _, column = cause.name.partition(".")
            name = self.column(table, column) if column else self.table(table)
            place = self._row_key(table, place)
        else:
            name = self.say("sum_member") if cause.name == SUM_MEMBER else cause.name
        return f"{name} [{', '.join(place)}]" if place else name

    def _row_key(self, table: str, parts: Iterable[str]) -> list[str]:
        """The key of a row, codes by their labels."""
        spec = self.law.vocabulary.tables.get(table)
        if spec is not None and not spec.key:
            return [self.say("row_number", number=part) for part in parts]
        columns = [spec.columns[name].type for name in spec.key] if spec is not None else []
        return [self._key_part(part, columns[i] if i < len(columns) else None) for i, part in enumerate(parts)]

    def _key_part(self, part: str, kind: Type | None) -> str:
        if part in _PLAIN:
            return self.say(_PLAIN[part])
        if kind is not None and kind.kind == "date":
            return self.day(read_date(part))
        return self.code(kind.codes, part) if kind is not None else part

    def row(self, place: tuple[str, ...]) -> str:
        """A row of a group as the proof names it: its table and its key, or the key of an instance."""
        if self.coded or place[0] not in self.law.tree["tables"]:
            return ", ".join(place)
        return ", ".join([self.table(place[0]), *self._row_key(place[0], place[1:])])


def plain_json(value: Any) -> Any:
    """A value as JSON has it: whole numbers as integers, other quantities and dates as text."""
    if isinstance(value, (Unknown, Gap, Conflict)):
        return "undetermined"
    if isinstance(value, OpenSet):
        return sorted(value.members)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Fraction):
        from engine.language.values import decimal_text

        return decimal_text(value)
    return value.isoformat() if isinstance(value, date) else value
