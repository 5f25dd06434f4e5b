"""Chores of withdrawals: finish interrupted withdrawals, and erase texts that older releases did not erase."""

from __future__ import annotations

from gallery.artists.consents import predecessors
from gallery.artists.models import Withdrawal
from gallery.artworks.models import Artwork, Status
from gallery.db.connection import in_transaction
from gallery.erasure import request_erasure
from gallery.web.texts import NO_TEXTS
from gallery.withdrawals.forgetting import forget_consent
from gallery.withdrawals.withdrawal import delete_files
from gallery.worker import Chore, ChoreContext


async def finish_withdrawal(context: ChoreContext) -> bool:
    """Delete the files of one unfinished withdrawal."""
    withdrawal = await Withdrawal.filter(files_deleted_at=None).order_by("id").first()
    if withdrawal is None:
        return False
    await delete_files(withdrawal, context.storage)
    return True


async def erase_earlier_words(context: ChoreContext) -> bool:
    """Erase the texts of one work that was withdrawn under an older release, which did not erase them.

    False if there is no such work.
    """
    kept = Artwork.filter(status=Status.WITHDRAWN).exclude(
        title=NO_TEXTS, medium=NO_TEXTS, consent__assent=""
    )
    work = await kept.order_by("id").select_related("consent").first()
    if work is None or work.consent is None:
        return False
    async with in_transaction():
        ids = [work.consent.id, *(older.id for older in await predecessors(work.consent))]
        await forget_consent(work.consent, ids)
        await request_erasure()
    return True


CHORES = [
    Chore("finish withdrawals", finish_withdrawal),
    Chore("erase words of earlier withdrawals", erase_earlier_words, every=3600),
]
