"""The works of an organisation, at the desk: entering, changing, submitting, and where each stands."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import MultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.exceptions import IntegrityError
from tortoise.functions import Count

from gallery.accounts.access import load_person
from gallery.accounts.models import Person
from gallery.artists.consents import AGREED_BY_WORDS, SCOPE_WORDS, STATE_WORDS
from gallery.artworks.access import WORK_RELATIONS, load_artwork
from gallery.artworks.autosave import MergedValues, autosave_key, fingerprint, form_fields, merge_values
from gallery.artworks.autosave_views import conflicts_payload, digests_after
from gallery.artworks.filters import load_work_filter
from gallery.artworks.forms import ProposalForm, WorkForm, form_for_work, form_values, parse_form_key
from gallery.artworks.models import Artwork, Status
from gallery.artworks.private_shares import share_of
from gallery.artworks.submissions import NotSubmittable, missing_fields, propose, submit
from gallery.artworks.taking_back import NothingToTakeBack, take_back
from gallery.artworks.timeline import Step, hung_steps, seen_steps, who_has_it
from gallery.artworks.works import (
    STATUS_WORDS,
    TEXT_FIELDS,
    ChangedMeanwhile,
    NotEditable,
    WorkRefused,
    create_work,
    delete_draft,
    discard_image,
    load_work_options,
    update_work,
    why_not_editable,
)
from gallery.clock import today
from gallery.images.models import Image, ImageState
from gallery.images.sandbox.parent import REFUSALS, ImageRefused, InspectedImage
from gallery.images.uploads import (
    FormReader,
    ReceivedFile,
    ReceivedForm,
    create_image,
    inspect_upload,
    too_large,
    waiting_message,
)
from gallery.numbers import page_number
from gallery.organisations.access import load_member, organisations_of
from gallery.organisations.models import Organisation
from gallery.storage import Storage, StoreUnavailable
from gallery.themes.extensions import extended_deadlines
from gallery.themes.models import Theme
from gallery.web.forms import Form
from gallery.web.languages import gettext as _
from gallery.web.languages import ngettext
from gallery.web.rendering import flash, pages_of, redirect, render, settings_of

PAGE_SIZE = 50
MAX_CALLS = 6

logger = logging.getLogger("gallery")


def storage_of(request: Request) -> Storage:
    storage: Storage = request.app.state.storage
    return storage


async def index(request: Request) -> Response:
    """A partner sees where each work stands, and why."""
    person = await load_person(request)
    organisations = await organisations_of(person)
    if not organisations:
        if person.is_curator:
            return redirect(request, "reviews:index")
        raise HTTPException(404)
    works = Artwork.filter(organisation_id__in=[each.id for each in organisations])
    narrowed = await load_work_filter(request.query_params, works)
    works = narrowed.of(works)
    counted = await works.annotate(number=Count("id")).group_by("status").values("status", "number")
    counts = {str(each["status"]): each["number"] for each in counted}
    asked = request.query_params.get("status", "")
    status = Status(asked) if asked in set(Status) else None
    if status is not None:
        works = works.filter(status=status)
    page = page_number(request.query_params)
    shown = await (
        works.order_by("-updated_at", "-id")
        .offset((page - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE + 1)
        .prefetch_related("image", "artist", "organisation", "reviews")
    )
    status_told = [("status", str(status))] if status else []
    context = {
        "works": [(work, status_reason(work)) for work in shown[:PAGE_SIZE]],
        "counts": {status: counts[status] for status in Status if status in counts},
        "total": sum(counts.values()),
        "status": status,
        "page": page,
        "has_more": len(shown) > PAGE_SIZE,
        "has_several": len(organisations) > 1,
        "words": STATUS_WORDS,
        "narrowed": narrowed,
        "query": urlencode([*status_told, *narrowed.pairs]),
        "calls": await open_calls(organisations),
    }
    return render(request, "artworks/index.html", context)


async def open_calls(organisations: Sequence[Organisation]) -> list[tuple[Theme, date | None]]:
    """The themes that take works now, each with its last day for these organisations; the soonest to close first."""
    longer = await extended_deadlines([each.id for each in organisations])
    calls = [
        (theme, max(filter(None, (theme.call_closes_on, longer.get(theme.id))), default=None))
        for theme in await Theme.all().order_by("id")
        if (theme.is_open() and not theme.is_over()) or theme.id in longer
    ]
    return sorted(calls, key=lambda call: (call[1] is None, call[1] or date.max))[:MAX_CALLS]


def status_reason(artwork: Artwork) -> str:
    """Why a work stands where it does, or nothing; image and reviews must be fetched."""
    if artwork.status in {Status.RETURNED, Status.DECLINED}:
        review = max(artwork.reviews, key=lambda each: each.at, default=None)
        if review is not None:
            notes = len(review.notes)
            told = ngettext("%(num)s note", "%(num)s notes", notes) % {"num": notes} if notes else ""
            return " · ".join(part for part in (told, review.reason) if part)
    if artwork.unfinished:
        return _("Something that was typed is not finished yet. The form has it.")
    if artwork.image is None:
        return _("There is no picture yet.") if artwork.is_editable else ""
    if artwork.image.state == ImageState.REFUSED:
        return str(REFUSALS.get(artwork.image.refusal, REFUSALS["damaged"]))
    if artwork.image.state == ImageState.RECEIVED:
        return waiting_message(artwork.image)
    if artwork.status == Status.SUBMITTED:
        return _("A curator will look at it.")
    return ""


async def show(request: Request) -> Response:
    """A partner sees one work, where it stands, and the way it came."""
    _person, organisations, artwork = await load_artwork(request)
    await artwork.fetch_related("submissions__by", "submissions__taken_back__by", "reviews__by")
    hung = await hung_steps(artwork)
    labels = form_for_work(artwork, await load_work_options(organisations, artwork))
    proposal = next((each for each in artwork.submissions if each.is_proposal and each.is_waiting), None)
    context = {
        "work": artwork,
        "steps": sorted(
            [*review_steps(artwork, labels), *hung, *await seen_steps(artwork, hung)],
            key=lambda step: step.at,
        ),
        "who_has_it": who_has_it(artwork, hung),
        "covered": await Artwork.filter(consent_id=artwork.consent_id).count() if artwork.consent_id else 0,
        "why": status_reason(artwork),
        "why_not_editable": why_not_editable(artwork.status),
        "missing": await _missing_labels(artwork, labels) if artwork.is_editable else [],
        "is_to_be_changed": artwork.status == Status.RETURNED and not _changed_since_returned(artwork),
        "proposal": proposal,
        "proposed_image": await Image.get_or_none(id=proposal.proposed_image_id or 0) if proposal else None,
        "is_waiting_for_review": any(each.is_waiting for each in artwork.submissions),
        "share": await share_of(artwork.id),
        "is_on_view": await Artwork.all().on_view().filter(id=artwork.id).exists(),
        "is_waiting": artwork.image is not None and artwork.image.state == ImageState.RECEIVED,
        "why_it_waits": waiting_message,
        "words": STATUS_WORDS,
        **_consent_words(),
    }
    return render(request, "artworks/show.html", context)


async def _missing_labels(artwork: Artwork, labels: WorkForm) -> list[tuple[str, str]]:
    """What a work still lacks before it can be submitted: the names of the fields with their labels."""
    missing = await missing_fields(artwork)
    return [(name, str(labels[name].label.text)) for name in missing if name in labels]


def _changed_since_returned(artwork: Artwork) -> bool:
    """Whether a returned work was worked on since; its reviews must be fetched."""
    returned_at = max((each.at for each in artwork.reviews), default=artwork.created_at)
    return artwork.updated_at > returned_at


def review_steps(artwork: Artwork, labels: WorkForm) -> list[Step]:
    """Submissions and reviews in the order of time; both must be fetched, with by whom."""
    steps = [
        Step(STATUS_WORDS[Status.SUBMITTED], Status.SUBMITTED, each.at, each.by.name if each.by else "")
        for each in artwork.submissions
    ]
    for submission in artwork.submissions:
        taken = submission.taken_back
        if taken is not None:
            steps.append(Step(_("taken back"), Status.DRAFT, taken.at, taken.by.name if taken.by else ""))
    for review in artwork.reviews:
        notes = [
            (str(labels[name].label.text) if name in labels else name, note)
            for name, note in review.notes.items()
        ]
        word = STATUS_WORDS.get(review.decision, review.decision)
        by = review.by.name if review.by else ""
        steps.append(Step(word, review.decision, review.at, by, review.reason, notes))
    return sorted(steps, key=lambda step: step.at)


async def new(request: Request) -> Response:
    """A partner is asked for a work: title, story, artist, consent, picture."""
    _person, organisations = await load_member(request)
    form = WorkForm(offered=await load_work_options(organisations), data={"language": _person.language})
    return await _render_form(request, form)


async def create(request: Request) -> Response:
    """A partner saves a new work as a draft, or submits it at once. A form sent twice makes one work."""
    person, organisations = await load_member(request)
    return await _save_form(request, person, organisations, None)


async def edit(request: Request) -> Response:
    """A partner opens a draft or a returned work; the curator's notes stand at the fields."""
    _person, organisations, artwork = await load_artwork(request)
    if not artwork.is_editable:
        return _redirect_to_work(request, artwork, why_not_editable(artwork.status))
    form = form_for_work(artwork, await load_work_options(organisations, artwork))
    return await _render_form(request, form, artwork)


