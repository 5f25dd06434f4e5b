"""Mails to keepers about signals, once a day for each signal."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Any

from gallery.accounts.models import Person, Role
from gallery.clock import now, today
from gallery.db.models import WorkerBeat
from gallery.mail.chores import send_next
from gallery.mail.outbox import Notification, notify
from gallery.monitoring.signals import Light, Signal, signals
from gallery.monitoring.state import ALARM_MAIL, read_state
from gallery.web.languages import site_languages, use_language
from gallery.worker import ChoreContext

logger = logging.getLogger("gallery.monitoring")

WATCH_SECONDS = 60.0  # time between two checks of the workers
WORKER_MISSED_AFTER = timedelta(minutes=5)


async def notify_keepers(signal: Signal) -> None:
    """Queue a mail to each keeper about `signal`, unless there was one today."""
    notification = Notification(
        ALARM_MAIL,
        f"/desk/worker#{signal.name}",
        {"sentence": _in_all_languages(signal.sentence), "advice": _in_all_languages(signal.advice)},
        key=f"alarm-{signal.name}:{today()}",
        is_for_digest=False,
    )
    await notify(await Person.filter(role=Role.KEEPER, is_active=True), notification)


def _in_all_languages(text: Any) -> dict[str, str]:
    texts = {}
    for language in site_languages():
        with use_language(language):
            texts[language] = str(text)
    return texts


async def watch_workers(context: ChoreContext) -> None:
    """Runs in a serving process: notify keepers if no worker has been seen for minutes.

    Usually the worker sends mails, so this process sends these mails itself. Runs until cancelled.
    """
    started_at = now()
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        try:
            await tell_of_silent_workers(context, started_at)
        except Exception:  # for example, the database is unreachable: the next check is in a minute
            logger.exception("The workers could not be looked for")


async def tell_of_silent_workers(context: ChoreContext, started_at: datetime) -> None:
    """Mail the signal about workers if none was seen for WORKER_MISSED_AFTER and this process has run for as long."""
    since = now() - WORKER_MISSED_AFTER
    if started_at > since or await WorkerBeat.filter(seen_at__gt=since).exists():
        return
    for signal in signals(await read_state(context.settings), context.settings):
        if signal.name == "worker" and signal.light == Light.RED:
            await notify_keepers(signal)
            while await send_next(context, kind=ALARM_MAIL):
                pass
