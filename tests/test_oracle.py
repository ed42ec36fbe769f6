"""The engine against the naive oracle: random small rulesets and cases, with unknowns, and what they come to once filled in.

`KAZETS_TESTS=thorough` runs fifty times as many. What an example covers: three states of knowledge, every decision of every
site and lot; or thirty expressions; or eighteen states of one decision.
"""

from __future__ import annotations

import itertools
import re
from random import Random
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from engine.language import ExpressionError, OpenSet, Scope, Unknown, compile_node, parse
from engine.law import Law
from engine.law.checking import find_problems
from engine.proving import Conflict, Determination, Gap, Prover, Root, determine
from tests.oracle import Oracle
from tests.oracle_values import CONFLICT, GAP, Instance, Open, Perhaps, Word
from tests.random_cases import AT, filled, random_facts, random_rules, random_values, too_large
from tests.random_texts import BASE_TREE, KINDS, Texts, picker
from tests.small_law import facts_of
from tests.thorough import THOROUGH, examples


def kind_of(outcome: Any) -> tuple[Any, ...]:
    """What two outcomes are compared by."""
    if isinstance(outcome, (Unknown, OpenSet, Open, Perhaps)):
        return ("unknown",)
    if isinstance(outcome, (Gap, Conflict, Word)):
        return ("gap",) if isinstance(outcome, Gap) or outcome == GAP else ("conflict",)
    return "value", isinstance(outcome, bool), outcome


def engine_says(law: Law, facts: dict[str, Any]) -> dict[tuple[Any, ...], Any]:
    rows = facts_of(law.vocabulary, facts)
    prover = Prover(law, law.select(), rows)
    found: dict[tuple[Any, ...], Any] = {}
    for site in facts["installations"]:
        determination: Determination = determine(prover, Root("site_year", (site["id"],), 2023))
        found.update({(site["id"], name): outcome for name, outcome in determination.outcomes.items()})
        found.update({(site["id"], place[0], name): o for place, outcomes in determination.parts["lot"] for name, o in outcomes.items()})
    return found


def oracle_says(tree: dict[str, Any], law: Law, facts: dict[str, Any]) -> dict[tuple[Any, ...], Any]:
    rows = facts_of(law.vocabulary, facts)
    oracle = Oracle(tree, rows, 2023)
    found: dict[tuple[Any, ...], Any] = {}
    for site in facts["installations"]:
        root: Instance = oracle.root(site["id"])
        found.update({(site["id"], name): outcome for name, outcome in oracle.outcomes(root).items()})
        found.update(
            {(site["id"], part.row.key[0], name): o for part in oracle.parts(root, "lot") for name, o in oracle.outcomes(part).items()}
        )
    return found


def explain(tree: dict[str, Any], facts: dict[str, Any], key: tuple[Any, ...], engine: Any, other: Any) -> str:
    """Both answers, with the rules, values and facts that they may depend on."""
    wanted, before = {key[-1]}, set[str]()
    while wanted != before:
        before = set(wanted)
        texts = " ".join(f"{r.get('when')} {r.get('value')}" for r in tree["rules"] if r["decides"].rpartition(".")[2] in wanted)
        wanted |= {name for _, name in KINDS if re.search(rf"\b{name}\b", texts)}
    shown = ("when", "value", "exception_to", "in_force", "governed_by")
    rules = "\n".join(
        f"  {r['rule']}: { ({k: r[k] for k in shown if k in r}) }" for r in tree["rules"] if r["decides"].rpartition(".")[2] in wanted
    )
    values = "\n".join(f"  {v['parameter']}[{v['key']}] = {v['value']} {v.get('from')}..{v.get('to')}" for v in tree["values"])
    return f"{key}: engine {engine}, expected {other}\n{rules}\n{values}\n{facts}"


def agree(tree: dict[str, Any], law: Law, facts: dict[str, Any]) -> dict[tuple[Any, ...], Any]:
    engine, naive = engine_says(law, facts), oracle_says(tree, law, facts)
    assert engine.keys() == naive.keys()
    for key, outcome in engine.items():
        assert kind_of(outcome) == kind_of(naive[key]), explain(tree, facts, key, outcome, naive[key])
    return engine


def within(filled_in: Any, before: Any) -> bool:
    """Whether an outcome is still possible by what was said when less was known."""
    if isinstance(before, OpenSet):
        sure, all_ = (
            (filled_in.members, filled_in.members | filled_in.possible) if isinstance(filled_in, OpenSet) else (filled_in, filled_in)
        )
        return bool(before.members <= sure and all_ <= before.members | before.possible)
    if not isinstance(before, Unknown):
        return kind_of(filled_in) == kind_of(before)
    if isinstance(filled_in, (Unknown, OpenSet, Gap, Conflict)) or (before.low is None and before.high is None):
        return True
    return filled_in is not None and (before.low is None or before.low <= filled_in) and (before.high is None or filled_in <= before.high)


@examples(250)
@given(st.randoms(use_true_random=not THOROUGH))
def test_expressions_mean_the_same(randomly: Random) -> None:
    """Thirty expressions over one case: the same value, the same bounds, and nothing decided that is later otherwise."""
    pick = picker(randomly)
    values, facts = random_values(pick), random_facts(pick)
    tree: dict[str, Any] = {**BASE_TREE, "rules": [], "values": values}
    law, texts = Law(tree, "random"), Texts(pick, 1)
    written = [(pick("bbntd"), pick([0, 1, 2, 3])) for _ in range(30)]
    found = [{"b": texts.condition, "n": texts.number, "t": texts.tonnes, "d": texts.day}[kind](depth) for kind, depth in written]
    before = evaluated(tree, law, facts, found)
    for _ in range(2):
        more_facts, known_values = filled(pick, facts, values)
        fuller = {**tree, "values": known_values}
        after = evaluated(fuller, Law(fuller, "random"), more_facts, found)
        for text in before.keys() & after.keys():
            assert within(after[text], before[text]), (
                f"{text}: {before[text]}, then {after[text]}\n{values}\n{known_values}\n{facts}\n{more_facts}"
            )


