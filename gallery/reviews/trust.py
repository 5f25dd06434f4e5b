"""Trusted organisations: which of their works are accepted automatically, and which a curator checks later.

At every level of trust, a curator reviews a work that cannot be accepted yet, has a serious hint, is sent
again, or is by an artist with an earlier veto or risk.
"""

from __future__ import annotations

import hashlib
import hmac
from contextlib import suppress

from tortoise.expressions import Q

from gallery.accounts.members import organisations_with_conflict
from gallery.accounts.models import Person
from gallery.artworks.models import Artwork, Submission
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction
from gallery.organisations.models import Organisation, Trust
from gallery.reviews import decisions
from gallery.reviews.acceptance import acceptance_blockers
from gallery.reviews.checks import CHECKS_VERSION
from gallery.reviews.decisions import DecisionRefused, open_scoring_round
from gallery.reviews.models import Hint, LaterCheck, Risk, Veto
from gallery.web.edit_conflicts import EditConflict
from gallery.web.site_settings import load_site as current_site
from gallery.worker import ChoreContext

# Check → the rules whose findings a curator has to see; None: all rules.
SERIOUS_RULES: dict[str, frozenset[str] | None] = {
    "personal_data": None,
    "duplicates": None,
    "alt_text": frozenset({"file_name", "diagnosis"}),
    "consent": frozenset({"not_in_force", "not_web", "no_assent"}),
}


def is_serious(hint: Hint) -> bool:
    rules = SERIOUS_RULES.get(hint.check, frozenset())
    return hint.is_open and (rules is None or hint.facts.get("rule", "") in rules)


def is_sampled(key: str, artwork_id: int, percent: int) -> bool:
    """Whether the work is in the sample of `percent` % that curators review.

    The result for a work is always the same, and no partner can predict it. `key`: the site's secret.
    """
    digest = hmac.digest(key.encode(), f"sampled work {artwork_id}".encode(), hashlib.sha256)
    return int.from_bytes(digest[:8], "big") * 100 < percent << 64


async def needs_review(artwork: Artwork, submission: Submission, key: str) -> bool:
    """Whether a curator has to review a submission of a trusted organisation. `key`: the site's secret."""
    organisation = await Organisation.get(id=artwork.organisation_id)
    if organisation.trust == Trust.EVERY or not organisation.is_active:
        return True
    if submission.is_proposal or submission.number > 1 or await open_scoring_round(artwork) is not None:
        return True
    await artwork.fetch_related("image", "consent")
    # A person has to listen to a voice, and to look at each picture of a work with several.
    if artwork.sound_id is not None or artwork.more_pictures:
        return True
    if acceptance_blockers(artwork, artwork.image, None, artwork.consent):
        return True
    if any(is_serious(hint) for hint in await Hint.filter(submission_id=submission.id)):
        return True
    same_artist = Q(artwork__artist_id=artwork.artist_id)
    if (
        await Veto.filter(same_artist).exists()
        or await Risk.filter(review__artwork__artist_id=artwork.artist_id).exists()
    ):
        return True
    percent = (await current_site()).sample_percent
    return organisation.trust == Trust.SAMPLED and is_sampled(key, artwork.id, percent)


async def accept_next_trusted(context: ChoreContext) -> bool:
    """Accept the oldest submission of a trusted organisation, or leave it to curators.

    Returns False if there is none.
    """
    waiting = Submission.filter(awaits_trust=True, is_waiting=True, checked_with__gte=CHECKS_VERSION)
    submission = await waiting.order_by("id").first()
    if submission is None:
        return False
    artwork = await Artwork.get(id=submission.artwork_id)
    if not await needs_review(artwork, submission, context.settings.secret_key):
        with suppress(
            DecisionRefused, EditConflict
        ):  # a curator holds the work, or it has changed: leave it to curators
            await decisions.accept_automatically(artwork, submission)
    await Submission.filter(id=submission.id).update(awaits_trust=False)
    return True


async def mark_checked(ids: list[int], by: Person) -> int:
    """Record that a curator has looked at automatically accepted works and found them right.

    Returns the number of works. Works of the curator's own organisations are left to another curator.
    """
    async with in_transaction():
        open_checks = LaterCheck.filter(id__in=ids, looked_at__isnull=True)
        own = await organisations_with_conflict(by.id)
        checks = await open_checks.exclude(review__artwork__organisation_id__in=[0, *own]).prefetch_related(
            "review__artwork"
        )
        for check in checks:
            artwork = check.review.artwork
            await record(
                Verb.WORK_LOOKED_AT_LATER, artwork.id, organisation_id=artwork.organisation_id, by=by
            )
        await LaterCheck.filter(id__in=[each.id for each in checks]).update(
            looked_at=now(), looked_by_id=by.id
        )
        return len(checks)
