"""Holds: whoever looks at a work holds it on a lease, so that no two curators decide the same one."""

from __future__ import annotations

from datetime import timedelta

from tortoise.expressions import Subquery

from gallery.accounts.models import Person
from gallery.artworks.models import Artwork
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.reviews.models import Hold

# A page without a script cannot say that it was left, so its lease is what a careful look may take.
PAGE_LEASE = timedelta(minutes=10)
# With one, the page renews its lease every 30 s; two renewals may get lost.
PING_LEASE = timedelta(seconds=90)


async def take_hold(artwork: Artwork, by: Person, lease: timedelta = PAGE_LEASE) -> Hold:
    """Hold the work for `lease` unless somebody else does; returns whose hold it is now, with its person."""
    async with in_transaction():
        # The work's row is the lock: two who come at once to a work that nobody held must not both get it.
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
    """Let go of the work, if `by` holds it."""
    await Hold.filter(artwork_id=artwork.id, person_id=by.id).delete()


async def held_by_another(artwork_id: int, by: Person | None) -> Hold | None:
    """The hold of somebody else on the work, with its person, while it lasts; without `by`, of anybody."""
    holds = Hold.filter(artwork_id=artwork_id, until__gt=now())
    if by is not None:
        holds = holds.exclude(person_id=by.id)
    return await holds.select_related("person").first()


def works_held_by_others(by: Person) -> Subquery:
    """The ids of works that others look at now, for a query."""
    return Subquery(Hold.filter(until__gt=now()).exclude(person_id=by.id).values("artwork_id"))
