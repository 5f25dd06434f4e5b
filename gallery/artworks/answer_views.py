"""The page behind the link of a request for consent: what is asked, with the works, and the answer.

`withdrawals/views.py` shows it at the address of a consent, for as long as there is none with the code.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gallery.artists.code_pages import FILE_ATTEMPTS, PRIVATE_HEADERS, code_of_page, read_code
from gallery.artists.consent_terms import SCOPE_HINTS, TERMS, wording_of
from gallery.artists.consents import birth_decade
from gallery.artists.forms import FamilyForm
from gallery.artists.models import CASE_SCOPES, SCOPES, Consent, ConsentRequest, ConsentRequestState
from gallery.artworks.consent_requests import (
    NotAnswerable,
    WorksChanged,
    agree,
    find_request,
    is_open,
    is_prepared,
    refuse,
    seen_key,
    works_to_answer,
)
from gallery.artworks.dates import shown_work_date
from gallery.artworks.models import Artwork
from gallery.artworks.sizes import size_as_shown
from gallery.images.picture_element import picture_element
from gallery.images.renditions import PREVIEW_NAME, UNFRAMED_NAME
from gallery.images.sound_files import SOUND_MEDIA_TYPES
from gallery.images.storage_keys import rendition_key
from gallery.images.views import MEDIA_TYPES, is_served_at_desk
from gallery.sounds.models import SoundState
from gallery.sounds.storage_keys import sound_key
from gallery.web.forms import read_small_form
from gallery.web.languages import gettext as _
from gallery.web.rendering import pages_of, render, storage_of


async def show_request(request: Request, code: str) -> Response:
    """An artist or guardian reads what is asked, or what became of it. 404 if no request has the code."""
    asked = await _find(code)
    works = await works_to_answer(asked)
    return _page(request, code, asked, works, FamilyForm(scopes=_scopes(works)))


async def create(request: Request) -> Response:
    """An artist or guardian agrees or does not. A second answer changes nothing and shows the first."""
    code = code_of_page(request)
    page = pages_of(request).url("withdrawals:show", language=request.path_params["language"], code=code)
    answered = RedirectResponse(page, status_code=303, headers=PRIVATE_HEADERS)
    if await Consent.exists(code=code):
        return answered
    asked = await _find(code)
    posted = await read_small_form(request)
    works = await works_to_answer(asked)
    form = FamilyForm(posted, scopes=_scopes(works))
    try:
        if posted.get("answer") == "no":
            await refuse(asked, code)
            return answered
        answer = form.answer()
        if answer is not None:
            await agree(asked, answer, code, posted.get("seen", ""), wording_of(_scopes(works)))
            return answered
    except NotAnswerable:
        return answered  # the page says why
    except WorksChanged:
        asked, works = await _find(code), await works_to_answer(asked)
        form.refuse(
            "scopes",
            _("The works on this page have just changed. Please look at them again, then send it once more."),
        )
    return _page(request, code, asked, works, form, status=422)


async def show_picture(request: Request) -> Response:
    """The page fetches a picture of one of its works."""
    works, name = await _works_of_file(request), request.path_params["name"]
    pictures = [each.image for work in works for each in work.all_pictures()]
    image = next((each for each in pictures if each.token == request.path_params["picture"]), None)
    if image is None or name == UNFRAMED_NAME or not is_served_at_desk(image, name):
        raise HTTPException(404, headers=PRIVATE_HEADERS)
    media_type = MEDIA_TYPES[name.rpartition(".")[2]]
    return await _file(request, rendition_key(image.token, name), media_type)


async def play_sound(request: Request) -> Response:
    """The page fetches the voice of one of its works."""
    works, name = await _works_of_file(request), request.path_params["name"]
    sounds = [work.sound for work in works if work.sound is not None]
    sound = next((each for each in sounds if each.token == request.path_params["sound"]), None)
    if sound is None or sound.state != SoundState.READY or name not in SOUND_MEDIA_TYPES:
        raise HTTPException(404, headers=PRIVATE_HEADERS)
    return await _file(request, sound_key(sound.token, name), SOUND_MEDIA_TYPES[name])


async def _file(request: Request, key: str, media_type: str) -> Response:
    try:
        return await storage_of(request).private.answer(
            request, key, media_type=media_type, headers=PRIVATE_HEADERS
        )
    except FileNotFoundError:
        raise HTTPException(404, headers=PRIVATE_HEADERS) from None


async def _works_of_file(request: Request) -> list[Artwork]:
    asked = await _find(read_code(request, FILE_ATTEMPTS))
    return await works_to_answer(asked) if is_open(asked) else []


async def _find(code: str) -> ConsentRequest:
    asked = await find_request(code)
    if asked is None:
        raise HTTPException(404, headers=PRIVATE_HEADERS)
    return asked


def _scopes(works: Sequence[Artwork]) -> list[str]:
    """What can be agreed to: the voice only where there is one to hear, and nothing about cases, which the page does
    not show."""
    has_voice = any(work.sound is not None and work.sound.state == SoundState.READY for work in works)
    return [name for name in SCOPES if name not in CASE_SCOPES and (name != "voice" or has_voice)]


def _page(
    request: Request,
    code: str,
    asked: ConsentRequest,
    works: Sequence[Artwork],
    form: FamilyForm,
    status: int = 200,
) -> Response:
    """The page. It answers 410 if nothing can be answered any more: then it shows no work."""
    can_answer = is_open(asked) and bool(works)
    if not can_answer and asked.state not in {ConsentRequestState.REFUSED, ConsentRequestState.AGREED}:
        status = 410
    context = {
        "asked": asked,
        "is_open": is_open(asked),
        "works": works if can_answer else [],
        "form": form,
        "is_prepared": is_prepared(works),
        "files": f"/c/{code}",
        "code": code,
        "picture_element": picture_element,
        "preview_name": PREVIEW_NAME,
        "terms": TERMS,
        "scope_hints": SCOPE_HINTS,
        "seen": seen_key(works, wording_of(_scopes(works))),
        "born": birth_decade(asked.artist),
        "work_date": shown_work_date,
        "size_as_shown": size_as_shown,
    }
    return render(request, "consents/answer.html", context, status=status, headers=PRIVATE_HEADERS)


routes = [
    Route("/{language}/consent/{code:secret}/answer", create, name="answers:create", methods=["POST"]),
    Route(
        "/c/{code:secret}/pictures/{picture:str}/{name:str}",
        show_picture,
        name="answers:picture",
        methods=["GET"],
    ),
    Route(
        "/c/{code:secret}/sounds/{sound:str}/{name:str}", play_sound, name="answers:sound", methods=["GET"]
    ),
]
