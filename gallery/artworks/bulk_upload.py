"""Bulk upload: a page that takes many pictures, lists their drafts, and sets values on several drafts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from wtforms import RadioField

from gallery.accounts.models import Person
from gallery.artists.forms import CheckboxesField
from gallery.artists.models import ConsentRequest
from gallery.artworks.access import WORK_RELATIONS, load_artwork
from gallery.artworks.autosave import FIELDS_SAVED_BY_HAND, autosave, form_with, values_with
from gallery.artworks.consent_requests import unseen_by_family, waiting_requests
from gallery.artworks.entry import WorkEntry
from gallery.artworks.forms import (
    ACCEPTED_PICTURES,
    BulkEditForm,
    WorkForm,
    form_fields,
    form_for_work,
    form_values,
)
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.joining import join_works, split_work
from gallery.artworks.models import Artwork, Status
from gallery.artworks.submissions import NotSubmittable, missing_in, submit
from gallery.artworks.works import (
    NotEditable,
    PictureIsHere,
    WorkRefused,
    load_form_options,
    load_work_options,
    older_with_same_file,
    works_with_files,
)
from gallery.clock import today
from gallery.images.sandbox.parent import REFUSALS, ImageRefused
from gallery.images.uploads import MultiFileFormReader, ReceivedFile, too_large, waiting_message
from gallery.numbers import whole_numbers
from gallery.organisations.access import load_member
from gallery.organisations.models import Organisation
from gallery.themes.extensions import extended_deadlines
from gallery.web.edit_conflicts import EditConflict, seen_field
from gallery.web.forms import read_desk_form
from gallery.web.languages import file_size
from gallery.web.languages import gettext as _
from gallery.web.list_pages import fetch_page
from gallery.web.rendering import pages_of, redirect, render, settings_of, storage_of

MAX_PICTURES = 100  # with JavaScript: the most pictures in one file selection
MAX_FORM_PICTURES = 30  # without JavaScript: fewer, because the browser waits for all of them
MAX_FORM_BYTES = 300_000_000
PAGE_SIZE = 40  # drafts on one page; each has its own form


@dataclass(frozen=True)
class BulkRefusal:
    """Why some uploaded files or chosen drafts could not be processed."""

    sentence: str
    names: Sequence[
        tuple[str, str]
    ] = ()  # drafts, each with the address of the field to correct; "" if there is none


async def new(request: Request) -> Response:
    """A partner opens the page to send pictures and to describe the drafts."""
    person, organisations = await load_member(request)
    return await _render_page(request, person, organisations)


async def create(request: Request) -> Response:
    """A partner without JavaScript sends several pictures in one form; each becomes a draft."""
    person, organisations = await load_member(request)
    storage, settings = storage_of(request), settings_of(request)
    refused: list[BulkRefusal] = []
    skipped: list[str] = []
    async with storage.scratch_folder() as folder:
        most = settings.upload_max_bytes
        reader = MultiFileFormReader(request, folder, most, MAX_FORM_PICTURES, MAX_FORM_BYTES)
        received = await reader.read()
        chosen = received.fields.get("organisation")
        organisation = next((each for each in organisations if str(each.id) == chosen), organisations[0])
        for file in received.files:
            async with WorkEntry(storage, settings, person) as entry:
                try:
                    sentence = await _create_draft(entry, file, organisation)
                except PictureIsHere:
                    skipped.append(file.name)
                else:
                    refused += [BulkRefusal(sentence, [(file.name, "")])] if sentence else []
    arrived = len(received.files) - len(refused) - len(skipped)
    if received.too_large:
        names = [(name, "") for name in received.too_large]
        refused.append(BulkRefusal(too_large(settings.upload_max_bytes), names))
    if received.left_out:
        refused.append(BulkRefusal(_left_out(received.left_out)))
    if not (arrived or refused or skipped):
        refused.append(BulkRefusal(_("Please choose one picture or more.")))
    if not (refused or skipped):
        return redirect(request, "bulk_upload:new", fragment="drafts")
    return await _render_page(
        request, person, organisations, refused=refused, arrived=arrived, skipped=skipped
    )


async def create_check(request: Request) -> Response:
    """For a script: which files, given by their SHA-256, the organisations already have and need not send again."""
    _person, organisations = await load_member(request)
    digests = (await read_desk_form(request)).getlist("sha256")[:MAX_PICTURES]
    here = await works_with_files([each.id for each in organisations], digests)
    return JSONResponse({"here": sorted(here)}, headers={"cache-control": "no-store"})


async def _create_draft(entry: WorkEntry, file: ReceivedFile, organisation: Organisation) -> str:
    """Create a draft from one file; returns the reason if that is not possible, else "". Raises PictureIsHere."""
    if not file.size:
        return _("This file is empty: it has 0 bytes. Please choose the picture again.")
    try:
        await entry.add_picture(file, organisation)
    except ImageRefused as refusal:
        return str(REFUSALS[refusal.code])
    await entry.save_new_picture(organisation)
    return ""


def _left_out(names: list[str]) -> str:
    return _(
        "One form accepts %(most)s pictures, %(size)s in total. The first ones were kept; please send "
        "these again in another form: %(names)s"
    ) % {"most": MAX_FORM_PICTURES, "size": file_size(MAX_FORM_BYTES), "names": ", ".join(names)}


async def show(request: Request) -> Response:
    """For a script: the table row of one new draft."""
    _person, organisations, artwork = await load_artwork(request)
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
    form.check()
    if not ids:
        form.refuse("work", _("Please choose at least one draft."))
    elif not (form.set_fields or form.terms or form.errors):
        form.refuse("work", _("Please fill in at least one thing that the chosen drafts have in common."))
    if form.errors:
        return await _render_page(request, person, organisations, form, chosen=ids)
    refused: list[BulkRefusal] = []
    works = await _load_drafts(ids, organisations)
    async with WorkEntry(storage_of(request), settings_of(request), person) as entry:
        for artwork in works:
            if sentence := await _set_common_values(entry, artwork, form, organisations, person):
                refused.append(_refusal_of(request, artwork, sentence))
    set_on = len(works) - len(refused)
    chosen = ids if refused else []
    return await _render_page(request, person, organisations, refused=refused, set_on=set_on, chosen=chosen)


async def create_submissions(request: Request) -> Response:
    """A partner submits the chosen drafts; the page says why any of them could not be submitted."""
    person, organisations = await load_member(request)
    ids = _chosen_ids(await read_desk_form(request))
    works = await _load_drafts(ids, organisations)
    refused = [] if works else [BulkRefusal(_("Please choose at least one draft."))]
    missing: dict[int, Mapping[str, str]] = {}
    for artwork in works:
        try:
            await submit(artwork, by=person)
        except NotSubmittable as refusal:
            missing[artwork.id] = refusal.missing
            if not refusal.missing:
                refused.append(_refusal_of(request, artwork, refusal.sentence))
    return await _render_page(
        request,
        person,
        organisations,
        refused=refused,
        missing={id: names for id, names in missing.items() if names},
        submitted=sum(each.status == Status.SUBMITTED for each in works),
        chosen=[each.id for each in works],
    )


async def create_work(request: Request) -> Response:
    """A partner makes the chosen drafts one work with several pictures."""
    person, organisations = await load_member(request)
    ids = _chosen_ids(await read_desk_form(request))
    works = await _load_drafts(ids, organisations)
    try:
        await join_works(works, person)
    except (NotEditable, WorkRefused) as refusal:
        refused = [BulkRefusal(refusal.sentence)]
        return await _render_page(request, person, organisations, refused=refused, chosen=ids)
    return redirect(request, "bulk_upload:new", fragment="drafts")


async def split(request: Request) -> Response:
    """A partner splits a draft: each of its further pictures becomes a separate draft."""
    person, organisations, artwork = await load_artwork(request)
    try:
        await split_work(artwork, person)
    except (NotEditable, WorkRefused) as refusal:
        refused = [_refusal_of(request, artwork, refusal.sentence)]
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


def _refusal_of(request: Request, artwork: Artwork, sentence: str) -> BulkRefusal:
    address = pages_of(request).url("artworks:edit", id=artwork.id) if artwork.is_editable else ""
    return BulkRefusal(sentence, [(_name(artwork), address)])


def _name(artwork: Artwork) -> str:
    """A draft's name on the page: its title, or its number if it has no title."""
    number = _("Draft %(number)s") % {"number": artwork.id}
    return artwork.localized("title", artwork.language).text or number


