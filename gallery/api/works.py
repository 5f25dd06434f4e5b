"""Works in the API, with the same form, rules and functions as at the desk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from gallery.api.bodies import as_form_fields, json_response, parse_json, parse_parameters
from gallery.api.problems import FieldError, Problem
from gallery.api.schemas import (
    NUMBER,
    Schema,
    enum_schema,
    escape_pointer,
    new_work_schema,
    work_change_schema,
)
from gallery.artworks.access import load_artwork
from gallery.artworks.autosave import form_with
from gallery.artworks.dates import parse_date
from gallery.artworks.entry import WorkEntry
from gallery.artworks.forms import form_fields, form_for_work, form_values, work_form
from gallery.artworks.models import Artwork, Status
from gallery.artworks.sizes import size_as_shown
from gallery.artworks.submissions import NotSubmittable, submit
from gallery.artworks.taking_back import NothingToTakeBack, take_back
from gallery.artworks.timeline import hanging_steps, next_actor_sentence, review_steps, status_reason
from gallery.artworks.works import (
    PICTURE_TEXTS,
    TRANSLATED_FIELDS,
    NotEditable,
    WorkRefused,
    delete_draft,
    load_work_options,
    not_editable_reason,
    picture_field,
)
from gallery.clock import today
from gallery.images.models import Image, ImageState
from gallery.images.sandbox.parent import REFUSALS
from gallery.images.sound_refusals import SOUND_REFUSALS
from gallery.numbers import MAX_NUMBER
from gallery.organisations.access import load_member
from gallery.sounds.models import Sound, SoundState
from gallery.web.edit_conflicts import EditConflict
from gallery.web.languages import gettext as _
from gallery.web.languages import site_languages, translation_language
from gallery.web.rendering import pages_of, settings_of, storage_of
from gallery.web.texts import NoSuchLanguage, field_name, find_language, language_name, normalised_tag
from gallery.web.texts_form import UNKNOWN_LANGUAGE

PAGE_SIZE, MAX_PAGE_SIZE = 50, 100
PAGING_PARAMETERS: Mapping[str, Schema] = {
    "limit": {
        "type": "integer",
        "minimum": 1,
        "maximum": MAX_PAGE_SIZE,
        "default": PAGE_SIZE,
        "description": "How many at most.",
    },
    "after": {**NUMBER, "description": "Only what stands after the one with this number: newest first."},
}
WORK_FILTERS: Mapping[str, Schema] = {
    **PAGING_PARAMETERS,
    "status": {**enum_schema(Status), "description": "Only works that stand so."},
}


async def index(request: Request) -> Response:
    """A program lists the organisation's works, the newest first."""
    _person, (organisation,) = await load_member(request)
    parameters = parse_parameters(request, WORK_FILTERS)
    works = Artwork.filter(organisation_id=organisation.id)
    if "status" in parameters:
        works = works.filter(status=parameters["status"])
    limit = parameters.get("limit", PAGE_SIZE)
    rows = await works.filter(id__lt=parameters.get("after", MAX_NUMBER + 1)).order_by("-id").limit(limit + 1)
    on_view = await _on_view(rows)
    lines = [
        {
            **work_state_json(request, work),
            "title": work.own("title"),
            "language": work.language,
            "artist": work.artist_id,
            "is_on_view": work.id in on_view,
        }
        for work in rows[:limit]
    ]
    return page_response(request, "works", lines, limit, has_more=len(rows) > limit)


def page_response(
    request: Request, name: str, lines: list[dict[str, Any]], limit: int, *, has_more: bool
) -> Response:
    """One page of a list; the cursor of the next page is the id of the last row of this page."""
    following = None
    headers = {}
    if has_more:
        url = request.url.include_query_params(after=lines[-1]["id"], limit=limit)
        following = f"{url.path}?{url.query}"
        headers["link"] = f'<{following}>; rel="next"'
    return json_response({name: lines, "next": following}, headers=headers)


