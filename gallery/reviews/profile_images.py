"""New logos and covers, for curators. A picture that resembles a work that may not be shown comes first."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Q, Subquery

from gallery.accounts.models import Person
from gallery.artworks.access import was_sent_for_review
from gallery.artworks.as_sent import load_as_sent
from gallery.artworks.models import Artwork, has_image
from gallery.clock import now
from gallery.db import content_version
from gallery.db.connection import QuerySet, in_transaction, locked
from gallery.db.subqueries import looked_up
from gallery.images.models import Image, ImageState
from gallery.images.profile_image_models import ProfileImage, ProfileImageState
from gallery.images.takedowns import SEEN_VERBS, Takedown, record_profile_image, take_down
from gallery.reviews.access import load_curator
from gallery.storage import StoreUnavailable
from gallery.web.forms import Form, LineField, Required, read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.rendering import flash, redirect, render, storage_of

PER_PAGE = 50


class TakeDownForm(Form):
    words = LineField(
        _l("Why it is taken down"),
        300,
        [Required(_l("Please say in a sentence why: its organisation reads that."))],
    )


@dataclass(frozen=True)
class NewProfileImage:
    """A new logo or cover. `work`: the work that it resembles; None if curators may not see that work."""

    profile_image: ProfileImage
    work: Artwork | None
    is_of_withdrawn: bool


def unseen_profile_images() -> QuerySet[ProfileImage]:
    """Logos and covers that were screened but that no curator has seen."""
    # Not a join: SQLite would begin with all images that are ready.
    ready = Image.filter(looked_up("id", '"profile_image"."image_id"'), state=ImageState.READY).values("id")
    screened = ProfileImage.filter(seen_at__isnull=True).exclude(state=ProfileImageState.NEW)
    return screened.filter(image_id__in=Subquery(ready))


async def index(request: Request) -> Response:
    """A curator sees new logos and covers, those held back first."""
    await load_curator(request)
    return await _page(request, TakeDownForm())


async def _page(request: Request, form: TakeDownForm, refused: int = 0) -> Response:
    """The page with the list. `refused`: the id of the logo or cover whose form was refused; 0 for none."""
    found = (
        await unseen_profile_images()
        .order_by("-state", "id")  # reverse alphabetical order puts "waiting" before "shown"
        .limit(PER_PAGE)
        .select_related("image", "organisation", "project__organisation")
    )
    context = {
        "listed": [await _with_resembled_work(profile_image) for profile_image in found],
        "count": await unseen_profile_images().count(),
        "form": form,
        "refused": refused,
    }
    return render(request, "reviews/profile_images.html", context, status=422 if refused else 200)


async def _with_resembled_work(profile_image: ProfileImage) -> NewProfileImage:
    image = await Image.get_or_none(id=profile_image.resembles_id or 0)
    if image is None or image.state == ImageState.ERASED:
        return NewProfileImage(profile_image, None, image is not None)
    if not await was_sent_for_review(image):  # a draft's picture: only its organisation may see it
        return NewProfileImage(profile_image, None, False)
    works = Artwork.filter(has_image([image.id]) | Q(id=image.candidate_for_id or 0))
    work = await works.select_related("image").first()
    if work is not None:
        await load_as_sent([work])
    return NewProfileImage(profile_image, work, False)


async def update(request: Request) -> Response:
    """A curator keeps a new logo or cover, or takes it down and says why."""
    person = await load_curator(request)
    posted = await read_desk_form(request)
    response = redirect(request, "new_profile_images:index")
    if posted.get("then") == "keep":
        await _keep(request, person)
        flash(request, response, _("The picture is kept."))
        return response
    form = TakeDownForm(posted)
    if not form.validate():
        return await _page(request, form, request.path_params["id"])
    await _take_down(request, person, form.words.data or "")
    flash(request, response, _("The picture is taken down, and its organisation is told why."))
    return response


async def _keep(request: Request, person: Person) -> None:
    async with in_transaction():
        profile_image = await _load_locked(request)
        state = (
            ProfileImageState.KEPT
            if profile_image.state == ProfileImageState.WAITING
            else profile_image.state
        )
        await ProfileImage.filter(id=profile_image.id).update(state=state, seen_at=now())
        await record_profile_image(profile_image, SEEN_VERBS, person)
        await content_version.bump(rows=())


async def _take_down(request: Request, person: Person, words: str) -> None:
    async with in_transaction():
        profile_image = await _load_locked(request)
        await take_down(profile_image, "curator", person, words)
        await content_version.bump(rows=())
    with contextlib.suppress(StoreUnavailable):  # the worker deletes the files later
        await Takedown([profile_image.image]).delete_files(storage_of(request))


async def _load_locked(request: Request) -> ProfileImage:
    """The logo or cover in the URL, locked; 404 if it was replaced or removed in the meantime."""
    profile_image: ProfileImage | None = await locked(
        ProfileImage.filter(id=request.path_params["id"])
    ).first()
    if profile_image is None:
        raise HTTPException(404)
    await profile_image.fetch_related("image", "organisation", "project")
    return profile_image


routes = [
    Route("/desk/emblems", index, name="new_profile_images:index", methods=["GET"]),
    Route("/desk/emblems/{id:int}", update, name="new_profile_images:decide", methods=["POST"]),
]
