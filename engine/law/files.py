"""Which files make up a ruleset, and their common hash; needs no YAML, so that a cached law loads fast.

A ruleset may come from a stranger: only ordinary files that lie in its own folder are read, and only so many.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from engine.problems import input_error

SKIPPED = frozenset({"cases", "drafts", "samples"})
MAX_FILES, MAX_TOTAL, MAX_BYTES = 2_000, 16_000_000, 32_000_000


def ruleset_files(root: Path) -> list[Path]:
    """The YAML files of the law under ``root`` in a fixed order; cases, drafts, samples and hidden files are not law.

    Raises:
        InputError: there is no ruleset at ``root``, or something in it is no file of its own.
    """
    if not (root / "ruleset.yaml").is_file():
        raise input_error(str(root), 0, 0, "not a ruleset: it has no ruleset.yaml", "give the folder that holds ruleset.yaml")
    home, files, total, depth = root.resolve(), list[Path](), 0, len(root.parts)
    for path in files_below(root):
        if path.suffix == ".yml":
            raise input_error(str(path), 0, 0, "a file of the law ends in .yaml; this one would not be read", "rename it")
        if path.suffix == ".yaml" and SKIPPED.isdisjoint(path.parts[depth:-1]):
            total += within(path, home).st_size
            files.append(path)
        if len(files) > MAX_FILES or total > MAX_TOTAL:
            problem = f"a ruleset has at most {MAX_FILES:,} files and {MAX_TOTAL:,} bytes"
            raise input_error(str(root), 0, 0, problem, "give the folder of one ruleset")
    return sorted(files, key=lambda path: "/".join(path.parts[depth:]))


def files_below(root: Path) -> Iterator[Path]:
    """Every file below ``root`` that is not hidden.

    Raises:
        InputError: a folder cannot be read, or is a link: these are not followed.
    """
    for folder, inner, names in os.walk(root, onerror=_unreadable):
        here = Path(folder)
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in inner:
            if (here / name).is_symlink():
                raise input_error(str(here / name), 0, 0, "a link to a folder is not followed", "put the folder itself there")
        yield from (here / name for name in sorted(names) if not name.startswith("."))


def _unreadable(error: OSError) -> None:
    raise input_error(str(error.filename), 0, 0, f"cannot be read: {error.strerror}", "check its permissions")


def within(path: Path, home: Path) -> os.stat_result:
    """What is known of a file once it is certain that it is one, and that it lies in the folder ``home``.

    Raises:
        InputError: it is something else, or a link that leads out of the folder.
    """
    try:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            if not path.resolve().is_relative_to(home):
                raise input_error(str(path), 0, 0, "leads to a file outside of the folder", "put the file itself there")
            found = path.stat()
    except (OSError, RuntimeError) as error:
        raise input_error(str(path), 0, 0, f"cannot be read: {getattr(error, 'strerror', error)}", "check where it leads") from None
    if not stat.S_ISREG(found.st_mode):
        raise input_error(str(path), 0, 0, "not a file", "remove it, or put a file there")
    return found


def content_hashes(root: Path, files: list[Path]) -> tuple[str, dict[str, str]]:
    """SHA-256 over the names and bytes of the files, and by name that of each file alone.

    Raises:
        InputError: a file cannot be read.
    """
    digest, each, depth = hashlib.sha256(), {}, len(root.parts)
    for path in files:
        content, name = _bytes(path), "/".join(path.parts[depth:])
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
        each[name] = hashlib.sha256(content).hexdigest()
    return digest.hexdigest(), each


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise input_error(str(path), 0, 0, f"cannot be read: {error.strerror}", "check its permissions") from None


def read_text(path: Path, name: str, limit: int = MAX_BYTES) -> str:
    """The text of a file of at most ``limit`` bytes.

    Raises:
        InputError: it is missing, not a file, too large or not UTF-8.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise input_error(name, 0, 0, "not a file", "give a file of text")
        if found.st_size > limit:
            raise input_error(name, 0, 0, f"the file is larger than {limit:,} bytes", "split it, or use a register of CSV or Parquet files")
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise input_error(name, 0, 0, "no such file", "check the path") from None
    except UnicodeDecodeError as error:
        raise input_error(name, 0, 0, f"not UTF-8 text (byte {error.start})", "save the file as UTF-8") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise input_error(name, 0, 0, f"cannot be read: {reason}", "check the path and its permissions") from None
