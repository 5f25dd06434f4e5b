"""Joining several drafts with one picture each to one work with several pictures, and splitting such a work."""

from __future__ import annotations

from collections.abc import Sequence

from gallery.accounts.models import Person
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import MAX_PICTURES, Artwork, Picture, Status
from gallery.artworks.pictures import save_first_picture, too_many_pictures
from gallery.artworks.works import PICTURE_TEXTS, TRANSLATED_FIELDS, NotEditable, WorkRefused, desk_title
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db.connection import in_transaction, locked
from gallery.erasure import request_erasure
from gallery.web.languages import gettext as _

# Texts that only one of the joined drafts may have. Texts of pictures are not among them: they stay with the
# picture.
OWN_FIELDS = tuple(name for name in TRANSLATED_FIELDS if name not in PICTURE_TEXTS)


async def join_works(works: Sequence[Artwork], by: Person | None) -> None:
    """Join drafts of one organisation to one work, oldest first, and delete all drafts but the first.

    Each picture keeps its alt text and caption. Raises NotEditable, and WorkRefused with a sentence if there
    are fewer than two drafts, one has no picture, texts would be lost, there are too many pictures, or a
    picture occurs twice.
    """
    async with in_transaction():
        ids = sorted({work.id for work in works})
        current: list[Artwork] = await locked(Artwork.filter(id__in=ids).order_by("id")).prefetch_related(
            "image"
        )
        await load_further_pictures(current)
        _check_can_be_joined(current, len(ids))
        first, *others = current
        position = first.last_position
        for other in others:
            position += 1
            texts = {name: getattr(other, name) for name in PICTURE_TEXTS}
            await Picture.create(artwork_id=first.id, image_id=other.image_id, position=position, **texts)
            for row in other.later_pictures:
                position += 1
                await Picture.filter(id=row.id).update(artwork_id=first.id, position=position)
            await record(Verb.WORK_DELETED, other.id, organisation_id=other.organisation_id, by=by)
        await Artwork.filter(id__in=[each.id for each in others]).delete()
        await request_erasure()
        await save_first_picture(first, by)


def _check_can_be_joined(works: Sequence[Artwork], expected: int) -> None:
    if len(works) < 2 or len(works) < expected:
        raise WorkRefused("work", _("Please choose at least two drafts."))
    first = works[0]
    for each in works:
        if each.status != Status.DRAFT:
            raise NotEditable(each.status)
        if each.organisation_id != first.organisation_id:
            raise WorkRefused("work", _("These drafts belong to several organisations."))
        if each.image is None:
            raise WorkRefused("work", _("“%(work)s” has no picture.") % {"work": desk_title(each)})
        says_more = any(getattr(each, name) not in ({}, getattr(first, name)) for name in OWN_FIELDS)
        if each is not first and (says_more or each.unfinished or each.sound_id or each.inventory_number):
            sentence = _(
                "“%(work)s” has words of its own, which would be lost. Please move them to the first draft."
            )
            raise WorkRefused("work", sentence % {"work": desk_title(each)})
    images = [picture.image for work in works for picture in work.all_pictures()]
    if len(images) > MAX_PICTURES:
        raise WorkRefused("work", too_many_pictures())
    digests = [image.source_sha256 for image in images if image.source_sha256]
    if len(digests) != len(set(digests)):
        raise WorkRefused(
            "work", _("The same picture is among them twice. Please delete one of the two drafts.")
        )


async def split_work(artwork: Artwork, by: Person | None) -> None:
    """Split a draft: each further picture becomes a separate draft.

    The new drafts get the artist, consent, project, themes and medium of the work, but no other texts.
    """
    async with in_transaction():
        work = await locked(Artwork.filter(id=artwork.id)).first()
        if work is None:
            raise WorkRefused("work", _("This work has just been deleted."))
        if work.status != Status.DRAFT:
            raise NotEditable(work.status)
        await load_further_pictures([work])
        themes = await work.themes.all()
        for row in work.later_pictures:
            await Picture.filter(id=row.id).delete()
            each = await Artwork.create(
                organisation_id=work.organisation_id,
                created_by_id=by.id if by else None,
                artist_id=work.artist_id,
                consent_id=work.consent_id,
                project_id=work.project_id,
                language=work.language,
                medium=work.medium,
                image_id=row.image_id,
                **{name: getattr(row, name) for name in PICTURE_TEXTS},
            )
            if themes:
                await each.themes.add(*themes)
            await record(Verb.WORK_MADE, each.id, organisation_id=each.organisation_id, by=by)
        await save_first_picture(work, by)
