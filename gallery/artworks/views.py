"""The works of an organisation at the desk: the list, the page of one work, submitting, taking back."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from tortoise.functions import Count

from gallery.accounts.access import load_person
from gallery.artists.consents import SCOPE_WORDS
from gallery.artists.models import ConsentRequestState
from gallery.artists.slips import SLIPS_PRINTED
from gallery.artworks.access import load_artwork
from gallery.artworks.consent_requests import latest_request_of
from gallery.artworks.copying import copy_declined, copy_of
from gallery.artworks.filters import load_work_filter
from gallery.artworks.form_views import submit_work
from gallery.artworks.forms import WorkForm, form_for_work, form_values
from gallery.artworks.models import Artwork, Status
from gallery.artworks.private_shares import share_of
from gallery.artworks.redirects import redirect_to_work
from gallery.artworks.submissions import missing_fields
from gallery.artworks.taking_back import NothingToTakeBack, take_back
from gallery.artworks.timeline import (
    field_notes,
    hanging_steps,
    next_actor_sentence,
    next_step,
    review_steps,
    status_reason,
    view_steps,
)
from gallery.artworks.works import (
    NotEditable,
    WorkRefused,
    delete_draft,
    load_work_options,
    older_with_same_file,
)
from gallery.images.models import Image, ImageState
from gallery.images.uploads import waiting_message
from gallery.numbers import whole_numbers
from gallery.organisations.access import load_member, organisations_of
from gallery.organisations.models import Organisation
from gallery.storage import StoreUnavailable
from gallery.themes.extensions import extended_deadlines
from gallery.themes.models import Theme
from gallery.web.forms import read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.languages import ngettext
from gallery.web.list_pages import fetch_page
from gallery.web.rendering import flash, pages_of, redirect, render, settings_of, storage_of

logger = logging.getLogger("gallery")

PAGE_SIZE = 50
MAX_CALLS = 6


async def index(request: Request) -> Response:
    """A partner sees the works, their status, and why they have this status."""
    person = await load_person(request)
    organisations = await organisations_of(person)
    if not organisations:
        if person.is_curator:
            return redirect(request, "reviews:index")
        raise HTTPException(404)
    ids = [each.id for each in organisations]
    work_filter = await load_work_filter(request.query_params, ids)
    works = work_filter.of(Artwork.filter(organisation_id__in=ids))
    rows = await works.annotate(number=Count("id")).group_by("status").values("status", "number")
    counts = {str(row["status"]): row["number"] for row in rows}
    text = request.query_params.get("status", "")
    status = Status(text) if text in set(Status) else None
    if status is not None:
        works = works.filter(status=status)
    newest_first = works.order_by("-updated_at", "-id").prefetch_related(
        "image", "artist", "organisation", "reviews"
    )
    page = await fetch_page(newest_first, request.query_params, PAGE_SIZE)
    status_pair = [("status", str(status))] if status else []
    context = {
        "works": [(work, status_reason(work)) for work in page.rows],
        "same": await older_with_same_file(page.rows),
        "counts": {status: counts[status] for status in Status if status in counts},
        "total": sum(counts.values()),
        "status": status,
        "page": page,
        "has_several": len(organisations) > 1,
        "work_filter": work_filter,
        "query": urlencode([*status_pair, *work_filter.pairs]),
        "calls": await open_calls(organisations),
    }
    return render(request, "artworks/index.html", context)


async def print_slips(request: Request) -> Response:
    """A partner prints the slips of the listed works, by the filters of the list."""
    _person, organisations = await load_member(request)
    ids = [each.id for each in organisations]
    work_filter = await load_work_filter(request.query_params, ids)
    works = work_filter.of(Artwork.filter(organisation_id__in=ids, consent__withdrawn_at__isnull=True))
    if (status := request.query_params.get("status")) in set(Status):
        works = works.filter(status=status)
    consents = (
        await works.exclude(consent_id=None)
        .order_by("-updated_at", "-id")
        .values_list("consent_id", flat=True)
    )
    query = urlencode([("consent", id) for id in list(dict.fromkeys(consents))[:SLIPS_PRINTED]])
    return RedirectResponse(f"{pages_of(request).url('consents:slips')}?{query}", status_code=303)


async def open_calls(organisations: Sequence[Organisation]) -> list[tuple[Theme, date | None]]:
    """The themes that take works now, with the last day for these organisations; sorted by that day."""
    extended = await extended_deadlines([each.id for each in organisations])
    calls = [
        (theme, max(filter(None, (theme.call_closes_on, extended.get(theme.id))), default=None))
        for theme in await Theme.all().order_by("id")
        if (theme.is_open() and not theme.is_over()) or theme.id in extended
    ]
    return sorted(calls, key=lambda call: (call[1] is None, call[1] or date.max))[:MAX_CALLS]


async def show(request: Request) -> Response:
    """A partner sees one work with its history."""
    _person, organisations, artwork = await load_artwork(request)
    await artwork.fetch_related("submissions__by", "submissions__taken_back__by", "reviews__by")
    hung = await hanging_steps(artwork)
    labels = form_for_work(artwork, await load_work_options(organisations, artwork, [form_values(artwork)]))
    proposal = next((each for each in artwork.submissions if each.is_proposal and each.is_waiting), None)
    missing = await _missing_labels(artwork, labels) if artwork.is_editable else []
    is_unchanged = artwork.status == Status.RETURNED and not _changed_since_returned(artwork)
    review = max(artwork.reviews, key=lambda each: each.at, default=None)
    is_returned = artwork.status == Status.RETURNED and review is not None
    asked = await latest_request_of(artwork) if artwork.is_editable else None
    lacks = {name for name, _label in missing}
    awaits_family = lacks == {"consent"} and asked is not None and asked.state == ConsentRequestState.WAITING
    context = {
        "work": artwork,
        "steps": sorted(
            [*review_steps(artwork, labels), *hung, *await view_steps(artwork, hung)],
            key=lambda step: step.at,
        ),
        "who_has_it": next_actor_sentence(artwork, hung),
        "next_step": next_step(
            artwork, hung, is_complete=not missing, is_unchanged=is_unchanged, awaits_family=awaits_family
        ),
        "reason": review.reason if review and is_returned else "",
        "notes": field_notes(review.notes, labels) if review and is_returned else [],
        "copy": await copy_of(artwork) if artwork.status == Status.DECLINED else None,
        "covered": await Artwork.filter(consent_id=artwork.consent_id).count() if artwork.consent_id else 0,
        "why": "" if is_returned else status_reason(artwork),
        "missing": missing,
        "asked": asked,
        "needs_consent": "consent" in lacks,
        "is_to_be_changed": is_unchanged,
        "proposal": proposal,
        "proposed_image": await Image.get_or_none(id=proposal.proposed_image_id or 0) if proposal else None,
        "is_waiting_for_review": any(each.is_waiting for each in artwork.submissions),
        "share": await share_of(artwork.id),
        "is_on_view": await Artwork.all().on_view().filter(id=artwork.id).exists(),
        "is_waiting": any(each.image.state == ImageState.RECEIVED for each in artwork.all_pictures()),
        "pictures": list(artwork.all_pictures()) if artwork.more_pictures else [],
        "why_it_waits": waiting_message,
        "scope_words": SCOPE_WORDS,
    }
    return render(request, "artworks/show.html", context)


async def _missing_labels(artwork: Artwork, labels: WorkForm) -> list[tuple[str, str]]:
    """The fields that a work still needs before it can be submitted, with their labels."""
    missing = await missing_fields(artwork)
    return [(name, str(labels[name].label.text)) for name in missing if name in labels]


def _changed_since_returned(artwork: Artwork) -> bool:
    """Whether a returned work was changed since its review; its reviews must be fetched."""
    returned_at = max((each.at for each in artwork.reviews), default=artwork.created_at)
    return artwork.updated_at > returned_at


async def delete(request: Request) -> Response:
    """A partner deletes a draft."""
    _person, _organisations, artwork = await load_artwork(request)
    try:
        await delete_draft(artwork, storage_of(request))
    except NotEditable:
        sentence = _("Only drafts that were never submitted can be deleted.")
        return redirect_to_work(request, artwork, sentence)
    response = redirect(request, "artworks:index")
    flash(request, response, _("The draft is deleted."))
    return response


async def delete_several(request: Request) -> Response:
    """A partner deletes the chosen drafts. A draft that was submitted in the meantime is kept."""
    _person, organisations = await load_member(request)
    ids = whole_numbers((await read_desk_form(request)).getlist("work"))[:PAGE_SIZE]
    drafts = Artwork.filter(id__in=ids, organisation_id__in=[each.id for each in organisations])
    deleted = 0
    for artwork in await drafts.order_by("id"):
        try:
            await delete_draft(artwork, storage_of(request))
        except NotEditable:
            continue
        deleted += 1
    response = redirect(request, "artworks:index")
    sentence = ngettext("%(number)s draft is deleted.", "%(number)s drafts are deleted.", deleted)
    nothing = _("Please choose at least one draft.")
    flash(
        request,
        response,
        sentence % {"number": deleted} if deleted else nothing,
        "done" if deleted else "error",
    )
    return response


async def create_submission(request: Request) -> Response:
    """A partner submits a work from its page."""
    person, organisations, artwork = await load_artwork(request)
    return await submit_work(request, person, organisations, artwork)


async def create_taking_back(request: Request) -> Response:
    """A partner takes a work or a proposal back before a curator decides on it."""
    person, _organisations, artwork = await load_artwork(request)
    try:
        await take_back(artwork, person)
    except NothingToTakeBack as refusal:
        return redirect_to_work(request, artwork, refusal.sentence)
    return redirect_to_work(request, artwork, _("Taken back. Nothing that was written is lost."), "done")


async def create_copy(request: Request) -> Response:
    """A partner copies a declined work, to submit it for another theme."""
    person, _organisations, artwork = await load_artwork(request)
    try:
        copy, is_new = await copy_declined(artwork, storage_of(request), settings_of(request), person)
    except WorkRefused as refusal:
        return redirect_to_work(request, artwork, refusal.sentence, "error")
    except StoreUnavailable as error:
        logger.warning("%s", error)
        sentence = _("Its files could not be copied right now. Please try again in a minute.")
        return redirect_to_work(request, artwork, sentence, "error")
    if not is_new:
        return redirect_to_work(request, copy, _("This is the copy that was made of the declined work."))
    response = redirect(request, "artworks:edit", id=copy.id)
    sentence = _(
        "This copy is a draft of its own. Choose a theme, change what the curator wrote, and submit it."
    )
    flash(request, response, sentence)
    return response


routes = [
    Route("/desk/works", index, name="artworks:index", methods=["GET"]),
    Route("/desk/works/deletions", delete_several, name="artworks:delete_several", methods=["POST"]),
    Route("/desk/works/slips", print_slips, name="artworks:slips", methods=["GET"]),
    Route("/desk/works/{id:int}", show, name="artworks:show", methods=["GET"]),
    Route("/desk/works/{id:int}/deletion", delete, name="artworks:delete", methods=["POST"]),
    Route("/desk/works/{id:int}/copies", create_copy, name="artworks:copy", methods=["POST"]),
    Route("/desk/works/{id:int}/submissions", create_submission, name="artworks:submit", methods=["POST"]),
    Route(
        "/desk/works/{id:int}/taking-back", create_taking_back, name="artworks:take_back", methods=["POST"]
    ),
]
