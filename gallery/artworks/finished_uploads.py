"""Finished uploads: each creates a draft, or sets or adds a picture of the work that its metadata names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from gallery.artworks.entry import WorkEntry
from gallery.artworks.import_uploads import finish_sheet, is_sheet
from gallery.artworks.models import Artwork
from gallery.artworks.tus_protocol import TusRefusal, parse_metadata
from gallery.artworks.voices import receive_voice
from gallery.artworks.works import (
    NotEditable,
    PictureIsHere,
    WorkRefused,
    delete_draft,
    not_editable_reason,
    works_with_files,
)
from gallery.clock import now
from gallery.images.models import Upload
from gallery.images.partial_uploads import (
    UploadGone,
    UploadLocked,
    delete_pieces,
    delete_upload,
    leased,
    received_file,
)
from gallery.images.sandbox.parent import ImageRefused
from gallery.images.sandbox.sound_parent import SoundRefused
from gallery.numbers import whole_number
from gallery.organisations.models import Organisation
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.web.languages import gettext as _
from gallery.worker import Chore, ChoreContext

SOUND = b"sound"  # of the key `kind` in an upload's metadata: the file is the voice of the work
SHA256 = re.compile(r"[0-9a-f]{64}")


def is_sound(metadata: Mapping[str, bytes]) -> bool:
    return metadata.get("kind") == SOUND


def chosen_organisation(metadata: Mapping[str, bytes], organisations: list[Organisation]) -> Organisation:
    """The organisation that the upload's metadata names, else the first organisation of the person."""
    if "organisation" not in metadata:
        return organisations[0]
    for each in organisations:
        if str(each.id).encode() == metadata["organisation"]:
            return each
    raise TusRefusal(403, _("You are not a member of this organisation."))


async def chosen_work(metadata: Mapping[str, bytes], organisations: list[Organisation]) -> Artwork | None:
    """The work that gets the picture, by the id in the upload's metadata; None without an id."""
    if "work" not in metadata:
        return None
    artwork = await _find_work(metadata, [each.id for each in organisations])
    if artwork is None:
        raise TusRefusal(404, _("There is no such work."))
    if not artwork.is_editable:
        raise TusRefusal(409, not_editable_reason(artwork.status))
    return artwork


async def work_with_same_file(metadata: Mapping[str, bytes], organisation: Organisation) -> Artwork | None:
    """The organisation's work whose picture file has the `sha256` (hex) in the upload's metadata."""
    digest = metadata.get("sha256", b"").decode(errors="replace").lower()
    if not SHA256.fullmatch(digest):
        return None
    return next(iter((await works_with_files([organisation.id], [digest])).get(digest, ())), None)


async def _find_work(metadata: Mapping[str, bytes], organisation_ids: list[int]) -> Artwork | None:
    number = whole_number(metadata.get("work"))
    if number is None:
        return None
    works = Artwork.filter(id=number, organisation_id__in=organisation_ids).first()
    return await works.prefetch_related("organisation")


async def finish_upload(upload: Upload, storage: Storage, settings: Settings) -> None:
    """Create a draft or an import from a complete upload, or set the picture of the work in its metadata.

    If the metadata say `picture` = `further`, the picture is added after the others of the work, and with `kind` =
    `sound` the file becomes its voice. A call after a killed one finds its draft. Raises ImageRefused if the file cannot
    be shown, SoundRefused if it cannot be heard; PictureIsHere if the organisation has it
    already; NotEditable and WorkRefused if the named work can no longer get a picture. In these cases the upload is
    deleted. Raises UploadLocked if another process is finishing it, UploadGone if it was stopped in the meantime.
    """
    async with leased(upload):
        await _finish(upload, storage, settings)


async def _finish(upload: Upload, storage: Storage, settings: Settings) -> None:
    await upload.fetch_related("organisation", "by")
    metadata = parse_metadata(upload.metadata)
    if is_sheet(metadata):
        await finish_sheet(upload, storage)
        return
    target = await _find_work(metadata, [upload.organisation_id])
    if is_sound(metadata):
        artwork = await _set_voice(upload, target, storage, settings)
    else:
        made_before = await Artwork.filter(form_key=upload.token).first()
        artwork = made_before or await _enter(upload, metadata, target, storage, settings)
    completed_at = now()
    if not await Upload.filter(id=upload.id).update(artwork_id=artwork.id, completed_at=completed_at):
        if target is not None:
            return  # the upload was cancelled after the picture of the work was set
        try:
            await delete_draft(artwork, storage)
        except NotEditable:
            return  # somebody submitted the draft while the upload was being cancelled
        raise UploadGone
    upload.artwork_id, upload.completed_at = artwork.id, completed_at
    await delete_pieces(upload, storage)


async def _enter(
    upload: Upload,
    metadata: Mapping[str, bytes],
    target: Artwork | None,
    storage: Storage,
    settings: Settings,
) -> Artwork:
    async with storage.scratch_folder() as folder, WorkEntry(storage, settings, upload.by) as entry:
        try:
            file = await received_file(upload, storage, folder)
            name = metadata.get("filename", b"").decode(errors="replace")
            await entry.add_picture(replace(file, name=name), upload.organisation)
            if target is not None and metadata.get("picture") == b"further":
                await entry.append_picture(target)
                return target
            if target is not None:
                return await entry.set_picture(target)
            return await entry.save_new_picture(upload.organisation, upload.token)
        except IntegrityError:
            return await Artwork.get(form_key=upload.token)
        except (ImageRefused, NotEditable, PictureIsHere, WorkRefused):
            await delete_upload(upload, storage)
            raise


async def _set_voice(upload: Upload, target: Artwork | None, storage: Storage, settings: Settings) -> Artwork:
    try:
        if target is None:
            raise WorkRefused("sound", _("This work has just been deleted."))
        async with storage.scratch_folder() as folder:
            file = await received_file(upload, storage, folder)
            await receive_voice(target, file, upload.by, storage, settings)
    except (SoundRefused, NotEditable, WorkRefused):
        await delete_upload(upload, storage)
        raise
    return target


async def finish_next(context: ChoreContext) -> bool:
    """Finish one complete upload whose server process was killed before finishing it."""
    complete = Upload.filter(completed_at__isnull=True, expires_at__gt=now(), received=F("length"))
    for upload in await complete.order_by("id"):
        try:
            await finish_upload(upload, context.storage, context.settings)
        except (UploadGone, UploadLocked):
            continue
        except (ImageRefused, NotEditable, PictureIsHere, SoundRefused, WorkRefused):
            pass
        return True
    return False


async def forget_expired(context: ChoreContext) -> bool:
    """Delete one upload past its `expires_at`, finished or not."""
    upload = await Upload.filter(expires_at__lte=now()).order_by("expires_at").first()
    if upload is None:
        return False
    await delete_upload(upload, context.storage)
    return True


CHORES = [
    Chore("finish uploads", finish_next, every=30),
    Chore("forget expired uploads", forget_expired, every=600),
]
