"""What many tests share: the shipped law, loaded once."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from engine.law import Law, load_law

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("KAZETS_CACHE", tempfile.mkdtemp(prefix="kazets-cache-"))


@pytest.fixture(scope="session")
def law() -> Law:
    return load_law(ROOT / "rulesets", ROOT / "schemas")
