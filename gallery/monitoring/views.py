"""Endpoints for monitoring programs: /healthz, /readyz and /metrics. No page links to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gallery.monitoring.state import SiteState
from gallery.web.rendering import settings_of
from gallery.web.security import client_address

if TYPE_CHECKING:
    from gallery.monitoring.monitor import Monitor

HEADERS = {"cache-control": "no-store", "x-robots-tag": "noindex"}
FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip", "via")  # headers that a proxy adds


def monitor_of(request: Request) -> Monitor:
    monitor: Monitor = request.app.state.monitor
    return monitor


async def health(request: Request) -> Response:
    """Says that this process answers. Nothing else is checked."""
    return PlainTextResponse("ok\n", headers=HEADERS)


async def readiness(request: Request) -> Response:
    """503 if this process cannot serve pages; with `?all`, also if anything else is wrong."""
    found = await monitor_of(request).readiness.examine()
    wanted = ("ready",) if "all" in request.query_params else ("ready", "degraded")
    return JSONResponse(found, 200 if found["status"] in wanted else 503, headers=HEADERS)


async def metrics(request: Request) -> Response:
    """The metrics, for clients in GALLERY_METRICS_ALLOW; 404 for all others."""
    if not may_read_metrics(request):
        raise HTTPException(404)
    monitor = monitor_of(request)
    try:
        state: SiteState | None = await monitor.state()
    except Exception:  # for any error of the database, the metrics of the process are still returned
        state = None
    return Response(monitor.metrics.text(state), media_type=CONTENT_TYPE_PLAIN_0_0_4, headers=HEADERS)


def may_read_metrics(request: Request) -> bool:
    """Whether the client's address is allowed.

    A loopback address does not count if a proxy has forwarded the request: behind a proxy that hides its
    visitors, all of them would have a loopback address.
    """
    address = client_address(request)
    if address is None:
        return False
    if address.is_loopback and any(name in request.headers for name in FORWARDED):
        return False
    return any(address in network for network in settings_of(request).metrics_networks)


routes = [
    Route("/healthz", health, name="monitoring:health", methods=["GET"]),
    Route("/readyz", readiness, name="monitoring:readiness", methods=["GET"]),
    Route("/metrics", metrics, name="monitoring:metrics", methods=["GET"]),
]
