"""Wall labels for a real hall: an A6 card for each work of an exhibition, as a PDF to print and cut out.

They show the works that would hang if the draft were published now. Texts reach Typst as data, never as Typst
code.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import segno
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.artworks.models import Artwork
from gallery.exhibitions.access import load_exhibition
from gallery.exhibitions.drafts import draft_of
from gallery.exhibitions.models import Edition
from gallery.exhibitions.room_rules import fill_rooms
from gallery.images.sandbox.parent import ImageRefused, MachineFault, typeset_pdf
from gallery.images.script_fonts import is_right_to_left, missing_characters
from gallery.images.share_image import language_data
from gallery.images.uploads import request_limits
from gallery.interop.iiif.image_api import RETRY_AFTER
from gallery.public.previews import draft_as_shown
from gallery.public.rooms import ShownRoom, rooms_of_draft, rows_of_draft
from gallery.public.share_images import accent_of, fonts_of
from gallery.public.view_models import ShownTheme, ShownWork
from gallery.settings import Settings
from gallery.web.languages import (
    LocalizedText,
    bcp47,
    current_language,
    site_languages,
    template_folder,
    use_language,
)
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.markdown import display_width, excerpt
from gallery.web.rendering import render, settings_of, storage_of

PAPER_SIZES = {
    "a6": _l("One card on each sheet of A6"),
    "a4": _l("Four cards on each sheet of A4, to cut out"),
}
STORY_WIDTH = 260  # display columns of the story's excerpt; a Chinese character takes two
LABEL_FIELDS = ("id", "language", "title", "story", "assistance")


@dataclass(frozen=True)
class WallLabel:
    """The texts of one card, each on one line and possibly empty.

    Texts that may be in any language are LocalizedText. `code` is the QR code of `address`, as SVG.
    """

    title: LocalizedText
    other_title: LocalizedText
    credit: str
    facts: str  # medium, date, size, and the number of pictures if there are several
    help: str
    organisation: str
    caption: str  # the caption of the hanging
    story: LocalizedText
    room: str
    address: str
    code: str

    @property
    def length(self) -> int:
        """The title's width in display columns; a Chinese character takes two."""
        return display_width(self.title.text)

    def data(self) -> dict[str, Any]:
        """The values for the Typst template."""
        own = {name: own_text(getattr(self, name)) for name in ("title", "other_title", "story")}
        return {**asdict(self), **own, "length": self.length}


def own_text(text: LocalizedText) -> dict[str, Any]:
    """A text with its language and direction, for the template."""
    return {
        "text": text.text,
        **language_data(text.language),
        "is_right_to_left": is_right_to_left(text.text),
    }


async def _rooms_of(draft: Edition) -> list[ShownRoom]:
    """The rooms of a draft with their works, whose pictures are not needed."""
    filled = await fill_rooms(draft)
    return rooms_of_draft(filled, await rows_of_draft(filled), lambda token: "")


async def index(request: Request) -> Response:
    """A curator chooses language, paper and room for wall labels."""
    _person, exhibition = await load_exhibition(request)
    draft = await draft_of(exhibition)
    rooms = await _rooms_of(draft)
    context = {
        "exhibition": exhibition,
        "draft": draft,
        "rooms": rooms,
        "papers": PAPER_SIZES,
        "missing": await titles_with_missing_characters(rooms),
    }
    return render(request, "exhibitions/labels.html", context)


async def titles_with_missing_characters(rooms: Sequence[ShownRoom]) -> list[tuple[LocalizedText, str]]:
    """Works of these rooms with characters that no font has: the title and these characters; one query.

    Looks at the titles in the site's languages and at the credit names.
    """
    ids = [work.id for room in rooms for work in room.works]
    columns = ("title", "language", "artist__credit_name")
    found = []
    for row in await Artwork.filter(id__in=ids).order_by("id").values(*columns):
        titles = [row["title"].localized(each, row["language"]) for each in site_languages()]
        if characters := missing_characters(
            "".join(each.text for each in titles) + row["artist__credit_name"]
        ):
            found.append((row["title"].localized(None, row["language"]), characters))
    return found


