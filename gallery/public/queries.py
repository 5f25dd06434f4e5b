"""What hangs on the walls that visitors see, fetched in a number of queries that does not grow."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, Self

from markupsafe import Markup, escape
from tortoise.expressions import Q, Subquery
from tortoise.functions import Count, Max
from tortoise.queryset import QuerySet, ValuesQuery

from gallery.artworks.models import Artwork, edition_is_not_replaced, edition_is_open
from gallery.clock import now
from gallery.db.compiled_queries import QueryRow, compiled_query
from gallery.exhibitions.credits import Credit, by_kind, credits_of
from gallery.exhibitions.models import Edition, Hanging
from gallery.exhibitions.talks import Talk, talks_of
from gallery.images.profile_image_models import ProfileImage
from gallery.images.renditions import widths_for
from gallery.images.sandbox.parent import SMALL_SIDE
from gallery.public.media import public_rendition_address
from gallery.themes.models import Theme
from gallery.web.languages import LANGUAGES, LocalizedText, current_language, localized, other_language
from gallery.web.rendering import lang_attribute

COLOUR_PATTERN = re.compile(r"#[0-9a-fA-F]{6}")
PLACEHOLDER_PATTERN = re.compile(r"data:image/(?:webp|png|jpeg|avif|gif);base64,[A-Za-z0-9+/]+={0,2}")
FALLBACK_WIDTH = 960  # px: for browsers that know no other format, and no set of pictures
MAX_THUMBNAIL_WIDTH = 1600  # px: no wall is shown wider, even on a dense screen

WORK_COLUMNS = (
    "id",
    "public_id",
    "language",
    "title",
    "title_translation",
    "alt_text",
    "alt_text_translation",
    "medium",
    "medium_translation",
    "year",
    "project_id",
    "image_id",
    "image__token",
    "image__width",
    "image__height",
    "image__placeholder",
    "image__mean_colour",
    "artist__credit_name",
    "artist__credit_name_translation",
    "organisation_id",
    "organisation__name_zh",
    "organisation__name_en",
    "consent__for_sharing",
    "consent__for_machine_use",
)

EDITION_COLUMNS = (
    "id",
    "title_zh",
    "title_en",
    "introduction_zh",
    "introduction_en",
    "opens_at",
    "closes_at",
    "credits",
    "talks",
    "exhibition__slug",
    "exhibition__theme_id",
    "exhibition__theme__slug",
    "exhibition__theme__title_zh",
    "exhibition__theme__title_en",
    "exhibition__theme__accent",
    "exhibition__theme__accent_night",
)


class ShownPicture(NamedTuple):
    """A picture as a page needs it; `key` is its class in the page's style sheet."""

    key: str
    token: str
    width: int  # px
    height: int
    placeholder: str  # a data: URI
    mean_colour: str
    shelf: str = ""  # where its renditions are handed out; empty: where those on view are

    @property
    def ratio(self) -> float:
        return self.width / self.height

    @property
    def is_upright(self) -> bool:
        return self.width < self.height

    @property
    def is_large(self) -> bool:
        """Whether it shows more when one looks closer."""
        return max(self.width, self.height) >= SMALL_SIDE

    @property
    def sizes_on_wall(self) -> str:
        """How wide it hangs in a row of a wall, for browsers that do not measure it themselves."""
        ratio = self.ratio
        narrow = f"(min-width: 40rem) {ratio * 32:.0f}vw, {sizes_on_phone(min(ratio * 100, 88))}"
        return f"auto, (min-width: 60rem) {ratio * 28:.0f}vw, {narrow}"

    @property
    def sizes_as_cover(self) -> str:
        """How wide it stands beside the title of what it opens."""
        return f"(min-width: 60rem) min(56vw, {self.ratio * 74:.0f}vh), {sizes_on_phone(88)}"

    @property
    def sizes_beside(self) -> str:
        """The same for the lower rows of what hangs beside another work."""
        return f"auto, (min-width: 40rem) {self.ratio * 16:.0f}vw, {self.ratio * 45:.0f}vw"

    @property
    def sizes_alone(self) -> str:
        """How wide it stands on its own page: as wide as its column, unless it would be too tall for the window."""
        beside = f"min(51vw, 53rem, {self.ratio:.2f} * (94vh - 8.5rem))"
        return f"(min-width: 60rem) {beside}, {sizes_on_phone(88, f'{self.ratio * 80:.0f}vh')}"

    @property
    def sizes_walked(self) -> str:
        """How wide it stands in a walk, which shows one work at a time."""
        return f"min(96vw, {self.ratio * 82:.0f}vh)"

    def widths(self) -> tuple[int, ...]:
        return widths_for(self.width)

    def element(
        self, alt: LocalizedText, sizes: str = "", *, first: bool = False, most: int = MAX_THUMBNAIL_WIDTH
    ) -> Markup:
        """Its <picture>, offering no rendition wider than `most` px if some are not.

        `sizes` says how wide it stands (a row of a wall, where nothing is said); `first` is for the one that a page
        opens with. Not a template's macro, for a wall has sixty of them.
        """
        before, after = frame(self, sizes or self.sizes_on_wall, first, most)
        # A token, numbers, and sizes of our own: only the alternative text needs escaping.
        return Markup(f'{before} alt="{escape(alt.text)}"{lang_attribute(alt)}{after}')  # noqa: S704

    def address(self, width: int, format: str = "jpg") -> str:
        """The address of the narrowest rendition at least `width` px wide, or of the widest there is."""
        widths = self.widths()
        return self.address_of(next((step for step in widths if step >= width), widths[-1]), format)

    @property
    def address_of(self) -> Callable[[int, str], str]:
        """The addresses of its renditions, by width in px and format."""
        if not self.shelf:
            return public_rendition_address(self)
        return lambda width, format: f"{self.shelf}/{width}.{format}"

    def style(self) -> str:
        """The rule that gives its ratio, colour and placeholder to its class."""
        colour = self.mean_colour if COLOUR_PATTERN.fullmatch(self.mean_colour) else "#888888"
        hint = f";--i:url({self.placeholder})" if PLACEHOLDER_PATTERN.fullmatch(self.placeholder) else ""
        return f".{self.key}{{--r:{self.ratio:.4f};--c:{colour}{hint}}}"


