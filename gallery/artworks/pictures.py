"""The pictures of a draft or returned work: adding, ordering and removing them.

A picture is identified by the id of its row (`Picture`). The first picture has no row; its id is FIRST.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gallery.accounts.models import Person
from gallery.artworks.further_pictures import count_further_pictures, load_further_pictures
from gallery.artworks.models import FIRST, MAX_PICTURES, Artwork, Picture
from gallery.artworks.works import (
    PICTURE_TEXTS,
    NotEditable,
    WorkRefused,
    adopt_image,
    discard_image,
    picture_of_field,
)
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.erasure import request_erasure
from gallery.images.models import Image
from gallery.storage import Storage
from gallery.web.languages import gettext as _
from gallery.web.texts import NO_TEXTS, Texts


def too_many_pictures() -> str:
    return _("A work has at most %(most)s pictures. Please make a second work for the others.") % {
        "most": MAX_PICTURES
    }


async def add_picture(artwork: Artwork, image: Image, by: Person | None) -> None:
    """Add a stored image to a work as its last picture, or as its first if it has none.

    Raises NotEditable, and WorkRefused with a sentence at `pictures`.
    """
    async with in_transaction():
        work = await _locked_work(artwork.id)
        if work.more_pictures >= MAX_PICTURES - 1:
            raise WorkRefused("pictures", too_many_pictures())
        try:
            await adopt_image(work, image, work.organisation_id, replaced=None)
        except WorkRefused as refusal:
            raise WorkRefused("pictures", refusal.sentence) from None
        if work.image_id is None:
            work.image_id = image.id
        else:
            await Picture.create(artwork_id=work.id, image_id=image.id, position=work.last_position + 1)
        await save_first_picture(work, by)


async def order_pictures(artwork: Artwork, order: Sequence[int], by: Person | None) -> None:
    """Put all pictures of a work, given by their ids, into this order.

    If another picture becomes the first, image and texts are exchanged between the work and that picture's
    row; all other rows keep theirs. Raises NotEditable, and WorkRefused unless `order` contains each picture
    once.
    """
    async with in_transaction():
        work = await _locked_work(artwork.id)
        rows = {each.id: each for each in work.later_pictures}
        if sorted(order) != sorted([FIRST, *rows]):
            raise WorkRefused(
                "pictures", _("The pictures have just been changed. Please look at them and try again.")
            )
        first, *others = order
        if first != FIRST:
            _exchange(work, rows[first])
            others = [first if id == FIRST else id for id in others]
        for position, id in enumerate(others, 2):
            rows[id].position = position
            await rows[id].save(update_fields=["position", "image_id", *PICTURE_TEXTS])
        await save_first_picture(work, by)


async def describe_picture(artwork: Artwork, id: int, texts: Mapping[str, Texts], by: Person | None) -> None:
    """Set texts of a picture; the keys are names from PICTURE_TEXTS. Raises NotEditable, and WorkRefused if
    the picture does not exist.
    """
    async with in_transaction():
        work = await _locked_work(artwork.id)
        row = next((each for each in work.later_pictures if each.id == id), None)
        if row is None and id != FIRST:
            raise WorkRefused("pictures", _("This picture is no longer there. Please choose it again."))
        for name, text in texts.items():
            setattr(row or work, name, text)
        if row is not None:
            await row.save(update_fields=PICTURE_TEXTS)
        await save_first_picture(work, by)


async def move_picture(artwork: Artwork, id: int, places: int, by: Person | None) -> None:
    """Move a picture forward (`places` < 0) or back; the further pictures must be fetched.

    Raises the exceptions of `order_pictures`.
    """
    order = [FIRST, *(each.id for each in artwork.later_pictures)]
    if id in order:
        at = order.index(id)
        order.insert(max(0, at + places), order.pop(at))
    await order_pictures(artwork, order, by)


async def remove_picture(artwork: Artwork, id: int, by: Person | None, storage: Storage) -> None:
    """Delete a picture of a work with its texts. If it was the first, the second becomes the first.

    Raises NotEditable. Does nothing if the picture does not exist any more.
    """
    async with in_transaction():
        work = await _locked_work(artwork.id)
        rows = work.later_pictures
        if id == FIRST and rows:
            _exchange(work, rows[0])
            removed: Picture | None = rows[0]
        else:
            removed = next((each for each in rows if each.id == id), None)
        if removed is not None:
            image_id: int | None = removed.image_id
            await Picture.filter(id=removed.id).delete()
        elif id == FIRST:
            image_id, work.image_id, work.alt_text, work.caption = work.image_id, None, NO_TEXTS, NO_TEXTS
        else:
            return
        work.unfinished = {
            field: values
            for field, values in work.unfinished.items()
            if removed is None or picture_of_field(field) != removed.id
        }
        await save_first_picture(work, by)
        await request_erasure()
        image = await Image.get_or_none(id=image_id or 0)
    if image is not None:
        await discard_image(image, storage)


def _exchange(work: Artwork, row: Picture) -> None:
    """Exchange image and texts between the work's first picture and a further one, without saving."""
    assert work.image_id is not None
    work.image_id, row.image_id = row.image_id, work.image_id
    for name in PICTURE_TEXTS:
        ours, theirs = getattr(work, name), getattr(row, name)
        setattr(work, name, theirs)
        setattr(row, name, ours)


async def _locked_work(id: int) -> Artwork:
    work: Artwork | None = await locked(Artwork.filter(id=id)).first()
    if work is None:
        raise WorkRefused("pictures", _("This work has just been deleted."))
    if not work.is_editable:
        raise NotEditable(work.status)
    await load_further_pictures([work])
    return work


async def save_first_picture(work: Artwork, by: Person | None) -> None:
    """Save the work's fields about its pictures, and record the change; the caller has locked the work."""
    work.updated_at = now()
    await work.save(update_fields=["image_id", *PICTURE_TEXTS, "unfinished", "updated_at"])
    await count_further_pictures(work.id)
    await record(Verb.WORK_CHANGED, work.id, organisation_id=work.organisation_id, by=by)
