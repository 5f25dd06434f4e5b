"""The worker keeps in public storage the pictures on view, and no others."""

from __future__ import annotations

from typing import Any

from tortoise.expressions import Q, Subquery
from tortoise.functions import Coalesce, Sum

from gallery.artworks.models import Artwork
from gallery.artworks.screening import profile_images_on_view, screen_again
from gallery.images.models import Derivative, Image
from gallery.images.storage_keys import derivative_key, make_private, make_public
from gallery.worker import Chore, ChoreContext

BATCH_SIZE = 50


async def publish_images(context: ChoreContext) -> bool:
    """Put images that are on view into public storage."""
    works = (
        await Artwork.all()
        .on_view(as_set=True)
        .filter(image__is_public=False)
        .limit(BATCH_SIZE)
        .prefetch_related("image")
    )
    profile_images = (
        await profile_images_on_view()
        .filter(image__is_public=False)
        .limit(BATCH_SIZE)
        .select_related("image")
    )
    for image in [
        *(work.image for work in works),
        *(profile_image.image for profile_image in profile_images),
    ]:
        assert image is not None
        await make_public(context.storage, image)
    return bool(works or profile_images)


async def unpublish_images(context: ChoreContext) -> bool:
    """Delete images from public storage that are no longer on view, such as after a consent has ended."""
    on_view = Artwork.all().on_view(as_set=True).values("image_id")
    profile_images = profile_images_on_view().values("image_id")
    images = (
        await Image.filter(is_public=True)
        .exclude(Q(id__in=Subquery(on_view)) | Q(id__in=Subquery(profile_images)))
        .limit(BATCH_SIZE)
    )
    await screen_again(images, context.storage)
    await make_private(context.storage, images)
    return bool(images)


async def delete_derivatives(context: ChoreContext) -> bool:
    """Delete derivatives of pictures no longer on view, and the oldest if all together are too large."""
    on_view = Artwork.all().on_view(as_set=True).values("image_id")
    gone = (
        await Derivative.exclude(image_id__in=Subquery(on_view)).limit(BATCH_SIZE).prefetch_related("image")
    )
    too_much = [] if gone else await oldest_derivatives(context.settings.iiif_cache_bytes)
    for derivative in [*gone, *too_much]:
        await context.storage.public.delete(derivative_key(derivative.image.token, derivative.name))
        await Derivative.filter(
            id=derivative.id
        ).delete()  # last: the row records that its file must still be deleted
    return bool(gone or too_much)


async def oldest_derivatives(budget: int) -> list[Derivative]:
    """Some of the oldest derivatives, if all derivatives together have more than `budget` bytes."""
    summed: Any = await Derivative.annotate(total=Coalesce(Sum("file_bytes"), 0)).values_list(
        "total", flat=True
    )
    total = int(summed[0])
    oldest = Derivative.all().order_by("made_at", "id").limit(BATCH_SIZE).prefetch_related("image")
    chosen = []
    for derivative in await oldest if total > budget else []:
        if total <= budget:
            break
        chosen.append(derivative)
        total -= derivative.file_bytes
    return chosen


CHORES = [
    Chore("take images in", unpublish_images, on_change=True),
    Chore("bring images out", publish_images, on_change=True),
    Chore("tidy pieces made on demand", delete_derivatives, every=5),
]
