"""The page behind a supporter's link: agreeing or not, correcting, the short links with their figures, taking it back."""

from __future__ import annotations

import io
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import segno
from starlette.datastructures import MultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gallery.artists.code_pages import PRIVATE_HEADERS
from gallery.exhibitions.credit_logo_views import logo_response, save_picture
from gallery.images.uploads import FormReader, ReceivedForm
from gallery.supporters import supporters
from gallery.supporters.access import load_own
from gallery.supporters.forms import AnswerForm, ReachForm
from gallery.supporters.models import Supporter, SupporterState
from gallery.supporters.reach import (
    RECENT_DAYS,
    Figures,
    LinkRefused,
    end_link,
    find_link,
    make_link,
    reach_of,
    target_at,
)
from gallery.supporters.supporters import NotAnswerable, PictureChanged
from gallery.web.forms import read_small_form
from gallery.web.languages import gettext as _
from gallery.web.qr_codes import qr_code
from gallery.web.rendering import pages_of, render, settings_of, storage_of

QR_PIXELS = 24  # px of a module in the downloaded PNG: about 800 px wide
QR_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


async def show(request: Request) -> Response:
    """A supporter reads what is asked, or what is public and what came of it."""
    code, supporter = await load_own(request)
    return await _page(request, code, supporter)


async def answer(request: Request) -> Response:
    """A supporter agrees, refuses, corrects the words, or looks at how the corrected page would be.

    A second answer changes nothing and shows the first.
    """
    code, supporter = await load_own(request)
    storage = storage_of(request)
    async with storage.scratch_folder() as folder:
        received = await FormReader(request, folder, settings_of(request).upload_max_bytes).read()
        chosen = received.fields.get("answer", "")
        if supporter.is_over:
            return await _page(request, code, supporter)
        is_waiting = supporter.state == SupporterState.WAITING
        try:
            if chosen == "no" and is_waiting:
                await supporters.refuse(supporter, storage)
            if chosen == "no" or (chosen == "yes" and not is_waiting):
                return _back(request, code)
            form = AnswerForm(_as_form(received.fields), obj=supporter, is_minor=supporter.is_minor)
            is_valid = form.validate_agreement() if is_waiting and chosen == "yes" else form.validate()
            sentence, status, shown = await _take_picture(request, supporter, received, is_valid)
            if not is_valid or sentence:
                return await _page(request, code, supporter, form, picture_sentence=sentence, status=status)
            if chosen != ("yes" if is_waiting else "save"):  # such as "look"
                return await _page(request, code, supporter, form)
            if is_waiting:
                await supporters.agree(supporter, form.words(), shown)
            else:
                await supporters.change_own(supporter, form.words())
        except PictureChanged:
            supporter = (await load_own(request))[1]
            sentence = _("The picture has just changed. Please look at it again, then send it once more.")
            return await _page(request, code, supporter, form, picture_sentence=sentence, status=422)
        except NotAnswerable:
            pass  # the page says what it was answered
    return _back(request, code)


async def _take_picture(
    request: Request, supporter: Supporter, received: ReceivedForm, is_valid: bool
) -> tuple[str, int, str]:
    """Save or remove the picture as the form says, if its words are valid.

    Returns a sentence if it cannot be saved, the status, and the token of the picture that the page shows then.
    """
    storage, shown = storage_of(request), received.fields.get("picture_seen", "")
    if is_valid and received.fields.get("is_gone"):
        await supporters.remove_picture(supporter, None, storage)
        return "", 422, ""
    if received.file is None and not received.is_too_large and not received.is_empty:
        return "", 422, shown
    if not is_valid:
        return _("Please choose the picture again."), 422, shown

    async def save(picture: Path, size: tuple[int, int]) -> None:
        await supporters.set_picture(supporter, picture, size, None, storage)

    sentence, status = await save_picture(request, received, save)
    return sentence, status, supporter.picture_token


def _as_form(fields: MultiDict) -> MultiDict:
    """The posted fields without the file, which is not one of the form's."""
    return MultiDict([(name, value) for name, value in fields.multi_items() if name != "picture"])


async def take_back(request: Request) -> Response:
    """A supporter takes it back, after one confirmation: everything is erased."""
    code, supporter = await load_own(request)
    if supporter.state == SupporterState.AGREED:
        with suppress(NotAnswerable):
            await supporters.take_back(supporter, storage_of(request))
    return _back(request, code)


async def renew(request: Request) -> Response:
    """A supporter who gave the link away by mistake has a new one mailed; this one ends."""
    code, supporter = await load_own(request)
    if supporter.state != SupporterState.AGREED or settings_of(request).mail_server is None:
        return _back(request, code)
    await supporters.send_new_link(supporter, None, settings_of(request))
    return render(request, "supporters/renewed.html", headers=PRIVATE_HEADERS)


