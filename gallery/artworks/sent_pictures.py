"""The picture in the form of a work or proposal: a new upload, or one stored by an earlier request."""

from __future__ import annotations

import logging

from gallery.artworks.entry import WorkEntry
from gallery.images.models import Image, ImageState
from gallery.images.sandbox.parent import REFUSALS, ImageRefused
from gallery.images.uploads import ReceivedForm, too_large
from gallery.organisations.models import Organisation
from gallery.storage import StoreUnavailable
from gallery.web.forms import Form
from gallery.web.languages import gettext as _

logger = logging.getLogger("gallery")


async def add_sent_picture(entry: WorkEntry, received: ReceivedForm, owner: Organisation, form: Form) -> int:
    """Store the uploaded picture of the form, or add the reason of the refusal to the field.

    Returns the HTTP status for showing the form again: 413, 503 or 422.
    """
    if received.is_too_large:
        form.refuse("picture", too_large(entry.settings.upload_max_bytes))
        return 413
    if received.file is not None:
        try:
            await entry.add_picture(received.file, owner)
        except ImageRefused as refusal:
            form.refuse("picture", str(REFUSALS[refusal.code]))
        except StoreUnavailable as error:
            logger.warning("%s", error)
            form.refuse(
                "picture",
                _(
                    "The picture could not be saved right now. What you typed is still here: please choose the "
                    "picture again and save in a minute."
                ),
            )
            return 503
    elif received.is_empty:
        form.refuse("picture", _("This file is empty: it has 0 bytes. Please choose the picture again."))
    return 422


async def earlier_upload(received: ReceivedForm, organisations: list[Organisation]) -> Image | None:
    """The picture that an earlier request of this form stored, if nothing else uses it."""
    token = received.fields.get("image")
    if not isinstance(token, str) or not token:
        return None
    return await Image.filter(
        token=token[:32],  # the column has 32 characters; the database refuses a longer value
        organisation_id__in=[each.id for each in organisations],
        artwork=None,
        further_picture=None,
        candidate_for_id=None,
        state__in=[ImageState.RECEIVED, ImageState.READY],
    ).first()
