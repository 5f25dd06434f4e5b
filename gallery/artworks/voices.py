"""The voice of a work: setting and removing it, and finding what is missing for it."""

from __future__ import annotations

from gallery.accounts.models import Person
from gallery.artworks.models import EDITABLE_STATUSES, Artwork, Status
from gallery.artworks.works import NotEditable, WorkRefused
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db import content_version
from gallery.db.connection import in_transaction, locked
from gallery.erasure import request_erasure
from gallery.images.uploads import ReceivedFile
from gallery.settings import Settings
from gallery.sounds.models import Sound, SoundState
from gallery.sounds.storage_keys import make_sounds_private
from gallery.sounds.transcripts import are_times_in_order, seems_to_be
from gallery.sounds.uploads import discard_sound, store_sound
from gallery.storage import Storage
from gallery.web.languages import gettext as _
from gallery.web.page_keys import keys_of_works
from gallery.web.texts import NO_TEXTS, language_name


async def receive_voice(
    artwork: Artwork, file: ReceivedFile, by: Person | None, storage: Storage, settings: Settings
) -> None:
    """Store a recording as the voice of a draft or a returned work, and delete the one before.

    The organisation must be fetched. Raises SoundRefused, StoreUnavailable, NotEditable, WorkRefused.
    """
    sound = await store_sound(file, artwork.organisation, storage, settings)
    try:
        replaced = await _set_voice(artwork, sound, by)
    except (NotEditable, WorkRefused):  # submitted or deleted while the recording arrived
        await discard_sound(sound, storage)
        raise
    if replaced is not None:
        await discard_sound(replaced, storage)


async def _set_voice(artwork: Artwork, sound: Sound, by: Person | None) -> Sound | None:
    """Give a work a voice; returns the replaced one. Raises NotEditable, WorkRefused."""
    async with in_transaction():
        current = await locked(Artwork.filter(id=artwork.id)).first()
        if current is None:
            raise WorkRefused("sound", _("This work has just been deleted."))
        if not current.is_editable:
            raise NotEditable(current.status)
        replaced = await Sound.get_or_none(id=current.sound_id or 0)
        current.sound_id = artwork.sound_id = sound.id
        await current.save(update_fields=["sound_id", "updated_at"])
        await record(Verb.WORK_CHANGED, current.id, organisation_id=current.organisation_id, by=by)
        return replaced


async def remove_voice(artwork: Artwork, storage: Storage, by: Person | None) -> None:
    """Remove the voice and the transcript from a work, even while it is on view, and delete the voice's files.

    Raises NotEditable while the work is under review, and after it was declined or withdrawn. Raises
    StoreUnavailable if files that visitors can hear cannot be deleted now; the worker deletes them later.
    """
    async with in_transaction():
        current = await locked(Artwork.filter(id=artwork.id)).first()
        if current is None or current.sound_id is None:
            return
        if current.status not in (*EDITABLE_STATUSES, Status.ACCEPTED):
            raise NotEditable(current.status)
        sound = await Sound.get(id=current.sound_id)
        current.sound_id = artwork.sound_id = None
        current.transcript = NO_TEXTS
        await current.save(update_fields=["sound_id", "transcript", "updated_at"])
        await request_erasure()
        await record(Verb.WORK_VOICE_REMOVED, current.id, organisation_id=current.organisation_id, by=by)
        await content_version.bump(await keys_of_works(id=current.id))
    if sound.is_public:
        await make_sounds_private(storage, [sound])
    await discard_sound(sound, storage)


def voice_problems(artwork: Artwork) -> dict[str, str]:
    """What is missing for the voice of a work: form field → a sentence that says what to do.

    Consent and sound must be fetched.
    """
    sound = artwork.sound
    if sound is None:
        return {}
    problems = {}
    if artwork.consent is not None and not artwork.consent.for_voice:
        problems["consent"] = _(
            "This consent does not name the voice. Please choose or record one that does, or delete the voice."
        )
    if sound.state in {SoundState.REFUSED, SoundState.ERASED}:
        problems["transcript"] = str(SoundState.REFUSED.label)
    elif sentence := transcript_problem(artwork, sound):
        problems["transcript"] = sentence
    return problems


def transcript_problem(artwork: Artwork, sound: Sound) -> str:
    """Why the transcript cannot be accepted, in a sentence for the partner; "" if it can."""
    transcript = artwork.own("transcript")
    if not transcript.strip():
        return _("Please write what the voice says, for people who cannot hear it.")
    if not seems_to_be(transcript, artwork.language):
        return _(
            "The work is in %(language)s, but what the voice says is written in another language. Please write "
            "it in %(language)s; a translation has a field of its own."
        ) % {"language": language_name(artwork.language)}
    if not are_times_in_order(transcript, sound.milliseconds):
        return _("The times in what the voice says do not follow one another, or go beyond its end.")
    return ""
