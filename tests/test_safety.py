"""A ruleset or facts from a stranger: limits with clear errors, no code, no other files, exit status 0, 1 or 2, never a traceback."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli import main
from engine import containment
from engine.containment import contained
from engine.drafting.cases import case_files
from engine.facts import load_facts
from engine.facts.ahead import Ahead, read_ahead
from engine.language import ExpressionError
from engine.language.values import Unknown
from engine.law import load_law
from engine.law.drafts import find_draft
from engine.law.files import MAX_BYTES, MAX_FILES, ruleset_files
from engine.law.yaml_files import MAX_YAML, parse_yaml, read_yaml
from engine.problems import EngineDefect, InputError, did_you_mean
from tests.fuzz.targets import CORPUS, ROOT, TARGETS, base_files
from tests.small_law import TODAY, law_of, outcome, typed

SEEDS = {target: {path.name: path.read_bytes() for path in sorted((CORPUS / target).iterdir())} for target in TARGETS}
MANY = {"yaml": 300, "expression": 300, "case": 200, "register": 100, "ruleset": 12}
TOKENS = [b"none", b"unknown", b"true", b"0", b"-1", b"1e9", b"9" * 39, b"{}", b"[", b"]", b"(", b")", b"'", b'"', b": ", b", ", b"\n", b"  ", b"&a ", b"*a",
          b"!!x ", b"installation", b"year", b"plan", b"lots", b" for ", b" in ", b" if ", b"==", b"<", b".", b"@ ", b"date(", b"power", "қ".encode(), b"\0"]  # fmt: skip


# -- kept seeds and their mutations -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("target", "seed"), [(target, seed) for target, seeds in SEEDS.items() for seed in seeds])
def test_the_kept_seeds_are_answered_or_refused(target: str, seed: str) -> None:
    TARGETS[target](SEEDS[target][seed])


@st.composite
def mutated(draw: st.DrawFn, target: str) -> bytes:
    """A kept seed with a few bytes removed, replaced, repeated or brought in."""
    data = draw(st.sampled_from(sorted(SEEDS[target].values())))[:3_000]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 1, 2, 5, 20])))
        middle = draw(st.one_of(st.sampled_from(TOKENS), st.binary(max_size=6), st.just(data[start:end] * 3), st.just(b"")))
        data = data[:start] + middle + data[end:]
    return data


@pytest.mark.parametrize("target", TARGETS)
def test_mutations_of_the_seeds_are_answered_or_refused(target: str) -> None:
    number = MANY[target] * (50 if os.environ.get("KAZETS_TESTS") == "thorough" else 1)

    @settings(max_examples=number, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    @given(mutated(target))
    def run(data: bytes) -> None:
        TARGETS[target](data)

    run()


# -- files ------------------------------------------------------------------------------------------------------------------


def small_ruleset(folder: Path) -> Path:
    for name, text in base_files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("special", ["fifo", "folder", "null"])
def test_what_is_no_file_is_not_read(tmp_path: Path, special: str) -> None:
    path = tmp_path / "x.yaml"
    if special == "fifo":
        os.mkfifo(path)
    elif special == "folder":
        path.mkdir()
    else:
        path = Path("/dev/null")
    with pytest.raises(InputError, match="not a file"):
        read_yaml(path, "x.yaml")


def test_a_giant_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    with path.open("wb") as file:
        file.truncate(MAX_YAML + 1)
    with pytest.raises(InputError, match="larger than 8,000,000 bytes"):
        read_yaml(path, "x.yaml")
    table = tmp_path / "installations.csv"
    with table.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(InputError, match="larger than 32,000,000 bytes"):
        load_facts(tmp_path, _vocabulary(), {}, None, TODAY)


def _vocabulary() -> Any:
    from tests.fuzz.targets import small_law

    return small_law().vocabulary


def test_reading_takes_limited_time_and_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sound files can still be too much: the number of values of one parameter that are compared with each other grows as a square."""
    root = small_ruleset(tmp_path / "law")
    days = [(1000 + number // 12, number % 12 + 1) for number in range(6_000)]
    values = ", ".join(f"{{value: {y}, from: {y}-{m:02}-01, to: {y}-{m:02}-02, cite: {{instrument: act}}}}" for y, m in days)
    (root / "many.yaml").write_text(
        f"parameters: {{many: {{type: number, governed_by: year_end, label: {{en: x, ru: х, kk: х}}}}}}\nvalues: {{many: [{values}]}}\n"
    )
    monkeypatch.setattr(containment, "READING_SECONDS", 1)
    with pytest.raises(InputError, match="could not be read within 1 seconds — take out what is very large"):
        load_law(root, ROOT / "schemas")
    checked = CliRunner().invoke(main, ["check", str(root)])
    assert isinstance(checked.exception, InputError) and "could not be read within 1 seconds" in str(checked.exception)
    with pytest.raises(InputError, match="could not be read within 1 seconds"):
        containment.bounded("it", lambda: next(containment.contained(["x"], lambda _: sum(iter(int, 1)))))
    with pytest.raises(InputError, match="needs more than 2,000,000,000 bytes of memory"):
        containment.bounded("it", lambda: bytearray(3_000_000_000))
    assert containment.bounded("it", lambda: 7) == 7


def test_cases_and_drafts_are_files_of_the_ruleset(tmp_path: Path) -> None:
    """What stands elsewhere is not read, however it is named."""
    root = small_ruleset(tmp_path / "law")
    secret = tmp_path / "secret.yaml"
    secret.write_text("draft: a secret of somebody\n")
    for name in ("cases/c.yaml", "drafts/d.yaml"):
        (root / name).parent.mkdir()
        (root / name).symlink_to(secret)
    with pytest.raises(InputError, match="leads to a file outside of the folder"):
        case_files(root)
    for name in ("d", "../../secret"):
        with pytest.raises(InputError, match=r"outside of the folder|no draft '../../secret'"):
            find_draft(root, name)
    found = CliRunner().invoke(main, ["check", str(root)]).output
    assert "a secret" not in found and found.count("leads to a file outside of the folder") == 2


def test_a_case_is_read_by_a_process_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the file does to the reader, it is told; the law is loaded meanwhile."""
    path = tmp_path / "case.yaml"
    path.write_text("as_of: 2024-01-01\n")
    ahead = read_ahead(path)
    assert isinstance(ahead, Ahead)
    assert ahead.document() == read_yaml(path, str(path)) == ahead.document()
    assert read_ahead(tmp_path) == tmp_path and read_ahead(tmp_path / "none.yaml") == tmp_path / "none.yaml"
    path.write_text("a: [")
    broken = read_ahead(path)
    assert isinstance(broken, Ahead)
    with pytest.raises(InputError, match="not valid YAML"):
        broken.document()
    monkeypatch.setattr("engine.law.yaml_files.read_yaml", lambda *_: os._exit(1))
    dying = read_ahead(path)
    assert isinstance(dying, Ahead)
    with pytest.raises(EngineDefect, match="crashed"):
        dying.document()
    monkeypatch.setattr(containment, "READING_SECONDS", 1)
    monkeypatch.setattr("engine.law.yaml_files.read_yaml", lambda *_: sum(iter(int, 1)))
    endless = read_ahead(path)
    assert isinstance(endless, Ahead)
    with pytest.raises(InputError, match="could not be read within 1 seconds"):
        endless.document()


def test_a_line_without_end_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "installations.csv").write_text("id" + "," * 300_000)
    with pytest.raises(InputError, match="a line of more than 200,000 characters"):
        load_facts(tmp_path, _vocabulary(), {}, None, TODAY)


def test_a_ruleset_is_small(tmp_path: Path) -> None:
    root = small_ruleset(tmp_path / "law")
    for number in range(MAX_FILES):
        (root / f"{number}.yaml").touch()
    with pytest.raises(InputError, match="at most 2,000 files"):
        ruleset_files(root)


def test_a_ruleset_is_of_its_own_files(tmp_path: Path) -> None:
    root = small_ruleset(tmp_path / "law")
    (tmp_path / "secret.yaml").write_text("password: x\n")
    (root / "more.yaml").symlink_to(tmp_path / "secret.yaml")
    with pytest.raises(InputError, match="leads to a file outside of the folder"):
        load_law(root, ROOT / "schemas")
    (root / "more.yaml").unlink()
    (root / "again.yaml").symlink_to(root / "again.yaml")
    with pytest.raises(InputError):
        load_law(root, ROOT / "schemas")
    (root / "again.yaml").unlink()
    (root / "inner").symlink_to(tmp_path)
    with pytest.raises(InputError, match="a link to a folder is not followed"):
        load_law(root, ROOT / "schemas")
    (root / "inner").unlink()
    os.mkfifo(root / "pipe.yaml")
    with pytest.raises(InputError, match="not a file"):
        load_law(root, ROOT / "schemas")


def test_a_link_within_the_ruleset_is_followed(tmp_path: Path) -> None:
    root = small_ruleset(tmp_path / "law")
    (root / "shared").mkdir()
    (root / "spare.yaml").rename(root / "shared" / "spare.txt")
    (root / "spare.yaml").symlink_to(root / "shared" / "spare.txt")
    assert root / "spare.yaml" in ruleset_files(root)


def test_a_register_is_of_its_own_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("id\nA\n")
    folder = tmp_path / "register"
    folder.mkdir()
    (folder / "installations.csv").symlink_to(tmp_path / "secret")
    with pytest.raises(InputError, match="leads to a file outside of the folder"):
        load_facts(folder, _vocabulary(), {}, None, TODAY)
    (folder / "installations.csv").unlink()
    os.mkfifo(folder / "installations.csv")
    with pytest.raises(InputError, match="not a file"):
        load_facts(folder, _vocabulary(), {}, None, TODAY)


def test_a_table_that_would_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "installations.CSV").write_text("id\nA\n")
    with pytest.raises(InputError, match="call it installations"):
        load_facts(tmp_path, _vocabulary(), {}, None, TODAY)


# -- texts and numbers ------------------------------------------------------------------------------------------------------


def test_the_values_of_a_file_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.law.yaml_files.MAX_PARTS", 1_000)
    parse_yaml("[" + "1," * 998 + "1]", "x.yaml")
    with pytest.raises(InputError, match="more than 1,000 values"):
        parse_yaml("[" + "1," * 999 + "1]", "x.yaml")


def test_control_characters_stand_in_no_text_of_a_file() -> None:
    for text in ('a: "\\e[31m"', '"\\0": a', 'a: "\\u202e"'):
        with pytest.raises(InputError, match="control character"):
            parse_yaml(text, "x.yaml")
    assert parse_yaml('a: "x\\ty\\n"', "x").data == {"a": "x\ty\n"}


def test_numbers_that_no_law_can_mean_are_not_computed() -> None:
    """Twenty decisions, each the square of the one before: 20 digits become 20 * 2^19, ten million."""
    more = "decisions: {" + ", ".join(f"e{i}: {{type: number}}" for i in range(20)) + "}\nrules:\n"
    more += "".join(f"  - {{rule: x{i}, decides: e{i}, value: {'9' * 20 if i == 0 else f'e{i - 1} * e{i - 1}'}}}\n" for i in range(20))
    found = outcome("type: number", "[{value: e19 + 1}]", more=more)
    assert isinstance(found, Unknown) and {c.name for c in found.causes} == {"a number of more than 1,000 digits"}
    exact = outcome("type: number", "[{value: e5}]", more=more)
    assert exact == (10**20 - 1) ** 32


def test_long_chains_of_decisions_and_of_exceptions_are_put_in_order() -> None:
    """Two thousand decisions, the last declared first, and forty rules of which each is an exception to all before it."""
    many = range(2_000)
    chain = "decisions: {" + ", ".join(f"e{i}: {{type: number}}" for i in reversed(many)) + "}\nrules:\n"
    chain += "".join(f"  - {{rule: x{i}, decides: e{i}, value: {'1' if i == 0 else f'e{i - 1} + 1'}}}\n" for i in many)
    assert ("site_year", "e1999") in law_of(chain).vocabulary.decisions
    above = "decisions: {d: {type: number}}\nrules:\n"
    above += "".join(
        f"  - {{rule: x{i}, decides: d, value: 1, exception_to: [{', '.join(f'x{j}' for j in range(i))}]}}\n" for i in range(40)
    )
    assert len(law_of(above).rules["site_year", "d"]) == 40


def test_bounds_that_are_too_large_are_no_bounds() -> None:
    more = "decisions: {" + ", ".join(f"e{i}: {{type: number}}" for i in range(12)) + "}\nrules:\n"
    more += "".join(
        f"  - {{rule: x{i}, decides: e{i}, value: {'installation.owed + ' + '9' * 40 if i == 0 else f'e{i - 1} * e{i - 1}'}}}\n"
        for i in range(12)
    )
    found = outcome("type: number", "[{value: e11}]", more=more)
    assert isinstance(found, Unknown) and found.low is None and found.high is None


def test_a_suggestion_costs_little() -> None:
    words = [f"installation-{i}" for i in range(100_000)]
    assert did_you_mean("installation-5x", words).startswith("did you mean")
    assert "did you mean" not in did_you_mean("i" * 100_000, words)


@pytest.mark.parametrize("text", ["__import__('os').system('touch {}')", "().__class__.__base__.__subclasses__()", "open('{}', 'w')", "eval('1')", "exec('1')",
                                  "installation.__init__.__globals__", "[x for x in ().__class__.__mro__]", "f\"{{open('{}', 'w')}}\""])  # fmt: skip
def test_nothing_is_executed(tmp_path: Path, text: str) -> None:
    with pytest.raises(ExpressionError):
        typed(text.replace("{}", str(tmp_path / "made")))
    assert not (tmp_path / "made").exists()


def test_work_without_end_is_stopped() -> None:
    def forever(_: str) -> None:
        while True:
            pass

    with pytest.raises(EngineDefect, match="did not answer in time"):
        list(contained(["one"], forever, deadline=0.2))


# -- the command ------------------------------------------------------------------------------------------------------------


def status(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit status of `kazets ARGUMENTS`, run in this process: a traceback would come through."""
    import cli

    monkeypatch.setattr(sys, "argv", ["kazets", *arguments])
    try:
        cli.run()
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


VERBS = (("determine",), ("why", "A", "2023"), ("readings",), ("replay",), ("test",), ("cure", "A", "2023"))


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
@pytest.mark.parametrize("seed", [f"case/{name}" for name in SEEDS["case"]] + ["yaml/deep", "yaml/tags", "yaml/latin", "yaml/nothing"])
def test_the_command_answers_or_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verb: tuple[str, ...], seed: str
) -> None:
    path = tmp_path / "case.yaml"
    path.write_bytes((CORPUS / seed).read_bytes())
    found = status(monkeypatch, verb[0], str(path), *verb[1:])
    shown = capsys.readouterr()
    assert found in (0, 1, 2) and "Traceback" not in shown.out + shown.err
    assert found == 0 or shown.err.startswith("kazets: ") or found == 1
    assert "\x1b" not in shown.out + shown.err


@pytest.mark.parametrize("seed", SEEDS["ruleset"])
def test_the_command_refuses_a_ruleset_that_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], seed: str
) -> None:
    root = small_ruleset(tmp_path / "law")
    (root / "more.yaml").write_bytes(SEEDS["ruleset"][seed])
    assert status(monkeypatch, "law", "list", "--rulesets", str(root)) == 2
    problems = capsys.readouterr().err.splitlines()
    assert problems and all(line.startswith("kazets: ") for line in problems)


