"""Copying a declined work as a new draft, so that it can be submitted for another theme."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from tortoise.exceptions import IntegrityError

from gallery.accounts.models import Person
from gallery.artists.models import Consent
from gallery.artworks.further_pictures import count_further_pictures
from gallery.artworks.models import Artwork, Picture, Status
from gallery.artworks.works import (
    WorkDetails,
    WorkRefused,
    create_work,
    discard_image,
    picture_of_field,
    text_values,
)
from gallery.db.connection import in_transaction
from gallery.images.models import Image
from gallery.images.sandbox.parent import ImageRefused
from gallery.images.uploads import reframe_image
from gallery.settings import Settings
from gallery.sounds.uploads import copy_sound, discard_sound
from gallery.storage import Storage
from gallery.web.languages import gettext as _


def copy_key(artwork: Artwork) -> str:
    """The form key of the work's copy, so that pressing the button twice makes one copy."""
    return hashlib.sha256(f"copy of {artwork.public_id}".encode()).hexdigest()[:32]


async def copy_of(artwork: Artwork) -> Artwork | None:
    """The copy of a declined work, in whatever state it is now; None if the work was not copied."""
    return await Artwork.get_or_none(form_key=copy_key(artwork))


async def copy_declined(
    artwork: Artwork, storage: Storage, settings: Settings, by: Person | None
) -> tuple[Artwork, bool]:
    """Copy a declined work as a draft, or find its copy; returns the copy, and whether it was created now.

    Texts, pictures, voice, artist, consent and project are copied. Themes must be chosen again. The inventory
    number stays with the declined work, because it must be unique. Relations and further pictures must be
    fetched. Raises WorkRefused, StoreUnavailable.
    """
    if artwork.status != Status.DECLINED:
        raise WorkRefused("title", _("Only a work that was declined can be offered again as a copy."))
    if (earlier := await copy_of(artwork)) is not None:
        return earlier, False
    images: list[Image] = []
    sound = None
    try:
        try:
            for each in artwork.all_pictures():
                images.append(await reframe_image(each.image, each.image.framing, storage, settings))
            if artwork.sound is not None:
                sound = await copy_sound(artwork.sound, storage)
        except (FileNotFoundError, ImageRefused):
            raise WorkRefused(
                "picture", _("Its files could not be copied right now. Please try again in a minute.")
            ) from None
        async with in_transaction():
            copy = await create_work(
                await _details(artwork), by, images[0] if images else None, copy_key(artwork)
            )
            await _add_further_pictures(copy, artwork, images[1:])
            if sound is not None:
                copy.sound_id = sound.id
                await copy.save(update_fields=["sound_id"])
    except BaseException as error:
        for image in images:
            await discard_image(image, storage)
        if sound is not None:
            await discard_sound(sound, storage)
        if isinstance(error, IntegrityError) and (earlier := await copy_of(artwork)) is not None:
            return earlier, False
        raise
    return copy, True


async def _details(artwork: Artwork) -> WorkDetails:
    texts = {field: words for field, words in text_values(artwork).items() if picture_of_field(field) is None}
    consent: Consent | None = artwork.consent
    return WorkDetails(
        organisation=artwork.organisation,
        language=artwork.language,
        texts=texts,
        artist=artwork.artist,
        consent=consent if consent is not None and consent.withdrawn_at is None else None,
        project=artwork.project,
    )


async def _add_further_pictures(copy: Artwork, artwork: Artwork, images: Sequence[Image]) -> None:
    for picture, image in zip(artwork.later_pictures, images, strict=False):
        await Picture.create(
            artwork_id=copy.id,
            image_id=image.id,
            position=picture.position,
            alt_text=picture.alt_text,
            caption=picture.caption,
        )
    if images:
        await count_further_pictures(copy.id)
