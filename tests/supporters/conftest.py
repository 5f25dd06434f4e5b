"""Tests of supporters write counts explicitly, on a site that sends mails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gallery.settings import Settings
from gallery.stats import count_writer


@pytest.fixture(autouse=True)
def _written_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(count_writer, "WRITE_INTERVAL", 3600.0)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, smtp_url="smtp://127.0.0.1:1")  # nobody listens there: mails wait