@lru_cache(maxsize=4096)
def frame(picture: ShownPicture, sizes: str, first: bool, most: int) -> tuple[str, str]:
    """What stands before and after the alternative text of a <picture>: addresses and sizes, no words of anybody's."""
    address = picture.address_of
    widths = picture.widths()
    fitting = [width for width in widths if width <= most] or widths[:1]
    avif, webp = (
        ", ".join([f"{address(width, format)} {width}w" for width in fitting]) for format in ("avif", "webp")
    )
    # Where the browser must not wait to measure it, `auto` would be taken for the whole width of the window.
    sizes = sizes.removeprefix("auto, ") if first else sizes
    haste = 'fetchpriority="high"' if first else 'loading="lazy" fetchpriority="low"'
    return (
        f'<picture class="picture"><source type="image/avif" sizes="{sizes}" srcset="{avif}">'
        f'<source type="image/webp" sizes="{sizes}" srcset="{webp}">'
        f'<img src="{picture.address(min(most, FALLBACK_WIDTH))}" width="{picture.width}" height="{picture.height}"',
        f' {haste} decoding="async"></picture>',
    )


class VisibleProfileImage(NamedTuple):
    """The logo of an organisation, or the cover of a project."""

    picture: ShownPicture
    alt: LocalizedText

    @classmethod
    def of(cls, profile_image: ProfileImage | None) -> Self | None:
        """From an profile_image that visitors may see, with its image; None of None."""
        if profile_image is None:
            return None
        image = profile_image.image
        picture = ShownPicture(
            key=f"p{image.id}",
            token=image.token,
            width=image.width,
            height=image.height,
            placeholder=image.placeholder,
            mean_colour=image.mean_colour,
        )
        return cls(picture, localized(profile_image, "alt"))


