"""Autosave requests: the form of a work sends them while somebody types."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import MultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tortoise.exceptions import IntegrityError

from gallery.accounts.access import SignInRequired
from gallery.accounts.models import Person
from gallery.artworks.access import load_artwork
from gallery.artworks.autosave import (
    MergedValues,
    autosave,
    autosave_key,
    readable_value,
    shown_digests,
)
from gallery.artworks.forms import WorkForm, form_fields, form_values, parse_form_key, work_form
from gallery.artworks.models import Artwork, Status
from gallery.artworks.works import NotEditable, WorkRefused, blank_details, create_work, load_work_options
from gallery.clock import now, to_local
from gallery.images.uploads import MAX_FIELD_BYTES, MAX_FIELDS
from gallery.organisations.access import load_member
from gallery.organisations.models import Organisation
from gallery.web.edit_conflicts import digest, format_digests
from gallery.web.languages import gettext as _
from gallery.web.rendering import pages_of


async def create(request: Request) -> Response:
    """Create a draft when a partner begins to type in a new form; the form then edits this draft."""
    try:
        person, organisations = await load_member(request)
    except SignInRequired:
        return _signed_out()
    posted = await _posted(request)
    if is_of_another(posted, person):
        return _signed_out()
    posted_key = parse_form_key(posted.get("form_key"))
    posted.setdefault("seen", "")
    if posted_key is None:
        raise HTTPException(400)
    form_key = autosave_key(posted_key)
    ids = [each.id for each in organisations]
    # A draft with the posted key itself was saved by hand, but the browser did not receive the response.
    keys = [form_key, posted_key]
    artwork = await Artwork.filter(form_key__in=keys, organisation_id__in=ids).first()
    if artwork is None:
        del posted["seen"]  # nobody has seen this new draft: take every posted value
        chosen = next((one for one in organisations if str(one.id) == posted.get("organisation")), None)
        draft = blank_details(chosen or organisations[0], person)
        try:
            artwork = await create_work(draft, person, None, form_key)
        except IntegrityError:
            artwork = await Artwork.get(form_key=form_key, organisation_id__in=ids)
    return await _autosave(request, artwork, posted, organisations, person)


async def update(request: Request) -> Response:
    """Save what a partner has typed; the response names the fields that were changed elsewhere."""
    try:
        person, organisations, artwork = await load_artwork(request)
    except SignInRequired:
        return _signed_out()
    posted = await _posted(request)
    if is_of_another(posted, person):
        return _signed_out()
    return await _autosave(request, artwork, posted, organisations, person)


def is_of_another(posted: MultiDict, person: Person) -> bool:
    """Whether a form was opened by somebody else than `person`, who has signed in since, in the same browser."""
    return "person" in posted and posted["person"] != str(person.id)


async def _posted(request: Request) -> MultiDict:
    form = await request.form(max_files=0, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES)
    return MultiDict(form.multi_items())


def _signed_out() -> Response:
    return JSONResponse({}, 401, headers={"cache-control": "no-store"})


async def _autosave(
    request: Request, artwork: Artwork, posted: MultiDict, organisations: list[Organisation], by: Person
) -> Response:
    try:
        work, result = await autosave(artwork, posted, organisations, by)
    except (NotEditable, WorkRefused) as refusal:
        sentence = refusal.sentence
        if isinstance(refusal, NotEditable) and refusal.status != Status.WITHDRAWN:
            sentence = (
                f"{sentence} {_('What you typed is still here: save, and you see what can be done with it.')}"
            )
        return JSONResponse({"sentence": sentence}, 409, headers={"cache-control": "no-store"})
    current = form_values(work)
    form = work_form(form_fields(current), offered=await load_work_options(organisations, work, [current]))
    time = to_local(now()).strftime("%H:%M")
    shown = shown_digests(posted) or current
    unfinished = [name for name in work.unfinished if name in shown]
    payload: dict[str, Any] = {
        "sentence": _("Saved %(time)s. Unfinished entries are kept here too.") % {"time": time}
        if unfinished
        else _("Saved %(time)s") % {"time": time},
        "seen": digests_after(result, current, posted),
        "elsewhere": {name: current.get(name, [""]) for name in result.elsewhere},
        "shown": {name: readable_value(form, name, current.get(name, [""])) for name in result.elsewhere},
        "conflicts": conflicts_payload(result, current, form),
        "address": pages_of(request).url("artworks:edit", id=work.id),
        "typing": pages_of(request).url("artworks:autosave", id=work.id),
        "key": str(work.id),
    }
    return JSONResponse(payload, headers={"cache-control": "no-store"})


def digests_after(result: MergedValues, current: dict[str, list[str]], posted: MultiDict) -> str:
    """The next value of the form field `seen`.

    A field in conflict keeps the digest of the value that the window showed.
    """
    seen = shown_digests(posted)
    digests = {name: digest(current.get(name)) for name in seen or current}
    return format_digests({**digests, **{name: seen[name] for name in result.conflicts}})


def conflicts_payload(
    result: MergedValues, current: dict[str, list[str]], form: WorkForm
) -> list[dict[str, Any]]:
    """The fields changed both here and elsewhere, with the values that this window would overwrite."""
    return [
        {
            "field": name,
            "label": str(form[name].label.text),
            "theirs": value,
            "shown": readable_value(form, name, value),
            "digest": digest(value),
        }
        for name in result.conflicts
        for value in [current.get(name, [""])]
    ]


routes = [
    Route("/desk/works/typing", create, name="artworks:autosave_new", methods=["POST"]),
    Route("/desk/works/{id:int}/typing", update, name="artworks:autosave", methods=["POST"]),
]
