"""Queries for the pages that visitors see. Their number does not grow with the rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tortoise.expressions import Q, Subquery
from tortoise.functions import Count, Max
from tortoise.queryset import QuerySet, ValuesQuery

from gallery.artworks.models import (
    Artwork,
    edition_is_not_replaced,
    edition_is_open,
    hangs_in,
    has_theme,
)
from gallery.artworks.sentences import StorySentence, own_sentence
from gallery.clock import now, start_of_day, today
from gallery.db.compiled_queries import QueryRow, compiled_query
from gallery.db.subqueries import is_sqlite, looked_up
from gallery.exhibitions.models import Edition, Hanging, Room
from gallery.exhibitions.talks import Talk
from gallery.images.profile_image_models import ProfileImage
from gallery.images.profile_images import may_be_shown
from gallery.organisations.models import Organisation, Project
from gallery.public.pagination import HANGING_ORDER, WORKS_PER_PAGE, page_query
from gallery.public.view_models import (
    EDITION_COLUMNS,
    WORK_COLUMNS,
    Counts,
    DirectoryEntry,
    EditionWorkCount,
    ListedOrganisation,
    Placement,
    ShownExhibition,
    ShownProfileImage,
    ShownWork,
    WorkCount,
    localized_column,
)
from gallery.themes.models import Theme
from gallery.web.languages import LocalizedText, localized
from gallery.web.markdown import split_first_paragraph
from gallery.web.texts import NO_TEXTS, Texts

MOST_IN_TURN = 24  # open exhibitions that lead to one another
PROJECT_CARDS = 6  # projects behind an exhibition that have a card at its end
NEIGHBOURS = 6  # number of neighbouring works


async def works_on_view(*conditions: Q, limit: int, offset: int = 0, newest: bool = True) -> list[ShownWork]:
    """At most `limit` works on view under these conditions; one query."""
    rows = Artwork.all().on_view().filter(*conditions).order_by("-id" if newest else "id")
    rows = rows.offset(offset).limit(limit)
    return [ShownWork.of(row) for row in await rows.values(*WORK_COLUMNS)]


async def sentences_of(
    works: Iterable[ShownWork], chosen: Mapping[int, Texts] | None = None
) -> dict[int, StorySentence]:
    """Id of a work → the sentence of its story, if it has one; one query.

    `chosen`: id of a work → a curator's choice, see artworks/sentences.py.
    """
    chosen = chosen or {}
    rows = await Artwork.filter(id__in=[work.id for work in works]).values("id", "language", "story")
    found = {
        row["id"]: own_sentence(row["story"], row["language"], chosen.get(row["id"], NO_TEXTS))
        for row in rows
    }
    return {id: sentence for id, sentence in found.items() if sentence}


async def count_works(*conditions: Q) -> Counts:
    """The numbers of works on view under these conditions, their organisations and projects; one query."""
    groups = (
        await Artwork.all()
        .on_view()
        .filter(*conditions)
        .annotate(works=Count("id", distinct=True))
        .group_by("organisation_id", "project_id")
        .values_list("works", "organisation_id", "project_id")
    )
    return Counts(
        works=sum(works for works, _organisation, _project in groups),
        organisations=len({organisation for _works, organisation, _project in groups}),
        projects=len({project for _works, _organisation, project in groups if project is not None}),
    )


async def works_by_id(ids: Collection[int]) -> dict[int, ShownWork]:
    """The works with these `ids` that are on view; one query."""
    return {row["id"]: ShownWork.of(row) for row in await _works_by_id(list(ids))}


@compiled_query
def _works_by_id(ids: list[int]) -> ValuesQuery[Any]:
    return Artwork.all().on_view().filter(id__in=ids).values(*WORK_COLUMNS)


async def exhibitions(
    *conditions: Q, order: str = "-opens_at", limit: int, offset: int = 0
) -> list[ShownExhibition]:
    """At most `limit` published exhibitions, as their current editions; one query."""
    rows = published_editions(*conditions).order_by(order, "-id").offset(offset).limit(limit)
    return [ShownExhibition.of(row) for row in await rows.values(*EDITION_COLUMNS)]


async def exhibition_at(slug: str) -> ShownExhibition | None:
    """The exhibition with this slug, if it has opened and is still on the site; one query."""
    rows = await _current_edition(slug)
    return ShownExhibition.of(rows[0]) if rows else None


async def project_cards(works: Sequence[ShownWork]) -> list[tuple[Project, ShownWork]]:
    """The first projects behind these works, each with its last work; one query."""
    ids = dict.fromkeys(work.project_id for work in works if work.project_id is not None)
    first = list(ids)[:PROJECT_CARDS]
    projects = await Project.filter(id__in=first) if first else []
    return cards_of({project.id: project for project in projects}, works)


def cards_of(projects: Mapping[int, Project], works: Sequence[ShownWork]) -> list[tuple[Project, ShownWork]]:
    """These projects in the order of their works, each with its last work."""
    shown = {work.project_id: work for work in works if work.project_id in projects}
    return [(projects[id], work) for id, work in shown.items() if id is not None]


async def exhibition_after(shown: ShownExhibition) -> tuple[ShownExhibition, ShownWork | None] | None:
    """The exhibition to see after this one, with a work: the next open one in turn, else the next that opens.

    The one that opens later has no work. Five queries at most, or eight.
    """
    open_now = await exhibitions(is_open(), limit=MOST_IN_TURN)
    slugs = [each.slug for each in open_now]
    if slugs and slugs != [shown.slug]:
        place = slugs.index(shown.slug) + 1 if shown.slug in slugs else 0
        following = open_now[place % len(open_now)]
        hung = await works_by_edition([following], 1)
        return following, next(iter(hung[following.edition_id]), None)
    upcoming = await exhibitions(is_upcoming(), ~Q(exhibition__slug=shown.slug), order="opens_at", limit=1)
    return (upcoming[0], None) if upcoming else None


@compiled_query
def _current_edition(slug: str) -> ValuesQuery[Any]:
    return published_editions(edition_is_open(), exhibition__slug=slug).values(*EDITION_COLUMNS)


def published_editions(*conditions: Q, **values: Any) -> QuerySet[Edition]:
    """Editions under these conditions that are on the site or planned, and have an opening day."""
    return Edition.filter(edition_is_not_replaced(), *conditions, opens_at__isnull=False, **values)


def is_open() -> Q:
    """The condition for editions that have opened and have not closed yet."""
    return Q(Q(closes_at__isnull=True) | Q(closes_at__gt=now()), opens_at__lte=now())


def is_upcoming() -> Q:
    """The condition for planned editions of exhibitions that are not open now.

    While an exhibition is open, visitors see only its open edition.
    """
    open_now = Edition.filter(edition_is_not_replaced(), is_open()).values("exhibition_id")
    return Q(opens_at__gt=now()) & ~Q(exhibition_id__in=Subquery(open_now))


def has_closed() -> Q:
    return edition_is_open() & Q(closes_at__lte=now())


async def works_by_edition(shown: Sequence[ShownExhibition], most: int) -> dict[int, list[ShownWork]]:
    """Edition id → the first `most` works on view of that exhibition, in hanging order; six queries at most."""
    ids = [exhibition.edition_id for exhibition in shown]
    if not ids:
        return {}
    # Usually the first works are enough. All hangings of many exhibitions would be far more rows.
    first = await _first_works(ids, most, candidates=most + 1)
    if few := [edition for edition in ids if len(first[edition]) < most]:
        first |= await _first_works(few, most, candidates=None)
    return first


async def _first_works(
    editions: Sequence[int], most: int, candidates: int | None
) -> dict[int, list[ShownWork]]:
    """Edition id → its first `most` works on view; three queries.

    Only the first `candidates` works of its first two rooms are tried. If `candidates` is None, all works
    that hang in the edition are tried.
    """
    first_rooms = {} if candidates is None else {"position__lte": 2}
    in_editions = Room.filter(edition_id__in=list(editions), **first_rooms)
    rooms = dict(await in_editions.values_list("id", "edition_id"))
    near = {} if candidates is None else {"position__lte": candidates}
    hangings = Hanging.filter(room_id__in=list(rooms), **near).order_by(
        "room__position", "room_id", "position", "id"
    )
    order: dict[int, dict[int, None]] = {edition: {} for edition in editions}
    for room_id, artwork_id in await hangings.values_list("room_id", "artwork_id"):
        hung = order[rooms[room_id]]
        if candidates is None or len(hung) < candidates:
            hung[artwork_id] = None  # a work that hangs twice counts once
    works = await works_by_id({artwork_id for ids in order.values() for artwork_id in ids})
    return {edition: [works[id] for id in ids if id in works][:most] for edition, ids in order.items()}


def editions_with_talks() -> QuerySet[Edition]:
    """The editions with talks that are on the site or will open later."""
    return published_editions(edition_is_open() | is_upcoming(), talks__isnull=False)


async def talks_from(moment: datetime, limit: int) -> list[tuple[Talk, ShownExhibition]]:
    """At most `limit` talks from `moment` on, each with its exhibition; one query.

    The exhibitions are on the site or will open later.
    """
    announced = editions_with_talks().order_by("opens_at", "id")
    shown = [ShownExhibition.of(row) for row in await announced.values(*EDITION_COLUMNS)]
    # If a past exhibition opens again, both its editions may have the same talk: the later edition's is used.
    latest = {
        (exhibition.slug, talk.key): (talk, exhibition)
        for exhibition in shown
        for talk in exhibition.talks
        if talk.starts_at >= moment
    }
    return sorted(latest.values(), key=lambda pair: (pair[0].starts_at, pair[0].key))[:limit]


async def placement_by_public_id(public_id: str) -> Placement | None:
    """The placement of a work on view, by its public id; four queries."""
    artwork = await Artwork.all().on_view().filter(public_id=public_id).first()
    return await placement_of(artwork.id) if artwork else None


async def placement_of(artwork_id: int) -> Placement | None:
    """The placement of a work in the exhibition that opened last; four queries for a room of any size.

    Two more for the last work of a room.
    """
    hangings = (
        await Hanging.filter(edition_is_open("room__edition__"), artwork_id=artwork_id)
        .order_by("-room__edition__opens_at", "room__position", "room_id")
        .limit(1)
        .values("room_id", "room__title", "room__position", "room__edition_id", "sentence")
    )
    if not hangings:
        return None
    hanging = hangings[0]
    shown = await exhibitions(Q(id=hanging["room__edition_id"]), limit=1)
    rows = (
        await Artwork.all()
        .on_view()
        .filter(hangs_in(room_id=hanging["room_id"]), hangings__room_id=hanging["room_id"])
        .order_by("hangings__position", "hangings__id")
        .values("id")
    )
    ids: list[int] = [row["id"] for row in rows]
    if artwork_id not in ids or not shown:  # taken down since the previous query
        return None
    here = ids.index(artwork_id)
    first = max(0, min(here - NEIGHBOURS // 2, len(ids) - NEIGHBOURS - 1))
    around = ids[first : first + NEIGHBOURS + 1]
    edition_id = hanging["room__edition_id"]
    next_id, last_room, page_begins_after = 0, 0, 0
    if here + 1 < len(ids):
        next_id = ids[here + 1]
    else:
        next_id = await _first_after_room(edition_id, hanging["room__position"])
        if not next_id and sum((by_room := await _count_by_room(edition_id)).values()) > WORKS_PER_PAGE:
            last_room = len(by_room)
            on_earlier_pages = here // WORKS_PER_PAGE * WORKS_PER_PAGE
            page_begins_after = ids[on_earlier_pages - 1] if on_earlier_pages else 0
    works = await works_by_id([*around, next_id, page_begins_after])
    if artwork_id not in works:
        return None
    return Placement(
        work=works[artwork_id],
        exhibition=shown[0],
        room=hanging["room__title"].localized(),
        chosen_sentence=hanging["sentence"],
        position=here + 1,
        of=len(ids),
        previous=works.get(ids[here - 1]) if here else None,
        next=works.get(next_id),
        last_page=page_query(last_room, works.get(page_begins_after)) if last_room else {},
        neighbours=[works[id] for id in around if id in works and id != artwork_id],
    )


async def _first_after_room(edition_id: int, position: int) -> int:
    """The id of the first work on view in the rooms after this position; 0 if there is none."""
    rows = (
        await Artwork.all()
        .on_view()
        .filter(
            hangs_in(room__edition_id=edition_id),
            hangings__room__edition_id=edition_id,
            hangings__room__position__gt=position,
        )
        .order_by(*HANGING_ORDER)
        .limit(1)
        .values("id")
    )
    return rows[0]["id"] if rows else 0


async def count_by_organisation(ids: Collection[int] | None) -> dict[int, WorkCount]:
    """Organisation id → the number of its works on view and the id of the newest; `ids` None: all organisations;
    one query.
    """
    works = _works_to_count(ids, Q(organisation_id__in=list(ids or ())))
    rows = (
        await works.annotate(works=Count("id"), newest=Max("id"))
        .group_by("organisation_id")
        .values_list("organisation_id", "works", "newest")
    )
    return {organisation: WorkCount(works, newest) for organisation, works, newest in rows}


async def count_hung_before_today(ids: Collection[int] | None) -> dict[int, int]:
    """Organisation id → the number of its works on view that hung already when the day began; one query."""
    works = _works_to_count(ids, Q(organisation_id__in=list(ids or ())))
    rows = (
        await works.filter(_hung_at(start_of_day(today()), as_set=ids is None))
        .annotate(works=Count("id"))
        .group_by("organisation_id")
        .values_list("organisation_id", "works")
    )
    return dict(rows)


async def work_row(id: int) -> QueryRow | None:
    """The WORK_COLUMNS of a work, if it is on view; one query."""
    rows = await _works_by_id([id])
    return rows[0] if rows else None


async def work_at(organisation_id: int, offset: int, hung_at: datetime) -> QueryRow | None:
    """The WORK_COLUMNS of a work on view that hung at `hung_at`: the one at `offset` of its organisation; one query."""
    works = Artwork.all().on_view().filter(_hung_at(hung_at), organisation_id=organisation_id)
    rows = await works.order_by("id").offset(offset).limit(1).values(*WORK_COLUMNS)
    return rows[0] if rows else None


def _hung_at(moment: datetime, *, as_set: bool = False) -> Q:
    """The filter for works that hung at `moment` in an edition that visitors saw then. `as_set`: see is_on_view."""

    def was_open(edition: str = "") -> Q:
        def field(name: str, value: Any) -> Q:
            return Q(**{f"{edition}{name}": value})

        return (
            field("opens_at__lte", moment)
            & field("published_at__lte", moment)
            & (
                field("shown_until__gt", moment)
                | (field("shown_until__isnull", True) & field("is_current", True))
            )
        )

    if as_set or not is_sqlite():
        return Q(id__in=Subquery(Edition.filter(was_open()).values("rooms__hangings__artwork_id")))
    hung = Hanging.filter(looked_up("artwork_id", '"artwork"."id"'), was_open("room__edition__"))
    return Q(id__in=Subquery(hung.order_by("artwork_id").values("artwork_id")))


async def count_by_project(ids: Collection[int] | None) -> dict[int, dict[int, WorkCount]]:
    """Organisation id → project id → the number of its works on view and the id of the newest.

    `ids`: of organisations; None: all organisations. One query.
    """
    works = _works_to_count(ids, Q(organisation_id__in=list(ids or ()))).filter(project_id__isnull=False)
    rows = (
        await works.annotate(works=Count("id"), newest=Max("id"))
        .group_by("organisation_id", "project_id")
        .values_list("organisation_id", "project_id", "works", "newest")
    )
    counts: dict[int, dict[int, WorkCount]] = {}
    for organisation, project, number, newest in rows:
        counts.setdefault(organisation, {})[project] = WorkCount(number, newest)
    return counts


async def organisations_on_view(counts: Mapping[int, WorkCount], *, limit: int) -> list[DirectoryEntry]:
    """The organisations with works on view, sorted by slug; one query. `counts`: see count_by_organisation."""
    shown = Organisation.filter(id__in=list(counts)).order_by("slug").limit(limit)
    return [
        DirectoryEntry(
            row["slug"], localized_column(row, "name"), LocalizedText("", "zh"), counts[row["id"]].works
        )
        for row in (await shown.values("id", "slug", "name") if counts else [])
    ]


async def listed_organisations(counts: Mapping[int, WorkCount], *, limit: int) -> list[ListedOrganisation]:
    """The organisations with works on view, with logo and newest work, sorted by slug; three queries.

    `counts`: see count_by_organisation.
    """
    if not counts:
        return []
    shown = await Organisation.filter(id__in=list(counts)).order_by("slug").limit(limit)
    ids = [organisation.id for organisation in shown]
    logos = {
        logo.organisation_id: ShownProfileImage.of(logo)
        for logo in await ProfileImage.filter(may_be_shown(), organisation_id__in=ids).select_related("image")
    }
    works = await works_by_id([counts[id].newest for id in ids])
    return [
        ListedOrganisation(
            slug=organisation.slug,
            name=localized(organisation, "name"),
            about=LocalizedText(split_first_paragraph(about.text)[0], about.language),
            region=localized(organisation, "region"),
            works=counts[organisation.id].works,
            logo=logos.get(organisation.id),
            work=works.get(counts[organisation.id].newest),
        )
        for organisation in shown
        for about in [localized(organisation, "about")]
    ]


def _works_to_count(ids: Collection[int] | None, among: Q) -> QuerySet[Artwork]:
    return Artwork.all().on_view(as_set=True) if ids is None else Artwork.all().on_view().filter(among)


async def projects_of_organisation(organisation_id: int, limit: int) -> list[DirectoryEntry]:
    """At most `limit` projects of an organisation that have works on view; one query."""
    return _as_directory(await _projects_on_view(Q(organisation_id=organisation_id), limit))


async def projects_in_edition(edition_id: int, limit: int) -> list[DirectoryEntry]:
    """At most `limit` projects of the works on view in an edition; one query."""
    return _as_directory(await _projects_in_edition(edition_id, limit))


async def projects_on_view(ids: Collection[int], limit: int) -> list[DirectoryEntry]:
    """At most `limit` of these projects that have a work on view; one query."""
    return _as_directory(await _projects_on_view(Q(project_id__in=sorted(ids) or [0]), limit))


@compiled_query
def _projects_in_edition(edition_id: int, limit: int) -> ValuesQuery[Any]:
    return _projects_on_view(hangs_in(room__edition_id=edition_id), limit)


def _projects_on_view(condition: Q, limit: int) -> ValuesQuery[Any]:
    columns = ("project__slug", "project__title", "project__summary")
    return (
        Artwork.all()
        .on_view()
        .filter(condition, project_id__isnull=False)
        .annotate(works=Count("id", distinct=True))
        .group_by(*columns)
        .order_by("project__slug")
        .limit(limit)
        .values("works", *columns)
    )


def _as_directory(rows: Iterable[QueryRow]) -> list[DirectoryEntry]:
    return [
        DirectoryEntry(
            row["project__slug"],
            localized_column(row, "project__title"),
            localized_column(row, "project__summary"),
            row["works"],
        )
        for row in rows
    ]


async def count_by_theme(ids: Collection[int] | None) -> dict[int, WorkCount]:
    """Theme id → the number of its works on view and the id of the newest; `ids` None: all themes; one query."""
    with_theme = Theme.filter(id__in=list(ids or ())).values("artworks__id")
    works = _works_to_count(ids, Q(id__in=Subquery(with_theme)))
    among = Q(themes__id__isnull=False) if ids is None else Q(themes__id__in=list(ids))
    rows = (
        await works.filter(among)
        .annotate(works=Count("id"), newest=Max("id"))
        .group_by("themes__id")
        .values_list("themes__id", "works", "newest")
    )
    return {theme_id: WorkCount(works, newest) for theme_id, works, newest in rows}


async def count_totals_by_theme(ids: Collection[int] | None) -> dict[int, Counts]:
    """Theme id → the numbers of its works on view, of their organisations and projects; one query for each."""
    every = [theme.id for theme in await Theme.all().only("id")] if ids is None else ids
    return {id: await count_works(has_theme(id)) for id in every}


async def count_by_edition(ids: Collection[int] | None) -> dict[int, EditionWorkCount]:
    """Edition id → the numbers of its works on view; two queries for each edition.

    `ids` None: counts nothing, because most editions are never asked for.
    """
    return {
        id: EditionWorkCount(await _count_by_room(id), await count_works(hangs_in(room__edition_id=id)))
        for id in ids or ()
    }


async def _count_by_room(edition_id: int) -> dict[int, int]:
    """Room id → the number of its works on view, for the rooms with any."""
    rows = (
        await Artwork.all()
        .on_view()
        .filter(hangs_in(room__edition_id=edition_id), hangings__room__edition_id=edition_id)
        .annotate(works=Count("id"))
        .group_by("hangings__room_id")
        .values_list("hangings__room_id", "works")
    )
    return dict(rows)


async def sample_works(themes: Sequence[Theme], counted: Mapping[int, WorkCount]) -> dict[int, ShownWork]:
    """Theme id → a work on view, for each theme that has one; four queries.

    The work is the theme's cover; without one, the first work of its latest exhibition, or else its newest
    work.
    """
    newest = {theme_id: each.newest for theme_id, each in counted.items()}
    works = await works_by_id({*newest.values(), *(each.cover_id for each in themes if each.cover_id)})
    uncovered = [theme.id for theme in themes if theme.id in counted and theme.cover_id not in works]
    opened = await exhibitions(
        edition_is_open(), Q(exhibition__theme_id__in=uncovered), limit=len(uncovered) * 4
    )
    latest = {each.theme.slug: each for each in reversed(opened) if each.theme}
    first = await works_by_edition(list(latest.values()), 1)
    first_works = {slug: first[each.edition_id] for slug, each in latest.items()}
    samples = {}
    for theme in themes:
        cover, last = works.get(theme.cover_id or 0), works.get(newest.get(theme.id, 0))
        candidates = [cover, *first_works.get(theme.slug, []), last]
        if sample := next(filter(None, candidates), None):
            samples[theme.id] = sample
    return samples
