"""Desk pages about an organisation's artists: public texts, private details and signed consent forms."""

from __future__ import annotations

import logging

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.functions import Count

from gallery.artists.access import load_artist, load_consent
from gallery.artists.consents import SCOPE_WORDS
from gallery.artists.forms import ArtistForm, PrivateForm
from gallery.artists.models import Artist, Consent, ConsentRequest, PrivateDetails, SignedForm
from gallery.artists.names import artists_alike
from gallery.artists.private_details import (
    DETAIL_FIELDS,
    FORM_MAX_BYTES,
    MEDIA_TYPES,
    ArtistHasWorks,
    FormRefused,
    add_form,
    delete_artist,
    delete_form,
    form_key,
    form_too_large,
    kind_of_form,
    private_accesses,
    read_details,
    read_signature,
    save_details,
)
from gallery.artworks.models import EDITABLE_STATUSES, Artwork
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db import content_version
from gallery.db.connection import in_transaction
from gallery.images.uploads import FormReader
from gallery.organisations.access import load_member
from gallery.storage import StoreUnavailable
from gallery.web.forms import read_small_form
from gallery.web.languages import gettext as _
from gallery.web.list_pages import fetch_page
from gallery.web.page_keys import keys_of_cases, keys_of_works
from gallery.web.rendering import flash, redirect, render, settings_of, storage_of
from gallery.web.security import REFERRER_WITHOUT_PATH

logger = logging.getLogger("gallery")

PAGE_SIZE = 60
PUBLIC_FIELDS = ("credit_name", "credit_translations", "about", "born", "shows_born")


async def index(request: Request) -> Response:
    """List the organisation's artists by credit name."""
    _person, organisations = await load_member(request)
    artists = (
        Artist.filter(organisation_id__in=[each.id for each in organisations])
        .annotate(work_count=Count("artworks", distinct=True))
        .order_by("credit_name", "id")
    )
    page = await fetch_page(artists, request.query_params, PAGE_SIZE)
    alike = await artists_alike([each.id for each in organisations])
    return render(request, "artists/index.html", {"artists": page.rows, "page": page, "alike": alike})


async def show(request: Request) -> Response:
    """Show an artist's public texts and consents, and who has read the private details."""
    _person, artist = await load_artist(request)
    form = ArtistForm(obj=artist)
    return await _page(request, artist, form)


async def update(request: Request) -> Response:
    """Save an artist's public texts; visitors see the change at once."""
    person, artist = await load_artist(request)
    form = ArtistForm(await read_small_form(request), obj=artist)
    if not form.validate():
        return await _page(request, artist, form, status=422)
    async with in_transaction():
        await Artist.filter(id=artist.id).update(**form.values(*PUBLIC_FIELDS))
        await record(Verb.ARTIST_CHANGED, artist.id, organisation_id=artist.organisation_id, by=person)
        await content_version.bump(await keys_of_works(artist_id=artist.id) | await keys_of_cases(artist.id))
    response = redirect(request, "artists:show", id=artist.id)
    flash(request, response, _("Saved."))
    return response


async def _page(request: Request, artist: Artist, form: ArtistForm, status: int = 200) -> Response:
    consents = await Consent.filter(artist_id=artist.id).order_by("-id").prefetch_related("signed_forms")
    context = {
        "artist": artist,
        "form": form,
        "consents": consents,
        "has_details": await PrivateDetails.exists(artist_id=artist.id),
        "readings": await private_accesses(artist, [each.id for each in consents]),
        "work_count": await Artwork.filter(artist_id=artist.id).count(),
        "requests": await ConsentRequest.filter(artist_id=artist.id, consent_id=None).order_by("-id"),
        "works_to_ask": await _works_to_ask(artist),
    }
    return render(request, "artists/show.html", context, status=status)


async def _works_to_ask(artist: Artist) -> list[int]:
    """The ids of the artist's works that can be changed and have no consent."""
    works = Artwork.filter(artist_id=artist.id, consent_id=None, status__in=EDITABLE_STATUSES)
    return [each.id for each in await works.order_by("id").only("id")]


async def show_private(request: Request) -> Response:
    """Show an artist's private details. The audit log records the access; colleagues see who had it."""
    person, artist = await load_artist(request)
    details = await read_details(artist, person)
    form = PrivateForm(data={name: getattr(details, name) for name in DETAIL_FIELDS})
    context = {"artist": artist, "form": form, "details": details}
    return render(request, "artists/private.html", context, headers=REFERRER_WITHOUT_PATH)


async def update_private(request: Request) -> Response:
    """Save an artist's private details; saving empty fields deletes them."""
    person, artist = await load_artist(request)
    form = PrivateForm(await read_small_form(request))
    if not form.validate():
        details = PrivateDetails(artist_id=artist.id)
        return render(
            request, "artists/private.html", {"artist": artist, "form": form, "details": details}, status=422
        )
    await save_details(artist, form.values(*DETAIL_FIELDS), person)
    response = redirect(request, "artists:show", id=artist.id)
    flash(request, response, _("Saved."))
    return response


