"""Atom feeds (RFC 4287) of the site, of exhibitions, themes and organisations, in each language.

A feed's path is the path of its page followed by /feed.atom. A feed lists only what is on view, and the page
cache stores it like a page.
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

from gallery.artworks.models import Artwork, edition_is_open, hangs_in, has_theme
from gallery.clock import now, start_of_day, to_local, today
from gallery.exhibitions.models import Edition
from gallery.images.sound_files import SOUND_FILES
from gallery.interop.responses import CACHE_HEADERS, add_element, xml_response
from gallery.organisations.models import Organisation
from gallery.public import queries
from gallery.public.access import load_opened
from gallery.public.media import NOT_FOR_MACHINES
from gallery.public.pages import set_page_language, slug_of
from gallery.public.view_models import EDITION_COLUMNS, WORK_COLUMNS, ShownExhibition, ShownWork
from gallery.public.voices import voice_address
from gallery.sounds.models import SoundState
from gallery.themes.models import Theme
from gallery.web.languages import LocalizedText, bcp47, current_language, localized
from gallery.web.languages import gettext as _
from gallery.web.markdown import excerpt
from gallery.web.rendering import lang_attribute, pages_of

ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml"
MAX_WORKS = 50  # per feed: the newest works
MAX_EXHIBITIONS = 20
EXCERPT_COLUMNS = 400  # display columns; a Chinese character takes two
PICTURE_WIDTH = 640  # px
VOICE_COLUMNS = ("sound__state", "sound__token", "sound__file_bytes")
COLUMNS = (*WORK_COLUMNS, *VOICE_COLUMNS, "story", "updated_at")


@dataclass(frozen=True)
class FeedEntry:
    title: LocalizedText
    path: str  # the path of the entry's page
    published: datetime
    updated: datetime
    author: str
    content: Markup
    is_for_machines: bool = True
    enclosure: Enclosure | None = None


@dataclass(frozen=True)
class Enclosure:
    """A sound that a feed reader may download."""

    path: str
    media_type: str
    file_bytes: int


async def site(request: Request) -> Response:
    """The feed of the site: exhibitions that open, and works that come on view."""
    set_page_language(request)
    language = current_language()
    name = LocalizedText(pages_of(request).settings.site_name(language), language)
    entries = [*await exhibition_entries(request), *await newest_works(request)]
    return feed_response(request, "public:home", name, LocalizedText("", language), entries)


async def exhibition(request: Request) -> Response:
    """The feed of an exhibition's works."""
    set_page_language(request)
    slug = slug_of(request)
    shown = await load_opened(slug)
    edition = await Edition.get(id=shown.edition_id)
    since = edition.first_shown_at or shown.opens_at
    works = Artwork.all().on_view().filter(hangs_in(room__edition_id=edition.id))
    rows = await works.order_by("-id").limit(MAX_WORKS).values(*COLUMNS)
    entries = [work_entry(request, row, since) for row in rows]
    return feed_response(request, "public:exhibition", shown.title, shown.introduction, entries, slug=slug)


async def theme(request: Request) -> Response:
    """The feed of a theme's works."""
    set_page_language(request)
    theme = await Theme.get_or_none(slug=slug_of(request))
    if theme is None:
        raise HTTPException(404)
    entries = await newest_works(request, has_theme(theme.id))
    title, text = localized(theme, "title"), localized(theme, "text")
    return feed_response(request, "public:theme", title, text, entries, slug=theme.slug)


async def organisation(request: Request) -> Response:
    """The feed of an organisation's works."""
    set_page_language(request)
    organisation = await Organisation.get_or_none(slug=slug_of(request), is_active=True)
    if organisation is None:
        raise HTTPException(404)
    entries = await newest_works(request, Q(organisation_id=organisation.id))
    name, about = localized(organisation, "name"), localized(organisation, "about")
    return feed_response(request, "public:organisation", name, about, entries, slug=organisation.slug)


async def newest_works(request: Request, *conditions: Q) -> list[FeedEntry]:
    """Feed entries of the works on view that meet `conditions`, by first showing, newest first; two queries at most."""
    order = ("-first_shown_at", "-id")
    shown = Artwork.filter(*conditions, first_shown_at__lte=now()).order_by(*order)
    rows: list[dict[str, Any]] = []
    # Usually the newest works are enough. It would take long to find out which of a theme's works are on view.
    for candidates in (shown.limit(MAX_WORKS * 4), shown):
        works = Artwork.all().on_view().filter(id__in=Subquery(candidates.values("id")))
        rows = await works.order_by(*order).limit(MAX_WORKS).values(*COLUMNS, "first_shown_at")
        if len(rows) == MAX_WORKS:
            break
    return [work_entry(request, row, row["first_shown_at"]) for row in rows]


