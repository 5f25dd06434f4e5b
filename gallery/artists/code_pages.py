"""What the pages behind the code of a slip or of a request for consent share: their language, limit and headers."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gallery.artists.consents import normalised_code
from gallery.web.languages import set_language, site_languages
from gallery.web.security import REFERRER_WITHOUT_PATH, RateLimit, client_network

# A code has 100 bits and cannot be guessed; the limits only keep guesses from loading the server.
CODE_ATTEMPTS = RateLimit(times=60, seconds=60)
FILE_ATTEMPTS = RateLimit(times=600, seconds=60)  # of pictures and voices: a page has many

PRIVATE_HEADERS = {**REFERRER_WITHOUT_PATH, "cache-control": "no-store", "x-robots-tag": "noindex, nofollow"}


def code_of_page(request: Request) -> str:
    """The code in the address of a page, whose language is set. Raises 404 for another language, 429 above the limit."""
    language = request.path_params["language"]
    if language not in site_languages():
        raise HTTPException(404)
    set_language(language)
    return read_code(request, CODE_ATTEMPTS)


def read_code(request: Request, limit: RateLimit) -> str:
    if not limit.allows(client_network(request)):
        raise HTTPException(429, headers={"retry-after": "60"})
    return normalised_code(request.path_params["code"])
