"""Merging two records of the same artist: works and consents move, and the old page redirects to the new one."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.functions import Count

from gallery.accounts.models import Person
from gallery.artists.access import load_artist
from gallery.artists.models import Artist, Consent, ConsentRequest, PrivateDetails
from gallery.artworks.models import Artwork, new_public_id
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db import content_version
from gallery.db.connection import in_transaction, locked
from gallery.organisations.merging import MergeForm, MergeRefused
from gallery.web.forms import read_small_form
from gallery.web.languages import gettext as _
from gallery.web.page_keys import keys_of_works
from gallery.web.rendering import flash, pages_of, redirect, render
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


async def show(request: Request) -> Response:
    """A partner opens the page on which an artist is merged into another."""
    _person, artist = await load_artist(request)
    return _render(request, artist, MergeForm(others=await _others(artist)))


async def create(request: Request) -> Response:
    """A partner merges an artist into another of the same organisation."""
    person, artist = await load_artist(request)
    form = MergeForm(await read_small_form(request), others=await _others(artist))
    if not form.validate():
        return _render(request, artist, form, status=422)
    into = await Artist.get(id=form.chosen_id)
    try:
        await merge_artists(artist, into, person)
    except MergeRefused as refusal:
        form.refuse("into", refusal.sentence)
        return _render(request, artist, form, status=422)
    response = redirect(request, "artists:show", id=into.id)
    flash(request, response, _("They are merged."))
    return response


async def _others(artist: Artist) -> list[tuple[int, str]]:
    """The organisation's other artists with the number of their works; artists of the same name come first."""
    others = Artist.filter(organisation_id=artist.organisation_id).exclude(id=artist.id)
    counted = others.annotate(works=Count("artworks", distinct=True)).order_by("credit_name", "id")
    rows = await counted.values_list("id", "credit_name", "works")
    name = comparable_name(artist.credit_name)
    label = _("%(name)s (number %(id)s, works: %(works)s)")
    return [
        (id, label % {"name": credit_name, "id": id, "works": works})
        for id, credit_name, works in sorted(rows, key=lambda row: comparable_name(row[1]) != name)[
            :MAX_OTHERS
        ]
    ]


def _render(request: Request, artist: Artist, form: MergeForm, status: int = 200) -> Response:
    context = {
        "form": form,
        "title": _("Merge artists"),
        "name": artist.credit_name,
        "back": pages_of(request).url("artists:show", id=artist.id),
        "explanation": _(
            "If one person was entered twice, works, consents, slips and private details move to the one that stays. "
            "The credit name of that one stands at all works. If one of them has a page, the page shows the works of "
            "both, and the old address leads there."
        ),
    }
    return render(request, "shared/merge.html", context, status=status)


routes = [
    Route("/desk/artists/{id:int}/merge", show, name="artist_merges:new", methods=["GET"]),
    Route("/desk/artists/{id:int}/merge", create, name="artist_merges:create", methods=["POST"]),
]
