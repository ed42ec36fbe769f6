"""From the files of a ruleset to the law of a year."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from engine.law import cache
from engine.law.model import Labels, Law, Phase, Rule, cites
from engine.law.program import Program, TypedRule, named_in, type_rule
from engine.law.selection import Entry, Selection

__all__ = [
    "Entry",
    "Labels",
    "Law",
    "Phase",
    "Program",
    "Rule",
    "Selection",
    "TypedRule",
    "check_law",
    "cites",
    "load_law",
    "named_in",
    "type_rule",
]


def load_law(root: Path, schema_dir: Path) -> Law:
    """The law under ``root``, from the cache when neither its files nor the engine have changed.

    Raises:
        InputError: a file cannot be read, breaks its schema, or says something that the engine cannot make sense of.
    """
    from engine.law.files import content_hashes, ruleset_files

    files = ruleset_files(root)
    digest, hashes = content_hashes(root, files)
    key = hashlib.sha256(f"{digest}{cache.engine_hash('language', 'law')}{root.name}".encode()).hexdigest()
    stored = cache.load(key)
    if stored is not None:
        return Law(stored, digest, hashes)
    from engine.law.collecting import collect

    tree = json.loads(json.dumps(collect(root, files, schema_dir), ensure_ascii=False))
    law = Law(tree, digest, hashes)
    check_law(law, texts=True)
    cache.store(key, tree)
    return law


def check_law(law: Law, texts: bool = False) -> None:
    """Type every rule and value, and order the decisions of every phase.

    Args:
        texts: whether every text must be there in all languages, as in a ruleset that is read from files it must.

    Raises:
        InputError: with every problem found.
    """
    from engine.law.checking import find_problems
    from engine.problems import InputError

    problems = find_problems(law, texts)
    if problems:
        raise InputError(problems)