async def update(request: Request) -> Response:
    """A partner saves a work anew, or submits it."""
    person, organisations, artwork = await load_artwork(request)
    return await _save_form(request, person, organisations, artwork)


async def _save_form(
    request: Request, person: Person, organisations: list[Organisation], artwork: Artwork | None
) -> Response:
    storage = storage_of(request)
    async with storage.scratch_folder() as folder:
        received = await FormReader(request, folder, settings_of(request).upload_max_bytes).read()
        form_key = parse_form_key(received.fields.get("form_key"))
        if artwork is None and form_key and (earlier := await _work_with_form_key(form_key, organisations)):
            return _redirect_already_sent(request, earlier)
        if artwork is None and form_key:
            # The form saved itself, and its page did not hear of it any more.
            artwork = await _work_with_form_key(autosave_key(form_key), organisations)
            if artwork is not None:
                received.fields["seen"] = ""  # all that is in the draft came from this very window
        offered = await load_work_options(organisations, artwork)
        merge = merge_values(form_values(artwork), received.fields, keep_conflicts=True) if artwork else None
        fields = form_fields(merge.values, received.fields) if merge else received.fields
        form = WorkForm(fields, offered=offered)
        typing = _typing(request, artwork, form, merge, received.fields)
        kept = await _earlier_upload(received, organisations)
        if artwork is not None and not artwork.is_editable:
            return await _render_too_late(request, artwork, fields, form, kept, typing)
        has_picture = bool(received.file or kept or (artwork and artwork.image_id))
        details = form.read(has_picture)
        status = 413 if received.is_too_large else 422
        fresh = None
        owner = details.organisation if details else (artwork.organisation if artwork else organisations[0])
        found = await _look(request, received, form)
        if received.file is not None and found is not None:
            fresh = await _take(received.file, found, owner, storage, form)
            status = status if fresh else 503
    image = fresh or kept
    if details is None or form.errors or typing["conflicts"]:
        return await _render_form(request, form, artwork, image, form_key, status, typing=typing)
    try:
        replaced = None
        if artwork is None:
            saved = await create_work(details, person, image, form_key)
        else:
            saved, replaced = await update_work(artwork, details, person, image)
            if form_key:  # of a draft that was made while it was typed: sent twice, the form finds it
                await Artwork.filter(id=saved.id, form_key=autosave_key(form_key)).update(form_key=form_key)
    except WorkRefused as refusal:
        form.refuse(refusal.field, refusal.sentence)
        return await _render_form(request, form, artwork, image, form_key, 422, typing=typing)
    except ChangedMeanwhile:
        form.refuse("title", _("The work was saved from another window this very moment. Please save again."))
        return await _render_form(request, form, artwork, image, form_key, 422, typing=typing)
    except NotEditable as refusal:
        if fresh is not None:
            await discard_image(fresh, storage)
        assert artwork is not None
        artwork.status = refusal.status
        return await _render_too_late(request, artwork, fields, form, kept, typing)
    except IntegrityError:
        if fresh is not None:
            await discard_image(fresh, storage)
        if form_key and (earlier := await _work_with_form_key(form_key, organisations)):
            return _redirect_already_sent(request, earlier)
        raise
    except BaseException:
        if fresh is not None:
            await discard_image(fresh, storage)
        raise
    if replaced is not None:
        await discard_image(replaced, storage)
    if received.fields.get("then") == "submit":
        return await _submit(request, person, organisations, saved)
    to_be_framed = received.fields.get("then") == "frame" and saved.image_id is not None
    response = redirect(request, "framings:edit" if to_be_framed else "artworks:show", id=saved.id)
    done = _("The draft is saved.")
    if image is not None and not image.is_looked_at:
        done = f"{done} {waiting_message(image)}"
    flash(request, response, done)
    return response


