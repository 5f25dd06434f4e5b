"""Merging two records of the same artist: works and consents move, and the old page redirects to the new one."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from tortoise.functions import Count

from gallery.accounts.models import Person
from gallery.artists.access import load_artist
from gallery.artists.models import Artist, Consent, ConsentRequest, PrivateDetails
from gallery.artworks.models import Artwork, new_public_id
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db import content_version
from gallery.db.connection import in_transaction, locked
from gallery.organisations.merging import MAX_NAMED, MergePages, MergeRefused, Moving, moving_works
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.page_keys import keys_of_works
from gallery.web.texts import NO_TEXTS, comparable_name

MAX_OTHERS = 500  # in the list, where artists of the same name come first


async def merge_artists(artist: Artist, into: Artist, by: Person) -> None:
    """Move works, consents and private details of `artist` to `into`, whose texts stay unchanged.

    The row of `artist` is kept without texts, so that its page can redirect. It also shows a restore of an
    older backup that this artist was not deleted; otherwise the restore would end the artist's consents.
    Raises MergeRefused.
    """
    async with in_transaction():
        ids = [artist.id, into.id]
        # Works are locked first, as when a work is saved.
        await locked(Artwork.filter(artist_id__in=ids).order_by("id")).only("id")
        rows: list[Artist] = await locked(Artist.filter(id__in=ids).order_by("id"))
        if len(rows) != 2 or rows[0].organisation_id != rows[1].organisation_id:
            raise MergeRefused(_("One of the two has just been merged or deleted."))
        old, kept = sorted(rows, key=lambda row: row.id == into.id)
        if await PrivateDetails.filter(artist_id__in=ids).count() == 2:
            raise MergeRefused(
                _(
                    "Both have private details. Please copy what you need into one of them, and empty the other."
                )
            )
        await Artwork.filter(artist_id=old.id).update(artist_id=kept.id)
        await Consent.filter(artist_id=old.id).update(artist_id=kept.id)
        await ConsentRequest.filter(artist_id=old.id).update(artist_id=kept.id)
        await PrivateDetails.filter(artist_id=old.id).update(artist_id=kept.id)
        if old.page_id is not None and kept.page_id is None:
            await Artist.filter(id=kept.id).update(
                page_id=new_public_id()
            )  # the other row had a public page, so the artist wants one
        await Artist.with_merged().filter(merged_into_id=old.id).update(merged_into_id=kept.id)
        words: dict[str, Any] = {"credit_name": "", "born": "", "shows_born": False}
        words |= {"credit_translations": NO_TEXTS, "about": NO_TEXTS}
        await Artist.filter(id=old.id).update(**words, merged_into_id=kept.id)
        await record(Verb.ARTIST_MERGED, old.id, with_id=kept.id, organisation_id=kept.organisation_id, by=by)
        await content_version.bump(await keys_of_works(artist_id=kept.id))


class ArtistMergePages(MergePages[Artist]):
    kind = "artist"
    page = "artists:show"
    title = _l("Merge artists")
    explanation = _l(
        "If one person was entered twice, works, consents, slips and private details move to the one that stays. "
        "The credit name of that one stands at all works. If one of them has a page, the page shows the works of "
        "both, and the old address leads there."
    )

    async def load(self, request: Request) -> tuple[Person, Artist]:
        return await load_artist(request)

    def name(self, row: Artist) -> str:
        return row.credit_name

    async def others(self, row: Artist) -> list[tuple[int, str]]:
        """The organisation's other artists with the number of their works, those of the same name first."""
        others = Artist.filter(organisation_id=row.organisation_id).exclude(id=row.id)
        counted = others.annotate(works=Count("artworks", distinct=True)).order_by("credit_name", "id")
        rows = await counted.values_list("id", "credit_name", "works")
        name = comparable_name(row.credit_name)
        label = _("%(name)s (number %(id)s, works: %(works)s)")
        same_first = sorted(rows, key=lambda each: comparable_name(each[1]) != name)
        return [
            (id, label % {"name": credit_name, "id": id, "works": works})
            for id, credit_name, works in same_first[:MAX_OTHERS]
        ]

    async def moving(self, row: Artist) -> list[Moving]:
        consents = Consent.filter(artist_id=row.id)
        labels = [
            f"{each.id} · {each.agreed_by.label} · {each.state().label}"
            for each in await consents.order_by("id").limit(MAX_NAMED)
        ]
        return [
            await moving_works(Artwork.filter(artist_id=row.id)),
            Moving(_("Consents"), await consents.count(), labels),
            Moving(_("Requests for consent"), await ConsentRequest.filter(artist_id=row.id).count(), []),
            Moving(_("Private details"), await PrivateDetails.filter(artist_id=row.id).count(), []),
        ]

    async def merge(self, row: Artist, into: int, by: Person) -> None:
        await merge_artists(row, await Artist.get(id=into), by)


routes = ArtistMergePages().routes
