"""Cards that need a query of their own: of exhibitions, and of pages that are about no single thing."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from tortoise.expressions import Q

from gallery.artworks.sentences import StorySentence
from gallery.exhibitions.models import Hanging
from gallery.public import queries, share_images
from gallery.public.rooms import ShownRoom
from gallery.public.share_images import ShareImages
from gallery.public.view_models import Counts, ShownExhibition, ShownWork
from gallery.settings import Settings
from gallery.web.languages import LocalizedText, current_language
from gallery.web.languages import lazy_gettext as _l

MAX_CANDIDATE_WORKS = 40  # the newest works on view that may be shared
HOME = "home"
TITLES = {
    "about": _l("About this gallery"),
    "accessibility": _l("Accessibility"),
    "calendar": _l("Calendar"),
    "exhibitions": _l("Exhibitions"),
    "organisations": _l("Organisations"),
    "search": _l("Search"),
    "support": _l("Support"),
    "themes": _l("Themes"),
}


async def of_exhibition(
    shown: ShownExhibition,
    works: Sequence[ShownWork],
    counts: Counts,
    settings: Settings,
    rooms: Sequence[ShownRoom] = (),
) -> ShareImages:
    """Card and poster of an exhibition, with the sentence of the work on it.

    `rooms`: its first rooms, if they are loaded; two queries without them.
    """
    pictured = share_images.first_shared(works)
    sentence = await _sentence_of(pictured, shown, rooms) if pictured else None
    return share_images.of_exhibition(shown, works, counts, settings, sentence)


async def _sentence_of(
    work: ShownWork, shown: ShownExhibition, rooms: Sequence[ShownRoom]
) -> StorySentence | None:
    """The sentence of a work where it hangs first in an exhibition."""
    for room in rooms:
        if any(each.id == work.id for each in room.works):
            return room.sentences.get(work.id)
    hung = Hanging.filter(room__edition_id=shown.edition_id, artwork_id=work.id)
    first = await hung.order_by("room__position", "room_id").first()
    chosen = {work.id: first.sentence} if first is not None else {}
    return (await queries.sentences_of([work], chosen)).get(work.id)


async def card_of(page: str, settings: Settings) -> ShareImages:
    """The card of a page: works on view in a row. Raises HTTPException 404 if no page has this name."""
    if page != HOME and page not in TITLES:
        raise HTTPException(404)
    language = current_language()
    title = settings.site_name(language) if page == HOME else str(TITLES[page])
    works = await queries.works_on_view(Q(consent__for_sharing=True), limit=MAX_CANDIDATE_WORKS)
    return share_images.of_page(page, LocalizedText(title, language), works, settings)