async def _take(
    file: ReceivedFile, found: InspectedImage, owner: Organisation, storage: Storage, form: Form
) -> Image | None:
    """Keep the uploaded picture; None with a sentence at the field where the store is away."""
    try:
        return await create_image(file, found, owner, storage)
    except StoreUnavailable as away:
        logger.warning("%s", away)
        form.refuse(
            "picture",
            _(
                "The picture could not be kept just now. What you typed is still here: "
                "please choose the picture again and save in a minute."
            ),
        )
        return None


async def _look(request: Request, received: ReceivedForm, form: Form) -> InspectedImage | None:
    """What the uploaded file is; None with a sentence at the field where it cannot be shown."""
    if received.is_too_large:
        form.refuse(
            "picture",
            too_large(settings_of(request).upload_max_bytes),
        )
    elif received.file is not None:
        try:
            return await inspect_upload(received.file, settings_of(request))
        except ImageRefused as refusal:
            form.refuse("picture", str(REFUSALS[refusal.code]))
    elif received.is_empty:
        form.refuse("picture", _("This file is empty: it has 0 bytes. Please choose the picture again."))
    return None


async def _earlier_upload(received: ReceivedForm, organisations: list[Organisation]) -> Image | None:
    """The upload that an earlier answer to this form kept, if it is still there for it."""
    token = received.fields.get("image")
    if not isinstance(token, str) or not token:
        return None
    return await Image.filter(
        token=token[:32],  # a longer one is refused by the database
        organisation_id__in=[each.id for each in organisations],
        artwork=None,
        candidate_for_id=None,
        state__in=[ImageState.RECEIVED, ImageState.READY],
    ).first()


