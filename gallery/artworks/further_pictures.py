"""The further pictures of works: loading them, and their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from gallery.artworks.models import Artwork, Picture
from gallery.db.model_tables import preload


async def load_further_pictures(works: Iterable[Artwork]) -> None:
    """Fetch the further pictures of `works` with their images: one query, and none if no work has any."""
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
    """Store how many further pictures a work has. The caller has locked the work, in a transaction."""
    count = await Picture.filter(artwork_id=artwork_id).count()
    await Artwork.filter(id=artwork_id).update(more_pictures=count)
