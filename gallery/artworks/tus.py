"""Pictures that arrive in pieces, by tus 1.0 (https://tus.io/protocols/resumable-upload): each becomes a draft."""

from __future__ import annotations

import base64
import binascii
import functools
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from tortoise.exceptions import IntegrityError

from gallery.accounts.access import SignInRequired
from gallery.accounts.models import Person
from gallery.artworks.models import Artwork
from gallery.artworks.works import (
    NotEditable,
    WorkDetails,
    WorkRefused,
    create_work,
    delete_draft,
    discard_image,
    set_picture,
    why_not_editable,
)
from gallery.clock import now
from gallery.images.models import Image, Upload
from gallery.images.partial_uploads import (
    ALGORITHMS,
    MAX_OPEN_UPLOADS,
    Checksum,
    ChecksumMismatch,
    OffsetMismatch,
    PartialUpload,
    TooManyUploads,
    UploadGone,
    UploadLocked,
    UploadStalled,
    UploadTooLong,
    create_upload,
    delete_stray_files,
    delete_upload,
)
from gallery.images.sandbox.parent import REFUSALS, ImageRefused
from gallery.images.uploads import create_image, inspect_upload, too_large
from gallery.numbers import whole_number
from gallery.organisations.access import load_member
from gallery.organisations.models import Organisation
from gallery.settings import Settings
from gallery.storage import Storage, StoreUnavailable
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.rendering import pages_of, settings_of
from gallery.worker import Chore, ChoreContext

logger = logging.getLogger("gallery")

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,checksum,expiration"
CHUNK_TYPE = "application/offset+octet-stream"
MAX_METADATA_LENGTH = 4_000  # characters
RETRY_AFTER = "30"  # seconds
WORK_HEADER = "gallery-work"  # the header that says which draft an upload became

SENT_ELSEWHERE = _l("This picture is being sent from another window just now.")

Handler = Callable[[Request], Awaitable[Response]]


class TusRefusal(Exception):
    """A request that the protocol, or a limit, does not allow."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = dict(headers or {})


def tus_handler(handler: Callable[[TusEndpoint, Request], Awaitable[Response]]) -> Any:
    """`handler` for programs: a sentence instead of a page, and the protocol's headers on every answer."""

    @functools.wraps(handler)
    async def answer(landing: TusEndpoint, request: Request) -> Response:
        try:
            if request.headers.get("tus-resumable") != VERSION:
                raise TusRefusal(412, "This server speaks tus 1.0.0.", {"tus-version": VERSION})
            response = await handler(landing, request)
        except TusRefusal as refusal:
            response = landing.refuse(request, refusal.status, refusal.sentence, refusal.headers)
        except SignInRequired:
            sentence = _("Please sign in. What has arrived of the picture is kept.")
            response = landing.refuse(request, 401, sentence, {})
        except HTTPException as error:
            response = landing.refuse(request, error.status_code, _("This upload is not there."), {})
        except UploadGone:
            # Unless another request, or the worker, finished it this very moment: then asking again finds it done.
            token = request.path_params.get("token", "")
            if await Upload.exists(token=token, completed_at__isnull=False):
                response = landing.refuse(request, 423, str(SENT_ELSEWHERE), {})
            else:
                sentence = _("This upload is no longer there. Please choose the picture again.")
                response = landing.refuse(request, 410, sentence, {})
        except UploadLocked:
            response = landing.refuse(request, 423, str(SENT_ELSEWHERE), {})
        except (StoreUnavailable, OSError) as error:
            if "token" not in request.path_params:
                raise
            # After a 5xx clients begin anew, with all of it; what is locked they keep, and ask again.
            logger.warning("%s", error, exc_info=isinstance(error, OSError))
            sentence = _("The picture could not be kept just now. Please try again in a minute.")
            response = landing.refuse(request, 423, sentence, {"retry-after": RETRY_AFTER})
        response.headers["tus-resumable"] = VERSION
        response.headers["cache-control"] = "no-store"
        return response

    return answer


def plain_text_error(request: Request, status: int, sentence: str, headers: Mapping[str, str]) -> Response:
    return PlainTextResponse(sentence, status, dict(headers))


