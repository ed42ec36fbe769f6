"""The guide for those who write the law: every command prints what the guide says it prints."""

from __future__ import annotations

from pathlib import Path

from tests.make_docs import GUIDE, Desk, played


def test_the_guide_prints_what_it_says(tmp_path: Path) -> None:
    """`python -m tests.make_docs` brings it up to date; read the difference before you keep it."""
    blocks = list(played(GUIDE.read_text(encoding="utf-8"), Desk(tmp_path)))
    assert len(blocks) > 10
    for written, printed in blocks:
        assert printed == written
