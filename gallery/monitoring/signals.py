"""The traffic light: green, amber or red for each thing that keepers watch.

Pure functions of a SiteState. The keepers' page, `gallery status`, /metrics and the mails to keepers all read
these signals.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from babel.support import LazyProxy

from gallery.monitoring.models import MaintenanceKind
from gallery.monitoring.state import SiteState
from gallery.settings import Settings
from gallery.web.languages import LabelledEnum
from gallery.web.languages import lazy_gettext as _l
from gallery.web.rendering import shown_moment

# More than a day: a nightly backup does not end at the same minute each night.
BACKUP_MAX_AGE = timedelta(hours=26)
DISK_AMBER, DISK_RED = 0.85, 0.95
MAILS_STUCK_AFTER = timedelta(hours=1)
PICTURES_LATE_AFTER = timedelta(hours=1)
WITHDRAWAL_LATE_AFTER = timedelta(minutes=10)
FAILURE_SHOWN_FOR = timedelta(hours=1)
CERTIFICATE_AMBER, CERTIFICATE_RED = timedelta(days=14), timedelta(days=3)
CERTIFICATE_KNOWN_FOR = timedelta(days=3)  # an older reading is not trusted: it may have been renewed


class Light(LabelledEnum):
    GREEN = "green", _l("in order")
    AMBER = "amber", _l("needs attention")
    RED = "red", _l("act now")


SEVERITY = {Light.GREEN: 0, Light.AMBER: 1, Light.RED: 2}


@dataclass(frozen=True)
class Signal:
    """One thing that a keeper watches. The texts are lazy: they use the reader's language."""

    name: str  # identifies the signal in metrics and mails
    heading: Any
    light: Light
    sentence: Any
    advice: Any = ""
    is_mailed: bool = False  # whether keepers get a mail about it, once a day


def worst(signals: list[Signal]) -> Light:
    return max((signal.light for signal in signals), key=SEVERITY.__getitem__, default=Light.GREEN)


def signals(state: SiteState, settings: Settings) -> list[Signal]:
    return [
        _worker(state),
        _withdrawals(state),
        _backup(state),
        _check(state),
        _disk(state),
        _mails(state, settings),
        _pictures(state),
        _certificate(state, settings),
    ]


def _lazy_moment(moment: datetime) -> Any:
    return LazyProxy(shown_moment, moment, enable_cache=False)


def _worker(state: SiteState) -> Signal:
    name, heading = "worker", _l("Worker")
    alive = state.alive
    if not alive:
        sentence = (
            _l("No worker has been seen since %(moment)s.", moment=_lazy_moment(state.beats[0].seen_at))
            if state.beats
            else _l("No worker has been seen recently.")
        )
        advice = _l(
            "Until one runs, no pictures are prepared and no mails are sent. Start the service again."
        )
        return Signal(name, heading, Light.RED, sentence, advice, is_mailed=True)
    replaced = {beat.host for beat in alive}  # hosts where another worker runs in place of a killed one
    silent = [beat for beat in state.beats if not state.is_alive(beat) and beat.host not in replaced]
    if silent:
        sentence = _l("One worker has been silent since %(moment)s.", moment=_lazy_moment(silent[0].seen_at))
        return Signal(name, heading, Light.AMBER, sentence, _l("Another one is alive and does the work."))
    failed = [beat.failed_at for beat in alive if beat.failed_at is not None]
    if failed and state.at - max(failed) < FAILURE_SHOWN_FOR:
        sentence = _l("A chore failed at %(moment)s.", moment=_lazy_moment(max(failed)))
        return Signal(
            name, heading, Light.AMBER, sentence, _l("It is tried again. The log says why it failed.")
        )
    return Signal(name, heading, Light.GREEN, _l("Workers that are alive: %(count)s.", count=len(alive)))


def _withdrawals(state: SiteState) -> Signal:
    name, heading, waiting = "withdrawals", _l("Withdrawals"), state.withdrawals
    if waiting.age(state.at) > WITHDRAWAL_LATE_AFTER:
        sentence = _l(
            "Withdrawals whose files are not deleted yet: %(count)s, the oldest since %(moment)s.",
            count=waiting.count,
            moment=_lazy_moment(waiting.since or state.at),
        )
        advice = _l(
            "The works are off every page. The worker tries again; the log says what the store or the cache answers."
        )
        return Signal(name, heading, Light.RED, sentence, advice, is_mailed=True)
    if waiting.count:
        return Signal(
            name, heading, Light.GREEN, _l("Files are being deleted: %(count)s.", count=waiting.count)
        )
    return Signal(name, heading, Light.GREEN, _l("All are complete."))


def _backup(state: SiteState) -> Signal:
    name, heading = "backup", _l("Backup")
    run = state.runs.get(MaintenanceKind.BACKUP)
    advice = _l("Look at the backup's last messages, and run it again.")
    if run is None:
        setup = state.runs.get(MaintenanceKind.SETUP)
        is_new = setup is None or state.at - setup.ended_at < BACKUP_MAX_AGE
        return Signal(
            name,
            heading,
            Light.AMBER if is_new else Light.RED,
            _l("No backup is known yet."),
            _l("Set up a nightly backup."),
            is_mailed=not is_new,
        )
    moment = _lazy_moment(run.ended_at)
    if state.at - run.ended_at > BACKUP_MAX_AGE:
        sentence = _l("The last backup is more than a day old: %(moment)s.", moment=moment)
        return Signal(name, heading, Light.RED, sentence, advice, is_mailed=True)
    if run.facts.get("damaged"):
        sentence = _l(
            "The last backup left out damaged files: %(count)s (%(moment)s).",
            count=run.facts["damaged"],
            moment=moment,
        )
        advice = _l("Copy the good files back from the backup's folder.")
        return Signal(name, heading, Light.AMBER, sentence, advice, is_mailed=True)
    return Signal(name, heading, Light.GREEN, _l("The last one ended at %(moment)s.", moment=moment))