async def _work_with_form_key(form_key: str, organisations: list[Organisation]) -> Artwork | None:
    ids = [each.id for each in organisations]
    made = Artwork.filter(form_key=form_key, organisation_id__in=ids).first()
    return await made.prefetch_related(*WORK_RELATIONS)


def _redirect_already_sent(request: Request, artwork: Artwork) -> Response:
    response = redirect(request, "artworks:show", id=artwork.id)
    flash(request, response, _("This form was sent before. Here is the work that it made."), "hint")
    return response


async def _render_too_late(
    request: Request,
    artwork: Artwork,
    posted: MultiDict,
    form: WorkForm,
    kept: Image | None,
    typing: Mapping[str, Any],
) -> Response:
    """What was typed while somebody else submitted the work, or a curator decided: it cannot be saved, and is shown again."""
    if artwork.status == Status.WITHDRAWN:
        return _redirect_to_work(request, artwork, why_not_editable(artwork.status))
    if artwork.status == Status.ACCEPTED:
        proposal = ProposalForm(posted)
        proposal.refuse(
            "title",
            _(
                "The work was accepted meanwhile. What you typed is still here: you can propose it as a change."
            ),
        )
        return _render_proposal(request, artwork, proposal, 422, kept)
    if artwork.status == Status.SUBMITTED:
        sentence = _(
            "The work was submitted meanwhile, so this could not be saved. What you typed is still here: "
            "take the work back in another window, then save again."
        )
    else:
        sentence = _(
            "The work was declined meanwhile, so this could not be saved. What you typed is still here, "
            "and can be copied from here."
        )
    form.refuse("title", sentence)
    return await _render_form(request, form, artwork, kept, status=422, typing=typing)


