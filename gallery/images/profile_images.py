"""Logos of organisations and covers of projects: setting and removing them, and which ones visitors see."""

from __future__ import annotations

import contextlib
from typing import Any

from tortoise.expressions import Q

from gallery.accounts.models import Person
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db import content_version
from gallery.db.connection import in_transaction, locked
from gallery.images.models import Image, ImageState
from gallery.images.profile_image_models import ProfileImage, ProfileImageState
from gallery.images.storage_keys import delete_image_files, purge_proxy_cache
from gallery.organisations.models import Organisation, Project
from gallery.storage import Storage, StoreUnavailable
from gallery.web.texts import Texts

ProfileImageOwner = Organisation | Project


def may_be_shown() -> Q:
    """The filter for screened logos and covers with a ready picture; artworks/screening.py adds what else is needed."""
    return Q(state__in=[ProfileImageState.SHOWN, ProfileImageState.KEPT], image__state=ImageState.READY)


def owner_filter(owner: ProfileImageOwner) -> dict[str, Any]:
    """The filter for an owner's row: the foreign key to the organisation or project, and the owner's id."""
    return {"organisation_id" if isinstance(owner, Organisation) else "project_id": owner.id}


async def profile_image_of(owner: ProfileImageOwner) -> ProfileImage | None:
    """The owner's picture with its image, whether or not it is ready."""
    return await ProfileImage.filter(**owner_filter(owner)).select_related("image").first()


async def visible_profile_image(owner: ProfileImageOwner) -> ProfileImage | None:
    """The owner's picture with its image, if it may be shown on the owner's page."""
    return await ProfileImage.filter(may_be_shown(), **owner_filter(owner)).select_related("image").first()


async def set_profile_image(
    owner: ProfileImageOwner, image: Image | None, alt: Texts, by: Person, storage: Storage
) -> None:
    """Set the logo or cover; with `image=None` only change its alt text.

    The previous picture is deleted from the site at once.
    """
    async with in_transaction():
        await locked(type(owner).filter(id=owner.id)).get()
        current = await profile_image_of(owner)
        if image is None:
            await ProfileImage.filter(**owner_filter(owner)).update(alt=alt)
        else:
            await ProfileImage.filter(**owner_filter(owner)).delete()
            await ProfileImage.create(image=image, **owner_filter(owner), alt=alt)
        await _record(owner, by, is_gone=False)
        await content_version.bump(rows=())
    if image is not None and current is not None:
        await _delete_image(current.image, storage)


async def remove_profile_image(owner: ProfileImageOwner, by: Person, storage: Storage) -> None:
    """Remove the logo or cover, with its files."""
    async with in_transaction():
        await locked(type(owner).filter(id=owner.id)).get()
        current = await profile_image_of(owner)
        if current is None:
            return
        await ProfileImage.filter(id=current.id).delete()
        await _record(owner, by, is_gone=True)
        await content_version.bump(rows=())
    await _delete_image(current.image, storage)


async def _record(owner: ProfileImageOwner, by: Person, *, is_gone: bool) -> None:
    if isinstance(owner, Organisation):
        verb = Verb.ORGANISATION_LOGO_REMOVED if is_gone else Verb.ORGANISATION_LOGO_SET
        await record(verb, owner.id, organisation_id=owner.id, by=by)
    else:
        verb = Verb.PROJECT_COVER_REMOVED if is_gone else Verb.PROJECT_COVER_SET
        await record(verb, owner.id, organisation_id=owner.organisation_id, by=by)


async def _delete_image(image: Image, storage: Storage) -> None:
    """Delete a replaced picture. If the store is unavailable, the worker deletes it within a day."""
    # A worker that is making the renditions then stops.
    await Image.filter(id=image.id).update(state=ImageState.ERASED)
    with contextlib.suppress(StoreUnavailable):
        await delete_image_files(storage, image.token)
        await purge_proxy_cache(storage)
        await Image.filter(id=image.id).delete()