def _check(state: SiteState) -> Signal:
    name, heading = "check", _l("Check of database and pictures")
    run = state.runs.get(MaintenanceKind.CHECK)
    if run is None:
        return Signal(name, heading, Light.GREEN, _l("Not run yet."))
    moment = _lazy_moment(run.ended_at)
    if run.facts.get("problems"):
        sentence = _l(
            "The last check found problems: %(count)s (%(moment)s).",
            count=run.facts["problems"],
            moment=moment,
        )
        advice = _l("Run the check again on the server: it names each problem and what to do.")
        return Signal(name, heading, Light.RED, sentence, advice, is_mailed=True)
    return Signal(name, heading, Light.GREEN, _l("The last one found nothing: %(moment)s.", moment=moment))


def _disk(state: SiteState) -> Signal:
    name, heading = "disk", _l("Disk")
    used = max(state.disks.values(), default=0.0)
    light = Light.RED if used > DISK_RED else Light.AMBER if used > DISK_AMBER else Light.GREEN
    percent = int(used * 100)
    if light == Light.GREEN:
        return Signal(name, heading, light, _l("%(percent)s%% are used.", percent=percent))
    sentence = _l("The disk is %(percent)s%% full.", percent=percent)
    advice = _l("Make room before it is full: then nothing can be uploaded, saved or withdrawn completely.")
    return Signal(name, heading, light, sentence, advice, is_mailed=True)


def _mails(state: SiteState, settings: Settings) -> Signal:
    name, heading, waiting = "mails", _l("Mails"), state.mails
    if not settings.mail_server:
        sentence = _l("No mail server is set: mails are kept in the outbox and reach nobody.")
        return Signal(name, heading, Light.GREEN, sentence)
    if waiting.age(state.at) > MAILS_STUCK_AFTER:
        sentence = _l(
            "Mails that cannot be sent: %(count)s, the oldest since %(moment)s.",
            count=waiting.count,
            moment=_lazy_moment(waiting.since or state.at),
        )
        advice = _l("The outbox shows what the mail server answers.")
        return Signal(name, heading, Light.RED, sentence, advice, is_mailed=True)
    if state.mails_given_up:  # other mails report these
        sentence = _l("Mails that were given up within a day: %(count)s.", count=state.mails_given_up)
        advice = _l("The outbox shows what the mail server answers.")
        return Signal(name, heading, Light.AMBER, sentence, advice)
    return Signal(name, heading, Light.GREEN, _l("Waiting to be sent: %(count)s.", count=waiting.count))


def _pictures(state: SiteState) -> Signal:
    name, heading, waiting = "pictures", _l("Pictures"), state.pictures
    if state.pictures_late or waiting.age(state.at) > PICTURES_LATE_AFTER:  # other mails report these
        sentence = _l(
            "Pictures to be prepared: %(count)s, the oldest since %(moment)s.",
            count=waiting.count,
            moment=_lazy_moment(waiting.since or state.at),
        )
        advice = _l("If this lasts, the server needs more memory or fewer other tasks.")
        return Signal(name, heading, Light.AMBER, sentence, advice)
    return Signal(name, heading, Light.GREEN, _l("Waiting to be prepared: %(count)s.", count=waiting.count))


def _certificate(state: SiteState, settings: Settings) -> Signal:
    name, heading = "certificate", _l("Certificate")
    if not settings.is_https:
        return Signal(name, heading, Light.GREEN, _l("The site's address does not begin with https."))
    run = state.runs.get(MaintenanceKind.CERTIFICATE)
    if run is None or state.at - run.ended_at > CERTIFICATE_KNOWN_FOR:
        sentence = _l("The server could not read its own certificate within the last days.")
        return Signal(name, heading, Light.GREEN, sentence, _l("This alone is no sign of a fault."))
    begins_at, ends_at = (datetime.fromisoformat(run.facts[each]) for each in ("begins_at", "ends_at"))
    left, moment = ends_at - state.at, _lazy_moment(ends_at)
    # If a certificate is valid for only a few days, it is also renewed only a few days before its end.
    shortness = min(1.0, (ends_at - begins_at) / 4 / CERTIFICATE_AMBER)
    if left > CERTIFICATE_AMBER * shortness:
        return Signal(name, heading, Light.GREEN, _l("It is valid until %(moment)s.", moment=moment))
    light = Light.RED if left < CERTIFICATE_RED * shortness else Light.AMBER
    sentence = (
        _l("The certificate ends at %(moment)s.", moment=moment)
        if left > timedelta(0)
        else _l("The certificate ended at %(moment)s.", moment=moment)
    )
    advice = _l("Browsers refuse the site without a valid certificate. See why it was not renewed.")
    return Signal(name, heading, light, sentence, advice, is_mailed=True)
