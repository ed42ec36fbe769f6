"""The cache of laws: what it keeps, and for how long."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.law import cache


def test_entries_that_were_written_first_are_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAZETS_CACHE", str(tmp_path))
    monkeypatch.setattr(cache, "KEPT", 3)
    for number in range(5):
        cache.store(f"law{number}", [number])
    assert [cache.load(f"law{number}") for number in range(5)] == [None, None, [2], [3], [4]]
    assert len(list(tmp_path.iterdir())) == 3


def test_an_entry_that_was_changed_counts_as_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAZETS_CACHE", str(tmp_path))
    cache.store("law", [{"threshold": 20}, "§ 1"])
    assert cache.load("law") == [{"threshold": 20}, "§ 1"]
    entry = tmp_path / "law.json"
    entry.write_bytes(entry.read_bytes().replace(b"20", b"10"))
    assert cache.load("law") is None