def _redirect_to_work(request: Request, artwork: Artwork, sentence: str) -> Response:
    response = redirect(request, "artworks:show", id=artwork.id)
    flash(request, response, sentence, "hint")
    return response


async def _submit(
    request: Request, person: Person, organisations: list[Organisation], saved: Artwork
) -> Response:
    try:
        await submit(saved, by=person)
    except NotSubmittable as refusal:
        if refusal.missing:
            return await _render_missing(request, organisations, saved, refusal.missing)
        response = redirect(request, "artworks:show", id=saved.id)
        flash(request, response, refusal.sentence, "hint")
        return response
    response = redirect(request, "artworks:show", id=saved.id)
    flash(request, response, _("Submitted. A curator will look at it, and you see here what comes of it."))
    return response


async def _render_missing(
    request: Request, organisations: list[Organisation], saved: Artwork, missing: dict[str, str]
) -> Response:
    """The form of a work that is saved but not yet whole, with what lacks at each field."""
    await saved.fetch_related(*WORK_RELATIONS)
    form = form_for_work(saved, await load_work_options(organisations, saved))
    for name, sentence in missing.items():
        form.refuse(name, sentence)
    return await _render_form(request, form, saved, status=422, is_saved=True)


def _picture_problem(image: Image) -> str:
    return waiting_message(image) if image.is_late else str(REFUSALS.get(image.refusal, ""))


async def _render_form(
    request: Request,
    form: WorkForm,
    artwork: Artwork | None = None,
    kept: Image | None = None,
    form_key: str | None = None,
    status: int = 200,
    is_saved: bool = False,
    typing: Mapping[str, Any] | None = None,
) -> Response:
    notes: dict[str, str] = {}
    reason = ""
    if artwork is not None and artwork.status == Status.RETURNED:
        await artwork.fetch_related("reviews")
        review = max(artwork.reviews, key=lambda each: each.at, default=None)
        if review is not None:
            notes, reason = review.notes, review.reason
    image = kept or (artwork.image if artwork else None)
    context = {
        "form": form,
        "work": artwork,
        "notes": notes,
        "reason": reason,
        "image": image,
        "kept": kept,
        "refusal": _picture_problem(image) if image else "",
        "form_key": form_key or secrets.token_hex(16),
        "is_saved": is_saved,
        "has_several": len(form.offered.organisations) > 1,
        "typing": typing or _typing(request, artwork, form),
    }
    return render(request, "artworks/edit.html" if artwork else "artworks/new.html", context, status=status)


def _typing(
    request: Request,
    artwork: Artwork | None,
    form: WorkForm,
    merge: MergedValues | None = None,
    posted: MultiDict | None = None,
) -> dict[str, Any]:
    """What the form needs to save itself: where to, what it shows of the work, and what was changed elsewhere."""
    if artwork is None:
        address = pages_of(request).url("artworks:keep_new")
        empty = {"language": [form.language.data or ""], "starts_on": [today().isoformat()]}
        return {"address": address, "key": "new", "seen": fingerprint(empty), "conflicts": []}
    current = form_values(artwork)
    merge = merge or MergedValues({})
    return {
        "address": pages_of(request).url("artworks:keep", id=artwork.id),
        "key": str(artwork.id),
        "seen": digests_after(merge, current, posted) if posted is not None else fingerprint(current),
        "conflicts": conflicts_payload(merge, current, form),
    }


async def delete(request: Request) -> Response:
    """A partner deletes a draft that is not wanted."""
    _person, _organisations, artwork = await load_artwork(request)
    try:
        await delete_draft(artwork, storage_of(request))
    except NotEditable:
        sentence = _("Only drafts that were never submitted can be deleted.")
        return _redirect_to_work(request, artwork, sentence)
    response = redirect(request, "artworks:index")
    flash(request, response, _("The draft is deleted."))
    return response


async def create_submission(request: Request) -> Response:
    """A partner submits a work from its page."""
    person, organisations, artwork = await load_artwork(request)
    return await _submit(request, person, organisations, artwork)