@dataclass(frozen=True)
class TusEndpoint:
    """A place where pictures come in, such as the desk's: who may send them there, its request says (`load_member`)."""

    name: str  # of its routes: `uploads` for `uploads:create` and so on
    work: str  # the route that shows the draft which an upload became
    refuse: Callable[[Request, int, str, Mapping[str, str]], Response] = plain_text_error

    async def options(self, request: Request) -> Response:
        """A program asks what this server can do."""
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
        """A partner's browser announces a picture: how large it is, and for which organisation."""
        person, organisations = await load_member(request)
        length = integer_header(request, "upload-length")
        if length == 0:
            raise TusRefusal(400, _("This file is empty: it has 0 bytes. Please choose the picture again."))
        if length > settings_of(request).upload_max_bytes:
            raise TusRefusal(413, too_large(settings_of(request).upload_max_bytes))
        metadata = request.headers.get("upload-metadata", "").strip()
        told = parse_metadata(metadata)
        work = await chosen_work(told, organisations)
        organisation = work.organisation if work else chosen_organisation(told, organisations)
        try:
            upload = await create_upload(organisation, person, length, metadata, storage_of(request))
        except TooManyUploads:
            raise TusRefusal(
                429,
                _(
                    "You have begun %(number)s pictures that have not arrived, or very large ones. "
                    "Please let some of them arrive first, or stop them."
                )
                % {"number": MAX_OPEN_UPLOADS},
            ) from None
        location = pages_of(request).url(f"{self.name}:show", token=upload.token)
        headers = {"location": location, **expiry_headers(upload)}
        if request.headers.get("content-type") == CHUNK_TYPE:  # creation with upload
            headers.update(await self._add(request, upload, 0))
        return Response(status_code=201, headers=headers)

    @tus_handler
    async def show(self, request: Request) -> Response:
        """A browser that lost the connection asks how much of a picture has arrived."""
        upload = await load_upload(request)
        headers = {"upload-length": str(upload.length), **expiry_headers(upload)}
        if upload.metadata:
            headers["upload-metadata"] = upload.metadata
        part = PartialUpload(storage_of(request), upload.token)
        size = upload.length if upload.completed_at else part.size()
        if size == upload.length:
            # Whoever hears that all has arrived takes it for done.
            async with _held(part, upload):
                headers.update(await self._finish(request, upload))
        else:
            part.request_yield()  # whoever asks wants to go on: a request of which nothing is heard any more makes way
        return Response(status_code=200, headers={**headers, "upload-offset": str(size)})

    @tus_handler
    async def append(self, request: Request) -> Response:
        """A browser sends a piece of a picture; with the last one it becomes a draft."""
        upload = await load_upload(request)
        if request.headers.get("content-type") != CHUNK_TYPE:
            raise TusRefusal(415, f"A piece of an upload is sent as {CHUNK_TYPE}.")
        headers = await self._add(request, upload, integer_header(request, "upload-offset"))
        return Response(status_code=204, headers={**headers, **expiry_headers(upload)})

    @tus_handler
    async def delete(self, request: Request) -> Response:
        """A partner stops an upload: what arrived of it is deleted. A draft that it became stays."""
        upload = await load_upload(request)
        await delete_upload(upload, storage_of(request))
        return Response(status_code=204)

    async def override(self, request: Request) -> Response:
        """A browser behind a proxy that lets only GET and POST through names the method in a header."""
        handlers: dict[str, Handler] = {"HEAD": self.show, "PATCH": self.append, "DELETE": self.delete}
        handler = handlers.get(request.headers.get("x-http-method-override", ""))
        if handler is None:
            raise HTTPException(405, headers={"allow": ", ".join(handlers)})
        return await handler(request)

    async def _add(self, request: Request, upload: Upload, offset: int) -> dict[str, str]:
        """Add the body to an upload, and finish it when it is whole; returns headers."""
        checksum = parse_checksum(request)
        if upload.completed_at is not None:
            raise TusRefusal(409, "All of it has arrived.", {"upload-offset": str(upload.length)})
        part = PartialUpload(storage_of(request), upload.token)
        async with _held(part, upload) as file:
            try:
                size = await part.append(file, request, offset, upload.length, checksum)
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
            headers = {"upload-offset": str(size)}
            if size == upload.length:
                headers.update(await self._finish(request, upload))
            return headers

    async def _finish(self, request: Request, upload: Upload) -> dict[str, str]:
        """Headers that say which draft a whole upload became; a picture that cannot be shown is refused with its reason."""
        if upload.completed_at is None:
            try:
                await finish_upload(upload, storage_of(request), settings_of(request))
            except ImageRefused as refusal:
                raise TusRefusal(422, str(REFUSALS[refusal.code])) from None
            except (NotEditable, WorkRefused) as refusal:
                raise TusRefusal(409, refusal.sentence) from None
        if upload.artwork_id is None:
            return {}
        return {WORK_HEADER: pages_of(request).url(self.work, id=upload.artwork_id)}


