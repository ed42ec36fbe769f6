"""What must hold of a ruleset before anything is decided under it."""

from __future__ import annotations

from typing import Any

from engine.language import DATE, ExpressionError, Scope, UnitError, parse, parse_call_free, parse_unit
from engine.law.actions import action_problems
from engine.law.consistency import find_contradictions
from engine.law.invariants import invariant_problems
from engine.law.model import Law
from engine.law.program import Program, named_in, type_rule
from engine.law.properties import property_problems
from engine.law.wording import find_missing_texts
from engine.problems import InputError, Problem, did_you_mean


def find_problems(law: Law, texts: bool = True) -> list[Problem]:
    """Every rule, value, reference, relation, dependency and text that is wrong, in file order.

    Args:
        texts: whether every text must be there in all languages; laws that are made for a test have none.
    """
    problems: list[Problem] = find_missing_texts(law) if texts else []
    checks = (
        _relations,
        _values,
        _questions,
        _phases,
        _records,
        _invariants,
        _rules,
        find_contradictions,
        action_problems,
        property_problems,
    )
    for check in checks:
        try:
            problems += check(law)
        except InputError as error:
            problems += error.problems
    if not problems:
        problems += _order(law)
    return sorted(set(problems), key=lambda p: (p.file, p.line, p.column))


def _at(content: dict[str, object]) -> tuple[str, int, int]:
    at = content["at"]
    assert isinstance(at, list)
    return at[0], at[1], at[2]


def _relations(law: Law) -> list[Problem]:
    problems = []
    for name, entity in law.vocabulary.entities.items():
        at = _at(law.tree["entities"][name])
        tables = {relation.name: relation.table or _table_of(law, relation.entity) for relation in entity.relations.values()}
        owners = [(r.where, tables[r.name], name) for r in entity.relations.values()] + (
            [(entity.where, entity.table, entity.of)] if entity.of else []
        )
        for where, table, owner in owners:
            for column, path in where.items():
                if table is not None and column not in law.vocabulary.tables[table].columns:
                    columns = law.vocabulary.tables[table].columns
                    problems.append(Problem(*at, f"{name}: '{table}' has no column '{column}'", did_you_mean(column, columns)))
                try:
                    parse_call_free(path, Scope(law.vocabulary, owner))
                except (ExpressionError, UnitError) as error:
                    problems.append(Problem(*at, f"{name}: {path}: {error}", ""))
    for name in law.tree["governing_dates"]:
        entities = [e for e in law.vocabulary.entities if _means(law, name, e)]
        if not entities:
            problems.append(
                Problem(*_at(law.tree["governing_dates"][name]), f"the governing date '{name}' is a date for no entity", "check its names")
            )
    return problems


def _table_of(law: Law, entity: str | None) -> str | None:
    return law.vocabulary.entities[entity].table if entity is not None else None


def _means(law: Law, governing: str, entity: str) -> bool:
    try:
        parse(law.vocabulary.governing[governing], Scope(law.vocabulary, entity), DATE)
    except ExpressionError:
        return False
    return True


def _values(law: Law) -> list[Problem]:
    problems: list[Problem] = []
    for content in law.tree["values"]:
        try:
            law._entry(content)
        except InputError as error:
            problems += [*error.problems, *_cited(law, content)]
            continue
        spec = law.vocabulary.parameters[content["parameter"]]
        key, at = content["key"], _at(content)
        if (key is None) != (spec.keyed_by is None):
            problems.append(
                Problem(
                    *at,
                    f"{spec.name}: {'needs a key' if spec.keyed_by else 'takes no key'}",
                    f"it is keyed by {spec.keyed_by}" if spec.keyed_by else "write the values as a list",
                )
            )
        elif spec.keyed_by == "year" and not isinstance(key, int):
            problems.append(Problem(*at, f"{spec.name}: the key '{key}' is not a year", ""))
        elif spec.keyed_by not in (None, "year") and key not in law.vocabulary.codes[spec.keyed_by]:
            problems.append(
                Problem(
                    *at,
                    f"{spec.name}: the key '{key}' is not in '{spec.keyed_by}'",
                    did_you_mean(str(key), law.vocabulary.codes[spec.keyed_by]),
                )
            )
        because = content.get("because")
        if because is not None and because not in law.tree["constructs"]:
            problems.append(Problem(*at, f"{spec.name}: no construct '{because}'", did_you_mean(because, law.tree["constructs"])))
        problems += _tags(law, content)
        problems += _cited(law, content)
    return problems


