"""The button with which visitors appreciate a work: without an account, with and without JavaScript.

Public pages read no cookie. Pressing the button sets a cookie, whose path is limited to COOKIE_PATH.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gallery.artworks.access import load_on_view
from gallery.stats.appreciations import (
    KEY_PATTERN,
    AppreciationCache,
    AppreciationCount,
    appreciation_token,
    is_appreciated,
    new_key,
)
from gallery.stats.reach import PARAMETER, note_thanks
from gallery.stats.visit_counter import VisitCounter
from gallery.stats.visitors import is_browser
from gallery.web.forms import read_small_form
from gallery.web.languages import gettext as _
from gallery.web.languages import ngettext, set_language
from gallery.web.rendering import cookie_in, redirect, render, set_cookie, settings_of
from gallery.web.security import RateLimit, client_network

COOKIE_PATH = "/appreciations"
COOKIE = "gallery_visitor"
COOKIE_AGE = 400 * 86_400  # seconds; browsers keep no cookie longer
NEW_VISITOR_LIMIT = RateLimit(times=60, seconds=3600)  # per network, such as a school's
PRESS_LIMIT = RateLimit(times=60, seconds=60)


async def show(request: Request) -> Response:
    """Tell the script on a work's page how many visitors appreciate it, and whether this visitor does."""
    set_language(request.path_params["language"])
    count = await appreciation_cache(request).of(request.path_params["public_id"])
    key = visitor_key(request)
    is_theirs = bool(key) and await is_appreciated(
        _token(request, key, count), count.artwork_id, visit_counter(request)
    )
    return _json_response(is_theirs, count.number)


async def create(request: Request) -> Response:
    """Record that the visitor appreciates a work."""
    return await _change_appreciation(request, is_there=True)


async def delete(request: Request) -> Response:
    """Record that the visitor takes the appreciation back."""
    return await _change_appreciation(request, is_there=False)


async def show_thanks(request: Request) -> Response:
    """Thank a visitor without JavaScript."""
    return await _page(request, is_there=True)


async def show_taken_back(request: Request) -> Response:
    """Confirm to a visitor without JavaScript that the appreciation is taken back."""
    return await _page(request, is_there=False)


async def _change_appreciation(request: Request, *, is_there: bool) -> Response:
    parameters = request.path_params
    set_language(parameters["language"])
    count = await appreciation_cache(request).of(parameters["public_id"])
    network = client_network(request)
    key = visitor_key(request)
    if not PRESS_LIMIT.allows(network) or (is_there and not key and not NEW_VISITOR_LIMIT.allows(network)):
        message = _("Too many thanks were sent from your network just now. Please try again a little later.")
        if wants_json(request):
            return JSONResponse({"message": message}, 429, {"cache-control": "no-store"})
        return await _page(request, is_there=is_there, refusal=message, status=429)
    is_new = is_there and not key
    if is_new:
        key = new_key()
    if key and is_browser(request.headers.get("user-agent", "").encode()):
        visit_counter(request).set_appreciation(
            _token(request, key, count), count.artwork_id, is_there=is_there
        )
        count = await appreciation_cache(request).reload(parameters["public_id"], count)
        if is_there:
            note_thanks(request, (await read_small_form(request)).get(PARAMETER, ""))
    response: Response
    if wants_json(request):
        response = _json_response(is_there, count.number, confirmation_sentence(is_there, count.number))
    else:
        name = "appreciations:thanks" if is_there else "appreciations:taken_back"
        response = redirect(request, name, language=parameters["language"], public_id=parameters["public_id"])
    if is_new:
        set_cookie(request, response, COOKIE, key, seconds=COOKIE_AGE, path=COOKIE_PATH)
    return response


async def _page(request: Request, *, is_there: bool, refusal: str = "", status: int = 200) -> Response:
    parameters = request.path_params
    set_language(parameters["language"])
    artwork = await load_on_view(parameters["public_id"], "artist", "project")
    count = await appreciation_cache(request).of(parameters["public_id"])
    context = {
        "artwork": artwork,
        "is_there": is_there,
        "refusal": refusal,
        "message": count_sentence(count.number, True)
        if is_there
        else confirmation_sentence(False, count.number),
    }
    headers = {"cache-control": "no-store", "x-robots-tag": "noindex"}
    return render(request, "appreciations/show.html", context, status=status, headers=headers)


def _json_response(is_there: bool, number: int, message: str = "") -> JSONResponse:
    content: dict[str, Any] = {
        "appreciated": is_there,
        "number": number,
        "sentence": count_sentence(number, is_there),
        "message": message,
    }
    return JSONResponse(content, headers={"cache-control": "no-store"})


def count_sentence(number: int, is_theirs: bool) -> str:
    """How many visitors appreciate a work, and whether the reader does; empty if nobody does."""
    if is_theirs and number > 1:
        return _("%(number)s visitors have thanked the artist of this work, including you.") % {
            "number": number
        }
    if is_theirs:
        return _("You have thanked the artist.")
    if not number:
        return ""
    return ngettext(
        "%(number)s visitor has thanked the artist of this work.",
        "%(number)s visitors have thanked the artist of this work.",
        number,
    ) % {"number": number}


def confirmation_sentence(is_there: bool, number: int) -> str:
    """The message shown to a visitor after pressing the button."""
    if not is_there:
        return _("Your thanks have been taken back.")
    if number <= 1:
        return _("Thank you.")
    return _("Thank you. %(number)s visitors have thanked the artist of this work.") % {"number": number}


def visitor_key(request: Request) -> str:
    """The key in this browser's cookie; "" if there is none or it is malformed."""
    key = cookie_in(request, COOKIE)
    return key if KEY_PATTERN.fullmatch(key) else ""


def _token(request: Request, key: str, count: AppreciationCount) -> str:
    return appreciation_token(key, count.artwork_id, settings_of(request).secret_key)


def wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def appreciation_cache(request: Request) -> AppreciationCache:
    cache: AppreciationCache = request.app.state.appreciations
    return cache


def visit_counter(request: Request) -> VisitCounter:
    counter: VisitCounter = request.app.state.visit_counter
    return counter


routes = [
    Route(
        f"{COOKIE_PATH}/{{language:language}}/{{public_id:name}}",
        show,
        name="appreciations:show",
        methods=["GET"],
    ),
    Route(
        f"{COOKIE_PATH}/{{language:language}}/{{public_id:name}}",
        create,
        name="appreciations:create",
        methods=["POST"],
    ),
    Route(
        f"{COOKIE_PATH}/{{language:language}}/{{public_id:name}}/taking-back",
        delete,
        name="appreciations:delete",
        methods=["POST"],
    ),
    Route(
        "/{language:language}/works/{public_id:name}/appreciation",
        show_thanks,
        name="appreciations:thanks",
        methods=["GET"],
    ),
    Route(
        "/{language:language}/works/{public_id:name}/appreciation/taken-back",
        show_taken_back,
        name="appreciations:taken_back",
        methods=["GET"],
    ),
]
