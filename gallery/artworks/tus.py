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

from gallery.accounts.access import SignInNeeded
from gallery.accounts.models import Person
from gallery.artworks.models import Artwork
from gallery.artworks.works import (
    NotEditable,
    WorkDetails,
    WorkRefused,
    create_work,
    delete_draft,
    discard,
    set_picture,
    why_not_editable,
)
from gallery.clock import now
from gallery.images.models import Image, Upload
from gallery.images.partial_uploads import (
    ALGORITHMS,
    MOST_OPEN,
    Checksum,
    Gone,
    GoneSilent,
    Held,
    Part,
    TooLong,
    TooManyUploads,
    WrongChecksum,
    WrongOffset,
    end_upload,
    open_upload,
    sweep_strays,
)
from gallery.images.sandbox.parent import REFUSALS, Refused
from gallery.images.uploads import look_at, take_in, too_large
from gallery.numbers import whole_number
from gallery.organisations.access import load_member
from gallery.organisations.models import Organisation
from gallery.settings import Settings
from gallery.storage import Storage, StoreAway
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.rendering import pages_of, settings_of
from gallery.worker import Chore, Workshop

logger = logging.getLogger("gallery")

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,checksum,expiration"
PIECES = "application/offset+octet-stream"
LONGEST_METADATA = 4_000  # characters
RETRY_AFTER = "30"  # seconds
WORK = "gallery-work"  # the header that says which draft an upload became

SENT_ELSEWHERE = _l("This picture is being sent from another window just now.")

Handler = Callable[[Request], Awaitable[Response]]


class TusRefusal(Exception):
    """A request that the protocol, or a limit, does not allow."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = dict(headers or {})


def by_tus(handler: Callable[[Landing, Request], Awaitable[Response]]) -> Any:
    """`handler` for programs: a sentence instead of a page, and the protocol's headers on every answer."""

    @functools.wraps(handler)
    async def answer(landing: Landing, request: Request) -> Response:
        try:
            if request.headers.get("tus-resumable") != VERSION:
                raise TusRefusal(412, "This server speaks tus 1.0.0.", {"tus-version": VERSION})
            response = await handler(landing, request)
        except TusRefusal as refusal:
            response = landing.refuse(request, refusal.status, refusal.sentence, refusal.headers)
        except SignInNeeded:
            sentence = _("Please sign in. What has arrived of the picture is kept.")
            response = landing.refuse(request, 401, sentence, {})
        except HTTPException as error:
            response = landing.refuse(request, error.status_code, _("This upload is not there."), {})
        except Gone:
            # Unless another request, or the worker, finished it this very moment: then asking again finds it done.
            token = request.path_params.get("token", "")
            if await Upload.exists(token=token, completed_at__isnull=False):
                response = landing.refuse(request, 423, str(SENT_ELSEWHERE), {})
            else:
                sentence = _("This upload is no longer there. Please choose the picture again.")
                response = landing.refuse(request, 410, sentence, {})
        except Held:
            response = landing.refuse(request, 423, str(SENT_ELSEWHERE), {})
        except (StoreAway, OSError) as error:
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


def in_a_sentence(request: Request, status: int, sentence: str, headers: Mapping[str, str]) -> Response:
    return PlainTextResponse(sentence, status, dict(headers))


