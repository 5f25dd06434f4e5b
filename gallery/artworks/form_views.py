"""The form of a work: new, create, edit and update. After an error, all typed values and the picture are kept."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import MultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.exceptions import IntegrityError

from gallery.accounts.models import Person
from gallery.artworks.access import WORK_RELATIONS, find_artwork, load_artwork
from gallery.artworks.autosave import AUTOSAVED_FIELDS, MergedValues, autosave_key, merge_values
from gallery.artworks.autosave_views import conflicts_payload, digests_after, is_of_another
from gallery.artworks.consent_request_views import ask_and_answer
from gallery.artworks.entry import WorkEntry
from gallery.artworks.filters import MAX_QUERY_LENGTH
from gallery.artworks.forms import (
    WorkForm,
    form_fields,
    form_for_work,
    form_values,
    parse_form_key,
    picture_blocks,
    proposal_form,
    translation_blocks,
    work_form,
)
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import Artwork, Status
from gallery.artworks.proposal_views import render_proposal
from gallery.artworks.redirects import redirect_to_work
from gallery.artworks.sent_pictures import add_sent_picture, earlier_upload
from gallery.artworks.submissions import NotSubmittable, submit
from gallery.artworks.timeline import field_notes
from gallery.artworks.voice_views import VoiceForm, recording_headers
from gallery.artworks.works import (
    PICTURE_TEXTS,
    TRANSLATED_FIELDS,
    NotEditable,
    WorkDetails,
    WorkRefused,
    load_form_options,
    load_work_options,
    not_editable_reason,
)
from gallery.clock import today
from gallery.images.models import Image
from gallery.images.sandbox.parent import REFUSALS
from gallery.images.sandbox.sound_parent import takes_sounds
from gallery.images.sound_files import MAX_SECONDS
from gallery.images.sound_refusals import NO_SOUNDS
from gallery.images.uploads import FormReader, ReceivedForm, too_large, waiting_message
from gallery.organisations.access import load_member
from gallery.organisations.models import Organisation
from gallery.web.edit_conflicts import EditConflict, seen_field
from gallery.web.forms import one_line
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.rendering import flash, pages_of, redirect, render, settings_of, storage_of
from gallery.web.texts import find_language
from gallery.web.texts_form import UNKNOWN_LANGUAGE

OF_ANOTHER = _l(
    "Somebody else has signed in here since this form was opened. Save again if the work is yours to enter."
)


async def new(request: Request) -> Response:
    """A partner opens an empty form."""
    person, organisations = await load_member(request)
    form = work_form(offered=await load_form_options(organisations), data={"language": person.language})
    return await _render_form(request, form)


async def offline(request: Request) -> Response:
    """A partner's browser fetches the form that it opens without a line.

    It names nothing that belongs to the organisation: no artists, consents or projects. An artist is found by name.
    """
    person, organisations = await load_member(request)
    if request.headers.get("sec-fetch-mode") == "navigate":
        return redirect(request, "artworks:new")  # the page would say that there is no connection
    offered = await load_work_options(organisations, None, [])
    form = work_form(offered=offered, data={"language": person.language})
    return await _render_form(request, form, is_offline=True)


async def create(request: Request) -> Response:
    """A partner saves a new work as a draft, or submits it. Sending the same form twice makes one work."""
    person, organisations = await load_member(request)
    return await _save_form(request, person, organisations, None)


async def edit(request: Request) -> Response:
    """A partner opens a draft or a returned work; the curator's notes are next to the fields."""
    _person, organisations, artwork = await load_artwork(request)
    if not artwork.is_editable:
        return redirect_to_work(request, artwork, not_editable_reason(artwork.status))
    offered = await load_form_options(organisations, artwork, [form_values(artwork)])
    return await _render_form(request, form_for_work(artwork, offered), artwork)


async def update(request: Request) -> Response:
    """A partner saves a draft or returned work, or submits it."""
    person, organisations, artwork = await load_artwork(request)
    return await _save_form(request, person, organisations, artwork)


