"""The chores of monitoring: mails about signals, and reading the certificate."""

from __future__ import annotations

import logging
from datetime import timedelta

from gallery.clock import now
from gallery.monitoring.alarms import notify_keepers
from gallery.monitoring.certificate import certificate_dates
from gallery.monitoring.maintenance import record_run
from gallery.monitoring.models import MaintenanceKind, MaintenanceRun
from gallery.monitoring.signals import Light, signals
from gallery.monitoring.state import read_state
from gallery.worker import Chore, ChoreContext

logger = logging.getLogger("gallery.monitoring")

CERTIFICATE_INTERVAL = timedelta(days=1)


async def notify_of_signals(context: ChoreContext) -> bool:
    """Notify keepers once a day of each signal that is not green, unless another mail reports it."""
    for signal in signals(await read_state(context.settings), context.settings):
        # A silent worker cannot report itself. alarms.watch_workers does it, in the serving process.
        if signal.is_mailed and signal.light != Light.GREEN and signal.name != "worker":
            await notify_keepers(signal)
    return False


async def read_certificate(context: ChoreContext) -> bool:
    """Read the site's certificate once a day. It is no error if the worker cannot reach the site's address.

    Nothing is tried where the worker checks no links, because it has no access to the web.
    """
    settings = context.settings
    read_lately = MaintenanceRun.filter(
        kind=MaintenanceKind.CERTIFICATE, ended_at__gt=now() - CERTIFICATE_INTERVAL
    )
    if not settings.is_https or not settings.check_links or await read_lately.exists():
        return False
    try:
        begins_at, ends_at = await certificate_dates(settings.site_url)
    except (OSError, ValueError) as error:
        logger.info("The certificate could not be read: %s", type(error).__name__)
        return False
    await record_run(
        MaintenanceKind.CERTIFICATE, begins_at=begins_at.isoformat(), ends_at=ends_at.isoformat()
    )
    return False


CHORES = [
    Chore("tell of signals", notify_of_signals, every=300),
    Chore("read the certificate", read_certificate, every=3600),
]
