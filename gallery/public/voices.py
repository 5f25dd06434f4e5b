"""The voices that visitors hear. Each request first asks the database whether the work is on view."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Subquery
from tortoise.queryset import ValuesQuery

from gallery.artworks.models import Artwork, Status
from gallery.db.compiled_queries import compiled_query
from gallery.images.sound_files import SOUND_MEDIA_TYPES
from gallery.public.media import NOT_FOR_MACHINES, public_file_response
from gallery.sounds.models import Sound, SoundState, voice_may_be_heard
from gallery.sounds.player import captions_name
from gallery.sounds.storage_keys import make_sound_public, make_sounds_private, sound_key
from gallery.sounds.transcripts import webvtt
from gallery.storage import Storage
from gallery.web.page_keys import declare_keys, work_key
from gallery.web.rendering import settings_of, storage_of
from gallery.worker import Chore, ChoreContext

BATCH_SIZE = 50


def voice_address(token: str) -> str:
    """The folder of a sound's files, for visitors."""
    return f"/media/sounds/{token}"


def may_be_heard(artwork: Artwork) -> bool:
    """Whether visitors hear the voice of a work on view; sound and consent must be fetched.
    `voice_may_be_heard` in SQL."""
    sound, consent = artwork.sound, artwork.consent
    return sound is not None and sound.state == SoundState.READY and consent is not None and consent.for_voice


def captions_of(artwork: Artwork) -> list[str]:
    """The languages in which captions of a work's voice are available; the original language comes first."""
    return [each.language for each in artwork.transcript.others("", artwork.language)]


async def show(request: Request) -> Response:
    """A file of a voice, or its captions: 410 if the work was withdrawn, 404 if it is not on view."""
    token, name = request.path_params["token"], request.path_params["name"]
    artwork = await _load_heard(token)
    assert artwork.sound is not None
    assert artwork.consent is not None
    declare_keys(request, {work_key(artwork.id)})
    robots = {} if artwork.consent.for_machine_use else NOT_FOR_MACHINES
    headers = {"cache-control": settings_of(request).picture_cache_control, **robots}
    if text := next(
        (artwork.transcript[each] for each in captions_of(artwork) if captions_name(each) == name), ""
    ):
        body = webvtt(text, artwork.sound.milliseconds)
        return Response(body, media_type="text/vtt", headers={**headers, "cache-control": "no-cache"})
    if name not in SOUND_MEDIA_TYPES:
        raise HTTPException(404)
    headers["etag"] = f'"{token}-{name}"'  # another recording gets another token
    key, publish = sound_key(token, name), partial(_publish, storage_of(request), artwork.sound)
    return await public_file_response(request, key, SOUND_MEDIA_TYPES[name], headers, publish)


async def _load_heard(token: str) -> Artwork:
    """The work on view whose voice has this token, with sound and consent. Raises HTTPException 410 or 404."""
    heard = Artwork.all().on_view().filter(voice_may_be_heard(), sound__token=token)
    artwork = await heard.select_related("sound", "consent").first()
    if artwork is None:
        withdrawn = await Artwork.filter(sound__token=token, status=Status.WITHDRAWN).exists()
        raise HTTPException(410 if withdrawn else 404)
    return artwork


async def _publish(storage: Storage, sound: Sound) -> None:
    """Put a voice into public storage at the first request for it."""
    await make_sound_public(storage, sound)
    try:
        await _load_heard(sound.token)
    except HTTPException:  # withdrawn in the meantime
        await storage.public.delete_folder(sound_key(sound.token))
        raise


async def publish_sounds(context: ChoreContext) -> bool:
    """Put voices of works on view into public storage."""
    rows = await _sounds_to_publish()
    for sound in await Sound.filter(id__in=[row["sound_id"] for row in rows]) if rows else []:
        await make_sound_public(context.storage, sound)
    return bool(rows)


@compiled_query
def _sounds_to_publish() -> ValuesQuery[Any]:
    heard = Artwork.all().on_view().filter(voice_may_be_heard(), sound__is_public=False)
    return heard.limit(BATCH_SIZE).values("sound_id")


async def unpublish_sounds(context: ChoreContext) -> bool:
    """Delete voices from public storage that may no longer be heard."""
    rows = await _sounds_to_unpublish()
    if rows:
        await make_sounds_private(context.storage, await Sound.filter(id__in=[row["id"] for row in rows]))
    return bool(rows)


@compiled_query
def _sounds_to_unpublish() -> ValuesQuery[Any]:
    heard = Artwork.all().on_view().filter(voice_may_be_heard(), sound__is_public=True).values("sound_id")
    return Sound.filter(is_public=True).exclude(id__in=Subquery(heard)).limit(BATCH_SIZE).values("id")


CHORES = [
    Chore("take sounds in", unpublish_sounds, on_change=True),
    Chore("bring sounds out", publish_sounds, on_change=True),
]
routes = [Route("/media/sounds/{token}/{name}", show, name="voices:listen", methods=["GET"])]
