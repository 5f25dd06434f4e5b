"""The state of the whole site from the database and the disks, read in few queries."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Generic, TypeVar

from tortoise.expressions import Q
from tortoise.functions import Count, Min

from gallery.artists.models import Withdrawal
from gallery.artworks.import_models import RUNNING_STATES, Import
from gallery.clock import now
from gallery.db.connection import QuerySet, sqlite_file
from gallery.db.models import WorkerBeat
from gallery.images.models import Image, ImageState
from gallery.mail.chores import TOO_LATE
from gallery.mail.models import Mail, MailState
from gallery.monitoring.models import MaintenanceKind, MaintenanceRun
from gallery.settings import Settings
from gallery.sounds.models import Sound, SoundState
from gallery.worker import HEARTBEAT_SECONDS

STATE_SECONDS = 10.0  # seconds for which a process uses the state again
DAY = timedelta(days=1)
SILENT_AFTER = timedelta(seconds=4 * HEARTBEAT_SECONDS)
ALARM_MAIL = "site_alarm"  # the kind of mails about signals; they do not count as stuck mails
MAX_WITHDRAWALS = 10_000  # the most withdrawals of a day whose durations are measured

T = TypeVar("T")


class Remembered(Generic[T]):
    """A value that is read on demand, at most once in `seconds`, and by one task at a time."""

    def __init__(self, read: Callable[[], Awaitable[T]], seconds: float) -> None:
        self._read = read
        self._seconds = seconds
        self._value: tuple[float, T] | None = None
        self._lock = asyncio.Lock()

    async def __call__(self) -> T:
        """The value. Raises the errors of reading it."""
        async with self._lock:
            if self._value is None or monotonic() - self._value[0] >= self._seconds:
                self._value = (monotonic(), await self._read())
            return self._value[1]


@dataclass(frozen=True)
class Queue:
    """The number of waiting things, and since when the oldest one has waited."""

    count: int = 0
    since: datetime | None = None

    def age(self, at: datetime) -> timedelta:
        return at - self.since if self.since else timedelta(0)

    def joined(self, other: Queue) -> Queue:
        since = [each.since for each in (self, other) if each.since]
        return Queue(self.count + other.count, min(since, default=None))


@dataclass(frozen=True)
class SiteState:
    """The state of the site at one moment."""

    at: datetime
    beats: tuple[WorkerBeat, ...] = ()
    runs: dict[MaintenanceKind, MaintenanceRun] = field(default_factory=dict)
    pictures: Queue = Queue()  # waiting for their first renditions
    pictures_late: int = 0  # of `pictures`, those for which the machine had no time or memory
    pictures_refused: int = 0
    sounds: Queue = Queue()  # waiting to be prepared
    sounds_late: int = 0  # of `sounds`, those for which the machine had no time or memory
    sounds_refused: int = 0
    mails: Queue = Queue()  # due and not sent, or tried without success
    mails_given_up: int = 0  # within the last day
    imports: Queue = Queue()  # being checked or imported
    withdrawals: Queue = Queue()  # withdrawals whose files are not deleted yet
    withdrawal_seconds: tuple[float, ...] = ()  # durations of the last day's withdrawals, in ascending order
    disks: dict[str, float] = field(default_factory=dict)  # folder → used part of its disk, 0 to 1

    def queues(self) -> dict[str, Queue]:
        """The queues by their names in metrics."""
        return {
            "pictures": self.pictures,
            "sounds": self.sounds,
            "mails": self.mails,
            "imports": self.imports,
            "withdrawals": self.withdrawals,
        }

    def is_alive(self, beat: WorkerBeat) -> bool:
        return self.at - beat.seen_at < SILENT_AFTER

    @property
    def alive(self) -> list[WorkerBeat]:
        return [beat for beat in self.beats if self.is_alive(beat)]


async def read_state(settings: Settings) -> SiteState:
    """Read the state. Raises the errors of the database."""
    at = now()
    # Without imports of sheets that nobody has confirmed.
    is_due = Q(attempt_after=None) | Q(attempt_after__lte=at) | Q(failures__gt=0)
    received = Image.filter(is_due, state=ImageState.RECEIVED)
    sounds = Sound.filter(state=SoundState.RECEIVED)
    unsent = Mail.filter(state=MailState.UNSENT, for_digest=False).exclude(kind=ALARM_MAIL)
    given_up = Mail.filter(state=MailState.GIVEN_UP, settled_at__gt=at - DAY)
    lately = Withdrawal.filter(at__gt=at - DAY, files_deleted_at__isnull=False).limit(MAX_WITHDRAWALS)
    return SiteState(
        at=at,
        beats=tuple(await WorkerBeat.all().order_by("-seen_at")),
        runs={MaintenanceKind(run.kind): run for run in await MaintenanceRun.all()},
        pictures=await _queue(received, "created_at"),
        pictures_late=await received.filter(failures__gt=0).count(),
        pictures_refused=await Image.filter(state=ImageState.REFUSED).count(),
        sounds=await _queue(sounds, "created_at"),
        sounds_late=await sounds.filter(failures__gt=0).count(),
        sounds_refused=await Sound.filter(state=SoundState.REFUSED).count(),
        # A mail that could not be sent is due again only after a pause.
        mails=(await _queue(unsent.filter(attempts=0, due_at__lte=at), "due_at")).joined(
            await _queue(unsent.filter(attempts__gt=0), "created_at")
        ),
        mails_given_up=await given_up.exclude(answer=TOO_LATE).exclude(kind=ALARM_MAIL).count(),
        imports=await _queue(Import.filter(state__in=RUNNING_STATES), "created_at"),
        withdrawals=await _queue(Withdrawal.filter(files_deleted_at__isnull=True), "at"),
        withdrawal_seconds=tuple(
            sorted(
                (ended_at - started_at).total_seconds()
                for started_at, ended_at in await lately.values_list("at", "files_deleted_at")
            )
        ),
        disks=await asyncio.to_thread(used_disks, settings),
    )


async def _queue(rows: QuerySet[Any], column: str) -> Queue:
    (row,) = await rows.annotate(number=Count("id"), since=Min(column)).values("number", "since")
    since = row["since"]
    return Queue(row["number"], datetime.fromisoformat(since) if isinstance(since, str) else since)


def used_disks(settings: Settings) -> dict[str, float]:
    """Folder → used share of its disk, 0 to 1. A disk with several of the site's folders is listed once."""
    database = sqlite_file(settings.database_url)
    folders = {"home": settings.home, "pictures": settings.media}
    if database is not None:
        folders["database"] = database.parent
    used: dict[str, float] = {}
    devices = set[int]()
    for name, folder in folders.items():
        device = _device(folder)
        if device is not None and device not in devices:
            devices.add(device)
            usage = shutil.disk_usage(folder)
            used[name] = usage.used / ((usage.used + usage.free) or 1)  # without root's reserved space
    return used


def _device(folder: Path) -> int | None:
    return folder.stat().st_dev if folder.is_dir() else None
