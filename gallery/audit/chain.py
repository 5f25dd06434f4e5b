"""The hash chain of the audit log: each entry holds the digest of the previous one, which reveals changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from gallery.audit.models import ChainHead, Entry
from gallery.clock import now
from gallery.db.connection import in_transaction, locked

BATCH_SIZE = 500  # entries in one transaction
READ_AT_ONCE = 5000  # entries in memory
MAX_UNCHAINED_AGE = timedelta(minutes=10)  # an older unchained entry means that no worker runs


class ChainedEntry(NamedTuple):
    """The chained fields of an entry; faster to read than the model."""

    at: datetime
    kind: str
    organisation_id: int | None
    person_id: int | None
    position: int
    previous: str
    thing_id: int
    verb: str
    with_id: int | None


CHAINED_COLUMNS = tuple(ChainedEntry.__annotations__)


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def digest_of(entry: Entry | ChainedEntry) -> str:
    """SHA-256 of an entry as canonical JSON: sorted keys, no spaces, times in UTC with microseconds."""
    content = {
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "kind": entry.kind,
        "organisation": entry.organisation_id,
        "person": entry.person_id,
        "position": entry.position,
        "previous": entry.previous,
        "thing": entry.thing_id,
        "verb": entry.verb,
        "with": entry.with_id,
    }
    return hashlib.sha256(_canonical.encode(content).encode()).hexdigest()


async def chain_entries() -> bool:
    """Append the unchained entries to the chain; False if there are none.

    Only this function locks the ChainHead row, and it takes that lock first. `record` inserts entries without
    any lock.
    """
    if not await Entry.filter(position__isnull=True).exists():
        return False
    async with in_transaction():
        end = await _locked_head()
        entries = await Entry.filter(position__isnull=True).order_by("id").limit(BATCH_SIZE)
        for entry in entries:
            end.position += 1
            entry.position, entry.previous = end.position, end.digest
            end.digest = digest_of(entry)
        if entries:
            await Entry.bulk_update(entries, ["position", "previous"])
            await end.save(update_fields=["position", "digest"])
    return bool(entries)


async def _locked_head() -> ChainHead:
    await ChainHead.get_or_create(id=1)
    end: ChainHead = await locked(ChainHead.filter(id=1)).get()
    return end


async def chain_head() -> ChainHead:
    return await ChainHead.get_or_none(id=1) or ChainHead(id=1)


@dataclass(frozen=True)
class ChainBreak:
    """A place where the chain is broken; `sentence` is printed in the keeper's terminal."""

    sentence: str
    position: int
    is_waiting: bool = False  # nothing was changed; entries are waiting for the worker to chain them


async def find_breaks(
    report_progress: Callable[[int, int], None] = lambda done, total: None,
) -> AsyncIterator[ChainBreak]:
    """Find all places where the chain is broken. Reads the whole log once, in batches."""
    position, expected = 0, ""
    end = await chain_head()
    while rows := (
        await Entry.filter(position__gt=position, position__lte=end.position)
        .order_by("position")
        .limit(READ_AT_ONCE)
        .values_list(*CHAINED_COLUMNS)
    ):
        for entry in (ChainedEntry(*row) for row in rows):
            if entry.position != position + 1:
                yield ChainBreak("Entries of the audit log are missing before", entry.position)
            elif entry.previous != expected:
                changed = "The audit log was changed at" if position else "The audit log does not begin at"
                yield ChainBreak(changed, position or 1)
            position, expected = entry.position, digest_of(entry)
        report_progress(position, end.position)
        if position == end.position:
            end = await chain_head()  # the worker may have appended entries in the meantime
    if position != end.position:
        yield ChainBreak("Entries of the audit log are missing after", position)
    elif expected != end.digest:
        yield ChainBreak("The audit log was changed at", position)
    if await Entry.exists(position__gt=end.position) and (await chain_head()).position == end.position:
        yield ChainBreak("Entries of the audit log were put in after", end.position)
    waiting = Entry.filter(position__isnull=True, at__lt=now() - MAX_UNCHAINED_AGE)
    if await waiting.exists():
        yield ChainBreak("Entries of the audit log wait to be chained after", end.position, is_waiting=True)
