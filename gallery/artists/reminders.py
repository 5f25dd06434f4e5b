"""Mails to organisations about their consents: one ends soon, one was withdrawn."""

from __future__ import annotations

from datetime import timedelta

from gallery.accounts.members import members_of
from gallery.artists.models import Consent
from gallery.artworks.models import Artwork
from gallery.clock import today
from gallery.db.connection import in_transaction
from gallery.mail.models import Mail
from gallery.mail.outbox import Notification, notify

REMINDERS = (14, 60)  # days before a consent ends


async def remind_of_next_ending() -> bool:
    """Remind one organisation of one consent that ends within 60 or 14 days; False if none is due.

    For each consent, one mail is sent at 60 days and one at 14 days. No mail names the artist.
    """
    ending = Consent.filter(
        withdrawn_at__isnull=True,
        followed_by__id__isnull=True,  # not renewed yet
        ends_on__gte=today(),
        ends_on__lt=today() + timedelta(days=max(REMINDERS)),
    )
    for consent in await ending.order_by("ends_on", "id").prefetch_related("artist"):
        assert consent.ends_on is not None
        left = (consent.ends_on - today()).days
        threshold = next(days for days in REMINDERS if left < days)
        key = f"consent-ending:{consent.id}:{consent.ends_on}:{threshold}"
        works = await Artwork.filter(consent_id=consent.id).count()
        people = await members_of(consent.artist.organisation_id)
        if not works or not people or await Mail.filter(key__startswith=f"{key}:").exists():
            continue
        facts = {"days": left, "ends_on": consent.ends_on.isoformat(), "count": works}
        async with in_transaction():
            await notify(people, Notification("consent_ending", f"/desk/consents/{consent.id}", facts, key))
        return True
    return False


async def notify_of_withdrawal(consent: Consent, work_count: int) -> None:
    """Mail an organisation that a consent was withdrawn with its slip; call it in the same transaction."""
    await consent.fetch_related("artist")
    news = Notification("consent_withdrawn", f"/desk/consents/{consent.id}", {"count": work_count})
    await notify(await members_of(consent.artist.organisation_id), news)
