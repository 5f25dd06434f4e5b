"""Uploaded pictures: a form with files, written to the disk as it arrives, and the images made from them."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiofiles
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import MultiDict
from starlette.requests import Request

from gallery.images.framing import Framing, is_too_small
from gallery.images.models import Image, new_token
from gallery.images.renditions import PREVIEW_NAME, UNFRAMED_NAME
from gallery.images.sandbox.parent import (
    HEAD_BYTES,
    ImageRefused,
    InspectedImage,
    Limits,
    MachineFault,
    inspect,
    sniff,
)
from gallery.images.storage_keys import delete_image_files, original_key, rendition_key, unframed_name
from gallery.organisations.models import Organisation
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.storage.disk import sha256_of
from gallery.web.forms import one_line
from gallery.web.languages import file_size
from gallery.web.languages import gettext as _

logger = logging.getLogger("gallery")

MAX_FIELDS = 200
MAX_FIELD_BYTES = 400_000  # bytes of all text fields together


def too_large(most: int) -> str:
    """The error message for a file larger than `most` bytes."""
    message = _(
        "This file is larger than %(size)s. Please choose a smaller one, such as the photograph as JPEG."
    )
    return message % {"size": file_size(most)}


class MalformedForm(Exception):
    """The request is not a form of this site; the response is 400."""


@dataclass(frozen=True)
class ReceivedFile:
    """An uploaded file on the disk, not opened yet."""

    path: Path
    size: int  # bytes
    head: bytes  # the file's first 64 bytes
    name: str = ""  # the file name that was sent; only for the sender and the sender's organisation

    @property
    def format(self) -> str | None:
        return sniff(self.head)


@dataclass
class ReceivedForm:
    fields: MultiDict = field(default_factory=MultiDict)
    file: ReceivedFile | None = None
    is_too_large: bool = False  # the file is over the limit; the rest of the form was not read
    is_empty: bool = False  # a file was chosen, but it has no bytes
    files: list[ReceivedFile] = field(default_factory=list)  # only filled for a form with several files
    too_large: list[str] = field(default_factory=list)  # names of the files over the limit
    left_out: list[str] = field(
        default_factory=list
    )  # names of files ignored: too many files, or too many bytes in all


class FormReader:
    """Reads one multipart form into `folder`. Its file is the first part named `file_field`; other files
    are ignored."""

    def __init__(self, request: Request, folder: Path, max_bytes: int, file_field: str = "picture") -> None:
        self.request = request
        self.path = folder / "upload"
        self.max_bytes = max_bytes
        self.file_field = file_field
        self.file_name = ""  # the name that the browser sent; only shown to the sender
        self.form = ReceivedForm()
        self._headers: dict[bytes, bytes] = {}
        self._header_name = b""
        self._header_value = b""
        self._name = ""
        self._is_file = False
        self._file_name = b""
        self._value = bytearray()
        self._field_bytes = 0
        self._pending: list[bytes] = []  # file data of the current chunk, to be written when it is parsed
        self._head = b""
        self._size = 0
        self._pictures = 0
        self._is_whole = False
        self._file: Any = None

    async def read(self) -> ReceivedForm:
        """Read the form, but stop as soon as the picture is over the limit. Raises MalformedForm."""
        content_type, parameters = parse_options_header(self.request.headers.get("content-type", ""))
        if content_type == b"application/x-www-form-urlencoded":
            self.form.fields = MultiDict(
                (await self.request.form(max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES)).multi_items()
            )
            return self.form
        if content_type != b"multipart/form-data" or not parameters.get(b"boundary"):
            raise MalformedForm
        parser = MultipartParser(
            parameters[b"boundary"],
            {
                "on_part_begin": self._on_part_begin,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_end": self._on_end,
            },
        )
        async with aclosing(self):
            try:
                async for chunk in self.request.stream():
                    parser.write(chunk)
                    await self._write()
                    if self._size > self.max_bytes:
                        self.form.is_too_large = True
                        self.path.unlink()
                        return self.form
                if not self._is_whole:
                    raise MalformedForm
            except (FormParserError, UnicodeDecodeError) as error:
                raise MalformedForm from error
        if self._size:
            self.form.file = ReceivedFile(self.path, self._size, self._head, self.file_name)
        return self.form

    async def _write(self) -> None:
        if not self._pending:
            return
        if self._file is None:
            self._file = await aiofiles.open(self.path, "wb")
        for data in self._pending:
            await self._file.write(data)
        self._pending.clear()

    async def aclose(self) -> None:
        if self._file is not None:
            await self._file.close()

    def _on_part_begin(self) -> None:
        self._headers = {}
        self._value = bytearray()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name = self._header_value = b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = options.get(b"name", b"").decode()
        self._is_file = b"filename" in options
        if self._is_file and self._name == self.file_field:
            self._pictures += 1
        self._file_name = options.get(b"filename", b"")
        if self._is_file and self._name == self.file_field and self._pictures == 1:
            self.file_name = self._file_name.decode(errors="replace")

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        piece = data[start:end]
        if not self._is_file:
            self._field_bytes += len(piece)
            if self._field_bytes > MAX_FIELD_BYTES:
                raise FormParserError("The text fields are too long")
            self._value += piece
        elif self._name == self.file_field and self._pictures == 1:
            if len(self._head) < HEAD_BYTES:
                self._head = (self._head + piece)[:HEAD_BYTES]
            self._size += len(piece)
            self._pending.append(piece)

    def _on_part_end(self) -> None:
        if self._is_file:
            if self._name == self.file_field and self._file_name and not self._size:
                self.form.is_empty = True
            return
        if len(self.form.fields) >= MAX_FIELDS:
            raise FormParserError("Too many fields")
        self.form.fields.append(self._name, self._value.decode())

    def _on_end(self) -> None:
        self._is_whole = True


class MultiFileFormReader(FormReader):
    """Reads a form with several files named `pictures`: at most `most_files`, and at most `most_bytes` in
    total.

    Files over `max_bytes` and files beyond these limits are ignored; their names are kept.
    """

    def __init__(
        self, request: Request, folder: Path, max_bytes: int, most_files: int, most_bytes: int
    ) -> None:
        super().__init__(request, folder, max_bytes)
        self.folder = folder
        self.most_files = most_files
        self.most_bytes = most_bytes
        self._total = 0
        self._passed_over = 0
        self._sizes: list[int] = []
        self._heads: list[bytes] = []
        self._names: list[str] = []
        self._taking = False
        self._pieces: list[tuple[int, bytes]] = []
        self._written = -1

    async def read(self) -> ReceivedForm:
        """Read the form. Raises MalformedForm, also if the ignored files are larger than `most_bytes`."""
        form = await super().read()
        for number, (size, head, name) in enumerate(zip(self._sizes, self._heads, self._names, strict=True)):
            if size >= 0:
                form.files.append(ReceivedFile(self.path_of(number), size, head, name))
        return form

    def path_of(self, number: int) -> Path:
        return self.folder / f"upload-{number}"

    async def _write(self) -> None:
        for number, data in self._pieces:
            if number != self._written:
                await self.aclose()
                self._file = await aiofiles.open(self.path_of(number), "wb")
                self._written = number
            if self._sizes[number] >= 0:
                await self._file.write(data)
            else:
                await self._file.truncate(0)
        self._pieces.clear()

    def _on_headers_finished(self) -> None:
        super()._on_headers_finished()
        name = self._file_name.decode(errors="replace").replace("\0", "")[-100:]
        self._taking = self._is_file and self._name == "pictures" and bool(name)
        if self._taking and (len(self._sizes) >= self.most_files or self._total > self.most_bytes):
            self.form.left_out.append(name)
            self._taking = False
        elif self._taking:
            self._sizes.append(0)
            self._heads.append(b"")
            self._names.append(name)

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if not self._is_file:
            super()._on_part_data(data, start, end)
            return
        piece = data[start:end]
        if not self._taking:
            self._passed_over += len(piece)
            if self._passed_over > self.most_bytes:
                raise FormParserError("The files are much larger than the limit")
            return
        number = len(self._sizes) - 1
        self._sizes[number] += len(piece)
        self._total += len(piece)
        self._heads[number] = (self._heads[number] + piece[:HEAD_BYTES])[:HEAD_BYTES]
        self._pieces.append((number, piece))
        if self._sizes[number] > self.max_bytes or self._total > self.most_bytes:
            over = self.form.too_large if self._sizes[number] > self.max_bytes else self.form.left_out
            over.append(self._names[number])
            self._sizes[number] = -1
            self._taking = False

    def _on_part_end(self) -> None:
        if not self._is_file:
            super()._on_part_end()


async def inspect_upload(file: ReceivedFile, settings: Settings) -> InspectedImage:
    """Inspect the file and write its preview, in a child process. Raises ImageRefused.

    If this machine has too little time or memory now, size and preview are missing, and the worker inspects
    it later.
    """
    try:
        return await inspect(file.path, request_limits(settings), file.path.with_name(PREVIEW_NAME))
    except MachineFault as fault:
        logger.warning("A picture is stored without inspection: %s", fault)
        assert file.format is not None  # inspect refuses an unknown format before it starts the child
        return InspectedImage(0, 0, file.format, animated=False, small=False)


def waiting_message(image: Image) -> str:
    """The message to the sender of a picture whose renditions are not made yet."""
    if not image.is_inspected:
        return _("We are still checking this picture: our server is busy. You need not do anything.")
    if image.is_late:
        return _("We are still preparing this picture: our server is busy. You need not do anything.")
    return _("The picture is being prepared.")


def request_limits(settings: Settings) -> Limits:
    """The limits for a request, which must answer soon."""
    return Limits(memory_bytes=settings.image_memory_bytes, wall_seconds=settings.image_seconds)


def worker_limits(settings: Settings) -> Limits:
    """The limits for the worker. It may take longer than a request: only processor time decides whether a
    file is refused."""
    return replace(request_limits(settings), wall_seconds=settings.image_worker_seconds)


def base_name(file_name: str) -> str:
    """A file name that was sent, without folders, in one line, at most 200 characters."""
    return one_line(file_name.replace("\0", "").replace("\\", "/").rpartition("/")[2])[-200:]


async def create_image(
    file: ReceivedFile,
    inspected: InspectedImage,
    organisation: Organisation,
    storage: Storage,
    source_name: str = "",
) -> Image:
    """Store an inspected original. The worker finds the new row and makes the renditions."""
    token = new_token()
    digest = await asyncio.to_thread(sha256_of, file.path)
    if inspected.preview is not None:
        await storage.private.put_file(rendition_key(token, PREVIEW_NAME), inspected.preview)
    await storage.private.put_file(original_key(token), file.path)
    return await Image.create(
        token=token,
        organisation=organisation,
        source_format=inspected.format,
        source_bytes=file.size,
        source_sha256=digest,
        source_name=source_name,
        is_animated=inspected.animated,
        has_preview=inspected.preview is not None,
        width=inspected.width,
        height=inspected.height,
    )


async def reframe_image(image: Image, framing: Framing, storage: Storage, settings: Settings) -> Image:
    """Store the same original with another framing, as a new image with a new token. The worker makes its
    renditions.

    Its preview exists at once, unless this machine is too busy. Raises ImageRefused if too little of the
    picture is left, FileNotFoundError if the picture is gone or its renditions are being made,
    StoreUnavailable.
    """
    token, private = new_token(), storage.private
    whole = unframed_name(image)
    try:
        async with (
            storage.scratch_folder() as folder,
            private.local_copy(original_key(image.token)) as original,
        ):
            inspected = await _inspect_framed(
                image, original, framing, folder / PREVIEW_NAME, request_limits(settings)
            )
            if inspected.preview is not None:
                await private.put_file(rendition_key(token, PREVIEW_NAME), inspected.preview)
        links = {original_key(token): original_key(image.token)}
        if not framing.is_whole:
            if whole is None:
                raise FileNotFoundError(image.token)
            links[rendition_key(token, UNFRAMED_NAME)] = rendition_key(image.token, whole)
        for key, source in links.items():
            if not await private.link_from(private, key, source):
                raise FileNotFoundError(source)
        return await Image.create(
            token=token,
            organisation_id=image.organisation_id,
            source_format=image.source_format,
            source_bytes=image.source_bytes,
            source_sha256=image.source_sha256,
            source_name=image.source_name,
            is_digest_late=image.is_digest_late,
            is_animated=image.is_animated,
            has_preview=inspected.preview is not None,
            width=inspected.width,
            height=inspected.height,
            turn=framing.turn,
            crop_left=framing.left,
            crop_top=framing.top,
            crop_right=framing.right,
            crop_bottom=framing.bottom,
        )
    except BaseException:
        await delete_image_files(storage, token)
        raise


async def _inspect_framed(
    image: Image, original: Path, framing: Framing, preview: Path, limits: Limits
) -> InspectedImage:
    """Inspect the framed picture. If this machine has no time, compute the framed size from the known size of
    the whole picture."""
    try:
        return await inspect(original, limits, preview, framing)
    except MachineFault as fault:
        logger.warning("A picture is framed without inspection: %s", fault)
        width, height = framing.size_in(image.whole_size)
        if not framing.is_whole and is_too_small((width, height), limits.min_long_side):
            raise ImageRefused("too_little_left") from fault
        return InspectedImage(width, height, image.source_format, image.is_animated, small=False)
