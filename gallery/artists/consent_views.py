"""Desk pages about consents, their renewal and their slips."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.artists.access import load_consent
from gallery.artists.consents import SCOPE_WORDS, grouped_code, set_artist_page
from gallery.artists.forms import RenewalForm
from gallery.artists.models import AgreedBy, Consent, ConsentRequest
from gallery.artists.private_details import FORM_MAX_BYTES
from gallery.artists.renewal import RenewalRefused, compare_consents, count_returning_works, renew
from gallery.artists.slips import SLIPS_PRINTED, Slip, load_slips, organisation_languages
from gallery.artworks.models import Artwork
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.cases.models import CaseVersion
from gallery.clock import today
from gallery.numbers import row_id
from gallery.organisations.access import load_member
from gallery.web.forms import read_small_form
from gallery.web.languages import gettext as _
from gallery.web.languages import ngettext, use_language
from gallery.web.list_pages import fetch_page
from gallery.web.rendering import flash, pages_of, redirect, render, settings_of

PAGE_SIZE = 50


async def index(request: Request) -> Response:
    """List the consents with scope and state."""
    _person, organisations = await load_member(request)
    consents = Consent.filter(artist__organisation_id__in=[each.id for each in organisations])
    newest_first = consents.order_by("-id").prefetch_related("artist", "followed_by")
    page = await fetch_page(newest_first, request.query_params, PAGE_SIZE)
    context = {"consents": page.rows, "page": page, "scope_words": SCOPE_WORDS}
    return render(request, "consents/index.html", context)


async def show(request: Request) -> Response:
    """Show a consent with its works, signed forms and slip."""
    consent = await load_consent(request)
    await consent.fetch_related("artworks", "artworks__image")
    older = consent.follows
    works = sorted(consent.artworks, key=lambda work: work.id)
    context = {
        "consent": consent,
        "works": works,
        "cases": await _newest_words(consent),
        "compared": compare_consents(older, consent) if older is not None else [],
        "letters": grouped_code(consent.code) if consent.withdrawn_at else "",
        "by_link": await ConsentRequest.get_or_none(consent_id=consent.id),
        "newer": next(iter(consent.followed_by), None),
        "forms": sorted(consent.signed_forms, key=lambda form: form.id),
        "form_max_bytes": FORM_MAX_BYTES,
        "scope_words": SCOPE_WORDS,
    }
    return render(request, "consents/show.html", context)


async def _newest_words(consent: Consent) -> list[CaseVersion]:
    """The newest words of each case under a consent."""
    versions = await CaseVersion.filter(case__consent_id=consent.id).order_by("number")
    return list({version.case_id: version for version in versions}.values())


async def new_renewal(request: Request) -> Response:
    """Show the form for a renewed consent next to the current consent."""
    consent = await load_consent(request)
    data = {"agreed_by": consent.agreed_by, "scopes": consent.scope, "starts_on": today()}
    return await _renewal_page(request, consent, RenewalForm(data=data))


async def create_renewal(request: Request) -> Response:
    """Renew a consent and move its works to the new one. Works that were hidden are on view again."""
    consent = await load_consent(request)
    form = RenewalForm(await read_small_form(request))
    values = form.renewal_values()
    if values is None:
        return await _renewal_page(request, consent, form, 422)
    try:
        renewal = await renew(consent, values, request.state.person)
    except RenewalRefused as refusal:
        response = redirect(request, "consents:show", id=consent.id)
        flash(request, response, str(refusal.sentence), "error")
        return response
    response = redirect(request, "consents:show", id=renewal.id)
    flash(
        request,
        response,
        _("The consent is renewed, and its works are under the new one. Please print its slip."),
    )
    return response


async def _renewal_page(request: Request, consent: Consent, form: RenewalForm, status: int = 200) -> Response:
    context = {
        "consent": consent,
        "form": form,
        "is_refused": consent.withdrawn_at is not None or bool(list(consent.followed_by)),
        "works": await Artwork.filter(consent_id=consent.id).count(),
        "coming_back": await count_returning_works(consent),
        "scope_words": SCOPE_WORDS,
    }
    return render(request, "consents/renewal.html", context, status=status)


async def update_artist_page(request: Request) -> Response:
    """Give the artist a public page, or remove it."""
    consent = await load_consent(request)
    is_wished = "is_wished" in await read_small_form(request)
    await set_artist_page(consent.artist, is_wished)
    response = redirect(request, "consents:show", id=consent.id)
    flash(
        request,
        response,
        _("The artist has a page now.") if is_wished else _("The artist has no page of their own."),
    )
    return response


async def slip(request: Request) -> Response:
    """Show the slip with the code, to print and hand over."""
    consent = await load_consent(request)
    if consent.withdrawn_at is not None:
        response = redirect(request, "consents:show", id=consent.id)
        flash(request, response, _("This consent was withdrawn, so there is no slip to give."), "hint")
        return response
    await record(Verb.CONSENT_SLIP_READ, consent.id, organisation_id=consent.artist.organisation_id)
    (made,) = await load_slips([consent], settings_of(request))
    return render(request, "consents/slip.html", {"slip": made, "consent": consent})


async def slips(request: Request) -> Response:
    """Show the slips of the consents in the query, six or eight on a sheet of A4.

    Withdrawn and renewed consents have no slip.
    """
    _person, organisations = await load_member(request)
    query = request.query_params
    asked = dict.fromkeys(row_id(each) for each in query.getlist("consent"))
    consents = Consent.filter(
        id__in=list(asked)[:SLIPS_PRINTED],
        artist__organisation_id__in=[each.id for each in organisations],
        withdrawn_at__isnull=True,
        followed_by__id__isnull=True,
    )
    found = await consents.order_by("id").prefetch_related("artist__organisation")
    if not found:
        response = redirect(request, "consents:index")
        flash(request, response, _("Please choose consents that are in force."), "hint")
        return response
    for consent in found:
        await record(Verb.CONSENT_SLIP_READ, consent.id, organisation_id=consent.artist.organisation_id)
    left_out = ngettext(
        "1 is left out: its consent was withdrawn or renewed.",
        "%(number)s are left out: their consents were withdrawn or renewed, or there were too many.",
        len(asked) - len(found),
    )
    return slips_page(
        request,
        await load_slips(found, settings_of(request), is_short=True),
        query=urlencode([("consent", each.id) for each in found]),
        left_out=left_out % {"number": len(asked) - len(found)} if len(asked) > len(found) else "",
        back=pages_of(request).url("consents:index"),
        back_to=_("All consents"),
    )


def slips_page(request: Request, slips: Sequence[Slip], **context: Any) -> Response:
    """Slips to print, six or eight on a sheet of A4.

    `query`: what the page's own address needs besides the number; `left_out`: a sentence about slips that are not there;
    `back`, `back_to`: the address of the list and its name.
    """
    number = 8 if request.query_params.get("number") == "8" else 6
    return render(request, "consents/slips.html", {"slips": slips, "number": number, **context})


async def blank_form(request: Request) -> Response:
    """Show a consent form to print and fill in by hand, in the languages of the organisation."""
    _person, organisations = await load_member(request)
    chosen = row_id(request.query_params.get("organisation"))
    organisation = next((each for each in organisations if each.id == chosen), organisations[0])
    words = {"organisation": organisation, "scopes": list(SCOPE_WORDS.values()), "agreed_by": list(AgreedBy)}
    forms = []
    for language in organisation_languages(organisation):
        with use_language(language):
            forms.append(Markup(pages_of(request).html("consents/paper_form.html", **words)))  # noqa: S704
    context = {"forms": forms, "organisation": organisation, "organisations": organisations}
    return render(request, "consents/blank_form.html", context)


routes = [
    Route("/desk/consents", index, name="consents:index", methods=["GET"]),
    Route("/desk/consents/slips", slips, name="consents:slips", methods=["GET"]),
    Route("/desk/consents/form", blank_form, name="consents:blank_form", methods=["GET"]),
    Route("/desk/consents/{id:int}", show, name="consents:show", methods=["GET"]),
    Route("/desk/consents/{id:int}/renewal", new_renewal, name="consents:new_renewal", methods=["GET"]),
    Route("/desk/consents/{id:int}/renewal", create_renewal, name="consents:renew", methods=["POST"]),
    Route("/desk/consents/{id:int}/slip", slip, name="consents:slip", methods=["GET"]),
    Route("/desk/consents/{id:int}/page", update_artist_page, name="consents:update_page", methods=["POST"]),
]
