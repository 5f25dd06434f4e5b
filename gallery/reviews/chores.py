"""What the worker does for reviews: look at what was sent before a curator comes, and forget old reports."""

from __future__ import annotations

from datetime import timedelta

from gallery.clock import now
from gallery.reviews.hints import check_next
from gallery.reviews.models import Report
from gallery.reviews.trust import accept_next
from gallery.worker import Chore, Workshop

FORGOTTEN_AFTER = timedelta(days=180)


async def forget_closed(workshop: Workshop) -> bool:
    """Delete reports that were closed half a year ago, with the address of whoever sent them."""
    await Report.filter(closed_at__lt=now() - FORGOTTEN_AFTER).delete()
    return False


CHORES = [
    Chore("check submissions", check_next, every=2),
    Chore("accept what needs no review", accept_next, every=2),
    Chore("forget closed reports", forget_closed, every=3600),
]
