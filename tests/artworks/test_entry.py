"""A picture that no work, proposal or import adopts is deleted with its row and files, however it was
uploaded.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable

import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import BaseORMException

from gallery.artworks.import_chores import import_next
from gallery.artworks.models import Artwork, Status
from gallery.images.models import Image
from gallery.worker import ChoreContext
from tests import factories
from tests.api.programs import V1, program
from tests.artworks.sheets import send as send_sheet
from tests.artworks.sheets import two_works
from tests.artworks.tus import begin, checksum
from tests.artworks.tus import send as send_piece
from tests.conftest import Site

PICTURE = factories.photograph(900, 700)
FILE = {"picture": ("photo.jpg", PICTURE, "image/jpeg")}
TEXTS = {"language": "zh", "title": "题", "story": "事", "alt_text": "图", "medium": "蜡笔"}
Send = Callable[[], Awaitable[object]]

pytestmark = pytest.mark.engines("sqlite")  # the triggers below are written for it


async def new_form(site: Site) -> Send:
    client = await site.client(site.cast.partner)
    return lambda: client.post("/desk/works", data=TEXTS, files=FILE)


async def many(site: Site) -> Send:
    client = await site.client(site.cast.partner)
    return lambda: client.post("/desk/works/many", files=[("pictures", FILE["picture"])])


async def upload(site: Site, metadata: str = "") -> Send:
    client = await site.client(site.cast.partner)
    headers = {"upload-metadata": metadata} if metadata else {}
    path = (await begin(client, len(PICTURE), **headers)).headers["location"]
    return lambda: send_piece(client, path, 0, PICTURE, **{"upload-checksum": checksum(PICTURE)})


async def upload_of_a_program(site: Site) -> Send:
    client = await program(site)
    tus = {"tus-resumable": "1.0.0"}
    begun = await client.post(f"{V1}/uploads", headers={**tus, "upload-length": str(len(PICTURE))})
    return lambda: send_piece(client, begun.headers["location"], 0, PICTURE)


async def draft(site: Site, status: Status) -> Artwork:
    return await factories.artwork(site.storage, site.cast.organisation, status=status)


async def edit_form(site: Site) -> Send:
    work = await draft(site, Status.DRAFT)
    client = await site.client(site.cast.partner)
    return lambda: client.post(f"/desk/works/{work.id}/edit", data=TEXTS, files=FILE)


async def upload_for_a_work(site: Site) -> Send:
    work = await draft(site, Status.DRAFT)
    return await upload(site, f"work {base64.b64encode(str(work.id).encode()).decode()}")


async def framing(site: Site) -> Send:
    work = await draft(site, Status.DRAFT)
    client = await site.client(site.cast.partner)
    data = {"turn": "90", "left": "0", "top": "0", "right": "0", "bottom": "0"}
    return lambda: client.post(f"/desk/works/{work.id}/framing", data=data)


async def proposal(site: Site) -> Send:
    work = await draft(site, Status.ACCEPTED)
    client = await site.client(site.cast.partner)
    return lambda: client.post(f"/desk/works/{work.id}/proposal", data=TEXTS, files=FILE)


async def sheet(site: Site) -> Send:
    assert (await send_sheet(site, two_works())).status_code == 303
    return lambda: import_next(ChoreContext(site.settings, site.storage))


async def pictures(site: Site) -> set[str]:
    """The rows and the private files of all pictures."""
    kept = {f"row {image.token}" for image in await Image.all()}
    for folder in ("originals", "renditions"):
        kept |= {key async for key in site.storage.private.keys(folder)}
    return kept


async def trigger(name: str, when: str, then: str) -> None:
    await get_connection("default").execute_script(f"CREATE TRIGGER {name} {when} BEGIN {then}; END")


@pytest.mark.parametrize(
    "way",
    [new_form, many, upload, upload_of_a_program, edit_form, upload_for_a_work, framing, proposal, sheet],
)
async def test_where_saving_breaks(way: Callable[[Site], Awaitable[Send]], site: Site) -> None:
    send = await way(site)
    before = await pictures(site)
    for table in ("artwork", "submission", "imported_picture"):
        await trigger(f"new_{table}", f"BEFORE INSERT ON {table}", "SELECT RAISE(ABORT, 'broken')")
    await trigger("changed", "BEFORE UPDATE OF image_id ON artwork", "SELECT RAISE(ABORT, 'broken')")
    with pytest.raises(BaseORMException):
        await send()
    assert await pictures(site) == before


@pytest.mark.parametrize(
    ("way", "concurrent"),
    [
        (edit_form, "UPDATE artwork SET status = 'submitted'"),
        (upload_for_a_work, "UPDATE artwork SET status = 'submitted'"),
        (framing, "UPDATE artwork SET status = 'submitted'"),
        (proposal, "UPDATE artwork SET status = 'withdrawn'"),
        (sheet, "UPDATE import SET attempts = attempts + 1"),
    ],
)
async def test_where_the_entry_is_refused(
    way: Callable[[Site], Awaitable[Send]], concurrent: str, site: Site
) -> None:
    send = await way(site)
    before = await pictures(site)
    await trigger("concurrent", "AFTER INSERT ON image", concurrent)
    await send()
    assert await pictures(site) == before