@dataclass
class SentForm:
    """A form as the browser sent it, merged with the current values of the work."""

    request: Request
    person: Person
    organisations: list[Organisation]
    artwork: Artwork | None  # the work to change; None for a new work
    form_key: str | None
    values: MultiDict
    form: WorkForm
    typing: Mapping[str, Any]  # see `_autosave_context`
    then: object  # name of the pressed button: save, row, submit, ask, frame, pictures, voice or find
    words: str  # with `find`: the credit name by which an artist is searched

    async def render_again(
        self, image: Image | None, status: int = 422, *, added: str | None = None
    ) -> Response:
        return await _render_form(
            self.request,
            self.form,
            self.artwork,
            image,
            self.form_key,
            status,
            typing=self.typing,
            added=added,
            words=self.words,
        )


async def _save_form(
    request: Request, person: Person, organisations: list[Organisation], artwork: Artwork | None
) -> Response:
    storage, settings = storage_of(request), settings_of(request)
    async with storage.scratch_folder() as folder, WorkEntry(storage, settings, person) as entry:
        received = await FormReader(request, folder, settings.upload_max_bytes).read()
        form_key = parse_form_key(received.fields.get("form_key"))
        if artwork is None and form_key:
            if earlier := await find_artwork(organisations, form_key=form_key):
                return _redirect_already_sent(request, earlier)
            # Autosave may have created the draft although the page did not receive the response.
            artwork = await find_artwork(organisations, form_key=autosave_key(form_key))
            if artwork is not None:
                received.fields["seen"] = ""  # nobody else has seen this draft: take every posted value
        sent = await _read_form(request, received, person, organisations, artwork, form_key)
        kept = await earlier_upload(received, organisations)
        if artwork is not None and not artwork.is_editable:
            return await _render_too_late(sent, artwork, kept)
        entry.reuse_picture(kept)
        if sent.then == "language":
            return await _add_language(sent, entry, received)
        is_search = sent.then == "find" and bool(sent.words)  # a search checks and saves nothing
        has_picture = bool(received.file or kept or (artwork and artwork.image_id))
        details = None if is_search else sent.form.read(has_picture)
        if is_of_another(received.fields, person):
            sent.form.refuse("title", str(OF_ANOTHER))
        owner = details.organisation if details else (artwork.organisation if artwork else organisations[0])
        status = await add_sent_picture(entry, received, owner, sent.form)
        if details is None or sent.form.errors or sent.typing["conflicts"]:
            entry.keep_picture()
            return await sent.render_again(
                entry.picture, status if sent.form.errors or not is_search else 200
            )
        return await _enter(sent, entry, received, details, kept)


async def _add_language(sent: SentForm, entry: WorkEntry, received: ReceivedForm) -> Response:
    """Show the form again, with the fields for one more translation. Nothing is saved; typed values are kept."""
    owner = sent.artwork.organisation if sent.artwork else sent.organisations[0]
    status = await add_sent_picture(entry, received, owner, sent.form)
    added = _added_language(received.fields)
    if added is None:
        sent.form.refuse("add_language_other", str(UNKNOWN_LANGUAGE))
    else:
        sent.form["add_language"].data = sent.form["add_language_other"].data = ""
    entry.keep_picture()
    return await sent.render_again(entry.picture, status if sent.form.errors else 200, added=added)


def _added_language(fields: MultiDict) -> str | None:
    """The language of the translation to add; None if the typed text is not the name of a language."""
    typed = fields.get("add_language_other") or fields.get("add_language")
    return find_language(typed) if isinstance(typed, str) else None


async def _read_form(
    request: Request,
    received: ReceivedForm,
    person: Person,
    organisations: list[Organisation],
    artwork: Artwork | None,
    form_key: str | None,
) -> SentForm:
    current = form_values(artwork) if artwork else {}
    merge = merge_values(current, received.fields, keep_conflicts=True) if artwork else None
    values = form_fields(merge.values, received.fields) if merge else received.fields
    named_in = [current, {name: values.getlist(name) for name in ("artist", "consent")}]
    words = one_line(received.fields.get("find"))[:MAX_QUERY_LENGTH]
    offered = await load_form_options(organisations, artwork, named_in, words)
    then = received.fields.get("then")
    added = _added_language(received.fields) if then == "language" else None
    form = work_form(values, offered=offered, add=added)
    typing = _autosave_context(request, artwork, form, merge, received.fields)
    return SentForm(request, person, organisations, artwork, form_key, values, form, typing, then, words)


