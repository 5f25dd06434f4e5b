"""The chore of the audit log: chaining new entries."""

from __future__ import annotations

from gallery.audit.chain import chain_entries
from gallery.worker import Chore, ChoreContext


async def chain_audit_log(context: ChoreContext) -> bool:
    return await chain_entries()


CHORES = [Chore("chain the audit log", chain_audit_log)]
