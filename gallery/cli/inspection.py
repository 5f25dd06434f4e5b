"""`gallery check`: find where database, migrations and stored files disagree, and repair what can be
repaired.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from gallery.accounts.members import suspend_unconfirmed_memberships
from gallery.accounts.models import Person
from gallery.artists.models import Withdrawal
from gallery.audit.chain import chain_entries
from gallery.cli.common import ReportProgress
from gallery.cli.file_checks import UPLOAD_GRACE, scan_stores
from gallery.cli.findings import InspectionFinding
from gallery.cli.row_checks import (
    audit_log_breaks,
    broken_references,
    curators_in_organisations,
    faulty_consents,
    images_like_withdrawn_works,
    refused_and_stuck_images,
    refused_and_stuck_sounds,
    unfinished_erasures,
    unfinished_withdrawals,
)
from gallery.db.connection import Database, in_transaction
from gallery.images.models import Image, ImageState
from gallery.sounds.models import Sound, SoundState
from gallery.storage import Storage
from gallery.withdrawals.withdrawal import delete_files

RECHECK_DELAY = 2.0  # seconds before the second scan: the site may have been writing during the first


async def inspect(
    database: Database,
    storage: Storage,
    settling: timedelta = UPLOAD_GRACE,
    pause: float = RECHECK_DELAY,
    report_progress: ReportProgress = lambda what, done, total: None,
) -> list[InspectionFinding]:
    """All findings; or only the missing migrations, without which nothing else can be checked.

    Raises StoreUnavailable. Memory holds a few numbers for each image, and the keys of unexpected files.
    """
    missing = await database.missing_migrations()
    if missing:
        return [InspectionFinding("A migration was not applied", name, "gallery init") for name in missing]
    changes = [
        InspectionFinding("Models and migrations disagree", change, "Write the migration")
        for change in await database.unwritten_changes()
    ]
    look = await scan_stores(storage, settling, report_progress)
    if look:
        await asyncio.sleep(pause)
        look &= await scan_stores(storage, settling, report_progress)
    return [
        *changes,
        *await unfinished_withdrawals(),
        *await unfinished_erasures(),
        *look.findings(),
        *await refused_and_stuck_images(),
        *await refused_and_stuck_sounds(),
        *await images_like_withdrawn_works(),
        *[finding async for finding in broken_references(report_progress)],
        *await faulty_consents(),
        *[finding async for finding in audit_log_breaks(report_progress)],
        *await curators_in_organisations(),
    ]


async def mend(finding: InspectionFinding, storage: Storage) -> bool:
    """Repair what was found, if possible; returns whether it was repaired."""
    await storage.private.delete(*finding.private)
    if finding.public:
        await storage.public.delete(*finding.public)
        await storage.proxy_cache.purge()
    if finding.republish is not None:
        await Image.filter(id=finding.republish).update(is_public=False, has_tiles=False)
    if finding.redevelop is not None:
        again = Image.filter(id=finding.redevelop, state=ImageState.READY)
        await again.update(ready_at=None, lease_until=None, failures=0, losses=0)
    if finding.redevelop_sound is not None:
        made_again = Sound.filter(id=finding.redevelop_sound, state=SoundState.READY)
        await made_again.update(state=SoundState.RECEIVED, lease_until=None, failures=0)
    if finding.withdrawal is not None:
        await delete_files(await Withdrawal.get(id=finding.withdrawal), storage)
    if finding.membership is not None:
        async with in_transaction():
            await suspend_unconfirmed_memberships(await Person.get(memberships__id=finding.membership))
    while finding.unchained and await chain_entries():
        pass
    return bool(
        finding.private
        or finding.public
        or finding.republish
        or finding.redevelop
        or finding.redevelop_sound
        or finding.withdrawal
        or finding.unchained
        or finding.membership
    )
