"""The voice of a work at the desk: recording or choosing it, listening to it, deleting it."""

from __future__ import annotations

import logging
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Q
from wtforms import FileField

from gallery.accounts.access import load_person
from gallery.accounts.models import Membership
from gallery.artworks.access import load_artwork
from gallery.artworks.autosave_views import is_of_another
from gallery.artworks.models import LOCKED_STATUSES, Artwork, Submission
from gallery.artworks.redirects import redirect_to_work
from gallery.artworks.voices import receive_voice, remove_voice
from gallery.artworks.works import NotEditable, WorkRefused, not_editable_reason
from gallery.images.sandbox.sound_parent import SoundRefused, takes_sounds
from gallery.images.sound_files import MAX_SECONDS, SOUND_MEDIA_TYPES
from gallery.images.sound_refusals import NO_SOUNDS, SOUND_REFUSALS
from gallery.images.uploads import FormReader, MalformedForm
from gallery.images.views import private_file_response
from gallery.settings import Settings
from gallery.sounds.models import Sound, SoundState
from gallery.sounds.storage_keys import sound_key
from gallery.sounds.uploads import sound_too_large
from gallery.storage import StoreUnavailable
from gallery.web.forms import Form
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.rendering import (
    content_security_policy,
    flash,
    redirect,
    render,
    settings_of,
    storage_of,
)
from gallery.web.security import permissions_policy

logger = logging.getLogger("gallery")


class VoiceForm(Form):
    sound = FileField(
        _l("A file with the recording"),
        description=_l(
            "MP3, M4A, WAV, OGG or WebM, at most 5 minutes. Place, time and device in it are removed."
        ),
        render_kw={"accept": "audio/*,.m4a,.mp3,.wav,.ogg,.opus,.webm"},
    )


async def edit(request: Request) -> Response:
    """A partner opens the page for recording or choosing the voice of a draft or returned work."""
    _person, _organisations, artwork = await load_artwork(request)
    if not artwork.is_editable:
        return redirect_to_work(request, artwork, not_editable_reason(artwork.status))
    return await _render_page(request, artwork, VoiceForm())


async def update(request: Request) -> Response:
    """A partner sends a recording, which replaces the earlier one."""
    person, _organisations, artwork = await load_artwork(request)
    storage, settings, form, status = storage_of(request), settings_of(request), VoiceForm(), 422
    if not takes_sounds():
        form.refuse("sound", str(NO_SOUNDS))
        return await _render_page(request, artwork, form, status)
    async with storage.scratch_folder() as folder:
        try:
            received = await FormReader(request, folder, settings.upload_max_bytes, "sound").read()
        except MalformedForm:
            raise HTTPException(400) from None
        if is_of_another(received.fields, person):
            raise HTTPException(401)
        if not artwork.is_editable:
            return redirect_to_work(request, artwork, not_editable_reason(artwork.status))
        try:
            if received.is_too_large:
                form.refuse("sound", sound_too_large(settings.upload_max_bytes))
            elif received.is_empty:
                form.refuse("sound", str(SOUND_REFUSALS["sound_too_short"]))
            elif received.file is None:
                form.refuse("sound", _("Please record the voice, or choose a file."))
            else:
                await receive_voice(artwork, received.file, person, storage, settings)
                response = redirect(request, "artworks:edit", id=artwork.id, fragment="transcript")
                done = _("The recording has arrived. Please write down what it says.")
                flash(request, response, done)
                return response
        except SoundRefused as refusal:
            form.refuse("sound", str(SOUND_REFUSALS[refusal.code]))
        except StoreUnavailable as error:
            logger.warning("%s", error)
            status = 503
            form.refuse(
                "sound", _("The recording could not be saved right now. Please try again in a minute.")
            )
        except (NotEditable, WorkRefused) as refusal:
            return redirect_to_work(request, artwork, refusal.sentence)
    return await _render_page(request, artwork, form, status)


async def delete(request: Request) -> Response:
    """A partner deletes the voice of a work and its transcript, even if visitors can hear it."""
    person, _organisations, artwork = await load_artwork(request)
    try:
        await remove_voice(artwork, storage_of(request), person)
    except NotEditable as refusal:
        return redirect_to_work(request, artwork, refusal.sentence)
    except StoreUnavailable as away:
        logger.warning("A voice waits for its files to be deleted. %s", away)
        sentence = _("The voice is off every page. Its files are still being deleted.")
        return redirect_to_work(request, artwork, sentence)
    return redirect_to_work(request, artwork, _("The voice is deleted."), "done")


async def show(request: Request) -> Response:
    """A member of the organisation listens to a sound, or a curator to whom it was sent."""
    person = await load_person(request)
    sound = await Sound.get_or_none(id=request.path_params["id"], state=SoundState.READY)
    name = request.path_params["name"]
    if sound is None or name not in SOUND_MEDIA_TYPES:
        raise HTTPException(404)
    is_member = await Membership.exists(
        person=person, organisation_id=sound.organisation_id, awaits_confirmation=False
    )
    if not is_member and not (person.is_curator and await _was_sent(sound)):
        raise HTTPException(404)
    key, media_type = sound_key(sound.token, name), SOUND_MEDIA_TYPES[name]
    return await private_file_response(request, key, media_type, f'"{sound.id}-{name}"')


async def _was_sent(sound: Sound) -> bool:
    """Whether a sound is in a submission, so that curators may hear it."""
    work = await Artwork.get_or_none(sound_id=sound.id)
    if work is not None and work.status in LOCKED_STATUSES:
        return True
    submissions = await Submission.filter(Q(artwork_id=work.id if work else 0))
    return any(each.sent.get("sound") == str(sound.id) for each in submissions)


async def _render_page(request: Request, artwork: Artwork, form: VoiceForm, status: int = 200) -> Response:
    await artwork.fetch_related("sound", "consent")
    context: dict[str, Any] = {
        "work": artwork,
        "form": form,
        "takes_sounds": takes_sounds(),
        "no_sounds": NO_SOUNDS,
        "max_seconds": MAX_SECONDS,
    }
    headers = recording_headers(settings_of(request))
    return render(request, "artworks/voice.html", context, status=status, headers=headers)


def recording_headers(settings: Settings) -> dict[str, str]:
    """The headers of a page that listens to the microphone, and plays what it recorded."""
    return {
        "permissions-policy": permissions_policy(microphone=True),
        "content-security-policy": content_security_policy(
            pictures_origin=settings.pictures_origin, plays_own_recordings=True
        ),
    }


routes = [
    Route("/desk/works/{id:int}/voice", edit, name="voices:edit", methods=["GET"]),
    Route("/desk/works/{id:int}/voice", update, name="voices:update", methods=["POST"]),
    Route("/desk/works/{id:int}/voice/deletion", delete, name="voices:delete", methods=["POST"]),
    Route("/desk/sounds/{id:int}/{name}", show, name="voices:show", methods=["GET"]),
]