def _refusals_of_missing(rows: Sequence[DraftRow]) -> list[BulkRefusal]:
    """One refusal for all drafts that lack the same fields. It links to the first missing field of each draft."""
    names: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        labels = _(", ").join(each.label for each in row.lacks)
        needs = [_("It still needs: %(fields)s.") % {"fields": labels}] if row.lacks else []
        first = (*row.lacks, *row.wrong)[0]
        sentence = " ".join([*needs, *(each.sentence for each in row.wrong)])
        names.setdefault(sentence, []).append((_name(row.work), first.address))
    return [BulkRefusal(sentence, each) for sentence, each in names.items()]


async def _set_common_values(
    entry: WorkEntry,
    artwork: Artwork,
    common: BulkEditForm,
    organisations: list[Organisation],
    by: Person,
) -> str:
    """Set the common values on one draft, validated by the draft's form; returns why they are refused, or "".

    The terms of a consent are kept with the draft's unfinished values until its artist is named.
    """
    changes = dict(common.set_fields)
    if artwork.consent_id is None and "consent" not in changes:
        changes |= common.terms
    named_in = [form_values(artwork), changes]
    form = form_with(artwork, changes, await load_work_options(organisations, artwork, named_in))
    details = form.read(has_picture=True)
    try:
        if details is not None:
            await entry.save(details, artwork)
        elif wrong := [name for name in form.errors if name in changes]:
            return str(form.errors[wrong[0]][0])
        else:
            await autosave(artwork, form_fields(values_with(artwork, changes)), organisations, by)
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
    missing: Mapping[int, Mapping[str, str]] | None = None,
    **result: Any,
) -> Response:
    """Render the page.

    `common`: the form of common values, if it has errors. `missing`: fields that drafts lack for the
    submission that was just tried, by work id and field. `result`: values for the messages in the template.
    """
    missing = missing or {}
    own = {"organisation_id__in": [each.id for each in organisations], "status": Status.DRAFT}
    drafts = Artwork.filter(created_by=person, **own)
    total = await drafts.count()
    page = await fetch_page(drafts.order_by("-id"), request.query_params, PAGE_SIZE)
    elsewhere = set(missing) - {each.id for each in page.rows}
    others = await Artwork.filter(id__in=sorted(elsewhere), **own).order_by("-id")
    rows = await _draft_rows(request, organisations, [*page.rows, *others], missing)
    refused = result.get("refused", []) + _refusals_of_missing([row for row in rows if row.is_refused])
    offered = await load_form_options(organisations)
    context = {
        "rows": [row for row in rows if row.work.id not in elsewhere],
        "total": total,
        "page": page,
        "common": common or BulkEditForm(offered=offered),
        "artist_names": dict.fromkeys(each.credit_name for each in offered.artists),
        "last_used": await _last_used(person, organisations),
        "organisations": organisations,
        "accept": ACCEPTED_PICTURES,
        "most": MAX_PICTURES,
        "most_in_a_form": MAX_FORM_PICTURES,
        "most_bytes_in_a_form": MAX_FORM_BYTES,
        "largest": settings_of(request).upload_max_bytes,
        "too_large": too_large(settings_of(request).upload_max_bytes),
        **{
            "chosen": [],
            "arrived": 0,
            "skipped": [],
            "set_on": 0,
            "submitted": 0,
            **result,
            "refused": refused,
        },
    }
    status = 422 if common or refused else 200
    return render(request, "artworks/bulk_upload.html", context, status=status)


