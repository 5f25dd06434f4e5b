"""Prints where code blocks the event loop, so that no other request is answered; in development only."""

from __future__ import annotations

import asyncio
import faulthandler
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

LONGEST_HOLD = 0.05  # seconds
TICK = 0.01  # seconds


@contextmanager
def watching(file: TextIO = sys.stderr) -> Iterator[None]:
    """Print the stack of each thread to `file` when the running loop is blocked for LONGEST_HOLD."""
    task = asyncio.create_task(_begin_again(file))
    try:
        yield
    finally:
        task.cancel()
        faulthandler.cancel_dump_traceback_later()


async def _begin_again(file: TextIO) -> None:
    while True:
        faulthandler.dump_traceback_later(LONGEST_HOLD, file=file)
        await asyncio.sleep(TICK)
