"""Expressions that the cache kept mean what they meant when they were parsed, to the character."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.language import BOOL, DATE, Node, Parsed, Scope, Type, compile_node, parse, walk
from engine.language.grammar import read
from engine.law import Law, law_under, load_law, named_in, type_rule
from engine.law.invariants import scope_of
from engine.law.vocabulary import build_vocabulary
from tests.conftest import ROOT


def again(law: Law, through: Callable[[Any], Any]) -> Law:
    """The law as it is made of what is kept of it."""
    return Law(law.tree, law.digest, law.files, build_vocabulary(law.tree, Parsed(through(law.vocabulary.parsed.plain()))))


def alike(one: Node, two: Node) -> None:
    """The same nodes with the same types, texts and places, all through."""
    assert one == two and hash(one) == hash(two)
    for mine, theirs in zip(walk(one), walk(two), strict=True):
        assert (type(mine), mine.type, mine.text, mine.column) == (type(theirs), theirs.type, theirs.text, theirs.column)
        assert [type(getattr(mine, name)) for name in mine.PARTS] == [type(getattr(theirs, name)) for name in theirs.PARTS]
        assert getattr(mine, "members", ()) == getattr(theirs, "members", ()) and getattr(mine, "minimum", 0) == getattr(
            theirs, "minimum", 0
        )


def texts(law: Law) -> Iterator[tuple[Scope, str, Type | None]]:
    """Every text of the rules and invariants, with where it stands and what it must be."""
    for rules in law.rules.values():
        for rule in rules:
            scope, decided = Scope(law.vocabulary, rule.decides[0]), law.vocabulary.decisions[rule.decides].type
            if rule.when is not None:
                yield scope, rule.when, BOOL
            if rule.value is not None:
                yield scope, rule.value, decided if decided.kind != "set" else Type("code", codes=decided.codes)
            yield from ((scope, name, None) for name, _ in named_in(law, rule))
    for table, spec in law.vocabulary.tables.items():
        yield from ((scope_of(law.vocabulary, table), invariant.holds, BOOL) for invariant in spec.invariants)


@pytest.mark.parametrize("through", [lambda kept: kept, lambda kept: json.loads(json.dumps(kept))], ids=["fresh", "cached"])
def test_every_text_of_the_shipped_law_comes_back_as_it_was_parsed(law: Law, through: Callable[[Any], Any]) -> None:
    for rules in law.rules.values():
        for rule in rules:
            type_rule(law, rule)
    kept, count = again(law, through), 0
    for (scope, text, wanted), (there, _, _) in zip(texts(law), texts(kept), strict=True):
        alike(read(text, scope, wanted), parse(text, there, wanted))
        count += 1
    assert count > 300


def test_a_cached_law_is_not_parsed_again(law: Law, monkeypatch: pytest.MonkeyPatch) -> None:
    load_law(ROOT / "rulesets", ROOT / "schemas")
    kept = load_law(ROOT / "rulesets", ROOT / "schemas")

    def refuse(*_: object) -> Node:
        raise AssertionError("parsed again")

    monkeypatch.setattr("engine.language.grammar.read", refuse)
    for scope, text, wanted in texts(kept):
        assert isinstance(parse(text, scope, wanted), Node)


@pytest.mark.parametrize("draft", ["offset-limit-5", "threshold-10000-auction", "phase-6-cut-23"])
def test_a_law_under_a_draft_means_what_it_says_and_shares_what_the_draft_leaves(law: Law, draft: str) -> None:
    under = load_law(ROOT / "rulesets", ROOT / "schemas", (draft,))
    fresh = Law(under.tree, under.digest, under.files)
    for (scope, text, wanted), (own, same, _) in zip(texts(fresh), texts(under), strict=True):
        assert text == same
        alike(parse(text, scope, wanted), parse(same, own, wanted))
    shared = law_under(law, ROOT / "rulesets", ROOT / "schemas", (draft,))
    before = {rule.name: type_rule(law, rule) for rules in law.rules.values() for rule in rules}
    mine = [type_rule(shared, rule) for rules in shared.rules.values() for rule in rules]
    same_object = [typed.value is before[typed.rule.name].value for typed in mine if typed.rule.name in before]
    assert same_object.count(True) > 0.9 * len(same_object)


def test_a_text_that_names_what_is_new_is_read_anew(law: Law) -> None:
    scope = Scope(law.vocabulary, law.manifest["main"])
    kept = law.vocabulary.parsed
    for text in ("obligation > 0", "shortfall > 0"):
        parse(text, scope, BOOL)
    wider = kept.but(frozenset({"shortfall"}))
    assert wider.get(scope.entity, "obligation > 0", BOOL) is kept.get(scope.entity, "obligation > 0", BOOL) is not None
    assert wider.get(scope.entity, "shortfall > 0", BOOL) is None


def test_nothing_of_a_process_travels_with_a_node(law: Law) -> None:
    """Hashes of texts differ from process to process, and what was compiled cannot be sent."""
    node = parse("obligation > 0", Scope(law.vocabulary, law.manifest["main"]), BOOL)
    hash(node)
    compile_node(node)
    assert not [name for name in vars(pickle.loads(pickle.dumps(node))) if name.startswith("_")]
    alike(node, pickle.loads(pickle.dumps(node)))


def test_a_text_is_kept_for_its_place_and_its_type_only(law: Law) -> None:
    scope = Scope(law.vocabulary, law.manifest["main"])
    year_end = "date(year, 12, 31)"
    assert parse(year_end, scope, DATE) is parse(year_end, scope, DATE)
    kept = law.vocabulary.parsed
    assert kept.get(scope.entity, year_end, DATE) is not None
    assert (
        kept.get(scope.entity, year_end, BOOL)
        is kept.get("elsewhere", year_end, DATE)
        is kept.within("lots").get(scope.entity, year_end, DATE)
        is None
    )
    with pytest.raises(ValueError, match="wanted"):
        parse(year_end, scope, BOOL)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-40],
        lambda text: text.replace('"nodes"', '"nodez"'),
        lambda text: text.replace("true", "false", 1),
        lambda _: "",
        lambda _: "[]",
    ],
)
def test_a_damaged_cache_counts_as_none(damage: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAZETS_CACHE", str(tmp_path))
    digest = load_law(ROOT / "rulesets", ROOT / "schemas").digest
    (entry,) = tmp_path.glob("*.json")
    entry.write_text(damage(entry.read_text(encoding="utf-8")), encoding="utf-8")
    assert load_law(ROOT / "rulesets", ROOT / "schemas").digest == digest
    (mended,) = tmp_path.glob("*.json")
    assert mended.stat().st_size > 100_000