async def _last_used(person: Person, organisations: list[Organisation]) -> dict[str, list[str]]:
    """The common values of the person's latest work with a consent and a project, as defaults of the form."""
    ours = Artwork.filter(created_by=person, organisation_id__in=[each.id for each in organisations])
    with_both = ours.filter(consent_id__isnull=False, project_id__isnull=False)
    last = await with_both.order_by("-updated_at").first().prefetch_related("consent", "themes")
    if last is None or last.consent is None:
        return {}
    ends_on = last.consent.ends_on
    return {
        "project": [str(last.project_id)],
        "medium": [last.own("medium")],
        "themes": [str(theme.id) for theme in last.themes],
        "agreed_by": [str(last.consent.agreed_by)],
        "scopes": last.consent.scope,
        "ends_on": [ends_on.isoformat() if ends_on and ends_on >= today() else ""],
    }


@dataclass(frozen=True)
class MissingField:
    """A field that is missing or wrong, so that a draft cannot be submitted."""

    label: str
    sentence: str  # tells the partner what to do
    address: str  # URL of the field, in the row or in the draft's own form


@dataclass(frozen=True)
class DraftRow:
    """A draft on the page, with a small form of ROW_FIELDS."""

    work: Artwork
    name: str
    form: WorkForm
    why_it_waits: str
    typing: Mapping[str, str]  # autosave data for the form
    lacks: Sequence[MissingField]
    same: Artwork | None  # an older work with the same picture file
    asked: ConsentRequest | None  # the request for consent that waits for an answer
    wrong: Sequence[MissingField]  # filled-in fields that made the last submission fail
    is_refused: bool  # whether the partner just tried to submit it, and fields are missing