class ShownWork(NamedTuple):
    """A work as a wall shows it, in the page's language where it is translated."""

    id: int
    public_id: str
    title: LocalizedText
    alt: LocalizedText
    medium: LocalizedText
    credit: LocalizedText
    organisation: LocalizedText
    year: int | None
    organisation_id: int
    project_id: int | None
    is_for_sharing: bool
    is_for_machines: bool  # whether they may learn from it
    picture: ShownPicture

    @classmethod
    def of(cls, row: dict[str, Any], shelf: str = "") -> Self:
        """From a row of WORK_COLUMNS; `shelf` as ShownPicture has it."""
        language = row["language"]

        def said(field: str) -> LocalizedText:
            return in_page_language(row[field], row[f"{field}_translation"], language)

        return cls(
            id=row["id"],
            public_id=row["public_id"],
            title=said("title"),
            alt=said("alt_text"),
            medium=said("medium"),
            credit=said("artist__credit_name"),
            organisation=spoken_column(row, "organisation__name"),
            year=row["year"],
            organisation_id=row["organisation_id"],
            project_id=row["project_id"],
            is_for_sharing=bool(row["consent__for_sharing"]),
            is_for_machines=bool(row["consent__for_machine_use"]),
            picture=ShownPicture(
                key=f"p{row['image_id']}",
                token=row["image__token"],
                width=row["image__width"],
                height=row["image__height"],
                placeholder=row["image__placeholder"],
                mean_colour=row["image__mean_colour"],
                shelf=shelf,
            ),
        )


@dataclass(frozen=True, slots=True)
class ShownTheme:
    slug: str
    title: LocalizedText
    accent: str
    accent_night: str

    def style(self) -> str:
        """The rules that make its accent the page's."""
        return accent_style(self.accent, self.accent_night)


@dataclass(frozen=True, slots=True)
class ShownExhibition:
    """An exhibition by its current edition."""

    edition_id: int
    slug: str
    title: LocalizedText
    other_title: LocalizedText  # in the other language; empty where there is none
    introduction: LocalizedText
    opens_at: datetime
    closes_at: datetime | None
    theme: ShownTheme | None
    credits: Sequence[Credit] = ()
    talks: Sequence[Talk] = ()

    @property
    def thanks(self) -> list[tuple[str, list[Credit]]]:
        return by_kind(self.credits)

    @property
    def has_opened(self) -> bool:
        return self.opens_at <= now()

    @property
    def has_closed(self) -> bool:
        return self.closes_at is not None and self.closes_at <= now()

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        """From a row of EDITION_COLUMNS."""
        theme = None
        if row["exhibition__theme__slug"]:
            theme = ShownTheme(
                slug=row["exhibition__theme__slug"],
                title=spoken_column(row, "exhibition__theme__title"),
                accent=row["exhibition__theme__accent"],
                accent_night=row["exhibition__theme__accent_night"],
            )
        return cls(
            edition_id=row["id"],
            slug=row["exhibition__slug"],
            title=spoken_column(row, "title"),
            other_title=other_spoken_column(row, "title"),
            introduction=spoken_column(row, "introduction"),
            opens_at=row["opens_at"],
            closes_at=row["closes_at"],
            theme=theme,
            credits=credits_of(row["credits"]),
            talks=talks_of(row["talks"]),
        )


@dataclass(frozen=True, slots=True)
class Counts:
    works: int
    organisations: int
    projects: int

    @classmethod
    def of(cls, works: Sequence[ShownWork]) -> Self:
        """Of works among which none stands twice."""
        return cls(
            works=len(works),
            organisations=len({work.organisation_id for work in works}),
            projects=len({work.project_id for work in works if work.project_id is not None}),
        )


def sizes_on_phone(share: float, most: str = "") -> str:
    """The `sizes` of a picture that takes `share` hundredths of a phone's width, and at most `most` where that is said.

    More than two pixels of a rendition for each of the page nobody tells apart on a phone, and they are half of the bytes.
    """
    dense, usual = (
        f"min({each:.0f}vw, {most})" if most else f"{each:.0f}vw" for each in (share * 0.7, share)
    )
    return f"(min-resolution: 2.5x) {dense}, {usual}"


