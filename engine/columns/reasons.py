"""Why a decision came out as it did, for every row at once: the sentences of the rules that stand, with the values of the row.

A sentence is put together by Polars expressions: its words once, numbers grouped by arithmetic, dates and codes looked up
among the few that occur. Where a value that a sentence names is not known for certain the row has no sentence here; the
prover tells it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any

import polars as pl

from engine.columns.cells import TEXT, Cell, Space, Unsupported
from engine.columns.column import EPOCH
from engine.columns.data import Data
from engine.columns.planning import Key, environment
from engine.columns.roots import Slice
from engine.columns.running import DTYPES, Run
from engine.columns.scheduling import Computation
from engine.columns.settling import Outcome, Settling
from engine.columns.surroundings import Env
from engine.columns.values import Code, Members, Number, Truth, Value
from engine.explaining.words import Words
from engine.language import Type, exact, walk
from engine.language.nodes import Decision
from engine.law import Law, Rule, named_in

_BRACES = re.compile(r"(\{[^{}]+\})")
THOUSAND, GROUPS = 1_000, 6
BETWEEN = "; "


@dataclass(frozen=True)
class _Fill:
    """What stands for one name of a sentence: a value over the rows, or None where columns have none."""

    value: Value | None
    type: Type


class Sentences:
    """Tells one decision of a slice in one language."""

    def __init__(self, law: Law, data: Data, one: Slice, key: Key, words: Words) -> None:
        self.law, self.data, self.one, self.key, self.words = law, data, one, key, words
        self.columns: dict[str, pl.Series] = {}

    def series(self, compiler: Settling, height: int) -> pl.Series:
        """The sentences of the rules that stand for the decision, for each row; null where one cannot be told."""
        law, program, c = self.law, compiler.program, compiler.cells
        entity, root = law.vocabulary.entities[self.key[0]], law.vocabulary.entities[self.one.entity]
        env, space = environment(law, compiler, entity, root, self.one.space, program.year)
        outcome = self._decide(compiler, [self.key])
        assert outcome is not None
        rules: list[tuple[Rule, Cell, dict[str, _Fill]]] = []
        for typed in program.rules(self.key):
            stands = outcome.holds.get(typed.rule.name, c.false)
            if stands is not c.false:
                rules.append((typed.rule, stands, dict(self._fills(compiler, typed.rule, env, space))))
        certain = outcome.value.exact
        cells = [certain] + [cell for _, stands, fills in rules for cell in (stands, *(x for f in fills.values() for x in _cells(f.value)))]
        found = Run(Computation(cells), self.data).run()
        self.columns = {f"c{number}": series for number, series in found.items()}
        frame = pl.DataFrame(
            [series.alias(name) for name, series in self.columns.items()] or [pl.repeat(True, height, eager=True).alias("@")]
        )
        parts, tellable = [], [pl.lit(True)]
        for rule, stands, fills in rules:
            text, known = self._sentence(rule, fills)
            standing = self._use(stands)
            parts.append(pl.when(standing).then(text))
            tellable.append(~standing | known)
        told = pl.concat_str(parts, separator=BETWEEN, ignore_nulls=True) if parts else pl.lit("")
        sentence = pl.when(pl.all_horizontal(tellable) & self._use(certain)).then(told)
        told_rows: pl.Series = frame.select(sentence.alias("sentence"))["sentence"] if parts else pl.repeat("", height, eager=True)
        return told_rows if len(told_rows) == height else pl.repeat(told_rows[0], height, dtype=pl.String, eager=True)

    def _fills(self, compiler: Settling, rule: Rule, env: Env, space: Space) -> Iterator[tuple[str, _Fill]]:
        for name, node in named_in(self.law, rule):
            try:
                self._decide(compiler, {(n.base.type.table or "", n.name) for n in walk(node) if isinstance(n, Decision)})
                value: Value | None = compiler.value(node, env, space)
            except (Unsupported, KeyError):
                value = None
            yield name, _Fill(value, node.type)

    def _decide(self, compiler: Settling, wanted: Iterable[Key]) -> Outcome | None:
        """Compile decisions and what they need; the outcome of the last."""
        law, program, outcome = self.law, compiler.program, None
        root = law.vocabulary.entities[self.one.entity]
        for key in program.cone(sorted(wanted)):
            if key not in compiler.decided:
                env, over = environment(law, compiler, law.vocabulary.entities[key[0]], root, self.one.space, program.year)
                outcome = compiler.outcome(key, program.rules(key), env, over)
                compiler.decided[key] = outcome.value
        return outcome

    # -- expressions --------------------------------------------------------------------------------------------

    def _use(self, cell: Cell) -> pl.Expr:
        if cell.constant:
            return pl.lit(cell.value, dtype=DTYPES[cell.kind])
        return pl.col(f"c{cell.number}")

    def _sentence(self, rule: Rule, fills: Mapping[str, _Fill]) -> tuple[pl.Expr, pl.Expr]:
        """The sentence, and where every value that it names is known."""
        pieces: list[pl.Expr] = []
        known: list[pl.Expr] = [pl.lit(True)]
        for piece in _BRACES.split(self.words.label(rule.says, rule.name)):
            fill = fills.get(piece[1:-1]) if piece.startswith("{") else None
            if fill is None:
                pieces.append(pl.lit(piece))
                continue
            text, sure = self._text(fill)
            pieces.append(text)
            known.append(sure)
        return pl.concat_str(pieces), pl.all_horizontal(known)

    def _text(self, fill: _Fill) -> tuple[pl.Expr, pl.Expr]:
        value, kind = fill.value, fill.type
        say = self.words.value
        if isinstance(value, Truth):
            text = pl.when(self._use(value.holds)).then(pl.lit(say(True, kind))).otherwise(pl.lit(say(False, kind)))
            return text, self._use(value.holds) | self._use(value.fails)
        if isinstance(value, (Number, Code)):
            known, none = self._use(value.known), self._use(value.none)
            told = self._quantity(value, kind) if isinstance(value, Number) else self._named(value, kind)
            if told is not None:
                return pl.when(none).then(pl.lit(say(None, kind))).otherwise(told), known
        if (
            isinstance(value, Members)
            and value.unknown.constant
            and not value.unknown.value
            and all(t.holds.constant for t in value.inside.values())
        ):
            return self._set(value, kind)
        return pl.lit(""), pl.lit(False)

    def _set(self, value: Members, kind: Type) -> tuple[pl.Expr, pl.Expr]:
        """A set that is the same for every row."""
        codes = self.data.tables.codes[kind.codes] if kind.codes else None
        held = [m for m, t in value.inside.items() if t.holds.value and isinstance(m, int)]
        if any(not (t.holds.value or (t.fails.constant and t.fails.value)) for t in value.inside.values()):
            return pl.lit(""), pl.lit(False)
        return pl.lit(self.words.value(frozenset(codes[m] if codes else m for m in held), kind)), pl.lit(True)

    def _quantity(self, value: Number, kind: Type) -> pl.Expr | None:
        return self._day(value, kind) if kind.kind == "date" else self._number(value, kind)

    def _day(self, value: Number, kind: Type) -> pl.Expr:
        return self._looked_up(value.low, lambda number: self.words.value(EPOCH + timedelta(days=number), kind))

    def _named(self, value: Code, kind: Type) -> pl.Expr | None:
        if kind.kind == "code":
            codes = self.data.tables.codes[kind.codes or ""]
            return self._looked_up(value.value, lambda number: self.words.value(codes[number], kind))
        if kind.kind == "text" and value.value.kind == TEXT:
            return self._use(value.value)
        if kind.kind in ("ref", "row") and value.codes in self.data.tables.vocabulary.tables:
            keys = self.data.tables.keys(value.codes)
            return pl.lit(keys).gather(self._use(value.value)) if len(keys) > 1 else pl.lit(keys[0]) if len(keys) else None
        return None

    def _looked_up(self, cell: Cell, say: Any) -> pl.Expr:
        """Values of which few different ones occur: each is said once."""
        if cell.constant:
            return pl.lit(say(cell.value))
        occur = self.columns[f"c{cell.number}"].unique()
        return self._use(cell).replace_strict(
            occur, pl.Series([_said(say, v) for v in occur.to_list()], dtype=pl.String), return_dtype=pl.String
        )

    def _number(self, value: Number, kind: Type) -> pl.Expr | None:
        """Digits in groups, decimals as far as they go, and the unit in the form that goes with the number."""
        cell, scale, digits = value.low, value.scale, 0
        if cell.constant:
            return pl.lit(self.words.number(exact(Fraction(cell.value, scale)), kind))
        while 10**digits < scale:
            digits += 1
        if 10**digits != scale or max(abs(cell.low), abs(cell.high)) >= scale * THOUSAND ** (GROUPS + 1):
            return None
        number = self._use(cell).cast(pl.Int128)
        size = number.abs()
        whole, rest = size.floordiv(pl.lit(scale, dtype=pl.Int128)), size % pl.lit(scale, dtype=pl.Int128)
        grouped = self._grouped(whole) if kind.unit.powers else whole.cast(pl.String)
        if kind.kind == "number" and not kind.unit.powers and scale != 1:
            grouped = pl.when(rest == 0).then(grouped).otherwise(self._grouped(whole))
        sign = pl.when(number < 0).then(pl.lit(self._minus())).otherwise(pl.lit(""))
        text = pl.concat_str([sign, grouped])
        if scale != 1:
            decimals = rest.cast(pl.String).str.zfill(digits).str.strip_chars_end("0")
            text = pl.concat_str([text, pl.when(rest == 0).then(pl.lit("")).otherwise(pl.concat_str([pl.lit(self._point()), decimals]))])
        unit = self._unit(kind, whole, rest if scale != 1 else None)
        return text if unit is None else pl.concat_str([text, pl.lit(" "), unit])

    def _grouped(self, whole: pl.Expr) -> pl.Expr:
        """Digits by threes, as the language parts them."""
        separator = self._separator()
        limit = pl.lit(THOUSAND, dtype=pl.Int128)
        text = (whole % limit).cast(pl.String)
        rest = whole.floordiv(limit)
        for _ in range(GROUPS):
            head = (rest % limit).cast(pl.String)
            text = pl.when(rest > 0).then(pl.concat_str([head, pl.lit(separator), text.str.zfill(3)])).otherwise(text)
            rest = rest.floordiv(limit)
        return text

    def _separator(self) -> str:
        return self.words.number(THOUSAND * THOUSAND, None)[1:-7]

    def _point(self) -> str:
        return self.words.number(Fraction(1, 2), None)[1]

    def _minus(self) -> str:
        return self.words.number(-1, None)[:-1]

    def _unit(self, kind: Type, whole: pl.Expr, rest: pl.Expr | None) -> pl.Expr | None:
        """The unit in the plural form of the number: of whole numbers it depends on their last two digits."""
        forms = [self.words.unit(kind, n if n in (0, 1) else 100 + n) for n in range(100)]
        if not any(forms):
            return None
        single = {n: self.words.unit(kind, n) for n in range(100)}
        part = self.words.unit(kind, Fraction(1, 2))
        if len({*forms, *single.values(), part}) == 1:
            return pl.lit(part)
        last = whole % pl.lit(100, dtype=pl.Int128)
        small = pl.Series([single[n] for n in range(100)])
        large = pl.Series([self.words.unit(kind, 100 + n) for n in range(100)])
        text = pl.when(whole < 100).then(pl.lit(small).gather(last.cast(pl.Int64))).otherwise(pl.lit(large).gather(last.cast(pl.Int64)))
        return text if rest is None else pl.when(rest == 0).then(text).otherwise(pl.lit(part))


def _said(say: Any, value: Any) -> str | None:
    """None for what stands where nothing is known."""
    try:
        return str(say(value))
    except (IndexError, OverflowError):
        return None


def _cells(value: Value | None) -> list[Cell]:
    if isinstance(value, Truth):
        return [value.holds, value.fails]
    if isinstance(value, Number):
        return [value.low, value.known, value.none]
    return [value.value, value.known, value.none] if isinstance(value, Code) else []


__all__ = ["BETWEEN", "Sentences"]
