"""The home page, and the pages about the gallery itself."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.clock import today
from gallery.public import page_cards, queries
from gallery.public.pages import linked_data_of, render_page, set_page_language
from gallery.public.share_images import ShareImages
from gallery.public.work_counts import work_counts_of
from gallery.themes.models import Theme, themes_open_for_works
from gallery.web.languages import accepted_language
from gallery.web.rendering import redirect, render_public, settings_of

OPEN_ON_HOME = 4
TO_OPEN_ON_HOME = 4
PAST_ON_HOME = 4
NEWEST_ON_HOME = 8
HUNG_ON_HOME = 8  # works of each open exhibition
ORGANISATIONS_ON_HOME = 24
CALLS_ON_HOME = 4


async def redirect_to_language(request: Request) -> Response:
    """Redirect to the home page in the language that the browser prefers."""
    language = accepted_language(request.headers.get("accept-language", ""))
    response = redirect(request, "public:home", language=language)
    response.headers["vary"] = "Accept-Language"
    response.headers["cache-control"] = "no-cache"
    return response


async def show(request: Request) -> Response:
    """A visitor sees open and coming exhibitions, open calls, the newest works, and the organisations."""
    set_page_language(request)
    open_now = await queries.exhibitions(queries.is_open(), limit=OPEN_ON_HOME)
    past = await queries.exhibitions(queries.has_closed(), order="-closes_at", limit=PAST_ON_HOME)
    hung = await queries.works_by_edition([*open_now, *past], HUNG_ON_HOME)
    already_shown = {work.id for edition in open_now for work in hung[edition.edition_id]}
    newest = [
        work
        for work in await queries.works_on_view(limit=NEWEST_ON_HOME + len(already_shown))
        if work.id not in already_shown
    ]
    newest = newest[:NEWEST_ON_HOME]
    shown_now = [exhibition for exhibition in open_now if hung[exhibition.edition_id]]
    return render_page(
        request,
        "public/home.html",
        works=[*newest, *(work for works in hung.values() for work in works)],
        # The page has one accent: that of the exhibition that opened last.
        theme=open_now[0].theme if open_now else None,
        open_now=shown_now,
        to_open=await queries.exhibitions(queries.is_upcoming(), order="opens_at", limit=TO_OPEN_ON_HOME),
        calls=await Theme.filter(themes_open_for_works())
        .order_by("call_closes_on", "occurs_on", "id")
        .limit(CALLS_ON_HOME),
        day=today(),
        past=past,
        hung=hung,
        newest=newest,
        organisations=await queries.organisations_on_view(
            await work_counts_of(request).organisations.all(), limit=ORGANISATIONS_ON_HOME
        ),
        linked_data=linked_data_of(request).home(shown_now),
        share_images=await page_cards.card_of(page_cards.HOME, settings_of(request)),
    )


async def show_about(request: Request) -> Response:
    """A visitor reads about the gallery: what it is, how works are selected, and where donations go."""
    set_page_language(request)
    return render_public(request, "public/about.html", await card_context(request, "about"))


async def show_accessibility(request: Request) -> Response:
    """A visitor reads the accessibility statement: for whom the pages work well, and for whom not yet."""
    set_page_language(request)
    return render_public(request, "public/accessibility.html", await card_context(request, "accessibility"))


async def card_context(request: Request, page: str) -> dict[str, ShareImages]:
    return {"share_images": await page_cards.card_of(page, settings_of(request))}


routes = [
    Route("/", redirect_to_language, name="public:front", methods=["GET"]),
    Route("/{language:language}/", show, name="public:home", methods=["GET"]),
    Route("/{language:language}/about", show_about, name="public:about", methods=["GET"]),
    Route(
        "/{language:language}/accessibility", show_accessibility, name="public:accessibility", methods=["GET"]
    ),
]