def in_page_language(own: str | None, translation: str | None, language: str) -> LocalizedText:
    """A value kept in `language` with a translation into the other, as the page would have it."""
    if translation and current_language() != language:
        return LocalizedText(translation, other_language(language))
    return LocalizedText(own or "", language)


def spoken_column(row: dict[str, Any], field: str) -> LocalizedText:
    """What `languages.spoken` says, of a row; NULL, from an outer join, counts as empty."""
    language = current_language()
    for wanted in (language, other_language(language)):
        if text := row[f"{field}_{wanted}"]:
            return LocalizedText(text, wanted)
    return LocalizedText("", language)


def other_spoken_column(row: dict[str, Any], field: str) -> LocalizedText:
    """`field` of a row in the language that `named` did not choose; empty where it is not there."""
    other = other_language(spoken_column(row, field).language)
    return LocalizedText(row[f"{field}_{other}"] or "", other)


def other_spoken(record: Any, field: str) -> LocalizedText:
    """`field` of a record in the language that `spoken` did not choose; empty where it is not there."""
    other = other_language(localized(record, field).language)
    return LocalizedText(getattr(record, f"{field}_{other}"), other)


def style_sheet(
    works: Iterable[ShownWork], theme: ShownTheme | None = None, pictures: Iterable[ShownPicture] = ()
) -> str:
    """The one style sheet of a page: its pictures' shapes and its theme's accent, of checked values only."""
    rules = dict.fromkeys(picture.style() for picture in [*pictures, *(work.picture for work in works)])
    return "".join([theme.style() if theme else "", *rules])


def accent_style(accent: str, accent_night: str) -> str:
    if not (COLOUR_PATTERN.fullmatch(accent) and COLOUR_PATTERN.fullmatch(accent_night)):
        return ""
    return (
        f":root{{--accent:{accent}}}@media (prefers-color-scheme:dark){{:root{{--accent:{accent_night}}}}}"
        "@media print{:root{--accent:#000}}"
    )


async def works_on_view(*conditions: Q, limit: int, newest: bool = True) -> list[ShownWork]:
    """At most `limit` works on view that meet the conditions; one query."""
    rows = Artwork.all().on_view().filter(*conditions).order_by("-id" if newest else "id").limit(limit)
    return [ShownWork.of(row) for row in await rows.values(*WORK_COLUMNS)]


async def count_works(*conditions: Q) -> Counts:
    """How many works on view meet the conditions, of how many organisations and projects; one query."""
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
    """Those of the works `ids` that are on view; at most one query."""
    return {row["id"]: ShownWork.of(row) for row in await _works_by_id(list(ids))}


@compiled_query
def _works_by_id(ids: list[int]) -> ValuesQuery[Any]:
    return Artwork.all().on_view(ids).values(*WORK_COLUMNS)


async def exhibitions(*conditions: Q, order: str = "-opens_at", limit: int) -> list[ShownExhibition]:
    """At most `limit` published exhibitions by their current editions; one query."""
    rows = published_editions(*conditions).order_by(order, "-id").limit(limit)
    return [ShownExhibition.of(row) for row in await rows.values(*EDITION_COLUMNS)]


async def exhibition_at(slug: str) -> ShownExhibition | None:
    """The exhibition of that address, if it has opened and is still on the site; one query."""
    rows = await _current_edition(slug)
    return ShownExhibition.of(rows[0]) if rows else None


@compiled_query
def _current_edition(slug: str) -> ValuesQuery[Any]:
    return published_editions(has_opened(), exhibition__slug=slug).values(*EDITION_COLUMNS)


def published_editions(*conditions: Q, **values: Any) -> QuerySet[Edition]:
    """Editions that are on the site or planned, have an opening day and meet the conditions."""
    return Edition.filter(edition_is_not_replaced(), *conditions, opens_at__isnull=False, **values)


def is_open() -> Q:
    """Editions that have opened and not closed."""
    return Q(Q(closes_at__isnull=True) | Q(closes_at__gt=now()), opens_at__lte=now())


