"""What the worker does with pictures that visitors see: public storage holds those on view and no others."""

from __future__ import annotations

from typing import Any

from tortoise.expressions import Q, Subquery
from tortoise.functions import Coalesce, Sum

from gallery.artworks.models import Artwork
from gallery.artworks.screening import emblems_on_view, screen_again
from gallery.images.models import Derivative, Image
from gallery.images.storage_keys import derivative_key, make_private, make_public
from gallery.worker import Chore, Workshop

AT_ONCE = 50


async def bring_out(workshop: Workshop) -> bool:
    """Put images that have come on view into public storage."""
    works = (
        await Artwork.all().on_view().filter(image__is_public=False).limit(AT_ONCE).prefetch_related("image")
    )
    emblems = await emblems_on_view().filter(image__is_public=False).limit(AT_ONCE).select_related("image")
    for image in [*(work.image for work in works), *(emblem.image for emblem in emblems)]:
        assert image is not None
        await make_public(workshop.storage, image)
    return bool(works or emblems)


async def take_in(workshop: Workshop) -> bool:
    """Take images that have left the wall out of public storage: an edition replaced, a consent that ran out."""
    on_view = Artwork.all().on_view().values("image_id")
    emblems = emblems_on_view().values("image_id")
    images = (
        await Image.filter(is_public=True)
        .exclude(Q(id__in=Subquery(on_view)) | Q(id__in=Subquery(emblems)))
        .limit(AT_ONCE)
    )
    await screen_again(images, workshop.storage)
    await make_private(workshop.storage, images)
    return bool(images)


async def tidy_derivatives(workshop: Workshop) -> bool:
    """Delete pieces made on demand: of pictures that left the wall, and the oldest where all take too much room."""
    on_view = Artwork.all().on_view().values("image_id")
    gone = await Derivative.exclude(image_id__in=Subquery(on_view)).limit(AT_ONCE).prefetch_related("image")
    too_much = [] if gone else await beyond(workshop.settings.iiif_cache_bytes)
    for derivative in [*gone, *too_much]:
        await workshop.storage.public.delete(derivative_key(derivative.image.token, derivative.name))
        await Derivative.filter(id=derivative.id).delete()  # last, for it says what is still to do
    return bool(gone or too_much)


async def beyond(budget: int) -> list[Derivative]:
    """Some of the oldest pieces, if all together have more than `budget` bytes."""
    summed: Any = await Derivative.annotate(total=Coalesce(Sum("file_bytes"), 0)).values_list(
        "total", flat=True
    )
    total = int(summed[0])
    oldest = Derivative.all().order_by("made_at", "id").limit(AT_ONCE).prefetch_related("image")
    chosen = []
    for derivative in await oldest if total > budget else []:
        if total <= budget:
            break
        chosen.append(derivative)
        total -= derivative.file_bytes
    return chosen


CHORES = [
    Chore("take images in", take_in, every=1),
    Chore("bring images out", bring_out, every=1),
    Chore("tidy pieces made on demand", tidy_derivatives, every=5),
]
