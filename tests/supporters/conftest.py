"""Tests of counts write them explicitly; processes of a live site write once a second."""

from __future__ import annotations

import pytest

from gallery.stats import count_writer


@pytest.fixture(autouse=True)
def _written_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(count_writer, "WRITE_INTERVAL", 3600.0)
