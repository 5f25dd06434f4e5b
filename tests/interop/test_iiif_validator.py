"""The IIIF consortium's own validator, against a real server, with its own test picture, which was uploaded
like any other.
"""

from __future__ import annotations

import asyncio
import io
import re
import sys
import sysconfig
from pathlib import Path

import httpx
import pylibmagic  # noqa: F401 - before the validator, which needs it
from iiif_validator.validator import ValidationInfo
from PIL import Image as Picture

from gallery.artworks.models import Status
from gallery.images.models import Image
from gallery.images.uploads import ReceivedFile, create_image, inspect_upload
from tests import factories
from tests.live import LiveSite, eventually


def colour_squares() -> bytes:
    """The validator's picture: ten by ten squares of 100 px, in the colours that it will look for."""
    picture = Picture.new("RGB", (1000, 1000))
    for x, column in enumerate(ValidationInfo().colorInfo):
        for y, colour in enumerate(column):
            picture.paste(colour, (x * 100, y * 100, x * 100 + 100, y * 100 + 100))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


async def test_the_validator_finds_no_fault(live: LiveSite) -> None:
    body = colour_squares()
    async with live.storage.scratch_folder() as folder:
        path = folder / "upload"
        path.write_bytes(body)
        file = ReceivedFile(path, len(body), body[:64])
        image = await create_image(
            file, await inspect_upload(file, live.settings), live.cast.organisation, live.storage
        )
    work = await factories.artwork(live.storage, live.cast.organisation, image=image, status=Status.ACCEPTED)
    await factories.exhibition([work])
    address = await live.serve()
    await eventually(lambda: Image.exists(id=image.id, has_tiles=True))
    # Level 2 is promised; the tests above it cover the extra features that info.json lists.
    for choice in (
        ["--level", "2"],
        [
            f"--test={name}"
            for name in ("linkheader_canonical", "linkheader_profile", "rot_mirror", "rot_mirror_180")
        ],
    ):
        code, said = await validate(address, image.token, *choice)
        found = re.search(r"Done \((\d+) tests, 0 failures\)", said)
        assert code == 0, said
        assert found, said
        assert int(found[1]) >= (25 if "--level" in choice else 4), said
    async with httpx.AsyncClient(base_url=address) as client:
        answer = await client.get(f"/iiif/{image.token}/full/max/0/default.webp")
        assert answer.headers["content-type"] == "image/webp"
        assert answer.content[8:12] == b"WEBP"


async def validate(address: str, identifier: str, *choice: str) -> tuple[int | None, str]:
    """The validator's exit status and output."""
    program = Path(sysconfig.get_path("scripts")) / "iiif-validate.py"
    run = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import pylibmagic, runpy, sys; del sys.argv[0]; runpy.run_path(sys.argv[0], run_name='__main__')",
        str(program),
        "--server",
        address.removeprefix("http://"),
        "--prefix",
        "iiif",
        "--identifier",
        identifier,
        "--version",
        "3.0",
        *choice,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await run.communicate()
    return run.returncode, said.decode()