async def _draft_rows(
    request: Request,
    organisations: list[Organisation],
    works: list[Artwork],
    missing: Mapping[int, Mapping[str, str]] | None = None,
) -> list[DraftRow]:
    """The rows of drafts. `missing`: error sentences by field, for the drafts that have some."""
    await Artwork.fetch_for_list(list(works), *WORK_RELATIONS, "consent__artist")
    await load_further_pictures(works)
    offered = await load_form_options(organisations, named_in=[form_values(each) for each in works])
    same = await older_with_same_file(works)
    unseen = await unseen_by_family(works)
    asked = await waiting_requests(works)
    extended = {each.id: await extended_deadlines([each.id]) for each in organisations}
    rows = []
    for artwork in works:
        form = form_for_work(artwork, _options_for(offered, artwork))
        for field in form:
            field.id = field.label.field_id = f"{field.name}-{artwork.id}"
        form["credit_name"].render_kw = {"autocomplete": "off", "list": "artist-names"}
        form.read(has_picture=True)
        lacks = missing_in(artwork, form, extended[artwork.organisation_id], unseen)
        for field in form:
            field.errors = ()
        refused = (missing or {}).get(artwork.id, {})
        for name, sentence in refused.items():
            form.refuse(_shown_field(name), sentence)
        rows.append(
            DraftRow(
                work=artwork,
                name=_name(artwork),
                form=form,
                why_it_waits=waiting_message(artwork.image) if artwork.image else "",
                typing={
                    "address": pages_of(request).url("artworks:autosave", id=artwork.id),
                    "key": str(artwork.id),
                    "seen": seen_field(form_values(artwork), ROW_FIELDS),
                },
                lacks=_missing_fields(request, artwork, form, lacks),
                wrong=_missing_fields(
                    request,
                    artwork,
                    form,
                    {name: sentence for name, sentence in refused.items() if name not in lacks},
                ),
                same=same.get(artwork.id),
                asked=asked.get(artwork.id),
                is_refused=artwork.id in (missing or {}),
            )
        )
    return rows


def _missing_fields(
    request: Request, artwork: Artwork, form: WorkForm, sentences: Mapping[str, str]
) -> list[MissingField]:
    return [
        _missing_field(request, artwork, form, name, sentence)
        for name, sentence in sentences.items()
        if name in form
    ]


def _missing_field(
    request: Request, artwork: Artwork, form: WorkForm, name: str, sentence: str
) -> MissingField:
    field = form[_shown_field(name)]
    if name in ROW_FIELDS:
        first = "-0" if isinstance(field, (CheckboxesField, RadioField)) and field.choices else ""
        return MissingField(str(form[name].label.text), sentence, f"#{field.id}{first}")
    address = f"{pages_of(request).url('artworks:edit', id=artwork.id)}#{name}"
    return MissingField(str(field.label.text), sentence, address)


def _shown_field(name: str) -> str:
    """The field that shows an error. Errors about the artist are shown at the name as long as no artist is chosen."""
    return "credit_name" if name == "artist" else name


def _options_for(offered: Any, artwork: Artwork) -> Any:
    """The choices in the form of one draft, without a query.

    They are the choices of its organisation, plus the draft's current artist, consent, project and themes.
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


ROW_FIELDS = (
    *("title", "story", "alt_text", "medium", "artist", "consent", "themes", "project"),
    *FIELDS_SAVED_BY_HAND,
)

routes = [
    Route("/desk/works/many", new, name="bulk_upload:new", methods=["GET"]),
    Route("/desk/works/many", create, name="bulk_upload:create", methods=["POST"]),
    Route("/desk/works/many/check", create_check, name="bulk_upload:check", methods=["POST"]),
    Route("/desk/works/many/common", update, name="bulk_upload:update", methods=["POST"]),
    Route("/desk/works/many/submissions", create_submissions, name="bulk_upload:submit", methods=["POST"]),
    Route("/desk/works/many/together", create_work, name="bulk_upload:join", methods=["POST"]),
    Route("/desk/works/many/{id:int}", show, name="bulk_upload:show", methods=["GET"]),
    Route("/desk/works/many/{id:int}/apart", split, name="bulk_upload:split", methods=["POST"]),
]
