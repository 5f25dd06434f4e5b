"""The outbox: a mail is a row, inserted in the transaction of the change that it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from gallery.clock import now, start_of_day, to_local
from gallery.mail.models import Mail, MailState
from gallery.web.languages import localized, site_languages

if TYPE_CHECKING:
    from gallery.accounts.models import Person

DIGEST_HOUR = 8  # in the site's time zone
DECISION_KINDS = [
    f"{what}_{decision}" for what in ("work", "change") for decision in ("accepted", "returned", "declined")
]
# Mails of these kinds wait for others to the same person, and are then sent as one mail: its kind, and its page.
GATHERED_KINDS: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(DECISION_KINDS, ("decisions", "/desk/works")),
    "family_answered": ("family_answers", "/desk/consents/requests"),
}
GATHERED_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class Notification:
    """A mail to people with an account.

    `kind` is the template's name, `facts` are its values, and `path` is the page that the mail links to. With
    a `key`, each person gets the mail once, even if it is queued again. With `is_for_digest`, the mail waits
    for the daily digest if the person chose the digest. A mail is not sent before `not_before`. A mail of
    GATHERED_KINDS is sent GATHERED_FOR later, or together with an earlier one to the same person.
    """

    kind: str
    path: str
    facts: dict[str, Any] = field(default_factory=dict)
    key: str = ""
    is_for_digest: bool = True
    not_before: datetime | None = None


async def notify(people: Iterable[Person], notification: Notification) -> None:
    """Queue a mail to each of `people`; call it in the transaction of the change."""
    await notify_each((person, notification) for person in people)


async def notify_each(notifications: Iterable[tuple[Person, Notification]]) -> None:
    """Queue a mail to each person, with a separate notification for each, in one statement; see `notify`."""
    mails = [_mail_for(person, news) for person, news in notifications if person.is_active]
    if mails:
        await Mail.bulk_create(mails, ignore_conflicts=any(mail.key for mail in mails))


def _mail_for(person: Person, notification: Notification) -> Mail:
    waits = notification.is_for_digest and person.wants_digest
    due_at = notification.not_before or now()
    if notification.kind in GATHERED_KINDS:
        due_at += GATHERED_FOR
    return Mail(
        kind=notification.kind,
        person_id=person.id,
        email=person.email,
        language=person.language,
        path=notification.path,
        facts=notification.facts,
        key=f"{notification.key}:{person.id}" if notification.key else None,
        for_digest=waits,
        due_at=next_digest_at(notification.not_before) if waits else due_at,
    )


async def cancel_notification(key: str) -> None:
    """Delete the unsent mails of the notification with this key."""
    await Mail.filter(key__startswith=f"{key}:", state=MailState.UNSENT).delete()


async def queue_mail(
    email: str,
    language: str,
    kind: str,
    path: str = "",
    *,
    person: Person | None = None,
    facts: dict[str, Any] | None = None,
    secret: str = "",
    useless_after: datetime | None = None,
) -> None:
    """Queue one mail to an e-mail address.

    `secret` is appended to the path; it is erased once the mail is sent.
    """
    await Mail.create(
        kind=kind,
        person_id=person.id if person else None,
        email=email,
        language=language,
        path=path,
        facts=facts or {},
        secret=secret,
        useless_after=useless_after,
        due_at=now(),
    )


def in_all_languages(record: Any, name: str) -> dict[str, str]:
    """A bilingual field as {language: text}, for `Mail.facts`; a mail shows the text in its own language."""
    return {language: localized(record, name, language).text for language in site_languages()}


def next_digest_at(moment: datetime | None = None) -> datetime:
    """The UTC time of the next daily digest after `moment` (default: now)."""
    moment = moment or now()
    day = to_local(moment).date()
    today_at = start_of_day(day) + timedelta(hours=DIGEST_HOUR)
    return (
        today_at
        if today_at > moment
        else start_of_day(day + timedelta(days=1)) + timedelta(hours=DIGEST_HOUR)
    )


async def change_digest_preference(person: Person, *, wants_digest: bool) -> None:
    """Make mails that wait for the digest due at once, if the person no longer wants the daily digest."""
    if not wants_digest:
        await Mail.filter(person_id=person.id, state=MailState.UNSENT, for_digest=True).update(
            for_digest=False, due_at=now()
        )
