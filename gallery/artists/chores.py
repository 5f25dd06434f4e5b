"""What the worker does with consents: finish withdrawals that were left half done, remind of those that end."""

from __future__ import annotations

from gallery.artists.models import Withdrawal
from gallery.artists.reminders import remind_of_next
from gallery.artists.withdrawal import delete_files
from gallery.worker import Chore, Workshop


async def finish_withdrawal(workshop: Workshop) -> bool:
    """Delete the files of a withdrawal that is not finished."""
    withdrawal = await Withdrawal.filter(files_deleted_at=None).order_by("id").first()
    if withdrawal is None:
        return False
    await delete_files(withdrawal, workshop.storage)
    return True


async def remind(workshop: Workshop) -> bool:
    """Remind an organisation of one consent that ends soon."""
    return await remind_of_next()


CHORES = [
    Chore("finish withdrawals", finish_withdrawal),
    Chore("remind of consents that end", remind, every=600),
]
