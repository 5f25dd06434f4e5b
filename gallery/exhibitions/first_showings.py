"""When visitors first saw each work, or will. Feeds sort works by it without comparing editions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from tortoise.expressions import Q, Subquery

from gallery.artworks.models import Artwork, edition_is_open
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.exhibitions.models import Edition, Hanging
from gallery.web.page_keys import CHUNK, chunks, works_hung_in


async def date_first_showings(edition_ids: Collection[int]) -> None:
    """Set `first_shown_at` of the works of these editions; call it in the transaction that changes the editions.

    A past moment never changes: no later edition makes a work new again.
    """
    for chunk in chunks(sorted(await works_hung_in(edition_ids))):
        works = await Artwork.filter(id__in=chunk).only("id", "first_shown_at")
        await _date([work.id for work in works if not work.first_shown_at or work.first_shown_at > now()])


async def date_missed_works() -> bool:
    """Set the date of some works on view without one, published by the previous release; False if there are none."""
    hung = Edition.filter(edition_is_open()).values("rooms__hangings__artwork_id")
    is_not_shown_yet = Q(first_shown_at__isnull=True) | Q(first_shown_at__gt=now())
    missed = Artwork.filter(is_not_shown_yet, id__in=Subquery(hung)).limit(CHUNK)
    ids = [work.id for work in await missed.only("id")]
    async with in_transaction():
        await _date(ids)
    return bool(ids)


async def _date(ids: Sequence[int]) -> None:
    """Set `first_shown_at` of these works, at most CHUNK, from all editions that hang them."""
    if not ids:
        return
    await locked(Artwork.filter(id__in=ids).order_by("id")).only("id")
    pairs = await Hanging.filter(artwork_id__in=ids, room__edition__number__isnull=False).values_list(
        "artwork_id", "room__edition_id"
    )
    editions = Edition.filter(id__in=list({edition_id for _, edition_id in pairs}))
    columns = ("id", "number", "published_at", "opens_at", "shown_until")
    moments = {edition.id: edition.first_shown_at for edition in await editions.only(*columns)}
    first: dict[int, datetime | None] = dict.fromkeys(ids)
    for artwork_id, edition_id in pairs:
        moment, known = moments[edition_id], first[artwork_id]
        if moment is not None and (known is None or moment < known):
            first[artwork_id] = moment
    by_moment = defaultdict[datetime | None, list[int]](list)
    for artwork_id, moment in first.items():
        by_moment[moment].append(artwork_id)
    for moment, shown_first in by_moment.items():
        await Artwork.filter(id__in=shown_first).update(first_shown_at=moment)
