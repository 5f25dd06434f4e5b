"""Mails to organisations about exhibitions: that their works were hung, and that an exhibition has opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from tortoise.expressions import F, Q

from gallery.accounts.members import members_by_organisation
from gallery.accounts.models import Person
from gallery.artworks.models import Artwork, edition_has_opened
from gallery.clock import now
from gallery.db.connection import in_transaction
from gallery.exhibitions.models import Edition, Exhibition, Hanging
from gallery.mail.models import Mail
from gallery.mail.outbox import Notification, in_all_languages, notify_each

RECENT_OPENING = timedelta(days=2)  # openings longer ago are not announced


async def notify_of_hanging(exhibition: Exhibition, edition: Edition, work_ids: Collection[int]) -> None:
    """Notify organisations that some of their works hang for the first time.

    Call this in the transaction that publishes the edition.
    """
    if work_ids:
        await _notify(exhibition, edition, "works_hung", work_ids)


async def notify_of_opening() -> bool:
    """Notify the organisations of one exhibition that it has opened. False if there is nothing to announce.

    Each exhibition is announced only once. If an edition was published after its opening, no mail is needed:
    `notify_of_hanging` has announced it.
    """
    moment = now()
    opened = Edition.filter(
        edition_has_opened(),
        opens_at__gt=moment - RECENT_OPENING,
        published_at__lt=F("opens_at"),
    )
    for edition in await opened.order_by("opens_at").prefetch_related("exhibition"):
        if await Mail.filter(key__startswith=_mail_key("exhibition_opened", edition.exhibition_id)).exists():
            continue
        if await _was_open_before(edition):
            continue
        hung_ids = await Hanging.filter(room__edition_id=edition.id).values_list("artwork_id", flat=True)
        on_view = Artwork.all().on_view().filter(id__in=list(hung_ids))
        ids: list[Any] = list(await on_view.values_list("id", flat=True))
        if ids:
            async with in_transaction():
                await _notify(edition.exhibition, edition, "exhibition_opened", ids)
            return True
    return False


async def _was_open_before(edition: Edition) -> bool:
    """Whether this edition replaced an open edition, so that there is no opening to announce."""
    before = Edition.filter(exhibition_id=edition.exhibition_id, shown_until=edition.opens_at)
    return await before.filter(
        Q(closes_at__isnull=True) | Q(closes_at__gte=edition.opens_at), opens_at__lt=edition.opens_at
    ).exists()


def _mail_key(kind: str, exhibition_id: int) -> str:
    return f"{kind}:{exhibition_id}:"


async def _notify(exhibition: Exhibition, edition: Edition, kind: str, work_ids: Collection[int]) -> None:
    works: list[Any] = list(
        await Artwork.filter(id__in=list(work_ids)).values_list("organisation_id", flat=True)
    )
    facts: dict[str, Any] = {"exhibition": in_all_languages(edition, "title")}
    if edition.opens_at is not None:
        facts |= {"opens_at": edition.opens_at.isoformat(), "is_to_open": not edition.has_opened()}
    page = "/{language}/exhibitions/" + exhibition.slug
    counts = Counter(works)
    members = await members_by_organisation(counts)
    notifications: list[tuple[Person, Notification]] = []
    for organisation_id, count in counts.items():
        # The key prevents a second mail about the opening. New hangings are announced for each edition.
        key = f"{_mail_key(kind, exhibition.id)}{organisation_id}" if kind == "exhibition_opened" else ""
        news = Notification(kind, page, {**facts, "count": count}, key)
        notifications += [(person, news) for person in members.get(organisation_id, ())]
    await notify_each(notifications)
