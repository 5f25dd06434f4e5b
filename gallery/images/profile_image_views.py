"""The logo of an organisation and the cover of a project, at the desk."""

from __future__ import annotations

import logging
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from wtforms import BooleanField

from gallery.accounts.models import Person
from gallery.images.models import Image
from gallery.images.profile_images import (
    ProfileImageOwner,
    profile_image_of,
    remove_profile_image,
    set_profile_image,
)
from gallery.images.sandbox.parent import REFUSALS, ImageRefused
from gallery.images.uploads import (
    FormReader,
    ReceivedForm,
    create_image,
    inspect_upload,
    too_large,
    waiting_message,
)
from gallery.organisations.access import load_editable_organisation, load_project
from gallery.organisations.models import Organisation, Project
from gallery.storage import Storage, StoreUnavailable
from gallery.web.forms import LineField
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.rendering import flash, redirect, render, settings_of, storage_of
from gallery.web.texts_form import TextsForm

logger = logging.getLogger("gallery")


class ProfileImageForm(TextsForm):
    texts: ClassVar = {"alt": _l("Please say what it shows, in one language at least.")}

    alt = LineField(
        _l("What the picture shows"),
        200,
        description=_l("For people who cannot see it: in one language at least."),
    )
    is_gone = BooleanField(_l("Remove the picture"))


async def edit_logo(request: Request) -> Response:
    """An owner or curator sees the logo of an organisation and can choose another."""
    _person, organisation = await load_editable_organisation(request)
    return await _page(request, organisation)


async def update_logo(request: Request) -> Response:
    """An owner or curator sets the logo of an organisation, changes its alt text, or removes it."""
    person, organisation = await load_editable_organisation(request)
    return await _save(request, organisation, organisation, person)


async def edit_cover(request: Request) -> Response:
    """A partner sees the cover of a project and can choose another."""
    project, _organisations = await load_project(request)
    return await _page(request, project)


async def update_cover(request: Request) -> Response:
    """A partner sets the cover of a project, changes its alt text, or removes it."""
    project, organisations = await load_project(request)
    organisation = next(each for each in organisations if each.id == project.organisation_id)
    return await _save(request, project, organisation, request.state.person)


async def _save(
    request: Request, owner: ProfileImageOwner, organisation: Organisation, by: Person
) -> Response:
    storage = storage_of(request)
    async with storage.scratch_folder() as folder:
        received = await FormReader(request, folder, settings_of(request).upload_max_bytes).read()
        current = await profile_image_of(owner)
        form = ProfileImageForm(received.fields, obj=current)
        form.validate()
        if form.is_gone.data:
            await remove_profile_image(owner, by, storage)
            return _back(request, owner, _("The picture is removed."))
        sentence, image = "", None
        if not form.errors and not (received.file is None and current is not None and not received.is_empty):
            sentence, image = await _store_picture(request, received, organisation, storage)
        if form.errors or sentence:
            return await _page(request, owner, form, sentence, 413 if received.is_too_large else 422)
    await set_profile_image(owner, image, form.text_of("alt"), by, storage)
    if image is None:
        return _back(request, owner, _("Saved."))
    if not image.is_inspected:
        return _back(request, owner, waiting_message(image))
    return _back(request, owner, _("Saved. The picture is prepared and checked before visitors see it."))


async def _store_picture(
    request: Request, received: ReceivedForm, organisation: Organisation, storage: Storage
) -> tuple[str, Image | None]:
    """Store the uploaded picture. Returns "" and the image, or an error message and None."""
    if received.is_too_large:
        return too_large(settings_of(request).upload_max_bytes), None
    if received.file is None:
        if received.is_empty:
            return _("This file is empty: it has 0 bytes. Please choose the picture again."), None
        return _("Please choose a picture."), None
    try:
        inspected = await inspect_upload(received.file, settings_of(request))
        return "", await create_image(received.file, inspected, organisation, storage)
    except ImageRefused as refusal:
        return str(REFUSALS[refusal.code]), None
    except StoreUnavailable as away:
        logger.warning("%s", away)
        return _("The picture could not be saved right now. Please choose it again in a minute."), None


async def _page(
    request: Request,
    owner: ProfileImageOwner,
    form: ProfileImageForm | None = None,
    sentence: str = "",
    status: int = 200,
) -> Response:
    current = await profile_image_of(owner)
    context = {
        "owner": owner,
        "is_logo": isinstance(owner, Organisation),
        "profile_image": current,
        "form": form or ProfileImageForm(obj=current),
        "sentence": sentence,
        "waiting_message": waiting_message,
    }
    return render(request, "profile_images/edit.html", context, status=status)


def _back(request: Request, owner: ProfileImageOwner, message: str) -> Response:
    name = "profile_images:cover" if isinstance(owner, Project) else "profile_images:logo"
    response = redirect(request, name, id=owner.id)
    flash(request, response, message)
    return response


routes = [
    Route("/desk/organisations/{id:int}/logo", edit_logo, name="profile_images:logo", methods=["GET"]),
    Route(
        "/desk/organisations/{id:int}/logo", update_logo, name="profile_images:update_logo", methods=["POST"]
    ),
    Route("/desk/projects/{id:int}/cover", edit_cover, name="profile_images:cover", methods=["GET"]),
    Route(
        "/desk/projects/{id:int}/cover", update_cover, name="profile_images:update_cover", methods=["POST"]
    ),
]
