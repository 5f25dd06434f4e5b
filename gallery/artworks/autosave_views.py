"""Forms of works that save themselves: what a browser sends while somebody types, and what it is told in return."""

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
    digest_of,
    fingerprint,
    fingerprint_in,
    readable_value,
)
from gallery.artworks.forms import WorkForm, form_values, parse_form_key
from gallery.artworks.models import Artwork, Status
from gallery.artworks.works import NotEditable, WorkRefused, blank_details, create_work, load_work_options
from gallery.clock import now, to_local
from gallery.images.uploads import MAX_FIELD_BYTES, MAX_FIELDS
from gallery.organisations.access import load_member
from gallery.organisations.models import Organisation
from gallery.web.languages import gettext as _
from gallery.web.rendering import pages_of


async def create(request: Request) -> Response:
    """A partner begins to type about a new work: it becomes a draft, and the form goes on with that."""
    try:
        person, organisations = await load_member(request)
    except SignInRequired:
        return _signed_out()
    posted = await _posted(request)
    told = parse_form_key(posted.get("form_key"))
    posted.setdefault("seen", "")
    if told is None:
        raise HTTPException(400)
    form_key = autosave_key(told)
    ids = [each.id for each in organisations]
    artwork = await Artwork.filter(form_key=form_key, organisation_id__in=ids).first()
    if artwork is None:
        chosen = next((each for each in organisations if str(each.id) == posted.get("organisation")), None)
        draft = blank_details(chosen or organisations[0], person)
        try:
            artwork = await create_work(draft, person, None, form_key)
        except IntegrityError:
            artwork = await Artwork.get(form_key=form_key, organisation_id__in=ids)
    del posted["seen"]  # all that is in the draft came from this very window
    return await _autosave(request, artwork, posted, organisations, person)


async def update(request: Request) -> Response:
    """A partner types: what stands in the form is kept, and what was changed elsewhere is said."""
    try:
        person, organisations, artwork = await load_artwork(request)
    except SignInRequired:
        return _signed_out()
    return await _autosave(request, artwork, await _posted(request), organisations, person)


async def _posted(request: Request) -> MultiDict:
    form = await request.form(max_files=0, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES)
    return MultiDict(form.multi_items())


def _signed_out() -> Response:
    return JSONResponse({}, 401, headers={"cache-control": "no-store"})


async def _autosave(
    request: Request, artwork: Artwork, posted: MultiDict, organisations: list[Organisation], by: Person
) -> Response:
    try:
        kept, result = await autosave(artwork, posted, organisations, by)
    except (NotEditable, WorkRefused) as refusal:
        sentence = refusal.sentence
        if isinstance(refusal, NotEditable) and refusal.status != Status.WITHDRAWN:
            sentence = (
                f"{sentence} {_('What you typed is still here: save, and you see what can be done with it.')}"
            )
        return JSONResponse({"sentence": sentence}, 409, headers={"cache-control": "no-store"})
    current = form_values(kept)
    form = WorkForm(offered=await load_work_options(organisations, kept))
    time = to_local(now()).strftime("%H:%M")
    shown = fingerprint_in(posted.get("seen")) or current
    left = [name for name in kept.unfinished if name in shown]
    told: dict[str, Any] = {
        "sentence": _("Saved %(time)s. What is not finished yet is kept here too.") % {"time": time}
        if left
        else _("Saved %(time)s") % {"time": time},
        "seen": digests_after(result, current, posted),
        "elsewhere": {name: current[name] for name in result.elsewhere},
        "conflicts": conflicts_payload(result, current, form),
        "address": pages_of(request).url("artworks:edit", id=kept.id),
        "typing": pages_of(request).url("artworks:keep", id=kept.id),
        "key": str(kept.id),
    }
    return JSONResponse(told, headers={"cache-control": "no-store"})


def digests_after(result: MergedValues, current: dict[str, list[str]], posted: MultiDict) -> str:
    """The fingerprint that a window goes on with: of a conflict it still has what it saw before."""
    seen = fingerprint_in(posted.get("seen"))
    now_there = fingerprint_in(fingerprint(current, seen or current))
    return " ".join(
        f"{name}:{seen[name] if name in result.conflicts else value}" for name, value in now_there.items()
    )


def conflicts_payload(
    result: MergedValues, current: dict[str, list[str]], form: WorkForm
) -> list[dict[str, Any]]:
    """Each field that was changed here and elsewhere: what the later save would overwrite."""
    return [
        {
            "field": name,
            "label": str(form[name].label.text),
            "theirs": current[name],
            "shown": readable_value(form, name, current[name]),
            "digest": digest_of(current[name]),
        }
        for name in result.conflicts
    ]


routes = [
    Route("/desk/works/typing", create, name="artworks:keep_new", methods=["POST"]),
    Route("/desk/works/{id:int}/typing", update, name="artworks:keep", methods=["POST"]),
]
