"""What a work needs before it can be accepted."""

from __future__ import annotations

from typing import Any

from gallery.artists.models import Consent, ConsentState
from gallery.artworks.models import Artwork
from gallery.artworks.works import text_values
from gallery.images.models import Image, ImageState
from gallery.reviews.checks import personal_data
from gallery.reviews.checks.findings import CheckFinding
from gallery.reviews.models import WavedOff
from gallery.sounds.models import Sound, SoundState
from gallery.sounds.transcripts import seems_to_be
from gallery.web.edit_conflicts import digest
from gallery.web.languages import lazy_gettext as _l

CONSENT_BLOCKERS = {
    ConsentState.NOT_YET: _l("The consent is not in force yet: its first day is to come."),
    ConsentState.EXPIRED: _l("The consent has expired. The organisation needs a new one."),
    ConsentState.WITHDRAWN: _l("The consent was withdrawn. The work can no longer be shown."),
}


def acceptance_blockers(
    artwork: Artwork, image: Image | None, sound: Sound | None, consent: Consent | None
) -> list[Any]:
    """Lazy sentences that say why the work cannot be accepted; empty if it can.

    The further pictures of the work must be fetched.
    """
    sentences = []
    if image is None:
        sentences.append(_l("There is no picture. Please return the work with a note on it."))
    elif image.state != ImageState.READY:
        sentences.append(image.state.curator_label)
    if not artwork.own("alt_text"):
        sentences.append(_l("There is no alt text. A work without it cannot be accepted."))
    for number, picture in enumerate(artwork.later_pictures, 2):
        if picture.image.state != ImageState.READY:
            sentences.append(_of_picture(number, picture.image.state.curator_label))
        if not picture.alt_text.get(artwork.language):
            sentences.append(
                _of_picture(number, _l("There is no alt text. A work without it cannot be accepted."))
            )
    if consent is None:
        sentences.append(_l("There is no consent. Nothing is shown without it."))
    elif not consent.for_web:
        sentences.append(_l("The consent does not cover the web. Nothing is shown without that."))
    elif not consent.covers_web():
        sentences.append(CONSENT_BLOCKERS[consent.state()])
    if sound is not None:
        sentences.extend(_voice_blockers(artwork, sound, consent))
    return sentences


def _of_picture(number: int, sentence: Any) -> Any:
    return _l("Picture %(number)s: %(sentence)s", number=number, sentence=sentence)


def seen_keys(artwork: Artwork) -> dict[int, str]:
    """Number of a picture → the key by which a curator confirms having seen it with its alt text.

    Empty for a work with one picture, which the curator cannot miss. The further pictures must be fetched.
    """
    if not artwork.more_pictures:
        return {}
    return {
        each.number: f"seen-{each.image.id}-{digest(each.alt_text.to_json())}"
        for each in artwork.all_pictures()
    }


def _voice_blockers(artwork: Artwork, sound: Sound, consent: Consent | None) -> list[Any]:
    sentences = []
    if sound.state == SoundState.RECEIVED:
        sentences.append(_l("The recording is being prepared. Please come back in a moment."))
    elif sound.state != SoundState.READY:
        sentences.append(_l("The recording could not be prepared. Please return the work with a note on it."))
    transcript = artwork.own("transcript")
    if not transcript.strip():
        sentences.append(
            _l("Nobody has written down what the voice says. A voice without it cannot be accepted.")
        )
    elif not seems_to_be(transcript, artwork.language):
        sentences.append(_l("What the voice says is not written in the work's language."))
    if consent is not None and not consent.for_voice:
        sentences.append(_l("The consent does not name the voice. No voice is heard without that."))
    return sentences


def heard_key(artwork: Artwork) -> str:
    """The key by which a curator confirms having listened to the voice and compared the transcript."""
    return f"heard-{artwork.sound_id}-{digest(artwork.transcript.to_json())}"


async def load_acceptance_blockers(artwork: Artwork) -> list[Any]:
    """The acceptance blockers of the work, with its image, sound and consent read from the database.

    The further pictures must be fetched: they may have the texts of a proposal, which are not saved yet.
    """
    await artwork.fetch_related("image", "sound", "consent")
    return acceptance_blockers(artwork, artwork.image, artwork.sound, artwork.consent)


async def unconfirmed_personal_data(artwork: Artwork) -> list[CheckFinding]:
    """The findings of contact data in the work's texts, except those that a curator dismissed."""
    findings = [
        each for each in personal_data.check(text_values(artwork)) if each.rule in personal_data.CONTACT_RULES
    ]
    if not findings:
        return []
    dismissed = {
        str(key) for key in await WavedOff.filter(artwork_id=artwork.id).values_list("key", flat=True)
    }
    return [each for each in findings if each.key not in dismissed]