DESK_ENDPOINT = TusEndpoint("uploads", "artworks:show")


async def load_upload(request: Request) -> Upload:
    """The upload of the address, for whoever began it; 404 to everybody else, and to those who left the organisation."""
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


def _held(part: PartialUpload, upload: Upload) -> Any:
    return part.lock() if upload.completed_at is None else _NothingHeld()


class _NothingHeld:
    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...


async def finish_upload(upload: Upload, storage: Storage, settings: Settings) -> None:
    """Make a draft of an upload that is whole and held, or give it to the work that it is for.

    A second time, it finds the draft that it made. Raises Refused where its file cannot be shown, NotEditable and
    WorkRefused where that work takes no picture any more, each after deleting it; Gone where it was stopped meanwhile.
    """
    await upload.fetch_related("organisation", "by")
    part = PartialUpload(storage, upload.token)
    artwork = await Artwork.filter(form_key=upload.token).first()
    is_for = await _find_work(parse_metadata(upload.metadata), [upload.organisation_id])
    if artwork is None:
        async with storage.scratch_folder() as folder:
            try:
                file = await part.received(folder)
                found = await inspect_upload(file, settings)
            except FileNotFoundError:
                raise UploadGone from None
            except ImageRefused:
                await delete_upload(upload, storage)
                raise
            image = await create_image(file, found, upload.organisation, storage)
        artwork = await _become_work(upload, is_for, image, storage)
    moment = now()
    if not await Upload.filter(id=upload.id).update(artwork_id=artwork.id, completed_at=moment):
        if is_for is not None:
            return  # it was stopped when its work had it already
        try:
            await delete_draft(artwork, storage)
        except NotEditable:
            return  # its draft was found and submitted while it was being stopped
        raise UploadGone
    upload.artwork_id, upload.completed_at = artwork.id, moment
    part.delete()


async def _become_work(upload: Upload, is_for: Artwork | None, image: Image, storage: Storage) -> Artwork:
    try:
        if is_for is None:
            draft = blank_details(upload.organisation, upload.by)
            return await create_work(draft, upload.by, image, upload.token)
        replaced = await set_picture(is_for, image, upload.by)
    except IntegrityError:
        await discard_image(image, storage)
        return await Artwork.get(form_key=upload.token)
    except (NotEditable, WorkRefused):
        await discard_image(image, storage)
        await delete_upload(upload, storage)
        raise
    except BaseException:
        await discard_image(image, storage)
        raise
    if replaced is not None:
        await discard_image(replaced, storage)
    return is_for


def blank_details(organisation: Organisation, by: Person) -> WorkDetails:
    """What a draft begins with of which only the picture is there."""
    return WorkDetails(organisation=organisation, language=by.language, texts={})


MAX_HEADER_NUMBER = (
    10**15 - 1
)  # bytes; what is too large for us is refused further on, with an answer of its own


def integer_header(request: Request, header: str) -> int:
    """The whole number in a header of the protocol."""
    number = whole_number(request.headers.get(header), most=MAX_HEADER_NUMBER)
    if number is None:
        raise TusRefusal(400, f"The header {header.title()} takes a whole number.")
    return number


def parse_metadata(text: str) -> dict[str, bytes]:
    """`filename d29ybGQ=,is_confidential` as keys with what they say."""
    if len(text) > MAX_METADATA_LENGTH:
        raise TusRefusal(400, f"The header Upload-Metadata has more than {MAX_METADATA_LENGTH} characters.")
    told: dict[str, bytes] = {}
    for pair in text.split(",") if text else []:
        key, _blank, value = pair.strip().partition(" ")
        try:
            decoded = base64.b64decode(value.strip(), validate=True)
        except (binascii.Error, ValueError):
            key = ""
            decoded = b""
        if not key or key in told or not key.isascii():
            raise TusRefusal(400, "The header Upload-Metadata holds keys, each once, with values in Base64.")
        told[key] = decoded
    return told


