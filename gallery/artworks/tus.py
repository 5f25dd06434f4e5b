"""Resumable uploads by tus 1.0: a file arrives in chunks; the last chunk completes the upload.

A completed upload creates a draft, or sets the picture or the voice of a work; that of a sheet or its ZIP creates an
import.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gallery.accounts.access import SignInRequired
from gallery.artworks.finished_uploads import (
    chosen_organisation,
    chosen_work,
    finish_upload,
    is_sound,
    work_with_same_file,
)
from gallery.artworks.import_models import Import
from gallery.artworks.import_uploads import check_choices, is_sheet
from gallery.artworks.sheet_faults import fault_sentence
from gallery.artworks.tus_protocol import (
    CHUNK_TYPE,
    EXTENSIONS,
    VERSION,
    TusRefusal,
    expiry_headers,
    integer_header,
    parse_checksum,
    parse_metadata,
)
from gallery.artworks.works import NotEditable, PictureIsHere, WorkRefused
from gallery.clock import now
from gallery.images.models import Upload
from gallery.images.partial_uploads import (
    ALGORITHMS,
    MAX_OPEN_UPLOADS,
    ChecksumMismatch,
    OffsetMismatch,
    TooManyUploads,
    UploadGone,
    UploadLocked,
    UploadStalled,
    UploadTooLong,
    append,
    create_upload,
    delete_upload,
)
from gallery.images.sandbox.parent import REFUSALS, ImageRefused
from gallery.images.sandbox.sound_parent import SoundRefused, takes_sounds
from gallery.images.sound_refusals import NO_SOUNDS, SOUND_REFUSALS
from gallery.images.uploads import too_large
from gallery.organisations.access import load_member
from gallery.organisations.models import Organisation
from gallery.settings import Settings
from gallery.sounds.uploads import sound_too_large
from gallery.storage import StoreUnavailable
from gallery.web.languages import file_size
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.rendering import pages_of, settings_of, storage_of

logger = logging.getLogger("gallery")

RETRY_AFTER = "30"  # seconds
WORK_HEADER = (
    "gallery-work"  # response header with the URL of the draft, or of the work that has the same file
)
SHEET_HEADER = "gallery-sheet"  # the same for an import

SENT_ELSEWHERE = _l("This file is being sent from another window just now.")

Handler = Callable[[Request], Awaitable[Response]]


def tus_handler(handler: Callable[[TusEndpoint, Request], Awaitable[Response]]) -> Any:
    """Decorator for handlers: errors become sentences instead of pages, and every response has the tus headers."""

    @functools.wraps(handler)
    async def wrapped(endpoint: TusEndpoint, request: Request) -> Response:
        try:
            if request.headers.get("tus-resumable") != VERSION:
                raise TusRefusal(412, "This server speaks tus 1.0.0.", {"tus-version": VERSION})
            response = await handler(endpoint, request)
        except TusRefusal as refusal:
            response = endpoint.refuse(request, refusal.status, refusal.sentence, refusal.headers)
        except SignInRequired:
            sentence = _("Please sign in. What has arrived of the file is kept.")
            response = endpoint.refuse(request, 401, sentence, {})
        except HTTPException as error:
            response = endpoint.refuse(request, error.status_code, _("There is no such upload."), {})
        except UploadGone:
            sentence = _("This upload no longer exists. Please choose the file again.")
            response = endpoint.refuse(request, 410, sentence, {})
        except UploadLocked:
            response = endpoint.refuse(request, 423, str(SENT_ELSEWHERE), {})
        except (StoreUnavailable, OSError) as error:
            if "token" not in request.path_params:
                raise
            # After a 5xx response clients send the whole file again; after 423 they resume the upload.
            logger.warning("%s", error, exc_info=isinstance(error, OSError))
            sentence = _("The file could not be saved right now. Please try again in a minute.")
            response = endpoint.refuse(request, 423, sentence, {"retry-after": RETRY_AFTER})
        response.headers["tus-resumable"] = VERSION
        response.headers["cache-control"] = "no-store"
        return response

    return wrapped


def plain_text_error(request: Request, status: int, sentence: str, headers: Mapping[str, str]) -> Response:
    return PlainTextResponse(sentence, status, dict(headers))


@dataclass(frozen=True)
class TusEndpoint:
    """The handlers of one upload endpoint, such as the desk; `load_member` checks who may upload there."""

    name: str  # prefix of the route names, such as `uploads` in `uploads:create`
    work: str  # name of the route that shows the draft
    sheet: str = ""  # name of the route that shows an import; "" if the endpoint takes no sheets
    refuse: Callable[[Request, int, str, Mapping[str, str]], Response] = plain_text_error

    async def options(self, request: Request) -> Response:
        """A client asks what this server supports."""
        return Response(
            status_code=204,
            headers={
                "tus-resumable": VERSION,
                "tus-version": VERSION,
                "tus-extension": EXTENSIONS,
                "tus-max-size": str(settings_of(request).upload_max_bytes),
                "tus-checksum-algorithm": ",".join(ALGORITHMS),
            },
        )

    @tus_handler
    async def create(self, request: Request) -> Response:
        """A client creates an upload: the request gives the file's length in bytes and the organisation."""
        person, organisations = await load_member(request)
        length = integer_header(request, "upload-length")
        settings = settings_of(request)
        metadata = request.headers.get("upload-metadata", "").strip()
        values = parse_metadata(metadata)
        if values.get("person") not in {None, str(person.id).encode()}:
            raise SignInRequired  # chosen by somebody else, in the same browser
        if length == 0:
            raise TusRefusal(400, _("This file is empty: it has 0 bytes. Please choose it again."))
        most_open = 0
        if is_sheet(values):
            organisation = await self._check_sheet(values, organisations, length, settings)
            most_open = settings.import_max_bytes
        elif is_sound(values):
            organisation = await self._check_sound(values, organisations, length, settings)
        else:
            if length > settings.upload_max_bytes:
                raise TusRefusal(413, too_large(settings.upload_max_bytes))
            work = await chosen_work(values, organisations)
            organisation = work.organisation if work else chosen_organisation(values, organisations)
            if work is None and (same := await work_with_same_file(values, organisation)) is not None:
                raise self._already_here(request, PictureIsHere(same))
        try:
            upload = await create_upload(organisation, person, length, metadata, most_open)
        except TooManyUploads:
            raise TusRefusal(
                429,
                _(
                    "You have %(number)s unfinished uploads, or very large ones. Please let some of them finish "
                    "first, or stop them."
                )
                % {"number": MAX_OPEN_UPLOADS},
            ) from None
        location = pages_of(request).url(f"{self.name}:show", token=upload.token)
        headers = {"location": location, **expiry_headers(upload)}
        if request.headers.get("content-type") == CHUNK_TYPE:  # the body is the first chunk
            headers.update(await self._add(request, upload, 0))
        return Response(status_code=201, headers=headers)

    async def _check_sound(
        self, values: Mapping[str, bytes], organisations: list[Organisation], length: int, settings: Settings
    ) -> Organisation:
        """The organisation of the work whose voice is to be uploaded. Raises TusRefusal."""
        if not takes_sounds():
            raise TusRefusal(422, str(NO_SOUNDS))
        if length > settings.upload_max_bytes:
            raise TusRefusal(413, sound_too_large(settings.upload_max_bytes))
        work = await chosen_work(values, organisations)
        if work is None:
            raise TusRefusal(400, "A voice needs the key work in the header Upload-Metadata.")
        return work.organisation

    async def _check_sheet(
        self, values: Mapping[str, bytes], organisations: list[Organisation], length: int, settings: Settings
    ) -> Organisation:
        """The organisation that an uploaded sheet is for. Raises TusRefusal."""
        if not self.sheet:
            raise TusRefusal(400, "Sheets are sent at the desk.")
        if length > settings.import_max_bytes:
            size = file_size(settings.import_max_bytes)
            raise TusRefusal(413, fault_sentence("file_too_large", {"size": size}))
        organisation = chosen_organisation(values, organisations)
        await check_choices(values, organisation)
        return organisation

    @tus_handler
    async def show(self, request: Request) -> Response:
        """A client that lost the connection asks how many bytes of the upload have arrived."""
        upload = await load_upload(request)
        headers = {"upload-length": str(upload.length), **expiry_headers(upload)}
        if upload.metadata:
            headers["upload-metadata"] = upload.metadata
        size = upload.length if upload.completed_at else upload.received
        if size == upload.length:
            # A client that sees the full offset treats the upload as completed, so complete it now.
            headers.update(await self._finish(request, upload))
        return Response(status_code=200, headers={**headers, "upload-offset": str(size)})

    @tus_handler
    async def append(self, request: Request) -> Response:
        """A client sends the next chunk; the last chunk completes the upload."""
        upload = await load_upload(request)
        if request.headers.get("content-type") != CHUNK_TYPE:
            raise TusRefusal(415, f"A piece of an upload is sent as {CHUNK_TYPE}.")
        headers = await self._add(request, upload, integer_header(request, "upload-offset"))
        return Response(status_code=204, headers={**headers, **expiry_headers(upload)})

    @tus_handler
    async def delete(self, request: Request) -> Response:
        """A client cancels an upload: the received bytes are deleted. A draft made from the upload is kept."""
        upload = await load_upload(request)
        await delete_upload(upload, storage_of(request))
        return Response(status_code=204)

    async def override(self, request: Request) -> Response:
        """A client behind a proxy that passes only GET and POST sends the method as X-HTTP-Method-Override."""
        handlers: dict[str, Handler] = {"HEAD": self.show, "PATCH": self.append, "DELETE": self.delete}
        handler = handlers.get(request.headers.get("x-http-method-override", ""))
        if handler is None:
            raise HTTPException(405, headers={"allow": ", ".join(handlers)})
        return await handler(request)

    async def _add(self, request: Request, upload: Upload, offset: int) -> dict[str, str]:
        """Append the request body to an upload, and finish a complete upload; returns response headers."""
        checksum = parse_checksum(request)
        if upload.completed_at is not None:
            raise TusRefusal(409, "All of it has arrived.", {"upload-offset": str(upload.length)})
        try:
            await append(upload, request, offset, storage_of(request), checksum)
        except OffsetMismatch as wrong:
            raise TusRefusal(
                409, f"The next piece begins at {wrong.size}.", {"upload-offset": str(wrong.size)}
            ) from None
        except UploadTooLong:
            raise TusRefusal(413, f"This is more than the {upload.length} bytes announced.") from None
        except ChecksumMismatch:
            raise TusRefusal(460, "The piece does not agree with its checksum.") from None
        except (UploadStalled, ClientDisconnect):
            raise TusRefusal(408, "The piece broke off.", {"connection": "close"}) from None
        headers = {"upload-offset": str(upload.received)}
        if upload.received == upload.length:
            headers.update(await self._finish(request, upload))
        return headers

    async def _finish(self, request: Request, upload: Upload) -> dict[str, str]:
        """Finish a complete upload; returns the header with the URL of the draft or import. Raises TusRefusal."""
        if upload.completed_at is None:
            try:
                await finish_upload(upload, storage_of(request), settings_of(request))
            except ImageRefused as refusal:
                raise TusRefusal(422, str(REFUSALS[refusal.code])) from None
            except SoundRefused as refusal:
                raise TusRefusal(422, str(SOUND_REFUSALS[refusal.code])) from None
            except PictureIsHere as here:
                raise self._already_here(request, here) from None
            except (NotEditable, WorkRefused) as refusal:
                raise TusRefusal(409, refusal.sentence) from None
        if upload.artwork_id is None:
            job = await Import.get_or_none(token=upload.token) if self.sheet else None
            return {SHEET_HEADER: pages_of(request).url(self.sheet, id=job.id)} if job else {}
        return {WORK_HEADER: pages_of(request).url(self.work, id=upload.artwork_id)}

    def _already_here(self, request: Request, here: PictureIsHere) -> TusRefusal:
        """A refusal with status 409 and the URL of the work that was made from the same file."""
        headers = {WORK_HEADER: pages_of(request).url(self.work, id=here.artwork.id)}
        return TusRefusal(409, here.sentence, headers)


