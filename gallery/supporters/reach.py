"""The short links of supporters, and their figures."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from tortoise.expressions import Q
from tortoise.functions import Count

from gallery.artworks.models import PUBLIC_ID_ALPHABET, Artwork, edition_is_open
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import today
from gallery.db import content_version
from gallery.db.connection import in_transaction, locked
from gallery.exhibitions.credits import names_supporter
from gallery.exhibitions.models import Edition, Exhibition
from gallery.organisations.projects import project_at
from gallery.stats.count_writer import COUNTED_PATH
from gallery.supporters.models import Supporter, SupporterLink, SupporterState, SupporterVisit
from gallery.web.languages import LocalizedText, current_language, localized
from gallery.web.languages import gettext as _

MAX_REACH = 40  # the most short links of one supporter
RECENT_DAYS = 30
PAGE_ROUTES = {
    "exhibition": ("public:exhibition", "slug"),
    "artwork": ("public:artwork", "public_id"),
    "project": ("public:project", "slug"),
}


class LinkRefused(Exception):
    """The short link cannot be made; the message is a sentence for the supporter."""


@dataclass(frozen=True)
class Figures:
    """Visits that came through a link, with how many had a thank-you and how many followed a support link."""

    visits: int = 0
    thanked: int = 0
    followed: int = 0
    recent: int = 0  # visits of the last RECENT_DAYS days

    def __add__(self, other: Figures) -> Figures:
        pairs = zip(
            (self.visits, self.thanked, self.followed, self.recent),
            (other.visits, other.thanked, other.followed, other.recent),
            strict=True,
        )
        return Figures(*(one + another for one, another in pairs))


@dataclass(frozen=True)
class ReachLink:
    """A short link with what its page is called, and its figures."""

    link: SupporterLink
    title: LocalizedText
    is_open: bool  # whether its page can be seen now
    figures: Figures

    @property
    def has_poster(self) -> bool:
        """Whether there is a poster: of exhibitions, and of works whose consent covers sharing."""
        work = self.link.artwork
        return self.is_open and (
            self.link.exhibition_id is not None
            or (work is not None and work.consent is not None and work.consent.for_sharing)
        )


def target_of(link: SupporterLink) -> tuple[str, Any]:
    """The kind and the row of the page to which a link leads; its relations must be fetched."""
    for kind in PAGE_ROUTES:
        if (row := getattr(link, kind)) is not None:
            return kind, row
    raise AssertionError("A link leads to one page")


async def can_be_seen(kind: str, row: Any) -> bool:
    """Whether visitors can open the page of an exhibition, work or project now; one query."""
    if kind == "exhibition":
        return await Edition.filter(edition_is_open(), exhibition_id=row.id).exists()
    works = Artwork.all().on_view()
    return await works.filter(**({"id": row.id} if kind == "artwork" else {"project_id": row.id})).exists()


async def find_link(code: str) -> SupporterLink | None:
    """The link with this code, with its supporter and page."""
    return await SupporterLink.get_or_none(code=code).select_related("supporter", *PAGE_ROUTES)


async def target_at(address: str) -> tuple[str, Any]:
    """The page of this gallery with an address, as a kind and a row. Raises LinkRefused with a sentence."""
    found = COUNTED_PATH.match(unquote(urlsplit(address.strip()).path))
    kind, name = (found[1], found[2]) if found else ("", "")
    row: Any = None
    if kind == "exhibitions":
        row = await Exhibition.get_or_none(slug=name)
    elif kind == "works":
        row = await Artwork.get_or_none(public_id=name)
    elif kind == "projects":
        row = await project_at(name)
    else:
        raise LinkRefused(_("This is no address of an exhibition, a work or a project of this gallery."))
    kinds = {"exhibitions": "exhibition", "works": "artwork", "projects": "project"}
    if row is None or not await can_be_seen(kinds[kind], row):
        raise LinkRefused(_("Visitors cannot see this page, so nobody would find anything there."))
    return kinds[kind], row


async def make_link(supporter: Supporter, kind: str, row: Any) -> SupporterLink:
    """The supporter's link to a page; made if there is none yet. Raises LinkRefused."""
    async with in_transaction():
        current: Supporter = await locked(Supporter.filter(id=supporter.id)).get()
        if current.state != SupporterState.AGREED:
            raise LinkRefused(_("This page has ended."))
        links = SupporterLink.filter(supporter_id=current.id)
        there = await links.filter(**{f"{kind}_id": row.id}).first()
        if there is not None:
            return there
        if await links.count() >= MAX_REACH:
            raise LinkRefused(_("There are already %(most)s links.") % {"most": MAX_REACH})
        code = "".join(secrets.choice(PUBLIC_ID_ALPHABET) for _place in range(7))
        link = await SupporterLink.create(code=code, supporter=current, **{f"{kind}_id": row.id})
        await record(Verb.SUPPORTER_REACH_MADE, current.id, with_id=link.id)
        await content_version.bump(())  # the supporter's page has no keys
    return link


