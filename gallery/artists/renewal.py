"""Renewing a consent: record the new consent and move the works to it, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gallery.accounts.models import Person
from gallery.artists.consents import SCOPE_WORDS, NewConsent, lock_with_works, record_consent
from gallery.artists.models import SCOPES, Artist, Consent, ConsentState
from gallery.artworks.models import Artwork, Submission, may_hang
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.cases.models import Case
from gallery.db import content_version
from gallery.db.connection import in_transaction
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.page_keys import keys_of_works
from gallery.web.rendering import shown_date


class RenewalRefused(Exception):
    """The consent cannot be renewed; `sentence` tells the partner why."""

    def __init__(self, sentence: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence


async def renew(consent: Consent, values: NewConsent, by: Person) -> Consent:
    """Record a new consent that follows `consent`, and move the works to the new one. Raises RenewalRefused.

    Accepted works keep their places, so works that were hidden when the old consent ended are on view again.
    """
    while True:
        async with in_transaction():
            current = await lock_with_works([consent.id])
            if current is None:
                continue
            if current.withdrawn_at is not None:
                raise RenewalRefused(
                    _l(
                        "This consent was withdrawn, and its works are deleted. Record a new consent with a new work."
                    )
                )
            if await Consent.exists(follows_id=current.id):
                raise RenewalRefused(_l("This consent has already been renewed."))
            made = await record_consent(await Artist.get(id=current.artist_id), values, by, follows=current)
            await Artwork.filter(consent_id=current.id).update(consent_id=made.id)
            await Case.filter(consent_id=current.id).update(consent_id=made.id)
            await _repeat_checks(made)
            await record(
                Verb.CONSENT_RENEWED,
                current.id,
                with_id=made.id,
                organisation_id=consent.artist.organisation_id,
                by=by,
            )
            keys = await keys_of_works(consent_id=made.id)
            # Any page may name a case that begins or ends to be on view.
            works = sorted(key for key in keys if key.startswith(content_version.WORK))
            has_cases = await Case.exists(consent_id=made.id)
            await content_version.bump(None if has_cases else keys, rows=works if has_cases else None)
            return made


async def _repeat_checks(consent: Consent) -> None:
    """Repeat the checks of submissions that wait for review: their hints may be about the old consent."""
    await Submission.filter(artwork__consent_id=consent.id, is_waiting=True).update(checked_with=0)


async def count_returning_works(consent: Consent) -> int:
    """How many works are hidden only because this consent ended."""
    if consent.state() != ConsentState.EXPIRED:
        return 0
    return await Artwork.filter(may_hang(), consent_id=consent.id).count()


@dataclass(frozen=True)
class ComparedField:
    """One field of two consents, as text, to compare them."""

    label: str
    before: str
    after: str

    @property
    def is_different(self) -> bool:
        return self.before != self.after


def compare_consents(older: Consent, newer: Consent) -> list[ComparedField]:
    """Compare two consents field by field: scope, who agreed, first and last day."""

    def agreed(consent: Consent, name: str) -> str:
        return _("yes") if getattr(consent, f"for_{name}") else _("no")

    def until(consent: Consent) -> str:
        return shown_date(consent.ends_on) if consent.ends_on else _("until it is withdrawn")

    return [
        *(ComparedField(str(SCOPE_WORDS[name]), agreed(older, name), agreed(newer, name)) for name in SCOPES),
        ComparedField(_("Who agreed"), str(older.agreed_by.label), str(newer.agreed_by.label)),
        ComparedField(_("Runs from"), shown_date(older.starts_on), shown_date(newer.starts_on)),
        ComparedField(_("Until and including"), until(older), until(newer)),
    ]
