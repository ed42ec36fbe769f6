"""What many tests share: the shipped law, loaded once, and a small register in a folder."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from engine.law import Law, load_law
from tests.small_register import written

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("KAZETS_CACHE", tempfile.mkdtemp(prefix="kazets-cache-"))


@pytest.fixture(scope="session")
def law() -> Law:
    return load_law(ROOT / "rulesets", ROOT / "schemas")


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small register, which no test changes."""
    return written(tmp_path_factory.mktemp("register"))