async def show(request: Request) -> Response:
    """A program reads one work."""
    _person, _organisations, artwork = await load_artwork(request)
    on_view = await _on_view([artwork])
    return json_response(await work_json(request, artwork, artwork.id in on_view), headers=_etag(artwork))


async def create(request: Request) -> Response:
    """A program creates a draft; the picture is sent by tus upload."""
    person, organisations = await load_member(request)
    values = parse_json(request, request.state.body, new_work_schema())
    begin = {"language": [person.language], "starts_on": [today().isoformat()]}
    pointers, chosen = _form_fields(values, person.language)
    fields = form_fields({**begin, **chosen}, {"organisation": str(organisations[0].id)})
    form = work_form(fields, offered=await load_work_options(organisations, named_in=[chosen]))
    details = form.read(has_picture=False)
    if details is None:
        raise _field_errors_problem(form.errors, pointers)
    try:
        async with WorkEntry(storage_of(request), settings_of(request), person) as entry:
            artwork = await entry.save(details)
    except WorkRefused as refusal:
        raise _field_errors_problem({refusal.field: [refusal.sentence]}, pointers) from None
    return state_response(request, artwork, 201)


async def update(request: Request) -> Response:
    """A program changes some fields of a draft or a returned work."""
    person, organisations, artwork = await load_artwork(request)
    values = parse_json(request, request.state.body, work_change_schema())
    if not artwork.is_editable:
        raise Problem(409, not_editable_reason(artwork.status))
    _check_etag(request.headers, artwork)
    pointers, changes = _form_fields(values, artwork.language)
    named_in = [form_values(artwork), changes]
    form = form_with(artwork, changes, await load_work_options(organisations, artwork, named_in))
    details = form.read(has_picture=artwork.image_id is not None)
    if details is None:
        raise _field_errors_problem(form.errors, pointers)
    try:
        async with WorkEntry(storage_of(request), settings_of(request), person) as entry:
            saved = await entry.save(details, artwork)
    except NotEditable as refusal:
        raise Problem(409, refusal.sentence) from None
    except EditConflict:
        raise Problem(409, _("The work has just been changed. Please read it and send again.")) from None
    except WorkRefused as refusal:
        raise _field_errors_problem({refusal.field: [refusal.sentence]}, pointers) from None
    return state_response(request, saved)


async def delete(request: Request) -> Response:
    """A program deletes a draft that was never submitted."""
    _person, _organisations, artwork = await load_artwork(request)
    _check_etag(request.headers, artwork)
    try:
        await delete_draft(artwork, storage_of(request))
    except NotEditable:
        raise Problem(409, _("Only drafts that were never submitted can be deleted.")) from None
    return Response(status_code=204, headers={"cache-control": "no-store"})


async def create_submission(request: Request) -> Response:
    """A program submits a work for review."""
    person, _organisations, artwork = await load_artwork(request)
    try:
        await submit(artwork, person)
    except NotSubmittable as refusal:
        if refusal.missing:
            missing: dict[str | None, Any] = {name: [each] for name, each in refusal.missing.items()}
            raise _field_errors_problem(missing, _picture_pointers(artwork)) from None
        raise Problem(409, refusal.sentence) from None
    return state_response(request, await Artwork.get(id=artwork.id), 201)


async def create_taking_back(request: Request) -> Response:
    """A program takes a submission back before a curator decides on it."""
    person, _organisations, artwork = await load_artwork(request)
    try:
        await take_back(artwork, person)
    except NothingToTakeBack as refusal:
        raise Problem(409, refusal.sentence) from None
    return state_response(request, await Artwork.get(id=artwork.id), 201)


