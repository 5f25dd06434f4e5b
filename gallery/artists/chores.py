"""What the worker does with withdrawals: finish one that a killed process left half done."""

from __future__ import annotations

from gallery.artists.models import Withdrawal
from gallery.artists.withdrawal import delete_files
from gallery.worker import Chore, Workshop


async def finish_withdrawal(workshop: Workshop) -> bool:
    """Delete the files of a withdrawal that is not finished."""
    withdrawal = await Withdrawal.filter(files_deleted_at=None).order_by("id").first()
    if withdrawal is None:
        return False
    await delete_files(withdrawal, workshop.storage)
    return True


CHORES = [Chore("finish withdrawals", finish_withdrawal)]
