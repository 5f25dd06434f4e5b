"""The page that shows a programmer how to begin, with commands to copy."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.api.access import MAX_WRONG_TOKENS, WRONG_TOKENS_SECONDS
from gallery.api.idempotency import ANSWER_RETENTION
from gallery.api.operations import BASE, OPERATIONS
from gallery.api.problems import PROBLEM_TYPES
from gallery.api.tokens import SCOPE_WORDS
from gallery.api.works import MAX_PAGE_SIZE
from gallery.images.partial_uploads import LIFETIME
from gallery.images.uploads import MAX_FIELD_BYTES
from gallery.web.languages import accepted_language, set_language
from gallery.web.rendering import redirect, render_public, settings_of


async def redirect_to_language(request: Request) -> Response:
    """Redirect /api to the page in the browser's language."""
    language = accepted_language(request.headers.get("accept-language", ""))
    response = redirect(request, "api:guide", language=language)
    response.headers["vary"] = "Accept-Language"
    response.headers["cache-control"] = "no-cache"
    return response


async def show(request: Request) -> Response:
    """A programmer reads how a program sends works and follows their review."""
    set_language(request.path_params["language"])
    context = {
        "operations": OPERATIONS,
        "prefix": BASE,
        "scope_words": SCOPE_WORDS,
        "kinds": PROBLEM_TYPES,
        "per_minute": settings_of(request).api_requests_per_minute,
        "wrong_tokens": MAX_WRONG_TOKENS,
        "minutes": int(WRONG_TOKENS_SECONDS // 60),
        "largest_page": MAX_PAGE_SIZE,
        "json_bytes": MAX_FIELD_BYTES,
        "upload_days": LIFETIME.days,
        "kept_hours": int(ANSWER_RETENTION.total_seconds() // 3600),
    }
    return render_public(request, "api/show.html", context)


routes = [
    Route("/api", redirect_to_language, name="api:front", methods=["GET"]),
    Route("/{language:language}/api", show, name="api:guide", methods=["GET"]),
]