async def show_path(request: Request) -> Response:
    """A program reads the status of a work, who has to act next, and the work's history."""
    _person, organisations, artwork = await load_artwork(request)
    await artwork.fetch_related("submissions__by", "submissions__taken_back__by", "reviews__by")
    hung = await hanging_steps(artwork)
    labels = form_for_work(artwork, await load_work_options(organisations, artwork, [form_values(artwork)]))
    steps = sorted([*review_steps(artwork, labels), *hung], key=lambda step: step.at)
    review = max(artwork.reviews, key=lambda each: each.at, default=None)
    notes = review.notes if review is not None and artwork.status == Status.RETURNED else {}
    payload = {
        **work_state_json(request, artwork),
        "who_has_it": next_actor_sentence(artwork, hung),
        "why": status_reason(artwork),
        "steps": [
            {
                "status": each.status,
                "word": str(each.word),
                "at": format_moment(each.at),
                "reason": each.reason,
            }
            for each in steps
        ],
        "notes": [{"pointer": f"/{name}", "detail": note} for name, note in notes.items()],
    }
    return json_response(payload)


def work_state_json(request: Request, artwork: Artwork) -> dict[str, Any]:
    """The JSON about a work that every response contains.

    It contains no text of the work, because the response may be saved for a repeated Idempotency-Key.
    """
    return {
        "id": artwork.id,
        "public_id": artwork.public_id,
        "status": str(artwork.status),
        "updated_at": format_moment(artwork.updated_at),
        "self": pages_of(request).url("api_works:show", id=artwork.id),
    }


async def work_json(request: Request, artwork: Artwork, is_on_view: bool) -> dict[str, Any]:
    """The JSON of all fields of a work; its themes, image, sound and further pictures must be fetched."""
    pages = pages_of(request)
    addresses = {
        language: pages.absolute(pages.url("public:artwork", language=language, public_id=artwork.public_id))
        for language in site_languages()
    }
    size = size_as_shown(artwork.size, artwork.image)
    made = parse_date(artwork.date_made) if artwork.date_made else None
    return {
        **work_state_json(request, artwork),
        "language": artwork.language,
        **{name: artwork.own(name) for name in TRANSLATED_FIELDS},
        **{name: getattr(artwork, name) for name in ("size", "date_made")},
        **{
            f"{name}_translation": getattr(artwork, name).get(translation_language(artwork.language), "")
            for name in TRANSLATED_FIELDS
        },
        "texts": {name: dict(getattr(artwork, name)) for name in TRANSLATED_FIELDS},
        "size_mm": size and {"height": size.height, "width": size.width, "depth": size.depth},
        "edtf": made and made.edtf,
        "year": artwork.year,
        "inventory_number": artwork.inventory_number,
        "artist": artwork.artist_id,
        "consent": artwork.consent_id,
        "project": artwork.project_id,
        "themes": sorted(theme.id for theme in artwork.themes),
        "unfinished": sorted(artwork.unfinished),
        "picture": picture_json(artwork.image) if artwork.image else None,
        "pictures": pictures_json(artwork),
        "voice": voice_json(artwork.sound) if artwork.sound else None,
        "is_on_view": is_on_view,
        "pages": addresses if is_on_view else None,
        "created_at": format_moment(artwork.created_at),
    }


def picture_json(image: Image) -> dict[str, Any]:
    """The JSON of an image."""
    is_refused = image.state == ImageState.REFUSED
    return {
        "state": str(image.state),
        "width": image.width or None,
        "height": image.height or None,
        "refusal": str(REFUSALS.get(image.refusal, REFUSALS["damaged"])) if is_refused else None,
    }


def voice_json(sound: Sound) -> dict[str, Any]:
    """What the API says of the voice of a work."""
    refusal = SOUND_REFUSALS.get(sound.refusal) if sound.state == SoundState.REFUSED else None
    return {
        "state": str(sound.state),
        "seconds": sound.seconds or None,
        "refusal": str(refusal) if refusal else None,
    }


def pictures_json(artwork: Artwork) -> list[dict[str, Any]]:
    """All pictures of a work in their order; image and further pictures must be fetched."""
    return [
        {
            "id": each.image.id,
            **picture_json(each.image),
            **{name: dict(getattr(each, name)) for name in PICTURE_TEXTS},
        }
        for each in artwork.all_pictures()
    ]


