"""Screening: compares logos and covers with hidden works before visitors see them.

A new logo or cover is compared once its renditions are ready. If it resembles a work that is not on view or
was withdrawn, it waits for a curator. When a work may no longer be shown, logos and covers that resemble the
work are hidden until a curator decides.
"""

from __future__ import annotations

from tortoise.expressions import Q, RawSQL, Subquery

from gallery.artworks.models import Artwork, Status, has_image, images_of, may_be_exhibited
from gallery.db import content_version
from gallery.db.connection import QuerySet, in_transaction
from gallery.images.models import Fingerprint, Image, ImageState
from gallery.images.profile_image_models import CreditLogo, ProfileImage, ProfileImageState
from gallery.images.profile_images import may_be_shown
from gallery.images.takedowns import (
    HELD_VERBS,
    Takedown,
    add_logo_fingerprint,
    record_profile_image,
    similar_keys,
    similar_profile_images,
    stored_fingerprint,
    take_down_similar_logos,
)
from gallery.storage import Storage
from gallery.worker import Chore, ChoreContext

FINGERPRINT_BATCH_SIZE = 200  # the most fingerprints held in memory


def profile_images_on_view() -> QuerySet[ProfileImage]:
    """Logos and covers that visitors may see: screened, and used on a public page."""
    of_project = Artwork.all().on_view().filter(project_id=RawSQL('"profile_image"."project_id"'))
    with_a_page = of_project.limit(1).values("project_id")  # looked up once for each cover
    return ProfileImage.filter(
        Q(organisation__is_active=True)
        | Q(project__organisation__is_active=True, project_id__in=Subquery(with_a_page)),
        may_be_shown(),
    )


def fingerprints_of_works() -> QuerySet[Fingerprint]:
    """Fingerprints of all images of works, including proposed and recently replaced images."""
    return Fingerprint.filter(
        Q(image__artwork__id__not_isnull=True)
        | Q(image__further_picture__id__not_isnull=True)
        | Q(image__candidate_for_id__not_isnull=True)
    )


async def find_hidden_match(code: bytes) -> int | None:
    """The id of a similar image of a work that is not on view; images of withdrawn works come first."""
    on_view = Image.filter(images_of(Artwork.all().on_view(as_set=True))).values("id")
    hidden = fingerprints_of_works().exclude(image_id__in=Subquery(on_view)).order_by("id")
    last, matches = 0, list[int]()
    while (
        rows := await hidden.filter(id__gt=last)
        .limit(FINGERPRINT_BATCH_SIZE)
        .values_list("id", "image_id", "code")
    ):
        matches += await similar_keys([code], [(image_id, other) for _id, image_id, other in rows])
        last = rows[-1][0]
    withdrawn = Image.filter(
        images_of(Artwork.filter(has_image(matches), status=Status.WITHDRAWN)), id__in=matches
    )
    first = await withdrawn.first().only("id") if matches else None
    return first.id if first is not None else next(iter(matches), None)


def fingerprints_of_withdrawn() -> QuerySet[Fingerprint]:
    return fingerprints_of_works().filter(image__state=ImageState.ERASED)


async def screen_next(context: ChoreContext) -> bool:
    """Compute one missing fingerprint of a work's image; if none is missing, screen one logo or cover."""
    works = (
        Q(artwork__id__not_isnull=True)
        | Q(further_picture__id__not_isnull=True)
        | Q(candidate_for_id__not_isnull=True)
    )
    image = await Image.filter(works, state=ImageState.READY, fingerprint__id__isnull=True).first()
    if image is not None:
        await stored_fingerprint(image, context.storage)
        return True
    ready = ProfileImage.filter(image__state=ImageState.READY)
    unscreened = ready.filter(Q(state=ProfileImageState.NEW) | Q(image__fingerprint__id__isnull=True))
    profile_image = await unscreened.order_by("id").select_related("image", "project").first()
    if profile_image is not None:
        await _screen_profile_image(profile_image, context.storage)
        return True
    logo = await CreditLogo.filter(fingerprint__isnull=True).order_by("id").first()
    if logo is not None:
        await _screen_logo(logo, context.storage)
    return logo is not None


async def _screen_profile_image(profile_image: ProfileImage, storage: Storage) -> None:
    code = await stored_fingerprint(profile_image.image, storage)
    resembled = await find_hidden_match(code)
    await _set_state(
        profile_image,
        ProfileImageState.WAITING if resembled or not code else ProfileImageState.SHOWN,
        resembled,
    )
    if not resembled and (resembled := await find_hidden_match(code)):  # a work was withdrawn in the meantime
        await _set_state(profile_image, ProfileImageState.WAITING, resembled)


async def _set_state(profile_image: ProfileImage, state: ProfileImageState, resembled: int | None) -> None:
    async with in_transaction():
        undecided = ProfileImage.filter(id=profile_image.id).exclude(state=ProfileImageState.KEPT)
        if await undecided.update(state=state, resembles_id=resembled, seen_at=None):
            if state == ProfileImageState.WAITING:
                await record_profile_image(profile_image, HELD_VERBS)
            await content_version.bump(rows=())


async def _screen_logo(logo: CreditLogo, storage: Storage) -> None:
    """Add the missing fingerprint of an older credit logo; hide the logo if it resembles a hidden work."""
    code = await add_logo_fingerprint(logo, storage)
    if await find_hidden_match(code):
        async with in_transaction():
            tokens = await take_down_similar_logos([code], "not_shown", None)
            await content_version.bump(rows=())
        await Takedown(logo_tokens=tokens).delete_files(storage)


async def screen_again(images: list[Image], storage: Storage) -> None:
    """Hide the logos and covers that resemble those of `images` whose work may no longer be shown."""
    ids = [image.id for image in images]
    still_allowed = Image.filter(images_of(Artwork.filter(may_be_exhibited(), has_image(ids)))).values("id")
    of_works = Image.filter(images_of(Artwork.filter(has_image(ids))), id__in=ids).values("id")
    prints = await Fingerprint.filter(image_id__in=Subquery(of_works)).exclude(
        image_id__in=Subquery(still_allowed)
    )
    for each in prints:
        async with in_transaction():
            for profile_image in await similar_profile_images([each.code]):
                if (
                    profile_image.state != ProfileImageState.WAITING
                    and profile_image.resembles_id != each.image_id
                ):
                    waiting = {
                        "state": ProfileImageState.WAITING,
                        "resembles_id": each.image_id,
                        "seen_at": None,
                    }
                    await ProfileImage.filter(id=profile_image.id).update(**waiting)
                    await record_profile_image(profile_image, HELD_VERBS)
            tokens = await take_down_similar_logos([each.code], "not_shown", None)
            await content_version.bump(rows=())
        await Takedown(logo_tokens=tokens).delete_files(storage)


CHORES = [Chore("screen logos and covers", screen_next, on_change=True)]