def has_opened() -> Q:
    """Editions that have opened, whether or not they have closed, unless they left the site then."""
    return edition_is_open()


def opens_later() -> Q:
    """Planned editions of exhibitions that are not open now: of one that is open, visitors see that alone."""
    open_now = Edition.filter(edition_is_not_replaced(), is_open()).values("exhibition_id")
    return Q(opens_at__gt=now()) & ~Q(exhibition_id__in=Subquery(open_now))


def has_closed() -> Q:
    return edition_is_open() & Q(closes_at__lte=now())


async def works_by_edition(shown: Sequence[ShownExhibition], most: int) -> dict[int, list[ShownWork]]:
    """The first `most` works on view of each exhibition, in their order, by edition id; two queries."""
    order: dict[int, list[int]] = {exhibition.edition_id: [] for exhibition in shown}
    if not order:
        return {}
    hangings = (
        await Hanging.filter(
            room__edition_id__in=list(order), artwork_id__in=Subquery(Artwork.all().on_view().values("id"))
        )
        .order_by("room__position", "room_id", "position", "id")
        .values_list("room__edition_id", "artwork_id")
    )
    for edition_id, artwork_id in hangings:
        ids = order[edition_id]
        if len(ids) < most and artwork_id not in ids:
            ids.append(artwork_id)
    works = await works_by_id({artwork_id for ids in order.values() for artwork_id in ids})
    return {edition: [works[id] for id in ids if id in works] for edition, ids in order.items()}


def editions_with_talks() -> QuerySet[Edition]:
    """The editions whose talks visitors may read of: those on the site, and those to open."""
    return published_editions(has_opened() | opens_later(), talks__isnull=False)