async def delete(request: Request) -> Response:
    """Delete an artist without works, and all private details."""
    person, artist = await load_artist(request)
    try:
        await delete_artist(artist, storage_of(request), person)
    except ArtistHasWorks as refusal:
        response = redirect(request, "artists:show", id=artist.id)
        flash(request, response, str(refusal.sentence), "error")
        return response
    response = redirect(request, "artists:index")
    flash(request, response, _("The artist has been deleted, with everything that was stored about them."))
    return response


async def create_signed_form(request: Request) -> Response:
    """Upload a signed consent form, as a PDF or a photograph."""
    consent = await load_consent(request)
    storage = storage_of(request)
    sentence = ""
    async with storage.scratch_folder() as folder:
        received = await FormReader(request, folder, FORM_MAX_BYTES, "form").read()
        try:
            if received.is_too_large:
                sentence = form_too_large()
            elif received.file is None:
                sentence = (
                    _("This file is empty: it has 0 bytes. Please choose it again.")
                    if received.is_empty
                    else _("Please choose a file.")
                )
            else:
                kind = await kind_of_form(received.file, settings_of(request))
                await add_form(consent, received.file, kind, request.state.person, storage)
        except FormRefused as refusal:
            sentence = str(refusal.sentence)
        except StoreUnavailable as away:
            logger.warning("%s", away)
            sentence = _("The file could not be saved right now. Please choose it again in a minute.")
    response = redirect(request, "consents:show", id=consent.id, fragment="forms")
    flash(request, response, sentence or _("The form has been stored."), "error" if sentence else "done")
    return response


async def show_signed_form(request: Request) -> Response:
    """Download a signed form. The audit log records the access."""
    form = await _load_signed_form(request)
    return await signed_form_response(request, form)


async def signed_form_response(request: Request, form: SignedForm, artwork_id: int | None = None) -> Response:
    """Send a signed form as a download; the site itself never displays one.

    `artwork_id`: the work under review, if the reader is a curator. The form's consent, and the consent's
    artist, must be fetched.
    """
    await record(
        Verb.CONSENT_FORM_READ,
        form.consent_id,
        with_id=artwork_id,
        organisation_id=form.consent.artist.organisation_id,
    )
    headers = {
        "content-disposition": f'attachment; filename="consent-form-{form.id}.{form.kind}"',
        "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    try:
        return await storage_of(request).private.answer(
            request, form_key(form.token), media_type=MEDIA_TYPES[form.kind], headers=headers
        )
    except FileNotFoundError:
        raise HTTPException(404) from None


async def show_signature(request: Request) -> Response:
    """Show who agreed by a link, and to which words. The audit log records the access."""
    consent = await load_consent(request)
    signature = await read_signature(consent)
    if signature is None:
        raise HTTPException(404)
    context = {"consent": consent, "signature": signature, "scope_words": SCOPE_WORDS}
    return render(request, "consents/signature.html", context, headers=REFERRER_WITHOUT_PATH)


async def delete_signed_form(request: Request) -> Response:
    form = await _load_signed_form(request)
    await delete_form(form, storage_of(request), request.state.person)
    response = redirect(request, "consents:show", id=form.consent_id, fragment="forms")
    flash(request, response, _("The file is deleted."))
    return response


async def _load_signed_form(request: Request) -> SignedForm:
    consent = await load_consent(request)
    form = await SignedForm.get_or_none(id=request.path_params["form"], consent_id=consent.id)
    if form is None:
        raise HTTPException(404)
    form.consent = consent
    return form


routes = [
    Route("/desk/artists", index, name="artists:index", methods=["GET"]),
    Route("/desk/artists/{id:int}", show, name="artists:show", methods=["GET"]),
    Route("/desk/artists/{id:int}", update, name="artists:update", methods=["POST"]),
    Route("/desk/artists/{id:int}/private", show_private, name="artists:show_private", methods=["GET"]),
    Route("/desk/artists/{id:int}/private", update_private, name="artists:update_private", methods=["POST"]),
    Route("/desk/artists/{id:int}/deletion", delete, name="artists:delete", methods=["POST"]),
    Route("/desk/consents/{id:int}/signature", show_signature, name="consents:signature", methods=["GET"]),
    Route("/desk/consents/{id:int}/forms", create_signed_form, name="signed_forms:create", methods=["POST"]),
    Route(
        "/desk/consents/{id:int}/forms/{form:int}",
        show_signed_form,
        name="signed_forms:show",
        methods=["GET"],
    ),
    Route(
        "/desk/consents/{id:int}/forms/{form:int}/deletion",
        delete_signed_form,
        name="signed_forms:delete",
        methods=["POST"],
    ),
]
