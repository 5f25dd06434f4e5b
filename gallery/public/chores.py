"""The worker's chore that keeps the pictures on view, and no others, in public storage."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

from tortoise.expressions import Q, Subquery
from tortoise.functions import Coalesce, Sum
from tortoise.queryset import ValuesQuery

from gallery.artworks.models import Artwork, has_image
from gallery.artworks.models import images_of as images_of_works
from gallery.artworks.screening import profile_images_on_view, screen_again
from gallery.clock import now
from gallery.db.compiled_queries import compiled_query
from gallery.db.content_version import current_number, keys_changed
from gallery.exhibitions.schedule import next_change
from gallery.images.models import Derivative, Image, PublicImagesPass
from gallery.images.profile_image_models import ProfileImage
from gallery.images.storage_keys import delete_share_images, derivative_key, make_private, make_public
from gallery.web.page_keys import works_of_keys
from gallery.worker import Chore, ChoreContext

BATCH_SIZE = 50
# If a change affects more works or images than this, all images are compared. A query contains the image ids six times,
# and SQLite allows 32,766 parameters. A power of two, because compiled queries pad their lists to one.
MAX_WORKS = 4_096


async def keep_public_images(context: ChoreContext) -> bool:
    """Compare public storage with what is on view: the images of affected works if they are known, else all images.

    Time alone changes what is on view as well, so all images are compared every midnight.
    """
    last, _ = await PublicImagesPass.get_or_create(id=1)
    number, next_moment = await current_number(), await next_change()
    ids: list[int] | None = None
    if last.compare_all_at is not None and now() < last.compare_all_at:
        touched = await keys_changed(last.content_version, number)
        ids = None if touched is None else await images_of(touched)
        next_moment = next_moment if ids is None else min(next_moment, last.compare_all_at)
    if await unpublish_images(context, ids) or await publish_images(context, ids):
        return True
    if (last.content_version, last.compare_all_at) != (number, next_moment):
        await PublicImagesPass.filter(id=1).update(content_version=number, compare_all_at=next_moment)
    return False


async def images_of(touched: Collection[str]) -> list[int] | None:
    """The ids of the images that a change of these keys may show or hide; None if there are too many.

    These are all images of the works, including proposed and replaced ones, and the covers of their projects.
    """
    works = works_of_keys(touched)
    if len(works) > MAX_WORKS:
        return None
    projects = Artwork.filter(id__in=works, project_id__isnull=False).values("project_id")
    rows = [
        *await Image.filter(images_of_works(Artwork.filter(id__in=works))).values_list("id", flat=True),
        *await Image.filter(candidate_for_id__in=works).values_list("id", flat=True),
        *await ProfileImage.filter(project_id__in=Subquery(projects)).values_list("image_id", flat=True),
    ]
    return cast(list[int], rows) if len(rows) <= MAX_WORKS else None


async def publish_images(context: ChoreContext, ids: Collection[int] | None = None) -> bool:
    """Put images that are on view into public storage; `ids`: only these images."""
    rows = await (_to_publish() if ids is None else _to_publish_among(list(ids)))
    images = await Image.filter(id__in=[row["id"] for row in rows]) if rows else []
    for image in images:
        await make_public(context.storage, image)
    return bool(images)


async def unpublish_images(context: ChoreContext, ids: Collection[int] | None = None) -> bool:
    """Delete images from public storage that are no longer on view, such as after a consent has ended.

    `ids`: only these images.
    """
    rows = await (_to_unpublish() if ids is None else _to_unpublish_among(list(ids)))
    if not rows:
        return False
    images = await Image.filter(id__in=[row["id"] for row in rows])
    await screen_again(images, context.storage)
    await make_private(context.storage, images)
    return True


@compiled_query
def _to_publish() -> ValuesQuery[Any]:
    return Image.filter(_is_on_view(None), is_public=False).limit(BATCH_SIZE).values("id")


@compiled_query
def _to_publish_among(ids: list[int]) -> ValuesQuery[Any]:
    return Image.filter(_is_on_view(ids), id__in=ids, is_public=False).limit(BATCH_SIZE).values("id")


@compiled_query
def _to_unpublish() -> ValuesQuery[Any]:
    return Image.filter(is_public=True).exclude(_is_on_view(None)).limit(BATCH_SIZE).values("id")


@compiled_query
def _to_unpublish_among(ids: list[int]) -> ValuesQuery[Any]:
    return Image.filter(id__in=ids, is_public=True).exclude(_is_on_view(ids)).limit(BATCH_SIZE).values("id")


def _is_on_view(ids: Collection[int] | None) -> Q:
    """The condition for images of works on view, and for logos and covers on view; `ids`: see below."""
    return Q(id__in=_of_works_on_view(ids)) | Q(id__in=_of_profiles_on_view(ids))


def _of_works_on_view(ids: Collection[int] | None) -> Subquery:
    """The ids of images of works on view; `ids`: only these images."""
    works = (
        Artwork.all().on_view(as_set=True) if ids is None else Artwork.all().on_view().filter(has_image(ids))
    )
    return Subquery(Image.filter(images_of_works(works)).values("id"))


def _of_profiles_on_view(ids: Collection[int] | None) -> Subquery:
    """The ids of logos and covers on view; `ids`: only these images."""
    shown = profile_images_on_view()
    return Subquery((shown if ids is None else shown.filter(image_id__in=list(ids))).values("image_id"))


async def delete_derivatives(context: ChoreContext) -> bool:
    """Delete derivatives of pictures no longer on view, and the oldest ones if the total size is too large.

    When a picture leaves public storage, its derivatives are deleted with its other files. But a process that
    did not know of this yet may have made more of them afterwards.
    """
    made = Derivative.filter(image__is_public=False)
    ids = await made.distinct().limit(MAX_WORKS).values_list("image_id", flat=True)
    shown = _of_works_on_view(cast(list[int], ids))
    gone = await made.exclude(image_id__in=shown).limit(BATCH_SIZE).prefetch_related("image") if ids else []
    too_much = [] if gone else await oldest_derivatives(context.settings.iiif_cache_bytes)
    for derivative in [*gone, *too_much]:
        await delete_share_images(context.storage, id=derivative.id)
        await context.storage.public.delete(derivative_key(derivative.image.token, derivative.name))
        await Derivative.filter(
            id=derivative.id
        ).delete()  # delete it last: the row records that its file must still be deleted
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
    Chore("keep public images", keep_public_images, on_change=True),
    Chore("tidy pieces made on demand", delete_derivatives, every=5),
]
