"""Logos of credits: set and removed at the desk, and served to those who may see them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.exhibitions.access import load_exhibition
from gallery.exhibitions.credit_logos import ResemblesHiddenWork, is_on_view, logos_of, remove_logo, set_logo
from gallery.exhibitions.credits import Credit, credits_of
from gallery.exhibitions.draft_lists import NoSuchEntry
from gallery.exhibitions.drafts import draft_of
from gallery.exhibitions.models import Exhibition
from gallery.images.profile_image_models import CreditLogo
from gallery.images.sandbox.parent import REFUSALS, ImageRefused
from gallery.images.storage_keys import logo_key
from gallery.images.uploads import FormReader, ReceivedForm, inspect_upload, too_large
from gallery.storage import StoreUnavailable
from gallery.web.languages import gettext as _
from gallery.web.rendering import flash, pages_of, redirect, render, settings_of, storage_of

logger = logging.getLogger("gallery")


async def edit(request: Request) -> Response:
    """A curator sees the logo of a credit, to replace or remove it."""
    _person, exhibition = await load_exhibition(request)
    return await _render_page(request, exhibition)


async def update(request: Request) -> Response:
    """A curator sets or removes the logo of a credit. Visitors see the change at once."""
    person, exhibition = await load_exhibition(request)
    key = (await _load_credit(request, exhibition)).key
    storage = storage_of(request)
    async with storage.scratch_folder() as folder:
        received = await FormReader(request, folder, settings_of(request).upload_max_bytes).read()
        if received.fields.get("is_gone"):
            await remove_logo(exhibition, key, person, storage)
            return _redirect_to_credits(request, exhibition, key, _("The logo is removed."))

        async def save(picture: Path, size: tuple[int, int]) -> None:
            await set_logo(exhibition, key, picture, size, person, storage)

        try:
            sentence, status = await save_picture(request, received, save)
        except NoSuchEntry as error:  # somebody else removed it at the same time
            raise HTTPException(404) from error
    if sentence:
        return await _render_page(request, exhibition, sentence, status)
    return _redirect_to_credits(request, exhibition, key, _("The logo is saved."))


async def save_picture(
    request: Request, received: ReceivedForm, save: Callable[[Path, tuple[int, int]], Awaitable[None]]
) -> tuple[str, int]:
    """Inspect a received picture and `save` it, with its size. Returns "" or a sentence for the sender, and the status."""
    if sentence := _upload_error(request, received):
        return sentence, 413 if received.is_too_large else 422
    assert received.file is not None
    try:
        inspected = await inspect_upload(received.file, settings_of(request))
        if inspected.preview is None:
            return _("We could not check this picture: our server is busy. Please send it again."), 503
        await save(inspected.preview, (inspected.width, inspected.height))
    except ImageRefused as refusal:
        return str(REFUSALS[refusal.code]), 422
    except ResemblesHiddenWork:
        return _("This picture resembles a work that may not be shown. Please choose another."), 422
    except StoreUnavailable as error:
        logger.warning("%s", error)
        return _("The picture could not be saved right now. Please choose it again in a minute."), 422
    return "", 200


def _upload_error(request: Request, received: ReceivedForm) -> str:
    if received.is_too_large:
        return too_large(settings_of(request).upload_max_bytes)
    if received.is_empty:
        return _("This file is empty: it has 0 bytes. Please choose the picture again.")
    return "" if received.file is not None else _("Please choose a picture.")


async def show_at_desk(request: Request) -> Response:
    """A curator sees the logo of a credit, whether or not it is on view."""
    _person, exhibition = await load_exhibition(request)
    logo = await CreditLogo.get_or_none(exhibition=exhibition, key=request.path_params["key"])
    if logo is None:
        raise HTTPException(404)
    return await logo_response(request, logo.token, {"cache-control": "private, no-cache"})


async def show(request: Request) -> Response:
    """A browser fetches a logo; 404 if no edition on view names its credit."""
    token = request.path_params["token"]
    if not await is_on_view(token):
        raise HTTPException(404)
    headers = {"cache-control": settings_of(request).picture_cache_control}
    return await logo_response(request, token, headers)


async def logo_response(request: Request, token: str, headers: dict[str, str]) -> Response:
    storage = storage_of(request)
    try:
        return await storage.private.answer(
            request, logo_key(token), media_type="image/jpeg", headers=headers
        )
    except FileNotFoundError:
        raise HTTPException(404) from None


async def _load_credit(request: Request, exhibition: Exhibition) -> Credit:
    """The draft's credit with the key in the URL; 404 if there is none."""
    for credit in credits_of((await draft_of(exhibition)).credits):
        if credit.key == request.path_params["key"]:
            return credit
    raise HTTPException(404)


async def _render_page(
    request: Request, exhibition: Exhibition, sentence: str = "", status: int = 200
) -> Response:
    credit = await _load_credit(request, exhibition)
    context: dict[str, Any] = {
        "exhibition": exhibition,
        "credit": credit,
        "logo": (await desk_logos(request, exhibition, [credit])).get(credit.key),
        "sentence": sentence,
    }
    return render(request, "exhibitions/logo.html", context, status=status)


async def desk_logos(request: Request, exhibition: Exhibition, credits: list[Credit]) -> dict[str, Any]:
    """Key of the credit → its logo, with the logo's URL at the desk; one query."""
    url = pages_of(request).url

    def address(logo: CreditLogo) -> str:
        # The URL changes with the file, so that no browser shows an old file from its cache.
        return f"{url('logos:at_desk', id=exhibition.id, key=logo.key)}?{logo.id}"

    return dict(await logos_of(exhibition, [credit.key for credit in credits], address))


def _redirect_to_credits(request: Request, exhibition: Exhibition, key: str, message: str) -> Response:
    response = redirect(request, "credits:index", id=exhibition.id, fragment=f"entry-{key}")
    flash(request, response, message)
    return response


LOGO_PATH = "/desk/exhibitions/{id:int}/credits/{key:name}/logo"

routes = [
    Route(LOGO_PATH, edit, name="logos:edit", methods=["GET"]),
    Route(LOGO_PATH, update, name="logos:update", methods=["POST"]),
    Route(f"{LOGO_PATH}.jpg", show_at_desk, name="logos:at_desk", methods=["GET"]),
    Route("/logos/{token}.jpg", show, name="logos:show", methods=["GET"]),
]