async def show(request: Request) -> Response:
    """A curator downloads wall labels to print."""
    _person, exhibition = await load_exhibition(request)
    query = request.query_params
    language, paper = query.get("language", current_language()), query.get("paper", "a6")
    if language not in site_languages() or paper not in PAPER_SIZES:
        raise HTTPException(404)
    draft = await draft_of(exhibition)
    with use_language(language):
        rooms = await _rooms_of(draft)
        if number := query.get("room", ""):
            rooms = [room for room in rooms if str(room.number) == number]
        if not rooms:
            raise HTTPException(404)
        shown = await draft_as_shown(draft)
        labels = await make_labels(rooms, settings_of(request))
        try:
            pdf = await set_labels(request, labels, language, paper, shown.title.text, shown.theme)
        except (ImageRefused, MachineFault) as fault:
            raise HTTPException(503, headers={"retry-after": str(RETRY_AFTER)}) from fault
    headers = {"content-disposition": f'inline; filename="labels-{exhibition.slug}-{language}.pdf"'}
    return Response(pdf, media_type="application/pdf", headers={**headers, "cache-control": "no-store"})


async def make_labels(rooms: Sequence[ShownRoom], settings: Settings) -> list[WallLabel]:
    """A label for each work of these rooms, in order; one query."""
    ids = [work.id for room in rooms for work in room.works]
    rows = {row["id"]: row for row in await Artwork.filter(id__in=ids).values(*LABEL_FIELDS)}
    return [
        make_label(work, room, rows[work.id], len(rooms) > 1, settings)
        for room in rooms
        for work in room.works
        if work.id in rows
    ]


def make_label(
    work: ShownWork, room: ShownRoom, row: dict[str, Any], names_room: bool, settings: Settings
) -> WallLabel:
    language = current_language()

    def text(field: str) -> LocalizedText:
        localized_text: LocalizedText = row[field].localized(language, row["language"])
        return localized_text

    others = row["title"].others(text("title").language, row["language"])
    drawn = (each for each in others if each.text != work.title.text and not missing_characters(each.text))
    address = f"{settings.site_url}/{language}/works/{work.public_id}"
    size = work.measured.words if work.measured else ""
    by = (work.medium.text, work.date, size, work.picture_count)
    words: dict[str, Any] = {
        "title": work.title,
        "other_title": next(drawn, LocalizedText("", language)),
        "credit": work.credit.text,
        "facts": " · ".join(filter(None, by)),
        "help": text("assistance").text,
        "organisation": work.organisation.text,
        "caption": room.captions[work.id].text if work.id in room.captions else "",
        "story": LocalizedText(excerpt(text("story").text, STORY_WIDTH), text("story").language),
        "room": (room.title.text or _("Room %(number)s") % {"number": room.number}) if names_room else "",
    }
    return WallLabel(**words, address=address, code=qr_code(address))


def qr_code(address: str) -> str:
    """A QR code as SVG, without its quiet zone: the card leaves room around it."""
    svg = io.BytesIO()
    segno.make(address, error="m", micro=False).save(svg, kind="svg", border=0)
    return svg.getvalue().decode()


async def set_labels(
    request: Request,
    labels: Sequence[WallLabel],
    language: str,
    paper: str,
    exhibition: str,
    theme: ShownTheme | None,
) -> bytes:
    """Typeset the labels as a PDF. Raises MachineFault, or ImageRefused if it takes too long."""
    settings = settings_of(request)
    storage = storage_of(request)
    with use_language(language):
        data = {
            "labels": [label.data() for label in labels],
            "paper": paper,
            **language_data(bcp47(language)),
            "accent": accent_of(theme),
            "exhibition": exhibition,
            "site": settings.site_name(language),
            "invitation": _("Scan the code to see this work and read its story."),
        }
    template = template_folder() / "sharing" / "wall_labels.typ"
    async with storage.scratch_folder() as folder:
        pdf = await typeset_pdf(template, data, fonts_of(settings), folder, request_limits(settings))
        return pdf.read_bytes()


routes = [
    Route("/desk/exhibitions/{id:int}/labels", index, name="labels:index", methods=["GET"]),
    Route("/desk/exhibitions/{id:int}/labels.pdf", show, name="labels:show", methods=["GET"]),
]