async def create_taking_back(request: Request) -> Response:
    """A partner takes a work, or a change, back before a curator decides on it."""
    person, _organisations, artwork = await load_artwork(request)
    try:
        await take_back(artwork, person)
    except NothingToTakeBack as refusal:
        return _redirect_to_work(request, artwork, refusal.sentence)
    response = redirect(request, "artworks:show", id=artwork.id)
    flash(request, response, _("Taken back. Nothing that was written is lost."))
    return response


async def new_proposal(request: Request) -> Response:
    """A partner opens the words of an accepted work to propose others, or another picture."""
    _person, _organisations, artwork = await load_artwork(request)
    if artwork.status != Status.ACCEPTED:
        return _redirect_to_work(request, artwork, _("Changes can be proposed to works that are accepted."))
    return _render_proposal(request, artwork, ProposalForm(obj=artwork))


async def create_proposal(request: Request) -> Response:
    """A partner proposes other words or another picture for an accepted work; what was accepted stays on view until it is
    decided."""
    person, organisations, artwork = await load_artwork(request)
    storage = storage_of(request)
    async with storage.scratch_folder() as folder:
        received = await FormReader(request, folder, settings_of(request).upload_max_bytes).read()
        form = ProposalForm(received.fields)
        if artwork.is_editable or artwork.status == Status.WITHDRAWN:
            return _redirect_to_work(
                request, artwork, _("Changes can be proposed to works that are accepted.")
            )
        form.validate()
        form.year_is_right()
        image = await _earlier_upload(received, organisations)
        found = await _look(request, received, form)
        status = 413 if received.is_too_large else 422
        if received.file is not None and found is not None:
            fresh = await _take(received.file, found, artwork.organisation, storage, form)
            status, image = (status, fresh) if fresh else (503, image)
    if form.errors:
        return _render_proposal(request, artwork, form, status, image)
    try:
        texts = {name: form[name].data or "" for name in TEXT_FIELDS}
        await propose(artwork, texts, form["year"].data, person, image)
    except NotSubmittable as refusal:
        if await Artwork.exists(id=artwork.id, status=Status.WITHDRAWN):
            if image is not None:
                await discard_image(image, storage)
            return _redirect_to_work(request, artwork, refusal.sentence)
        if not refusal.missing:
            form.refuse("title", refusal.sentence)
        for name, sentence in refusal.missing.items():
            form.refuse(name, sentence)
        return _render_proposal(request, artwork, form, 422, None if "picture" in refusal.missing else image)
    response = redirect(request, "artworks:show", id=artwork.id)
    flash(
        request,
        response,
        _("Your change is with the curators. Until they decide, what was accepted stays on view."),
    )
    return response


def _render_proposal(
    request: Request, artwork: Artwork, form: ProposalForm, status: int = 200, kept: Image | None = None
) -> Response:
    context = {"work": artwork, "form": form, "kept": kept}
    return render(request, "artworks/proposal.html", context, status=status)


def _consent_words() -> dict[str, object]:
    return {"agreed_by_words": AGREED_BY_WORDS, "scope_words": SCOPE_WORDS, "state_words": STATE_WORDS}


routes = [
    Route("/desk/works", index, name="artworks:index", methods=["GET"]),
    Route("/desk/works/new", new, name="artworks:new", methods=["GET"]),
    Route("/desk/works", create, name="artworks:create", methods=["POST"]),
    Route("/desk/works/{id:int}", show, name="artworks:show", methods=["GET"]),
    Route("/desk/works/{id:int}/edit", edit, name="artworks:edit", methods=["GET"]),
    Route("/desk/works/{id:int}/edit", update, name="artworks:update", methods=["POST"]),
    Route("/desk/works/{id:int}/deletion", delete, name="artworks:delete", methods=["POST"]),
    Route("/desk/works/{id:int}/submissions", create_submission, name="artworks:submit", methods=["POST"]),
    Route(
        "/desk/works/{id:int}/taking-back", create_taking_back, name="artworks:take_back", methods=["POST"]
    ),
    Route("/desk/works/{id:int}/proposal", new_proposal, name="artworks:propose", methods=["GET"]),
    Route(
        "/desk/works/{id:int}/proposal", create_proposal, name="artworks:create_proposal", methods=["POST"]
    ),
]
