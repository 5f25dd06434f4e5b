"""The next moment at which visitors' pages change without any edit."""

from __future__ import annotations

from datetime import datetime

from gallery.clock import now, start_of_tomorrow
from gallery.exhibitions.models import Edition


async def next_change() -> datetime:
    """The next opening, closing or midnight: the moment at which pages change without any edit.

    Consents begin and end, and calls open and close, at midnight.
    """
    moments = [start_of_tomorrow()]
    for field in ("opens_at", "closes_at"):
        edition = await Edition.filter(is_current=True, **{f"{field}__gt": now()}).order_by(field).first()
        if edition is not None:
            moments.append(getattr(edition, field))
    return min(moments)
