"""Talks as iCalendar files (RFC 5545), one for each talk and one for all of an exhibition, in either language.

Moments are in UTC, so no file needs the rules of a time zone. A talk keeps its UID through all editions.
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
from tortoise.expressions import Q

from gallery.exhibitions import walls
from gallery.exhibitions.documents import KEPT
from gallery.exhibitions.talks import Talk
from gallery.exhibitions.visits import enter, slug_of
from gallery.exhibitions.walls import EDITION_COLUMNS, ShownExhibition, still_on_site
from gallery.languages import TAGS, current_language, spoken
from gallery.pages import pages_of
from gallery.prose import plain

MEDIA_TYPE = "text/calendar; charset=utf-8"


async def index(request: Request) -> Response:
    """A visitor takes all talks beside an exhibition into a calendar of their own."""
    exhibition, published_at, number = await published(request)
    if not exhibition.talks:
        raise HTTPException(404)
    return calendar_file(request, exhibition, exhibition.talks, published_at, number)


async def show(request: Request) -> Response:
    """A visitor takes one talk into a calendar of their own."""
    exhibition, published_at, number = await published(request)
    talks = [talk for talk in exhibition.talks if talk.key == request.path_params["key"]]
    if not talks:
        raise HTTPException(404)
    return calendar_file(request, exhibition, talks, published_at, number)


async def published(request: Request) -> tuple[ShownExhibition, datetime, int]:
    """The exhibition of the address, when its edition was published and its number; 404 where it left the site."""
    enter(request)
    rows = await walls.published(still_on_site(), Q(exhibition__slug=slug_of(request))).values(
        *EDITION_COLUMNS, "published_at", "number"
    )
    if not rows:
        raise HTTPException(404)
    return ShownExhibition.of(rows[0]), rows[0]["published_at"], rows[0]["number"]


def calendar_file(
    request: Request, exhibition: ShownExhibition, talks: Sequence[Talk], published_at: datetime, number: int
) -> Response:
    """The talks as a file to keep. `number` of the edition: what changed in a later one replaces what was taken before."""
    pages = pages_of(request)
    page = pages.absolute(pages.url("visits:exhibition", language=current_language(), slug=exhibition.slug))
    calendar = Calendar()
    calendar.add("prodid", f"-//gallery//{pages.settings.site_url}//{TAGS[current_language()].upper()}")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", exhibition.title.text)
    for talk in talks:
        calendar.add_component(event_of(talk, page, published_at, number))
    headers = {**KEPT, "content-disposition": f'inline; filename="{exhibition.slug}.ics"'}
    return Response(calendar.to_ical(), media_type=MEDIA_TYPE, headers=headers)


def event_of(talk: Talk, page: str, published_at: datetime, number: int) -> Event:
    """A talk beside the exhibition whose page is at the address `page`."""
    said = [plain(spoken(talk, "text").text), talk.link, f"{page}#talk-{talk.key}"]
    event = Event()
    told: dict[str, Any] = {
        "uid": f"{talk.key}@{urlsplit(page).netloc}",
        "dtstamp": published_at,
        "last-modified": published_at,
        "sequence": number,
        "dtstart": talk.starts_at,
        "dtend": talk.ends_at,
        "summary": spoken(talk, "title").text,
        "description": "\n\n".join(part for part in said if part),
        "location": talk.where,
        "url": f"{page}#talk-{talk.key}",
    }
    for name, value in told.items():
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
