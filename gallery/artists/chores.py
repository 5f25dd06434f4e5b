"""What the worker does with consents: finish withdrawals that were left half done, remind of those that end."""

from __future__ import annotations

from gallery.artists.consents import predecessors
from gallery.artists.erased_words import erase_words, model
from gallery.artists.models import Withdrawal
from gallery.artists.reminders import remind_of_next_ending
from gallery.artists.withdrawal import delete_files
from gallery.db.connection import in_transaction
from gallery.erasure import request_erasure
from gallery.worker import Chore, ChoreContext


async def finish_withdrawal(context: ChoreContext) -> bool:
    """Delete the files of a withdrawal that is not finished."""
    withdrawal = await Withdrawal.filter(files_deleted_at=None).order_by("id").first()
    if withdrawal is None:
        return False
    await delete_files(withdrawal, context.storage)
    return True


async def erase_earlier_words(context: ChoreContext) -> bool:
    """Erase the words of a withdrawal of before this was done with it; False where there is none."""
    kept = model("Artwork").filter(status="withdrawn").exclude(title="", medium="", consent__assent="")
    work = await kept.order_by("id").select_related("consent").first()
    if work is None:
        return False
    async with in_transaction():
        ids = [work.consent_id, *(older.id for older in await predecessors(work.consent))]
        await erase_words(work.consent, ids)
        await request_erasure()
    return True


async def remind_of_ending_consent(context: ChoreContext) -> bool:
    """Remind an organisation of one consent that ends soon."""
    return await remind_of_next_ending()


CHORES = [
    Chore("finish withdrawals", finish_withdrawal),
    Chore("erase words of earlier withdrawals", erase_earlier_words, every=3600),
    Chore("remind of consents that end", remind_of_ending_consent, every=600),
]
