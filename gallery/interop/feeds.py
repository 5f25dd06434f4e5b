"""Atom feeds of what comes on view (RFC 4287): of the site, an exhibition, a theme and an organisation, in each language.

They stand beside the pages that they tell of, hold only what is on view, and are kept by the page cache as those are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Q, Subquery
from tortoise.functions import Min

from gallery.artworks.models import Artwork, walls_are_open
from gallery.clock import local, now, start_of, today
from gallery.exhibitions.models import Hanging
from gallery.interop.documents import KEPT, add, xml
from gallery.organisations.models import Organisation
from gallery.public import queries as walls
from gallery.public.access import load_opened
from gallery.public.media import NOT_FOR_MACHINES
from gallery.public.queries import EDITION_COLUMNS, WORK_COLUMNS, ShownExhibition, ShownWork
from gallery.public.views import enter, slug_of
from gallery.themes.models import Theme
from gallery.web.languages import TAGS, Spoken, current_language, spoken
from gallery.web.languages import gettext as _
from gallery.web.markdown import excerpt
from gallery.web.rendering import lang_attribute, pages_of

ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml"
WORKS_MOST = 50  # the newest
EXHIBITIONS_MOST = 20
EXCERPT = 400  # columns
PICTURE = 640  # px


@dataclass(frozen=True)
class Entry:
    title: Spoken
    path: str  # its page's address
    published: datetime
    updated: datetime
    author: str
    content: Markup
    is_for_machines: bool = True


async def site(request: Request) -> Response:
    """A reader follows the whole site: what opens, and each work that comes on view."""
    enter(request)
    language = current_language()
    name = Spoken(pages_of(request).settings.site_name(language), language)
    entries = [*await exhibitions_opened(request), *await works_hung(request)]
    return feed(request, "visits:home", name, Spoken("", language), entries)


async def exhibition(request: Request) -> Response:
    """A reader follows the works of an exhibition."""
    enter(request)
    slug = slug_of(request)
    shown = await load_opened(slug)
    here = walls_are_open("room__edition__") & Q(room__edition__exhibition__slug=slug)
    entries = await works_hung(request, here)
    return feed(request, "visits:exhibition", shown.title, shown.introduction, entries, slug=slug)


async def theme(request: Request) -> Response:
    """A reader follows an occasion: works for it as they come on view."""
    enter(request)
    found = await Theme.get_or_none(slug=slug_of(request))
    if found is None:
        raise HTTPException(404)
    entries = await works_hung(request, Q(artwork__themes__id=found.id))
    title, text = spoken(found, "title"), spoken(found, "text")
    return feed(request, "visits:theme", title, text, entries, slug=found.slug)


async def organisation(request: Request) -> Response:
    """A reader follows the works that an organisation sends."""
    enter(request)
    found = await Organisation.get_or_none(slug=slug_of(request), is_active=True)
    if found is None:
        raise HTTPException(404)
    entries = await works_hung(request, Q(artwork__organisation_id=found.id))
    name, about = spoken(found, "name"), spoken(found, "about")
    return feed(request, "visits:organisation", name, about, entries, slug=found.slug)


async def works_hung(request: Request, *conditions: Q) -> list[Entry]:
    """The works on view that were hung last, of those whose hangings meet the conditions; two queries."""
    hung = (
        await Hanging.filter(
            *conditions,
            room__edition__number__isnull=False,
            artwork_id__in=Subquery(Artwork.all().on_view().values("id")),
        )
        .annotate(published=Min("room__edition__published_at"), opened=Min("room__edition__opens_at"))
        .group_by("artwork_id")
        .order_by("-published", "-artwork_id")
        .limit(WORKS_MOST)
        .values_list("artwork_id", "published", "opened")
    )
    rows = (
        await Artwork.all()
        .on_view([artwork_id for artwork_id, _, _ in hung])
        .values(*WORK_COLUMNS, "story", "story_translation", "updated_at")
        if hung
        else []
    )
    found = {row["id"]: row for row in rows}
    return [
        of_work(request, found[artwork_id], max(published, opened))
        for artwork_id, published, opened in hung
        if artwork_id in found
    ]


def of_work(request: Request, row: dict[str, Any], since: datetime) -> Entry:
    """A work; its picture is shown where its consent covers sharing, as on a card."""
    pages, work = pages_of(request), ShownWork.of(row)
    story = walls.in_page_language(row["story"], row["story_translation"], row["language"])
    content = paragraph(story)
    if work.is_for_sharing:
        width = min(PICTURE, work.picture.width)
        content = (
            Markup('<p><img src="{}" width="{}" height="{}" alt="{}"{}></p>').format(
                pages.absolute(work.picture.address(PICTURE)),
                width,
                round(width / work.picture.ratio),
                work.alt.text,
                lang_attribute(work.alt),
            )
            + content
        )
    by = Markup(" · ").join(
        Markup("<span{}>{}</span>").format(lang_attribute(said), said.text)
        for said in (work.credit, work.medium, work.organisation)
        if said.text
    )
    return Entry(
        title=work.title,
        path=pages.url("visits:artwork", language=current_language(), public_id=work.public_id),
        published=since,
        updated=max(since, row["updated_at"]),
        author=work.credit.text,
        content=content + Markup("<p>{}</p>").format(by),
        is_for_machines=work.is_for_machines,
    )


async def exhibitions_opened(request: Request) -> list[Entry]:
    """The exhibitions that opened last; one query."""
    pages = pages_of(request)
    rows = (
        await walls.published(walls.OPENED())
        .order_by("-opens_at", "-id")
        .limit(EXHIBITIONS_MOST)
        .values(*EDITION_COLUMNS, "published_at")
    )
    return [
        Entry(
            title=shown.title,
            path=pages.url("visits:exhibition", language=current_language(), slug=shown.slug),
            published=shown.opens_at,
            updated=max(shown.opens_at, row["published_at"] or shown.opens_at),
            author=pages.settings.site_name(current_language()),
            content=paragraph(shown.introduction),
        )
        for row in rows
        for shown in [ShownExhibition.of(row)]
    ]


def paragraph(said: Spoken) -> Markup:
    if not said.text:
        return Markup("")
    return Markup("<p{}>{}</p>").format(lang_attribute(said), excerpt(said.text, EXCERPT))


def feed(
    request: Request, page: str, title: Spoken, subtitle: Spoken, entries: list[Entry], **parameters: object
) -> Response:
    """The feed that stands beside `page`, newest entries first."""
    pages, language = pages_of(request), current_language()
    path = pages.url(page, language=language, **parameters)
    newest_first = sorted(entries, key=lambda entry: entry.published, reverse=True)
    # An empty feed changes with the day, when the page cache forgets it anyway.
    updated = max((entry.updated for entry in entries), default=start_of(today()))
    root = Element("feed", {"xmlns": ATOM, "xml:lang": TAGS[language]})
    add(root, "id", id_of(request, path))
    add(root, "title", title.text)
    if subtitle.text:
        add(root, "subtitle", excerpt(subtitle.text, EXCERPT))
    add(root, "updated", moment(updated))
    add(root, "link", rel="self", type=MEDIA_TYPE, href=pages.absolute(request.url.path))
    add(root, "link", rel="alternate", type="text/html", href=pages.absolute(path))
    add(add(root, "author"), "name", pages.settings.site_name(language))
    add(root, "rights", _("Every work is shown with consent, and all rights stay with its artist."))
    for entry in newest_first:
        told = add(root, "entry")
        add(told, "id", id_of(request, entry.path))
        add(told, "title", entry.title.text)
        add(told, "link", rel="alternate", type="text/html", href=pages.absolute(entry.path))
        add(told, "published", moment(entry.published))
        add(told, "updated", moment(entry.updated))
        add(add(told, "author"), "name", entry.author)
        add(told, "content", entry.content, type="html")
    robots = {} if all(entry.is_for_machines for entry in entries) else NOT_FOR_MACHINES
    return xml(root, MEDIA_TYPE, {**KEPT, **robots})


def id_of(request: Request, path: str) -> str:
    """A tag URI (RFC 4151), the same as long as the site keeps its host name."""
    host = urlsplit(pages_of(request).settings.site_url).hostname
    return f"tag:{host},2026:{path}"


def moment(at: datetime) -> str:
    return local(min(at, now())).isoformat(timespec="seconds")


routes = [
    Route("/{language:language}/feed.atom", site, name="feeds:site", methods=["GET"]),
    Route(
        "/{language:language}/exhibitions/{slug:name}/feed.atom",
        exhibition,
        name="feeds:exhibition",
        methods=["GET"],
    ),
    Route("/{language:language}/themes/{slug:name}/feed.atom", theme, name="feeds:theme", methods=["GET"]),
    Route(
        "/{language:language}/organisations/{slug:name}/feed.atom",
        organisation,
        name="feeds:organisation",
        methods=["GET"],
    ),
]
