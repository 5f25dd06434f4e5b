"""Tests of what is counted say themselves when it is written; processes of a live site write by the clock."""

from __future__ import annotations

import pytest

from gallery.stats import count_writer


@pytest.fixture(autouse=True)
def _written_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(count_writer, "WRITE_INTERVAL", 3600.0)
