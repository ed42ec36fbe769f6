"""Declarations of a ruleset that nothing in it uses."""

from __future__ import annotations

from collections.abc import Iterator

from engine.drafting.findings_codes import Finding
from engine.language import DATE, ExpressionError, Node, Scope, parse, walk
from engine.language.nodes import Decision, Parameter, Rows
from engine.law import Law, type_rule
from engine.law.actions import typed_actions
from engine.law.program import named_in


def unused_findings(law: Law) -> Iterator[Finding]:
    """Parameters, relations, governing dates, constructs and questions that nothing needs."""
    nodes = [node for part in _expressions(law) for node in walk(part)]
    read = {node.name for node in nodes if isinstance(node, Parameter)}
    for name, content in law.tree["parameters"].items():
        if name not in read and not content.get("shown_only"):
            remedy = "read it in a rule, or say `shown_only: true` if it is law that decides nothing here"
            yield _unused(content, f"no rule reads the parameter '{name}'", remedy)
    walked = {(node.base.type.table, node.relation) for node in nodes if isinstance(node, Rows)}
    for entity in law.vocabulary.entities.values():
        for relation in entity.relations:
            if (entity.name, relation) not in walked:
                yield _unused(law.tree["entities"][entity.name], f"no rule uses the relation '{entity.name}.{relation}'")
    yield from _decisions(law, {(node.base.type.table or "", node.name) for node in nodes if isinstance(node, Decision)})
    governing = {spec.governed_by for spec in law.vocabulary.parameters.values()}
    governing |= {content["governed_by"] for content in law.tree["entities"].values() if "governed_by" in content}
    governing |= {rule["governed_by"] for rule in law.tree["rules"] if "governed_by" in rule}
    yield from _section(law, "governing_dates", governing, "no rule, entity or parameter is governed by '{}'")
    yield from _section(
        law, "constructs", {v["because"] for v in law.tree["values"] if "because" in v}, "no value is unknown because of '{}'"
    )
    asked = {question for content in (*law.tree["values"], *law.tree["rules"]) for question in content.get("reading", {})}
    yield from _section(law, "questions", asked, "no rule or value is an answer to the question '{}'")


def _expressions(law: Law) -> Iterator[Node]:
    """Every expression of the law, those in sentences, actions and governing dates too."""
    for action in typed_actions(law):
        yield from action.nodes()
    for rules in law.rules.values():
        for rule in rules:
            typed = type_rule(law, rule)
            yield from (part for part in (typed.when, typed.value) if part is not None)
            yield from (node for _, node in named_in(law, rule))
    for text in law.vocabulary.governing.values():
        for entity in law.vocabulary.entities:
            try:
                yield parse(text, Scope(law.vocabulary, entity), DATE)
            except ExpressionError:
                continue  # a date of other entities


def _unused(content: dict[str, object], message: str, remedy: str = "use it or remove it") -> Finding:
    at = content["at"]
    assert isinstance(at, list)
    return Finding("unused-name", at[0], at[1], at[2], message, remedy)


def _section(law: Law, section: str, used: set[str], message: str) -> Iterator[Finding]:
    for name, content in law.tree[section].items():
        if name not in used:
            yield _unused(content, message.format(name))


def _decisions(law: Law, read: set[tuple[str, str]]) -> Iterator[Finding]:
    """Steps on the way that lead nowhere: no rule reads them, and they are not said to be results."""
    for key in law.vocabulary.decisions:
        name = law.decision_name(*key)
        content = law.tree["decisions"][next(n for n in law.tree["decisions"] if law.decision_key(n) == key)]
        if key not in read and content.get("minor"):
            yield _unused(
                content,
                f"no rule reads the decision '{name}', a step on the way",
                "read it in a rule, or leave `minor` out if it is an answer in itself",
            )