async def end_link(supporter: Supporter, code: str) -> None:
    """Delete a short link of a supporter, with its figures."""
    async with in_transaction():
        if await SupporterLink.filter(supporter_id=supporter.id, code=code).delete():
            await record(Verb.SUPPORTER_REACH_ENDED, supporter.id)
            await content_version.bump(())


async def reach_of(supporter: Supporter) -> list[ReachLink]:
    """The links of a supporter, the oldest first, with their figures; five queries at most."""
    rows = SupporterLink.filter(supporter_id=supporter.id).order_by("id")
    links: Sequence[SupporterLink] = await rows.select_related(*PAGE_ROUTES, "artwork__consent")
    if not links:
        return []
    figures = await _figures_of([link.id for link in links])
    open_exhibitions: Any = await Edition.filter(
        edition_is_open(),
        exhibition_id__in=[link.exhibition_id for link in links if link.exhibition_id] or [0],
    ).values("exhibition_id", "title")
    titles = {row["exhibition_id"]: row["title"] for row in open_exhibitions}
    works = Artwork.all().on_view()
    on_view: Any = await works.filter(
        Q(id__in=[link.artwork_id for link in links if link.artwork_id] or [0])
        | Q(project_id__in=[link.project_id for link in links if link.project_id] or [0])
    ).values_list("id", "project_id")
    work_ids, project_ids = {row[0] for row in on_view}, {row[1] for row in on_view}
    gone = LocalizedText(_("No longer shown"), current_language())
    found = []
    for link in links:
        kind, row = target_of(link)
        if kind == "exhibition":
            is_open = row.id in titles
            title = titles[row.id].localized() if is_open else gone
        else:
            is_open = row.id in (work_ids if kind == "artwork" else project_ids)
            title = localized(row, "title") if is_open else gone
        found.append(ReachLink(link, title, is_open, figures.get(link.id, Figures())))
    return found


async def _figures_of(link_ids: Sequence[int]) -> dict[int, Figures]:
    rows: Any = await (
        SupporterVisit.filter(link_id__in=list(link_ids))
        .annotate(
            visits=Count("token"),
            thanks=Count("token", _filter=Q(thanked=True)),
            follows=Count("token", _filter=Q(followed=True)),
            recent=Count("token", _filter=Q(day__gt=today() - timedelta(days=RECENT_DAYS))),
        )
        .group_by("link_id")
        .values_list("link_id", "visits", "thanks", "follows", "recent")
    )
    return {id: Figures(*numbers) for id, *numbers in rows}


async def supported_pages(supporter: Supporter) -> tuple[set[int], set[int], set[int]]:
    """Ids of exhibitions, works and projects that a supporter supports: named in credits, or by own links."""
    rows = SupporterLink.filter(supporter_id=supporter.id)
    linked: Any = await rows.values_list("exhibition_id", "artwork_id", "project_id")
    exhibitions, works, projects = (
        set(ids) - {None} for ids in (zip(*linked, strict=True) if linked else ((), (), ()))
    )
    editions: Any = await Edition.filter(edition_is_open(), credits__not_isnull=True).values_list(
        "exhibition_id", "credits"
    )
    exhibitions |= {id for id, entries in editions if names_supporter(entries, supporter.public_id)}
    return exhibitions, works, projects
