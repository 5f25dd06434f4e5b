"""Renewing a consent: a new one follows it, and its works move there, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gallery.accounts.models import Person
from gallery.artists.consents import SCOPE_WORDS, NewConsent, lock_with_works, record_consent
from gallery.artists.models import SCOPES, Artist, Consent, ConsentState
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db import content_version
from gallery.db.connection import in_transaction
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.rendering import shown_date


class RenewalRefused(Exception):
    """The consent cannot be renewed; `sentence` says why."""

    def __init__(self, sentence: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence


async def renew(consent: Consent, told: NewConsent, by: Person) -> Consent:
    """Record the consent that follows `consent`, and move its works there. Raises RenewalRefused.

    What was accepted hangs where it hung, so a work that left the wall when the old consent ended is on view again.
    """
    while True:
        async with in_transaction():
            held = await lock_with_works([consent.id])
            if held is None:
                continue
            if held.withdrawn_at is not None:
                raise RenewalRefused(
                    _l(
                        "This consent was withdrawn, and its works are deleted. Record a new consent with a new work."
                    )
                )
            if await Consent.exists(follows_id=held.id):
                raise RenewalRefused(_l("This consent was renewed already."))
            made = await record_consent(await Artist.get(id=held.artist_id), told, by, follows=held)
            await held.artworks.all().update(consent_id=made.id)
            await _repeat_checks(made)
            await record(
                Verb.CONSENT_RENEWED,
                held.id,
                with_id=made.id,
                organisation_id=consent.artist.organisation_id,
                by=by,
            )
            await content_version.bump()
            return made


async def _repeat_checks(consent: Consent) -> None:
    """Have what curators are told about works that wait for them looked at again: it may have been about the old consent."""
    works = Consent._meta.fields_map["artworks"].related_model._meta.fields_map  # type: ignore[attr-defined]
    waiting = works["submissions"].related_model.filter(artwork__consent_id=consent.id, is_waiting=True)
    await waiting.update(checked_with=0)


async def count_returning_works(consent: Consent) -> int:
    """How many accepted works are away only because this consent ended."""
    if consent.state() != ConsentState.EXPIRED:
        return 0
    return await consent.artworks.all().filter(status="accepted").count()


@dataclass(frozen=True)
class ComparedField:
    """One thing of two consents, side by side, in words."""

    label: str
    before: str
    after: str

    @property
    def is_different(self) -> bool:
        return self.before != self.after


def compare_consents(older: Consent, newer: Consent) -> list[ComparedField]:
    """What an older consent says and what the newer one does: scope, who agreed, and from when until when."""

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
