"""Appreciations: counting them, and recognising a visitor without knowing who they are."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass

from gallery.artworks.access import load_on_view
from gallery.db.content_version import GenerationTracker
from gallery.stats.models import Appreciation
from gallery.stats.visit_counter import VisitCounter

MAX_AGE = 10.0  # seconds for which a count may be reused
KEY_PATTERN = re.compile(r"[A-Za-z0-9_-]{22}")


def new_key() -> str:
    """128 random bits that identify a browser; only the browser stores them."""
    return secrets.token_urlsafe(16)


def appreciation_token(key: str, artwork_id: int, secret: str) -> str:
    """The token that identifies an appreciation in the database.

    Without the visitor's key, nobody can tell that two appreciations are the same visitor's.
    """
    message = f"appreciation {artwork_id} {key}".encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()[:32]


async def is_appreciated(token: str, artwork_id: int, counter: VisitCounter) -> bool:
    """Whether the visitor with `token` appreciates the work; at most one query."""
    waiting = counter.appreciation_changes_of(artwork_id).get(token)
    return await Appreciation.exists(token=token, is_there=True) if waiting is None else waiting


async def count_appreciations(artwork_id: int, counter: VisitCounter) -> int:
    """How many visitors appreciate the work, including changes that this process has not written yet."""
    waiting = counter.appreciation_changes_of(artwork_id)
    written = Appreciation.filter(artwork_id=artwork_id, is_there=True)
    return await written.exclude(token__in=list(waiting)).count() + sum(waiting.values())


@dataclass(frozen=True)
class AppreciationCount:
    artwork_id: int
    number: int
    read_at: float


class AppreciationCache:
    """The appreciation counts of works on view, cached by this process for a few seconds."""

    def __init__(self, content: GenerationTracker, counter: VisitCounter) -> None:
        self._content = content
        self._counter = counter
        self._generation: tuple[int, int] | None = None
        self._counts: dict[str, AppreciationCount] = {}

    async def of(self, public_id: str) -> AppreciationCount:
        """The count of a work.

        Raises HTTPException: 410 if the work was withdrawn, 404 if it is not on view for another reason.
        """
        generation = self._content.fresh() or await self._content.generation()
        if generation != self._generation:
            self._counts.clear()
            self._generation = generation
        count = self._counts.get(public_id)
        if count is None:
            count = AppreciationCount((await load_on_view(public_id)).id, 0, float("-inf"))
        if time.monotonic() - count.read_at < MAX_AGE:
            return count
        number = await count_appreciations(count.artwork_id, self._counter)
        return self._keep(
            public_id, AppreciationCount(count.artwork_id, number, time.monotonic()), generation
        )

    async def reload(self, public_id: str, count: AppreciationCount) -> AppreciationCount:
        """The count of a work, read from the database again, because somebody has just pressed the button."""
        number = await count_appreciations(count.artwork_id, self._counter)
        return self._keep(
            public_id, AppreciationCount(count.artwork_id, number, time.monotonic()), self._generation
        )

    def _keep(
        self, public_id: str, count: AppreciationCount, generation: tuple[int, int] | None
    ) -> AppreciationCount:
        if generation == self._generation:
            self._counts[public_id] = count
        return count
