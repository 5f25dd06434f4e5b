"""Bulk upload: a page that takes many pictures, lists their drafts, and sets values on several drafts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.models import Person
from gallery.artworks.access import WORK_RELATIONS, load_artwork
from gallery.artworks.autosave import FIELDS_SAVED_BY_HAND, form_with
from gallery.artworks.entry import WorkEntry
from gallery.artworks.forms import ACCEPTED_PICTURES, BulkEditForm, form_for_work, form_values
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.joining import join_works, split_work
from gallery.artworks.models import Artwork, Status
from gallery.artworks.submissions import NotSubmittable, submit
from gallery.artworks.works import (
    NotEditable,
    WorkRefused,
    blank_details,
    desk_title,
    load_work_options,
)
from gallery.images.sandbox.parent import REFUSALS, ImageRefused
from gallery.images.uploads import MultiFileFormReader, ReceivedFile, too_large, waiting_message
from gallery.numbers import whole_numbers
from gallery.organisations.access import load_member
from gallery.organisations.models import Organisation
from gallery.web.edit_conflicts import EditConflict, seen_field
from gallery.web.forms import read_desk_form
from gallery.web.languages import file_size
from gallery.web.languages import gettext as _
from gallery.web.list_pages import fetch_page
from gallery.web.rendering import pages_of, redirect, render, settings_of, storage_of

MAX_PICTURES = 100  # with JavaScript: the most pictures in one file selection
MAX_FORM_PICTURES = 30  # without JavaScript: fewer, because the browser waits for all of them
MAX_FORM_BYTES = 300_000_000
PAGE_SIZE = 20  # drafts on one page; each has its own form


@dataclass(frozen=True)
class BulkRefusal:
    """Why one uploaded file or one chosen draft could not be processed."""

    name: str
    sentence: str
    work: int | None = None  # id of the draft whose form can correct the error


async def new(request: Request) -> Response:
    """A partner opens the page to send pictures and to describe the drafts."""
    person, organisations = await load_member(request)
    return await _render_page(request, person, organisations)


async def create(request: Request) -> Response:
    """A partner without JavaScript sends several pictures in one form; each becomes a draft."""
    person, organisations = await load_member(request)
    storage, settings = storage_of(request), settings_of(request)
    refused: list[BulkRefusal] = []
    async with storage.scratch_folder() as folder:
        most = settings.upload_max_bytes
        reader = MultiFileFormReader(request, folder, most, MAX_FORM_PICTURES, MAX_FORM_BYTES)
        received = await reader.read()
        chosen = received.fields.get("organisation")
        organisation = next((each for each in organisations if str(each.id) == chosen), organisations[0])
        for file in received.files:
            async with WorkEntry(storage, settings, person) as entry:
                if sentence := await _create_draft(entry, file, organisation, person):
                    refused.append(BulkRefusal(file.name, sentence))
    arrived = len(received.files) - len(refused)
    refused.extend(BulkRefusal(name, too_large(settings.upload_max_bytes)) for name in received.too_large)
    if received.left_out:
        refused.append(BulkRefusal("", _left_out(received.left_out)))
    if not arrived and not refused:
        refused.append(BulkRefusal("", _("Please choose one picture or more.")))
    if not refused:
        return redirect(request, "bulk_upload:new", fragment="drafts")
    return await _render_page(request, person, organisations, refused=refused, arrived=arrived)


async def _create_draft(entry: WorkEntry, file: ReceivedFile, organisation: Organisation, by: Person) -> str:
    """Create a draft from one file; returns the reason if that is not possible, else ""."""
    if not file.size:
        return _("This file is empty: it has 0 bytes. Please choose the picture again.")
    try:
        await entry.add_picture(file, organisation)
    except ImageRefused as refusal:
        return str(REFUSALS[refusal.code])
    await entry.save(blank_details(organisation, by))
    return ""


def _left_out(names: list[str]) -> str:
    return _(
        "One form accepts %(most)s pictures, %(size)s in total. The first ones were kept; please send "
        "these again in another form: %(names)s"
    ) % {"most": MAX_FORM_PICTURES, "size": file_size(MAX_FORM_BYTES), "names": ", ".join(names)}


async def show(request: Request) -> Response:
    """A script of the page fetches the table row of one new draft."""
    _person, organisations, artwork = await load_artwork(request)
    await artwork.fetch_related("consent__artist")
    if artwork.status != Status.DRAFT:
        raise HTTPException(404)
    (row,) = await _draft_rows(request, organisations, [artwork])
    return render(request, "artworks/bulk_upload_row.html", {"row": row})


async def update(request: Request) -> Response:
    """A partner sets values on the chosen drafts; the page names the drafts that could not be changed."""
    person, organisations = await load_member(request)
    posted = await read_desk_form(request)
    offered = await load_work_options(organisations)
    form = BulkEditForm(posted, offered=offered)
    ids = _chosen_ids(posted)
    form.validate()
    if not ids:
        form.refuse("work", _("Please choose at least one draft."))
    elif not form.set_fields:
        form.refuse("work", _("Please fill in at least one thing that the chosen drafts have in common."))
    if form.errors:
        return await _render_page(request, person, organisations, form, chosen=ids)
    refused: list[BulkRefusal] = []
    works = await _load_drafts(ids, organisations)
    async with WorkEntry(storage_of(request), settings_of(request), person) as entry:
        for artwork in works:
            if sentence := await _set_common_values(entry, artwork, form, organisations):
                refused.append(_refusal_of(artwork, sentence))
    set_on = len(works) - len(refused)
    chosen = ids if refused else []
    return await _render_page(request, person, organisations, refused=refused, set_on=set_on, chosen=chosen)


async def create_submissions(request: Request) -> Response:
    """A partner submits the chosen drafts; the page says why any of them could not be submitted."""
    person, organisations = await load_member(request)
    ids = _chosen_ids(await read_desk_form(request))
    works = await _load_drafts(ids, organisations)
    refused = [] if works else [BulkRefusal("", _("Please choose at least one draft."))]
    for artwork in works:
        try:
            await submit(artwork, by=person)
        except NotSubmittable as refusal:
            labels = form_for_work(
                artwork, await load_work_options(organisations, artwork, [form_values(artwork)])
            )
            names = [str(labels[name].label.text) for name in refusal.missing if name in labels]
            sentence = _("It still needs: %(fields)s.") % {"fields": _(", ").join(names)}
            refused.append(_refusal_of(artwork, sentence if names else refusal.sentence))
    return await _render_page(
        request,
        person,
        organisations,
        refused=refused,
        submitted=sum(each.status == Status.SUBMITTED for each in works),
        chosen=[each.id for each in works],
    )


async def create_work(request: Request) -> Response:
    """A partner says that the chosen drafts are pictures of one work."""
    person, organisations = await load_member(request)
    ids = _chosen_ids(await read_desk_form(request))
    works = await _load_drafts(ids, organisations)
    try:
        await join_works(works, person)
    except (NotEditable, WorkRefused) as refusal:
        refused = [BulkRefusal("", refusal.sentence)]
        return await _render_page(request, person, organisations, refused=refused, chosen=ids)
    return redirect(request, "bulk_upload:new", fragment="drafts")


async def split(request: Request) -> Response:
    """A partner takes a draft apart: each of its pictures becomes a draft of its own."""
    person, organisations, artwork = await load_artwork(request)
    try:
        await split_work(artwork, person)
    except (NotEditable, WorkRefused) as refusal:
        refused = [_refusal_of(artwork, refusal.sentence)]
        return await _render_page(request, person, organisations, refused=refused)
    return redirect(request, "bulk_upload:new", fragment="drafts")


def _chosen_ids(posted: ImmutableMultiDict[str, Any]) -> list[int]:
    """The ids of the chosen drafts, at most MAX_PICTURES."""
    return whole_numbers(posted.getlist("work"))[:MAX_PICTURES]


async def _load_drafts(ids: list[int], organisations: list[Organisation]) -> list[Artwork]:
    works = Artwork.filter(id__in=ids, organisation_id__in=[each.id for each in organisations])
    found = await works.order_by("id").prefetch_related(*WORK_RELATIONS)
    await load_further_pictures(found)
    return found


def _refusal_of(artwork: Artwork, sentence: str) -> BulkRefusal:
    editable_id = artwork.id if artwork.is_editable else None
    return BulkRefusal(desk_title(artwork), sentence, editable_id)


async def _set_common_values(
    entry: WorkEntry, artwork: Artwork, common: BulkEditForm, organisations: list[Organisation]
) -> str:
    """Set the common values on one draft, validated by its form; returns the reason of a refusal, or ""."""
    named_in = [form_values(artwork), common.set_fields]
    form = form_with(artwork, common.set_fields, await load_work_options(organisations, artwork, named_in))
    details = form.read(has_picture=True)
    if details is None:
        wrong = [name for name in form.errors if name in common.set_fields or name not in artwork.unfinished]
        if wrong:
            return str(form.errors[wrong[0]][0])
        return _("Something you typed is not finished yet. It is kept in the form.")
    try:
        await entry.save(details, artwork)
    except (NotEditable, WorkRefused) as refusal:
        return refusal.sentence
    except EditConflict:
        return _("The work has just been saved from another window. Please save again.")
    return ""


async def _render_page(
    request: Request,
    person: Person,
    organisations: list[Organisation],
    common: BulkEditForm | None = None,
    **result: Any,
) -> Response:
    """Render the page.

    `common`: the form of common values, if it has errors. `result`: values for the messages in the template.
    """
    drafts = Artwork.filter(
        organisation_id__in=[each.id for each in organisations], created_by=person, status=Status.DRAFT
    )
    total = await drafts.count()
    newest_first = drafts.order_by("-id").prefetch_related(*WORK_RELATIONS, "consent__artist")
    page = await fetch_page(newest_first, request.query_params, PAGE_SIZE)
    await load_further_pictures(page.rows)
    context = {
        "rows": await _draft_rows(request, organisations, page.rows),
        "total": total,
        "page": page,
        "common": common or BulkEditForm(offered=await load_work_options(organisations)),
        "organisations": organisations,
        "accept": ACCEPTED_PICTURES,
        "most": MAX_PICTURES,
        "most_in_a_form": MAX_FORM_PICTURES,
        "most_bytes_in_a_form": MAX_FORM_BYTES,
        "largest": settings_of(request).upload_max_bytes,
        "too_large": too_large(settings_of(request).upload_max_bytes),
        **{"chosen": [], "refused": [], "arrived": 0, "set_on": 0, "submitted": 0, **result},
    }
    status = 422 if common or result.get("refused") else 200
    return render(request, "artworks/bulk_upload.html", context, status=status)


async def _draft_rows(
    request: Request, organisations: list[Organisation], works: list[Artwork]
) -> list[dict[str, Any]]:
    """The drafts, each with a small form of ROW_FIELDS."""
    offered = await load_work_options(organisations)
    rows = []
    for artwork in works:
        form = form_for_work(artwork, _options_for(offered, artwork))
        for field in form:
            field.id = f"{field.name}-{artwork.id}"
            field.label.field_id = field.id
        rows.append(
            {
                "work": artwork,
                "form": form,
                "why_it_waits": waiting_message(artwork.image) if artwork.image else "",
                "typing": {
                    "address": pages_of(request).url("artworks:autosave", id=artwork.id),
                    "key": str(artwork.id),
                    "seen": seen_field(form_values(artwork), ROW_FIELDS),
                },
            }
        )
    return rows


def _options_for(offered: Any, artwork: Artwork) -> Any:
    """The choices in the form of one draft, without a query.

    They are the choices of its organisation, and the artist, consent, project and themes that the draft has
    already.
    """
    own = artwork.organisation_id
    consents = [each for each in offered.consents if each.artist.organisation_id == own]
    if artwork.consent is not None and artwork.consent_id not in {each.id for each in consents}:
        consents.append(artwork.consent)  # an ended consent is no longer offered, but this draft has it
    themes = list(offered.themes)
    themes += [theme for theme in artwork.themes if theme.id not in {each.id for each in themes}]
    return replace(
        offered,
        organisations=[each for each in offered.organisations if each.id == own],
        artists=[each for each in offered.artists if each.organisation_id == own],
        consents=consents,
        projects=[each for each in offered.projects if each.organisation_id == own],
        themes=themes,
    )


ROW_FIELDS = ("title", "story", "alt_text", "artist", "consent", "themes", "project", *FIELDS_SAVED_BY_HAND)

routes = [
    Route("/desk/works/many", new, name="bulk_upload:new", methods=["GET"]),
    Route("/desk/works/many", create, name="bulk_upload:create", methods=["POST"]),
    Route("/desk/works/many/common", update, name="bulk_upload:update", methods=["POST"]),
    Route("/desk/works/many/submissions", create_submissions, name="bulk_upload:submit", methods=["POST"]),
    Route("/desk/works/many/together", create_work, name="bulk_upload:join", methods=["POST"]),
    Route("/desk/works/many/{id:int}", show, name="bulk_upload:show", methods=["GET"]),
    Route("/desk/works/many/{id:int}/apart", split, name="bulk_upload:split", methods=["POST"]),
]