def _tags(law: Law, content: dict[str, object]) -> list[Problem]:
    tags = content.get("reading", {})
    assert isinstance(tags, dict)
    found = []
    for question, answer in tags.items():
        if question not in law.questions:
            found.append(Problem(*_at(content), f"no question '{question}'", did_you_mean(question, law.questions)))
        elif answer not in law.questions[question]["answers"]:
            found.append(
                Problem(*_at(content), f"'{answer}' does not answer '{question}'", did_you_mean(answer, law.questions[question]["answers"]))
            )
    return found


def _cited(law: Law, content: dict[str, object]) -> list[Problem]:
    cites: Any = content.get("cite") or []
    found: list[Problem] = []
    for cite in cites if isinstance(cites, list) else [cites]:
        try:
            law.instrument(cite["instrument"], list(_at(content)))
        except InputError as error:
            found += error.problems
    return found


def _questions(law: Law) -> list[Problem]:
    problems = []
    for name, question in law.questions.items():
        for authority in law.authorities:
            answer = question["default"].get(authority)
            if answer not in question["answers"]:
                problems.append(
                    Problem(
                        *_at(question),
                        f"question '{name}': the default of '{authority}' is '{answer}', which is not among its answers",
                        did_you_mean(str(answer), question["answers"]),
                    )
                )
        for answer in question["answers"].values():
            problems += _cited(law, {**answer, "at": question["at"]})
    for construct in law.tree["constructs"].values():
        problems += _cited(law, construct)
    for record in (*law.tree["records"].values(), *law.tree["statements"].values()):
        problems += _cited(law, record)
    return problems


def _phases(law: Law) -> list[Problem]:
    problems = []
    for name, phase in law.phases.items():
        at = _at(law.tree["phases"][name])
        if phase.inherits is not None and phase.inherits not in law.phases:
            problems.append(
                Problem(
                    *at, f"phase '{name}' inherits from '{phase.inherits}', which does not exist", did_you_mean(phase.inherits, law.phases)
                )
            )
        if law.tree["phases"][name]["id"] != name:
            own = law.tree["phases"][name]["id"]
            problems.append(Problem(*at, f"the phase is called '{own}', its folder '{name}'", "use one name"))
        if phase.plan is not None and phase.plan not in law.vocabulary.codes["plans"]:
            message = f"phase '{name}': its plan '{phase.plan}' is not in the code list 'plans'"
            problems.append(Problem(*at, message, did_you_mean(phase.plan, law.vocabulary.codes["plans"])))
        if name not in law.vocabulary.codes["phases"]:
            problems.append(
                Problem(*at, f"phase '{name}' is not in the code list 'phases'", did_you_mean(name, law.vocabulary.codes["phases"]))
            )
    return problems


def _records(law: Law) -> list[Problem]:
    """Figures that decide nothing still have a unit that can be said."""
    problems = []
    for name, record in law.tree["records"].items():
        try:
            parse_unit(str(record["unit"]), frozenset(law.tree["units"]))
        except UnitError as error:
            problems.append(Problem(*_at(record), f"record '{name}': {error}", did_you_mean(str(record["unit"]), law.tree["units"])))
    return problems


def _invariants(law: Law) -> list[Problem]:
    return list(invariant_problems(law))


def _rules(law: Law) -> list[Problem]:
    problems: list[Problem] = []
    names: dict[str, tuple[str, int, int]] = {}
    for content in law.tree["rules"]:
        try:
            rule = law._rule(content)
            type_rule(law, rule)
            named_in(law, rule)
        except InputError as error:
            problems += [*error.problems, *_cited(law, content)]
            continue
        if rule.name in names:
            problems.append(
                Problem(*rule.at, f"two rules are called '{rule.name}'", f"the other is at {':'.join(map(str, names[rule.name]))}")
            )
        names[rule.name] = rule.at
        if rule.governed_by is not None and rule.governed_by not in law.tree["governing_dates"]:
            message = f"rule '{rule.name}': no governing date '{rule.governed_by}'"
            problems.append(Problem(*rule.at, message, did_you_mean(rule.governed_by, law.tree["governing_dates"])))
        for phase in rule.phases or ():
            if phase not in law.phases:
                problems.append(Problem(*rule.at, f"rule '{rule.name}': no phase '{phase}'", did_you_mean(phase, law.phases)))
        problems += _tags(law, content) + _cited(law, content)
    return problems


def _order(law: Law) -> list[Problem]:
    """Under the default of each authority, every phase's decisions can be put in order."""
    problems: list[Problem] = []
    for authority in law.authorities:
        selection = law.select(authority)
        for phase in law.phases.values():
            try:
                Program(law, selection, phase, phase.last_year).cone(list(law.vocabulary.decisions))
            except InputError as error:
                problems += error.problems
    return problems