async def create_reach(request: Request) -> Response:
    """A supporter makes a short link to a page of the gallery."""
    code, supporter = await load_own(request)
    form = ReachForm(await read_small_form(request))
    if supporter.state != SupporterState.AGREED:
        return _back(request, code)
    if form.validate():
        try:
            link = await make_link(supporter, *await target_at(form["address"].data or ""))
            return _back(request, code, f"link-{link.code}")
        except LinkRefused as refusal:
            form.refuse("address", str(refusal))
    return await _page(request, code, supporter, reach_form=form, status=422)


async def delete_reach(request: Request) -> Response:
    """A supporter ends a short link; its figures go with it."""
    code, supporter = await load_own(request)
    await end_link(supporter, request.path_params["link"])
    return _back(request, code, "reach")


async def download_qr(request: Request) -> Response:
    """A supporter downloads the QR code of a short link."""
    _code, supporter = await load_own(request)
    link, form = await find_link(request.path_params["link"]), request.path_params["form"]
    if link is None or link.supporter_id != supporter.id or form not in QR_TYPES:
        raise HTTPException(404, headers=PRIVATE_HEADERS)
    made, out = segno.make(short_address(request, link.code), error="m", micro=False), io.BytesIO()
    made.save(out, kind=form, border=4, scale=QR_PIXELS if form == "png" else 10)
    headers = {"content-disposition": f'attachment; filename="{link.code}.{form}"', **PRIVATE_HEADERS}
    return Response(out.getvalue(), media_type=QR_TYPES[form], headers=headers)


async def show_picture(request: Request) -> Response:
    """The page fetches the picture, whether or not it is public yet."""
    _code, supporter = await load_own(request)
    if not supporter.picture_token:
        raise HTTPException(404, headers=PRIVATE_HEADERS)
    return await logo_response(request, supporter.picture_token, PRIVATE_HEADERS)


def short_address(request: Request, code: str) -> str:
    return pages_of(request).absolute(pages_of(request).url("short_links:follow", code=code))


async def _page(
    request: Request,
    code: str,
    supporter: Supporter,
    form: AnswerForm | None = None,
    *,
    picture_sentence: str = "",
    reach_form: ReachForm | None = None,
    status: int = 200,
) -> Response:
    """The page. It answers 410 if nothing can be read or answered any more: then it shows no word."""
    if supporter.is_over:
        status = 410
    reach = await reach_of(supporter) if supporter.state == SupporterState.AGREED else []
    picture = ""
    if supporter.picture_token:
        address = pages_of(request).url(
            "supporting:picture", language=request.path_params["language"], code=code
        )
        picture = f"{address}?{supporter.picture_token}"
    words = (
        form.words() if form is not None else {name: getattr(supporter, name) for name in supporters.WORDS}
    )
    context = {
        "supporter": supporter,
        "shown": SimpleNamespace(**words),
        "form": form or AnswerForm(obj=supporter, is_minor=supporter.is_minor),
        "picture": picture,
        "picture_sentence": picture_sentence,
        "reach": reach,
        "sum": sum((each.figures for each in reach), Figures()),
        "recent_days": RECENT_DAYS,
        "reach_form": reach_form or ReachForm(),
        "code": code,
        "sends_mail": settings_of(request).mail_server is not None,
        "short_address": partial(short_address, request),
        "qr_code": qr_code,
    }
    return render(request, "supporters/answer.html", context, status=status, headers=PRIVATE_HEADERS)


def _back(request: Request, code: str, fragment: str = "") -> Response:
    path = pages_of(request).url("supporting:show", language=request.path_params["language"], code=code)
    target = f"{path}#{fragment}" if fragment else path
    return RedirectResponse(target, status_code=303, headers=PRIVATE_HEADERS)


_get, _post = partial(Route, methods=["GET"]), partial(Route, methods=["POST"])
OWN = "/{language}/supporter/{code:secret}"

routes = [
    _get(OWN, show, name="supporting:show"),
    _post(OWN, answer, name="supporting:answer"),
    _post(f"{OWN}/end", take_back, name="supporting:end"),
    _post(f"{OWN}/link", renew, name="supporting:renew"),
    _post(f"{OWN}/reach", create_reach, name="supporting:create_reach"),
    _post(f"{OWN}/reach/{{link:name}}/end", delete_reach, name="supporting:delete_reach"),
    _get(f"{OWN}/reach/{{link:name}}.{{form:name}}", download_qr, name="supporting:qr"),
    _get(f"{OWN}/picture.jpg", show_picture, name="supporting:picture"),
]
