"""The home page, and the pages about the gallery itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Q

from gallery.clock import today
from gallery.public import page_cards, queries
from gallery.public.pages import linked_data_of, render_page, set_page_language
from gallery.public.share_images import ShareImages
from gallery.public.view_models import ShownExhibition, ShownWork
from gallery.public.work_of_the_day import daily_works_of
from gallery.themes.models import Theme, themes_open_for_works
from gallery.web import site_settings
from gallery.web.languages import LocalizedText, accepted_language
from gallery.web.markdown import markdown_to_text, split_first_paragraph
from gallery.web.rendering import redirect, render_public, settings_of

OPEN_ON_HOME = 4
TO_OPEN_ON_HOME = 3
PAST_ON_HOME = 4
THEMES_ON_HOME = 3
CANDIDATES = 24  # themes of which these are chosen


async def redirect_to_language(request: Request) -> Response:
    """Redirect to the home page in the language that the browser prefers."""
    language = accepted_language(request.headers.get("accept-language", ""))
    response = redirect(request, "public:home", language=language)
    response.headers["vary"] = "Accept-Language"
    response.headers["cache-control"] = "no-cache"
    return response


async def show(request: Request) -> Response:
    """A visitor reads what this is, and chooses: what is open, the work of the day, what comes, how to take part."""
    set_page_language(request)
    open_now = await queries.exhibitions(queries.is_open(), limit=OPEN_ON_HOME + 1)
    open_now, others_are_open = open_now[:OPEN_ON_HOME], len(open_now) > OPEN_ON_HOME
    past = await queries.exhibitions(queries.has_closed(), order="-closes_at", limit=PAST_ON_HOME)
    # Each picture is shown once: an exhibition whose first work is the work of the day shows its second.
    hung = await queries.works_by_edition(open_now or past, 2)
    shown_now = [exhibition for exhibition in open_now if hung[exhibition.edition_id]]
    daily = next(iter(await daily_works_of(request).works()), None)
    covers = covers_of(shown_now, hung, daily)
    if not shown_now:
        covers = covers_of(past, hung, daily)
    if daily and daily.id in {work.id for work in covers.values()}:  # the only work of an exhibition
        daily = None
    statement, introduction = statement_and_rest(site_settings.text("home"))
    return render_page(
        request,
        "public/home.html",
        works=[*covers.values(), *([daily] if daily else [])],
        # The accent of buttons and lines is that of the exhibition that opened last.
        theme=open_now[0].theme if open_now else None,
        own_style="".join(exhibition.surface_style() for exhibition in shown_now),
        statement=statement,
        introduction=introduction,
        open_now=shown_now,
        others_are_open=others_are_open,
        covers=covers,
        daily=daily,
        to_open=await queries.exhibitions(queries.is_upcoming(), order="opens_at", limit=TO_OPEN_ON_HOME),
        themes=await next_themes(),
        day=today(),
        past=past,
        past_works={edition: [work] for edition, work in covers.items()},
        linked_data=linked_data_of(request).home(shown_now),
        share_images=await page_cards.card_of(page_cards.HOME, settings_of(request)),
    )


def covers_of(
    shown: Sequence[ShownExhibition], hung: Mapping[int, Sequence[ShownWork]], daily: ShownWork | None
) -> dict[int, ShownWork]:
    """Edition id → the work that stands for it: the first that is not yet shown, or else its first one."""
    covers: dict[int, ShownWork] = {}
    seen = {daily.id} if daily else set()
    for exhibition in shown:
        works = hung.get(exhibition.edition_id, ())
        if cover := next((work for work in works if work.id not in seen), None):
            covers[exhibition.edition_id] = cover
        elif works and works[0] == daily:
            covers[exhibition.edition_id] = daily
        seen |= {work.id for work in covers.values()}
    return covers


def statement_and_rest(own: LocalizedText) -> tuple[LocalizedText, LocalizedText]:
    """The keeper's first paragraph, as plain text, and the others as Markdown."""
    first, rest = split_first_paragraph(own.text)
    return LocalizedText(markdown_to_text(first), own.language), LocalizedText(rest, own.language)


async def next_themes() -> list[Theme]:
    """The themes that are open for works, then those that come next; one query."""
    coming = Theme.filter(themes_open_for_works() | Q(occurs_on__gte=today()))
    themes = await coming.order_by("occurs_on", "id").limit(CANDIDATES)
    themes.sort(key=lambda theme: (not theme.is_open(), theme.occurs_on or theme.call_closes_on or date.max))
    return themes[:THEMES_ON_HOME]


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
