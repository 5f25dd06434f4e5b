"""A tus client."""

from __future__ import annotations

import io
import random

from gallery.artworks.models import Artwork
from gallery.images.models import Image
from gallery.images.storage_keys import original_key
from tests import factories
from tests.conftest import Site
from tests.live import LiveSite

PICTURE = factories.photograph(900, 700)

TUS = {"tus-resumable": "1.0.0"}

OFFSET_STREAM = "application/offset+octet-stream"


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
