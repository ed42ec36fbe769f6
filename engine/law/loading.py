"""Loading a law: its files read, checked and typed, or as they were kept from the last time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.containment import bounded
from engine.language import Parsed
from engine.law import cache
from engine.law.model import Law
from engine.law.program import varied
from engine.law.vocabulary import build_vocabulary


def load_law(root: Path, schema_dir: Path, drafts: Sequence[str] = ()) -> Law:
    """The law under ``root``, from the cache when neither its files nor the engine have changed.

    Args:
        drafts: names or paths of drafts under which the law is asked, applied in this order.

    Raises:
        InputError: a file cannot be read, breaks its schema, or says something that the engine cannot make sense of.
    """
    if drafts:
        return law_under(load_law(root, schema_dir), root, schema_dir, tuple(drafts))
    from engine.law.files import content_hashes, ruleset_files

    files = ruleset_files(root)
    digest, hashes = content_hashes(root, files)
    key = hashlib.sha256(f"{digest}{cache.engine_hash('language', 'law')}{root.name}".encode()).hexdigest()
    stored = cache.load(key)
    if stored is not None:
        return _stored(stored, digest, hashes)
    made = bounded(str(root), lambda: _checked(root, files, schema_dir))
    cache.store(key, made)
    return _stored(made, digest, hashes)


def _checked(root: Path, files: list[Path], schema_dir: Path) -> list[Any]:
    """What the cache keeps of a law: the names and then the contents of the sections of its tree, and of what its texts mean."""
    from engine.law.collecting import collect

    tree: dict[str, Any] = json.loads(json.dumps(collect(root, files, schema_dir), ensure_ascii=False))
    law = Law(tree, "")
    check_law(law, texts=True)
    parsed = law.vocabulary.parsed.plain()
    return [[list(tree), list(parsed)], *tree.values(), *parsed.values()]


def _stored(kept: list[Any], digest: str, hashes: dict[str, str]) -> Law:
    (sections, kinds), *contents = kept
    tree, parsed = dict(zip(sections, contents, strict=False)), dict(zip(kinds, contents[len(sections) :], strict=True))
    return Law(tree, digest, hashes, build_vocabulary(tree, Parsed(parsed)))


def law_under(law: Law, root: Path, schema_dir: Path, written: tuple[str, ...]) -> Law:
    """``law`` as it would be if the drafts were enacted, in this order; arguments and errors as in `load_law`."""

    def checked() -> tuple[dict[str, Any], str, Mapping[str, str]]:
        under = lay_over(law, root, schema_dir, written)
        check_law(under, texts=True)
        return under.tree, under.digest, under.files

    return varied(law, *bounded(", ".join(written), checked))


def lay_over(law: Law, root: Path, schema_dir: Path, written: Sequence[str]) -> Law:
    """``law`` under drafts, not yet checked; errors as in `load_law`."""
    from engine.law.drafts import read_drafts
    from engine.law.overlay import overlay

    files = read_drafts(root, written, schema_dir)
    digests = {f"drafts/{file.id}.yaml": file.digest for file in files}
    digest = hashlib.sha256("\0".join((law.digest, *(f"{name}\0{each}" for name, each in digests.items()))).encode()).hexdigest()
    return varied(law, overlay(law.tree, files), digest, {**law.files, **digests})


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
