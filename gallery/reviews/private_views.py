"""Private details of an artist and signed forms, which organisations share with curators for one review."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.models import Person
from gallery.artists.artist_views import signed_form_response
from gallery.artists.models import SignedForm
from gallery.artists.private_details import read_details, read_signature
from gallery.artworks.models import Artwork
from gallery.artworks.private_shares import share_of
from gallery.reviews.access import load_submitted
from gallery.web.rendering import render
from gallery.web.security import REFERRER_WITHOUT_PATH


async def show(request: Request) -> Response:
    """A curator reads shared private details while the work waits; the organisation sees who read them."""
    person, artwork = await _load_shared(request)
    assert artwork.artist is not None
    details = await read_details(artwork.artist, person, artwork.id)
    forms = await SignedForm.filter(consent_id=artwork.consent_id or 0).order_by("id")
    await artwork.fetch_related("consent__artist")
    signature = await read_signature(artwork.consent, artwork.id) if artwork.consent else None
    context = {"artwork": artwork, "details": details, "forms": forms, "signature": signature}
    return render(request, "reviews/private.html", context, headers=REFERRER_WITHOUT_PATH)


async def show_form(request: Request) -> Response:
    """A curator downloads a shared signed form while the work waits."""
    _person, artwork = await _load_shared(request)
    form = await SignedForm.get_or_none(
        id=request.path_params["form"], consent_id=artwork.consent_id or 0
    ).prefetch_related("consent__artist")
    if form is None:
        raise HTTPException(404)
    return await signed_form_response(request, form, artwork.id)


async def _load_shared(request: Request) -> tuple[Person, Artwork]:
    """The curator, and the work in the URL; 404 unless its organisation shares private details now."""
    person, artwork = await load_submitted(request)
    if artwork.artist is None or await share_of(artwork.id) is None:
        raise HTTPException(404)
    return person, artwork


routes = [
    Route("/desk/queue/{id:int}/private", show, name="reviews:private", methods=["GET"]),
    Route("/desk/queue/{id:int}/private/forms/{form:int}", show_form, name="reviews:form", methods=["GET"]),
]