async def _on_view(works: list[Artwork]) -> set[int]:
    if not works:
        return set()
    ids = (
        await Artwork.all().on_view().filter(id__in=[each.id for each in works]).values_list("id", flat=True)
    )
    return {int(str(each)) for each in ids}


def state_response(request: Request, artwork: Artwork, status: int = 200) -> Response:
    payload = work_state_json(request, artwork)
    headers = {"location": payload["self"]} if status == 201 else {}
    return json_response(payload, status, {**headers, **_etag(artwork)})


def _etag(artwork: Artwork) -> dict[str, str]:
    """The ETag of a work; it changes with each save."""
    version = f"{artwork.id} {artwork.updated_at.timestamp():.6f}"
    return {"etag": f'"{hashlib.sha256(version.encode()).hexdigest()[:16]}"'}


def _check_etag(headers: Headers, artwork: Artwork) -> None:
    """Check If-Match: raises Problem 412 if the work has changed since."""
    seen = headers.get("if-match")
    if seen is None or seen.strip() == "*":
        return
    if _etag(artwork)["etag"] not in {each.strip() for each in seen.split(",")}:
        raise Problem(412)


def _form_fields(values: Mapping[str, Any], language: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """JSON fields as form data; also form field → JSON pointer (RFC 6901) to its value in the body.

    `language`: the artwork's own language, unless `values` has another. Raises Problem 422.
    """
    language = values.get("language", language)
    own = find_language(language)
    if own is None:
        raise Problem(422, errors=[FieldError(str(UNKNOWN_LANGUAGE), "/language")])
    texts: dict[str, list[str]] = {}
    pointers: dict[str, str] = {}
    errors = []
    for name, tag, words, pointer in _texts(values, own):
        try:
            of_language = normalised_tag(tag)
        except NoSuchLanguage:
            errors.append(FieldError(str(UNKNOWN_LANGUAGE), pointer))
            continue
        field = name if of_language == own else field_name(name, of_language)
        if field in texts:
            sentence = _("There are words in %(language)s twice.") % {"language": language_name(of_language)}
            errors.append(FieldError(sentence, pointer))
        texts[field] = [words or ""]
        pointers[field] = pointer
    if errors:
        raise Problem(422, errors=errors)
    others = as_form_fields({name: value for name, value in values.items() if not _holds_text(name)})
    year = others.pop("year", None)  # older programs send a year instead of a date
    if year is not None and "date_made" not in others:
        others["date_made"], pointers["date_made"] = year, "/year"
    return pointers, {**others, **texts}


def _holds_text(name: str) -> bool:
    return name == "texts" or name.removesuffix("_translation") in TRANSLATED_FIELDS


def _texts(values: Mapping[str, Any], own: str) -> Iterator[tuple[str, str, str | None, str]]:
    """The texts in a body: (field, language tag, words, JSON pointer)."""
    for name in TRANSLATED_FIELDS:
        if name in values:
            yield name, own, values[name], f"/{name}"
        if (translation := f"{name}_translation") in values:
            yield name, translation_language(own), values[translation], f"/{translation}"
        for tag, words in values.get("texts", {}).get(name, {}).items():
            yield name, tag, words, f"/texts/{name}/{escape_pointer(tag)}"


def _picture_pointers(artwork: Artwork) -> dict[str, str]:
    """Form field of a further picture → JSON pointer to its text in the work's JSON."""
    return {
        picture_field(name, each.id): f"/pictures/{number}/{name}"
        for number, each in enumerate(artwork.later_pictures, 1)
        for name in PICTURE_TEXTS
    }


def _field_errors_problem(
    errors: Mapping[str | None, Any], pointers: Mapping[str, str] | None = None
) -> Problem:
    known = pointers or {}
    field_errors = [
        FieldError(str(each[0]), known.get(str(name), f"/{name}")) for name, each in errors.items() if each
    ]
    return Problem(422, errors=field_errors)


def format_moment(value: Any) -> str:
    """A time in RFC 3339 format, in UTC."""
    return str(value.isoformat().replace("+00:00", "Z"))
