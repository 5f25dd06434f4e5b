"""Metrics of a process and of the site, in Prometheus' text format.

A metric with the label `process` is about the process that answers. All others are about the whole site, and
the same in every process.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from importlib.metadata import version
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import Scope

from gallery.monitoring.signals import SEVERITY, signals
from gallery.monitoring.state import SiteState
from gallery.settings import Settings
from gallery.web.languages import site_languages

LAG_INTERVAL = 0.5  # seconds between two measurements of the event loop's lag
SECONDS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# The first part of a path → the kind of request. A language means a page.
KINDS = {
    **dict.fromkeys(("media", "iiif", "logos", "sharing"), "picture"),
    **dict.fromkeys(("healthz", "readyz", "metrics"), "monitoring"),
    **{kind: kind for kind in ("desk", "api", "static")},
    "fonts": "static",
}

QUEUES = {
    "pictures": "Pictures that wait for their first renditions",
    "sounds": "Voices that wait to be prepared",
    "mails": "Mails that are due and not sent",
    "imports": "Imports that are being checked or carried out",
    "withdrawals": "Withdrawals whose files are not deleted yet",
}

# Otherwise each counter would have a second metric with the time of its creation.
disable_created_metrics()  # type: ignore[no-untyped-call]


class CountingCache(Protocol):
    """A cache of responses; see `PageCache`."""

    hits: int
    weight: int


def kind_of(path: str) -> str:
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return "page" if first in site_languages() else KINDS.get(first, "other")


class Metrics:
    """The counters of one process, and the registry that prints them."""

    def __init__(self, settings: Settings) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "gallery_requests",
            "Requests that no cache answered, by kind and status.",
            ["process", "kind", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "gallery_request_seconds",
            "Time until the response starts, without waiting for the visitor's body.",
            ["process", "kind"],
            buckets=SECONDS_BUCKETS,
            registry=self.registry,
        )
        self._lag = Histogram(
            "gallery_event_loop_lag_seconds",
            "How much later than asked the event loop wakes a task.",
            ["process"],
            buckets=SECONDS_BUCKETS,
            registry=self.registry,
        )
        self._site = SiteCollector(settings)
        self.registry.register(self._site)

    def add_caches(self, **caches: CountingCache) -> None:
        self._site.caches.update(caches)

    def count_request(self, scope: Scope, status: int, seconds: float) -> None:
        process, kind = str(os.getpid()), kind_of(scope["path"])
        self._requests.labels(process, kind, str(status)).inc()
        self._seconds.labels(process, kind).observe(seconds)

    async def measure_lag(self) -> None:
        """Measure the event loop's lag until cancelled."""
        clock = asyncio.get_running_loop().time
        while True:
            expected = clock() + LAG_INTERVAL
            await asyncio.sleep(LAG_INTERVAL)
            self._lag.labels(str(os.getpid())).observe(max(0.0, clock() - expected))

    def text(self, state: SiteState | None) -> bytes:
        """All metrics. Without `state`, when the database does not answer: only the metrics of this process."""
        self._site.state = state
        return generate_latest(self.registry)


class SiteCollector(Collector):
    """Metrics that are read at each request for them: the caches of this process, and the state of the site."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.caches: dict[str, CountingCache] = {}
        self.state: SiteState | None = None

    def collect(self) -> Iterator[Metric]:
        info = GaugeMetricFamily("gallery_info", "The version of the gallery.", labels=["version"])
        info.add_metric([version("gallery")], 1)
        yield info
        yield from self._caches()
        up = self.state is not None
        yield GaugeMetricFamily("gallery_database_up", "1 if the database answers.", value=float(up))
        if self.state is not None:
            yield from self._state(self.state)

    def _caches(self) -> Iterator[Metric]:
        process = str(os.getpid())
        hits = CounterMetricFamily(
            "gallery_cache_hits", "Requests that a cache answered.", labels=["process", "cache"]
        )
        size = GaugeMetricFamily(
            "gallery_cache_bytes", "Memory of a cache, estimated from above.", labels=["process", "cache"]
        )
        for name, cache in self.caches.items():
            hits.add_metric([process, name], cache.hits)
            size.add_metric([process, name], cache.weight)
        yield hits
        yield size

    def _state(self, state: SiteState) -> Iterator[Metric]:
        for name, queue in state.queues().items():
            what = QUEUES[name]
            yield GaugeMetricFamily(f"gallery_{name}_waiting", f"{what}.", value=queue.count)
            age = queue.age(state.at).total_seconds()
            yield GaugeMetricFamily(
                f"gallery_{name}_waiting_seconds", f"{what}: the age of the oldest.", value=age
            )
        took = state.withdrawal_seconds
        single = {
            "pictures_late": (state.pictures_late, "Waiting pictures for which time or memory was short."),
            "pictures_refused": (state.pictures_refused, "Pictures that could not be prepared."),
            "sounds_late": (state.sounds_late, "Waiting voices for which time or memory was short."),
            "sounds_refused": (state.sounds_refused, "Voices that could not be prepared."),
            "mails_given_up": (state.mails_given_up, "Mails that were given up within a day."),
            "withdrawals_last_day": (len(took), "Withdrawals of the last day that are complete."),
            "withdrawal_median_seconds": (
                took[len(took) // 2] if took else 0,
                "From a withdrawal to the deletion of its last file: the median of the last day.",
            ),
            "withdrawal_longest_seconds": (took[-1] if took else 0, "The same: the longest of the last day."),
            "workers_alive": (len(state.alive), "Workers that have been seen within 40 seconds."),
            "chore_failures": (
                sum(beat.failures for beat in state.alive),
                "Steps of chores that failed since these workers started.",
            ),
        }
        for name, (value, what) in single.items():
            yield GaugeMetricFamily(f"gallery_{name}", what, value=value)
        disks = GaugeMetricFamily("gallery_disk_used_ratio", "How full a disk is, 0 to 1.", labels=["disk"])
        for disk, used in state.disks.items():
            disks.add_metric([disk], used)
        yield disks
        lights = GaugeMetricFamily(
            "gallery_signal", "The traffic light: 0 green, 1 amber, 2 red.", labels=["name"]
        )
        for signal in signals(state, self.settings):
            lights.add_metric([signal.name], SEVERITY[signal.light])
        yield lights