def work_entry(request: Request, row: dict[str, Any], since: datetime) -> FeedEntry:
    """The feed entry of a work. It contains the picture and the voice only if the consent covers sharing."""
    pages, work = pages_of(request), ShownWork.of(row)
    story = row["story"].localized(None, row["language"])
    content = paragraph(story)
    if work.is_for_sharing:
        width = min(PICTURE_WIDTH, work.picture.width)
        content = (
            Markup('<p><img src="{}" width="{}" height="{}" alt="{}"{}></p>').format(
                pages.absolute(work.picture.address(PICTURE_WIDTH)),
                width,
                round(width / work.picture.ratio),
                work.alt.text,
                lang_attribute(work.alt),
            )
            + content
        )
    by = Markup(" · ").join(
        Markup("<span{}>{}</span>").format(lang_attribute(part), part.text)
        for part in (work.credit, work.medium, work.organisation)
        if part.text
    )
    return FeedEntry(
        title=work.title,
        path=pages.url("public:artwork", language=current_language(), public_id=work.public_id),
        published=since,
        updated=max(since, row["updated_at"]),
        author=work.credit.text,
        content=content + Markup("<p>{}</p>").format(by),
        is_for_machines=work.is_for_machines,
        enclosure=voice_enclosure(row) if work.has_voice and work.is_for_sharing else None,
    )


def voice_enclosure(row: dict[str, Any]) -> Enclosure | None:
    """The voice of a work as AAC, which every program plays; None while its files are being made."""
    file = SOUND_FILES[-1]
    sizes = row["sound__file_bytes"] or {}
    if row["sound__state"] != SoundState.READY or file.name not in sizes:
        return None
    path = f"{voice_address(row['sound__token'])}/{file.name}"
    return Enclosure(path, file.media_type, sizes[file.name])


async def exhibition_entries(request: Request) -> list[FeedEntry]:
    """Feed entries of the exhibitions that opened last; one query."""
    pages = pages_of(request)
    rows = (
        await queries.published_editions(edition_is_open())
        .order_by("-opens_at", "-id")
        .limit(MAX_EXHIBITIONS)
        .values(*EDITION_COLUMNS, "published_at")
    )
    return [
        FeedEntry(
            title=shown.title,
            path=pages.url("public:exhibition", language=current_language(), slug=shown.slug),
            published=shown.opens_at,
            updated=max(shown.opens_at, row["published_at"] or shown.opens_at),
            author=pages.settings.site_name(current_language()),
            content=paragraph(shown.introduction),
        )
        for row in rows
        for shown in [ShownExhibition.of(row)]
    ]


def paragraph(text: LocalizedText) -> Markup:
    if not text.text:
        return Markup("")
    return Markup("<p{}>{}</p>").format(lang_attribute(text), excerpt(text.text, EXCERPT_COLUMNS))


def feed_response(
    request: Request,
    page: str,
    title: LocalizedText,
    subtitle: LocalizedText,
    entries: list[FeedEntry],
    **parameters: object,
) -> Response:
    """The feed of the page that the route `page` names, newest entries first."""
    pages, language = pages_of(request), current_language()
    path = pages.url(page, language=language, **parameters)
    newest_first = sorted(entries, key=lambda entry: entry.published, reverse=True)
    # An empty feed has today's date: the page cache drops the feed at midnight anyway.
    updated = max((entry.updated for entry in entries), default=start_of_day(today()))
    root = Element("feed", {"xmlns": ATOM, "xml:lang": bcp47(language)})
    add_element(root, "id", tag_uri(request, path))
    add_element(root, "title", title.text)
    if subtitle.text:
        add_element(root, "subtitle", excerpt(subtitle.text, EXCERPT_COLUMNS))
    add_element(root, "updated", timestamp(updated))
    add_element(root, "link", rel="self", type=MEDIA_TYPE, href=pages.absolute(request.url.path))
    add_element(root, "link", rel="alternate", type="text/html", href=pages.absolute(path))
    add_element(add_element(root, "author"), "name", pages.settings.site_name(language))
    add_element(root, "rights", _("Every work is shown with consent, and all rights stay with its artist."))
    for entry in newest_first:
        element = add_element(root, "entry")
        add_element(element, "id", tag_uri(request, entry.path))
        add_element(element, "title", entry.title.text)
        add_element(element, "link", rel="alternate", type="text/html", href=pages.absolute(entry.path))
        if entry.enclosure is not None:
            sound = entry.enclosure
            add_element(
                element,
                "link",
                rel="enclosure",
                type=sound.media_type,
                length=str(sound.file_bytes),
                href=pages.absolute(sound.path),
            )
        add_element(element, "published", timestamp(entry.published))
        add_element(element, "updated", timestamp(entry.updated))
        add_element(add_element(element, "author"), "name", entry.author)
        add_element(element, "content", entry.content, type="html")
    robots = {} if all(entry.is_for_machines for entry in entries) else NOT_FOR_MACHINES
    return xml_response(root, MEDIA_TYPE, {**CACHE_HEADERS, **robots})


def tag_uri(request: Request, path: str) -> str:
    """The tag URI (RFC 4151) of the page at `path`. It is stable as long as the site keeps its host name."""
    host = urlsplit(pages_of(request).settings.site_url).hostname
    return f"tag:{host},2026:{path}"


def timestamp(at: datetime) -> str:
    return to_local(min(at, now())).isoformat(timespec="seconds")


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
