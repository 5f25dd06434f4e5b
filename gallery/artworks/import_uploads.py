"""Sheets and ZIPs sent by tus: a complete upload becomes an import."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from tortoise.exceptions import IntegrityError

from gallery.artists.models import Consent
from gallery.artworks.import_models import Import, ImportState, bundle_key
from gallery.artworks.imports import create_import
from gallery.artworks.tus_protocol import TusRefusal, parse_metadata
from gallery.artworks.works import load_work_options
from gallery.clock import now
from gallery.images.models import Upload
from gallery.images.partial_uploads import UploadGone, delete_pieces, received_file
from gallery.organisations.models import Organisation
from gallery.storage import Storage
from gallery.web.forms import one_line
from gallery.web.languages import gettext as _
from gallery.web.languages import site_languages

KIND = b"sheet"  # value of `kind` in an upload's metadata; without it, the file is a picture


def is_sheet(metadata: Mapping[str, bytes]) -> bool:
    return metadata.get("kind") == KIND


async def check_choices(metadata: Mapping[str, bytes], organisation: Organisation) -> None:
    """Check the language and the consent that the metadata name. Raises TusRefusal."""
    if _text(metadata, "language") not in site_languages():
        raise TusRefusal(422, _("Please choose a language."))
    if "consent" in metadata and await _consent(metadata, organisation) is None:
        raise TusRefusal(422, _("This consent belongs to another organisation."))


async def finish_sheet(upload: Upload, storage: Storage) -> None:
    """Queue the file of a complete upload as an import. The caller has leased the upload.

    A second call after a crash creates no second import. Raises UploadGone if the upload was cancelled in the
    meantime.
    """
    metadata = parse_metadata(upload.metadata)
    if not await Import.exists(token=upload.token):
        async with storage.scratch_folder() as folder:
            file = await received_file(upload, storage, folder)
            await storage.private.put_file(bundle_key(upload.token), file.path)
        name = one_line(_text(metadata, "filename"))
        consent = await _consent(metadata, upload.organisation)
        language = _text(metadata, "language")
        with suppress(IntegrityError):  # the lease expired, and another process finished the upload first
            await create_import(upload.organisation, upload.by, upload.token, name, consent, language)
    completed_at = now()
    if not await Upload.filter(id=upload.id).update(completed_at=completed_at):
        await Import.filter(token=upload.token, state=ImportState.RECEIVED).update(
            state=ImportState.TAKEN_BACK, finished_at=completed_at
        )
        raise UploadGone
    upload.completed_at = completed_at
    await delete_pieces(upload, storage)


async def _consent(metadata: Mapping[str, bytes], organisation: Organisation) -> Consent | None:
    offered = (await load_work_options([organisation])).consents
    return next((each for each in offered if str(each.id) == _text(metadata, "consent")), None)


def _text(metadata: Mapping[str, bytes], key: str) -> str:
    return metadata.get(key, b"").decode(errors="replace").replace("\0", "")
