"""How expressions are read: codes, errors that point right, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from engine.language import NUMBER, code
from engine.law import Law
from engine.problems import InputError
from tests.saying import OWN, SITE, pointed_at, refused, sectors, shown, truth
from tests.small_law import determined, facts_of, law_of, tree_of, typed

# -- codes ------------------------------------------------------------------------------------------------------------------


def test_a_bare_code_is_recognised_by_what_it_is_compared_with() -> None:
    assert truth("installation.sector == power", "sector: power") is True
    assert truth("power == installation.sector", "sector: power") is True
    assert truth("installation.sector in (oil, power)", "sector: power") is True


def test_a_code_does_not_hide_a_value_of_the_same_name() -> None:
    more = (
        OWN.format("type: code, codes: sectors", "{rule: x, decides: e, value: oil}")
        .replace("{e:", "{power:")
        .replace("decides: e", "decides: power")
    )
    assert "both a code of 'sectors' and the name of another value" in refused("installation.sector == power", more=more).message
    typed("installation.sector == oil", more=more)
    typed("power == oil", more=more)


def test_a_code_is_told_from_a_value_that_could_not_stand_there() -> None:
    more = OWN.format("type: bool", "{rule: x, decides: e}").replace("{e:", "{power:").replace("decides: e", "decides: power")
    assert truth("installation.sector == power and power", "sector: power", more) is True


@pytest.mark.parametrize("name", ["none", "unknown", "undetermined", "true", "phase-3", "or", "1st", "a b"])
def test_a_code_is_an_identifier_and_no_word_of_the_language(name: str) -> None:
    with pytest.raises(InputError, match="is no name for a code"):
        law_of(f"codes: {{odd: {{members: {{'{name}': {{}}}}}}}}")


def test_a_misspelt_code_is_answered_with_the_nearest() -> None:
    error = refused("installation.sector == powr")
    assert error.message == "'powr' is not in the code list 'sectors': did you mean 'power'?"
    assert (error.column, error.length) == (23, 4)


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    assert (
        "'installation.activ' is not defined" in refused("installation.activ").message
        or "did you mean 'active'?" in refused("installation.activ").message
    )
    assert refused("sume(u.quantity for u in lots)").message.startswith("sume() does not take")
    assert "did you mean 'default'?" in refused("defaults(installation.limit, 1)").message


def test_codes_of_different_lists_do_not_meet() -> None:
    assert "code of sectors" in refused("any(r.light == installation.sector for r in reports)").message


def test_codes_are_not_quoted_and_texts_are_not_allowed() -> None:
    assert "without quotes" in refused('installation.sector == "power"').message


def test_a_hyphen_subtracts() -> None:
    refused("installation.sector == power-oil")


# -- errors point right -----------------------------------------------------------------------------------------------------


def test_an_error_points_at_the_characters_not_the_bytes_after_cyrillic_text() -> None:
    assert pointed_at("жылдық == 1 and installation.foo", None) == "жылдық"
    assert pointed_at("count(ж for ж in lots if ж.good) > 1 and installation.активен") == "installation.активен"
    assert pointed_at("any(қондырғы.good for қондырғы in lots) and қате") == "қате"


def test_an_error_on_a_later_line_is_counted_from_the_start() -> None:
    text = "any(ә.good for ә in lots)\n  and қате_сөз"
    assert pointed_at(text) == "қате_сөз"


@pytest.mark.parametrize(
    "text", ["installation.count >", "installation.count > > 1", "(installation.count", "installation.count)", "", "1 +", "а б"]
)
def test_a_syntax_error_lies_within_the_text(text: str) -> None:
    error = refused(text)
    assert 0 <= error.column <= max(len(text) - 1, 0)


def test_a_syntax_error_after_kazakh_text_points_at_the_character() -> None:
    text = "any(ғұңқөһ.good for ғұңқөһ in lots) and and true"
    assert refused(text).column == text.index("and and") + 4


def rule_error(text: str) -> tuple[int, int]:
    """Line and column at which a rule in a file of its own is refused; ``text`` is the file's rule from `when:` on."""
    written = f"decisions: {{d: {{type: bool}}}}\nrules:\n  - rule: r\n    decides: d\n    cite: {{instrument: act}}\n    says: {{}}\n    {text}\n"
    from engine.law.checking import find_problems
    from engine.law.collecting import _rules as collected
    from engine.law.yaml_files import parse_yaml

    document = parse_yaml(written, "rules.yaml")
    tree = {**tree_of("decisions: {d: {type: bool}}"), "rules": collected(document.data["rules"], None, document)}
    (problem,) = find_problems(Law(tree, "x"), texts=False)
    return problem.line, problem.column


def test_an_error_in_a_rule_points_into_the_file() -> None:
    assert rule_error("when: true and қате") == (7, 20)


def test_an_error_in_a_quoted_rule_points_into_the_file() -> None:
    assert rule_error('when: "true and қате"') == (7, 21)


def test_an_error_in_a_folded_rule_points_at_its_line() -> None:
    assert rule_error("when: >-\n      true\n      and қате") == (9, 11)
    assert rule_error("when: |\n      true\n      and қате\n") == (9, 11)
    assert rule_error("when: true\n      and қате\n") == (8, 11)


