"""The further pictures of works: loading them, and storing their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from gallery.artworks.models import Artwork, Picture
from gallery.db.model_tables import preload


async def load_further_pictures(works: Iterable[Artwork]) -> None:
    """Fetch the further pictures of `works` with their images: one query, or none if no work has any."""
    having = [work for work in works if work.more_pictures]
    if not having:
        return
    found = defaultdict[int, list[Picture]](list)
    pictures = Picture.filter(artwork_id__in=list({work.id for work in having}))
    for picture in await pictures.order_by("position", "id").select_related("image"):
        found[picture.artwork_id].append(picture)
    for work in having:
        preload(work.further_pictures, found[work.id])


async def count_further_pictures(artwork_id: int) -> None:
    """Store the number of a work's further pictures. Call it in a transaction that has locked the work."""
    count = await Picture.filter(artwork_id=artwork_id).count()
    await Artwork.filter(id=artwork_id).update(more_pictures=count)
