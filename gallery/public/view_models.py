"""The data of visitors' pages: works, pictures, exhibitions and themes, made from rows of the database."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self

from markupsafe import Markup

from gallery.artworks.dates import shown_work_date
from gallery.artworks.models import Artwork
from gallery.artworks.sizes import Size, size_as_shown
from gallery.clock import now
from gallery.exhibitions.blocks import Block, blocks_of
from gallery.exhibitions.credits import Credit, by_kind, credits_of
from gallery.exhibitions.models import Opening
from gallery.exhibitions.talks import Talk, talks_of
from gallery.images.models import Image
from gallery.images.picture_element import picture_element, rendition_address
from gallery.images.profile_image_models import ProfileImage
from gallery.images.renditions import widths_for
from gallery.images.sandbox.parent import SMALL_SIDE
from gallery.themes.accents import relative_luminance, surface_of
from gallery.web.languages import (
    LocalizedText,
    current_language,
    default_language,
    localized,
    ngettext,
    site_languages,
)
from gallery.web.markdown import split_first_paragraph
from gallery.web.texts import NO_TEXTS, Texts

NARROWEST_BESIDE, NARROWEST_FULL, WIDEST_FULL = 0.5, 1.6, 3  # ratios of covers
# px: the least width of a picture of which a detail is shown, and the greatest of the detail
LEAST_FOR_DETAIL, WIDEST_DETAIL = 1600, 2400
DETAIL_RATIO = 2.6
DETAIL_SHARE = 0.6  # of the picture's width
BLACKEST = 0.022  # relative luminance: a darker picture would have no edge on the wall at night
COLOUR_PATTERN = re.compile(r"#[0-9a-fA-F]{6}")
PLACEHOLDER_PATTERN = re.compile(r"data:image/(?:webp|png|jpeg|avif|gif);base64,[A-Za-z0-9+/]+={0,2}")
MAX_THUMBNAIL_WIDTH = 1600  # px; enough in a row of works, even on a high-density screen
WORK_COLUMNS = (
    "id",
    "public_id",
    "language",
    "title",
    "alt_text",
    "medium",
    "size",
    "date_made",
    "made_from",
    "made_until",
    "project_id",
    "image_id",
    "more_pictures",
    "sound_id",
    "image__token",
    "image__width",
    "image__height",
    "image__placeholder",
    "image__mean_colour",
    "artist__credit_name",
    "artist__credit_translations",
    "organisation_id",
    "organisation__name",
    "consent__for_voice",
    "consent__for_sharing",
    "consent__for_machine_use",
)

EDITION_COLUMNS = (
    "id",
    "title",
    "introduction",
    "opening",
    "closing",
    "opens_at",
    "closes_at",
    "credits",
    "talks",
    "blocks",
    "exhibition__slug",
    "exhibition__theme_id",
    "exhibition__theme__slug",
    "exhibition__theme__title",
    "exhibition__theme__accent",
    "exhibition__theme__accent_night",
)


class ShownPicture(NamedTuple):
    """A picture on a page. `key` is its class in the page's style sheet."""

    key: str
    token: str
    width: int  # px
    height: int
    placeholder: str  # a data: URI
    mean_colour: str
    own_address: str = ""  # folder URL of the renditions in a preview or archive; empty: the public one

    @classmethod
    def of(cls, image: Image, own_address: str = "") -> Self:
        return cls(
            key=f"p{image.id}",
            token=image.token,
            width=image.width,
            height=image.height,
            placeholder=image.placeholder,
            mean_colour=image.mean_colour,
            own_address=own_address,
        )

    @property
    def ratio(self) -> float:
        return self.width / self.height

    @property
    def is_upright(self) -> bool:
        return self.width < self.height

    @property
    def is_large(self) -> bool:
        """Whether the picture is large enough that zooming in shows more detail."""
        return max(self.width, self.height) >= SMALL_SIDE

    @property
    def sizes_on_wall(self) -> str:
        """The `sizes` in a row of works: `auto`, followed by values for browsers that do not support it."""
        ratio = self.ratio
        narrow = f"(min-width: 40rem) {ratio * 32:.0f}vw, {sizes_on_phone(min(ratio * 100, 88))}"
        return f"auto, (min-width: 60rem) {ratio * 28:.0f}vw, {narrow}"

    @property
    def sizes_as_cover(self) -> str:
        """The `sizes` of a cover next to the title of an exhibition or theme."""
        return f"(min-width: 60rem) min(60vw, {self.ratio * 82:.0f}vh), {sizes_on_phone(88)}"

    @property
    def sizes_as_opening(self) -> str:
        """The `sizes` of a cover over the whole width of an exhibition's opening."""
        return f"(min-width: 60rem) min(91vw, 137rem, {self.ratio * 94:.0f}vh), {sizes_on_phone(100)}"

    @property
    def sizes_as_half(self) -> str:
        """The `sizes` in one half of a wide window: on the home page, and on the pages 404 and 410."""
        return f"(min-width: 60rem) min(44vw, {self.ratio * 62:.0f}vh), {sizes_on_phone(88)}"

    @property
    def sizes_as_neighbour(self) -> str:
        """The `sizes` in the rows of neighbouring works, which are lower than other rows."""
        return f"auto, (min-width: 40rem) {self.ratio * 16:.0f}vw, {self.ratio * 45:.0f}vw"

    @property
    def sizes_alone(self) -> str:
        """The `sizes` on the work's own page: the column's width, or less to fit the height of the window."""
        column = f"min(57vw, 92rem, {self.ratio:.2f} * (94vh - 8.5rem))"
        return f"(min-width: 60rem) {column}, {sizes_on_phone(88, f'{self.ratio * 80:.0f}vh')}"

    @property
    def sizes_walked(self) -> str:
        """The `sizes` in a walk, which shows one work at a time."""
        return f"min(96vw, {self.ratio * 82:.0f}vh)"

    def widths(self) -> tuple[int, ...]:
        return widths_for(self.width)

    def element(
        self,
        alt: LocalizedText,
        sizes: str = "",
        *,
        first: bool = False,
        max_width: int = MAX_THUMBNAIL_WIDTH,
    ) -> Markup:
        """The picture's <picture> element, by `picture_element`. `sizes` defaults to `sizes_on_wall`."""
        return picture_element(
            self.base_address,
            (self.width, self.height),
            alt,
            sizes or self.sizes_on_wall,
            first=first,
            max_width=max_width,
        )

    def cut_element(self, *, first: bool = False) -> Markup:
        """The <picture> out of which the style sheet cuts a detail, see `Detail`."""
        words = LocalizedText("", current_language())
        return self.element(words, "max(167vw, 70rem)", first=first, max_width=2560)

    def address(self, width: int, format: str = "jpg") -> str:
        """The address of the narrowest rendition at least `width` px wide, or of the widest."""
        return rendition_address(self.base_address, self.width, width, format)

    @property
    def base_address(self) -> str:
        """The folder URL of the picture's renditions."""
        return self.own_address or f"/media/{self.token}"

    def region(self, left: int, top: int, width: int, height: int) -> Detail | None:
        """A region, in per cent of the picture, at full resolution; None if the picture is not on view."""
        if self.own_address:
            return None
        across, down = self.width / 100, self.height / 100
        x, y = round(left * across), round(top * down)
        size = max(1, round(width * across)), max(1, round(height * down))
        return Detail(self.token, (x, y, min(size[0], self.width - x), min(size[1], self.height - y)))

    @property
    def detail(self) -> Detail | None:
        """The middle of the picture at full resolution; None if the picture is not large enough."""
        if self.width < LEAST_FOR_DETAIL:
            return None
        width = min(WIDEST_DETAIL, round(self.width * DETAIL_SHARE))
        height = min(self.height, round(width / DETAIL_RATIO))
        return Detail(self.token, ((self.width - width) // 2, (self.height - height) // 2, width, height))

    def style(self) -> str:
        """The CSS rule for the class `key`, with the picture's aspect ratio, mean colour and placeholder.

        A picture that is nearly black also gets a thin edge at night.
        """
        colour = self.mean_colour if COLOUR_PATTERN.fullmatch(self.mean_colour) else "#888888"
        hint = f";--i:url({self.placeholder})" if PLACEHOLDER_PATTERN.fullmatch(self.placeholder) else ""
        edge = ";--e:1px" if relative_luminance(colour.lower()) < BLACKEST else ""
        return f".{self.key}{{--r:{self.ratio:.4f};--c:{colour}{hint}{edge}}}"


class Detail(NamedTuple):
    """A region of a picture, as an image of the Image API (interop/iiif), which has pictures on view only.

    In a preview or an archive, the style sheet cuts about the same region out of a rendition.
    """

    token: str
    region: tuple[int, int, int, int]  # x, y, width, height in px

    def address(self, width: int) -> str:
        """The region at most `width` px wide."""
        size = "max" if width >= self.region[2] else f"{width},"
        return f"/iiif/{self.token}/{','.join(map(str, self.region))}/{size}/0/default.webp"

    @property
    def srcset(self) -> str:
        widths = [*(each for each in (800, 1600) if each < self.region[2]), self.region[2]]
        return ", ".join(f"{self.address(width)} {width}w" for width in widths)


class ShownProfileImage(NamedTuple):
    """The logo of an organisation, or the cover of a project."""

    picture: ShownPicture
    alt: LocalizedText

    @classmethod
    def of(cls, profile_image: ProfileImage | None) -> Self | None:
        """Make a ShownProfileImage from a row whose image is fetched; None without a row."""
        if profile_image is None:
            return None
        return cls(ShownPicture.of(profile_image.image), localized(profile_image, "alt"))


class ShownLeaf(NamedTuple):
    """One of several pictures on the page of a work, with its own texts."""

    number: int  # from 1
    picture: ShownPicture
    alt: LocalizedText
    caption: LocalizedText


def leaves_of(artwork: Artwork, address: Callable[[str], str] = lambda token: "") -> list[ShownLeaf]:
    """All pictures of a work in their order, if it has several; empty if it has one.

    Image and further pictures must be fetched. `address`: token of a picture → its `own_address`.
    """
    return [
        ShownLeaf(
            each.number,
            ShownPicture.of(each.image, address(each.image.token)),
            each.localized("alt_text"),
            each.localized("caption"),
        )
        for each in (artwork.all_pictures() if artwork.more_pictures else ())
    ]


class ShownWork(NamedTuple):
    """A work in a list. Its texts are in the page's language if they are translated."""

    id: int
    public_id: str
    title: LocalizedText
    alt: LocalizedText
    medium: LocalizedText
    credit: LocalizedText
    organisation: LocalizedText
    size: str
    date_made: str
    made_from: int | None  # the first day that `date_made` can mean, as 20241231
    made_until: int | None  # the last day that it can mean
    organisation_id: int
    project_id: int | None
    is_for_sharing: bool
    is_for_machines: bool  # whether AI crawlers may use it
    has_voice: bool  # whether the work has a voice to listen to
    more_pictures: int  # pictures after the first
    picture: ShownPicture

    @property
    def picture_count(self) -> str:
        """“8 pictures”; "" for a work with one picture."""
        count = 1 + self.more_pictures
        return (
            ngettext("%(count)s picture", "%(count)s pictures", count) % {"count": count} if count > 1 else ""
        )

    @property
    def date(self) -> str:
        """The date as it was written, or in words of the page's language."""
        return shown_work_date(self.date_made)

    @property
    def measured(self) -> Size | None:
        return size_as_shown(self.size, self.picture)

    @classmethod
    def of(cls, row: dict[str, Any], picture_address: str = "") -> Self:
        """Make a ShownWork from a row of WORK_COLUMNS; `picture_address` is the picture's `own_address`."""
        language = row["language"]

        return cls(
            id=row["id"],
            public_id=row["public_id"],
            title=row["title"].localized(None, language),
            alt=row["alt_text"].localized(None, language),
            medium=row["medium"].localized(None, language),
            credit=credit_in_page_language(
                row["artist__credit_name"], row["artist__credit_translations"], language
            ),
            organisation=localized_column(row, "organisation__name"),
            size=row["size"],
            date_made=row["date_made"],
            made_from=row["made_from"],
            made_until=row["made_until"],
            organisation_id=row["organisation_id"],
            project_id=row["project_id"],
            is_for_sharing=bool(row["consent__for_sharing"]),
            is_for_machines=bool(row["consent__for_machine_use"]),
            # Not a join on the sound: the sound of an accepted work is always ready.
            has_voice=row["sound_id"] is not None and bool(row["consent__for_voice"]),
            more_pictures=row["more_pictures"],
            picture=ShownPicture(
                key=f"p{row['image_id']}",
                token=row["image__token"],
                width=row["image__width"],
                height=row["image__height"],
                placeholder=row["image__placeholder"],
                mean_colour=row["image__mean_colour"],
                own_address=picture_address,
            ),
        )


@dataclass(frozen=True, slots=True)
class ShownTheme:
    slug: str
    title: LocalizedText
    accent: str
    accent_night: str

    def style(self) -> str:
        """The CSS rules that set the page's accent to this theme's accent."""
        return accent_style(self.accent, self.accent_night)


@dataclass(frozen=True, slots=True)
class ShownExhibition:
    """The current edition of an exhibition."""

    edition_id: int
    slug: str
    title: LocalizedText
    other_title: LocalizedText  # the title in another language; empty without a translation
    introduction: LocalizedText
    opening: str  # an Opening; "": by the shape of the cover, see `opening_for`
    closing: LocalizedText  # the words at the end; may be empty
    opens_at: datetime
    closes_at: datetime | None
    theme: ShownTheme | None
    credits: Sequence[Credit] = ()
    talks: Sequence[Talk] = ()
    blocks: Sequence[Block] = ()

    def opening_for(self, cover: ShownPicture) -> Opening:
        """The curator's choice, or the opening that suits the shape of the first work."""
        if self.opening:
            return Opening(self.opening)
        if not NARROWEST_BESIDE <= cover.ratio <= WIDEST_FULL:  # a scroll: whole, it is small on a screen
            return Opening.DETAIL
        return Opening.FULL if cover.ratio >= NARROWEST_FULL else Opening.BESIDE

    @property
    def key(self) -> str:
        """The class of an element with this exhibition's surface."""
        return f"e{self.edition_id}"

    def surface_style(self) -> str:
        """The CSS rules that set the surface of elements of the class `key` to the theme's."""
        return surface_style(self.theme.accent, f".{self.key}") if self.theme else ""

    @property
    def closing_words(self) -> tuple[str, str]:
        """The first paragraph of the closing words, which is set large, and the others."""
        return split_first_paragraph(self.closing.text)

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
        """Make a ShownExhibition from a row of EDITION_COLUMNS."""
        theme = None
        if row["exhibition__theme__slug"]:
            theme = ShownTheme(
                slug=row["exhibition__theme__slug"],
                title=localized_column(row, "exhibition__theme__title"),
                accent=row["exhibition__theme__accent"],
                accent_night=row["exhibition__theme__accent_night"],
            )
        return cls(
            edition_id=row["id"],
            slug=row["exhibition__slug"],
            title=localized_column(row, "title"),
            other_title=other_localized_column(row, "title"),
            introduction=localized_column(row, "introduction"),
            opening=row["opening"],
            closing=localized_column(row, "closing"),
            opens_at=row["opens_at"],
            closes_at=row["closes_at"],
            theme=theme,
            credits=credits_of(row["credits"]),
            talks=talks_of(row["talks"]),
            blocks=blocks_of(row["blocks"]),
        )


@dataclass(frozen=True, slots=True)
class Counts:
    works: int
    organisations: int
    projects: int

    @classmethod
    def of(cls, works: Sequence[ShownWork]) -> Self:
        """The numbers of `works`, which must have no duplicates, and of their organisations and projects."""
        return cls(
            works=len(works),
            organisations=len({work.organisation_id for work in works}),
            projects=len({work.project_id for work in works if work.project_id is not None}),
        )


def sizes_on_phone(share: float, most: str = "") -> str:
    """The `sizes` of a picture on a phone: `share` percent of the width, but at most the CSS length `most`.

    A screen with at least 2.5 device pixels per CSS px gets 70 % of that width, which halves the bytes of the
    file. Nobody sees the difference on a phone.
    """
    dense, usual = (
        f"min({each:.0f}vw, {most})" if most else f"{each:.0f}vw" for each in (share * 0.7, share)
    )
    return f"(min-resolution: 2.5x) {dense}, {usual}"


def credit_in_page_language(own: str | None, translations: Texts | None, language: str) -> LocalizedText:
    """The credit name in the page's language.

    Without a translation, the name as written, which is taken to be in the work's language.
    """
    name = (translations or NO_TEXTS).readable()
    return (
        name
        if name.text
        else LocalizedText(own or "", language if language in site_languages() else default_language())
    )


def localized_column(row: dict[str, Any], field: str) -> LocalizedText:
    """Like `localized`, but for the columns of a row. NULL, from an outer join, counts as empty."""
    return column_texts(row, field).localized()


def other_localized_column(row: dict[str, Any], field: str) -> LocalizedText:
    """`field` of a row in the first language that `localized_column` did not choose; may be empty."""
    return _other(column_texts(row, field))


def column_texts(row: dict[str, Any], field: str) -> Texts:
    return row[field] or NO_TEXTS


def other_localized(record: Any, field: str) -> LocalizedText:
    """`field` of a record in the first language that `localized` did not choose; may be empty."""
    return _other(getattr(record, field))


def _other(texts: Texts) -> LocalizedText:
    first, *others = in_every_language(texts)
    return others[0] if others else LocalizedText("", first.language)


def in_every_language(texts: Texts, own: str = "") -> list[LocalizedText]:
    """A text in the language that the page shows, then in its other languages. `own`: the record's own language."""
    first = texts.localized(None, own)
    return [first, *texts.others(first.language, own)]


def style_sheet(
    works: Iterable[ShownWork], theme: ShownTheme | None = None, pictures: Iterable[ShownPicture] = ()
) -> str:
    """The style sheet of a page: its pictures' shapes and its theme's accent. All values are checked."""
    rules = dict.fromkeys(picture.style() for picture in [*pictures, *(work.picture for work in works)])
    return "".join([theme.style() if theme else "", *rules])


def accent_style(accent: str, accent_night: str) -> str:
    if not (COLOUR_PATTERN.fullmatch(accent) and COLOUR_PATTERN.fullmatch(accent_night)):
        return ""
    return (
        f":root{{--accent:{accent}}}@media (prefers-color-scheme:dark){{:root{{--accent:{accent_night}}}}}"
        f"{surface_style(accent)}@media print{{:root{{--accent:#000;--surface:#fff}}}}"
    )


def surface_style(accent: str, selector: str = ":root") -> str:
    """The CSS rules that set `--surface` to an accent of the day, for elements of the class `on-accent`."""
    if not COLOUR_PATTERN.fullmatch(accent):
        return ""
    surface = surface_of(accent)
    return (
        f"{selector}{{--surface:{surface.day}}}"
        f"@media (prefers-color-scheme:dark){{{selector}{{--surface:{surface.night}}}}}"
    )


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a work hangs: the exhibition, the room, and the works next to it."""

    work: ShownWork
    exhibition: ShownExhibition
    room: LocalizedText  # the title of the room
    position: int  # counted from 1 within the room
    of: int
    previous: ShownWork | None
    next: ShownWork | None  # after the last work of a room: the first of the next room
    last_page: Mapping[str, object]  # the query of the page on which the exhibition ends; for its last work
    neighbours: Sequence[ShownWork]  # the nearest works, in the order of the room
    chosen_sentence: Texts  # a curator's choice, see artworks/sentences.py


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """An organisation, project or theme, with the number of its works on view."""

    slug: str
    name: LocalizedText
    text: LocalizedText
    works: int


@dataclass(frozen=True, slots=True)
class ListedOrganisation:
    """An organisation with works on view, in the list of organisations."""

    slug: str
    name: LocalizedText
    about: LocalizedText  # the first paragraph, as Markdown
    region: LocalizedText
    works: int
    logo: ShownProfileImage | None
    work: ShownWork | None  # its newest work on view


@dataclass(frozen=True, slots=True)
class FilterLink:
    """A link that sets a filter of a list, or takes it off."""

    label: LocalizedText
    count: int | None  # the rows with this value; None: not counted
    address: str
    is_set: bool


class FilterGroup(NamedTuple):
    word: Any  # the name of the filter, as a string for pages
    links: Sequence[FilterLink]


@dataclass(frozen=True, slots=True)
class EditionWorkCount:
    """The numbers of works on view in an edition: in each room, and in total."""

    by_room: dict[int, int]  # room id → works, for rooms with any
    totals: Counts


class WorkCount(NamedTuple):
    works: int
    newest: int  # the id of the newest work
