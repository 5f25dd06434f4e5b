"""Public pages and the works on them."""

from __future__ import annotations

from gallery.artworks.models import Artwork, Status
from gallery.db.content_version import bump
from gallery.exhibitions.models import Exhibition, Hanging, Room
from gallery.images.models import Image, ImageState
from tests import factories
from tests.conftest import Site
from tests.factories import accepted, in_zh


async def page_text(site: Site, path: str, status: int = 200) -> str:
    answer = await (await site.client()).get(path)
    assert answer.status_code == status, path
    return answer.text


async def page_after_change(site: Site, path: str, status: int = 200) -> str:
    await bump()
    site.app.state.content._checked_at = float("-inf")
    return await page_text(site, path, status)


async def many(site: Site, number: int) -> list[Artwork]:
    """The given number of works of one artist; only the first has a picture's files."""
    first = await accepted(site)
    fields = {
        name: getattr(first, name)
        for name in ("organisation_id", "artist_id", "consent_id", "project_id", "language")
    }
    ready = {"organisation_id": first.organisation_id, "state": ImageState.READY, "ready_at": factories.now()}
    shape = {"width": 1300, "height": 1000, "source_format": "jpeg", "source_bytes": 1000}
    await Image.bulk_create(Image(**ready, **shape) for _ in range(1, number))
    images = await Image.exclude(id=first.image_id).order_by("id")
    await Artwork.bulk_create(
        Artwork(
            **fields,
            image_id=image.id,
            title=in_zh(f"第{image.id}号作品"),
            alt_text=in_zh("一只碗"),
            status=Status.ACCEPTED,
        )
        for image in images
    )
    return await Artwork.all().order_by("id")


async def long_exhibition(site: Site, *rooms: int) -> tuple[Exhibition, list[Artwork]]:
    works = await many(site, sum(rooms))
    made = await factories.exhibition(works[: rooms[0]])
    edition = await made.editions.filter(is_current=True).get()
    hung = rooms[0]
    for number, size in enumerate(rooms[1:], 2):
        room = await Room.create(edition=edition, position=number, title=in_zh(f"{number}号厅"))
        await Hanging.bulk_create(
            Hanging(room=room, artwork=work, position=position)
            for position, work in enumerate(works[hung : hung + size], 1)
        )
        hung += size
    return made, works
