"""What the worker does with the audit log: chain what was written."""

from __future__ import annotations

from gallery.audit.chain import chain_entries
from gallery.worker import Chore, ChoreContext


async def chain_audit_log(context: ChoreContext) -> bool:
    """Chain the entries that verbs have written since."""
    return await chain_entries()


CHORES = [Chore("chain the audit log", chain_audit_log)]
