"""Where a work stands: what happened to it, step by step, and who has it now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gallery.artworks.models import Artwork, Status
from gallery.clock import now, start_of_day, to_local
from gallery.web.languages import gettext as _
from gallery.web.languages import localized, ngettext
from gallery.web.rendering import shown_date, shown_number

OPENED, HUNG, SEEN = "opened", "hung", "seen"


@dataclass(frozen=True)
class Step:
    """One thing that happened to a work."""

    word: Any  # such as the label of `status`
    status: str
    at: datetime
    by: str
    reason: str = ""
    notes: Sequence[tuple[str, str]] = ()  # (label of the field, note)
    is_day: bool = False  # `at` says on which day it was, and not when


async def hung_steps(artwork: Artwork) -> list[Step]:
    """When the work was hung in each exhibition, and when visitors could first see it there; in the order of time.

    An exhibition that has been published and is to open has a step in the future.
    """
    hangings = (
        await artwork.hangings.all()
        .filter(room__edition__published_at__isnull=False)
        .order_by("room__edition__published_at")
        .prefetch_related("room__edition")
    )
    first: dict[int, Any] = {}
    for hanging in hangings:
        edition: Any = hanging.room.edition
        if edition.is_current or edition.shown_until is None or edition.shown_until > edition.opens_at:
            first.setdefault(edition.exhibition_id, edition)  # else it was cancelled before anybody saw it
    steps = []
    for edition in first.values():
        title = localized(edition, "title").text
        steps.append(Step(_("hung"), HUNG, edition.published_at, "", title))
        if edition.opens_at is not None:
            opened = max(edition.opens_at, edition.published_at)
            word = _("opened to visitors") if opened <= now() else _("opens to visitors")
            steps.append(Step(word, OPENED, opened, "", title))
    return sorted(steps, key=lambda step: step.at)


async def seen_steps(artwork: Artwork, hung: Sequence[Step]) -> list[Step]:
    """On which day visitors first saw the work, and how often they did since; none where nobody has."""
    seen = await artwork.counts.filter(kind=SEEN).order_by("day").values_list("day", "number")
    if not seen:
        return []
    times = sum(number for _day, number in seen)
    told = ngettext("Seen %(number)s time so far.", "Seen %(number)s times so far.", times)
    reason = told % {"number": shown_number(times)}
    if appreciated := await artwork.appreciations.filter(is_there=True).count():
        told = ngettext(
            "%(number)s visitor appreciates it.", "%(number)s visitors appreciate it.", appreciated
        )
        reason += " " + told % {"number": shown_number(appreciated)}
    first = start_of_day(seen[0][0])
    opened = [step.at for step in hung if step.status == OPENED and to_local(step.at).date() == seen[0][0]]
    return [Step(_("first seen by a visitor"), SEEN, max([first, *opened]), "", reason, is_day=True)]


def who_has_it(artwork: Artwork, hung: Sequence[Step]) -> str:
    """Who has to do something now, and since when; submissions and reviews must be fetched."""
    if artwork.status in {Status.DRAFT, Status.RETURNED}:
        return _("It is with you.")
    if artwork.status == Status.SUBMITTED:
        sent = max((each.at for each in artwork.submissions), default=artwork.updated_at)
        return _("It has been with the curators since %(day)s.") % {"day": shown_date(sent)}
    if artwork.status != Status.ACCEPTED:
        return ""
    if artwork.is_vetoed:
        return _("It is not shown at present. Please ask the curators if you wish to know more.")
    opened = [step for step in hung if step.status == OPENED]
    if any(step.at <= now() for step in opened):
        return ""
    if opened:
        return _("It is hung; its exhibition opens on %(day)s.") % {"day": shown_date(opened[0].at)}
    return _("It is accepted; the curators hang it when an exhibition is built.")