DESK_ENDPOINT = TusEndpoint("uploads", "artworks:show", "imports:show")


async def load_upload(request: Request) -> Upload:
    """The upload in the URL; 404 unless the person began it and is still a member of the upload's organisation."""
    person, organisations = await load_member(request)
    token = request.path_params["token"]
    upload = await Upload.filter(
        token=token[:33], by=person, organisation_id__in=[each.id for each in organisations]
    ).first()
    if upload is None:
        raise HTTPException(404)
    if upload.expires_at <= now():
        raise UploadGone
    return upload


routes = [
    Route("/desk/uploads", DESK_ENDPOINT.options, name="uploads:options", methods=["OPTIONS"]),
    Route("/desk/uploads", DESK_ENDPOINT.create, name="uploads:create", methods=["POST"]),
    Route("/desk/uploads/{token}", DESK_ENDPOINT.options, name="uploads:options_of", methods=["OPTIONS"]),
    Route("/desk/uploads/{token}", DESK_ENDPOINT.show, name="uploads:show", methods=["HEAD"]),
    Route("/desk/uploads/{token}", DESK_ENDPOINT.append, name="uploads:append", methods=["PATCH"]),
    Route("/desk/uploads/{token}", DESK_ENDPOINT.delete, name="uploads:delete", methods=["DELETE"]),
    Route("/desk/uploads/{token}", DESK_ENDPOINT.override, name="uploads:override", methods=["POST"]),
]