def chosen_organisation(told: Mapping[str, bytes], organisations: list[Organisation]) -> Organisation:
    """The organisation for which a picture comes: the one that is named, else the person's first."""
    if "organisation" not in told:
        return organisations[0]
    for each in organisations:
        if str(each.id).encode() == told["organisation"]:
            return each
    raise TusRefusal(403, _("You are not a member of this organisation."))


async def chosen_work(told: Mapping[str, bytes], organisations: list[Organisation]) -> Artwork | None:
    """The work that a picture is for, where one is named by its number: it keeps its words and gets this picture."""
    if "work" not in told:
        return None
    work = await _find_work(told, [each.id for each in organisations])
    if work is None:
        raise TusRefusal(404, _("This work is not there."))
    if not work.is_editable:
        raise TusRefusal(409, why_not_editable(work.status))
    return work


async def _find_work(told: Mapping[str, bytes], organisation_ids: list[int]) -> Artwork | None:
    number = whole_number(told.get("work"))
    if number is None:
        return None
    work = Artwork.filter(id=number, organisation_id__in=organisation_ids).first()
    return await work.prefetch_related("organisation")


def parse_checksum(request: Request) -> Checksum | None:
    text = request.headers.get("upload-checksum")
    if text is None:
        return None
    algorithm, _blank, value = text.partition(" ")
    try:
        digest = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if algorithm not in ALGORITHMS or not digest:
        raise TusRefusal(400, f"A checksum is one of {', '.join(ALGORITHMS)}, in Base64.")
    return Checksum(algorithm, digest)


def expiry_headers(upload: Upload) -> dict[str, str]:
    if upload.completed_at is not None:
        return {}
    return {"upload-expires": formatdate(upload.expires_at.timestamp(), usegmt=True)}


def storage_of(request: Request) -> Storage:
    storage: Storage = request.app.state.storage
    return storage


async def finish_next(context: ChoreContext) -> bool:
    """Make a draft of an upload that is whole, and whose process was killed before it did so."""
    for upload in await Upload.filter(completed_at__isnull=True, expires_at__gt=now()).order_by("id"):
        part = PartialUpload(context.storage, upload.token)
        try:
            if part.size() != upload.length:
                continue
            async with part.lock():
                # Between the question and the lock a server may have finished it.
                held = await Upload.get_or_none(id=upload.id, completed_at__isnull=True)
                if held is not None:
                    await finish_upload(held, context.storage, context.settings)
            return True
        except (UploadGone, UploadLocked):
            continue
        except (ImageRefused, NotEditable, WorkRefused):
            return True
    return False


async def forget_expired(context: ChoreContext) -> bool:
    """Delete one upload that did not arrive in time, or the row of one that did long ago, and files without a row."""
    await delete_stray_files(context.storage)
    upload = await Upload.filter(expires_at__lte=now()).order_by("expires_at").first()
    if upload is None:
        return False
    await delete_upload(upload, context.storage)
    return True


routes = [
    Route("/desk/uploads", DESK_ENDPOINT.options, name="uploads:options", methods=["OPTIONS"]),
    Route("/desk/uploads", DESK_ENDPOINT.create, name="uploads:create", methods=["POST"]),
    Route("/desk/uploads/{token}", DESK_ENDPOINT.options, name="uploads:options_of", methods=["OPTIONS"]),
    Route("/desk/uploads/{token}", DESK_ENDPOINT.show, name="uploads:show", methods=["HEAD"]),
    Route("/desk/uploads/{token}", DESK_ENDPOINT.append, name="uploads:append", methods=["PATCH"]),
    Route("/desk/uploads/{token}", DESK_ENDPOINT.delete, name="uploads:delete", methods=["DELETE"]),
    Route("/desk/uploads/{token}", DESK_ENDPOINT.override, name="uploads:override", methods=["POST"]),
]

CHORES = [
    Chore("finish uploads", finish_next, every=30),
    Chore("forget expired uploads", forget_expired, every=600),
]
