"""ASGI middleware that protects the site (cross-origin requests, NUL characters, headers), and rate limits."""

from __future__ import annotations

import ipaddress
import re
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gallery.settings import Settings
from gallery.web.rendering import content_security_policy

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

# For pages with a form and a secret URL. Browsers do not send the URL's path as a referrer, not even to this
# site, because its logs could contain the referrer. `no-referrer` is too strict: browsers would then send the
# form with `Origin: null`, which looks like a form of another site.
REFERRER_WITHOUT_PATH = {"referrer-policy": "strict-origin"}
SECRET_PATH = re.compile(
    r"/c/|/[^/]+/(consent|supporter)/"
)  # with the code of a slip, a request, or a supporter


class CrossOriginMiddleware:
    """Refuses unsafe methods from another site's page with 403.

    Checks the header Sec-Fetch-Site if the browser sends it, else compares Origin with Host. A request with
    neither Sec-Fetch-Site nor Origin does not come from a browser, so it cannot misuse a person's cookie.
    (The rule of Go's net/http CrossOriginProtection.) Paths below `without_cookies` are exempt: no cookie
    gives access there.
    """

    def __init__(self, app: ASGIApp, without_cookies: str = "") -> None:
        self.app = app
        self.without_cookies = without_cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and scope["method"] not in SAFE_METHODS
            and not (self.without_cookies and scope["path"].startswith(self.without_cookies))
            and is_cross_origin(Headers(scope=scope))
        ):
            body = b"This form was sent from another site, so nothing was done.\n"
            await send(
                {
                    "type": "http.response.start",
                    "status": 403,
                    "headers": [
                        (b"content-type", b"text/plain; charset=utf-8"),
                        (b"content-length", str(len(body)).encode()),
                    ],
                }
            )
            await send({"type": "http.response.body", "body": body})
            return
        await self.app(scope, receive, send)


def is_cross_origin(headers: Headers) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc != headers.get("host")
    except ValueError:
        return True


class NulCharacterMiddleware:
    """Refuses URLs with a NUL character: 400.

    No URL of the site has one, and PostgreSQL raises an error for it.
    """

    def __init__(self, app: ASGIApp, refuse: Callable[[Request], Response]) -> None:
        self.app = app
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and ("\0" in scope["path"] or b"%00" in scope["query_string"]):
            await self.refuse(Request(scope))(scope, receive, send)
            return
        await self.app(scope, receive, send)


def permissions_policy(*, microphone: bool = False) -> str:
    """The header that says which device features pages may use; the microphone only where a voice is recorded."""
    allowed = "(self)" if microphone else "()"
    return f"camera=(), geolocation=(), microphone={allowed}, interest-cohort=()"


def security_headers(settings: Settings) -> dict[str, str]:
    """The default headers of every response."""
    headers = {
        "content-security-policy": content_security_policy(pictures_origin=settings.pictures_origin),
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",  # the default, so that no proxy caches redirects and plain-text errors
        "referrer-policy": "strict-origin-when-cross-origin",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": permissions_policy(),
    }
    if settings.is_https:
        headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    return headers


class SecurityHeadersMiddleware:
    """Adds the default headers to every response."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.defaults = security_headers(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if SECRET_PATH.match(scope["path"]):  # also an error before or without a route
                    headers.setdefault("referrer-policy", REFERRER_WITHOUT_PATH["referrer-policy"])
                for name, value in self.defaults.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers)


def client_address(request: Request) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The client's address, for rules about single addresses; None if it has none. Limits use `client_network`."""
    try:
        ip = ipaddress.ip_address(request.client.host if request.client else "")
    except ValueError:
        return None
    return (ip.ipv4_mapped or ip) if isinstance(ip, ipaddress.IPv6Address) else ip


def client_network(request: Request) -> str:
    """The client's network, the key of rate limits: one client may own 2**64 addresses of an IPv6 network."""
    return network_of_address(request.client.host if request.client else "")


def network_of_address(address: str) -> str:
    """The network of one household or office: an IPv4 address, or the first 64 bits of an IPv6 address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None:
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(getattr(ip, "ipv4_mapped", None) or ip)


class RateLimit:
    """At most `times` events in `seconds` for each key, counted in this process for the `keys` newest keys."""

    def __init__(self, times: int, seconds: float, keys: int = 10_000) -> None:
        self.times = times
        self.seconds = seconds
        self.keys = keys
        self._events: OrderedDict[str, deque[float]] = OrderedDict()

    def allows(self, key: str) -> bool:
        """Whether one more event of `key` is within the limit; if so, counts it."""
        if self.wait(key):
            return False
        self._events.setdefault(key, deque()).append(time.monotonic())
        self._events.move_to_end(key)
        if len(self._events) > self.keys:
            self._events.popitem(last=False)
        return True

    def wait(self, key: str) -> float:
        """Seconds until another event of `key` is allowed; 0 if it is allowed now. Counts nothing."""
        moment = time.monotonic()
        events = self._events.get(key, deque())
        while events and events[0] <= moment - self.seconds:
            events.popleft()
        return events[0] + self.seconds - moment if len(events) >= self.times else 0.0