async def talks_from(moment: datetime, limit: int) -> list[tuple[Talk, ShownExhibition]]:
    """What begins from `moment` on beside exhibitions that are on the site or to open; one query."""
    announced = editions_with_talks().order_by("opens_at", "id")
    shown = [ShownExhibition.of(row) for row in await announced.values(*EDITION_COLUMNS)]
    # Where a past exhibition opens again, both editions may name a talk: the later one's words count.
    found = {
        (exhibition.slug, talk.key): (talk, exhibition)
        for exhibition in shown
        for talk in exhibition.talks
        if talk.starts_at >= moment
    }
    return sorted(found.values(), key=lambda pair: (pair[0].starts_at, pair[0].key))[:limit]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a work hangs: in which room of which exhibition, and what hangs beside it."""

    work: ShownWork
    exhibition: ShownExhibition
    room: LocalizedText  # its title
    position: int  # 1 for the first in the room
    of: int
    previous: ShownWork | None
    next: ShownWork | None
    beside: Sequence[ShownWork]  # some that hang nearest, in their order


NEIGHBOURS = 6  # works


async def placement_by_public_id(public_id: str) -> Placement | None:
    """The place of a work that is on view, by its public id; four queries."""
    found = await Artwork.all().on_view().filter(public_id=public_id).first()
    return await placement_of(found.id) if found else None


async def placement_of(artwork_id: int) -> Placement | None:
    """Its place in the exhibition that opened last; four queries, however many works hang in the room."""
    hangings = (
        await Hanging.filter(edition_is_open("room__edition__"), artwork_id=artwork_id)
        .order_by("-room__edition__opens_at", "room__position", "room_id")
        .limit(1)
        .values("room_id", "room__title_zh", "room__title_en", "room__edition_id")
    )
    if not hangings:
        return None
    hanging = hangings[0]
    shown = await exhibitions(Q(id=hanging["room__edition_id"]), limit=1)
    rows = (
        await Artwork.all()
        .on_view()
        .filter(hangings__room_id=hanging["room_id"])
        .order_by("hangings__position", "hangings__id")
        .values("id")
    )
    ids: list[int] = [row["id"] for row in rows]
    if artwork_id not in ids or not shown:  # taken down in this very moment
        return None
    here = ids.index(artwork_id)
    first = max(0, min(here - NEIGHBOURS // 2, len(ids) - NEIGHBOURS - 1))
    around = ids[first : first + NEIGHBOURS + 1]
    works = await works_by_id(around)
    if artwork_id not in works:
        return None
    return Placement(
        work=works[artwork_id],
        exhibition=shown[0],
        room=spoken_column(hanging, "room__title"),
        position=here + 1,
        of=len(ids),
        previous=works.get(ids[here - 1]) if here else None,
        next=works.get(ids[here + 1]) if here + 1 < len(ids) else None,
        beside=[works[id] for id in around if id in works and id != artwork_id],
    )


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """An organisation, project or theme, with how many of its works are on view."""

    slug: str
    name: LocalizedText
    text: LocalizedText
    works: int


async def organisations_on_view(*, limit: int) -> list[DirectoryEntry]:
    """Organisations with works on view, by their slugs; one query."""
    rows = (
        await Artwork.all()
        .on_view()
        .annotate(works=Count("id"))
        .group_by("organisation__slug", "organisation__name_zh", "organisation__name_en")
        .order_by("organisation__slug")
        .values("works", "organisation__slug", "organisation__name_zh", "organisation__name_en")
    )
    listed = [
        DirectoryEntry(
            row["organisation__slug"],
            spoken_column(row, "organisation__name"),
            LocalizedText("", "zh"),
            row["works"],
        )
        for row in rows
    ]
    return listed[:limit]


async def projects_of_organisation(organisation_id: int, limit: int) -> list[DirectoryEntry]:
    """At most `limit` projects that stand behind its works on view; one query."""
    return _as_directory(await _projects_on_view(Q(organisation_id=organisation_id), limit))


async def projects_in_edition(edition_id: int, limit: int) -> list[DirectoryEntry]:
    """At most `limit` projects that stand behind what hangs in an edition, as far as it is on view; one query."""
    return _as_directory(await _projects_in_edition(edition_id, limit))


@compiled_query
def _projects_in_edition(edition_id: int, limit: int) -> ValuesQuery[Any]:
    return _projects_on_view(Q(hangings__room__edition_id=edition_id), limit)


def _projects_on_view(condition: Q, limit: int) -> ValuesQuery[Any]:
    columns = [
        "project__slug",
        *(f"project__{field}_{language}" for field in ("title", "summary") for language in LANGUAGES),
    ]
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
            spoken_column(row, "project__title"),
            spoken_column(row, "project__summary"),
            row["works"],
        )
        for row in rows
    ]


class ThemeWorkCount(NamedTuple):
    works: int
    newest: int  # the id of a work


async def work_counts_by_theme() -> dict[int, ThemeWorkCount]:
    """How many works on view each theme has, and which is its newest, by the theme's id; one query."""
    rows = (
        await Artwork.all()
        .on_view()
        .filter(themes__id__isnull=False)
        .annotate(works=Count("id"), newest=Max("id"))
        .group_by("themes__id")
        .values_list("themes__id", "works", "newest")
    )
    return {theme_id: ThemeWorkCount(works, newest) for theme_id, works, newest in rows}


async def sample_works(
    themes: Sequence[Theme], counted: Mapping[int, ThemeWorkCount]
) -> dict[int, ShownWork]:
    """A work on view for each theme that has one, by the theme's id; four queries.

    Its cover, else what its latest exhibition begins with, else its newest.
    """
    opened = await exhibitions(
        has_opened(), Q(exhibition__theme_id__in=list(counted)), limit=len(counted) * 4
    )
    first = await works_by_edition(opened, 1)
    entrances = {each.theme.slug: first[each.edition_id] for each in reversed(opened) if each.theme}
    newest = {theme_id: each.newest for theme_id, each in counted.items()}
    works = await works_by_id({*newest.values(), *(each.cover_id for each in themes if each.cover_id)})
    samples = {}
    for theme in themes:
        cover, last = works.get(theme.cover_id or 0), works.get(newest.get(theme.id, 0))
        ranked = [cover, *entrances.get(theme.slug, []), last]
        if sample := next(filter(None, ranked), None):
            samples[theme.id] = sample
    return samples
