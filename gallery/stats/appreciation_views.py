"""The button with which a visitor appreciates a work: one press, without account, with or without script.

The pages themselves know of no visitor. The one cookie, set by the press, is sent to the addresses below alone.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gallery.artworks.access import load_on_view
from gallery.stats.appreciations import KEY, Known, Numbers, is_appreciated, new_key, token_of
from gallery.stats.tally import Tally
from gallery.stats.visitors import is_browser
from gallery.web.languages import gettext as _
from gallery.web.languages import ngettext, set_language
from gallery.web.rendering import cookie_in, redirect, render, set_cookie, settings_of
from gallery.web.security import RateLimit, network_asking

ADDRESS = "/appreciations"
COOKIE = "gallery_visitor"
COOKIE_AGE = 400 * 86_400  # seconds; browsers keep none longer
NEW_VISITORS = RateLimit(times=60, seconds=3600)  # from one network: a class may sit there
PRESSES = RateLimit(times=60, seconds=60)


async def show(request: Request) -> Response:
    """The script on a work's page asks how many appreciate it, and whether this visitor does."""
    set_language(request.path_params["language"])
    known = await numbers_of(request).of(request.path_params["public_id"])
    key = key_in(request)
    is_theirs = bool(key) and await is_appreciated(
        _token(request, key, known), known.artwork_id, tally_of(request)
    )
    return _answer(is_theirs, known.number)


async def create(request: Request) -> Response:
    """A visitor appreciates a work."""
    return await _press(request, is_there=True)


async def delete(request: Request) -> Response:
    """A visitor takes an appreciation back."""
    return await _press(request, is_there=False)


async def thanks(request: Request) -> Response:
    """A visitor without script is thanked for appreciating a work."""
    return await _page(request, is_there=True)


async def taken_back(request: Request) -> Response:
    """A visitor without script reads that an appreciation is taken back."""
    return await _page(request, is_there=False)


async def _press(request: Request, *, is_there: bool) -> Response:
    asked = request.path_params
    set_language(asked["language"])
    known = await numbers_of(request).of(asked["public_id"])
    network = network_asking(request)
    key = key_in(request)
    if not PRESSES.allows(network) or (is_there and not key and not NEW_VISITORS.allows(network)):
        told = _("Many appreciations came from here just now. Please try again a little later.")
        if wants_json(request):
            return JSONResponse({"told": told}, 429, {"cache-control": "no-store"})
        return await _page(request, is_there=is_there, refusal=told, status=429)
    is_new = is_there and not key
    if is_new:
        key = new_key()
    if key and is_browser(request.headers.get("user-agent", "").encode()):
        tally_of(request).press(_token(request, key, known), known.artwork_id, is_there=is_there)
        known = await numbers_of(request).again(asked["public_id"], known)
    response: Response
    if wants_json(request):
        response = _answer(is_there, known.number, told_after(is_there, known.number))
    else:
        name = "appreciations:thanks" if is_there else "appreciations:taken_back"
        response = redirect(request, name, language=asked["language"], public_id=asked["public_id"])
    if is_new:
        set_cookie(request, response, COOKIE, key, seconds=COOKIE_AGE, path=ADDRESS)
    return response


async def _page(request: Request, *, is_there: bool, refusal: str = "", status: int = 200) -> Response:
    asked = request.path_params
    set_language(asked["language"])
    artwork = await load_on_view(asked["public_id"], "artist")
    known = await numbers_of(request).of(asked["public_id"])
    context = {
        "artwork": artwork,
        "is_there": is_there,
        "refusal": refusal,
        "told": sentence(known.number, True) if is_there else told_after(False, known.number),
    }
    headers = {"cache-control": "no-store", "x-robots-tag": "noindex"}
    return render(request, "appreciations/show.html", context, status=status, headers=headers)


def _answer(is_there: bool, number: int, told: str = "") -> JSONResponse:
    content: dict[str, Any] = {
        "appreciated": is_there,
        "number": number,
        "sentence": sentence(number, is_there),
        "told": told,
    }
    return JSONResponse(content, headers={"cache-control": "no-store"})


def sentence(number: int, is_theirs: bool) -> str:
    """How many appreciate a work, and whether the reader does; nothing where nobody has pressed yet."""
    if is_theirs and number > 1:
        return _("%(number)s visitors appreciate this work, you among them.") % {"number": number}
    if is_theirs:
        return _("You appreciate this work.")
    if not number:
        return ""
    return ngettext(
        "%(number)s visitor appreciates this work.", "%(number)s visitors appreciate this work.", number
    ) % {"number": number}


def told_after(is_there: bool, number: int) -> str:
    """What somebody reads who has just pressed."""
    if not is_there:
        return _("Your appreciation is taken back.")
    if number <= 1:
        return _("Thank you.")
    return _("Thank you. %(number)s visitors appreciate this work.") % {"number": number}


def key_in(request: Request) -> str:
    """The key that this browser was given; "" where it has none of ours."""
    key = cookie_in(request, COOKIE)
    return key if KEY.fullmatch(key) else ""


def _token(request: Request, key: str, known: Known) -> str:
    return token_of(key, known.artwork_id, settings_of(request).secret_key)


def wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def numbers_of(request: Request) -> Numbers:
    numbers: Numbers = request.app.state.appreciations
    return numbers


def tally_of(request: Request) -> Tally:
    tally: Tally = request.app.state.tally
    return tally


routes = [
    Route(
        f"{ADDRESS}/{{language:language}}/{{public_id:name}}",
        show,
        name="appreciations:show",
        methods=["GET"],
    ),
    Route(
        f"{ADDRESS}/{{language:language}}/{{public_id:name}}",
        create,
        name="appreciations:create",
        methods=["POST"],
    ),
    Route(
        f"{ADDRESS}/{{language:language}}/{{public_id:name}}/taking-back",
        delete,
        name="appreciations:delete",
        methods=["POST"],
    ),
    Route(
        "/{language:language}/works/{public_id:name}/appreciation",
        thanks,
        name="appreciations:thanks",
        methods=["GET"],
    ),
    Route(
        "/{language:language}/works/{public_id:name}/appreciation/taken-back",
        taken_back,
        name="appreciations:taken_back",
        methods=["GET"],
    ),
]
