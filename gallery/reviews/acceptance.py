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
from gallery.web.languages import lazy_gettext as _l

CONSENT_BLOCKERS = {
    ConsentState.NOT_YET: _l("The consent is not in force yet: its first day is to come."),
    ConsentState.EXPIRED: _l("The consent has expired. The organisation needs a new one."),
    ConsentState.WITHDRAWN: _l("The consent was withdrawn. The work can no longer be shown."),
}


def acceptance_blockers(artwork: Artwork, image: Image | None, consent: Consent | None) -> list[Any]:
    """Lazy sentences that say why the work cannot be accepted; empty if it can."""
    sentences = []
    if image is None:
        sentences.append(_l("There is no picture. Please return the work with a note on it."))
    elif image.state != ImageState.READY:
        sentences.append(image.state.curator_label)
    if not artwork.own("alt_text"):
        sentences.append(_l("There is no alt text. A work without it cannot be accepted."))
    if consent is None:
        sentences.append(_l("There is no consent. Nothing is shown without it."))
    elif not consent.for_web:
        sentences.append(_l("The consent does not cover the web. Nothing is shown without that."))
    elif not consent.covers_web():
        sentences.append(CONSENT_BLOCKERS[consent.state()])
    return sentences


async def load_acceptance_blockers(artwork: Artwork) -> list[Any]:
    """The acceptance blockers of the work, with its image and consent read from the database."""
    image = await Image.get_or_none(id=artwork.image_id or 0)
    consent = await Consent.get_or_none(id=artwork.consent_id or 0)
    return acceptance_blockers(artwork, image, consent)


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