WITHOUT: list[tuple[str, Callable[[Any], object], str]] = [
    ("ruleset.yaml", lambda content: content.pop("ruleset"), "the manifest is missing"),
    ("ruleset.yaml", lambda content: content["ruleset"].update(main="gone"), "no entity 'gone'"),
    ("base.yaml", lambda content: content["codes"].pop("phases"), "no code list 'phases'"),
]


@pytest.mark.parametrize(("file", "change", "says"), WITHOUT)
def test_a_ruleset_without_what_all_need_is_refused(tmp_path: Path, file: str, change: Callable[[Any], object], says: str) -> None:
    root = small_ruleset(tmp_path / "law")
    content = {**json.loads((root / file).read_text(encoding="utf-8")), "words": {"x": {"en": "x", "ru": "х", "kk": "х"}}}
    change(content)
    (root / file).write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match=says):
        load_law(root, ROOT / "schemas")


def test_what_stands_once_is_not_declared_twice(tmp_path: Path) -> None:
    root = small_ruleset(tmp_path / "law")
    (root / "again.yaml").write_text((root / "ruleset.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (root / "phases" / "p" / "again.yaml").write_text((root / "phases" / "p" / "phase.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_law(root, ROOT / "schemas")
    assert {found.message for found in caught.value.problems} == {"ruleset: 'ruleset' is declared twice", "phase: 'p' is declared twice"}


@pytest.mark.parametrize("path", ["/dev/null", "/", "/proc/self/mem", "nowhere", "x" * 5000, ""])
def test_odd_paths_are_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], path: str) -> None:
    assert status(monkeypatch, "determine", path) == 2
    assert capsys.readouterr().err.startswith("kazets: ")
    assert status(monkeypatch, "law", "list", "--rulesets", path) == 2
    assert capsys.readouterr().err.startswith("kazets: ")