async def _enter(
    sent: SentForm, entry: WorkEntry, received: ReceivedForm, details: WorkDetails, kept: Image | None
) -> Response:
    artwork, form_key = sent.artwork, sent.form_key
    try:
        saved = await entry.save(details, artwork, form_key)
        if artwork is not None and form_key:
            # Autosave made the draft. `form_key` must find it if this form is sent twice.
            await Artwork.filter(id=saved.id, form_key=autosave_key(form_key)).update(form_key=form_key)
    except WorkRefused as refusal:
        sent.form.refuse(refusal.field, refusal.sentence)
    except EditConflict:
        return await _enter_again(sent, entry, received, kept)
    except NotEditable as refusal:
        assert artwork is not None
        artwork.status = refusal.status
        return await _render_too_late(sent, artwork, kept)
    except IntegrityError:
        if form_key and (earlier := await find_artwork(sent.organisations, form_key=form_key)):
            return _redirect_already_sent(sent.request, earlier)
        raise
    else:
        return await _answer_saved(sent, saved, entry.picture)
    entry.keep_picture()
    return await sent.render_again(entry.picture)


async def _enter_again(
    sent: SentForm, entry: WorkEntry, received: ReceivedForm, kept: Image | None
) -> Response:
    """Merge the form with the work once more: the work was saved after this request had read it.

    Often by the page itself: a browser sends the autosave of a page that is left next to the form.
    """
    assert sent.artwork is not None
    artwork = await find_artwork(sent.organisations, id=sent.artwork.id)
    if artwork is None:
        raise HTTPException(404)
    again = await _read_form(sent.request, received, sent.person, sent.organisations, artwork, sent.form_key)
    if not artwork.is_editable:
        return await _render_too_late(again, artwork, kept)
    details = again.form.read(bool(entry.picture or artwork.image_id))
    if details is None or again.typing["conflicts"]:
        entry.keep_picture()
        return await again.render_again(entry.picture)
    return await _enter(again, entry, received, details, kept)


async def _answer_saved(sent: SentForm, saved: Artwork, image: Image | None) -> Response:
    if sent.then == "submit":
        return await submit_work(sent.request, sent.person, sent.organisations, saved)
    if sent.then == "row":
        return redirect(sent.request, "bulk_upload:new", fragment=f"draft-{saved.id}")
    if sent.then == "ask":
        return await ask_and_answer(sent.request, sent.person, sent.organisations, [saved.id])
    following = "artworks:show"
    if sent.then == "voice":
        following = "voices:edit"
    elif sent.then == "pictures":
        following = "pictures:edit"
    elif sent.then == "frame" and saved.image_id is not None:
        following = "framings:edit"
    response = redirect(sent.request, following, id=saved.id)
    done = _("The draft is saved.")
    if image is not None and not image.is_inspected:
        done = f"{done} {waiting_message(image)}"
    flash(sent.request, response, done)
    return response


def _redirect_already_sent(request: Request, artwork: Artwork) -> Response:
    sentence = _("This form was already sent. Here is the work that it created.")
    return redirect_to_work(request, artwork, sentence)


async def _render_too_late(sent: SentForm, artwork: Artwork, kept: Image | None) -> Response:
    """Show the typed values, which can no longer be saved: the work has been submitted or decided."""
    if artwork.status == Status.WITHDRAWN:
        return redirect_to_work(sent.request, artwork, not_editable_reason(artwork.status))
    if artwork.status == Status.ACCEPTED:
        proposal = proposal_form(artwork, sent.values)
        proposal.refuse(
            "title",
            _(
                "The work has been accepted in the meantime. What you typed is still here: you can propose it as "
                "a change."
            ),
        )
        return render_proposal(sent.request, artwork, proposal, 422, kept)
    if artwork.status == Status.SUBMITTED:
        sentence = _(
            "The work has been submitted in the meantime, so this could not be saved. What you typed is "
            "still here: take the work back in another window, then save again."
        )
    else:
        sentence = _(
            "The work has been declined in the meantime, so this could not be saved. What you typed is still "
            "here, and you can copy it."
        )
    sent.form.refuse("title", sentence)
    return await _render_form(sent.request, sent.form, artwork, kept, status=422, typing=sent.typing)


