"""A tus client."""

from __future__ import annotations

import base64
import hashlib
import io
import random
from typing import Any

import httpx

from gallery.artworks.models import Artwork
from gallery.images.models import Image, Upload, UploadPiece
from gallery.images.storage_keys import UPLOAD_FOLDER, original_key, upload_key
from tests import factories
from tests.conftest import Site
from tests.live import LiveSite

PICTURE = factories.photograph(900, 700)

TUS = {"tus-resumable": "1.0.0"}

OFFSET_STREAM = "application/offset+octet-stream"


async def begin(client: httpx.AsyncClient, length: int = len(PICTURE), **headers: str) -> httpx.Response:
    return await client.post("/desk/uploads", headers={**TUS, "upload-length": str(length), **headers})


async def send(
    client: httpx.AsyncClient, path: str, offset: int, piece: Any, **headers: str
) -> httpx.Response:
    request_headers = {**TUS, "upload-offset": str(offset), "content-type": OFFSET_STREAM, **headers}
    return await client.patch(path, content=piece, headers=request_headers)


def checksum(piece: bytes, algorithm: str = "sha1") -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, piece).digest()).decode()}"


async def upload_at(path: str) -> Upload:
    return await Upload.get(token=path.rpartition("/")[2])


async def arrived(site: Site, path: str) -> bytes:
    """What has arrived of an unfinished upload."""
    upload, content = await upload_at(path), b""
    for piece in await UploadPiece.filter(upload=upload).order_by("start"):
        async with site.storage.private.local_copy(upload_key(upload.token, piece.token)) as file:
            content += file.read_bytes()
    return content


async def pieces_in_store(site: Site | LiveSite) -> list[str]:
    return [key async for key in site.storage.private.keys(UPLOAD_FOLDER)]


async def leave_complete(site: Site | LiveSite, path: str, content: bytes = PICTURE) -> None:
    """All bytes arrive, but the process that should have finished the upload is killed."""
    upload = await upload_at(path)
    piece = await UploadPiece.create(upload=upload, start=0, size=len(content))
    async with site.storage.scratch_folder() as folder:
        (folder / "piece").write_bytes(content)
        await site.storage.private.put_file(upload_key(upload.token, piece.token), folder / "piece")
    await Upload.filter(id=upload.id).update(received=len(content))


async def original_of(site: Site | LiveSite, work: Artwork) -> bytes:
    image = await Image.get(id=work.image_id)
    async with site.storage.private.local_copy(original_key(image.token)) as path:
        return path.read_bytes()


def noise(width: int = 1200, height: int = 900) -> bytes:
    """Random noise, which no encoder can compress."""
    from PIL import Image as Picture

    buffer = io.BytesIO()
    Picture.frombytes("RGB", (width, height), random.Random(7).randbytes(width * height * 3)).save(
        buffer, "PNG"
    )
    return buffer.getvalue()
