"""What is made of an arrangement that was there before: an edition that becomes the draft again, an exhibition from another.

Works that may no longer hang, withdrawn or vetoed ones among them, never come along.
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

FIELDS_NOT_COPIED = ("opens_at", "closes_at", "talks")  # what holds for one exhibition alone


async def restorable_arrangement(edition: Edition) -> tuple[Arrangement, list[Artwork]]:
    """What an edition would be as a draft, and the works that stay away, in the order in which they hung.

    What a rule hung hangs by hand then, and the rule adds what it has found since.
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
    away = [by_id[id] for id in frozen.work_ids if id in by_id and id not in hangable]
    return replace(frozen, rooms=rooms), away


async def restore(edition: Edition, by: Person) -> list[Artwork]:
    """Let the draft of the exhibition be as `edition` was; what the draft held before is gone. The works that stay away."""
    draft = await draft_of(await Exhibition.get(id=edition.exhibition_id))
    async with in_transaction():
        await lock_exhibition(edition.exhibition_id)
        arrangement, away = await restorable_arrangement(edition)
        await Room.filter(edition_id=draft.id).delete()
        await Edition.filter(id=draft.id).update(**arrangement.values)
        await create_rooms(draft, arrangement.rooms)
        await mark_changed(draft.id, by)
        await record(Verb.EXHIBITION_RESTORED, edition.exhibition_id, with_id=edition.number, by=by)
    return away


async def copy_exhibition(
    exhibition: Exhibition, slug: str, by: Person, *, theme: Theme | None, **draft: Any
) -> Exhibition:
    """A new exhibition whose draft begins as that of `exhibition` is now, but for the fields `draft` and without DATED.

    Rules come along as rules, works that hang by hand as far as they are accepted. Raises IntegrityError for a slug in use.
    """
    async with in_transaction():
        arrangement = await arrangement_of(await draft_of(exhibition))
        values = {**arrangement.values, **dict.fromkeys(FIELDS_NOT_COPIED), **draft}
        made = await create_exhibition(slug, by, theme=theme, **values)
        edition = await draft_of(made)
        await create_rooms(
            edition, [replace(room, works=_works_hung_by_hand(room)) for room in arrangement.rooms]
        )
        await copy_logos(exhibition, made)
        await mark_changed(edition.id, by)
    return made


def _works_hung_by_hand(room: FilledRoom) -> Sequence[HungWork]:
    return [hung for hung in room.works if hung.hanging_id is not None]
