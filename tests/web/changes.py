"""A content version that a test changes, in the place of GenerationTracker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Changes:
    """`is_known`: whether the version was read recently."""

    def __init__(self) -> None:
        self.number, self.is_known = 1, True
        self._caches: list[Callable[[frozenset[str] | None], None]] = []

    def subscribe(self, forget: Callable[[frozenset[str] | None], None]) -> None:
        self._caches.append(forget)

    def fresh(self) -> tuple[int, int] | None:
        return (self.number, 0) if self.is_known else None

    async def generation(self) -> tuple[int, int]:
        await asyncio.sleep(0)
        return self.number, 0

    def touch(self, *keys: str) -> None:
        """Something that pages with these keys show has changed; without keys, anything may have."""
        self.number += 1
        for forget in self._caches:
            forget(frozenset(keys) or None)
