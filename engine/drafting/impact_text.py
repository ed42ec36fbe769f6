"""What an impact says, as lines and tables of a terminal and as the content of a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from engine.drafting.answers import Register
from engine.drafting.causes import RULE, VALUE, Cause
from engine.drafting.impact import UNDETERMINED, Amount, Impact, Mover, PlanLine, Tally
from engine.drafting.impact_proofs import Reason
from engine.drafting.speech import Speech, table
from engine.explaining.locales import number_text

MAX_GROUPS, MAX_OPEN = 15, 10


class ImpactText:
    """The words, labels and numbers of an impact.

    Args:
        register: what was decided, and about what.
        movers: the instances that are shown.
        reasons: for each of them where its proofs part.
    """

    def __init__(
        self, speech: Speech, impact: Impact, register: Register, movers: Sequence[Mover], reasons: Sequence[tuple[Reason, ...]]
    ) -> None:
        self.speech, self.impact, self.register = speech, impact, register
        self.movers, self.reasons = movers, reasons
        self.law = speech.law
        self.wanted = self.law.manifest["impact"]
        self.main = str(self.law.manifest["main"])
        self.base = self.law.vocabulary.entities[self.main].table or ""

    # -- single things ------------------------------------------------------------------------------------------

    def amount(self, name: str, value: Any, signed: bool = False) -> str:
        """A number with its unit, whole: fractions of a unit are cut in tables, and kept in JSON and CSV."""
        if value is None:
            return self.speech.say("undetermined")
        sign = ("+" if value > 0 else "") if signed else ""
        return sign + self.speech.number(_whole(value), self.law.vocabulary.decisions[self.main, name].type)

    def bare(self, value: Any) -> str:
        """A change without its unit, with its sign."""
        return "·" if not value else ("+" if value > 0 else "") + number_text(_whole(value), self.speech.language)

    def count(self, number: int) -> str:
        return number_text(number, self.speech.language) if number else "·"

    def decision(self, name: str) -> str:
        return self.speech.decision(self.main, name)

    def outcome(self, name: str, word: str) -> str:
        """A value of an outcome: its code as commands write it, in the other languages its label."""
        if word == UNDETERMINED:
            return self.speech.say("undetermined")
        if word == "none":
            return self.speech.say("none")
        kind = self.law.vocabulary.decisions[self.main, name].type
        return word.replace("_", " ") if self.speech.coded or kind.codes is None else self.speech.code(kind.codes, word)

    def cause(self, cause: Cause) -> str:
        return "; ".join(self._element(kind, name) for kind, name in cause.elements)

    def _element(self, kind: str, name: str) -> str:
        if kind == VALUE:
            return self.speech.parameter(name) + (f" ({name})" if self.speech.coded else "")
        if kind == RULE:
            return self.speech.tell("cause_rule", name=name)
        return self.speech.tell("cause_elsewhere", name=self.speech.decision_written(name))

    def group_name(self, group: str) -> str:
        if group == "band":
            return self.speech.tell("band")
        table_name, column = self._column(group)
        return self.speech.column(table_name, column)

    def _column(self, group: str) -> tuple[str, str]:
        table_name, names = self.base, group.split(".")
        for name in names[:-1]:
            table_name = self.law.vocabulary.tables[table_name].columns[name].type.table or ""
        return table_name, names[-1]

    def group_label(self, group: str, label: str) -> str:
        if not label:
            return self.speech.say("undetermined")
        if group == "band":
            return self._band(int(label))
        table_name, column = self._column(group)
        kind = self.law.vocabulary.tables[table_name].columns[column].type
        if kind.kind == "ref":
            return self.register.names.get(kind.table or "", {}).get(label) or label
        return self.speech.code(kind.codes, label) if kind.codes else label

    def _band(self, number: int) -> str:
        edges, of = self.wanted["bands"]["edges"], self.wanted["bands"]["of"]
        low = self.amount(of, edges[number - 1]) if number else ""
        high = self.amount(of, edges[number]) if number < len(edges) else ""
        if not low:
            return self.speech.tell("band_below", high=high)
        return self.speech.tell("band_between", low=low, high=high) if high else self.speech.tell("band_from", low=low)

    def to(self, before: str, after: str) -> str:
        return before if before == after else self.speech.tell("to", before=before, after=after)

    # -- tables -------------------------------------------------------------------------------------------------

    def register_title(self) -> str:
        return self.speech.said(self.register.about.get("title")) or self.register.path

    def register_line(self) -> str:
        return self.speech.tell("register", title=self.register_title(), day=self.speech.day(self.register.as_of))

    def counted_line(self) -> str:
        total = self.impact.total
        counts = {"instances": total.instances, "changed": total.changed, "flips": total.flips}
        return self.speech.tell("counted", **{name: number_text(n, self.speech.language) for name, n in counts.items()})

    def amount_rows(self) -> Iterator[tuple[str, ...]]:
        for name, amount in self.impact.total.amounts.items():
            sides = self.amount(name, amount.one), self.amount(name, amount.other), self.amount(name, amount.change, True)
            yield (self.decision(name), *sides, " / ".join(self.count(n) for n in amount.undetermined))

    def flip_rows(self, outcome: str) -> Iterator[tuple[str, ...]]:
        for (before, after), count in self.impact.flips[outcome].items():
            yield self.outcome(outcome, before), self.outcome(outcome, after), self.count(count)

    def tally_heads(self, first: str) -> list[str]:
        amounts = [self.decision(name) for name in self.changing()]
        return [first, *self.speech.heads("count", "changed", "flips"), *amounts]

    def changing(self) -> list[str]:
        """The amounts that change anywhere."""
        return [name for name in self.wanted["amounts"] if any(line.amounts[name].change for line in self.impact.years)]

    def flipping(self) -> list[str]:
        """The outcomes that change anywhere."""
        return [name for name in self.wanted["outcomes"] if self.impact.flips[name]]

    def tally_row(self, label: str, line: Tally) -> tuple[str, ...]:
        changes = (self.bare(line.amounts[name].change) for name in self.changing())
        return label, self.count(line.instances), self.count(line.changed), self.count(line.flips), *changes

    def group_lines(self, group: str) -> list[Tally]:
        """The lines of a group in which something changes, the largest first; bands stay in their order."""
        lines = [line for line in self.impact.groups[group] if line.changed]
        if group == "band":
            return sorted(lines, key=lambda line: int(line.label[0] or -1))
        last = self.wanted["amounts"][-1]
        return sorted(lines, key=lambda line: (-abs(Fraction(line.amounts[last].change)), -line.flips, -line.changed, line.label))

    def group_rows(self, group: str) -> Iterator[tuple[str, ...]]:
        for line in self.group_lines(group)[:MAX_GROUPS]:
            yield self.tally_row(self.group_label(group, line.label[0]), line)

    def cause_rows(self) -> Iterator[tuple[str, ...]]:
        for cause, line in self.impact.causes:
            yield self.tally_row(self.cause(cause), line)

    def mover_heads(self) -> list[str]:
        head = self.speech.tell("head_installation")
        return [
            head,
            *(self.decision(n) for n in self.flipping()),
            *(self.decision(n) for n in self.changing()),
            self.speech.tell("head_cause"),
        ]

    def mover_row(self, mover: Mover) -> tuple[str, ...]:
        outcomes = (self.to(*(self.outcome(n, word) for word in mover.outcomes[n])) for n in self.flipping())
        amounts = (self.to(*(self._plain(side) for side in mover.amounts[n])) for n in self.changing())
        return self.title(mover), *outcomes, *amounts, self.cause(mover.cause)

    def title(self, mover: Mover) -> str:
        name = mover.about.get("name")
        return f"{mover.key}{f' ({name})' if name else ''}, {mover.year}"

    def reason_rows(self) -> Iterator[tuple[str, str, str, str]]:
        """For each instance that is shown, and each decision at which its proofs part: what it is, and what either proof says."""
        for mover, reasons in zip(self.movers, self.reasons, strict=True):
            for reason in reasons:
                yield self.title(mover), self._decided(reason), self._said(reason, 0), self._said(reason, 1)

    def _decided(self, reason: Reason) -> str:
        entity, name = reason.decision
        part = f" [{reason.place[0]}]" if self.law.vocabulary.entities[entity].of is not None else ""
        return self.speech.decision(entity, name) + part

    def _said(self, reason: Reason, index: int) -> str:
        value = self.speech.value(reason.outcomes[index], self.law.vocabulary.decisions[reason.decision].type)
        return "; ".join([value, *(sentence.line(self.speech) for sentence in reason.sentences[index])])

    def reason_lines(self) -> Iterator[str]:
        """The same as indented lines."""
        speech, last = self.speech, ""
        if any(self.reasons):
            yield speech.tell("proofs")
        for title, decision, one, other in self.reason_rows():
            if title != last:
                yield f"  {title}"
            last = title
            yield f"    {decision}"
            for head, said in (("head_before", one), ("head_after", other)):
                yield f"      {speech.tell(head)}: {said}"

    def _plain(self, value: Any) -> str:
        return self.speech.say("undetermined") if value is None else number_text(_whole(value), self.speech.language)

    def plan_rows(self) -> Iterator[tuple[str, ...]]:
        for line in self.impact.plans:
            sides = [self._plan_side(line, side) for side in line.sides]
            yield self._plan(line), self.speech.decision(line.entity, line.decision), *sides

    def plan_tables(self) -> Iterator[tuple[list[str], list[tuple[str, ...]]]]:
        """For each kind of plan its heads and a line for each plan: what is decided of it, under both laws where they differ."""
        for entity in dict.fromkeys(line.entity for line in self.impact.plans):
            lines = [line for line in self.impact.plans if line.entity == entity]
            names = list(dict.fromkeys(line.decision for line in lines))
            cells: dict[str, dict[str, str]] = {}
            for line in lines:
                sides = (self._plan_side(line, side) for side in line.sides)
                cells.setdefault(self._plan(line), {})[line.decision] = self.to(*sides)
            heads = [self.speech.tell("head_plan"), *(self.speech.decision(entity, name) for name in names)]
            yield heads, [(title, *(own.get(name, "") for name in names)) for title, own in cells.items()]

    def _plan(self, line: PlanLine) -> str:
        year = f", {line.year}" if self.law.vocabulary.entities[line.entity].years else ""
        return self.speech.key(line.entity, (line.key,)) + year

    def _plan_side(self, line: PlanLine, side: Any) -> str:
        if side == UNDETERMINED:
            return self.speech.say("undetermined")
        return self.speech.value(side, self.law.vocabulary.decisions[line.entity, line.decision].type)

    def open_line(self) -> str:
        counts = [number_text(ones.height, self.speech.language) for ones in self.impact.open]
        return self.speech.tell("open", one=counts[0], other=counts[1])

    def newly_open(self) -> list[tuple[str, int]]:
        """The instances whose result only the second law leaves open."""
        return self.impact.open[1].join(self.impact.open[0], on=["key", "year"], how="anti", maintain_order="left").rows()

    # -- the terminal -------------------------------------------------------------------------------------------

    def lines(self) -> Iterator[Any]:
        """Lines of text and `rich` tables."""
        speech = self.speech
        yield self.register_line()
        yield self.counted_line()
        if not self.impact.total.changed:
            yield speech.tell("same_impact")
        heads = [*speech.heads("amount", "before", "after", "change_by", "open")]
        yield table(speech.tell("amounts"), heads, list(self.amount_rows()), range(1, 5))
        yield speech.tell("amounts_note")
        for name in self.wanted["outcomes"]:
            if rows := list(self.flip_rows(name)):
                yield table(speech.tell("flips", outcome=self.decision(name)), speech.heads("before", "after", "count"), rows, (2,))
        if self.impact.causes:
            yield self._tallies(speech.tell("why"), speech.tell("head_cause"), list(self.cause_rows()))
            years = [self.tally_row(line.label[0], line) for line in self.impact.years if line.changed]
            yield self._tallies(speech.tell("by", group=speech.say("year")), speech.say("year"), years)
        for group in self.impact.groups:
            if rows := list(self.group_rows(group)):
                yield self._tallies(speech.tell("by", group=self.group_name(group)), self.group_name(group), rows)
                if len(self.group_lines(group)) > MAX_GROUPS:
                    yield speech.tell("more", count=len(self.group_lines(group)) - MAX_GROUPS)
        if self.movers:
            first = 1 + len(self.flipping())
            amounts = range(first, first + len(self.changing()))
            yield table(speech.tell("movers"), self.mover_heads(), [self.mover_row(mover) for mover in self.movers], amounts)
            yield from self.reason_lines()
        yield self.open_line()
        if newly := self.newly_open():
            yield ", ".join(f"{key} {year}" for key, year in newly[:MAX_OPEN]) + (" …" if len(newly) > MAX_OPEN else "")
        if plans := [row for row in self.plan_rows() if row[2] != row[3]]:
            yield table(
                speech.tell("plans"), [speech.tell("head_plan"), speech.tell("head_what"), *speech.heads("before", "after")], plans, (2, 3)
            )

    def _tallies(self, title: str, first: str, rows: Sequence[Sequence[str]]) -> Any:
        return table(title, self.tally_heads(first), rows, range(1, 4 + len(self.changing())))


def _whole(value: Any) -> int:
    """The whole part of a number, towards zero."""
    return int(value) if isinstance(value, (int, Fraction)) else 0


__all__ = ["MAX_GROUPS", "Amount", "ImpactText"]