async def submit_work(
    request: Request, person: Person, organisations: list[Organisation], artwork: Artwork
) -> Response:
    """Submit a saved work and redirect to its page. If fields are missing, show the form with errors."""
    try:
        await submit(artwork, by=person)
    except NotSubmittable as refusal:
        if refusal.missing:
            return await _render_missing(request, organisations, artwork, refusal.missing)
        return redirect_to_work(request, artwork, refusal.sentence)
    sentence = _("Submitted. A curator will look at it, and you will see the result here.")
    return redirect_to_work(request, artwork, sentence, "done")


async def _render_missing(
    request: Request, organisations: list[Organisation], saved: Artwork, missing: dict[str, str]
) -> Response:
    await saved.fetch_related(*WORK_RELATIONS)
    await load_further_pictures([saved])
    form = form_for_work(saved, await load_form_options(organisations, saved, [form_values(saved)]))
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
    added: str | None = None,
    words: str = "",
    is_offline: bool = False,
) -> Response:
    notes: dict[str, str] = {}
    reason = ""
    if artwork is not None and artwork.status == Status.RETURNED:
        await artwork.fetch_related("reviews")
        review = max(artwork.reviews, key=lambda each: each.at, default=None)
        if review is not None:
            notes, reason = review.notes, review.reason
    image = kept or (artwork.image if artwork else None)
    further = picture_blocks(form, artwork)
    has_caption = bool(further or form.caption.data or form.caption.errors or notes.get("caption"))
    context = {
        "form": form,
        "work": artwork,
        "notes": notes,
        "noted": field_notes(notes, form),
        "reason": reason,
        "image": image,
        "kept": kept,
        "refusal": _picture_problem(image) if image else "",
        "form_key": form_key or secrets.token_hex(16),
        "is_saved": is_saved,
        "is_offline": is_offline,
        "words": words,
        "has_several": len(form.offered.organisations) > 1,
        "typing": typing or _autosave_context(request, artwork, form),
        "translations": translation_blocks(
            form, [each for each in TRANSLATED_FIELDS if each not in {"transcript", *PICTURE_TEXTS}]
        ),
        "captions": translation_blocks(form, ["caption"]),
        "picture_texts": further,
        "has_caption": has_caption,
        "picture_translations": translation_blocks(form, PICTURE_TEXTS if has_caption else ["alt_text"]),
        "spoken_translations": translation_blocks(form, ["transcript"]),
        "added": added or "",
        "sound": artwork.sound if artwork else None,
        "takes_sounds": takes_sounds(),
        "no_sounds": NO_SOUNDS,
        "voice_form": VoiceForm(),
        "max_seconds": MAX_SECONDS,
        "too_large": too_large(settings_of(request).upload_max_bytes),
    }
    template = "artworks/edit.html" if artwork else "artworks/new.html"
    headers = recording_headers(settings_of(request))
    return render(request, template, context, status=status, headers=headers)


def _autosave_context(
    request: Request,
    artwork: Artwork | None,
    form: WorkForm,
    merge: MergedValues | None = None,
    posted: MultiDict | None = None,
) -> dict[str, Any]:
    """Autosave data for the form: the URL, digests of the shown values, and fields changed elsewhere."""
    if artwork is None:
        address = pages_of(request).url("artworks:autosave_new")
        empty = {"language": [form.language.data or ""], "starts_on": [today().isoformat()]}
        return {
            "address": address,
            "key": "new",
            "seen": seen_field(empty, AUTOSAVED_FIELDS),
            "conflicts": [],
        }
    current = form_values(artwork)
    merge = merge or MergedValues({})
    return {
        "address": pages_of(request).url("artworks:autosave", id=artwork.id),
        "key": str(artwork.id),
        "seen": seen_field(current) if posted is None else digests_after(merge, current, posted),
        "conflicts": conflicts_payload(merge, current, form),
    }


routes = [
    Route("/desk/works/new", new, name="artworks:new", methods=["GET"]),
    Route("/desk/works/offline", offline, name="artworks:offline", methods=["GET"]),
    Route("/desk/works", create, name="artworks:create", methods=["POST"]),
    Route("/desk/works/{id:int}/edit", edit, name="artworks:edit", methods=["GET"]),
    Route("/desk/works/{id:int}/edit", update, name="artworks:update", methods=["POST"]),
]
