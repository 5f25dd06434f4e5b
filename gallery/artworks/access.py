"""Who may do what with works: members of the organisation use the desk; visitors see what is on view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from starlette.exceptions import HTTPException
from starlette.requests import Request
from tortoise.expressions import Q

from gallery.accounts.access import load_person
from gallery.accounts.models import Membership, Person
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import LOCKED_STATUSES, Artwork, Status, Submission, has_image, images_in
from gallery.images.models import Image
from gallery.images.profile_image_models import ProfileImage
from gallery.images.renditions import UNFRAMED_NAME
from gallery.images.views import is_served_at_desk
from gallery.organisations.access import load_member
from gallery.organisations.models import Organisation

MAX_PUBLIC_ID_LENGTH = 16  # characters
WORK_RELATIONS = ("organisation", "artist", "consent", "project", "image", "sound", "themes")


async def load_artwork(request: Request) -> tuple[Person, list[Organisation], Artwork]:
    """The work in the URL with WORK_RELATIONS and its further pictures.

    404 unless the person is a member of its organisation.
    """
    person, organisations = await load_member(request)
    artwork = await find_artwork(organisations, id=request.path_params["id"])
    if artwork is None:
        raise HTTPException(404)
    return person, organisations, artwork


async def find_artwork(organisations: Sequence[Organisation], **condition: Any) -> Artwork | None:
    """The work of one of the organisations with WORK_RELATIONS and its further pictures."""
    ids = [organisation.id for organisation in organisations]
    works = Artwork.filter(**condition, organisation_id__in=ids)
    artwork = await works.first().prefetch_related(*WORK_RELATIONS)
    await load_further_pictures([artwork] if artwork else [])
    return artwork


async def load_picture(request: Request) -> Image:
    """The image in the URL; 404 unless the person may see it.

    Members of its organisation may, and curators to whom the image was sent. Curators do not see the original
    of a cropped image, because the part that was cropped away was not sent.
    """
    person = await load_person(request)
    image = await Image.get_or_none(id=request.path_params["id"])
    name = request.path_params["name"]
    if image is None or not is_served_at_desk(image, name):
        raise HTTPException(404)
    if await Membership.exists(
        person=person, organisation_id=image.organisation_id, awaits_confirmation=False
    ):
        return image
    if not person.is_curator or name == UNFRAMED_NAME or not await was_sent_for_review(image):
        raise HTTPException(404)
    return image


async def was_sent_for_review(image: Image) -> bool:
    """Whether curators may see a picture.

    True if the picture is in a submission, if a proposal replaces it, or if it is a logo or cover.
    """
    if await ProfileImage.exists(image_id=image.id):
        return True
    works = await Artwork.filter(has_image([image.id]) | Q(id=image.candidate_for_id or 0))
    if any(work.id != image.candidate_for_id and work.status in LOCKED_STATUSES for work in works):
        return True
    submissions = await Submission.filter(artwork_id__in=[work.id for work in works] or [0])
    snapshots = (sent for each in submissions for sent in (each.sent, each.replaces or {}))
    return any(image.id in images_in(snapshot) for snapshot in snapshots)


async def load_on_view(public_id: str, *related: str) -> Artwork:
    """The work on view with this `public_id` and its relations `related`. Raises HTTPException 410 or 404."""
    if len(public_id) > MAX_PUBLIC_ID_LENGTH:
        raise HTTPException(404)
    artwork = await Artwork.all().on_view().filter(public_id=public_id).select_related(*related).first()
    if artwork is None:
        await raise_not_on_view(public_id)
    return artwork


class NotOnView(HTTPException):
    """A work that visitors may not see: 410 if it was withdrawn, else 404."""

    def __init__(self, work: Mapping[str, Any]) -> None:
        super().__init__(410 if work["status"] == Status.WITHDRAWN else 404)
        self.organisation_id: int = work["organisation_id"]


async def raise_not_on_view(public_id: str) -> NoReturn:
    """Raise NotOnView for a work, HTTPException 404 if there is none."""
    for work in await Artwork.filter(public_id=public_id).values("status", "organisation_id"):
        raise NotOnView(work)
    raise HTTPException(404)