@dataclass(frozen=True)
class Landing:
    """A place where pictures come in, such as the desk's: who may send them there, its request says (`load_member`)."""

    name: str  # of its routes: `uploads` for `uploads:create` and so on
    work: str  # the route that shows the draft which an upload became
    refuse: Callable[[Request, int, str, Mapping[str, str]], Response] = in_a_sentence

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

    @by_tus
    async def create(self, request: Request) -> Response:
        """A partner's browser announces a picture: how large it is, and for which organisation."""
        person, organisations = await load_member(request)
        length = number_in(request, "upload-length")
        if length == 0:
            raise TusRefusal(400, _("This file is empty: it has 0 bytes. Please choose the picture again."))
        if length > settings_of(request).upload_max_bytes:
            raise TusRefusal(413, too_large(settings_of(request).upload_max_bytes))
        metadata = request.headers.get("upload-metadata", "").strip()
        told = metadata_in(metadata)
        work = await chosen_work(told, organisations)
        organisation = work.organisation if work else chosen_organisation(told, organisations)
        try:
            upload = await open_upload(organisation, person, length, metadata, storage_of(request))
        except TooManyUploads:
            raise TusRefusal(
                429,
                _(
                    "You have begun %(number)s pictures that have not arrived, or very large ones. "
                    "Please let some of them arrive first, or stop them."
                )
                % {"number": MOST_OPEN},
            ) from None
        location = pages_of(request).url(f"{self.name}:show", token=upload.token)
        headers = {"location": location, **expiry_of(upload)}
        if request.headers.get("content-type") == PIECES:  # creation with upload
            headers.update(await self._add(request, upload, 0))
        return Response(status_code=201, headers=headers)

    @by_tus
    async def show(self, request: Request) -> Response:
        """A browser that lost the connection asks how much of a picture has arrived."""
        upload = await load_upload(request)
        headers = {"upload-length": str(upload.length), **expiry_of(upload)}
        if upload.metadata:
            headers["upload-metadata"] = upload.metadata
        part = Part(storage_of(request), upload.token)
        size = upload.length if upload.completed_at else part.size()
        if size == upload.length:
            # Whoever hears that all has arrived takes it for done.
            async with _held(part, upload):
                headers.update(await self._finish(request, upload))
        else:
            part.knock()  # whoever asks wants to go on: a request of which nothing is heard any more makes way
        return Response(status_code=200, headers={**headers, "upload-offset": str(size)})

    @by_tus
    async def append(self, request: Request) -> Response:
        """A browser sends a piece of a picture; with the last one it becomes a draft."""
        upload = await load_upload(request)
        if request.headers.get("content-type") != PIECES:
            raise TusRefusal(415, f"A piece of an upload is sent as {PIECES}.")
        headers = await self._add(request, upload, number_in(request, "upload-offset"))
        return Response(status_code=204, headers={**headers, **expiry_of(upload)})

    @by_tus
    async def delete(self, request: Request) -> Response:
        """A partner stops an upload: what arrived of it is deleted. A draft that it became stays."""
        upload = await load_upload(request)
        await end_upload(upload, storage_of(request))
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
        checksum = checksum_in(request)
        if upload.completed_at is not None:
            raise TusRefusal(409, "All of it has arrived.", {"upload-offset": str(upload.length)})
        part = Part(storage_of(request), upload.token)
        async with _held(part, upload) as file:
            try:
                size = await part.add(file, request, offset, upload.length, checksum)
            except WrongOffset as wrong:
                raise TusRefusal(
                    409, f"The next piece begins at {wrong.size}.", {"upload-offset": str(wrong.size)}
                ) from None
            except TooLong:
                raise TusRefusal(413, f"This is more than the {upload.length} bytes announced.") from None
            except WrongChecksum:
                raise TusRefusal(460, "The piece does not agree with its checksum.") from None
            except (GoneSilent, ClientDisconnect):
                raise TusRefusal(408, "The piece broke off.", {"connection": "close"}) from None
            headers = {"upload-offset": str(size)}
            if size == upload.length:
                headers.update(await self._finish(request, upload))
            return headers

    async def _finish(self, request: Request, upload: Upload) -> dict[str, str]:
        """Headers that say which draft a whole upload became; a picture that cannot be shown is refused with its reason."""
        if upload.completed_at is None:
            try:
                await finish(upload, storage_of(request), settings_of(request))
            except Refused as refusal:
                raise TusRefusal(422, str(REFUSALS[refusal.code])) from None
            except (NotEditable, WorkRefused) as refusal:
                raise TusRefusal(409, refusal.sentence) from None
        if upload.artwork_id is None:
            return {}
        return {WORK: pages_of(request).url(self.work, id=upload.artwork_id)}


DESK = Landing("uploads", "artworks:show")


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
        raise Gone
    return upload


def _held(part: Part, upload: Upload) -> Any:
    return part.hold() if upload.completed_at is None else _NothingHeld()


class _NothingHeld:
    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...


async def finish(upload: Upload, storage: Storage, settings: Settings) -> None:
    """Make a draft of an upload that is whole and held, or give it to the work that it is for.

    A second time, it finds the draft that it made. Raises Refused where its file cannot be shown, NotEditable and
    WorkRefused where that work takes no picture any more, each after deleting it; Gone where it was stopped meanwhile.
    """
    await upload.fetch_related("organisation", "by")
    part = Part(storage, upload.token)
    artwork = await Artwork.filter(form_key=upload.token).first()
    is_for = await _work_told(metadata_in(upload.metadata), [upload.organisation_id])
    if artwork is None:
        async with storage.scratch_folder() as folder:
            try:
                file = await part.received(folder)
                found = await look_at(file, settings)
            except FileNotFoundError:
                raise Gone from None
            except Refused:
                await end_upload(upload, storage)
                raise
            image = await take_in(file, found, upload.organisation, storage)
        artwork = await _become_work(upload, is_for, image, storage)
    moment = now()
    if not await Upload.filter(id=upload.id).update(artwork_id=artwork.id, completed_at=moment):
        if is_for is not None:
            return  # it was stopped when its work had it already
        try:
            await delete_draft(artwork, storage)
        except NotEditable:
            return  # its draft was found and submitted while it was being stopped
        raise Gone
    upload.artwork_id, upload.completed_at = artwork.id, moment
    part.delete()


