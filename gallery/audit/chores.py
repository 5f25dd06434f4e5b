"""What the worker does with the audit log: chain what was written."""

from __future__ import annotations

from gallery.audit.chain import chain_some
from gallery.worker import Chore, Workshop


async def chain(workshop: Workshop) -> bool:
    """Chain the entries that verbs have written since."""
    return await chain_some()


CHORES = [Chore("chain the audit log", chain)]
