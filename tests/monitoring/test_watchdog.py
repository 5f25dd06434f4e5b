"""The watchdog of the event loop, in development."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from gallery.monitoring.watchdog import watching


async def test_it_names_the_code_that_keeps_the_loop_busy(tmp_path: Path) -> None:
    def keep_busy() -> None:
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            pass

    with (tmp_path / "stacks").open("w") as file:
        with watching(file):
            await asyncio.sleep(0.05)
            keep_busy()
            await asyncio.sleep(0.05)
        stacks = (tmp_path / "stacks").read_text()
    assert "in keep_busy" in stacks
    assert "test_watchdog.py" in stacks