def evaluated(tree: dict[str, Any], law: Law, facts: dict[str, Any], texts: list[str]) -> dict[str, Any]:
    """What each expression is for the first installation, once engine and oracle agree on it."""
    rows = facts_of(law.vocabulary, facts)
    env = Prover(law, law.select(), rows).session(Root("site_year", ("A",), 2023)).main.env
    oracle, scope, found = Oracle(tree, rows, 2023), Scope(law.vocabulary, "site_year"), {}
    kept = []  # the engine remembers look-ups by the id of the node, so a node must outlive the program
    for text in texts:
        try:
            node = parse(text, scope)
        except ExpressionError as error:
            assert "too large or too deep" in error.message, f"{text}: {error.message}"
            continue
        kept.append(node)
        engine, naive = compile_node(node)(env), oracle.text(text, oracle.root("A"))
        bounds = (engine.low, engine.high) if isinstance(engine, Unknown) else None
        expected = (naive.lo, naive.hi) if isinstance(naive, Open) else None
        assert kind_of(engine) == kind_of(naive) and bounds == expected, f"{text}: {engine}, expected {naive}\n{tree['values']}\n{facts}"
        found[text] = engine
    return found


@examples(160)
@given(st.randoms(use_true_random=not THOROUGH))
def test_engine_and_oracle_agree_and_what_is_known_later_was_allowed_for(randomly: Random) -> None:
    pick = picker(randomly)
    tree: dict[str, Any] = {**BASE_TREE, "rules": random_rules(pick), "values": random_values(pick)}
    facts, law = random_facts(pick), Law(tree, "random")
    assume(not too_large(law))
    before = agree(tree, law, facts)
    for _ in range(2):
        more_facts, values = filled(pick, facts, tree["values"])
        fuller = {**tree, "values": values}
        after = agree(fuller, Law(fuller, "random"), more_facts)
        for key, outcome in before.items():
            assert within(after[key], outcome), explain(fuller, more_facts, key, outcome, after[key])


@examples(150)
@given(st.randoms(use_true_random=not THOROUGH))
def test_rules_and_exceptions_are_heard_alike(randomly: Random) -> None:
    """Up to nine rules for one decision, each true, false or open, with exceptions to exceptions, completed in every way."""
    pick = picker(randomly)
    kinds = {"b1": ["true", "false"], "n1": ["1", "2", "installation.owed"], "s1": ["power", "oil", "installation.sector"]}
    name, values = pick(list(kinds.items()))
    rules: list[dict[str, Any]] = []
    for index in range(pick([2, 3, 4, 5, 9])):
        above = [r["rule"] for r in rules if pick(range(3)) == 0]
        state = pick(["installation.active", "reports_open", None, None, "1 > 2"])
        when = {"reports_open": "any(r.verified for r in reports)", "1 > 2": "installation.signed > 100"}.get(str(state), state)
        rules.append(
            {"rule": f"r{index}", "decides": name, "phase": None, "cite": {"instrument": "act"}, "says": {}, "marks": {}, **AT,
             "value": pick(values), "exception_to": above, **({"when": when} if when else {})}
        )  # fmt: skip
    declared = {name: BASE_TREE["decisions"][name]}
    tree: dict[str, Any] = {**BASE_TREE, "decisions": declared, "rules": rules, "values": random_values(pick)}
    law = Law(tree, "random")
    site, report = {"id": "A", "signed": "0"}, {"installation": "A", "submitted": "2023-03-01"}
    outcomes = {}
    for active, verified, filled_in in itertools.product((None, True, False), (None, True, False), (False, True)):
        cells = {**site, **({} if active is None else {"active": active}), **({"owed": "2", "sector": "oil"} if filled_in else {})}
        facts = {
            "installations": [cells],
            "reports": [report if verified is None else {**report, "verified": verified}, {**report, "verified": False}],
        }
        outcomes[active, verified, filled_in] = only(name, tree, law, facts)
    for (active, verified, filled_in), later in outcomes.items():
        for before in {(None, verified, filled_in), (active, None, filled_in), (active, verified, False)}:
            assert within(later, outcomes[before]), f"{before}: {outcomes[before]}, then {(active, verified, filled_in)}: {later}\n{rules}"


def only(name: str, tree: dict[str, Any], law: Law, facts: dict[str, Any]) -> Any:
    """The outcome of the only decision, once both agree on it."""
    rows = facts_of(law.vocabulary, facts)
    engine = determine(Prover(law, law.select(), rows), Root("site_year", ("A",), 2023)).outcomes[name]
    oracle = Oracle(tree, rows, 2023)
    naive = oracle.decide(oracle.root("A"), name)
    assert kind_of(engine) == kind_of(naive), f"{engine}, expected {naive}\n{tree['rules']}\n{facts}"
    return engine


def test_the_random_vocabulary_is_a_sound_ruleset() -> None:
    assert find_problems(Law({**BASE_TREE, "rules": [], "values": []}, "empty"), texts=False) == []


assert CONFLICT != GAP
