"""Talks as iCalendar files (RFC 5545): one file for each talk and one for each exhibition, in each language.

Times are in UTC, so that no file needs time zone rules. A talk keeps its UID through all editions.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from icalendar import Calendar, Event
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.exhibitions.talks import Talk
from gallery.interop.responses import CACHE_HEADERS
from gallery.public import queries
from gallery.public.pages import set_page_language, slug_of
from gallery.public.view_models import EDITION_COLUMNS, ShownExhibition
from gallery.web.languages import bcp47, current_language, localized
from gallery.web.markdown import markdown_to_text
from gallery.web.rendering import pages_of

MEDIA_TYPE = "text/calendar; charset=utf-8"


async def index(request: Request) -> Response:
    """All talks of an exhibition, for a visitor's own calendar."""
    exhibition, published_at, number = (await load_published(request))[0]
    return calendar_file(request, exhibition, exhibition.talks, published_at, number)


async def show(request: Request) -> Response:
    """One talk, for a visitor's own calendar."""
    for exhibition, published_at, number in await load_published(request):
        for talk in exhibition.talks:
            if talk.key == request.path_params["key"]:
                return calendar_file(request, exhibition, [talk], published_at, number)
    raise HTTPException(404)


async def load_published(request: Request) -> list[tuple[ShownExhibition, datetime, int]]:
    """The editions with talks of the exhibition in the URL, latest first.

    Each edition comes with its date of publication and its number.

    404 if the exhibition is no longer on the site or has no talks.
    """
    set_page_language(request)
    editions = (
        queries.editions_with_talks().filter(exhibition__slug=slug_of(request)).order_by("-opens_at", "-id")
    )
    rows = await editions.values(*EDITION_COLUMNS, "published_at", "number")
    shown = [(ShownExhibition.of(row), row["published_at"], row["number"]) for row in rows]
    with_talks = [each for each in shown if each[0].talks]
    if not with_talks:
        raise HTTPException(404)
    return with_talks


def calendar_file(
    request: Request, exhibition: ShownExhibition, talks: Sequence[Talk], published_at: datetime, number: int
) -> Response:
    """The talks as an iCalendar file.

    `number` is the edition's. A calendar program replaces an event that has a lower number.
    """
    pages = pages_of(request)
    page = pages.absolute(pages.url("public:exhibition", language=current_language(), slug=exhibition.slug))
    calendar = Calendar()
    calendar.add("prodid", f"-//gallery//{pages.settings.site_url}//{bcp47(current_language()).upper()}")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", exhibition.title.text)
    for talk in talks:
        calendar.add_component(event_of(talk, page, published_at, number))
    headers = {**CACHE_HEADERS, "content-disposition": f'inline; filename="{exhibition.slug}.ics"'}
    return Response(calendar.to_ical(), media_type=MEDIA_TYPE, headers=headers)


def event_of(talk: Talk, page: str, published_at: datetime, number: int) -> Event:
    """The iCalendar event of a talk. `page`: the URL of the exhibition's page."""
    description = [markdown_to_text(localized(talk, "text").text), talk.link, f"{page}#talk-{talk.key}"]
    event = Event()
    properties: dict[str, Any] = {
        "uid": f"{talk.key}@{urlsplit(page).netloc}",
        "dtstamp": published_at,
        "last-modified": published_at,
        "sequence": number,
        "dtstart": talk.starts_at,
        "dtend": talk.ends_at,
        "summary": localized(talk, "title").text,
        "description": "\n\n".join(part for part in description if part),
        "location": talk.where,
        "url": f"{page}#talk-{talk.key}",
    }
    for name, value in properties.items():
        event.add(name, value)
    return event


routes = [
    Route(
        "/{language:language}/exhibitions/{slug:name}/talks.ics",
        index,
        name="talks:calendar",
        methods=["GET"],
    ),
    Route(
        "/{language:language}/exhibitions/{slug:name}/talks/{key:name}.ics",
        show,
        name="talks:show",
        methods=["GET"],
    ),
]