async def _become_work(upload: Upload, is_for: Artwork | None, image: Image, storage: Storage) -> Artwork:
    try:
        if is_for is None:
            draft = new_draft(upload.organisation, upload.by)
            return await create_work(draft, upload.by, image, upload.token)
        replaced = await set_picture(is_for, image, upload.by)
    except IntegrityError:
        await discard(image, storage)
        return await Artwork.get(form_key=upload.token)
    except (NotEditable, WorkRefused):
        await discard(image, storage)
        await end_upload(upload, storage)
        raise
    except BaseException:
        await discard(image, storage)
        raise
    if replaced is not None:
        await discard(replaced, storage)
    return is_for


def new_draft(organisation: Organisation, by: Person) -> WorkDetails:
    """What a draft begins with of which only the picture is there."""
    return WorkDetails(organisation=organisation, language=by.language, texts={})


LARGEST_NUMBER = (
    10**15 - 1
)  # bytes; what is too large for us is refused further on, with an answer of its own


def number_in(request: Request, header: str) -> int:
    """The whole number in a header of the protocol."""
    number = whole_number(request.headers.get(header), most=LARGEST_NUMBER)
    if number is None:
        raise TusRefusal(400, f"The header {header.title()} takes a whole number.")
    return number


def metadata_in(text: str) -> dict[str, bytes]:
    """`filename d29ybGQ=,is_confidential` as keys with what they say."""
    if len(text) > LONGEST_METADATA:
        raise TusRefusal(400, f"The header Upload-Metadata has more than {LONGEST_METADATA} characters.")
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
    work = await _work_told(told, [each.id for each in organisations])
    if work is None:
        raise TusRefusal(404, _("This work is not there."))
    if not work.is_editable:
        raise TusRefusal(409, why_not_editable(work.status))
    return work


async def _work_told(told: Mapping[str, bytes], organisation_ids: list[int]) -> Artwork | None:
    number = whole_number(told.get("work"))
    if number is None:
        return None
    work = Artwork.filter(id=number, organisation_id__in=organisation_ids).first()
    return await work.prefetch_related("organisation")


def checksum_in(request: Request) -> Checksum | None:
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


def expiry_of(upload: Upload) -> dict[str, str]:
    if upload.completed_at is not None:
        return {}
    return {"upload-expires": formatdate(upload.expires_at.timestamp(), usegmt=True)}


def storage_of(request: Request) -> Storage:
    storage: Storage = request.app.state.storage
    return storage


async def finish_next(workshop: Workshop) -> bool:
    """Make a draft of an upload that is whole, and whose process was killed before it did so."""
    for upload in await Upload.filter(completed_at__isnull=True, expires_at__gt=now()).order_by("id"):
        part = Part(workshop.storage, upload.token)
        try:
            if part.size() != upload.length:
                continue
            async with part.hold():
                # Between the question and the lock a server may have finished it.
                held = await Upload.get_or_none(id=upload.id, completed_at__isnull=True)
                if held is not None:
                    await finish(held, workshop.storage, workshop.settings)
            return True
        except (Gone, Held):
            continue
        except (Refused, NotEditable, WorkRefused):
            return True
    return False


async def forget_expired(workshop: Workshop) -> bool:
    """Delete one upload that did not arrive in time, or the row of one that did long ago, and files without a row."""
    await sweep_strays(workshop.storage)
    upload = await Upload.filter(expires_at__lte=now()).order_by("expires_at").first()
    if upload is None:
        return False
    await end_upload(upload, workshop.storage)
    return True


routes = [
    Route("/desk/uploads", DESK.options, name="uploads:options", methods=["OPTIONS"]),
    Route("/desk/uploads", DESK.create, name="uploads:create", methods=["POST"]),
    Route("/desk/uploads/{token}", DESK.options, name="uploads:options_of", methods=["OPTIONS"]),
    Route("/desk/uploads/{token}", DESK.show, name="uploads:show", methods=["HEAD"]),
    Route("/desk/uploads/{token}", DESK.append, name="uploads:append", methods=["PATCH"]),
    Route("/desk/uploads/{token}", DESK.delete, name="uploads:delete", methods=["DELETE"]),
    Route("/desk/uploads/{token}", DESK.override, name="uploads:override", methods=["POST"]),
]

CHORES = [
    Chore("finish uploads", finish_next, every=30),
    Chore("forget expired uploads", forget_expired, every=600),
]
