"""Copies of an arrangement: an edition restored as the draft, or an exhibition made from another.

Works that may no longer hang, such as withdrawn or vetoed ones, are never copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gallery.accounts.models import Person
from gallery.artworks.as_sent import load_as_sent
from gallery.artworks.models import Artwork
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db.connection import in_transaction
from gallery.exhibitions.arrangements import Arrangement, arrangement_of, create_rooms
from gallery.exhibitions.credit_logos import copy_logos
from gallery.exhibitions.drafts import create_exhibition, draft_of, lock_exhibition, mark_changed
from gallery.exhibitions.models import Edition, Exhibition, Room
from gallery.exhibitions.room_rules import FilledRoom, HungWork
from gallery.themes.models import Theme

FIELDS_NOT_COPIED = ("opens_at", "closes_at", "talks")  # each exhibition has its own values


async def restorable_arrangement(edition: Edition) -> tuple[Arrangement, list[Artwork]]:
    """The arrangement of the draft if the edition is restored, and the works that may no longer hang.

    Works that a rule hung in the edition count as hung by hand in the draft. The rule is kept, and adds works
    that were accepted since.
    """
    frozen = await arrangement_of(edition)
    works = await Artwork.filter(id__in=frozen.work_ids or [0]).select_related(
        "image", "consent", "organisation"
    )
    await load_as_sent(works)
    hangable = {work.id for work in works if work.may_hang}
    by_id = {work.id: work for work in works}
    rooms = [
        replace(room, works=[hung for hung in room.works if hung.artwork_id in hangable])
        for room in frozen.rooms
    ]
    missing = [by_id[id] for id in frozen.work_ids if id in by_id and id not in hangable]
    return replace(frozen, rooms=rooms), missing


async def restore(edition: Edition, by: Person) -> list[Artwork]:
    """Replace the draft by the arrangement of `edition`; returns the works that may no longer hang."""
    draft = await draft_of(await Exhibition.get(id=edition.exhibition_id))
    async with in_transaction():
        await lock_exhibition(edition.exhibition_id)
        arrangement, missing = await restorable_arrangement(edition)
        await Room.filter(edition_id=draft.id).delete()
        await Edition.filter(id=draft.id).update(**arrangement.values)
        await create_rooms(draft, arrangement.rooms)
        await mark_changed(draft.id, by)
        await record(Verb.EXHIBITION_RESTORED, edition.exhibition_id, with_id=edition.number, by=by)
    return missing


async def copy_exhibition(
    exhibition: Exhibition, slug: str, by: Person, *, theme: Theme | None, **draft: Any
) -> Exhibition:
    """Create an exhibition with a copy of the draft. Raises IntegrityError for a slug in use.

    `draft`: fields to set instead of copying them. FIELDS_NOT_COPIED stay empty. Rules are copied as rules.
    Works hung by hand are copied if they are accepted.
    """
    async with in_transaction():
        arrangement = await arrangement_of(await draft_of(exhibition))
        values = {**arrangement.values, **dict.fromkeys(FIELDS_NOT_COPIED), **draft}
        new_exhibition = await create_exhibition(slug, by, theme=theme, **values)
        edition = await draft_of(new_exhibition)
        await create_rooms(
            edition, [replace(room, works=_works_hung_by_hand(room)) for room in arrangement.rooms]
        )
        await copy_logos(exhibition, new_exhibition)
        await mark_changed(edition.id, by)
    return new_exhibition


def _works_hung_by_hand(room: FilledRoom) -> Sequence[HungWork]:
    return [hung for hung in room.works if hung.hanging_id is not None]
