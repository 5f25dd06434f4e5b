"""What the worker does with exhibitions: public storage holds what is on view, and nothing else."""

from __future__ import annotations

from tortoise.expressions import Subquery

from gallery.artworks.models import Artwork
from gallery.images.models import Image
from gallery.images.shelves import make_private, make_public
from gallery.worker import Chore, Workshop

AT_ONCE = 50


async def bring_out(workshop: Workshop) -> bool:
    """Put images that have come on view into public storage."""
    works = (
        await Artwork.all().on_view().filter(image__is_public=False).limit(AT_ONCE).prefetch_related("image")
    )
    for work in works:
        assert work.image is not None
        await make_public(workshop.storage, work.image)
    return bool(works)


async def take_in(workshop: Workshop) -> bool:
    """Take images that have left the wall out of public storage: an edition replaced, a consent that ran out."""
    on_view = Artwork.all().on_view().values("image_id")
    images = await Image.filter(is_public=True).exclude(id__in=Subquery(on_view)).limit(AT_ONCE)
    await make_private(workshop.storage, images)
    return bool(images)


CHORES = [Chore("take images in", take_in, every=1), Chore("bring images out", bring_out, every=1)]