def test_an_error_after_an_escape_points_into_the_file() -> None:
    assert rule_error("when: 'true and ''x'' or қате'") == (7, 21)
    assert rule_error(r'when: "true \n and\tқате"') == (7, 25)
    assert rule_error(r'when: "true and \u049bате"') == (7, 21)
    assert rule_error(r'when: "\u0031 == 1 and қате"') == (7, 28)


# -- limits and what is not admitted ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["'a'", "f'{1}'", "lambda: 1", "[1, 2]", "{1: 2}", "(1, 2)", "x := 1", "__import__(1)", "installation.__class__", "1 if true else lambda: 2",
     "installation.count ** 2", "7 // 2", "7 % 2", "1 << 2", "~1", "+1", "1 is 1", "True", "None", "1e5", "0x10", "1j", "...", "0b1", "await x",
     "count(*lots)", "min(*lots)", "(yield 1)", "any([u.good for u in lots])", "sum(u.quantity async for u in lots)", "emissions[co2:ch4].tonnes"],
)  # fmt: skip
def test_what_is_not_listed_is_not_admitted(text: str) -> None:
    refused(text)


def test_python_s_constants_are_answered_with_ours() -> None:
    assert refused("True").message == "write true"
    assert refused("None").message == "write none"


@pytest.mark.parametrize("text", ["true) or (false", "1) + (2", "1), (2", "min)(1, 2", "true) if true else (false", "true) # ("])
def test_parentheses_must_balance(text: str) -> None:
    refused(text)


def test_the_size_of_an_expression_is_bounded() -> None:
    assert "characters" in refused("1 + " * 1000 + "1").message
    assert "too large or too deep" in refused("+".join(["1"] * 500)).message
    assert "too large or too deep" in refused("not " * 100 + "true").message
    refused("(" * 3000)
    refused("-" * 3999 + "1")


def test_the_depth_of_a_default_is_bounded_too() -> None:
    refused("max((u.quantity for u in lots), default=" + "-" * 1500 + "1)")


def test_the_size_of_what_a_keyword_holds_is_bounded_too() -> None:
    refused("max((u.quantity for u in lots), default=" + "+".join(["1"] * 500) + ")")


def test_the_digits_of_a_number_are_bounded() -> None:
    assert "at most 40" in refused("1" * 41).message
    refused("1" * 3999)
    assert typed("1" * 40, NUMBER).type == NUMBER


def test_a_name_may_be_written_in_any_script_and_is_not_executed() -> None:
    assert "not defined" in refused("қазақ.сөз").message


def test_a_null_character_is_an_error_of_the_text() -> None:
    refused("true\0")


def test_the_type_that_is_wanted_is_checked() -> None:
    assert "is wanted" in refused("1", code("sectors")).message
    assert "is wanted" in refused("installation.sector", NUMBER).message
    assert "is wanted" in refused("1 and 2").message


@pytest.mark.parametrize(
    "condition",
    [" and ".join(f"installation.signed != {i}" for i in range(12)), " or ".join(f"installation.signed == {i}" for i in range(12)),
     "not (" + " and ".join(f"not (installation.active and installation.signed > {i})" for i in range(6)) + ")",
     " and ".join(f"(installation.active or installation.signed > {i})" for i in range(9))],
)  # fmt: skip
@pytest.mark.parametrize(("active", "signed"), [("true", "3"), ("false", "20"), ("unknown", "3"), ("false", "unknown"), ("unknown", "-1")])
def test_a_wide_condition_means_what_it_says(condition: str, active: str, signed: str) -> None:
    law = law_of(f'{{decisions: {{d: {{type: bool}}}}, rules: [{{rule: r, decides: d, when: "{condition}"}}]}}')
    facts = facts_of(law.vocabulary, SITE.format(f", active: {active}, signed: {signed}"))
    known = {"true": True, "false": False, "unknown": None}[active], None if signed == "unknown" else int(signed)
    assert shown(determined(law, facts).outcomes["d"]) == kleene(condition, *known)


def kleene(condition: str, active: bool | None, signed: int | None) -> Any:
    """The naive value of the conditions above."""
    import ast

    def look(tree: ast.expr) -> Any:
        if isinstance(tree, ast.BoolOp):
            found = [look(v) for v in tree.values]
            stop = isinstance(tree.op, ast.Or)
            return stop if stop in [v for v in found if v != "?"] else "?" if "?" in found else not stop
        if isinstance(tree, ast.UnaryOp):
            inner = look(tree.operand)
            return "?" if inner == "?" else not inner
        if isinstance(tree, ast.Attribute):
            return "?" if active is None else active
        assert isinstance(tree, ast.Compare)
        limit = int(ast.unparse(tree.comparators[0]))
        if signed is None:
            return "?"
        return {"NotEq": signed != limit, "Eq": signed == limit, "Gt": signed > limit}[type(tree.ops[0]).__name__]

    return look(ast.parse(condition, mode="eval").body)


def test_a_set_may_have_many_rules() -> None:
    rules = "[" + ", ".join(f"{{when: installation.signed == {i}, value: power}}" for i in range(40)) + "]"
    assert sectors(rules, "signed: 39") == {"power"}
