"""The consents of an organisation's artists, and their slips, at the desk."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.artists.access import load_consent
from gallery.artists.consents import AGREED_BY_WORDS, SCOPE_WORDS, STATE_WORDS, wish_page
from gallery.artists.models import Consent
from gallery.artists.slips import qr_picture, readable_code, slip_link, slip_texts
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.forms import small_form
from gallery.languages import gettext as _
from gallery.organisations.access import load_member
from gallery.pages import flash, redirect, render, settings_of

PAGE = 50


async def index(request: Request) -> Response:
    """A partner sees who agreed to what, and how each consent stands."""
    _person, organisations = await load_member(request)
    consents = Consent.filter(artist__organisation_id__in=[each.id for each in organisations])
    raw = request.query_params.get("page", "1")
    page = min(max(int(raw), 1), 100_000) if raw.isascii() and raw.isdecimal() else 1
    shown = (
        await consents.order_by("-id").offset((page - 1) * PAGE).limit(PAGE + 1).prefetch_related("artist")
    )
    context = {"consents": shown[:PAGE], "page": page, "has_more": len(shown) > PAGE, **_words()}
    return render(request, "consents/index.html", context)


async def show(request: Request) -> Response:
    """A partner sees one consent, the works under it, and where to print its slip."""
    consent = await load_consent(request)
    await consent.fetch_related("artworks", "artworks__image")
    works = sorted(consent.artworks, key=lambda work: work.id)
    return render(request, "consents/show.html", {"consent": consent, "works": works, **_words()})


async def update_page(request: Request) -> Response:
    """A partner says whether the artist wishes a page that gathers their works."""
    consent = await load_consent(request)
    is_wished = "is_wished" in await small_form(request)
    await wish_page(consent.artist, is_wished)
    response = redirect(request, "consents:show", id=consent.id)
    flash(
        request,
        response,
        _("The artist has a page now.") if is_wished else _("The artist has no page of their own."),
    )
    return response


async def slip(request: Request) -> Response:
    """A partner prints the slip with the code, and hands it to artist or guardian."""
    consent = await load_consent(request)
    if consent.withdrawn_at is not None:
        response = redirect(request, "consents:show", id=consent.id)
        flash(request, response, _("This consent was withdrawn, so there is no slip to hand over."), "hint")
        return response
    await record(Verb.CONSENT_SLIP_READ, consent.id, organisation_id=consent.artist.organisation_id)
    settings = settings_of(request)
    link = slip_link(consent, settings)
    context = {
        "consent": consent,
        "texts": slip_texts(consent, settings),
        "link": link,
        "code": readable_code(consent),
        "qr": qr_picture(link),
    }
    return render(request, "consents/slip.html", context)


def _words() -> dict[str, object]:
    return {"agreed_by_words": AGREED_BY_WORDS, "scope_words": SCOPE_WORDS, "state_words": STATE_WORDS}


routes = [
    Route("/desk/consents", index, name="consents:index", methods=["GET"]),
    Route("/desk/consents/{id:int}", show, name="consents:show", methods=["GET"]),
    Route("/desk/consents/{id:int}/slip", slip, name="consents:slip", methods=["GET"]),
    Route("/desk/consents/{id:int}/page", update_page, name="consents:update_page", methods=["POST"]),
]
