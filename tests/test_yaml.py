"""YAML that could surprise is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine.law.yaml_files import MAX_DEPTH, parse_yaml
from engine.problems import InputError


@pytest.mark.parametrize(
    ("text", "says"),
    [("a: &x 1\nb: *x", "aliases"), ("a: !!python/object:x {}", "tag"), ("a: !!set [b]", "tag"), ("a: !!str b", "tag"), ("!x a: b", "tag"), ("a: ! b", "tag"),
     ("&x a: 1", "aliases"), ("a: 1\nb: *a", "aliases"), ("? {a: 1}\n: 2", "single word"), ("1: a\n'1': b", "twice"), ("a: \t- 1", "not valid YAML"), ("a: 1\na: 2", "twice"), ("a: {<<: {b: 1}}", "tag"), ("[1]: 2", "single word"),
     ("a: [1", "not valid YAML"), ("", "empty"), ("a: 1\n---\nb: 2", "not valid YAML"), ("a: " + "9" * 41, "plain decimal")],
)  # fmt: skip
def test_yaml_is_plain(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse_yaml(text, "x.yaml")


def test_nested_aliases_do_not_grow() -> None:
    bomb = "a: &a [1, 1]\n" + "".join(f"{n}: &{n} [*{p}, *{p}, *{p}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True))
    with pytest.raises(InputError, match="aliases"):
        parse_yaml(bomb, "x.yaml")


def test_yaml_is_not_deep() -> None:
    with pytest.raises(InputError, match=f"at most {MAX_DEPTH} levels"):
        parse_yaml("[" * 60 + "]" * 60, "x.yaml")


def test_a_very_deep_file_is_refused_not_fatal() -> None:
    code = "from engine.law.yaml_files import parse_yaml\nfrom engine.problems import InputError\ntry: parse_yaml('[' * 100_000, 'x')\nexcept InputError: pass"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_decimal_in_yaml_stays_its_text() -> None:
    assert parse_yaml("a: 0.985\nb: 2023-01-01\nc: 1.50", "x").data == {"a": "0.985", "b": "2023-01-01", "c": "1.50"}
