"""Holds: a curator who looks at a work holds it for a while, so that no two curators decide on it."""

from __future__ import annotations

from datetime import timedelta

from tortoise.expressions import Subquery

from gallery.accounts.models import Person
from gallery.artworks.models import Artwork
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.reviews.models import Hold

# A page without JavaScript cannot report that it was left, so its lease lasts as long as a careful review.
PAGE_LEASE = timedelta(minutes=10)
# With JavaScript the page renews its lease every 30 s; two renewals may get lost.
PING_LEASE = timedelta(seconds=90)


async def take_hold(artwork: Artwork, by: Person, lease: timedelta = PAGE_LEASE) -> Hold:
    """Hold the work for `lease`, unless somebody else holds it; returns the current hold with its person."""
    async with in_transaction():
        # Lock the work's row, so that two curators who ask at the same time cannot both get the hold.
        await locked(Artwork.filter(id=artwork.id)).get()
        hold = await Hold.filter(artwork_id=artwork.id).select_related("person").first()
        if hold is None:
            return await Hold.create(artwork_id=artwork.id, person=by, until=now() + lease)
        if hold.person_id == by.id or hold.until <= now():
            hold.person = by
            hold.until = now() + lease
            await hold.save(update_fields=["person_id", "until"])
        return hold


async def release(artwork: Artwork, by: Person) -> None:
    """End the hold on the work if it belongs to `by`."""
    await Hold.filter(artwork_id=artwork.id, person_id=by.id).delete()


async def held_by_another(artwork_id: int, by: Person | None) -> Hold | None:
    """The current hold on the work by anybody but `by`, with its person; None if there is none."""
    holds = Hold.filter(artwork_id=artwork_id, until__gt=now())
    if by is not None:
        holds = holds.exclude(person_id=by.id)
    return await holds.select_related("person").first()


def works_held_by_others(by: Person) -> Subquery:
    """A subquery for the ids of the works that people other than `by` hold now."""
    return Subquery(Hold.filter(until__gt=now()).exclude(person_id=by.id).values("artwork_id"))
